"""Rows of an upload a page at a time, as people look through them: each page is judged once and kept for a while.

What a judgement depends on is the stored file with its rules, which never change, and what the issuer's register says of
its people. So a page is kept under the issuer's newest credential and the newest entry of its audit trail: whatever was
issued, corrected, revoked or started since makes it be judged again. A chunk of another upload that another process
stores in the same moment may be seen with the next one alone; what is issued is judged anew in any case
(docs/decisions/0062-uploads-are-judged-again.md).
"""

from collections import OrderedDict
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from threading import Lock
from typing import Final, TypeAlias
from uuid import UUID

from registry.domain.upload_codes import Finding
from registry.domain.upload_judging import Result, RowJudgement
from registry.service.resources import Resources
from registry.service.uploads import judgements
from registry.store_ports import IssuerRecord, UploadRecord

MAX_KEPT: Final = 64
"""Pages: of fifty rows each some ten thousand bytes, and a megabyte where every cell is as long as it may be."""


class Rows(StrEnum):
    """Which rows of a dry run are shown."""

    ERRORS = "errors"
    FINDINGS = "findings"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRow:
    """What is shown of a row: no more of it is kept."""

    line: int
    result: Result
    findings: tuple[Finding, ...]
    name: str
    """The recipient's; empty for a row that is refused."""


_Place: TypeAlias = tuple[UUID, Rows, int, int, UUID | None, int]
"""Which page of which upload, and what the register was like when it was judged: its newest credential and entry."""
_Page: TypeAlias = tuple[ShownRow, ...]


class UploadPages:
    """Judges pages, and keeps those that were asked for last."""

    def __init__(self, resources: Resources, *, max_bytes: int) -> None:
        self._resources = resources
        self._max_bytes = max_bytes
        self._kept: OrderedDict[_Place, _Page] = OrderedDict()
        self._lock = Lock()

    def page(self, issuer: IssuerRecord, record: UploadRecord, rows: Rows, *, after: int, limit: int) -> _Page:
        """Return the first rows of a kind after a line. Raises FileProblem as `judgements`."""
        place = self._place(record, rows, after=after, limit=limit)
        with self._lock:
            page = self._kept.get(place)
            if page is not None:
                self._kept.move_to_end(place)
                return page
        page = self._judge(issuer, record, rows, after=after, limit=limit)
        with self._lock:
            self._kept[place] = page
            if len(self._kept) > MAX_KEPT:
                self._kept.popitem(last=False)
        return page

    def _place(self, record: UploadRecord, rows: Rows, *, after: int, limit: int) -> _Place:
        with self._resources.store.read() as unit:
            credentials = unit.credentials.newest(record.issuer_id, standing=None, before=None, limit=1)
            entries = unit.audit.of_issuer(record.issuer_id, before=None, limit=1)
        newest = credentials[0].id if credentials else None
        return record.id, rows, after, limit, newest, entries[0].number if entries else 0

    def _judge(self, issuer: IssuerRecord, record: UploadRecord, rows: Rows, *, after: int, limit: int) -> _Page:
        found = judgements(self._resources, issuer, record, max_bytes=self._max_bytes, after_line=after)
        return tuple(islice((_shown(judgement) for judgement in found if _is_meant(judgement, rows)), limit))


def _is_meant(judgement: RowJudgement, rows: Rows) -> bool:
    if rows is Rows.ALL:
        return True
    if rows is Rows.ERRORS:
        return judgement.result is Result.ERROR
    return judgement.result is not Result.OK or bool(judgement.findings)


def _shown(judgement: RowJudgement) -> ShownRow:
    recipient = judgement.recipient
    return ShownRow(
        line=judgement.line,
        result=judgement.result,
        findings=judgement.findings,
        name="" if recipient is None else recipient.recipient_name,
    )
