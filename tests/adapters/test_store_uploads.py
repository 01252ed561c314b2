"""Uploads: a file in chunks, and one way from received to issued or failed."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from registry.adapters.sql_store import SqlStore
from registry.domain.errors import Conflict, NotFound
from registry.store_ports import UploadRecord, UploadState, UploadWriter
from tests.store_samples import NOW, Tenant, add_tenant, new_id, new_upload

Step = Callable[[UploadWriter, UploadRecord], None]
STEPS: dict[str, tuple[Step, set[str], str]] = {
    "check": (
        lambda uploads, upload: uploads.record_check(upload.id, rows_ok=1, rows_error=2, rows_skipped=3),
        {"received", "checked"},
        "checked",
    ),
    "ask": (
        lambda uploads, upload: uploads.request_approval(upload.id, by="issuer:1", at=NOW),
        {"checked"},
        "approval-requested",
    ),
    "approve": (
        lambda uploads, upload: uploads.approve(upload.id, by="issuer:2", at=NOW),
        {"approval-requested"},
        "approved",
    ),
    "start": (
        lambda uploads, upload: uploads.start(upload.id, requested_at=NOW),
        {"checked", "approval-requested", "approved"},
        "issuing",
    ),
    "advance": (
        lambda uploads, upload: uploads.advance(upload.id, from_line=0, through_line=5, issued=4),
        {"issuing"},
        "issuing",
    ),
    "finish": (lambda uploads, upload: uploads.finish(upload.id, finished_at=NOW), {"issuing"}, "issued"),
    "fail": (
        lambda uploads, upload: uploads.fail(upload.id, failure="key-locked", finished_at=NOW),
        {"received", "checked", "approval-requested", "approved", "issuing"},
        "failed",
    ),
}


@pytest.fixture
def tenant(store: SqlStore) -> Tenant:
    return add_tenant(store, "north")


@pytest.mark.parametrize("state", list(UploadState))
@pytest.mark.parametrize("name", list(STEPS))
def test_each_step_is_taken_from_its_states_alone(
    store: SqlStore, tenant: Tenant, name: str, state: UploadState
) -> None:
    step, allowed, after = STEPS[name]
    upload = replace(new_upload(tenant), state=state)
    with store.write() as unit:
        unit.uploads.insert(upload)

    if state.value in allowed:
        with store.write() as unit:
            step(unit.uploads, upload)
    else:
        with pytest.raises(Conflict), store.write() as unit:
            step(unit.uploads, upload)

    with store.read() as seen:
        found = seen.uploads.get(tenant.issuer_id, upload.id).state
    assert found.value == (after if state.value in allowed else state.value)


def test_an_upload_comes_back_as_it_went_its_way(store: SqlStore, tenant: Tenant) -> None:
    upload = new_upload(tenant)
    with store.write() as unit:
        unit.uploads.insert(upload)
        for name in ("check", "start", "advance", "finish"):
            STEPS[name][0](unit.uploads, upload)

    with store.read() as seen:
        found = seen.uploads.get(tenant.issuer_id, upload.id)
    assert found == replace(
        upload,
        state=UploadState.ISSUED,
        rows_ok=1,
        rows_error=2,
        rows_skipped=3,
        rows_issued=4,
        issued_through_line=5,
        requested_at=NOW,
        finished_at=NOW,
    )


def test_rows_are_taken_up_where_they_were_left_and_nowhere_else(store: SqlStore, tenant: Tenant) -> None:
    upload = replace(new_upload(tenant), state=UploadState.ISSUING, issued_through_line=10)
    with store.write() as unit:
        unit.uploads.insert(upload)

    for line in (9, 11, 0):
        with pytest.raises(Conflict) as refused, store.write() as unit:
            unit.uploads.advance(upload.id, from_line=line, through_line=20, issued=1)
        assert refused.value.code == "upload-moved-on"
    with store.write() as unit:
        unit.uploads.advance(upload.id, from_line=10, through_line=20, issued=7)

    with store.read() as seen:
        found = seen.uploads.get(tenant.issuer_id, upload.id)
    assert (found.issued_through_line, found.rows_issued) == (20, 7)


def test_a_failure_is_told(store: SqlStore, tenant: Tenant) -> None:
    upload = new_upload(tenant)
    with store.write() as unit:
        unit.uploads.insert(upload)
        unit.uploads.fail(upload.id, failure="key-locked", finished_at=NOW)

    with store.read() as seen:
        found = seen.uploads.get(tenant.issuer_id, upload.id)
    assert (found.failure, found.finished_at) == ("key-locked", NOW)


def test_a_file_comes_back_chunk_by_chunk_in_order(store: SqlStore, tenant: Tenant) -> None:
    upload, empty = new_upload(tenant), new_upload(tenant)
    with store.write() as unit:
        unit.uploads.insert(upload)
        unit.uploads.insert(empty)
        for n in (2, 0, 1):
            unit.uploads.add_chunk(upload.id, n=n, content=f"part {n}\0".encode())

    with store.read() as seen:
        found = [seen.uploads.chunk(upload.id, n) for n in range(4)]
        assert found == [b"part 0\0", b"part 1\0", b"part 2\0", None]
        assert seen.uploads.chunk(empty.id, 0) is None
    with pytest.raises(Conflict) as refused, store.write() as unit:
        unit.uploads.add_chunk(upload.id, n=1, content=b"")
    assert refused.value.code == "upload-chunk-upload-id-n-taken"


def test_the_same_file_is_recognised_for_the_same_achievement(store: SqlStore, tenant: Tenant) -> None:
    other = add_tenant(store, "south")
    first, second, different = new_upload(tenant), new_upload(tenant), new_upload(tenant, b"other")
    with store.write() as unit:
        for upload in (first, second, different, new_upload(other)):
            unit.uploads.insert(upload)

    with store.read() as seen:
        same = seen.uploads.same_file(tenant.issuer_id, achievement_id=tenant.achievement_id, sha256=first.sha256)
        elsewhere = seen.uploads.same_file(tenant.issuer_id, achievement_id=other.achievement_id, sha256=first.sha256)
    assert [item.id for item in same] == [first.id, second.id]
    assert elsewhere == ()


def test_what_a_crash_interrupted_is_found_by_its_state(store: SqlStore, tenant: Tenant) -> None:
    other = add_tenant(store, "south")
    interrupted = [replace(new_upload(owner), state=UploadState.ISSUING) for owner in (tenant, other)]
    with store.write() as unit:
        for upload in (*interrupted, new_upload(tenant)):
            unit.uploads.insert(upload)

    with store.read() as seen:
        assert [item.id for item in seen.uploads.in_state(UploadState.ISSUING)] == [item.id for item in interrupted]


def test_uploads_are_listed_page_by_page_for_their_issuer(store: SqlStore, tenant: Tenant) -> None:
    other = add_tenant(store, "south")
    uploads = [new_upload(tenant) for _ in range(5)]
    with store.write() as unit:
        for upload in (*uploads, new_upload(other)):
            unit.uploads.insert(upload)

    with store.read() as seen:
        first = seen.uploads.page(tenant.issuer_id, after=None, limit=3)
        rest = seen.uploads.page(tenant.issuer_id, after=first[-1].id, limit=3)
        with pytest.raises(NotFound):
            seen.uploads.get(other.issuer_id, uploads[0].id)
    assert [item.id for item in (*first, *rest)] == [item.id for item in uploads]


def test_an_upload_that_is_not_there_takes_no_step(store: SqlStore) -> None:
    with pytest.raises(NotFound), store.write() as unit:
        unit.uploads.start(new_id(), requested_at=NOW)
