"""The registry's own records: one log, secrets made once, API keys, answers kept for repeated requests."""

import secrets
from dataclasses import replace
from datetime import timedelta

import pytest

from registry.adapters.sql_store import SqlStore
from registry.domain.errors import Conflict, NotFound
from registry.domain.hashing import sha256
from registry.domain.log_name import LogName
from registry.store_ports import ApiKeyRecord, IdempotencyAnswer, IdempotencyClaim, Role
from tests.store_samples import LOG, NOW, add_tenant, new_id

CLAIM = IdempotencyClaim(
    tenant="north", key="k-1", request_hash=sha256(b"POST"), created_at=NOW, expires_at=NOW + timedelta(days=1)
)
ANSWER = IdempotencyAnswer(status=201, headers=b'{"location":"/v1/x"}', body=b'{"id":1}')


def api_key(**changes: object) -> ApiKeyRecord:
    key = ApiKeyRecord(
        id=new_id(),
        key_hash=sha256(secrets.token_bytes(32)),
        role=Role.ADMIN,
        issuer_id=None,
        label="first",
        created_at=NOW,
        revoked_at=None,
    )
    return replace(key, **changes)  # type: ignore[arg-type]  # the fields differ in type


def test_a_new_database_belongs_to_no_log(store: SqlStore) -> None:
    with store.read() as seen, pytest.raises(NotFound) as refused:
        seen.access.log()

    assert refused.value.code == "no-log"


def test_the_log_is_chosen_once(store: SqlStore) -> None:
    for _ in range(2):
        with store.write() as unit:
            unit.access.set_log(LOG)

    for other in (
        replace(LOG, name=LogName(chain_id=LOG.name.chain_id, contract=LOG.name.contract, number=2)),
        replace(LOG, genesis_hash=bytes(32)),
        replace(LOG, deploy_block=2),
    ):
        with pytest.raises(Conflict) as refused, store.write() as unit:
            unit.access.set_log(other)
        assert refused.value.code == "another-log"
    with store.read() as seen:
        assert seen.access.log() == LOG


def test_a_secret_is_made_once(store: SqlStore) -> None:
    made = []

    def make() -> bytes:
        made.append(secrets.token_bytes(32))
        return made[-1]

    with store.write() as unit:
        first = unit.access.ensure_secret("recipient", make)
    with store.write() as unit:
        second = unit.access.ensure_secret("recipient", make)
        other = unit.access.ensure_secret("other", make)

    with store.read() as seen:
        assert seen.access.secret("recipient") == first
        with pytest.raises(NotFound):
            seen.access.secret("none")
    assert made == [first, other]
    assert second == first


def test_an_api_key_is_found_by_its_hash(store: SqlStore) -> None:
    tenant = add_tenant(store, "north")
    keys = [api_key(), api_key(role=Role.ISSUER, issuer_id=tenant.issuer_id), api_key(role=Role.AUDITOR)]
    with store.write() as unit:
        for key in keys:
            unit.access.insert_api_key(key)

    with store.read() as seen:
        assert [seen.access.api_key(key.key_hash) for key in keys] == keys
        assert list(seen.access.api_keys()) == keys
        with pytest.raises(NotFound):
            seen.access.api_key(sha256(b"another key"))


def test_a_revoked_api_key_keeps_its_first_date(store: SqlStore) -> None:
    key = api_key()
    with store.write() as unit:
        unit.access.insert_api_key(key)
        unit.access.revoke_api_key(key.id, revoked_at=NOW)
        unit.access.revoke_api_key(key.id, revoked_at=NOW + timedelta(days=1))

    with store.read() as seen:
        assert seen.access.api_key(key.key_hash).revoked_at == NOW
    with pytest.raises(NotFound), store.write() as unit:
        unit.access.revoke_api_key(new_id(), revoked_at=NOW)


def test_role_and_issuer_of_an_api_key_must_fit(store: SqlStore) -> None:
    tenant = add_tenant(store, "north")

    for wrong, code in (
        (api_key(role=Role.ISSUER), "api-key-issuer-of-role-broken"),
        (api_key(issuer_id=tenant.issuer_id), "api-key-issuer-of-role-broken"),
        (api_key(role=Role.ISSUER, issuer_id=new_id()), "reference-unknown"),
    ):
        with pytest.raises(Conflict) as refused, store.write() as unit:
            unit.access.insert_api_key(wrong)
        assert refused.value.code == code


def test_the_same_request_is_carried_out_once(store: SqlStore) -> None:
    with store.write() as unit:
        first = unit.access.claim_request(CLAIM)
        meanwhile = unit.access.claim_request(CLAIM)
        unit.access.keep_answer(CLAIM.tenant, CLAIM.key, ANSWER)
    with store.write() as unit:
        again = unit.access.claim_request(replace(CLAIM, request_hash=sha256(b"another body")))

    assert first is None
    assert meanwhile is not None
    assert meanwhile.answer is None
    assert again is not None
    assert (again.request_hash, again.answer, again.created_at) == (CLAIM.request_hash, ANSWER, NOW)


def test_keys_of_requests_belong_to_their_tenant(store: SqlStore) -> None:
    with store.write() as unit:
        claimed = [unit.access.claim_request(replace(CLAIM, tenant=tenant)) for tenant in ("north", "south")]

    assert claimed == [None, None]


def test_an_answer_expires(store: SqlStore) -> None:
    with store.write() as unit:
        unit.access.claim_request(CLAIM)
        unit.access.keep_answer(CLAIM.tenant, CLAIM.key, ANSWER)

    later = replace(CLAIM, created_at=CLAIM.expires_at, expires_at=CLAIM.expires_at + timedelta(days=1))
    with store.write() as unit:
        just_before = unit.access.claim_request(replace(later, created_at=CLAIM.expires_at - timedelta(microseconds=1)))
        just_then = unit.access.claim_request(later)

    assert just_before is not None
    assert just_then is None


def test_expired_answers_are_deleted(store: SqlStore) -> None:
    with store.write() as unit:
        for number, key in enumerate("abc"):
            unit.access.claim_request(replace(CLAIM, key=key, expires_at=NOW + timedelta(hours=number + 1)))

    with store.write() as unit:
        deleted = [unit.access.forget_expired(NOW + timedelta(hours=2)), unit.access.forget_expired(NOW)]

    assert deleted == [2, 0]


def test_an_answer_is_kept_for_a_claimed_request_alone(store: SqlStore) -> None:
    with store.write() as unit:
        unit.access.claim_request(CLAIM)

    with pytest.raises(NotFound), store.write() as unit:
        unit.access.keep_answer("nobody", CLAIM.key, ANSWER)
