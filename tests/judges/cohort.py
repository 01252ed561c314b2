"""A hundred badges that differ in everything an issuer can choose, and what tampering makes of them."""

import copy
import itertools
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from eth_utils.crypto import keccak

from registry.adapters.did_resolver import WebDidResolver
from registry.adapters.guarded_fetch import FetchSettings
from registry.adapters.status_fetcher import WebStatusLists
from registry.demo.people import FAMILY, GIVEN
from registry.domain.canonical import JsonObject
from registry.domain.credential import Award, Evidence
from registry.domain.recipient import IdentityType
from registry.domain.verdict import Word
from registry.service.issuing import Order, Person, issue
from registry.service.verifying import Verifier
from registry.store_ports import AchievementRecord, IssuerRecord
from registry.wiring.verifying import LOOPBACK_HOSTS
from tests.registry_world import World

ACHIEVEMENTS: Final = 10
BADGES: Final = 100

TEXTS: Final = (
    'Quotes "both" and \\backslashes\\ and / slashes',
    "Two lines\r\nand a third\n  with blanks before it",
    "Ελληνικά, русский, 日本語, العربية, עברית, हिन्दी, தமிழ்",
    "Emoji 🎓🏅 and combining e\u0301, ﬁ ligature, 𝔘𝔫𝔦𝔠𝔬𝔡𝔢",
    "<script>alert('never')</script> & entities &amp;",
    "A long narrative. " * 60,
)
TYPES: Final = ("MicroCredential", "Certificate", "Course", "Competency", "ext:Workshop")
SKILL: Final = {
    "targetName": "perform data analysis",
    "targetUrl": "http://data.europa.eu/esco/skill/2b92a5b2-6758-4ee3-9fb4-b6387a55cc8f",
    "targetType": "ext:ESCOSkill",
    "targetCode": "S1.2.3",
    "targetFramework": "ESCO",
}
RESULTS: Final[tuple[list[dict[str, Any]], ...]] = (
    [],
    [{"name": "Grade", "resultType": "LetterGrade", "allowedValue": ["C", "B", "B+", "A"]}],
    [
        {"name": "Grade", "resultType": "LetterGrade", "allowedValue": ["C", "B", "B+", "A"]},
        {"name": "Score", "resultType": "Percent", "valueMin": "0", "valueMax": "100"},
    ],
)
VALUES: Final[tuple[tuple[str, ...], ...]] = ((), ("B+",), ("A", "87.5"))


def issue_badges(world: World, issuer: IssuerRecord, count: int = BADGES) -> list[JsonObject]:
    """Issue that many badges, of ten achievements in turn."""
    achievements = [(number, world.add_achievement(issuer, **badge_body(number))) for number in range(ACHIEVEMENTS)]
    turns = itertools.islice(itertools.cycle(achievements), count)
    return [
        issue_badge(world, issuer, achievement, number, kind=kind) for number, (kind, achievement) in enumerate(turns)
    ]


def verifier_over_loopback(world: World) -> Verifier:
    """Return a verifier of our own that fetches status lists as the other judges do."""
    settings = FetchSettings(private_hosts=LOOPBACK_HOSTS, plain_http_hosts=LOOPBACK_HOSTS)
    return Verifier(
        clock=world.clock,
        json_ld=world.resources.json_ld,
        did_resolver=WebDidResolver(settings),
        status_lists=WebStatusLists(world.clock, settings),
        chain=None,
        published=None,
        keccak=keccak,
    )


def tampered(badges: list[JsonObject]) -> Iterator[tuple[str, JsonObject]]:
    """Change each badge in one place, another place each time; say which."""
    for number, badge in enumerate(badges):
        places = sorted(_places(badge, ()), key=str)
        # 37 is no divisor of their number: the places of consecutive badges lie apart.
        place = places[(number * 37) % len(places)]
        changed = copy.deepcopy(badge)
        _change(changed, place)
        yield "/".join(map(str, place)), changed


def expected_words(place: str) -> set[Word]:
    """Return what we may say of a badge that was changed at a place.

    A context or a suite of another name may exist: that it is not known here does not make the badge a forgery. Of a
    set, a proof for another purpose or of somebody else is not the issuer's, whose other proof still holds.
    """
    of_set = place.startswith("proof/1/") and place.endswith(("/type", "/proofPurpose", "/verificationMethod"))
    names = place.startswith("@context/") or place.endswith(("/cryptosuite", "proof/type", "proof/0/type")) or of_set
    return {Word.INVALID, Word.INDETERMINATE} if names else {Word.INVALID}


def badge_body(number: int) -> dict[str, Any]:
    """Return the body of one of ten achievements."""
    body: dict[str, Any] = {
        "name": f"Achievement {number}: {TEXTS[number % len(TEXTS)][:60].strip()}",
        "description": TEXTS[(number + 1) % len(TEXTS)],
        "achievementType": TYPES[number % len(TYPES)],
        "criteria": {"narrative": TEXTS[(number + 2) % len(TEXTS)]}
        if number % 3
        else {"id": f"https://poly.example/criteria/{number}", "narrative": "Pass."},
        "alignment": [SKILL]
        if number % 2
        else [SKILL, {"targetName": "Python", "targetUrl": "https://python.example/"}],
        "resultDescription": RESULTS[number % len(RESULTS)],
        "suspension": False,
    }
    if number % 2:
        body |= {"tag": ["data", "análisis", "分析"], "inLanguage": "en", "creditsAvailable": 5}
    if number % 4 == 1:
        body |= {"image": {"id": "https://poly.example/badge.png", "caption": "A badge"}, "fieldOfStudy": "Statistics"}
    return body


def issue_badge(
    world: World, issuer: IssuerRecord, achievement: AchievementRecord, number: int, *, kind: int | None = None
) -> JsonObject:
    """Issue one badge; `kind` is the number of its achievement, the badge's own unless told otherwise."""
    kind = number if kind is None else kind
    order = Order(person=_person(number), award=_award(kind, number, world.clock.now().replace(microsecond=0)))
    with world.store.write() as unit:
        made = issue(world.resources, unit, unit.issuers.get(issuer.id), achievement.id, order, caller=world.admin)
    document: JsonObject = json.loads(made.document)
    return document


def _person(number: int) -> Person:
    name = f"{GIVEN[number % len(GIVEN)]} {FAMILY[number % len(FAMILY)]}"
    email = (IdentityType.EMAIL, f"person{number}@example.org")
    system = (IdentityType.SYSTEM, f"S-{number:04d}")
    identifiers = ((email,), (system,), (email, system))[number % 3]
    return Person(name=name, id=f"did:example:holder-{number}" if number % 5 == 0 else None, identifiers=identifiers)


def _award(kind: int, number: int, now: datetime) -> Award:
    start = now - timedelta(days=number + 30)
    return Award(
        valid_from=now - timedelta(days=number),
        valid_until=now + timedelta(days=365) if number % 2 else None,
        awarded=now - timedelta(days=number),
        results=VALUES[kind % len(VALUES)] if number % 4 else (),
        evidence=tuple(
            Evidence(url=f"https://work.example/{number}/{item}", name=f"Work {item}", narrative=TEXTS[item])
            for item in range(number % 4)
        ),
        narrative=TEXTS[number % len(TEXTS)] if number % 3 else None,
        credits_earned=(None, 3, 2.5, 0.1)[number % 4],
        activity_start=start if number % 2 else None,
        activity_end=start + timedelta(days=20) if number % 2 else None,
        license_number=f"L-{number}" if number % 6 == 0 else None,
    )


def _places(value: object, above: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    """Yield the paths of all leaves that a judge must care for."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if members is None:
        yield above
        return
    for name, member in members:
        yield from _places(member, (*above, name))


def _change(document: JsonObject, place: tuple[str | int, ...]) -> None:
    holder: Any = document
    for step in place[:-1]:
        holder = holder[step]
    value = holder[place[-1]]
    if isinstance(value, str):
        # The last character, which is a letter or digit of every name, moment, URL and signature.
        holder[place[-1]] = value[:-1] + ("1" if value[-1] != "1" else "2")
    else:
        holder[place[-1]] = not value if isinstance(value, bool) else value + 1
