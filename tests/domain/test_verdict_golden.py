"""The second implementation's receipts, through the verdict's checks: every good one holds, every bad one is refused
for the reason it states."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Final

import pytest

from registry.domain.canonical import JsonObject, canonicalize
from registry.domain.check import CheckId, Finding, Reason, Result
from registry.domain.checks_document import check_form
from registry.domain.checks_inclusion import check_anchor, check_inclusion, check_leaf
from registry.domain.checks_status import check_revocation, check_suspension
from registry.domain.evidence import (
    ChainBlock,
    ChainEvidence,
    Evidence,
    IssuerEvidence,
    IssuerSource,
    KnownContract,
    Policy,
)
from registry.domain.log_name import LogName
from registry.domain.manifest import Manifest
from registry.domain.presented import read_presented
from registry.domain.proof_checking import cover_document
from registry.domain.receipt import ReceiptParts
from registry.domain.verdict import Word, judge
from tests.paths import SHARED_DATA

GOLDEN: Final = SHARED_DATA / "golden"
LOG: Final = LogName.parse("eip155:31337/0x5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f/1")
CODE_HASH: Final = bytes(32)
READ_AT: Final = datetime(2026, 11, 21, 4, tzinfo=UTC)

STATED: Final = {
    "bit-cleared": (CheckId.REVOCATION, Reason.STATUS_FOREIGN),
    "foreign-did-document": (CheckId.INCLUSION, Reason.DID_DOCUMENT_DIFFERS),
    "foreign-header": (CheckId.INCLUSION, Reason.HEADER_NOT_TIED),
    "header-count": (CheckId.INCLUSION, Reason.HEADER_NOT_TIED),
    "header-count-swallows-path": (CheckId.INCLUSION, Reason.HEADER_MALFORMED),
    "header-extra-member": (CheckId.INCLUSION, Reason.HEADER_MALFORMED),
    "index-arabic": (CheckId.FORM, Reason.NO_SLOT),
    "index-number": (CheckId.FORM, Reason.NO_SLOT),
    "index-plus": (CheckId.FORM, Reason.NO_SLOT),
    "index-range": (CheckId.FORM, Reason.NO_SLOT),
    "index-space": (CheckId.FORM, Reason.NO_SLOT),
    "index-underscore": (CheckId.FORM, Reason.NO_SLOT),
    "index-zero": (CheckId.FORM, Reason.NO_SLOT),
    "leaf-is-inner-node": (CheckId.LEAF, Reason.LEAF_DIFFERS),
    "long-path": (CheckId.INCLUSION, Reason.PATH_LEADS_ELSEWHERE),
    "missing-suspension-proof": (CheckId.SUSPENSION, Reason.STATUS_MISSING),
    "no-status": (CheckId.FORM, Reason.NO_SLOT),
    "one-step-path": (CheckId.INCLUSION, Reason.PATH_MALFORMED),
    "other-log": (CheckId.INCLUSION, Reason.LOG_DIFFERS),
    "second-slot-word": (CheckId.INCLUSION, Reason.PATH_MALFORMED),
    "short-chunk": (CheckId.REVOCATION, Reason.STATUS_MALFORMED),
    "short-path": (CheckId.INCLUSION, Reason.PATH_LEADS_ELSEWHERE),
    "sibling-left-over": (CheckId.REVOCATION, Reason.STATUS_MALFORMED),
    "sibling-map-range": (CheckId.REVOCATION, Reason.STATUS_MALFORMED),
    "side-swapped": (CheckId.INCLUSION, Reason.PATH_LEADS_ELSEWHERE),
    "slot-of-another": (CheckId.INCLUSION, Reason.SLOT_DIFFERS),
    "status-older-than-credential": (CheckId.REVOCATION, Reason.STATUS_STALE),
    "status-other-log": (CheckId.REVOCATION, Reason.STATUS_FOREIGN),
    "status-purpose-relabelled": (CheckId.REVOCATION, Reason.STATUS_FOREIGN),
    "status-url-other-log": (CheckId.INCLUSION, Reason.LOG_DIFFERS),
    "suspension-proof-for-revocation": (CheckId.REVOCATION, Reason.STATUS_MALFORMED),
    "tampered-claim": (CheckId.LEAF, Reason.LEAF_DIFFERS),
    "two-member-step": (CheckId.INCLUSION, Reason.PATH_MALFORMED),
    "upper-case-hex": (CheckId.INCLUSION, Reason.PATH_MALFORMED),
    "upper-case-other-root": (CheckId.REVOCATION, Reason.STATUS_MALFORMED),
    "zero-sibling-spelled-out": (CheckId.REVOCATION, Reason.STATUS_MALFORMED),
}

CHECKS: Final = {
    CheckId.FORM: check_form,
    CheckId.LEAF: check_leaf,
    CheckId.INCLUSION: check_inclusion,
    CheckId.ANCHOR: check_anchor,
    CheckId.REVOCATION: check_revocation,
    CheckId.SUSPENSION: check_suspension,
}
STATUS_CHECKS: Final = {CheckId.REVOCATION, CheckId.SUSPENSION}


def names(kind: str) -> list[str]:
    return sorted(file.stem for file in (GOLDEN / kind).glob("*.json"))


def test_every_bad_receipt_has_a_stated_reason() -> None:
    assert names("bad") == sorted(STATED)


@pytest.mark.parametrize("name", names("good"))
def test_a_good_receipt_holds(name: str) -> None:
    example = read("good", name)
    findings = check_all(evidence(example))

    assert all(findings[check].result is Result.PASS for check in (CheckId.LEAF, CheckId.INCLUSION, CheckId.ANCHOR))
    revoked = example["revoked"] is True
    assert findings[CheckId.REVOCATION].reason is (Reason.REVOKED if revoked else Reason.NOT_REVOKED)


@pytest.mark.parametrize("name", STATED)
def test_a_bad_receipt_is_refused_for_the_reason_it_states(name: str) -> None:
    check, reason = STATED[name]

    finding = check_all(evidence(read("bad", name)))[check]

    assert finding.reason is reason, finding
    assert finding.result is (Result.UNKNOWN if check in STATUS_CHECKS else Result.FAIL)


@pytest.mark.parametrize("name", STATED)
def test_a_bad_receipt_has_no_other_fault_before_the_one_it_states(name: str) -> None:
    stated, _ = STATED[name]
    findings = check_all(evidence(read("bad", name)))
    order = list(CHECKS)

    before = order[: order.index(stated)]

    # The URL is part of the signed document: changing it changes the leaf as well.
    inherent = [CheckId.LEAF] if name == "status-url-other-log" else []
    assert [check for check in before if findings[check].result is Result.FAIL] == inherent


@pytest.mark.parametrize("name", STATED)
def test_a_bad_receipt_is_never_valid_even_if_its_signature_were_checked(name: str) -> None:
    assert judge(evidence(read("bad", name))).word is not Word.VALID


def read(kind: str, name: str) -> JsonObject:
    example: JsonObject = json.loads((GOLDEN / kind / f"{name}.json").read_bytes())
    return example


def check_all(given: Evidence) -> dict[CheckId, Finding]:
    return {name: check(given) for name, check in CHECKS.items()}


def evidence(example: JsonObject) -> Evidence:
    """The documents are not signed: what is not looked at here is filled in."""
    document = example["credential"]
    assert isinstance(document, dict)
    presented = read_presented(canonicalize(document))
    # These documents are about slots and trees; what else the form of a credential asks for is not their subject.
    presented = replace(presented, form_problems=())
    return Evidence(
        presented=presented,
        covered=cover_document(document, canonical_nquads=canonicalize),
        receipt=ReceiptParts.parse(example["receipt"]),
        issuer=IssuerEvidence(source=IssuerSource.NOT_ASKED, document=None),
        chain=chain(),
        status_proofs=(),
        served_lists=(),
        pending=False,
        now=READ_AT,
        policy=Policy(published_contract=KnownContract(address=LOG.contract, code_hash=CODE_HASH)),
    )


@cache
def chain() -> ChainEvidence:
    manifests = [
        Manifest.parse((GOLDEN / "published" / "epochs" / str(number) / "manifest.json").read_bytes())
        for number in (1, 2, 3)
    ]
    block = ChainBlock(chain_id=LOG.chain_id, number=200, hash=bytes(32), time=READ_AT, final=True)
    return ChainEvidence(
        block=block,
        log=LOG,
        code_hash=CODE_HASH,
        latest_epoch=3,
        roots={manifest.epoch: manifest.root for manifest in manifests},
        anchored_at={manifest.epoch: manifest.anchor.block_time for manifest in manifests},
    )
