"""What a forger needs: one valid scene, its receipt to change, and what must come of each change."""

import copy
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final

from hypothesis import strategies as st

from registry.domain.canonical import JsonObject, canonicalize, parse_object
from registry.domain.check import CheckId, Reason, Result
from registry.domain.errors import Malformed
from registry.domain.hashing import hash_pair
from registry.domain.paths import Path, Side
from registry.domain.receipt import ReceiptParts
from registry.domain.slot import Purpose
from registry.domain.status import DEPTH
from registry.domain.verdict import Verdict, Word
from registry.service.verifying import Verifier, VerifyRequest
from tests.epochs import (
    NOW,
    Issued,
    SealedBatch,
    SealedEpoch,
    World,
    anchor_epoch,
    build_world,
    make_key_issuer,
    sign,
)
from tests.memory_chain import memory_chain
from tests.verdicts import default_policy, make_verifier, not_passed, outcome

# Receipts are read by JSON path here, as a forger would.
Receipt = dict[str, Any]

SIBLING_BITS: Final = st.integers(0, 255)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A valid credential and what verifies it."""

    world: World
    verifier: Verifier
    issued: Issued
    receipt: JsonObject


@cache
def scene() -> Scene:
    chain = memory_chain()
    world = build_world(chain, issuers=[make_key_issuer(name) for name in ("one", "two", "three")])
    # Epoch 1 is older than the credential, epoch 2 has three batches, epoch 3 revokes others: all siblings are there.
    world.issue("older")
    world.seal()
    for number in range(5):
        for issuer in world.issuers:
            world.issue(f"{number}", issuer=issuer, suspendable=True)
    others = list(world.waiting)
    issued = world.issue("Ada", issuer=world.issuers[1], suspendable=True)
    world.seal()
    # The two trees differ: a proof of one must not fit the other.
    for other in others:
        world.mark(other, Purpose.REVOCATION)
    for other in others[:7]:
        world.mark(other, Purpose.SUSPENSION)
    world.seal()
    chain.mine(NOW)
    return Scene(
        world=world,
        verifier=make_verifier(chain=chain),
        issued=issued,
        receipt=world.receipt(issued).to_json(),
    )


def verify(*, document: bytes | None = None, receipt: bytes | JsonObject | None = None) -> Verdict:
    given_receipt = scene().receipt if receipt is None else receipt
    return scene().verifier.verify(
        VerifyRequest(
            credential=scene().issued.content if document is None else document,
            receipt=given_receipt if isinstance(given_receipt, bytes) else canonicalize(given_receipt),
            policy=default_policy(),
        )
    )


def changed() -> Receipt:
    return copy.deepcopy(scene().receipt)


def flip(content: bytes, bit: int) -> bytes:
    data = bytearray(content)
    data[bit // 8] ^= 0x80 >> bit % 8
    return bytes(data)


def flip_hex(text: str, bit: int) -> str:
    return flip(bytes.fromhex(text), bit).hex()


def flip_step(path: list[dict[str, str]], number: int, bit: int) -> None:
    ((side, sibling),) = path[number].items()
    path[number] = {side: flip_hex(sibling, bit)}


def swap_side(path: list[dict[str, str]], number: int) -> None:
    ((side, sibling),) = path[number].items()
    path[number] = {"left" if side == "right" else "right": sibling}


def assert_inclusion_fails(verdict: Verdict, *reasons: Reason) -> None:
    assert verdict.word is Word.INVALID, not_passed(verdict)
    result, reason = outcome(verdict, CheckId.INCLUSION)
    assert result is Result.FAIL
    assert not reasons or reason in reasons


def assert_status_unknown(verdict: Verdict, purpose: Purpose, *reasons: Reason) -> None:
    assert verdict.word is Word.INDETERMINATE, not_passed(verdict)
    result, reason = outcome(verdict, CheckId(purpose.value))
    assert result is Result.UNKNOWN
    assert reason in reasons


def status_of(receipt: Receipt, purpose: Purpose) -> dict[str, Any]:
    proof: dict[str, Any] = receipt["status"][list(Purpose).index(purpose)]
    return proof


def levels(proof: dict[str, Any], *, listed: bool) -> st.SearchStrategy[int]:
    """Draw a level of a status proof whose sibling is listed, or is not."""
    return st.sampled_from([level for level in range(DEPTH) if bool(proof["siblingMap"] >> level & 1) is listed])


def fold_steps(leaf: bytes, path: Path) -> str:
    node = leaf
    for step in path:
        pair = (node, step.sibling) if step.side is Side.RIGHT else (step.sibling, node)
        node = hash_pair(*pair)
    return node.hex()


def sign_or_keep(document: JsonObject) -> JsonObject:
    """Sign a document; what JSON-LD itself refuses keeps its old proof and fails on the way."""
    try:
        return sign(document, issuer=scene().issued.issuer)
    except Malformed:
        return document


def seal_by_hand(world: World, batch: SealedBatch) -> SealedEpoch:
    epoch = anchor_epoch(world.chain, batches=(batch,), bits={}, earlier=(), number=1)
    world.epochs.append(epoch)
    return epoch


def what_counts(content: bytes) -> object:
    """Return a receipt without its anchor's transaction and block, which are information; None when it is none."""
    try:
        parts = ReceiptParts.parse(parse_object(content))
    except Malformed:
        return None
    original = ReceiptParts.parse(scene().receipt).anchor
    return replace(parts, anchor=replace(original, log=parts.anchor.log, epoch=parts.anchor.epoch))
