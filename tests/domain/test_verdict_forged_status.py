"""Forged status proofs: never `valid`, never `revoked`; the status is unknown, by any single bit and by construction.

`pytest --hypothesis-show-statistics` counts the examples.
"""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from registry.domain.canonical import canonicalize
from registry.domain.check import CheckId, Reason
from registry.domain.log_name import LogName
from registry.domain.slot import Purpose
from registry.domain.status import ZERO_ROOTS
from registry.service.verifying import VerifyRequest
from tests.epochs import (
    NOW,
    build_world,
)
from tests.forgery import SIBLING_BITS, assert_status_unknown, changed, flip_hex, levels, scene, status_of, verify
from tests.memory_chain import memory_chain
from tests.verdicts import default_policy, make_verifier


@given(bit=SIBLING_BITS, purpose=st.sampled_from(Purpose))
def test_a_changed_bit_of_a_chunk_makes_the_status_unknown(bit: int, purpose: Purpose) -> None:
    receipt = changed()
    proof = status_of(receipt, purpose)
    proof["chunk"] = flip_hex(proof["chunk"], bit)

    assert_status_unknown(verify(receipt=receipt), purpose, Reason.STATUS_FOREIGN)


@given(bit=st.integers(0, 52), purpose=st.sampled_from(Purpose))
def test_a_changed_bit_of_a_sibling_map_makes_the_status_unknown(bit: int, purpose: Purpose) -> None:
    receipt = changed()
    status_of(receipt, purpose)["siblingMap"] ^= 1 << bit

    assert_status_unknown(verify(receipt=receipt), purpose, Reason.STATUS_MALFORMED)


@given(purpose=st.sampled_from(Purpose), data=st.data())
def test_a_sibling_moved_to_another_level_makes_the_status_unknown(purpose: Purpose, data: st.DataObject) -> None:
    receipt = changed()
    proof = status_of(receipt, purpose)
    listed, unlisted = data.draw(levels(proof, listed=True)), data.draw(levels(proof, listed=False))
    proof["siblingMap"] ^= 1 << listed | 1 << unlisted

    assert_status_unknown(verify(receipt=receipt), purpose, Reason.STATUS_FOREIGN)


@given(bit=SIBLING_BITS, purpose=st.sampled_from(Purpose), data=st.data())
def test_a_changed_bit_of_a_sibling_makes_the_status_unknown(bit: int, purpose: Purpose, data: st.DataObject) -> None:
    receipt = changed()
    siblings = status_of(receipt, purpose)["siblings"]
    number = data.draw(st.integers(0, len(siblings) - 1))
    siblings[number] = flip_hex(siblings[number], bit)

    assert_status_unknown(verify(receipt=receipt), purpose, Reason.STATUS_FOREIGN)


@given(
    bit=SIBLING_BITS,
    purpose=st.sampled_from(Purpose),
    member=st.sampled_from(["otherRoot", "credentialsRoot", "root"]),
)
def test_a_changed_bit_of_a_status_root_makes_the_status_unknown(bit: int, purpose: Purpose, member: str) -> None:
    receipt = changed()
    proof = status_of(receipt, purpose)
    proof[member] = flip_hex(proof[member], bit)

    assert_status_unknown(verify(receipt=receipt), purpose, Reason.STATUS_FOREIGN)


@given(purpose=st.sampled_from(Purpose), data=st.data())
def test_a_listed_zero_sibling_makes_the_status_unknown(purpose: Purpose, data: st.DataObject) -> None:
    receipt = changed()
    proof = status_of(receipt, purpose)
    level = data.draw(levels(proof, listed=False))
    below = (proof["siblingMap"] & (1 << level) - 1).bit_count()
    proof["siblingMap"] |= 1 << level
    proof["siblings"].insert(below, ZERO_ROOTS[level].hex())

    assert_status_unknown(verify(receipt=receipt), purpose, Reason.STATUS_MALFORMED)


@given(epoch=st.integers(1, 2), purpose=st.sampled_from(Purpose))
def test_a_status_relabelled_as_another_epoch_is_unknown(epoch: int, purpose: Purpose) -> None:
    receipt = changed()
    status_of(receipt, purpose)["epoch"] = epoch

    assert_status_unknown(verify(receipt=receipt), purpose, Reason.STATUS_STALE, Reason.STATUS_UNANCHORED)


def test_a_true_status_of_an_epoch_before_the_credential_is_unknown() -> None:
    world, issued = scene().world, scene().issued
    receipt = world.receipt(issued, status_epoch=1).to_json()

    assert_status_unknown(verify(receipt=receipt), Purpose.REVOCATION, Reason.STATUS_STALE)


@given(number=st.integers(2, 10**6), purpose=st.sampled_from(Purpose))
def test_a_status_of_another_log_is_unknown(number: int, purpose: Purpose) -> None:
    receipt = changed()
    log = scene().world.log
    status_of(receipt, purpose)["log"] = str(LogName(chain_id=log.chain_id, contract=log.contract, number=number))

    assert_status_unknown(verify(receipt=receipt), purpose, Reason.STATUS_FOREIGN)


def test_a_suspension_proof_in_the_revocation_proofs_place_is_unknown() -> None:
    receipt = changed()
    receipt["status"] = [receipt["status"][1], receipt["status"][1]]

    assert_status_unknown(verify(receipt=receipt), Purpose.REVOCATION, Reason.STATUS_MALFORMED)


def test_a_suspension_proof_called_revocation_is_unknown() -> None:
    receipt = changed()
    receipt["status"][0] = {**receipt["status"][1], "purpose": "revocation"}

    assert_status_unknown(verify(receipt=receipt), Purpose.REVOCATION, Reason.STATUS_FOREIGN)


def test_an_old_proof_of_a_revoked_credential_does_not_unrevoke_it() -> None:
    chain = memory_chain()
    world = build_world(chain)
    issued = world.issue("revoked later")
    world.seal()
    world.mark(issued, Purpose.REVOCATION)
    chain.next_time = NOW - timedelta(hours=1)
    world.seal()
    chain.mine(NOW)
    receipt = world.receipt(issued, status_epoch=1).to_json()

    verdict = make_verifier(chain=chain).verify(
        VerifyRequest(credential=issued.content, receipt=canonicalize(receipt), policy=default_policy())
    )

    assert_status_unknown(verdict, Purpose.REVOCATION, Reason.STATUS_STALE)
    assert "epoch 1" in verdict.check(CheckId.REVOCATION).sentence
