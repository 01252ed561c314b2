"""Column mappings: built in and saved, and which of them fits a file."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import Field

from registry.domain.canonical import parse_object
from registry.service.access import issuer_for_reading, issuer_for_writing
from registry.service.mappings import delete_mapping, save_mapping, suggest_mappings
from registry.service.once import once
from registry.store_ports import IdempotencyAnswer, MappingRecord, WriteStore
from registry.web.requests import Authenticated, Named, StrictBody, Wired, known_parameters_of, respond
from registry.web.schemas import Form, View, example
from registry.web.views import created

router = APIRouter(
    prefix="/v1/issuers/{slug}/column-mappings", tags=["column mappings"], dependencies=[Depends(known_parameters_of)]
)

_EXAMPLE = {
    "name": "our campus system",
    "columns": {
        "recipient_email": {"from": "E-mail"},
        "recipient_name": {"join": ["First name", "Last name"]},
        "issued_on": {"from": "Completed", "date": "DMY"},
    },
    "leaveOut": [{"from": "Status", "unless": ["passed"]}],
}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"type": "object"}, "example": _EXAMPLE}},
    }
}


class MappingView(View):
    """A column mapping."""

    key: str = Field(description="What uploads name it by: its id, or its name where it is built in.")
    name: str
    built_in: bool
    mapping: dict[str, Any]


class HeaderForm(Form):
    """The first line of a file."""

    model_config = example(header=["Name", "Email", "Completion Time"])

    header: Annotated[tuple[Annotated[str, Field(max_length=1_000)], ...], Field(max_length=500)]


class SuggestionView(View):
    """How far a mapping fits a file."""

    key: str
    name: str
    found: int = Field(description="How many of the columns that it asks for are there.")
    missing: tuple[str, ...] = Field(description="Those that are not; none for one that fits.")


@router.get("")
def get_mappings(container: Wired, caller: Authenticated, slug: str) -> list[MappingView]:
    """List the mappings that an issuer may use: its own by name, then those that are built in."""
    with container.resources.store.read() as unit:
        issuer = issuer_for_reading(unit, caller, slug)
        saved = unit.mappings.of_issuer(issuer.id)
    built_in = [
        MappingView(key=name, name=name, built_in=True, mapping=parse_object(body))
        for name, body in container.resources.built_in_mappings.items()
    ]
    return [*map(_view, saved), *built_in]


@router.post("", status_code=201, response_model=MappingView, openapi_extra=_BODY)
def post_mapping(container: Wired, caller: Authenticated, named: Named, slug: str, body: StrictBody) -> Response:
    """Save a column mapping (docs/column-mappings.md). It never changes: save another, delete this one."""

    def make(unit: WriteStore) -> MappingRecord:
        return save_mapping(container.resources, unit, issuer_for_writing(unit, caller, slug), body, caller=caller)

    def render(record: MappingRecord) -> IdempotencyAnswer:
        return created(_view(record), location=f"/v1/issuers/{slug}/column-mappings/{record.id}")

    return respond(once(container.resources, named, make, render))


@router.get("/{mapping_id}")
def get_mapping(container: Wired, caller: Authenticated, slug: str, mapping_id: UUID) -> MappingView:
    """Show a saved mapping."""
    with container.resources.store.read() as unit:
        issuer = issuer_for_reading(unit, caller, slug)
        return _view(unit.mappings.get(issuer.id, mapping_id))


@router.delete("/{mapping_id}", status_code=204)
def delete_saved_mapping(container: Wired, caller: Authenticated, slug: str, mapping_id: UUID) -> None:
    """Delete a saved mapping; uploads keep what they were mapped by."""
    with container.resources.store.write() as unit:
        delete_mapping(container.resources, unit, issuer_for_writing(unit, caller, slug), mapping_id, caller=caller)


@router.post("/suggestions")
def post_header(container: Wired, caller: Authenticated, slug: str, form: HeaderForm) -> list[SuggestionView]:
    """Tell how far each mapping fits the first line of a file, the best one first."""
    with container.resources.store.read() as unit:
        issuer = issuer_for_reading(unit, caller, slug)
        suggestions = suggest_mappings(container.resources, unit, issuer, form.header)
    return [
        SuggestionView(key=each.key, name=each.name, found=each.found, missing=each.missing) for each in suggestions
    ]


def _view(record: MappingRecord) -> MappingView:
    return MappingView(key=str(record.id), name=record.name, built_in=False, mapping=parse_object(record.body))
