"""Receipts with light parts: the captured one where it is of the receipt's epochs, a new one when asked for."""

import pytest
from eth_utils.crypto import keccak

from registry.chain_ports import LightProof
from registry.domain.canonical import canonicalize
from registry.domain.errors import NotFound, Unavailable
from registry.domain.evidence import Policy
from registry.domain.receipt import Receipt, parse_receipt
from registry.domain.verdict import Verdict, Word
from registry.service.proving import Receipts
from registry.service.verifying import VerifyRequest
from registry.store_ports import CredentialRecord
from tests.light_case import HandProver
from tests.registry_world import World


@pytest.fixture
def credential(world: World) -> CredentialRecord:
    issuer = world.add_issuer()
    made = world.issue(issuer, world.add_achievement(issuer))
    world.clock.advance(minutes=10)
    world.anchor()
    return world.get(made)


def capture(world: World, epoch: int) -> LightProof:
    """Keep the light part of an epoch, as the worker does."""
    with world.store.read() as unit:
        log = unit.access.log().name
    proof = HandProver(chain=world.chain).prove_newest(log, anchor_epoch=epoch, status_epoch=epoch)
    with world.store.write() as writer:
        writer.light_proofs.keep(epoch, proof.part, block_hash=proof.block.hash, captured_at=world.clock.now())
    return proof


def judge(world: World, credential: CredentialRecord, receipt: Receipt) -> Verdict:
    assert receipt.light is not None
    return world.container.verifier.verify(
        VerifyRequest(
            credential=credential.document,
            receipt=canonicalize(receipt.to_json()),
            resolve_did=True,
            policy=Policy(
                published_contract=world.container.published_contract, block_hash=keccak(receipt.light.header)
            ),
        )
    )


def test_a_receipt_of_the_newest_epoch_has_the_light_part_that_was_captured(
    world: World, credential: CredentialRecord
) -> None:
    before = world.container.receipts.of_leaf(credential.leaf)
    proof = capture(world, 1)

    receipt = world.container.receipts.of_leaf(credential.leaf)

    assert before.light is None
    assert receipt.light == proof.part
    assert parse_receipt(canonicalize(receipt.to_json())).light == proof.part
    assert judge(world, credential, receipt).word is Word.VALID


def test_a_light_part_of_an_epoch_before_the_newest_goes_with_no_receipt(
    world: World, credential: CredentialRecord
) -> None:
    capture(world, 1)
    world.clock.advance(minutes=10)
    world.anchor()
    capture(world, 2)

    assert world.container.receipts.of_leaf(credential.leaf).light is None


def test_a_light_part_is_made_at_the_newest_final_block_when_asked_for(
    world: World, credential: CredentialRecord
) -> None:
    captured = capture(world, 1)
    world.clock.advance(minutes=10)
    world.anchor()

    receipt = world.container.receipts.with_newest_light(credential.leaf)

    assert receipt.light not in (None, captured.part)
    assert {proof.epoch for proof in receipt.status} == {2}
    assert judge(world, credential, receipt).word is Word.VALID


def test_without_a_node_that_proves_it_there_is_none(world: World, credential: CredentialRecord) -> None:
    world.chain.failure = Unavailable("rpc-transport", "the node is down")

    for receipts, code in ((Receipts(world.store), "no-rpc"), (world.container.receipts, "rpc-transport")):
        with pytest.raises(Unavailable) as caught:
            receipts.with_newest_light(credential.leaf)
        assert caught.value.code == code


def test_no_node_is_asked_about_a_leaf_that_was_never_issued(world: World) -> None:
    world.chain.failure = Unavailable("rpc-transport", "the node is down")

    with pytest.raises(NotFound):
        world.container.receipts.with_newest_light(world.seal()[1])


def test_a_captured_light_part_comes_back_as_it_was_kept_and_is_kept_once(
    world: World, credential: CredentialRecord
) -> None:
    first = capture(world, 1)
    world.clock.advance(minutes=1)
    world.chain.mine(world.clock.now())
    second = capture(world, 1)

    with world.store.read() as unit:
        assert unit.light_proofs.of_epoch(1) == first.part != second.part
        assert unit.light_proofs.of_epoch(2) is None
