"""`credroot init` and `credroot keys` as programs: keys shown once, files kept private, nothing done twice."""

import argparse
import stat
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from registry.adapters.artifacts import load_artifact
from registry.adapters.database import open_engine
from registry.adapters.deployment import deploy, open_log
from registry.adapters.migrations import upgrade
from registry.adapters.networks import Network
from registry.adapters.rpc import connect
from registry.adapters.sql_store import SqlStore
from registry.cli import init, keys
from registry.cli.private_files import write_private
from registry.devchain.accounts import development_accounts
from registry.domain.hashing import sha256
from registry.domain.log_name import LogName
from registry.store_ports import Role
from tests.devchain_process import run_devchain
from tests.store_samples import add_tenant


@pytest.fixture(scope="module")
def chain() -> Iterator[tuple[str, LogName]]:
    """Run a chain with a log on it."""
    with run_devchain() as node:
        web3, account, artifact = connect(node.url), development_accounts()[0], load_artifact()
        network = Network(name="test", chain_id=node.chain_id, genesis_hash=None)
        deploy(web3, account, artifact=artifact, network=network)
        yield node.url, open_log(web3, account, artifact=artifact, network=network).name


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder and the settings of a registry in it."""
    (tmp_path / "password").write_text("a password of tests alone\n")
    monkeypatch.setenv("CREDROOT_DATABASE_URL", f"sqlite:///{tmp_path / 'registry.db'}")
    monkeypatch.setenv("CREDROOT_KEY_PASSWORD_FILE", str(tmp_path / "password"))
    monkeypatch.delenv("CREDROOT_RPC_URLS", raising=False)
    return tmp_path


@pytest.fixture
def database(site: Path) -> Iterator[SqlStore]:
    """Give the store of the site's database, with the schema."""
    engine = open_engine(f"sqlite:///{site / 'registry.db'}")
    upgrade(engine)
    yield SqlStore(engine)
    engine.dispose()


def run(module: ModuleType, *arguments: str) -> int:
    """Run a command as the program does."""
    parser = argparse.ArgumentParser()
    module.add_parser(parser.add_subparsers(required=True))
    args = parser.parse_args([module.__name__.rsplit(".", 1)[1], *arguments])
    code: int = args.run(args)
    return code


def test_a_database_is_tied_to_its_log_and_the_key_is_shown_once(
    site: Path, chain: tuple[str, LogName], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url, log = chain
    monkeypatch.setenv("CREDROOT_RPC_URLS", url)

    first = run(init, "--log", str(log))
    said = capsys.readouterr().out
    again = run(init, "--log", str(log), "--key-out", str(site / "key"))
    said_again = capsys.readouterr().out

    secret = said.splitlines()[1].removeprefix("admin key, shown once: ")
    engine = open_engine(f"sqlite:///{site / 'registry.db'}")
    with SqlStore(engine).read() as unit:
        record = unit.access.log()
        (key,) = unit.access.api_keys()
    engine.dispose()
    assert (first, again) == (0, 0)
    assert (record.name, key.key_hash, key.role) == (log, sha256(secret.encode()), Role.ADMIN)
    assert "no key was made" in said_again
    assert not (site / "key").exists()


def test_the_key_goes_into_a_file_that_only_its_owner_reads(
    site: Path, chain: tuple[str, LogName], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url, log = chain
    monkeypatch.setenv("CREDROOT_RPC_URLS", url)

    code = run(init, "--log", str(log), "--deploy-block", "0", "--key-out", str(site / "key"))

    secret = (site / "key").read_text().strip()
    assert code == 0
    assert secret.startswith("credroot_")
    assert secret not in capsys.readouterr().out
    assert stat.S_IMODE((site / "key").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--log", "x"), 1, "malformed-log-name"),
        (("--log", "LOG", "--key-out", "TAKEN"), 1, "file-exists"),
        (("--log", "LOG", "--key-out", "/nowhere/key"), 1, "file-unwritable"),
        (("--log", "LOG", "--deploy-block", "1000000"), 1, "malformed-deploy-block"),
        (("--log", "LOG", "--deploy-block", "-1"), 1, "malformed-deploy-block"),
        (("--log", "OTHER"), 1, "log-not-final"),
    ],
)
def test_nothing_is_made_where_something_is_wrong(  # noqa: PLR0917  # a table of cases
    site: Path,
    chain: tuple[str, LogName],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    code: int,
    says: str,
) -> None:
    url, log = chain
    monkeypatch.setenv("CREDROOT_RPC_URLS", url)
    (site / "taken").write_text("kept")
    other = f"{str(log).rsplit('/', 1)[0]}/999"
    words = {"LOG": str(log), "OTHER": other, "TAKEN": str(site / "taken")}

    ended = run(init, *(words.get(word, word) for word in arguments))

    assert (ended, capsys.readouterr().err.split(":")[0]) == (code, says)
    assert (site / "taken").read_text() == "kept"


@pytest.mark.parametrize(("url", "code", "says"), [("", 1, "no-rpc"), ("http://127.0.0.1:1", 3, "rpc-transport")])
def test_the_chain_is_asked_first(  # noqa: PLR0917  # a table of cases
    site: Path,
    chain: tuple[str, LogName],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    url: str,
    code: int,
    says: str,
) -> None:
    monkeypatch.setenv("CREDROOT_RPC_URLS", url)

    assert run(init, "--log", str(chain[1])) == code
    assert capsys.readouterr().err.startswith(f"{says}: ")
    assert not (site / "registry.db").exists()


def test_keys_are_made_listed_and_revoked(site: Path, database: SqlStore, capsys: pytest.CaptureFixture[str]) -> None:
    add_tenant(database, "poly")
    made = [
        run(keys, "create", "--role", "issuer", "--issuer", "poly", "--label", "office"),
        run(keys, "create", "--role", "auditor", "--label", "audit", "--key-out", str(site / "auditor")),
    ]
    lines = capsys.readouterr().out.splitlines()
    shown = lines[1].removeprefix("key, shown once: ")
    identifier = lines[0].removeprefix("id: ")
    revoked = run(keys, "revoke", identifier)
    capsys.readouterr()
    listed = run(keys, "list")
    listing = capsys.readouterr().out

    with database.read() as unit:
        stored = {key.label: key for key in unit.access.api_keys()}
    assert made == [0, 0]
    assert (revoked, listed) == (0, 0)
    assert stored["office"].key_hash == sha256(shown.encode())
    assert stored["office"].revoked_at is not None
    assert stored["audit"].key_hash == sha256((site / "auditor").read_text().strip().encode())
    assert [line.split("  ")[1].strip() for line in listing.splitlines()] == ["issuer", "auditor"]
    assert shown not in listing


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("create", "--role", "issuer", "--label", "x"), "malformed-role"),
        (("create", "--role", "admin", "--issuer", "poly", "--label", "x"), "malformed-role"),
        (("create", "--role", "issuer", "--issuer", "poly", "--label", "x"), "issuer-not-found"),
        (("create", "--role", "admin", "--label", "x", "--key-out", "."), "file-exists"),
        (("revoke", "01900000-0000-7000-8000-000000000000"), "api-key-not-found"),
    ],
)
def test_a_key_that_cannot_be_is_refused(
    database: SqlStore, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], says: str
) -> None:
    assert run(keys, *arguments) == 1
    assert capsys.readouterr().err.startswith(f"{says}: ")
    with database.read() as unit:
        assert unit.access.api_keys() == ()


def test_a_database_that_is_not_set_up_is_unavailable(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(keys, "list") == 3
    assert capsys.readouterr().err.startswith("schema-differs: ")


def test_a_secret_never_replaces_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    write_private(file, "one")

    with pytest.raises(Exception, match="exists already"):
        write_private(file, "two")

    assert file.read_text() == "one\n"
    assert file.stat().st_mode & 0o077 == 0
