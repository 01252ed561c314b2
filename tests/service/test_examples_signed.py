"""The specifications' own examples, signed by us and judged by us: nothing of them is lost, and nothing is refused."""

import json
from pathlib import Path

import pytest

from registry.domain.canonical import JsonObject, canonicalize
from registry.domain.check import CheckId, Reason, Result
from registry.domain.evidence import Policy, Profile
from registry.domain.vc_preparing import prepare_credential
from registry.service.verifying import VerifyRequest
from tests.issuing import make_key_issuer, sign
from tests.paths import SHARED_DATA
from tests.verdicts import default_policy, make_verifier, outcome

ISSUER = make_key_issuer("an issuer of examples")
PATHS = [
    path
    for path in sorted((SHARED_DATA / "examples").rglob("*.json"))
    if "verifiableCredential" not in json.loads(path.read_text())
]
ENDED = {"example-12"}
"""Says that it was valid until 2020."""


def prepared(path: Path) -> JsonObject:
    document: JsonObject = json.loads(path.read_text())
    issuer = document["issuer"]
    document["issuer"] = {**issuer, "id": ISSUER.did} if isinstance(issuer, dict) else ISSUER.did
    return prepare_credential({name: member for name, member in document.items() if name != "proof"}, issuer=ISSUER.did)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_an_example_is_signed_as_it_is_and_holds(path: Path) -> None:
    document = prepared(path)
    signed = sign(document, issuer=ISSUER)
    policy = Policy(published_contract=default_policy().published_contract, profile=Profile.VC)

    verdict = make_verifier(chain=None).verify(VerifyRequest(credential=canonicalize(signed), policy=policy))

    assert {name: member for name, member in signed.items() if name != "proof"} == document
    assert outcome(verdict, CheckId.FORM) == (Result.PASS, Reason.WELL_FORMED)
    assert outcome(verdict, CheckId.SIGNATURE) == (Result.PASS, Reason.SIGNED)
    assert verdict.check(CheckId.VALIDITY).result is (Result.FAIL if path.stem in ENDED else Result.PASS)


def test_the_examples_are_there() -> None:
    assert len(PATHS) >= 15
