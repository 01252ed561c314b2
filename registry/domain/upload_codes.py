"""What can be found in an uploaded CSV file: every code, what it means and what to do about it.

Three things carry a code: a `FileProblem` (the file cannot be read as a whole), a `Finding` about a row (an error
refuses the row, a warning does not), and a note about a column that is left out. Codes are stable: programs compare
them. `docs/csv.md` repeats this table for people.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from registry.domain.errors import Malformed

MAX_SHOWN: Final = 60
"""Characters of a value that a message repeats: enough to find the cell, short enough for a table."""


class Severity(StrEnum):
    """How far a finding reaches."""

    FILE = "file"
    """The whole file is refused."""
    ERROR = "error"
    """The row is refused."""
    SKIPPED = "skipped"
    """The row holds nothing and is passed over."""
    WARNING = "warning"
    """The row is accepted; a person may want to look."""


class Code(StrEnum):
    """The stable codes, in the order of the documentation."""

    FILE_EMPTY = "FILE_EMPTY"
    FILE_TOO_BIG = "FILE_TOO_BIG"
    SPREADSHEET_FILE = "SPREADSHEET_FILE"
    SPREADSHEET_DAMAGED = "SPREADSHEET_DAMAGED"
    SPREADSHEET_TOO_BIG = "SPREADSHEET_TOO_BIG"
    SHEET_MISSING = "SHEET_MISSING"
    UTF16 = "UTF16"
    NOT_UTF8 = "NOT_UTF8"
    NUL_BYTE = "NUL_BYTE"
    NEWLINE_MIXED = "NEWLINE_MIXED"
    QUOTE_UNTERMINATED = "QUOTE_UNTERMINATED"
    QUOTE_MISPLACED = "QUOTE_MISPLACED"
    RECORD_TOO_LONG = "RECORD_TOO_LONG"
    HEADER_MISSING = "HEADER_MISSING"
    COLUMN_MISSING = "COLUMN_MISSING"
    COLUMN_UNKNOWN = "COLUMN_UNKNOWN"
    COLUMN_DUPLICATE = "COLUMN_DUPLICATE"
    COLUMN_UNNAMED = "COLUMN_UNNAMED"
    NO_ROWS = "NO_ROWS"
    TOO_MANY_ROWS = "TOO_MANY_ROWS"
    TOO_FEW_COLUMNS = "TOO_FEW_COLUMNS"
    TOO_MANY_COLUMNS = "TOO_MANY_COLUMNS"
    REQUIRED = "REQUIRED"
    VALUE_TOO_LONG = "VALUE_TOO_LONG"
    CHARACTER_REFUSED = "CHARACTER_REFUSED"
    EMAIL_INVALID = "EMAIL_INVALID"
    FORMULA_PREFIX = "FORMULA_PREFIX"
    CELL_ERROR = "CELL_ERROR"
    MAPPING_MISMATCH = "MAPPING_MISMATCH"
    DATE_FORMAT = "DATE_FORMAT"
    DATE_INVALID = "DATE_INVALID"
    ISSUED_IN_FUTURE = "ISSUED_IN_FUTURE"
    EXPIRES_BEFORE_ISSUED = "EXPIRES_BEFORE_ISSUED"
    ACTIVITY_ENDS_BEFORE_START = "ACTIVITY_ENDS_BEFORE_START"
    GRADE_NOT_ALLOWED = "GRADE_NOT_ALLOWED"
    NUMBER_FORMAT = "NUMBER_FORMAT"
    SCORE_OUT_OF_RANGE = "SCORE_OUT_OF_RANGE"
    CREDITS_NEGATIVE = "CREDITS_NEGATIVE"
    URL_SCHEME = "URL_SCHEME"
    URL_INVALID = "URL_INVALID"
    LOCALE_UNKNOWN = "LOCALE_UNKNOWN"
    DUPLICATE_IN_FILE = "DUPLICATE_IN_FILE"
    ALREADY_ISSUED = "ALREADY_ISSUED"
    NOT_ISSUABLE = "NOT_ISSUABLE"
    BLANK_ROW = "BLANK_ROW"
    ROW_LEFT_OUT = "ROW_LEFT_OUT"
    EMAIL_NON_ASCII = "EMAIL_NON_ASCII"
    NAME_NORMALISED = "NAME_NORMALISED"
    TEXT_NORMALISED = "TEXT_NORMALISED"
    WHITESPACE_TRIMMED = "WHITESPACE_TRIMMED"
    INVISIBLE_CHARS_REMOVED = "INVISIBLE_CHARS_REMOVED"
    ALREADY_EXPIRED = "ALREADY_EXPIRED"
    COLUMN_IGNORED = "COLUMN_IGNORED"


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeRule:
    """What a code means for the reader of a report."""

    severity: Severity
    meaning: str
    """Completes `line 9, column issued_on, "29/05/2026": ...`."""
    remedy: str
    """What to do, in the imperative."""


def _rule(severity: Severity, meaning: str, remedy: str) -> CodeRule:
    return CodeRule(severity=severity, meaning=meaning, remedy=remedy)


CODES: Final[Mapping[Code, CodeRule]] = MappingProxyType(
    {
        Code.FILE_EMPTY: _rule(Severity.FILE, "the file is empty", "choose the file that holds the table"),
        Code.FILE_TOO_BIG: _rule(
            Severity.FILE, "the file is larger than one upload may be", "split it into several files"
        ),
        Code.SPREADSHEET_FILE: _rule(
            Severity.FILE,
            "this is an archive, or a spreadsheet of a kind that is not read here",
            "open it in the spreadsheet program and save it as 'CSV UTF-8', or for an upload as XLSX without a password",
        ),
        Code.SPREADSHEET_DAMAGED: _rule(
            Severity.FILE,
            "the spreadsheet file cannot be read",
            "open it in the spreadsheet program and save it again, without a password",
        ),
        Code.SPREADSHEET_TOO_BIG: _rule(
            Severity.FILE,
            "there is more in the spreadsheet file than one upload may hold",
            "delete what is not needed, or split the file",
        ),
        Code.SHEET_MISSING: _rule(
            Severity.FILE, "no sheet has this name", "name a sheet that there is, or none for the first one"
        ),
        Code.UTF16: _rule(Severity.FILE, "the text is encoded as UTF-16 or UTF-32", "save the file as 'CSV UTF-8'"),
        Code.NOT_UTF8: _rule(Severity.FILE, "the text is not UTF-8", "save the file as 'CSV UTF-8'"),
        Code.NUL_BYTE: _rule(
            Severity.FILE, "the file holds a NUL byte, so it is damaged or no text", "export the table again"
        ),
        Code.NEWLINE_MIXED: _rule(
            Severity.FILE,
            "a line break of another kind than the one after the header stands outside quotation marks",
            "save the file with one kind of line break, or put the cell in quotation marks",
        ),
        Code.QUOTE_UNTERMINATED: _rule(
            Severity.FILE,
            "a quotation mark that opens a cell is never closed",
            "close it, or double every quotation mark inside the cell",
        ),
        Code.QUOTE_MISPLACED: _rule(
            Severity.FILE,
            "text follows the quotation mark that closes a cell",
            "double every quotation mark inside a quoted cell",
        ),
        Code.RECORD_TOO_LONG: _rule(
            Severity.FILE,
            "the row is longer than any row may be",
            "shorten its cells; if it should be short, close the quotation mark that was left open",
        ),
        Code.HEADER_MISSING: _rule(
            Severity.FILE,
            "the first line names none of the columns",
            "put the column names into the first line, such as recipient_email,recipient_name,issued_on",
        ),
        Code.COLUMN_MISSING: _rule(Severity.FILE, "a required column is missing", "add the column to the header"),
        Code.COLUMN_UNKNOWN: _rule(
            Severity.FILE, "no such column is known", "rename or delete it, or choose to ignore extra columns"
        ),
        Code.COLUMN_DUPLICATE: _rule(Severity.FILE, "the column stands there twice", "delete or rename one of the two"),
        Code.COLUMN_UNNAMED: _rule(
            Severity.FILE, "a column between others has no name", "name it in the header, or delete it"
        ),
        Code.NO_ROWS: _rule(Severity.FILE, "there is no row below the header", "add one row for each recipient"),
        Code.TOO_MANY_ROWS: _rule(Severity.FILE, "there are more rows than one upload may hold", "split the file"),
        Code.TOO_FEW_COLUMNS: _rule(
            Severity.ERROR, "the row has fewer cells than the header", "add the missing cells, empty ones too"
        ),
        Code.TOO_MANY_COLUMNS: _rule(
            Severity.ERROR,
            "the row has more cells than the header",
            "delete the extra cells, or put a cell that holds the delimiter in quotation marks",
        ),
        Code.REQUIRED: _rule(Severity.ERROR, "the cell must not be empty", "fill it in"),
        Code.VALUE_TOO_LONG: _rule(Severity.ERROR, "the value is too long", "shorten it"),
        Code.CHARACTER_REFUSED: _rule(
            Severity.ERROR,
            "the value holds a control character or another one that readers of a signature treat differently",
            "delete the character, or put a space in place of a line break",
        ),
        Code.EMAIL_INVALID: _rule(
            Severity.ERROR, "this is not an e-mail address", "write one address, such as name@example.org"
        ),
        Code.FORMULA_PREFIX: _rule(
            Severity.ERROR,
            "the value begins like a spreadsheet formula",
            "delete the =, +, - or @ at its beginning",
        ),
        Code.CELL_ERROR: _rule(
            Severity.ERROR,
            "the cell holds the error of a formula",
            "correct the formula, or write the value in its place",
        ),
        Code.MAPPING_MISMATCH: _rule(
            Severity.ERROR, "the mapping cannot read this value", "correct the value, or the mapping"
        ),
        Code.DATE_FORMAT: _rule(
            Severity.ERROR,
            "the date is not written YYYY-MM-DD, and day and month are never guessed",
            "use YYYY-MM-DD, such as 2026-05-29",
        ),
        Code.DATE_INVALID: _rule(
            Severity.ERROR, "there is no such day, or it lies before 1900", "correct the year, month or day"
        ),
        Code.ISSUED_IN_FUTURE: _rule(
            Severity.ERROR, "the day of issue has not come yet", "use today or an earlier day, or upload it then"
        ),
        Code.EXPIRES_BEFORE_ISSUED: _rule(
            Severity.ERROR, "it expires before it is issued", "correct expires_on or issued_on"
        ),
        Code.ACTIVITY_ENDS_BEFORE_START: _rule(
            Severity.ERROR, "the activity ends before it starts", "correct activity_start or activity_end"
        ),
        Code.GRADE_NOT_ALLOWED: _rule(
            Severity.ERROR, "the achievement knows no such grade", "use one of the achievement's grades"
        ),
        Code.NUMBER_FORMAT: _rule(
            Severity.ERROR,
            "this is not a plain decimal number of at most 15 digits",
            "write digits with a point, such as 87.5: no comma, per cent sign or unit",
        ),
        Code.SCORE_OUT_OF_RANGE: _rule(
            Severity.ERROR, "the score lies outside the achievement's range", "correct the score"
        ),
        Code.CREDITS_NEGATIVE: _rule(Severity.ERROR, "credits are not negative", "write 0 or more"),
        Code.URL_SCHEME: _rule(
            Severity.ERROR, "this is no https or http address", "begin the address with https:// or http://"
        ),
        Code.URL_INVALID: _rule(
            Severity.ERROR,
            "the address has no host, holds a user name, or holds a character an address must not hold",
            "copy the address from the browser; a space is written %20",
        ),
        Code.LOCALE_UNKNOWN: _rule(
            Severity.ERROR, "the language is not known here", "use one of the known language tags, such as en"
        ),
        Code.DUPLICATE_IN_FILE: _rule(
            Severity.ERROR,
            "the same recipient stands in an earlier line",
            "delete one of the two rows, or choose to allow duplicates",
        ),
        Code.ALREADY_ISSUED: _rule(
            Severity.ERROR,
            "this recipient already holds a credential of this achievement",
            "delete the row, or choose to allow duplicates",
        ),
        Code.NOT_ISSUABLE: _rule(
            Severity.ERROR,
            "no credential of this achievement can be made of this row",
            "correct the value that is named, or the achievement",
        ),
        Code.BLANK_ROW: _rule(Severity.SKIPPED, "the row is blank and is skipped", "nothing needs to be done"),
        Code.ROW_LEFT_OUT: _rule(
            Severity.SKIPPED, "the mapping leaves out rows with this value", "nothing needs to be done"
        ),
        Code.EMAIL_NON_ASCII: _rule(
            Severity.WARNING,
            "the address holds letters that not every mail system delivers to (SMTPUTF8)",
            "check it with the recipient",
        ),
        Code.NAME_NORMALISED: _rule(
            Severity.WARNING,
            "the name was composed anew (Unicode NFC); it looks the same",
            "nothing needs to be done",
        ),
        Code.TEXT_NORMALISED: _rule(
            Severity.WARNING,
            "the text was composed anew (Unicode NFC); it looks the same",
            "nothing needs to be done",
        ),
        Code.WHITESPACE_TRIMMED: _rule(
            Severity.WARNING, "space around the value was removed", "nothing needs to be done"
        ),
        Code.INVISIBLE_CHARS_REMOVED: _rule(
            Severity.WARNING, "invisible characters were removed from the value", "check that it reads as it should"
        ),
        Code.ALREADY_EXPIRED: _rule(
            Severity.WARNING, "the credential would be expired from the start", "check the year of expires_on"
        ),
        Code.COLUMN_IGNORED: _rule(
            Severity.WARNING, "the column is ignored", "nothing needs to be done, unless it was meant to be used"
        ),
    }
)
"""Every code, once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing found in one row, or about one column of the header."""

    code: Code
    severity: Severity
    line: int
    """The physical line on which the row starts, counted from 1."""
    column: str | None = None
    value: str | None = None
    """The value as it may be shown: escaped and shortened."""
    detail: str = ""
    """What is particular to this value, in place of the general meaning."""
    same_as_line: int | None = None

    @property
    def remedy(self) -> str:
        """What to do about it."""
        return CODES[self.code].remedy

    @property
    def message(self) -> str:
        """Line, column, value, what is wrong and what to do, in one sentence."""
        return _sentence(
            where=_place(self.line, self.column, self.value),
            what=self.detail or CODES[self.code].meaning,
            remedy=self.remedy,
        )


def find(
    code: Code,
    *,
    line: int,
    column: str | None = None,
    value: str | None = None,
    detail: str = "",
    same_as_line: int | None = None,
    severity: Severity | None = None,
) -> Finding:
    """Make a finding of the severity its code has (or of another), with the value made fit to be shown."""
    return Finding(
        code=code,
        severity=severity or CODES[code].severity,
        line=line,
        column=column,
        value=None if value is None else show_value(value),
        detail=detail,
        same_as_line=same_as_line,
    )


class FileProblem(Malformed):
    """The file as a whole is refused: what was judged before it must not be used."""

    def __init__(
        self,
        code: Code,
        *,
        line: int | None = None,
        column: str | None = None,
        value: str | None = None,
        detail: str = "",
    ) -> None:
        shown = None if value is None else show_value(value)
        what = detail or CODES[code].meaning
        super().__init__(
            code, f"{what}; {CODES[code].remedy}", where="" if line is None else _place(line, column, shown)
        )
        self.line = line
        self.column = column
        self.value = shown
        self.remedy = CODES[code].remedy
        self.others: tuple[FileProblem, ...] = ()
        """Further problems of the header, so that all of it can be put right at once."""


def show_value(value: str) -> str:
    """Make a value fit for a message: nothing invisible, nothing that turns text around, at most 60 characters."""
    cut = value[:MAX_SHOWN]
    shown = "".join(c if c.isprintable() else f"\\u{{{ord(c):x}}}" for c in cut)
    return shown if cut == value else f"{shown}…"


def _place(line: int, column: str | None, value: str | None) -> str:
    place = f"line {line}"
    if column is not None:
        place += f", column {column}"
    if value:
        place += f', "{value}"'
    return place


def _sentence(*, where: str, what: str, remedy: str) -> str:
    return f"{where}: {what}; {remedy}"
