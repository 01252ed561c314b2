"""Bringing receipts up to date with a node and, where there are some, published files."""

from dataclasses import replace
from pathlib import Path

import pytest

from registry.adapters.published import open_published
from registry.chain_ports import PublishedSource
from registry.domain.canonical import canonicalize
from registry.domain.errors import Refused, Unavailable
from registry.domain.manifest import LogFile
from registry.domain.receipt import Receipt
from registry.domain.slot import Purpose
from registry.domain.verdict import Word
from registry.service.renewing import Renewed, renew
from registry.service.verifying import VerifyRequest
from tests.epochs import Issued, World, build_world
from tests.light_case import HandProver
from tests.memory_chain import MemoryChain, memory_chain
from tests.verdicts import default_policy, make_verifier


@pytest.fixture
def chain() -> MemoryChain:
    return memory_chain()


@pytest.fixture
def world(chain: MemoryChain) -> World:
    return build_world(chain)


@pytest.fixture
def issued(world: World) -> Issued:
    made = world.issue("Ada", suspendable=True)
    world.seal()
    return made


def published(world: World, folder: Path) -> PublishedSource:
    return open_published(str(world.publish(folder)))


def word(issued: Issued, renewed: Renewed) -> Word:
    request = VerifyRequest(
        credential=issued.content,
        receipt=canonicalize(renewed.receipt.to_json()),
        policy=replace(default_policy(), block_hash=renewed.proof.block.hash),
    )
    return make_verifier(chain=None).verify(request).word


def test_a_receipt_gets_a_light_part_and_the_newest_status_that_is_published(
    chain: MemoryChain, world: World, issued: Issued, tmp_path: Path
) -> None:
    old = world.receipt(issued)
    world.mark(issued, Purpose.SUSPENSION)
    world.seal()
    world.seal()

    without = renew(old, prover=HandProver(chain=chain), published=None)
    renewed = renew(old, prover=HandProver(chain=chain), published=published(world, tmp_path))

    assert [proof.epoch for proof in without.receipt.status] == [1, 1]
    assert renewed.receipt.status == world.status(issued, epoch=3)
    assert (word(issued, without), word(issued, renewed)) == (Word.INDETERMINATE, Word.SUSPENDED)


def test_a_status_that_is_the_newest_published_stays(
    chain: MemoryChain, world: World, issued: Issued, tmp_path: Path
) -> None:
    receipt = world.receipt(issued)

    renewed = renew(receipt, prover=HandProver(chain=chain), published=published(world, tmp_path))

    assert renewed.receipt == replace(receipt, light=renewed.proof.part)
    assert word(issued, renewed) is Word.VALID


def test_a_receipt_without_status_is_renewed_as_far_as_it_goes(
    chain: MemoryChain, world: World, issued: Issued, tmp_path: Path
) -> None:
    world.seal()
    receipt: Receipt = replace(world.receipt(issued), status=())

    renewed = renew(receipt, prover=HandProver(chain=chain), published=published(world, tmp_path))

    assert renewed.receipt.status == ()
    assert word(issued, renewed) is Word.INDETERMINATE


def test_published_files_that_are_empty_change_nothing(
    chain: MemoryChain, world: World, issued: Issued, tmp_path: Path
) -> None:
    (world.publish(tmp_path, epochs=[]) / "epochs").mkdir()

    renewed = renew(world.receipt(issued), prover=HandProver(chain=chain), published=open_published(str(tmp_path)))

    assert word(issued, renewed) is Word.VALID


def test_published_files_of_another_log_are_refused(
    chain: MemoryChain, world: World, issued: Issued, tmp_path: Path
) -> None:
    other = LogFile(log=replace(world.log, number=2), deploy_block=0)
    source = published(world, tmp_path)
    (tmp_path / "log.json").write_bytes(canonicalize(other.to_json()))

    with pytest.raises(Refused) as caught:
        renew(world.receipt(issued), prover=HandProver(chain=chain), published=source)

    assert caught.value.code == "other-log"


def test_without_a_node_nothing_is_renewed(chain: MemoryChain, world: World, issued: Issued) -> None:
    chain.failure = Unavailable("rpc-transport", "the node is down")

    with pytest.raises(Unavailable):
        renew(world.receipt(issued), prover=HandProver(chain=chain), published=None)
