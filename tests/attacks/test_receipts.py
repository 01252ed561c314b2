"""Receipts that name what is not there, or what is somebody else's, and DID documents that are not the issuer's."""

import copy
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from registry.domain.canonical import JsonObject, JsonValue, canonicalize
from registry.domain.check import CheckId, Reason, Result
from registry.domain.errors import Malformed
from registry.domain.evidence import Profile
from registry.domain.slot import LIST_SIZE, parse_credential_slot
from registry.domain.verdict import Verdict, Word
from tests.epochs import NOW, WEB_ISSUER, sign
from tests.issuer_case import Case as IssuerCase
from tests.issuer_case import document_with
from tests.plain_case import Case
from tests.verdicts import default_policy, not_passed, outcome

# A receipt is changed by JSON path here, as a forger would.
Receipt = dict[str, Any]
FOREIGN = "0x" + "ab" * 20


def _judge(change: Callable[[Receipt], object], *, now_later: timedelta = timedelta(0)) -> Verdict:
    case = Case()
    receipt: Receipt = copy.deepcopy(case.world.receipt(case.issued).to_json())
    change(receipt)
    policy = default_policy() if not now_later else replace(default_policy(), at=NOW + now_later)
    return case.verify(receipt=canonicalize(receipt), policy=policy)


def _set(place: str, value: object) -> Callable[[Receipt], object]:
    *names, last = place.split(".")

    def change(receipt: Receipt) -> None:
        target: Any = receipt
        for name in names:
            target = target[int(name) if name.isdecimal() else name]
        target[last] = value

    return change


@pytest.mark.parametrize(
    ("change", "word", "check", "expected"),
    [
        (
            _set("anchor.log", f"eip155:31337/{FOREIGN}/1"),
            Word.INVALID,
            CheckId.INCLUSION,
            (Result.FAIL, Reason.LOG_DIFFERS),
        ),
        (_set("anchor.epoch", 2), Word.NOT_YET_ANCHORED, CheckId.ANCHOR, (Result.UNKNOWN, Reason.EPOCH_NOT_REACHED)),
        (
            _set("anchor.epoch", 2**53 - 1),
            Word.NOT_YET_ANCHORED,
            CheckId.ANCHOR,
            (Result.UNKNOWN, Reason.EPOCH_NOT_REACHED),
        ),
        (_set("anchor.epoch", 0), Word.INDETERMINATE, CheckId.ANCHOR, (Result.UNKNOWN, Reason.RECEIPT_UNREADABLE)),
        (_set("anchor.epoch", -1), Word.INDETERMINATE, CheckId.ANCHOR, (Result.UNKNOWN, Reason.RECEIPT_UNREADABLE)),
        (_set("anchor.epoch", True), Word.INDETERMINATE, CheckId.ANCHOR, (Result.UNKNOWN, Reason.RECEIPT_UNREADABLE)),
        (_set("anchor.epoch", 1.5), Word.INDETERMINATE, CheckId.ANCHOR, (Result.UNKNOWN, Reason.RECEIPT_UNREADABLE)),
        (_set("leafKind", 1), Word.INVALID, CheckId.LEAF, (Result.FAIL, Reason.LEAF_KIND_DIFFERS)),
        (_set("leafKind", 255), Word.INVALID, CheckId.LEAF, (Result.FAIL, Reason.LEAF_KIND_DIFFERS)),
        (_set("leafKind", 256), Word.INDETERMINATE, CheckId.LEAF, (Result.UNKNOWN, Reason.RECEIPT_UNREADABLE)),
        (
            _set("batch.header.issuer", WEB_ISSUER),
            Word.INVALID,
            CheckId.INCLUSION,
            (Result.FAIL, Reason.HEADER_NOT_TIED),
        ),
        (
            _set("issuer.alsoKnownAs", [WEB_ISSUER]),
            Word.INVALID,
            CheckId.INCLUSION,
            (Result.FAIL, Reason.DID_DOCUMENT_DIFFERS),
        ),
        (
            _set("issuer.id", WEB_ISSUER),
            Word.INVALID,
            CheckId.INCLUSION,
            (Result.FAIL, Reason.DID_DOCUMENT_DIFFERS),
        ),
        (
            _set("status.0.epoch", 2),
            Word.INDETERMINATE,
            CheckId.REVOCATION,
            (Result.UNKNOWN, Reason.STATUS_UNANCHORED),
        ),
        (
            _set("status.0.log", f"eip155:31337/{FOREIGN}/1"),
            Word.INDETERMINATE,
            CheckId.REVOCATION,
            (Result.UNKNOWN, Reason.STATUS_FOREIGN),
        ),
        (
            _set("status.0.purpose", "suspension"),
            Word.INDETERMINATE,
            CheckId.REVOCATION,
            (Result.UNKNOWN, Reason.STATUS_MALFORMED),
        ),
        (
            _set("status.0.purpose", "message"),
            Word.INDETERMINATE,
            CheckId.REVOCATION,
            (Result.UNKNOWN, Reason.STATUS_MALFORMED),
        ),
        (_set("status", []), Word.INDETERMINATE, CheckId.REVOCATION, (Result.UNKNOWN, Reason.STATUS_MISSING)),
        (_set("status", {}), Word.INDETERMINATE, CheckId.REVOCATION, (Result.UNKNOWN, Reason.STATUS_MALFORMED)),
        (_set("version", 2), Word.INDETERMINATE, CheckId.LEAF, (Result.UNKNOWN, Reason.RECEIPT_UNREADABLE)),
        (_set("extra", 1), Word.INDETERMINATE, CheckId.LEAF, (Result.UNKNOWN, Reason.RECEIPT_UNREADABLE)),
        (_set("light", 7), Word.INDETERMINATE, CheckId.LEAF, (Result.UNKNOWN, Reason.RECEIPT_UNREADABLE)),
    ],
)
def test_a_changed_receipt_never_helps(
    change: Callable[[Receipt], object], word: Word, check: CheckId, expected: tuple[Result, Reason]
) -> None:
    verdict = _judge(change)

    assert (verdict.word, outcome(verdict, check)) == (word, expected), not_passed(verdict)


@pytest.mark.parametrize(
    "change",
    [
        _set("anchor.transaction", "0x" + "00" * 32),
        _set("anchor.blockNumber", 2**53 - 1),
        _set("anchor.blockHash", "0x" + "00" * 32),
        _set("anchor.blockTime", "1970-01-01T00:00:00Z"),
    ],
)
def test_what_an_anchor_says_of_its_block_is_information_and_decides_nothing(
    change: Callable[[Receipt], object],
) -> None:
    assert _judge(change).word is Word.VALID


def test_a_lie_about_the_anchored_time_does_not_make_a_revoked_key_good() -> None:
    case = IssuerCase()
    receipt: Receipt = copy.deepcopy(case.world.receipt(case.issued).to_json())
    receipt["anchor"]["blockTime"] = "2020-01-01T00:00:00Z"
    receipt["anchor"]["blockNumber"] = 0
    revoked = case.world.epochs[0].manifest.anchor.block_time - timedelta(seconds=1)

    verdict = case.verify(receipt=receipt, resolved=document_with(logs=[case.chain.log], revoked=revoked))

    assert verdict.word is Word.INVALID
    assert outcome(verdict, CheckId.ISSUER) == (Result.FAIL, Reason.KEY_ENDED)


@pytest.mark.parametrize("later", [timedelta(hours=1, seconds=1), timedelta(days=36_500)])
def test_a_moment_in_the_future_is_not_known_yet(later: timedelta) -> None:
    verdict = _judge(lambda receipt: receipt, now_later=later)

    assert verdict.word is Word.INDETERMINATE
    assert outcome(verdict, CheckId.REVOCATION) == (Result.UNKNOWN, Reason.BLOCK_TOO_OLD)


def _changed_key(**members: JsonValue) -> Callable[[JsonObject], JsonObject]:
    def change(document: JsonObject) -> JsonObject:
        methods: Any = document["verificationMethod"]
        return {**document, "verificationMethod": [{**methods[0], **members}]}

    return change


DID_DOCUMENTS: dict[str, tuple[Callable[[JsonObject], JsonObject], CheckId, tuple[Result, Reason]]] = {
    "not-for-assertions": (
        lambda it: {**it, "assertionMethod": [], "authentication": it["assertionMethod"]},
        CheckId.ISSUER,
        (Result.UNKNOWN, Reason.KEY_WITHDRAWN),
    ),
    "other-controller": (
        _changed_key(controller="did:web:evil.example"),
        CheckId.ISSUER,
        (Result.UNKNOWN, Reason.KEY_WITHDRAWN),
    ),
    "fragment-under-another-did": (
        _changed_key(id="did:web:evil.example#key-1"),
        CheckId.ISSUER,
        (Result.UNKNOWN, Reason.KEY_WITHDRAWN),
    ),
    "other-id": (
        lambda it: {**it, "id": "did:web:evil.example"},
        CheckId.ISSUER,
        (Result.UNKNOWN, Reason.DID_DOCUMENT_UNREADABLE),
    ),
    "also-known-as": (
        lambda it: {**it, "id": "did:web:evil.example", "alsoKnownAs": [WEB_ISSUER]},
        CheckId.ISSUER,
        (Result.UNKNOWN, Reason.DID_DOCUMENT_UNREADABLE),
    ),
    "key-twice": (
        lambda it: {**it, "verificationMethod": [*_list(it["verificationMethod"]), *_list(it["verificationMethod"])]},
        CheckId.ISSUER,
        (Result.UNKNOWN, Reason.DID_DOCUMENT_UNREADABLE),
    ),
    "log-of-another-number": (
        lambda it: {**it, "service": [{"type": "CredrootLog", "serviceEndpoint": f"eip155:31337/{FOREIGN}/1"}]},
        CheckId.ISSUER,
        (Result.FAIL, Reason.LOG_NOT_NAMED),
    ),
    "log-misspelt": (
        lambda it: {**it, "service": [{"type": "CredrootLog", "serviceEndpoint": f"EIP155:31337/{FOREIGN}/1"}]},
        CheckId.ISSUER,
        (Result.UNKNOWN, Reason.DID_DOCUMENT_UNREADABLE),
    ),
    "log-of-another-service-type": (
        lambda it: {**it, "service": [{**_object(_list(it["service"])[0]), "type": "LinkedDomains"}]},
        CheckId.ISSUER,
        (Result.FAIL, Reason.LOG_NOT_NAMED),
    ),
}


def _list(value: object) -> list[Any]:
    assert isinstance(value, list)
    return value


def _object(value: object) -> dict[str, Any]:
    assert isinstance(value, dict)
    return value


@pytest.mark.parametrize("name", sorted(DID_DOCUMENTS))
def test_a_did_document_that_does_not_say_so_gives_no_key_and_no_log(name: str) -> None:
    change, check, expected = DID_DOCUMENTS[name]
    case = IssuerCase()

    verdict = case.verify(given=change(case.world.web_issuer.document))

    assert verdict.word is not Word.VALID
    assert outcome(verdict, check) == expected


def test_a_relative_key_name_in_a_proof_is_no_key() -> None:
    case = IssuerCase()
    document = copy.deepcopy(case.issued.document)
    _object(_list(document["proof"])[0])["verificationMethod"] = "#key-1"

    verdict = case.verify(document=document, resolved=case.world.web_issuer.document)

    assert verdict.word is Word.INVALID
    assert outcome(verdict, CheckId.SIGNATURE)[0] is not Result.PASS


URLS = {
    "user": "https://user:password@registry.example/status/LOG/revocation/LIST",
    "user-that-looks-like-loopback": "http://localhost@registry.example/status/LOG/revocation/LIST",
    "upper-case-scheme": "HTTPS://registry.example/status/LOG/revocation/LIST",
    "upper-case-contract": "https://registry.example/status/UPPER/revocation/LIST",
    "percent": "https://registry.example/status/LOG/revocation%2FLIST",
    "percent-colon": "https://registry.example/status/ESCAPED/revocation/LIST",
    "port": "https://registry.example:99999/status/LOG/revocation/LIST",
    "dots": "https://registry.example/status/LOG/x/../revocation/LIST",
    "other-purpose": "https://registry.example/status/LOG/suspension/LIST",
    "two-logs": "https://registry.example/LOG/revocation/LIST/LOG/revocation/LIST",
    "host-of-unicode": "https://registry.exampl\u0435/status/LOG/revocation/LIST",
    "zero-width": "https://registry.example/status/LOG/revocation/LIST\u200b",
    "line-end": "https://registry.example/status/LOG/revocation/LIST\n",
}


MEANINGLESS = {"line-end"}
"""What JSON-LD itself refuses: it is no IRI."""


@pytest.mark.parametrize("profile", list(Profile))
@pytest.mark.parametrize("name", sorted(URLS))
def test_another_spelling_of_the_status_url_never_verifies_with_the_receipt_of_the_true_one(
    name: str, profile: Profile
) -> None:
    case = Case()
    slot = parse_credential_slot(case.issued.document)
    log = str(slot.log)
    upper = log.replace("0x", "0X")
    url = URLS[name].replace("LOG", log).replace("UPPER", upper).replace("ESCAPED", log.replace(":", "%3A"))
    entry = {**_object(case.issued.document["credentialStatus"])}
    entry["statusListCredential"] = url.replace("LIST", str(slot.slot // LIST_SIZE))
    unsigned = {n: m for n, m in {**case.issued.document, "credentialStatus": entry}.items() if n != "proof"}

    # Signed by the issuer itself: only the form of the URL and the leaf stand against it.
    verdict = case.verify(
        document=canonicalize(_signed(unsigned, case)), policy=replace(default_policy(), profile=profile)
    )

    assert verdict.word is (Word.INVALID if profile is Profile.CREDROOT or name in MEANINGLESS else Word.INDETERMINATE)


def _signed(document: JsonObject, case: Case) -> JsonObject:
    try:
        return sign(document, issuer=case.issued.issuer)
    except Malformed:
        return {**document, "proof": case.issued.document["proof"]}
