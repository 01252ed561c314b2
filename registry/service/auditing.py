"""Writing down who did what, in the transaction that does it (docs/decisions/0110-audit-trail.md)."""

from collections.abc import Iterator
from typing import Final
from uuid import UUID

from registry.domain.audit_trail import AuditAction, AuditEntry, AuditLine, AuditNote
from registry.service.resources import Resources
from registry.store_ports import Store, WriteStore

SERVICE: Final = "service"
"""Who does what nobody asked for at that moment: issuing in the background."""
PAGE: Final = 1_000
"""Entries read at a time: half a megabyte."""


def note(
    resources: Resources,
    unit: WriteStore,
    action: AuditAction,
    *,
    by: str,
    issuer: UUID | None,
    subject: UUID,
    **details: str | int | bool | None,
) -> None:
    """Write down what is being done. Details are ids, codes and counts: nothing that tells of a person."""
    unit.audit.note(
        AuditNote(
            at=resources.clock.now(),
            actor=by,
            issuer=None if issuer is None else str(issuer),
            action=action,
            subject=str(subject),
            details=dict(details),
        )
    )


def read_trail(store: Store, *, after: int = 0) -> Iterator[AuditEntry]:
    """Yield the entries after a number, each page read in a transaction of its own: what is written never changes."""
    while True:
        with store.read() as unit:
            page = unit.audit.page(after=after, limit=PAGE)
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1].number


def shown_to(entry: AuditEntry, issuer_id: UUID | None) -> AuditLine:
    """Return an entry as an issuer may see it: others' are withheld; None sees all."""
    return entry if issuer_id is None or entry.issuer == str(issuer_id) else entry.link
