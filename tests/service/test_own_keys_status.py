"""Verdicts on what issuers with own keys signed: status lists are signed here, credentials never."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from registry.domain.canonical import canonicalize, parse_object
from registry.domain.evidence import Policy
from registry.domain.slot import LIST_SIZE, Purpose
from registry.domain.verdict import Verdict
from registry.service.checking import OwnWord, verify_here
from registry.service.statuses import Reason, StatusAction, StatusRequest, change_status
from registry.service.submitting import examine_one
from registry.service.verifying import VerifyRequest
from registry.store_ports import CredentialRecord, DidMethod
from tests.own_keys import OwnIssuer, add_own_issuer, order_of, stored, submit
from tests.registry_world import World


def submitted(own: OwnIssuer) -> CredentialRecord:
    """Submit one credential and anchor it."""
    reservation = own.reserve(1)
    submit(own, reservation, own.sign(reservation, 1))
    own.world.anchor()
    return stored(own)[0]


def judge(world: World, document: bytes) -> Verdict:
    word = OwnWord(
        store=world.store,
        clock=world.clock,
        receipts=world.container.receipts,
        status_lists=world.container.status_lists,
    )
    policy = Policy(published_contract=world.container.published_contract)
    request = VerifyRequest(credential=document, policy=policy, resolve_did=True)
    return verify_here(request, verifier=world.container.verifier, own=word)


def revoke(world: World, own: OwnIssuer, credential_id: UUID) -> None:
    request = StatusRequest(action=StatusAction.REVOKE, reason=Reason.ISSUED_IN_ERROR)
    with world.store.write() as unit:
        change_status(world.resources, unit, own.record, credential_id, request, caller=world.admin)


def result(verdict: Verdict, check: str) -> tuple[str, str]:
    (found,) = [item for item in verdict.checks if item.id == check]
    return str(found.result), str(found.reason)


@pytest.mark.parametrize("method", list(DidMethod))
def test_what_was_signed_elsewhere_is_valid(world: World, method: DidMethod) -> None:
    own = add_own_issuer(world, method=method)

    assert str(judge(world, submitted(own).document).word) == "valid"


def test_a_revocation_is_seen_at_once_in_the_list_that_the_registry_signs(world: World) -> None:
    own = add_own_issuer(world)
    record = submitted(own)

    revoke(world, own, record.id)

    verdict = judge(world, record.document)
    assert str(verdict.word) == "revoked"
    assert result(verdict, "revocation")[0] == "fail"
    served = parse_object(world.container.status_lists.serve(Purpose.REVOCATION, record.slot // LIST_SIZE).content)
    assert served["issuer"] == own.record.did


def test_a_list_of_a_did_key_has_the_registry_as_its_issuer_and_the_chain_tells_the_status(world: World) -> None:
    own = add_own_issuer(world, method=DidMethod.KEY)
    record = submitted(own)
    revoke(world, own, record.id)

    served = parse_object(world.container.status_lists.serve(Purpose.REVOCATION, record.slot // LIST_SIZE).content)
    proof: Any = served["proof"]
    before = judge(world, record.document)
    world.clock.advance(minutes=1)
    world.anchor()
    after = judge(world, record.document)

    assert isinstance(served["issuer"], str)
    assert served["issuer"] != own.record.did
    assert proof["verificationMethod"].startswith(f"{served['issuer']}#")
    # Nothing of another's word is believed: until the next epoch the chain says what it said.
    assert str(before.word) == "valid"
    assert str(after.word) == "revoked"


def test_the_registrys_status_key_issues_in_nobodys_name(world: World) -> None:
    own = add_own_issuer(world)
    record = submitted(own)
    with world.store.read() as unit:
        status_key = unit.issuers.status_key(own.record.id)
    line = canonicalize({"credential": parse_object(record.document)})
    forged = own.resign(
        line,
        lambda document: document.__setitem__("id", uuid4().urn),
        signer=world.resources.keys.unlock(status_key.encrypted_key),
        method=status_key.verification_method,
    )

    verdict = judge(world, canonicalize(parse_object(forged)["credential"]))

    assert str(verdict.word) == "invalid"
    assert result(verdict, "issuer") == ("fail", "key-not-listed")


def test_what_was_submitted_once_is_known_again(world: World) -> None:
    own = add_own_issuer(world)
    reservation = own.reserve(1)
    (line,) = own.sign(reservation, 1)
    submit(own, reservation, [line])

    again = examine_one(world.resources, own.record, order_of(reservation), line)

    assert (again.credentials, len(again.already_stored)) == ((), 1)
