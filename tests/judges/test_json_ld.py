"""What jsonld.js signs of a document is what we sign of it, to the byte; what we refuse is decided by ourselves."""

import json
import subprocess
from pathlib import Path
from typing import Final, cast

from registry.adapters.contexts import PINNED, VOCABULARIES, load_contexts
from registry.adapters.json_ld import PinnedJsonLd
from registry.domain.canonical import JsonObject, JsonValue
from tests.badges import unsigned_badge
from tests.paths import SHARED_DATA

FOLDER: Final = Path(__file__).parent
V2: Final = "https://www.w3.org/ns/credentials/v2"
V1: Final = "https://www.w3.org/2018/credentials/v1"
EXAMPLES: Final = "https://www.w3.org/ns/credentials/examples/v2"
REPEATED: Final = {"fullOpenBadge-1"}
"""Repeats one proof in endorsements that share an identifier: labels differ between libraries (docs/decisions/0010)."""

LEAST: Final[JsonObject] = {
    "@context": [V2],
    "type": ["VerifiableCredential"],
    "issuer": "did:web:a.example",
    "credentialSubject": {"id": "did:web:b.example"},
}
OLDER: Final[JsonObject] = {
    "@context": [V1, "https://w3id.org/security/data-integrity/v2"],
    "type": ["VerifiableCredential"],
    "issuer": "did:web:a.example",
    "issuanceDate": "2020-01-01T00:00:00Z",
    "expirationDate": "2030-01-01T00:00:00Z",
    "credentialSubject": {"id": "did:web:b.example"},
}
ENVELOPE: Final[JsonObject] = {
    "@context": V2,
    "id": "data:application/vc+jwt,eyJh.e30.c2ln",
    "type": "EnvelopedVerifiableCredential",
}
VOCABULARY: Final[JsonObject] = {"@vocab": "https://a.example/#"}
DEGREE: Final[JsonObject] = {
    "Degree": {
        "@id": "https://a.example/#Degree",
        "@context": {
            "level": {"@id": "https://a.example/#level", "@type": "http://www.w3.org/2001/XMLSchema#integer"},
            "steps": {"@id": "https://a.example/#steps", "@container": "@list"},
        },
    },
    "degree": "https://a.example/#degree",
}
TEXTS: Final[list[JsonValue]] = [
    {"@value": "x", "@language": "en-US"},
    {"@value": "x", "@language": "zh-Hant-TW"},
    {"@value": "x", "@direction": "rtl"},
    {"@value": "x", "@language": "ar-EG", "@direction": "rtl"},
    {"@value": "x"},
]


def documents() -> list[JsonObject]:
    contexts: list[list[JsonValue]] = [[V2, VOCABULARY], [V2, DEGREE], [V2, EXAMPLES]]
    degree: JsonObject = {"type": "Degree", "level": "7", "steps": ["a", "b", "a"]}
    made: list[JsonObject] = [
        unsigned_badge(),
        OLDER,
        {**LEAST, "name": TEXTS},
        {**LEAST, "@context": contexts[0], "foo": {"bar": [1, 2.5, True, "x"]}},
        {**LEAST, "@context": contexts[1], "credentialSubject": {"degree": degree}},
        {**LEAST, "@context": contexts[2], "type": ["VerifiableCredential", "ExampleDiploma"]},
        {
            "@context": [V2],
            "type": ["VerifiablePresentation"],
            "holder": "did:web:b.example",
            "verifiableCredential": [{**LEAST, "@context": contexts[2], "foo": "x"}, OLDER, ENVELOPE],
        },
    ]
    paths = sorted((SHARED_DATA / "examples").rglob("*.json"))
    assert paths
    for path in paths:
        if path.stem not in REPEATED:
            document = cast("JsonObject", json.loads(path.read_text()))
            made.append({name: member for name, member in document.items() if name != "proof"})
    return made


def test_jsonld_js_signs_the_same_bytes() -> None:
    contexts = load_contexts()
    known = {context.url: contexts.get(context.url) for context in (*PINNED, *VOCABULARIES)}
    given = documents()

    answer = subprocess.run(
        ["node", "canonize.mjs"],
        cwd=FOLDER,
        input=json.dumps({"contexts": known, "documents": given}),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
        timeout=120,
    )

    ours = PinnedJsonLd(contexts)
    assert len(given) > 20
    for document, theirs in zip(given, json.loads(answer.stdout), strict=True):
        assert theirs is not None, document
        assert ours.canonical_nquads(document).decode() == theirs
