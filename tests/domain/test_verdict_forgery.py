"""Forgeries: no single-bit change and no construction is ever `valid`, and each gets the check and word of section 8.

`pytest --hypothesis-show-statistics` counts the examples.
"""

import copy
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from typing import Any, Final

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from registry.domain.batch import Entry
from registry.domain.canonical import JsonObject, JsonValue, canonicalize, parse_object
from registry.domain.check import CheckId, Reason, Result
from registry.domain.errors import Malformed
from registry.domain.hashing import Digest, hash_pair
from registry.domain.log_name import LogName
from registry.domain.paths import Path, Side, Step, path_to_json
from registry.domain.receipt import ReceiptParts
from registry.domain.slot import Purpose, slot_word
from registry.domain.status import DEPTH, ZERO_ROOTS
from registry.domain.verdict import Verdict, Word
from registry.service.verifying import Verifier, VerifyRequest
from tests.epochs import (
    NOW,
    STATUS_URL,
    Issued,
    SealedBatch,
    SealedEpoch,
    World,
    anchor_epoch,
    build_world,
    make_key_issuer,
    seal_batch,
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


def test_the_unchanged_credential_is_valid() -> None:
    verdict = verify()

    assert verdict.word is Word.VALID, not_passed(verdict)
    assert all(outcome(verdict, check)[0] is Result.PASS for check in list(CheckId)[: CheckId.SUSPENSION.number])


@given(data=st.data())
def test_a_changed_bit_of_the_document_is_invalid(data: st.DataObject) -> None:
    content = scene().issued.content
    forged = flip(content, data.draw(st.integers(0, 8 * len(content) - 1)))
    # What is no JSON any more is no other spelling of the same.
    with suppress(Malformed):
        assume(canonicalize(parse_object(forged)) != content)

    verdict = verify(document=forged)

    assert verdict.word is Word.INVALID, not_passed(verdict)
    fails = [check for check in (CheckId.FORM, CheckId.LEAF) if outcome(verdict, check)[0] is Result.FAIL]
    assert fails


@given(data=st.data())
def test_a_changed_bit_of_the_whole_receipt_is_never_valid_unless_it_says_the_same(data: st.DataObject) -> None:
    content = canonicalize(scene().receipt)
    forged = flip(content, data.draw(st.integers(0, 8 * len(content) - 1)))

    verdict = verify(receipt=forged)

    if what_counts(forged) == what_counts(content):
        assert verdict.word is Word.VALID
    else:
        assert verdict.word in {Word.INVALID, Word.INDETERMINATE, Word.NOT_YET_ANCHORED}, not_passed(verdict)


@given(bit=SIBLING_BITS)
def test_a_changed_bit_of_the_slot_word_is_invalid(bit: int) -> None:
    receipt = changed()
    flip_step(receipt["path"], 0, bit)

    assert_inclusion_fails(verify(receipt=receipt), Reason.PATH_MALFORMED)


@given(bit=st.integers(0, 36))
def test_a_changed_bit_of_the_slot_is_invalid(bit: int) -> None:
    receipt = changed()
    receipt["slot"] ^= 1 << bit

    assert_inclusion_fails(verify(receipt=receipt), Reason.SLOT_DIFFERS)


@given(bit=st.integers(0, 7))
def test_a_changed_bit_of_the_leaf_kind_is_invalid(bit: int) -> None:
    receipt = changed()
    receipt["leafKind"] ^= 1 << bit

    verdict = verify(receipt=receipt)

    assert verdict.word is Word.INVALID
    assert outcome(verdict, CheckId.LEAF) == (Result.FAIL, Reason.LEAF_KIND_DIFFERS)


@given(bit=SIBLING_BITS)
def test_a_changed_bit_of_the_leaf_is_invalid(bit: int) -> None:
    receipt = changed()
    receipt["leaf"] = flip_hex(receipt["leaf"], bit)

    verdict = verify(receipt=receipt)

    assert verdict.word is Word.INVALID
    assert outcome(verdict, CheckId.LEAF) == (Result.FAIL, Reason.LEAF_DIFFERS)


@given(bit=SIBLING_BITS)
def test_a_changed_bit_of_the_root_is_invalid(bit: int) -> None:
    receipt = changed()
    receipt["root"] = flip_hex(receipt["root"], bit)

    verdict = verify(receipt=receipt)

    assert_inclusion_fails(verdict, Reason.PATH_LEADS_ELSEWHERE)
    assert outcome(verdict, CheckId.ANCHOR) == (Result.FAIL, Reason.ROOT_DIFFERS)


@given(bit=SIBLING_BITS, data=st.data())
def test_a_changed_bit_of_the_path_is_invalid(bit: int, data: st.DataObject) -> None:
    receipt = changed()
    flip_step(receipt["path"], data.draw(st.integers(0, len(receipt["path"]) - 1)), bit)

    assert_inclusion_fails(verify(receipt=receipt), Reason.PATH_MALFORMED, Reason.PATH_LEADS_ELSEWHERE)


@given(data=st.data())
def test_a_changed_side_of_the_path_is_invalid(data: st.DataObject) -> None:
    receipt = changed()
    swap_side(receipt["path"], data.draw(st.integers(0, len(receipt["path"]) - 1)))

    assert_inclusion_fails(verify(receipt=receipt), Reason.PATH_MALFORMED, Reason.PATH_LEADS_ELSEWHERE)


@given(data=st.data())
def test_a_changed_bit_of_the_header_is_invalid_or_no_receipt_at_all(data: st.DataObject) -> None:
    content = canonicalize(scene().receipt)
    batch = scene().receipt["batch"]
    assert isinstance(batch, dict)
    header = canonicalize(batch["header"])
    start = content.index(header)
    forged = flip(content, 8 * start + data.draw(st.integers(0, 8 * len(header) - 1)))

    verdict = verify(receipt=forged)

    if outcome(verdict, CheckId.INCLUSION)[1] is Reason.RECEIPT_UNREADABLE:
        assert verdict.word is Word.INDETERMINATE
    else:
        assert_inclusion_fails(
            verdict, Reason.HEADER_MALFORMED, Reason.HEADER_NOT_TIED, Reason.LOG_DIFFERS, Reason.ISSUER_DIFFERS
        )


@given(bit=SIBLING_BITS, data=st.data())
def test_a_changed_bit_of_the_header_path_is_invalid(bit: int, data: st.DataObject) -> None:
    receipt = changed()
    path = receipt["batch"]["path"]
    flip_step(path, data.draw(st.integers(0, len(path) - 1)), bit)

    assert_inclusion_fails(verify(receipt=receipt), Reason.HEADER_MALFORMED, Reason.HEADER_NOT_TIED)


@given(data=st.data())
def test_a_changed_side_of_the_header_path_is_invalid(data: st.DataObject) -> None:
    receipt = changed()
    path = receipt["batch"]["path"]
    swap_side(path, data.draw(st.integers(0, len(path) - 1)))

    assert_inclusion_fails(verify(receipt=receipt), Reason.HEADER_MALFORMED, Reason.HEADER_NOT_TIED)


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


@given(data=st.data())
def test_an_inner_node_is_no_leaf(data: st.DataObject) -> None:
    receipt = changed()
    steps = scene().world.receipt(scene().issued).path
    taken = data.draw(st.integers(1, len(steps) - 2))
    receipt["leaf"] = fold_steps(scene().issued.leaf, steps[:taken])
    receipt["path"] = path_to_json(steps[taken:])

    verdict = verify(receipt=receipt)

    assert_inclusion_fails(verdict, Reason.PATH_MALFORMED)
    assert outcome(verdict, CheckId.LEAF) == (Result.FAIL, Reason.LEAF_DIFFERS)


@given(count=st.integers(0, 2))
def test_a_path_of_fewer_than_three_steps_is_invalid(count: int) -> None:
    receipt = changed()
    receipt["path"] = receipt["path"][:count]

    assert_inclusion_fails(verify(receipt=receipt), Reason.PATH_MALFORMED)


@given(kind=st.integers(0, 255), slot=st.integers(0, 2**37 - 1), data=st.data())
def test_a_second_slot_word_in_the_path_is_invalid(kind: int, slot: int, data: st.DataObject) -> None:
    receipt = changed()
    word = slot_word(slot, kind=kind).hex()
    place = data.draw(st.integers(1, len(receipt["path"]) - 1))
    receipt["path"].insert(place, {data.draw(st.sampled_from(["left", "right"])): word})

    assert_inclusion_fails(verify(receipt=receipt), Reason.PATH_MALFORMED)


def test_an_anchored_hidden_subtree_is_invalid() -> None:
    # A registry of ill will hides two credentials under what auditors take for one entry's leaf, and anchors that.
    chain = memory_chain()
    world = build_world(chain)
    hidden, other = world.issue("hidden"), world.issue("other")
    node = hash_pair(hidden.leaf, slot_word(hidden.slot))
    sibling = hash_pair(other.leaf, slot_word(other.slot))
    entry = Entry(leaf=hash_pair(node, sibling), slot=77)
    world.waiting = []
    batch = seal_batch(world.key_issuer, [entry], log=world.log, name="hiding")
    sealed = seal_by_hand(world, batch)
    chain.mine(NOW)
    above = (Step(side=Side.RIGHT, sibling=sealed.manifest.status_root),)
    path = (
        Step(side=Side.RIGHT, sibling=Digest(slot_word(hidden.slot))),
        Step(side=Side.RIGHT, sibling=sibling),
        *batch.tree.path(2),
        *above,
    )
    receipt: JsonObject = {
        **scene().receipt,
        "leaf": hidden.leaf.hex(),
        "slot": hidden.slot,
        "path": path_to_json(path),
        "root": sealed.manifest.root.hex(),
        "anchor": sealed.manifest.anchor.to_json(),
        "batch": {"header": batch.header.to_json(), "path": path_to_json((*batch.tree.path(0), *above))},
        "issuer": world.key_issuer.document,
        "status": [world.prove(hidden.slot, Purpose.REVOCATION, epoch=1).to_json()],
    }

    verdict = make_verifier(chain=chain).verify(
        VerifyRequest(credential=hidden.content, receipt=canonicalize(receipt), policy=default_policy())
    )

    assert fold_steps(hidden.leaf, path) == sealed.manifest.root.hex()
    assert_inclusion_fails(verdict, Reason.PATH_MALFORMED)


def test_the_header_of_another_batch_is_invalid() -> None:
    world, receipt = scene().world, changed()
    batches = world.epochs[1].batches
    foreign = next(batch for batch in batches if batch.issuer is not scene().issued.issuer)
    above = receipt["batch"]["path"][-1:]
    receipt["batch"] = {"header": foreign.header.to_json(), "path": path_to_json(foreign.tree.path(0)) + above}

    assert_inclusion_fails(verify(receipt=receipt), Reason.HEADER_MALFORMED, Reason.HEADER_NOT_TIED)


@pytest.mark.parametrize(
    "index", ["+5", "05", "131072", "١", " 5", "5 ", "1_0", "-1", "5.0", "0x5", "", "００", 5, None, ["5"], True]
)
def test_a_non_canonical_index_is_invalid_even_when_it_is_signed(index: JsonValue) -> None:
    document = parse_object(scene().issued.content)
    entry: JsonObject = {
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": index,
        "statusListCredential": f"{STATUS_URL}/{scene().world.log}/revocation/0",
    }
    document["credentialStatus"] = entry
    signed = sign_or_keep(document)

    verdict = verify(document=canonicalize(signed))

    assert verdict.word is Word.INVALID
    assert outcome(verdict, CheckId.FORM)[0] is Result.FAIL


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
