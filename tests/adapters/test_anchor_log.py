"""Reading logs at one block, by hash, from nodes that must agree: on the embedded chain, on anvil, and the fake's promise."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from web3.types import RPCEndpoint

from registry.adapters import anchor_log
from registry.adapters.anchor_log import AnchorLogReader
from registry.adapters.artifacts import load_artifact
from registry.chain_ports import ChainReader, LogView
from registry.devchain.accounts import development_accounts
from registry.domain.errors import Unavailable
from registry.domain.hashing import sha256
from registry.domain.log_name import LogName
from registry.domain.receipt import Anchor
from tests.anvil import ANVIL_CHAIN_ID, ANVIL_KEYS, run_anvil
from tests.devchain_process import run_devchain
from tests.epochs import Anchorer
from tests.memory_chain import memory_chain
from tests.node_chain import NodeChain, node_chain
from tests.rpc_proxy import Change, refusal, run_proxy

pytestmark = pytest.mark.chain

ROOTS: Final = tuple(sha256(bytes([number])) for number in range(3))


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchored:
    """A chain with three epochs in a log, and something that reads it."""

    log: LogName
    anchors: tuple[Anchor, ...]
    reader: ChainReader
    url: str | None
    """None: in memory."""

    def view(self) -> LogView:
        return self.reader.at_final_block()


def anchor_all(chain: Anchorer, *, seconds_apart: int = 0) -> tuple[Anchor, ...]:
    anchors: list[Anchor] = []
    for root in ROOTS:
        if isinstance(chain, NodeChain) and seconds_apart:
            # Anvil gives several blocks one time; its clock is moved on instead of waited for.
            command(chain, "evm_increaseTime", seconds_apart)
        anchors.append(chain.anchor(root))
    return tuple(anchors)


@pytest.fixture(scope="module")
def devchain() -> Iterator[Anchored]:
    with run_devchain() as process:
        chain = node_chain(process.url, development_accounts()[0], chain_id=process.chain_id)
        anchors = anchor_all(chain)
        yield Anchored(log=chain.log, anchors=anchors, reader=AnchorLogReader([process.url]), url=process.url)


@pytest.fixture(scope="module")
def anvil() -> Iterator[Anchored]:
    account: LocalAccount = Account.from_key(ANVIL_KEYS[0])
    with run_anvil("--slots-in-an-epoch", "1") as node:
        chain = node_chain(node.url, account, chain_id=ANVIL_CHAIN_ID)
        anchors = anchor_all(chain, seconds_apart=60)
        mine(chain, blocks=5)
        yield Anchored(log=chain.log, anchors=anchors, reader=AnchorLogReader([node.url]), url=node.url)


@pytest.fixture(scope="module")
def memory() -> Anchored:
    chain = memory_chain()
    return Anchored(log=chain.log, anchors=anchor_all(chain), reader=chain, url=None)


@pytest.fixture(params=["devchain", "anvil", "memory"])
def anchored(request: pytest.FixtureRequest) -> Anchored:
    found: Anchored = request.getfixturevalue(request.param)
    return found


def mine(chain: NodeChain, *, blocks: int) -> None:
    for _ in range(blocks):
        command(chain, "evm_mine")


def command(chain: NodeChain, method: str, *parameters: int) -> None:
    assert "error" not in chain.web3.provider.make_request(RPCEndpoint(method), list(parameters))


def test_the_log_is_read_at_a_final_block(anchored: Anchored) -> None:
    view = anchored.view()

    assert view.block.final
    assert view.block.chain_id == anchored.log.chain_id
    assert view.block.number >= anchored.anchors[-1].block_number
    assert view.latest_epoch(anchored.log) == 3
    assert [view.root_at(anchored.log, epoch) for epoch in (1, 2, 3)] == list(ROOTS)


def test_what_is_not_there_is_none(anchored: Anchored) -> None:
    view = anchored.view()
    other = replace(anchored.log, number=9)

    assert view.root_at(anchored.log, 4) is None
    assert view.latest_epoch(other) == 0
    assert view.root_at(other, 1) is None
    assert view.anchored(anchored.log, 4) is None
    assert view.code_hash("0x" + "11" * 20) is None


def test_the_code_is_the_published_one(anchored: Anchored) -> None:
    assert anchored.view().code_hash(anchored.log.contract) == load_artifact().runtime_code_hash


@pytest.mark.parametrize("hint", [None, 0, 10**9, -1])
def test_the_event_of_an_epoch_is_found_whatever_the_hint_says(anchored: Anchored, hint: int | None) -> None:
    view = anchored.view()

    for epoch, anchor in enumerate(anchored.anchors, start=1):
        event = view.anchored(anchored.log, epoch, hint=anchor.block_number if hint is None else hint)

        assert event is not None
        assert event.root == ROOTS[epoch - 1]
        assert event.epoch == epoch
        assert f"0x{event.transaction_hash.hex()}" == anchor.transaction
        assert f"0x{event.block_hash.hex()}" == anchor.block_hash
        assert (event.block_number, event.block_time) == (anchor.block_number, anchor.block_time)


def test_with_a_date_the_block_is_the_last_one_before_it(anchored: Anchored) -> None:
    second = anchored.anchors[1]

    view = anchored.reader.at_final_block(before=second.block_time)
    later = anchored.reader.at_final_block(before=second.block_time + timedelta(seconds=1))

    assert view.block.time < second.block_time
    assert view.latest_epoch(anchored.log) == 1
    assert view.root_at(anchored.log, 2) is None
    assert view.anchored(anchored.log, 2) is None
    assert later.latest_epoch(anchored.log) >= 2


def test_a_date_in_the_future_gives_the_newest_final_block(anchored: Anchored) -> None:
    newest = anchored.view().block

    assert anchored.reader.at_final_block(before=newest.time + timedelta(days=1)).block == newest


def test_before_the_first_block_there_is_none(anchored: Anchored) -> None:
    with pytest.raises(Unavailable) as caught:
        anchored.reader.at_final_block(before=anchored.anchors[0].block_time - timedelta(days=36_500))

    assert caught.value.code == "block-not-found"


def test_a_block_may_be_named_by_its_number(devchain: Anchored) -> None:
    reader = AnchorLogReader([url_of(devchain)])
    first = devchain.anchors[0]

    view = reader.at_block_number(first.block_number)

    assert f"0x{view.block.hash.hex()}" == first.block_hash
    assert view.block.final
    assert view.latest_epoch(devchain.log) == 1


def test_a_block_that_is_not_final_yet_says_so(anvil: Anchored) -> None:
    reader = AnchorLogReader([url_of(anvil)])
    final = reader.at_final_block().block

    assert not reader.at_block_number(final.number + 1).block.final


def test_nodes_that_agree_are_one(devchain: Anchored) -> None:
    view = AnchorLogReader([url_of(devchain)] * 2).at_final_block()

    event = view.anchored(devchain.log, 2)

    assert view.latest_epoch(devchain.log) == 3
    assert event is not None
    assert event.root == ROOTS[1]


def test_without_a_node_there_is_nothing_to_read() -> None:
    with pytest.raises(Unavailable) as caught:
        AnchorLogReader([])

    assert caught.value.code == "no-rpc"


@pytest.mark.parametrize(
    ("method", "result", "question"),
    [
        ("eth_call", "0x" + "00" * 31 + "09", lambda view, log: view.latest_epoch(log)),
        ("eth_call", "0x" + "11" * 32, lambda view, log: view.root_at(log, 1)),
        ("eth_getCode", "0x6001", lambda view, log: view.code_hash(log.contract)),
        ("eth_getLogs", [], lambda view, log: view.anchored(log, 1)),
    ],
)
def test_a_node_that_tells_another_story_makes_all_answers_worthless(
    devchain: Anchored, method: str, result: object, question: Callable[[LogView, LogName], object]
) -> None:
    def lie(asked: str, _: list[Any], answer: dict[str, Any]) -> dict[str, Any]:
        return {**answer, "result": result} if asked == method else answer

    with run_proxy(url_of(devchain), lie) as liar:
        view = AnchorLogReader([url_of(devchain), liar]).at_final_block()

        with pytest.raises(Unavailable) as caught:
            question(view, devchain.log)

    assert caught.value.code == "rpc-disagree"


def test_a_node_of_another_chain_does_not_know_the_block(devchain: Anchored, anvil: Anchored) -> None:
    reader = AnchorLogReader([url_of(devchain), url_of(anvil)])

    with pytest.raises(Unavailable) as caught:
        reader.at_final_block()

    assert caught.value.code == "rpc-block-missing"


def test_a_node_that_gives_another_block_than_asked_is_unusable(devchain: Anchored) -> None:
    def lie(asked: str, _: list[Any], answer: dict[str, Any]) -> dict[str, Any]:
        if asked != "eth_getBlockByHash":
            return answer
        return {**answer, "result": {**answer["result"], "hash": "0x" + "22" * 32}}

    with run_proxy(url_of(devchain), lie) as liar, pytest.raises(Unavailable) as caught:
        AnchorLogReader([liar]).at_final_block()

    assert caught.value.code == "rpc-answer"


@pytest.mark.parametrize(
    ("method", "result"),
    [
        ("eth_getBlockByNumber", {}),
        ("eth_getBlockByNumber", 5),
        ("eth_getBlockByNumber", {"hash": "0x", "number": "zz", "timestamp": "0x1"}),
        ("eth_getBlockByNumber", {"hash": "0x", "number": "0x1", "timestamp": "0xffffffffffffffff"}),
        ("eth_call", "0x01"),
        ("eth_call", "0xzz"),
        ("eth_call", None),
        ("eth_getLogs", "0x"),
        ("eth_getLogs", [{}]),
    ],
)
def test_a_node_that_stammers_gives_no_answer(devchain: Anchored, method: str, result: object) -> None:
    def stammer(asked: str, _: list[Any], answer: dict[str, Any]) -> dict[str, Any]:
        return {**answer, "result": result} if asked == method else answer

    def read_all(url: str) -> None:
        view = AnchorLogReader([url]).at_final_block()
        view.latest_epoch(devchain.log)
        view.anchored(devchain.log, 1)

    with run_proxy(url_of(devchain), stammer) as url, pytest.raises(Unavailable) as caught:
        read_all(url)

    assert caught.value.code == "rpc-answer"


def test_a_contract_that_refuses_a_view_gives_no_answer(devchain: Anchored) -> None:
    def refuse(asked: str, _: list[Any], answer: dict[str, Any]) -> dict[str, Any]:
        return refusal("execution reverted", code=3) if asked == "eth_call" else answer

    with run_proxy(url_of(devchain), refuse) as url, pytest.raises(Unavailable) as caught:
        AnchorLogReader([url]).at_final_block().latest_epoch(devchain.log)

    assert caught.value.code == "rpc-refused"


def test_a_node_that_refuses_wide_ranges_is_searched_by_its_old_state(devchain: Anchored) -> None:
    with run_proxy(url_of(devchain), narrow(blocks=1)) as url:
        view = AnchorLogReader([url]).at_final_block()
        events = [view.anchored(devchain.log, epoch) for epoch in (1, 2, 3)]

    assert [event and event.root for event in events] == list(ROOTS)


def test_a_node_without_old_state_is_searched_back_in_windows(
    devchain: Anchored, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Smaller windows than a real search uses: the chain of this test is short.
    monkeypatch.setattr(anchor_log, "LOG_WINDOW_BLOCKS", 2)

    def forgetful(asked: str, parameters: list[Any], answer: dict[str, Any]) -> dict[str, Any]:
        if asked == "eth_getCode" and isinstance(parameters[1], str):
            return refusal("missing trie node", code=-32000)
        return narrow(blocks=2)(asked, parameters, answer)

    with run_proxy(url_of(devchain), forgetful) as url:
        view = AnchorLogReader([url]).at_final_block()
        events = [view.anchored(devchain.log, epoch) for epoch in (1, 2, 3)]
        missing = view.anchored(devchain.log, 4)
        monkeypatch.setattr(anchor_log, "MAX_WINDOWS", 1)
        too_far = view.anchored(devchain.log, 1)

    assert [event and event.root for event in events] == list(ROOTS)
    assert missing is None
    assert too_far is None


def test_a_node_whose_log_search_fails_gives_no_answer(devchain: Anchored) -> None:
    def broken(asked: str, _: list[Any], answer: dict[str, Any]) -> dict[str, Any]:
        return {**answer, "result": None} if asked == "eth_getLogs" else answer

    with run_proxy(url_of(devchain), broken) as url, pytest.raises(Unavailable):
        AnchorLogReader([url]).at_final_block().anchored(devchain.log, 1)


def test_a_dead_node_is_unreachable() -> None:
    with run_devchain() as process:
        reader = AnchorLogReader([process.url])
        process.kill()

        with pytest.raises(Unavailable) as caught:
            reader.at_final_block()

    assert caught.value.code == "rpc-transport"


def narrow(*, blocks: int) -> Change:
    """Refuse to search more blocks at once than these."""

    def refuse(asked: str, parameters: list[Any], answer: dict[str, Any]) -> dict[str, Any]:
        if asked != "eth_getLogs" or "fromBlock" not in parameters[0]:
            return answer
        first, last = (int(parameters[0][name], 16) for name in ("fromBlock", "toBlock"))
        return answer if last - first < blocks else refusal("query exceeds max block range")

    return refuse


def url_of(anchored: Anchored) -> str:
    assert anchored.url is not None
    return anchored.url
