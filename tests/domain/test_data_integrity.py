import json
from datetime import UTC, datetime
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.canonical import JsonObject, JsonValue, canonicalize
from registry.domain.data_integrity import (
    MAX_PROOFS,
    attach_proof,
    decode_proof_value,
    encode_proof_value,
    hash_data,
    proof_configuration,
    proof_options,
    select_proof,
    signature_holds,
    signed_bytes,
    unsecured,
    verify_ed25519,
)
from registry.domain.errors import Malformed
from registry.domain.multikey import decode_multikey
from tests.badges import NOON, MemorySigner
from tests.paths import SHARED_DATA

W3C = SHARED_DATA / "vectors" / "vc-di-eddsa"
SUITE = W3C / "eddsa-rdfc-2022"


def w3c(name: str) -> JsonObject:
    return cast("JsonObject", json.loads((SUITE / name).read_text()))


def proof(**changes: JsonValue) -> JsonObject:
    options = proof_options(verification_method="did:key:z#z", created=NOON)
    return {**options, "proofValue": encode_proof_value(bytes(64)), **changes}


def test_the_w3c_hash_data_is_rebuilt_from_its_canonical_forms() -> None:
    data = hash_data(
        document_nquads=(SUITE / "canonDocDataInt.txt").read_bytes(),
        configuration_nquads=(SUITE / "proofCanonDataInt.txt").read_bytes(),
    )

    assert data.hex() == (SUITE / "combinedHashDataInt.txt").read_text().strip()


def test_the_w3c_signature_verifies_and_no_other_does() -> None:
    public_key = decode_multikey(json.loads((W3C / "keyPair.json").read_text())["publicKeyMultibase"])
    data = bytes.fromhex((SUITE / "combinedHashDataInt.txt").read_text().strip())
    signature = select_proof(w3c("signedDataInt.json")).signature

    assert signature.hex() == (SUITE / "sigHexDataInt.txt").read_text().strip()
    assert verify_ed25519(public_key=public_key, signature=signature, data=data)
    assert not verify_ed25519(public_key=public_key, signature=signature, data=data[:-1] + b"\0")
    assert not verify_ed25519(public_key=public_key, signature=bytes(64), data=data)
    assert not verify_ed25519(public_key=public_key[:-1], signature=signature, data=data)


def test_the_w3c_proof_configuration_is_rebuilt() -> None:
    signed = w3c("signedDataInt.json")

    configuration = proof_configuration(unsecured(signed), select_proof(signed).options)

    assert configuration == w3c("proofConfigDataInt.json")


def test_a_document_without_context_gives_a_configuration_without() -> None:
    assert proof_configuration({"id": "urn:a:b"}, {"type": "x"}) == {"type": "x"}


def test_a_proof_is_attached_as_an_array_in_place_of_old_ones() -> None:
    options = proof_options(verification_method="did:key:z#z", created=datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC))

    secured = attach_proof({"@context": [], "proof": {"old": True}}, options, bytes(range(64)))

    assert secured == {
        "@context": [],
        "proof": [
            {
                "type": "DataIntegrityProof",
                "cryptosuite": "eddsa-rdfc-2022",
                "created": "2026-01-02T03:04:05Z",
                "verificationMethod": "did:key:z#z",
                "proofPurpose": "assertionMethod",
                "proofValue": encode_proof_value(bytes(range(64))),
            }
        ],
    }


@given(st.binary(min_size=64, max_size=64))
def test_a_signature_survives_its_proof_value(signature: bytes) -> None:
    assert decode_proof_value(encode_proof_value(signature)) == signature


@pytest.mark.parametrize("value", [None, "", "z", "u" + "A" * 86, "z0", "z" + "1" * 63, "z" + "1" * 65])
def test_what_is_no_signature_is_refused(value: object) -> None:
    with pytest.raises(Malformed) as refusal:
        decode_proof_value(value)

    assert refusal.value.code == "malformed-proof-value"


def test_a_signature_of_another_length_has_no_proof_value() -> None:
    with pytest.raises(Malformed, match="expected 64 bytes, got 63"):
        encode_proof_value(bytes(63))


@pytest.mark.parametrize("as_list", [True, False])
def test_a_proof_may_be_an_object_or_an_array(as_list: bool) -> None:
    selected = select_proof({"proof": [proof()] if as_list else proof()})

    assert (selected.verification_method, selected.created, selected.expires) == ("did:key:z#z", NOON, None)
    assert "proofValue" not in selected.options


def test_the_first_supported_proof_of_a_set_is_taken() -> None:
    others: list[JsonValue] = [
        {"type": "Ed25519Signature2020"},
        proof(cryptosuite="eddsa-jcs-2022"),
        proof(proofPurpose="authentication"),
    ]

    selected = select_proof(
        {"proof": [*others, proof(verificationMethod="did:key:y#y", expires="2027-01-01T00:00:00Z")]}
    )

    assert selected.verification_method == "did:key:y#y"
    assert selected.expires == datetime(2027, 1, 1, tzinfo=UTC)


def test_a_proof_may_lack_its_time_and_repeat_the_context() -> None:
    undated = {name: member for name, member in proof().items() if name != "created"}

    selected = select_proof(
        {"@context": ["https://a.example"], "proof": {**undated, "@context": ["https://a.example"]}}
    )

    assert selected.created is None
    assert "@context" not in selected.options


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (None, "no-proof"),
        ([], "no-proof"),
        ("text", "malformed-proof"),
        ([proof(), "text"], "malformed-proof"),
        ([proof()] * (MAX_PROOFS + 1), "too-many-proofs"),
        (proof(cryptosuite="ecdsa-rdfc-2019"), "proof-unsupported"),
        (proof(previousProof="urn:uuid:1"), "proof-chain-unsupported"),
        (proof(verificationMethod=5), "malformed-proof"),
        (proof(verificationMethod=""), "malformed-proof"),
        (proof(created="2026-01-01"), "malformed-time"),
        (proof(expires="2026-01-01T00:00:00"), "time-without-offset"),
        (proof(proofValue="zz"), "malformed-proof-value"),
        ({**proof(), "@context": ["https://b.example"]}, "malformed-proof"),
    ],
)
def test_a_proof_that_cannot_be_judged_is_refused(value: JsonValue, code: str) -> None:
    with pytest.raises(Malformed) as refusal:
        select_proof({"@context": ["https://a.example"], "proof": value})

    assert refusal.value.code == code


def test_a_signature_holds_for_its_document_and_options_only() -> None:
    # JCS stands in for RDFC: any canonical form will do for the arithmetic.
    signer = MemorySigner()
    document: JsonObject = {"@context": ["https://a.example"], "id": "urn:a:b"}
    options = proof_options(verification_method=signer.verification_method, created=NOON)
    signature = signer.sign(signed_bytes(document, options=options, canonical_nquads=canonicalize))
    secured = attach_proof(document, options, signature)
    selected = select_proof(secured)

    def holds(candidate: JsonObject, key: bytes = signer.public_key) -> bool:
        return signature_holds(candidate, proof=select_proof(candidate), public_key=key, canonical_nquads=canonicalize)

    assert holds(secured)
    assert not holds({**secured, "id": "urn:a:c"})
    assert not holds(
        {
            **secured,
            "proof": [
                {**options, "created": "2026-05-29T12:00:01Z", "proofValue": encode_proof_value(selected.signature)}
            ],
        }
    )
    assert not holds(secured, MemorySigner(b"\x02" * 32).public_key)


def test_a_key_of_another_size_signed_nothing() -> None:
    assert not verify_ed25519(public_key=bytes(31), signature=bytes(64), data=b"")
