"""Well-formed documents that check 1 does not pass: nobody here can know all that they say."""

from typing import cast

import pytest

from registry.domain.canonical import JsonObject, JsonValue, canonicalize
from registry.domain.check import CheckId, Reason, Result
from registry.domain.evidence import Policy, Profile
from registry.domain.verdict import Verdict, Word
from registry.service.verifying import VerifyRequest
from tests.issuing import sign
from tests.plain_case import Case
from tests.verdicts import default_policy, make_verifier, outcome

STRANGE: JsonObject = {"id": "https://a.example/x", "digestSRI": "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}


def vc_policy() -> Policy:
    return Policy(published_contract=default_policy().published_contract, profile=Profile.VC)


def verify(policy: Policy, **members: JsonValue) -> Verdict:
    case = Case()
    document = sign(case.unsigned(**members), issuer=case.issued.issuer)
    return make_verifier(chain=case.chain).verify(VerifyRequest(credential=canonicalize(document), policy=policy))


def own_terms() -> dict[str, JsonValue]:
    return {
        "@context": [
            *cast("list[JsonValue]", Case().issued.document["@context"]),
            {"grade": "https://a.example/#grade"},
        ],
        "credentialSubject": {"id": "urn:a:b", "grade": "A"},
    }


def test_a_credential_that_defines_terms_is_not_passed_as_what_its_json_says() -> None:
    verdict = verify(default_policy(), **own_terms())

    assert outcome(verdict, CheckId.FORM) == (Result.UNKNOWN, Reason.OWN_CONTEXT)
    assert outcome(verdict, CheckId.SIGNATURE) == (Result.PASS, Reason.SIGNED)


def test_under_the_profile_vc_terms_of_its_own_are_a_note() -> None:
    verdict = verify(vc_policy(), **own_terms())

    assert outcome(verdict, CheckId.FORM) == (Result.PASS, Reason.WELL_FORMED)
    assert any("defines terms itself" in note for note in verdict.notes)


@pytest.mark.parametrize("policy", [default_policy(), vc_policy()], ids=["credroot", "vc"])
def test_a_digest_that_cannot_be_compared_is_never_passed_over(policy: Policy) -> None:
    verdict = verify(policy, relatedResource=[STRANGE])

    assert outcome(verdict, CheckId.FORM) == (Result.UNKNOWN, Reason.RELATED_RESOURCE_UNKNOWN)
    assert verdict.word is Word.INDETERMINATE
    assert any("digests" in step for step in verdict.next)


def test_a_digest_of_something_else_is_no_doubt_but_a_fault() -> None:
    verdict = verify(vc_policy(), relatedResource={**STRANGE, "id": "https://www.w3.org/ns/credentials/v2"})

    assert outcome(verdict, CheckId.FORM) == (Result.FAIL, Reason.NOT_A_CREDENTIAL)
    assert verdict.word is Word.INVALID


def test_that_a_schema_was_not_looked_at_is_told() -> None:
    verdict = verify(vc_policy(), credentialSchema={"id": "https://a.example/schema.json", "type": "JsonSchema"})

    assert outcome(verdict, CheckId.FORM) == (Result.PASS, Reason.WELL_FORMED)
    assert any("schemas" in note for note in verdict.notes)


def test_a_digest_that_fits_is_passed() -> None:
    fitting = "sha384-l/HrjlBCNWyAX91hr6LFV2Y3heB5Tcr6IeE4/Tje8YyzYBM8IhqjHWiWpr8+ZbYU"

    verdict = verify(vc_policy(), relatedResource={"id": "https://www.w3.org/ns/credentials/v2", "digestSRI": fitting})

    assert outcome(verdict, CheckId.FORM) == (Result.PASS, Reason.WELL_FORMED)
