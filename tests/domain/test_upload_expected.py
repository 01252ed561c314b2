"""The hostile upload that is kept outside the repository, and what must be found in each of its lines."""

import json
from datetime import date

from registry.domain.upload import UploadCounts, judge_upload
from registry.domain.upload_rules import UploadRules
from tests.paths import SHARED_DATA

RULES = UploadRules(today=date(2026, 6, 1), grades=("A", "B+", "B", "C"), locales=("ar", "en", "es", "zh", "pt"))
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
