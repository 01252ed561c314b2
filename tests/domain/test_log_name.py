"""The name of a log."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.errors import Malformed
from registry.domain.log_name import LogName

CONTRACT = "0x5fbdb2315678afecb367f032d93f642f64180aa3"


@given(
    chain=st.integers(1, 10**18 - 1), contract=st.binary(min_size=20, max_size=20), number=st.integers(1, 10**18 - 1)
)
def test_a_log_name_reads_back(chain: int, contract: bytes, number: int) -> None:
    name = LogName(chain_id=chain, contract="0x" + contract.hex(), number=number)

    assert LogName.parse(str(name)) == name


@pytest.mark.parametrize(
    "text",
    [
        f"eip155:01/{CONTRACT}/1",
        f"eip155:0/{CONTRACT}/1",
        f"eip155:1/{CONTRACT}/0",
        f"eip155:1/{CONTRACT}/01",
        f"eip155:1/{CONTRACT}/+1",
        f"eip155:1/{CONTRACT}/1 ",
        f"eip155:1/{CONTRACT}/1\n",
        f"eip155:1/{CONTRACT}/١",
        f"eip155:1/{CONTRACT.upper()}/1",
        f"eip155:1/{CONTRACT[:-1]}/1",
        f"eip155:1/{CONTRACT}",
        f"EIP155:1/{CONTRACT}/1",
        f"eip155:1000000000000000000/{CONTRACT}/1",
        "",
        None,
        7,
    ],
)
def test_any_other_spelling_is_refused(text: object) -> None:
    with pytest.raises(Malformed) as caught:
        LogName.parse(text)

    assert caught.value.code == "malformed-log-name"


@pytest.mark.parametrize(
    ("chain", "contract", "number"), [(0, CONTRACT, 1), (1, CONTRACT, 0), (1, "0x", 1), (10**18, CONTRACT, 1)]
)
def test_parts_that_have_no_canonical_spelling_are_refused(chain: int, contract: str, number: int) -> None:
    with pytest.raises(Malformed):
        LogName(chain_id=chain, contract=contract, number=number)
