"""JSON as Python values, and the two spellings Ethereum gives to numbers and bytes."""

from collections.abc import Mapping, Sequence
from typing import Union

Json = Union[None, bool, int, float, str, Sequence["Json"], Mapping[str, "Json"]]  # noqa: UP007  a recursive alias needs it before Python 3.12
JsonObject = dict[str, Json]


def quantity(number: int) -> str:
    """Spell a number: hexadecimal without leading zeros."""
    return hex(number)


def data(value: bytes) -> str:
    """Spell bytes: two hexadecimal digits each."""
    return "0x" + value.hex()


def word(number: int) -> str:
    """Spell a number as 32 bytes."""
    return data(number.to_bytes(32, "big"))
