"""Nobody convicts an honest registry: each attempt reverts by its own error, and the search finds nothing to report."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

import pytest
from eth_account import Account
from web3 import Web3

from registry.adapters.artifacts import load_artifact
from registry.adapters.court import encode_answer, encode_call, encode_report
from registry.adapters.promise_signatures import sign_promise
from registry.domain.contract_proofs import encode_status_proof
from registry.domain.fraud import BrokenInclusion, BrokenRevocation, EntryProof
from registry.domain.hashing import ZERO_DIGEST, Digest, hash_pair
from registry.domain.promise import Promise
from registry.domain.slot import SLOT_LIMIT, Purpose
from registry.domain.status import ZERO_ROOTS
from tests.anvil import ANVIL_CHAIN_ID
from tests.court_case import BOND_WEI, CourtCase
from tests.epochs import Issued
from tests.frauds import PROMISE_KEY, entry_of_receipt, promise
from tests.node_chain import node_chain

pytestmark = pytest.mark.chain


@dataclass(frozen=True, slots=True, kw_only=True)
class Honest:
    """Ada is revoked and Bela suspended in epoch 2, which lifts it in epoch 3; epoch 4 repeats the root of epoch 3."""

    court: CourtCase
    ada: Issued
    bela: Issued

    @property
    def log(self) -> int:
        """The number of the log."""
        return self.court.world.log.number

    def status(self, issued: Issued, epoch: int, purpose: Purpose = Purpose.REVOCATION) -> tuple[int, bytes]:
        """A status proof as the contract reads it."""
        return epoch, encode_status_proof(self.court.world.prove(issued.slot, purpose, epoch=epoch))

    def entry(self, issued: Issued) -> tuple[int, Digest, bytes]:
        """An entry as the contract reads it."""
        return contract_entry(entry_of_receipt(self.court.world.receipt(issued)))

    def unrevocation(
        self, revoked: tuple[int, bytes], unrevoked: tuple[int, bytes], *, slot: int | None = None
    ) -> bytes:
        """A report of a revocation taken back from Ada."""
        place = self.ada.slot if slot is None else slot
        return encode_call("reportUnrevocation", self.log, place, revoked, unrevoked)

    def reuse(self, *entries: tuple[int, Digest, bytes], slot: int | None = None) -> bytes:
        """A report that Ada's slot was filled twice."""
        return encode_call("reportSlotReuse", self.log, self.ada.slot if slot is None else slot, *entries)

    def promised(self, *, epoch: int = 2, slot: int | None = None) -> Promise:
        """The promise to revoke Ada by epoch 2, which was kept."""
        return self.court.promise(slot=self.ada.slot if slot is None else slot, epoch=epoch)


def contract_entry(entry: EntryProof, *, sides: int | None = None) -> tuple[int, Digest, bytes]:
    """Write an entry without checking its form, as an attacker does."""
    steps = entry.path[1:]
    bits = sum(1 << number for number, step in enumerate(steps) if step.side == "right") if sides is None else sides
    return entry.epoch, entry.leaf, bits.to_bytes(8, "big") + b"".join(step.sibling for step in steps)


@pytest.fixture
def honest(court: CourtCase) -> Honest:
    world = court.world
    ada, bela = world.issue("Ada"), world.issue("Bela", suspendable=True)
    world.seal()
    world.mark(ada, Purpose.REVOCATION)
    world.mark(bela, Purpose.SUSPENSION)
    world.issue("Chen")
    world.seal()
    world.mark(bela, Purpose.SUSPENSION, value=False)
    world.seal()
    # A quiet log that has promised an epoch: the same root again, with a manifest that repeats it.
    world.seal()
    court.publish()
    return Honest(court=court, ada=ada, bela=bela)


ATTEMPTS: Final[dict[str, tuple[str, Callable[[Honest], bytes]]]] = {
    "a revocation that stands": (
        "StatusIsAsItShould",
        lambda it: it.unrevocation(it.status(it.ada, 2), it.status(it.ada, 3)),
    ),
    "the time before it": ("EpochIsNotLater", lambda it: it.unrevocation(it.status(it.ada, 2), it.status(it.ada, 1))),
    "a suspension that was lifted": (
        "ProofLeadsElsewhere",
        lambda it: it.unrevocation(
            it.status(it.bela, 2, Purpose.SUSPENSION), it.status(it.bela, 3, Purpose.SUSPENSION), slot=it.bela.slot
        ),
    ),
    "a slot beyond 2^37": (
        "SlotIsOutOfRange",
        lambda it: it.unrevocation(it.status(it.ada, 2), it.status(it.ada, 3), slot=it.ada.slot + SLOT_LIMIT),
    ),
    "an entry's slot beyond 2^37": (
        "SlotIsOutOfRange",
        lambda it: it.reuse(it.entry(it.ada), it.entry(it.bela), slot=it.ada.slot + SLOT_LIMIT),
    ),
    "an epoch that is not there": (
        "EpochIsNotAnchored",
        lambda it: it.unrevocation(it.status(it.ada, 2), (9, it.status(it.ada, 3)[1])),
    ),
    "the same credential twice": ("LeavesAreTheSame", lambda it: it.reuse(it.entry(it.ada), it.entry(it.ada))),
    "another slot's credential": ("ProofLeadsElsewhere", lambda it: it.reuse(it.entry(it.ada), it.entry(it.bela))),
    "a batch header": ("ProofLeadsElsewhere", lambda it: it.reuse(it.entry(it.ada), header_entry(it))),
    "a subtree as a leaf": ("SiblingIsASlotWord", lambda it: it.reuse(it.entry(it.ada), grafted_entry(it))),
    "a zero chunk as the leaf of slot 0": (
        "PathHasWrongSides",
        lambda it: it.reuse(chunk_entry(it, lie=False), it.entry(it.ada), slot=0),
    ),
    "a zero chunk with the status root said to be on the right": (
        "ProofLeadsElsewhere",
        lambda it: encode_call(
            "reportSlotReuse",
            it.log,
            0,
            chunk_entry(it, lie=True),
            (1, Digest(b"\1" * 32), chunk_entry(it, lie=True)[2]),
        ),
    ),
    "a promise that was kept": (
        "StatusIsAsItShould",
        lambda it: report_revocation(it, it.promised(), it.status(it.ada, 2)),
    ),
    "a promise replayed in a quiet epoch": (
        "StatusIsAsItShould",
        lambda it: report_revocation(it, it.promised(epoch=4), it.status(it.ada, 4)),
    ),
    "the time before the promise": (
        "EpochIsBeforeThePromise",
        lambda it: report_revocation(it, it.promised(), it.status(it.ada, 1)),
    ),
    "a promise for another slot": (
        "PromiseIsNotSigned",
        lambda it: report_revocation(it, forged(it.promised(slot=5), slot=it.bela.slot), it.status(it.bela, 4)),
    ),
    "a promise of an epoch that came": ("PromiseIsPending", lambda it: overdue(it.promised())),
    "a promise whose time has not come": ("PromiseIsPending", lambda it: overdue(it.promised(epoch=9))),
    "a promise that nobody of the log signed": (
        "PromiseIsNotSigned",
        lambda it: overdue(sign_promise(it.promised(epoch=9).terms, Account.from_key(b"\x08" * 32))),
    ),
    "a promise made on another chain": ("PromiseIsNotSigned", lambda it: overdue(elsewhere(it, chain_id=1))),
    "a promise made for another court": (
        "PromiseIsNotSigned",
        lambda it: overdue(promise(it.court.world.log, slot=7, epoch=9, court=f"0x{'ab' * 20}")),
    ),
    "a promise of another log's": ("PromiseIsNotSigned", lambda it: overdue(elsewhere(it, number=it.log + 1_000))),
    "a challenge before the epoch": (
        "PromiseIsPending",
        lambda it: encode_report(
            BrokenInclusion(promise=it.court.promise(leaf=it.ada.leaf, slot=it.ada.slot, epoch=9))
        ),
    ),
    "a challenge without a stake": (
        "StakeIsTooSmall",
        lambda it: encode_report(
            BrokenInclusion(promise=it.court.promise(leaf=it.ada.leaf, slot=it.ada.slot, epoch=1))
        ),
    ),
    "a time-out of no challenge": (
        "ChallengeIsNotOpen",
        lambda it: encode_call("claimTimeout", it.log, it.ada.leaf, it.ada.slot),
    ),
}


def header_entry(it: Honest) -> tuple[int, Digest, bytes]:
    """The header of Ada's batch, said to stand under her slot."""
    receipt = it.court.world.receipt(it.ada)
    return contract_entry(EntryProof(epoch=1, leaf=receipt.header.leaf(), root=receipt.root, path=receipt.header_path))


def grafted_entry(it: Honest) -> tuple[int, Digest, bytes]:
    """A path with two slot words: its leaf may be a subtree."""
    epoch, leaf, path = it.entry(it.ada)
    sides = int.from_bytes(path[:8], "big") << 1 | 1
    return epoch, Digest(leaf[::-1]), sides.to_bytes(8, "big") + bytes(32) + path[8:]


def chunk_entry(it: Honest, *, lie: bool) -> tuple[int, Digest, bytes]:
    """The first, empty, chunk of a status tree, whose neighbour spells the word of slot 0."""
    proof = it.court.world.prove(0, Purpose.SUSPENSION, epoch=1)
    # It is on the right of the revocation root, and all of the status on the right of the credentials root.
    siblings = [*ZERO_ROOTS[1:29], proof.other_root, proof.credentials_root]
    assert hash_pair(proof.credentials_root, hash_pair(proof.other_root, ZERO_ROOTS[29])) == proof.root
    sides = (1 << 28) - 1
    written = sides | 1 << 29 if lie else sides
    return 1, ZERO_DIGEST, written.to_bytes(8, "big") + b"".join(siblings)


def report_revocation(it: Honest, promised: Promise, shown: tuple[int, bytes]) -> bytes:
    """A report of a broken promise, without the check that the evidence shows anything."""
    terms = promised.terms
    struct = (terms.log.number, terms.slot, terms.epoch, terms.deadline_seconds)
    return encode_call("reportBrokenRevocation", struct, (promised.signature[:32], promised.signature[32:]), shown)


def overdue(promised: Promise) -> bytes:
    return encode_report(BrokenRevocation(promise=promised, unrevoked=None))


def forged(promised: Promise, *, slot: int) -> Promise:
    """The same signature under other terms."""
    return replace(promised, terms=replace(promised.terms, slot=slot))


def elsewhere(it: Honest, *, chain_id: int = ANVIL_CHAIN_ID, number: int | None = None) -> Promise:
    """A promise signed for another chain or log, said to be of this one."""
    log = it.court.world.log
    foreign = replace(log, chain_id=chain_id, number=number or log.number)
    signed = promise(foreign, slot=7, epoch=9, deadline=it.court.node.now() - timedelta(days=1))
    return replace(signed, terms=replace(signed.terms, log=log))


@pytest.mark.parametrize(("error", "attempt"), ATTEMPTS.values(), ids=ATTEMPTS)
def test_an_attempt_reverts_by_its_own_error(honest: Honest, error: str, attempt: Callable[[Honest], bytes]) -> None:
    assert honest.court.node.refusal(attempt(honest)) == error


def test_the_search_finds_nothing_against_an_honest_registry(honest: Honest) -> None:
    court = honest.court
    receipts = [word for one in (honest.ada, honest.bela) for word in ("--receipt", court.receipt(one))]
    promises = [
        honest.promised(),
        honest.promised(epoch=4),
        court.promise(leaf=honest.bela.leaf, slot=honest.bela.slot, epoch=4),
        court.promise(leaf=honest.bela.leaf, slot=honest.bela.slot, epoch=9),
    ]
    words = [word for at, one in enumerate(promises) for word in ("--promise", court.write(f"p{at}", one.to_json()))]

    done = court.report(*receipts, *words)

    assert (done.exit_code, done.text.count("was kept")) == (0, 4), done.text + done.errors
    assert (court.marks(), court.bond_wei(), court.transactions()) == ((), BOND_WEI, 0)


def test_the_promises_of_a_retired_key_are_reportable_for_sixty_days(honest: Honest) -> None:
    court = honest.court
    promised = honest.court.promise(slot=7, epoch=9)
    evidence = court.write("promise", promised.to_json())
    court.node.court(court.owner, "retireKey", honest.log, PROMISE_KEY.address)
    court.node.pass_time(days=59)
    in_time, found = court.node.refusal(overdue(promised)), court.prove("--promise", evidence, published=False)
    court.node.pass_time(days=2)

    too_late, nothing = court.node.refusal(overdue(promised)), court.prove("--promise", evidence, published=False)

    assert (in_time, found.exit_code) == (None, 1)
    assert (too_late, nothing.exit_code) == ("PromiseIsNotSigned", 0)
    assert "was retired" in nothing.text


def test_a_promise_of_a_key_that_was_never_registered_is_none(honest: Honest) -> None:
    stranger = Account.from_key(b"\x08" * 32)
    signed = sign_promise(honest.court.promise(slot=honest.bela.slot, epoch=2).terms, stranger)

    done = honest.court.report("--promise", honest.court.write("promise", signed.to_json()))

    assert (done.exit_code, honest.court.transactions()) == (0, 0)
    assert "is no promise key of the log" in done.text


def test_what_no_key_signed_or_another_court_was_to_take_is_no_promise(honest: Honest) -> None:
    court = honest.court
    terms = court.promise(slot=honest.bela.slot, epoch=2).terms
    unsigned = replace(sign_promise(terms, PROMISE_KEY), signature=b"\xff" * 64)
    foreign = sign_promise(replace(terms, court=f"0x{'ab' * 20}"), PROMISE_KEY)
    words = [
        word
        for at, one in enumerate((unsigned, foreign))
        for word in ("--promise", court.write(f"p{at}", one.to_json()))
    ]

    done = court.report(*words)

    assert (done.exit_code, court.transactions()) == (0, 0)
    assert "the promise is not signed" in done.text
    assert "for another court" in done.text


def test_an_answered_challenge_is_made_once_and_for_all(honest: Honest) -> None:
    court = honest.court
    promised = court.promise(leaf=honest.ada.leaf, slot=honest.ada.slot, epoch=1)
    challenge, stake = encode_report(BrokenInclusion(promise=promised)), court.stake_wei()
    owed = encode_answer(court.world.log, slot=honest.ada.slot, entry=entry_of_receipt(court.world.receipt(honest.ada)))
    timeout = encode_call("claimTimeout", honest.log, honest.ada.leaf, honest.ada.slot)
    call = {"to": court.node.web3.to_checksum_address(load_artifact("FraudCourt").address)}
    assert court.node.send(court.reporter, to=call["to"], data=challenge, value=stake)["status"] == 1
    early = court.node.refusal(timeout)
    assert court.node.send(court.owner, to=call["to"], data=owed)["status"] == 1
    court.node.pass_time(days=8)

    refusals = [
        court.node.refusal(data, value=stake if data is challenge else 0) for data in (challenge, owed, timeout)
    ]

    assert early == "ChallengeIsPending"
    assert refusals == ["ChallengeWasMade", "ChallengeIsNotOpen", "ChallengeIsNotOpen"]
    assert (court.marks(), court.bond_wei()) == ((), BOND_WEI)


def test_a_proof_pays_once(court: CourtCase) -> None:
    ada = court.world.issue("Ada")
    court.world.seal()
    court.publish()
    broken = court.promise(slot=ada.slot, epoch=1)
    evidence = BrokenRevocation(promise=broken, unrevoked=court.world.prove(ada.slot, Purpose.REVOCATION, epoch=1))
    address = load_artifact("FraudCourt").address
    assert court.node.send(court.reporter, to=address, data=encode_report(evidence))["status"] == 1

    again = court.node.refusal(encode_report(evidence))
    another_bond = court.node.send(
        court.owner, to=address, data=encode_call("postBond", court.world.log.number), value=BOND_WEI
    )

    assert again == "LogIsMarked"
    assert another_bond["status"] == 0


def test_a_log_that_a_stranger_opens_for_the_registrys_account_changes_nothing(honest: Honest) -> None:
    court = honest.court
    stranger = court.node.new_account()
    chain = node_chain(court.node.url, stranger, chain_id=ANVIL_CHAIN_ID)
    artifact = load_artifact()
    contract = court.node.web3.eth.contract(address=Web3.to_checksum_address(artifact.address), abi=artifact.abi)
    opening = Web3.to_bytes(hexstr=contract.encode_abi("openLog", args=[court.owner.address]))
    assert court.node.send(stranger, to=artifact.address, data=opening)["status"] == 1
    theirs = chain.log.number + 1
    court.node.court(stranger, "registerKey", theirs, PROMISE_KEY.address)

    court.world.issue("Dora")
    anchor = court.world.seal().manifest.anchor
    court.publish()
    done = court.report("--promise", court.write("promise", honest.promised().to_json()))

    assert (anchor.log, anchor.epoch) == (court.world.log, 5)
    assert (
        court.node.refusal(
            encode_call(
                "reportUnrevocation",
                theirs,
                honest.ada.slot,
                honest.status(honest.ada, 2),
                honest.status(honest.ada, 3),
            )
        )
        == "EpochIsNotAnchored"
    )
    assert (done.exit_code, court.marks(), court.bond_wei()) == (0, (), BOND_WEI), done.text
