"""Status lists of other registries (profile vc): what does not fit is unknown, with a code of its own, never a pass."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.check import CheckId, Reason, Result
from registry.domain.checks_served import served_bits
from registry.domain.evidence import LIST_UNUSABLE, Profile
from registry.domain.problem import Problem
from registry.domain.served_list import FETCH_GRACE
from registry.domain.slot import Purpose
from registry.domain.status_tree import EMPTY_LIST, write_bit
from registry.domain.verdict import Verdict, Word, judge
from registry.service.served_lists import StatusListCopy
from registry.service.verifying import VerifyRequest
from tests.epochs import NOW, Issuer, make_key_issuer
from tests.status_case import Case, Foreign, encode, foreign_entry, list_document, sign_list
from tests.verdicts import default_policy, make_verifier, not_passed, outcome

OTHER_URL = "https://elsewhere.example/lists/4"
MESSAGES: list[JsonValue] = [
    {"status": "0x0", "message": "accepted"},
    {"status": "0x1", "message": "under review"},
    {"status": "0x2", "message": "being mended"},
    {"status": "0x3", "message": "lost"},
]


def copy_of(
    foreign: Foreign,
    *,
    members: JsonObject | None = None,
    signer: Issuer | None = None,
    at: datetime = NOW,
    **subject: JsonValue,
) -> StatusListCopy:
    """Sign the list that the credential names: entry 7 is 0."""
    document = list_document(
        foreign.url, purpose="revocation", index=7, value=False, issuer=foreign.issuer, at=at, **subject
    )
    by = foreign.issuer if signer is None else signer
    return StatusListCopy(content=sign_list({**document, **(members or {})}, issuer=by, at=at))


def two_bits(index: int, value: int, *, size_bytes: int = 2 * len(EMPTY_LIST)) -> str:
    bits = bytes(size_bytes)
    for offset in range(2):
        bits = write_bit(bits, 2 * index + offset, value=bool(value >> (1 - offset) & 1))
    return encode(bits)


def test_a_list_that_fits_in_every_way_passes() -> None:
    foreign = Foreign(foreign_entry())

    verdict = foreign.verify(copy_of(foreign))

    assert verdict.word is Word.VALID, not_passed(verdict)
    assert outcome(verdict, CheckId.REVOCATION) == (Result.PASS, Reason.NOT_REVOKED)


@pytest.mark.parametrize("purposes", ["suspension", ["suspension", "message"]])
def test_a_list_of_another_purpose_is_unusable(purposes: JsonValue) -> None:
    foreign = Foreign(foreign_entry())

    verdict = foreign.verify(copy_of(foreign, statusPurpose=purposes))

    assert outcome(verdict, CheckId.REVOCATION) == (Result.UNKNOWN, Reason.STATUS_LIST_UNUSABLE)
    assert verdict.word is Word.INDETERMINATE


def test_a_list_that_spells_its_subject_as_a_list_of_one_counts() -> None:
    foreign = Foreign(foreign_entry())
    document = list_document(foreign.url, purpose="revocation", index=7, value=True, issuer=foreign.issuer, at=NOW)
    one, two = ([document["credentialSubject"], *more] for more in ((), ({"id": "urn:example:2"},)))

    spelled, several = (copy_of(foreign, members={"credentialSubject": subject}) for subject in (one, two))

    assert foreign.verify(spelled).word is Word.REVOKED
    assert outcome(foreign.verify(several), CheckId.REVOCATION) == (Result.UNKNOWN, Reason.STATUS_MISSING)


def test_a_list_of_several_purposes_counts_for_each() -> None:
    foreign = Foreign([foreign_entry(), foreign_entry("suspension")])

    verdict = foreign.verify(copy_of(foreign, statusPurpose=["suspension", "revocation"]))

    assert outcome(verdict, CheckId.REVOCATION) == (Result.PASS, Reason.NOT_REVOKED)
    assert outcome(verdict, CheckId.SUSPENSION) == (Result.PASS, Reason.NOT_SUSPENDED)


def test_a_list_of_another_issuer_is_unusable_however_well_it_is_signed() -> None:
    foreign, stranger = Foreign(foreign_entry()), make_key_issuer("stranger")

    verdict = foreign.verify(copy_of(foreign, members={"issuer": stranger.did}, signer=stranger))

    assert outcome(verdict, CheckId.REVOCATION) == (Result.UNKNOWN, Reason.STATUS_LIST_UNUSABLE)


def test_a_list_that_somebody_else_signed_under_the_issuers_name_is_unsigned() -> None:
    foreign, stranger = Foreign(foreign_entry()), make_key_issuer("stranger")
    forged = replace(stranger, method=foreign.issuer.method)

    for signer in (stranger, forged):
        verdict = foreign.verify(copy_of(foreign, signer=signer))
        assert outcome(verdict, CheckId.REVOCATION) == (Result.UNKNOWN, Reason.STATUS_LIST_UNSIGNED)


def test_a_list_that_is_not_in_force_yet_is_unusable() -> None:
    foreign = Foreign(foreign_entry())

    verdict = foreign.verify(copy_of(foreign, members={"validFrom": "2026-11-21T12:00:01Z"}))

    assert outcome(verdict, CheckId.REVOCATION) == (Result.UNKNOWN, Reason.STATUS_LIST_UNUSABLE)


@pytest.mark.parametrize(("until", "ttl"), [("2026-11-21T12:00:00Z", 300_000), ("2026-11-21T12:00:01Z", 0)])
def test_a_list_that_is_no_longer_in_force_is_stale(until: str, ttl: int) -> None:
    foreign = Foreign(foreign_entry())

    verdict = foreign.verify(copy_of(foreign, members={"validUntil": until}, ttl=ttl))

    assert outcome(verdict, CheckId.REVOCATION) == (Result.UNKNOWN, Reason.STATUS_STALE)


def test_a_list_that_was_just_fetched_is_used_whatever_its_time_to_live() -> None:
    foreign = Foreign(foreign_entry())
    copy = copy_of(foreign, at=NOW - timedelta(hours=1), ttl=0)
    just, before = (replace(copy, fetched_at=NOW - age) for age in (FETCH_GRACE / 2, FETCH_GRACE))

    assert outcome(foreign.verify(just), CheckId.REVOCATION) == (Result.PASS, Reason.NOT_REVOKED)
    assert outcome(foreign.verify(before), CheckId.REVOCATION) == (Result.UNKNOWN, Reason.STATUS_STALE)


@pytest.mark.parametrize(
    ("kind", "purpose", "revocation", "suspension"),
    [
        ("StatusList2021Entry", "revocation", Reason.STATUS_LIST_OUTDATED, Reason.NO_STATUS_ENTRY),
        ("StatusList2021Entry", "suspension", Reason.NO_STATUS_ENTRY, Reason.STATUS_LIST_OUTDATED),
        ("RevocationList2020Status", None, Reason.STATUS_LIST_OUTDATED, Reason.NO_STATUS_ENTRY),
        ("SomethingElse", "revocation", Reason.STATUS_FOREIGN, Reason.STATUS_FOREIGN),
    ],
)
def test_an_entry_of_another_kind_is_unknown(
    kind: str, purpose: str | None, revocation: Reason, suspension: Reason
) -> None:
    entry: JsonObject = {"type": kind, "statusListIndex": "7", "statusListCredential": OTHER_URL}
    verdict = judged([entry if purpose is None else {**entry, "statusPurpose": purpose}])

    assert verdict.check(CheckId.REVOCATION).reason is revocation
    assert verdict.check(CheckId.SUSPENSION).reason is suspension


def judged(status: list[JsonValue]) -> Verdict:
    """Judge a credential whose status the contexts at hand may not know: the rest of it is sound."""
    evidence = make_verifier(chain=None).gather(
        VerifyRequest(credential=Foreign(foreign_entry()).content, policy=replace(default_policy(), profile=Profile.VC))
    )
    document = evidence.presented.document
    assert isinstance(document, dict)
    presented = replace(evidence.presented, document={**document, "credentialStatus": status})
    return judge(replace(evidence, presented=presented))


def test_of_several_entries_the_worst_decides() -> None:
    foreign = Foreign([foreign_entry(), foreign_entry(statusListCredential=OTHER_URL)])
    good = foreign.served("revocation", value=False)
    other = list_document(OTHER_URL, purpose="revocation", index=7, value=True, issuer=foreign.issuer, at=NOW)
    bad = StatusListCopy(content=sign_list(other, issuer=foreign.issuer, at=NOW))

    assert outcome(foreign.verify(good), CheckId.REVOCATION) == (Result.UNKNOWN, Reason.STATUS_MISSING)
    assert foreign.verify(good, bad).word is Word.REVOKED
    assert foreign.verify(bad).word is Word.REVOKED


def test_an_old_list_that_says_revoked_is_still_right_and_one_that_says_suspended_is_not() -> None:
    revoked, suspended = Foreign(foreign_entry()), Foreign(foreign_entry("suspension"))
    then = NOW - timedelta(days=9)

    assert revoked.verify(revoked.served("revocation", value=True, at=then)).word is Word.REVOKED
    verdict = suspended.verify(suspended.served("suspension", value=True, at=then))
    assert outcome(verdict, CheckId.SUSPENSION) == (Result.UNKNOWN, Reason.STATUS_STALE)


@pytest.mark.parametrize(("value", "word"), [(0, Word.VALID), (1, Word.REVOKED), (2, Word.REVOKED), (3, Word.REVOKED)])
def test_an_entry_of_several_bits_is_clear_only_when_all_are(value: int, word: Word) -> None:
    foreign = Foreign(foreign_entry(statusSize=2, statusMessage=MESSAGES))

    verdict = foreign.verify(copy_of(foreign, encodedList=two_bits(7, value)))

    assert verdict.word is word, not_passed(verdict)


def test_a_list_that_is_long_enough_in_bits_but_not_in_entries_is_unusable() -> None:
    foreign = Foreign(foreign_entry(statusSize=2, statusMessage=MESSAGES))

    verdict = foreign.verify(copy_of(foreign, encodedList=two_bits(7, 0, size_bytes=len(EMPTY_LIST))))

    assert outcome(verdict, CheckId.REVOCATION) == (Result.UNKNOWN, Reason.STATUS_LIST_UNUSABLE)


def test_an_entry_that_cannot_be_read_is_malformed_for_its_own_purpose() -> None:
    verdict = judged([foreign_entry("suspension", statusListIndex="x")])

    assert outcome(verdict, CheckId.REVOCATION) == (Result.SKIPPED, Reason.NO_STATUS_ENTRY)
    assert outcome(verdict, CheckId.SUSPENSION) == (Result.UNKNOWN, Reason.STATUS_MALFORMED)
    assert outcome(judged([foreign_entry(statusPurpose=5)]), CheckId.SUSPENSION)[1] is Reason.STATUS_MALFORMED


def test_a_message_is_told_and_decides_nothing() -> None:
    foreign = Foreign(foreign_entry("message", statusSize=2, statusMessage=MESSAGES))

    verdict = foreign.verify(copy_of(foreign, statusPurpose="message", encodedList=two_bits(7, 2)))

    assert verdict.word is Word.VALID, not_passed(verdict)
    assert "The issuer's status list says: 'being mended'." in verdict.notes
    assert outcome(verdict, CheckId.REVOCATION) == (Result.SKIPPED, Reason.NO_STATUS_ENTRY)


@pytest.mark.parametrize(
    "entry",
    [
        foreign_entry("refresh"),
        foreign_entry("message", statusSize=2, statusMessage=MESSAGES),
        foreign_entry("message", statusSize=2),
    ],
    ids=["refresh", "no list", "no messages"],
)
def test_a_purpose_that_decides_nothing_is_noted(entry: JsonObject) -> None:
    verdict = judged([entry])

    assert f"status entry of purpose {entry['statusPurpose']!r} ignored" in verdict.notes
    assert outcome(verdict, CheckId.REVOCATION) == (Result.SKIPPED, Reason.NO_STATUS_ENTRY)
    assert outcome(verdict, CheckId.SUSPENSION) == (Result.SKIPPED, Reason.NO_STATUS_ENTRY)


def test_a_message_without_meaning_is_noted() -> None:
    foreign = Foreign(foreign_entry("message"))

    verdict = foreign.verify(copy_of(foreign, statusPurpose="message"))

    assert "status entry of purpose 'message' ignored" in verdict.notes


@pytest.mark.parametrize(
    ("code", "reason"),
    [("status-list-timeout", Reason.STATUS_UNREACHABLE), (LIST_UNUSABLE, Reason.STATUS_LIST_UNUSABLE)],
)
def test_why_a_list_could_not_be_had_is_told(code: str, reason: Reason) -> None:
    foreign = Foreign(foreign_entry())
    request = VerifyRequest(credential=foreign.content, policy=replace(default_policy(), profile=Profile.VC))
    evidence = make_verifier(chain=None).gather(request)
    problem = Problem(code=code, message="it could not be had")

    verdict = judge(replace(evidence, list_problems={foreign.url: problem}))

    assert outcome(verdict, CheckId.REVOCATION) == (Result.UNKNOWN, reason)
    assert "it could not be had" in verdict.check(CheckId.REVOCATION).sentence


def test_a_credential_without_an_entry_for_it_is_suspended_by_no_list() -> None:
    case = Case()
    evidence = case.evidence(lists=(case.served(Purpose.SUSPENSION, value=True),))
    slot = evidence.presented.log_slot
    assert slot is not None

    assert [bit.value for bit in served_bits(evidence, slot, Purpose.SUSPENSION)] == [1]
    assert served_bits(evidence, replace(slot, suspendable=False, suspension_url=None), Purpose.SUSPENSION) == ()
