import json

import pytest

from registry.domain.canonical import JsonObject
from registry.domain.errors import Malformed
from registry.domain.vc_preparing import DATA_INTEGRITY_CONTEXT, prepare_credential

ISSUER = "did:web:a.example"
DOCUMENT: JsonObject = {
    "@context": ["https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/examples/v2"],
    "type": ["VerifiableCredential"],
    "issuer": ISSUER,
    "credentialSubject": {"id": "did:web:b.example", "shoeSize": 46, "nested": {"a": ["x", 1.5, True]}},
}
ENTRY: JsonObject = {
    "type": "BitstringStatusListEntry",
    "statusPurpose": "revocation",
    "statusListIndex": "5",
    "statusListCredential": "https://a.example/status/1",
}
OLDER: JsonObject = {
    "@context": ["https://www.w3.org/2018/credentials/v1"],
    "type": ["VerifiableCredential"],
    "issuer": ISSUER,
    "issuanceDate": "2020-01-01T00:00:00Z",
    "credentialSubject": {"id": "did:web:b.example"},
}


def test_a_well_formed_document_comes_back_as_it_was() -> None:
    before = json.dumps(DOCUMENT)

    prepared = prepare_credential(DOCUMENT, issuer=ISSUER)

    assert prepared == DOCUMENT
    assert prepared is not DOCUMENT
    assert json.dumps(DOCUMENT) == before


def test_the_issuer_is_filled_in_where_it_is_missing() -> None:
    nobody = {name: member for name, member in DOCUMENT.items() if name != "issuer"}

    assert prepare_credential(nobody, issuer=ISSUER)["issuer"] == ISSUER
    assert prepare_credential({**DOCUMENT, "issuer": {"name": "A"}}, issuer=ISSUER)["issuer"] == {
        "id": ISSUER,
        "name": "A",
    }
    assert prepare_credential({**DOCUMENT, "issuer": {"id": ISSUER}}, issuer=ISSUER)["issuer"] == {"id": ISSUER}


def test_a_status_entry_of_the_caller_s_is_kept() -> None:
    document: JsonObject = {**DOCUMENT, "credentialStatus": [ENTRY, {"type": "Other"}]}

    assert prepare_credential(document, issuer=ISSUER) == document


def test_version_1_gets_the_words_for_a_proof() -> None:
    prepared = prepare_credential(OLDER, issuer=ISSUER)

    assert prepared == {**OLDER, "@context": [*OLDER["@context"], DATA_INTEGRITY_CONTEXT]}  # type: ignore[misc]  # a list, above
    assert prepare_credential(prepared, issuer=ISSUER) == prepared


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"issuer": "did:web:stranger.example"}, "issuer-differs"),
        ({"issuer": None}, "issuer-differs"),
        ({"issuer": {"id": "did:web:stranger.example"}}, "issuer-differs"),
        ({"credentialSubject": {}}, "malformed-subject"),
        ({"@context": "https://www.w3.org/ns/credentials/v2"}, "malformed-context"),
        ({"credentialSubject": {"name": None}}, "claim-null"),
        ({"credentialStatus": {"type": "BitstringStatusListEntry"}}, "malformed-status-entry"),
        ({"credentialStatus": [{"type": "Other"}, {**ENTRY, "statusListIndex": 5}]}, "malformed-status-entry"),
        ({"credentialSubject": {"name": "a\x00b"}}, "claim-control-character"),
        ({"credentialSubject": {"size": 2**53}}, "json-number"),
        (
            {
                "relatedResource": {
                    "id": "https://a.example/x",
                    "digestSRI": "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
                }
            },
            "related-resource-unknown",
        ),
        (
            {
                "relatedResource": {
                    "id": "https://www.w3.org/ns/credentials/v2",
                    "digestSRI": "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
                }
            },
            "related-resource-mismatch",
        ),
    ],
)
def test_what_must_not_be_signed_is_refused(members: JsonObject, code: str) -> None:
    with pytest.raises(Malformed) as refusal:
        prepare_credential({**DOCUMENT, **members}, issuer=ISSUER)

    assert refusal.value.code == code


def test_a_proof_that_is_there_already_is_not_looked_at() -> None:
    document: JsonObject = {**DOCUMENT, "proof": [{"type": "DataIntegrityProof", "nonce": None}]}

    assert prepare_credential(document, issuer=ISSUER) == document
