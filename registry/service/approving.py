"""Approval by a second person, where the issuer asks for it (docs/decisions/0112-approvals.md).

    checked ──request──> approval-requested ──approve, by another member──> approved ──start──> issuing

What the registry signs needs it; what an issuer signed on its own machine was decided there, and a revocation never
waits.
"""

from enum import StrEnum

from registry.domain.audit_trail import AuditAction
from registry.domain.errors import Refused
from registry.service.access import Caller, require_approver
from registry.service.auditing import note
from registry.service.resources import Resources
from registry.store_ports import Approvals, IssuerRecord, UploadRecord, WriteStore


class Remedy(StrEnum):
    """What to do where something is not issued without a second person."""

    ASK = "ask another member to approve, and have the upload approved"
    ONE_ROW = "upload a file of one row, and let another member approve it"
    CORRECTED_ROW = (
        "upload a file of one row that allows duplicates, let another member approve it, "
        "and revoke what it corrects as superseded"
    )
    RENEWING_ROW = "upload a file of one row that allows duplicates, and let another member approve it"


def set_approvals(
    resources: Resources, unit: WriteStore, issuer: IssuerRecord, approvals: Approvals, *, caller: Caller
) -> IssuerRecord:
    """Set whose word issuing takes. What waits is held to what is set when it is started."""
    if approvals is issuer.approvals:
        return issuer
    unit.issuers.set_approvals(issuer.id, approvals)
    action, words = AuditAction.APPROVALS_SET, str(approvals)
    note(resources, unit, action, by=caller.name, issuer=issuer.id, subject=issuer.id, approvals=words)
    return unit.issuers.get(issuer.id)


def require_no_approval(issuer: IssuerRecord, remedy: Remedy) -> None:
    """Raise Refused `approval-needed`, with what to do, where nothing is issued without a second person."""
    if issuer.approvals is Approvals.SECOND_PERSON:
        raise Refused("approval-needed", f"this issuer asks for approval by a second person: {remedy}")


def request_approval(resources: Resources, unit: WriteStore, record: UploadRecord, *, caller: Caller) -> UploadRecord:
    """Ask for the approval of an upload that was judged. Raises Conflict `upload-state`."""
    unit.uploads.request_approval(record.id, by=caller.name, at=resources.clock.now())
    _note(resources, unit, AuditAction.UPLOAD_APPROVAL_REQUESTED, record, caller)
    return unit.uploads.get(record.issuer_id, record.id)


def approve(resources: Resources, unit: WriteStore, record: UploadRecord, *, caller: Caller) -> UploadRecord:
    """Approve an upload that waits for it.

    Raises Forbidden `role-not-allowed`, Refused `approval-by-same-person` for who sent it or asks for its approval,
    Conflict `upload-state`.
    """
    require_approver(caller)
    unit.uploads.approve(record.id, by=caller.name, at=resources.clock.now())
    _note(resources, unit, AuditAction.UPLOAD_APPROVED, record, caller)
    return unit.uploads.get(record.issuer_id, record.id)


def _note(resources: Resources, unit: WriteStore, action: AuditAction, record: UploadRecord, caller: Caller) -> None:
    digest = record.sha256.hex()
    note(resources, unit, action, by=caller.name, issuer=record.issuer_id, subject=record.id, sha256=digest)
