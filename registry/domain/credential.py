"""Building an unsigned Open Badges 3.0 credential (VC Data Model 2.0) from what a registrar knows.

The document is complete but for its proof: identifier, slot and salts are given, so building is repeatable.
What canonicalizers disagree on, JSON-LD drops or a standard forbids is refused here, before anything is signed.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

from registry.domain.achievement import Achievement, result_id
from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.claims import check_claims, check_iri
from registry.domain.errors import Malformed
from registry.domain.fields import write_time
from registry.domain.log_name import LogName
from registry.domain.private_evidence import PRIVATE
from registry.domain.slot import Purpose, status_entry
from registry.domain.vc_form import CREDENTIALS_CONTEXT, check_form

BADGE_CONTEXT: Final = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
CONTEXTS: Final = (CREDENTIALS_CONTEXT, BADGE_CONTEXT)

UUID_VERSION: Final = 4
"""122 random bits: nobody can guess a leaf from guessed claims (protocol section 1)."""
MAX_EVIDENCE: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Something that shows what the recipient did."""

    url: str | None = None
    name: str | None = None
    narrative: str | None = None
    description: str | None = None
    private: bool = False
    """For whom the earner gives the file to: pages that everybody may read show its name alone."""

    def __post_init__(self) -> None:
        """Raise Malformed unless it says something."""
        if self.url is None and self.narrative is None:
            raise Malformed("evidence-empty", "expected a URL or a narrative", where="evidence")
        if self.url is not None:
            check_iri(self.url, "evidence.url")

    def document(self) -> JsonObject:
        """Write the Open Badges Evidence."""
        audience = PRIVATE if self.private else None
        members = {
            "name": self.name,
            "narrative": self.narrative,
            "description": self.description,
            "audience": audience,
        }
        identified: JsonObject = {} if self.url is None else {"id": self.url}
        return {**identified, "type": ["Evidence"], **_present(members)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Award:
    """What one recipient is awarded, and when."""

    valid_from: datetime
    valid_until: datetime | None
    awarded: datetime | None
    """When the achievement was awarded, where that is not `valid_from`."""
    results: tuple[str, ...] = ()
    """One value for each result description of the achievement, in its order, or none at all."""
    evidence: tuple[Evidence, ...] = ()
    narrative: str | None = None
    credits_earned: int | float | None = None
    activity_start: datetime | None = None
    activity_end: datetime | None = None
    license_number: str | None = None

    def __post_init__(self) -> None:
        """Raise Malformed for times that are naive or run backwards, or too much evidence."""
        moments = (self.valid_from, self.valid_until, self.awarded, self.activity_start, self.activity_end)
        if any(moment is not None and moment.tzinfo is None for moment in moments):
            raise Malformed("time-without-offset", "expected aware moments", where="award")
        if self.valid_until is not None and self.valid_until <= self.valid_from:
            raise Malformed("valid-until-before-from", "expected validUntil after validFrom", where="validUntil")
        if (
            self.activity_start is not None
            and self.activity_end is not None
            and self.activity_end < self.activity_start
        ):
            raise Malformed("activity-ends-before-start", "expected the end after the start", where="activityEndDate")
        if len(self.evidence) > MAX_EVIDENCE:
            raise Malformed("too-much-evidence", f"expected at most {MAX_EVIDENCE} pieces", where="evidence")


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenAchievement:
    """The version of an achievement that a credential keeps for ever."""

    id: str
    """An absolute IRI."""
    version: int
    achievement: Achievement


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusPlace:
    """Where a credential's status stands."""

    base_url: str
    """Below it stand the log name, the purpose and the list number."""
    log: LogName
    slot: int


class HasMembers(Protocol):
    """A person as a credential names them."""

    def members(self) -> JsonObject:
        """Write the identifying members of an AchievementSubject."""
        ...


def build_credential(
    *,
    credential_id: UUID,
    issuer: JsonObject,
    achievement: FrozenAchievement,
    recipient: HasMembers,
    award: Award,
    status: StatusPlace,
) -> JsonObject:
    """Return the unsigned credential.

    `issuer` is the issuer's Open Badges Profile, its DID as `id`. Raises Malformed with the code of the first
    rule broken.
    """
    if credential_id.version != UUID_VERSION:
        raise Malformed("credential-id-not-random", f"expected a UUID of version {UUID_VERSION}", where="id")
    document: JsonObject = {
        "@context": list(CONTEXTS),
        "id": credential_id.urn,
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "issuer": {**issuer, "type": ["Profile"]},
        "validFrom": write_time(award.valid_from),
        **_times({"validUntil": award.valid_until, "awardedDate": award.awarded}),
        "name": achievement.achievement.name,
        "credentialSubject": _subject(recipient, award, achievement),
    }
    if award.evidence:
        document["evidence"] = [evidence.document() for evidence in award.evidence]
    document["credentialStatus"] = credential_status(status, suspension=achievement.achievement.suspension)
    check_claims(document)
    for problem in check_form(document):
        raise Malformed(problem.code, problem.message, where=problem.where)
    return document


def credential_status(place: StatusPlace, *, suspension: bool) -> JsonValue:
    """Write the `credentialStatus` of a slot: one entry, or a list of two where suspension is possible."""
    revocation = _entry(place, Purpose.REVOCATION)
    # The Open Badges schema admits one object only: the array is what an achievement opts in to.
    return [revocation, _entry(place, Purpose.SUSPENSION)] if suspension else revocation


def _subject(recipient: HasMembers, award: Award, frozen: FrozenAchievement) -> JsonObject:
    subject: JsonObject = {
        **recipient.members(),
        "type": ["AchievementSubject"],
        **_times({"activityStartDate": award.activity_start, "activityEndDate": award.activity_end}),
        **_present({"narrative": award.narrative, "licenseNumber": award.license_number}),
        **_present({"creditsEarned": award.credits_earned}),
    }
    if award.results:
        subject["result"] = _results(award.results, frozen)
    subject["achievement"] = frozen.achievement.document(achievement_id=frozen.id, version=frozen.version)
    return subject


def _results(values: tuple[str, ...], frozen: FrozenAchievement) -> list[JsonValue]:
    descriptions = frozen.achievement.results
    if len(values) != len(descriptions):
        message = f"expected {len(descriptions)} results, one for each description, got {len(values)}"
        raise Malformed("results-do-not-match", message, where="result")
    results: list[JsonValue] = []
    for number, (value, description) in enumerate(zip(values, descriptions, strict=True)):
        fault = description.judge(value)
        if fault is not None:
            raise Malformed(str(fault), f"expected a value of {description.name!r}, got {value!r}", where="result")
        entry: JsonObject = {"type": ["Result"], "resultDescription": result_id(frozen.id, number), "value": value}
        results.append(entry)
    return results


def _entry(place: StatusPlace, purpose: Purpose) -> JsonObject:
    entry = status_entry(place.base_url, log=place.log, purpose=purpose, slot=place.slot)
    # VC Data Model 2.0 lets an entry go without an id; the Open Badges 3.0 schema does not.
    return {"id": f"{entry['statusListCredential']}#{entry['statusListIndex']}", **entry}


def _times(moments: dict[str, datetime | None]) -> JsonObject:
    return {name: write_time(moment) for name, moment in moments.items() if moment is not None}


def _present(members: dict[str, str | None] | dict[str, int | float | None]) -> JsonObject:
    return {name: value for name, value in members.items() if value is not None}
