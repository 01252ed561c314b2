"""What followed a credential: corrections that took its place, renewals that go on, and what of them stands now.

    earlier ──supersedes──> later       the earlier one is revoked
    earlier ──renews──> later           both may stand; the later one is what is handed out

A correction is renewed by what renewed the one that it corrects: earlier ──> correction ──> renewal. A new credential comes in
at the end of a walk or between two of its steps, never before where it began: every walk ends.
"""

from collections.abc import Callable, Collection, Mapping
from itertools import islice
from typing import Final
from uuid import UUID

from registry.store_ports import CredentialLink, CredentialRecord, LinkKind, ReadStore, Standing

ASKED_AT_ONCE: Final = 1_000
"""Each is asked for twice in a statement, and SQLite takes 32,766 parameters; what they follow is read whole."""


def standing_now(
    unit: ReadStore, credentials: Collection[CredentialRecord], *, lock: Callable[[Collection[UUID]], None]
) -> Mapping[UUID, CredentialRecord]:
    """Return by each credential's id what stands now in its place; the last one, revoked, where nothing does.

    What followed is locked before it is read. At most a thousand credentials.
    """
    newest = {credential.id: credential for credential in credentials}
    moving = newest
    while moving:
        moving = _next_ones(unit, moving, lock=lock)
        newest = {**newest, **moving}
    return newest


def links_shown(unit: ReadStore, credential_ids: Collection[UUID]) -> Mapping[UUID, tuple[CredentialLink, ...]]:
    """Return the links in which each credential stands, without those to a renewal of it that was revoked.

    At most a thousand credentials. A revoked renewal itself still says what it renewed.
    """
    links = unit.links.of(credential_ids)
    renewals = {link.later_id for each in links.values() for link in each if link.kind is LinkKind.RENEWS}
    later = unit.credentials.by_ids(renewals)
    revoked = {renewal for renewal in renewals if later[renewal].standing is Standing.REVOKED}
    return {
        credential_id: tuple(
            link
            for link in each
            if link.later_id == credential_id or link.kind is LinkKind.SUPERSEDES or link.later_id not in revoked
        )
        for credential_id, each in links.items()
    }


def followers_of_upload(unit: ReadStore, credential_ids: Collection[UUID], upload_id: UUID) -> frozenset[UUID]:
    """Tell which credentials followed, at whatever distance, one that an upload issued."""
    found: set[UUID] = set()
    remaining = iter(credential_ids)
    while part := list(islice(remaining, ASKED_AT_ONCE)):
        found |= _followers_of_upload(unit, part, upload_id)
    return frozenset(found)


def _followers_of_upload(unit: ReadStore, credential_ids: Collection[UUID], upload_id: UUID) -> set[UUID]:
    found: set[UUID] = set()
    steps = {(credential_id, credential_id) for credential_id in credential_ids}
    while steps:
        links = unit.links.of({reached for reached, _ in steps})
        steps = {
            (link.earlier_id, follower)
            for reached, follower in steps
            for link in links.get(reached, ())
            if link.later_id == reached
        }
        earlier = unit.credentials.by_ids({reached for reached, _ in steps})
        of_upload = {each.id for each in earlier.values() if each.upload_id == upload_id}
        found |= {follower for reached, follower in steps if reached in of_upload}
        steps = {step for step in steps if step[1] not in found}
    return found


def _next_ones(
    unit: ReadStore, moving: Mapping[UUID, CredentialRecord], *, lock: Callable[[Collection[UUID]], None]
) -> dict[UUID, CredentialRecord]:
    """Return by the same ids what stands in the place of what they lead to now; those without anything are left out."""
    links = unit.links.of([credential.id for credential in moving.values()])
    later = {
        origin: [link for link in links.get(credential.id, ()) if link.earlier_id == credential.id]
        for origin, credential in moving.items()
    }
    lock([link.later_id for each in later.values() for link in each])
    followers = unit.credentials.by_ids({link.later_id for each in later.values() for link in each})
    following: dict[UUID, CredentialRecord] = {}
    for origin, each in later.items():
        for link in each:
            follower = followers[link.later_id]
            # A revoked correction may have been corrected once more; a revoked renewal leaves things as they were.
            if link.kind is LinkKind.SUPERSEDES or follower.standing is not Standing.REVOKED:
                following[origin] = follower
    return following
