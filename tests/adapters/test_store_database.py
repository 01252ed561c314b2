"""Databases: the settings that durability rests on, the schema, transactions, and what failures look like."""

import contextlib
import sqlite3
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError, StatementError

from registry.adapters import tables
from registry.adapters.database import (
    SILENT_SECONDS,
    SQLITE_CHECKPOINT_PAGES,
    open_engine,
    read_transaction,
    widen_cache,
    write_transaction,
)
from registry.adapters.migrations import SchemaDiffers, check_schema, head, upgrade
from registry.adapters.sql_store import SqlStore
from registry.domain.errors import Conflict, Malformed, Unavailable
from registry.store_ports import Store
from tests.store_samples import LOG, NOW, add_tenant, new_id, new_issuer

ROOTS = ("root", "credentials_root", "status_root", "revocation_root", "suspension_root")
CATALOGUE = {
    "columns": """
        SELECT table_name, column_name, data_type, is_nullable
        FROM information_schema.columns WHERE table_schema = 'public'""",
    "constraints": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), ''
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace""",
    "indexes": "SELECT tablename, indexname, indexdef, '' FROM pg_indexes WHERE schemaname = 'public'",
}


@pytest.fixture
def blank(database_url: str) -> Iterator[Engine]:
    opened = open_engine(database_url)
    yield opened
    opened.dispose()


def pragma(connection: Connection, name: str) -> object:
    return connection.exec_driver_sql(f"PRAGMA {name}").scalar()


def schema_of(connection: Connection) -> list[Any]:
    """List what the database itself says of its tables, columns, constraints and indexes."""
    if connection.dialect.name == "sqlite":
        listed = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master").all()
        spelled = [
            (name, " ".join((sql or "").replace("(", " ( ").replace(")", " ) ").split())) for name, sql in listed
        ]
        return sorted(item for item in spelled if "alembic" not in item[0])
    rows = [tuple(row) for statement in CATALOGUE.values() for row in connection.exec_driver_sql(statement)]
    return sorted(row for row in rows if "alembic" not in row[0])


def test_migrations_lead_to_exactly_the_tables(blank: Engine) -> None:
    upgrade(blank)
    with blank.begin() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), tables.METADATA)
        migrated = schema_of(connection)
    with blank.begin() as connection:
        tables.METADATA.drop_all(connection)
        tables.METADATA.create_all(connection)
        created = schema_of(connection)

    assert differences == []
    assert migrated == created
    assert len({row[0] for row in migrated} & set(tables.METADATA.tables)) == len(tables.METADATA.tables)


def test_a_second_upgrade_finds_nothing_to_do(blank: Engine) -> None:
    upgrade(blank)
    with write_transaction(blank) as connection:
        connection.execute(insert(tables.secret).values(name="kept", value=b"1"))

    upgrade(blank)

    check_schema(blank)
    with read_transaction(blank) as connection:
        assert connection.execute(select(tables.secret.c.name)).scalars().all() == ["kept"]


def test_an_empty_database_is_refused_until_it_is_upgraded(blank: Engine) -> None:
    with pytest.raises(SchemaDiffers) as refused:
        check_schema(blank)
    upgrade(blank)
    check_schema(blank)

    assert (refused.value.code, refused.value.expected, refused.value.actual) == ("schema-differs", head(), None)


def test_a_database_of_a_later_program_is_left_alone(blank: Engine) -> None:
    upgrade(blank)
    with write_transaction(blank) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    for touch in (check_schema, upgrade):
        with pytest.raises(SchemaDiffers) as refused:
            touch(blank)
        assert refused.value.actual == "9999"


def test_a_failed_upgrade_leaves_nothing(blank: Engine) -> None:
    with write_transaction(blank) as connection:
        # The last table of the first revision is there already: everything before it is rolled back.
        connection.execute(text("CREATE TABLE status_change (id integer)"))

    with pytest.raises((Unavailable, DBAPIError)):
        upgrade(blank)

    with read_transaction(blank) as connection:
        names = {row[0] for row in schema_of(connection)}
    assert names == {"status_change"}


def test_sqlite_runs_with_the_settings_that_durability_rests_on(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'registry.db'}")
    upgrade(engine)

    with engine.begin() as connection:
        names = ("page_size", "journal_mode", "synchronous", "foreign_keys", "trusted_schema")
        settings = {name: pragma(connection, name) for name in names}
    engine.dispose()

    full = 2
    assert settings == {
        "page_size": 16_384,
        "journal_mode": "wal",
        "synchronous": full,
        "foreign_keys": 1,
        "trusted_schema": 0,
    }


def test_a_server_that_vanished_without_a_word_is_noticed(postgres_url: str) -> None:
    engine = open_engine(postgres_url)
    with engine.connect() as connection:
        driver = connection.connection.dbapi_connection
        assert isinstance(driver, psycopg.Connection)
        parameters = driver.info.get_parameters()
    engine.dispose()

    idle, interval, count = (int(parameters[f"keepalives_{name}"]) for name in ("idle", "interval", "count"))
    assert idle + interval * count == SILENT_SECONDS
    assert int(parameters["tcp_user_timeout"]) == SILENT_SECONDS * 1000


def test_a_connection_that_stores_rows_by_the_thousand_keeps_more_pages(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'registry.db'}")
    upgrade(engine)

    with engine.begin() as connection:
        before = pragma(connection, "cache_size")
        widen_cache(connection)
        wide = pragma(connection, "cache_size")
    with engine.begin() as connection:
        # The pool gives the same one again.
        again = pragma(connection, "cache_size")
        moved = pragma(connection, "wal_autocheckpoint")
    engine.dispose()

    assert (before, wide, again) == (-32_000, -256_000, -256_000)
    assert moved == SQLITE_CHECKPOINT_PAGES


def test_text_in_a_column_of_numbers_is_refused(engine: Engine) -> None:
    with pytest.raises((Conflict, StatementError)), write_transaction(engine) as connection:
        connection.execute(
            text(
                "INSERT INTO idempotency (tenant, key, request_hash, created_at, expires_at) VALUES ('a', 'b', :h, :t, :t)"
            ),
            {"h": b"", "t": "yesterday"},
        )


def test_foreign_keys_are_on(engine: Engine, store: SqlStore) -> None:
    tenant = add_tenant(store, "north")

    with pytest.raises(Conflict) as refused, write_transaction(engine) as connection:
        connection.execute(delete(tables.issuer).where(tables.issuer.c.id == tenant.issuer_id))

    assert refused.value.code == "reference-unknown"


def test_an_exception_rolls_back_everything(store: SqlStore) -> None:
    with contextlib.suppress(ZeroDivisionError), store.write() as unit:
        unit.access.set_log(LOG)
        unit.issuers.insert(new_issuer("north"))
        raise ZeroDivisionError

    with store.read() as seen:
        assert seen.issuers.page(after=None, limit=10) == ()


def test_a_reader_keeps_its_snapshot_and_does_not_stop_the_writer(store: SqlStore) -> None:
    with store.read() as seen:
        before = seen.issuers.page(after=None, limit=10)
        add_tenant(store, "north")
        during = seen.issuers.page(after=None, limit=10)
    with store.read() as seen:
        after = seen.issuers.page(after=None, limit=10)

    assert before == during == ()
    assert [item.slug for item in after] == ["north"]


def test_the_first_broken_constraint_is_told_and_the_next_transaction_is_clean(store: SqlStore) -> None:
    issuer = new_issuer("north")
    for _ in range(3):
        with contextlib.suppress(Conflict), store.write() as unit:
            unit.issuers.insert(issuer)

    with store.read() as seen:
        assert len(seen.issuers.page(after=None, limit=10)) == 1


def test_at_most_one_anchor_of_an_account_is_open(engine: Engine) -> None:
    def anchor(epoch: int, state: str, nonce: int) -> None:
        with write_transaction(engine) as connection:
            root = bytes(32)
            connection.execute(insert(tables.epoch).values(number=epoch, sealed_at=NOW, **dict.fromkeys(ROOTS, root)))
            connection.execute(
                insert(tables.anchor).values(
                    epoch=epoch,
                    root=root,
                    state=state,
                    chain_id=1,
                    contract="0x",
                    log_number=1,
                    sender="0xaa",
                    nonce=nonce,
                    reorg_count=0,
                    created_at=NOW,
                    updated_at=NOW,
                    version=1,
                )
            )

    anchor(1, "PENDING", 0)
    for state in ("SIGNED", "PENDING"):
        with pytest.raises(Conflict) as opened:
            anchor(2, state, 1)
        assert opened.value.code == "anchor-one-open-taken"
    anchor(2, "MINED", 1)
    with pytest.raises(Conflict) as reused:
        anchor(3, "FINAL", 1)
    with pytest.raises(Conflict) as invented:
        anchor(3, "LOST", 3)

    assert reused.value.code == "anchor-chain-id-sender-nonce-taken"
    assert invented.value.code == "anchor-state-broken"


def test_wei_of_256_bits_come_back(engine: Engine) -> None:
    epoch_root = bytes(32)
    with write_transaction(engine) as connection:
        connection.execute(insert(tables.epoch).values(number=1, sealed_at=NOW, **dict.fromkeys(ROOTS, epoch_root)))
        connection.execute(
            insert(tables.anchor).values(
                epoch=1,
                root=epoch_root,
                state="SEALED",
                chain_id=1,
                contract="0x",
                log_number=1,
                reorg_count=0,
                fee_paid_wei=2**256 - 1,
                created_at=NOW,
                updated_at=NOW,
                version=1,
            )
        )
        assert connection.execute(select(tables.anchor.c.fee_paid_wei)).scalar_one() == 2**256 - 1
        changed = connection.execute(
            update(tables.anchor).where(tables.anchor.c.version == 1).values(version=2, fee_paid_wei=None)
        )
        assert changed.rowcount == 1


@pytest.mark.parametrize(
    "url",
    ["", "nonsense", "mysql://u:p@h/d", "sqlite://", "sqlite:///:memory:", "sqlite:///file:x?mode=memory&uri=true"],
)
def test_only_files_and_postgresql_are_databases(url: str) -> None:
    with pytest.raises(Malformed) as refused:
        open_engine(url)

    assert refused.value.code == "database-url"


def test_a_password_is_never_shown(tmp_path: Path) -> None:
    password = "s3cret-of-the-database"
    url = f"postgresql://operator:{password}@/registry?host={tmp_path}&password={password}"
    engine = open_engine(url)

    with pytest.raises(Unavailable) as unreachable:
        check_schema(engine)

    shown = "".join(traceback.format_exception(unreachable.value)) + repr(engine)
    assert unreachable.value.code == "database-unavailable"
    assert password not in shown


def test_what_was_to_be_stored_is_never_shown(store: SqlStore) -> None:
    secret = "person@example.com"
    issuer = new_issuer("north")
    with store.write() as unit:
        unit.issuers.insert(issuer)

    with pytest.raises(Conflict) as refused, store.write() as unit:
        unit.achievements.insert(new_id(), issuer_id=new_id(), body=secret.encode(), created_at=NOW)

    assert secret not in "".join(traceback.format_exception(refused.value))


def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'missing folder' / 'registry.db'}")

    with pytest.raises(Unavailable) as refused:
        upgrade(engine)

    engine.dispose()
    assert refused.value.code == "database-unavailable"


def test_the_sql_store_keeps_the_promises_of_the_port(store: SqlStore) -> None:
    port: Store = store

    with port.read() as seen, port.read() as also_seen:
        assert seen.issuers.page(after=None, limit=1) == also_seen.issuers.page(after=None, limit=1)


def test_a_text_that_postgresql_cannot_hold_is_malformed(postgres_registry_url: str) -> None:
    engine = open_engine(postgres_registry_url)
    try:
        with pytest.raises(Malformed) as refused, SqlStore(engine).read() as unit:
            unit.issuers.by_slug("nor\0th")
    finally:
        engine.dispose()

    assert refused.value.code == "value-not-storable"


def test_a_new_file_that_somebody_else_writes_at_this_moment_is_waited_for(tmp_path: Path) -> None:
    # Not yet in WAL mode: what two processes see that start at once on a new file.
    other = sqlite3.connect(tmp_path / "new.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    release = threading.Timer(0.3, other.execute, ["COMMIT"])
    engine = open_engine(f"sqlite:///{tmp_path / 'new.db'}")
    release.start()

    with engine.connect() as connection:
        mode = pragma(connection, "journal_mode")

    release.join()
    other.close()
    engine.dispose()
    assert mode == "wal"
