"""The units for systemd: commands that exist, settings that exist, secrets from credentials, nothing left open."""

import argparse
import re
from collections import defaultdict
from pathlib import Path
from typing import Final

import pytest

from anchor_worker.__main__ import _parser
from registry.cli.main import build_parser
from registry.settings import PREFIX, Settings, settings_of
from tests.paths import REPO_ROOT

UNITS: Final = sorted((REPO_ROOT / "docs" / "deploy" / "systemd").glob("*.service"))
EXAMPLE: Final = REPO_ROOT / "docs" / "deploy" / "systemd" / "environment.example"
HARDENING: Final = {
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "RestrictNamespaces": "yes",
    "CapabilityBoundingSet": "",
    "UMask": "0077",
}


def directives(unit: Path) -> dict[str, list[str]]:
    """Read a unit: every line that is no comment is a section or a directive."""
    found: dict[str, list[str]] = defaultdict(list)
    for line in unit.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith(("#", "[")):
            name, equals, value = line.partition("=")
            assert equals, line
            found[name].append(value)
    return found


def variables(lines: list[str]) -> dict[str, str]:
    return dict(line.split("=", 1) for line in lines)


def example() -> dict[str, str]:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    return variables([line for line in lines if line and not line.startswith("#")])


def as_if_started(unit: Path) -> dict[str, str]:
    """Return what the process would find in its environment, specifiers replaced."""
    own = variables(directives(unit)["Environment"])
    shared = example()
    return shared | {
        name: value.replace("%S", "/var/lib").replace("%d", "/run/credentials/x") for name, value in own.items()
    }


def test_there_is_a_unit_for_each_process() -> None:
    assert [unit.stem for unit in UNITS] == ["credroot-service", "credroot-worker"]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_every_variable_is_a_setting_and_can_be_read(unit: Path) -> None:
    given = as_if_started(unit)

    settings = settings_of(given)

    unknown = [name for name in given if name.removeprefix(PREFIX).lower() not in Settings.model_fields]
    assert unknown == []
    assert settings.database_url == "sqlite:////var/lib/credroot/credroot.db"
    assert len(settings.rpc_urls) == 3


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_the_command_is_one_of_ours(unit: Path) -> None:
    (command,) = directives(unit)["ExecStart"]

    parse(command.split())


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_every_secret_is_a_credential_that_is_loaded(unit: Path) -> None:
    found = directives(unit)
    loaded = {line.split(":", 1)[0] for line in found["LoadCredential"]}
    named = set(re.findall(r"=%d/([\w-]+)", "\n".join(found["Environment"])))

    assert named == loaded != set()
    assert not any("PASSWORD=" in line for line in found["Environment"])


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_ends_politely_comes_back_and_is_shut_in(unit: Path) -> None:
    found = directives(unit)

    assert {name: found[name][0] for name in HARDENING} == HARDENING
    assert (found["KillSignal"], found["Restart"]) == (["SIGTERM"], ["on-failure"])
    assert int(found["TimeoutStopSec"][0]) > 10
    assert found["StateDirectory"] == ["credroot"]


def parse(command: list[str]) -> argparse.Namespace:
    """Let the program's own parser read a command line."""
    program, *arguments = command
    match Path(program).name, arguments:
        case "credroot", _:
            return build_parser(arguments).parse_args(arguments)
        case "python", ["-m", "anchor_worker", *rest]:
            return _parser().parse_args(rest)
        case _:
            message = f"expected a command of ours, got {command}"
            raise AssertionError(message)
