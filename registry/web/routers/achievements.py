"""Achievements and their versions."""

from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from registry.service.access import issuer_for_reading, issuer_for_writing
from registry.service.achievements import add_version, create_achievement
from registry.service.once import once
from registry.store_ports import AchievementRecord, IdempotencyAnswer, IssuerRecord, WriteStore
from registry.web.requests import Authenticated, Named, Paged, StrictBody, Wired, known_parameters_of, respond
from registry.web.schemas import AchievementView
from registry.web.views import created, view_achievement

router = APIRouter(
    prefix="/v1/issuers/{slug}/achievements", tags=["achievements"], dependencies=[Depends(known_parameters_of)]
)

_EXAMPLE: Final[dict[str, Any]] = {
    "name": "Data Analysis with Python",
    "description": "Collect, clean, analyse and present data with Python.",
    "achievementType": "MicroCredential",
    "criteria": {"narrative": "Six weekly assignments and a supervised project."},
    "alignment": [
        {
            "targetName": "perform data analysis",
            "targetUrl": "http://data.europa.eu/esco/skill/2b92a5b2-6758-4ee3-9fb4-b6387a55cc8f",
            "targetType": "ext:ESCOSkill",
            "targetFramework": "ESCO",
        }
    ],
    "resultDescription": [{"name": "Final grade", "resultType": "LetterGrade", "allowedValue": ["C", "B", "A"]}],
    "suspension": False,
    "validityDays": 1095,
}
_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "description": "Members of an Open Badges 3.0 Achievement, `suspension` and `validityDays`.",
                    "required": ["name", "description", "achievementType", "criteria"],
                },
                "example": _EXAMPLE,
            }
        },
    }
}


@router.post("", status_code=201, response_model=AchievementView, openapi_extra=_BODY)
def post_achievement(container: Wired, caller: Authenticated, named: Named, slug: str, body: StrictBody) -> Response:
    """Create an achievement. A MicroCredential without an alignment is refused."""

    def create(unit: WriteStore) -> tuple[IssuerRecord, AchievementRecord]:
        issuer = issuer_for_writing(unit, caller, slug)
        return issuer, create_achievement(container.resources, unit, issuer, body, caller=caller)

    return respond(once(container.resources, named, create, lambda made: _answer(container, made)))


@router.post("/{achievement_id}/versions", status_code=201, response_model=AchievementView, openapi_extra=_BODY)
def post_version(
    container: Wired, caller: Authenticated, named: Named, *, slug: str, achievement_id: UUID, body: StrictBody
) -> Response:
    """Add a version. Credentials that were issued keep the text they were signed with."""

    def create(unit: WriteStore) -> tuple[IssuerRecord, AchievementRecord]:
        issuer = issuer_for_writing(unit, caller, slug)
        return issuer, add_version(container.resources, unit, issuer, achievement_id, body, caller=caller)

    return respond(once(container.resources, named, create, lambda made: _answer(container, made)))


@router.get("")
def get_achievements(container: Wired, caller: Authenticated, slug: str, page: Paged) -> list[AchievementView]:
    """List the newest version of each achievement."""
    with container.resources.store.read() as unit:
        issuer = issuer_for_reading(unit, caller, slug)
        records = unit.achievements.page(issuer.id, after=page.after, limit=page.limit)
    return [view_achievement(container.resources, issuer, record) for record in records]


@router.get("/{achievement_id}")
def get_achievement(container: Wired, caller: Authenticated, slug: str, achievement_id: UUID) -> AchievementView:
    """Show the newest version of an achievement."""
    with container.resources.store.read() as unit:
        issuer = issuer_for_reading(unit, caller, slug)
        record = unit.achievements.get(issuer.id, achievement_id)
    return view_achievement(container.resources, issuer, record)


@router.get("/{achievement_id}/versions")
def get_versions(container: Wired, caller: Authenticated, slug: str, achievement_id: UUID) -> list[AchievementView]:
    """Show all versions of an achievement."""
    with container.resources.store.read() as unit:
        issuer = issuer_for_reading(unit, caller, slug)
        records = unit.achievements.versions(issuer.id, achievement_id)
    return [view_achievement(container.resources, issuer, record) for record in records]


def _answer(container: Wired, made: tuple[IssuerRecord, AchievementRecord]) -> IdempotencyAnswer:
    issuer, record = made
    view = view_achievement(container.resources, issuer, record)
    return created(view, location=f"/v1/issuers/{issuer.slug}/achievements/{record.id}")
