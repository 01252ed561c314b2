"""The form of presentations and of enveloped credentials (VC Data Model 2.0 sections 4.13 and 5.2, 1.1 section 4.10).

    presentation   @context, type with VerifiablePresentation, optional id, holder, verifiableCredential, proof
    credentials    objects, each a credential, or an EnvelopedVerifiableCredential whose id is a data: URL
    envelope       @context with the credentials context, id a data: URL, type

The credentials inside are judged one by one, as if they had come alone: `presented_credentials` hands them out.
"""

from collections.abc import Iterator
from typing import Final

from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.claims import is_iri
from registry.domain.form_problem import FormProblem, id_problems, problem, types_of
from registry.domain.language_value import text_problems
from registry.domain.one_or_many import as_items, as_objects
from registry.domain.vc_form import CREDENTIALS_CONTEXT, context_problems, entry_problems

PRESENTATION_TYPE: Final = "VerifiablePresentation"
ENVELOPED_CREDENTIAL: Final = "EnvelopedVerifiableCredential"
ENVELOPED_PRESENTATION: Final = "EnvelopedVerifiablePresentation"

MAX_PRESENTED: Final = 100
"""Credentials in one presentation: each costs a verification."""

_CREDENTIALS: Final = "verifiableCredential"


def check_presentation(document: JsonObject) -> tuple[FormProblem, ...]:
    """Return every problem of a presentation's form; those of the credentials inside are not among them."""
    if is_enveloped(document, ENVELOPED_PRESENTATION):
        return tuple(envelope_problems(document))
    return tuple(_presentation_problems(document))


def presented_credentials(document: JsonObject) -> tuple[JsonObject, ...]:
    """Return the credentials of a presentation that is well-formed, enveloped ones as they stand."""
    if _CREDENTIALS not in document:
        return ()
    return tuple(item for item in as_items(document[_CREDENTIALS]) if isinstance(item, dict))


def holder_id(document: JsonObject) -> str | None:
    """Return the identifier of a presentation's holder, if it names one."""
    holder = document.get("holder")
    identifier = holder.get("id") if isinstance(holder, dict) else holder
    return identifier if isinstance(identifier, str) else None


def is_enveloped(document: JsonObject, kind: str = ENVELOPED_CREDENTIAL) -> bool:
    """Tell whether a document says that it only wraps a token."""
    return kind in types_of(document)


def envelope_problems(document: JsonObject) -> Iterator[FormProblem]:
    """Tell what is wrong with an envelope; the token inside is not looked at."""
    if CREDENTIALS_CONTEXT not in as_items(document.get("@context")):
        yield problem("malformed-context", "@context", f"expected {CREDENTIALS_CONTEXT}")
    identifier = document.get("id")
    if not is_iri(identifier) or not str(identifier).startswith("data:"):
        yield problem("malformed-envelope", "id", "expected a data: URL that holds the token")


def _presentation_problems(document: JsonObject) -> Iterator[FormProblem]:
    yield from context_problems(document.get("@context"))
    yield from id_problems(document, "id")
    if PRESENTATION_TYPE not in types_of(document):
        yield problem("malformed-type", "type", f"expected types with {PRESENTATION_TYPE} among them")
    for name in ("name", "description"):
        if name in document:
            yield from text_problems(document[name], name)
    if "holder" in document and not is_iri(holder_id(document)):
        yield problem("malformed-holder", "holder", "expected an absolute IRI, or an object with one as its id")
    yield from entry_problems(document, names=("termsOfUse",))
    if _CREDENTIALS in document:
        yield from _credentials_problems(document[_CREDENTIALS])


def _credentials_problems(value: JsonValue) -> Iterator[FormProblem]:
    credentials = as_objects(value)
    if not 1 <= len(credentials) <= MAX_PRESENTED:
        yield problem("malformed-presentation", _CREDENTIALS, f"expected 1 to {MAX_PRESENTED} credentials")
    for number, credential in enumerate(credentials):
        where = f"{_CREDENTIALS}[{number}]"
        if is_enveloped(credential):
            yield from (found.within(where) for found in envelope_problems(credential))
        elif "VerifiableCredential" not in types_of(credential):
            message = "expected an object that is a credential, or an envelope of one"
            yield problem("malformed-presentation", where, message)
