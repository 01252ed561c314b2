"""One credential judged by an auditor's own means: at a block, at a date, with more or less at hand."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from registry.domain.canonical import canonicalize
from registry.domain.check import CheckId
from registry.domain.fields import write_time
from registry.domain.slot import Purpose
from scripts import audit_credential
from tests.audit_case import AuditCase, audit_case, entry
from tests.audit_world import Node, Outcome, call_script, run_script, serve_chain
from tests.epochs import Issued

DOWN = "http://127.0.0.1:1"


@pytest.fixture(scope="module")
def steady_node() -> Iterator[Node]:
    """Serve a chain whose clock is the real one: nothing here lets time pass."""
    with serve_chain() as running:
        yield running


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """An auditor's desk: a log, and files of its credentials."""

    case: AuditCase
    bela: Issued
    """Suspendable, of did:key."""
    chen: Issued
    """Of did:web."""

    def write(self, issued: Issued, *, document: bytes | None = None, receipt: bool = True) -> tuple[object, ...]:
        """Write a credential and its receipt and return the arguments that name them."""
        folder = self.case.folder
        (folder / "credential.json").write_bytes(issued.content if document is None else document)
        if not receipt:
            return (folder / "credential.json",)
        (folder / "receipt.json").write_bytes(canonicalize(self.case.world.receipt(issued).to_json()))
        return (folder / "credential.json", "--receipt", folder / "receipt.json")

    def judge(self, *arguments: object, rpc: str | None = None) -> Outcome:
        """Judge in this process."""
        report = self.case.folder / "verdict.json"
        return call_script(audit_credential.main, "--rpc", rpc or self.case.node.url, *arguments, report=report)


@pytest.fixture
def desk(steady_node: Node, tmp_path: Path) -> Desk:
    """Return a log of two epochs and one more with Bela's and Chen's credentials."""
    case = audit_case(steady_node, tmp_path)
    bela = case.world.issue("Bela again", suspendable=True)
    chen = case.world.issue("Chen again", issuer=case.world.web_issuer)
    case.world.seal()
    return Desk(case=case, bela=bela, chen=chen)


def check(done: Outcome, which: CheckId) -> tuple[str, str]:
    """Return result and code of a check."""
    found = next(item for item in done.json["checks"] if item["id"] == which)
    return found["result"], found["code"]


def test_a_good_credential_is_valid_in_words_and_in_json(desk: Desk) -> None:
    done = desk.judge(*desk.write(desk.bela))

    assert (done.exit_code, done.json["verdict"]) == (0, "valid"), done.text
    assert done.text.startswith("VALID")
    assert [line.split()[1] for line in done.text.splitlines()[2:14]] == [str(item) for item in CheckId]
    assert done.json["block"]["number"] == desk.case.node.head()


def test_a_revoked_credential_is_revoked(desk: Desk) -> None:
    done = desk.judge(*desk.write(desk.case.ada))

    assert (done.exit_code, done.json["verdict"]) == (1, "revoked")


def test_a_suspended_credential_is_suspended_until_it_is_lifted(desk: Desk) -> None:
    world = desk.case.world
    world.mark(desk.bela, Purpose.SUSPENSION)
    world.seal()
    suspended = desk.judge(*desk.write(desk.bela))
    world.mark(desk.bela, Purpose.SUSPENSION, value=False)
    world.seal()
    lifted = desk.judge(*desk.write(desk.bela))

    assert [suspended.json["verdict"], lifted.json["verdict"]] == ["suspended", "valid"]


def test_a_changed_letter_is_invalid(desk: Desk) -> None:
    done = desk.judge(*desk.write(desk.bela, document=desk.bela.content.replace(b"Bela", b"Bele")))

    assert (done.exit_code, done.json["verdict"]) == (1, "invalid")
    assert check(done, CheckId.LEAF) == ("fail", "leaf-differs")
    assert check(done, CheckId.SIGNATURE) == ("fail", "signature-mismatch")


def test_at_an_older_block_what_came_later_is_not_known(desk: Desk) -> None:
    world = desk.case.world
    before = desk.case.node.head()
    receipt = desk.write(desk.bela)
    world.mark(desk.bela, Purpose.REVOCATION)
    world.seal()

    then = desk.judge(*receipt, "--at-block", before)
    world.publish(desk.case.published)
    now = desk.judge(*receipt, "--published", desk.case.published)

    assert (then.exit_code, then.json["verdict"], then.json["block"]["number"]) == (0, "valid", before)
    assert then.json["asOf"] == then.json["block"]["time"]
    assert (now.exit_code, now.json["verdict"]) == (1, "revoked")


def test_at_a_date_the_chain_is_read_at_the_last_block_before(desk: Desk) -> None:
    epoch = desk.case.world.epochs[2].manifest.anchor
    receipt = desk.write(desk.bela)
    after = epoch.block_time + timedelta(seconds=1)

    at_its_block = desk.judge(*receipt, "--at", write_time(epoch.block_time))
    later = desk.judge(*receipt, "--at", write_time(after))

    assert at_its_block.json["block"]["number"] == epoch.block_number - 1
    assert (at_its_block.exit_code, at_its_block.json["verdict"]) == (1, "not-yet-anchored")
    assert later.json["block"]["number"] == epoch.block_number
    assert (later.exit_code, later.json["verdict"]) == (0, "valid")


def test_a_date_before_the_chain_is_indeterminate(desk: Desk) -> None:
    done = desk.judge(*desk.write(desk.bela), "--at", "2026-11-02")

    assert (done.exit_code, done.json["verdict"], done.json["block"]) == (3, "indeterminate", None)


def test_without_a_receipt_one_is_made_from_published_files(desk: Desk) -> None:
    desk.case.publish()

    done = desk.judge(*desk.write(desk.bela, receipt=False), "--published", desk.case.published)

    assert (done.exit_code, done.json["verdict"]) == (0, "valid"), done.text
    assert "The proof of inclusion was made from the published files." in done.json["notes"]


def test_what_no_published_epoch_holds_waits(desk: Desk) -> None:
    waiting = desk.case.world.issue("Later")
    desk.case.publish()

    done = desk.judge(*desk.write(waiting, receipt=False), "--published", desk.case.published)

    assert (done.exit_code, done.json["verdict"]) == (1, "not-yet-anchored")


def test_a_young_epoch_without_files_may_hold_it(desk: Desk) -> None:
    desk.case.world.publish(desk.case.published, epochs=[1, 2])

    done = desk.judge(*desk.write(desk.bela, receipt=False), "--published", desk.case.published)

    assert (done.exit_code, done.json["verdict"]) == (1, "not-yet-anchored")


@pytest.mark.parametrize("published", [True, False], ids=["another log's", "absent"])
def test_published_files_that_are_of_no_use_are_noted(desk: Desk, published: bool) -> None:
    if published:
        other = audit_case(desk.case.node, desk.case.folder)
        other.publish()

    done = desk.judge(*desk.write(desk.bela, receipt=False), "--published", desk.case.published)

    assert (done.exit_code, done.json["verdict"]) == (3, "indeterminate")
    assert any("published files" in note for note in done.json["notes"])


def test_a_did_web_issuer_needs_its_document_or_a_trusted_log(desk: Desk) -> None:
    document = desk.case.folder / "did.json"
    document.write_bytes(desk.chen.issuer.content)
    arguments = desk.write(desk.chen)

    alone = desk.judge(*arguments)
    given = desk.judge(*arguments, "--did-document", document)
    trusted = desk.judge(*arguments, "--trust-log", desk.case.world.log)

    assert [done.exit_code for done in (alone, given, trusted)] == [3, 0, 0]
    assert check(alone, CheckId.ISSUER) == ("unknown", "log-not-trusted")


def test_a_node_that_is_down_leaves_it_indeterminate(desk: Desk) -> None:
    done = desk.judge(*desk.write(desk.bela), rpc=DOWN)

    assert (done.exit_code, done.json["verdict"]) == (3, "indeterminate")
    assert check(done, CheckId.ANCHOR) == ("unknown", "chain-unreachable")


def test_a_log_whose_contract_is_not_there_is_not_believed(desk: Desk) -> None:
    world = desk.case.world
    nowhere = replace(world.log, contract="0x" + "5f" * 20)
    desk.case.add_epoch(desk.case.batch(entry("one", 70)))
    document = {**desk.bela.document}
    text = canonicalize(document).replace(world.log.contract.encode(), nowhere.contract.encode())

    done = desk.judge(*desk.write(desk.bela, document=text))

    assert (done.exit_code, done.json["verdict"]) == (1, "invalid")
    assert check(done, CheckId.ANCHOR) == ("unknown", "unknown-contract")


@pytest.mark.parametrize("content", [b"no json", b"{}", b'{"issuer": "did:key:z0"}'], ids=["text", "empty", "bad key"])
def test_what_is_no_credential_is_invalid(desk: Desk, content: bytes) -> None:
    (desk.case.folder / "damaged").write_bytes(b"{")

    done = desk.judge(
        *desk.write(desk.bela, document=content, receipt=False), "--receipt", desk.case.folder / "damaged"
    )

    assert (done.exit_code, done.json["verdict"]) == (1, "invalid")


def test_as_a_program_it_judges_alike(desk: Desk) -> None:
    rpc = ("--rpc", desk.case.node.url)

    good = run_script("audit_credential", *rpc, *desk.write(desk.bela), report=desk.case.folder / "v.json")
    revoked = run_script("audit_credential", *rpc, *desk.write(desk.case.ada), module=True)

    assert (good.exit_code, good.json["verdict"]) == (0, "valid")
    assert revoked.exit_code == 1
    assert revoked.text.startswith("REVOKED")


@pytest.mark.parametrize(
    "arguments",
    [
        ["FILE"],
        ["--rpc", DOWN, "absent.json"],
        ["--rpc", DOWN, "FILE", "--at", "yesterday"],
        ["--rpc", DOWN, "FILE", "--at", "2026-11-01", "--at-block", "1"],
        ["--rpc", DOWN, "FILE", "--published", "http://registry.example/published"],
        ["--rpc", DOWN, "FILE", "--json", "absent/folder/file.json"],
        ["--rpc", DOWN, "BIG"],
    ],
    ids=["rpc", "file", "date", "two moments", "published", "json", "size"],
)
def test_wrong_usage_is_told_apart(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "FILE").write_bytes(b"{}")
    (tmp_path / "BIG").write_bytes(bytes(2**20 + 1))

    words = [str(tmp_path / word) if word in {"FILE", "BIG"} else word for word in arguments]
    done = call_script(audit_credential.main, *words)

    assert done.exit_code == 64
    assert done.errors != ""


def test_the_moment_of_judging_is_the_present_unless_told(desk: Desk) -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)

    done = desk.judge(*desk.write(desk.bela))

    assert write_time(before) <= done.json["asOf"] <= write_time(datetime.now(UTC))
