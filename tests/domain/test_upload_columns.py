"""The header of an upload."""

import pytest

from registry.domain.upload import judge_upload
from registry.domain.upload_codes import Code, FileProblem
from registry.domain.upload_columns import Column, nearest
from registry.domain.upload_judging import Result
from registry.domain.upload_rules import UploadRules
from tests.domain.uploads import ANNA, ANYTHING, HEADER, judge, spell

IGNORING = UploadRules(today=ANYTHING.today, ignore_extra=True)
LINE = b"recipient_email,recipient_name,issued_on"


def problem(content: bytes, rules: UploadRules = ANYTHING) -> FileProblem:
    """Return the problem of a header."""
    with pytest.raises(FileProblem) as caught:
        judge_upload([content], rules)
    return caught.value


def test_order_case_and_space_of_names_do_not_matter() -> None:
    rows = [(" Issued_On ", "RECIPIENT_NAME", "recipient_email\u200b"), ("2026-05-29", "Anna", "anna@example.org")]

    (judgement,) = judge(spell(rows))

    assert judgement.recipient is not None
    assert judgement.recipient.recipient_name == "Anna"


@pytest.mark.parametrize("content", [b"\n", b"anna@example.org,Anna,2026-05-29\n", b"x,y\n1,2\n", b",,\n"])
def test_a_file_without_column_names_is_refused(content: bytes) -> None:
    assert problem(content).code == Code.HEADER_MISSING


def test_a_header_of_misspelled_names_alone_is_told_what_was_meant() -> None:
    found = problem(b"Recipient E-mail,Recipient Name,Issued on\n")

    assert found.code == Code.COLUMN_UNKNOWN
    assert "did you mean recipient_email?" in found.message


def test_an_unknown_column_is_refused_with_the_nearest_name() -> None:
    found = problem(LINE + b",expires_no\n")

    assert (found.code, found.line, found.column) == (Code.COLUMN_UNKNOWN, 1, "expires_no")
    assert "did you mean expires_on?" in found.message


def test_an_unknown_column_like_no_other_is_refused_without_a_suggestion() -> None:
    found = problem(LINE + b",shoe size\n")

    assert (found.code, found.column) == (Code.COLUMN_UNKNOWN, "shoe size")
    assert "did you mean" not in found.message


def test_an_unknown_column_is_passed_over_with_a_note_if_wished() -> None:
    upload = judge_upload([LINE + b",shoe size,,grade\n" + ",".join((*ANNA, "43", "z", "A")).encode()], IGNORING)

    (judgement,) = upload

    assert judgement.recipient is not None
    assert judgement.recipient.grade == "A"
    assert [(note.code, note.column) for note in upload.header.notes] == [
        (Code.COLUMN_IGNORED, "shoe size"),
        (Code.COLUMN_IGNORED, "5"),
    ]


def test_columns_of_a_report_are_always_passed_over_with_a_note() -> None:
    upload = judge_upload([LINE + b",_note\n" + ",".join((*ANNA, "ask")).encode()], ANYTHING)

    assert [judgement.result for judgement in upload] == [Result.OK]
    assert [(note.code, note.column) for note in upload.header.notes] == [(Code.COLUMN_IGNORED, "_note")]


def test_a_column_without_a_name_between_others_is_refused_by_its_position() -> None:
    found = problem(b"recipient_email,,recipient_name,issued_on\n")

    assert (found.code, found.column) == (Code.COLUMN_UNNAMED, "2")


def test_columns_without_a_name_at_the_end_are_no_columns() -> None:
    rows = [(*HEADER, "", " "), (*ANNA, "", ""), ("bea@example.org", "Bea", "2026-05-29", "x", ""), (*ANNA[:2], "")]

    results = [(judgement.result, judgement.code) for judgement in judge(spell(rows))]

    assert results == [
        (Result.OK, None),
        (Result.ERROR, Code.TOO_MANY_COLUMNS),
        (Result.ERROR, Code.REQUIRED),
    ]


@pytest.mark.parametrize("rules", [ANYTHING, IGNORING])
def test_a_column_that_stands_there_twice_is_refused(rules: UploadRules) -> None:
    found = problem(LINE + b",Issued_on\n", rules)

    assert (found.code, found.column) == (Code.COLUMN_DUPLICATE, "issued_on")


@pytest.mark.parametrize("name", ["recipient_email", "recipient_name", "issued_on"])
def test_a_missing_required_column_is_named(name: str) -> None:
    rest = [column for column in HEADER if column != name]

    found = problem(spell([rest]))

    assert (found.code, found.column) == (Code.COLUMN_MISSING, name)


def test_a_recipient_id_stands_in_for_the_e_mail_address() -> None:
    (judgement,) = judge(spell([("recipient_id", *HEADER[1:]), ("S-1", *ANNA[1:])]))

    assert judgement.recipient is not None
    assert judgement.recipient.recipient_email is None
    assert judgement.recipient.recipient_id == "S-1"


def test_all_problems_of_a_header_are_told_at_once() -> None:
    found = problem(b"grade,grade,shoes,recipient_name\n")

    codes = [one.code for one in (found, *found.others)]

    assert codes == [Code.COLUMN_DUPLICATE, Code.COLUMN_UNKNOWN, Code.COLUMN_MISSING, Code.COLUMN_MISSING]


@pytest.mark.parametrize("column", list(Column))
def test_every_column_is_nearest_to_itself_with_a_letter_missing(column: Column) -> None:
    assert nearest(column.value[:-1]) == column
