"""Reading JSON-RPC parameters: one spelling for each value, everything else is refused with -32602.

Quantities and data as in the execution API's encoding rules; block parameters as in EIP-1898.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from eth_typing import Address, Hash32

from registry.devchain.errors import InvalidParameters
from registry.devchain.simulation import CALL_GAS_LIMIT, Call

ACCESS_LIST_LIMIT = 1024
# Each entry costs 2,400 gas; more than these would not leave a block's gas for the call.

_QUANTITY = re.compile(r"0x(0|[1-9a-fA-F][0-9a-fA-F]*)")
_DATA = re.compile(r"0x([0-9a-fA-F]{2})*")
_STORAGE_KEY = re.compile(r"0x[0-9a-fA-F]{1,64}")


class BlockTag(StrEnum):
    """The names a block may be given. This chain never reorganises: `safe` and `finalized` are the newest block."""

    EARLIEST = "earliest"
    LATEST = "latest"
    SAFE = "safe"
    FINALIZED = "finalized"
    PENDING = "pending"


@dataclass(frozen=True, slots=True)
class BlockHash:
    """A block named by its hash, which no other block can ever have."""

    value: Hash32


BlockReference = BlockTag | int | BlockHash


class Arguments:
    """The positional parameters of one request."""

    def __init__(self, values: Sequence[object], *, at_most: int) -> None:
        """Refuse more than the method takes: a client that sends them means something that would not happen."""
        if len(values) > at_most:
            raise InvalidParameters(f"too many arguments, want at most {at_most}")
        self._values = values

    def required(self, position: int) -> object:
        """Return a parameter that must be there."""
        value = self.optional(position)
        if value is None:
            raise InvalidParameters(f"missing value for required argument {position}")
        return value

    def optional(self, position: int) -> object:
        """Return a parameter, None if it is missing."""
        return self._values[position] if position < len(self._values) else None

    def block(self, position: int) -> BlockReference:
        """Return a block parameter; the newest block if it is missing."""
        value = self.optional(position)
        return BlockTag.LATEST if value is None else read_block(value)

    def flag(self, position: int) -> bool:
        """Return a boolean; false if it is missing."""
        value = self.optional(position)
        if value is None:
            return False
        if not isinstance(value, bool):
            raise InvalidParameters(f"argument {position} must be a boolean")
        return value


def read_quantity(value: object, *, bits: int = 256) -> int:
    """Read a number: `0x`, hexadecimal digits, no leading zero."""
    if not isinstance(value, str) or not _QUANTITY.fullmatch(value):
        raise InvalidParameters("expected a quantity as 0x and hexadecimal digits without leading zeros")
    number = int(value, 16)
    if number.bit_length() > bits:
        raise InvalidParameters(f"quantity has more than {bits} bits")
    return number


def read_data(value: object) -> bytes:
    """Read bytes: `0x` and two hexadecimal digits each."""
    if not isinstance(value, str) or not _DATA.fullmatch(value):
        raise InvalidParameters("expected data as 0x and an even number of hexadecimal digits")
    return bytes.fromhex(value[2:])


def read_address(value: object) -> Address:
    """Read an address of 20 bytes, in any case."""
    data = read_data(value)
    if len(data) != 20:
        raise InvalidParameters(f"expected an address of 20 bytes, found {len(data)}")
    return Address(data)


def read_hash(value: object) -> Hash32:
    """Read a hash of 32 bytes."""
    data = read_data(value)
    if len(data) != 32:
        raise InvalidParameters(f"expected a hash of 32 bytes, found {len(data)}")
    return Hash32(data)


def read_storage_key(value: object) -> int:
    """Read a storage position; odd and short spellings too, as client libraries send them."""
    if not isinstance(value, str) or not _STORAGE_KEY.fullmatch(value):
        raise InvalidParameters("expected a storage position of at most 32 bytes as hexadecimal digits")
    return int(value, 16)


def read_block(value: object) -> BlockReference:
    """Read a block parameter: a tag, a number, or an object with one of blockNumber and blockHash (EIP-1898)."""
    match value:
        case str() if value in list(BlockTag):
            return BlockTag(value)
        case str() if len(value) == 66:
            return BlockHash(read_hash(value))
        case str():
            return read_quantity(value, bits=64)
        case {"blockNumber": number, **rest} if not rest:
            return read_quantity(number, bits=64)
        case {"blockHash": block_hash, **rest} if not rest.keys() - {"requireCanonical"}:
            # Every block here is canonical, so either value of requireCanonical gives the same answer.
            if not isinstance(rest.get("requireCanonical", False), bool):
                raise InvalidParameters("requireCanonical must be a boolean")
            return BlockHash(read_hash(block_hash))
        case _:
            raise InvalidParameters("expected a block number, tag, or an object with blockNumber or blockHash")


def read_call(value: object) -> Call:
    """Read a transaction object of eth_call and eth_estimateGas; its fees are ignored, the call pays nothing."""
    fields = read_object(value, allowed=_CALL_FIELDS)
    data = [read_data(fields[name]) for name in ("input", "data") if fields.get(name) is not None]
    if len(data) == 2 and data[0] != data[1]:
        raise InvalidParameters('both "data" and "input" are set and not equal')
    gas, amount, sender, to = (fields.get(name) for name in ("gas", "value", "from", "to"))
    return Call(
        sender=Address(bytes(20)) if sender is None else read_address(sender),
        to=Address(b"") if to is None else read_address(to),
        gas=CALL_GAS_LIMIT if gas is None else min(read_quantity(gas, bits=64), CALL_GAS_LIMIT),
        value=0 if amount is None else read_quantity(amount),
        data=data[0] if data else b"",
        access_list=_read_access_list(fields.get("accessList")),
    )


_CALL_FIELDS = frozenset(
    [
        "from",
        "to",
        "gas",
        "value",
        "data",
        "input",
        "accessList",
        "nonce",
        "chainId",
        "type",
        "gasPrice",
        "maxFeePerGas",
        "maxPriorityFeePerGas",
    ]
)


def read_object(value: object, *, allowed: frozenset[str]) -> dict[str, object]:
    """Read an object that has no other members than the allowed ones."""
    if not isinstance(value, dict):
        raise InvalidParameters("expected an object")
    unknown = sorted(str(name) for name in value if name not in allowed)
    if unknown:
        raise InvalidParameters(f"unknown member {unknown[0]!r}")
    return value


def _read_access_list(value: object) -> tuple[tuple[Address, tuple[int, ...]], ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > ACCESS_LIST_LIMIT:
        raise InvalidParameters(f"expected an access list of at most {ACCESS_LIST_LIMIT} entries")
    entries = []
    for item in value:
        entry = read_object(item, allowed=frozenset(("address", "storageKeys")))
        keys = entry.get("storageKeys", [])
        if not isinstance(keys, list):
            raise InvalidParameters("expected storageKeys to be a list")
        slots = tuple(int.from_bytes(read_hash(key), "big") for key in keys)
        entries.append((read_address(entry.get("address")), slots))
    return tuple(entries)
