"""Stored records as the service shows them."""

from collections.abc import Iterable

from registry.domain.canonical import parse_object
from registry.domain.upload_judging import RowJudgement
from registry.service.achievements import freeze
from registry.service.pace import Progress
from registry.service.resources import Resources
from registry.service.rows import mapping_of
from registry.store_ports import (
    AchievementRecord,
    AnchorRecord,
    ApiKeyRecord,
    CredentialLink,
    CredentialRecord,
    EpochRecord,
    IdempotencyAnswer,
    IssuerRecord,
    LinkKind,
    UploadRecord,
)
from registry.web.schemas import (
    AchievementView,
    ApiKeyView,
    CredentialView,
    EpochView,
    FindingView,
    IssuerView,
    RowView,
    UploadView,
    View,
)


def created(view: View, *, location: str, status: int = 201) -> IdempotencyAnswer:
    """Write the answer to a request that created something."""
    body = view.model_dump_json(by_alias=True).encode()
    return IdempotencyAnswer(status=status, headers=location.encode("ascii"), body=body)


def view_issuer(issuer: IssuerRecord) -> IssuerView:
    """Show an issuer."""
    return IssuerView(
        id=issuer.id,
        slug=issuer.slug,
        name=issuer.name,
        kind=issuer.kind,
        did=issuer.did,
        did_method=issuer.did_method,
        cryptosuites=issuer.cryptosuites,
        did_document=parse_object(issuer.did_document),
        profile=parse_object(issuer.profile),
        approvals=issuer.approvals,
        linkedin_organization=issuer.linkedin_organization,
        created_at=issuer.created_at,
    )


def view_api_key(record: ApiKeyRecord) -> ApiKeyView:
    """Show an API key without its secret."""
    return ApiKeyView(
        id=record.id,
        role=record.role,
        issuer_id=record.issuer_id,
        label=record.label,
        approver=record.approver,
        created_at=record.created_at,
        revoked_at=record.revoked_at,
    )


def view_achievement(resources: Resources, issuer: IssuerRecord, record: AchievementRecord) -> AchievementView:
    """Show a version of an achievement as credentials keep it."""
    frozen = freeze(resources, issuer, record)
    return AchievementView(
        id=record.id,
        iri=frozen.id,
        version=record.version,
        created_at=record.created_at,
        achievement=frozen.achievement.document(achievement_id=frozen.id, version=record.version),
    )


def view_credential(
    resources: Resources, record: CredentialRecord, *, anchored: bool, links: Iterable[CredentialLink] = ()
) -> CredentialView:
    """Show a credential without its document; `links` are those in which it stands."""
    earlier = {link.kind: link.earlier_id for link in links if link.later_id == record.id}
    later = {link.kind: link.later_id for link in links if link.earlier_id == record.id}
    return CredentialView(
        id=record.id,
        uri=_uri(record),
        achievement=record.achievement_id,
        achievement_version=record.achievement_version,
        leaf=record.leaf.hex(),
        slot=record.slot,
        standing=record.standing,
        suspendable=record.suspendable,
        valid_from=record.valid_from,
        valid_until=record.valid_until,
        created_at=record.created_at,
        upload=record.upload_id,
        line=record.line,
        epoch=record.epoch,
        anchored=anchored,
        receipt=f"{resources.public_url}/receipts/{record.leaf.hex()}",
        supersedes=earlier.get(LinkKind.SUPERSEDES),
        superseded_by=later.get(LinkKind.SUPERSEDES),
        renews=earlier.get(LinkKind.RENEWS),
        renewed_by=later.get(LinkKind.RENEWS),
    )


def _uri(record: CredentialRecord) -> str | None:
    if record.achievement_id is not None:
        return record.document_id.urn
    # What others wrote has the id they gave it, if any.
    identifier = parse_object(record.document).get("id")
    return identifier if isinstance(identifier, str) else None


def view_upload(record: UploadRecord, progress: Progress | None = None) -> UploadView:
    """Show an upload and, while it is being issued here, how fast."""
    mapping = mapping_of(record)
    return UploadView(
        id=record.id,
        achievement=record.achievement_id,
        achievement_version=record.achievement_version,
        filename=record.filename,
        sha256=record.sha256.hex(),
        state=record.state,
        skip_bad=record.skip_bad,
        allow_duplicates=record.allow_duplicates,
        ignore_extra=record.ignore_extra,
        rows_ok=record.rows_ok,
        rows_error=record.rows_error,
        rows_skipped=record.rows_skipped,
        rows_issued=record.rows_issued,
        created_at=record.created_at,
        requested_at=record.requested_at,
        finished_at=record.finished_at,
        failure=record.failure,
        format=record.format,
        sheet=record.sheet,
        mapping=None if mapping is None else mapping.name,
        received_by=record.received_by,
        approval_requested_by=record.approval_requested_by,
        approval_requested_at=record.approval_requested_at,
        approved_by=record.approved_by,
        approved_at=record.approved_at,
        rows_per_second=None if progress is None else progress.rows_per_second,
        remaining_seconds=None if progress is None else progress.remaining_seconds,
    )


def view_row(judgement: RowJudgement) -> RowView:
    """Show what was found in a row."""
    return RowView(
        line=judgement.line,
        result=judgement.result,
        code=judgement.code,
        findings=tuple(
            FindingView(
                code=finding.code,
                severity=finding.severity,
                column=finding.column,
                value=finding.value,
                message=finding.message,
                remedy=finding.remedy,
                same_as_line=finding.same_as_line,
            )
            for finding in judgement.findings
        ),
    )


def view_epoch(epoch: EpochRecord, anchor: AnchorRecord) -> EpochView:
    """Show an epoch and where its anchor stands."""
    return EpochView(
        epoch=epoch.number,
        root=epoch.root.hex(),
        sealed_at=epoch.sealed_at,
        state=anchor.state,
        transaction=None if anchor.transaction_hash is None else f"0x{anchor.transaction_hash.hex()}",
        block_number=anchor.block_number,
        block_time=anchor.block_time,
        blocked_reason=anchor.blocked_reason,
        published=epoch.published_at is not None,
    )
