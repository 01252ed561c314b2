"""The name of a log: `<CAIP-2 chain>/<contract, lower case 0x>/<log number>` (protocol, opening terms).

eip155:11155111/0x5fbdb2315678afecb367f032d93f642f64180aa3/1
"""

import re
from dataclasses import dataclass
from typing import Final, Self

from typing_extensions import override

from registry.domain.errors import Malformed

_NAME: Final = re.compile(r"eip155:([1-9][0-9]{0,17})/(0x[0-9a-f]{40})/([1-9][0-9]{0,17})")
_CONTRACT: Final = re.compile(r"0x[0-9a-f]{40}")

MAX_NUMBER: Final = 10**18 - 1
"""Chain ids and log numbers: more than any chain has, and exact in every database integer."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class LogName:
    """One log of one contract on one chain."""

    chain_id: int
    contract: str
    """20 bytes, lower-case hex with 0x."""
    number: int
    """Counted from 1 by the contract."""

    def __post_init__(self) -> None:
        """Raise Malformed unless the three parts have a canonical spelling."""
        numbers_fit = 1 <= self.chain_id <= MAX_NUMBER and 1 <= self.number <= MAX_NUMBER
        if not numbers_fit or _CONTRACT.fullmatch(self.contract) is None:
            raise Malformed("malformed-log-name", f"expected eip155:<chain>/<0x contract>/<log>, got {self!s}")

    @classmethod
    def parse(cls, text: object) -> Self:
        """Read the canonical spelling, and only that.

        Raises Malformed for any other.
        """
        match = _NAME.fullmatch(text) if isinstance(text, str) else None
        if match is None:
            raise Malformed("malformed-log-name", "expected eip155:<chain>/<lower-case 0x contract>/<log number>")
        return cls(chain_id=int(match[1]), contract=match[2], number=int(match[3]))

    @override
    def __str__(self) -> str:
        return f"eip155:{self.chain_id}/{self.contract}/{self.number}"
