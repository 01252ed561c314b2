"""Promises: what a registry signs when it accepts a credential or a revocation (protocol section 6).

    {type, version, kind: inclusion, log, court, leaf, slot, epoch, deadline, key, signature}
    {type, version, kind: revocation, log, court, slot, epoch, deadline, key, signature}

A promise says by which epoch something stands in the log, and by when that epoch is anchored. A court contract marks a
log whose promise was not kept. Who signed is told by `registry.adapters.promise_signatures`: the hash is the chain's.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Self

from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.errors import Malformed
from registry.domain.fields import read_constant, read_integer, read_object, read_time, write_time
from registry.domain.hashing import Digest, digest_from_hex
from registry.domain.log_name import LogName
from registry.domain.slot import SLOT_LIMIT

PROMISE_TYPE: Final = "CredrootPromise"

MIN_EPOCHS_AHEAD: Final = 2
"""A signer names an epoch at least two above the newest sealed one: the next may be sealing at this moment."""
MAX_EPOCHS_AHEAD: Final = 1_000
"""A holder refuses more: such an epoch may never come, and until then nothing can be reported."""
MIN_DEADLINE: Final = timedelta(days=7)
"""A signer gives itself at least this long: a worker may have to be repaired."""
MAX_DEADLINE: Final = timedelta(days=30)
"""A holder refuses more: the promises of a retired key can be reported for sixty days."""
PROMISED_WITHIN: Final = timedelta(days=14)
"""What this registry's promises allow: two epochs take two days at most, which leaves twelve for repairs."""

_ADDRESS: Final = re.compile(r"0x[0-9a-f]{40}")
_SIGNATURE: Final = re.compile(r"0x[0-9a-f]{128}")
_MEMBERS: Final = ("type", "version", "kind", "log", "court", "slot", "epoch", "deadline", "key", "signature")


class PromiseKind(StrEnum):
    """What is promised."""

    INCLUSION = "inclusion"
    REVOCATION = "revocation"


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseTerms:
    """What is signed."""

    kind: PromiseKind
    log: LogName
    court: str
    """The court contract, lower-case hex with 0x: 20 bytes."""
    leaf: Digest | None
    """The credential's leaf; None for a revocation."""
    slot: int
    epoch: int
    """The epoch by which it stands in the log."""
    deadline: datetime
    """When that epoch is anchored at the latest; whole seconds, UTC."""

    def __post_init__(self) -> None:
        """Raise Malformed for terms that cannot be signed."""
        if (self.kind is PromiseKind.INCLUSION) != (self.leaf is not None):
            raise Malformed("malformed-promise", "expected a leaf for an inclusion and for nothing else")
        if not 0 <= self.slot < SLOT_LIMIT or self.epoch < 1 or _ADDRESS.fullmatch(self.court) is None:
            raise Malformed("malformed-promise", "expected a slot below 2^37, an epoch from 1 and a court's address")
        if self.deadline.microsecond or self.deadline.utcoffset() != timedelta(0):
            raise Malformed("malformed-promise", "expected a deadline of whole seconds, in UTC")

    @property
    def deadline_seconds(self) -> int:
        """The deadline as the chain counts, in seconds since 1970."""
        return int(self.deadline.timestamp())


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """Signed terms. That the signature is the key's, and the key the log's, is for the reader to check."""

    terms: PromiseTerms
    key: str
    """The address of the promise key, lower-case hex with 0x."""
    signature: bytes
    """64 bytes, compact (EIP-2098): r, then the parity in the highest bit of s."""

    @classmethod
    def parse(cls, value: JsonValue, where: str = "promise") -> Self:
        """Read a promise with exactly its members.

        Raises Malformed for anything else.
        """
        optional = ("leaf",)
        members = read_object(value, required=_MEMBERS, optional=optional, where=where)
        read_constant(members["type"], expected=PROMISE_TYPE, where=f"{where}.type")
        read_constant(members["version"], expected=1, where=f"{where}.version")
        kind, signature = members["kind"], members["signature"]
        if kind not in tuple(PromiseKind):
            raise Malformed("malformed-promise", "expected kind inclusion or revocation", where=where)
        if not isinstance(signature, str) or _SIGNATURE.fullmatch(signature) is None:
            raise Malformed(
                "malformed-promise", "expected a signature of 128 lower-case hex digits with 0x", where=where
            )
        leaf = digest_from_hex(members["leaf"], f"{where}.leaf") if "leaf" in members else None
        return cls(
            terms=PromiseTerms(
                kind=PromiseKind(str(kind)),
                log=LogName.parse(members["log"]),
                court=_address(members["court"], f"{where}.court"),
                leaf=leaf,
                slot=read_integer(members["slot"], maximum=SLOT_LIMIT - 1, where=f"{where}.slot"),
                epoch=read_integer(members["epoch"], minimum=1, where=f"{where}.epoch"),
                deadline=read_time(members["deadline"], f"{where}.deadline"),
            ),
            key=_address(members["key"], f"{where}.key"),
            signature=bytes.fromhex(signature[2:]),
        )

    def to_json(self) -> JsonObject:
        """Write the promise as holders keep it."""
        terms = self.terms
        leaf: JsonObject = {} if terms.leaf is None else {"leaf": terms.leaf.hex()}
        return {
            "type": PROMISE_TYPE,
            "version": 1,
            "kind": str(terms.kind),
            "log": str(terms.log),
            "court": terms.court,
            **leaf,
            "slot": terms.slot,
            "epoch": terms.epoch,
            "deadline": write_time(terms.deadline),
            "key": self.key,
            "signature": f"0x{self.signature.hex()}",
        }


def choose_terms(
    kind: PromiseKind, *, log: LogName, court: str, leaf: Digest | None, slot: int, newest_epoch: int, now: datetime
) -> PromiseTerms:
    """Return the terms of a promise made now; `newest_epoch` is the newest sealed one, 0 before the first.

    Raises Malformed for what cannot be signed.
    """
    return PromiseTerms(
        kind=kind,
        log=log,
        court=court,
        leaf=leaf,
        slot=slot,
        epoch=newest_epoch + MIN_EPOCHS_AHEAD,
        deadline=(now + PROMISED_WITHIN).replace(microsecond=0),
    )


def check_acceptable(terms: PromiseTerms, *, latest_epoch: int, now: datetime) -> None:
    """Check that a promise could be reported in good time, as its holder does on receiving it.

    `latest_epoch` is the log's newest epoch on chain. Raises Malformed `promise-too-far`.
    """
    if terms.epoch > latest_epoch + MAX_EPOCHS_AHEAD:
        message = f"expected an epoch up to {latest_epoch + MAX_EPOCHS_AHEAD}, got {terms.epoch}"
        raise Malformed("promise-too-far", message)
    if terms.deadline > now + MAX_DEADLINE:
        raise Malformed("promise-too-far", f"expected a deadline within {MAX_DEADLINE.days} days")


def _address(value: JsonValue, where: str) -> str:
    if not isinstance(value, str) or _ADDRESS.fullmatch(value) is None:
        raise Malformed("malformed-address", "expected 0x and 40 lower-case hex digits", where=where)
    return value
