"""Issuers with their DID documents and keys; achievements with versions that never change."""

from dataclasses import replace
from datetime import timedelta

import pytest

from registry.adapters.sql_store import SqlStore
from registry.domain.errors import Conflict, NotFound
from registry.domain.hashing import sha256
from registry.store_ports import IssuerKeyRecord, NewIssuer
from tests.store_samples import NOW, Tenant, add_tenant, new_id, new_issuer


@pytest.fixture
def tenant(store: SqlStore) -> Tenant:
    return add_tenant(store, "north")


def new_key(tenant: Tenant, name: str) -> IssuerKeyRecord:
    return IssuerKeyRecord(
        id=new_id(),
        issuer_id=tenant.issuer_id,
        verification_method=f"{tenant.did}#{name}",
        public_multibase="z6Mk",
        encrypted_key=bytes(60),
        created_at=NOW,
        retired_at=None,
    )


def test_an_issuer_is_found_by_id_slug_and_did(store: SqlStore) -> None:
    issuer = new_issuer("south")
    with store.write() as unit:
        unit.issuers.insert(issuer)

    with store.read() as seen:
        found = [seen.issuers.get(issuer.id), seen.issuers.by_slug("south"), seen.issuers.by_did(issuer.did)]

    assert found[0] == found[1] == found[2]
    assert {name: getattr(found[0], name) for name in NewIssuer.__dataclass_fields__} == {
        name: getattr(issuer, name) for name in NewIssuer.__dataclass_fields__
    }
    assert found[0].did_document_sha256 == sha256(issuer.did_document)


def test_an_issuer_that_is_not_there_is_not_found(store: SqlStore) -> None:
    with store.read() as seen:
        for ask in (
            lambda: seen.issuers.get(new_id()),
            lambda: seen.issuers.by_slug("none"),
            lambda: seen.issuers.by_did("did:key:none"),
            lambda: seen.issuers.did_document(sha256(b"")),
            lambda: seen.issuers.active_key(new_id()),
        ):
            with pytest.raises(NotFound):
                ask()


@pytest.mark.parametrize(("field", "code"), [("slug", "issuer-slug-taken"), ("did", "issuer-did-taken")])
def test_slug_and_did_are_taken_once(store: SqlStore, field: str, code: str) -> None:
    first = new_issuer("south")
    with store.write() as unit:
        unit.issuers.insert(first)
    second = new_issuer("west")
    second = replace(second, slug=first.slug) if field == "slug" else replace(second, did=first.did)

    with pytest.raises(Conflict) as refused, store.write() as unit:
        unit.issuers.insert(second)

    assert refused.value.code == code


def test_issuers_are_listed_page_by_page(store: SqlStore) -> None:
    issuers = [new_issuer(slug) for slug in "abcde"]
    with store.write() as unit:
        for issuer in reversed(issuers):
            unit.issuers.insert(issuer)

    with store.read() as seen:
        first = seen.issuers.page(after=None, limit=3)
        rest = seen.issuers.page(after=first[-1].id, limit=3)

    assert [[item.slug for item in page] for page in (first, rest)] == [["a", "b", "c"], ["d", "e"]]


def test_a_replaced_did_document_stays_readable(store: SqlStore, tenant: Tenant) -> None:
    with store.write() as unit:
        renewed = unit.issuers.replace_did_document(tenant.issuer_id, b'{"rotated":true}')
    with store.write() as unit:
        again = unit.issuers.replace_did_document(tenant.issuer_id, b'{"rotated":true}')

    with store.read() as seen:
        issuer = seen.issuers.get(tenant.issuer_id)
        before = seen.issuers.did_document(tenant.did_document_sha256)
    assert again == renewed == issuer.did_document_sha256 == sha256(b'{"rotated":true}')
    assert sha256(before) == tenant.did_document_sha256
    with pytest.raises(NotFound), store.write() as unit:
        unit.issuers.replace_did_document(new_id(), b"{}")


def test_the_active_key_is_the_newest_that_is_not_retired(store: SqlStore, tenant: Tenant) -> None:
    first, second = new_key(tenant, "k1"), new_key(tenant, "k2")
    with store.write() as unit:
        unit.issuers.insert_key(second)
        unit.issuers.insert_key(first)

    with store.write() as unit:
        newest = unit.issuers.active_key(tenant.issuer_id)
        unit.issuers.retire_key(second.id, retired_at=NOW)
        unit.issuers.retire_key(second.id, retired_at=NOW + timedelta(days=1))
        next_newest = unit.issuers.active_key(tenant.issuer_id)

    with store.read() as seen:
        keys = seen.issuers.keys(tenant.issuer_id)
    assert (newest, next_newest) == (second, first)
    assert keys == (first, replace(second, retired_at=NOW))
    with pytest.raises(NotFound), store.write() as unit:
        unit.issuers.retire_key(new_id(), retired_at=NOW)


def test_a_verification_method_names_one_key(store: SqlStore, tenant: Tenant) -> None:
    with store.write() as unit:
        unit.issuers.insert_key(new_key(tenant, "k1"))

    with pytest.raises(Conflict) as refused, store.write() as unit:
        unit.issuers.insert_key(new_key(tenant, "k1"))

    assert refused.value.code == "issuer-key-verification-method-taken"


def test_versions_count_from_one_and_never_change(store: SqlStore, tenant: Tenant) -> None:
    achievement = tenant.achievement_id
    with store.write() as unit:
        version = unit.achievements.add_version(
            achievement, issuer_id=tenant.issuer_id, body=b'{"v":2}', created_at=NOW
        )

    with store.read() as seen:
        newest = seen.achievements.get(tenant.issuer_id, achievement)
        first = seen.achievements.get(tenant.issuer_id, achievement, version=1)
        versions = seen.achievements.versions(tenant.issuer_id, achievement)
        with pytest.raises(NotFound):
            seen.achievements.get(tenant.issuer_id, achievement, version=3)
    assert version == 2
    assert (newest.version, newest.body, first.version, first.body) == (2, b'{"v":2}', 1, b"{}")
    assert versions == (first, newest)


def test_another_issuers_achievement_is_not_found(store: SqlStore, tenant: Tenant) -> None:
    other = add_tenant(store, "south")

    with store.write() as unit:
        for ask in (
            lambda: unit.achievements.get(other.issuer_id, tenant.achievement_id),
            lambda: unit.achievements.versions(other.issuer_id, tenant.achievement_id),
            lambda: unit.achievements.add_version(
                tenant.achievement_id, issuer_id=other.issuer_id, body=b"{}", created_at=NOW
            ),
        ):
            with pytest.raises(NotFound) as refused:
                ask()
            assert refused.value.code == "achievement-not-found"


def test_achievements_are_listed_once_each_with_their_newest_version(store: SqlStore, tenant: Tenant) -> None:
    more = [new_id() for _ in range(3)]
    with store.write() as unit:
        for name in more:
            unit.achievements.insert(name, issuer_id=tenant.issuer_id, body=b"{}", created_at=NOW)
        unit.achievements.add_version(more[0], issuer_id=tenant.issuer_id, body=b'{"v":2}', created_at=NOW)
    add_tenant(store, "south")

    with store.read() as seen:
        first = seen.achievements.page(tenant.issuer_id, after=None, limit=2)
        rest = seen.achievements.page(tenant.issuer_id, after=first[-1].id, limit=10)

    assert [(item.id, item.version) for item in first] == [(tenant.achievement_id, 1), (more[0], 2)]
    assert [(item.id, item.version) for item in rest] == [(more[1], 1), (more[2], 1)]
