"""What the browser says of signatures: a forged one is never passed, and a genuine one of eddsa-jcs-2022 is."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import pytest

from registry.adapters.artifacts import load_artifact
from registry.domain.canonical import canonicalize
from registry.domain.check import Result
from registry.domain.evidence import KnownContract
from registry.service.signing import secure
from registry.service.verifying import VerifyRequest
from tests.epochs import ISSUED_AT, NOW, Issued, build_world, json_ld
from tests.memory_chain import MemoryChain
from tests.store_samples import LOG
from tests.verdicts import default_policy, make_verifier
from tests.web.static_modules import Modules, encode, run_modules

CODE_HASH: Final = load_artifact().runtime_code_hash.hex()
JUDGED_AT: Final = "2026-11-21T12:00:00Z"
SETS: Final = [("eddsa-jcs-2022",), ("eddsa-rdfc-2022", "eddsa-jcs-2022"), ("eddsa-rdfc-2022",)]


@pytest.fixture(scope="module")
def modules() -> Iterator[Modules]:
    with run_modules() as running:
        yield running


def signed(suites: tuple[str, ...]) -> tuple[MemoryChain, Issued, dict[str, Any]]:
    """Issue, anchor and receipt a credential with proofs of some suites."""
    chain = MemoryChain(log=LOG.name)
    chain.mine(NOW)
    world = build_world(chain)
    plain = world.issue("Ada")
    document = secure(
        plain.document,
        signer=plain.issuer.signer,
        json_ld=json_ld(),
        created=ISSUED_AT,
        verification_method=plain.issuer.method,
        suites=suites,
    )
    world.waiting.remove(plain)
    issued = replace(plain, document=document)
    world.waiting.append(issued)
    world.seal()
    return chain, issued, world.receipt(issued).to_json()


def changes(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give forgeries of a signed document, one change each."""
    proofs = document["proof"] if isinstance(document["proof"], list) else [document["proof"]]

    def with_proofs(changed: list[dict[str, Any]]) -> dict[str, Any]:
        return {**document, "proof": changed}

    yield "claim", {**document, "credentialSubject": {"id": "urn:example:1", "name": "Eve"}}
    yield "member", {**document, "name": "More"}
    yield "context", {**document, "@context": [*document["@context"], "https://w3id.org/security/data-integrity/v2"]}
    yield "no proof", {name: member for name, member in document.items() if name != "proof"}
    yield "empty", with_proofs([])
    for number, proof in enumerate(proofs):
        others = [each for at, each in enumerate(proofs) if at != number]
        yield f"value {number}", with_proofs([*others, {**proof, "proofValue": proof["proofValue"][:-1] + "2"}])
        yield f"short {number}", with_proofs([*others, {**proof, "proofValue": "z1111"}])
        yield f"created {number}", with_proofs([*others, {**proof, "created": "2026-11-02T00:00:00Z"}])
        yield f"future {number}", with_proofs([*others, {**proof, "created": "2027-11-02T00:00:00Z"}])
        yield f"expires {number}", with_proofs([*others, {**proof, "expires": "2026-11-02T00:00:00Z"}])
        yield f"purpose {number}", with_proofs([*others, {**proof, "proofPurpose": "authentication"}])
        yield f"method {number}", with_proofs([*others, {**proof, "verificationMethod": "did:key:z6Mk#1"}])
        yield f"suite {number}", with_proofs([*others, {**proof, "cryptosuite": "eddsa-jcs-2022"}])
        yield f"chain {number}", with_proofs([*others, {**proof, "previousProof": "urn:none"}])
        yield f"twice {number}", with_proofs([*proofs, {**proof, "id": "urn:a"}, {**proof, "id": "urn:a"}])


@pytest.mark.parametrize("suites", SETS, ids=" ".join)
def test_a_forged_signature_is_never_passed(modules: Modules, suites: tuple[str, ...]) -> None:
    chain, issued, receipt = signed(suites)
    verifier = make_verifier(chain=chain)
    event = receipt["anchor"]
    view = {
        "block": {"number": event["blockNumber"], "hash": event["blockHash"], "time": JUDGED_AT},
        "chainId": str(LOG.name.chain_id),
        "codeHash": CODE_HASH,
        "latestEpoch": 1,
        "roots": {"1": receipt["root"]},
        "anchoredAt": {},
        "court": None,
    }
    contract = {"address": LOG.name.contract, "codeHash": CODE_HASH, "court": None}
    forged = [(name, document) for name, document in changes(issued.document) if document != issued.document]
    documents = [("genuine", issued.document), *forged]
    requests = [
        {
            "judge": {
                "credential": encode(canonicalize(document)),
                "receipt": encode(canonicalize(receipt)),
                "chain": view,
                "contract": contract,
                "now": JUDGED_AT,
            }
        }
        for _, document in documents
    ]

    answers = modules.ask(requests)

    policy = replace(
        default_policy(),
        published_contract=KnownContract(address=LOG.name.contract, code_hash=bytes.fromhex(CODE_HASH)),
    )
    for (name, document), answer in zip(documents, answers, strict=True):
        verdict = verifier.verify(
            VerifyRequest(credential=canonicalize(document), receipt=canonicalize(receipt), policy=policy)
        )
        for check in verdict.checks:
            # Of the proofs the browser sees those it can check; the leaf holds it to the others.
            passed = answer["findings"][check.id]["result"] == "pass"
            assert not (passed and check.result is Result.FAIL), (name, check, answer["findings"])
        assert (answer["word"] == "invalid") >= (name != "genuine"), name
    jcs = "eddsa-jcs-2022" in suites
    assert answers[0]["findings"]["signature"] == (
        {"result": "pass", "code": "signed"} if jcs else {"result": "unknown", "code": "proof-unsupported"}
    )
    assert answers[0]["findings"]["issuer"] == {"result": "pass", "code": "key-derived"}


COURT: Final = {"address": "0x" + "c0" * 20, "codeHash": "c0" * 32}


@pytest.mark.parametrize(
    ("heard", "log", "anchor", "revocation"),
    [
        ({"marks": [0, 0, 0, 0]}, "not-marked", "anchored", "not-revoked"),
        ({"marks": [1, 0, 0, 0]}, "log-marked", "log-marked", "log-marked"),
        ({"marks": [0, 2, 0, 0]}, "log-marked", "anchored", "log-marked"),
        ({"marks": [0, 0, 1, 0]}, "promise-broken", "anchored", "not-revoked"),
        ({"marks": [1, 0, 0, 0], "codeHash": "00" * 32}, "no-court", "anchored", "not-revoked"),
        ({"problem": "chain-unreachable"}, "chain-unreachable", "anchored", "not-revoked"),
        (None, "chain-unreachable", "anchored", "not-revoked"),
    ],
    ids=["clean", "marked from its epoch", "marked later", "promise", "another court", "silent", "not asked"],
)
def test_marks_of_the_court_do_to_the_browsers_verdict_what_the_protocol_says(
    modules: Modules, heard: dict[str, Any] | None, log: str, anchor: str, revocation: str
) -> None:
    _, issued, receipt = signed(("eddsa-jcs-2022",))
    event = receipt["anchor"]
    view = {
        "block": {"number": event["blockNumber"], "hash": event["blockHash"], "time": JUDGED_AT},
        "chainId": str(LOG.name.chain_id),
        "codeHash": CODE_HASH,
        "latestEpoch": 1,
        "roots": {"1": receipt["root"]},
        "anchoredAt": {},
        "court": None if heard is None else {"codeHash": COURT["codeHash"], **heard},
    }
    request = {
        "credential": encode(issued.content),
        "receipt": encode(canonicalize(receipt)),
        "chain": view,
        "contract": {"address": LOG.name.contract, "codeHash": CODE_HASH, "court": COURT},
        "now": JUDGED_AT,
    }

    (answer,) = modules.ask([{"judge": request}])

    found = answer["findings"]
    assert [found[check]["code"] for check in ("log", "anchor", "revocation")] == [log, anchor, revocation]
