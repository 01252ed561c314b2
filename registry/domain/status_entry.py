"""A status entry of a credential of another registry (Bitstring Status List v1.0 section 2.1).

    value of an entry = `statusSize` bits at `statusListIndex * statusSize`, most significant bit first; 0: nothing is said

The entries of this protocol, which name a log and a slot, are in `registry.domain.slot`: they have one spelling, these
have those of the recommendation.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self

from registry.domain.canonical import JsonObject
from registry.domain.errors import Malformed
from registry.domain.one_or_many import as_items, texts_of

ENTRY_TYPE: Final = "BitstringStatusListEntry"
OUTDATED_TYPES: Final = frozenset({"StatusList2021Entry", "RevocationList2021Status", "RevocationList2020Status"})
"""Drafts that came before: other encodings under similar names. Nothing is guessed about them."""
MAX_STATUS_SIZE: Final = 8
"""Bits of one entry: 256 messages. The recommendation sets no bound; messages stand in every credential."""

_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,8}", re.ASCII)
_STATUS: Final = re.compile(r"0x[0-9a-fA-F]{1,4}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusEntry:
    """Where a credential's status stands."""

    purpose: str
    url: str
    index: int
    size: int = 1
    """Bits of a value."""
    messages: Mapping[int, str] = field(default_factory=dict)
    """What values mean, where the entry says so."""

    @classmethod
    def parse(cls, entry: JsonObject) -> Self:
        """Read an entry of type BitstringStatusListEntry.

        Raises Malformed `malformed-status-entry`.
        """
        purpose, url = _text(entry, "statusPurpose"), _text(entry, "statusListCredential")
        if "id" in entry and (_text(entry, "id") == url):
            raise _malformed("expected an id that is not the list's URL", "id")
        index = entry.get("statusListIndex")
        if not isinstance(index, str) or _INDEX.fullmatch(index) is None:
            raise _malformed("expected a decimal number of at most nine digits, as a string", "statusListIndex")
        size = entry.get("statusSize", 1)
        if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= MAX_STATUS_SIZE:
            raise _malformed(f"expected a number of bits from 1 to {MAX_STATUS_SIZE}", "statusSize")
        return cls(purpose=purpose, url=url, index=int(index), size=size, messages=_messages(entry, size=size))


def is_status_entry(entry: JsonObject) -> bool:
    """Tell whether an entry says it is of a bitstring status list."""
    return ENTRY_TYPE in _types(entry)


def is_outdated(entry: JsonObject) -> bool:
    """Tell whether an entry is of a draft that came before."""
    return not OUTDATED_TYPES.isdisjoint(_types(entry))


def value_at(bits: bytes, *, index: int, size: int) -> int | None:
    """Return the value of an entry, None when the list is shorter."""
    start = index * size
    if start + size > 8 * len(bits):
        return None
    value = 0
    for position in range(start, start + size):
        value = value << 1 | (bits[position // 8] >> (7 - position % 8) & 1)
    return value


def _types(entry: JsonObject) -> list[str]:
    return texts_of(entry.get("type"))


def _messages(entry: JsonObject, *, size: int) -> dict[int, str]:
    if "statusMessage" not in entry:
        if size > 1:
            raise _malformed("expected the messages of values of several bits", "statusMessage")
        return {}
    items = as_items(entry["statusMessage"])
    messages: dict[int, str] = {}
    for item in items:
        status, message = (item.get("status"), item.get("message")) if isinstance(item, dict) else (None, None)
        if not isinstance(status, str) or _STATUS.fullmatch(status) is None or not isinstance(message, str):
            raise _malformed("expected objects with status, such as 0x1, and message", "statusMessage")
        messages[int(status, 16)] = message
    if sorted(messages) != list(range(2**size)) or len(items) != len(messages):
        raise _malformed(f"expected one message for each of {2**size} values", "statusMessage")
    return messages


def _text(entry: JsonObject, name: str) -> str:
    value = entry.get(name)
    if not isinstance(value, str) or not value:
        raise _malformed("expected a text", name)
    return value


def _malformed(message: str, where: str) -> Malformed:
    return Malformed("malformed-status-entry", message, where=where)
