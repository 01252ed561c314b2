"""What a stranger's document, receipt, DID document or node can cost: a verdict within five seconds, and a living process."""

import json
import subprocess
import sys
import time
import zlib
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from typing import Final

import pytest

from registry.domain.canonical import JsonObject, JsonValue, canonicalize
from registry.domain.check import CheckId, Reason, Result
from registry.domain.data_integrity import MAX_CHAINED
from registry.domain.verdict import Word
from registry.service.served_lists import StatusListCopy
from registry.service.verifying import VerifyRequest
from tests.epochs import NOW
from tests.issuer_case import Case as IssuerCase
from tests.paths import REPO_ROOT
from tests.plain_case import Case
from tests.status_case import list_document
from tests.verdicts import default_policy, make_verifier, outcome, receipt_bytes

LIMIT_SECONDS: Final = 5.0
BADGE: Final[list[JsonValue]] = [
    "https://www.w3.org/ns/credentials/v2",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
]


@pytest.fixture(autouse=True)
def _untraced() -> Iterator[None]:
    """Have nothing follow the lines: for a coverage report the program takes five times as long, and it is not the one
    that is bounded.
    """
    tracer = sys.gettrace()
    sys.settrace(None)
    yield
    sys.settrace(tracer)


def _many(count: int, make: Callable[[int], JsonValue]) -> list[JsonValue]:
    return [make(number) for number in range(count)]


def _nested(levels: int) -> JsonValue:
    value: JsonValue = "x"
    for _ in range(levels):
        value = [value]
    return value


def _achievements(count: int) -> JsonObject:
    return {
        "type": "AchievementSubject",
        "achievement": _many(
            count,
            lambda number: {
                "type": "Achievement",
                "id": f"urn:x:{number}",
                "criteria": {"narrative": "n"},
                "alignment": [{"type": "Alignment", "targetName": f"t{number}"}],
            },
        ),
    }


COSTLY: Final[dict[str, JsonObject]] = {
    "named-subjects": {"credentialSubject": _many(9_500, lambda number: {"id": f"urn:x:{number}"})},
    "most-subjects-allowed": {"credentialSubject": _many(1_400, lambda number: {"id": f"urn:x:{number}"})},
    "nameless-subjects": {"credentialSubject": _many(9_500, lambda number: {"name": f"n{number}"})},
    "alike-subjects": {"credentialSubject": [{"name": {"@value": "x", "@language": "en"}}] * 9_500},
    "alike-pairs": {"credentialSubject": _many(40, lambda number: {"name": "x", "description": f"d{number % 2}"})},
    "languages": {
        "credentialSubject": {"name": _many(6_000, lambda number: {"@value": f"x{number}", "@language": "en"})}
    },
    "types": {"type": ["VerifiableCredential", *_many(9_000, lambda number: f"urn:x:{number}")]},
    "one-node-in-many-places": {
        "credentialSubject": _many(9_000, lambda number: {"id": "urn:x:1", "name": f"n{number}"})
    },
    "results": {
        "@context": BADGE,
        "credentialSubject": {
            "type": "AchievementSubject",
            "result": _many(3_500, lambda number: {"type": "Result", "value": f"{number}"}),
        },
    },
    "achievements": {"@context": BADGE, "credentialSubject": _achievements(1_000)},
    "statuses": {"credentialStatus": _many(9_000, lambda number: {"type": "X", "statusPurpose": f"p{number}"})},
    "proofs": {"proof": [{"type": "DataIntegrityProof"}] * 16},
    "deep": {"credentialSubject": _nested(60)},
    "long": {"name": "x" * 1_000_000},
}


@pytest.mark.parametrize("members", [pytest.param(value, id=name) for name, value in COSTLY.items()])
def test_a_costly_document_is_judged_in_time(members: JsonObject) -> None:
    case = Case()
    content = canonicalize({**case.issued.document, **members})

    before = time.process_time()
    verdict = case.verify(document=content)

    assert time.process_time() - before < LIMIT_SECONDS
    assert verdict.word is Word.INVALID
    assert outcome(verdict, CheckId.LEAF)[0] is Result.FAIL


def test_a_chain_of_proofs_over_a_costly_document_is_judged_in_time() -> None:
    case = Case()
    first: JsonObject = {**case.proof(), "id": "urn:uuid:6d9b6f4e-7b36-4f3a-8a53-0c1a6a1f2a10"}
    chained: list[JsonValue] = [
        {**case.proof(), "created": f"2026-11-01T00:00:0{number}Z", "previousProof": first["id"]}
        for number in range(MAX_CHAINED)
    ]
    content = canonicalize({**case.issued.document, **COSTLY["most-subjects-allowed"], "proof": [first, *chained]})

    before = time.process_time()
    verdict = case.verify(document=content)

    assert time.process_time() - before < LIMIT_SECONDS
    assert outcome(verdict, CheckId.SIGNATURE) == (Result.FAIL, Reason.SIGNATURE_MISMATCH)


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 1_048_576,
        b'{"a":' * 200_000,
        b"[" * 60 + b"{}" * 30 + b'"' + b'\\"' * 500_000,
        b"[" + b'"[",' * 260_000 + b"1]",
        b"{" + b",".join(b'"a%d":1' % number for number in range(100_000)) + b"}",
    ],
    ids=["arrays", "objects", "string-without-end", "brackets-in-strings", "members"],
)
def test_a_costly_text_is_judged_in_time_as_credential_and_as_receipt(content: bytes) -> None:
    case = Case()

    before = time.process_time()
    document, receipt = case.verify(document=content), case.verify(receipt=content)

    assert time.process_time() - before < LIMIT_SECONDS
    assert document.word is Word.INVALID
    assert outcome(receipt, CheckId.INCLUSION) == (Result.UNKNOWN, Reason.RECEIPT_UNREADABLE)


@pytest.mark.parametrize(
    "members",
    [
        {"issuer": {"id": "did:x:y", "a": ["y"] * 50_000}},
        {"status": [{}] * 50_000},
        {"path": [{"left": "00" * 32}] * 2_500},
        {"batch": {"header": {}, "path": [{}] * 50_000}},
    ],
    ids=["issuer", "status", "path", "batch"],
)
def test_a_costly_receipt_is_judged_in_time(members: JsonObject) -> None:
    case = Case()
    receipt = {**case.world.receipt(case.issued).to_json(), **members}

    before = time.process_time()
    verdict = case.verify(receipt=canonicalize(receipt))

    assert time.process_time() - before < LIMIT_SECONDS
    assert verdict.word is not Word.VALID


@pytest.mark.parametrize("count", [1_000, 4_000])
def test_a_did_document_of_many_keys_and_services_is_judged_in_time(count: int) -> None:
    case = IssuerCase()
    document = dict(case.world.web_issuer.document)
    key = case.world.web_issuer.document["verificationMethod"]
    assert isinstance(key, list)
    assert isinstance(key[0], dict)
    method = key[0]
    document["verificationMethod"] = _many(count, lambda number: {**method, "id": f"{method['id']}{number}"})
    document["assertionMethod"] = _many(count, lambda number: f"{method['id']}{number}")

    before = time.process_time()
    verdict = case.verify(given=document)

    assert time.process_time() - before < LIMIT_SECONDS
    assert verdict.word is not Word.VALID


def test_a_list_that_unpacks_to_a_gigabyte_is_not_unpacked() -> None:
    case = Case()
    packer = zlib.compressobj(9, wbits=31)
    zeros = bytes(1 << 20)
    # A gigabyte packs to 1 MB; 700 MB is what a file of the largest size can hold.
    packed = b"".join([*(packer.compress(zeros) for _ in range(700)), packer.flush()])
    document = list_document(
        "https://x.example/1", purpose="revocation", index=1, value=False, issuer=case.issued.issuer, at=NOW
    )
    subject = document["credentialSubject"]
    assert isinstance(subject, dict)
    subject["encodedList"] = "u" + urlsafe_b64encode(packed).decode().rstrip("=")
    bomb = canonicalize({**document, "proof": case.issued.document["proof"]})

    before = time.process_time()
    verdict = make_verifier(chain=case.chain).verify(
        VerifyRequest(
            credential=case.issued.content,
            receipt=receipt_bytes(case.world.receipt(case.issued)),
            policy=default_policy(),
            status_lists=(StatusListCopy(content=bomb),),
        )
    )

    assert time.process_time() - before < LIMIT_SECONDS
    assert verdict.word is Word.VALID
    assert any("status list" in note for note in verdict.notes)


PROGRAM: Final = """
import sys
import web3
from registry.domain.canonical import parse_json
from registry.domain.errors import Malformed

assert sys.getrecursionlimit() > 10_000, "web3 no longer raises it: this test has lost its subject"
try:
    parse_json(b"[" * 1_000_000)
except Malformed as error:
    print(error.code)
"""


def test_deep_json_does_not_end_a_process_that_has_loaded_web3() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=REPO_ROOT, capture_output=True, text=True, timeout=60, check=False
    )

    assert (done.returncode, done.stdout.strip()) == (0, "json-too-deep"), done.stderr


OPEN_CHAIN: Final = """
import sys
from registry.wiring.verifying import open_chain

before = sys.getrecursionlimit()
open_chain(["http://127.0.0.1:1"])
print(before == sys.getrecursionlimit())
"""


def test_opening_a_chain_leaves_the_recursion_limit_of_the_process() -> None:
    done = subprocess.run(
        [sys.executable, "-c", OPEN_CHAIN], cwd=REPO_ROOT, capture_output=True, text=True, timeout=60, check=False
    )

    assert done.stdout.strip() == "True", done.stderr


@pytest.mark.parametrize(
    ("text", "deep"),
    [
        ("[" * 65 + "]" * 65, False),
        ("[" * 66 + "]" * 66, True),
        (json.dumps({"[" * 200: "]" * 3 + '"' + "{" * 500}), False),
        ("[]" * 10_000, None),
    ],
)
def test_only_brackets_outside_strings_count_as_depth(text: str, deep: bool | None) -> None:
    verdict = Case().verify(document=text.encode())

    sentence = verdict.check(CheckId.FORM).sentence
    assert ("levels" in sentence) is bool(deep)
