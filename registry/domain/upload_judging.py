"""One row: is it a credential, and if not, why not? Pure: nothing here remembers other rows.

All of a row is judged, so that a person puts it right once. The findings stand in the order of the columns in
`upload_columns.Column`, whatever their order in the file; the first error is the row's code. A row with too few or
too many cells is judged no further: nobody knows which cell belongs to which column.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final, TypeVar

from registry.domain.upload_codes import Code, Finding, Severity, find
from registry.domain.upload_columns import Column, Header
from registry.domain.upload_rules import UploadRules
from registry.domain.upload_text import Record
from registry.domain.upload_values import (
    CellRefused,
    check_characters,
    clean_text,
    normalise_identifier,
    parse_date,
    parse_email,
    parse_language,
    parse_number,
    parse_web_address,
)

FORMULA_PREFIXES: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What makes a spreadsheet program run a cell (OWASP, CSV injection)."""

CELL_ERRORS: Final = frozenset(
    {
        *("#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", "#GETTING_DATA"),
        *("#SPILL!", "#CALC!", "#FIELD!", "#BLOCKED!", "#CONNECT!", "#BUSY!", "#UNKNOWN!", "#EXTERNAL!"),
    }
)
"""What a spreadsheet program shows, and saves, where a formula has no result."""

_T = TypeVar("_T")
_TEXT_PREFIXES: Final = ("=", "+", "-", "@")
_FORMULA_COLUMNS: Final[Mapping[Column, tuple[str, ...]]] = {
    Column.RECIPIENT_EMAIL: _TEXT_PREFIXES,
    Column.RECIPIENT_ID: _TEXT_PREFIXES,
    Column.RECIPIENT_NAME: _TEXT_PREFIXES,
    Column.EVIDENCE_NAME: _TEXT_PREFIXES,
    Column.EXTERNAL_REF: _TEXT_PREFIXES,
    # A list in Markdown begins with - or +, a grade may be a lone -.
    Column.GRADE: ("=", "@"),
    Column.NARRATIVE: ("=", "@"),
}
_ORDER: Final[Mapping[str | None, int]] = {column.value: position for position, column in enumerate(Column)}
_OUR_PREFIX: Final = re.compile(r"'+[=+\-@\t\r\n]")


class Result(StrEnum):
    """What becomes of a row."""

    OK = "ok"
    ERROR = "error"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientRow:
    """What an accepted row says: text is cleaned and composed (Unicode NFC)."""

    line: int
    recipient_email: str | None
    """As it stands in the file but for space around it: this spelling is what a credential commits to."""
    recipient_id: str | None
    recipient_name: str
    issued_on: date
    expires_on: date | None = None
    """The last day on which the credential is valid."""
    grade: str | None = None
    score: Decimal | None = None
    evidence_url: str | None = None
    evidence_name: str | None = None
    narrative: str | None = None
    locale: str | None = None
    credits: Decimal | None = None
    activity_start: date | None = None
    activity_end: date | None = None
    external_ref: str | None = None

    @property
    def identifiers(self) -> tuple[str, ...]:
        """The recipient's identifiers, normalised for comparing, each once."""
        given = (self.recipient_email, self.recipient_id)
        return tuple(dict.fromkeys(normalise_identifier(value) for value in given if value is not None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifier:
    """A well-formed identifier of a row."""

    column: Column
    value: str
    normal: str
    """The form in which spellings of one recipient are equal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowJudgement:
    """What was found in one row."""

    line: int
    """The physical line on which the row starts."""
    result: Result
    findings: tuple[Finding, ...] = ()
    recipient: RecipientRow | None = None
    """What to issue; None unless the result is ok."""
    identifiers: tuple[Identifier, ...] = ()
    """The well-formed identifiers, of refused rows too."""

    @property
    def primary(self) -> Finding | None:
        """The finding that decided: the first error, or why the row is skipped."""
        return next((finding for finding in self.findings if finding.severity is not Severity.WARNING), None)

    @property
    def code(self) -> Code | None:
        """The code that decided."""
        return self.primary.code if self.primary else None

    @property
    def column(self) -> str | None:
        """The column of the finding that decided."""
        return self.primary.column if self.primary else None

    @property
    def same_as_line(self) -> int | None:
        """The line of the same recipient, where that decided."""
        return self.primary.same_as_line if self.primary else None

    @property
    def also(self) -> tuple[Code, ...]:
        """The codes of further errors, each once."""
        errors = (finding.code for finding in self.findings if finding.severity is Severity.ERROR)
        return tuple(code for code in dict.fromkeys(errors) if code is not self.code)

    @property
    def warnings(self) -> tuple[Code, ...]:
        """The codes of the warnings, each once."""
        return tuple(dict.fromkeys(f.code for f in self.findings if f.severity is Severity.WARNING))

    def to_json(self) -> dict[str, object]:
        """Write what decided, without members that have nothing to say."""
        members: dict[str, object] = {
            "line": self.line,
            "result": self.result.value,
            "code": self.code and self.code.value,
            "column": self.column,
            "same_as_line": self.same_as_line,
            "also": [code.value for code in self.also],
            "warnings": [code.value for code in self.warnings],
        }
        return {name: value for name, value in members.items() if value not in (None, [])}


def judge_row(record: Record, header: Header, rules: UploadRules) -> RowJudgement:
    """Judge one row by itself."""
    cells = shaped_row(record, header)
    return cells if isinstance(cells, RowJudgement) else _RowJudge(record.line, header, rules).judge(cells)


def shaped_row(record: Record, header: Header) -> tuple[str, ...] | RowJudgement:
    """Return the cells of a row, one for each column; or what becomes of a row that is blank or has too few or many."""
    uploaded = tuple(map(plain_cell, record.cells)) if header.annotated else record.cells
    cells = _cut(uploaded, header.width)
    if all(not cell or at in header.report or not clean_text(cell)[0] for at, cell in enumerate(cells)):
        return _judgement(record.line, Result.SKIPPED, find(Code.BLANK_ROW, line=record.line))
    if len(cells) != header.width:
        return _judgement(record.line, Result.ERROR, _ragged(record.line, len(cells), header.width))
    return cells


def plain_cell(cell: str) -> str:
    """Take away the `'` that a report put before a formula character."""
    return cell[1:] if _OUR_PREFIX.match(cell) else cell


def _judgement(line: int, result: Result, finding: Finding) -> RowJudgement:
    return RowJudgement(line=line, result=result, findings=(finding,))


def _cut(cells: tuple[str, ...], width: int) -> tuple[str, ...]:
    """Leave out blank cells beyond the header: spreadsheet programs write them for columns once touched."""
    return cells[:width] if len(cells) > width and not any(clean_text(cell)[0] for cell in cells[width:]) else cells


def _ragged(line: int, found: int, expected: int) -> Finding:
    code = Code.TOO_FEW_COLUMNS if found < expected else Code.TOO_MANY_COLUMNS
    return find(code, line=line, detail=f"the row has {found} cells where the header has {expected}")


class _RowJudge:
    """The judging of one row of the right width."""

    def __init__(self, line: int, header: Header, rules: UploadRules) -> None:
        self._line = line
        self._header = header
        self._rules = rules
        self._errors: list[Finding] = []
        self._warnings: list[Finding] = []
        self._texts: dict[Column, str] = {}

    def judge(self, cells: tuple[str, ...]) -> RowJudgement:
        """Judge every column."""
        for column, cell in zip(self._header.columns, cells, strict=True):
            if column is not None:
                self._read(column, cell)
        if Column.RECIPIENT_EMAIL not in self._texts and Column.RECIPIENT_ID not in self._texts:
            self._error(Code.REQUIRED, self._header.identifier)
        for column in (Column.RECIPIENT_NAME, Column.ISSUED_ON):
            if column not in self._texts:
                self._error(Code.REQUIRED, column)
        email, identifier = self._email(), self._parsed(Column.RECIPIENT_ID, str)
        recipient = self._recipient(email, identifier)
        self._errors.sort(key=lambda finding: _ORDER[finding.column])
        given = ((Column.RECIPIENT_EMAIL, email), (Column.RECIPIENT_ID, identifier))
        return RowJudgement(
            line=self._line,
            result=Result.ERROR if self._errors else Result.OK,
            findings=(*self._errors, *self._warnings),
            recipient=None if self._errors else recipient,
            identifiers=tuple(
                Identifier(column=column, value=value, normal=normalise_identifier(value))
                for column, value in given
                if value is not None
            ),
        )

    def _read(self, column: Column, cell: str) -> None:
        """Keep the cleaned text of a cell, and say what was cleaned and what it begins with."""
        text, done = clean_text(cell)
        if not text:
            return
        self._texts[column] = text
        for code in done:
            renamed = code is Code.TEXT_NORMALISED and column is Column.RECIPIENT_NAME
            self._warn(Code.NAME_NORMALISED if renamed else code, column, cell)

    def _recipient(self, email: str | None, identifier: str | None) -> RecipientRow | None:
        """Read the other columns; None when the row has an error."""
        parsed = self._parsed
        name = parsed(Column.RECIPIENT_NAME, str)
        issued_on, expires_on = self._validity()
        grade, score = parsed(Column.GRADE, self._grade), parsed(Column.SCORE, self._score)
        evidence_url = parsed(Column.EVIDENCE_URL, parse_web_address)
        evidence_name, narrative = parsed(Column.EVIDENCE_NAME, str), parsed(Column.NARRATIVE, str)
        locale = parsed(Column.LOCALE, self._locale)
        earned = parsed(Column.CREDITS, _credits)
        activity_start, activity_end = self._activity()
        external_ref = parsed(Column.EXTERNAL_REF, str)
        if self._errors or name is None or issued_on is None:
            return None
        return RecipientRow(
            line=self._line,
            recipient_email=email,
            recipient_id=identifier,
            recipient_name=name,
            issued_on=issued_on,
            expires_on=expires_on,
            grade=grade,
            score=score,
            evidence_url=evidence_url,
            evidence_name=evidence_name,
            narrative=narrative,
            locale=locale,
            credits=earned,
            activity_start=activity_start,
            activity_end=activity_end,
            external_ref=external_ref,
        )

    def _email(self) -> str | None:
        email = self._parsed(Column.RECIPIENT_EMAIL, parse_email)
        if email is not None and not email.isascii():
            self._warn(Code.EMAIL_NON_ASCII, Column.RECIPIENT_EMAIL, email)
        return email

    def _validity(self) -> tuple[date | None, date | None]:
        today = self._rules.today
        issued_on = self._parsed(Column.ISSUED_ON, parse_date)
        expires_on = self._parsed(Column.EXPIRES_ON, parse_date)
        if issued_on is not None and issued_on > today:
            self._error(Code.ISSUED_IN_FUTURE, Column.ISSUED_ON, detail=f"the day has not come yet: today is {today}")
        if expires_on is not None and issued_on is not None and expires_on < issued_on:
            detail = f"it expires before it is issued ({issued_on})"
            self._error(Code.EXPIRES_BEFORE_ISSUED, Column.EXPIRES_ON, detail=detail)
        elif expires_on is not None and expires_on < today:
            self._warn(Code.ALREADY_EXPIRED, Column.EXPIRES_ON, expires_on.isoformat())
        return issued_on, expires_on

    def _activity(self) -> tuple[date | None, date | None]:
        start = self._parsed(Column.ACTIVITY_START, parse_date)
        end = self._parsed(Column.ACTIVITY_END, parse_date)
        if start is not None and end is not None and end < start:
            detail = f"the activity ends before it starts ({start})"
            self._error(Code.ACTIVITY_ENDS_BEFORE_START, Column.ACTIVITY_END, detail=detail)
        return start, end

    def _grade(self, text: str) -> str:
        allowed = self._rules.grades
        if allowed is not None and text not in allowed:
            raise CellRefused(Code.GRADE_NOT_ALLOWED, f"the achievement's grades are {', '.join(allowed)}")
        return text

    def _score(self, text: str) -> Decimal:
        score, low, high = parse_number(text), self._rules.score_minimum, self._rules.score_maximum
        if low is not None and score < low:
            raise CellRefused(Code.SCORE_OUT_OF_RANGE, f"the score is lower than {low}")
        if high is not None and score > high:
            raise CellRefused(Code.SCORE_OUT_OF_RANGE, f"the score is higher than {high}")
        return score

    def _locale(self, text: str) -> str:
        return parse_language(text, known=self._rules.locales)

    def _parsed(self, column: Column, parse: Callable[[str], _T]) -> _T | None:
        """Parse the text of a column; say what is wrong with it and return None if it cannot be parsed."""
        text = self._texts.get(column)
        if text is None:
            return None
        value: _T | None = None
        try:
            check_characters(text)
            self._check_length(text)
            if text in CELL_ERRORS:
                raise CellRefused(Code.CELL_ERROR)
            value = parse(text)
        except CellRefused as refused:
            self._error(refused.code, column, detail=refused.detail)
        if text.startswith(_FORMULA_COLUMNS.get(column, ())):
            self._error(Code.FORMULA_PREFIX, column)
        return value

    def _check_length(self, text: str) -> None:
        limit = self._rules.max_field_length
        if len(text) > limit:
            raise CellRefused(
                Code.VALUE_TOO_LONG, f"the value has {len(text):,} characters where {limit:,} are allowed"
            )

    def _error(self, code: Code, column: Column, *, detail: str = "") -> None:
        value = self._texts.get(column)
        self._errors.append(find(code, line=self._line, column=column.value, value=value, detail=detail))

    def _warn(self, code: Code, column: Column, value: str) -> None:
        self._warnings.append(find(code, line=self._line, column=column.value, value=value))


def _credits(text: str) -> Decimal:
    value = parse_number(text)
    if value < 0:
        raise CellRefused(Code.CREDITS_NEGATIVE)
    return value
