"""What we issue is accepted by verifiers nobody here wrote, and refused by them when anything in it was changed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import pytest

from registry.domain.canonical import JsonObject, canonicalize, parse_object
from registry.domain.check import CheckId, Result
from registry.domain.evidence import Policy, Profile
from registry.domain.multikey import KeyAlgorithm
from registry.domain.verdict import Verdict
from registry.service.statuses import Reason, StatusAction, StatusRequest, change_status
from registry.service.verifying import VerifyRequest
from registry.store_ports import DidMethod
from tests.judges.cohort import BADGES, expected_words, issue_badges, tampered, verifier_over_loopback
from tests.judges.node_judge import NodeJudge, Opinion
from tests.judges.python_judges import openbadgeslib_opinion, openvc_opinion
from tests.registry_world import World

Judge = Callable[[NodeJudge, JsonObject], Opinion]

JUDGES: Final[dict[str, Judge]] = {
    "digitalbazaar": lambda node, badge: node.opinion("digitalbazaar", badge),
    "verifier-core": lambda node, badge: node.opinion("verifier-core", badge),
    "openbadgeslib": lambda _, badge: openbadgeslib_opinion(badge),
    "openvc-core": lambda _, badge: openvc_opinion(badge),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """Suites that badges are signed with, and the judges that read them."""

    suites: tuple[str, ...]
    algorithm: KeyAlgorithm = KeyAlgorithm.ED25519
    judges: tuple[str, ...]


SIGNINGS: Final = {
    "rdfc": Signing(suites=("eddsa-rdfc-2022",), judges=tuple(JUDGES)),
    # openbadgeslib takes the first proof it knows of a set, verifier-core passes over the one it does not.
    "set": Signing(suites=("eddsa-rdfc-2022", "eddsa-jcs-2022"), judges=tuple(JUDGES)),
    "jcs": Signing(suites=("eddsa-jcs-2022",), judges=("digitalbazaar", "openvc-core")),
    "ecdsa-rdfc-p256": Signing(
        suites=("ecdsa-rdfc-2019",), algorithm=KeyAlgorithm.P256, judges=("digitalbazaar", "openvc-core")
    ),
    # openvc-core names blank nodes by SHA-256 under a P-384 key too; the W3C's vectors and digitalbazaar take SHA-384.
    "ecdsa-rdfc-p384": Signing(suites=("ecdsa-rdfc-2019",), algorithm=KeyAlgorithm.P384, judges=("digitalbazaar",)),
    "ecdsa-jcs-p256": Signing(
        suites=("ecdsa-jcs-2019",), algorithm=KeyAlgorithm.P256, judges=("digitalbazaar", "openvc-core")
    ),
    "ecdsa-jcs-p384": Signing(
        suites=("ecdsa-jcs-2019",), algorithm=KeyAlgorithm.P384, judges=("digitalbazaar", "openvc-core")
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """Badges of one issuer, and the same with something changed in each."""

    badges: list[JsonObject]
    changed: list[tuple[str, JsonObject]]


@pytest.fixture(scope="module")
def cohorts(world: World) -> dict[str, Cohort]:
    """Issue a hundred badges in each way of signing."""

    def make() -> Iterator[tuple[str, Cohort]]:
        for name, signing in SIGNINGS.items():
            issuer = world.add_issuer(name, DidMethod.KEY, signing.suites, signing.algorithm)
            badges = issue_badges(world, issuer)
            yield name, Cohort(badges=badges, changed=list(tampered(badges)))

    return dict(make())


@pytest.mark.parametrize(
    ("name", "judge"), [(name, judge) for name, signing in SIGNINGS.items() for judge in signing.judges]
)
def test_a_hundred_varied_badges_are_accepted_and_a_hundred_tampered_ones_refused(
    cohorts: dict[str, Cohort], node_judge: NodeJudge, name: str, judge: str
) -> None:
    cohort = cohorts[name]

    refused = [JUDGES[judge](node_judge, badge).why for badge in cohort.badges]
    asked = [(place, badge) for place, badge in cohort.changed if _is_read(judge, place, SIGNINGS[name].suites)]
    accepted = [place for place, badge in asked if JUDGES[judge](node_judge, badge).accepted]

    assert [why for why in refused if why] == []
    assert accepted == []
    assert len(refused) == len(cohort.changed) == BADGES
    assert len(asked) >= BADGES * 0.6


@pytest.mark.parametrize("name", SIGNINGS)
def test_we_judge_our_badges_as_the_others_do(world: World, cohorts: dict[str, Cohort], name: str) -> None:
    judge = _judge(world)
    doubts = [_doubts(judge(badge)) for badge in cohorts[name].badges]
    changed = {place: judge(badge).word for place, badge in cohorts[name].changed}

    # Their log's chain is not asked here: a served list alone does not show that nothing is revoked.
    assert [doubt for doubt in doubts if doubt != {CheckId.REVOCATION: Result.UNKNOWN}] == []
    assert {place: word for place, word in changed.items() if word not in expected_words(place)} == {}


def test_a_badge_that_can_be_suspended_is_accepted_by_all_but_the_open_badges_schema(
    world: World, node_judge: NodeJudge
) -> None:
    issuer = world.add_issuer("suspending", DidMethod.KEY)
    achievement = world.add_achievement(issuer, suspension=True)
    badge = parse_object(world.issue(issuer, achievement).document)

    assert node_judge.opinion("digitalbazaar", badge).accepted
    assert openbadgeslib_opinion(badge).accepted
    assert openvc_opinion(badge).accepted
    schema = node_judge.opinion("verifier-core", badge)
    # Documented: docs/decisions/0013-open-badges-and-suspension.md.
    assert not schema.accepted
    assert schema.why.startswith("schema: ")
    assert "/credentialStatus" in schema.why


def test_a_revoked_badge_is_refused_by_all(world: World, node_judge: NodeJudge) -> None:
    issuer = world.add_issuer("revoking", DidMethod.KEY)
    achievement = world.add_achievement(issuer, suspension=False)
    credential = world.issue(issuer, achievement)
    badge = parse_object(credential.document)
    before = {name: judge(node_judge, badge).accepted for name, judge in JUDGES.items()}
    request = StatusRequest(action=StatusAction.REVOKE, reason=Reason.ISSUED_IN_ERROR)
    with world.store.write() as unit:
        change_status(world.resources, unit, issuer, credential.id, request, caller=world.admin)

    after = {name: judge(node_judge, badge).accepted for name, judge in JUDGES.items()}

    assert set(before.values()) == {True}
    assert set(after.values()) == {False}


def _is_read(judge: str, place: str, suites: tuple[str, ...]) -> bool:
    """Tell whether a judge looks at a place at all: what it passes over it cannot find changed. We look at all."""
    in_proof = place.startswith("proof/")
    if judge == "openvc-core":
        # It takes the document's contexts for the proof's, which JCS proofs repeat.
        return not (in_proof and "@context" in place)
    # Of a set, one proof that holds is enough for the others.
    return not (in_proof and len(suites) > 1)


def _doubts(verdict: Verdict) -> dict[CheckId, Result]:
    settled = {Result.PASS, Result.SKIPPED}
    return {check.id: check.result for check in verdict.checks if check.result not in settled}


def _judge(world: World) -> Callable[[JsonObject], Verdict]:
    policy = Policy(published_contract=world.container.published_contract, profile=Profile.VC)
    verifier = verifier_over_loopback(world)

    def judge(badge: JsonObject) -> Verdict:
        return verifier.verify(VerifyRequest(credential=canonicalize(badge), policy=policy, fetch_status=True))

    return judge
