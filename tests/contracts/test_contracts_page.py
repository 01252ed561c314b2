"""docs/contracts.md against the artifacts and against a real node: every figure of the page is measured here."""

from typing import Final

import pytest

from registry.adapters.artifacts import CONTRACTS, DEPLOYMENT_PROXY, load_artifact
from registry.adapters.rpc import connect
from tests.anvil import run_anvil
from tests.contracts.anchor_log_suite import selectors
from tests.contracts.chains import prepared_chain
from tests.contracts.page import PAGE, PROMISED, blocks, measured, rewritten

TEXT: Final = PAGE.read_text(encoding="utf-8")

ZERO_BYTE_DISCOUNT: Final = 12
# EIP-2028: a zero byte of calldata costs 4, any other 16.


@pytest.fixture(scope="module")
def gas() -> dict[str, int]:
    return measured()


@pytest.mark.chain
def test_the_page_is_as_it_is_generated(gas: dict[str, int]) -> None:
    assert rewritten(TEXT, blocks(gas)) == TEXT, "run `make generated`"


@pytest.mark.chain
@pytest.mark.parametrize("row", PROMISED)
def test_no_transaction_takes_more_than_was_promised(gas: dict[str, int], row: str) -> None:
    assert 21_000 < gas[row] <= PROMISED[row]


def test_the_page_names_the_deployer() -> None:
    assert DEPLOYMENT_PROXY in TEXT


@pytest.mark.parametrize("name", CONTRACTS)
def test_the_page_names_every_function_event_and_error(name: str) -> None:
    named = {
        element["name"] for element in load_artifact(name).abi if element["type"] in {"function", "event", "error"}
    }

    assert {each for each in named if f"`{each}" not in TEXT} == set()


def test_a_part_that_is_not_generated_is_refused() -> None:
    with pytest.raises(KeyError, match="other"):
        rewritten(TEXT + "<!-- begin: other -->\n<!-- end: other -->", {"gas": []})


@pytest.mark.chain
def test_no_root_takes_more_gas_than_the_page_says(gas: dict[str, int]) -> None:
    # The comparisons before the fallback depend on where the first four bytes fall among the selectors.
    heads = {
        (int.from_bytes(selector, "big") + step).to_bytes(4, "big")
        for selector in selectors().values()
        for step in (-1, 1)
    }
    with run_anvil() as node:
        chain = prepared_chain(connect(node.url), refusal=lambda *_: b"")
        number = chain.open_bound_log()
        chain.send(chain.anchorer, b"\xff" * 32)
        taken = [
            chain.send(chain.anchorer, head + b"\xff" * 28)["gasUsed"] + ZERO_BYTE_DISCOUNT * head.count(0)
            for head in sorted(heads)
        ]
        assert chain.read("latestEpoch", number) == 1 + len(heads)

    assert max(taken) <= 51_300
    assert f"between {min(taken):,} and {max(taken):,}" in TEXT
    assert gas["an anchor of a root without a zero byte"] in range(min(taken), max(taken) + 1)
