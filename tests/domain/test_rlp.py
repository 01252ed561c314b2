"""RLP as it is read: everything that has one spelling is read back, every other spelling is refused."""

from typing import Any, TypeAlias

import pytest
import rlp
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.errors import Malformed
from registry.domain.rlp import MAX_DEPTH, RlpItem, decode_rlp, read_rlp_integer

# What the library takes: bytes, or lists of such.
Item: TypeAlias = Any


def nested(depth: int) -> st.SearchStrategy[Item]:
    items: st.SearchStrategy[Item] = st.binary(max_size=70)
    for _ in range(depth):
        items = st.binary(max_size=70) | st.lists(items, max_size=6)
    return items


def frozen(item: Item) -> RlpItem:
    return item if isinstance(item, bytes) else tuple(frozen(each) for each in item)


@given(nested(MAX_DEPTH))
def test_what_the_library_writes_is_read(item: Item) -> None:
    assert decode_rlp(rlp.encode(item), where="item") == frozen(item)


@given(
    st.binary(max_size=90)
    | nested(3).map(rlp.encode).flatmap(lambda data: st.builds(flip, st.just(data), st.integers(0, 10**6)))
)
def test_whatever_is_read_has_that_one_spelling(data: bytes) -> None:
    try:
        item = decode_rlp(data, where="item")
    except Malformed:
        return
    assert rlp.encode(item) == data


def flip(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8 % len(data)] ^= 0x80 >> bit % 8
    return bytes(changed)


@pytest.mark.parametrize(
    "data",
    [
        "",  # nothing
        "8100",  # a small byte with a length
        "817f",
        "81",  # nothing after the length
        "820a",
        "b800",  # a long length that is short
        "b837" + "00" * 55,
        "b90038" + "00" * 56,  # a length with a leading zero
        "b838" + "00" * 55,
        "b9",
        "bfffffffffffffffff",
        "c1",  # a list without its items
        "c28100",
        "c281",
        "f800",
        "f90038" + "00" * 56,
        "c0c0",  # something after the item
        "0000",
        "c3820102" + "00",
        "c1" + "8180",  # an item that ends beyond its list
        "c4c3c2c1c0",  # too deep
        "f8" + "ff" * 99,
    ],
)
def test_another_spelling_is_malformed(data: str) -> None:
    with pytest.raises(Malformed) as caught:
        decode_rlp(bytes.fromhex(data), where="item")

    assert caught.value.code == "malformed-rlp"


def test_lists_are_read_as_deep_as_they_may_be() -> None:
    assert MAX_DEPTH == 4
    assert decode_rlp(bytes.fromhex("c3c2c1c0"), where="item") == ((((),),),)


@pytest.mark.parametrize("number", [0, 1, 127, 128, 255, 256, 2**64 - 1])
def test_a_number_is_read_as_the_library_writes_it(number: int) -> None:
    assert read_rlp_integer(decode_rlp(rlp.encode(number), where="n"), limit_bytes=8, where="n") == number


@pytest.mark.parametrize("item", [(), b"\0", b"\0\1", b"\1" * 9])
def test_another_spelling_of_a_number_is_malformed(item: RlpItem) -> None:
    with pytest.raises(Malformed):
        read_rlp_integer(item, limit_bytes=8, where="n")
