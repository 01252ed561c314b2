"""A badge in the making: the parts that several tests put together."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from registry.domain.achievement import Achievement, parse_achievement
from registry.domain.canonical import JsonObject
from registry.domain.credential import Award, Evidence, FrozenAchievement, StatusPlace, build_credential
from registry.domain.did import did_key
from registry.domain.log_name import LogName
from registry.domain.multikey import PublicKey
from registry.domain.recipient import Identity, IdentityType, Recipient

LOG: Final = LogName(chain_id=31337, contract="0x" + "5f" * 20, number=1)
STATUS: Final = StatusPlace(base_url="https://registry.example/status", log=LOG, slot=131_072 + 1_000)
NOON: Final = datetime(2026, 5, 29, 12, 0, 0, tzinfo=UTC)
SALT: Final = "9f86d081884c7d659a2feaa0c55ad015"
CREDENTIAL_ID: Final = UUID("8f1c2a3b-4d5e-4f60-8a7b-9c0d1e2f3a4b")
ACHIEVEMENT_ID: Final = "https://registry.example/achievements/data-analysis-with-python"


class MemorySigner:
    """A real Ed25519 key from a fixed seed."""

    def __init__(self, seed: bytes = b"\x01" * 32) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)

    @property
    def public_key(self) -> PublicKey:
        return PublicKey.ed25519(self._key.public_key().public_bytes_raw())

    @property
    def did(self) -> str:
        return did_key(self.public_key)

    @property
    def verification_method(self) -> str:
        return f"{self.did}#{self.did.removeprefix('did:key:')}"

    def sign(self, data: bytes) -> bytes:
        return self._key.sign(data)


def achievement_body() -> JsonObject:
    """Return a body that uses every member."""
    return {
        "name": "Data Analysis with Python",
        "description": "Cleans, explores and presents tabular data.",
        "achievementType": "MicroCredential",
        "criteria": {"id": "https://poly.example/da", "narrative": "Pass the *capstone*.\n\nGrade C or better."},
        "alignment": [
            {
                "targetName": "perform data analysis",
                "targetUrl": "http://data.europa.eu/esco/skill/2b92a5b2-6758-4ee3-9fb4-b6387a55cc8f",
                "targetType": "ext:ESCOSkill",
                "targetFramework": "ESCO",
            },
            {
                "targetName": "Analyzing Data or Information",
                "targetUrl": "https://www.onetonline.org/find/descriptor/result/4.A.2.a.4",
                "targetType": "ext:ONETElement",
                "targetCode": "4.A.2.a.4",
                "targetDescription": "Identifying the underlying principles of information.",
            },
            {"targetName": "Data", "targetUrl": "https://credentialengine.org/x", "targetType": "CTDL"},
        ],
        "tag": ["data", "python"],
        "inLanguage": "en",
        "image": {"id": "https://poly.example/da.png", "caption": "A chart"},
        "resultDescription": [
            {
                "name": "Grade",
                "resultType": "LetterGrade",
                "allowedValue": ["F", "C", "B", "B+", "A"],
                "requiredValue": "C",
            },
            {"name": "Score", "resultType": "Percent", "valueMin": "0", "valueMax": "100", "requiredValue": "50"},
        ],
        "creditsAvailable": 2.5,
        "fieldOfStudy": "Computing",
        "suspension": False,
        "validityDays": 1095,
    }


def achievement(**changes: object) -> Achievement:
    """Return the sample achievement with some members of its body changed."""
    body: dict[str, object] = {**achievement_body(), **changes}
    return parse_achievement(body)  # type: ignore[arg-type]  # tests hand in wrong types on purpose


def recipient(name: str | None = "Amal Haddad", email: str = "amal.haddad@example.org") -> Recipient:
    """Return a recipient known by e-mail address."""
    return Recipient(name=name, id=None, identities=(Identity(type=IdentityType.EMAIL, identifier=email, salt=SALT),))


def award() -> Award:
    """Return an award that uses every member."""
    return Award(
        valid_from=NOON,
        valid_until=datetime(2029, 5, 29, 12, 0, 0, tzinfo=UTC),
        awarded=datetime(2026, 5, 28, 9, 30, 0, tzinfo=UTC),
        results=("A", "93.5"),
        evidence=(
            Evidence(url="https://evidence.example.org/1001", name="Capstone"),
            Evidence(narrative="Explained it to a board.", description="Oral"),
        ),
        narrative="Best of the cohort.",
        credits_earned=2,
        activity_start=datetime(2026, 3, 1, tzinfo=UTC),
        activity_end=datetime(2026, 5, 20, tzinfo=UTC),
        license_number="L-1",
    )


def unsigned_badge(
    *, issuer: JsonObject | None = None, of: Achievement | None = None, to: Recipient | None = None
) -> JsonObject:
    """Return a complete badge without its proof, issued by `MemorySigner()` unless told otherwise."""
    profile: JsonObject = {"id": MemorySigner().did, "name": "Example Polytechnic", "url": "https://poly.example"}
    return build_credential(
        credential_id=CREDENTIAL_ID,
        issuer=profile if issuer is None else issuer,
        achievement=FrozenAchievement(id=ACHIEVEMENT_ID, version=3, achievement=achievement() if of is None else of),
        recipient=recipient() if to is None else to,
        award=award(),
        status=STATUS,
    )
