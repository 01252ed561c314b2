"""Receipts judged by their light part alone: what holds, and one change each that leaves nothing proved."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

import rlp
from eth_utils.crypto import keccak

from registry.domain.canonical import JsonObject
from registry.domain.check import CheckId, Reason, Result
from registry.domain.light import LightPart
from registry.domain.receipt import Receipt
from registry.domain.verdict import Word
from tests.epochs import NOW, Issued
from tests.light_case import LONDON_FIELDS, NOBODY, STRANGER, HandChain, HandState
from tests.vectors.scene import Scene
from tests.vectors.vector import Outcome, Vector, flip

CODE_HASH: Final = bytes.fromhex("c0de" * 16)
"""Of no code there is: the vectors do not change with the compiler."""
BLOCK_TIME: Final = NOW - timedelta(minutes=10)
CROWD: Final = 12
"""Enough others that a proof has several nodes, few enough that a file stays short."""
OWNER: Final = "of five, 2"
"""Sealed in epoch 2; it can be suspended, and is neither suspended nor revoked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LightCase:
    """One credential, its newest receipt, and the block that the light part is of."""

    scene: Scene
    chain: HandChain
    block: HandState
    issued: Issued
    receipt: Receipt

    def vector(
        self,
        name: str,
        told: str,
        light: LightPart | JsonObject | None,
        outcome: Outcome | Reason,
        *,
        block_hash: bytes | None = None,
        receipt: Receipt | None = None,
        issued: Issued | None = None,
    ) -> Vector:
        """Return a vector; a reason alone stands for a light part that proves nothing."""
        members = (receipt or self.receipt).to_json()
        if light is not None:
            members["light"] = light.to_json() if isinstance(light, LightPart) else light
        word, check, result, reason = (
            (Word.INDETERMINATE, CheckId.ANCHOR, Result.UNKNOWN, outcome) if isinstance(outcome, Reason) else outcome
        )
        others = (CheckId.FINALITY, CheckId.REVOCATION, CheckId.SUSPENSION) if isinstance(outcome, Reason) else ()
        return Vector(
            name=name,
            description=told,
            document=(issued or self.issued).document,
            receipt=members,
            word=word,
            check=check,
            result=result,
            reason=reason,
            also=dict.fromkeys(others, (Result.UNKNOWN, reason)),
            block_hash=self.block.block_hash if block_hash is None else block_hash,
            code_hash=CODE_HASH,
        )


def light_vectors(scene: Scene) -> Iterator[Vector]:
    """Yield every light vector."""
    case = _case(scene)
    yield from _that_hold(case)
    yield from _of_something_else(case)
    yield from _of_another_form(case)


def _case(scene: Scene) -> LightCase:
    events = scene.chain.events[scene.log]
    chain = HandChain(
        log=scene.log,
        roots={event.epoch: event.root for event in events},
        time=BLOCK_TIME,
        latest_at=events[-1].block_time,
        code_hash=CODE_HASH,
        crowd=CROWD,
    )
    issued = scene.named[OWNER]
    return LightCase(scene=scene, chain=chain, block=chain.block(), issued=issued, receipt=scene.world.receipt(issued))


def _that_hold(case: LightCase) -> Iterator[Vector]:
    valid = (Word.VALID, CheckId.FINALITY, Result.PASS, Reason.BLOCK_GIVEN)
    yield case.vector("valid", "the light part of the newest epoch", case.block.light(2, 5), valid)
    behind = replace(case.receipt, status=case.scene.world.status(case.issued, epoch=4))
    told = "the status is of epoch 4; the seat tells that epoch 5 came twenty minutes before the block"
    yield case.vector("status-one-epoch-behind", told, case.block.light(2, 4), valid, receipt=behind)
    london = replace(case.chain, header_fields=LONDON_FIELDS).block()
    told = "a header of London's 16 fields"
    yield case.vector("header-of-london", told, london.light(2, 5), valid, block_hash=london.block_hash)
    later = replace(case.chain, header_fields=23).block()
    told = "a header with two fields more than Prague's"
    yield case.vector("header-of-a-later-fork", told, later.light(2, 5), valid, block_hash=later.block_hash)
    last = case.scene.named["last epoch"]
    told = "anchor and status are of one epoch: the same slot is proved twice"
    light = case.block.light(5, 5)
    yield case.vector("one-epoch", told, light, valid, receipt=case.scene.world.receipt(last), issued=last)
    revoked = case.scene.named["of five, 3"]
    outcome = (Word.REVOKED, CheckId.REVOCATION, Result.FAIL, Reason.REVOKED)
    receipt = case.scene.world.receipt(revoked)
    yield case.vector("revoked", "revoked in epoch 5", case.block.light(2, 5), outcome, receipt=receipt, issued=revoked)


def _of_something_else(case: LightCase) -> Iterator[Vector]:
    block, light, mismatch = case.block, case.block.light(2, 5), Reason.LIGHT_MISMATCH
    anchored, status, seat = light.storage_proofs
    yield case.vector("no-light-part", "the receipt has none", None, Reason.LIGHT_MISSING)
    told = "the verifier names another block"
    yield case.vector("another-block-hash", told, light, mismatch, block_hash=bytes.fromhex("0b" * 32))
    flipped = replace(light, header=_flip(light.header))
    yield case.vector("header-bit", "one bit of the header", flipped, mismatch)
    nodes = (*light.account_proof[:-1], _flip(light.account_proof[-1]))
    yield case.vector("account-bit", "one bit of the account", replace(light, account_proof=nodes), mismatch)
    nodes = (*seat[:-1], _flip(seat[-1]))
    told = "one bit of the seat"
    yield case.vector("seat-bit", told, replace(light, storage_proofs=(anchored, status, nodes)), mismatch)
    told = "the roots of anchor and status exchanged"
    yield case.vector("roots-exchanged", told, replace(light, storage_proofs=(status, anchored, seat)), mismatch)
    told = "the seat of an account that anchors for another log"
    yield case.vector("seat-of-another-log", told, block.light(2, 5, anchorer=STRANGER), mismatch)
    told = "an account that anchors for no log: that it has no seat is proved"
    yield case.vector("no-seat", told, block.light(2, 5, anchorer=NOBODY), mismatch)
    neighbour = replace(case.scene.log, number=case.scene.log.number + 1)
    told = "the roots of another log, which has none: that is proved, of slots that were not asked for"
    yield case.vector("roots-of-another-log", told, block.light(2, 5, log=neighbour), mismatch)
    other = replace(case.chain, code_hash=bytes.fromhex("0bad" * 16)).block()
    told = "other code at the contract's address"
    outcome_of_code = (Word.INDETERMINATE, CheckId.ANCHOR, Result.UNKNOWN, Reason.CONTRACT_CODE_DIFFERS)
    vector = case.vector("other-code", told, other.light(2, 5), outcome_of_code, block_hash=other.block_hash)
    status_checks = (CheckId.REVOCATION, CheckId.SUSPENSION)
    yield replace(vector, also=dict.fromkeys(status_checks, (Result.UNKNOWN, Reason.CONTRACT_CODE_DIFFERS)))
    early = replace(case.chain, roots={1: case.chain.roots[1]}).block()
    told = "the log has not reached the epochs: that they have no roots is proved"
    not_yet = (Word.NOT_YET_ANCHORED, CheckId.ANCHOR, Result.UNKNOWN, Reason.EPOCH_NOT_REACHED)
    vector = case.vector("epoch-not-reached", told, early.light(2, 5), not_yet, block_hash=early.block_hash)
    yield replace(vector, also=dict.fromkeys(status_checks, (Result.UNKNOWN, Reason.STATUS_UNANCHORED)))
    forged = replace(case.chain, roots={**case.chain.roots, 2: case.chain.roots[1]}).block()
    told = "the chain holds another root for the credential's epoch"
    differs = (Word.INVALID, CheckId.ANCHOR, Result.FAIL, Reason.ROOT_DIFFERS)
    yield case.vector("root-differs", told, forged.light(2, 5), differs, block_hash=forged.block_hash)


def _of_another_form(case: LightCase) -> Iterator[Vector]:
    block, light, malformed = case.block, case.block.light(2, 5), Reason.LIGHT_MALFORMED
    anchored, status, seat = light.storage_proofs
    written = light.to_json()
    header = str(written["blockHeader"])
    written_otherwise: tuple[tuple[str, str, JsonObject], ...] = (
        ("header-upper-case", "the header in upper-case digits", {"blockHeader": "0x" + header[2:].upper()}),
        ("header-without-0x", "the header without 0x", {"blockHeader": header[2:]}),
        ("anchorer-upper-case", "the account in mixed case", {"anchorer": "0x" + "A1" * 20}),
        ("two-storage-proofs", "two proofs of slots", {"storageProofs": [[], []]}),
        ("node-empty", "a node of no bytes", {"accountProof": ["0x"]}),
        ("node-too-long", "a node of 533 bytes", {"accountProof": ["0x" + "00" * 533]}),
        ("proof-too-long", "a proof of 66 nodes", {"accountProof": ["0x00"] * 66}),
    )
    for name, told, change in written_otherwise:
        yield case.vector(name, told, {**written, **change}, malformed)
    told = "the last node of the account's proof is missing"
    yield case.vector("account-cut-short", told, replace(light, account_proof=light.account_proof[:-1]), malformed)
    longer = (anchored, (*status, status[-1]), seat)
    yield case.vector("node-left-over", "a node too many", replace(light, storage_proofs=longer), malformed)
    fields = rlp.decode(block.header)
    for name, told, other in (
        ("header-of-15-fields", "a header from before London", rlp.encode(fields[:15])),
        ("header-byte-after", "a byte after the header, under its own hash", block.header + b"\0"),
        ("header-long-length", "a length with a zero before it, under its own hash", _long_length(block.header)),
        ("header-zero-number", "a number with a zero before it, under its own hash", _zero_before_number(fields)),
    ):
        changed = replace(light, header=other)
        yield case.vector(name, told, changed, malformed, block_hash=keccak(other))


def _flip(data: bytes) -> bytes:
    """Change the last bit."""
    return bytes.fromhex(flip(data.hex(), 8 * len(data) - 1))


def _long_length(header: bytes) -> bytes:
    """Spell the length of the list in three bytes, where two are enough."""
    return b"\xfa\0" + header[1:]


def _zero_before_number(fields: list[bytes]) -> bytes:
    return bytes(rlp.encode([*fields[:8], b"\0" + fields[8], *fields[9:]]))
