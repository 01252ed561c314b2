import contextlib
import csv
import json
import re
from pathlib import Path
from typing import cast

import pyoxigraph
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.adapters.contexts import ContextLibrary
from registry.adapters.expansion import MAX_REMEMBERED_CONTEXTS
from registry.adapters.json_ld import (
    MAX_DOCUMENT_BYTES,
    MAX_JSON_DEPTH,
    MAX_JSON_NODES,
    PinnedJsonLd,
    canonical_lines,
)
from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.data_integrity import unsecured
from registry.domain.errors import Malformed
from registry.domain.multikey import decode_multikey
from registry.ports import UnknownContext
from tests.adapters.json_ld_cases import copied, pinned_json_ld, plain_pyld, vector_json_ld
from tests.badges import achievement, recipient, unsigned_badge
from tests.paths import SHARED_DATA
from tests.proofs import signature_holds

VECTORS = SHARED_DATA / "vectors"
SUITE = VECTORS / "vc-di-eddsa" / "eddsa-rdfc-2022"
RDFC = VECTORS / "rdf-canon"


def test_the_w3c_vector_is_canonicalized_to_the_byte_and_verifies() -> None:
    json_ld = vector_json_ld()
    document = json.loads((SUITE / "signedDataInt.json").read_text())
    configuration = json.loads((SUITE / "proofConfigDataInt.json").read_text())
    public_key = decode_multikey(json.loads((SUITE.parent / "keyPair.json").read_text())["publicKeyMultibase"])

    assert json_ld.canonical_nquads(unsecured(document)) == (SUITE / "canonDocDataInt.txt").read_bytes()
    assert json_ld.canonical_nquads(configuration) == (SUITE / "proofCanonDataInt.txt").read_bytes()
    assert signature_holds(
        document,
        public_key=public_key,
        canonical_nquads=json_ld.canonical_nquads,
    )


def test_the_1edtech_vector_is_canonicalized_to_the_byte_and_verifies() -> None:
    page = (VECTORS / "ob3-1edtech" / "linked-data-proof-ob.html").read_text()
    folder = VECTORS / "ob3-1edtech" / "obv3p0"
    shown = re.search(r'title="Credential">\s*(\{.*?\n\s*\})\s*</pre', page, re.DOTALL)
    assert shown is not None
    document = cast("JsonObject", json.loads(shown[1]))
    value = re.search(r"proofValue['\"]?:\s*['\"](z[A-Za-z0-9]+)['\"]", page)
    assert value is not None
    proof: JsonObject = {
        "type": "DataIntegrityProof",
        "created": "2010-01-01T19:23:24Z",
        "verificationMethod": "https://example.edu/issuers/565049#z6MkjZRZv3aez3r18pB1RBFJR1kwUVJ5jHt92JmQwXbd5hwi",
        "cryptosuite": "eddsa-rdfc-2022",
        "proofPurpose": "assertionMethod",
        "proofValue": value[1],
    }
    secured: JsonObject = {**document, "proof": [proof]}

    canonical = pinned_json_ld().canonical_nquads(document).decode()

    assert canonical.strip() == (folder / "document-canon.txt").read_text().strip()
    assert signature_holds(
        secured,
        public_key=decode_multikey("z6MkjZRZv3aez3r18pB1RBFJR1kwUVJ5jHt92JmQwXbd5hwi"),
        canonical_nquads=pinned_json_ld().canonical_nquads,
    )


def canonical_again(nquads: bytes) -> bytes:
    dataset = pyoxigraph.Dataset(pyoxigraph.parse(nquads, format=pyoxigraph.RdfFormat.N_QUADS))
    return canonical_lines(dataset)


def rdfc_cases() -> list[str]:
    with (RDFC / "manifest.csv").open(newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["rdfc10"] == "TRUE" and not row["hashAlgorithm"]]
    return [row["test"] for row in rows if (RDFC / "rdfc10" / f"{row['test']}-rdfc10.nq").exists()]


@pytest.mark.parametrize("name", rdfc_cases())
def test_the_w3c_canonicalization_vectors_hold(name: str) -> None:
    canonical = canonical_again((RDFC / "rdfc10" / f"{name}-in.nq").read_bytes())

    assert canonical == (RDFC / "rdfc10" / f"{name}-rdfc10.nq").read_bytes()


NAMES = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters=[*map(chr, range(32)), "\x7f", "\ufffe", "\uffff"]),
    min_size=1,
    max_size=40,
).filter(lambda name: bool(name.strip()))


@given(NAMES, st.lists(NAMES, max_size=4, unique=True), st.floats(0, 1_000))
@settings(max_examples=40)
def test_the_canonical_form_is_that_of_a_plain_processor(name: str, tags: list[str], credits_available: float) -> None:
    template = achievement(tag=tags, creditsAvailable=credits_available, name=name)
    document = unsigned_badge(of=template, to=recipient(name=name))

    assert pinned_json_ld().canonical_nquads(document) == plain_pyld(document)


def test_the_order_of_members_and_contexts_kept_in_memory_do_not_matter() -> None:
    document = unsigned_badge()
    backwards = cast("JsonObject", dict(reversed(list(document.items()))))

    first = pinned_json_ld().canonical_nquads(document)

    assert pinned_json_ld().canonical_nquads(backwards) == first
    assert pinned_json_ld().canonical_nquads(document) == first


def test_canonicalizing_leaves_the_document_as_it_was() -> None:
    document = unsigned_badge()
    before = copied(document)

    pinned_json_ld().canonical_nquads(document)

    assert document == before


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"evidence": None}, "null-value"),
        ({"evidence": []}, "empty-array"),
        ({"evidence": {}}, "empty-object"),
        ({"evidence": [[{"type": "Evidence"}]]}, "nested-array"),
        ({"evidence": [{"type": "Evidence", "name": "x"}] * 2}, "duplicate-value"),
        ({"nickname": "Al"}, "undefined-term"),
        ({"https://schema.org/name": "Al"}, "json-ld-spelling"),
        ({"cred:name": "Al"}, "json-ld-spelling"),
        ({"@type": ["VerifiableCredential"]}, "json-ld-spelling"),
        ({"evidence": [{"@id": "urn:a:b"}]}, "json-ld-spelling"),
        ({"evidence": [{"type": "Evidence", "level": 5}]}, "undefined-term"),
        ({"evidence": [{"type": "Evidence", "id": "capstone"}]}, "relative-iri"),
        ({"evidence": [{"type": "Evidence", "id": "https://e.org/a b"}]}, "invalid-iri"),
        ({"evidence": [{"type": "Evidence", "id": "https://e.org/a\u3000b"}]}, "invalid-iri"),
        ({"evidence": [{"type": "Evidence", "id": "_:b0"}]}, "blank-node-id"),
        ({"evidence": [{"type": "Proof of work"}]}, "relative-iri"),
        ({"evidence": ["capstone"]}, "relative-iri"),
        ({"type": ["VerifiableCredential", "OpenBadgeCredential", "Sticker"]}, "relative-iri"),
        ({"type": ["VerifiableCredential", "OpenBadgeCredential", "OpenBadgeCredential"]}, "duplicate-value"),
        ({"id": "badge-1"}, "relative-iri"),
        ({"id": ["urn:a:b", "urn:a:c"]}, "json-ld"),
        ({"name": {"@value": "x", "@language": "en_GB"}}, "invalid-language"),
        ({"name": {"@value": "x", "@language": ""}}, "invalid-language"),
        ({"name": {"@value": "x", "@language": "a"}}, "invalid-language"),
        ({"name": {"@value": "x", "@language": "en-a"}}, "invalid-language"),
        ({"name": {"@value": "x", "@language": "en-aaa-bbb-ccc-ddd"}}, "invalid-language"),
        ({"name": {"@value": "x", "@language": None}}, "invalid-language"),
        ({"name": {"@value": "x", "@language": "ar", "@direction": "left"}}, "invalid-direction"),
        ({"name": {"@value": "x", "@language": "ar", "@direction": None}}, "invalid-direction"),
        ({"name": {"@value": "x", "@language": "ar", "url": "https://a.example/"}}, "json-ld-spelling"),
        ({"name": {"@value": "x", "@language": "ar", "@type": "@json"}}, "json-ld-spelling"),
        ({"name": {"@language": "ar"}}, "json-ld-spelling"),
        ({"name": [{"@value": "x", "@language": "en-US"}, {"@value": "x", "@language": "en-us"}]}, "duplicate-value"),
        ({"name": {"@value": 5, "@language": "ar"}}, "json-ld-spelling"),
        ({"@context": ["https://www.w3.org/ns/credentials/v2"] * 2}, "json-ld"),
        ({"@context": None}, "json-ld"),
        ({"@context": []}, "json-ld"),
        ({"@context": ["https://www.w3.org/ns/credentials/v2", 5]}, "json-ld"),
    ],
)
def test_what_json_ld_would_drop_or_read_twice_is_refused(change: JsonObject, code: str) -> None:
    with pytest.raises(Malformed) as refusal:
        pinned_json_ld().canonical_nquads({**unsigned_badge(), **change})

    assert refusal.value.code == code


def test_a_leaf_that_is_lost_on_the_way_is_missed() -> None:
    # No known context does this; the check must not depend on it.
    contexts = ContextLibrary({"urn:a:context": {"@context": {"name": "https://schema.org/name", "note": "@index"}}})

    with pytest.raises(Malformed) as refusal:
        PinnedJsonLd(contexts).canonical_nquads({"@context": "urn:a:context", "name": "x", "note": "y"})

    assert refusal.value.code == "value-dropped"


def test_a_json_literal_is_signed_whole() -> None:
    schema: JsonObject = {"type": "object", "required": ["a", "b"], "properties": {"a": {"type": "string"}}}
    document: JsonObject = {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "id": "urn:a:b",
        "type": "JsonSchema",
        "jsonSchema": schema,
    }

    assert b"rdf-syntax-ns#JSON" in pinned_json_ld().canonical_nquads(document)


def test_contexts_kept_in_memory_are_bounded_and_right_after_they_were_forgotten() -> None:
    many = range(MAX_REMEMBERED_CONTEXTS + 2)
    contexts: dict[str, JsonObject] = {f"urn:a:{n}": {"@context": {"name": f"urn:b:{n}"}} for n in many}
    processor = PinnedJsonLd(ContextLibrary(contexts))

    def canonical(number: int) -> bytes:
        return processor.canonical_nquads({"@context": f"urn:a:{number}", "name": "x"})

    first = [canonical(number) for number in many]

    assert [canonical(number) for number in many] == first
    assert first[7] == b'_:c14n0 <urn:b:7> "x" .\n'


@pytest.mark.parametrize(
    "inner",
    [
        {},
        [],
        None,
        {"x": "https://schema.org/name"},
        "https://w3id.org/security/multikey/v1",
        ["https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],
    ],
)
def test_a_context_inside_the_document_that_is_not_its_own_is_unknown(inner: JsonValue) -> None:
    evidence: JsonObject = {"@context": inner, "type": "Evidence", "name": "x"}

    with pytest.raises(UnknownContext):
        pinned_json_ld().canonical_nquads({**unsigned_badge(), "evidence": [evidence]})


@pytest.mark.parametrize(
    "path", sorted((SHARED_DATA / "examples" / "1edtech-spec").glob("*.json")), ids=lambda p: p.stem
)
def test_the_1edtech_examples_say_what_they_say_to_a_plain_processor(path: Path) -> None:
    document = unsecured(json.loads(path.read_text()))

    canonical = pinned_json_ld().canonical_nquads(document)

    # Compared as graphs: the full example repeats one proof in many endorsements, and what PyLD makes of such a
    # graph depends on the names its blank nodes had before (docs/decisions/0010).
    assert canonical == canonical_again(plain_pyld(document))
    assert canonical == canonical_again(canonical)


@pytest.mark.parametrize(
    ("text", "signed"),
    [
        ({"@value": "Analyse", "@language": "fr"}, b'"Analyse"@fr .'),
        ({"@value": "Analysis", "@language": "en-US"}, b'"Analysis"@en-us .'),
        ({"@value": "x", "@language": "zh-Hant-TW"}, b'"x"@zh-hant-tw .'),
        (
            {"@value": "x", "@language": "ar-EG", "@direction": "rtl"},
            b'"x"^^<https://www.w3.org/ns/i18n#ar-eg_rtl> .',
        ),
        ({"@value": "x"}, b'<https://schema.org/name> "x" .'),
        ({"@value": "x", "@direction": "ltr"}, b'"x"^^<https://www.w3.org/ns/i18n#_ltr> .'),
    ],
)
def test_a_text_is_signed_with_its_language_and_direction(text: JsonObject, signed: bytes) -> None:
    document: JsonObject = {**unsigned_badge(), "name": text}

    assert signed in pinned_json_ld().canonical_nquads(document)


@pytest.mark.parametrize(
    "contexts",
    [
        ["https://www.w3.org/ns/credentials/v2", "https://stranger.example/v1"],
        [{"@vocab": "https://schema.org/"}],
        {"@vocab": "https://schema.org/"},
    ],
)
def test_a_context_that_is_not_installed_is_unknown_and_never_fetched(contexts: JsonValue) -> None:
    with pytest.raises(UnknownContext):
        pinned_json_ld().canonical_nquads({**unsigned_badge(), "@context": contexts})


def test_a_document_that_is_too_large_is_refused() -> None:
    with pytest.raises(Malformed) as refusal:
        pinned_json_ld().canonical_nquads({**unsigned_badge(), "description": "x" * MAX_DOCUMENT_BYTES})

    assert refusal.value.code == "too-complex"


def test_a_document_that_is_too_deep_is_refused() -> None:
    issuer: JsonObject = {"id": "urn:a:b", "type": ["Profile"]}
    for _ in range(MAX_JSON_DEPTH):
        issuer = {"id": "urn:a:b", "type": ["Profile"], "parentOrg": issuer}

    with pytest.raises(Malformed) as refusal:
        pinned_json_ld().canonical_nquads({**unsigned_badge(), "issuer": issuer})

    assert refusal.value.code == "too-complex"


def test_a_document_with_too_many_values_is_refused() -> None:
    with pytest.raises(Malformed) as refusal:
        pinned_json_ld().canonical_nquads({**unsigned_badge(), "evidence": list(range(MAX_JSON_NODES + 1))})

    assert refusal.value.code == "too-complex"


@given(st.recursive(st.none() | st.booleans() | st.integers(0, 9) | st.text(max_size=4), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "type", "name", "@value", "@list", "@set", "@graph", "@reverse", "evidence", "x"]), inner, max_size=3), max_leaves=6), st.sampled_from(["evidence", "name", "issuer", "type", "credentialSubject", "proof", "id"]))  # fmt: skip
@settings(max_examples=150)
def test_no_document_makes_the_processor_fall_over(value: JsonValue, name: str) -> None:
    with contextlib.suppress(Malformed):
        assert pinned_json_ld().canonical_nquads({**unsigned_badge(), name: value}).endswith(b" .\n")
