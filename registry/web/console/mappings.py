"""Column mappings: which there are, and making one from the first line of somebody's export."""

import csv
from typing import Final
from uuid import UUID

from fastapi import APIRouter, Request, Response

from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.column_mapping import DateOrder
from registry.domain.errors import CredrootError, Malformed
from registry.domain.upload_columns import Column
from registry.web.console.gate import Form, Place, Posted, Reading, Writing
from registry.web.console.showing import FormProblem, correctable, go, show
from registry.web.requests import Wired
from registry.web.routers import mappings as api

MAX_HEADER: Final = 20_000
"""Characters of a first line: five hundred columns of a sentence each are more than any export has."""
DELIMITERS: Final = ("\t", ";", ",")
"""A line copied from a spreadsheet has tabulators, a file one of the others."""
DAYS: Final = frozenset({Column.ISSUED_ON, Column.EXPIRES_ON, Column.ACTIVITY_START, Column.ACTIVITY_END})

router = APIRouter(prefix="/console/issuers/{slug}/column-mappings", include_in_schema=False)


@router.get("")
def get_mappings(request: Request, container: Wired, place: Reading) -> Response:
    """List the mappings that an issuer may use."""
    context = {"mappings": api.get_mappings(container, place.caller, place.slug)}
    return show(request, place, "mappings.html", context)


@router.get("/new")
def get_new(request: Request, place: Writing) -> Response:
    """Ask for the first line of the export."""
    return _form(request, place, header="")


@router.post("/columns")
def post_columns(request: Request, container: Wired, place: Writing, form: Form) -> Response:
    """Show which mapping fits the first line, and a field for each of our columns."""
    try:
        theirs = _columns(form.text("header"))
        suggestions = api.post_header(container, place.caller, place.slug, api.HeaderForm(header=theirs))
    except CredrootError as error:
        return _form(request, place, header=form.text("header"), problem=correctable(error))
    return _form(request, place, header=form.text("header"), theirs=theirs, suggestions=suggestions[:3])


@router.post("")
def post_mapping(request: Request, container: Wired, place: Writing, form: Form) -> Response:
    """Save a mapping, and go on to the upload."""
    header = form.text("header")
    try:
        answer = api.post_mapping(container, place.caller, form.named(place.caller), place.slug, _mapping(form))
    except CredrootError as error:
        problem = correctable(error)
        return _form(request, place, header=header, theirs=_columns(header), form=form, problem=problem)
    made = answer.headers["Location"].rsplit("/", 1)[1]
    return go(place.address(f"/uploads/new?mapping={made}"))


@router.get("/{mapping_id}/delete")
def get_deletion(request: Request, container: Wired, place: Writing, mapping_id: UUID) -> Response:
    """Ask whether somebody is sure."""
    mapping = api.get_mapping(container, place.caller, place.slug, mapping_id)
    return show(request, place, "mapping-delete.html", {"mapping": mapping})


@router.post("/{mapping_id}/delete")
def post_deletion(container: Wired, place: Writing, mapping_id: UUID, form: Form) -> Response:
    """Delete a saved mapping; uploads keep what they were mapped by."""
    del form
    api.delete_saved_mapping(container, place.caller, place.slug, mapping_id)
    return go(place.address("/column-mappings"))


def _columns(header: str) -> tuple[str, ...]:
    line = header.splitlines()[0] if header else ""
    if not line or len(line) > MAX_HEADER:
        raise Malformed(
            "header-missing", "paste the first line of the file, with the names of its columns", where="header"
        )
    delimiter = max(DELIMITERS, key=line.count)
    try:
        (cells,) = csv.reader([line], delimiter=delimiter)
    except csv.Error as error:
        raise Malformed("header-missing", "expected names of columns in one line", where="header") from error
    return tuple(dict.fromkeys(cell.strip() for cell in cells if cell.strip()))


def _mapping(form: Posted) -> JsonObject:
    columns: JsonObject = {}
    for column in Column:
        theirs = form.text(f"columns.{column}.from")
        second = form.text(f"columns.{column}.second")
        constant = form.text(f"columns.{column}.constant")
        if theirs:
            source: dict[str, JsonValue] = {"join": [theirs, second]} if second else {"from": theirs}
            if column in DAYS:
                source["date"] = form.text(f"columns.{column}.date") or DateOrder.YEAR_FIRST.value
            columns[column.value] = source
        elif constant:
            columns[column.value] = {"constant": constant}
    return {"name": form.text("name"), "columns": columns}


def _form(
    request: Request,
    place: Place,
    *,
    header: str,
    theirs: tuple[str, ...] = (),
    suggestions: list[api.SuggestionView] | None = None,
    form: Posted | None = None,
    problem: FormProblem | None = None,
) -> Response:
    context = {
        "header": header,
        "theirs": theirs,
        "ours": tuple(Column),
        "days": DAYS,
        "orders": tuple(DateOrder),
        "suggestions": suggestions or [],
        "sent": {} if form is None else {name: form.text(name) for name in form.fields},
    }
    return show(request, place, "mapping-new.html", context, problem=problem)
