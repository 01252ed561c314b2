"""Checks 9 and 10 by served status lists, and the status of foreign credentials (profile vc)."""

import base64
import gzip
from dataclasses import replace
from datetime import timedelta

import pytest

from registry.domain.canonical import JsonObject, canonicalize
from registry.domain.check import CheckId, Reason, Result
from registry.domain.errors import Malformed, Unavailable
from registry.domain.presented import read_presented
from registry.domain.problem import Problem
from registry.domain.proof_checking import CoveredDocument, cover_document
from registry.domain.served_list import MAX_LIST_BYTES, ServedList, decode_list
from registry.domain.slot import LIST_SIZE, Purpose, status_list_url
from registry.domain.status_tree import EMPTY_LIST
from registry.domain.verdict import Word, judge
from registry.service.served_lists import StatusListCopy
from registry.service.verifying import VerifyRequest
from tests.epochs import NOW, STATUS_URL, build_world, make_key_issuer
from tests.memory_chain import memory_chain
from tests.proofs import with_proof_times
from tests.status_case import Case, Foreign, encode, foreign_entry, list_document, sign_list
from tests.verdicts import default_policy, make_verifier, not_passed, outcome, receipt_bytes


def test_a_one_in_the_served_list_is_revoked_before_the_chain_knows() -> None:
    case = Case()

    verdict = case.verify(lists=(case.served(Purpose.REVOCATION, value=True, at=NOW - timedelta(days=9)),))

    assert verdict.word is Word.REVOKED


@pytest.mark.parametrize("value", [True, False])
def test_a_fresh_served_list_decides_a_suspension_where_no_epoch_is_current(value: bool) -> None:
    case = Case()
    case.seal(at=NOW - timedelta(hours=2))

    verdict = case.verify(status_epoch=1, lists=(case.served(Purpose.SUSPENSION, value=value),))

    expected = (Result.FAIL, Reason.SUSPENDED) if value else (Result.PASS, Reason.NOT_SUSPENDED)
    assert outcome(verdict, CheckId.SUSPENSION) == expected


@pytest.mark.parametrize(
    ("age", "fetched", "fresh"),
    [(timedelta(minutes=59), False, True), (timedelta(hours=1), False, False), (timedelta(days=9), True, True)],
)
def test_an_old_copy_of_a_list_does_not_say_that_nothing_changed(age: timedelta, fetched: bool, fresh: bool) -> None:
    case = Case()
    case.seal(at=NOW - timedelta(hours=2))
    copy = case.served(Purpose.SUSPENSION, value=False, at=NOW - age, fetched_at=NOW if fetched else None)

    verdict = case.verify(status_epoch=1, lists=(copy,))

    assert outcome(verdict, CheckId.SUSPENSION)[0] is (Result.PASS if fresh else Result.UNKNOWN)


def test_a_list_past_its_end_or_its_time_to_live_is_no_longer_fresh() -> None:
    case = Case()
    case.seal(at=NOW - timedelta(hours=2))
    at = NOW - timedelta(minutes=10)
    ended = case.served(Purpose.SUSPENSION, value=False, at=at, members={"validUntil": "2026-11-21T11:59:00Z"})
    number, index = divmod(case.issued.slot, LIST_SIZE)
    url = status_list_url(STATUS_URL, log=case.world.log, purpose=Purpose.SUSPENSION, number=number)
    document = list_document(
        url, purpose="suspension", index=index, value=False, issuer=case.issued.issuer, at=at, ttl=300_000
    )
    short = StatusListCopy(content=sign_list(document, issuer=case.issued.issuer, at=at))

    for copy in (ended, short):
        verdict = case.verify(status_epoch=1, lists=(copy,))
        assert outcome(verdict, CheckId.SUSPENSION) == (Result.UNKNOWN, Reason.STATUS_STALE)


def test_a_list_signed_by_somebody_else_says_nothing() -> None:
    case = Case()
    thief = make_key_issuer("thief")
    forged = case.served(Purpose.REVOCATION, value=True, signer=replace(thief, method=case.issued.issuer.method))
    foreign = case.served(Purpose.REVOCATION, value=True, signer=thief)

    assert case.verify(lists=(forged, foreign)).word is Word.VALID


def test_a_list_of_another_purpose_or_url_or_stated_later_says_nothing() -> None:
    case = Case()
    lists = (
        case.served(Purpose.REVOCATION, value=True, members={"id": "https://registry.example/status/other"}),
        case.served(Purpose.REVOCATION, value=True, members={"issuer": "did:web:other.example"}),
        case.served(Purpose.REVOCATION, value=True, at=NOW + timedelta(seconds=1)),
    )

    assert case.verify(lists=lists).word is Word.VALID


def test_a_list_whose_signature_has_expired_says_nothing() -> None:
    case = Case()
    case.chain.mine(NOW)
    evidence = case.evidence(lists=(case.served(Purpose.REVOCATION, value=True),))
    (served,) = evidence.served_lists
    covered = with_proof_times(CoveredDocument(meaning=None, proofs=served.proofs), expires=NOW)
    assert not isinstance(covered.proofs, Problem)
    expired = replace(served, proofs=covered.proofs)

    assert judge(evidence).word is Word.REVOKED
    assert judge(replace(evidence, served_lists=(expired,))).word is Word.VALID


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b'{"type": []}',
        canonicalize({"@context": ["https://example.org/unknown"]}),
    ],
)
def test_a_file_that_is_no_list_is_noted_and_changes_nothing(content: bytes) -> None:
    verdict = Case().verify(lists=(StatusListCopy(content=content),))

    assert verdict.word is Word.VALID
    assert any("status list" in note for note in verdict.notes)


@pytest.mark.parametrize(
    "members",
    [
        {"type": ["VerifiableCredential"]},
        {"credentialSubject": {"type": "BitstringStatusList", "statusPurpose": 5, "encodedList": "uAA"}},
        {"credentialSubject": {"type": "BitstringStatusList", "statusPurpose": "revocation", "encodedList": "AA"}},
        {"credentialSubject": {"type": "BitstringStatusList", "statusPurpose": "revocation", "encodedList": "uAA"}},
        {"credentialSubject": {"type": ["BitstringStatusList"], "statusPurpose": "revocation", "ttl": -1}},
    ],
)
def test_a_signed_credential_that_is_no_list_is_noted_and_changes_nothing(members: JsonObject) -> None:
    case = Case()

    verdict = case.verify(lists=(case.served(Purpose.REVOCATION, value=True, members=members),))

    assert verdict.word is Word.VALID
    assert any("status list" in note for note in verdict.notes)


def test_a_list_counts_only_by_a_key_that_is_known_to_be_the_issuers() -> None:
    chain = memory_chain()
    world = build_world(chain)
    issued = world.issue("Ada", issuer=world.web_issuer)
    world.seal()
    chain.mine(NOW)
    number, index = divmod(issued.slot, LIST_SIZE)
    url = status_list_url(STATUS_URL, log=world.log, purpose=Purpose.REVOCATION, number=number)
    document = list_document(url, purpose="revocation", index=index, value=True, issuer=issued.issuer, at=NOW)
    request = VerifyRequest(
        credential=issued.content,
        receipt=receipt_bytes(world.receipt(issued)),
        policy=default_policy(),
        status_lists=(StatusListCopy(content=sign_list(document, issuer=issued.issuer, at=NOW)),),
    )
    verifier = make_verifier(chain=chain, issuers=world.issuers)

    assert outcome(verifier.verify(request), CheckId.REVOCATION) == (Result.PASS, Reason.NOT_REVOKED)
    assert verifier.verify(replace(request, resolve_did=True)).word is Word.REVOKED


def test_a_list_that_is_not_signed_or_not_well_formed_or_has_no_time_is_refused() -> None:
    case = Case()
    presented = read_presented(case.served(Purpose.REVOCATION, value=True).content)
    document = presented.document
    assert isinstance(document, dict)
    covered = cover_document(document, canonical_nquads=canonicalize)
    subject = document["credentialSubject"]
    assert isinstance(subject, dict)
    problem = Problem(code="no-proof", message="expected a proof")
    timeless = replace(presented, validity=(None, None))

    for broken in (
        replace(presented, form_problems=(problem,)),
        replace(presented, document={**document, "credentialSubject": {**subject, "type": "Other"}}),
        replace(presented, document={**document, "credentialSubject": {**subject, "ttl": True}}),
    ):
        with pytest.raises(Malformed):
            ServedList.parse(broken, covered=covered, fetched_at=None)
    for given, bad in (
        (timeless, with_proof_times(covered, created=None)),
        (presented, replace(covered, proofs=problem)),
        (presented, replace(covered, meaning=problem)),
    ):
        with pytest.raises(Malformed):
            ServedList.parse(given, covered=bad, fetched_at=None)


def test_an_encoded_list_is_whole_and_within_bounds() -> None:
    assert decode_list(encode(EMPTY_LIST)) == EMPTY_LIST
    for broken in (
        encode(EMPTY_LIST[:-1]),
        encode(bytes(MAX_LIST_BYTES + 1)),
        encode(EMPTY_LIST)[:-4],
        "u" + base64.urlsafe_b64encode(gzip.compress(EMPTY_LIST) + b"x").decode().rstrip("="),
        "uA",
        5,
    ):
        with pytest.raises(Malformed):
            decode_list(broken)


def test_without_a_chain_a_served_zero_is_not_enough() -> None:
    case = Case()
    case.chain.failure = Unavailable("rpc-disagree", "the nodes give different answers")

    verdict = case.verify(lists=(case.served(Purpose.SUSPENSION, value=False),))

    assert outcome(verdict, CheckId.SUSPENSION) == (Result.UNKNOWN, Reason.RPC_DISAGREE)


def test_a_foreign_credential_without_status_is_valid_in_the_profile_vc() -> None:
    verdict = Foreign(None).verify()

    assert verdict.word is Word.VALID, not_passed(verdict)
    assert outcome(verdict, CheckId.REVOCATION) == (Result.SKIPPED, Reason.NO_STATUS_ENTRY)


@pytest.mark.parametrize(
    ("purpose", "value", "word"),
    [
        ("revocation", True, Word.REVOKED),
        ("revocation", False, Word.VALID),
        ("suspension", True, Word.SUSPENDED),
        ("suspension", False, Word.VALID),
    ],
)
def test_a_foreign_credentials_list_decides_its_status(purpose: str, value: bool, word: Word) -> None:
    foreign = Foreign(foreign_entry(purpose))

    verdict = foreign.verify(foreign.served(purpose, value=value))

    assert verdict.word is word, not_passed(verdict)


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (foreign_entry(), Reason.STATUS_MISSING),
        ({"type": "JsonSchema", "id": "https://elsewhere.example/r"}, Reason.STATUS_FOREIGN),
        (foreign_entry(statusListIndex="+7"), Reason.STATUS_MALFORMED),
        (foreign_entry(statusSize=2), Reason.STATUS_MALFORMED),
        (foreign_entry(statusListIndex="999999999"), Reason.STATUS_LIST_UNUSABLE),
    ],
)
def test_a_foreign_status_that_cannot_be_judged_is_unknown(entry: JsonObject, reason: Reason) -> None:
    foreign = Foreign([entry])
    lists = (foreign.served("revocation", value=False),) if reason is not Reason.STATUS_MISSING else ()

    verdict = foreign.verify(*lists)

    assert outcome(verdict, CheckId.REVOCATION) == (Result.UNKNOWN, reason)
    assert verdict.word is Word.INDETERMINATE


def test_an_index_beyond_a_foreign_list_is_not_not_revoked() -> None:
    foreign = Foreign(foreign_entry(statusListIndex="999999999"))

    verdict = foreign.verify(foreign.served("revocation", value=False))

    assert outcome(verdict, CheckId.REVOCATION) == (Result.UNKNOWN, Reason.STATUS_LIST_UNUSABLE)


def test_without_a_slot_the_profile_credroot_knows_no_status() -> None:
    foreign = Foreign(foreign_entry())

    verdict = make_verifier(chain=None).verify(VerifyRequest(credential=foreign.content, policy=default_policy()))

    assert outcome(verdict, CheckId.FORM) == (Result.FAIL, Reason.NO_SLOT)
    assert outcome(verdict, CheckId.REVOCATION) == (Result.UNKNOWN, Reason.FORM_FAILED)
    assert outcome(verdict, CheckId.SUSPENSION) == (Result.UNKNOWN, Reason.FORM_FAILED)
