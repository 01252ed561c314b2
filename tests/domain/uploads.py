"""Ways to spell an upload and to judge it in a test."""

import csv
import io
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from registry.domain.upload import judge_upload
from registry.domain.upload_judging import RowJudgement
from registry.domain.upload_rules import UploadRules

RULES = UploadRules(
    today=date(2026, 6, 1),
    grades=("A", "B+", "B", "C"),
    score_minimum=Decimal(0),
    score_maximum=Decimal(100),
    locales=("ar", "en", "es", "zh", "pt"),
)
ANYTHING = UploadRules(today=date(2026, 6, 1))
HEADER = ("recipient_email", "recipient_name", "issued_on")
IDENTIFIED = ("recipient_email", "recipient_id", "recipient_name", "issued_on")
ANNA = ("anna@example.org", "Anna", "2026-05-29")


def spell(rows: Sequence[Sequence[str]], *, delimiter: str = ",", newline: str = "\n", mark: str = "") -> bytes:
    """Write rows as a CSV file."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=newline).writerows(rows)
    return (mark + text.getvalue()).encode("utf-8")


def judge(content: bytes, rules: UploadRules = RULES) -> list[RowJudgement]:
    """Judge a whole file."""
    return list(judge_upload(io.BytesIO(content), rules))


def judge_one(rules: UploadRules = RULES, **cells: str) -> RowJudgement:
    """Judge a file of one row: Anna's, with these cells changed or added."""
    row = dict(zip(HEADER, ANNA, strict=True)) | cells
    (judgement,) = judge(spell([tuple(row), tuple(row.values())]), rules)
    return judgement
