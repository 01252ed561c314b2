"""Whom a credential is about: an id of the recipient's own, or salted hashes of what the issuer knows them by.

Open Badges 3.0 IdentityObject: `identityHash = "sha256$" + hex(SHA-256(identifier ‖ salt))`, UTF-8. The salt
travels in the credential: it keeps two credentials of one person from being linked by strangers, not someone
who holds the file from guessing. The name stands unhashed: a badge is shown to people.
"""

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.claims import check_iri, check_text
from registry.domain.errors import Malformed

MAX_IDENTIFIER: Final = 500
"""Longer than any name or address (RFC 5321 ends at 254)."""
MIN_SALT: Final = 22
"""Characters of 128 random bits in base64url; hex takes 32."""
MAX_IDENTITIES: Final = 10

_SALT: Final = re.compile(r"[A-Za-z0-9_-]+")


class IdentityType(StrEnum):
    """The kinds of identifier that registrars here know people by (names of Open Badges 3.0)."""

    EMAIL = "emailAddress"
    SYSTEM = "systemId"
    SOURCED = "sourcedId"
    USER_NAME = "userName"
    ACCOUNT = "accountId"
    NATIONAL = "nationalIdentityNumber"
    IDENTIFIER = "identifier"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """One identifier, with the salt it is hashed with in one credential only."""

    type: IdentityType
    identifier: str
    """As delivered: Open Badges does not normalise the case of an e-mail address."""
    salt: str

    def __post_init__(self) -> None:
        """Raise Malformed for an empty identifier or a short salt."""
        _check_name(self.identifier, "recipient.identifier")
        if len(self.salt) < MIN_SALT or _SALT.fullmatch(self.salt) is None:
            raise Malformed("salt-too-short", f"expected {MIN_SALT} or more letters and digits", where="recipient.salt")

    def document(self) -> JsonObject:
        """Write the Open Badges IdentityObject."""
        return {
            "type": "IdentityObject",
            "hashed": True,
            "identityHash": identity_hash(self.identifier, self.salt),
            "identityType": str(self.type),
            "salt": self.salt,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """The person a credential is about."""

    name: str | None
    id: str | None
    """A DID or other IRI of the recipient's own."""
    identities: tuple[Identity, ...]

    def __post_init__(self) -> None:
        """Raise Malformed unless the recipient can be told from others by more than a name."""
        if self.id is None and not self.identities:
            raise Malformed("recipient-without-identity", "expected an id or an identifier", where="recipient")
        if len(self.identities) > MAX_IDENTITIES:
            raise Malformed("too-many-identities", f"expected at most {MAX_IDENTITIES}", where="recipient")
        if self.id is not None:
            check_iri(self.id, "recipient.id")
        if self.name is not None:
            _check_name(self.name, "recipient.name")

    def members(self) -> JsonObject:
        """Write the identifying members of an AchievementSubject."""
        identifiers: list[JsonValue] = [identity.document() for identity in self.identities]
        if self.name is not None:
            named: JsonObject = {
                "type": "IdentityObject",
                "hashed": False,
                "identityHash": self.name,
                "identityType": "name",
            }
            identifiers.append(named)
        members: JsonObject = {} if self.id is None else {"id": self.id}
        if identifiers:
            members["identifier"] = identifiers
        return members


def identity_hash(identifier: str, salt: str) -> str:
    """Hash an identifier as an IdentityObject does, the salt appended."""
    return "sha256$" + hashlib.sha256((identifier + salt).encode()).hexdigest()


def identity_matches(identity: JsonObject, identifier: str) -> bool:
    """Tell whether an IdentityObject of a credential is about an identifier that is known from elsewhere.

    An e-mail address is tried as given and in lower case, because Open Badges does not say which was hashed.
    """
    expected, salt = identity.get("identityHash"), identity.get("salt", "")
    if not isinstance(expected, str) or not isinstance(salt, str):
        return False
    candidates = {identifier}
    if identity.get("identityType") == IdentityType.EMAIL:
        candidates.add(identifier.lower())
    if identity.get("hashed") is not True:
        return expected in candidates
    algorithm, _, digest = expected.partition("$")
    return any(_digest(algorithm, candidate + salt) == digest.lower() for candidate in candidates)


def _digest(algorithm: str, text: str) -> str | None:
    match algorithm:
        case "sha256":
            return hashlib.sha256(text.encode()).hexdigest()
        case "md5":
            # Open Badges admits it: here it only compares, nothing is believed because of it.
            return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
        case _:
            return None


def _check_name(text: str, where: str) -> None:
    check_text(text, where)
    if not 1 <= len(text) <= MAX_IDENTIFIER or not text.strip():
        raise Malformed("malformed-identifier", f"expected 1 to {MAX_IDENTIFIER} characters", where=where)
