"""Documents that issuers sign elsewhere: each member as the registry would have written it, or refused with its code."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import pytest

from registry.domain.achievement import parse_achievement
from registry.domain.canonical import JsonObject, JsonValue, canonicalize, parse_object
from registry.domain.credential import Award, Evidence, FrozenAchievement, StatusPlace, build_credential
from registry.domain.errors import Malformed
from registry.domain.log_name import LogName
from registry.domain.recipient import Identity, IdentityType, Recipient
from registry.domain.submission import (
    AchievementKey,
    SubmissionTerms,
    check_identifiers,
    read_achievement_key,
    read_submission,
)

LOG: Final = LogName(chain_id=31337, contract="0x" + "5f" * 20, number=1)
STATUS_URL: Final = "https://registry.example/status"
ACHIEVEMENT: Final = "https://registry.example/issuers/own/achievements/1"
PROFILE: Final[JsonObject] = {"id": "did:web:own.example", "type": ["Profile"], "name": "Own"}
NOW: Final = datetime(2026, 6, 1, tzinfo=UTC)
FROM: Final = datetime(2026, 5, 1, tzinfo=UTC)
FROZEN: Final = FrozenAchievement(
    id=ACHIEVEMENT,
    version=2,
    achievement=parse_achievement(
        {
            "name": "Data Analysis",
            "description": "Analyse data.",
            "achievementType": "Course",
            "criteria": {"narrative": "A project."},
            "resultDescription": [
                {"name": "Grade", "resultType": "LetterGrade", "allowedValue": ["C", "B", "A"], "requiredValue": "B"},
                {"name": "Score", "resultType": "Percent", "valueMin": "0", "valueMax": "100"},
            ],
            "creditsAvailable": 1,
        }
    ),
)
TERMS: Final = SubmissionTerms(
    profile=PROFILE,
    log=LOG,
    status_url=STATUS_URL,
    achievement=FROZEN,
    achievement_content=canonicalize(FROZEN.achievement.document(achievement_id=ACHIEVEMENT, version=2)),
    now=NOW,
)
RECIPIENT: Final = Recipient(
    name="Amal Haddad",
    id="did:example:amal",
    identities=(Identity(type=IdentityType.EMAIL, identifier="Amal@example.org", salt="s" * 22),),
)
# Any: documents are JSON of any shape.
Change = Callable[[Any], object]


def document(change: Change = lambda _: None) -> JsonObject:
    """Return a credential with everything that one may say, changed."""
    built = build_credential(
        credential_id=UUID("5f0cc1a1-7a53-4a51-8a3e-0c1d2e3f4a5b"),
        issuer=PROFILE,
        achievement=FROZEN,
        recipient=RECIPIENT,
        award=Award(
            valid_from=FROM,
            valid_until=datetime(2030, 1, 1, tzinfo=UTC),
            awarded=FROM,
            results=("B", "71"),
            evidence=(
                Evidence(url="https://own.example/1", name="Project", narrative="Built it.", description="A paper."),
                Evidence(narrative="Presented it."),
            ),
            narrative="With distinction.",
            credits_earned=0.5,
            activity_start=FROM,
            activity_end=FROM,
            license_number="7",
        ),
        status=StatusPlace(base_url=STATUS_URL, log=LOG, slot=131_072 + 9),
    )
    copied = parse_object(canonicalize(built))
    change(copied)
    return copied


def in_subject(name: str, value: JsonValue) -> Change:
    return lambda changed: changed["credentialSubject"].__setitem__(name, value)


def in_evidence(**members: JsonValue) -> Change:
    return lambda changed: changed["evidence"][0].update(members)


def in_result(name: str, value: JsonValue) -> Change:
    return lambda changed: changed["credentialSubject"]["result"][1].__setitem__(name, value)


def name(text: str) -> JsonObject:
    return {"type": "IdentityObject", "hashed": False, "identityHash": text, "identityType": "name"}


def only_a_name(changed: Any) -> None:  # noqa: ANN401
    changed["credentialSubject"]["identifier"] = [name("Amal Haddad")]
    del changed["credentialSubject"]["id"]


def test_everything_that_the_registry_would_write_is_read() -> None:
    read = read_submission(document(), TERMS)

    assert read.document_id == UUID("5f0cc1a1-7a53-4a51-8a3e-0c1d2e3f4a5b")
    assert (read.slot, read.suspendable) == (131_081, False)
    assert (read.valid_from, read.valid_until) == (FROM, datetime(2030, 1, 1, tzinfo=UTC))
    assert read.subject_id == "did:example:amal"
    assert [identity["identityType"] for identity in read.identities] == ["emailAddress"]


def test_what_may_be_left_out_may_be_left_out() -> None:
    def bare(changed: Any) -> None:  # noqa: ANN401
        for name in ("validUntil", "awardedDate", "evidence"):
            del changed[name]
        subject = changed["credentialSubject"]
        for name in (
            "id",
            "result",
            "creditsEarned",
            "narrative",
            "licenseNumber",
            "activityStartDate",
            "activityEndDate",
        ):
            del subject[name]

    read = read_submission(document(bare), TERMS)

    assert (read.valid_until, read.subject_id) == (None, None)


@pytest.mark.parametrize("credits_earned", [True, "3", -1, 100_001])
def test_credits_are_a_number(credits_earned: JsonValue) -> None:
    with pytest.raises(Malformed) as refused:
        read_submission(document(in_subject("creditsEarned", credits_earned)), TERMS)

    assert refused.value.code in {"malformed-credits", "malformed-badge"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda d: d["credentialSubject"]["result"].pop(), "results-do-not-match"),
        (lambda d: d["credentialSubject"]["result"].reverse(), "results-do-not-match"),
        (in_result("type", ["Result", "Other"]), "results-do-not-match"),
        (lambda d: d["credentialSubject"]["result"][0].__setitem__("value", "C"), "result-below-required"),
        (in_result("value", "101"), "result-out-of-range"),
        (in_result("value", "many"), "result-not-a-number"),
        (in_result("status", "Completed"), "unknown-member"),
        (in_evidence(type=["Evidence", "Other"]), "type-differs"),
        (in_evidence(genre="Book"), "unknown-member"),
        (in_evidence(name=""), "malformed-string"),
        (in_evidence(id="no address"), "malformed-id"),
        (lambda d: d["evidence"][1].pop("narrative"), "evidence-empty"),
        (in_subject("narrative", "x" * 10_001), "malformed-string"),
        (in_subject("role", "Teacher"), "unknown-member"),
        (in_subject("activityEndDate", "2026-04-01T00:00:00Z"), "activity-ends-before-start"),
        (in_subject("type", ["AchievementSubject", "Evidence"]), "type-differs"),
        (lambda d: d["credentialSubject"]["achievement"].__setitem__("creditsAvailable", 2), "achievement-differs"),
        (lambda d: d.__setitem__("awardedDate", "2026-06-02T00:00:00Z"), "issued-in-future"),
        (lambda d: d["credentialSubject"]["identifier"].append(name("Other")), "recipient-name-twice"),
        (lambda d: d["credentialSubject"]["identifier"][0].pop("salt"), "salt-too-short"),
        (lambda d: d["credentialSubject"]["identifier"][0].__setitem__("identityType", "ext:x"), "malformed-identity"),
        (lambda d: d["credentialSubject"]["identifier"][1].__setitem__("salt", "s" * 22), "identifier-in-clear"),
        (lambda d: d.__setitem__("id", "urn:uuid:5F0CC1A1-7A53-4A51-8A3E-0C1D2E3F4A5B"), "credential-id-not-random"),
        (lambda d: d.__setitem__("id", "https://own.example/1"), "credential-id-not-random"),
        (only_a_name, "recipient-without-identity"),
        (lambda d: d.__setitem__("id", "urn:uuid:5f0cc1a1-7a53-1a51-8a3e-0c1d2e3f4a5b"), "credential-id-not-random"),
    ],
)
def test_what_the_registry_would_not_write_is_refused(change: Change, code: str) -> None:
    with pytest.raises(Malformed) as refused:
        read_submission(document(change), TERMS)

    assert refused.value.code == code


@pytest.mark.parametrize("identifiers", [[], ["Amal@example.org"], ["did:example:amal", "Amal@example.org"]])
def test_identifiers_are_those_that_the_credential_holds(identifiers: list[str]) -> None:
    check_identifiers(read_submission(document(), TERMS), identifiers)


@pytest.mark.parametrize("identifiers", [["Amal Haddad"], ["Amal@example.org", "other@example.org"], ["amal"]])
def test_identifiers_of_somebody_else_are_refused(identifiers: list[str]) -> None:
    with pytest.raises(Malformed) as refused:
        check_identifiers(read_submission(document(), TERMS), identifiers)

    assert refused.value.code == "identifier-mismatch"


def test_a_credential_says_which_version_it_is_for() -> None:
    assert read_achievement_key(document()) == AchievementKey(id=ACHIEVEMENT, version="2")


@pytest.mark.parametrize("subject", [None, [], {}, {"achievement": []}, {"achievement": {"id": "x", "version": 1}}])
def test_a_credential_that_does_not_say_what_it_is_for_is_refused(subject: JsonValue) -> None:
    with pytest.raises(Malformed) as refused:
        read_achievement_key({"credentialSubject": subject})

    assert refused.value.code == "achievement-unknown"
