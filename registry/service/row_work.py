"""What is done with a chunk of an upload's rows in whatever process does it: judging, and signing what was judged good.

    RowWork ──count──> UploadCounts                      a dry run
    SigningWork ──sign──> SignedRows                  issuing

Nothing here reads or writes a store, and what is signed is worth nothing before it is stored: work may be done twice.
Everything that is sent can be pickled; the issuer's key goes encrypted, and is opened where it is used.
"""

from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Generic, TypeAlias, TypeVar
from uuid import UUID

from registry.domain.upload import UploadCounts, judge_chunk
from registry.domain.upload_chunks import RowChunk
from registry.domain.upload_judging import Result, RowJudgement
from registry.domain.upload_rules import UploadRules
from registry.ports import ChunkExecutor
from registry.service.drafting import Drafts
from registry.service.issuing import Order, Template, TemplateRecords, open_template
from registry.service.packing import PackedCredentials, pack
from registry.service.resources import SigningTools
from registry.service.rows import order_of, refuse
from registry.service.stamping import Stamper

_ToolsT = TypeVar("_ToolsT")
_ChunkT = TypeVar("_ChunkT")
_ResultT = TypeVar("_ResultT")

MAX_OPENED: Final = 32
"""Templates kept ready in a process: uploads that are issued or judged at the same time are few."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowWork:
    """Rows, and all that judging them needs."""

    rows: RowChunk
    rules: UploadRules
    records: TemplateRecords


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningWork:
    """Rows to be issued, and what their credentials get."""

    work: RowWork
    upload_id: UUID
    slots: tuple[int, ...]
    """At least one for each row that may turn out to be good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRows:
    """What became of a chunk: the credentials of its good rows, in order."""

    credentials: PackedCredentials
    spare_slots: tuple[int, ...]
    """Those that nothing was signed for."""


class RowWorker:
    """Does such work in one process."""

    def __init__(self, tools: SigningTools) -> None:
        self._tools = tools
        self._stamper = Stamper(tools)
        self._opened: dict[TemplateRecords, tuple[Template, Drafts]] = {}

    def judge(self, work: RowWork) -> Iterator[RowJudgement]:
        """Judge rows; refuse those too that no credential can be made of."""
        _, drafts = self._open(work.records)
        for judgement in judge_chunk(work.rows, work.rules):
            if judgement.recipient is not None and (error := drafts.refusal(judgement.recipient)) is not None:
                yield refuse(judgement, error)
            else:
                yield judgement

    def count(self, work: RowWork) -> UploadCounts:
        """Judge rows and count the results."""
        counts = dict.fromkeys(Result, 0)
        for judgement in self.judge(work):
            counts[judgement.result] += 1
        return UploadCounts(ok=counts[Result.OK], error=counts[Result.ERROR], skipped=counts[Result.SKIPPED])

    def sign(self, work: SigningWork) -> SignedRows:
        """Judge rows and sign the credentials of the good ones."""
        template, _ = self._open(work.work.records)
        orders = self._orders(work, template)
        signed = self._stamper.sign_chunk(template, orders, work.slots[: len(orders)])
        return SignedRows(credentials=pack(signed), spare_slots=work.slots[len(orders) :])

    def _orders(self, work: SigningWork, template: Template) -> list[Order]:
        return [
            order_of(
                judgement.recipient,
                template.frozen.achievement,
                upload_id=work.upload_id,
                allow_duplicate=work.work.rules.allow_duplicates,
            )
            for judgement in self.judge(work.work)
            if judgement.recipient is not None
        ]

    def _open(self, records: TemplateRecords) -> tuple[Template, Drafts]:
        opened = self._opened.get(records)
        if opened is None:
            template = open_template(self._tools, records)
            if len(self._opened) >= MAX_OPENED:
                self._opened.clear()
            opened = self._opened[records] = (template, Drafts(self._tools, template))
        return opened


RowExecutor: TypeAlias = ChunkExecutor[RowWorker]


class InProcess(Generic[_ToolsT]):
    """Implements the port `ChunkExecutor` in the caller's thread, one chunk after the other."""

    def __init__(self, tools: _ToolsT) -> None:
        self._tools = tools

    def map(
        self, function: Callable[[_ToolsT, _ChunkT], _ResultT], chunks: Iterable[_ChunkT]
    ) -> Generator[_ResultT, None, None]:
        """Yield a function's result for each chunk, as the port promises."""
        for chunk in chunks:
            yield function(self._tools, chunk)

    def close(self) -> None:
        """Keep nothing running: there is nothing to close."""
