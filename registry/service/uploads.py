"""Uploads: judged first, issued when the registrar says so, carried on after a crash.

    receive ── dry run ──> checked ── start ──> issuing ── run ──> issued

The dry run builds every credential without signing it, so that issuing finds nothing new. Rows are issued in chunks;
a chunk's credentials and the line they reach are one transaction, so a row is issued once whatever is killed when.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count, islice
from typing import Final
from uuid import UUID

from registry.domain.canonical import JsonObject
from registry.domain.errors import Conflict, NotFound, Refused
from registry.domain.hashing import Digest
from registry.domain.upload import IssuedLookup, Upload, judge_upload
from registry.domain.upload_judging import Result, RowJudgement
from registry.domain.upload_report import annotate
from registry.domain.upload_text import ByteSource
from registry.service.issuing import Order, Template, draft, load_template, sign_orders
from registry.service.resources import Resources
from registry.service.rows import draftable, order_of, rules_of
from registry.store_ports import IssuerRecord, ReadStore, UploadRecord, UploadState, WriteStore

CHUNK_ROWS: Final = 500
"""About two seconds of signing: what a crash makes us do again, and how often progress is seen."""
CHUNK_BYTES: Final = 1_048_576
"""Of a file in the database: a row of one megabyte suits both databases."""

_KEY_REPLACED: Final = "signing-key-replaced"
_ALREADY_HELD: Final = "credential-duplicate-key-taken"


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadOrder:
    """A file and what the registrar chose for it."""

    id: UUID
    achievement_id: UUID
    filename: str
    sha256: Digest
    skip_bad: bool
    allow_duplicates: bool
    ignore_extra: bool


def examine(
    resources: Resources, issuer: IssuerRecord, order: UploadOrder, source: ByteSource, *, max_bytes: int
) -> UploadRecord:
    """Judge a file before anything of it is stored, and return the record that `receive` stores.

    Raises FileProblem when the file as a whole cannot be read, NotFound for an unknown achievement.
    """
    with resources.store.read() as unit:
        template = load_template(resources, unit, issuer, order.achievement_id)
    record = UploadRecord(
        id=order.id,
        issuer_id=issuer.id,
        achievement_id=template.record.id,
        achievement_version=template.record.version,
        filename=order.filename,
        sha256=order.sha256,
        today=resources.clock.now().date(),
        skip_bad=order.skip_bad,
        allow_duplicates=order.allow_duplicates,
        ignore_extra=order.ignore_extra,
        state=UploadState.CHECKED,
        rows_ok=0,
        rows_error=0,
        rows_skipped=0,
        rows_issued=0,
        issued_through_line=0,
        created_at=resources.clock.now(),
        requested_at=None,
        finished_at=None,
        failure=None,
    )
    counts = dict.fromkeys(Result, 0)
    for judgement in _judge(resources, template, record, source, max_bytes=max_bytes):
        counts[judgement.result] += 1
    return replace(
        record, rows_ok=counts[Result.OK], rows_error=counts[Result.ERROR], rows_skipped=counts[Result.SKIPPED]
    )


def receive(unit: WriteStore, record: UploadRecord, content: Iterable[bytes]) -> UploadRecord:
    """Store an examined upload with its content."""
    unit.uploads.insert(record)
    for number, chunk in enumerate(content):
        unit.uploads.add_chunk(record.id, n=number, content=chunk)
    return record


def judgements(
    resources: Resources, issuer: IssuerRecord, record: UploadRecord, *, max_bytes: int
) -> Iterator[RowJudgement]:
    """Judge the rows of a stored upload again, by the rules and the day of its dry run.

    What this upload itself issued does not count against it.
    """
    with resources.store.read() as unit:
        template = load_template(resources, unit, issuer, record.achievement_id, version=record.achievement_version)
    yield from _judge(resources, template, record, _content(resources, record), max_bytes=max_bytes)


def annotated(resources: Resources, issuer: IssuerRecord, record: UploadRecord, *, max_bytes: int) -> Iterator[bytes]:
    """Write the uploaded file again with what was found beside each row; formulas are made harmless."""
    found = judgements(resources, issuer, record, max_bytes=max_bytes)
    yield from annotate(_content(resources, record), found, max_bytes=max_bytes)


def preview(
    resources: Resources, issuer: IssuerRecord, record: UploadRecord, *, line: int, max_bytes: int
) -> tuple[RowJudgement, JsonObject | None]:
    """Return the judgement of the row at a line and, when it can be issued, the credential it would become.

    Nothing is signed, the slot is 0. Raises NotFound `line-not-found`.
    """
    with resources.store.read() as unit:
        template = load_template(resources, unit, issuer, record.achievement_id, version=record.achievement_version)
    for judgement in judgements(resources, issuer, record, max_bytes=max_bytes):
        if judgement.line == line:
            if judgement.recipient is None:
                return judgement, None
            order = order_of(
                judgement.recipient, template.frozen.achievement, upload_id=record.id, allow_duplicate=True
            )
            return judgement, draft(resources, template, order, slot=0)[1]
    raise NotFound("line-not-found", f"no row starts on line {line}")


def start(resources: Resources, unit: WriteStore, record: UploadRecord) -> UploadRecord:
    """Accept an upload: from here on every accepted row will be issued.

    Raises Refused `upload-has-errors` unless bad rows are to be skipped, `upload-empty` without a good row; Conflict
    `upload-outdated` when the same file was issued after this dry run, `upload-state` when it was started before.
    """
    if record.rows_error and not record.skip_bad:
        raise Refused(
            "upload-has-errors", f"{record.rows_error} rows have errors: correct them, or choose to skip them"
        )
    if not record.rows_ok:
        raise Refused("upload-empty", "no row can be issued")
    if not record.allow_duplicates and _is_outdated(unit, record):
        raise Conflict("upload-outdated", "the same file was issued after this dry run: upload it again")
    unit.uploads.start(record.id, requested_at=resources.clock.now())
    return unit.uploads.get(record.issuer_id, record.id)


def unfinished(resources: Resources) -> tuple[UploadRecord, ...]:
    """Return the uploads that were accepted and are not wholly issued: what a restart carries on."""
    with resources.store.read() as unit:
        return unit.uploads.in_state(UploadState.ISSUING)


def run(resources: Resources, record: UploadRecord, *, max_bytes: int, stopping: Callable[[], bool]) -> None:
    """Issue what is left of an accepted upload; end early, between two chunks, when asked to stop.

    People who were given the credential in some other way since the dry run are passed over: `rows_issued` is then
    less than `rows_ok`, and judging the rows again tells which.

    Raises Conflict `upload-...` when another process does the same rows: they are then that process's.
    """
    with resources.store.read() as unit:
        issuer = unit.issuers.get(record.issuer_id)
        position = unit.uploads.get(record.issuer_id, record.id).issued_through_line
    good = (
        judgement
        for judgement in judgements(resources, issuer, record, max_bytes=max_bytes)
        if judgement.result is Result.OK and judgement.line > position
    )
    while chunk := list(islice(good, CHUNK_ROWS)):
        if stopping():
            return
        _issue_chunk(resources, record, chunk, from_line=position)
        position = chunk[-1].line
    with resources.store.write() as unit:
        unit.uploads.finish(record.id, finished_at=resources.clock.now())


def _issue_chunk(resources: Resources, record: UploadRecord, chunk: list[RowJudgement], *, from_line: int) -> None:
    template = _current_template(resources, record)
    orders = _orders(template, record, chunk)
    while True:
        credentials = sign_orders(resources, template, orders) if orders else []
        try:
            with resources.store.write() as unit:
                _require_current_key(unit, template)
                unit.credentials.insert(credentials)
                unit.uploads.advance(
                    record.id, from_line=from_line, through_line=chunk[-1].line, issued=len(credentials)
                )
        except Conflict as error:
            if error.code == _KEY_REPLACED:
                template = _current_template(resources, record)
                continue
            # Somebody may have issued to one of these between the look-up and the commit: those rows are passed over.
            left = _without_holders(resources, template, orders)
            if error.code != _ALREADY_HELD or len(left) == len(orders):
                raise
            orders = left
        else:
            return


def _current_template(resources: Resources, record: UploadRecord) -> Template:
    """Read the template again for every chunk: the issuer may have replaced its key, and what a compromised key
    signs from then on is worth nothing.
    """
    with resources.store.read() as unit:
        issuer = unit.issuers.get(record.issuer_id)
        return load_template(resources, unit, issuer, record.achievement_id, version=record.achievement_version)


def _require_current_key(unit: ReadStore, template: Template) -> None:
    if unit.issuers.active_key(template.issuer.id).verification_method != template.verification_method:
        raise Conflict(_KEY_REPLACED, "expected the issuer's present key, the one that signed was replaced meanwhile")


def _orders(template: Template, record: UploadRecord, chunk: list[RowJudgement]) -> list[Order]:
    return [
        order_of(
            judgement.recipient,
            template.frozen.achievement,
            upload_id=record.id,
            allow_duplicate=record.allow_duplicates,
        )
        for judgement in chunk
        if judgement.recipient is not None
    ]


def _without_holders(resources: Resources, template: Template, orders: list[Order]) -> list[Order]:
    keys = [template.duplicate_key(order.person.keys[0]) for order in orders]
    with resources.store.read() as unit:
        taken = unit.credentials.duplicates(keys)
    return [order for key, order in zip(keys, orders, strict=True) if key not in taken]


def _is_outdated(unit: ReadStore, record: UploadRecord) -> bool:
    same = unit.uploads.same_file(record.issuer_id, achievement_id=record.achievement_id, sha256=record.sha256)
    return any(
        other.requested_at is not None and other.requested_at >= record.created_at
        for other in same
        if other.id != record.id and other.achievement_version == record.achievement_version
    )


def _content(resources: Resources, record: UploadRecord) -> Iterator[bytes]:
    """Yield a stored file piece by piece, each read in a transaction of its own.

    What is stored never changes, and whoever reads the answer slowly must not hold a connection of the database.
    """
    for number in count():
        with resources.store.read() as unit:
            piece = unit.uploads.chunk(record.id, number)
        if piece is None:
            return
        yield piece


def _judge(
    resources: Resources, template: Template, record: UploadRecord, source: ByteSource, *, max_bytes: int
) -> Iterator[RowJudgement]:
    rules = rules_of(record, template.frozen.achievement, max_bytes=max_bytes)
    upload: Upload = judge_upload(source, rules, _lookup(resources, template, record))
    yield from draftable(resources, template, record, upload)


def _lookup(resources: Resources, template: Template, record: UploadRecord) -> IssuedLookup:
    def look_up(identifiers: frozenset[str]) -> Mapping[str, str]:
        keys = {template.recipient_key(identifier): identifier for identifier in identifiers}
        with resources.store.read() as unit:
            held = unit.credentials.holders(
                template.record.id,
                version=template.record.version,
                recipient_keys=list(keys),
                not_of_upload=record.id,
            )
        return {keys[key]: str(credential_id) for key, credential_id in held.items()}

    return look_up
