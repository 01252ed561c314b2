"""The form of a credential: the MUSTs of VC Data Model 2.0 and Open Badges 3.0 that no schema enforces.

Verdict check 1 (`form`), without the slot (see `slot`) and without JSON-LD (see the port). The same rules hold
when a credential is issued. Problems are told, not raised: a verifier wants them all.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.claims import is_iri
from registry.domain.errors import Malformed
from registry.domain.timestamp import parse_time

CREDENTIALS_CONTEXT: Final = "https://www.w3.org/ns/credentials/v2"
BADGE_TYPES: Final = frozenset({"AchievementCredential", "OpenBadgeCredential"})

_BADGE_CONTEXT: Final = re.compile(r"https://purl\.imsglobal\.org/spec/ob/v3p0/context(-3\.[0-9]\.[0-9])*\.json")
_TYPED_MEMBERS: Final = ("credentialStatus", "credentialSchema", "refreshService", "termsOfUse", "evidence")
"""VC Data Model 2.0 section 4.4: each of their values must say its type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormProblem:
    """One way in which a document is not a well-formed credential."""

    code: str
    where: str
    message: str


def check_form(document: JsonObject) -> tuple[FormProblem, ...]:
    """Return every problem of a credential's form, in the order of its members; none means well-formed."""
    problems = [*_vc_problems(document)]
    if is_open_badge(document):
        problems += _badge_problems(document)
    return tuple(problems)


def is_open_badge(document: JsonObject) -> bool:
    """Tell whether a credential says it is an Open Badge 3.0."""
    return not BADGE_TYPES.isdisjoint(_types(document))


def issuer_id(document: JsonObject) -> str | None:
    """Return the identifier of a credential's issuer, if it has one."""
    issuer = document.get("issuer")
    identifier = issuer.get("id") if isinstance(issuer, dict) else issuer
    return identifier if isinstance(identifier, str) else None


def validity(document: JsonObject) -> tuple[datetime | None, datetime | None]:
    """Return `validFrom` and `validUntil`; None where the document sets no bound.

    Raises Malformed for a bound that is no moment.
    """
    valid_from, valid_until = document.get("validFrom"), document.get("validUntil")
    return (
        None if valid_from is None else parse_time(valid_from, "validFrom"),
        None if valid_until is None else parse_time(valid_until, "validUntil"),
    )


def _vc_problems(document: JsonObject) -> Iterator[FormProblem]:
    yield from _context_problems(document.get("@context"), badge=is_open_badge(document))
    if "id" in document and not is_iri(document["id"]):
        yield _problem("malformed-id", "id", "expected an absolute IRI")
    if "VerifiableCredential" not in _types(document):
        yield _problem("malformed-type", "type", "expected types with VerifiableCredential among them")
    if not is_iri(issuer_id(document)):
        yield _problem("malformed-issuer", "issuer", "expected an absolute IRI, or an object with one as its id")
    yield from _validity_problems(document)
    yield from _subject_problems(document.get("credentialSubject"))
    for name in _TYPED_MEMBERS:
        if name in document and not all(_types(item) for item in _as_objects(document[name])):
            yield _problem("missing-type", name, "expected an object, or several, each with a type")
    if "relatedResource" in document:
        # Digests that are not compared would look as if they had been.
        yield _problem("related-resource-unsupported", "relatedResource", "expected none: its digest is not checked")


def _badge_problems(document: JsonObject) -> Iterator[FormProblem]:
    for name in ("id", "validFrom"):
        if name not in document:
            yield _problem("missing-member", name, f"expected the member {name}")
    if "awardedDate" in document:
        yield from _time_problems(document["awardedDate"], "awardedDate")
    issuer = document.get("issuer")
    if isinstance(issuer, dict) and "Profile" not in _types(issuer):
        yield _problem("malformed-issuer", "issuer.type", "expected Profile among the types")
    subject = document.get("credentialSubject")
    if isinstance(subject, dict):
        yield from _badge_subject_problems(subject)
    elif isinstance(subject, list):
        yield _problem("several-subjects", "credentialSubject", "expected one subject")


def _badge_subject_problems(subject: JsonObject) -> Iterator[FormProblem]:
    where = "credentialSubject"
    if "AchievementSubject" not in _types(subject):
        yield _problem("malformed-type", f"{where}.type", "expected AchievementSubject among the types")
    if "id" not in subject and "identifier" not in subject:
        yield _problem("subject-without-identity", where, "expected an id or an identifier")
    if "identifier" in subject and not all(_is_identity(item) for item in _as_objects(subject["identifier"])):
        yield _problem("malformed-identity", f"{where}.identifier", "expected IdentityObjects with hash and type")
    for name in ("activityStartDate", "activityEndDate"):
        if name in subject:
            yield from _time_problems(subject[name], f"{where}.{name}")
    achievement = subject.get("achievement")
    if isinstance(achievement, dict):
        yield from _achievement_problems(achievement, f"{where}.achievement")
    else:
        yield _problem("malformed-achievement", f"{where}.achievement", "expected an achievement")


def _achievement_problems(achievement: JsonObject, where: str) -> Iterator[FormProblem]:
    if not is_iri(achievement.get("id")):
        yield _problem("malformed-achievement", f"{where}.id", "expected an absolute IRI")
    if "Achievement" not in _types(achievement):
        yield _problem("malformed-achievement", f"{where}.type", "expected Achievement among the types")
    for name in ("name", "description"):
        if not _filled(achievement.get(name)):
            yield _problem("malformed-achievement", f"{where}.{name}", "expected a text")
    criteria = achievement.get("criteria")
    if not isinstance(criteria, dict) or not (_filled(criteria.get("id")) or _filled(criteria.get("narrative"))):
        yield _problem("achievement-without-criteria", f"{where}.criteria", "expected criteria with id or narrative")


def _context_problems(contexts: JsonValue, *, badge: bool) -> Iterator[FormProblem]:
    if not isinstance(contexts, list) or not contexts or contexts[0] != CREDENTIALS_CONTEXT:
        yield _problem("malformed-context", "@context", f"expected a list that begins with {CREDENTIALS_CONTEXT}")
    elif not all(isinstance(item, str | dict) for item in contexts):
        yield _problem("malformed-context", "@context", "expected URLs or objects")
    elif badge and not any(isinstance(item, str) and _BADGE_CONTEXT.fullmatch(item) for item in contexts[1:2]):
        yield _problem("malformed-context", "@context", "expected the Open Badges 3.0 context second")


def _validity_problems(document: JsonObject) -> Iterator[FormProblem]:
    broken = False
    for name in ("validFrom", "validUntil"):
        if name in document:
            for problem in _time_problems(document[name], name):
                broken = True
                yield problem
    if not broken:
        valid_from, valid_until = validity(document)
        if valid_from is not None and valid_until is not None and valid_until < valid_from:
            yield _problem("valid-until-before-from", "validUntil", "expected validUntil not before validFrom")


def _subject_problems(value: JsonValue) -> Iterator[FormProblem]:
    subjects = _as_objects(value)
    if not subjects or not all(subjects):
        yield _problem("malformed-subject", "credentialSubject", "expected an object with claims, or several")
    elif any("id" in subject and not is_iri(subject["id"]) for subject in subjects):
        yield _problem("malformed-subject", "credentialSubject.id", "expected an absolute IRI")


def _time_problems(value: JsonValue, where: str) -> Iterator[FormProblem]:
    try:
        parse_time(value, where)
    except Malformed as error:
        yield _problem(error.code, where, error.message)


def _is_identity(identity: JsonObject) -> bool:
    texts = (identity.get("identityHash"), identity.get("identityType"))
    return (
        "IdentityObject" in _types(identity)
        and isinstance(identity.get("hashed"), bool)
        and all(_filled(text) for text in texts)
    )


def _as_objects(value: JsonValue) -> list[JsonObject]:
    """Return the objects of a value that may be one or many; an empty object stands for what is none."""
    items = value if isinstance(value, list) else [value]
    return [item if isinstance(item, dict) else {} for item in items]


def _types(value: JsonObject) -> list[str]:
    types = value.get("type")
    items = types if isinstance(types, list) else [types]
    texts = [item for item in items if isinstance(item, str)]
    return texts if len(texts) == len(items) else []


def _filled(value: JsonValue) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _problem(code: str, where: str, message: str) -> FormProblem:
    return FormProblem(code=code, where=where, message=message)
