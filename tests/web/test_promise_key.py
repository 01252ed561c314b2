"""The promise key of a service that is started: read as the anchoring key is, and not used over a database that is behind."""

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
from eth_account import Account

from anchor_worker.publishing import FilePublisher
from registry.domain.errors import CredrootError
from registry.domain.promise import Promise
from registry.settings import Settings
from registry.wiring.promising import open_promise_signer
from tests.paths import REPO_ROOT
from tests.promises import COURT, promise_account
from tests.registry_world import PASSWORD, migrated_world
from tests.web.test_process import Site, client, running, stop

KEY_PASSWORD: Final = "of the promise key"


def write_key(folder: Path) -> Path:
    file = folder / "promise.key"
    file.touch(mode=0o600)
    file.write_text(bytes(promise_account().key).hex(), encoding="ascii")
    return file


def test_without_a_key_there_is_no_signer() -> None:
    assert open_promise_signer(Settings()) is None


def test_a_bare_key_signs_for_the_published_court(tmp_path: Path) -> None:
    signer = open_promise_signer(Settings(promise_key_file=write_key(tmp_path)))

    assert signer is not None
    assert signer.court == COURT


def test_a_keystore_is_opened_with_the_password_of_its_file(tmp_path: Path) -> None:
    # 2^13 rounds instead of 2^18: what is tested is the way, not the work.
    keystore = Account.encrypt(bytes(promise_account().key), KEY_PASSWORD, iterations=8192)
    file, password = tmp_path / "promise.json", tmp_path / "password"
    file.write_text(json.dumps(keystore), encoding="ascii")
    password.write_text(f"{KEY_PASSWORD}\n", encoding="ascii")

    opened = open_promise_signer(Settings(promise_key_file=file, promise_key_password_file=password))

    assert opened is not None
    with pytest.raises(CredrootError) as refused:
        open_promise_signer(Settings(promise_key_file=file))
    assert refused.value.code == "password-missing"


OPEN_SIGNER: Final = """
import sys
from pathlib import Path
from registry.settings import Settings
from registry.wiring.promising import open_promise_signer

before = sys.getrecursionlimit()
signer = open_promise_signer(Settings(promise_key_file=Path(sys.argv[1])))
print(signer is not None and before == sys.getrecursionlimit())
"""


def test_opening_a_promise_key_leaves_the_recursion_limit_of_the_process(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", OPEN_SIGNER, str(write_key(tmp_path))],
        cwd=REPO_ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.stdout.strip() == "True", done.stderr


@pytest.mark.parametrize("is_behind", [True, False])
def test_a_database_behind_its_published_files_promises_nothing(tmp_path: Path, is_behind: bool) -> None:
    with migrated_world(tmp_path) as world:
        issuer = world.add_issuer("poly")
        achievement = world.add_achievement(issuer)
        kept = world.issue(issuer, achievement, "kept@example.org")
        world.engine.dispose()
        backup = shutil.copy(tmp_path / "registry.db", tmp_path / "backup.db")
        world.issue(issuer, achievement, "lost@example.org")
        world.anchor()
        FilePublisher(world.store, folder=world.container.published_dir, clock=world.clock).publish()
        key = world.admin_key
    for file in tmp_path.glob("registry.db*"):
        file.unlink()
    shutil.move(backup, tmp_path / "registry.db")
    (tmp_path / "password").write_text(f"{PASSWORD}\n", encoding="ascii")
    environment = {"PROMISE_KEY_FILE": str(write_key(tmp_path))}
    if not is_behind:
        environment["PUBLISHED_DIR"] = str(tmp_path / "elsewhere")

    with running(Site(tmp_path, environment=environment)) as service:
        with client(service, key) as caller:
            answer = caller.post(f"/v1/issuers/poly/credentials/{kept.id}/promises", json={"kind": "inclusion"})
        stop(service, signal.SIGTERM)

    if is_behind:
        assert (answer.status_code, answer.json()["code"]) == (422, "no-promise-key")
        assert "database_behind_published_files" in service.printed
    else:
        assert Promise.parse(answer.json()).terms.epoch == 2
