"""API keys, requests that are repeated, and setting a registry up."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from registry.adapters import tables
from registry.domain.errors import Conflict, Forbidden, Malformed, NotFound
from registry.domain.hashing import sha256
from registry.domain.log_name import LogName
from registry.service.access import (
    MAX_LABEL,
    Caller,
    authenticate,
    create_api_key,
    issuer_for_reading,
    issuer_for_writing,
    require_admin,
)
from registry.service.once import KEPT_FOR, RequestKey, once
from registry.service.setup import initialise, is_initialised
from registry.store_ports import IdempotencyAnswer, IssuerRecord, LogRecord, Role, WriteStore
from tests.registry_world import World, opened_world
from tests.store_samples import LOG

REQUEST = RequestKey(tenant="t", key="k", request_hash=sha256(b"request"))


def answer(text: str) -> IdempotencyAnswer:
    return IdempotencyAnswer(status=201, headers=b"", body=text.encode())


def test_a_key_is_stored_as_its_hash_alone(world: World) -> None:
    secret = world.add_key(Role.AUDITOR)

    with world.engine.connect() as connection:
        rows = [tuple(row) for row in connection.execute(select(tables.api_key))]
    assert secret.startswith("credroot_")
    assert len(secret) == len("credroot_") + 43
    assert secret not in str(rows)
    assert sha256(secret.encode()) in {row[1] for row in rows}


@pytest.mark.parametrize("role", Role)
def test_a_key_tells_who_asks(world: World, issuer: IssuerRecord, role: Role) -> None:
    secret = world.add_key(role, issuer if role is Role.ISSUER else None)

    caller = authenticate(world.resources, secret)

    assert caller is not None
    assert (caller.role, caller.issuer_id) == (role, issuer.id if role is Role.ISSUER else None)
    assert caller.name == f"{role}:{caller.key_id}"


@pytest.mark.parametrize("secret", ["", "credroot_", "credroot_" + "A" * 43, "credroot_" + "é" * 43, "x" * 10_000])
def test_no_other_word_is_a_key(world: World, secret: str) -> None:
    assert authenticate(world.resources, secret) is None


def test_a_revoked_key_is_none(world: World) -> None:
    with world.store.write() as unit:
        key = create_api_key(world.resources, unit, role=Role.AUDITOR, issuer_id=None, label="x", caller=world.admin)
        unit.access.revoke_api_key(key.record.id, revoked_at=world.clock.now())

    assert authenticate(world.resources, key.secret) is None


@pytest.mark.parametrize("label", ["", "x" * (MAX_LABEL + 1)])
def test_a_key_has_a_label(world: World, label: str) -> None:
    with pytest.raises(Malformed) as refused, world.store.write() as unit:
        create_api_key(world.resources, unit, role=Role.ADMIN, issuer_id=None, label=label, caller=world.admin)

    assert refused.value.code == "malformed-label"


def test_roles_and_issuers_go_together(world: World, issuer: IssuerRecord) -> None:
    for role, issuer_id in ((Role.ISSUER, None), (Role.ADMIN, issuer.id), (Role.AUDITOR, issuer.id)):
        with pytest.raises(Malformed), world.store.write() as unit:
            create_api_key(world.resources, unit, role=role, issuer_id=issuer_id, label="x", caller=world.admin)


def test_who_may_do_what(world: World, issuer: IssuerRecord) -> None:
    admin = world.admin
    own = Caller(key_id=admin.key_id, role=Role.ISSUER, issuer_id=issuer.id)
    other = Caller(key_id=admin.key_id, role=Role.ISSUER, issuer_id=world.add_issuer("other").id)
    auditor = Caller(key_id=admin.key_id, role=Role.AUDITOR, issuer_id=None)

    with world.store.read() as unit:
        for caller in (admin, own):
            assert issuer_for_writing(unit, caller, "poly").id == issuer.id
        assert issuer_for_reading(unit, auditor, "poly").id == issuer.id
        with pytest.raises(Forbidden):
            issuer_for_writing(unit, auditor, "poly")
        with pytest.raises(NotFound) as hidden:
            issuer_for_reading(unit, other, "poly")
        with pytest.raises(NotFound) as absent:
            issuer_for_reading(unit, other, "nobody")
    assert str(hidden.value) == str(absent.value)
    require_admin(admin)
    for caller in (own, auditor):
        with pytest.raises(Forbidden):
            require_admin(caller)


# -- once -----------------------------------------------------------------------------------------------------------


def test_a_request_without_a_key_is_carried_out_each_time(world: World) -> None:
    done: list[int] = []

    for _ in range(2):
        once(world.resources, None, lambda _unit: done.append(1), lambda _: answer("x"))

    assert done == [1, 1]


def test_the_same_request_is_carried_out_once(world: World) -> None:
    done: list[int] = []

    answers = [
        once(world.resources, REQUEST, lambda _unit: done.append(1), lambda _: answer(str(len(done)))) for _ in range(2)
    ]

    assert (done, answers) == ([1], [answer("1"), answer("1")])


def test_another_request_under_the_key_is_refused(world: World) -> None:
    once(world.resources, REQUEST, lambda _unit: None, lambda _: answer("x"))

    with pytest.raises(Conflict) as refused:
        once(world.resources, replace(REQUEST, request_hash=sha256(b"y")), lambda _unit: None, lambda _: answer("x"))

    assert refused.value.code == "idempotency-key-reused"


def test_another_tenant_s_key_is_another_key(world: World) -> None:
    once(world.resources, REQUEST, lambda _unit: None, lambda _: answer("a"))

    assert once(world.resources, replace(REQUEST, tenant="u"), lambda _unit: None, lambda _: answer("b")).body == b"b"


def test_a_crash_in_the_middle_leaves_nothing(world: World) -> None:
    def crash(unit: WriteStore) -> None:
        create_api_key(world.resources, unit, role=Role.AUDITOR, issuer_id=None, label="lost", caller=world.admin)
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError):
        once(world.resources, REQUEST, crash, lambda _: answer("x"))

    with world.store.read() as unit:
        assert [key.label for key in unit.access.api_keys()] == ["first admin"]
    assert once(world.resources, REQUEST, lambda _unit: None, lambda _: answer("again")).body == b"again"


def test_answers_are_forgotten_after_their_time(world: World) -> None:
    once(world.resources, REQUEST, lambda _unit: None, lambda _: answer("first"))
    world.clock.moment += KEPT_FOR - timedelta(seconds=1)
    kept = once(world.resources, REQUEST, lambda _unit: None, lambda _: answer("second"))
    world.clock.advance(seconds=1)

    once(world.resources, replace(REQUEST, key="other"), lambda _unit: None, lambda _: answer("x"))

    with world.engine.connect() as connection:
        keys = connection.execute(select(tables.idempotency.c.key)).scalars().all()
    assert (kept.body, keys) == (b"first", ["other"])


def test_of_many_at_once_one_is_carried_out(world: World) -> None:
    done: list[int] = []

    def attempt(_number: int) -> bytes:
        return once(world.resources, REQUEST, lambda _unit: done.append(1), lambda _: answer("x")).body

    with ThreadPoolExecutor(max_workers=4) as threads:
        answers = set(threads.map(attempt, range(8)))

    assert (done, answers) == ([1], {b"x"})


# -- setting up -----------------------------------------------------------------------------------------------------


def test_a_registry_is_set_up_once(registry_url: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    with opened_world(registry_url, tmp_path_factory.mktemp("new"), initialised=False) as world:
        before = is_initialised(world.resources)
        first = initialise(world.resources, LOG, label="a")
        again = initialise(world.resources, replace(LOG, deploy_block=99), label="b")

        assert (before, is_initialised(world.resources)) == (False, True)
        assert first is not None
        assert again is None
        with world.store.read() as unit:
            assert unit.access.log() == LOG
            assert [key.label for key in unit.access.api_keys()] == ["a"]


@pytest.mark.parametrize(
    "other",
    [
        replace(LOG, name=LogName(chain_id=1, contract=LOG.name.contract, number=1)),
        replace(LOG, name=LogName(chain_id=LOG.name.chain_id, contract=LOG.name.contract, number=2)),
        replace(LOG, genesis_hash=bytes(32)),
    ],
)
def test_a_database_belongs_to_one_log_for_ever(world: World, other: LogRecord) -> None:
    with pytest.raises(Conflict) as refused:
        initialise(world.resources, other, label="x")

    assert refused.value.code == "another-log"
