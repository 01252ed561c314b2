"""Reserving slots, and what an issuer takes along to sign on its own machine.

Reserved slots are drawn as all others are and are used up at once: filled by what is submitted in time, or by nothing
for ever. A reservation that expired gives nothing back, since nobody knows what was signed for it.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from registry.domain.audit_trail import AuditAction
from registry.domain.canonical import parse_object
from registry.domain.errors import Malformed, Refused
from registry.domain.multikey import decode_multikey
from registry.domain.signing_kit import MAX_RESERVED, Reservation, SigningKey, SigningKit
from registry.service.access import Caller
from registry.service.achievements import freeze
from registry.service.auditing import note
from registry.service.own_keys import present_own_key
from registry.service.resources import Resources
from registry.store_ports import IssuerRecord, ReadStore, ReservationRecord, WriteStore

MAX_DAYS: Final = 90
"""A quarter: longer than any signing ceremony is put off, and the bound on how old a signature may be when it comes."""
DEFAULT_DAYS: Final = 30
MAX_OPEN_SLOTS: Final = 1_048_576
"""Of one issuer at a time: eight million would fill a two-thousandth of the log's lists with nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationOrder:
    """How many slots an issuer wants, and for how long."""

    count: int
    days: int = DEFAULT_DAYS

    def __post_init__(self) -> None:
        """Raise Malformed outside the limits."""
        if not 1 <= self.count <= MAX_RESERVED:
            raise Malformed("malformed-count", f"expected 1 to {MAX_RESERVED} slots", where="count")
        if not 1 <= self.days <= MAX_DAYS:
            raise Malformed("malformed-days", f"expected 1 to {MAX_DAYS} days", where="days")


def reserve(
    resources: Resources, unit: WriteStore, issuer: IssuerRecord, order: ReservationOrder, *, caller: Caller
) -> ReservationRecord:
    """Draw slots for what an issuer will sign on its own machine.

    Raises Refused `issuer-without-own-key`, `too-many-reserved`; Conflict `log-full`.
    """
    present_own_key(unit, issuer)
    now = resources.clock.now()
    # Drawn first: the draw locks the issuer's row, so two at the same moment do not both find room.
    slots = unit.statuses.assign_slots(issuer.id, order.count, draw=resources.draw, now=now)
    open_slots = unit.reservations.open_slots(issuer.id, now=now)
    if open_slots + order.count > MAX_OPEN_SLOTS:
        message = f"expected at most {MAX_OPEN_SLOTS} slots in reservations that have not expired, got {open_slots}"
        raise Refused("too-many-reserved", f"{message} and {order.count}")
    record = ReservationRecord(
        id=resources.ids.new(),
        issuer_id=issuer.id,
        slots=slots,
        created_at=now,
        expires_at=now + timedelta(days=order.days),
    )
    unit.reservations.insert(record)
    action = AuditAction.SLOTS_RESERVED
    note(resources, unit, action, by=caller.name, issuer=issuer.id, subject=record.id, count=order.count)
    return record


def show_reservation(
    resources: Resources, unit: ReadStore, issuer: IssuerRecord, record: ReservationRecord
) -> Reservation:
    """Return a reservation as the issuer takes it along."""
    return Reservation(
        id=str(record.id),
        issuer=issuer.did,
        log=unit.access.log().name,
        status_url=resources.status_url,
        created=record.created_at,
        expires=record.expires_at,
        slots=record.slots,
    )


def signing_kit(
    resources: Resources, unit: ReadStore, issuer: IssuerRecord, achievement_id: UUID, *, version: int | None
) -> SigningKit:
    """Return what credentials of an achievement have in common, the newest version when none is named.

    Raises NotFound, Refused `issuer-without-own-key`.
    """
    key = present_own_key(unit, issuer)
    record = unit.achievements.get(issuer.id, achievement_id, version=version)
    return SigningKit(
        profile=parse_object(issuer.profile),
        key=SigningKey(verification_method=key.verification_method, public_key=decode_multikey(key.public_multibase)),
        log=unit.access.log().name,
        status_url=resources.status_url,
        achievement=freeze(resources, issuer, record),
    )
