"""What came of telling several nodes, each of which answers in its own way."""

from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler
from typing import Final

import pytest
from eth_account import Account
from eth_utils.crypto import keccak

from anchor_worker.offers import Refusal
from anchor_worker.providers import Pool
from anchor_worker.sender import ChainSender
from registry.adapters.artifacts import load_artifact
from registry.adapters.clock import SystemClock
from registry.adapters.rpc import connect
from registry.adapters.transactions import LocalSigner
from registry.domain.canonical import JsonValue
from tests.adapters.rpc_nodes import node, rpc
from tests.store_samples import LOG

RAW: Final = b"signed"

Members = dict[str, JsonValue]

TAKEN: Final[Members] = {"result": "0x" + keccak(RAW).hex()}
TOO_CHEAP: Final[Members] = {"error": {"code": -32000, "message": "replacement transaction underpriced"}}
USED: Final[Members] = {"error": {"code": -32000, "message": "nonce too low"}}
LOST: Final[Members] = {"error": {"code": -32603, "message": "upstream timed out"}}


def answer(handler: BaseHTTPRequestHandler, asked: Members, *, members: Members) -> None:
    rpc(handler, asked, **members)


@pytest.mark.parametrize(
    ("answers", "refusal"),
    [
        ([TOO_CHEAP, TOO_CHEAP], Refusal.UNDERPRICED),
        ([TOO_CHEAP, TAKEN], None),
        ([TOO_CHEAP, USED], None),
        ([TOO_CHEAP, LOST], None),
        ([LOST, LOST], None),
    ],
    ids=["all refuse", "one takes it", "one has used it", "one answer is lost", "all are lost"],
)
def test_a_refusal_counts_only_when_every_node_refuses(answers: list[Members], refusal: Refusal | None) -> None:
    clock, signer = SystemClock(), LocalSigner(Account.from_key("0x" + "01" * 32))
    with ExitStack() as stack:
        urls = [stack.enter_context(node(partial(answer, members=each))) for each in answers]
        pool = Pool(
            [connect(url) for url in urls],
            check=lambda _: None,
            stalled_after=timedelta(days=1),
            clock=clock,
            jitter=lambda: 0.0,
        )
        sender = ChainSender(pool, signer=signer, log=LOG.name, artifact=load_artifact(), clock=clock)

        reply = sender.send(RAW)

    assert reply.refusal is refusal
