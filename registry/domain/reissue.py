"""What a credential says, as the order for another one: for a corrected one in its place, or one that goes on.

Identifiers of a recipient are hashed in a credential, and nobody has them in the clear any more: they are taken over as
they stand, with their salts. The new document tells nothing of the old one: a name that was put right would lead
everybody who is shown it to the name that was wrong (docs/decisions/0113-supersede.md).
"""

from dataclasses import dataclass
from datetime import date, datetime

from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.credential import Award, Evidence
from registry.domain.one_or_many import as_objects
from registry.domain.private_evidence import is_private
from registry.domain.recipient import Recipient
from registry.domain.timestamp import parse_time


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRecipient:
    """The person of an earlier credential, under another name if one is given."""

    subject: JsonObject
    """The earlier credential's `credentialSubject`."""
    name: str | None = None

    def members(self) -> JsonObject:
        """Write the identifying members of an AchievementSubject."""
        members: JsonObject = {} if "id" not in self.subject else {"id": self.subject["id"]}
        known = as_objects(self.subject.get("identifier", []))
        named = [item for item in known if item.get("identityType") == "name"]
        identifiers: list[JsonValue] = [item for item in known if item not in named]
        if self.name is not None:
            # Checked as any name is; the identity beside it is only there because a recipient must have one.
            given = Recipient(name=self.name, id="urn:uuid:0", identities=()).members()["identifier"]
            identifiers += as_objects(given)
        else:
            identifiers += named
        if identifiers:
            members["identifier"] = identifiers
        return members


def award_of_document(document: JsonObject) -> Award:
    """Return what a credential of this registry awards, without its recipient."""
    (subject,) = as_objects(document["credentialSubject"])
    return Award(
        valid_from=parse_time(document["validFrom"], "validFrom"),
        valid_until=_moment(document, "validUntil"),
        awarded=_moment(document, "awardedDate"),
        results=tuple(str(result["value"]) for result in as_objects(subject.get("result", []))),
        evidence=tuple(_evidence(item) for item in as_objects(document.get("evidence", []))),
        narrative=_text(subject, "narrative"),
        credits_earned=_number(subject.get("creditsEarned")),
        activity_start=_moment(subject, "activityStartDate"),
        activity_end=_moment(subject, "activityEndDate"),
        license_number=_text(subject, "licenseNumber"),
    )


def renewed_through(valid_from: datetime, valid_until: datetime, *, now: datetime) -> date | None:
    """Return the last day of a renewal that is as long again, from the earlier one's end or, if that is over, from now.

    None where the calendar ends.
    """
    try:
        return (max(valid_until, now) + (valid_until - valid_from)).date()
    except OverflowError:
        return None


def _evidence(item: JsonObject) -> Evidence:
    return Evidence(
        url=_text(item, "id"),
        name=_text(item, "name"),
        narrative=_text(item, "narrative"),
        description=_text(item, "description"),
        private=is_private(item),
    )


def _moment(members: JsonObject, name: str) -> datetime | None:
    return parse_time(members[name], name) if name in members else None


def _text(members: JsonObject, name: str) -> str | None:
    value = members.get(name)
    return value if isinstance(value, str) else None


def _number(value: JsonValue) -> int | float | None:
    return value if isinstance(value, int | float) else None
