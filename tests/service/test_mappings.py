"""Exports of others, mapped: every style that is built in, saved mappings, and which one fits."""

import json
from dataclasses import replace
from typing import Final

import pytest

from registry.domain.canonical import JsonObject, parse_object
from registry.domain.errors import Conflict, Malformed, NotFound, Refused
from registry.domain.upload_judging import Result
from registry.service import mappings
from registry.service.mappings import delete_mapping, find_mapping, save_mapping, suggest_mappings
from registry.service.upload_issuing import run
from registry.service.uploads import annotated, judgements, start
from registry.store_ports import AchievementRecord, IssuerRecord, MappingRecord, UploadFormat
from tests.exports import HEADERS, LEFT_OUT, ROWS, sample, sample_csv
from tests.registry_world import MAX_UPLOAD_BYTES, World

OURS: Final[JsonObject] = {
    "name": "our campus",
    "columns": {
        "recipient_email": {"from": "Mail"},
        "recipient_name": {"from": "Who"},
        "issued_on": {"from": "When", "date": "MDY"},
    },
}


def save(world: World, issuer: IssuerRecord, **changes: str) -> MappingRecord:
    document: JsonObject = {**OURS, **changes}
    with world.store.write() as unit:
        return save_mapping(world.resources, unit, issuer, document, caller=world.admin)


def test_every_style_has_a_sample_and_a_mapping(world: World) -> None:
    assert sorted(world.resources.built_in_mappings) == sorted(HEADERS)


@pytest.mark.parametrize("style", HEADERS)
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("registry_url", ["sqlite"], indirect=True)
def test_an_export_of_fifty_people_gives_fifty_good_rows(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord, style: str, kind: str
) -> None:
    content = sample_csv(style) if kind == "csv" else b"".join(world.resources.spreadsheets.write(sample(style)))

    record = world.upload(issuer, achievement, content, mapping=style)

    assert record.format == kind
    assert (record.rows_ok, record.rows_error, record.rows_skipped) == (ROWS, 0, LEFT_OUT)


@pytest.mark.parametrize("style", HEADERS)
@pytest.mark.parametrize("registry_url", ["sqlite"], indirect=True)
def test_the_mapping_of_its_style_is_suggested_for_a_header(world: World, issuer: IssuerRecord, style: str) -> None:
    with world.store.read() as unit:
        best, *others = suggest_mappings(world.resources, unit, issuer, HEADERS[style].split(","))

    assert (best.key, best.missing) == (style, ())
    assert all(each.missing for each in others)


def test_a_mapped_upload_is_judged_annotated_and_issued_by_the_mapping_as_it_was(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    saved = save(world, issuer)
    content = b"Who,Mail,When,Other\r\nAmal,amal@example.org,05/29/2026,x\r\nLi,li@example.org,2026-05-29,y\r\n"
    record = world.upload(issuer, achievement, content, mapping=str(saved.id), skip_bad=True)
    with world.store.write() as unit:
        delete_mapping(world.resources, unit, issuer, saved.id, caller=world.admin)

    rows = list(judgements(world.resources, issuer, record, max_bytes=MAX_UPLOAD_BYTES))
    written = b"".join(annotated(world.resources, issuer, record, max_bytes=MAX_UPLOAD_BYTES)).decode("utf-8-sig")
    with world.store.write() as unit:
        begun = start(world.resources, unit, unit.uploads.get(issuer.id, record.id), caller=world.admin)
    run(world.resources, begun, max_bytes=MAX_UPLOAD_BYTES, stopping=lambda: False)

    assert [(row.result, row.column) for row in rows] == [(Result.OK, None), (Result.ERROR, "When")]
    assert written.splitlines()[0] == "Who,Mail,When,Other,_line,_status,_code,_column,_message"
    assert "Li,li@example.org,2026-05-29,y,3,error,MAPPING_MISMATCH,When," in written
    (credential,) = world.issued(record)
    assert credential.line == 2
    assert json.loads(credential.document)["validFrom"] == "2026-05-29T00:00:00Z"


def test_a_spreadsheet_is_annotated_as_a_spreadsheet(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    rows = [
        ("recipient_id", "recipient_name", "issued_on"),
        ("S-1", "=Amal", "2026-05-29"),
        ("S-2", "Li", "2026-05-29"),
    ]
    sheets = world.resources.spreadsheets
    record = world.upload(issuer, achievement, b"".join(sheets.write(rows)))

    content = b"".join(annotated(world.resources, issuer, record, max_bytes=MAX_UPLOAD_BYTES))

    with sheets.read([content], sheet=None, max_bytes=MAX_UPLOAD_BYTES) as records:
        header, wrong, right = [record.cells for record in records]
    assert record.format is UploadFormat.XLSX
    assert header == ("recipient_id", "recipient_name", "issued_on", "_line", "_status", "_code", "_column", "_message")
    assert wrong[:7] == ("S-1", "'=Amal", "2026-05-29", "2", "error", "FORMULA_PREFIX", "recipient_name")
    assert right[:5] == ("S-2", "Li", "2026-05-29", "3", "ok")


def test_mappings_are_found_by_id_or_by_the_name_of_one_that_is_built_in(world: World, issuer: IssuerRecord) -> None:
    saved, other = save(world, issuer), world.add_issuer("other")

    with world.store.read() as unit:
        own = find_mapping(world.resources, unit, issuer, str(saved.id))
        moodle = find_mapping(world.resources, unit, issuer, "style of Moodle")
        for name, whose in (("style of Nobody", issuer), ("our campus", issuer), (str(saved.id), other)):
            with pytest.raises(NotFound):
                find_mapping(world.resources, unit, whose, name)
    assert (parse_object(own), parse_object(moodle)["name"]) == (OURS, "style of Moodle")


@pytest.mark.parametrize("name", ["our campus", "style of edX"])
def test_a_name_belongs_to_one_mapping(world: World, issuer: IssuerRecord, name: str) -> None:
    save(world, issuer)

    with pytest.raises(Conflict) as refused:
        save(world, issuer, name=name)

    assert refused.value.code == "column-mapping-name-taken"
    save(world, world.add_issuer("other"))


def test_a_deleted_mapping_is_gone(world: World, issuer: IssuerRecord) -> None:
    saved = save(world, issuer)

    def remove() -> None:
        with world.store.write() as unit:
            delete_mapping(world.resources, unit, issuer, saved.id, caller=world.admin)

    remove()
    with pytest.raises(NotFound):
        remove()

    with world.store.read() as unit:
        assert unit.mappings.of_issuer(issuer.id) == ()
        assert [entry.action for entry in unit.audit.of_issuer(issuer.id, before=None, limit=2)] == [
            "mapping-deleted",
            "mapping-saved",
        ]


@pytest.mark.parametrize("registry_url", ["sqlite"], indirect=True)
def test_an_issuer_saves_so_many_mappings_and_no_more(world: World, issuer: IssuerRecord) -> None:
    for number in range(mappings.MAX_SAVED):
        save(world, issuer, name=f"number {number:03}")

    with pytest.raises(Refused) as refused:
        save(world, issuer)
    with world.store.read() as unit:
        first = unit.mappings.of_issuer(issuer.id)[0]

    assert (refused.value.code, first.name) == ("too-many-mappings", "number 000")


def test_what_is_no_mapping_is_not_saved(world: World, issuer: IssuerRecord) -> None:
    with pytest.raises(Malformed), world.store.write() as unit:
        save_mapping(world.resources, unit, issuer, {"name": "x", "columns": {}}, caller=world.admin)

    with world.store.read() as unit:
        assert unit.mappings.of_issuer(issuer.id) == ()


def test_a_record_keeps_what_it_was_mapped_by(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    record = world.upload(issuer, achievement, sample_csv("style of edX"), mapping="style of edX")

    assert world.get_upload(record) == replace(record, mapping=world.resources.built_in_mappings["style of edX"])
