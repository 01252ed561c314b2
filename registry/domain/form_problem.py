"""What is wrong with the form of a document, and the readers that all rules of form share.

Problems are told, not raised: a verifier wants them all. Nothing here falls over on any JSON value.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.claims import is_iri
from registry.domain.errors import Malformed
from registry.domain.one_or_many import as_items
from registry.domain.timestamp import parse_time


@dataclass(frozen=True, slots=True, kw_only=True)
class FormProblem:
    """One way in which a document does not have the form that a standard asks for."""

    code: str
    where: str
    message: str

    def within(self, place: str) -> "FormProblem":
        """Return the problem of a document that stands inside another one."""
        return replace(self, where=f"{place}.{self.where}")


def problem(code: str, where: str, message: str) -> FormProblem:
    """Tell one problem."""
    return FormProblem(code=code, where=where, message=message)


def types_of(value: JsonObject) -> list[str]:
    """Return the types of an object; none when anything but texts is among them."""
    items = as_items(value.get("type"))
    texts = [item for item in items if isinstance(item, str) and item]
    return texts if len(texts) == len(items) else []


def is_filled(value: JsonValue) -> bool:
    """Tell whether a value is a text with more than white space in it."""
    return isinstance(value, str) and bool(value.strip())


def time_problems(value: JsonValue, where: str) -> Iterator[FormProblem]:
    """Tell why a value is no moment, if it is none."""
    try:
        parse_time(value, where)
    except Malformed as error:
        yield problem(error.code, where, error.message)


def id_problems(value: JsonObject, where: str, *, code: str = "malformed-id") -> Iterator[FormProblem]:
    """Tell that an object's identifier is no absolute IRI, if it has one."""
    if "id" in value and not is_iri(value["id"]):
        yield problem(code, where, "expected an absolute IRI")
