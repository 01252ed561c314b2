"""What could not be read is never clean and never fraud; what was proved all the same is listed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from registry.domain.slot import Purpose
from scripts import audit_log
from scripts.audit import chain
from scripts.audit.folder import Folder
from tests.audit_case import AuditCase
from tests.audit_world import Node, Outcome, answers_of, call_script, run_script, serve_answers
from tests.epochs import published_address

CLOSED: Final = "http://127.0.0.1:1"


def audit_over(url: str, case: AuditCase, *, log: object = None) -> Outcome:
    """Run the audit over one other node."""
    return case.audit("--rpc", url, *(() if log is None else ("--log", log)))


def unchecked(done: Outcome) -> set[str]:
    """Return the codes of what could not be checked."""
    return {item["code"] for item in done.json["unchecked"]}


def changed(node: Node, method: str, change: Callable[[list[Any], Any], Any]) -> Callable[[bytes], bytes]:
    """Answer as the node does, with the results of one method changed."""

    def answer(body: bytes) -> bytes:
        request = json.loads(body)
        response = json.loads(answers_of(node.url, body))
        if request["method"] == method and "result" in response:
            response["result"] = change(request["params"], response["result"])
        return json.dumps(response).encode()

    return answer


def test_a_node_that_is_down_is_no_verdict(case: AuditCase) -> None:
    case.publish()

    done = case.run("--rpc", CLOSED)

    assert (done.exit_code, unchecked(done), done.found, done.json["block"]) == (3, {"rpc-transport"}, {}, None)
    assert done.text.splitlines()[-1].startswith("COULD NOT CHECK")


@pytest.mark.parametrize(
    ("method", "change"),
    [
        ("eth_getCode", lambda _, result: result + "00"),
        ("eth_call", lambda *_: "0x" + "ab" * 32),
        ("eth_getLogs", lambda _, result: result[:-1]),
        ("eth_getBlockByHash", lambda _, result: {**result, "timestamp": "0x1"}),
        ("eth_chainId", lambda *_: "0x1"),
    ],
    ids=["code", "call", "events", "block", "chain"],
)
def test_nodes_that_disagree_are_no_verdict(case: AuditCase, method: str, change: Callable[[Any, Any], Any]) -> None:
    case.publish()

    with serve_answers(changed(case.node, method, change)) as liar:
        done = case.audit("--rpc", case.node.url, "--rpc", liar)

    assert (done.exit_code, done.found) == (3, {})
    assert unchecked(done) >= {"rpc-disagree"}


def test_nodes_that_agree_are_as_good_as_one(case: AuditCase) -> None:
    case.publish()

    with serve_answers(lambda body: answers_of(case.node.url, body)) as twin:
        assert case.audit("--rpc", case.node.url, "--rpc", twin).exit_code == 0


def test_a_node_that_does_not_know_the_block_is_no_verdict(case: AuditCase) -> None:
    case.publish()

    with serve_answers(changed(case.node, "eth_getBlockByHash", lambda *_: None)) as behind:
        done = case.audit("--rpc", case.node.url, "--rpc", behind)

    assert (done.exit_code, unchecked(done)) == (3, {"rpc-block-missing"})


def test_a_node_that_gives_few_logs_at_once_is_asked_in_parts(case: AuditCase) -> None:
    case.publish()

    def answer(body: bytes) -> bytes:
        request = json.loads(body)
        if request["method"] == "eth_getLogs":
            low, high = (int(request["params"][0][name], 16) for name in ("fromBlock", "toBlock"))
            if high - low > 3:
                error = {"code": -32005, "message": "range too large"}
                return json.dumps({"jsonrpc": "2.0", "id": request["id"], "error": error}).encode()
        return answers_of(case.node.url, body)

    with serve_answers(answer) as sparing:
        done = audit_over(sparing, case)

    assert done.exit_code == 0, done.text


def test_a_node_without_logs_leaves_anchors_unchecked_and_finds_the_rest(case: AuditCase) -> None:
    case.world.mark(case.ada, Purpose.REVOCATION, value=False)
    case.world.seal()
    case.publish()
    (case.epoch(1) / "manifest.json").unlink()

    with serve_answers(changed(case.node, "eth_getLogs", lambda *_: [])) as forgetful:
        done = audit_over(forgetful, case)

    assert (done.exit_code, done.found) == (3, {"revocation-undone": 1})
    assert unchecked(done) == {"event-missing", "age-unknown"}


@pytest.mark.parametrize(
    ("method", "result"),
    [
        ("eth_getLogs", "none"),
        ("eth_getLogs", [{"topics": []}]),
        ("eth_getBlockByNumber", {"number": "0x1", "hash": "0x" + "ab" * 32, "timestamp": "0x" + "f" * 30}),
        ("eth_call", "0x00"),
        ("eth_getCode", None),
    ],
)
def test_an_answer_of_another_form_is_no_verdict(case: AuditCase, method: str, result: object) -> None:
    case.publish()

    with serve_answers(changed(case.node, method, lambda *_: result)) as odd:
        done = audit_over(odd, case)

    assert (done.exit_code, done.found) == (3, {})


def test_a_block_that_is_not_final_is_not_read(case: AuditCase) -> None:
    case.publish()

    done = case.audit("--at-block", case.node.head() + 1_000)

    assert (done.exit_code, unchecked(done)) == (3, {"block-not-final"})


def test_another_chain_is_no_verdict(case: AuditCase) -> None:
    case.publish()
    other = str(case.world.log).replace("eip155:", "eip155:9")

    done = audit_over(case.node.url, case, log=other)

    assert (done.exit_code, unchecked(done)) == (3, {"other-chain"})


@pytest.mark.parametrize(
    ("name", "code"),
    [
        (f"/{published_address()}/999999", "log-unknown"),
        ("/0x5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f/1", "contract-differs"),
    ],
    ids=["log", "contract"],
)
def test_a_log_that_is_not_there_is_found(case: AuditCase, name: str, code: str) -> None:
    log = f"eip155:{case.world.log.chain_id}{name}"

    done = audit_over(case.node.url, case, log=log)

    assert (done.exit_code, done.found) == (1, {code: 1})


def test_a_folder_that_is_not_there_is_no_verdict(case: AuditCase) -> None:
    done = case.audit()

    assert (done.exit_code, done.found, unchecked(done)) == (3, {}, {"published-unreachable"})


def test_a_server_that_is_down_is_given_up_after_a_few_epochs(case: AuditCase) -> None:
    for _ in range(4):
        case.world.seal()

    done = case.audit(published=CLOSED)

    assert (done.exit_code, done.found) == (3, {})
    assert [item["epoch"] for item in done.json["unchecked"]] == [None, 1, 2, 3, 4]


def test_a_file_that_may_not_be_opened_is_no_verdict(tmp_path: Path) -> None:
    (tmp_path / "epochs").mkdir()
    folder = Folder(tmp_path)

    # A name that is too long for any file: the system refuses to look.
    with pytest.raises(Exception, match="File name too long") as caught:
        folder.read("x" * 5_000, limit=1)

    assert getattr(caught.value, "code", None) == "published-unreachable"


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--rpc", "127.0.0.1:8545", "--log", "LOG", "--published", "."],
        ["--rpc", CLOSED, "--log", "LOG/1", "--published", "."],
        ["--rpc", CLOSED, "--log", "LOG", "--published", ".", "--at-block", "-1"],
        ["--rpc", CLOSED, "--log", "LOG", "--published", "http://registry.example/published"],
        ["--rpc", CLOSED, "--log", "LOG", "--published", ".", "--json", "absent/folder/file.json"],
    ],
    ids=["none", "rpc", "log", "block", "published", "json"],
)
def test_wrong_usage_is_told_apart(arguments: list[str]) -> None:
    log = f"eip155:1/{published_address()}/1"

    done = call_script(audit_log.main, *[argument.replace("LOG", log) for argument in arguments])

    assert done.exit_code == 64
    assert done.errors != ""
    assert "Traceback" not in done.errors


def test_the_program_tells_usage_and_help_apart() -> None:
    assert run_script("audit_log").exit_code == 64
    assert run_script("audit_log", "--help").exit_code == 0


def test_the_selectors_are_those_of_the_contract() -> None:
    from eth_utils.abi import function_signature_to_4byte_selector
    from eth_utils.crypto import keccak

    assert f"0x{keccak(text='Anchored(uint256,uint64,bytes32)').hex()}" == chain.ANCHORED_TOPIC
    for selector, signature in (
        (chain.ROOT_AT, "rootAt(uint256,uint64)"),
        (chain.LATEST_EPOCH, "latestEpoch(uint256)"),
        (chain.OWNER_OF, "ownerOf(uint256)"),
    ):
        assert f"0x{function_signature_to_4byte_selector(signature).hex()}" == selector
