"""Contexts that stand inside documents: terms are read, everything cleverer is unknown."""

from typing import cast

import pytest

from registry.adapters.contexts import CREDENTIALS_V1, CREDENTIALS_V2, EXAMPLES_V2, ContextLibrary, load_contexts
from registry.adapters.inline_contexts import MAX_INLINE_TERMS
from registry.adapters.json_ld import MAX_CONTEXTS, PinnedJsonLd
from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.errors import Malformed
from registry.ports import UnknownContext
from tests.adapters.json_ld_cases import pinned_json_ld, plain_pyld

DEGREE: JsonObject = {
    "@version": 1.1,
    "@protected": True,
    "Degree": {
        "@id": "https://a.example/#Degree",
        "@context": {
            "id": "@id",
            "type": "@type",
            "level": {"@id": "https://a.example/#level", "@type": "http://www.w3.org/2001/XMLSchema#integer"},
            "of": {"@id": "https://a.example/#of", "@type": "@id", "@container": "@set"},
        },
    },
    "degree": "https://a.example/#degree",
}


def credential(*contexts: JsonValue, **members: JsonValue) -> JsonObject:
    return {
        "@context": [CREDENTIALS_V2, *contexts],
        "type": ["VerifiableCredential"],
        "issuer": "did:web:a.example",
        "credentialSubject": {"id": "did:web:b.example", **members},
    }


def test_terms_of_a_context_inside_the_document_are_signed_as_a_plain_processor_reads_them() -> None:
    document = credential(DEGREE, degree={"type": "Degree", "level": "7", "of": ["urn:a:b"]})

    canonical = pinned_json_ld().canonical_nquads(document)

    assert b'<https://a.example/#level> "7"^^<http://www.w3.org/2001/XMLSchema#integer>' in canonical
    assert canonical == plain_pyld(document)


def test_a_vocabulary_inside_the_document_names_what_nothing_else_does() -> None:
    document = credential({"@vocab": "https://a.example/#"}, shoeSize=46)

    assert b"<did:web:b.example> <https://a.example/#shoeSize>" in pinned_json_ld().canonical_nquads(document)


def test_a_term_that_no_context_defines_is_refused_beside_one_that_is() -> None:
    with pytest.raises(Malformed) as refusal:
        pinned_json_ld().canonical_nquads(credential({"x": "https://a.example/#x"}, x="1", y="2"))

    assert refusal.value.code == "undefined-term"


def test_a_protected_term_keeps_its_meaning() -> None:
    with pytest.raises(Malformed) as refusal:
        pinned_json_ld().canonical_nquads(credential({"name": "https://a.example/#password"}, name="1"))

    assert refusal.value.code == "json-ld"


@pytest.mark.parametrize(
    "context",
    [
        {"@base": "https://a.example/"},
        {"@import": "https://a.example/c"},
        {"@language": "en"},
        {"@direction": "rtl"},
        {"@propagate": False},
        {"@version": 1.0},
        {"@protected": "yes"},
        {"@vocab": ""},
        {"@vocab": "relative"},
        {"@vocab": None},
        {"kind": "@type"},
        {"id": "@type"},
        {"x": None},
        {"x": 5},
        {"x": ["https://a.example/#x"]},
        {"x": "relative"},
        {"": "https://a.example/#x"},
        {"a:x": "https://a.example/#x"},
        {"x": {"@id": "@id"}},
        {"x": {"@type": "@id"}},
        {"x": {"@id": "https://a.example/#x", "@type": "@none"}},
        {"x": {"@id": "https://a.example/#x", "@type": 5}},
        {"x": {"@id": "https://a.example/#x", "@type": ["@id"]}},
        {"x": {"@id": "https://a.example/#x", "@type": {}}},
        {"x": {"@id": "https://a.example/#x", "@container": {}}},
        {"x": {"@id": "https://a.example/#x", "@language": "en"}},
        {"x": {"@id": "https://a.example/#x", "@container": "@index"}},
        {"x": {"@id": "https://a.example/#x", "@container": ["@list", "@set"]}},
        {"x": {"@id": "https://a.example/#x", "@protected": 1}},
        {"x": {"@reverse": "https://a.example/#x"}},
        {"x": {"@id": "https://a.example/#x", "@context": "https://www.w3.org/ns/credentials/v2"}},
        {"x": {"@id": "https://a.example/#x", "@context": None}},
        {"x": {"@id": "https://a.example/#x", "@context": {"@base": "https://a.example/"}}},
        {f"x{n}": f"https://a.example/#{n}" for n in range(MAX_INLINE_TERMS + 1)},
    ],
)
def test_a_context_that_does_more_than_define_terms_is_unknown(context: JsonObject) -> None:
    with pytest.raises(UnknownContext):
        pinned_json_ld().canonical_nquads(credential(context, x="1"))


def test_what_strangers_define_is_not_kept() -> None:
    processor = PinnedJsonLd(load_contexts())
    processor.canonical_nquads(credential(DEGREE, degree={"type": "Degree", "level": "7"}))
    before = len(processor._expander._parsed)

    for number in range(20):
        term = f"t{number}"
        processor.canonical_nquads(credential({term: f"urn:a:{number}"}, **{term: "x"}))

    assert len(processor._expander._parsed) == before


@pytest.mark.parametrize("name", ["a b", "a<b", "a\x00b"])
def test_a_name_that_makes_no_iri_of_its_vocabulary_is_refused(name: str) -> None:
    with pytest.raises(Malformed):
        pinned_json_ld().canonical_nquads(credential(EXAMPLES_V2, **{name: "x"}))


def presentation(*inner: JsonObject) -> JsonObject:
    return {
        "@context": [CREDENTIALS_V2],
        "type": "VerifiablePresentation",
        "holder": "did:web:b.example",
        "verifiableCredential": cast("list[JsonValue]", list(inner)),
    }


def test_credentials_in_a_presentation_are_read_over_their_own_contexts() -> None:
    older: JsonObject = {
        "@context": [CREDENTIALS_V1],
        "type": ["VerifiableCredential"],
        "issuer": "did:web:a.example",
        "issuanceDate": "2020-01-01T00:00:00Z",
        "credentialSubject": {"id": "did:web:b.example"},
    }
    enveloped: JsonObject = {
        "@context": CREDENTIALS_V2,
        "id": "data:application/vc+jwt,eyJh.e30.c2ln",
        "type": "EnvelopedVerifiableCredential",
    }
    document = presentation(credential(EXAMPLES_V2, shoeSize=46), older, enveloped)

    canonical = pinned_json_ld().canonical_nquads(document)

    assert b"examples#shoeSize" in canonical
    assert b"credentials#issuanceDate" in canonical
    assert canonical == plain_pyld(document)


@pytest.mark.parametrize(
    "contexts",
    [
        [CREDENTIALS_V2, "https://stranger.example/v1"],
        [CREDENTIALS_V2, {"x": "https://a.example/#x"}],
        [EXAMPLES_V2],
        [CREDENTIALS_V2, *(f"https://stranger.example/{n}" for n in range(MAX_CONTEXTS))],
    ],
)
def test_a_presented_credential_over_other_contexts_is_unknown(contexts: list[JsonValue]) -> None:
    with pytest.raises(UnknownContext):
        pinned_json_ld().canonical_nquads(presentation({**credential(), "@context": contexts}))


def test_a_presented_credential_loses_nothing_either() -> None:
    with pytest.raises(Malformed) as refusal:
        pinned_json_ld().canonical_nquads(presentation(credential(shoeSize=46)))

    assert refusal.value.code == "undefined-term"


def test_a_library_without_the_credential_contexts_knows_no_credential_inside() -> None:
    library = ContextLibrary({"urn:a:context": {"@context": {"name": "https://schema.org/name"}}})

    with pytest.raises(UnknownContext):
        PinnedJsonLd(library).canonical_nquads({"@context": "urn:a:context", "name": {"@context": CREDENTIALS_V2}})
