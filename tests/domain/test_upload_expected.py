"""The hostile upload that is kept outside the repository, and what must be found in each of its lines."""

import csv
import io
import json

from registry.domain.upload import UploadCounts, judge_upload
from registry.domain.upload_report import annotate
from tests.domain.uploads import RULES
from tests.paths import SHARED_DATA

EXPECTED = json.loads((SHARED_DATA / "batch_errors.expected.json").read_text(encoding="utf-8"))


def test_every_line_of_the_hostile_upload_gets_exactly_the_expected_finding() -> None:
    expected = [{k: v for k, v in row.items() if k != "note"} for row in EXPECTED["rows"]]

    with (SHARED_DATA / "batch_errors.csv").open("rb") as stream:
        judged = [judgement.to_json() for judgement in judge_upload(stream, RULES)]

    assert judged == expected


def test_the_hostile_upload_is_counted_as_expected() -> None:
    with (SHARED_DATA / "batch_errors.csv").open("rb") as stream:
        upload = judge_upload(stream, RULES)
        rows = list(upload)

    assert upload.counts == UploadCounts(**EXPECTED["summary"])
    assert len(rows) == EXPECTED["data_lines"]


def test_the_hostile_upload_is_annotated_without_a_formula() -> None:
    content = (SHARED_DATA / "batch_errors.csv").read_bytes()

    written = b"".join(annotate([content], judge_upload([content], RULES), rules=RULES))

    rows = list(csv.reader(io.StringIO(written.decode("utf-8-sig"), newline="")))
    assert len(rows) == 1 + EXPECTED["data_lines"]
    assert rows[11][:2] == ["'=cmd|' /C calc'!A0@example.org", '\'=HYPERLINK("x")']
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
