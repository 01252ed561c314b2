"""What others issue is verified by us, and refused when anything in it was changed."""

import copy
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from registry.domain.canonical import JsonObject, canonicalize
from registry.domain.check import CheckId, Result
from registry.domain.evidence import Policy, Profile
from registry.domain.verdict import Verdict, Word
from registry.service.verifying import VerifyRequest
from registry.store_ports import DidMethod
from tests.bench import peers
from tests.judges.cohort import expected_words, issue_badges, tampered, verifier_over_loopback
from tests.judges.node_judge import NodeJudge
from tests.registry_world import World

SUITES: Final = (
    "eddsa-rdfc-2022",
    "eddsa-jcs-2022",
    "ecdsa-rdfc-2019",
    "ecdsa-rdfc-2019-p384",
    "ecdsa-jcs-2019",
    "ecdsa-jcs-2019-p384",
    "Ed25519Signature2020",
)
BADGES: Final = 20
GENERIC: Final[dict[str, Any]] = {
    "@context": ["https://www.w3.org/ns/credentials/v2"],
    "type": ["VerifiableCredential"],
    "id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33",
    "issuer": "",
    "name": "A membership",
    "description": {"@value": "Ein Beispiel", "@language": "de"},
    "validFrom": "2026-01-01T00:00:00Z",
    "credentialSubject": {"id": "did:example:somebody", "name": "Somebody"},
}


@pytest.fixture(scope="module")
def drafts(world: World) -> list[JsonObject]:
    """Give unsigned badges as varied as ours, without status: it would be another issuer's list."""
    issuer = world.add_issuer("drafts", DidMethod.KEY)
    left_out = {"proof", "credentialStatus"}
    badges = issue_badges(world, issuer, BADGES)
    return [{name: member for name, member in badge.items() if name not in left_out} for badge in badges]


def test_the_suites_are_all_that_digitalbazaar_makes(node_judge: NodeJudge) -> None:
    assert tuple(node_judge.suites()) == SUITES


@pytest.mark.parametrize("suite", SUITES)
def test_what_digitalbazaar_issues_is_verified_and_what_was_changed_is_not(
    world: World, node_judge: NodeJudge, drafts: list[JsonObject], suite: str
) -> None:
    issued = [node_judge.issue(suite, draft) for draft in (*drafts, copy.deepcopy(GENERIC))]

    words = [_verdict(world, credential).word for credential in issued]
    changed = {place: _verdict(world, credential).word for place, credential in tampered(issued)}

    assert words == [Word.VALID] * len(issued)
    assert {place: word for place, word in changed.items() if word not in expected_words(place)} == {}


def test_what_openbadgeslib_issues_is_verified_and_what_was_changed_is_not(world: World) -> None:
    issued = peers.signing()(BADGES)
    world.clock.moment = datetime.now(UTC)
    # Its status lists are nowhere: they were made up.
    for_us = [_verdict(world, credential, fetch_status=False) for credential in issued]
    changed = {place: _verdict(world, badge, fetch_status=False).word for place, badge in tampered(issued)}

    doubts = [
        {check.id: check.result for check in verdict.checks if check.result not in {Result.PASS, Result.SKIPPED}}
        for verdict in for_us
    ]
    assert doubts == [{CheckId.REVOCATION: Result.UNKNOWN}] * BADGES
    assert {place: word for place, word in changed.items() if word not in expected_words(place)} == {}


def _verdict(world: World, credential: JsonObject, *, fetch_status: bool = True) -> Verdict:
    policy = Policy(published_contract=world.container.published_contract, profile=Profile.VC)
    request = VerifyRequest(credential=canonicalize(credential), policy=policy, fetch_status=fetch_status)
    return verifier_over_loopback(world).verify(request)
