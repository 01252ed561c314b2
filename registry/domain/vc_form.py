"""The form of a credential: the MUSTs of VC Data Model 2.0 and 1.1, and of Open Badges 3.0.

Verdict check 1 (`form`), without the slot (see `slot`) and without JSON-LD (see the port), which refuses undefined
terms, relative IRIs and whatever else it would drop. The same rules hold when a credential is issued. Problems are told,
not raised: a verifier wants them all.

The first context says which version of the data model a document follows. Presentations are in `presentation_form`,
badges in `badge_form`.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from registry.domain.badge_form import badge_problems, endorsement_problems, has_badge_context
from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.claims import is_iri
from registry.domain.errors import Malformed
from registry.domain.form_problem import FormProblem, id_problems, problem, types_of
from registry.domain.language_value import text_problems
from registry.domain.one_or_many import as_items, as_objects
from registry.domain.related_resource import related_problems
from registry.domain.timestamp import parse_time

CREDENTIALS_CONTEXT: Final = "https://www.w3.org/ns/credentials/v2"
CREDENTIALS_CONTEXT_1: Final = "https://www.w3.org/2018/credentials/v1"
BADGE_TYPES: Final = frozenset({"AchievementCredential", "OpenBadgeCredential"})
ENDORSEMENT_TYPE: Final = "EndorsementCredential"

_TYPED_MEMBERS: Final = ("credentialStatus", "credentialSchema", "refreshService", "termsOfUse", "evidence")
"""VC Data Model 2.0 section 4.5: each of their values must say its type."""
_IDENTIFIED: Final = frozenset({"credentialSchema"})
"""Those whose values must have an identifier too (section 4.11) ..."""
_IDENTIFIED_1: Final = frozenset({"credentialSchema", "credentialStatus", "refreshService"})
"""... and under VC Data Model 1.1 (sections 4.9, 5.4, 5.5)."""
_BOUNDS: Final = ("validFrom", "validUntil")
_BOUNDS_1: Final = ("issuanceDate", "expirationDate", "validFrom", "validUntil")


def check_form(document: JsonObject) -> tuple[FormProblem, ...]:
    """Return every problem of a credential's form, in the order of its members; none means well-formed."""
    problems = [*_vc_problems(document)]
    if is_open_badge(document):
        problems += badge_problems(document, check_inside=check_form)
    elif is_endorsement(document):
        problems += endorsement_problems(document, check_inside=check_form)
    return tuple(problems)


def is_open_badge(document: JsonObject) -> bool:
    """Tell whether a credential says it is an Open Badge 3.0."""
    return not BADGE_TYPES.isdisjoint(types_of(document))


def is_endorsement(document: JsonObject) -> bool:
    """Tell whether a credential says it is an endorsement of Open Badges 3.0."""
    # The word alone may be anybody's: only that context makes it the one of Open Badges.
    return ENDORSEMENT_TYPE in types_of(document) and has_badge_context(document)


def is_version_1(document: JsonObject) -> bool:
    """Tell whether a credential or presentation follows VC Data Model 1.1."""
    return as_items(document.get("@context"))[:1] == [CREDENTIALS_CONTEXT_1]


def own_contexts(document: JsonObject) -> bool:
    """Tell whether a document defines terms itself: a reader of its JSON alone cannot know what they mean."""
    return any(isinstance(item, dict) for item in as_items(document.get("@context")))


def issuer_id(document: JsonObject) -> str | None:
    """Return the identifier of a credential's issuer, if it has one."""
    issuer = document.get("issuer")
    identifier = issuer.get("id") if isinstance(issuer, dict) else issuer
    return identifier if isinstance(identifier, str) else None


def validity(document: JsonObject) -> tuple[datetime | None, datetime | None]:
    """Return from and until when a credential is valid; None where the document sets no bound.

    Under VC Data Model 1.1 these are `issuanceDate` and `expirationDate`; where `validFrom` or `validUntil` stand
    beside them, both must hold. Raises Malformed for a bound that is no moment.
    """
    names = _BOUNDS_1 if is_version_1(document) else _BOUNDS
    return _bounds({name: parse_time(document[name], name) for name in names if name in document})


def context_problems(contexts: JsonValue) -> Iterator[FormProblem]:
    """Tell what is wrong with the contexts of a credential or presentation (section 4.3)."""
    known = (CREDENTIALS_CONTEXT, CREDENTIALS_CONTEXT_1)
    if not isinstance(contexts, list) or not contexts or contexts[0] not in known:
        yield problem("malformed-context", "@context", f"expected a list that begins with {CREDENTIALS_CONTEXT}")
    elif not all(is_iri(item) if isinstance(item, str) else isinstance(item, dict) for item in contexts):
        yield problem("malformed-context", "@context", "expected URLs or objects")


def entry_problems(document: JsonObject, *, names: tuple[str, ...] = _TYPED_MEMBERS) -> Iterator[FormProblem]:
    """Tell which values of typed members lack what each must have."""
    identified = _IDENTIFIED_1 if is_version_1(document) else _IDENTIFIED
    for name in names:
        if name not in document:
            continue
        entries = as_objects(document[name])
        if not entries or not all(types_of(entry) for entry in entries):
            yield problem("missing-type", name, "expected an object, or several, each with a type")
        elif name in identified and not all("id" in entry for entry in entries):
            yield problem("missing-id", name, "expected an id in each")
        else:
            for entry in entries:
                yield from id_problems(entry, f"{name}.id")


def _vc_problems(document: JsonObject) -> Iterator[FormProblem]:
    yield from _credential_context_problems(document)
    yield from id_problems(document, "id")
    if "VerifiableCredential" not in types_of(document):
        yield problem("malformed-type", "type", "expected types with VerifiableCredential among them")
    yield from _named_problems(document, "")
    yield from _issuer_problems(document)
    yield from _validity_problems(document)
    yield from _subject_problems(document.get("credentialSubject"))
    yield from entry_problems(document)
    if "relatedResource" in document:
        yield from related_problems(document["relatedResource"])


def _credential_context_problems(document: JsonObject) -> Iterator[FormProblem]:
    found = tuple(context_problems(document.get("@context")))
    yield from found
    if not found and is_open_badge(document) and not has_badge_context(document):
        yield problem("malformed-context", "@context", "expected the Open Badges 3.0 context second")


def _issuer_problems(document: JsonObject) -> Iterator[FormProblem]:
    if not is_iri(issuer_id(document)):
        yield problem("malformed-issuer", "issuer", "expected an absolute IRI, or an object with one as its id")
    issuer = document.get("issuer")
    if isinstance(issuer, dict):
        yield from _named_problems(issuer, "issuer.")


def _named_problems(value: JsonObject, place: str) -> Iterator[FormProblem]:
    for name in ("name", "description"):
        if name in value:
            yield from text_problems(value[name], place + name)


def _validity_problems(document: JsonObject) -> Iterator[FormProblem]:
    version_1 = is_version_1(document)
    if version_1 and "issuanceDate" not in document:
        yield problem("missing-member", "issuanceDate", "expected the member issuanceDate")
    moments: dict[str, datetime] = {}
    broken = False
    for name in _BOUNDS_1 if version_1 else _BOUNDS:
        if name in document:
            try:
                moments[name] = parse_time(document[name], name)
            except Malformed as error:
                broken = True
                yield problem(error.code, name, error.message)
    valid_from, valid_until = _bounds(moments)
    if not broken and valid_from is not None and valid_until is not None and valid_until < valid_from:
        until = "expirationDate" if "expirationDate" in moments else "validUntil"
        yield problem("valid-until-before-from", until, f"expected {until} not before the beginning")


def _bounds(moments: dict[str, datetime]) -> tuple[datetime | None, datetime | None]:
    starts = [moments[name] for name in ("validFrom", "issuanceDate") if name in moments]
    ends = [moments[name] for name in ("validUntil", "expirationDate") if name in moments]
    return max(starts, default=None), min(ends, default=None)


def _subject_problems(value: JsonValue) -> Iterator[FormProblem]:
    subjects = as_objects(value)
    if not subjects or not all(subjects):
        yield problem("malformed-subject", "credentialSubject", "expected an object with claims, or several")
    else:
        for subject in subjects:
            yield from id_problems(subject, "credentialSubject.id", code="malformed-subject")
