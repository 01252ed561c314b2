"""What an anchoring transaction carries, how it is signed, and what nodes say of it."""

from dataclasses import replace
from typing import Final

import pytest
from eth_account import Account
from eth_utils.abi import function_abi_to_4byte_selector
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from registry.adapters.artifacts import load_artifact
from registry.adapters.rpc import connect
from registry.adapters.transactions import (
    Answer,
    LocalSigner,
    anchor_calldata,
    check_signed,
    classify,
    send,
    sign_transaction,
)
from registry.chain_ports import AnchorTransaction
from registry.domain.canonical import JsonValue
from registry.domain.errors import ProofMismatch
from registry.domain.hashing import Digest
from tests.adapters.rpc_nodes import node, rpc
from tests.adapters.test_rpc import BROKEN, HASH

ARTIFACT: Final = load_artifact()
ACCOUNT: Final = LocalSigner(Account.from_key("0x" + "01" * 32))
TRANSACTION: Final = AnchorTransaction(
    chain_id=31337,
    contract=ARTIFACT.address,
    calldata=b"\x99" * 32,
    nonce=0,
    gas=80_000,
    max_fee_wei=2 * 10**9,
    tip_wei=10**9,
)
SELECTORS: Final = frozenset(
    function_abi_to_4byte_selector(item) for item in ARTIFACT.abi if item["type"] == "function"
)


@given(root=st.binary(min_size=32, max_size=32).filter(lambda root: root[:4] not in SELECTORS))
def test_calldata_is_exactly_the_root(root: bytes) -> None:
    assert anchor_calldata(Digest(root), ARTIFACT) == root


def test_a_root_that_looks_like_a_call_goes_through_the_function() -> None:
    selector = keccak(text="anchor(bytes32)")[:4]
    ordinary = Digest(b"\xff" * 32)
    for signature in ("anchor(bytes32)", "logOf(address)", "openLog(address)", "latest(uint256)"):
        root = Digest(keccak(text=signature)[:4] + b"\x01" * 28)

        assert anchor_calldata(root, ARTIFACT) == selector + root
    assert anchor_calldata(ordinary, ARTIFACT) == ordinary


def test_a_signed_transaction_reads_back_as_what_was_asked_for() -> None:
    signed = sign_transaction(ACCOUNT, TRANSACTION)

    check_signed(signed.raw, TRANSACTION, sender=ACCOUNT.address)
    assert signed == sign_transaction(ACCOUNT, TRANSACTION)


@pytest.mark.parametrize(
    "changes",
    [
        {"chain_id": 1},
        {"contract": "0x" + "11" * 20},
        {"calldata": b"\x98" * 32},
        {"nonce": 1},
        {"gas": 80_001},
        {"max_fee_wei": 3 * 10**9},
        {"tip_wei": 10**9 - 1},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_signer_that_signs_something_else_is_found_out(changes: dict[str, int]) -> None:
    signed = sign_transaction(ACCOUNT, replace(TRANSACTION, **changes))  # type: ignore[arg-type]  # one field each

    with pytest.raises(ProofMismatch):
        check_signed(signed.raw, TRANSACTION, sender=ACCOUNT.address)


def test_another_signer_is_found_out() -> None:
    signed = sign_transaction(LocalSigner(Account.from_key("0x" + "02" * 32)), TRANSACTION)

    with pytest.raises(ProofMismatch, match="signer"):
        check_signed(signed.raw, TRANSACTION, sender=ACCOUNT.address)


@pytest.mark.parametrize(
    ("reason", "answer"),
    [
        ("already known", Answer.TAKEN),
        ("transaction already imported", Answer.TAKEN),
        ("nonce too low: address 0x1, tx: 1 state: 2", Answer.NONCE_USED),
        ("replacement transaction underpriced", Answer.UNDERPRICED),
        ("transaction underpriced: tip needed 1", Answer.UNDERPRICED),
        ("max fee per gas less than block base fee: address 0x1", Answer.UNDERPRICED),
        ("Insufficient funds for gas * price + value", Answer.NO_FUNDS),
        ("intrinsic gas too low: gas 1, minimum needed 2", Answer.INVALID),
        ("intrinsic gas too high -- tx.gas_limit > env.block.gas_limit", Answer.INVALID),
        ("invalid chain id for signer: have 1 want 2", Answer.INVALID),
        ("Failed to decode transaction", Answer.INVALID),
        ("exceeds block gas limit", Answer.INVALID),
        ("insufficient gas for floor data gas cost: gas 1", Answer.INVALID),
        ("the moon is in the wrong phase", Answer.UNKNOWN),
    ],
)
def test_nodes_are_understood_by_their_words(reason: str, answer: Answer) -> None:
    assert classify(reason) is answer


def test_a_node_that_takes_a_transaction_names_it() -> None:
    signed = sign_transaction(ACCOUNT, TRANSACTION)

    with node(lambda handler, asked: rpc(handler, asked, result=signed.transaction)) as url:
        assert send(connect(url), signed.raw).answer is Answer.TAKEN


def test_a_node_that_names_another_transaction_has_said_nothing() -> None:
    signed = sign_transaction(ACCOUNT, TRANSACTION)

    with node(lambda handler, asked: rpc(handler, asked, result=HASH)) as url:
        assert send(connect(url), signed.raw).answer is Answer.UNKNOWN


def test_a_refusal_keeps_the_nodes_words() -> None:
    signed = sign_transaction(ACCOUNT, TRANSACTION)
    error: JsonValue = {"code": -32000, "message": "replacement transaction underpriced"}

    with node(lambda handler, asked: rpc(handler, asked, error=error)) as url:
        delivery = send(connect(url), signed.raw)

    assert (delivery.answer, delivery.detail) == (Answer.UNDERPRICED, "replacement transaction underpriced")


@pytest.mark.parametrize("kind", BROKEN)
def test_a_lost_answer_may_be_a_success(kind: str) -> None:
    signed = sign_transaction(ACCOUNT, TRANSACTION)

    with node(BROKEN[kind]) as url:
        assert send(connect(url), signed.raw).answer is Answer.UNKNOWN
