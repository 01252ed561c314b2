"""Changing a credential's status as VCALM 1.0 asks for it: by the credential's own identifier, a purpose and a value.

`true` sets the bit, `false` clears it. Revocation is for ever (protocol section 4): to clear it is refused.
"""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from registry.domain.errors import Malformed, NotFound
from registry.domain.slot import Purpose
from registry.service.access import Caller
from registry.service.list_addresses import list_id, list_url
from registry.service.resources import Resources
from registry.service.statuses import Reason, StatusAction, StatusRequest, change_status
from registry.service.vc_issuing import credential_key, slot_index
from registry.store_ports import CredentialRecord, IssuerRecord, ReadStore, Standing, WriteStore

PAGE: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedStatus:
    """What a status entry is to say."""

    credential_id: str
    """The document's `id`, or what the caller called it when it was issued."""
    purpose: Purpose
    value: bool
    index: str | None = None
    """Which of several credentials of that id, by its index in its list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedList:
    """A list from which nothing is drawn yet."""

    purpose: Purpose
    number: int
    url: str

    @property
    def id(self) -> str:
        """Its short name."""
        return list_id(self.purpose, self.number)


def set_status(
    resources: Resources, unit: WriteStore, issuer: IssuerRecord, status: ListedStatus, *, caller: Caller
) -> CredentialRecord:
    """Carry out a change; the served list has it as soon as the transaction is committed.

    Raises NotFound, Malformed `revocation-final` or `not-suspendable`.
    """
    record = _find(unit, issuer, status)
    action = _action(record, status)
    if action is None:
        return record
    request = StatusRequest(action=action, reason=Reason.OTHER)
    return change_status(resources, unit, issuer, record.id, request, caller=caller)


def open_list(resources: Resources, unit: WriteStore, issuer: IssuerRecord, purpose: Purpose) -> OpenedList:
    """Open a list for the issuer's next credentials; one that is still empty is taken again."""
    number = unit.statuses.open_list(issuer.id, now=resources.clock.now())
    url = list_url(resources, unit.access.log().name, purpose=purpose, number=number)
    return OpenedList(purpose=purpose, number=number, url=url)


def _find(unit: ReadStore, issuer: IssuerRecord, status: ListedStatus) -> CredentialRecord:
    key = credential_key(unit, issuer, status.credential_id)
    found: CredentialRecord | None = None
    after: UUID | None = None
    # The newest is meant where the same id was issued again and no index tells them apart.
    while page := unit.credentials.of_recipient(key, issuer_id=issuer.id, after=after, limit=PAGE):
        for record in page:
            if status.index is None or slot_index(record.slot) == status.index:
                found = record
        after = page[-1].id
    if found is None:
        found = _of_achievement(unit, issuer, status)
    if found is None:
        raise NotFound("credential-not-found", "no such credential, or it has no status entry of this issuer's")
    return found


def _of_achievement(unit: ReadStore, issuer: IssuerRecord, status: ListedStatus) -> CredentialRecord | None:
    """Find a credential that was not issued by the VC API: its id is a random UUID of ours."""
    try:
        record = unit.credentials.by_document_id(UUID(status.credential_id))
    except (ValueError, NotFound):
        return None
    named = record.issuer_id == issuer.id and record.document_id.urn == status.credential_id
    index = status.index is None or slot_index(record.slot) == status.index
    return record if named and index and record.achievement_id is not None else None


def _action(record: CredentialRecord, status: ListedStatus) -> StatusAction | None:
    if status.purpose is Purpose.REVOCATION:
        if not status.value and record.standing is Standing.REVOKED:
            raise Malformed("revocation-final", "expected true: a revocation is for ever", where="status")
        return StatusAction.REVOKE if status.value else None
    if not record.suspendable:
        message = "expected a credential with a status entry of that purpose"
        raise Malformed("not-suspendable", message, where="credentialStatus.statusPurpose")
    if record.standing is Standing.REVOKED:
        raise Malformed("revocation-final", "expected a credential that is not revoked", where="credentialId")
    return StatusAction.SUSPEND if status.value else StatusAction.REINSTATE
