"""One batch: its entries, its header, and the DID document that the header commits to (protocol sections 3 and 9).

A file that does not lead to the batch's root is not what the log anchored, and nothing in it counts against the log.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from registry.adapters.published import PublishedFiles
from registry.domain.batch import ENTRY_SIZE, BatchHeader, tree_leaves
from registry.domain.canonical import canonicalize, parse_object
from registry.domain.errors import Malformed
from registry.domain.fields import write_time
from registry.domain.hashing import DIGEST_SIZE
from registry.domain.log_name import LogName
from registry.domain.manifest import ManifestBatch
from registry.domain.merkle import MerkleTree
from registry.domain.slot import HEADER_WORD, KIND_CREDENTIAL, has_slot_word_form, slot_of_word
from scripts.audit.finding import Code, FileCodes, Ledger
from scripts.audit.slots import SlotRegister

MAX_CLOCK_AHEAD: Final = timedelta(minutes=5)
"""How much later than its block a batch may say that it was sealed: two honest clocks (protocol section 9)."""

_BATCH_FILE: Final = FileCodes(missing=Code.BATCH_MISSING, malformed=Code.BATCH_MALFORMED, size=Code.COUNT_DIFFERS)
_DID_FILE: Final = FileCodes(missing=Code.DID_DOCUMENT_MISSING, malformed=Code.DID_DOCUMENT_DIFFERS)


class BatchAudit:
    """Looks at the batches of one log, epoch after epoch."""

    def __init__(self, ledger: Ledger, source: PublishedFiles, *, log: LogName, slots: SlotRegister) -> None:
        """Take the ledger and the register to write into."""
        self._ledger = ledger
        self._source = source
        self._log = log
        self._slots = slots
        self._documents: set[tuple[bytes, str]] = set()

    def check(self, batch: ManifestBatch, *, epoch: int, proved: bool, block_time: datetime | None) -> None:
        """Rebuild a batch's root; if it is anchored, look at everything in it.

        `proved` says that the batch's root leads to the root on the chain; `block_time` is when that was, None when it
        could not be found out.
        """
        place = f"epochs/{epoch}/{batch.entries}"
        self._ledger.batches += 1
        data: bytes | None = None
        with self._ledger.reading(_BATCH_FILE, epoch=epoch, place=place):
            data = self._source.entries(epoch, batch)
        if data is None:
            return
        root = MerkleTree(tree_leaves(data)).root
        matches = self._ledger.compare(
            Code.BATCH_ROOT_DIFFERS, epoch=epoch, place=place, expected=batch.root, found=root
        )
        if matches and proved:
            self._check_entries(data, epoch=epoch, place=place)
            self._check_header(batch.header, data, epoch=epoch, place=place, block_time=block_time)

    def _check_entries(self, data: bytes, *, epoch: int, place: str) -> None:
        flaws = dict[str, tuple[object, object]]()
        word = data[DIGEST_SIZE:ENTRY_SIZE]
        if word != HEADER_WORD:
            flaws["entry 0"] = (HEADER_WORD, word)
        before = b""
        for number, leaf, word in _entries(data):
            if leaf <= before:
                flaws.setdefault("order", (f"a leaf after {before.hex()}", f"{leaf.hex()} as entry {number}"))
            before = leaf
            if has_slot_word_form(word) and word[3] == KIND_CREDENTIAL:
                self._slots.add(slot=slot_of_word(word), leaf=leaf, epoch=epoch)
            else:
                flaws.setdefault("word", ("the word of a slot, kind 0", f"{word.hex()} in entry {number}"))
            self._ledger.credentials += 1
        for expected, found in flaws.values():
            self._ledger.find(Code.BATCH_MALFORMED, epoch=epoch, place=place, expected=expected, found=found)

    def _check_header(
        self, header: BatchHeader, data: bytes, *, epoch: int, place: str, block_time: datetime | None
    ) -> None:
        first = data[:DIGEST_SIZE]
        if first != header.leaf():
            self._ledger.find(Code.HEADER_DIFFERS, epoch=epoch, place=place, expected=header.leaf(), found=first)
            return
        if header.log != self._log:
            self._ledger.find(Code.HEADER_LOG_FOREIGN, epoch=epoch, place=place, expected=self._log, found=header.log)
        if block_time is not None and header.sealed > block_time + MAX_CLOCK_AHEAD:
            latest = f"{write_time(block_time + MAX_CLOCK_AHEAD)} or earlier"
            self._ledger.find(
                Code.SEALED_LATE, epoch=epoch, place=place, expected=latest, found=write_time(header.sealed)
            )
        self._check_document(header, epoch=epoch)

    def _check_document(self, header: BatchHeader, *, epoch: int) -> None:
        """Look at a DID document once for each issuer that commits to it."""
        if (header.did_document, header.issuer) in self._documents:
            return
        self._documents.add((header.did_document, header.issuer))
        place = f"issuers/{header.did_document.hex()}.json"
        data: bytes | None = None
        with self._ledger.reading(_DID_FILE, epoch=epoch, place=place):
            data = self._source.issuer_document(header.did_document)
        if data is None:
            return
        try:
            document = parse_object(data)
            canonical = canonicalize(document)
        except Malformed as error:
            self._malformed_document(epoch, place, found=f"{error.code}: {error.message}")
            return
        if canonical != data:
            self._malformed_document(epoch, place, found="another spelling of the same JSON")
        if document.get("id") != header.issuer:
            self._ledger.find(
                Code.DID_DOCUMENT_FOREIGN, epoch=epoch, place=place, expected=header.issuer, found=document.get("id")
            )

    def _malformed_document(self, epoch: int, place: str, *, found: str) -> None:
        self._ledger.find(
            Code.DID_DOCUMENT_MALFORMED, epoch=epoch, place=place, expected="canonical JSON (RFC 8785)", found=found
        )


def _entries(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield number, leaf and word of each credential; the header is entry 0."""
    for number, at in enumerate(range(ENTRY_SIZE, len(data), ENTRY_SIZE), start=1):
        yield number, data[at : at + DIGEST_SIZE], data[at + DIGEST_SIZE : at + ENTRY_SIZE]
