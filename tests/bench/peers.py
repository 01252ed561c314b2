"""The peer: openbadgeslib signs and verifies badges like ours, with eddsa-rdfc-2022, and stores nothing."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from openbadgeslib.ob3.credential import (
    Achievement,
    Alignment,
    IdentityObject,
    Issuer,
    OpenBadgeCredential,
    Result,
    ResultDescription,
)
from openbadgeslib.ob3.ldp import OB3LdpSigner, OB3LdpVerifier

SIGNS: Final = "openbadgeslib, signing only, one process"
VERIFIES: Final = "openbadgeslib, verifying, one process"


def signing() -> Callable[[int], list[dict[str, Any]]]:
    """Return what signs that many badges."""
    key = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    signer = OB3LdpSigner(key)
    issuer = Issuer(id=signer.verification_method.partition("#")[0], name="Polytechnic")
    achievement = _achievement()
    return lambda count: [signer.sign(_badge(issuer, achievement, number)) for number in range(count)]


def verifying() -> Callable[[int], list[Any]]:
    """Return what verifies that many badges, signed beforehand and not counted."""
    badges = signing()(20)
    verifier = OB3LdpVerifier.for_issuer_did(badges[0]["issuer"]["id"])
    return lambda count: [verifier.verify(badges[number % len(badges)]) for number in range(count)]


def _achievement() -> Achievement:
    return Achievement(
        id="https://poly.example/achievements/1",
        name="Data Analysis with Python",
        description="Collect, clean, analyse and present data with Python.",
        criteria_narrative="Six weekly assignments, each passed, and a supervised project.",
        achievement_type="Certificate",
        alignments=[Alignment(target_name="perform data analysis", target_url="https://skills.example/s1")],
        result_descriptions=[
            ResultDescription(
                id="https://poly.example/achievements/1#result-1",
                name="Grade",
                result_type="LetterGrade",
                allowed_values=["C", "B", "B+", "A"],
            )
        ],
    )


def _badge(issuer: Issuer, achievement: Achievement, number: int) -> OpenBadgeCredential:
    url = "https://poly.example/status/revocation/0"
    return OpenBadgeCredential(
        issuer=issuer,
        recipient_id=None,
        achievement=achievement,
        issuance_date=datetime.now(UTC),
        identifiers=[IdentityObject.create(f"person{number}@students.example", salt=f"salt{number:012d}")],
        results=[Result(value="A", result_description="https://poly.example/achievements/1#result-1")],
        credential_status=[
            {
                "id": f"{url}#{number}",
                "type": "BitstringStatusListEntry",
                "statusPurpose": "revocation",
                "statusListIndex": str(number),
                "statusListCredential": url,
            }
        ],
    )
