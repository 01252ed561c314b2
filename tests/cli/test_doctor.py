"""`credroot doctor`: a sound registry, and each fault planted, found and named with what to do."""

import argparse
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, delete, insert, update

from registry.adapters.audit_tables import audit_entry
from registry.adapters.database import open_engine
from registry.adapters.migrations import upgrade
from registry.adapters.tables import METADATA
from registry.cli import doctor
from registry.domain.audit_trail import write_line
from tests.fonts import installed_fonts
from tests.registry_world import PASSWORD, World, opened_world

SUBJECTS = ["settings", "fonts", "database", "log", "published folder", "issuers' keys", "audit trail"]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Give a registry with an issuer, and the settings that name it."""
    url = f"sqlite:///{tmp_path / 'registry.db'}"
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    for name, value in {
        "DATABASE_URL": url,
        "KEY_PASSWORD_FILE": str(tmp_path / "password"),
        "PUBLISHED_DIR": str(tmp_path / "published"),
    }.items():
        monkeypatch.setenv(f"CREDROOT_{name}", value)
    engine = open_engine(url)
    upgrade(engine)
    engine.dispose()
    with opened_world(url, tmp_path) as opened:
        opened.add_achievement(opened.add_issuer())
        yield opened


@pytest.fixture
def examined(world: World, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, dict[str, Any]]]:
    """Run the doctor as the program does; return its code and what it found, by subject."""
    del world

    def examine(*arguments: str) -> tuple[int, dict[str, Any]]:
        code = run("--json", *arguments)
        told = json.loads(capsys.readouterr().out)
        assert told["exitCode"] == code
        return code, {finding["subject"]: finding for finding in told["findings"]}

    return examine


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    doctor.add_parser(parser.add_subparsers(required=True))
    args = parser.parse_args(["doctor", *arguments])
    code: int = args.run(args)
    return code


def save(world: World, file: Path) -> None:
    with world.store.read() as unit:
        file.write_bytes(b"".join(map(write_line, unit.audit.page(after=0, limit=100))))


def tamper(engine: Engine, number: int) -> None:
    with engine.begin() as connection:
        connection.execute(update(audit_entry).where(audit_entry.c.number == number).values(subject="somebody else"))


def test_a_sound_registry_has_nothing_to_be_told(
    monkeypatch: pytest.MonkeyPatch, examined: Callable[..., tuple[int, dict[str, Any]]]
) -> None:
    monkeypatch.setenv("CREDROOT_FONT_DIR", str(installed_fonts()))

    code, found = examined()

    assert code == 0
    assert list(found) == SUBJECTS
    assert {finding["grade"] for finding in found.values()} == {"ok"}
    assert found["audit trail"]["found"].startswith("3 entries, each follows; head ")
    assert found["issuers' keys"]["found"] == "the password opens those of 1 issuers"


def test_fonts_that_are_missing_are_a_warning_and_no_failure(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    world: World,
    capsys: pytest.CaptureFixture[str],
    examined: Callable[..., tuple[int, dict[str, Any]]],
) -> None:
    del world
    few, none = tmp_path / "few", tmp_path / "none"
    few.mkdir()
    none.mkdir()
    for name in ("NotoSans_400Regular.ttf", "NotoSansArabic_400Regular.ttf"):
        shutil.copy(installed_fonts() / name, few)

    unset = examined()
    code = run()
    said = capsys.readouterr().out
    monkeypatch.setenv("CREDROOT_FONT_DIR", str(few))
    incomplete = examined()
    monkeypatch.setenv("CREDROOT_FONT_DIR", str(none))
    empty = examined()

    assert (unset[0], code, incomplete[0]) == (0, 0, 0)
    assert "WARN  fonts" in said
    assert "CREDROOT_FONT_DIR is not set" in unset[1]["fonts"]["found"]
    assert {unset[1]["fonts"]["grade"], incomplete[1]["fonts"]["grade"]} == {"warn"}
    missing = "no font for Tamil, Chinese, Japanese, Korean, emoji in "
    assert incomplete[1]["fonts"]["found"].startswith(missing)
    # The service would not start.
    assert (empty[0], empty[1]["fonts"]["grade"]) == (1, "fail")


def test_the_first_entry_that_was_changed_is_named(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    tamper(world.engine, 2)

    code = run()

    said = capsys.readouterr().out
    assert code == 1
    assert "FAIL  audit trail" in said
    assert "entry 2 does not hold: its hash is not the hash of what it says; 1 before it do" in said
    assert "-> the database was changed past the program" in said


def test_a_trail_that_was_written_anew_does_not_continue_the_saved_one(
    world: World, tmp_path: Path, examined: Callable[..., tuple[int, dict[str, Any]]]
) -> None:
    file = tmp_path / "trail.jsonl"
    save(world, file)
    sound = examined("--trail", str(file))
    with world.engine.begin() as connection:
        kept = connection.execute(audit_entry.select().where(audit_entry.c.number < 3)).mappings().all()
        connection.execute(delete(audit_entry))
    gone = examined("--trail", str(file))
    with world.engine.begin() as connection:
        connection.execute(insert(audit_entry), [dict(row) for row in kept])
    world.add_issuer("another")
    rewritten = examined("--trail", str(file))

    assert (sound[0], sound[1]["saved audit trail"]["grade"]) == (0, "ok")
    assert gone[1]["saved audit trail"]["found"].endswith("now it is gone")
    assert rewritten[0] == 1
    assert rewritten[1]["audit trail"]["grade"] == "ok"
    assert rewritten[1]["saved audit trail"]["grade"] == "fail"


@pytest.mark.parametrize(("content", "said"), [(None, "No such file"), (b"{}\n", "number"), (b"x" * 70_000, "JSON")])
def test_a_file_that_is_no_saved_trail_is_named(
    tmp_path: Path, examined: Callable[..., tuple[int, dict[str, Any]]], content: bytes | None, said: str
) -> None:
    file = tmp_path / "trail.jsonl"
    if content is not None:
        file.write_bytes(content)

    code, found = examined("--trail", str(file))

    assert code == 1
    assert said in found["saved audit trail"]["found"]


def test_a_saved_trail_that_was_changed_is_named(
    world: World, tmp_path: Path, examined: Callable[..., tuple[int, dict[str, Any]]]
) -> None:
    file = tmp_path / "trail.jsonl"
    save(world, file)
    file.write_bytes(file.read_bytes().replace(b"achievement-created", b"achievement-deleted"))

    code, found = examined("--trail", str(file))

    assert code == 1
    assert found["saved audit trail"]["found"].startswith("entry 3 does not hold")


@pytest.mark.parametrize(
    ("variable", "value", "subject"),
    [
        ("KEY_PASSWORD_FILE", "/nowhere/password", "issuers' keys"),
        ("DATABASE_URL", "sqlite:////nowhere/registry.db", "database"),
        ("DATABASE_URL", "mysql://x/y", "database"),
        ("DATABASE_URL", "no URL", "database"),
        ("PORT", "many", "settings"),
    ],
)
def test_a_wrong_setting_is_named(
    monkeypatch: pytest.MonkeyPatch,
    examined: Callable[..., tuple[int, dict[str, Any]]],
    variable: str,
    value: str,
    subject: str,
) -> None:
    monkeypatch.setenv(f"CREDROOT_{variable}", value)

    code, found = examined()

    assert code == 1
    assert found[subject]["grade"] == "fail"
    assert found[subject]["advice"]


def test_published_files_are_missed_once_there_must_be_some(
    monkeypatch: pytest.MonkeyPatch, world: World, examined: Callable[..., tuple[int, dict[str, Any]]]
) -> None:
    monkeypatch.setenv("CREDROOT_PUBLISHED_DIR", "/nowhere/published")

    before = examined()
    world.anchor()
    after = examined()

    assert (before[0], before[1]["published folder"]["grade"]) == (0, "ok")
    assert (after[0], after[1]["published folder"]["grade"]) == (1, "fail")


def test_another_password_opens_no_key(tmp_path: Path, examined: Callable[..., tuple[int, dict[str, Any]]]) -> None:
    (tmp_path / "password").write_text("another password than that\n")

    code, found = examined()

    assert code == 1
    assert found["issuers' keys"]["found"].startswith("poly: ")


def test_a_database_without_log_or_schema_is_told_from_one_that_does_not_answer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, examined: Callable[..., tuple[int, dict[str, Any]]]
) -> None:
    empty = tmp_path / "empty.db"
    empty.touch()
    monkeypatch.setenv("CREDROOT_DATABASE_URL", f"sqlite:///{empty}")
    no_schema = examined()
    engine = open_engine(f"sqlite:///{empty}")
    upgrade(engine)
    engine.dispose()
    no_log = examined()
    # Nobody listens on port 1 of this machine.
    monkeypatch.setenv("CREDROOT_DATABASE_URL", "postgresql://127.0.0.1:1/registry")
    silent = examined()

    assert (no_schema[0], no_schema[1]["database"]["grade"]) == (1, "fail")
    assert (no_log[0], no_log[1]["log"]["grade"]) == (1, "fail")
    assert (silent[0], silent[1]["database"]["grade"]) == (3, "fail")


def test_the_doctor_changes_nothing(world: World, examined: Callable[..., tuple[int, dict[str, Any]]]) -> None:
    def rows() -> list[object]:
        with world.engine.begin() as connection:
            return [connection.execute(table.select()).all() for table in METADATA.sorted_tables]

    before = rows()
    examined()

    assert rows() == before
