from hashlib import md5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.canonical import JsonObject
from registry.domain.errors import Malformed
from registry.domain.recipient import MAX_IDENTITIES, Identity, IdentityType, Recipient, identity_hash, identity_matches
from tests.badges import SALT

EMAIL = Identity(type=IdentityType.EMAIL, identifier="a@example.com", salt=SALT)


def test_the_published_identity_hash_is_rebuilt() -> None:
    expected = "sha256$b5809d8a92f8858436d7e6b87c12ebc0ae1eac4baecc2c0b913aee2c922ef399"

    assert identity_hash("a@example.com", "Kosher") == expected


def test_a_recipient_has_hashed_identifiers_and_a_readable_name() -> None:
    members = Recipient(name="Zoë O'Brien", id=None, identities=(EMAIL,)).members()

    assert members == {
        "identifier": [
            {
                "type": "IdentityObject",
                "hashed": True,
                "identityHash": identity_hash("a@example.com", SALT),
                "identityType": "emailAddress",
                "salt": SALT,
            },
            {"type": "IdentityObject", "hashed": False, "identityHash": "Zoë O'Brien", "identityType": "name"},
        ]
    }
    assert "a@example.com" not in str(members)


def test_a_recipient_with_an_id_needs_nothing_else() -> None:
    assert Recipient(name=None, id="did:example:1", identities=()).members() == {"id": "did:example:1"}


@given(st.emails())
def test_an_identity_matches_what_it_was_made_of(address: str) -> None:
    document = Identity(type=IdentityType.EMAIL, identifier=address, salt=SALT).document()

    assert identity_matches(document, address)
    assert not identity_matches(document, "x" + address)


def test_an_address_in_capitals_matches_one_that_was_hashed_in_lower_case() -> None:
    student = Identity(type=IdentityType.SYSTEM, identifier="s-1001", salt=SALT)

    assert identity_matches(EMAIL.document(), "A@Example.com")
    assert not identity_matches(student.document(), "S-1001")


@pytest.mark.parametrize(
    ("identity", "matches"),
    [
        ({"hashed": False, "identityHash": "a@example.com", "identityType": "emailAddress"}, True),
        ({"hashed": True, "identityHash": "a@example.com", "identityType": "emailAddress"}, False),
        ({"hashed": True, "identityHash": identity_hash("a@example.com", "")}, True),
        ({"hashed": True, "identityHash": identity_hash("a@example.com", "s").upper(), "salt": "s"}, False),
        (
            {"hashed": True, "identityHash": "sha256$" + identity_hash("a@example.com", "s")[7:].upper(), "salt": "s"},
            True,
        ),
        (
            {
                "hashed": True,
                "identityHash": "md5$" + md5(b"a@example.comsalt", usedforsecurity=False).hexdigest(),
                "salt": "salt",
            },
            True,
        ),
        ({"hashed": True, "identityHash": "sha1$" + "0" * 40}, False),
        ({"hashed": False, "identityHash": "a@example.com", "identityType": "emailAddress", "salt": "not-used"}, True),
        ({"hashed": True, "identityHash": 5}, False),
        ({"hashed": True, "identityHash": "x", "salt": 5}, False),
        ({}, False),
    ],
)
def test_foreign_identities_are_compared_by_their_own_word(identity: JsonObject, matches: bool) -> None:
    assert identity_matches(identity, "a@example.com") is matches


@pytest.mark.parametrize(
    ("identifier", "salt", "code"),
    [
        ("", SALT, "malformed-identifier"),
        (" ", SALT, "malformed-identifier"),
        ("a" * 501, SALT, "malformed-identifier"),
        ("a\t", SALT, "claim-control-character"),
        ("a", "short", "salt-too-short"),
        ("a", "x" * 21 + "é", "salt-too-short"),
    ],
)
def test_an_identity_that_says_nothing_or_is_guessed_at_once_is_refused(identifier: str, salt: str, code: str) -> None:
    with pytest.raises(Malformed) as refusal:
        Identity(type=IdentityType.EMAIL, identifier=identifier, salt=salt)

    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("name", "identifier", "identities", "code"),
    [
        ("Amal", None, (), "recipient-without-identity"),
        ("Amal", None, (EMAIL,) * (MAX_IDENTITIES + 1), "too-many-identities"),
        ("Amal", "S-1001", (), "claim-not-iri"),
        ("", None, (EMAIL,), "malformed-identifier"),
        ("Am\x7fal", None, (EMAIL,), "claim-delete-character"),
    ],
)
def test_a_recipient_who_cannot_be_told_from_others_is_refused(
    name: str | None, identifier: str | None, identities: tuple[Identity, ...], code: str
) -> None:
    with pytest.raises(Malformed) as refusal:
        Recipient(name=name, id=identifier, identities=identities)

    assert refusal.value.code == code
