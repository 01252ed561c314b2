"""Gathering status lists for a verdict: copies that were handed over, and, when asked for, those the credential names.

A list that serves many credentials is read once: its canonical form costs more than everything else about it.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from registry.domain.canonical import JsonObject
from registry.domain.checks_served import entries_of
from registry.domain.errors import CredrootError, Malformed
from registry.domain.evidence import LIST_UNUSABLE
from registry.domain.hashing import Digest, sha256
from registry.domain.presented import Presented, read_presented
from registry.domain.problem import Problem
from registry.domain.proof_checking import cover_document
from registry.domain.served_list import ServedList
from registry.domain.status_entry import is_status_entry
from registry.ports import JsonLd, StatusListFetcher

MAX_FETCHED_LISTS: Final = 4
"""Of one credential: it has a list for each purpose, and each may take ten seconds not to answer."""
MAX_READ_LISTS: Final = 16
"""Lists that stay read, of 4 MiB at most."""

_IGNORED_PURPOSES: Final = frozenset({"refresh"})
"""Purposes whose lists say nothing that a verdict tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusListCopy:
    """A signed status list as it was served."""

    content: bytes
    fetched_at: datetime | None = None
    """When the caller itself got it from its URL; None for a copy from somebody's hands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GatheredLists:
    """The lists at hand, and why others are not."""

    lists: tuple[ServedList, ...]
    problems: Mapping[str, Problem]
    """By the URL that was asked for."""
    notes: tuple[str, ...]


class StatusListGatherer:
    """Reads and fetches status lists; None for a fetcher means that none is ever fetched."""

    def __init__(self, *, json_ld: JsonLd, fetcher: StatusListFetcher | None) -> None:
        self._json_ld = json_ld
        self._fetcher = fetcher
        self._read: OrderedDict[Digest, ServedList] = OrderedDict()
        self._lock = Lock()

    def gather(
        self, copies: Iterable[StatusListCopy], presented: Presented, *, fetch: bool, max_age: timedelta
    ) -> GatheredLists:
        """Read the copies, and fetch the lists that the credential names and that are not among them."""
        lists: list[ServedList] = []
        notes: list[str] = []
        for copy in copies:
            try:
                lists.append(self._list(copy))
            except Malformed as error:
                notes.append(f"A status list could not be used: {error.message}.")
        problems: dict[str, Problem] = {}
        if fetch and not isinstance(presented.document, Problem):
            present = {served.url for served in lists if served.fetched_at is not None}
            for number, url in enumerate(url for url in _named(presented.document) if url not in present):
                fetched = self._fetch(url, max_age=max_age) if number < MAX_FETCHED_LISTS else _TOO_MANY
                if isinstance(fetched, Problem):
                    problems[url] = fetched
                else:
                    lists.append(fetched)
        return GatheredLists(lists=tuple(lists), problems=problems, notes=tuple(notes))

    def _fetch(self, url: str, *, max_age: timedelta) -> ServedList | Problem:
        if self._fetcher is None:
            return Problem(code="status-list-not-fetched", message="lists are not fetched here")
        try:
            fetched = self._fetcher.fetch(url, max_age=max_age)
        except CredrootError as error:
            return Problem.of(error)
        try:
            served = self._list(StatusListCopy(content=fetched.content, fetched_at=fetched.fetched_at))
        except Malformed as error:
            return Problem(code=LIST_UNUSABLE, message=error.message)
        if served.url != url:
            # Its issuer signed it as another list: whoever answers at the URL may have swapped the two.
            return Problem(code=LIST_UNUSABLE, message=f"expected the list {url}, got {served.url}")
        return served

    def _list(self, copy: StatusListCopy) -> ServedList:
        digest = sha256(copy.content)
        with self._lock:
            known = self._read.get(digest)
            if known is not None:
                self._read.move_to_end(digest)
        if known is None:
            presented = read_presented(copy.content)
            if isinstance(presented.document, Problem):
                raise Malformed("malformed-status-list", presented.document.message)
            covered = cover_document(presented.document, canonical_nquads=self._json_ld.canonical_nquads)
            known = ServedList.parse(presented, covered=covered, fetched_at=None)
            with self._lock:
                self._read[digest] = known
                while len(self._read) > MAX_READ_LISTS:
                    self._read.popitem(last=False)
        return replace(known, fetched_at=copy.fetched_at)


_TOO_MANY: Final = Problem(
    code="status-list-too-many", message=f"expected at most {MAX_FETCHED_LISTS} lists of one credential"
)


def _named(document: JsonObject) -> list[str]:
    """Return the URLs of the lists that a credential names, each once."""
    entries = [entry for entry in entries_of(document.get("credentialStatus")) if is_status_entry(entry)]
    # A purpose may be any JSON, also what cannot be looked up in a set.
    urls = [
        entry.get("statusListCredential")
        for entry in entries
        if not (isinstance(purpose := entry.get("statusPurpose"), str) and purpose in _IGNORED_PURPOSES)
    ]
    return list(dict.fromkeys(url for url in urls if isinstance(url, str)))
