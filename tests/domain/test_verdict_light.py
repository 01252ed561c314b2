"""Judging by a receipt's light part, with no node at all: valid where all else passes, and never for anything changed."""

import copy
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

import pytest
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.canonical import JsonObject, canonicalize
from registry.domain.check import CheckId, Reason, Result
from registry.domain.errors import Malformed
from registry.domain.evidence import Policy, Profile
from registry.domain.fields import write_time
from registry.domain.light import LightPart
from registry.domain.slot import Purpose
from registry.domain.verdict import ExitCode, Verdict, Word
from registry.service.verifying import VerifyRequest
from tests.epochs import NOW, Issued, World, build_world, make_web_issuer
from tests.light_case import ANCHORER, NOBODY, STRANGER, HandChain, HandState
from tests.memory_chain import memory_chain
from tests.verdicts import default_policy, make_verifier, not_passed, outcome, receipt_bytes

BLOCK_TIME: Final = NOW - timedelta(days=300)
"""Long ago by the clock: the block that the verifier names is the clock of what is read from the chain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A credential, its receipt with a light part, and the block."""

    world: World
    issued: Issued
    block: HandState
    receipt: JsonObject


@cache
def case() -> Case:
    world = build_world(memory_chain())
    issued = world.issue("Ada", suspendable=True)
    world.seal()
    world.mark(world.issue("revoked"), Purpose.REVOCATION)
    world.seal()
    block = hand_chain(world).block()
    receipt = replace(world.receipt(issued), light=block.light(1, 2))
    return Case(world=world, issued=issued, block=block, receipt=receipt.to_json())


def hand_chain(world: World, *, latest_at: datetime = BLOCK_TIME) -> HandChain:
    roots = {epoch.manifest.epoch: epoch.manifest.root for epoch in world.epochs}
    return HandChain(log=world.log, roots=roots, time=BLOCK_TIME, latest_at=latest_at)


def judge(
    *,
    receipt: JsonObject | bytes | None = None,
    block_hash: bytes | None = None,
    issued: Issued | None = None,
    policy: Policy | None = None,
) -> Verdict:
    given_receipt = case().receipt if receipt is None else receipt
    base = default_policy() if policy is None else policy
    return make_verifier(chain=None).verify(
        VerifyRequest(
            credential=(issued or case().issued).content,
            receipt=given_receipt if isinstance(given_receipt, bytes) else canonicalize(given_receipt),
            policy=replace(base, block_hash=case().block.block_hash if block_hash is None else block_hash),
        )
    )


def test_a_receipt_with_its_light_part_is_all_that_is_needed() -> None:
    verdict = judge()

    assert (verdict.word, verdict.exit_code) == (Word.VALID, ExitCode.VALID), not_passed(verdict)
    assert outcome(verdict, CheckId.ANCHOR) == (Result.PASS, Reason.ANCHORED)
    assert outcome(verdict, CheckId.FINALITY) == (Result.PASS, Reason.BLOCK_GIVEN)
    assert outcome(verdict, CheckId.REVOCATION) == (Result.PASS, Reason.NOT_REVOKED)
    assert outcome(verdict, CheckId.SUSPENSION) == (Result.PASS, Reason.NOT_SUSPENDED)
    assert outcome(verdict, CheckId.LOG) == (Result.SKIPPED, Reason.COURT_NOT_ASKED)


def test_the_verdict_is_as_of_the_block_that_was_named() -> None:
    verdict = judge()

    assert verdict.as_of == BLOCK_TIME
    assert verdict.block is not None
    assert (verdict.block.hash, verdict.block.number) == (case().block.block_hash, 5_000_000)
    assert [note for note in verdict.notes if f"As of block 5000000 of chain 31337, {write_time(BLOCK_TIME)}" in note]


def test_nothing_is_asked_of_a_node_that_is_there_too() -> None:
    chain = memory_chain()
    chain.failure = None
    request = VerifyRequest(
        credential=case().issued.content,
        receipt=canonicalize(case().receipt),
        policy=replace(default_policy(), block_hash=case().block.block_hash),
    )

    assert make_verifier(chain=chain).verify(request).word is Word.VALID


def test_another_block_says_nothing() -> None:
    verdict = judge(block_hash=b"\1" * 32)

    assert (verdict.word, verdict.exit_code) == (Word.INDETERMINATE, ExitCode.INDETERMINATE)
    assert outcome(verdict, CheckId.ANCHOR) == (Result.UNKNOWN, Reason.LIGHT_MISMATCH)
    assert outcome(verdict, CheckId.FINALITY) == (Result.UNKNOWN, Reason.LIGHT_MISMATCH)
    assert outcome(verdict, CheckId.REVOCATION) == (Result.UNKNOWN, Reason.LIGHT_MISMATCH)
    # The block that it is of is named, so that somebody can look it up.
    assert f"of block 0x{case().block.block_hash.hex()}," in verdict.check(CheckId.ANCHOR).sentence
    assert verdict.as_of == NOW


def without_light() -> JsonObject:
    return {name: value for name, value in case().receipt.items() if name != "light"}


def test_a_receipt_without_a_light_part_says_nothing_by_itself() -> None:
    verdict = judge(receipt=without_light())

    assert verdict.word is Word.INDETERMINATE
    assert outcome(verdict, CheckId.ANCHOR) == (Result.UNKNOWN, Reason.LIGHT_MISSING)
    assert any("credroot renew" in advice for advice in verdict.next)


def test_a_receipt_that_cannot_be_read_has_no_light_part() -> None:
    verdict = judge(receipt=b"{}")

    assert verdict.word is Word.INDETERMINATE
    assert outcome(verdict, CheckId.ANCHOR) == (Result.UNKNOWN, Reason.RECEIPT_UNREADABLE)
    assert outcome(verdict, CheckId.REVOCATION) == (Result.UNKNOWN, Reason.LIGHT_MISSING)


def test_a_document_without_a_slot_has_no_log_to_prove() -> None:
    document = {name: value for name, value in case().issued.document.items() if name != "credentialStatus"}
    request = VerifyRequest(
        credential=canonicalize(document),
        receipt=canonicalize(case().receipt),
        policy=replace(default_policy(), block_hash=case().block.block_hash),
    )

    verdict = make_verifier(chain=None).verify(request)

    assert verdict.word is Word.INVALID
    assert outcome(verdict, CheckId.FINALITY) == (Result.UNKNOWN, Reason.CHAIN_UNREACHABLE)


@pytest.mark.parametrize(
    "light",
    [
        {"blockHeader": "0xC0", "anchorer": ANCHORER, "accountProof": [], "storageProofs": [[], [], []]},
        {"blockHeader": "0x", "anchorer": "0x", "accountProof": [], "storageProofs": []},
    ],
)
def test_a_damaged_light_part_is_malformed_and_spoils_nothing_else(light: JsonObject) -> None:
    receipt = {**case().receipt, "light": light}

    verdict = judge(receipt=receipt)
    by_node = make_verifier(chain=case().world.chain).verify(  # type: ignore[arg-type]  # a memory chain
        VerifyRequest(credential=case().issued.content, receipt=canonicalize(receipt), policy=default_policy())
    )

    assert verdict.word is Word.INDETERMINATE
    assert outcome(verdict, CheckId.ANCHOR) == (Result.UNKNOWN, Reason.LIGHT_MALFORMED)
    assert outcome(by_node, CheckId.ANCHOR) == (Result.PASS, Reason.ANCHORED)


def test_a_revocation_is_found_as_of_the_block() -> None:
    world = build_world(memory_chain())
    issued = world.issue("Ada")
    world.seal()
    world.mark(issued, Purpose.REVOCATION)
    world.seal()
    block = hand_chain(world).block()
    receipt = replace(world.receipt(issued), light=block.light(1, 2))

    verdict = judge(receipt=receipt.to_json(), issued=issued, block_hash=block.block_hash)

    assert verdict.word is Word.REVOKED


def test_a_status_before_the_newest_epoch_counts_only_while_it_is_current() -> None:
    world = case().world
    old = replace(world.receipt(case().issued, status_epoch=1))

    def word(superseded: timedelta) -> tuple[Word, Reason]:
        block = hand_chain(world, latest_at=BLOCK_TIME - superseded).block()
        receipt = replace(old, light=block.light(1, 1))
        verdict = judge(receipt=receipt.to_json(), block_hash=block.block_hash)
        return verdict.word, verdict.check(CheckId.REVOCATION).reason

    assert word(timedelta(minutes=59)) == (Word.VALID, Reason.NOT_REVOKED)
    assert word(timedelta(hours=1)) == (Word.INDETERMINATE, Reason.STATUS_STALE)


def test_an_epoch_that_the_block_does_not_know_yet_is_not_yet_anchored() -> None:
    world = case().world
    block = replace(hand_chain(world), roots={}).block()
    receipt = replace(world.receipt(case().issued, status_epoch=1), light=block.light(1, 1))

    verdict = judge(receipt=receipt.to_json(), block_hash=block.block_hash)

    assert verdict.word is Word.NOT_YET_ANCHORED
    assert outcome(verdict, CheckId.ANCHOR) == (Result.UNKNOWN, Reason.EPOCH_NOT_REACHED)


def test_another_root_under_the_epoch_is_invalid() -> None:
    world = case().world
    roots = {1: world.epochs[1].manifest.root, 2: world.epochs[1].manifest.root}
    block = replace(hand_chain(world), roots=roots).block()
    receipt = replace(world.receipt(case().issued), light=block.light(1, 2))

    verdict = judge(receipt=receipt.to_json(), block_hash=block.block_hash)

    assert verdict.word is Word.INVALID
    assert outcome(verdict, CheckId.ANCHOR) == (Result.FAIL, Reason.ROOT_DIFFERS)


def test_other_code_at_the_contracts_address_is_not_believed() -> None:
    block = replace(hand_chain(case().world), code_hash=b"\1" * 32).block()
    receipt = replace(case().world.receipt(case().issued), light=block.light(1, 2))

    verdict = judge(receipt=receipt.to_json(), block_hash=block.block_hash)

    assert verdict.word is Word.INDETERMINATE
    assert outcome(verdict, CheckId.ANCHOR) == (Result.UNKNOWN, Reason.CONTRACT_CODE_DIFFERS)


def test_a_receipt_without_status_is_anchored_and_no_more() -> None:
    receipt = {**case().receipt, "status": [], "light": case().block.light(1, 1).to_json()}

    verdict = judge(receipt=receipt)

    assert verdict.word is Word.INDETERMINATE
    assert outcome(verdict, CheckId.ANCHOR) == (Result.PASS, Reason.ANCHORED)
    assert outcome(verdict, CheckId.REVOCATION) == (Result.UNKNOWN, Reason.STATUS_MISSING)


def test_a_status_that_cannot_be_read_leaves_the_anchor_to_be_proved() -> None:
    receipt: JsonObject = {**case().receipt, "status": [{}], "light": case().block.light(1, 1).to_json()}

    verdict = judge(receipt=receipt)

    assert outcome(verdict, CheckId.ANCHOR) == (Result.PASS, Reason.ANCHORED)
    assert outcome(verdict, CheckId.REVOCATION) == (Result.UNKNOWN, Reason.STATUS_MALFORMED)


def test_an_expired_credential_has_expired_by_the_clock_however_old_the_block_is() -> None:
    world = build_world(memory_chain())
    issued = world.issue("Ada", valid_until=NOW - timedelta(days=1))
    world.seal()
    block = hand_chain(world).block()
    receipt = replace(world.receipt(issued), light=block.light(1, 1))

    verdict = judge(receipt=receipt.to_json(), issued=issued, block_hash=block.block_hash)

    assert verdict.word is Word.EXPIRED


def test_the_profile_vc_judges_the_status_by_the_light_part() -> None:
    verdict = judge(policy=replace(default_policy(), profile=Profile.VC))

    assert verdict.word is Word.VALID
    assert outcome(verdict, CheckId.REVOCATION) == (Result.PASS, Reason.NOT_REVOKED)
    assert outcome(verdict, CheckId.LOG) == (Result.SKIPPED, Reason.PROFILE_VC)


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"block_hash": b"\1" * 31}, "malformed-chain-hash"), ({"block_hash": b"\1" * 32, "at": NOW}, "block-and-date")],
)
def test_a_policy_names_one_whole_hash_and_no_date_beside_it(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(Malformed) as caught:
        replace(default_policy(), **changes)

    assert caught.value.code == code


def test_a_key_that_has_ended_is_judged_by_the_contracts_own_time_where_the_block_has_it() -> None:
    chain = memory_chain()
    did = "did:web:light.example"
    ended = NOW - timedelta(days=200)

    def word(latest_at: datetime, *, epochs: int) -> tuple[Word, Reason]:
        web = make_web_issuer(did, "light", logs=[chain.log], expires=ended)
        world = build_world(memory_chain(), issuers=[web])
        issued = world.issue("Ada")
        for _ in range(epochs):
            world.seal()
        block = hand_chain(world, latest_at=latest_at).block()
        receipt = replace(world.receipt(issued), light=block.light(1, epochs))
        verdict = make_verifier(chain=None, issuers=[web]).verify(
            VerifyRequest(
                credential=issued.content,
                receipt=receipt_bytes(receipt),
                policy=replace(default_policy(), block_hash=block.block_hash),
                resolve_did=True,
            )
        )
        return verdict.word, verdict.check(CheckId.ISSUER).reason

    assert word(BLOCK_TIME, epochs=1) == (Word.VALID, Reason.KEY_LISTED)
    assert word(NOW, epochs=1) == (Word.INVALID, Reason.KEY_ENDED)
    # Of an epoch before the newest one the slots do not say when it was anchored.
    assert word(BLOCK_TIME, epochs=2) == (Word.INDETERMINATE, Reason.ANCHORED_TIME_UNKNOWN)


MUTATED: Final = case().receipt["light"]


def hexes() -> list[tuple[str, ...]]:
    """Return the place of every hex string of the light part."""
    light: Any = MUTATED
    places: list[tuple[str, ...]] = [("blockHeader",), ("anchorer",)]
    places += [("accountProof", str(at)) for at in range(len(light["accountProof"]))]
    places += [
        ("storageProofs", str(proof), str(at)) for proof in range(3) for at in range(len(light["storageProofs"][proof]))
    ]
    return places


@given(st.sampled_from(hexes()), st.integers(0, 10**6))
def test_a_bit_changed_anywhere_in_a_light_part_is_never_valid(place: tuple[str, ...], bit: int) -> None:
    receipt = copy.deepcopy(case().receipt)
    target: Any = receipt["light"]
    for name in place[:-1]:
        target = target[int(name) if isinstance(target, list) else name]
    last: Any = int(place[-1]) if isinstance(target, list) else place[-1]
    data = bytearray.fromhex(target[last][2:])
    data[bit // 8 % len(data)] ^= 0x80 >> bit % 8
    target[last] = f"0x{data.hex()}"

    verdict = judge(receipt=receipt)

    assert verdict.word is Word.INDETERMINATE, not_passed(verdict)
    assert outcome(verdict, CheckId.ANCHOR)[0] is Result.UNKNOWN


@pytest.mark.parametrize("light", ["stranger", "nobody", "swapped", "other-epochs", "other-block"])
def test_a_light_part_of_something_else_is_never_valid(light: str) -> None:
    block, own = case().block, case().block.light(1, 2)
    other = replace(hand_chain(case().world), number=7).block()
    parts: dict[str, LightPart] = {
        "stranger": block.light(1, 2, anchorer=STRANGER),
        "nobody": block.light(1, 2, anchorer=NOBODY),
        "swapped": replace(own, storage_proofs=own.storage_proofs[::-1]),
        "other-epochs": block.light(2, 1),
        "other-block": other.light(1, 2),
    }

    verdict = judge(receipt={**case().receipt, "light": parts[light].to_json()})

    assert verdict.word is Word.INDETERMINATE, not_passed(verdict)
    assert keccak(own.header) == case().block.block_hash
