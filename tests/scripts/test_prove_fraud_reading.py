"""What the search does with files that lie, are missing or are none: nothing counts that the chain does not confirm."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from registry.adapters.court import encode_call
from registry.domain.canonical import JsonObject
from registry.domain.fraud import FraudKind, Mark
from registry.domain.hashing import sha256
from registry.domain.slot import Purpose
from scripts import answer_challenge, prove_fraud
from tests.audit_case import AuditCase, entry
from tests.audit_world import Outcome, call_script, serve_answers, serve_folder
from tests.court_case import CourtCase
from tests.frauds import promise, unrevocation
from tests.rpc_proxy import run_proxy
from tests.scripts.test_prove_fraud import fill_a_slot_twice, take_a_revocation_back

pytestmark = pytest.mark.chain


def search(case: AuditCase, *more: object) -> Outcome:
    """Search a log on a chain that has no court."""
    words = ("--rpc", case.node.url, "--log", case.world.log, "--published", case.published)
    return call_script(prove_fraud.main, *words, "--evidence", case.folder / "evidence", *more)


def test_an_honest_log_is_found_honest_where_there_is_no_court(case: AuditCase) -> None:
    case.publish()

    done = search(case)

    assert (done.exit_code, "NOTHING FOUND" in done.text) == (0, True), done.text + done.errors


def test_evidence_is_evidence_where_there_is_no_court(case: AuditCase) -> None:
    case.world.mark(case.ada, Purpose.REVOCATION, value=False)
    case.world.seal()
    case.add_epoch(case.batch(entry("one", 77), entry("other", 77)))
    case.publish()

    done = search(case)

    assert done.exit_code == 1
    kinds = sorted(json.loads(file.read_bytes())["kind"] for file in (case.folder / "evidence").iterdir())
    assert kinds == ["slot-reuse", "un-revocation"]
    assert done.text.count("there is no court for this log on the chain") == 2
    assert "pays" not in done.text


def test_a_promise_cannot_be_judged_where_there_is_no_court(case: AuditCase) -> None:
    case.publish()
    file = case.folder / "promise.json"
    file.write_text(json.dumps(promise(case.world.log, slot=case.dina.slot, epoch=2).to_json()), encoding="utf-8")

    done = search(case, "--promise", file)

    assert (done.exit_code, "which would know its promise keys" in done.text) == (3, True)


def test_two_searches_say_the_same(case: AuditCase) -> None:
    case.world.mark(case.ada, Purpose.REVOCATION, value=False)
    case.world.seal()
    case.publish()

    assert search(case) == search(case)


def test_of_a_list_that_was_wiped_one_slot_is_shown(case: AuditCase) -> None:
    case.world.mark(case.dina, Purpose.REVOCATION)
    case.world.seal()
    case.world.bits.clear()
    case.world.seal()
    case.publish()

    done = search(case)

    assert done.exit_code == 1
    assert len(list((case.folder / "evidence").iterdir())) == 1
    assert "In epoch 4 1 more slots of list 0 are not revoked any more." in done.text


def test_of_a_log_that_cheats_all_the_time_the_earliest_cases_are_shown(case: AuditCase) -> None:
    for _ in range(11):
        for value in (False, True):
            case.world.mark(case.ada, Purpose.REVOCATION, value=value)
            case.world.seal()
    for _ in range(11):
        for value in (False, True):
            case.world.mark(case.dina, Purpose.REVOCATION, value=value)
            case.world.seal()
    case.add_epoch(case.batch(*(entry(f"{leaf} {slot}", slot) for slot in range(70, 92) for leaf in "ab")))
    case.publish()

    done = search(case)

    assert (done.text.count("\nun-revocation\n"), done.text.count("\nslot-reuse\n")) == (20, 20)
    assert "In epoch 45 revocations of list 0 were taken back too." in done.text
    assert "2 more slots were filled twice." in done.text


@pytest.mark.parametrize("member", ["credentialsRoot", "suspensionRoot", "statusRoot", "root"])
def test_a_root_that_is_misstated_hides_no_fraud(court: CourtCase, member: str) -> None:
    take_a_revocation_back(court)
    fill_a_slot_twice(court)
    court.publish()
    for number in range(1, 6):
        edit(court, number, {member: "ab" * 32})

    done = court.prove()

    assert done.exit_code == 1, done.text
    assert {fraud.kind for fraud in court.found()} == {FraudKind.UNREVOCATION, FraudKind.SLOT_REUSE}


def test_batches_that_are_hidden_leave_the_bits_provable(court: CourtCase) -> None:
    take_a_revocation_back(court)
    court.publish()
    for number in (1, 2, 3):
        edit(court, number, {"batches": []})

    done = court.prove()

    assert [fraud.kind for fraud in court.found()] == [FraudKind.UNREVOCATION], done.text
    assert "epoch 1: the batches do not lead to the root on the chain" in done.text


def test_lists_that_are_hidden_leave_the_entries_provable(court: CourtCase) -> None:
    fill_a_slot_twice(court)
    ada = court.world.issue("Dora")
    court.world.mark(ada, Purpose.REVOCATION)
    court.world.issue("Eve again", slot=ada.slot)
    court.world.seal()
    court.publish()
    edit(court, 3, {"lists": [], "revocationRoot": "ab" * 32})

    court.prove()

    assert [(fraud.kind, fraud.epoch) for fraud in court.found()] == [
        (FraudKind.SLOT_REUSE, 2),
        (FraudKind.SLOT_REUSE, 3),
    ]


def test_files_that_are_not_what_was_anchored_are_not_looked_at(court: CourtCase) -> None:
    take_a_revocation_back(court)
    court.publish()
    edit(court, 2, {"root": "ab" * 32, "credentialsRoot": "ab" * 32, "batches": [], "lists": []})
    batch = court.published / "epochs" / "1" / "batch-0.bin"
    batch.write_bytes(batch.read_bytes()[:-1] + b"\0")
    (court.published / "epochs" / "3" / "manifest.json").write_text("{}", encoding="ascii")

    done = court.prove()

    assert (done.exit_code, court.found()) == (3, [])
    assert done.text.count("not looked at") == 3


def test_an_epoch_that_stays_unpublished_is_not_looked_at(court: CourtCase) -> None:
    take_a_revocation_back(court)
    court.world.publish(court.published, epochs=[1, 3])
    court.node.pass_time(days=1)

    done = court.prove()

    assert (done.exit_code, "epoch 2: not published" in done.text) == (3, True)


def test_evidence_under_roots_that_nobody_anchored_is_none(court: CourtCase, case: AuditCase) -> None:
    case.world.mark(case.ada, Purpose.REVOCATION, value=False)
    case.world.seal()
    made_up = unrevocation(case.world, case.ada.slot, revoked=2, unrevoked=3)
    log = court.world.log
    ours = replace(made_up, revoked=replace(made_up.revoked, log=log), unrevoked=replace(made_up.unrevoked, log=log))
    file = court.write("evidence", ours.to_json())
    court.world.issue("Ada")
    court.world.seal()
    court.publish()

    done = court.report("--check", file)

    assert (done.exit_code, court.transactions()) == (0, 0)
    assert "the chain has another root for epoch 2" in done.text


def test_a_receipt_that_the_chain_does_not_confirm_proves_nothing(court: CourtCase) -> None:
    ada, eve = fill_a_slot_twice(court)
    court.node.settle()
    receipts = [json.loads(court.receipt(one).read_bytes()) for one in (ada, eve)]
    receipts[0]["leaf"] = sha256(b"another").hex()
    receipts[1]["path"][1] = {"right": "00" * 32}
    files = [court.write(f"forged-{at}", receipt) for at, receipt in enumerate(receipts)]

    done = court.prove("--receipt", files[0], "--receipt", files[1], published=False)

    assert (done.exit_code, court.found()) == (0, [])


def test_promises_of_other_logs_are_told_and_left(court: CourtCase) -> None:
    court.world.issue("Ada")
    court.world.seal()
    court.publish()
    other = promise(replace(court.world.log, number=court.world.log.number + 1), slot=5, epoch=1)

    done = court.prove("--promise", court.write("promise", other.to_json()))

    assert (done.exit_code, "Promises of other logs that were not looked at: 1." in done.text) == (0, True)


def test_a_promised_revocation_that_no_file_shows_is_not_looked_at(court: CourtCase) -> None:
    court.world.issue("Ada")
    court.world.seal()
    court.node.settle()
    file = court.write("promise", court.promise(slot=5, epoch=1).to_json())

    done = court.prove("--promise", file, published=False)

    assert (done.exit_code, "no files show its status from epoch 1 on" in done.text) == (3, True)


@pytest.mark.parametrize("wrong", ["number", "contract", "chain_id"])
def test_a_log_that_is_not_there_cannot_be_checked(court: CourtCase, wrong: str) -> None:
    log = court.world.log
    other = {
        "number": replace(log, number=9_999),
        "contract": replace(log, contract=f"0x{'ab' * 20}"),
        "chain_id": replace(log, chain_id=5),
    }[wrong]

    for main in (prove_fraud.main, answer_challenge.main):
        done = call_script(main, "--rpc", court.node.url, "--log", other)

        assert (done.exit_code, "COULD NOT CHECK" in done.text) == (3, True)


def test_a_dead_node_is_no_acquittal(court: CourtCase) -> None:
    with serve_answers(lambda _: b"<html>") as url:
        for main in (prove_fraud.main, answer_challenge.main):
            assert call_script(main, "--rpc", url, "--log", court.world.log).exit_code == 3


def test_a_node_that_hides_the_marks_is_no_acquittal(court: CourtCase) -> None:
    take_a_revocation_back(court)
    court.publish()
    court.report()
    hidden = {"result": f"0x{bytes(128).hex()}"}

    def acquit(asked: str, parameters: list[Any], answer: dict[str, Any]) -> dict[str, Any]:
        is_marks = asked == "eth_call" and parameters[0]["data"].startswith(marks_of)
        return {**answer, **hidden} if is_marks else answer

    marks_of = f"0x{encode_call('marksOf', 1)[:4].hex()}"
    with run_proxy(court.node.url, acquit) as liar:
        done = court.prove("--rpc", liar)

    assert (done.exit_code, "[rpc-disagree]" in done.text) == (3, True), done.text


def test_published_files_may_be_a_mirror_on_the_web(court: CourtCase) -> None:
    take_a_revocation_back(court)
    court.publish()

    with serve_folder(court.published) as url:
        done = court.prove("--published", url, published=False)

    assert (done.exit_code, [fraud.kind for fraud in court.found()]) == (1, [FraudKind.UNREVOCATION])


def test_without_a_court_no_challenge_can_be_open(case: AuditCase) -> None:
    done = call_script(answer_challenge.main, "--rpc", case.node.url, "--log", case.world.log)

    assert (done.exit_code, "there is no court" in done.text) == (3, True)


WRONG_USAGE = [
    ("--report",),
    ("--collect",),
    ("--report", "--key-file", "/nonexistent"),
    ("--receipt", "/nonexistent"),
    ("--promise", __file__),
    ("--check", __file__),
    ("--published", "ftp://example.org"),
    ("--at-block", "x"),
]


@pytest.mark.parametrize("words", WRONG_USAGE, ids=str)
def test_wrong_usage_exits_with_64(court: CourtCase, words: tuple[str, ...]) -> None:
    done = call_script(prove_fraud.main, "--rpc", court.node.url, "--log", court.world.log, *words)

    assert done.exit_code == 64
    assert done.errors


@pytest.mark.parametrize("words", [("--answer",), ("--receipt", "/nonexistent"), ("--published", "ftp://example.org")])
def test_wrong_usage_of_the_answer_exits_with_64(court: CourtCase, words: tuple[str, ...]) -> None:
    done = call_script(answer_challenge.main, "--rpc", court.node.url, "--log", court.world.log, *words)

    assert done.exit_code == 64


def test_the_key_may_be_a_keystore(court: CourtCase, tmp_path: Path) -> None:
    take_a_revocation_back(court)
    court.publish()
    keystore, password = tmp_path / "key.json", tmp_path / "password"
    encrypted = Account.encrypt(court.reporter.key, "open sesame", kdf="pbkdf2", iterations=2)
    keystore.write_text(json.dumps(encrypted), encoding="ascii")
    password.write_text("open sesame\n", encoding="ascii")

    closed = court.prove("--report", "--key-file", keystore)
    opened = court.prove("--report", "--key-file", keystore, "--key-password-file", password)
    unreadable = court.prove("--report", "--key-file", keystore, "--key-password-file", tmp_path / "none")

    assert (closed.exit_code, opened.exit_code, unreadable.exit_code) == (64, 1, 64)
    assert court.marks() == (Mark(kind=FraudKind.UNREVOCATION, epoch=3),)


def test_a_block_in_the_past_knows_nothing_of_later_fraud(court: CourtCase) -> None:
    take_a_revocation_back(court)
    court.publish()
    before = court.world.epochs[1].manifest.anchor.block_number

    done = court.prove("--at-block", before)

    assert (done.exit_code, court.found()) == (0, [])


def edit(court: CourtCase, epoch: int, members: JsonObject) -> None:
    file = court.published / "epochs" / str(epoch) / "manifest.json"
    file.write_text(json.dumps({**json.loads(file.read_bytes()), **members}), encoding="utf-8")
