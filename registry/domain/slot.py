"""The slot: a credential's status position, and its spelling as a URL, an index and a 32-byte word.

Protocol section 2 and Bitstring Status List v1.0. A slot is `list * 131072 + index`, unique in the log and
filled once for ever. The slot word:

    byte  0 1 2 | 3         | 4 ............... 31
          0 0 0 | leaf kind | slot, big-endian
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.errors import Malformed
from registry.domain.log_name import LogName
from registry.domain.one_or_many import as_items, objects_of

LIST_SIZE: Final = 131_072
"""Entries of one list: the least that the Bitstring Status List recommendation allows, 16 KB of bits."""
MAX_LIST: Final = 2**20 - 1
SLOT_LIMIT: Final = 2**37
WORD_SIZE: Final = 32

KIND_CREDENTIAL: Final = 0
KIND_HEADER: Final = 0xFF
HEADER_WORD: Final = bytes([0, 0, 0, KIND_HEADER]) + bytes(28)

_LIST: Final = r"(?:0|[1-9][0-9]{0,6})"
_URL_TAIL: Final = re.compile(
    rf"/(eip155:[1-9][0-9]*/0x[0-9a-f]{{40}}/[1-9][0-9]*)/(revocation|suspension)/({_LIST})", re.ASCII
)
_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,5}", re.ASCII)
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_STATUS_MEMBERS: Final = "BitstringStatusListEntry"


class Purpose(StrEnum):
    """What a status list says of a credential."""

    REVOCATION = "revocation"
    SUSPENSION = "suspension"


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialSlot:
    """What a credential's `credentialStatus` says of its log and slot."""

    log: LogName
    slot: int
    suspendable: bool
    """The credential has an entry of purpose suspension too."""
    revocation_url: str
    suspension_url: str | None
    notes: tuple[str, ...]
    """Entries of other purposes, which this protocol ignores."""

    @property
    def word(self) -> bytes:
        """The slot word that stands beside the credential's leaf."""
        return slot_word(self.slot)

    @property
    def purposes(self) -> tuple[Purpose, ...]:
        """The purposes that the credential has entries for, revocation first."""
        return (Purpose.REVOCATION, Purpose.SUSPENSION) if self.suspendable else (Purpose.REVOCATION,)


def slot_word(slot: int, *, kind: int = KIND_CREDENTIAL) -> bytes:
    """Spell a slot as the 32-byte word beside its leaf.

    Raises Malformed for a slot outside 0..2^37-1.
    """
    if not 0 <= slot < SLOT_LIMIT:
        raise Malformed("malformed-slot", f"expected 0 <= slot < 2^37, got {slot}")
    return bytes([0, 0, 0, kind]) + slot.to_bytes(28, "big")


def slot_of_word(word: bytes) -> int:
    """Read the slot of a credential's word.

    Raises Malformed unless it is the word of a kind-0 slot.
    """
    if not has_slot_word_form(word) or word[3] != KIND_CREDENTIAL:
        raise Malformed("malformed-slot-word", f"expected the word of a credential's slot, got {word.hex()}")
    return int.from_bytes(word[4:], "big")


def has_slot_word_form(node: bytes) -> bool:
    """Tell whether 32 bytes could be a slot word, whatever its kind."""
    return len(node) == WORD_SIZE and not any(node[0:3]) and not any(node[4:27]) and node[27] < 32


def status_list_url(base_url: str, *, log: LogName, purpose: Purpose, number: int) -> str:
    """Write the URL of a status list, which ends in log name, purpose and list number."""
    return f"{base_url}/{log}/{purpose}/{number}"


def status_entry(base_url: str, *, log: LogName, purpose: Purpose, slot: int) -> JsonObject:
    """Write a credential's `BitstringStatusListEntry` for a slot."""
    number, index = divmod(slot, LIST_SIZE)
    return {
        "type": _STATUS_MEMBERS,
        "statusPurpose": str(purpose),
        "statusListIndex": str(index),
        "statusListCredential": status_list_url(base_url, log=log, purpose=purpose, number=number),
    }


def parse_credential_slot(document: JsonObject) -> CredentialSlot:
    """Read log and slot out of a credential's `credentialStatus`.

    Raises Malformed: the credential has no slot.
    """
    positions: dict[Purpose, _Position] = {}
    notes: list[str] = []
    for entry in _entries(document.get("credentialStatus")):
        purpose = entry.get("statusPurpose")
        if purpose not in tuple(Purpose):
            notes.append(f"status entry of purpose {purpose!r} ignored")
            continue
        known = Purpose(str(purpose))
        if known in positions:
            raise Malformed("slot-twice", f"expected at most one entry of purpose {known}", where="credentialStatus")
        positions[known] = _parse_entry(entry, known)
    revocation = positions.get(Purpose.REVOCATION)
    suspension = positions.get(Purpose.SUSPENSION)
    if revocation is None:
        raise Malformed("no-slot", "expected one status entry of purpose revocation", where="credentialStatus")
    if suspension is not None and (suspension.log, suspension.slot) != (revocation.log, revocation.slot):
        raise Malformed("slots-differ", "expected one log, list and index for both purposes", where="credentialStatus")
    return CredentialSlot(
        log=revocation.log,
        slot=revocation.slot,
        suspendable=suspension is not None,
        revocation_url=revocation.url,
        suspension_url=None if suspension is None else suspension.url,
        notes=tuple(notes),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusListPlace:
    """What a status list's URL says of it."""

    log: LogName
    purpose: Purpose
    number: int


def parse_status_list_url(url: JsonValue) -> StatusListPlace:
    """Read log, purpose and list number from the end of a status list's URL.

    Raises Malformed `malformed-status-url` for every spelling but the canonical one.
    """
    where = "statusListCredential"
    if not isinstance(url, str):
        raise Malformed("malformed-status-url", "expected a URL", where=where)
    try:
        parts = urlsplit(url)
        # Asking for the port refuses one that is none.
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise Malformed("malformed-status-url", "expected a URL", where=where) from error
    # urlsplit drops tabs and line ends and forgets an empty query: what cannot be put together again is refused.
    if parts.geturl() != url or parts.query or parts.fragment or not url.isascii():
        raise Malformed("malformed-status-url", "expected a plain URL without query or fragment", where=where)
    if parts.scheme != "https" and not (parts.scheme == "http" and host in _LOOPBACK):
        raise Malformed("malformed-status-url", "expected https, or http on loopback", where=where)
    match = _tail(parts.path)
    if not host or match is None:
        raise Malformed("malformed-status-url", "expected a path ending in /<log name>/<purpose>/<list>", where=where)
    number = int(match[3])
    if number > MAX_LIST:
        raise Malformed("malformed-status-url", f"expected a list below 2^20, got {number}", where=where)
    return StatusListPlace(log=LogName.parse(match[1]), purpose=Purpose(match[2]), number=number)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Position:
    log: LogName
    slot: int
    url: str


def _entries(value: JsonValue) -> list[JsonObject]:
    objects = objects_of(value)
    if len(objects) != len(as_items(value)):
        raise Malformed("no-slot", "expected a status entry or a list of them", where="credentialStatus")
    return objects


def _parse_entry(entry: JsonObject, purpose: Purpose) -> _Position:
    if entry.get("type") != _STATUS_MEMBERS:
        raise Malformed("malformed-status-entry", f"expected type {_STATUS_MEMBERS}", where="credentialStatus")
    size = entry.get("statusSize", 1)
    if isinstance(size, bool) or size != 1:
        raise Malformed("malformed-status-entry", "expected statusSize 1 or none", where="credentialStatus")
    url = entry.get("statusListCredential")
    place = parse_status_list_url(url)
    if place.purpose is not purpose:
        raise Malformed("malformed-status-url", f"expected purpose {purpose} in the URL, got {place.purpose}")
    index = _parse_index(entry.get("statusListIndex"))
    return _Position(log=place.log, slot=place.number * LIST_SIZE + index, url=str(url))


def _parse_index(text: JsonValue) -> int:
    if not isinstance(text, str) or _INDEX.fullmatch(text) is None or int(text) >= LIST_SIZE:
        raise Malformed("malformed-index", f"expected a decimal string below {LIST_SIZE}", where="statusListIndex")
    return int(text)


def _tail(path: str) -> re.Match[str] | None:
    start = path.rfind("/eip155:")
    return None if start < 0 else _URL_TAIL.fullmatch(path, start)
