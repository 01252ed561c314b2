"""Gathering: published files instead of a receipt, what they may say, and what never stops a verdict."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from registry.adapters.published import open_published
from registry.domain.check import CheckId, Reason, Result
from registry.domain.errors import Unavailable
from registry.domain.slot import Purpose
from registry.domain.verdict import Verdict, Word
from registry.service.verifying import VerifyRequest
from tests.epochs import NOW, Issued, World, build_world
from tests.memory_chain import MemoryChain, memory_chain
from tests.verdicts import default_policy, make_verifier, not_passed, outcome, receipt_bytes


class Case:
    """A world with published files and no receipt at hand."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.chain: MemoryChain = memory_chain()
        self.world: World = build_world(self.chain)
        self.issued: Issued = self.world.issue("Ada", suspendable=True)
        self.other: Issued = self.world.issue("Bob", issuer=self.world.web_issuer)
        self.world.seal()

    def verify(self, issued: Issued | None = None, *, receipt: bytes | None = None) -> Verdict:
        return make_verifier(
            chain=self.chain, issuers=self.world.issuers, published=open_published(str(self.folder))
        ).verify(
            VerifyRequest(
                credential=(issued or self.issued).content,
                receipt=receipt,
                policy=default_policy(),
                resolve_did=True,
            )
        )


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path / "published")


def test_published_files_prove_inclusion_and_status_without_a_receipt(case: Case) -> None:
    case.world.mark(case.other, Purpose.REVOCATION)
    case.world.seal()
    case.world.publish(case.folder)
    case.chain.mine(NOW)

    valid, revoked = case.verify(), case.verify(case.other)

    assert valid.word is Word.VALID, not_passed(valid)
    assert revoked.word is Word.REVOKED, not_passed(revoked)
    assert any("made from the published files" in note for note in valid.notes)


def test_published_files_renew_a_stale_receipt(case: Case) -> None:
    stale = receipt_bytes(case.world.receipt(case.issued))
    case.world.seal()
    case.world.publish(case.folder)
    case.chain.mine(NOW)

    verdict = case.verify(receipt=stale)

    assert verdict.word is Word.VALID
    assert "epoch 2" in verdict.check(CheckId.REVOCATION).sentence


def test_a_revocation_in_published_files_outweighs_an_old_receipt(case: Case) -> None:
    old = receipt_bytes(case.world.receipt(case.issued))
    case.world.mark(case.issued, Purpose.REVOCATION)
    case.world.seal()
    case.world.publish(case.folder)
    case.chain.mine(NOW)

    assert case.verify(receipt=old).word is Word.REVOKED


def test_the_newest_epochs_may_be_unpublished_and_the_one_before_is_used(case: Case) -> None:
    case.world.publish(case.folder)
    case.chain.next_time = NOW - timedelta(minutes=5)
    case.world.seal()
    case.chain.mine(NOW)

    verdict = case.verify()

    assert verdict.word is Word.VALID, not_passed(verdict)
    assert "epoch 1" in verdict.check(CheckId.REVOCATION).sentence


def test_a_credential_in_no_published_epoch_is_not_yet_anchored(case: Case) -> None:
    waiting = case.world.issue("Carol")
    case.world.publish(case.folder)
    case.chain.mine(NOW)

    verdict = case.verify(waiting)

    assert verdict.word is Word.NOT_YET_ANCHORED, not_passed(verdict)
    assert outcome(verdict, CheckId.INCLUSION) == (Result.UNKNOWN, Reason.NO_RECEIPT)


def test_a_credential_in_a_young_unpublished_epoch_is_not_yet_anchored(case: Case) -> None:
    case.world.publish(case.folder)
    young = case.world.issue("Carol")
    case.chain.next_time = NOW - timedelta(minutes=59)
    case.world.seal()
    case.chain.mine(NOW)

    assert case.verify(young).word is Word.NOT_YET_ANCHORED


def test_a_gap_in_old_published_epochs_leaves_it_open(case: Case) -> None:
    case.world.publish(case.folder)
    hidden = case.world.issue("Carol")
    case.chain.next_time = NOW - timedelta(hours=1)
    case.world.seal()
    case.chain.mine(NOW)

    verdict = case.verify(hidden)

    assert verdict.word is Word.INDETERMINATE, not_passed(verdict)
    assert any("[2]" in note for note in verdict.notes)


def test_without_a_chain_published_files_say_nothing(case: Case) -> None:
    waiting = case.world.issue("Carol")
    case.world.publish(case.folder)
    case.chain.failure = Unavailable("rpc-transport", "no answer")

    assert case.verify(waiting).word is Word.INDETERMINATE


def test_a_chain_that_fails_half_way_leaves_the_verdict_open(case: Case) -> None:
    waiting = case.world.issue("Carol")
    case.world.publish(case.folder, epochs=[])
    case.chain.mine(NOW)
    case.chain.searchable = False

    verdict = case.verify(waiting)

    assert outcome(verdict, CheckId.SIGNATURE) == (Result.PASS, Reason.SIGNED)
    assert verdict.word is Word.INDETERMINATE


def test_an_epoch_published_ahead_of_the_block_is_not_yet_anchored(case: Case) -> None:
    later = case.world.issue("Carol")
    case.world.seal()
    case.world.publish(case.folder)
    case.chain.blocks.pop()
    case.chain.blocks[-1] = replace(case.chain.blocks[-1], time=NOW)

    verdict = case.verify(later)

    assert outcome(verdict, CheckId.ANCHOR) == (Result.UNKNOWN, Reason.EPOCH_NOT_REACHED)
    assert verdict.word is Word.NOT_YET_ANCHORED


def test_published_files_of_another_log_are_not_used(case: Case) -> None:
    other = build_world(memory_chain(contract="0x" + "ab" * 20))
    other.issue("elsewhere")
    other.seal()
    other.publish(case.folder)
    case.chain.mine(NOW)

    verdict = case.verify()

    assert verdict.word is Word.INDETERMINATE
    assert any("not of the credential's log" in note for note in verdict.notes)


@pytest.mark.parametrize("file", ["log.json", "epochs/1/manifest.json", "epochs/1/batch-0.bin", "issuers"])
def test_broken_published_files_are_noted_and_prove_nothing(case: Case, file: str) -> None:
    case.world.publish(case.folder)
    case.chain.mine(NOW)
    place = case.folder / file
    for path in [place] if place.is_file() else list(place.iterdir()):
        path.write_bytes(b"{}")

    verdict = case.verify()

    assert verdict.word is Word.INDETERMINATE, not_passed(verdict)
    assert any("could not be used" in note for note in verdict.notes)


def test_files_of_a_document_without_a_slot_are_not_looked_at(case: Case) -> None:
    case.world.publish(case.folder)
    case.chain.mine(NOW)

    verdict = make_verifier(chain=case.chain, published=open_published(str(case.folder))).verify(
        VerifyRequest(credential=b'{"type": []}', policy=default_policy())
    )

    assert verdict.word is Word.INVALID
    assert verdict.block is None


def test_a_document_without_issuer_is_not_looked_for(case: Case) -> None:
    case.world.publish(case.folder)
    case.chain.mine(NOW)
    anonymous = {name: member for name, member in case.issued.document.items() if name != "issuer"}

    verdict = case.verify(replace(case.issued, document=anonymous))

    assert verdict.word is Word.INVALID
    assert outcome(verdict, CheckId.INCLUSION) == (Result.UNKNOWN, Reason.NO_RECEIPT)
