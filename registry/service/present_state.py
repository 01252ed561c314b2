"""What is true of a credential at this moment, as the registry knows it: for pages, which tell people to check it themselves."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from registry.domain.slot import Purpose
from registry.service.proving import anchored_epoch
from registry.service.resources import Resources
from registry.service.statuses import Reason
from registry.store_ports import CredentialRecord, IssuerRecord, ReadStore, Standing


class StandingWord(StrEnum):
    """One word for a credential, the gravest that is true."""

    REVOKED = "revoked"
    SUPERSEDED = "superseded"
    """Revoked, because another one took its place."""
    SUSPENDED = "suspended"
    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    VALID = "valid"


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentState:
    """A credential and what is true of it now."""

    credential: CredentialRecord
    issuer: IssuerRecord
    word: StandingWord
    reason: Reason | None
    """Why it is revoked or suspended."""
    since: datetime | None
    """When it was revoked or suspended."""
    anchored_at: datetime | None
    """The time of the block that holds its epoch, once that is final."""
    told_at: datetime


def read_state(resources: Resources, unit: ReadStore, credential: CredentialRecord) -> PresentState:
    """Return what is true of a credential now."""
    now = resources.clock.now()
    word, reason, since = _standing(unit, credential, now)
    epoch = anchored_epoch(unit, credential)
    return PresentState(
        credential=credential,
        issuer=unit.issuers.get(credential.issuer_id),
        word=word,
        reason=reason,
        since=since,
        anchored_at=None if epoch is None else unit.epochs.anchor(epoch).block_time,
        told_at=now,
    )


def _standing(
    unit: ReadStore, credential: CredentialRecord, now: datetime
) -> tuple[StandingWord, Reason | None, datetime | None]:
    if credential.standing is not Standing.ACTIVE:
        revoked = credential.standing is Standing.REVOKED
        purpose = Purpose.REVOCATION if revoked else Purpose.SUSPENSION
        changes = [change for change in unit.statuses.changes(credential.id) if change.purpose is purpose]
        # A bit that published files showed, after a restore, has no change of ours.
        last = changes[-1] if changes else None
        reason = Reason(last.reason) if last is not None and last.reason in set(Reason) else None
        word = StandingWord.REVOKED if revoked else StandingWord.SUSPENDED
        if revoked and reason is Reason.SUPERSEDED:
            word = StandingWord.SUPERSEDED
        return word, reason, None if last is None else last.changed_at
    if credential.valid_from > now:
        return StandingWord.NOT_YET_VALID, None, None
    if credential.valid_until is not None and credential.valid_until < now:
        return StandingWord.EXPIRED, None, None
    return StandingWord.VALID, None, None
