"""docs/contracts.md against the artifact and against a real node: every figure of the page is measured here."""

import re
from collections.abc import Iterator
from typing import Final

import pytest
from web3.types import TxReceipt

from registry.adapters.artifacts import DEPLOYMENT_PROXY, load_artifact
from registry.adapters.rpc import connect
from tests.anvil import run_anvil
from tests.contracts.anchor_log_suite import ordinary_root, selectors
from tests.contracts.chains import Chain, prepared_chain
from tests.paths import REPO_ROOT

pytestmark = pytest.mark.chain

PAGE: Final = (REPO_ROOT / "docs" / "contracts.md").read_text(encoding="utf-8")

FIRST_LOG_SURCHARGE: Final = 17_100
# A slot that leaves zero costs 20,000, one that does not 2,900.

ZERO_BYTE_DISCOUNT: Final = 12
# EIP-2028: a zero byte of calldata costs 4, any other 16.

ADDRESS_TOLERANCE: Final = 60
# Addresses are random here: five zero bytes in one are as rare as a failure nobody wants to read.


@pytest.fixture
def chain() -> Iterator[Chain]:
    with run_anvil() as node:
        yield prepared_chain(connect(node.url), refusal=lambda *_: b"")


def figure(row: str) -> int:
    """Return the figure in the table row that begins with these words."""
    [text] = re.findall(rf"^\| {re.escape(row)} \| ([0-9,]+) \|", PAGE, flags=re.MULTILINE)
    return int(text.replace(",", ""))


def gas(receipt: TxReceipt) -> int:
    if receipt["status"] != 1:
        message = f"reverted: {receipt}"
        raise AssertionError(message)
    return receipt["gasUsed"]


def test_the_page_names_the_address_and_the_code_hash() -> None:
    artifact = load_artifact()

    assert f"| address | `{artifact.address}` |" in PAGE
    assert f"| keccak-256 of the runtime code | `0x{artifact.runtime_code_hash.hex()}` |" in PAGE
    assert f"solc {artifact.compiler}" in PAGE
    assert DEPLOYMENT_PROXY in PAGE


def test_the_page_names_the_sizes() -> None:
    artifact = load_artifact()

    assert figure("init code, bytes") == len(artifact.init_code)
    assert figure("runtime code, bytes") == len(artifact.runtime_code)


def test_the_page_names_every_function_event_and_error() -> None:
    names = {element["name"] for element in load_artifact().abi if element["type"] in {"function", "event", "error"}}

    assert {name for name in names if f"`{name}" not in PAGE} == set()


def test_the_page_names_the_gas_of_every_transaction(chain: Chain) -> None:
    # The first log of a chain costs more: the counter of logs leaves zero.
    open_own = gas(chain.call(chain.stranger, "openLog", chain.stranger.address)) - FIRST_LOG_SURCHARGE
    open_other = gas(chain.call(chain.owner, "openLog", chain.anchorer.address))
    accept = gas(chain.call(chain.anchorer, "acceptAnchorer", 2))
    anchor = gas(chain.call(chain.anchorer, "anchor", ordinary_root()))
    name_anchorer = gas(chain.call(chain.owner, "setAnchorer", 2, chain.successor.address))
    rotate = gas(chain.call(chain.successor, "acceptAnchorer", 2))
    name_owner = gas(chain.call(chain.owner, "nominateOwner", 2, chain.anchorer.address))
    take_over = gas(chain.call(chain.anchorer, "acceptOwner", 2))

    measured = {
        "`openLog`, the caller named": open_own,
        "`openLog`, another account named": open_other,
        "`acceptAnchorer`, the first": accept,
        "`anchor(bytes32)` of such a root": anchor,
        "`setAnchorer`": name_anchorer,
        "`acceptAnchorer`, a rotation": rotate,
        "`nominateOwner`": name_owner,
        "`acceptOwner`": take_over,
    }
    assert {row: value for row, value in measured.items() if abs(value - figure(row)) > ADDRESS_TOLERANCE} == {}


def test_the_page_names_the_dearest_anchor(chain: Chain) -> None:
    number = chain.open_bound_log()
    chain.send(chain.anchorer, ordinary_root())
    # The comparisons before the fallback depend on where the first four bytes fall among the selectors.
    heads = {
        (int.from_bytes(selector, "big") + step).to_bytes(4, "big")
        for selector in selectors().values()
        for step in (-1, 1)
    }

    taken = [
        gas(chain.send(chain.anchorer, head + b"\xff" * 28)) + ZERO_BYTE_DISCOUNT * head.count(0)
        for head in sorted(heads)
    ]

    assert chain.read("latestEpoch", number) == 1 + len(heads)
    assert max(taken) == figure("**anchor**, at most (no zero byte in the root)")
    assert f"between {min(taken):,} and {max(taken):,}" in PAGE
