"""Foreign credentials (profile vc) under every suite, in sets and chains: what a thief, a notary or time may do to them."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from registry.adapters.keys import EcdsaSigner
from registry.domain.canonical import JsonObject, JsonValue, canonicalize
from registry.domain.check import CheckId, Reason, Result
from registry.domain.cryptosuites import SUITES
from registry.domain.data_integrity import decode_proof_value, encode_proof_value, proof_options
from registry.domain.did import PublishedKey, did_key, issuer_document
from registry.domain.evidence import Profile
from registry.domain.multikey import CURVES, KeyAlgorithm, encode_multikey
from registry.domain.verdict import Verdict, Word
from registry.ports import Signer
from registry.service.served_lists import StatusListCopy
from registry.service.signing import secure
from registry.service.verifying import VerifyRequest
from tests.issuing import ISSUED_AT, NOW, json_ld, make_key_issuer, make_signer
from tests.memory_chain import memory_chain
from tests.status_case import list_document
from tests.verdicts import default_policy, make_verifier, not_passed, outcome

ISSUER: Signer = make_signer("suites: issuer")
NOTARY: Signer = make_signer("suites: notary")
P256: Signer = EcdsaSigner(ec.derive_private_key(7, CURVES[KeyAlgorithm.P256]))
P384: Signer = EcdsaSigner(ec.derive_private_key(7, CURVES[KeyAlgorithm.P384]))
BOTH = ("eddsa-rdfc-2022", "eddsa-jcs-2022")
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

SIGNERS = [
    (ISSUER, ("eddsa-rdfc-2022",)),
    (ISSUER, ("eddsa-jcs-2022",)),
    (ISSUER, BOTH),
    (P256, ("ecdsa-rdfc-2019",)),
    (P256, ("ecdsa-jcs-2019",)),
    (P384, ("ecdsa-rdfc-2019",)),
    (P384, ("ecdsa-jcs-2019", "ecdsa-rdfc-2019")),
]


def method_of(signer: Signer) -> str:
    did = did_key(signer.public_key)
    return f"{did}#{did.removeprefix('did:key:')}"


def unsigned(signer: Signer = ISSUER, **members: JsonValue) -> JsonObject:
    return {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential"],
        "issuer": did_key(signer.public_key),
        "validFrom": "2026-11-01T00:00:00Z",
        "credentialSubject": {"id": "urn:example:1", "name": "Ada"},
        **members,
    }


def signed(
    signer: Signer = ISSUER,
    suites: tuple[str, ...] = ("eddsa-rdfc-2022",),
    *,
    document: JsonObject | None = None,
    created: datetime = ISSUED_AT,
    method: str | None = None,
) -> JsonObject:
    return secure(
        unsigned(signer) if document is None else document,
        signer=signer,
        json_ld=json_ld(),
        created=created,
        verification_method=method or method_of(signer),
        suites=suites,
    )


def proofs_of(document: JsonObject) -> list[JsonObject]:
    value = document["proof"]
    return [proof for proof in (value if isinstance(value, list) else [value]) if isinstance(proof, dict)]


def with_proofs(document: JsonObject, *proofs: JsonObject) -> JsonObject:
    return {**document, "proof": list(proofs)}


def added(
    document: JsonObject, signer: Signer, *matching: JsonObject, kind: str = "eddsa-rdfc-2022", **members: JsonValue
) -> JsonObject:
    """Make one more proof of a document, over others if given."""
    plain = {name: member for name, member in document.items() if name != "proof"}
    suite = SUITES[kind]
    options = proof_options(plain, suite=suite, verification_method=method_of(signer), created=ISSUED_AT) | members
    seen: JsonObject = {**plain, "proof": list(matching)} if matching else plain
    data = suite.cover(seen, options, canonical_nquads=json_ld().canonical_nquads).hash_data(KeyAlgorithm.ED25519)
    return {**options, "proofValue": encode_proof_value(signer.sign(data))}


def verify(document: JsonObject, **request: object) -> Verdict:
    policy = replace(default_policy(), profile=Profile.VC)
    wanted = VerifyRequest(credential=canonicalize(document), policy=policy)
    return make_verifier(chain=memory_chain()).verify(replace(wanted, **request))  # type: ignore[arg-type]  # any field


@pytest.mark.parametrize(("signer", "suites"), SIGNERS)
def test_a_credential_under_any_suite_is_valid_as_it_is_and_invalid_when_changed(
    signer: Signer, suites: tuple[str, ...]
) -> None:
    document = signed(signer, suites)

    assert verify(document).word is Word.VALID, not_passed(verify(document))
    changed: JsonObject = {**document, "credentialSubject": {"id": "urn:example:1", "name": "Eve"}}
    assert outcome(verify(changed), CheckId.SIGNATURE) == (Result.FAIL, Reason.SIGNATURE_MISMATCH)


@pytest.mark.parametrize("changed", BOTH)
def test_one_broken_proof_of_the_issuers_set_is_enough(changed: str) -> None:
    document = signed(ISSUER, BOTH)
    proofs = [
        {**proof, "created": "2026-11-02T00:00:00Z"} if proof["cryptosuite"] == changed else proof
        for proof in proofs_of(document)
    ]

    verdict = verify(with_proofs(document, *proofs))

    assert outcome(verdict, CheckId.SIGNATURE) == (Result.FAIL, Reason.SIGNATURE_MISMATCH)


def test_a_suite_cannot_be_swapped_for_another_that_takes_the_same_key() -> None:
    for document in (signed(P256, ("ecdsa-rdfc-2019",)), signed(ISSUER, ("eddsa-rdfc-2022",))):
        (proof,) = proofs_of(document)
        swapped = {**proof, "cryptosuite": str(proof["cryptosuite"]).replace("rdfc", "jcs")}
        assert outcome(verify(with_proofs(document, swapped)), CheckId.SIGNATURE)[0] is Result.FAIL


def test_a_signature_under_one_curve_is_none_under_another() -> None:
    document = signed(P256, ("ecdsa-rdfc-2019",), document=unsigned(P384), method=method_of(P384))

    assert outcome(verify(document), CheckId.SIGNATURE) == (Result.FAIL, Reason.SIGNATURE_MISMATCH)


def test_the_twin_of_an_ecdsa_signature_is_valid_and_another_document() -> None:
    document = signed(P256, ("ecdsa-rdfc-2019",))
    (proof,) = proofs_of(document)
    good = decode_proof_value(proof["proofValue"], algorithms=[KeyAlgorithm.P256])
    twin = good[:32] + (P256_ORDER - int.from_bytes(good[32:], "big")).to_bytes(32, "big")

    other = verify(with_proofs(document, {**proof, "proofValue": encode_proof_value(twin)}))

    assert other.word is Word.VALID
    assert other.credential["leaf"] != verify(document).credential["leaf"]


def test_a_jcs_proof_in_a_context_that_is_not_installed_is_neither_forged_nor_fine() -> None:
    contexts: list[JsonValue] = ["https://www.w3.org/ns/credentials/v2", "https://unknown.example/v1"]
    plain: JsonObject = {**unsigned(), "@context": contexts}
    suite = SUITES["eddsa-jcs-2022"]
    options = proof_options(plain, suite=suite, verification_method=method_of(ISSUER), created=ISSUED_AT)
    data = suite.cover(plain, options, canonical_nquads=canonicalize).hash_data(KeyAlgorithm.ED25519)
    proof: JsonObject = {**options, "proofValue": encode_proof_value(ISSUER.sign(data))}

    genuine = verify(with_proofs(plain, proof))
    forged = verify(with_proofs({**plain, "name": "Other"}, proof))

    assert genuine.word is Word.INDETERMINATE
    assert outcome(genuine, CheckId.SIGNATURE) == (Result.UNKNOWN, Reason.UNKNOWN_CONTEXT)
    assert outcome(forged, CheckId.SIGNATURE) == (Result.FAIL, Reason.SIGNATURE_MISMATCH)


def test_a_context_put_before_those_that_a_jcs_proof_signed_breaks_it() -> None:
    document = signed(ISSUER, ("eddsa-jcs-2022",))
    contexts: list[JsonValue] = ["https://www.w3.org/ns/credentials/v2"]
    (proof,) = proofs_of(document)

    verdict = verify(with_proofs(document, {**proof, "@context": ["https://w3id.org/security/multikey/v1", *contexts]}))

    assert outcome(verdict, CheckId.SIGNATURE) == (Result.FAIL, Reason.MALFORMED_PROOF)


def test_a_notary_over_the_issuers_proof_and_an_issuer_over_the_notarys_are_both_read() -> None:
    document = signed()
    first = added(document, ISSUER, id="urn:uuid:6d9b6f4e-7b36-4f3a-8a53-0c1a6a1f2a10")
    over = added(document, NOTARY, first, previousProof=first["id"])
    notary = added(document, NOTARY, id="urn:uuid:6d9b6f4e-7b36-4f3a-8a53-0c1a6a1f2a11")
    after = added(document, ISSUER, notary, previousProof=[notary["id"]])

    assert verify(with_proofs(document, first, over)).word is Word.VALID
    assert verify(with_proofs(document, notary, after)).word is Word.VALID
    expired = {**notary, "expires": "2026-11-02T00:00:00Z"}
    assert outcome(verify(with_proofs(document, expired, after)), CheckId.SIGNATURE)[0] is Result.FAIL
    assert outcome(verify(with_proofs(document, after)), CheckId.SIGNATURE) == (Result.FAIL, Reason.MALFORMED_PROOF)


def test_a_proof_from_the_future_or_for_another_purpose_is_invalid() -> None:
    future = signed(created=NOW + timedelta(minutes=6))
    document = signed()
    login = with_proofs(document, added(document, ISSUER, proofPurpose="authentication"))

    assert outcome(verify(future), CheckId.SIGNATURE) == (Result.FAIL, Reason.PROOF_NOT_YET_MADE)
    assert outcome(verify(login), CheckId.SIGNATURE) == (Result.FAIL, Reason.PROOF_PURPOSE_DIFFERS)
    assert verify(signed(created=NOW + timedelta(minutes=4))).word is Word.VALID


def web_document(signer: Signer, *, relationship: str = "assertionMethod") -> JsonObject:
    did = "did:web:issuer.example"
    document = issuer_document(did, keys=[PublishedKey(fragment="k", public_key=signer.public_key)], logs=[])
    return {
        **{name: value for name, value in document.items() if name != "assertionMethod"},
        relationship: [f"{did}#k"],
    }


def web_credential(signer: Signer, suite: str) -> JsonObject:
    document = unsigned(issuer="did:web:issuer.example")
    return signed(signer, (suite,), document=document, method="did:web:issuer.example#k")


def test_the_key_must_stand_in_the_right_relationship_and_be_of_the_right_kind() -> None:
    credential = web_credential(P256, "ecdsa-rdfc-2019")

    def judged(document: JsonObject) -> Verdict:
        return verify(credential, did_document=canonicalize(document))

    assert judged(web_document(P256)).word is Word.VALID
    assert judged(web_document(P256, relationship="authentication")).word is Word.INVALID
    assert outcome(judged(web_document(ISSUER)), CheckId.SIGNATURE) == (Result.FAIL, Reason.KEY_UNFIT)
    assert outcome(judged(web_document(P384)), CheckId.SIGNATURE)[0] is Result.FAIL


def test_a_key_of_somebody_elses_in_the_issuers_document_signs_nothing_for_it() -> None:
    document = web_document(P256)
    methods = document["verificationMethod"]
    assert isinstance(methods, list)
    assert isinstance(methods[0], dict)
    foreign: JsonObject = {**document, "verificationMethod": [{**methods[0], "controller": "did:web:other.example"}]}

    verdict = verify(web_credential(P256, "ecdsa-rdfc-2019"), did_document=canonicalize(foreign))

    assert verdict.word is Word.INVALID
    assert outcome(verdict, CheckId.ISSUER) == (Result.FAIL, Reason.KEY_NOT_LISTED)


def test_a_secp256k1_key_is_read_and_fits_no_suite() -> None:
    point = ec.derive_private_key(7, CURVES[KeyAlgorithm.SECP256K1]).public_key().public_numbers()
    raw = bytes([2 + point.y % 2]) + point.x.to_bytes(32, "big")
    key = replace(P256.public_key, algorithm=KeyAlgorithm.SECP256K1, raw=raw)
    did, name = did_key(key), encode_multikey(key)
    document = signed(P256, ("ecdsa-rdfc-2019",), document=unsigned(issuer=did), method=f"{did}#{name}")

    assert outcome(verify(document), CheckId.SIGNATURE) == (Result.FAIL, Reason.KEY_UNFIT)


def test_a_fresh_proof_of_a_stranger_does_not_make_an_old_status_list_fresh() -> None:
    url = "https://issuer.example/lists/1"
    entry: JsonObject = {
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": "7",
        "statusListCredential": url,
    }
    credential = signed(document=unsigned(credentialStatus=entry))
    old = NOW - timedelta(days=30)
    document = {
        **list_document(
            url, purpose="revocation", index=7, value=False, issuer=make_key_issuer("suites: issuer"), at=old
        ),
        "issuer": did_key(ISSUER.public_key),
    }
    stale = signed(document=document, created=old)
    fresh = signed(document=document, created=NOW)
    mixed = with_proofs(stale, *proofs_of(stale), *proofs_of(_signed_by(NOTARY, document)))

    def revocation(served: JsonObject) -> Result:
        copy = StatusListCopy(content=canonicalize(served))
        return outcome(verify(credential, status_lists=(copy,)), CheckId.REVOCATION)[0]

    assert revocation(fresh) is Result.PASS
    assert revocation(stale) is Result.UNKNOWN
    assert revocation(mixed) is Result.UNKNOWN


def _signed_by(signer: Signer, document: JsonObject) -> JsonObject:
    return signed(signer, document=document, created=NOW)


@pytest.mark.parametrize("first", ["https://www.w3.org/ns/credentials/v2", "https://www.w3.org/2018/credentials/v1"])
def test_older_proofs_are_checked_in_their_own_context(first: str) -> None:
    dated = {"validFrom": "2026-11-01T00:00:00Z"} if "ns" in first else {"issuanceDate": "2026-11-01T00:00:00Z"}
    subject: JsonObject = {"id": "urn:example:1"}
    contexts: list[JsonValue] = [first, "https://w3id.org/security/suites/ed25519-2020/v1"]
    document: JsonObject = {
        "@context": contexts,
        "type": ["VerifiableCredential"],
        "issuer": did_key(ISSUER.public_key),
        **dated,
        "credentialSubject": subject,
    }
    proof = added(document, ISSUER, kind="Ed25519Signature2020")

    verdict = verify({**document, "proof": proof})

    assert verdict.word is Word.VALID, not_passed(verdict)
    other: JsonObject = {**document, "credentialSubject": {"id": "urn:example:2"}, "proof": proof}
    assert outcome(verify(other), CheckId.SIGNATURE) == (Result.FAIL, Reason.SIGNATURE_MISMATCH)
    as_new: JsonObject = {**proof, "type": "DataIntegrityProof", "cryptosuite": "Ed25519Signature2020"}
    assert outcome(verify({**document, "proof": as_new}), CheckId.SIGNATURE)[1] is Reason.PROOF_UNSUPPORTED


def test_an_older_proof_without_its_context_has_no_meaning() -> None:
    document = signed()
    (proof,) = proofs_of(document)
    older = {name: member for name, member in proof.items() if name != "cryptosuite"} | {"type": "Ed25519Signature2020"}

    verdict = verify(with_proofs(document, older))

    assert verdict.word is Word.INVALID
    assert outcome(verdict, CheckId.SIGNATURE)[0] is Result.UNKNOWN
