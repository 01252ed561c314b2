"""Credentials: stored all or none, found by everything they are asked by, unique in what must be unique."""

import secrets
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from registry.adapters.sql_store import SqlStore
from registry.domain.errors import Conflict, NotFound
from registry.domain.hashing import sha256
from registry.store_ports import NewCredential, Standing, UploadState
from tests.store_samples import (
    NOW,
    Tenant,
    add_log,
    add_tenant,
    issue,
    new_credential,
    new_id,
    new_upload,
    order,
    recipient_key,
)


@pytest.fixture
def tenant(store: SqlStore) -> Tenant:
    add_log(store)
    return add_tenant(store, "north")


def test_a_credential_comes_back_as_it_was_stored(store: SqlStore, tenant: Tenant) -> None:
    stored = new_credential(tenant, slot=2**37 - 1)
    with store.write() as unit:
        unit.credentials.insert([stored])

    with store.read() as unit:
        found = unit.credentials.get(tenant.issuer_id, stored.id)

    shared = [name for name in NewCredential.__dataclass_fields__ if name not in {"recipient_keys", "duplicate_key"}]
    assert {name: getattr(found, name) for name in shared} == {name: getattr(stored, name) for name in shared}
    assert (found.standing, found.batch_id, found.entry_index, found.epoch) == (Standing.ACTIVE, None, None, None)


def test_a_credential_is_found_by_each_of_its_names(store: SqlStore, tenant: Tenant) -> None:
    (stored,) = issue(store, tenant)

    with store.read() as unit:
        found = {
            unit.credentials.by_id(stored.id).id,
            unit.credentials.by_leaf(stored.leaf).id,
            unit.credentials.by_document_id(stored.document_id).id,
        }
        several = unit.credentials.by_ids({stored.id, uuid4()})
        assert several == {stored.id: unit.credentials.by_id(stored.id)}

    assert found == {stored.id}


def test_another_issuers_credential_is_not_found(store: SqlStore, tenant: Tenant) -> None:
    other = add_tenant(store, "south")
    (stored,) = issue(store, tenant)

    with store.read() as unit, pytest.raises(NotFound) as refused:
        unit.credentials.get(other.issuer_id, stored.id)

    assert refused.value.code == "credential-not-found"


@pytest.mark.parametrize("what", ["by_id", "by_document_id"])
def test_a_credential_that_is_not_there_is_not_found(store: SqlStore, what: str) -> None:
    with store.read() as unit, pytest.raises(NotFound):
        getattr(unit.credentials, what)(uuid4())


def test_an_empty_chunk_stores_nothing(store: SqlStore, tenant: Tenant) -> None:
    with store.write() as unit:
        unit.credentials.insert([])
        page = unit.credentials.page(tenant.issuer_id, after=None, limit=10)

    assert page == ()


@pytest.mark.parametrize(
    ("field", "code"),
    [
        ("id", "credential-id-taken"),
        ("document_id", "credential-document-id-taken"),
        ("leaf", "credential-leaf-taken"),
        ("slot", "credential-slot-taken"),
        ("duplicate_key", "credential-duplicate-key-taken"),
    ],
)
def test_what_must_be_unique_is_refused_by_name_and_nothing_is_stored(
    store: SqlStore, tenant: Tenant, field: str, code: str
) -> None:
    first = new_credential(tenant, slot=1, duplicate_key=b"same person, same course")
    with store.write() as unit:
        unit.credentials.insert([first])
    again = replace(new_credential(tenant, slot=2), **{field: getattr(first, field)})

    with pytest.raises(Conflict) as refused, store.write() as unit:
        unit.credentials.insert([new_credential(tenant, slot=3), again])

    with store.read() as unit:
        page = unit.credentials.page(tenant.issuer_id, after=None, limit=10)
    assert refused.value.code == code
    assert [credential.id for credential in page] == [first.id]


def test_a_line_of_an_upload_is_issued_once(store: SqlStore, tenant: Tenant) -> None:
    upload = new_upload(tenant)
    with store.write() as unit:
        unit.uploads.insert(upload)
        unit.credentials.insert([new_credential(tenant, slot=1, upload=(upload.id, 7))])

    with pytest.raises(Conflict) as refused, store.write() as unit:
        unit.credentials.insert([new_credential(tenant, slot=2, upload=(upload.id, 7))])

    assert refused.value.code == "credential-upload-id-line-taken"


def test_two_credentials_without_a_duplicate_key_stand_beside_each_other(store: SqlStore, tenant: Tenant) -> None:
    with store.write() as unit:
        unit.credentials.insert([new_credential(tenant, slot=1), new_credential(tenant, slot=2)])

    with store.read() as unit:
        assert len(unit.credentials.page(tenant.issuer_id, after=None, limit=10)) == 2


def test_a_credential_of_an_unknown_did_document_is_refused(store: SqlStore, tenant: Tenant) -> None:
    foreign = replace(new_credential(tenant, slot=1), did_document_sha256=sha256(b"never stored"))

    with pytest.raises(Conflict) as refused, store.write() as unit:
        unit.credentials.insert([foreign])

    assert refused.value.code == "reference-unknown"


def test_a_credential_of_an_unknown_version_is_refused(store: SqlStore, tenant: Tenant) -> None:
    with pytest.raises(Conflict) as refused, store.write() as unit:
        unit.credentials.insert([replace(new_credential(tenant, slot=1), achievement_version=2)])

    assert refused.value.code == "reference-unknown"


@pytest.mark.parametrize("slot", [-1, 2**37])
def test_a_slot_outside_its_bounds_is_refused(store: SqlStore, tenant: Tenant, slot: int) -> None:
    with pytest.raises(Conflict) as refused, store.write() as unit:
        unit.credentials.insert([new_credential(tenant, slot=slot)])

    assert refused.value.code == "credential-slot-broken"


def test_pages_follow_each_other_without_gap_or_repetition(store: SqlStore, tenant: Tenant) -> None:
    other = add_tenant(store, "south")
    mine = [credential.id for _ in range(3) for credential in issue(store, tenant, 4) if issue(store, other)]

    pages = []
    after = None
    with store.read() as unit:
        while page := unit.credentials.page(tenant.issuer_id, after=after, limit=5):
            pages.append([credential.id for credential in page])
            after = page[-1].id

    assert [len(page) for page in pages] == [5, 5, 2]
    assert [name for page in pages for name in page] == sorted(mine)


def test_a_recipient_is_found_by_each_identifier(store: SqlStore, tenant: Tenant) -> None:
    other = add_tenant(store, "south")
    both = new_credential(tenant, slot=1, recipients=("a@example.com", "did:key:zA", "a@example.com"))
    elsewhere = new_credential(other, slot=2, recipients=("a@example.com",))
    stranger = new_credential(tenant, slot=3, recipients=("b@example.com",))
    with store.write() as unit:
        unit.credentials.insert([both, elsewhere, stranger])

    with store.read() as unit:
        mail, did = recipient_key("a@example.com"), recipient_key("did:key:zA")
        everywhere = unit.credentials.of_recipient(mail, issuer_id=None, after=None, limit=10)
        here = unit.credentials.of_recipient(mail, issuer_id=tenant.issuer_id, after=None, limit=10)
        by_did = unit.credentials.of_recipient(did, issuer_id=None, after=None, limit=10)
        later = unit.credentials.of_recipient(mail, issuer_id=None, after=both.id, limit=10)

    assert [item.id for item in everywhere] == [both.id, elsewhere.id]
    assert [item.id for item in here] == [item.id for item in by_did] == [both.id]
    assert [item.id for item in later] == [elsewhere.id]


def test_taken_duplicate_keys_are_found_in_any_number(store: SqlStore, tenant: Tenant) -> None:
    keys = [secrets.token_bytes(32) for _ in range(2_500)]
    taken = {key: new_credential(tenant, slot=slot, duplicate_key=key) for slot, key in enumerate(keys[::500])}
    with store.write() as unit:
        unit.credentials.insert(list(taken.values()))

    with store.read() as unit:
        found = unit.credentials.duplicates(keys)
        none = unit.credentials.duplicates([])

    assert found == {key: credential.id for key, credential in taken.items()}
    assert none == {}


def test_holders_of_an_achievement_are_those_not_revoked_and_not_of_this_upload(
    store: SqlStore, tenant: Tenant
) -> None:
    upload = new_upload(tenant)
    issue(store, tenant)
    holder = new_credential(tenant, slot=11, recipients=("holder",))
    revoked = new_credential(tenant, slot=12, recipients=("revoked",))
    uploaded = new_credential(tenant, slot=13, recipients=("uploaded",), upload=(upload.id, 2))
    with store.write() as unit:
        unit.uploads.insert(upload)
        unit.credentials.insert([holder, revoked, uploaded])
        unit.statuses.mark_slots_used(tenant.issuer_id, [11, 12, 13], now=NOW)
        unit.statuses.revoke(order(revoked.id))

    asked = [recipient_key(name) for name in ("holder", "revoked", "uploaded", "stranger")]
    with store.read() as seen:
        found = [
            seen.credentials.holders(
                tenant.achievement_id, version=version, recipient_keys=asked, not_of_upload=not_of_upload
            )
            for version, not_of_upload in ((1, None), (1, upload.id), (2, None))
        ]

    assert found == [{asked[0]: holder.id, asked[2]: uploaded.id}, {asked[0]: holder.id}, {}]


def test_revocation_frees_the_duplicate_key(store: SqlStore, tenant: Tenant) -> None:
    key = b"same person, same course"
    issue(store, tenant)
    first = new_credential(tenant, slot=2, duplicate_key=key)
    with store.write() as unit:
        unit.credentials.insert([first])
        unit.statuses.revoke(order(first.id))

    with store.write() as unit:
        unit.credentials.insert([new_credential(tenant, slot=3, duplicate_key=key)])

    with store.read() as unit:
        assert unit.credentials.duplicates([key])[key] != first.id


def test_a_chunk_and_the_uploads_progress_are_one_transaction(store: SqlStore, tenant: Tenant) -> None:
    upload = new_upload(tenant)
    with store.write() as unit:
        unit.uploads.insert(upload)
        unit.uploads.record_check(upload.id, rows_ok=2, rows_error=0, rows_skipped=0)
        unit.uploads.start(upload.id, requested_at=NOW)

    def issue_chunk() -> None:
        with store.write() as unit:
            slots = unit.statuses.assign_slots(tenant.issuer_id, 2, draw=secrets.randbelow, now=NOW)
            unit.credentials.insert(
                [new_credential(tenant, slot, upload=(upload.id, line)) for line, slot in enumerate(slots, start=2)]
            )
            unit.uploads.advance(upload.id, from_line=0, through_line=3, issued=2)

    issue_chunk()
    with pytest.raises(Conflict) as refused:
        issue_chunk()

    with store.read() as seen:
        lines = [item.line for item in seen.credentials.of_upload(upload.id, after_line=0, limit=10)]
        rest = [item.line for item in seen.credentials.of_upload(upload.id, after_line=2, limit=10)]
        record = seen.uploads.get(tenant.issuer_id, upload.id)
    assert refused.value.code == "credential-upload-id-line-taken"
    assert (lines, rest) == ([2, 3], [3])
    assert (record.state, record.rows_issued, record.issued_through_line) == (UploadState.ISSUING, 2, 3)


def test_times_come_back_to_the_microsecond_and_naive_ones_are_refused(store: SqlStore, tenant: Tenant) -> None:
    early = replace(new_credential(tenant, slot=1), valid_from=NOW - timedelta(days=40_000, microseconds=1))
    with store.write() as unit:
        unit.credentials.insert([early])

    with store.read() as unit:
        assert unit.credentials.by_id(early.id).valid_from == early.valid_from
    with pytest.raises(Exception, match="offset-naive"), store.write() as unit:
        unit.credentials.insert([replace(early, id=new_id(), valid_from=NOW.replace(tzinfo=None))])
