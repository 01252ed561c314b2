"""Rows in which there is nothing to find, judged several times as fast as by `upload_judging`.

    PlainRows(header, rules).judge(line, cells)  is None, or equals  judge_row(Record(line, cells), header, rules)

Most rows of a good file are such. Each cell must be so plain that cleaning changes nothing and no rule comes near;
every doubt, also one that would end well, is left to `judge_row`, which is the law and finds the words for it.
"""

import unicodedata
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Final, TypeVar

from registry.domain.upload_codes import Code
from registry.domain.upload_columns import Column, Header
from registry.domain.upload_judging import Identifier, RecipientRow, Result, RowJudgement
from registry.domain.upload_rules import UploadRules
from registry.domain.upload_values import (
    INVISIBLE,
    REFUSED,
    SPACES,
    CellRefused,
    is_ascii_email,
    normalise_identifier,
    parse_date,
    parse_language,
    parse_number,
    parse_web_address,
)

MAX_REMEMBERED: Final = 1_000
"""Parsed dates, languages: a cohort has a few of each; a file that has more is parsed as often."""

_T = TypeVar("_T")
_DOUBTFUL: Final = ("=", "+", "-", "@", "#")
"""What a formula begins with, or the error that became of one."""
_TEXTS: Final = (
    Column.RECIPIENT_NAME,
    Column.EVIDENCE_NAME,
    Column.NARRATIVE,
    Column.EXTERNAL_REF,
)
_DAYS: Final = (Column.ISSUED_ON, Column.EXPIRES_ON, Column.ACTIVITY_START, Column.ACTIVITY_END)


class _Remembered(dict[str, _T]):
    """What texts were parsed to; a text that cannot be parsed is not remembered."""

    def __init__(self, parse: Callable[[str], _T]) -> None:
        super().__init__()
        self._parse = parse

    def __missing__(self, text: str) -> _T:
        if len(self) >= MAX_REMEMBERED:
            self.clear()
        value = self[text] = self._parse(text)
        return value


class PlainRows:
    """Judges the plain rows of one file."""

    def __init__(self, header: Header, rules: UploadRules) -> None:
        self._rules = rules
        # In an annotated file a `'` may have to be taken away first.
        self._width = -1 if header.annotated else header.width
        at = {column: place for place, column in enumerate(header.columns) if column is not None}
        self._email_at = at.get(Column.RECIPIENT_EMAIL)
        self._id_at = at.get(Column.RECIPIENT_ID)
        texts: dict[Column, Callable[[str], str]] = dict.fromkeys(_TEXTS, self._text)
        languages = _Remembered(lambda text: parse_language(self._text(text), known=rules.locales))
        texts[Column.GRADE] = _Remembered(self._grade).__getitem__
        texts[Column.LOCALE] = languages.__getitem__
        texts[Column.EVIDENCE_URL] = lambda text: parse_web_address(self._text(text))
        day = _Remembered(parse_date).__getitem__
        numbers = {Column.SCORE: self._score, Column.CREDITS: _credits}
        self._texts = tuple((at[column], column.value, read) for column, read in texts.items() if column in at)
        self._days = tuple((at[column], column.value, day) for column in _DAYS if column in at)
        self._numbers = tuple((at[column], column.value, read) for column, read in numbers.items() if column in at)

    def identify(self, cells: tuple[str, ...]) -> tuple[Identifier, ...] | None:
        """Return the identifiers of a row, whatever else it holds; None when that takes a closer look."""
        if len(cells) != self._width:
            return None
        try:
            return self._identifiers(cells)
        except CellRefused:
            return None

    def judge(self, line: int, cells: tuple[str, ...]) -> RowJudgement | None:
        """Judge a row that is certainly accepted, without a warning; None when that takes a closer look."""
        if len(cells) != self._width:
            return None
        try:
            identifiers = self._identifiers(cells)
            recipient = self._recipient(line, cells, identifiers)
        except CellRefused:
            return None
        if recipient is None or not identifiers:
            return None
        return RowJudgement(line=line, result=Result.OK, recipient=recipient, identifiers=identifiers)

    def _recipient(self, line: int, cells: tuple[str, ...], identifiers: tuple[Identifier, ...]) -> RecipientRow | None:
        text = {name: read(cell) for at, name, read in self._texts if (cell := cells[at])}
        day = {name: read(cell) for at, name, read in self._days if (cell := cells[at])}
        number = {name: read(cell) for at, name, read in self._numbers if (cell := cells[at])}
        name, issued_on, expires_on = text.get("recipient_name"), day.get("issued_on"), day.get("expires_on")
        start, end = day.get("activity_start"), day.get("activity_end")
        if name is None or issued_on is None or not self._in_order(issued_on, expires_on, start, end):
            return None
        given = {identifier.column: identifier.value for identifier in identifiers}
        return RecipientRow(
            line=line,
            recipient_email=given.get(Column.RECIPIENT_EMAIL),
            recipient_id=given.get(Column.RECIPIENT_ID),
            recipient_name=name,
            issued_on=issued_on,
            expires_on=expires_on,
            grade=text.get("grade"),
            score=number.get("score"),
            evidence_url=text.get("evidence_url"),
            evidence_name=text.get("evidence_name"),
            narrative=text.get("narrative"),
            locale=text.get("locale"),
            credits=number.get("credits"),
            activity_start=start,
            activity_end=end,
            external_ref=text.get("external_ref"),
        )

    def _in_order(self, issued_on: date, expires_on: date | None, start: date | None, end: date | None) -> bool:
        today = self._rules.today
        return (
            issued_on <= today
            and (expires_on is None or (expires_on >= issued_on and expires_on >= today))
            and (start is None or end is None or start <= end)
        )

    def _identifiers(self, cells: tuple[str, ...]) -> tuple[Identifier, ...]:
        email = "" if self._email_at is None else cells[self._email_at]
        own = "" if self._id_at is None else cells[self._id_at]
        found: tuple[Identifier, ...] = ()
        if email:
            # ASCII has one spelling: upper and lower case are all that makes two addresses equal.
            found = (Identifier(column=Column.RECIPIENT_EMAIL, value=self._email(email), normal=email.lower()),)
        if own:
            normal = normalise_identifier(own) if "@" in own else self._text(own)
            found = (*found, Identifier(column=Column.RECIPIENT_ID, value=self._text(own), normal=normal))
        return found

    def _email(self, text: str) -> str:
        if not is_ascii_email(text) or len(text) > self._rules.max_field_length or text.startswith(_DOUBTFUL):
            raise CellRefused(Code.EMAIL_INVALID)
        return text

    def _text(self, text: str) -> str:
        """Return a text in which there is nothing to be cleaned, refused or mistaken for a formula."""
        if not _is_clean(text) or len(text) > self._rules.max_field_length or text.startswith(_DOUBTFUL):
            raise CellRefused(Code.CHARACTER_REFUSED)
        return text

    def _grade(self, text: str) -> str:
        allowed = self._rules.grades
        if allowed is not None and text not in allowed:
            raise CellRefused(Code.GRADE_NOT_ALLOWED)
        return self._text(text)

    def _score(self, text: str) -> Decimal:
        score, low, high = parse_number(text), self._rules.score_minimum, self._rules.score_maximum
        if (low is not None and score < low) or (high is not None and score > high):
            raise CellRefused(Code.SCORE_OUT_OF_RANGE)
        return score


def _is_clean(text: str) -> bool:
    if text.isascii():
        return text.isprintable() and text == text.strip(" ")
    return (
        text == text.strip(SPACES)
        and unicodedata.is_normalized("NFC", text)
        and INVISIBLE.search(text) is None
        and REFUSED.search(text) is None
    )


def _credits(text: str) -> Decimal:
    value = parse_number(text)
    if value < 0:
        raise CellRefused(Code.CREDITS_NEGATIVE)
    return value
