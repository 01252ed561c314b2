"""Reading Recursive Length Prefix, the one spelling of each item (Ethereum Yellow Paper, appendix B).

    item    bytes, or a tuple of items

Headers of blocks and nodes of tries are written in it. Nothing is written here: what is read was hashed before.
"""

from typing import Final, TypeAlias

from registry.domain.errors import Malformed

RlpItem: TypeAlias = "bytes | tuple[RlpItem, ...]"

MAX_DEPTH: Final = 4
"""Lists inside lists: a node, an extension inside it, a branch inside that, a leaf. A node inside its parent is shorter than
32 bytes, so there is no room for more; a header is one list. It bounds what a hostile item makes us descend."""

_LIST_START: Final = 0xC0
_STRING_START: Final = 0x80
_LONG: Final = 55
"""The longest payload whose length stands in the first byte."""


def decode_rlp(data: bytes, *, where: str) -> RlpItem:
    """Read one item that takes up all the bytes.

    Raises Malformed for anything but its one spelling, and for lists deeper than `MAX_DEPTH`.
    """
    item, end = _read_item(data, 0, depth=0, where=where)
    if end != len(data):
        raise _malformed("nothing after the item", where)
    return item


def read_rlp_integer(item: RlpItem, *, limit_bytes: int, where: str) -> int:
    """Read a number: big-endian bytes without leading zeros.

    Raises Malformed for a list, a leading zero, or more bytes than the limit.
    """
    if isinstance(item, tuple) or len(item) > limit_bytes or item[:1] == b"\0":
        raise _malformed(f"a number of at most {limit_bytes} bytes", where)
    return int.from_bytes(item, "big")


def _read_item(data: bytes, start: int, *, depth: int, where: str) -> tuple[RlpItem, int]:
    first = data[start] if start < len(data) else None
    if first is None:
        raise _malformed("an item", where)
    if first < _STRING_START:
        return data[start : start + 1], start + 1
    begin, end = _payload(data, start, first, where)
    if first >= _LIST_START:
        return _read_list(data, begin, end, depth=depth + 1, where=where), end
    content = data[begin:end]
    if len(content) == 1 and content[0] < _STRING_START:
        raise _malformed("a small byte written as itself", where)
    return content, end


def _read_list(data: bytes, start: int, end: int, *, depth: int, where: str) -> tuple[RlpItem, ...]:
    if depth > MAX_DEPTH:
        raise _malformed(f"lists at most {MAX_DEPTH} deep", where)
    items: list[RlpItem] = []
    payload = data[:end]
    while start < end:
        item, start = _read_item(payload, start, depth=depth, where=where)
        items.append(item)
    return tuple(items)


def _payload(data: bytes, start: int, first: int, where: str) -> tuple[int, int]:
    """Return where the payload of an item begins and ends."""
    length = first - (_LIST_START if first >= _LIST_START else _STRING_START)
    begin = start + 1
    if length > _LONG:
        written = data[begin : begin + length - _LONG]
        begin += length - _LONG
        length = int.from_bytes(written, "big")
        if written[:1] == b"\0" or length <= _LONG:
            raise _malformed("the shortest spelling of a length", where)
    if begin + length > len(data):
        raise _malformed(f"{length} bytes after the length", where)
    return begin, begin + length


def _malformed(expected: str, where: str) -> Malformed:
    return Malformed("malformed-rlp", f"expected {expected}", where=where)
