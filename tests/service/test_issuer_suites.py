"""Issuers that sign with other suites than the usual one: what they issue and serve is verified by what is published."""

from collections.abc import Sequence

import pytest

from registry.domain.canonical import JsonObject, parse_object
from registry.domain.check import Result
from registry.domain.data_integrity import ASSERTION, Proof, read_proofs
from registry.domain.did_document import parse_did_document
from registry.domain.errors import Malformed
from registry.domain.key_lookup import keys_at_hand
from registry.domain.multikey import KeyAlgorithm
from registry.domain.proof_checking import Expected, ProofsResult, verify_proofs
from registry.domain.slot import LIST_SIZE, Purpose
from registry.service.issuers import IssuerOrder, create_issuer, rotate_key, rotated_algorithm
from registry.store_ports import DidMethod, IssuerRecord
from tests.registry_world import World

CHOICES = [
    (("eddsa-rdfc-2022",), KeyAlgorithm.ED25519),
    (("eddsa-jcs-2022",), KeyAlgorithm.ED25519),
    (("eddsa-rdfc-2022", "eddsa-jcs-2022"), KeyAlgorithm.ED25519),
    (("ecdsa-rdfc-2019",), KeyAlgorithm.P256),
    (("ecdsa-jcs-2019",), KeyAlgorithm.P384),
    (("ecdsa-rdfc-2019", "ecdsa-jcs-2019"), KeyAlgorithm.P384),
]


def add(
    world: World, suites: Sequence[str], algorithm: KeyAlgorithm, method: DidMethod = DidMethod.WEB
) -> IssuerRecord:
    order = IssuerOrder(
        slug="curves", kind="university", did_method=method, profile={"name": "Curves"}, cryptosuites=tuple(suites)
    )
    key = world.resources.keys.generate(algorithm)
    with world.store.write() as unit:
        return create_issuer(world.resources, unit, order, key=key, caller=world.admin)


def verified(world: World, issuer: IssuerRecord, document: JsonObject) -> ProofsResult:
    now = world.clock.now()
    return verify_proofs(
        document,
        expected=Expected(purpose=ASSERTION, moment=now, now=now),
        controller=issuer.did,
        keys=keys_at_hand([parse_did_document(parse_object(issuer.did_document))], purpose=ASSERTION),
        canonical_nquads=world.resources.json_ld.canonical_nquads,
    )


def suites_of(document: JsonObject) -> list[str]:
    return [proof.suite.name for proof in read_proofs(document) if isinstance(proof, Proof)]


@pytest.mark.parametrize("method", list(DidMethod))
@pytest.mark.parametrize(("suites", "algorithm"), CHOICES, ids=lambda value: "+".join(value) if value else "")
def test_what_an_issuer_signs_is_verified_by_its_did_document(
    world: World, suites: tuple[str, ...], algorithm: KeyAlgorithm, method: DidMethod
) -> None:
    issuer = add(world, suites, algorithm, method)
    credential = world.issue(issuer, world.add_achievement(issuer))

    document = parse_object(credential.document)

    assert issuer.cryptosuites == suites
    # Open Badges ask for an array, whatever stands in it.
    assert isinstance(document["proof"], list)
    assert suites_of(document) == list(suites)
    assert verified(world, issuer, document).finding.result is Result.PASS
    subject = document["credentialSubject"]
    assert isinstance(subject, dict)
    changed: JsonObject = {**document, "credentialSubject": {**subject, "narrative": "Better than he was."}}
    assert verified(world, issuer, changed).finding.result is Result.FAIL


@pytest.mark.parametrize(("suites", "algorithm"), CHOICES, ids=lambda value: "+".join(value) if value else "")
def test_a_status_list_has_one_proof_of_the_issuers_first_suite(
    world: World, suites: tuple[str, ...], algorithm: KeyAlgorithm
) -> None:
    issuer = add(world, suites, algorithm)
    credential = world.issue(issuer, world.add_achievement(issuer))

    served = world.container.status_lists.serve(Purpose.REVOCATION, credential.slot // LIST_SIZE)

    document = parse_object(served.content)
    assert isinstance(document["proof"], dict)
    assert suites_of(document) == [suites[0]]
    assert verified(world, issuer, document).finding.result is Result.PASS


def test_the_same_order_signed_twice_by_an_ecdsa_key_is_the_same_proof(world: World) -> None:
    issuer = add(world, ["ecdsa-rdfc-2019"], KeyAlgorithm.P256)
    with world.store.read() as unit:
        key = unit.issuers.active_key(issuer.id)

    signer = world.resources.keys.unlock(key.encrypted_key)

    assert signer.sign(b"data") == signer.sign(b"data")


def test_a_new_key_has_the_algorithm_of_the_old_one(world: World) -> None:
    issuer = add(world, ["ecdsa-jcs-2019"], KeyAlgorithm.P384)

    with world.store.write() as unit:
        assert rotated_algorithm(unit, issuer) is KeyAlgorithm.P384
        key = world.resources.keys.generate(rotated_algorithm(unit, issuer))
        rotated = rotate_key(world.resources, unit, issuer, key=key, compromised=False, caller=world.admin)

    keys = parse_did_document(parse_object(rotated.did_document)).keys
    assert [found.public_key.algorithm for found in keys if found.public_key] == [KeyAlgorithm.P384] * 2
    other = world.resources.keys.generate(KeyAlgorithm.ED25519)
    with world.store.write() as unit, pytest.raises(Malformed, match="expected a key for ecdsa-jcs-2019"):
        rotate_key(world.resources, unit, rotated, key=other, compromised=False, caller=world.admin)


def test_an_issuer_is_not_made_with_a_key_that_its_suites_do_not_take(world: World) -> None:
    with pytest.raises(Malformed, match="expected a key for ecdsa-rdfc-2019"):
        add(world, ["ecdsa-rdfc-2019"], KeyAlgorithm.ED25519)


@pytest.mark.parametrize(
    "suites", [(), ("eddsa-rdfc-2022", "ecdsa-rdfc-2019"), ("Ed25519Signature2020",), ("bbs-2023",)]
)
def test_suites_that_are_not_made_or_not_by_one_key_are_refused(suites: tuple[str, ...]) -> None:
    with pytest.raises(Malformed) as refused:
        IssuerOrder(
            slug="curves", kind="university", did_method=DidMethod.WEB, profile={"name": "C"}, cryptosuites=suites
        )

    assert refused.value.code == "suite-unsupported"
