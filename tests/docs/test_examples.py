"""The committed examples are those the code makes, and each is read by the code that reads its form."""

import json
from typing import Any

import pytest

from registry.adapters.artifacts import FRAUD_COURT, load_artifact
from registry.adapters.promise_signatures import recover_signer
from registry.domain.batch import BatchHeader
from registry.domain.canonical import canonicalize, parse_object
from registry.domain.data_integrity import Proof, read_proofs
from registry.domain.did_document import parse_did_document
from registry.domain.fields import read_time
from registry.domain.hashing import sha256
from registry.domain.leaf import leaf_of_document
from registry.domain.log_name import LogName
from registry.domain.manifest import LogFile, Manifest
from registry.domain.paths import fold
from registry.domain.presented import read_presented
from registry.domain.promise import Promise
from registry.domain.proof_checking import cover_document
from registry.domain.receipt import parse_receipt
from registry.domain.recognition import parse_recognition
from registry.domain.served_list import ServedList
from registry.domain.slot import parse_credential_slot
from registry.domain.vc_form import check_form
from registry.domain.verdict import Word
from registry.web.schemas import ProblemView
from registry.web.verdict_schemas import VerdictView
from scripts.audit.finding import Code
from tests.docs.examples import EXAMPLES, examples


def read(name: str) -> Any:  # noqa: ANN401 - any JSON
    return json.loads((EXAMPLES / name).read_bytes())


def content(name: str) -> bytes:
    return (EXAMPLES / name).read_bytes()


def test_the_examples_are_those_that_the_code_makes() -> None:
    assert {file.name: file.read_bytes() for file in EXAMPLES.glob("*.json")} == examples()


@pytest.mark.parametrize("name", sorted(file.name for file in EXAMPLES.glob("*.json")))
def test_every_example_is_named_on_their_page(name: str) -> None:
    assert f"| `{name}` |" in (EXAMPLES / "README.md").read_text(encoding="utf-8")


def test_the_credential_is_a_signed_badge_with_a_slot() -> None:
    document = parse_object(content("credential.json"))

    assert check_form(document) == ()
    assert all(isinstance(proof, Proof) for proof in read_proofs(document))
    assert parse_credential_slot(document).slot == read("receipt.json")["slot"]
    assert leaf_of_document(document).hex() == read("receipt.json")["leaf"]


def test_the_receipt_reads_back_and_holds_the_header_and_the_did_document() -> None:
    receipt = parse_receipt(content("receipt.json"))

    assert receipt.to_json() == read("receipt.json")
    assert receipt.header == BatchHeader.parse(read("batch-header.json"))
    assert receipt.issuer == read("did-document.json")
    assert fold(receipt.leaf, receipt.path) == receipt.root


def test_the_promise_is_kept_by_the_receipt() -> None:
    promise, receipt = Promise.parse(read("promise.json")), parse_receipt(content("receipt.json"))

    assert promise.to_json() == read("promise.json")
    assert recover_signer(promise) == promise.key
    assert promise.terms.court == load_artifact(FRAUD_COURT).address
    assert (promise.terms.leaf, promise.terms.slot, promise.terms.log) == (
        receipt.leaf,
        receipt.slot,
        receipt.anchor.log,
    )
    assert receipt.anchor.epoch <= promise.terms.epoch
    assert receipt.anchor.block_time <= promise.terms.deadline


def test_the_did_document_names_the_log_and_is_the_one_the_header_commits_to() -> None:
    document = parse_did_document(read("did-document.json"))
    header = BatchHeader.parse(read("batch-header.json"))

    assert document.logs == (header.log,)
    assert sha256(canonicalize(read("did-document.json"))) == header.did_document
    assert header.to_json() == read("batch-header.json")


def test_the_manifest_and_the_log_file_read_back() -> None:
    manifest = Manifest.parse(content("manifest.json"))

    manifest.check_roots()

    assert manifest.to_json() == read("manifest.json")
    assert LogFile.parse(content("log.json")).to_json() == read("log.json")
    assert manifest.root.hex() == read("receipt.json")["status"][0]["root"]


def test_the_status_list_is_read_as_a_served_one() -> None:
    presented = read_presented(content("status-list.json"))
    covered = cover_document(parse_object(content("status-list.json")), canonical_nquads=canonicalize)
    served = ServedList.parse(presented, covered=covered, fetched_at=None)
    slot = parse_credential_slot(parse_object(content("credential.json")))

    assert served.url == slot.revocation_url
    assert served.value(slot.slot % 131_072) == 0
    assert any(served.bits)


def test_the_verdict_is_the_answer_of_the_service() -> None:
    verdict = read("verdict.json")

    view = VerdictView.model_validate(verdict)

    assert view.verdict == Word.VALID.value
    assert len(view.checks) == 12
    assert set(verdict) == {field.alias or name for name, field in VerdictView.model_fields.items()}


def test_the_problem_is_one_of_the_service() -> None:
    problem = ProblemView.model_validate(read("problem.json"))

    assert problem.type == f"urn:credroot:problem:{problem.code}"


def test_the_policy_recognises_the_issuer_of_the_credential() -> None:
    policy = parse_recognition(content("recognition.json"))

    assert policy[read("credential.json")["issuer"]["id"]] == "Example Polytechnic"


def test_the_audit_has_codes_and_sentences_of_the_auditor() -> None:
    audit = read("audit.json")

    assert [finding["code"] for finding in audit["findings"]] == [Code.HEADER_LOG_FOREIGN.value]
    assert str(LogName.parse(audit["log"])) == audit["log"]
    assert read_time(audit["block"]["time"], "time").year == 2026
