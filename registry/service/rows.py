"""Rows of an upload as orders: what each column becomes in a credential."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from typing import Final
from uuid import UUID

from registry.domain.achievement import Achievement
from registry.domain.assessment import ResultDescription
from registry.domain.column_mapping import ColumnMapping, parse_mapping
from registry.domain.credential import Award, Evidence
from registry.domain.errors import Malformed
from registry.domain.recipient import IdentityType
from registry.domain.upload_codes import Code, find
from registry.domain.upload_judging import RecipientRow, Result, RowJudgement
from registry.domain.upload_rules import UploadRules
from registry.service.issuing import Order, Person, Template, draft
from registry.service.resources import SigningTools
from registry.store_ports import UploadRecord

END_OF_DAY: Final = timedelta(hours=23, minutes=59, seconds=59)


def rules_of(upload: UploadRecord, achievement: Achievement, *, max_bytes: int) -> UploadRules:
    """Return what rows of an upload are judged by: the achievement's grades and scores, the uploader's choices."""
    rules = rules_for(achievement, today=upload.today, max_bytes=max_bytes)
    return replace(
        rules,
        ignore_extra=upload.ignore_extra,
        allow_duplicates=upload.allow_duplicates,
        mapping=mapping_of(upload),
    )


def mapping_of(upload: UploadRecord) -> ColumnMapping | None:
    """Return the column mapping of an upload, as it was then."""
    return None if upload.mapping is None else parse_mapping(upload.mapping)


def rules_for(achievement: Achievement, *, today: date, max_bytes: int) -> UploadRules:
    """Return what rows are judged by on a day, by an achievement's grades and scores."""
    graded = next((result for result in achievement.results if not result.is_numeric), None)
    scored = next((result for result in achievement.results if result.is_numeric), None)
    return UploadRules(
        today=today,
        grades=graded.allowed or None if graded else None,
        score_minimum=_bound(scored.minimum) if scored else None,
        score_maximum=_bound(scored.maximum) if scored else None,
        max_bytes=max_bytes,
    )


def order_of(row: RecipientRow, achievement: Achievement, *, upload_id: UUID, allow_duplicate: bool) -> Order:
    """Return the order that a row asks for.

    Raises Malformed when its values do not make a credential of this achievement.
    """
    return Order(
        person=person_of(row),
        award=award_of(row, achievement),
        allow_duplicate=allow_duplicate,
        upload_id=upload_id,
        line=row.line,
    )


def award_of(row: RecipientRow, achievement: Achievement) -> Award:
    """Return what a row awards.

    Raises Malformed when its values do not make a credential of this achievement.
    """
    valid_from = _midnight(row.issued_on)
    return Award(
        valid_from=valid_from,
        valid_until=validity_of(valid_from, row.expires_on, achievement.validity_days),
        awarded=valid_from,
        results=_results(row, achievement.results),
        evidence=_evidence(row),
        narrative=row.narrative,
        credits_earned=None if row.credits is None else _number(row.credits),
        activity_start=None if row.activity_start is None else _midnight(row.activity_start),
        activity_end=None if row.activity_end is None else _midnight(row.activity_end) + END_OF_DAY,
        license_number=row.external_ref,
    )


def person_of(row: RecipientRow) -> Person:
    """Return whom a row is about."""
    identifiers = [(IdentityType.EMAIL, row.recipient_email), (IdentityType.SYSTEM, row.recipient_id)]
    return Person(
        name=row.recipient_name,
        identifiers=tuple((kind, value) for kind, value in identifiers if value is not None),
    )


def validity_of(valid_from: datetime, expires_on: date | None, validity_days: int | None) -> datetime | None:
    """Return when a credential ends: at the end of a day that was named, else after the achievement's time."""
    if expires_on is not None:
        return _midnight(expires_on) + END_OF_DAY
    return None if validity_days is None else valid_from.replace(microsecond=0) + timedelta(days=validity_days)


def draft_refusal(tools: SigningTools, template: Template, row: RecipientRow) -> Malformed | None:
    """Build the credential of a row without signing it; return why that cannot be done, if it cannot."""
    # Nothing of a draft depends on the upload it stands in.
    order = partial(order_of, row, template.frozen.achievement, upload_id=template.record.id, allow_duplicate=False)
    try:
        draft(tools, template, order(), slot=0)
    except Malformed as error:
        return error
    return None


def refuse(judgement: RowJudgement, error: Malformed) -> RowJudgement:
    """Refuse a row that no credential can be built from: a dry run finds what issuing would find."""
    refused = find(Code.NOT_ISSUABLE, line=judgement.line, detail=error.message)
    return replace(judgement, result=Result.ERROR, recipient=None, findings=(refused, *judgement.findings))


def _results(row: RecipientRow, descriptions: tuple[ResultDescription, ...]) -> tuple[str, ...]:
    score = None if row.score is None else f"{row.score:f}"
    values = [score if description.is_numeric else row.grade for description in descriptions]
    given = tuple(value for value in values if value is not None)
    scores = sum(description.is_numeric for description in descriptions)
    if row.grade is not None:
        _require_one(len(descriptions) - scores, "grade")
    if score is not None:
        _require_one(scores, "score")
    if given and len(given) != len(values):
        raise Malformed("results-do-not-match", "expected a grade and a score, or neither", where="grade")
    return given


def _require_one(described: int, column: str) -> None:
    if described == 0:
        raise Malformed("result-without-description", f"this achievement describes no {column}", where=column)
    if described > 1:
        # One cell must not become two results that nobody gave.
        message = f"this achievement describes {described} of them: issue such credentials one by one"
        raise Malformed("result-ambiguous", message, where=column)


def _evidence(row: RecipientRow) -> tuple[Evidence, ...]:
    if row.evidence_url is None:
        return ()
    return (Evidence(url=row.evidence_url, name=row.evidence_name),)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def _bound(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
