"""The four frauds on a real chain: found in public data, reported, marked, paid and half burned, and shown in verdicts."""

import pytest

from registry.adapters.court import court_address, encode_report
from registry.domain.fraud import BrokenInclusion, BrokenRevocation, FraudKind, Mark
from registry.domain.hashing import sha256
from registry.domain.slot import Purpose
from scripts import audit_credential
from scripts.fraud.court import PROMISE_BOUNTY_WEI, PROMISE_GAS, REPORT_GAS
from tests.audit_world import call_script
from tests.court_case import BOND_WEI, CourtCase
from tests.epochs import Issued

pytestmark = pytest.mark.chain


def take_a_revocation_back(court: CourtCase) -> Issued:
    """Revoke Ada in epoch 2 and not in epoch 3; return somebody else's credential."""
    ada, other = court.world.issue("Ada"), court.world.issue("Bela")
    court.world.seal()
    court.world.mark(ada, Purpose.REVOCATION)
    court.world.seal()
    court.world.mark(ada, Purpose.REVOCATION, value=False)
    court.world.seal()
    return other


def fill_a_slot_twice(court: CourtCase) -> tuple[Issued, Issued]:
    ada = court.world.issue("Ada")
    court.world.seal()
    eve = court.world.issue("Eve", slot=ada.slot)
    court.world.seal()
    return ada, eve


def check_of(verdict: dict[str, object], number: int) -> tuple[str, str]:
    checks = verdict["checks"]
    assert isinstance(checks, list)
    return checks[number - 1]["result"], checks[number - 1]["code"]


def gas_of(text: str) -> list[int]:
    return [
        int(line.split("done for ")[1].split()[0]) for line in text.splitlines() if "report " in line and "done" in line
    ]


def test_a_revocation_taken_back_is_found_reported_and_paid(court: CourtCase) -> None:
    other = take_a_revocation_back(court)
    court.publish()
    before, held = court.balance_wei(), court.node.held_wei()

    found = court.prove()
    reported = court.report()

    assert (found.exit_code, reported.exit_code) == (1, 1), found.text + found.errors
    assert [fraud.kind for fraud in court.found()] == [FraudKind.UNREVOCATION]
    assert court.marks() == (Mark(kind=FraudKind.UNREVOCATION, epoch=3),)
    # Half of the bond is the reporter's, but for gas; the other half stays in the court for ever.
    assert BOND_WEI // 2 - 10**16 < court.balance_wei() - before < BOND_WEI // 2
    assert held - court.node.held_wei() == BOND_WEI // 2
    assert max(gas_of(reported.text)) <= REPORT_GAS[FraudKind.UNREVOCATION]
    verdict = court.verify(other)
    assert (verdict["verdict"], verdict["exitCode"]) == ("indeterminate", 3)
    # The credential is in epoch 1, before the fraud: its anchor stands, its status does not.
    assert check_of(verdict, 6) == ("pass", "anchored")
    assert check_of(verdict, 9) == ("unknown", "log-marked")
    assert check_of(verdict, 11) == ("unknown", "log-marked")


def test_an_auditor_sees_the_mark_from_its_block_on(court: CourtCase) -> None:
    other = take_a_revocation_back(court)
    court.publish()
    before = court.node.web3.eth.block_number - 1
    court.report()
    court.verify(other)
    words = ("--rpc", court.node.url, court.folder / "credential.json", "--receipt", court.folder / "receipt.json")

    now = call_script(audit_credential.main, *words)
    then = call_script(audit_credential.main, *words, "--at-block", before)

    assert (now.exit_code, "[log-marked]" in now.text) == (3, True), now.text
    assert (then.exit_code, "[not-marked]" in then.text) == (0, True), then.text


@pytest.mark.parametrize(("epoch", "days"), [(1_002, 8), (3, 31)])
def test_a_promise_that_nobody_should_have_taken_is_told(court: CourtCase, epoch: int, days: int) -> None:
    ada = court.world.issue("Ada")
    court.world.seal()
    court.publish()
    promised = [
        court.promise(slot=5, epoch=epoch, days=days),
        court.promise(leaf=ada.leaf, slot=5, epoch=epoch, days=days),
    ]
    words = [word for at, one in enumerate(promised) for word in ("--promise", court.write(f"p{at}", one.to_json()))]

    done = court.prove(*words)

    assert (done.exit_code, done.text.count("can still be kept. But nobody should have taken it")) == (0, 2)


def test_what_the_court_has_is_not_sent_again(court: CourtCase) -> None:
    take_a_revocation_back(court)
    court.publish()
    court.report()
    sent = court.transactions()

    again = court.report()

    assert again.exit_code == 1
    assert court.transactions() == sent
    assert "nothing to send: the court has marked the log for this, from epoch 3 on" in again.text


def test_a_slot_filled_twice_is_proved_by_two_receipts_alone(court: CourtCase) -> None:
    ada, eve = fill_a_slot_twice(court)
    court.node.settle()
    receipts = [word for one in (ada, eve) for word in ("--receipt", court.receipt(one))]

    reported = court.report(*receipts, published=False)

    assert reported.exit_code == 1, reported.text + reported.errors
    assert court.marks() == (Mark(kind=FraudKind.SLOT_REUSE, epoch=2),)
    assert court.bond_wei() == 0
    assert max(gas_of(reported.text)) <= REPORT_GAS[FraudKind.SLOT_REUSE]
    assert check_of(court.verify(eve), 6) == ("unknown", "log-marked")
    assert check_of(court.verify(ada), 6) == ("pass", "anchored")


def test_a_slot_filled_twice_is_proved_by_files_though_a_receipt_is_of_a_hidden_epoch(court: CourtCase) -> None:
    ada, eve = fill_a_slot_twice(court)
    court.world.publish(court.published, epochs=[2])
    court.node.settle()

    without = court.prove()
    found = court.prove("--receipt", court.receipt(ada))

    assert without.exit_code == 0, without.text
    assert "younger than an hour" in without.text
    assert found.exit_code == 1
    assert eve.leaf.hex() in found.text


def test_a_revocation_in_a_receipt_is_held_against_later_files(court: CourtCase) -> None:
    ada = court.world.issue("Ada")
    court.world.mark(ada, Purpose.REVOCATION)
    court.world.seal()
    receipt = court.receipt(ada)
    court.world.mark(ada, Purpose.REVOCATION, value=False)
    court.world.issue("Bela")
    court.world.seal()
    court.world.publish(court.published, epochs=[2])
    court.node.settle()

    found = court.prove("--receipt", receipt)

    assert found.exit_code == 1
    assert [fraud.kind for fraud in court.found()] == [FraudKind.UNREVOCATION]


def test_a_promised_revocation_that_was_not_made_marks_with_a_note(court: CourtCase) -> None:
    ada = court.world.issue("Ada")
    promised = court.write("promise", court.promise(slot=ada.slot, epoch=2).to_json())
    court.world.seal()
    court.publish()
    early = court.report("--promise", promised)
    court.world.issue("Bela")
    court.world.seal()
    court.publish()
    held = court.node.held_wei()

    reported = court.report("--promise", promised)

    assert (early.exit_code, early.text.count("can still be kept")) == (0, 1)
    assert reported.exit_code == 1, reported.text + reported.errors
    assert court.marks() == (Mark(kind=FraudKind.BROKEN_REVOCATION_PROMISE, epoch=2),)
    paid = held - court.node.held_wei()
    assert PROMISE_BOUNTY_WEI < paid <= PROMISE_BOUNTY_WEI + PROMISE_GAS * 10**9
    assert max(gas_of(reported.text)) <= REPORT_GAS[FraudKind.BROKEN_REVOCATION_PROMISE]
    verdict = court.verify(ada)
    assert verdict["verdict"] == "valid", verdict["checks"]
    assert check_of(verdict, 11) == ("pass", "promise-broken")
    assert any("did not revoke what it had promised" in note for note in verdict["notes"])


def test_a_promised_revocation_whose_epoch_never_comes_is_overdue(court: CourtCase) -> None:
    ada = court.world.issue("Ada")
    promised = court.write("promise", court.promise(slot=ada.slot, epoch=5).to_json())
    court.world.seal()
    court.publish()
    early = court.report("--promise", promised)
    court.node.pass_time(days=9)

    reported = court.report("--promise", promised)

    assert (early.exit_code, court.transactions()) == (0, 2)
    assert reported.exit_code == 1, reported.text + reported.errors
    assert [fraud.unrevoked for fraud in court.found() if isinstance(fraud, BrokenRevocation)] == [None]
    assert court.marks() == (Mark(kind=FraudKind.BROKEN_REVOCATION_PROMISE, epoch=5),)


@pytest.mark.parametrize("epoch", [1, 4], ids=["not in its epoch", "its epoch never comes"])
def test_a_promised_credential_that_nobody_shows_is_challenged_and_times_out(court: CourtCase, epoch: int) -> None:
    leaf = sha256(b"promised and forgotten")
    promised = court.write("promise", court.promise(leaf=leaf, slot=77, epoch=epoch).to_json())
    other = court.world.issue("Ada")
    court.world.seal()
    court.publish()
    court.node.pass_time(days=9 if epoch == 4 else 0)
    before = court.balance_wei()

    challenged = court.report("--promise", promised)
    waiting = court.report("--promise", promised)
    marks_before = court.marks()
    court.node.pass_time(days=8)
    claimed = court.report("--promise", promised)

    assert [done.exit_code for done in (challenged, waiting, claimed)] == [1, 1, 1], challenged.text + challenged.errors
    assert "nothing to send: challenged, and not answered" in waiting.text
    assert marks_before == ()
    assert court.marks() == (Mark(kind=FraudKind.BROKEN_INCLUSION_PROMISE, epoch=epoch),)
    # The stake came back, with the bounty.
    assert court.balance_wei() > before
    assert court.bond_wei() == 0
    assert sum(gas_of(challenged.text) + gas_of(claimed.text)) <= REPORT_GAS[FraudKind.BROKEN_INCLUSION_PROMISE]
    assert check_of(court.verify(other), 11) == ("pass", "promise-broken")


def test_a_challenge_is_answered_from_the_published_files(court: CourtCase) -> None:
    ada = court.world.issue("Ada")
    promised = court.write("promise", court.promise(leaf=ada.leaf, slot=ada.slot, epoch=1).to_json())
    court.world.seal()
    court.node.settle()
    # The files are late: nobody can tell that the credential is there.
    challenged = court.report("--promise", promised, published=False)
    court.publish()

    answered = court.answer()
    nothing_left = court.answer()
    kept = court.report("--promise", promised)
    given = court.report("--check", next(court.evidence.glob("*.json")), published=False)

    assert challenged.exit_code == 1, challenged.text + challenged.errors
    assert (answered.exit_code, nothing_left.exit_code) == (0, 0), answered.text + answered.errors
    assert "epoch 1 holds it" in answered.text
    assert (kept.exit_code, kept.text.count("was kept")) == (0, 1)
    assert (given.exit_code, given.text.count("somebody showed the path")) == (0, 1)
    assert (court.marks(), court.bond_wei()) == ((), BOND_WEI)


def test_somebody_elses_time_out_is_theirs_to_claim(court: CourtCase) -> None:
    promised = court.promise(leaf=sha256(b"forgotten"), slot=77, epoch=1)
    court.world.issue("Ada")
    court.world.seal()
    court.publish()
    challenge = encode_report(BrokenInclusion(promise=promised))
    challenger = court.node.new_account()
    sent = court.node.send(challenger, to=court_address(), data=challenge, value=court.stake_wei())
    court.node.pass_time(days=8)

    done = court.report("--promise", court.write("promise", promised.to_json()))

    assert sent["status"] == 1
    assert (done.exit_code, court.transactions()) == (1, 0)
    assert f"the challenger, {challenger.address.lower()}, can claim the time-out" in done.text


def test_a_challenge_that_nothing_answers_stays_open(court: CourtCase) -> None:
    promised = court.write("promise", court.promise(leaf=sha256(b"forgotten"), slot=77, epoch=1).to_json())
    court.world.issue("Ada")
    court.world.seal()
    court.publish()
    court.report("--promise", promised)

    done = court.answer()

    assert (done.exit_code, "nothing at hand shows it" in done.text) == (1, True)


def test_evidence_is_checked_and_reported_by_somebody_else(court: CourtCase) -> None:
    take_a_revocation_back(court)
    court.publish()
    court.prove()
    (file,) = court.evidence.glob("*.json")

    reported = court.report("--check", file, published=False)

    assert reported.exit_code == 1, reported.text + reported.errors
    assert court.marks() == (Mark(kind=FraudKind.UNREVOCATION, epoch=3),)


def test_an_earlier_case_moves_the_mark_and_takes_nothing(court: CourtCase) -> None:
    other = take_a_revocation_back(court)
    court.world.mark(other, Purpose.REVOCATION)
    court.world.seal()
    court.world.mark(other, Purpose.REVOCATION, value=False)
    court.world.seal()
    court.publish()
    court.prove()
    late = next(file for file in court.evidence.glob(f"*-{other.slot}-*.json"))
    court.report("--check", late, published=False)
    marked_late = court.marks()

    court.report()

    assert (marked_late, court.marks()) == (
        (Mark(kind=FraudKind.UNREVOCATION, epoch=5),),
        (Mark(kind=FraudKind.UNREVOCATION, epoch=3),),
    )


def test_an_account_without_funds_says_so(court: CourtCase) -> None:
    take_a_revocation_back(court)
    court.publish()
    court.node.command("anvil_setBalance", court.reporter.address, "0x0")

    done = court.report()

    assert done.exit_code == 3
    assert "COULD NOT CHECK" in done.text
    assert court.marks() == ()
