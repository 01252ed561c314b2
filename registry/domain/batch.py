"""The batch: one issuer's credentials of one epoch, under one header (protocol section 3).

    entries   (H(JCS(header)), header word), (leaf, slot word), ...   leaves ascending, two tree leaves an entry
    file      the entries, 64 bytes each

The header's path begins with 1 + bitlength(count) steps that are all `right`: it is the leftmost entry, and they fold
to the batch root.
"""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Final, Self

from registry.domain.canonical import JsonObject, JsonValue, canonicalize
from registry.domain.errors import Malformed, ProofMismatch
from registry.domain.fields import read_constant, read_integer, read_object, read_text, read_time, write_time
from registry.domain.hashing import DIGEST_SIZE, Digest, digest_from_hex, sha256
from registry.domain.log_name import LogName
from registry.domain.paths import Path, Side, check_entry_path, fold
from registry.domain.slot import HEADER_WORD, WORD_SIZE, slot_of_word, slot_word

MAX_CREDENTIALS: Final = 65_536
"""One batch is what one auditor's machine rebuilds in a second; larger uploads become several batches."""
ENTRY_SIZE: Final = DIGEST_SIZE + WORD_SIZE

_HEADER_MEMBERS: Final = ("type", "version", "log", "issuer", "id", "count", "sealed", "didDocument")
HEADER_TYPE: Final = "CredrootBatch"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchHeader:
    """What the first entry of a batch commits to."""

    log: LogName
    issuer: str
    """The issuer's DID."""
    id: str
    count: int
    """Credentials in the batch, the header not counted."""
    sealed: datetime
    """Aware UTC, whole seconds."""
    did_document: Digest
    """H(JCS) of the DID document that the issuer signed under."""

    def __post_init__(self) -> None:
        """Raise Malformed for a count that no batch has."""
        if not 1 <= self.count <= MAX_CREDENTIALS:
            raise Malformed("malformed-header", f"expected 1 to {MAX_CREDENTIALS} credentials, got {self.count}")

    @classmethod
    def parse(cls, value: JsonValue, where: str = "header") -> Self:
        """Read a header with exactly the members of section 3.

        Raises Malformed for anything else.
        """
        members = read_object(value, required=_HEADER_MEMBERS, where=where)
        read_constant(members["type"], expected=HEADER_TYPE, where=f"{where}.type")
        read_constant(members["version"], expected=1, where=f"{where}.version")
        return cls(
            log=LogName.parse(members["log"]),
            issuer=read_text(members["issuer"], where=f"{where}.issuer"),
            id=read_text(members["id"], where=f"{where}.id"),
            count=read_integer(members["count"], minimum=1, maximum=MAX_CREDENTIALS, where=f"{where}.count"),
            sealed=read_time(members["sealed"], f"{where}.sealed"),
            did_document=digest_from_hex(members["didDocument"], f"{where}.didDocument"),
        )

    def to_json(self) -> JsonObject:
        """Write the header as it stands in receipts and manifests."""
        return {
            "type": HEADER_TYPE,
            "version": 1,
            "log": str(self.log),
            "issuer": self.issuer,
            "id": self.id,
            "count": self.count,
            "sealed": write_time(self.sealed),
            "didDocument": self.did_document.hex(),
        }

    def leaf(self) -> Digest:
        """Hash the header: the leaf of the batch's first entry."""
        return sha256(canonicalize(self.to_json()))


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Entry:
    """A credential in a batch; entries sort by leaf."""

    leaf: Digest
    slot: int

    def to_bytes(self) -> bytes:
        """Write the entry's 64 bytes."""
        return self.leaf + slot_word(self.slot)


def encode_entries(header: BatchHeader, entries: Iterable[Entry]) -> bytes:
    """Write a batch's file: the header's entry, then the credentials by ascending leaf.

    Raises Malformed when the entries are not what the header counts, or a leaf stands twice.
    """
    ordered = sorted(entries, key=attrgetter("leaf"))
    _check_leaves(header, [entry.leaf for entry in ordered])
    return header.leaf() + HEADER_WORD + b"".join([entry.to_bytes() for entry in ordered])


def decode_entries(data: bytes, header: BatchHeader) -> tuple[Entry, ...]:
    """Read a batch's file and check that it is what the header says.

    Returns the credentials, the header's entry left out.

    Raises as `check_entries`.
    """
    check_entries(data, header)
    return tuple(
        Entry(leaf=Digest(data[at : at + DIGEST_SIZE]), slot=slot_of_word(data[at + DIGEST_SIZE : at + ENTRY_SIZE]))
        for at in range(ENTRY_SIZE, len(data), ENTRY_SIZE)
    )


def check_entries(data: bytes, header: BatchHeader) -> None:
    """Check that a batch's file is what the header says.

    Raises Malformed for a wrong size, word or order, ProofMismatch when the first leaf is not the header's.
    """
    if len(data) != ENTRY_SIZE * (header.count + 1):
        raise Malformed("malformed-entries", f"expected {header.count + 1} entries of {ENTRY_SIZE} bytes")
    if data[DIGEST_SIZE:ENTRY_SIZE] != HEADER_WORD:
        raise Malformed("malformed-entries", "expected the header word in the first entry")
    if data[:DIGEST_SIZE] != header.leaf():
        raise ProofMismatch("header-differs", "header entry", expected=header.leaf(), actual=data[:DIGEST_SIZE])
    for at in range(ENTRY_SIZE + DIGEST_SIZE, len(data), ENTRY_SIZE):
        slot_of_word(data[at : at + WORD_SIZE])
    _check_leaves(header, [data[at : at + DIGEST_SIZE] for at in range(ENTRY_SIZE, len(data), ENTRY_SIZE)])


def tree_leaves(data: bytes) -> list[bytes]:
    """Cut a batch's file into the leaves of its tree, two an entry."""
    return [data[at : at + DIGEST_SIZE] for at in range(0, len(data), DIGEST_SIZE)]


def check_header_tie(
    header: BatchHeader, header_path: Path, *, credential_leaf: Digest, credential_path: Path
) -> Digest:
    """Check that a header belongs to the very batch that a credential is in, and return the epoch root.

    Both paths must have been parsed; their form is checked here.

    Raises Malformed for a path without the form, ProofMismatch when the two paths do not meet in one batch.
    """
    check_entry_path(header_path, word=HEADER_WORD, where="batch.path")
    inside = 1 + header.count.bit_length()
    above = header_path[inside:]
    if not above or any(step.side is not Side.RIGHT for step in header_path[:inside]):
        raise Malformed(
            "malformed-header-path", f"expected {inside} right steps and at least one more", where="batch.path"
        )
    if len(credential_path) <= len(above) or credential_path[-len(above) :] != above:
        raise Malformed("header-not-tied", "expected the last steps of both paths to be the same", where="batch.path")
    batch_root = fold(header.leaf(), header_path[:inside])
    reached = fold(credential_leaf, credential_path[: -len(above)])
    if reached != batch_root:
        raise ProofMismatch("header-not-tied", "batch root", expected=batch_root, actual=reached)
    return fold(batch_root, above)


def _check_leaves(header: BatchHeader, leaves: Sequence[bytes]) -> None:
    if len(leaves) != header.count:
        raise Malformed("malformed-entries", f"expected {header.count} credentials, got {len(leaves)}")
    if any(before >= after for before, after in itertools.pairwise(leaves)):
        raise Malformed("malformed-entries", "expected leaves in ascending order, each once")
