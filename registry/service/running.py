"""Issuing in the background: one thread, which carries on what a crash or a restart left unfinished."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from traceback import extract_tb
from typing import Final
from uuid import UUID

import structlog

from registry.domain.audit_trail import AuditAction
from registry.domain.errors import Conflict, CredrootError, Unavailable
from registry.service.auditing import SERVICE, note
from registry.service.pace import Pace, Progress
from registry.service.resources import Resources
from registry.service.row_work import RowExecutor
from registry.service.upload_issuing import run, unfinished
from registry.store_ports import UploadRecord

RETRY_SECONDS: Final = 5.0
"""After the outside world failed: long enough for a database to come back, short enough to be called at once."""

_WON_BY_ANOTHER: Final = frozenset({"credential-upload-id-line-taken", "upload-moved-on", "upload-state"})

_log = structlog.get_logger()


class IssuingRunner:
    """Issues accepted uploads one after the other."""

    def __init__(
        self,
        resources: Resources,
        *,
        max_bytes: int,
        executor: RowExecutor | None = None,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        """Take what rows are judged and signed by, for dry runs too; None does it in this process. It is closed here."""
        self.executor = executor
        self._resources = resources
        self._max_bytes = max_bytes
        self._paces: dict[UUID, Pace] = {}
        self._retry_seconds = retry_seconds
        self._stop = threading.Event()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="issuing")

    def resume(self) -> int:
        """Carry on every unfinished upload, and return how many there are."""
        records = unfinished(self._resources)
        for record in records:
            self.submit(record)
        return len(records)

    def submit(self, record: UploadRecord) -> None:
        """Issue an accepted upload when the earlier ones are done."""
        self._thread.submit(self._guarded, lambda: self._issue(record))

    def progress(self, record: UploadRecord) -> Progress | None:
        """Tell how fast an upload is being issued here; None when it is not, or has only begun."""
        pace = self._paces.get(record.id)
        return None if pace is None else pace.progress(record.rows_ok - record.rows_issued)

    def close(self) -> None:
        """End before the next chunk is stored, whatever is signed ahead; the rest is carried on by the next start."""
        self._stop.set()
        if self.executor is not None:
            self.executor.close()
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _issue(self, record: UploadRecord) -> None:
        try:
            self._carry_on(record)
        finally:
            self._paces.pop(record.id, None)

    def _carry_on(self, record: UploadRecord) -> None:
        while not self._stop.is_set():
            pace = self._paces[record.id] = Pace(self._resources.clock)
            try:
                run(
                    self._resources,
                    record,
                    max_bytes=self._max_bytes,
                    stopping=self._stop.is_set,
                    executor=self.executor,
                    stored=pace.note,
                )
            except Unavailable as error:
                if self._stop.is_set():
                    return
                _log.warning("issuing_waits", upload=str(record.id), code=error.code)
                self._stop.wait(self._retry_seconds)
                continue
            except Conflict as error:
                if error.code not in _WON_BY_ANOTHER:
                    self._fail(record, error.code)
                    return
                # Another process did these rows: its transaction won, ours left nothing behind.
                _log.info("issuing_left_to_another", upload=str(record.id), code=error.code)
            except CredrootError as error:
                self._fail(record, error.code)
            return

    def _fail(self, record: UploadRecord, code: str) -> None:
        _log.error("issuing_failed", upload=str(record.id), code=code)
        resources, action = self._resources, AuditAction.UPLOAD_FAILED
        with resources.store.write() as unit:
            unit.uploads.fail(record.id, failure=code, finished_at=resources.clock.now())
            note(resources, unit, action, by=SERVICE, issuer=record.issuer_id, subject=record.id, code=code)

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:
            # A future nobody asks swallows its error; the upload stays `issuing` and the next start tries again.
            # Where it happened, not what it says: that may be somebody's name.
            trace = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in extract_tb(error.__traceback__)]
            _log.error("issuing_crashed", error=type(error).__name__, trace=trace)
            raise
