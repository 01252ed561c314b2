"""Uploads: judged first, issued once, whatever happens in between."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from registry.domain.canonical import JsonObject, parse_object
from registry.domain.errors import Conflict, NotFound, Refused
from registry.domain.upload_codes import FileProblem
from registry.domain.upload_judging import Result, RowJudgement
from registry.ports import JsonLd
from registry.service.issuers import rotate_key
from registry.service.reissuing import Correction, supersede
from registry.service.statuses import Reason, StatusAction, StatusRequest, change_status
from registry.service.upload_issuing import run, unfinished
from registry.service.uploads import annotated, judgements, preview, start
from registry.store_ports import AchievementRecord, IssuerRecord, UploadRecord, UploadState
from tests.paths import SHARED_DATA
from tests.registry_world import MAX_UPLOAD_BYTES, World

HEADER: Final = "recipient_email,recipient_name,issued_on,grade"


def people(count: int, *, first: int = 0) -> bytes:
    rows = [f"p{n}@example.org,Person {n},2026-05-29,A" for n in range(first, first + count)]
    return "\r\n".join([HEADER, *rows, ""]).encode()


def begin(world: World, record: UploadRecord) -> UploadRecord:
    with world.store.write() as unit:
        return start(world.resources, unit, unit.uploads.get(record.issuer_id, record.id), caller=world.admin)


def carry_out(world: World, record: UploadRecord) -> UploadRecord:
    run(world.resources, record, max_bytes=MAX_UPLOAD_BYTES, stopping=lambda: False)
    return world.get_upload(record)


def issue_all(world: World, record: UploadRecord) -> UploadRecord:
    return carry_out(world, begin(world, record))


def judged(world: World, issuer: IssuerRecord, record: UploadRecord) -> list[RowJudgement]:
    return list(judgements(world.resources, issuer, record, max_bytes=MAX_UPLOAD_BYTES))


def after_chunks(count: int) -> Any:  # noqa: ANN401  # a callable that stops after so many chunks
    asked = iter(range(count))
    return lambda: next(asked, None) is None


def test_the_hostile_file_gives_the_expected_finding_for_every_line(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    world.clock.moment = datetime(2026, 6, 1, 12, tzinfo=UTC)
    expected = json.loads((SHARED_DATA / "batch_errors.expected.json").read_bytes())

    record = world.upload(issuer, achievement, (SHARED_DATA / "batch_errors.csv").read_bytes(), skip_bad=True)

    shown = [{**judgement.to_json(), "note": None} for judgement in judged(world, issuer, record)]
    assert shown == [{**row, "note": None} for row in expected["rows"]]
    counts = [sum(row["result"] == result for row in expected["rows"]) for result in ("ok", "error", "skipped")]
    assert [record.rows_ok, record.rows_error, record.rows_skipped] == counts


def test_a_dry_run_issues_nothing(world: World, issuer: IssuerRecord, achievement: AchievementRecord) -> None:
    record = world.upload(issuer, achievement, people(3))

    assert (record.state, record.rows_ok) == (UploadState.CHECKED, 3)
    assert world.issued(record) == ()
    assert unfinished(world.resources) == ()


def test_every_accepted_row_becomes_one_credential(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    record = issue_all(world, world.upload(issuer, achievement, people(3)))

    issued = world.issued(record)
    assert (record.state, record.rows_issued) == (UploadState.ISSUED, 3)
    assert [credential.line for credential in issued] == [2, 3, 4]
    subjects: list[Any] = [parse_object(item.document)["credentialSubject"] for item in issued]
    names = [
        identity["identityHash"]
        for subject in subjects
        for identity in subject["identifier"]
        if identity["identityType"] == "name"
    ]
    assert names == ["Person 0", "Person 1", "Person 2"]


def test_a_file_with_a_bad_row_is_issued_only_where_that_was_chosen(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    content = people(2) + b"nobody,Nobody,2026-05-29,A\r\n"
    careful = world.upload(issuer, achievement, content)
    bold = world.upload(issuer, achievement, content, skip_bad=True)

    with pytest.raises(Refused) as refused:
        begin(world, careful)
    done = issue_all(world, bold)

    assert refused.value.code == "upload-has-errors"
    assert (done.rows_ok, done.rows_error, done.rows_issued) == (2, 1, 2)


def test_a_file_without_a_good_row_is_not_issued(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    record = world.upload(issuer, achievement, f"{HEADER}\nx,X,2026-05-29,A\n".encode(), skip_bad=True)

    with pytest.raises(Refused) as refused:
        begin(world, record)

    assert refused.value.code == "upload-empty"


def test_the_same_file_twice_says_already_issued(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    issue_all(world, world.upload(issuer, achievement, people(2)))

    again = world.upload(issuer, achievement, people(2))

    assert [judgement.code for judgement in judged(world, issuer, again)] == ["ALREADY_ISSUED", "ALREADY_ISSUED"]
    assert (again.rows_ok, again.rows_error) == (0, 2)


def test_the_same_file_checked_twice_before_it_is_issued_is_issued_once(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    first, second = (world.upload(issuer, achievement, people(2)) for _ in range(2))
    issue_all(world, first)

    with pytest.raises(Conflict) as refused:
        begin(world, second)

    assert refused.value.code == "upload-outdated"


def test_an_upload_s_own_credentials_do_not_count_against_it(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    record = issue_all(world, world.upload(issuer, achievement, people(2)))

    assert [judgement.result for judgement in judged(world, issuer, record)] == [Result.OK, Result.OK]


def test_what_was_revoked_may_be_uploaded_again(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    record = issue_all(world, world.upload(issuer, achievement, people(1)))
    (credential,) = world.issued(record)
    with world.store.write() as unit:
        request = StatusRequest(action=StatusAction.REVOKE, reason=Reason.ISSUED_IN_ERROR)
        change_status(world.resources, unit, issuer, credential.id, request, caller=world.admin)
    world.clock.advance(seconds=1)

    again = issue_all(world, world.upload(issuer, achievement, people(1)))

    assert again.rows_issued == 1


def test_duplicates_are_issued_where_they_are_allowed(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    content = people(1) + b"p0@example.org,Person 0,2026-05-29,B\r\n"
    issue_all(world, world.upload(issuer, achievement, people(1)))

    record = issue_all(world, world.upload(issuer, achievement, content, allow_duplicates=True))

    assert record.rows_issued == 2


def test_an_upload_is_started_once(world: World, issuer: IssuerRecord, achievement: AchievementRecord) -> None:
    record = world.upload(issuer, achievement, people(1))
    begin(world, record)

    with pytest.raises(Conflict) as refused:
        begin(world, record)

    assert refused.value.code == "upload-state"


def test_an_interrupted_upload_is_carried_on_where_it_stopped(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("registry.service.upload_reading.CHUNK_ROWS", 2)
    record = begin(world, world.upload(issuer, achievement, people(5)))
    run(world.resources, record, max_bytes=MAX_UPLOAD_BYTES, stopping=after_chunks(1))
    stopped = world.get_upload(record)

    done = carry_out(world, record)

    assert (stopped.state, stopped.rows_issued, stopped.issued_through_line) == (UploadState.ISSUING, 2, 3)
    assert (done.state, done.rows_issued) == (UploadState.ISSUED, 5)
    assert [credential.line for credential in world.issued(done)] == [2, 3, 4, 5, 6]


def test_two_processes_at_the_same_upload_issue_every_row_once(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("registry.service.upload_reading.CHUNK_ROWS", 3)
    record = begin(world, world.upload(issuer, achievement, people(12)))
    lost: list[str] = []

    def attempt() -> None:
        try:
            carry_out(world, record)
        except Conflict as error:
            lost.append(error.code)

    threads = [threading.Thread(target=attempt) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    done = world.get_upload(record)
    assert (done.state, done.rows_issued) == (UploadState.ISSUED, 12)
    assert sorted(credential.line or 0 for credential in world.issued(done)) == list(range(2, 14))
    assert set(lost) <= {"credential-upload-id-line-taken", "upload-moved-on", "upload-state"} | {
        "credential-duplicate-key-taken"
    }


def test_two_uploads_racing_for_the_same_people_award_each_of_them_once(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    # Different bytes, overlapping people: only the unique key of each award stands between them.
    uploads = [begin(world, world.upload(issuer, achievement, people(6, first=first))) for first in (0, 3)]
    threads = [threading.Thread(target=carry_out, args=(world, record)) for record in uploads]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    done = [world.get_upload(record) for record in uploads]
    assert {record.state for record in done} == {UploadState.ISSUED}
    assert sum(record.rows_issued for record in done) == 9
    assert sum(len(world.issued(record)) for record in uploads) == 9


def test_who_got_it_between_dry_run_and_issuing_is_passed_over(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    record = begin(world, world.upload(issuer, achievement, people(3)))
    world.issue(issuer, achievement, "p1@example.org")

    done = carry_out(world, record)

    assert (done.rows_ok, done.rows_issued) == (3, 2)
    assert [credential.line for credential in world.issued(done)] == [2, 4]
    assert [judgement.code for judgement in judged(world, issuer, done)] == [None, "ALREADY_ISSUED", None]


def test_what_became_of_a_credential_of_an_upload_is_no_other_award(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    done = issue_all(world, world.upload(issuer, achievement, people(3)))
    first, second, _ = world.issued(done)
    with world.store.write() as unit:
        again = supersede(world.resources, unit, issuer, first.id, Correction(name="A"), caller=world.admin)
        supersede(world.resources, unit, issuer, second.id, Correction(name="B"), caller=world.admin)
    with world.store.write() as unit:
        supersede(world.resources, unit, issuer, again.id, Correction(name="C"), caller=world.admin)

    same_file = world.upload(issuer, achievement, people(3))

    assert [judgement.code for judgement in judged(world, issuer, done)] == [None, None, None]
    assert {judgement.code for judgement in judged(world, issuer, same_file)} == {"ALREADY_ISSUED"}


def test_a_key_replaced_in_the_middle_signs_the_rest(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("registry.service.upload_reading.CHUNK_ROWS", 1)
    record = begin(world, world.upload(issuer, achievement, people(3)))
    replacements = iter([world.resources.keys.generate()])

    def stopping() -> bool:
        # Asked before each chunk: once, the key is replaced behind the back of who is issuing.
        with world.store.read() as unit:
            issued = unit.uploads.get(issuer.id, record.id).rows_issued
        if issued == 1 and (key := next(replacements, None)) is not None:
            with world.store.write() as unit:
                rotate_key(
                    world.resources, unit, unit.issuers.get(issuer.id), key=key, compromised=True, caller=world.admin
                )
        return False

    run(world.resources, record, max_bytes=MAX_UPLOAD_BYTES, stopping=stopping)

    documents: list[Any] = [parse_object(item.document) for item in world.issued(record)]
    proofs = [item["proof"][0]["verificationMethod"] for item in documents]
    assert proofs == [f"{issuer.did}#key-1", f"{issuer.did}#key-2", f"{issuer.did}#key-2"]


@dataclass(slots=True)
class Interrupted:
    """Reads JSON-LD as the real one does; something else happens while it reads for the first time."""

    real: JsonLd
    happens: Callable[[], object]
    calls: int = 0

    def canonical_nquads(self, document: JsonObject) -> bytes:
        self.calls += 1
        if self.calls == 1:
            self.happens()
        return self.real.canonical_nquads(document)


def test_nothing_signed_by_a_replaced_key_is_stored(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    def replace_key() -> None:
        key = world.resources.keys.generate()
        with world.store.write() as unit:
            rotate_key(
                world.resources, unit, unit.issuers.get(issuer.id), key=key, compromised=True, caller=world.admin
            )

    record = begin(world, world.upload(issuer, achievement, people(2)))
    json_ld = Interrupted(world.resources.json_ld, replace_key)
    resources = replace(world.resources, json_ld=json_ld)

    run(resources, record, max_bytes=MAX_UPLOAD_BYTES, stopping=lambda: False)

    documents: list[Any] = [parse_object(item.document) for item in world.issued(record)]
    assert [item["proof"][0]["verificationMethod"] for item in documents] == [f"{issuer.did}#key-2"] * 2
    # Once for the stamp and once for the options of the proofs, with each key.
    assert json_ld.calls == 4


def test_a_preview_is_the_credential_without_signature_and_slot(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    record = world.upload(issuer, achievement, people(2) + b"x,X,2026-05-29,A\r\n", skip_bad=True)

    def look(line: int) -> Any:  # noqa: ANN401  # JSON of any shape
        return preview(world.resources, issuer, record, line=line, max_bytes=MAX_UPLOAD_BYTES)

    (good, document), (bad, nothing) = look(3), look(4)

    assert (good.line, good.result) == (3, Result.OK)
    assert "proof" not in document
    assert document["credentialStatus"][0]["statusListIndex"] == "0"
    assert (bad.code, nothing) == ("EMAIL_INVALID", None)
    with pytest.raises(NotFound) as refused:
        look(9)
    assert refused.value.code == "line-not-found"


def test_the_annotated_file_is_the_upload_with_what_was_found(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord
) -> None:
    content = f"{HEADER}\r\n=cmd,X,2026-05-29,A\r\n".encode()
    record = world.upload(issuer, achievement, content, skip_bad=True)

    text = b"".join(annotated(world.resources, issuer, record, max_bytes=MAX_UPLOAD_BYTES)).decode("utf-8-sig")

    header, row = text.splitlines()
    assert header == f"{HEADER},_line,_status,_code,_column,_message"
    assert row.startswith("'=cmd,X,2026-05-29,A,2,error,EMAIL_INVALID,recipient_email,")


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"\xff\xfe\x00\x01", HEADER.encode()])
def test_a_file_that_cannot_be_read_is_refused_as_a_whole(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord, content: bytes
) -> None:
    with pytest.raises(FileProblem):
        world.upload(issuer, achievement, content)

    with world.store.read() as unit:
        assert unit.uploads.page(issuer.id, after=None, limit=10) == ()


def test_one_grade_is_not_two_results(world: World, issuer: IssuerRecord) -> None:
    grades = [{"name": name, "resultType": "LetterGrade", "allowedValue": ["A"]} for name in ("Theory", "Practice")]
    achievement = world.add_achievement(issuer, resultDescription=grades)

    record = world.upload(issuer, achievement, people(1), skip_bad=True)

    (judgement,) = judged(world, issuer, record)
    assert (judgement.code, record.rows_ok) == ("NOT_ISSUABLE", 0)
