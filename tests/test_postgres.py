"""The PostgreSQL of the tests is a real server, fresh for each test and gone afterwards."""

import os

import pytest
from sqlalchemy import create_engine, text

from tests.postgres import PostgresServer, running_postgres


def test_each_database_is_empty_and_separate(postgres_server: PostgresServer) -> None:
    with postgres_server.fresh_database() as first, postgres_server.fresh_database() as second:
        first_engine, second_engine = create_engine(first), create_engine(second)
        with first_engine.begin() as connection:
            connection.execute(text("CREATE TABLE only_here (n integer)"))
        with second_engine.connect() as connection:
            tables = connection.execute(text("SELECT count(*) FROM pg_tables WHERE tablename = 'only_here'")).scalar()
        first_engine.dispose()
        second_engine.dispose()

    assert tables == 0


def test_the_server_is_postgresql_and_keeps_unicode(postgres_url: str) -> None:
    engine = create_engine(postgres_url)
    with engine.connect() as connection:
        version = connection.execute(text("SELECT version()")).scalar_one()
        name = connection.execute(text("SELECT CAST(:name AS text)"), {"name": "李明 عائشة"}).scalar_one()
    engine.dispose()

    assert str(version).startswith("PostgreSQL 18")
    assert name == "李明 عائشة"


def test_the_server_and_its_files_are_gone_after_use() -> None:
    with running_postgres() as server:
        home = server.socket_folder.parent
        process_id = int((home / "cluster" / "postmaster.pid").read_text().splitlines()[0])
        group = os.getpgid(process_id)

    with pytest.raises(ProcessLookupError):
        os.kill(process_id, 0)
    assert not home.exists()
    assert group == process_id != os.getpgrp()
