"""The status lists: each file leads to its root, and no revocation is ever taken back (protocol section 4).

No bits are kept from epoch to epoch, only which file held them: a list that changed is compared with the older file,
read again. So a log of a million lists costs no more memory than their names.
"""

from typing import Final

from registry.adapters.published import PublishedFiles
from registry.domain.hashing import sha256
from registry.domain.manifest import Manifest, ManifestList
from registry.domain.slot import LIST_SIZE, Purpose
from registry.domain.status_tree import EMPTY_LIST, list_root
from scripts.audit.finding import Code, FileCodes, Ledger

SHOWN_SLOTS: Final = 5
"""Enough to look some up; a list that was wiped has thousands."""

_LIST_FILE: Final = FileCodes(missing=Code.LIST_MISSING, malformed=Code.LIST_FILE_DIFFERS)
_EMPTY_SHA256: Final = sha256(EMPTY_LIST)

_Key = tuple[Purpose, int]


class ListAudit:
    """Looks at the status lists of one log, epoch after epoch."""

    def __init__(self, ledger: Ledger, source: PublishedFiles) -> None:
        """Take the ledger to write into."""
        self._ledger = ledger
        self._source = source
        self._rebuilt: dict[_Key, ManifestList] = {}
        """The newest file of each list whose root was rebuilt."""
        self._revoked: dict[int, ManifestList] = {}
        """The newest proved state of each revocation list that is not all zero."""

    def check(self, manifest: Manifest, *, proved: bool) -> None:
        """Rebuild the list roots of an epoch; if they are anchored, compare the revocations with the epochs before."""
        sound = {(item.purpose, item.number): item for item in manifest.lists if self._rebuild(item, manifest.epoch)}
        if not proved:
            return
        listed = {item.number for item in manifest.lists if item.purpose is Purpose.REVOCATION}
        for number in sorted(self._revoked.keys() - listed):
            self._compare(number, None, epoch=manifest.epoch)
            del self._revoked[number]
        for number in sorted(listed):
            # What could not be read says nothing: the older state stays until there is one that can.
            item = sound.get((Purpose.REVOCATION, number))
            if item is not None:
                self._compare(number, item, epoch=manifest.epoch)
                self._revoked[number] = item

    def _rebuild(self, item: ManifestList, epoch: int) -> bool:
        known = self._rebuilt.get((item.purpose, item.number))
        place = _place(item)
        if known is not None and (known.file_epoch, known.sha256) == (item.file_epoch, item.sha256):
            root = known.root
        else:
            bits = self._read(item, epoch)
            if bits is None:
                return False
            root = list_root(bits)
        if not self._ledger.compare(Code.LIST_ROOT_DIFFERS, epoch=epoch, place=place, expected=item.root, found=root):
            return False
        self._rebuilt[item.purpose, item.number] = item
        return True

    def _compare(self, number: int, item: ManifestList | None, *, epoch: int) -> None:
        """Compare a list with its newest proved state; None is a list that is all zero again."""
        before = self._revoked.get(number)
        if before is None or before.sha256 == (_EMPTY_SHA256 if item is None else item.sha256):
            return
        old = self._read(before, epoch)
        new = EMPTY_LIST if item is None else self._read(item, epoch)
        if old is None or new is None:
            return
        undone = int.from_bytes(old, "big") & ~int.from_bytes(new, "big")
        if undone:
            slots = _slots(undone, number)
            place = f"revocation list {number}"
            self._ledger.find(
                Code.REVOCATION_UNDONE,
                epoch=epoch,
                place=place,
                expected=f"1 at {slots}, as in {_place(before)}",
                found=f"0 at {undone.bit_count()} of them",
            )

    def _read(self, item: ManifestList, epoch: int) -> bytes | None:
        with self._ledger.reading(_LIST_FILE, epoch=epoch, place=_place(item)):
            return self._source.bits(item)
        return None


def _place(item: ManifestList) -> str:
    return f"epochs/{item.file_epoch}/{item.file_name()}"


def _slots(bits: int, number: int) -> str:
    """Name the slots of the bits that are 1, the first few by number."""
    text = f"{bits:0{LIST_SIZE}b}"
    found: list[int] = []
    at = text.find("1")
    while at >= 0 and len(found) < SHOWN_SLOTS:
        found.append(number * LIST_SIZE + at)
        at = text.find("1", at + 1)
    more = bits.bit_count() - len(found)
    return f"slot {', '.join(map(str, found))}" + (f" and {more} more" if more else "")
