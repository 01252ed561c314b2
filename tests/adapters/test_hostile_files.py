"""Files that mean harm get one clear error or give the right credential, run nothing, and take little memory."""

import json
import subprocess
import sys
from typing import Any, Final

import pytest

from registry.domain.presented_files import FileCode
from tests.hostile_files import NOT_JSON, OTHER, READ, hostile_files
from tests.paths import REPO_ROOT

MAX_PEAK_BYTES: Final = 300 * 1_000_000
TIMEOUT_SECONDS: Final = 300.0


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return {}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, expected: dict[str, str]) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("hostile")
    for file in hostile_files():
        assert file.name not in expected
        (folder / file.name).write_bytes(file.content)
        expected[file.name] = file.outcome
    finished = subprocess.run(
        [sys.executable, "-m", "tests.hostile_reading", str(folder)],
        cwd=REPO_ROOT,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    assert finished.stderr == ""
    report: dict[str, Any] = json.loads(finished.stdout)
    return report


def test_every_hostile_file_gets_its_one_error_or_the_right_credential(
    told: dict[str, Any], expected: dict[str, str]
) -> None:
    assert told["outcomes"] == expected
    assert len(expected) > 20


def test_no_hostile_file_opens_connects_imports_or_runs_anything(told: dict[str, Any]) -> None:
    assert told["deeds"] == []


def test_hostile_files_take_less_than_300_megabytes(told: dict[str, Any]) -> None:
    assert told["peak_bytes"] < MAX_PEAK_BYTES


def test_every_error_of_a_hostile_file_is_one_of_the_documented_codes(
    told: dict[str, Any], expected: dict[str, str]
) -> None:
    codes = {code for outcome in expected.values() for code in outcome.split()}

    assert codes <= {*FileCode, READ, NOT_JSON, OTHER}
