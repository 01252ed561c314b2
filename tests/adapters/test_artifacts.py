"""The artifact that is committed: what it pins, and that it is found wherever the package is installed."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from registry.adapters import artifacts
from registry.adapters.artifacts import (
    CREDENTIAL_VERIFIER,
    FRAUD_COURT,
    create2_address,
    load_artifact,
    parse_artifact,
)
from registry.devchain.genesis import DEPLOYMENT_PROXY as DEVCHAIN_PROXY
from registry.devchain.genesis import DEPLOYMENT_PROXY_CODE as DEVCHAIN_PROXY_CODE
from registry.domain.errors import Malformed, NotFound
from tests.paths import REPO_ROOT

CONTRACTS: Final = REPO_ROOT / "contracts"

ADDRESS: Final = "0x732867282bb7e1dbcb29cc3d3cdbdb6e1581ec08"
"""Where the published code stands on every chain. It changes with any change of the code: then every log moves."""

RUNTIME_CODE_HASH: Final = "de6da1675391bc762c8ec01405b22dc0308f91ee18c8742515f5dab2debba379"


def document() -> dict[str, Any]:
    content = (CONTRACTS / "artifacts" / "AnchorLog.json").read_bytes()
    parsed: dict[str, Any] = json.loads(content)
    return parsed


def test_the_address_of_the_anchor_log_is_pinned() -> None:
    assert load_artifact().address == ADDRESS


def test_the_hash_of_the_runtime_code_is_pinned() -> None:
    assert load_artifact().runtime_code_hash.hex() == RUNTIME_CODE_HASH


def test_the_address_follows_from_every_byte_of_the_init_code() -> None:
    code = load_artifact().init_code

    assert create2_address(code[:-1] + bytes([code[-1] ^ 1])) != ADDRESS


def test_the_artifact_was_compiled_from_the_sources_beside_it() -> None:
    sources = document()["sources"]

    assert set(sources) == {"src/AnchorLog.sol", "src/IAnchorLog.sol"}
    for name, described in sources.items():
        assert described == {"sha256": hashlib.sha256((CONTRACTS / name).read_bytes()).hexdigest()}


def test_the_compiler_and_its_settings_are_named() -> None:
    compiler = document()["compiler"]

    assert compiler["version"].startswith("0.8.30+")
    assert compiler["settings"] == {
        "evmVersion": "prague",
        "metadata": {"appendCBOR": False, "bytecodeHash": "none"},
        "optimizer": {"enabled": True, "runs": 10_000},
        "viaIR": False,
    }


def test_the_storage_layout_is_the_one_light_proofs_rely_on() -> None:
    layout = document()["storageLayout"]
    seats, seat_types = layout["storage"][0]["type"], layout["types"]
    seat = seat_types[seat_types[seats]["value"]]["members"]

    assert [(entry["label"], entry["slot"], entry["offset"]) for entry in layout["storage"]] == [
        ("_seats", "0", 0),
        ("_roots", "1", 0),
        ("_accounts", "2", 0),
        ("_logCount", "3", 0),
    ]
    assert [(member["label"], member["slot"], member["offset"], member["type"]) for member in seat] == [
        ("log", "0", 0, "t_uint128"),
        ("epoch", "0", 16, "t_uint64"),
        ("time", "0", 24, "t_uint64"),
    ]


def test_no_function_takes_zero_arguments() -> None:
    functions = [element for element in load_artifact().abi if element["type"] == "function"]

    assert len(functions) == 14
    assert all(function["inputs"] for function in functions)


def test_nothing_of_the_contract_is_payable_or_has_an_owner_of_the_contract() -> None:
    abi = load_artifact().abi

    assert {element["type"] for element in abi} == {"function", "event", "error", "fallback"}
    mutabilities = {element["stateMutability"] for element in document()["abi"] if "stateMutability" in element}
    assert mutabilities == {"nonpayable", "view"}


@pytest.mark.parametrize("name", [CREDENTIAL_VERIFIER, FRAUD_COURT])
def test_a_contract_that_reads_logs_is_made_for_the_anchor_log(name: str) -> None:
    anchor_log = bytes.fromhex(ADDRESS[2:])
    artifact = load_artifact(name)

    assert artifact.init_code.endswith(bytes(12) + anchor_log)
    assert artifact.runtime_code.count(bytes(12) + anchor_log) > 1
    assert len({load_artifact(each).address for each in artifacts.CONTRACTS}) == 3


def test_the_devchain_carries_the_same_deployment_proxy() -> None:
    assert "0x" + DEVCHAIN_PROXY.hex() == artifacts.DEPLOYMENT_PROXY
    assert DEVCHAIN_PROXY_CODE == artifacts.DEPLOYMENT_PROXY_CODE


def test_a_contract_without_artifact_is_not_found() -> None:
    with pytest.raises(NotFound, match="NoSuchContract"):
        load_artifact("NoSuchContract")


@pytest.mark.parametrize(
    "change",
    [
        {"contract": "Other"},
        {"compiler": "0.8.30"},
        {"compiler": {}},
        {"abi": None},
        {"bytecode": None},
        {"bytecode": "6080"},
        {"bytecode": "0xzz"},
        {"deployedBytecode": "0x"},
        {"deployedBytecode": "0xdeadbeef"},
        {"sources": None},
        {"sources": {"src/AnchorLog.sol": {}}},
        {"constructorArguments": "AnchorLog"},
        {"constructorArguments": [1]},
        {"constructorArguments": ["AnchorLog", "AnchorLog"]},
        {"immutables": None},
        {"immutables": ["0"]},
        {"immutables": [1]},
    ],
)
def test_a_malformed_artifact_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(Malformed):
        parse_artifact(document() | change, name="AnchorLog")


def test_an_artifact_that_is_no_object_is_refused() -> None:
    with pytest.raises(Malformed):
        parse_artifact([], name="AnchorLog")


def test_a_wheel_carries_the_artifact(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)],
        cwd=REPO_ROOT,
        check=True,
        capture_output=True,
    )
    [wheel] = tmp_path.glob("credroot-*.whl")
    program = "import registry; from registry.adapters.artifacts import load_artifact as load; "
    program += "print(registry.__file__); print(load().address)"

    answer = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={"PYTHONPATH": str(wheel)},
        check=True,
        capture_output=True,
        text=True,
    )

    origin, address = answer.stdout.split()
    assert Path(origin).is_relative_to(wheel)
    assert address == ADDRESS
