"""Batches: headers, entries, and the tie between a credential and its header."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.batch import (
    ENTRY_SIZE,
    MAX_CREDENTIALS,
    BatchHeader,
    Entry,
    check_header_tie,
    decode_entries,
    encode_entries,
    tree_leaves,
)
from registry.domain.canonical import JsonValue
from registry.domain.epoch import MAX_BATCHES, credentials_root, epoch_root, path_above_batch
from registry.domain.errors import Malformed, ProofMismatch
from registry.domain.hashing import ZERO_DIGEST, Digest, sha256
from registry.domain.log_name import LogName
from registry.domain.merkle import MerkleTree
from registry.domain.paths import Path, Side, Step, fold
from registry.domain.slot import HEADER_WORD, slot_word

LOG = LogName(chain_id=31337, contract="0x" + "5f" * 20, number=1)
STATUS_ROOT = sha256(b"status")


def header(count: int = 1) -> BatchHeader:
    return BatchHeader(
        log=LOG,
        issuer="did:web:a.example",
        id="batch-1",
        count=count,
        sealed=datetime(2026, 11, 21, 1, 0, 0, tzinfo=UTC),
        did_document=sha256(b"did"),
    )


def entries(count: int) -> list[Entry]:
    return [Entry(leaf=sha256(b"leaf%d" % number), slot=1000 + number) for number in range(count)]


class World:
    """One epoch of a few batches, with the paths of everything in it."""

    def __init__(self, counts: list[int]) -> None:
        self.headers = [replace(header(count), id=f"batch-{at}") for at, count in enumerate(counts)]
        self.files = [
            encode_entries(
                head, [replace(entry, leaf=sha256(entry.leaf + head.id.encode())) for entry in entries(count)]
            )
            for head, count in zip(self.headers, counts, strict=True)
        ]
        self.trees = [MerkleTree(tree_leaves(data)) for data in self.files]
        self.roots = [tree.root for tree in self.trees]
        self.root = epoch_root(credentials_root=credentials_root(self.roots), status_root=STATUS_ROOT)

    def path(self, batch: int, entry: int) -> Path:
        """Return the whole path of an entry; entry 0 is the header."""
        return self.trees[batch].path(2 * entry) + path_above_batch(self.roots, batch, status_root=STATUS_ROOT)

    def leaf(self, batch: int, entry: int) -> Digest:
        return Digest(self.files[batch][entry * ENTRY_SIZE : entry * ENTRY_SIZE + 32])


@given(st.lists(st.integers(1, 40), min_size=1, max_size=9), st.data())
def test_every_credential_is_tied_to_the_header_of_its_batch(counts: list[int], data: st.DataObject) -> None:
    world = World(counts)
    batch = data.draw(st.integers(0, len(counts) - 1))
    entry = data.draw(st.integers(1, counts[batch]))

    root = check_header_tie(
        world.headers[batch],
        world.path(batch, 0),
        credential_leaf=world.leaf(batch, entry),
        credential_path=world.path(batch, entry),
    )

    assert root == world.root == fold(world.leaf(batch, entry), world.path(batch, entry))


@given(st.integers(1, MAX_CREDENTIALS))
def test_the_header_path_is_as_long_as_the_count_says(count: int) -> None:
    levels = 0
    while 2**levels < 2 * (count + 1):
        levels += 1

    assert 1 + count.bit_length() == levels


def refused(head: BatchHeader, header_path: Path, leaf: Digest, path: Path) -> str:
    with pytest.raises((Malformed, ProofMismatch)) as caught:
        check_header_tie(head, header_path, credential_leaf=leaf, credential_path=path)
    return str(caught.value.code)


def test_a_header_of_another_batch_is_refused() -> None:
    world = World([3, 3, 2])

    for batch, other in [(0, 1), (1, 0), (0, 2), (2, 1)]:
        code = refused(world.headers[other], world.path(other, 0), world.leaf(batch, 1), world.path(batch, 1))
        assert code == "header-not-tied"


def test_another_count_is_refused() -> None:
    world = World([3, 3])

    for count in (1, 2, 4, 5, 7, 8, 100, MAX_CREDENTIALS):
        head = replace(world.headers[0], count=count)
        assert refused(head, world.path(0, 0), world.leaf(0, 1), world.path(0, 1)) in {
            "malformed-header-path",
            "header-not-tied",
        }


def test_a_header_path_with_a_left_step_inside_the_batch_is_refused() -> None:
    world = World([3])
    path = world.path(0, 0)
    turned = (path[0], Step(side=Side.LEFT, sibling=path[1].sibling), *path[2:])

    assert refused(world.headers[0], turned, world.leaf(0, 1), world.path(0, 1)) == "malformed-header-path"


def test_a_count_that_swallows_the_path_is_refused() -> None:
    world = World([3])

    head = replace(world.headers[0], count=MAX_CREDENTIALS)

    assert refused(head, world.path(0, 0), world.leaf(0, 1), world.path(0, 1)) == "malformed-header-path"


def test_a_credential_path_no_longer_than_the_part_above_the_batch_is_refused() -> None:
    world = World([1, 1, 1, 1, 1])
    above = path_above_batch(world.roots, 0, status_root=STATUS_ROOT)

    assert refused(world.headers[0], world.path(0, 0), world.leaf(0, 1), above) == "header-not-tied"


def test_a_header_path_must_begin_with_the_header_word() -> None:
    world = World([3])
    path = world.path(0, 0)
    renamed = (Step(side=Side.RIGHT, sibling=Digest(slot_word(0))), *path[1:])

    assert refused(world.headers[0], renamed, world.leaf(0, 1), world.path(0, 1)) == "slot-word-differs"


@given(st.integers(1, 60))
def test_entries_read_back_in_the_order_of_their_leaves(count: int) -> None:
    head = header(count)
    data = encode_entries(head, reversed(entries(count)))

    read = decode_entries(data, head)

    assert list(read) == sorted(entries(count), key=lambda entry: entry.leaf)
    assert data[:64] == head.leaf() + HEADER_WORD
    assert len(tree_leaves(data)) == 2 * (count + 1)


def swap(data: bytes, one: int, other: int) -> bytes:
    cut = [data[at : at + ENTRY_SIZE] for at in range(0, len(data), ENTRY_SIZE)]
    cut[one], cut[other] = cut[other], cut[one]
    return b"".join(cut)


def test_a_file_that_is_not_its_headers_is_refused() -> None:
    head = header(3)
    data = encode_entries(head, entries(3))

    for changed in [
        b"",
        data[:-1],
        data + bytes(64),
        data[:-64],
        data[:32] + slot_word(0) + data[64:],
        swap(data, 1, 2),
        data[:128] + data[64:128] + data[192:],
        data[:96] + HEADER_WORD + data[128:],
        data[:96] + slot_word(5, kind=1) + data[128:],
        data[:96] + b"\1" + data[97:],
    ]:
        with pytest.raises(Malformed):
            decode_entries(changed, head)
    with pytest.raises(ProofMismatch):
        decode_entries(b"\0" + data[1:], head)


def test_entries_that_are_not_what_the_header_counts_are_not_written() -> None:
    with pytest.raises(Malformed):
        encode_entries(header(2), entries(3))
    with pytest.raises(Malformed):
        encode_entries(header(2), entries(1) * 2)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("type", "Batch"),
        ("type", None),
        ("version", 2),
        ("version", True),
        ("version", 1.0),
        ("log", "eip155:1"),
        ("issuer", ""),
        ("issuer", 5),
        ("issuer", "x" * 3000),
        ("id", None),
        ("count", 0),
        ("count", MAX_CREDENTIALS + 1),
        ("count", 1.0),
        ("count", True),
        ("count", "1"),
        ("sealed", "2026-11-21T01:00:00+00:00"),
        ("sealed", "2026-11-21T01:00:00.0Z"),
        ("sealed", "2026-02-30T01:00:00Z"),
        ("sealed", 5),
        ("didDocument", "AA" * 32),
        ("note", "x"),
    ],
)
def test_a_header_has_exactly_its_members_and_one_spelling(member: str, value: JsonValue) -> None:
    assert BatchHeader.parse(header().to_json()) == header()

    with pytest.raises(Malformed):
        BatchHeader.parse({**header().to_json(), member: value})


@pytest.mark.parametrize("member", list(header().to_json()))
def test_a_header_without_a_member_is_refused(member: str) -> None:
    members = header().to_json()
    del members[member]

    with pytest.raises(Malformed):
        BatchHeader.parse(members)


def test_a_header_counts_what_a_batch_can_hold() -> None:
    with pytest.raises(Malformed):
        header(0)
    with pytest.raises(Malformed):
        header(MAX_CREDENTIALS + 1)
    with pytest.raises(Malformed):
        BatchHeader.parse([])


def test_an_epoch_without_batches_has_the_zero_root_on_the_left() -> None:
    assert credentials_root([]) == ZERO_DIGEST
    assert credentials_root([STATUS_ROOT]) == STATUS_ROOT


def test_an_epoch_has_at_most_65536_batches() -> None:
    too_many = [STATUS_ROOT] * (MAX_BATCHES + 1)

    with pytest.raises(Malformed):
        credentials_root(too_many)
    with pytest.raises(Malformed):
        path_above_batch(too_many, 0, status_root=STATUS_ROOT)
