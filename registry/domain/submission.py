"""What an issuer signed elsewhere: read as one of this registry's own credentials, and nothing else.

A submitted credential must be what the registry itself would have signed for the same person: the issuer's profile, one
version of one of its achievements word for word, and the status entries of a reserved slot. Free are the id (a random
UUID), the times, the recipient, the results, the evidence and the remarks that a registrar may give. The signature is
checked elsewhere: `submission_proof` tells which proofs are taken.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from registry.domain.achievement import MAX_CREDITS, MAX_RESULT_DESCRIPTIONS, result_id
from registry.domain.canonical import JsonObject, JsonValue, canonicalize
from registry.domain.claims import check_claims, check_text
from registry.domain.credential import (
    CONTEXTS,
    MAX_EVIDENCE,
    UUID_VERSION,
    Award,
    Evidence,
    FrozenAchievement,
    StatusPlace,
    credential_status,
)
from registry.domain.errors import Malformed
from registry.domain.fields import read_list, read_object, read_text
from registry.domain.log_name import LogName
from registry.domain.recipient import MAX_IDENTITIES, MIN_SALT, IdentityType, identity_matches
from registry.domain.slot import CredentialSlot, parse_credential_slot
from registry.domain.timestamp import parse_time
from registry.domain.vc_form import check_form

MAX_NARRATIVE: Final = 10_000
"""As long as an achievement's description: five pages."""
TYPES: Final = ("VerifiableCredential", "OpenBadgeCredential")

_NEEDED: Final = ("@context", "id", "type", "issuer", "validFrom", "name", "credentialSubject", "credentialStatus")
_POSSIBLE: Final = ("validUntil", "awardedDate", "evidence")
_SUBJECT_TIMES: Final = ("activityStartDate", "activityEndDate")
_SUBJECT_TEXTS: Final = ("narrative", "licenseNumber")
_IDENTITY_HASH: Final = re.compile(r"sha256\$[0-9a-f]{64}")
_SALT: Final = re.compile(rf"[A-Za-z0-9_-]{{{MIN_SALT},100}}")
_NAME: Final = "name"
_URN: Final = "urn:uuid:"


@dataclass(frozen=True, slots=True, kw_only=True)
class AchievementKey:
    """Which version of which achievement a credential is for, by its own word."""

    id: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionTerms:
    """What a submitted credential has to agree with."""

    profile: JsonObject
    """The issuer's Open Badges Profile; its `id` is the issuer's DID."""
    log: LogName
    status_url: str
    achievement: FrozenAchievement
    achievement_content: bytes
    """The JCS bytes of the achievement as credentials show it: 1 and true are two things there, in Python they are not."""
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What a submitted credential says."""

    document_id: UUID
    slot: int
    suspendable: bool
    valid_from: datetime
    valid_until: datetime | None
    subject_id: str | None
    identities: tuple[JsonObject, ...]
    """The hashed IdentityObjects."""


def read_achievement_key(document: JsonObject) -> AchievementKey:
    """Tell what a credential was awarded for.

    Raises Malformed `achievement-unknown` when it does not say so in this registry's form.
    """
    subject = document.get("credentialSubject")
    achievement = subject.get("achievement") if isinstance(subject, dict) else None
    named, version = (
        (achievement.get("id"), achievement.get("version")) if isinstance(achievement, dict) else (None, None)
    )
    if not isinstance(named, str) or not isinstance(version, str):
        where = "credentialSubject.achievement"
        raise Malformed("achievement-unknown", "expected an achievement of this issuer, with its version", where=where)
    return AchievementKey(id=named, version=version)


def read_submission(document: JsonObject, terms: SubmissionTerms) -> Submission:
    """Read an unsecured document that has to be a credential of this registry.

    Raises Malformed with the code of the first rule broken.
    """
    check_claims(document)
    for problem in check_form(document):
        raise Malformed(problem.code, problem.message, where=problem.where)
    read_object(document, required=_NEEDED, optional=_POSSIBLE, where="credential")
    _require(document["@context"] == list(CONTEXTS), "context-differs", "@context", "the two contexts of this registry")
    _require(document["type"] == list(TYPES), "type-differs", "type", f"exactly {', '.join(TYPES)}")
    _check_issuer(document["issuer"], terms.profile)
    _require(
        document["name"] == terms.achievement.achievement.name, "achievement-differs", "name", "the achievement's name"
    )
    slot = _read_slot(document, terms)
    award = _read_award(document, terms)
    subject = document["credentialSubject"]
    # The form is checked: a badge has one subject, and it is an object.
    members: JsonObject = subject if isinstance(subject, dict) else {}
    identities = _read_identities(members)
    return Submission(
        document_id=_read_id(document["id"]),
        slot=slot.slot,
        suspendable=slot.suspendable,
        valid_from=award.valid_from,
        valid_until=award.valid_until,
        subject_id=read_text(members["id"], where="credentialSubject.id") if "id" in members else None,
        identities=identities,
    )


def check_identifiers(submission: Submission, identifiers: Sequence[str]) -> None:
    """Check that identifiers given beside a credential are those that it holds hashed, or its subject's id.

    Raises Malformed `identifier-mismatch`: whoever is looked for under another's name would be found.
    """
    for number, identifier in enumerate(identifiers):
        hashed = any(identity_matches(identity, identifier) for identity in submission.identities)
        _require(
            hashed or identifier == submission.subject_id,
            "identifier-mismatch",
            f"identifiers[{number}]",
            "an identifier that the credential holds",
        )


def _check_issuer(value: JsonValue, profile: JsonObject) -> None:
    named = value.get("id") if isinstance(value, dict) else value
    _require(named == profile["id"], "issuer-differs", "issuer", f"{profile['id']}")
    expected: JsonObject = {**profile, "type": ["Profile"]}
    _require(
        canonicalize(value) == canonicalize(expected),
        "issuer-profile-differs",
        "issuer",
        "the profile that the registry has of this issuer",
    )


def _read_id(value: JsonValue) -> UUID:
    text = value.removeprefix(_URN) if isinstance(value, str) else ""
    try:
        found = UUID(text)
    except ValueError as error:
        raise Malformed("credential-id-not-random", "expected urn:uuid: and a UUID", where="id") from error
    # Another spelling of the same UUID would be another id to everybody but us.
    random = found.urn == value and found.version == UUID_VERSION
    _require(random, "credential-id-not-random", "id", f"a UUID of version {UUID_VERSION} in lower case")
    return found


def _read_slot(document: JsonObject, terms: SubmissionTerms) -> CredentialSlot:
    slot = parse_credential_slot(document)
    where = "credentialStatus"
    _require(slot.log == terms.log, "log-differs", where, f"a status list of the log {terms.log}")
    suspension = terms.achievement.achievement.suspension
    _require(slot.suspendable == suspension, "suspension-differs", where, "entries as the achievement asks for")
    place = StatusPlace(base_url=terms.status_url, log=terms.log, slot=slot.slot)
    _require(
        document["credentialStatus"] == credential_status(place, suspension=suspension),
        "status-differs",
        where,
        f"entries below {terms.status_url}, as a reservation names them",
    )
    return slot


def _read_award(document: JsonObject, terms: SubmissionTerms) -> Award:
    subject = read_object(
        document["credentialSubject"],
        required=("type", "achievement"),
        optional=("id", "identifier", "result", "creditsEarned", *_SUBJECT_TIMES, *_SUBJECT_TEXTS),
        where="credentialSubject",
    )
    _require(subject["type"] == ["AchievementSubject"], "type-differs", "credentialSubject.type", "AchievementSubject")
    _require(
        canonicalize(subject["achievement"]) == terms.achievement_content,
        "achievement-differs",
        "credentialSubject.achievement",
        f"version {terms.achievement.version} of {terms.achievement.id}, word for word",
    )
    for name in _SUBJECT_TEXTS:
        if name in subject:
            check_text(read_text(subject[name], limit=MAX_NARRATIVE, where=name), name)
    _check_results(subject.get("result"), terms.achievement)
    _check_credits(subject.get("creditsEarned"))
    start, end = (_read_moment(subject, name) for name in _SUBJECT_TIMES)
    award = Award(
        valid_from=parse_time(document["validFrom"], "validFrom"),
        valid_until=_read_moment(document, "validUntil"),
        awarded=_read_moment(document, "awardedDate"),
        evidence=_read_evidence(document.get("evidence")),
        activity_start=start,
        activity_end=end,
    )
    for name, moment in (("validFrom", award.valid_from), ("awardedDate", award.awarded)):
        _require(moment is None or moment <= terms.now, "issued-in-future", name, f"a moment up to {terms.now}")
    return award


def _read_moment(members: JsonObject, name: str) -> datetime | None:
    return parse_time(members[name], name) if name in members else None


def _check_results(value: JsonValue, frozen: FrozenAchievement) -> None:
    if value is None:
        return
    where, descriptions = "credentialSubject.result", frozen.achievement.results
    results = read_list(value, limit=MAX_RESULT_DESCRIPTIONS, where=where)
    if len(results) != len(descriptions):
        message = f"expected {len(descriptions)} results, one for each description, got {len(results)}"
        raise Malformed("results-do-not-match", message, where=where)
    for number, (item, description) in enumerate(zip(results, descriptions, strict=True)):
        result = read_object(item, required=("type", "resultDescription", "value"), where=where)
        named = (result["type"], result["resultDescription"]) == (["Result"], result_id(frozen.id, number))
        _require(named, "results-do-not-match", where, "a Result for each description, in their order")
        given = read_text(result["value"], where=where)
        fault = description.judge(given)
        if fault is not None:
            raise Malformed(str(fault), f"expected a value of {description.name!r}, got {given!r}", where=where)


def _check_credits(value: JsonValue) -> None:
    if value is None:
        return
    number = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= MAX_CREDITS
    _require(number, "malformed-credits", "credentialSubject.creditsEarned", f"a number from 0 to {MAX_CREDITS}")


def _read_evidence(value: JsonValue) -> tuple[Evidence, ...]:
    if value is None:
        return ()
    pieces = []
    for number, item in enumerate(read_list(value, limit=MAX_EVIDENCE, where="evidence")):
        where = f"evidence[{number}]"
        members = read_object(
            item, required=("type",), optional=("id", "name", "narrative", "description"), where=where
        )
        texts = {
            name: read_text(text, limit=MAX_NARRATIVE, where=f"{where}.{name}")
            for name, text in members.items()
            if name != "type"
        }
        _require(members["type"] == ["Evidence"], "type-differs", where, "the type Evidence")
        pieces.append(
            Evidence(
                url=texts.get("id"),
                name=texts.get("name"),
                narrative=texts.get("narrative"),
                description=texts.get("description"),
            )
        )
    return tuple(pieces)


def _read_identities(subject: JsonObject) -> tuple[JsonObject, ...]:
    where = "credentialSubject.identifier"
    hashed: list[JsonObject] = []
    names = 0
    # One more than the identifiers: the name is written as one of them.
    for item in read_list(subject.get("identifier", []), limit=MAX_IDENTITIES + 1, where=where):
        identity = read_object(
            item, required=("type", "hashed", "identityHash", "identityType"), optional=("salt",), where=where
        )
        if identity["hashed"] is True:
            _check_hashed(identity, where)
            hashed.append(identity)
        else:
            # What stands in the clear is read by everybody who sees the badge.
            plain = identity["identityType"] == _NAME and "salt" not in identity
            _require(plain, "identifier-in-clear", where, "identifiers salted and hashed, all but the name")
            names += 1
    _require(names <= 1, "recipient-name-twice", where, "one name")
    if not hashed and "id" not in subject:
        raise Malformed("recipient-without-identity", "expected an id or an identifier", where="credentialSubject")
    return tuple(hashed)


def _check_hashed(identity: JsonObject, where: str) -> None:
    kind, text, salt = identity["identityType"], identity["identityHash"], identity.get("salt")
    _require(kind in tuple(IdentityType), "malformed-identity", where, f"one of {', '.join(IdentityType)}")
    formed = isinstance(text, str) and _IDENTITY_HASH.fullmatch(text) is not None
    _require(formed, "malformed-identity", where, "sha256$ and 64 lower-case hex digits")
    salted = isinstance(salt, str) and _SALT.fullmatch(salt) is not None
    _require(salted, "salt-too-short", where, f"{MIN_SALT} or more letters and digits")


def _require(holds: bool, code: str, where: str, expected: str) -> None:  # noqa: FBT001 - what is required, as `assert` takes it
    if not holds:
        raise Malformed(code, f"expected {expected}", where=where)
