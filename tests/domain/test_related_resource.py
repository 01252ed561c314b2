import base64
import hashlib
import json

import pytest

from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.multikey import base58_encode
from registry.domain.published_contexts import PUBLISHED
from registry.domain.related_resource import MAX_RESOURCES, related_problems, unknown_resources
from tests.paths import SHARED_DATA

CONTEXTS = SHARED_DATA / "contexts"
V2 = "https://www.w3.org/ns/credentials/v2"
SHA384 = bytes.fromhex(PUBLISHED[V2][1])
SRI = f"sha384-{base64.b64encode(SHA384).decode()}"
OTHER_SRI = f"sha256-{base64.b64encode(bytes(32)).decode()}"


def base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def codes(value: JsonValue) -> list[str]:
    return [problem.code for problem in related_problems(value)]


@pytest.mark.parametrize("url", sorted(PUBLISHED))
def test_the_digests_are_those_of_the_published_files(url: str) -> None:
    manifest = json.loads((CONTEXTS / "MANIFEST.json").read_text())
    entry = next(entry for entry in manifest if entry["url"] == url)
    content = (CONTEXTS / entry["file"]).read_bytes()

    assert PUBLISHED[url] == tuple(hashlib.new(name, content).hexdigest() for name in ("sha256", "sha384", "sha512"))


@pytest.mark.parametrize(
    "resource",
    [
        {"digestSRI": SRI},
        {"digestSRI": f"{SRI} sha256-{base64.b64encode(bytes.fromhex(PUBLISHED[V2][0])).decode()}"},
        {"digestSRI": [SRI], "mediaType": "application/ld+json"},
        {"digestSRI": f"sha512-{base64.b64encode(bytes.fromhex(PUBLISHED[V2][2])).decode()}"},
        {"digestMultibase": "u" + base64url(b"\x12\x20" + bytes.fromhex(PUBLISHED[V2][0]))},
        {"digestMultibase": "z" + base58_encode(b"\x20\x30" + SHA384)},
        {"digestMultibase": ["u" + base64url(b"\x13\x40" + bytes.fromhex(PUBLISHED[V2][2]))], "digestSRI": SRI},
    ],
)
def test_a_digest_in_any_spelling_is_compared(resource: JsonObject) -> None:
    assert codes({"id": V2, **resource}) == []
    assert codes([{"id": V2, **resource}]) == []


@pytest.mark.parametrize(
    "resource",
    [
        {"digestSRI": OTHER_SRI},
        {"digestSRI": f"{SRI} {OTHER_SRI}"},
        {"digestSRI": SRI, "digestMultibase": "u" + base64url(b"\x12\x20" + bytes(32))},
        {"digestSRI": SRI.replace("sha384-", "sha384-A")[:-1]},
    ],
)
def test_a_digest_of_something_else_is_told(resource: JsonObject) -> None:
    assert codes({"id": V2, **resource}) == ["related-resource-mismatch"]


@pytest.mark.parametrize(
    "resource",
    [
        "text",
        [],
        {},
        {"digestSRI": SRI},
        {"id": "relative", "digestSRI": SRI},
        {"id": V2},
        {"id": V2, "digestSRI": []},
        {"id": V2, "digestSRI": ""},
        {"id": V2, "digestSRI": 5},
        {"id": V2, "digestSRI": "sha384"},
        {"id": V2, "digestSRI": "sha384-!"},
        {"id": V2, "digestSRI": "sha1-" + base64.b64encode(bytes(20)).decode()},
        {"id": V2, "digestSRI": "sha256-" + base64.b64encode(bytes(31)).decode()},
        {"id": V2, "digestMultibase": 5},
        {"id": V2, "digestMultibase": "u!"},
        {"id": V2, "digestMultibase": "m" + base64.b64encode(b"\x12\x20" + bytes(32)).decode()},
        {"id": V2, "digestMultibase": "z0"},
        {"id": V2, "digestMultibase": "u" + base64url(b"\x11\x14" + bytes(20))},
        {"id": V2, "digestSRI": SRI, "mediaType": 5},
        [{"id": V2, "digestSRI": SRI}, {"id": V2, "digestSRI": SRI}],
    ],
)
def test_what_is_no_related_resource_is_told(resource: JsonValue) -> None:
    assert codes(resource) == ["malformed-related-resource"]


def test_there_are_only_so_many_resources() -> None:
    resources: list[JsonValue] = [{"id": f"urn:a:{n}", "digestSRI": OTHER_SRI} for n in range(MAX_RESOURCES + 1)]

    assert codes(resources[:MAX_RESOURCES]) == []
    assert codes(resources) == ["malformed-related-resource"]


def test_resources_whose_digests_nobody_here_knows_are_named() -> None:
    stranger: JsonObject = {"id": "https://a.example/picture.png", "digestSRI": OTHER_SRI}

    assert codes(stranger) == []
    assert unknown_resources({"relatedResource": [stranger, {"id": V2}, {"id": 5}]}) == (
        "https://a.example/picture.png",
    )
    assert unknown_resources({}) == ()
