"""Rows: what they become, that a dry run tells the truth about them, and how much memory many of them take."""

import tracemalloc
from collections.abc import Iterator
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry.domain.canonical import parse_object
from registry.domain.hashing import sha256
from registry.domain.upload_judging import Result
from registry.service.issuing import load_template, sign_order
from registry.service.rows import order_of
from registry.service.uploads import UploadOrder, examine, judgements
from tests.registry_world import MAX_UPLOAD_BYTES, World
from tests.store_samples import new_id

FEW: Final = 1_500
MANY: Final = 3_500
# Growth beyond the chunk of 1,000 rows that is looked up at once: a hundred thousand only take longer.
CELLS: Final = st.text(alphabet=st.characters(exclude_characters='",;\t\r\n\0', codec="utf-8"), max_size=30)


@pytest.mark.parametrize(
    ("described", "column", "cell", "result"),
    [
        ([], "grade", "A", "error"),
        ([], "score", "5", "error"),
        ([{"name": "S", "resultType": "Percent", "valueMin": "0", "valueMax": "100"}], "score", "50", "ok"),
        ([{"name": "S", "resultType": "Percent", "valueMin": "0", "valueMax": "100"}], "score", "101", "error"),
        ([{"name": "S", "resultType": "Percent", "valueMin": "0", "valueMax": "100"}], "score", "-1", "error"),
        ([{"name": "G", "resultType": "LetterGrade", "allowedValue": ["A"]}], "grade", "B", "error"),
        ([{"name": "G", "resultType": "LetterGrade", "allowedValue": ["A"]}], "grade", "", "ok"),
        (
            [
                {"name": "G", "resultType": "LetterGrade", "allowedValue": ["A"]},
                {"name": "S", "resultType": "Percent", "valueMin": "0", "valueMax": "100"},
            ],
            "grade",
            "A",
            "error",
        ),
    ],
)
def test_results_are_judged_by_what_the_achievement_describes(  # a table of cases
    sqlite_world: World, described: list[Any], column: str, cell: str, result: str
) -> None:
    world = sqlite_world
    issuer = world.add_issuer()
    achievement = world.add_achievement(issuer, resultDescription=described)
    content = f"recipient_email,recipient_name,issued_on,{column}\na@b.org,A,2026-05-29,{cell}\n".encode()

    record = world.upload(issuer, achievement, content, skip_bad=True)

    (judgement,) = judgements(world.resources, issuer, record, max_bytes=MAX_UPLOAD_BYTES)
    assert judgement.result == result


def test_every_column_has_its_place_in_the_credential(sqlite_world: World) -> None:
    world = sqlite_world
    issuer = world.add_issuer()
    achievement = world.add_achievement(issuer)
    columns = {
        "recipient_email": "Amal@Example.org",
        "recipient_id": "S-1",
        "recipient_name": "Amal Haddad",
        "issued_on": "2026-05-29",
        "expires_on": "2029-05-29",
        "grade": "B+",
        "evidence_url": "https://evidence.example.org/1",
        "evidence_name": "Capstone",
        "narrative": "Very good.",
        "locale": "ar",
        "credits": "2.5",
        "activity_start": "2026-03-01",
        "activity_end": "2026-05-20",
        "external_ref": "L-1",
    }
    content = ",".join(columns) + "\n" + ",".join(columns.values()) + "\n"
    record = world.upload(issuer, achievement, content.encode())
    (judgement,) = judgements(world.resources, issuer, record, max_bytes=MAX_UPLOAD_BYTES)
    with world.store.read() as unit:
        template = load_template(world.resources, unit, issuer, achievement.id)
    assert judgement.recipient is not None

    order = order_of(judgement.recipient, template.frozen.achievement, upload_id=record.id, allow_duplicate=False)
    document: Any = parse_object(sign_order(world.resources, template, order, slot=1).document)

    subject = document["credentialSubject"]
    assert (document["validFrom"], document["validUntil"]) == ("2026-05-29T00:00:00Z", "2029-05-29T23:59:59Z")
    assert [item["identityType"] for item in subject["identifier"]] == ["emailAddress", "systemId", "name"]
    assert subject["result"][0]["value"] == "B+"
    assert (subject["creditsEarned"], subject["licenseNumber"], subject["narrative"]) == (2.5, "L-1", "Very good.")
    assert subject["activityStartDate"] == "2026-03-01T00:00:00Z"
    assert subject["activityEndDate"] == "2026-05-20T23:59:59Z"
    (evidence,) = document["evidence"]
    assert (evidence["id"], evidence["name"]) == ("https://evidence.example.org/1", "Capstone")


def test_an_achievement_s_time_ends_a_credential_that_names_no_day(sqlite_world: World) -> None:
    world = sqlite_world
    issuer = world.add_issuer()
    achievement = world.add_achievement(issuer, validityDays=10)
    record = world.upload(issuer, achievement, b"recipient_id,recipient_name,issued_on\nS-1,A,2026-05-29\n")
    (judgement,) = judgements(world.resources, issuer, record, max_bytes=MAX_UPLOAD_BYTES)
    with world.store.read() as unit:
        template = load_template(world.resources, unit, issuer, achievement.id)
    assert judgement.recipient is not None

    order = order_of(judgement.recipient, template.frozen.achievement, upload_id=record.id, allow_duplicate=False)

    assert order.award.valid_until is not None
    assert f"{order.award.valid_until:%Y-%m-%d %H:%M:%S}" == "2026-06-08 00:00:00"


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    name=CELLS,
    narrative=CELLS,
    evidence=st.one_of(st.just(""), st.builds("https://e.org/{}".format, CELLS), CELLS),
    evidence_name=CELLS,
    reference=CELLS,
    email=st.one_of(st.just("a@example.org"), st.builds("{}@example.org".format, CELLS)),
)
def test_whatever_a_dry_run_accepts_can_be_signed(  # noqa: PLR0917  # one for each column
    sqlite_world: World, name: str, narrative: str, evidence: str, evidence_name: str, reference: str, email: str
) -> None:
    world = sqlite_world
    with world.store.read() as unit:
        found = unit.issuers.page(after=None, limit=1)
    issuer = found[0] if found else world.add_issuer()
    with world.store.read() as unit:
        kept = unit.achievements.page(issuer.id, after=None, limit=1)
    achievement = kept[0] if kept else world.add_achievement(issuer)
    header = "recipient_email,recipient_name,issued_on,narrative,evidence_url,evidence_name,external_ref"
    row = f"{email},{name},2026-05-29,{narrative},{evidence},{evidence_name},{reference}"
    record = world.upload(issuer, achievement, f"{header}\r\n{row}\r\n".encode(), skip_bad=True)
    (judgement,) = judgements(world.resources, issuer, record, max_bytes=MAX_UPLOAD_BYTES)
    if judgement.recipient is None:
        assert judgement.result is Result.ERROR
        return
    with world.store.read() as unit:
        template = load_template(world.resources, unit, issuer, achievement.id)
    order = order_of(judgement.recipient, template.frozen.achievement, upload_id=record.id, allow_duplicate=False)

    assert sign_order(world.resources, template, order, slot=1).leaf


def test_many_rows_do_not_take_the_memory_of_many_rows(sqlite_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("registry.service.upload_reading.CHUNK_ROWS", 1_000)
    world = sqlite_world
    issuer = world.add_issuer()
    achievement = world.add_achievement(issuer)
    with world.store.read() as unit:
        template = load_template(world.resources, unit, issuer, achievement.id)
    assert template.frozen.achievement.name

    def peak(rows: int) -> int:
        def content() -> Iterator[bytes]:
            yield b"recipient_email,recipient_name,issued_on,grade\r\n"
            for n in range(rows):
                yield f"person-{n}@a-rather-long-host-name.example.org,Person {n},2026-05-29,A\r\n".encode()

        order = UploadOrder(
            id=new_id(),
            achievement_id=achievement.id,
            filename="many.csv",
            sha256=sha256(str(rows).encode()),
            skip_bad=False,
            allow_duplicates=False,
            ignore_extra=False,
        )
        tracemalloc.start()
        try:
            record = examine(world.resources, issuer, order, content(), max_bytes=MAX_UPLOAD_BYTES, caller=world.admin)
            assert record.rows_ok == rows
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    few, many = peak(FEW), peak(MANY)

    # What grows is the digest of each identifier, sixteen bytes in a dict: about 150 bytes a row; a row itself takes
    # over 2,000 as values and a document.
    assert (many - few) / (MANY - FEW) < 400
