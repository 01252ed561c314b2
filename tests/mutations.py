"""Changes of JSON documents that leave them JSON: values replaced, taken away, added, wrapped, lengthened."""

import copy
from collections.abc import Iterator
from random import Random
from typing import Any, Final

JSON = Any
Path = tuple[str | int, ...]
VALUES: Final[tuple[JSON, ...]] = (
    *(None, True, False, 0, -1, 1.5, 2**53, 10**20, "", "x", "z", "_:b0", "urn:x", "data:x,y", "\u0000"),
    *("https://example.org/a b", "did:key:z", "did:web:localhost%3A1", "2026-13-01T00:00:00Z", "uH4sI"),
    *([], {}, [[]], [{}], ["a", "a"], {"id": 5}, {"type": []}, {"@id": "x"}, {"@value": "x"}, {"@context": None}),
)
NAMES: Final = (
    *("@context", "@id", "@type", "@graph", "@included", "@reverse", "@nest", "id", "type", "name", "issuer", "holder"),
    *("validFrom", "credentialSubject", "credentialStatus", "credentialSchema", "relatedResource", "termsOfUse"),
    *("evidence", "verifiableCredential", "proof", "proofValue", "cryptosuite", "created", "expires", "previousProof"),
    *("domain", "challenge", "statusListIndex", "statusPurpose", "statusSize", "statusMessage", "statusListCredential"),
)
TAILS: Final = ("x", "é", " ", "#", "/..")


def mutate(document: JSON, random: Random) -> JSON:
    """Return a copy of an object with one to three changes."""
    changed = copy.deepcopy(document)
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        if places := [place for place in _places(changed) if place]:
            _change(changed, random.choice(places), random)
    return changed


def _change(document: JSON, place: Path, random: Random) -> None:
    holder = document
    for step in place[:-1]:
        holder = holder[step]
    last = place[-1]
    match random.randrange(5):
        case 0:
            holder[last] = copy.deepcopy(random.choice(VALUES))
        case 1:
            del holder[last]
        case 2 if isinstance(holder, dict):
            holder[random.choice(NAMES)] = copy.deepcopy(random.choice(VALUES))
        case 3 if isinstance(holder[last], str):
            holder[last] += random.choice(TAILS)
        case _:
            holder[last] = [holder[last]]


def _places(value: JSON, place: Path = ()) -> Iterator[Path]:
    yield place
    if isinstance(value, dict):
        for name, member in value.items():
            yield from _places(member, (*place, name))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _places(item, (*place, number))
