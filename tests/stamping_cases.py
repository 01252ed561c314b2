"""Orders of every kind, invented: what the fast way and the plain way must agree on to the byte."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from random import Random
from typing import Any, Final
from uuid import UUID

from registry.adapters.contexts import load_contexts
from registry.adapters.identifiers import uuid7
from registry.adapters.json_ld import PinnedJsonLd
from registry.adapters.keys import PasswordKeyVault
from registry.adapters.shaped_json_ld import ShapedJsonLd
from registry.domain.achievement import parse_achievement
from registry.domain.canonical import JsonObject, canonicalize
from registry.domain.credential import Award, Evidence, FrozenAchievement
from registry.domain.cryptosuites import DEFAULT_SUITES
from registry.domain.did import DidMethod, did_key
from registry.domain.hashing import Digest
from registry.domain.recipient import IdentityType
from registry.ports import JsonLd, Signer
from registry.service.issuing import Order, Person, Template
from registry.service.resources import SigningTools
from registry.store_ports import AchievementRecord, IssuerRecord
from tests.badges import LOG, MemorySigner, achievement_body

NOW: Final = datetime(2026, 11, 22, 9, 30, 15, 123456, tzinfo=UTC)
PUBLIC_URL: Final = "https://registry.example"

TEXTS: Final = (
    *(
        "Amal Haddad",
        "Zoë Šťastná",
        "李小龍",
        "سلمى الحدّاد",
        "דנה כהן",
        "Ελένη",
        "अमृता",
        "กมล",
        "🎓👩🏽‍🚀",
        "\U00010348",
    ),
    *('say "hi"', "back\\slash", "two\nlines", "carriage\r\nreturn", "per cent %s %d %%", "{braces}", "<a href='x'>"),
    *(
        "_:b0",
        "@type",
        "@context",
        "name",
        "Profile",
        "schema:name",
        "urn:x",
        "https://e.org/a b",
        "a:b",
        ":",
        "#",
        " x ",
    ),
    *(
        "\u00a0",
        "\u2028",
        "\u200f\u202eRTL",
        "e\u0301",
        "\u00e9",
        "\ufffd",
        "\ufeffx",
        "\u0085",
        "\u0080",
        "𝒳",
        "ß",
        "I\u0307",
    ),
    *(
        "https://registry.example/x",
        "did:key:z6Mk",
        "null",
        "true",
        "1",
        "1.0",
        "1e3",
        "-0",
        "\\u0041",
        '\\"',
        "\\n",
        "'",
    ),
)
HARMFUL: Final = ("tab\there", "nul\0", "bell\a", "del\x7f", "\ufffe", "\uffff", "\ud800", "x\udfff", "\x1b[1m", "\x0b")
IRIS: Final = (
    *("https://evidence.example.org/1", "https://evidence.example.org/2?q=1#f", "http://[::1]:80/x", "urn:uuid:1-2-3"),
    *(
        "did:example:123",
        "mailto:a@example.org",
        "https://e.org/%C3%A9",
        "https://é.example/ü",
        "ftp://f.example",
        "x:y",
    ),
    *(
        "tag:e.org,2026:a",
        "schema:name",
        "xsd:string",
        "ext:Thing",
        "id:1",
        "https://e.org/'()*+,;=",
        "data:,x",
        "a:b:c",
    ),
    *(
        "https://registry.example/achievements/1",
        "https://relative.invalid/x",
        "https://e.org/a/../b",
        "HTTPS://E.ORG/",
    ),
)
HARMFUL_IRIS: Final = (
    "relative",
    "/x",
    "https://e.org/a b",
    "_:b0",
    "",
    "https://e.org/\u00a0",
    "https://e.org/<",
    "a b:c",
)


class Stream:
    """Random bytes that are the same every time."""

    def __init__(self, seed: str) -> None:
        self._seed = seed.encode()
        self._drawn = 0

    def draw(self, size: int) -> bytes:
        self._drawn += 1
        return hashlib.shake_256(self._seed + self._drawn.to_bytes(8, "big")).digest(size)


class CountedIds:
    """Ids that count."""

    def __init__(self) -> None:
        self._made = 0

    def new(self) -> UUID:
        self._made += 1
        return uuid7(NOW, random=self._made)


@dataclass(frozen=True)
class StillClock:
    """A clock that shows one moment."""

    moment: datetime = NOW

    def now(self) -> datetime:
        return self.moment


@cache
def plain_json_ld() -> PinnedJsonLd:
    return PinnedJsonLd(load_contexts())


@cache
def shaped_json_ld() -> ShapedJsonLd:
    return ShapedJsonLd(plain_json_ld(), load_contexts())


def signing_tools(seed: str, *, json_ld: JsonLd | None = None) -> SigningTools:
    """Return tools whose randomness, ids and time are the same every time."""
    return SigningTools(
        clock=StillClock(),
        ids=CountedIds(),
        keys=PasswordKeyVault("a password of tests", scrypt_log2_n=10),
        json_ld=plain_json_ld() if json_ld is None else json_ld,
        public_url=PUBLIC_URL,
        random_bytes=Stream(seed).draw,
    )


def template_of(
    body: JsonObject | None = None,
    *,
    profile: JsonObject | None = None,
    signer: Signer | None = None,
    cryptosuites: tuple[str, ...] = DEFAULT_SUITES,
) -> Template:
    """Return the template of an achievement, by an issuer of did:key unless told otherwise."""
    key: Signer = MemorySigner() if signer is None else signer
    did = did_key(key.public_key)
    written = canonicalize({"id": did, "name": "Example Polytechnic"} if profile is None else profile)
    issuer = IssuerRecord(
        id=UUID(int=1),
        slug="poly",
        name="Example Polytechnic",
        kind="school",
        did=did,
        did_method=DidMethod.KEY,
        cryptosuites=cryptosuites,
        profile=written,
        did_document=b"{}",
        did_document_sha256=Digest(bytes(32)),
        created_at=NOW,
    )
    used = achievement_body() if body is None else body
    achievement = parse_achievement(used)
    record = AchievementRecord(
        id=UUID(int=2), issuer_id=issuer.id, version=3, body=canonicalize(achievement.to_body()), created_at=NOW
    )
    return Template(
        issuer=issuer,
        profile=({"id": did, "name": "Example Polytechnic"} if profile is None else profile),
        record=record,
        frozen=FrozenAchievement(
            id=f"{PUBLIC_URL}/issuers/poly/achievements/{record.id}", version=3, achievement=achievement
        ),
        signer=key,
        verification_method=f"{did}#{did.removeprefix('did:key:')}",
        log=LOG,
        recipient_secret=b"secret" * 6,
        cryptosuites=cryptosuites,
    )


def bodies() -> tuple[JsonObject, ...]:
    """Return achievements that differ in what they show."""
    full = achievement_body()
    scale: JsonObject = {"resultType": "LetterGrade", "allowedValue": ["A", "B"]}
    return (
        full,
        {**full, "suspension": True},
        {name: full[name] for name in ("name", "description", "criteria")} | {"achievementType": "Course"},
        {**full, "criteria": {"narrative": 'Only "words" \\ %s'}, "name": "Ünïcode 李 🎓", "creditsAvailable": 3},
        # Two lists that end alike: blank nodes that differ through their neighbours only.
        {**full, "resultDescription": [{"name": "Theory", **scale}, {"name": "Practice", **scale}]},
        {**full, "resultDescription": [{"name": "Free", "resultType": "Result"}]},
    )


class Inventor:
    """Invents orders; most can be issued, some must be refused, and all come out the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311  # nothing secret is drawn

    def order(self, template: Template, *, harmful: bool = True) -> Order:
        """Return an order for a template."""
        while True:
            try:
                return Order(
                    person=self._person(harmful=harmful),
                    award=self._award(template, harmful=harmful),
                    allow_duplicate=self._random.random() < 0.3,
                )
            except Exception as error:
                # Some values are refused before there is an order.
                if not type(error).__module__.startswith("registry."):
                    raise

    def _maybe(self, make: Callable[[], Any], chance: float = 0.5) -> Any:  # noqa: ANN401  # what `make` makes
        return make() if self._random.random() < chance else None

    def text(self, *, harmful: bool) -> str:
        """Return a text of any script, sometimes one that must not be signed."""
        if harmful and self._random.random() < 0.01:
            return self._random.choice(HARMFUL)
        if self._random.random() < 0.6:
            return " ".join(self._random.choices(TEXTS, k=self._random.randint(1, 3)))
        points = [
            self._random.choice((0x20, 0x7E, 0xA0, 0x24F, 0x600, 0x6FF, 0x4E00, 0x9FFF, 0x1F600, 0x10FFFD))
            for _ in range(8)
        ]
        return "".join(chr(point) for point in points)

    def iri(self, *, harmful: bool) -> str:
        """Return an absolute IRI, sometimes what is none."""
        if harmful and self._random.random() < 0.02:
            return self._random.choice(HARMFUL_IRIS)
        base = self._random.choice(IRIS)
        return base if self._random.random() < 0.5 else f"https://e.org/{self._random.randrange(10**6)}"

    def _person(self, *, harmful: bool) -> Person:
        kinds = self._random.sample(list(IdentityType), k=self._random.choice((0, 1, 1, 1, 2, 3)))
        identifiers = tuple((kind, self.text(harmful=harmful)) for kind in kinds)
        identified = not identifiers or self._random.random() < 0.2
        return Person(
            name=self._maybe(lambda: self.text(harmful=harmful), 0.8),
            id=self.iri(harmful=harmful) if identified else None,
            identifiers=identifiers,
        )

    def _moment(self) -> datetime:
        moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self._random.randrange(10**8))
        offset = timezone(timedelta(minutes=self._random.choice((0, 0, 0, 330, -480))))
        return moment.astimezone(offset).replace(microsecond=self._random.choice((0, 999_999)))

    def _award(self, template: Template, *, harmful: bool) -> Award:
        random, text = self._random, lambda: self.text(harmful=harmful)
        valid_from = self._moment()
        start = self._moment()
        return Award(
            valid_from=valid_from,
            valid_until=self._maybe(lambda: valid_from + timedelta(days=random.randint(1, 1000))),
            awarded=self._maybe(self._moment),
            results=self._maybe(lambda: self._results(template)) or (),
            evidence=tuple(self._evidence(harmful=harmful) for _ in range(random.choice((0, 0, 1, 1, 2, 3)))),
            narrative=self._maybe(text),
            credits_earned=self._maybe(lambda: random.choice((0, 1, 2, 2.5, 3.0, 1e-7, 123456.789, 100_000))),
            activity_start=self._maybe(lambda: start),
            activity_end=self._maybe(lambda: start + timedelta(days=random.randint(0, 100))),
            license_number=self._maybe(text),
        )

    def _evidence(self, *, harmful: bool) -> Evidence:
        url = self._maybe(lambda: self.iri(harmful=harmful), 0.7)
        return Evidence(
            url=url,
            name=self._maybe(lambda: self.text(harmful=harmful)),
            narrative=self.text(harmful=harmful) if url is None else self._maybe(lambda: self.text(harmful=harmful)),
            description=self._maybe(lambda: self.text(harmful=harmful), 0.2),
        )

    def _results(self, template: Template) -> tuple[str, ...]:
        return tuple(
            self._random.choice(about.allowed)
            if about.allowed
            else str(self._random.randint(40, 101))
            if about.is_numeric
            else self.text(harmful=False)
            for about in template.frozen.achievement.results
        )
