"""Checks 4 to 7, and the words that depend on them (protocol section 8)."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from registry.domain.canonical import JsonObject, canonicalize
from registry.domain.check import CheckId, Reason, Result
from registry.domain.errors import Unavailable
from registry.domain.verdict import Word, judge
from registry.service.verifying import VerifyRequest
from tests.epochs import NOW, build_world, make_web_issuer
from tests.issuer_case import AnchorIn
from tests.memory_chain import memory_chain
from tests.plain_case import Case
from tests.verdicts import default_policy, make_verifier, not_passed, outcome, receipt_bytes


@pytest.mark.parametrize("content", [b"{", b"[]", b"{}", b'{"type":"CredrootReceipt","version":2}'])
def test_an_unreadable_receipt_leaves_four_checks_unknown(content: bytes) -> None:
    verdict = Case().verify(receipt=content)

    for check in (CheckId.LEAF, CheckId.INCLUSION, CheckId.ANCHOR, CheckId.FINALITY):
        assert outcome(verdict, check) == (Result.UNKNOWN, Reason.RECEIPT_UNREADABLE)
    assert verdict.word is Word.INDETERMINATE


def test_without_a_receipt_four_checks_are_unknown() -> None:
    verdict = Case().verify(with_receipt=False)

    for check in (CheckId.LEAF, CheckId.INCLUSION, CheckId.ANCHOR, CheckId.FINALITY, CheckId.REVOCATION):
        assert outcome(verdict, check) == (Result.UNKNOWN, Reason.NO_RECEIPT)
    assert verdict.word is Word.INDETERMINATE
    assert any("receipt" in step for step in verdict.next)


def test_the_word_of_the_logs_own_service_makes_it_pending() -> None:
    verdict = Case().verify(with_receipt=False, pending=True)

    assert verdict.word is Word.NOT_YET_ANCHORED


def test_a_pending_word_changes_nothing_once_the_chain_has_the_root() -> None:
    assert Case().verify(pending=True).word is Word.VALID


def test_a_pending_word_does_not_cover_a_forgery() -> None:
    case = Case()
    forged = case.issued.content.replace(b"Ada", b"Eve")

    assert case.verify(document=forged, with_receipt=False, pending=True).word is Word.INVALID


def test_an_epoch_that_the_log_has_not_reached_is_not_yet_anchored() -> None:
    case = Case()
    later = case.world.issue("later")
    case.world.seal()
    case.chain.blocks.pop()

    evidence = make_verifier(chain=case.chain).gather(
        VerifyRequest(
            credential=later.content, receipt=receipt_bytes(case.world.receipt(later)), policy=default_policy()
        )
    )
    verdict = judge(evidence)

    assert outcome(verdict, CheckId.ANCHOR) == (Result.UNKNOWN, Reason.EPOCH_NOT_REACHED)
    assert verdict.word is Word.NOT_YET_ANCHORED


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda parts: parts["anchor"].update(log="eip155:31337/0x" + "00" * 20 + "/9"), Reason.LOG_DIFFERS),
        (lambda parts: parts["issuer"].update(id="did:web:other.example"), Reason.DID_DOCUMENT_DIFFERS),
    ],
)
def test_log_and_did_document_must_be_the_same_everywhere(change: Callable[[Any], None], reason: Reason) -> None:
    case = Case()
    receipt: JsonObject = case.world.receipt(case.issued).to_json()
    change(receipt)

    verdict = case.verify(receipt=canonicalize(receipt))

    assert outcome(verdict, CheckId.INCLUSION) == (Result.FAIL, reason)
    assert verdict.word is Word.INVALID


def test_a_batch_of_another_log_is_no_proof_for_this_one() -> None:
    case = Case()
    other = replace(case.chain.log, number=2)
    world = build_world(AnchorIn(case.chain, other), issuers=[case.world.key_issuer])
    world.waiting.append(case.issued)
    world.seal()
    receipt = world.receipt(case.issued).to_json()
    anchor = dict(receipt["anchor"])  # type: ignore[arg-type]  # an object
    receipt["anchor"] = {**anchor, "log": str(case.chain.log)}

    verdict = case.verify(receipt=canonicalize(receipt))

    assert outcome(verdict, CheckId.INCLUSION) == (Result.FAIL, Reason.LOG_DIFFERS)


def test_a_batch_of_another_issuer_is_no_proof_for_this_one() -> None:
    case = Case()
    thief = make_web_issuer("did:web:thief.example", "thief", logs=[case.chain.log])
    world = build_world(case.chain, issuers=[thief])
    world.waiting.append(replace(case.issued, issuer=thief))
    world.seal()

    verdict = case.verify(receipt=receipt_bytes(world.receipt(case.issued)))

    assert outcome(verdict, CheckId.INCLUSION) == (Result.FAIL, Reason.ISSUER_DIFFERS)


def test_a_receipt_introduces_no_contract() -> None:
    foreign = "0x" + "ab" * 20
    case = Case(memory_chain(contract=foreign))

    verdict = case.verify()
    pinned = case.verify(policy=replace(default_policy(), contracts=frozenset({foreign})))

    assert outcome(verdict, CheckId.ANCHOR) == (Result.UNKNOWN, Reason.UNKNOWN_CONTRACT)
    assert verdict.word is Word.INDETERMINATE
    assert pinned.word is Word.VALID


def test_a_contract_that_the_resolved_did_document_names_is_known() -> None:
    foreign = "0x" + "ab" * 20
    chain = memory_chain(contract=foreign)
    world = build_world(chain)
    issued = world.issue("Ada", issuer=world.web_issuer)
    world.seal()
    chain.mine(NOW)
    request = VerifyRequest(
        credential=issued.content,
        receipt=receipt_bytes(world.receipt(issued)),
        policy=replace(default_policy(), trusted_logs=frozenset({chain.log})),
    )

    resolved = make_verifier(chain=chain, issuers=world.issuers).verify(replace(request, resolve_did=True))
    trusted = make_verifier(chain=chain).verify(request)

    assert resolved.word is Word.VALID, not_passed(resolved)
    assert outcome(trusted, CheckId.ANCHOR) == (Result.UNKNOWN, Reason.UNKNOWN_CONTRACT)


def test_a_known_address_with_other_code_is_unknown() -> None:
    case = Case()
    case.chain.code_hash = bytes(32)

    verdict = case.verify()

    assert outcome(verdict, CheckId.ANCHOR) == (Result.UNKNOWN, Reason.CONTRACT_CODE_DIFFERS)
    assert verdict.word is Word.INDETERMINATE


def test_another_chain_is_unknown() -> None:
    case = Case()
    case.chain.blocks[-1] = replace(case.chain.blocks[-1], chain_id=1)

    verdict = case.verify()

    assert outcome(verdict, CheckId.ANCHOR) == (Result.UNKNOWN, Reason.OTHER_CHAIN)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("rpc-disagree", Reason.RPC_DISAGREE),
        ("rpc-unreachable", Reason.CHAIN_UNREACHABLE),
        ("rpc-refused", Reason.CHAIN_UNREACHABLE),
    ],
)
def test_a_chain_that_cannot_be_read_is_unknown(code: str, reason: Reason) -> None:
    case = Case()
    case.chain.failure = Unavailable(code, "no answer")

    verdict = case.verify()

    for check in (CheckId.ANCHOR, CheckId.FINALITY, CheckId.REVOCATION):
        assert outcome(verdict, check) == (Result.UNKNOWN, reason)
    assert verdict.word is Word.INDETERMINATE
    assert verdict.block is None


def test_without_a_node_the_chain_is_unknown() -> None:
    case = Case()

    verdict = make_verifier(chain=None).verify(
        VerifyRequest(
            credential=case.issued.content,
            receipt=receipt_bytes(case.world.receipt(case.issued)),
            policy=default_policy(),
        )
    )

    assert outcome(verdict, CheckId.ANCHOR) == (Result.UNKNOWN, Reason.NO_RPC)
