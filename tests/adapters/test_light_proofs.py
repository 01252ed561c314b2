"""Light parts made at real nodes, anvil and the embedded chain: proved at once; whatever a node gets wrong is none."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import pytest
from eth_account import Account
from eth_utils.crypto import keccak

from registry.adapters.artifacts import load_artifact
from registry.adapters.light_proofs import NodeLightProver, encode_header
from registry.adapters.rpc import connect, request
from registry.chain_ports import LightProof, LightProver
from registry.devchain.accounts import development_accounts
from registry.domain.errors import Unavailable
from registry.domain.hashing import sha256
from registry.domain.light_proof import LightQuestion, LightState, prove_state
from registry.domain.log_name import LogName
from registry.domain.rlp import decode_rlp
from tests.anvil import ANVIL_CHAIN_ID, ANVIL_KEYS, run_anvil
from tests.devchain_process import run_devchain
from tests.light_case import HandProver
from tests.memory_chain import memory_chain
from tests.node_chain import NodeChain, node_chain
from tests.rpc_proxy import Change, refusal, run_proxy

pytestmark = pytest.mark.chain

CODE_HASH: Final = load_artifact().runtime_code_hash
ROOTS: Final = tuple(sha256(bytes([number])) for number in range(3))
DEAD: Final = "http://127.0.0.1:9"
"""The discard port: nobody listens."""


@pytest.fixture(scope="module")
def anvil() -> Iterator[tuple[str, NodeChain]]:
    with run_anvil("--slots-in-an-epoch", "1") as node:
        chain = anchored(node_chain(node.url, Account.from_key(ANVIL_KEYS[0]), chain_id=ANVIL_CHAIN_ID))
        # Two blocks more and the last anchor is final.
        for _ in range(2):
            request(chain.web3, "evm_mine", [])
        yield node.url, chain


@pytest.fixture(scope="module")
def embedded() -> Iterator[tuple[str, NodeChain]]:
    with run_devchain() as node:
        yield node.url, anchored(node_chain(node.url, development_accounts()[0], chain_id=node.chain_id))


@pytest.fixture(params=["anvil", "embedded"])
def chain(request: pytest.FixtureRequest) -> tuple[str, NodeChain]:
    found: tuple[str, NodeChain] = request.getfixturevalue(request.param)
    return found


def anchored(chain: NodeChain) -> NodeChain:
    for root in ROOTS:
        chain.anchor(root)
    return chain


def prove(log: LogName, *urls: str, anchor: int = 1, status: int = 3, quorum: int = 1) -> LightProof:
    prover = NodeLightProver(lambda: [connect(url) for url in urls], code_hash=CODE_HASH, quorum=quorum)
    return prover.prove_newest(log, anchor_epoch=anchor, status_epoch=status)


def state_of(proof: LightProof, log: LogName, *, anchor: int = 1, status: int = 3) -> LightState:
    question = LightQuestion(log=log, anchor_epoch=anchor, status_epoch=status, code_hash=CODE_HASH)
    return prove_state(proof.part, question, block_hash=proof.block.hash, keccak=keccak)


def test_a_light_part_of_a_real_chain_proves_two_epochs_at_the_newest_final_block(chain: tuple[str, NodeChain]) -> None:
    url, log_chain = chain

    proof = prove(log_chain.log, url)

    state = state_of(proof, log_chain.log)
    final: Any = request(log_chain.web3, "eth_getBlockByNumber", ["finalized", False])
    assert state.roots == {1: ROOTS[0], 3: ROOTS[2]}
    assert state.latest_epoch == 3
    assert (hex(proof.block.number), f"0x{proof.block.hash.hex()}") == (final["number"], final["hash"])
    assert proof.block.time.timestamp() == int(final["timestamp"], 16)
    assert proof.part.anchorer == log_chain.account.address.lower()


@pytest.fixture(params=["anvil", "embedded", "memory"])
def promised(request: pytest.FixtureRequest) -> tuple[LightProver, LogName]:
    """Give each kind of prover, the fake too, over a log of three epochs."""
    if request.param == "memory":
        memory = memory_chain()
        for root in ROOTS:
            memory.anchor(root)
        return HandProver(chain=memory), memory.log
    url, log_chain = request.getfixturevalue(request.param)
    return NodeLightProver(lambda: [connect(url)], code_hash=CODE_HASH, quorum=1), log_chain.log


def test_whoever_proves_proves_what_was_asked_for(promised: tuple[LightProver, LogName]) -> None:
    prover, log = promised

    one, two = (prover.prove_newest(log, anchor_epoch=2, status_epoch=status) for status in (2, 3))

    assert state_of(one, log, anchor=2, status=2).roots == {2: ROOTS[1]}
    assert state_of(two, log, anchor=2).roots == {2: ROOTS[1], 3: ROOTS[2]}
    assert (two.latest_epoch, two.block.final, two.block.chain_id) == (3, True, log.chain_id)
    assert keccak(two.part.header) == two.block.hash


def test_an_epoch_that_is_not_final_has_no_light_part(promised: tuple[LightProver, LogName]) -> None:
    prover, log = promised

    with pytest.raises(Unavailable) as caught:
        prover.prove_newest(log, anchor_epoch=1, status_epoch=4)

    assert caught.value.code == "epoch-not-final"


def test_a_log_that_nobody_opened_has_none(chain: tuple[str, NodeChain]) -> None:
    url, log_chain = chain

    with pytest.raises(Unavailable):
        prove(replace(log_chain.log, number=10**6), url)


def test_a_contract_that_is_not_there_has_none(chain: tuple[str, NodeChain]) -> None:
    url, log_chain = chain

    with pytest.raises(Unavailable):
        prove(replace(log_chain.log, contract="0x" + "0e" * 20), url)


def test_other_code_than_the_published_one_has_none(anvil: tuple[str, NodeChain]) -> None:
    url, log_chain = anvil
    prover = NodeLightProver(lambda: [connect(url)], code_hash=b"\1" * 32, quorum=1)

    with pytest.raises(Unavailable) as caught:
        prover.prove_newest(log_chain.log, anchor_epoch=1, status_epoch=1)

    assert caught.value.code == "other-contract"


def test_a_node_of_another_chain_is_not_asked_further(anvil: tuple[str, NodeChain]) -> None:
    url, log_chain = anvil

    with pytest.raises(Unavailable) as caught:
        prove(replace(log_chain.log, chain_id=1), url)

    assert caught.value.code == "other-chain"


def test_the_next_node_is_asked_when_one_cannot(anvil: tuple[str, NodeChain]) -> None:
    url, log_chain = anvil

    assert prove(log_chain.log, DEAD, url).block == prove(log_chain.log, url).block
    with pytest.raises(Unavailable) as caught:
        prove(log_chain.log)
    assert caught.value.code == "no-rpc"


def unfinished(url: str) -> Change:
    """Call the newest block finalized."""

    def apply(method: str, params: list[Any], answer: dict[str, Any]) -> dict[str, Any]:
        if method != "eth_getBlockByNumber" or params[0] != "finalized":
            return answer
        return {**answer, "result": request(connect(url), method, ["latest", False])}

    return apply


def test_a_block_that_one_node_alone_calls_final_is_not_proved(anvil: tuple[str, NodeChain]) -> None:
    url, log_chain = anvil
    with run_proxy(url, unfinished(url)) as lying, run_proxy(url, lambda *asked: asked[2]) as witness:
        alone = prove(log_chain.log, lying, url, DEAD)
        agreed = prove(log_chain.log, lying, url, witness, quorum=2)

    final: Any = request(log_chain.web3, "eth_getBlockByNumber", ["finalized", False])
    assert (hex(agreed.block.number), f"0x{agreed.block.hash.hex()}") == (final["number"], final["hash"])
    assert alone.block.number > agreed.block.number


def test_without_a_quorum_nothing_is_proved(anvil: tuple[str, NodeChain]) -> None:
    url, log_chain = anvil

    with pytest.raises(Unavailable) as caught:
        prove(log_chain.log, DEAD, url, quorum=2)

    assert caught.value.code == "no-quorum"


def changed(method: str, change: Any) -> Change:  # noqa: ANN401  # of any answer
    def apply(asked: str, _: list[Any], answer: dict[str, Any]) -> dict[str, Any]:
        return {**answer, "result": change(answer["result"])} if asked == method else answer

    return apply


def flipped(data: str) -> str:
    return data[:-1] + ("0" if data[-1] != "0" else "1")


@pytest.mark.parametrize(
    ("method", "change"),
    [
        ("eth_getBlockByNumber", lambda _: None),
        ("eth_getBlockByNumber", lambda block: {**block, "stateRoot": flipped(block["stateRoot"])}),
        ("eth_getBlockByNumber", lambda block: {**block, "hash": flipped(block["hash"])}),
        ("eth_getBlockByNumber", lambda block: {**block, "requestsHash": None}),
        ("eth_getBlockByNumber", lambda block: {name: block[name] for name in block if name != "mixHash"}),
        ("eth_getBlockByNumber", lambda block: [block]),
        ("eth_call", lambda _: "0x"),
        ("eth_call", lambda _: "0x" + "00" * 12 + "0b" * 20),
        ("eth_getProof", lambda _: None),
        ("eth_getProof", lambda proof: {**proof, "accountProof": None}),
        ("eth_getProof", lambda proof: {**proof, "accountProof": proof["accountProof"][:-1]}),
        ("eth_getProof", lambda proof: {**proof, "accountProof": [*proof["accountProof"], "0x80"]}),
        ("eth_getProof", lambda proof: {**proof, "storageProof": proof["storageProof"][:2]}),
        ("eth_getProof", lambda proof: {**proof, "storageProof": proof["storageProof"][::-1]}),
        ("eth_getProof", lambda proof: {**proof, "storageProof": [{}, {}, {}]}),
    ],
)
def test_what_a_node_gets_wrong_is_no_light_part(anvil: tuple[str, NodeChain], method: str, change: Any) -> None:  # noqa: ANN401
    url, log_chain = anvil

    with run_proxy(url, changed(method, change)) as lying, pytest.raises(Unavailable):
        prove(log_chain.log, lying)


def test_a_node_that_keeps_no_proofs_says_so(anvil: tuple[str, NodeChain]) -> None:
    url, log_chain = anvil

    def without_proofs(asked: str, _: list[Any], answer: dict[str, Any]) -> dict[str, Any]:
        return refusal("distance to target block exceeds maximum proof window") if asked == "eth_getProof" else answer

    with run_proxy(url, without_proofs) as poor, pytest.raises(Unavailable) as caught:
        prove(log_chain.log, poor)

    assert "proof window" in caught.value.message


@pytest.mark.parametrize(
    ("hardfork", "fields"),
    [("london", 16), ("paris", 16), ("shanghai", 17), ("cancun", 20), ("prague", 21), ("osaka", 21)],
)
def test_headers_of_every_fork_are_put_together(hardfork: str, fields: int) -> None:
    with run_anvil(hardfork=hardfork) as node:
        web3 = connect(node.url)
        request(web3, "evm_mine", [])

        header = encode_header(request(web3, "eth_getBlockByNumber", ["0x1", False]))

    assert len(decode_rlp(header, where="header")) == fields
