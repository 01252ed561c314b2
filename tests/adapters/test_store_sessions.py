"""Sessions in the store: with the key they live by, touched, ended, forgotten."""

from datetime import timedelta

import pytest

from registry.adapters.sql_store import SqlStore
from registry.domain.errors import Conflict, NotFound
from registry.domain.hashing import Digest, sha256
from registry.store_ports import ApiKeyRecord, NewSession, Role
from tests.store_samples import NOW, new_id

ID = sha256(b"a session")


@pytest.fixture
def key(store: SqlStore) -> ApiKeyRecord:
    made = ApiKeyRecord(
        id=new_id(),
        key_hash=sha256(b"a key"),
        role=Role.ADMIN,
        issuer_id=None,
        label="somebody",
        created_at=NOW - timedelta(days=1),
        revoked_at=None,
    )
    with store.write() as unit:
        unit.access.insert_api_key(made)
    return made


def open_session(store: SqlStore, key: ApiKeyRecord, id_hash: Digest = ID, *, hours: int = 12) -> None:
    session = NewSession(id_hash=id_hash, key_id=key.id, created_at=NOW, expires_at=NOW + timedelta(hours=hours))
    with store.write() as unit:
        unit.sessions.insert(session)


def test_a_session_comes_back_with_its_key(store: SqlStore, key: ApiKeyRecord) -> None:
    open_session(store, key)

    with store.read() as unit:
        found = unit.sessions.get(ID)

    assert (found.key, found.created_at, found.seen_at) == (key, NOW, NOW)
    assert found.expires_at == NOW + timedelta(hours=12)


def test_a_session_shows_that_its_key_was_revoked(store: SqlStore, key: ApiKeyRecord) -> None:
    open_session(store, key)
    with store.write() as unit:
        unit.access.revoke_api_key(key.id, revoked_at=NOW)

    with store.read() as unit:
        assert unit.sessions.get(ID).key.revoked_at == NOW


def test_a_session_of_an_unknown_key_is_refused(store: SqlStore) -> None:
    session = NewSession(id_hash=ID, key_id=new_id(), created_at=NOW, expires_at=NOW)

    with pytest.raises(Conflict), store.write() as unit:
        unit.sessions.insert(session)


def test_touching_moves_the_last_use_and_revives_nothing(store: SqlStore, key: ApiKeyRecord) -> None:
    open_session(store, key)
    later = NOW + timedelta(minutes=5)

    with store.write() as unit:
        unit.sessions.touch(ID, seen_at=later)
        unit.sessions.touch(sha256(b"another"), seen_at=later)

    with store.read() as unit:
        assert unit.sessions.get(ID).seen_at == later
        with pytest.raises(NotFound, match="session"):
            unit.sessions.get(sha256(b"another"))


def test_ending_twice_is_ending(store: SqlStore, key: ApiKeyRecord) -> None:
    open_session(store, key)

    for _ in range(2):
        with store.write() as unit:
            unit.sessions.end(ID)

    with pytest.raises(NotFound), store.read() as unit:
        unit.sessions.get(ID)


def test_what_expired_and_what_nobody_used_is_forgotten(store: SqlStore, key: ApiKeyRecord) -> None:
    used, idle, expired = (sha256(name) for name in (b"used", b"idle", b"expired"))
    open_session(store, key, used)
    open_session(store, key, idle)
    open_session(store, key, expired, hours=1)
    now = NOW + timedelta(hours=1)
    with store.write() as unit:
        for each in (used, expired):
            unit.sessions.touch(each, seen_at=now)

    with store.write() as unit:
        forgotten = unit.sessions.forget(expired_by=now, idle_since=NOW)

    assert forgotten == 2
    with store.read() as unit:
        assert unit.sessions.get(used).seen_at == now
