"""Badges are judged at least as strictly as the formal schema judges them."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import EllipsisType
from typing import Any, TypeAlias, cast

import orjson
import pytest
from jsonschema import Draft201909Validator

from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.vc_form import check_form, is_open_badge
from tests.badges import unsigned_badge
from tests.paths import SHARED_DATA

SCHEMAS = SHARED_DATA / "schemas"
EXAMPLES = SHARED_DATA / "examples" / "1edtech-spec"

Place: TypeAlias = tuple[str | int, ...]
Change: TypeAlias = "JsonValue | EllipsisType"

REPLACEMENTS: list[Change] = [
    *(..., None, 5, "x", True, []),
    {},
    ["x"],
    [{}],
    {"x": "y"},
    {"@value": "x"},
    {"id": "urn:a:b", "type": "Image"},
    ["AchievementSubject", "VerifiableCredential"],
]


def full_badge() -> JsonObject:
    """Return the specification's example of everything."""
    return cast("JsonObject", json.loads((EXAMPLES / "fullOpenBadge-1.json").read_text()))


@cache
def schema(name: str) -> Draft201909Validator:
    return Draft201909Validator(json.loads((SCHEMAS / f"ob_v3p0_achievementcredential_schema{name}.json").read_text()))


def places(value: JsonValue, place: Place = ()) -> Iterator[Place]:
    """Walk every place in a document but proofs, which are judged elsewhere."""
    members: list[tuple[str | int, JsonValue]] = (
        list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    )
    for name, member in members:
        if name != "proof":
            yield (*place, name)
            yield from places(member, (*place, name))


def alike(place: Place) -> Place:
    return tuple("#" if isinstance(name, int) else name for name in place)


def changed(document: JsonObject, place: Place, value: Change) -> JsonObject:
    result: Any = orjson.loads(orjson.dumps(document))  # reached into by any path
    inner = result
    for name in place[:-1]:
        inner = inner[name]
    if isinstance(value, EllipsisType):
        del inner[place[-1]]
    else:
        inner[place[-1]] = value
    return cast("JsonObject", result)


def mutations(document: JsonObject) -> Iterator[tuple[Place, Change, JsonObject]]:
    seen: set[Place] = set()
    for place in places(document):
        if alike(place) not in seen:
            seen.add(alike(place))
            for value in REPLACEMENTS:
                yield place, value, changed(document, place, value)


def lean_badge() -> JsonObject:
    """Return the example with one of its seven endorsements left: the others have nothing new."""
    document: Any = full_badge()  # reached into by path
    achievement = document["credentialSubject"]["achievement"]
    for profile in (document["issuer"], achievement, achievement["creator"]):
        del profile["endorsement"]
    del document["endorsement"][1:]
    return cast("JsonObject", document)


@pytest.mark.parametrize("document", [unsigned_badge(), lean_badge()], ids=["ours", "full"])
def test_what_our_rules_admit_the_schema_admits_too(document: JsonObject) -> None:
    assert check_form(document) == ()
    assert schema("").is_valid(document)
    admitted = 0

    for place, value, mutation in mutations(document):
        # Without its type it is no badge any more, and judged as something else.
        if is_open_badge(mutation) and check_form(mutation) == ():
            admitted += 1
            assert schema(".jsonld-variant").is_valid(mutation), (place, value)

    assert admitted > 100


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.json")), ids=lambda path: path.stem)
def test_the_specification_s_examples_pass_both(path: Path) -> None:
    document = json.loads(path.read_text())

    assert check_form(document) == ()
    assert schema("").is_valid(document)
