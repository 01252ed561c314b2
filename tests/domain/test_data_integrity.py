from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.canonical import JsonObject, JsonValue, canonicalize
from registry.domain.cryptosuites import DEFAULT_SUITES, SUITES, find_suite, issued_suites, key_algorithm
from registry.domain.data_integrity import (
    MAX_CHAINED,
    MAX_DOMAINS,
    MAX_PROOFS,
    Proof,
    UnreadProof,
    attach_proofs,
    cover,
    covered_document,
    decode_proof_value,
    encode_proof_value,
    proof_options,
    read_proofs,
    unsecured,
)
from registry.domain.errors import Malformed
from registry.domain.multikey import KeyAlgorithm
from tests.badges import NOON, MemorySigner
from tests.proofs import first_proof, signature_holds

RDFC = SUITES["eddsa-rdfc-2022"]
ED25519 = (KeyAlgorithm.ED25519,)


def proof(**changes: JsonValue) -> JsonObject:
    options = proof_options({}, suite=RDFC, verification_method="did:key:z#z", created=NOON)
    return {**options, "proofValue": encode_proof_value(bytes(64)), **changes}


def test_a_single_proof_is_attached_as_asked_for_and_several_as_a_list() -> None:
    options = proof_options(
        {}, suite=RDFC, verification_method="did:key:z#z", created=datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
    )
    document: JsonObject = {"id": "urn:a:b", "proof": {"old": True}}

    assert options == {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-rdfc-2022",
        "created": "2026-01-02T03:04:05Z",
        "verificationMethod": "did:key:z#z",
        "proofPurpose": "assertionMethod",
    }
    assert attach_proofs(document, [options], as_list=True) == {"id": "urn:a:b", "proof": [options]}
    assert attach_proofs(document, [options], as_list=False) == {"id": "urn:a:b", "proof": options}
    assert attach_proofs(document, [options, options], as_list=False) == {"id": "urn:a:b", "proof": [options, options]}


@pytest.mark.parametrize("size", [64, 96])
@given(data=st.data())
def test_a_signature_survives_its_proof_value(size: int, data: st.DataObject) -> None:
    signature = data.draw(st.binary(min_size=size, max_size=size))
    algorithm = KeyAlgorithm.P384 if size == 96 else KeyAlgorithm.P256

    assert decode_proof_value(encode_proof_value(signature), algorithms=[algorithm]) == signature


@pytest.mark.parametrize("value", [None, "", "z", "u" + "A" * 86, "z0", "z" + "1" * 63, "z" + "1" * 65, "z" + "1" * 96])
def test_what_is_no_signature_is_refused(value: object) -> None:
    with pytest.raises(Malformed) as refusal:
        decode_proof_value(value, algorithms=ED25519)

    assert refusal.value.code == "malformed-proof-value"


@pytest.mark.parametrize("as_list", [True, False])
def test_a_proof_may_be_an_object_or_an_array(as_list: bool) -> None:
    selected = first_proof({"proof": [proof()] if as_list else proof()})

    assert (selected.verification_method, selected.created, selected.expires) == ("did:key:z#z", NOON, None)
    assert selected.suite is RDFC
    assert "proofValue" not in selected.options


def test_all_proofs_of_a_set_are_read_in_their_order_and_those_of_unknown_kinds_are_told_apart() -> None:
    proofs = read_proofs(
        {
            "proof": [
                {"type": "RsaSignature2018", "jws": "e30..AA"},
                proof(cryptosuite="bbs-2023", verificationMethod="did:key:x#x", id="urn:a:1"),
                proof(proofPurpose="authentication", challenge="c", domain=["a", "b"]),
                proof(domain="a", expires="2027-01-01T00:00:00Z"),
                proof(proofValue="u"),
            ]
        }
    )

    unknown, other, authenticating, expiring, broken = proofs
    assert isinstance(unknown, UnreadProof)
    assert unknown.problem.code == "proof-unsupported"
    assert isinstance(other, UnreadProof)
    assert (other.id, other.verification_method, other.purpose) == ("urn:a:1", "did:key:x#x", "assertionMethod")
    assert isinstance(authenticating, Proof)
    assert (authenticating.purpose, authenticating.challenge) == ("authentication", "c")
    assert authenticating.domains == ("a", "b")
    assert isinstance(expiring, Proof)
    assert (expiring.domains, expiring.expires) == (("a",), datetime(2027, 1, 1, tzinfo=UTC))
    assert isinstance(broken, UnreadProof)
    assert broken.problem.code == "malformed-proof-value"


def test_a_proof_may_lack_its_time() -> None:
    undated = {name: member for name, member in proof().items() if name != "created"}

    assert first_proof({"proof": undated}).created is None


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (None, "no-proof"),
        ([], "no-proof"),
        ("text", "malformed-proof"),
        ([proof(), "text"], "malformed-proof"),
        ([proof()] * (MAX_PROOFS + 1), "too-many-proofs"),
        ([proof(id="urn:a:1"), proof(id="urn:a:1")], "malformed-proof"),
        (proof(previousProof="urn:uuid:1"), "malformed-proof"),
        (proof(previousProof=["urn:uuid:1"]), "malformed-proof"),
        (proof(previousProof=5), "malformed-proof"),
        (proof(id="urn:a:1", previousProof="urn:a:1"), "malformed-proof"),
        (
            [proof(id="urn:a:1", previousProof="urn:a:2"), proof(id="urn:a:2", previousProof=["urn:a:1"])],
            "malformed-proof",
        ),
        (
            [proof(id="urn:a:0"), *(proof(previousProof="urn:a:0") for _ in range(MAX_CHAINED + 1))],
            "too-many-proofs",
        ),
        # One without an id does not stand for one of that name.
        ([proof(), proof(id="None", previousProof="b"), proof(id="b", previousProof="None")], "malformed-proof"),
    ],
)
def test_proofs_that_are_broken_as_a_whole_are_refused(value: JsonValue, code: str) -> None:
    with pytest.raises(Malformed) as refusal:
        read_proofs({"@context": ["https://a.example"], "proof": value})

    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ({}, "malformed-proof"),
        (proof(type=["DataIntegrityProof"]), "malformed-proof"),
        ({"type": "DataIntegrityProof"}, "malformed-proof"),
        (proof(cryptosuite="ecdsa-sd-2023"), "proof-unsupported"),
        (proof(type="Ed25519Signature2018"), "proof-unsupported"),
        (proof(id=""), "malformed-proof"),
        (proof(verificationMethod=5), "malformed-proof"),
        (proof(verificationMethod=""), "malformed-proof"),
        (proof(proofPurpose=None), "malformed-proof"),
        (proof(created="2026-01-01"), "malformed-time"),
        (proof(expires="2026-01-01T00:00:00"), "time-without-offset"),
        (proof(challenge=5), "malformed-proof"),
        (proof(domain=[""]), "malformed-proof"),
        (proof(domain=["a"] * (MAX_DOMAINS + 1)), "malformed-proof"),
        (proof(proofValue="zz"), "malformed-proof-value"),
        (proof(cryptosuite="ecdsa-rdfc-2019", proofValue="z" + "1" * 65), "malformed-proof-value"),
    ],
)
def test_a_proof_that_cannot_be_judged_is_told_with_its_cause(value: JsonObject, code: str) -> None:
    (read,) = read_proofs({"proof": value})

    assert isinstance(read, UnreadProof)
    assert read.problem.code == code


def test_a_chained_proof_covers_the_proofs_that_it_names_and_no_others() -> None:
    first, second = proof(id="urn:a:1"), proof(id="urn:a:2")
    last = proof(previousProof=["urn:a:2"])
    document: JsonObject = {"id": "urn:a:b", "proof": [first, second, last]}
    alone, _, chained = read_proofs(document)
    assert isinstance(alone, Proof)
    assert isinstance(chained, Proof)

    assert covered_document(document, alone) == {"id": "urn:a:b"}
    assert covered_document(document, chained) == {"id": "urn:a:b", "proof": [second]}


@pytest.mark.parametrize("name", [name for name, suite in SUITES.items() if KeyAlgorithm.ED25519 in suite.algorithms])
def test_a_signature_holds_for_its_document_and_options_only(name: str) -> None:
    # JCS stands in for RDFC: any canonical form will do for the arithmetic.
    signer = MemorySigner()
    document: JsonObject = {"@context": ["https://a.example"], "id": "urn:a:b"}
    options = proof_options(document, suite=SUITES[name], verification_method=signer.verification_method, created=NOON)
    covered = SUITES[name].cover(document, options, canonical_nquads=canonicalize)
    value = encode_proof_value(signer.sign(covered.hash_data(KeyAlgorithm.ED25519)))
    secured = attach_proofs(document, [{**options, "proofValue": value}], as_list=True)

    def holds(candidate: JsonObject, key: MemorySigner = signer) -> bool:
        return signature_holds(candidate, public_key=key.public_key, canonical_nquads=canonicalize)

    assert holds(secured)
    assert unsecured(secured) == document
    assert not holds({**secured, "id": "urn:a:c"})
    assert not holds({**secured, "proof": {**options, "created": "2026-05-29T12:00:01Z", "proofValue": value}})
    assert not holds(secured, MemorySigner(b"\x02" * 32))


def test_a_jcs_proof_carries_the_contexts_that_the_document_must_begin_with() -> None:
    document: JsonObject = {"@context": ["https://a.example", "https://b.example"], "id": "urn:a:b"}
    options = proof_options(document, suite=SUITES["eddsa-jcs-2022"], verification_method="did:key:z#z", created=NOON)
    value = {"proofValue": encode_proof_value(bytes(64))}

    def seen(proof_context: JsonValue, contexts: JsonValue) -> bytes:
        secured: JsonObject = {
            **document,
            "@context": contexts,
            "proof": {**options, "@context": proof_context, **value},
        }
        return cover(secured, first_proof(secured), canonical_nquads=canonicalize).document

    both: list[JsonValue] = ["https://a.example", "https://b.example"]
    assert options["@context"] == document["@context"]
    assert seen(both, both) == canonicalize(document)
    assert seen(both, [*both, "https://c.example"]) == canonicalize(document)
    assert seen("https://a.example", both) == canonicalize({**document, "@context": "https://a.example"})
    others: list[JsonValue] = [
        ["https://b.example", "https://a.example"],
        ["https://a.example"],
        "https://a.example",
        [],
    ]
    for contexts in others:
        with pytest.raises(Malformed, match="begin with"):
            seen(both, contexts)


def test_a_jcs_proof_without_contexts_covers_the_documents_own() -> None:
    document: JsonObject = {"@context": ["https://a.example"], "id": "urn:a:b"}
    secured: JsonObject = {**document, "proof": proof(cryptosuite="eddsa-jcs-2022")}

    covered = cover(secured, first_proof(secured), canonical_nquads=canonicalize)

    assert covered.document == canonicalize(document)
    assert b"@context" not in covered.configuration


def test_an_rdfc_proof_is_read_in_the_documents_contexts_and_may_repeat_them() -> None:
    document: JsonObject = {"@context": ["https://a.example"], "id": "urn:a:b"}
    bare: JsonObject = {"id": "urn:a:b", "proof": proof()}
    plain: JsonObject = {**document, "proof": proof()}
    repeating: JsonObject = {**document, "proof": {**proof(), "@context": ["https://a.example"]}}
    other: JsonObject = {**document, "proof": {**proof(), "@context": ["https://b.example"]}}

    def configuration(secured: JsonObject) -> bytes:
        return cover(secured, first_proof(secured), canonical_nquads=canonicalize).configuration

    assert configuration(plain) == configuration(repeating)
    assert b"https://a.example" in configuration(plain)
    assert b"@context" not in configuration(bare)
    with pytest.raises(Malformed, match="no context but the document's"):
        configuration(other)


def test_a_suite_is_found_by_what_its_proofs_say() -> None:
    for suite in SUITES.values():
        assert find_suite(suite.naming()) is suite
    assert find_suite({"type": "DataIntegrityProof", "cryptosuite": "Ed25519Signature2020"}) is None
    assert find_suite({"type": "eddsa-rdfc-2022"}) is None


@pytest.mark.parametrize(
    ("names", "algorithm"),
    [
        ([], KeyAlgorithm.ED25519),
        (["eddsa-rdfc-2022", "eddsa-rdfc-2022"], KeyAlgorithm.ED25519),
        (["Ed25519Signature2020"], KeyAlgorithm.ED25519),
        (["bbs-2023"], KeyAlgorithm.ED25519),
        (["eddsa-rdfc-2022"], KeyAlgorithm.P256),
        (["eddsa-rdfc-2022", "ecdsa-jcs-2019"], KeyAlgorithm.ED25519),
        (["ecdsa-rdfc-2019"], KeyAlgorithm.SECP256K1),
    ],
)
def test_suites_that_cannot_be_made_with_a_key_are_refused(names: list[str], algorithm: KeyAlgorithm) -> None:
    with pytest.raises(Malformed) as refusal:
        issued_suites(names, algorithm)

    assert refusal.value.code == "suite-unsupported"


def test_the_key_for_suites_is_the_one_that_everybody_reads_unless_told_otherwise() -> None:
    assert key_algorithm(DEFAULT_SUITES) is KeyAlgorithm.ED25519
    assert key_algorithm(["ecdsa-rdfc-2019", "ecdsa-jcs-2019"]) is KeyAlgorithm.P256
    assert key_algorithm(["ecdsa-jcs-2019"], wanted=KeyAlgorithm.P384) is KeyAlgorithm.P384
    with pytest.raises(Malformed):
        key_algorithm(["ecdsa-jcs-2019"], wanted=KeyAlgorithm.ED25519)
    for names in ([], ["bbs-2023"]):
        with pytest.raises(Malformed):
            key_algorithm(names)
