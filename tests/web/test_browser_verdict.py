"""What the browser computes by itself, held to what the domain says: over the vectors, and over JSON of any shape."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from registry.adapters.artifacts import load_artifact
from registry.domain.canonical import canonicalize
from registry.domain.check import CheckId, Reason, Result
from registry.domain.log_name import LogName
from registry.domain.presented import read_presented
from tests.paths import SHARED_DATA
from tests.vectors.reading import Stored, judge_vector, read_members, read_vectors
from tests.web.static_modules import Modules, encode, run_modules

GOLDEN: Final = SHARED_DATA / "golden"
JCS: Final = SHARED_DATA / "vectors" / "jcs-rfc8785"
CONTRACT: Final = LogName.parse(next(iter(read_members("chain")["logs"]))).contract
CODE_HASH: Final = load_artifact().runtime_code_hash.hex()
EXACT: Final = (
    *(CheckId.LEAF, CheckId.INCLUSION, CheckId.ANCHOR, CheckId.FINALITY),
    *(CheckId.VALIDITY, CheckId.REVOCATION, CheckId.SUSPENSION),
)
"""Checks that the browser can do as well as the domain."""

VECTORS: Final = [*read_vectors("good"), *read_vectors("bad")]


@pytest.fixture(scope="module")
def modules() -> Iterator[Modules]:
    with run_modules() as running:
        yield running


def chain_of(members: dict[str, Any], log: str | None) -> dict[str, Any]:
    """Give what the page would gather of a log; of a document that names none the chain is not asked."""
    if log is None:
        return {"problem": "chain-unreachable"}
    events = members["logs"].get(log, [])
    return {
        "block": members["block"],
        "chainId": "31337",
        "codeHash": CODE_HASH,
        "latestEpoch": len(events),
        "roots": {event["epoch"]: event["root"] for event in events},
        "anchoredAt": {event["epoch"]: event["blockTime"] for event in events},
        "court": None,
    }


def request_of(vector: Stored) -> dict[str, Any]:
    members = read_members("chain")
    slot = read_presented(vector.credential).log_slot
    return {
        "judge": {
            "credential": encode(vector.credential),
            "receipt": encode(vector.receipt),
            "didDocument": did_document_of(vector),
            "chain": chain_of(members, None if slot is None else str(slot.log)),
            "contract": {"address": CONTRACT, "codeHash": CODE_HASH, "court": None},
            "now": members["judgedAt"],
        }
    }


def did_document_of(vector: Stored) -> str | None:
    issuer = vector.members.get("credential", {}).get("issuer")
    known = read_members("issuers")["documents"].get(issuer["id"] if isinstance(issuer, dict) else issuer)
    given_document = vector.members.get("didDocument", known)
    return None if given_document is None else encode(canonicalize(given_document))


def test_the_browser_never_passes_what_the_domain_fails(modules: Modules) -> None:
    answers = modules.ask([request_of(vector) for vector in VECTORS])

    wrong = []
    for vector, answer in zip(VECTORS, answers, strict=True):
        for check in judge_vector(vector).checks:
            found = answer["findings"][check.id]
            if check.result is Result.FAIL and found["result"] == "pass":
                wrong.append((vector.name, check.id, found))
    assert wrong == []
    assert {answer["word"] for answer in answers} >= {"indeterminate", "invalid", "revoked", "suspended"}
    assert "valid" not in {answer["word"] for answer in answers}


def test_the_browser_comes_to_the_domains_codes_where_it_can_check(modules: Modules) -> None:
    answers = modules.ask([request_of(vector) for vector in VECTORS])

    wrong = []
    compared = 0
    for vector, answer in zip(VECTORS, answers, strict=True):
        verdict = judge_vector(vector)
        for check in (verdict.check(each) for each in EXACT):
            found = answer["findings"][check.id]
            # The browser does not check these signatures, so it has no reason to leave the rest out.
            if check.reason is Reason.SIGNATURE_FAILED:
                continue
            compared += 1
            if (found["result"], found["code"]) != (check.result, check.reason):
                wrong.append((vector.name, str(check.id), found, str(check.result), str(check.reason)))
    assert wrong == []
    assert compared > 1_000


def test_every_code_of_the_browser_is_one_of_the_domains(modules: Modules) -> None:
    answers = modules.ask([request_of(vector) for vector in VECTORS])

    codes = {found["code"] for answer in answers for found in answer["findings"].values()}
    assert codes <= {str(reason) for reason in Reason}


def golden(kind: str) -> list[Path]:
    return sorted((GOLDEN / kind).glob("*.json"))


def golden_request(file: Path) -> dict[str, Any]:
    stored = json.loads(file.read_bytes())
    manifests = sorted((GOLDEN / "published" / "epochs").glob("*/manifest.json"))
    epochs = [json.loads(manifest.read_bytes()) for manifest in manifests]
    log = json.loads((GOLDEN / "published" / "log.json").read_bytes())["log"]
    newest = epochs[-1]["anchor"]
    chain = {
        "block": {"number": newest["blockNumber"], "hash": newest["blockHash"], "time": newest["blockTime"]},
        "chainId": str(LogName.parse(log).chain_id),
        "codeHash": CODE_HASH,
        "latestEpoch": len(epochs),
        "roots": {epoch["epoch"]: epoch["root"] for epoch in epochs},
        "anchoredAt": {epoch["epoch"]: epoch["anchor"]["blockTime"] for epoch in epochs},
        "court": None,
    }
    return {
        "judge": {
            "credential": encode(canonicalize(stored["credential"])),
            "receipt": encode(canonicalize(stored["receipt"])),
            "didDocument": None,
            "chain": chain,
            "contract": {"address": LogName.parse(log).contract, "codeHash": CODE_HASH, "court": None},
            "now": newest["blockTime"],
        }
    }


@pytest.mark.parametrize("file", golden("good"), ids=lambda file: file.stem)
def test_a_golden_receipt_holds_with_its_bit(modules: Modules, file: Path) -> None:
    (answer,) = modules.ask([golden_request(file)])

    found = answer["findings"]
    # The documents are not signed: what would pass is left out, and only that.
    assert [found[check]["code"] for check in ("leaf", "inclusion", "anchor")] == ["signature-failed"] * 3
    revoked = json.loads(file.read_bytes())["revoked"]
    assert found["revocation"]["code"] in ({"revoked"} if revoked else {"signature-failed", "status-stale"})


@pytest.mark.parametrize("file", golden("bad"), ids=lambda file: file.stem)
def test_a_bad_golden_receipt_is_not_taken(modules: Modules, file: Path) -> None:
    (answer,) = modules.ask([golden_request(file)])

    looked_at = ("leaf", "inclusion", "anchor", "revocation", "suspension")
    codes = {answer["findings"][check]["code"] for check in looked_at}
    assert codes - {"signature-failed", "no-suspension-entry"}
