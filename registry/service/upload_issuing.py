"""Issuing what an accepted upload asks for: signed ahead over an executor, stored in order, each row once.

    rows ──slots drawn──> sign (anywhere, several chunks at once) ──in order──> store, advance (one transaction)

A chunk's credentials and the line they reach are one transaction, so a row is issued once whatever is killed when:
what was signed and not stored is worth nothing, is known to nobody, and its slots stay empty.
"""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Final

from registry.domain.audit_trail import AuditAction
from registry.domain.errors import Conflict
from registry.domain.upload_chunks import RowChunk
from registry.domain.upload_rules import UploadRules
from registry.service.auditing import SERVICE, note
from registry.service.issuing import Template, open_template, read_template
from registry.service.packing import unpack
from registry.service.resources import Resources
from registry.service.row_work import InProcess, RowExecutor, RowWork, RowWorker, SignedRows, SigningWork
from registry.service.rows import rules_of
from registry.service.upload_reading import read_content, read_rows
from registry.store_ports import NewCredential, ReadStore, UploadRecord, UploadState

_KEY_REPLACED: Final = "signing-key-replaced"
_ALREADY_HELD: Final = "credential-duplicate-key-taken"


def unfinished(resources: Resources) -> tuple[UploadRecord, ...]:
    """Return the uploads that were accepted and are not wholly issued: what a restart carries on."""
    with resources.store.read() as unit:
        return unit.uploads.in_state(UploadState.ISSUING)


def run(
    resources: Resources,
    record: UploadRecord,
    *,
    max_bytes: int,
    stopping: Callable[[], bool],
    executor: RowExecutor | None = None,
    stored: Callable[[int], None] = lambda _: None,
) -> None:
    """Issue what is left of an accepted upload; end early, between two chunks, when asked to stop.

    Without an executor everything happens in this process. `stored` is told how many credentials each chunk became.
    People who were given the credential in some other way since the dry run are passed over: `rows_issued` is then
    less than `rows_ok`, and judging the rows again tells which.

    Raises Conflict `upload-...` when another process does the same rows: they are then that process's.
    """
    issuing = _Issuing(resources, record, executor or InProcess(RowWorker(resources)))
    if issuing.carry_out(max_bytes=max_bytes, stopping=stopping, stored=stored):
        with resources.store.write() as unit:
            unit.uploads.finish(record.id, finished_at=resources.clock.now())
            issued = unit.uploads.get(record.issuer_id, record.id).rows_issued
            action = AuditAction.UPLOAD_ISSUED
            note(resources, unit, action, by=SERVICE, issuer=record.issuer_id, subject=record.id, rowsIssued=issued)


class _Issuing:
    """One upload being issued by this process."""

    def __init__(self, resources: Resources, record: UploadRecord, executor: RowExecutor) -> None:
        self._resources = resources
        self._record = record
        self._executor = executor
        with resources.store.read() as unit:
            issuer = unit.issuers.get(record.issuer_id)
            self._position = unit.uploads.get(record.issuer_id, record.id).issued_through_line
            records = read_template(unit, issuer, record.achievement_id, version=record.achievement_version)
        self._template: Template = open_template(resources, records)
        self._begun: deque[SigningWork] = deque()
        self._spare: list[int] = []
        """Slots that were drawn and that nothing was ever signed for."""

    def carry_out(self, *, max_bytes: int, stopping: Callable[[], bool], stored: Callable[[int], None]) -> bool:
        """Sign and store chunk after chunk; tell whether all of them were."""
        rules = rules_of(self._record, self._template.frozen.achievement, max_bytes=max_bytes)
        source = read_content(self._resources, self._record)
        chunks = read_rows(self._resources, self._template, self._record, source, rules)
        with closing(self._executor.map(RowWorker.sign, self._begin(chunks, rules))) as results:
            for signed in results:
                if stopping():
                    return False
                stored(self._store(self._begun.popleft(), signed))
        return True

    def _begin(self, chunks: Iterator[RowChunk], rules: UploadRules) -> Iterator[SigningWork]:
        """Prepare the chunks that are not stored yet, when the executor asks for them."""
        position = self._position
        for chunk in chunks:
            rows = chunk.after(position)
            if rows is not None:
                work = self._prepare(rows, rules)
                self._begun.append(work)
                yield work

    def _prepare(self, rows: RowChunk, rules: UploadRules) -> SigningWork:
        """Draw the slots of a chunk, and read the template again for it: the issuer may have replaced its key, and
        what a compromised key signs from then on is worth nothing.
        """
        record, resources = self._record, self._resources
        wanted = sum(rules.allow_duplicates or line not in rows.again for line in rows.lines)
        spare, self._spare = self._spare[:wanted], self._spare[wanted:]
        with resources.store.write() as unit:
            issuer = unit.issuers.get(record.issuer_id)
            records = read_template(unit, issuer, record.achievement_id, version=record.achievement_version)
            missing = wanted - len(spare)
            drawn = (
                unit.statuses.assign_slots(issuer.id, missing, draw=resources.draw, now=resources.clock.now())
                if missing
                else ()
            )
        work = RowWork(rows=rows, rules=rules, records=records)
        return SigningWork(work=work, upload_id=record.id, slots=(*spare, *drawn))

    def _store(self, work: SigningWork, signed: SignedRows) -> int:
        """Store what was signed of a chunk; return how many credentials that were."""
        credentials = self._named(signed)
        while True:
            try:
                self._commit(work, credentials)
            except Conflict as error:
                if error.code == _KEY_REPLACED:
                    work = self._prepare(work.work.rows, work.work.rules)
                    (signed,) = self._executor.map(RowWorker.sign, [work])
                    credentials = self._named(signed)
                    continue
                # Somebody may have issued to one of these between the look-up and the commit: those are passed over.
                left = self._without_holders(credentials)
                if error.code != _ALREADY_HELD or len(left) == len(credentials):
                    raise
                credentials = left
            else:
                self._spare.extend(signed.spare_slots)
                return len(credentials)

    def _named(self, signed: SignedRows) -> list[NewCredential]:
        return unpack(signed.credentials, new_id=self._resources.ids.new)

    def _commit(self, work: SigningWork, credentials: list[NewCredential]) -> None:
        through_line = work.work.rows.through_line
        with self._resources.store.write() as unit:
            _require_current_key(unit, work)
            unit.credentials.insert(credentials)
            unit.uploads.advance(
                self._record.id, from_line=self._position, through_line=through_line, issued=len(credentials)
            )
        self._position = through_line

    def _without_holders(self, credentials: list[NewCredential]) -> list[NewCredential]:
        keys = [credential.duplicate_key for credential in credentials if credential.duplicate_key is not None]
        with self._resources.store.read() as unit:
            taken = unit.credentials.duplicates(keys)
        return [credential for credential in credentials if credential.duplicate_key not in taken]


def _require_current_key(unit: ReadStore, work: SigningWork) -> None:
    key = work.work.records.key
    if unit.issuers.active_key(key.issuer_id).verification_method != key.verification_method:
        raise Conflict(_KEY_REPLACED, "expected the issuer's present key, the one that signed was replaced meanwhile")
