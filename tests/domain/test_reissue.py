"""What a credential says, taken out of it again: nothing is lost, nothing is added."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest

from registry.domain.achievement import parse_achievement
from registry.domain.canonical import JsonObject
from registry.domain.credential import Award, Evidence, FrozenAchievement, StatusPlace, build_credential
from registry.domain.errors import Malformed
from registry.domain.log_name import LogName
from registry.domain.one_or_many import as_objects
from registry.domain.recipient import Identity, IdentityType, Recipient
from registry.domain.reissue import KeptRecipient, award_of_document, renewed_through

NOW = datetime(2026, 6, 1, 9, 30, tzinfo=UTC)
PLAIN = Award(valid_from=NOW, valid_until=None, awarded=None)
FULL = Award(
    valid_from=NOW,
    valid_until=NOW + timedelta(days=365),
    awarded=NOW - timedelta(days=3),
    results=("B+",),
    evidence=(
        Evidence(url="https://evidence.example.org/1", name="Capstone", description="what it is"),
        Evidence(narrative="seen by two", private=True),
    ),
    narrative="how it was",
    credits_earned=2.5,
    activity_start=NOW - timedelta(days=90),
    activity_end=NOW - timedelta(days=4),
    license_number="L-17",
)
AMAL = Recipient(
    name="Amal",
    id="did:example:amal",
    identities=(Identity(type=IdentityType.EMAIL, identifier="a@example.org", salt="salt" * 6),),
)
BARE = Recipient(name=None, id="did:example:bare", identities=())


def document(award: Award, recipient: Recipient | KeptRecipient = AMAL) -> JsonObject:
    body: JsonObject = {
        "name": "Data Analysis",
        "description": "Analyse data.",
        "achievementType": "Course",
        "criteria": {"narrative": "A project."},
        "resultDescription": [{"name": "Grade", "resultType": "LetterGrade", "allowedValue": ["B", "B+"]}],
    }
    return build_credential(
        credential_id=uuid4(),
        issuer={"id": "did:web:example.org", "type": ["Profile"], "name": "Example"},
        achievement=FrozenAchievement(id="https://example.org/a", version=1, achievement=parse_achievement(body)),
        recipient=recipient,
        award=award,
        status=StatusPlace(
            base_url="https://example.org/status",
            log=LogName(chain_id=1, contract="0x" + "00" * 20, number=1),
            slot=7,
        ),
    )


def subject_of(written: JsonObject) -> JsonObject:
    return as_objects(written["credentialSubject"])[0]


@pytest.mark.parametrize("award", [PLAIN, FULL, replace(FULL, credits_earned=3)])
def test_an_award_is_read_back_as_it_was(award: Award) -> None:
    assert award_of_document(document(award)) == award


@pytest.mark.parametrize("recipient", [AMAL, BARE, replace(AMAL, id=None), replace(AMAL, name=None)])
def test_a_recipient_is_kept_as_they_stand(recipient: Recipient) -> None:
    before = subject_of(document(PLAIN, recipient))

    after = subject_of(document(PLAIN, KeptRecipient(subject=before)))

    assert after == before


def test_another_name_takes_the_place_of_the_name_alone() -> None:
    before = subject_of(document(PLAIN))

    after = subject_of(document(PLAIN, KeptRecipient(subject=before, name="Amal Haddad")))

    expected = subject_of(document(PLAIN, replace(AMAL, name="Amal Haddad")))
    assert after == expected


def test_a_name_is_checked_as_any_name_is() -> None:
    before = subject_of(document(PLAIN))

    with pytest.raises(Malformed) as refused:
        document(PLAIN, KeptRecipient(subject=before, name="  "))

    assert refused.value.code == "malformed-identifier"


@pytest.mark.parametrize(
    ("days", "today", "expected"),
    [
        # Renewed before it ends: as long again, from its end.
        (365, NOW + timedelta(days=340), date(2028, 5, 31)),
        # Renewed later: as long again, from then; what ends before it begins is no renewal.
        (30, NOW + timedelta(days=400), date(2027, 8, 5)),
        # Nothing is suggested where the calendar ends.
        (2_900_000, NOW, None),
    ],
)
def test_a_renewal_goes_on_for_as_long_again(days: int, today: datetime, expected: date | None) -> None:
    until = NOW + timedelta(days=days)

    assert renewed_through(NOW, until, now=today) == expected
