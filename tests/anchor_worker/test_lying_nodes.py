"""A node that answers, but not what is so: what counts, what is unknown, and what blocks."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from registry.domain.canonical import JsonValue
from registry.store_ports import AnchorRecord, AnchorState
from tests.anchor_worker.rpc_proxy import run_proxy
from tests.anchor_worker.sites import ANVIL_ARGUMENTS, BLOCKS_TO_FINALITY, Site, site_on_anvil
from tests.anvil import run_anvil

pytestmark = pytest.mark.chain

Lie = Callable[[JsonValue], dict[str, JsonValue]]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with run_anvil(*ANVIL_ARGUMENTS) as node, site_on_anvil(node.url, tmp_path) as made:
        made.issue()
        with made.worker() as worker:
            # By a node that does not lie: sealing asks it too.
            worker.seal()
        yield made


def told(site: Site, method: str, lie: Lie) -> AnchorRecord:
    """Run a round through a node that answers one method in its own way; return where the anchor then stands."""

    def rewrite(asked: str, answer: bytes) -> bytes:
        if asked != method:
            return answer
        truth = json.loads(answer)
        return json.dumps({"jsonrpc": "2.0", "id": truth["id"], **lie(truth.get("result"))}).encode()

    with run_proxy(site.settings.rpc_urls[0], rewrite) as url:
        site.run_once(rpc_urls=(url,))
    return site.anchor(1)


def changed(**members: JsonValue) -> Lie:
    def lie(truth: JsonValue) -> dict[str, JsonValue]:
        return {"result": {**truth, **members} if isinstance(truth, dict) else truth}

    return lie


def without(name: str) -> Lie:
    def lie(truth: JsonValue) -> dict[str, JsonValue]:
        assert isinstance(truth, dict)
        return {"result": {key: value for key, value in truth.items() if key != name}}

    return lie


def result(value: JsonValue) -> Lie:
    return lambda _: {"result": value}


@pytest.mark.parametrize(
    "lie",
    [
        result({}),
        without("blockHash"),
        without("logs"),
        without("status"),
        changed(blockHash=None),
        changed(logs=None),
        changed(transactionHash="0x" + "55" * 32),
        lambda _: {"error": {"code": -32000, "message": "transaction indexing is in progress"}},
    ],
    ids=["empty", "no block", "no events", "no status", "null block", "null events", "another transaction", "indexing"],
)
def test_half_a_transaction_receipt_changes_nothing(site: Site, lie: Lie) -> None:
    site.run_once()
    site.mine(BLOCKS_TO_FINALITY)
    before = site.anchor(1)

    after = told(site, "eth_getTransactionReceipt", lie)

    assert before.state is AnchorState.MINED
    assert after == before


def test_a_transaction_receipt_of_an_orphaned_block_is_not_believed(site: Site) -> None:
    site.run_once()
    site.mine(BLOCKS_TO_FINALITY)

    after = told(site, "eth_getTransactionReceipt", changed(blockHash="0x" + "66" * 32))

    assert (after.state, after.block_hash) == (AnchorState.PENDING, None)
    site.run_once()
    assert site.anchor(1).state is AnchorState.FINAL


@pytest.mark.parametrize("topic", [1, 2])
def test_an_event_of_another_log_or_epoch_is_not_ours(site: Site, topic: int) -> None:
    site.run_once()
    site.mine(BLOCKS_TO_FINALITY)

    def lie(truth: JsonValue) -> dict[str, JsonValue]:
        text = json.loads(json.dumps(truth))
        text["logs"][0]["topics"][topic] = "0x" + "09".rjust(64, "0")
        return {"result": text}

    after = told(site, "eth_getTransactionReceipt", lie)

    assert after.state is AnchorState.BLOCKED
    assert (after.blocked_reason or "").split(":")[0] == {1: "no-event", 2: "epoch-differs"}[topic]


def test_an_event_of_another_contract_is_not_ours(site: Site) -> None:
    site.run_once()
    site.mine(BLOCKS_TO_FINALITY)

    def lie(truth: JsonValue) -> dict[str, JsonValue]:
        text = json.loads(json.dumps(truth))
        text["logs"][0]["address"] = "0x" + "09" * 20
        return {"result": text}

    assert (told(site, "eth_getTransactionReceipt", lie).blocked_reason or "").startswith("no-event")


@pytest.mark.parametrize(
    "lie", [result(None), lambda _: {"error": {"code": -39001, "message": "unknown block"}}], ids=["null", "error"]
)
def test_without_a_finalized_block_no_nonce_is_chosen(site: Site, lie: Lie) -> None:
    calls: list[bytes] = []

    def rewrite(asked: str, answer: bytes) -> bytes:
        if asked == "eth_getBlockByNumber":
            calls.append(answer)
            # The genesis is asked first, the finalized block second.
            if len(calls) % 3 == 2:
                truth = json.loads(answer)
                return json.dumps({"jsonrpc": "2.0", "id": truth["id"], **lie(truth.get("result"))}).encode()
        return answer

    with run_proxy(site.settings.rpc_urls[0], rewrite) as url:
        site.run_once(rpc_urls=(url,))

    assert (site.anchor(1).blocked_reason or "").startswith("log-not-final")


@pytest.mark.parametrize(
    ("method", "lie"),
    [
        ("eth_feeHistory", changed(baseFeePerGas=[])),
        ("eth_feeHistory", changed(reward=None)),
        ("eth_getTransactionCount", result("0x00")),
        ("eth_getBalance", result(None)),
        ("eth_estimateGas", result("many")),
        ("eth_call", result("0x")),
        ("eth_call", lambda _: {"error": {"code": -32005, "message": "limit exceeded"}}),
        ("eth_chainId", result(None)),
    ],
    ids=[
        "no base fees",
        "no rewards",
        "nonce with a leading zero",
        "no balance",
        "gas in words",
        "views without an answer",
        "rate limit",
        "no chain id",
    ],
)
def test_an_answer_without_its_form_leaves_the_epoch_sealed(site: Site, method: str, lie: Lie) -> None:
    after = told(site, method, lie)

    assert (after.blocked_reason or "")[:13] in {"", "log-not-final"}
    assert site.epochs_on_chain() == 0


def test_a_contract_that_would_refuse_the_root_is_not_sent_to(site: Site) -> None:
    def lie(truth: JsonValue) -> dict[str, JsonValue]:
        if truth == "0x":
            return {"error": {"code": 3, "message": "execution reverted", "data": "0x1234"}}
        return {"result": truth}

    after = told(site, "eth_call", lie)

    assert (after.blocked_reason or "").startswith("would-revert")
    assert site.epochs_on_chain() == 0


def test_a_transaction_that_is_swallowed_is_sent_again(site: Site) -> None:
    site.command("evm_setAutomine", False)

    def swallow(asked: str, answer: bytes) -> bytes:
        if asked == "eth_sendRawTransaction":
            site.command("anvil_dropTransaction", json.loads(answer)["result"])
        return answer

    with run_proxy(site.settings.rpc_urls[0], swallow) as url:
        site.run_once(rpc_urls=(url,))
    site.mine()
    lost = site.epochs_on_chain()

    site.run_once()
    site.mine()
    site.run_once()

    assert lost == 0
    assert site.anchor(1).state is AnchorState.MINED


def test_an_answer_lost_after_the_node_took_the_transaction_is_no_second_transaction(site: Site) -> None:
    told(site, "eth_sendRawTransaction", lambda _: {"error": {"code": -32603, "message": "upstream timed out"}})

    site.run_once()

    assert site.anchor(1).state is AnchorState.MINED
    assert site.epochs_on_chain() == 1
