"""`credroot sign` as a process on another machine: no network, no database, and what it writes is accepted."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from registry.adapters.database import open_engine
from registry.adapters.migrations import upgrade
from registry.cli.key_files import make_key_file
from registry.domain.canonical import canonicalize, parse_object
from registry.domain.multikey import KeyAlgorithm
from registry.domain.signing_kit import Reservation
from registry.service.issuers import IssuerOrder
from registry.service.own_keys import OwnKeyOrder, create_own_key_issuer
from registry.store_ports import DidMethod
from tests.own_keys import OwnIssuer, make_key, people_csv, stored, submit, vault
from tests.paths import REPO_ROOT
from tests.registry_world import World, opened_world

PASSWORD: Final = "a password of another machine"
NETWORK_USED: Final = 97
GUARDED: Final = """
import os, sys

def guard(event, arguments):
    # urllib3, which PyLD imports, binds a socket of this machine to ::1 to learn whether there is IPv6; it sends nothing.
    probe = event == "socket.__new__" or (event == "socket.bind" and arguments[1] == ("::1", 0))
    if event.startswith("socket.") and not probe:
        os.write(2, ("network: " + event).encode())
        os._exit(97)

sys.addaudithook(guard)
"""
"""Python tells its audit hooks of every name that is looked up and of everything that a socket is told to do."""
COMMAND: Final = GUARDED + "from registry.cli.main import main\nsys.exit(main(sys.argv[1:]))\n"


def credroot(
    folder: Path, *arguments: str, script: str = COMMAND, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder, where the first use of the network ends it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CREDROOT_")}
    return subprocess.run(
        [sys.executable, "-c", script, *arguments],
        cwd=folder,
        env={**environment, "PYTHONPATH": str(REPO_ROOT), **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        start_new_session=True,
        check=False,
    )


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("registry")
    url = f"sqlite:///{folder / 'registry.db'}"
    engine = open_engine(url)
    upgrade(engine)
    engine.dispose()
    with opened_world(url, folder) as opened:
        # The other machine has a clock of its own.
        opened.clock.moment = datetime.now(UTC)
        yield opened


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """Give a folder with a password file and a key."""
    (tmp_path / "password").write_text(f"{PASSWORD}\n", encoding="utf-8")
    public_key = make_key_file(tmp_path / "own.key", PASSWORD, KeyAlgorithm.ED25519)
    (tmp_path / "public").write_text(public_key, encoding="utf-8")
    return tmp_path


@pytest.fixture
def own(world: World, machine: Path) -> OwnIssuer:
    """Give an issuer that has the machine's key, its kit and a reservation beside the key."""
    order = IssuerOrder(
        slug=machine.name[-40:].lower().replace("_", ""),
        kind="other",
        did_method=DidMethod.WEB,
        profile={"name": "Own"},
    )
    key = OwnKeyOrder(public_multibase=(machine / "public").read_text(encoding="utf-8"))
    with world.store.write() as unit:
        record = create_own_key_issuer(
            world.resources, unit, order, key, status_key=world.resources.keys.generate(), caller=world.admin
        )
    issuer = OwnIssuer(
        world=world,
        record=record,
        achievement=world.add_achievement(record),
        # The private key is the machine's: this one signs nothing.
        signer=vault().unlock(make_key().encrypted_key),
    )
    (machine / "kit.json").write_bytes(canonicalize(issuer.kit().document()))
    (machine / "slots.json").write_bytes(canonicalize(issuer.reserve(5).document()))
    (machine / "people.csv").write_bytes(people_csv(3))
    return issuer


def sign(folder: Path, *more: str, source: str = "--people", file: str = "people.csv", **variables: str) -> Any:  # noqa: ANN401  # CompletedProcess
    return credroot(
        folder,
        *("sign", "credentials", source, file, "--kit", "kit.json", "--reservation", "slots.json"),
        *("--key", "own.key", "--out", "signed.jsonl", *more),
        **(variables or {"CREDROOT_KEY_PASSWORD_FILE": "password"}),
    )


def reservation(folder: Path) -> Reservation:
    return Reservation.parse((folder / "slots.json").read_bytes())


def test_the_guard_ends_a_process_that_uses_the_network(tmp_path: Path) -> None:
    uses = (
        "socket.getaddrinfo('localhost', 80)",
        "socket.socket().connect(('127.0.0.1', 9))",
        "socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))",
        "socket.socket().bind(('127.0.0.1', 0))",
    )
    for use in uses:
        ended = credroot(tmp_path, script=f"{GUARDED}import socket\n{use}\n")

        assert ended.returncode == NETWORK_USED, ended.stderr


def test_people_are_signed_without_a_network_and_accepted(machine: Path, own: OwnIssuer) -> None:
    ended = sign(machine)

    assert (ended.returncode, ended.stderr) == (0, "")
    assert "slots used: 3 of 5, the next file takes --skip 3" in ended.stdout
    lines = (machine / "signed.jsonl").read_bytes().splitlines()
    submit(own, reservation(machine), lines)
    assert len(stored(own)) == 3
    assert sorted(path.name for path in machine.iterdir() if path.name.startswith(".")) == []


def test_what_another_file_used_is_skipped(machine: Path, own: OwnIssuer) -> None:
    (machine / "people.csv").write_bytes(people_csv(2))

    ended = sign(machine, "--skip", "3")

    assert ended.returncode == 0, ended.stderr
    documents: list[Any] = [
        parse_object(line)["credential"] for line in (machine / "signed.jsonl").read_bytes().splitlines()
    ]
    indexes = [int(document["credentialStatus"][0]["statusListIndex"]) for document in documents]
    assert indexes == [slot % 131_072 for slot in reservation(machine).slots[3:]]


def test_unsigned_credentials_are_completed_signed_and_accepted(machine: Path, own: OwnIssuer) -> None:
    kit = own.kit()
    achievement = kit.achievement.achievement.document(
        achievement_id=kit.achievement.id, version=kit.achievement.version
    )
    unsigned = {
        "@context": [
            "https://www.w3.org/ns/credentials/v2",
            "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
        ],
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": "Data Analysis with Python",
        "validFrom": "2026-05-29T00:00:00Z",
        "credentialSubject": {"id": "did:example:amal", "type": ["AchievementSubject"], "achievement": achievement},
    }
    line = json.dumps({"credential": unsigned, "identifiers": ["did:example:amal"]})
    (machine / "unsigned.jsonl").write_text(f"{line}\n\n", encoding="utf-8")

    ended = sign(machine, "--cryptosuite", "eddsa-jcs-2022", source="--unsigned", file="unsigned.jsonl")

    assert ended.returncode == 0, ended.stderr
    submit(own, reservation(machine), (machine / "signed.jsonl").read_bytes().splitlines())
    assert len(stored(own)) == 1


@pytest.mark.usefixtures("own")
def test_wrong_rows_are_told_and_nothing_is_written(machine: Path) -> None:
    (machine / "people.csv").write_bytes(
        people_csv(2) + b"nobody,Person 7,2026-05-29,A\r\np9@example.org,P,2026-05-29,Z\r\n"
    )

    ended = sign(machine)

    assert ended.returncode == 1
    assert "line 4: EMAIL" in ended.stderr
    assert "line 5: GRADE_NOT_ALLOWED" in ended.stderr
    assert "input-has-errors" in ended.stderr
    assert sorted(path.name for path in machine.iterdir()) == [
        *("kit.json", "own.key", "password", "people.csv", "public", "slots.json"),
    ]


@pytest.mark.usefixtures("own")
def test_wrong_unsigned_lines_are_told_and_nothing_is_written(machine: Path) -> None:
    (machine / "unsigned.jsonl").write_text('{"credential": {"proof": []}}\nno json\n', encoding="utf-8")

    ended = sign(machine, source="--unsigned", file="unsigned.jsonl")

    assert ended.returncode == 1
    assert "line 1: unknown-member" in ended.stderr
    assert "line 2: json-syntax" in ended.stderr
    assert not (machine / "signed.jsonl").exists()


@pytest.mark.parametrize(
    ("change", "code", "exit_code"),
    [
        (lambda folder: (folder / "signed.jsonl").touch(), "file-exists", 1),
        (lambda folder: (folder / "people.csv").write_bytes(people_csv(6)), "too-few-slots", 1),
        (lambda folder: (folder / "people.csv").write_bytes(people_csv(0)), "NO_ROWS", 1),
        (lambda folder: (folder / "people.csv").unlink(), "file-unreadable", 1),
        (lambda folder: (folder / "kit.json").write_bytes(b"{}"), "missing-member", 1),
        (lambda folder: (folder / "own.key").write_bytes(b"{}"), "missing-member", 1),
        (lambda folder: (folder / "password").write_bytes(b"another password\n"), "key-locked", 3),
        (
            lambda folder: change_member(folder / "slots.json", "expires", "2026-06-01T00:00:00Z"),
            "reservation-expired",
            1,
        ),
        (
            lambda folder: change_member(folder / "slots.json", "issuer", "did:web:a.example"),
            "reservation-of-another",
            1,
        ),
    ],
)
@pytest.mark.usefixtures("own")
def test_what_does_not_fit_is_refused_before_anything_is_signed(
    machine: Path,
    change: Callable[[Path], object],
    code: str,
    exit_code: int,
) -> None:
    change(machine)

    ended = sign(machine)

    assert ended.returncode == exit_code
    assert code in ended.stderr
    assert not (machine / "signed.jsonl").exists() or (machine / "signed.jsonl").read_bytes() == b""


def change_member(file: Path, name: str, value: str) -> None:
    file.write_bytes(canonicalize({**parse_object(file.read_bytes()), name: value}))


@pytest.mark.usefixtures("own")
def test_another_key_signs_nothing(machine: Path) -> None:
    (machine / "own.key").unlink()
    credroot(machine, "sign", "key", "own.key", "--password-file", "password")

    ended = sign(machine)

    assert ended.returncode == 1
    assert "signed-by-another-key" in ended.stderr


@pytest.mark.usefixtures("own")
def test_a_password_is_in_a_file_or_the_environment_and_nowhere_else(machine: Path) -> None:
    found = [
        sign(machine, "--skip", "0", CREDROOT_KEY_PASSWORD=PASSWORD).returncode,
        sign(machine, "--password-file", "password", PATH="/nowhere").stderr.split(":")[0],
        sign(machine, PATH="/nowhere").stderr.split(":")[0],
    ]

    assert found[0] == 0
    # The first run wrote the file.
    assert found[1:] == ["file-exists", "file-exists"]
    (machine / "signed.jsonl").unlink()
    assert sign(machine, PATH="/nowhere").stderr.split(":")[0] == "password-missing"
    assert sign(machine, f"--password={PASSWORD}").returncode == 64


def test_a_key_file_is_encrypted_its_owners_and_never_overwritten(machine: Path) -> None:
    file = machine / "own.key"
    content = json.loads(file.read_bytes())
    again = credroot(machine, "sign", "key", "own.key", "--password-file", "password")

    assert file.stat().st_mode & 0o777 == 0o600
    assert sorted(content) == ["encryptedKey", "publicKeyMultibase", "type", "version"]
    assert (again.returncode, again.stderr.split(":")[0]) == (1, "file-exists")
    assert json.loads(file.read_bytes()) == content


@pytest.mark.parametrize("algorithm", ["P-256", "P-384"])
def test_keys_of_other_kinds_are_made(tmp_path: Path, algorithm: str) -> None:
    made = credroot(tmp_path, "sign", "key", "k", "--algorithm", algorithm, CREDROOT_KEY_PASSWORD=PASSWORD)

    assert made.returncode == 0, made.stderr
    assert made.stdout.startswith("public key: zDna" if algorithm == "P-256" else "public key: z82L")
