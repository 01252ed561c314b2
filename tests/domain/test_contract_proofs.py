"""Proofs as the contracts read them: what is written reads back, and has no other spelling."""

import json
import pathlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.contract_proofs import (
    MAP_SIZE,
    SIDES_SIZE,
    decode_path,
    decode_status_proof,
    encode_path,
    encode_status_proof,
)
from registry.domain.errors import Malformed
from registry.domain.hashing import Digest, sha256
from registry.domain.log_name import LogName
from registry.domain.paths import MAX_STEPS, Path, Side, Step, fold, parse_path
from registry.domain.slot import HEADER_WORD, SLOT_LIMIT, Purpose, has_slot_word_form, slot_word
from registry.domain.status import DEPTH, ZERO_ROOTS, StatusProof, fold_status_proof
from tests.paths import VECTORS

LOG = LogName(chain_id=31337, contract="0x" + "5f" * 20, number=1)
GOOD = sorted(path for path in (VECTORS / "good").glob("*.json") if "receipt" in json.loads(path.read_bytes()))

slots = st.integers(0, SLOT_LIMIT - 1)
digests = st.binary(min_size=32, max_size=32).map(Digest)
siblings = digests.filter(lambda node: not has_slot_word_form(node))


@st.composite
def entry_paths(draw: st.DrawFn) -> tuple[int, Path]:
    slot = draw(slots)
    middle = draw(st.lists(st.builds(Step, side=st.sampled_from(Side), sibling=siblings), min_size=1, max_size=62))
    last = Step(side=Side.RIGHT, sibling=draw(siblings))
    return slot, (Step(side=Side.RIGHT, sibling=Digest(slot_word(slot))), *middle, last)


@st.composite
def status_proofs(draw: st.DrawFn) -> StatusProof:
    sibling_map = draw(st.integers(0, 2**DEPTH - 1) | st.sampled_from([0, 2**DEPTH - 1]))
    return StatusProof(
        purpose=draw(st.sampled_from(Purpose)),
        log=LOG,
        epoch=draw(st.integers(1, 2**53 - 1)),
        root=draw(digests),
        chunk=draw(digests),
        sibling_map=sibling_map,
        siblings=tuple(sha256(bytes([level])) for level in range(DEPTH) if sibling_map >> level & 1),
        other_root=draw(digests),
        credentials_root=draw(digests),
    )


def read_again(data: bytes, proof: StatusProof) -> StatusProof:
    return decode_status_proof(data, purpose=proof.purpose, log=proof.log, epoch=proof.epoch, root=proof.root)


def node(number: int) -> Digest:
    return sha256(number.to_bytes(4, "big"))


def path_bytes(*nodes: bytes, sides: int) -> bytes:
    return sides.to_bytes(SIDES_SIZE, "big") + b"".join(nodes)


def status_bytes(*nodes: bytes, sibling_map: int) -> bytes:
    return sibling_map.to_bytes(MAP_SIZE, "big") + b"".join(nodes)


@given(entry_paths())
def test_a_path_reads_back(entry: tuple[int, Path]) -> None:
    slot, path = entry

    assert decode_path(encode_path(path, slot=slot), slot=slot) == path


@given(status_proofs())
def test_a_status_proof_reads_back(proof: StatusProof) -> None:
    assert read_again(encode_status_proof(proof), proof) == proof


@given(slots, st.binary(max_size=300) | st.integers(0, 2200).map(bytes))
def test_what_reads_as_a_path_is_written_the_same(slot: int, data: bytes) -> None:
    try:
        path = decode_path(data, slot=slot)
    except Malformed:
        return

    assert encode_path(path, slot=slot) == data


@given(entry_paths(), st.data())
def test_one_changed_bit_is_another_path_or_none(entry: tuple[int, Path], data: st.DataObject) -> None:
    slot, path = entry
    encoded = encode_path(path, slot=slot)
    bit = data.draw(st.integers(0, 8 * len(encoded) - 1))
    changed = bytearray(encoded)
    changed[bit // 8] ^= 1 << bit % 8

    try:
        other = decode_path(bytes(changed), slot=slot)
    except Malformed:
        return

    assert fold(node(0), other) != fold(node(0), path)


@given(status_proofs(), slots, st.data())
def test_one_changed_bit_is_another_status_proof_or_none(proof: StatusProof, slot: int, data: st.DataObject) -> None:
    encoded = encode_status_proof(proof)
    bit = data.draw(st.integers(0, 8 * len(encoded) - 1))
    changed = bytearray(encoded)
    changed[bit // 8] ^= 1 << bit % 8

    try:
        other = read_again(bytes(changed), proof)
    except Malformed:
        return

    assert fold_status_proof(other, slot=slot) != fold_status_proof(proof, slot=slot)


@given(entry_paths(), st.data())
def test_a_path_with_bytes_more_or_less_is_refused(entry: tuple[int, Path], data: st.DataObject) -> None:
    slot, path = entry
    encoded = encode_path(path, slot=slot)
    size = data.draw(st.integers(0, len(encoded) + 40).filter(lambda size: size != len(encoded)))
    changed = (encoded + bytes(40))[:size]

    with pytest.raises(Malformed):
        decode_path(changed, slot=slot)


@given(status_proofs(), st.data())
def test_a_status_proof_with_bytes_more_or_less_is_refused(proof: StatusProof, data: st.DataObject) -> None:
    encoded = encode_status_proof(proof)
    size = data.draw(st.integers(0, len(encoded) + 40).filter(lambda size: size != len(encoded)))
    changed = (encoded + bytes(40))[:size]

    with pytest.raises(Malformed):
        read_again(changed, proof)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "malformed-path"),
        (path_bytes(sides=1), "malformed-path"),
        (path_bytes(node(1), sides=1), "malformed-path"),
        (path_bytes(*map(node, range(MAX_STEPS)), sides=2**63), "malformed-path"),
        (path_bytes(node(1), node(2), b"\x00", sides=2), "malformed-path"),
        (path_bytes(node(1), node(2), sides=2 | 4), "malformed-path"),
        (path_bytes(node(1), node(2), sides=2 | 2**63), "malformed-path"),
        (path_bytes(node(1), node(2), sides=1), "no-status-root"),
        (path_bytes(bytes(32), node(2), sides=2), "second-slot-word"),
        (path_bytes(HEADER_WORD, node(2), sides=2), "second-slot-word"),
        (path_bytes(node(1), slot_word(7), sides=2), "second-slot-word"),
    ],
)
def test_another_spelling_of_a_path_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(Malformed) as caught:
        decode_path(data, slot=7)

    assert caught.value.code == code


@pytest.mark.parametrize(
    "data",
    [
        b"",
        bytes(MAP_SIZE),
        status_bytes(node(1), node(2), sibling_map=0),
        status_bytes(*map(node, range(3)), b"\x00", sibling_map=0),
        status_bytes(*map(node, range(3)), sibling_map=1),
        status_bytes(*map(node, range(4)), sibling_map=0),
        status_bytes(*map(node, range(4)), sibling_map=2**DEPTH),
        status_bytes(*map(node, range(DEPTH + 4)), sibling_map=2 ** (DEPTH + 1) - 1),
        status_bytes(node(1), ZERO_ROOTS[0], node(2), node(3), sibling_map=1),
        status_bytes(node(1), ZERO_ROOTS[28], node(2), node(3), sibling_map=2**28),
    ],
)
def test_another_spelling_of_a_status_proof_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed) as caught:
        decode_status_proof(data, purpose=Purpose.REVOCATION, log=LOG, epoch=1, root=node(0))

    assert caught.value.code == "malformed-status-proof"


@pytest.mark.parametrize("slot", [-1, SLOT_LIMIT])
def test_a_path_of_no_slot_is_refused(slot: int) -> None:
    with pytest.raises(Malformed) as caught:
        decode_path(path_bytes(node(1), node(2), sides=2), slot=slot)

    assert caught.value.code == "malformed-slot"


def test_a_path_of_another_slot_is_not_written() -> None:
    path = decode_path(path_bytes(node(1), node(2), sides=2), slot=7)

    with pytest.raises(Malformed) as caught:
        encode_path(path, slot=8)

    assert caught.value.code == "slot-word-differs"


@pytest.mark.parametrize("file", GOOD, ids=lambda file: file.stem)
def test_the_proofs_of_a_good_receipt_read_back_and_lead_to_its_roots(file: pathlib.Path) -> None:
    receipt = json.loads(file.read_bytes())["receipt"]
    slot, leaf = receipt["slot"], Digest(bytes.fromhex(receipt["leaf"]))

    path = decode_path(encode_path(parse_path(receipt["path"], "path"), slot=slot), slot=slot)
    proofs = [StatusProof.parse(item, "status") for item in receipt["status"]]
    read = [read_again(encode_status_proof(proof), proof) for proof in proofs]

    assert fold(leaf, path).hex() == receipt["root"]
    assert [fold_status_proof(proof, slot=slot) for proof in read] == [proof.root for proof in proofs]
