"""Which proofs of what was signed elsewhere are taken, and that a broken one never passes for a signature."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from registry.domain.canonical import JsonObject, JsonValue, canonicalize
from registry.domain.errors import Malformed
from registry.domain.submission_proof import ProofTerms, check_proofs, check_signatures
from registry.service.signing import secure
from tests.issuing import json_ld, make_signer

NOW: Final = datetime(2026, 6, 1, tzinfo=UTC)
METHOD: Final = "did:web:own.example#own-2"
SIGNER: Final = make_signer("own")
TERMS: Final = ProofTerms(
    verification_method=METHOD,
    public_key=SIGNER.public_key,
    retired=frozenset({"did:web:own.example#own-1"}),
    status_keys=frozenset({"did:web:own.example#status-1"}),
    not_before=NOW - timedelta(days=1),
    now=NOW,
)
PLAIN: Final[JsonObject] = {
    "@context": ["https://www.w3.org/ns/credentials/v2"],
    "type": ["VerifiableCredential"],
    "issuer": "did:web:own.example",
    "credentialSubject": {"id": "did:example:amal"},
}


def signed(*suites: str) -> dict[str, Any]:  # JSON of any shape
    document = secure(
        PLAIN,
        signer=SIGNER,
        json_ld=json_ld(),
        created=NOW,
        verification_method=METHOD,
        suites=suites or ("eddsa-rdfc-2022",),
    )
    proofs: Any = document["proof"]
    return {**document, "proof": proofs if isinstance(proofs, list) else [proofs]}


def changed(name: str, value: JsonValue) -> dict[str, Any]:  # JSON of any shape
    document = signed()
    document["proof"][0][name] = value
    return document


@pytest.mark.parametrize("suites", [("eddsa-rdfc-2022",), ("eddsa-jcs-2022",), ("eddsa-rdfc-2022", "eddsa-jcs-2022")])
def test_proofs_of_the_present_key_are_taken(suites: tuple[str, ...]) -> None:
    document = signed(*suites)

    check_proofs(document, TERMS)
    check_signatures(document, SIGNER.public_key, canonical_nquads=json_ld().canonical_nquads)


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (PLAIN, "no-proof"),
        ({**PLAIN, "proof": []}, "no-proof"),
        ({**PLAIN, "proof": {}}, "malformed-proof"),
        ({**PLAIN, "proof": [1]}, "malformed-proof"),
        ({**PLAIN, "proof": [{}]}, "malformed-proof"),
        ({**PLAIN, "proof": [{}, {}, {}]}, "malformed-proof"),
        (changed("challenge", "x"), "proof-member-not-taken"),
        (changed("cryptosuite", "ecdsa-jcs-2019"), "proof-suite-not-taken"),
        (changed("cryptosuite", "unheard-of"), "proof-suite-not-taken"),
        (changed("type", "Ed25519Signature2020"), "proof-suite-not-taken"),
        (changed("proofPurpose", "authentication"), "proof-purpose-differs"),
        (changed("verificationMethod", "did:web:own.example#own-1"), "signed-by-retired-key"),
        (changed("verificationMethod", "did:web:own.example#status-1"), "signed-by-status-key"),
        (changed("verificationMethod", "did:web:thief.example#own-2"), "signed-by-another-key"),
        (changed("verificationMethod", ["did:web:own.example#own-2"]), "signed-by-another-key"),
        (changed("verificationMethod", {"id": "did:web:own.example#own-2"}), "signed-by-another-key"),
        (changed("created", "2026-06-01T00:05:01Z"), "proof-from-the-future"),
        (changed("created", "2026-05-30T23:54:59Z"), "proof-stale"),
        (changed("created", "now"), "malformed-time"),
    ],
)
def test_other_proofs_are_not(document: JsonObject, code: str) -> None:
    with pytest.raises(Malformed) as refused:
        check_proofs(document, TERMS)

    assert refused.value.code == code


def test_a_suite_stands_once() -> None:
    document = signed()

    with pytest.raises(Malformed) as refused:
        check_proofs({**document, "proof": document["proof"] * 2}, TERMS)

    assert refused.value.code == "proof-suite-twice"


@pytest.mark.parametrize("moment", ["2026-06-01T00:05:00Z", "2026-05-30T23:55:00Z"])
def test_a_clock_may_be_five_minutes_off(moment: str) -> None:
    check_proofs(changed("created", moment), TERMS)


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (changed("proofValue", "z1"), "malformed-proof-value"),
        (changed("created", "2026-05-31T00:00:00Z"), "signature-mismatch"),
        ({**signed(), "issuer": "did:web:thief.example"}, "signature-mismatch"),
        ({**signed("eddsa-jcs-2022"), "undefined": "x"}, "undefined-term"),
    ],
)
def test_what_is_not_this_keys_signature_over_this_meaning_is_refused(document: JsonObject, code: str) -> None:
    with pytest.raises(Malformed) as refused:
        check_signatures(document, SIGNER.public_key, canonical_nquads=json_ld().canonical_nquads)

    assert refused.value.code == code


def test_another_proof_beside_a_good_one_must_hold_too() -> None:
    document = signed("eddsa-rdfc-2022", "eddsa-jcs-2022")
    document["proof"][1]["proofValue"] = document["proof"][0]["proofValue"]

    with pytest.raises(Malformed) as refused:
        check_signatures(document, SIGNER.public_key, canonical_nquads=json_ld().canonical_nquads)

    assert refused.value.code == "signature-mismatch"
    assert canonicalize(document)
