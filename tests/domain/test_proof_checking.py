"""Proofs checked by themselves: what each cause leads to, for whoever asks: holders, endorsers, verifiers of lists."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from registry.adapters.keys import EcdsaSigner
from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.check import Reason, Result
from registry.domain.cryptosuites import SUITES, fitting_suite
from registry.domain.data_integrity import ASSERTION, AUTHENTICATION, encode_proof_value, proof_options, unsecured
from registry.domain.did import did_key
from registry.domain.did_document import DidDocument, parse_did_document
from registry.domain.errors import Malformed, Unavailable
from registry.domain.key_lookup import derived_keys, keys_at_hand
from registry.domain.multikey import CURVES, KeyAlgorithm, encode_multikey
from registry.domain.proof_checking import CLOCK_SKEW, Expected, ProofsResult, verify_proofs
from registry.ports import Signer
from tests.badges import NOON, MemorySigner
from tests.proofs import as_nquads

DOCUMENT: JsonObject = {"@context": ["https://a.example"], "id": "urn:a:b"}
HOLDER = MemorySigner(b"\x01" * 32)
OTHER = MemorySigner(b"\x02" * 32)
NOW = NOON + timedelta(days=1)


def method_of(signer: Signer) -> str:
    did = did_key(signer.public_key)
    return f"{did}#{did.removeprefix('did:key:')}"


def made(
    signer: Signer,
    document: JsonObject = DOCUMENT,
    *,
    suite: str | None = None,
    matching: Sequence[JsonObject] = (),
    **members: JsonValue,
) -> JsonObject:
    """Make a proof, with further or other members that it covers too. JCS stands in for RDFC."""
    chosen = SUITES[suite or fitting_suite(signer.public_key.algorithm, preferred=())]
    options = proof_options(document, suite=chosen, verification_method=method_of(signer), created=NOON)
    options |= members
    seen: JsonObject = {**document, "proof": list(matching)} if matching else document
    covered = chosen.cover(seen, options, canonical_nquads=as_nquads)
    return {**options, "proofValue": encode_proof_value(signer.sign(covered.hash_data(signer.public_key.algorithm)))}


def check(
    *proofs: JsonValue,
    document: JsonObject = DOCUMENT,
    controller: str | None = None,
    documents: Sequence[DidDocument] = (),
    nquads: Callable[[JsonObject], bytes] = as_nquads,
    purpose: str = ASSERTION,
    challenge: str | None = None,
    domains: tuple[str, ...] = (),
    moment: datetime = NOW,
) -> ProofsResult:
    return verify_proofs(
        {**document, "proof": list(proofs)},
        expected=Expected(purpose=purpose, moment=moment, now=NOW, challenge=challenge, domains=domains),
        controller=controller,
        keys=keys_at_hand(documents, purpose=purpose),
        canonical_nquads=nquads,
    )


def came_out(result: ProofsResult) -> tuple[Result, Reason]:
    return result.finding.result, result.finding.reason


def test_a_proof_of_the_controller_holds() -> None:
    result = check(made(HOLDER), controller=HOLDER.did)

    assert came_out(result) == (Result.PASS, Reason.SIGNED)
    assert [found.key.id if found.key else None for found in result.decisive] == [HOLDER.verification_method]


@pytest.mark.parametrize("algorithm", [KeyAlgorithm.P256, KeyAlgorithm.P384])
@pytest.mark.parametrize("suite", ["ecdsa-rdfc-2019", "ecdsa-jcs-2019"])
def test_proofs_of_both_curves_hold(algorithm: KeyAlgorithm, suite: str) -> None:
    signer = EcdsaSigner(ec.derive_private_key(7, CURVES[algorithm]))

    assert came_out(check(made(signer, suite=suite), controller=did_key(signer.public_key)))[0] is Result.PASS


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"proofPurpose": AUTHENTICATION}, Reason.PROOF_PURPOSE_DIFFERS),
        ({"expires": "2026-05-30T12:00:00Z"}, Reason.PROOF_EXPIRED),
        ({"created": "2026-05-30T12:05:01Z"}, Reason.PROOF_NOT_YET_MADE),
        ({"created": "yesterday"}, Reason.MALFORMED_PROOF),
        ({"@context": ["https://b.example"]}, Reason.MALFORMED_PROOF),
    ],
)
def test_a_signed_proof_that_does_not_serve_fails_for_its_cause(members: JsonObject, expected: Reason) -> None:
    covered = {name: value for name, value in members.items() if name != "@context"}
    proof = {**made(HOLDER, **covered), **members}  # type: ignore[arg-type]  # members of a proof, none of our own

    assert came_out(check(proof, controller=HOLDER.did)) == (Result.FAIL, expected)


def test_a_proof_good_until_later_and_made_a_moment_ahead_of_the_clock_holds() -> None:
    ahead = (NOW + CLOCK_SKEW).strftime("%Y-%m-%dT%H:%M:%SZ")

    assert check(made(HOLDER, created=ahead, expires="2026-06-30T00:00:00Z")).finding.result is Result.PASS


def test_a_verdict_as_of_a_past_moment_may_look_at_what_was_signed_since() -> None:
    assert check(made(HOLDER), moment=NOON - timedelta(days=30)).finding.result is Result.PASS


@pytest.mark.parametrize(
    ("members", "asked", "expected"),
    [
        ({"challenge": "c"}, {"challenge": "c"}, Reason.SIGNED),
        ({"challenge": "c"}, {}, Reason.SIGNED),
        ({"challenge": "d"}, {"challenge": "c"}, Reason.CHALLENGE_DIFFERS),
        ({}, {"challenge": "c"}, Reason.CHALLENGE_DIFFERS),
        ({"domain": "a"}, {"domains": ("a",)}, Reason.SIGNED),
        ({"domain": ["b", "a"]}, {"domains": ("a", "b")}, Reason.SIGNED),
        ({"domain": "a"}, {}, Reason.SIGNED),
        ({"domain": ["a", "b"]}, {"domains": ("a",)}, Reason.DOMAIN_DIFFERS),
        ({"domain": "a"}, {"domains": ("b",)}, Reason.DOMAIN_DIFFERS),
        ({}, {"domains": ("a",)}, Reason.DOMAIN_DIFFERS),
    ],
)
def test_a_presentation_answers_the_challenge_and_the_domains_of_its_verifier(
    members: JsonObject, asked: dict[str, object], expected: Reason
) -> None:
    proof = made(HOLDER, **{"proofPurpose": AUTHENTICATION, **members})  # type: ignore[arg-type]  # members of a proof

    result = check(proof, controller=HOLDER.did, purpose=AUTHENTICATION, **asked)  # type: ignore[arg-type]  # a table

    assert result.finding.reason is expected


def web_document(signer: Signer, **members: JsonValue) -> DidDocument:
    did = "did:web:holder.example"
    key: JsonObject = {
        "id": f"{did}#k",
        "type": "Multikey",
        "controller": did,
        "publicKeyMultibase": encode_multikey(signer.public_key),
    }
    return parse_did_document({"id": did, "verificationMethod": [{**key, **members}], "authentication": ["#k"]})


def presented(signer: Signer) -> JsonObject:
    return made(signer, proofPurpose=AUTHENTICATION, verificationMethod="did:web:holder.example#k")


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (web_document(HOLDER), (Result.PASS, Reason.SIGNED)),
        (web_document(OTHER), (Result.FAIL, Reason.SIGNATURE_MISMATCH)),
        (web_document(HOLDER, controller="did:web:other.example"), (Result.UNKNOWN, Reason.NO_KEY)),
        (web_document(HOLDER, type="JsonWebKey"), (Result.UNKNOWN, Reason.KEY_UNSUPPORTED)),
        (web_document(HOLDER, revoked="2026-05-30T12:00:00Z"), (Result.FAIL, Reason.KEY_ENDED)),
        (web_document(HOLDER, expires="2026-05-30T12:00:00Z"), (Result.FAIL, Reason.KEY_ENDED)),
        (web_document(HOLDER, expires="2026-05-31T00:00:00Z"), (Result.PASS, Reason.SIGNED)),
        (
            web_document(EcdsaSigner(ec.derive_private_key(7, CURVES[KeyAlgorithm.P256]))),
            (Result.FAIL, Reason.KEY_UNFIT),
        ),
    ],
)
def test_the_holders_key_must_be_its_own_for_authentication_and_not_have_ended(
    document: DidDocument, expected: tuple[Result, Reason]
) -> None:
    result = check(presented(HOLDER), controller=document.id, documents=[document], purpose=AUTHENTICATION)

    assert came_out(result) == expected


def test_a_key_for_authentication_only_asserts_nothing() -> None:
    proof = made(HOLDER, verificationMethod="did:web:holder.example#k")

    result = check(proof, controller="did:web:holder.example", documents=[web_document(HOLDER)])

    assert came_out(result) == (Result.UNKNOWN, Reason.NO_KEY)


def test_a_purpose_that_nobody_knows_has_no_keys() -> None:
    proof = made(HOLDER, proofPurpose="capabilityInvocation")

    assert came_out(check(proof, purpose="capabilityInvocation")) == (Result.UNKNOWN, Reason.NO_KEY)


def test_every_proof_of_the_controller_must_hold() -> None:
    good, jcs = made(HOLDER), made(HOLDER, suite="eddsa-jcs-2022")
    broken = {**jcs, "created": "2026-05-29T12:00:01Z"}

    assert came_out(check(good, jcs, controller=HOLDER.did)) == (Result.PASS, Reason.SIGNED)
    assert came_out(check(good, broken, controller=HOLDER.did)) == (Result.FAIL, Reason.SIGNATURE_MISMATCH)
    assert came_out(check(broken, good, controller=HOLDER.did)) == (Result.FAIL, Reason.SIGNATURE_MISMATCH)


def test_a_proof_of_an_unknown_kind_beside_a_good_one_decides_nothing_and_alone_is_unknown() -> None:
    unknown: JsonObject = {**made(HOLDER), "cryptosuite": "bbs-2023"}

    assert check(made(HOLDER), unknown, controller=HOLDER.did).finding.result is Result.PASS
    assert came_out(check(unknown, controller=HOLDER.did)) == (Result.UNKNOWN, Reason.PROOF_UNSUPPORTED)
    # Nor does a notary's good one stand in for the controller's.
    assert came_out(check(unknown, made(OTHER), controller=HOLDER.did)) == (Result.UNKNOWN, Reason.PROOF_UNSUPPORTED)


def test_a_proof_of_somebody_else_is_none_of_the_controllers() -> None:
    assert came_out(check(made(OTHER), controller=HOLDER.did)) == (Result.FAIL, Reason.KEY_NOT_LISTED)


def test_a_proof_of_somebody_else_may_stand_beside_but_not_be_broken() -> None:
    good = made(HOLDER)

    assert check(made(OTHER), good, controller=HOLDER.did).finding.result is Result.PASS
    for harmless in (
        made(OTHER, proofPurpose=AUTHENTICATION),
        made(OTHER, expires="2026-05-30T00:00:00Z"),
        {**made(OTHER), "verificationMethod": "did:web:elsewhere.example#key"},
    ):
        assert check(harmless, good, controller=HOLDER.did).finding.result is Result.PASS, harmless
    for broken in (
        {**made(OTHER), "created": "2026-05-29T12:00:01Z"},
        {**made(OTHER), "proofValue": "z1"},
        {name: value for name, value in made(OTHER).items() if name != "proofPurpose"},
    ):
        assert check(good, broken, controller=HOLDER.did).finding.result is Result.FAIL, broken


def test_without_a_controller_every_proof_counts() -> None:
    assert check(made(HOLDER), made(OTHER)).finding.result is Result.PASS
    assert came_out(check(made(HOLDER), made(OTHER, expires="2026-05-30T00:00:00Z"))) == (
        Result.FAIL,
        Reason.PROOF_EXPIRED,
    )


def test_a_chain_holds_when_every_link_does() -> None:
    first = made(OTHER, id="urn:p:1")
    second = made(HOLDER, id="urn:p:2", previousProof="urn:p:1", matching=[first])
    third = made(HOLDER, previousProof=["urn:p:1", "urn:p:2"], matching=[first, second])

    result = check(third, first, second, controller=HOLDER.did)

    # In whatever order they stand: those that are covered keep theirs.
    assert came_out(result) == (Result.PASS, Reason.SIGNED)
    assert [found.finding.reason for found in result.results] == [Reason.SIGNED] * 3


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"expires": "2026-05-30T00:00:00Z"}, Result.FAIL),
        ({"proofPurpose": AUTHENTICATION}, Result.FAIL),
        ({"verificationMethod": "did:web:elsewhere.example#key"}, Result.UNKNOWN),
        ({"cryptosuite": "bbs-2023"}, Result.UNKNOWN),
    ],
)
def test_a_chain_falls_with_a_link_that_is_signed_over_and_does_not_hold(changes: JsonObject, expected: Result) -> None:
    first = {**made(OTHER, id="urn:p:1"), **changes}
    second = made(HOLDER, id="urn:p:2", previousProof="urn:p:1", matching=[first])
    third = made(HOLDER, previousProof="urn:p:2", matching=[second])

    result = check(first, second, third, controller=HOLDER.did)

    assert came_out(result) == (expected, Reason.PREVIOUS_PROOF)
    assert [found.finding.reason for found in result.results[1:]] == [Reason.PREVIOUS_PROOF] * 2


def test_a_chained_proof_does_not_hold_over_another_link() -> None:
    first, other = made(OTHER, id="urn:p:1"), made(OTHER, id="urn:p:1", nonce="other")
    second = made(HOLDER, previousProof="urn:p:1", matching=[first])

    assert came_out(check(other, second, controller=HOLDER.did)) == (Result.FAIL, Reason.SIGNATURE_MISMATCH)


@pytest.mark.parametrize(
    ("proof", "expected"),
    [
        ([], (Result.FAIL, Reason.NO_PROOF)),
        (["text"], (Result.FAIL, Reason.MALFORMED_PROOF)),
        ([{}], (Result.FAIL, Reason.MALFORMED_PROOF)),
        ([{"type": "Other"}] * 17, (Result.UNKNOWN, Reason.PROOF_UNSUPPORTED)),
        ([{"type": "Other"}], (Result.UNKNOWN, Reason.PROOF_UNSUPPORTED)),
    ],
)
def test_proofs_that_cannot_be_read_are_told_from_proofs_that_are_unknown(
    proof: list[JsonValue], expected: tuple[Result, Reason]
) -> None:
    assert came_out(check(*proof, controller=HOLDER.did)) == expected


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (Unavailable("unknown-context", "not installed"), Reason.UNKNOWN_CONTEXT),
        (Malformed("too-complex", "too large"), Reason.TOO_COMPLEX),
        (Malformed("undefined-term", "dropped"), Reason.NOT_JSON_LD),
    ],
)
@pytest.mark.parametrize("suite", ["eddsa-rdfc-2022", "eddsa-jcs-2022"])
def test_a_document_without_a_known_meaning_is_unknown_even_when_it_is_signed_as_json(
    error: Malformed | Unavailable, expected: Reason, suite: str
) -> None:
    def nquads(value: JsonObject) -> bytes:
        if "id" in value:
            raise error
        return as_nquads(value)

    result = check(made(HOLDER, suite=suite), controller=HOLDER.did, nquads=nquads)

    assert came_out(result) == (Result.UNKNOWN, expected)


def test_a_proof_without_a_known_meaning_is_unknown() -> None:
    def nquads(value: JsonObject) -> bytes:
        if "proofPurpose" in value:
            raise Malformed("undefined-term", "dropped")
        return as_nquads(value)

    assert came_out(check(made(HOLDER), nquads=nquads)) == (Result.UNKNOWN, Reason.NOT_JSON_LD)


def test_the_proofs_of_a_set_cost_one_canonicalization_of_the_document() -> None:
    asked: list[JsonObject] = []

    def nquads(value: JsonObject) -> bytes:
        asked.append(value)
        return as_nquads(value)

    check(made(HOLDER), made(OTHER), nquads=nquads)

    assert asked.count(unsecured(DOCUMENT)) == 1


def test_a_did_key_gives_its_key_by_its_own_name_only() -> None:
    assert [key.id for key in derived_keys(HOLDER.verification_method, purpose=ASSERTION)] == [
        HOLDER.verification_method
    ]
    assert derived_keys(f"{HOLDER.did}#other", purpose=ASSERTION) == []
    assert derived_keys("did:key:zNone#zNone", purpose=ASSERTION) == []
    assert derived_keys("did:web:a.example#k", purpose=ASSERTION) == []


def test_a_key_that_no_suite_takes_has_no_suite() -> None:
    assert fitting_suite(KeyAlgorithm.ED25519, preferred=["nonsense", "ecdsa-rdfc-2019", "eddsa-jcs-2022"]) == (
        "eddsa-jcs-2022"
    )
    assert fitting_suite(KeyAlgorithm.P384, preferred=[]) == "ecdsa-rdfc-2019"
    with pytest.raises(Malformed, match="suite takes"):
        fitting_suite(KeyAlgorithm.SECP256K1, preferred=["ecdsa-rdfc-2019"])
