"""What an issuer takes to a machine without a network: a signing kit, and slots set aside for what is signed there.

Both are JSON documents with exactly the members below. Nothing in them is secret; what they say is checked again when
the signed credentials are submitted, so a changed one leads to refusals and to nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Final, Self

from registry.domain.achievement import Achievement, parse_achievement
from registry.domain.canonical import JsonObject, JsonValue, parse_object
from registry.domain.credential import FrozenAchievement
from registry.domain.errors import Malformed
from registry.domain.fields import read_constant, read_integer, read_list, read_object, read_text, read_time, write_time
from registry.domain.log_name import LogName
from registry.domain.multikey import PublicKey, decode_multikey, encode_multikey
from registry.domain.slot import LIST_SIZE, MAX_LIST, Purpose, parse_status_list_url, status_list_url

MAX_RESERVED: Final = 65_536
"""Slots of one reservation: what one batch holds, and half a list."""
MAX_FILE_BYTES: Final = 4_194_304
"""A reservation of 65,536 slots takes less than half a megabyte, an achievement with a picture a few hundred kilobytes."""

KIT_TYPE: Final = "CredrootSigningKit"
RESERVATION_TYPE: Final = "CredrootSlotReservation"
VERSION: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """The issuer's present key, by name."""

    verification_method: str
    public_key: PublicKey


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKit:
    """What credentials of one version of an achievement have in common."""

    profile: JsonObject
    """The issuer's Open Badges Profile, its DID as `id`."""
    key: SigningKey
    log: LogName
    status_url: str
    achievement: FrozenAchievement

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read a kit. Raises Malformed with the code of the first rule broken."""
        members = read_object(
            parse_object(data, limit_bytes=MAX_FILE_BYTES),
            required=("type", "version", "issuer", "key", "log", "statusUrl", "achievement"),
            where="kit",
        )
        read_constant(members["type"], expected=KIT_TYPE, where="type")
        read_constant(members["version"], expected=VERSION, where="version")
        log = LogName.parse(members["log"])
        return cls(
            profile=_read_profile(members["issuer"]),
            key=_read_key(members["key"]),
            log=log,
            status_url=_read_status_url(members["statusUrl"], log),
            achievement=_read_achievement(members["achievement"]),
        )

    def document(self) -> JsonObject:
        """Write the kit."""
        return {
            "type": KIT_TYPE,
            "version": VERSION,
            "issuer": self.profile,
            "key": {
                "verificationMethod": self.key.verification_method,
                "publicKeyMultibase": encode_multikey(self.key.public_key),
            },
            "log": str(self.log),
            "statusUrl": self.status_url,
            "achievement": {
                "id": self.achievement.id,
                "version": self.achievement.version,
                "body": self.achievement.achievement.to_body(),
            },
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """Slots set aside for one issuer."""

    id: str
    issuer: str
    """Its DID."""
    log: LogName
    status_url: str
    created: datetime
    expires: datetime
    slots: tuple[int, ...]
    """In the order they were drawn."""

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read a reservation. Raises Malformed with the code of the first rule broken."""
        members = read_object(
            parse_object(data, limit_bytes=MAX_FILE_BYTES),
            required=("type", "version", "id", "issuer", "log", "statusUrl", "created", "expires", "slots"),
            where="reservation",
        )
        read_constant(members["type"], expected=RESERVATION_TYPE, where="type")
        read_constant(members["version"], expected=VERSION, where="version")
        log = LogName.parse(members["log"])
        return cls(
            id=read_text(members["id"], where="id"),
            issuer=read_text(members["issuer"], where="issuer"),
            log=log,
            status_url=_read_status_url(members["statusUrl"], log),
            created=read_time(members["created"], "created"),
            expires=read_time(members["expires"], "expires"),
            slots=_read_slots(members["slots"]),
        )

    def document(self) -> JsonObject:
        """Write the reservation."""
        return {
            "type": RESERVATION_TYPE,
            "version": VERSION,
            "id": self.id,
            "issuer": self.issuer,
            "log": str(self.log),
            "statusUrl": self.status_url,
            "created": write_time(self.created),
            "expires": write_time(self.expires),
            "slots": _group(self.slots),
        }


def _group(slots: Sequence[int]) -> JsonValue:
    groups = groupby(slots, key=lambda slot: slot // LIST_SIZE)
    return [{"list": number, "indexes": [slot % LIST_SIZE for slot in members]} for number, members in groups]


def _read_slots(value: JsonValue) -> tuple[int, ...]:
    slots: list[int] = []
    for item in read_list(value, limit=MAX_RESERVED, where="slots"):
        group = read_object(item, required=("list", "indexes"), where="slots")
        number = read_integer(group["list"], maximum=MAX_LIST, where="slots.list")
        indexes = read_list(group["indexes"], limit=MAX_RESERVED, where="slots.indexes")
        slots += [
            number * LIST_SIZE + read_integer(index, maximum=LIST_SIZE - 1, where="slots.indexes") for index in indexes
        ]
    if not slots or len(slots) > MAX_RESERVED or len(set(slots)) != len(slots):
        raise Malformed("malformed-reservation", f"expected 1 to {MAX_RESERVED} slots, each once", where="slots")
    return tuple(slots)


def _read_status_url(value: JsonValue, log: LogName) -> str:
    url = read_text(value, where="statusUrl")
    # Verifiers refuse what is no plain https address: better here than in a thousand signed credentials.
    parse_status_list_url(status_list_url(url, log=log, purpose=Purpose.REVOCATION, number=0))
    return url


def _read_profile(value: JsonValue) -> JsonObject:
    if not isinstance(value, dict) or not isinstance(value.get("id"), str):
        raise Malformed("malformed-profile", "expected the issuer's profile with its DID", where="issuer")
    return value


def _read_key(value: JsonValue) -> SigningKey:
    members = read_object(value, required=("verificationMethod", "publicKeyMultibase"), where="key")
    return SigningKey(
        verification_method=read_text(members["verificationMethod"], where="key.verificationMethod"),
        public_key=decode_multikey(members["publicKeyMultibase"]),
    )


def _read_achievement(value: JsonValue) -> FrozenAchievement:
    members = read_object(value, required=("id", "version", "body"), where="achievement")
    body: Achievement = parse_achievement(members["body"])
    return FrozenAchievement(
        id=read_text(members["id"], where="achievement.id"),
        version=read_integer(members["version"], minimum=1, where="achievement.version"),
        achievement=body,
    )
