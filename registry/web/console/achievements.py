"""Achievements: list, versions, and a form with a preview."""

from http import HTTPStatus
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from registry.domain.achievement import parse_achievement
from registry.domain.assessment import ResultType
from registry.domain.canonical import JsonObject, parse_object
from registry.domain.errors import CredrootError
from registry.domain.vocabularies import ACHIEVEMENT_TYPES, TARGET_TYPES
from registry.service.achievements import read_achievement
from registry.web.console.achievement_form import (
    EMPTY,
    MAX_PICTURE_BYTES,
    AchievementFields,
    fields_of_body,
    fields_of_form,
    with_picture,
)
from registry.web.console.gate import Form, Place, Posted, Reading, Writing
from registry.web.console.showing import FormProblem, correctable, go, go_to_made, show
from registry.web.requests import Wired
from registry.web.routers import achievements as api

SHOWN: Final = 100
"""Achievements a page."""

router = APIRouter(prefix="/console/issuers/{slug}/achievements", include_in_schema=False)


@router.get("")
def get_achievements(
    request: Request, container: Wired, place: Reading, after: Annotated[UUID | None, Query()] = None
) -> Response:
    """List the newest version of each achievement."""
    with container.resources.store.read() as unit:
        records = unit.achievements.page(place.issuer.id, after=after, limit=SHOWN + 1)
    context = {
        "achievements": [(record, read_achievement(record)) for record in records[:SHOWN]],
        "next": records[SHOWN - 1].id if len(records) > SHOWN else None,
    }
    return show(request, place, "achievements.html", context)


@router.get("/new")
def get_new(request: Request, place: Writing) -> Response:
    """Show an empty form."""
    return _form(request, place, EMPTY)


@router.post("/preview")
def post_preview(request: Request, place: Writing, form: Form) -> Response:
    """Show the form again with what would become of it; nothing is stored."""
    of = form.optional("of")
    fields = fields_of_form(form)
    try:
        fields = _with_file(fields, form)
        document = _document(fields.body())
    except CredrootError as error:
        return _form(request, place, fields, of=of, problem=correctable(error), status=HTTPStatus.OK)
    return _form(request, place, fields, of=of, document=document)


@router.post("")
def post_achievement(request: Request, container: Wired, place: Writing, form: Form) -> Response:
    """Create an achievement."""
    fields = fields_of_form(form)
    try:
        fields = _with_file(fields, form)
        named = form.named(place.caller)
        return go_to_made(api.post_achievement(container, place.caller, named, place.slug, fields.body()))
    except CredrootError as error:
        return _form(request, place, fields, problem=correctable(error))


@router.get("/{achievement_id}")
def get_achievement(
    request: Request,
    container: Wired,
    place: Reading,
    achievement_id: UUID,
    version: Annotated[int | None, Query(ge=1)] = None,
) -> Response:
    """Show a version as a page would, and which others there are."""
    with container.resources.store.read() as unit:
        versions = unit.achievements.versions(place.issuer.id, achievement_id)
        record = unit.achievements.get(place.issuer.id, achievement_id, version=version)
    document = read_achievement(record).document(achievement_id=record.id.urn, version=record.version)
    context = {"record": record, "versions": versions, "achievement": document, "stored": read_achievement(record)}
    return show(request, place, "achievement.html", context)


@router.get("/{achievement_id}/edit")
def get_edit(request: Request, container: Wired, place: Writing, achievement_id: UUID) -> Response:
    """Show the form with the newest version in it."""
    with container.resources.store.read() as unit:
        record = unit.achievements.get(place.issuer.id, achievement_id)
    return _form(request, place, fields_of_body(parse_object(record.body)), of=str(record.id))


@router.post("/{achievement_id}/versions")
def post_version(request: Request, container: Wired, place: Writing, achievement_id: UUID, form: Form) -> Response:
    """Add a version."""
    fields = fields_of_form(form)
    try:
        fields = _with_file(fields, form)
        api.post_version(
            container,
            place.caller,
            form.named(place.caller),
            slug=place.slug,
            achievement_id=achievement_id,
            body=fields.body(),
        )
    except CredrootError as error:
        return _form(request, place, fields, of=str(achievement_id), problem=correctable(error))
    return go(place.address(f"/achievements/{achievement_id}"))


def _with_file(fields: AchievementFields, form: Posted) -> AchievementFields:
    picture = form.file("picture-file")
    # Read no further than what is refused anyway.
    return fields if picture is None else with_picture(fields, picture.file.read(MAX_PICTURE_BYTES + 1))


def _document(body: JsonObject) -> JsonObject:
    return parse_achievement(body).document(achievement_id="urn:uuid:0", version=1)


def _form(
    request: Request,
    place: Place,
    fields: AchievementFields,
    *,
    of: str | None = None,
    problem: FormProblem | None = None,
    document: JsonObject | None = None,
    status: HTTPStatus | None = None,
) -> Response:
    context = {
        "fields": fields,
        "skill_rows": fields.skill_rows,
        "result_rows": fields.result_rows,
        "unfolded": fields.has_more or (problem is not None and problem.where),
        "of": of,
        "document": document,
        "types": sorted(ACHIEVEMENT_TYPES),
        "target_types": ("ext:ESCOSkill", "ext:ONETElement", *sorted(TARGET_TYPES)),
        "result_options": [(kind.value, kind.value) for kind in ResultType],
        "max_picture_kilobytes": MAX_PICTURE_BYTES // 1000,
    }
    return show(request, place, "achievement-form.html", context, problem=problem, status=status)
