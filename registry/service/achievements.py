"""Achievements: what may be awarded. A version never changes; credentials keep the one they were signed with."""

from uuid import UUID

from registry.domain.achievement import Achievement, parse_achievement
from registry.domain.audit_trail import AuditAction
from registry.domain.canonical import JsonObject, canonicalize, parse_object
from registry.domain.credential import FrozenAchievement
from registry.service.access import Caller
from registry.service.auditing import note
from registry.service.resources import Resources, SigningTools
from registry.store_ports import AchievementRecord, IssuerRecord, WriteStore


def create_achievement(
    resources: Resources, unit: WriteStore, issuer: IssuerRecord, body: JsonObject, *, caller: Caller
) -> AchievementRecord:
    """Store an achievement as its first version.

    Raises Malformed or Refused with the code of the rule that the body breaks.
    """
    achievement_id = resources.ids.new()
    unit.achievements.insert(achievement_id, issuer_id=issuer.id, body=_checked(body), created_at=resources.clock.now())
    _note(resources, unit, AuditAction.ACHIEVEMENT_CREATED, issuer, achievement_id, version=1, caller=caller)
    return unit.achievements.get(issuer.id, achievement_id)


def add_version(
    resources: Resources,
    unit: WriteStore,
    issuer: IssuerRecord,
    achievement_id: UUID,
    body: JsonObject,
    *,
    caller: Caller,
) -> AchievementRecord:
    """Store the next version of an achievement.

    Raises as `create_achievement`, and NotFound.
    """
    version = unit.achievements.add_version(
        achievement_id, issuer_id=issuer.id, body=_checked(body), created_at=resources.clock.now()
    )
    action = AuditAction.ACHIEVEMENT_VERSION_ADDED
    _note(resources, unit, action, issuer, achievement_id, version=version, caller=caller)
    return unit.achievements.get(issuer.id, achievement_id, version=version)


def read_achievement(record: AchievementRecord) -> Achievement:
    """Return a stored version as the value it is."""
    return parse_achievement(parse_object(record.body))


def freeze(tools: SigningTools, issuer: IssuerRecord, record: AchievementRecord) -> FrozenAchievement:
    """Return a version as credentials keep it."""
    return FrozenAchievement(
        id=f"{tools.issuer_url(issuer.slug)}/achievements/{record.id}",
        version=record.version,
        achievement=read_achievement(record),
    )


def _note(
    resources: Resources,
    unit: WriteStore,
    action: AuditAction,
    issuer: IssuerRecord,
    achievement_id: UUID,
    *,
    version: int,
    caller: Caller,
) -> None:
    note(resources, unit, action, by=caller.name, issuer=issuer.id, subject=achievement_id, version=version)


def _checked(body: JsonObject) -> bytes:
    return canonicalize(parse_achievement(body).to_body())
