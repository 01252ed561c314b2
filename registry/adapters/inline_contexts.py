"""Contexts that stand in a document in place of a URL (VC Data Model 2.0 section 4.3 admits them after the first).

They are read when all they do is give terms a meaning: terms mapped to absolute IRIs, with a datatype, as a set or a
list, and a vocabulary for the rest. What could make a JSON reader and a JSON-LD reader see different things (other
names for keywords, maps whose keys are data, default languages, a base, imports, terms mapped to nothing) is not
judged: such a context is unknown. See docs/decisions/0016-contexts-inside-documents.md.
"""

from typing import Final

from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.claims import is_iri
from registry.ports import UnknownContext

MAX_INLINE_TERMS: Final = 200
"""Terms of all contexts inside one document: as many as the Open Badges context has; PyLD reads them anew each time."""

_ALIASES: Final = (("id", "@id"), ("type", "@type"))
"""The names that every credential context gives to these keywords."""
_TERM_MEMBERS: Final = frozenset({"@id", "@type", "@container", "@protected", "@context"})
_CONTAINERS: Final[tuple[JsonValue, ...]] = ("@set", "@list", ["@set"], ["@list"])
_TYPES: Final = frozenset({"@id", "@vocab", "@json"})


def check_inline_context(context: JsonObject) -> None:
    """Check that a context defines terms and does nothing else.

    Raises UnknownContext with what it does beside.
    """
    if _check_context(context) > MAX_INLINE_TERMS:
        raise UnknownContext(f"one inside the document with more than {MAX_INLINE_TERMS} terms")


def _check_context(context: JsonObject) -> int:
    terms = 0
    for name, value in context.items():
        if name.startswith("@"):
            _check_keyword(name, value)
        elif (name, value) not in _ALIASES:
            terms += 1 + _check_term(name, value)
    return terms


def _check_keyword(name: str, value: JsonValue) -> None:
    match name:
        case "@protected":
            known = isinstance(value, bool)
        case "@version":
            known = value == 1.1
        case "@vocab":
            known = is_iri(value)
        case _:
            known = False
    if not known:
        raise UnknownContext(f"one inside the document with {name}")


def _check_term(name: str, value: JsonValue) -> int:
    """Check one term and return how many more its own context defines."""
    definition: JsonObject = value if isinstance(value, dict) else {"@id": value}
    identifier, kind = definition.get("@id"), definition.get("@type", "@id")
    scoped = definition.get("@context", {})
    plain = (
        bool(name)
        and ":" not in name
        and _TERM_MEMBERS.issuperset(definition)
        and is_iri(identifier)
        and ((isinstance(kind, str) and kind in _TYPES) or is_iri(kind))
        and definition.get("@container", "@set") in _CONTAINERS
        and isinstance(definition.get("@protected", False), bool)
    )
    if not plain or not isinstance(scoped, dict):
        raise UnknownContext(f"one inside the document whose term {name!r} does more than name an IRI")
    return _check_context(scoped)
