"""A whole upload: duplicates, what was issued before, limits, memory, and bytes of any kind."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.upload import UploadCounts, judge_upload
from registry.domain.upload_chunks import CHUNK_ROWS
from registry.domain.upload_codes import Code, FileProblem, Severity
from registry.domain.upload_judging import Result
from registry.domain.upload_report import annotate
from registry.domain.upload_text import Record
from tests.domain.uploads import ANYTHING, HEADER, IDENTIFIED, RULES, judge, spell
from tests.paths import REPO_ROOT

ALLOWING = replace(ANYTHING, allow_duplicates=True)
MEMORY_BOUND_BYTES = 40_000_000
"""For 200,000 identifiers; the file itself has 7 MB, its rows as objects would take some 150 MB."""


def rows(*identifiers: tuple[str, str], name: str = "Anna") -> bytes:
    """Spell a file with these pairs of e-mail address and id."""
    return spell([IDENTIFIED, *((mail, number, name, "2026-05-29") for mail, number in identifiers)])


def test_an_upload_counts_what_was_judged_so_far() -> None:
    upload = judge_upload([rows(("a@example.org", "1"), ("a@example.org", "2"), ("b@example.org", "3"))], RULES)
    before = upload.counts

    list(upload)

    assert before == UploadCounts(ok=0, error=0, skipped=0)
    assert upload.counts == UploadCounts(ok=2, error=1, skipped=0)


class Sheet:
    """Records that were never text: rows of a spreadsheet."""

    delimiter = ";"

    def __init__(self, *records: Record) -> None:
        self._records = iter(records)

    def __iter__(self) -> "Sheet":
        return self

    def __next__(self) -> Record:
        return next(self._records)


def test_rows_of_a_spreadsheet_are_judged_and_annotated_as_rows_of_text_are() -> None:
    records = (Record(line=3, cells=HEADER), Record(line=7, cells=("a@example.org", "Anna", "29/05/2026")))

    (judgement,) = judge_upload(Sheet(*records), RULES)
    written = b"".join(annotate(Sheet(*records), [judgement], rules=RULES)).decode("utf-8-sig").splitlines()

    assert (judgement.line, judgement.code) == (7, Code.DATE_FORMAT)
    assert written[1].startswith("a@example.org;Anna;29/05/2026;7;error;DATE_FORMAT;issued_on;")


def test_a_duplicate_names_its_column_and_the_first_line() -> None:
    judged = judge(rows(("a@example.org", "1"), ("b@example.org", "2"), ("A@EXAMPLE.org", "3"), ("c@example.org", "2")))

    assert [judgement.to_json() for judgement in judged[2:]] == [
        {"line": 4, "result": "error", "code": "DUPLICATE_IN_FILE", "column": "recipient_email", "same_as_line": 2},
        {"line": 5, "result": "error", "code": "DUPLICATE_IN_FILE", "column": "recipient_id", "same_as_line": 3},
    ]
    assert all(judgement.recipient is None for judgement in judged[2:])


def test_an_address_given_twice_in_one_row_is_no_duplicate() -> None:
    (judgement,) = judge(rows(("a@example.org", "A@example.org")))

    assert judgement.recipient is not None
    assert judgement.recipient.identifiers == ("a@example.org",)


def test_a_refused_row_counts_as_the_first_one_and_a_duplicate_is_told_last() -> None:
    judged = judge(rows(("a@example.org", "1"), ("a@example.org", "x"), ("d@example.org", "x"), name=""))

    assert [(one.code, one.also, one.findings[-1].same_as_line) for one in judged] == [
        (Code.REQUIRED, (), None),
        (Code.REQUIRED, (Code.DUPLICATE_IN_FILE,), 2),
        (Code.REQUIRED, (Code.DUPLICATE_IN_FILE,), 3),
    ]


def test_malformed_identifiers_are_never_duplicates() -> None:
    judged = judge(rows(("anna", "1"), ("anna", "2")))

    assert [judgement.code for judgement in judged] == [Code.EMAIL_INVALID, Code.EMAIL_INVALID]


def test_errors_stand_before_warnings_when_a_duplicate_is_found() -> None:
    judged = judge(rows(("a@example.org", "1"), (" a@example.org", "2")))

    severities = [finding.severity for finding in judged[1].findings]
    assert severities == [Severity.ERROR, Severity.WARNING]


def test_allowed_duplicates_are_accepted_with_a_warning() -> None:
    judged = judge(rows(("a@example.org", "1"), ("a@example.org", "2")), ALLOWING)

    assert judged[1].to_json() == {"line": 3, "result": "ok", "warnings": ["DUPLICATE_IN_FILE"]}
    assert judged[1].findings[0].same_as_line == 2
    assert judged[1].recipient is not None


def test_a_record_of_several_lines_is_numbered_by_its_first() -> None:
    content = spell([HEADER, ("a@example.org", "An\nna", "2026-05-29"), ("a@example.org", "Anna", "2026-05-29")])

    judged = judge(content)

    assert [(one.line, one.code, one.same_as_line) for one in judged] == [
        (2, Code.CHARACTER_REFUSED, None),
        (4, Code.DUPLICATE_IN_FILE, 2),
    ]


class Register:
    """Remembers who holds a credential, and what it was asked."""

    def __init__(self, issued: Mapping[str, str]) -> None:
        self.issued = issued
        self.asked: list[int] = []

    def __call__(self, identifiers: frozenset[str]) -> Mapping[str, str]:
        """Answer for the identifiers that are known."""
        self.asked.append(len(identifiers))
        return {name: self.issued[name] for name in identifiers if name in self.issued}


def test_a_recipient_who_holds_the_credential_is_told_which() -> None:
    register = Register({"a@example.org": "urn:uuid:1", "2": "urn:uuid:2"})
    content = rows(("A@example.org", "1"), ("b@example.org", "2"), ("c@example.org", "3"), ("wrong", "2"))

    judged = list(judge_upload(io.BytesIO(content), ANYTHING, register))

    assert [(one.code, one.column) for one in judged] == [
        (Code.ALREADY_ISSUED, "recipient_email"),
        (Code.ALREADY_ISSUED, "recipient_id"),
        (None, None),
        (Code.EMAIL_INVALID, "recipient_email"),
    ]
    assert "urn:uuid:1" in judged[0].findings[0].message


def test_who_holds_the_credential_may_get_another_one_if_allowed() -> None:
    register = Register({"a@example.org": "urn:uuid:1"})

    (judgement,) = judge_upload([rows(("a@example.org", "1"))], ALLOWING, register)

    assert (judgement.result, judgement.warnings) == (Result.OK, (Code.ALREADY_ISSUED,))


def test_who_holds_the_credential_is_asked_a_chunk_at_a_time() -> None:
    register = Register({})
    pairs = [(f"p{number}@example.org", str(number)) for number in range(CHUNK_ROWS + 1)]

    upload = judge_upload([rows(*pairs)], ANYTHING, register)
    next(upload)
    asked_first = list(register.asked)
    rest = list(upload)

    assert asked_first == [2 * CHUNK_ROWS]
    assert register.asked == [2 * CHUNK_ROWS, 2]
    assert len(rest) == CHUNK_ROWS


def test_nobody_is_asked_about_when_no_row_names_anybody() -> None:
    register = Register({})

    list(judge_upload([rows(("wrong", ""))], ANYTHING, register))

    assert register.asked == []


def test_the_same_upload_twice_says_already_issued() -> None:
    content = rows(*((f"p{number}@example.org", str(number)) for number in range(5)))
    first = list(judge_upload([content], ANYTHING, Register({})))
    issued = {name: f"urn:{one.line}" for one in first if one.recipient for name in one.recipient.identifiers}

    second = list(judge_upload([content], ANYTHING, Register(issued)))

    assert {judgement.code for judgement in second} == {Code.ALREADY_ISSUED}


@pytest.mark.parametrize("below", [b"", b"\n\n", b",,\n"])
def test_a_file_without_rows_is_refused_at_its_end(below: bytes) -> None:
    upload = judge_upload([",".join(HEADER).encode() + b"\n" + below], ANYTHING)

    with pytest.raises(FileProblem) as caught:
        list(upload)

    assert caught.value.code == Code.NO_ROWS


def test_more_rows_than_allowed_are_refused_where_they_begin() -> None:
    content = rows(("a@example.org", "1"), ("b@example.org", "2"), ("c@example.org", "3"))

    assert len(judge(content, replace(ANYTHING, max_rows=3))) == 3
    with pytest.raises(FileProblem) as caught:
        judge(content, replace(ANYTHING, max_rows=2))
    assert (caught.value.code, caught.value.line) == (Code.TOO_MANY_ROWS, 4)


def test_rows_are_judged_while_the_file_still_comes_in() -> None:
    def broken_off() -> Iterator[bytes]:
        yield rows(*((f"p{number}@example.org", str(number)) for number in range(3 * CHUNK_ROWS)))
        raise ConnectionResetError

    upload = judge_upload(broken_off(), ANYTHING)

    assert next(upload).result is Result.OK
    with pytest.raises(ConnectionResetError):
        list(upload)


def test_a_hundred_thousand_rows_do_not_take_the_memory_of_their_rows() -> None:
    # In a process of its own: tracemalloc sees this upload alone, and a coverage run does not slow it further.
    command = (sys.executable, "-m", "tests.domain.upload_memory", "100000")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_PROCESS_")}

    done = subprocess.run(command, cwd=REPO_ROOT, env=environment, check=True, capture_output=True)
    measured = json.loads(done.stdout)

    assert measured["ok"] == 100_000
    assert measured["peak_bytes"] < MEMORY_BOUND_BYTES


CELLS = st.one_of(
    st.sampled_from(
        [
            "a@example.org",
            "A@EXAMPLE.ORG",
            "S-1",
            "Anna",
            "2026-05-29",
            "29/05/2026",
            "A",
            "Z",
            "",
            " ",
            "=1",
            "a,b;c\td",
        ]
    ),
    st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=8),
)
TABLES = st.lists(st.lists(CELLS, min_size=5, max_size=5), min_size=1, max_size=6)


@given(TABLES, st.sampled_from([",", ";", "\t"]), st.sampled_from(["\n", "\r\n"]), st.sampled_from(["", "\ufeff"]))
def test_delimiter_mark_and_line_break_never_change_a_judgement(
    table: Sequence[Sequence[str]], delimiter: str, newline: str, mark: str
) -> None:
    header = ("recipient_email", "recipient_id", "recipient_name", "issued_on", "grade")

    def outcome(content: bytes) -> object:
        try:
            return judge(content, RULES)
        except FileProblem as problem:
            return problem.code

    plain = outcome(spell([header, *table]))

    assert outcome(spell([header, *table], delimiter=delimiter, newline=newline, mark=mark)) == plain


PREFIXES = st.sampled_from([b"", b",".join(name.encode() for name in IDENTIFIED) + b"\n", b"\xef\xbb\xbf", b"\xff\xfe"])
PIECES = st.one_of(st.binary(max_size=12), st.sampled_from([b",", b'"', b"\n", b"\r", b"a@example.org", b"2026-05-29"]))


@given(PREFIXES, st.lists(PIECES, max_size=30))
def test_bytes_of_any_kind_are_judged_or_refused_as_malformed(prefix: bytes, pieces: list[bytes]) -> None:
    content = prefix + b"".join(pieces)

    try:
        judged = judge(content)
    except FileProblem:
        return

    lines = [judgement.line for judgement in judged]
    assert lines == sorted(set(lines))
    assert all((judgement.recipient is None) == (judgement.result is not Result.OK) for judgement in judged)
    assert all((judgement.code is None) == (judgement.result is Result.OK) for judgement in judged)
