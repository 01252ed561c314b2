"""Forged documents, paths and headers: `invalid`, at the check of section 8, by any single bit and by construction.

`pytest --hypothesis-show-statistics` counts the examples.
"""

from contextlib import suppress

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from registry.domain.batch import Entry
from registry.domain.canonical import JsonObject, JsonValue, canonicalize, parse_object
from registry.domain.check import CheckId, Reason, Result
from registry.domain.errors import Malformed
from registry.domain.hashing import Digest, hash_pair
from registry.domain.paths import Side, Step, path_to_json
from registry.domain.slot import Purpose, slot_word
from registry.domain.verdict import Word
from registry.service.verifying import VerifyRequest
from tests.epochs import (
    NOW,
    STATUS_URL,
    build_world,
    seal_batch,
)
from tests.forgery import (
    SIBLING_BITS,
    assert_inclusion_fails,
    changed,
    flip,
    flip_hex,
    flip_step,
    fold_steps,
    scene,
    seal_by_hand,
    sign_or_keep,
    swap_side,
    verify,
    what_counts,
)
from tests.memory_chain import memory_chain
from tests.verdicts import default_policy, make_verifier, not_passed, outcome


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
