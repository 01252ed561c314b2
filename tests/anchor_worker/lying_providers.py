"""Several providers before one real node, some of which lie: each is a proxy of its own."""

import copy
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, TypeAlias

from tests.anchor_worker.observations import hash_of
from tests.anchor_worker.sites import BLOCKS_TO_FINALITY
from tests.rpc_proxy import Change, run_proxy

Answer: TypeAlias = dict[str, Any]


@contextmanager
def providers(url: str, changes: Sequence[Change]) -> Iterator[tuple[str, ...]]:
    """Yield the URLs of providers before one node, one for each way of answering, in that order."""
    with ExitStack() as stack:
        yield tuple(stack.enter_context(run_proxy(url, change)) for change in changes)


def honest(_method: str, _params: list[Any], answer: Answer) -> Answer:
    """Answer as the node does."""
    return answer


def finalizing_the_head(_method: str, params: list[Any], answer: Answer) -> Answer:
    """Say that the newest block is finalized."""
    if params != ["finalized", False]:
        return answer
    return _with(answer, number=hex(int(answer["result"]["number"], 16) + BLOCKS_TO_FINALITY))


def hiding_what_is_mined(method: str, _params: list[Any], answer: Answer) -> Answer:
    """Say that every transaction still waits in the pool, and that the account sent none."""
    match method:
        case "eth_getTransactionReceipt":
            return {**answer, "result": None}
        case "eth_getTransactionByHash":
            return _with(answer, blockHash=None, blockNumber=None)
        case "eth_getTransactionCount":
            return {**answer, "result": "0x0"}
        case _:
            return answer


def calling_everything_reverted(method: str, _params: list[Any], answer: Answer) -> Answer:
    """Say that every transaction failed."""
    return _with(answer, status="0x0", logs=[]) if method == "eth_getTransactionReceipt" else answer


def on_a_chain_of_its_own(method: str, params: list[Any], answer: Answer) -> Answer:
    """Give every block but the first another hash, and say so in transaction receipts."""
    if method == "eth_getBlockByNumber" and params[0].startswith("0x") and params[0] != "0x0" and answer["result"]:
        return _with(answer, hash=hash_of(int(params[0], 16)))
    if method == "eth_getTransactionReceipt" and answer["result"]:
        return _with(answer, blockHash=hash_of(int(answer["result"]["blockNumber"], 16)))
    return answer


def calling_the_nonce_used(method: str, _params: list[Any], answer: Answer) -> Answer:
    """Say that the account sent fifty transactions more, all final, and that none of ours is known."""
    match method:
        case "eth_getTransactionCount":
            return {**answer, "result": hex(int(answer["result"], 16) + 50)}
        case "eth_getTransactionReceipt" | "eth_getTransactionByHash":
            return {**answer, "result": None}
        case _:
            return answer


def penniless(method: str, _params: list[Any], answer: Answer) -> Answer:
    """Say that every account is empty."""
    return {**answer, "result": "0x0"} if method == "eth_getBalance" else answer


def _with(answer: Answer, **members: Any) -> Answer:  # noqa: ANN401  # JSON
    changed = copy.deepcopy(answer)
    if isinstance(changed.get("result"), dict):
        changed["result"].update(members)
    return changed
