"""The court's interface: calls it takes, answers and refusals read back, on anvil and out of hostile bytes."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

import pytest
from eth_utils.crypto import keccak

from registry.adapters.anchor_log import AnchorLogReader
from registry.adapters.artifacts import FRAUD_COURT, load_artifact
from registry.adapters.calls import Call, Caller
from registry.adapters.court import (
    court_address,
    encode_call,
    encode_report,
    name_refusal,
    read_bond,
    read_challenge,
    read_challenged,
    read_marks,
    read_number,
)
from registry.domain.errors import Refused, Unavailable
from registry.domain.fraud import BrokenInclusion, BrokenRevocation, Fraud, FraudKind, Mark
from registry.domain.hashing import sha256
from registry.domain.slot import Purpose
from tests.anvil import ANVIL_CHAIN_ID
from tests.court_case import BOND_WEI, CourtCase, court_case, serve_court
from tests.rpc_proxy import refusal, run_proxy

WORD: Final = bytes(31) + b"\1"

pytestmark = pytest.mark.chain


@pytest.fixture(scope="module")
def marked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CourtCase]:
    """A log that did not revoke slot 77 by epoch 1 as promised, marked for it."""
    with serve_court() as node:
        case = court_case(node, tmp_path_factory.mktemp("court"))
        case.world.issue("Ada")
        case.world.seal()
        shown = case.world.prove(77, Purpose.REVOCATION, epoch=1)
        report = encode_report(BrokenRevocation(promise=case.promise(slot=77, epoch=1), unrevoked=shown))
        assert node.send(case.reporter, to=court_address(), data=report)["status"] == 1
        node.settle()
        yield case


MARKS: Final = (Mark(kind=FraudKind.BROKEN_REVOCATION_PROMISE, epoch=1),)


def test_the_marks_of_a_log_are_read_at_a_block(marked: CourtCase) -> None:
    view = AnchorLogReader([marked.node.url]).at_final_block()

    assert view.code_hash(court_address()) == load_artifact(FRAUD_COURT).runtime_code_hash
    assert view.marks(court_address(), marked.world.log) == MARKS
    assert view.marks(court_address(), replace(marked.world.log, number=9)) == ()


def test_nodes_that_disagree_on_the_marks_give_no_answer(marked: CourtCase) -> None:
    def acquit(asked: str, _: list[Any], answer: dict[str, Any]) -> dict[str, Any]:
        return {**answer, "result": "0x" + "00" * 128} if asked == "eth_call" else answer

    with run_proxy(marked.node.url, acquit) as liar:
        view = AnchorLogReader([marked.node.url, liar]).at_final_block()
        with pytest.raises(Unavailable) as caught:
            view.marks(court_address(), marked.world.log)

    assert caught.value.code == "rpc-disagree"


def test_the_bond_is_read(marked: CourtCase) -> None:
    stake = marked.node.ask("stakeOf", marked.world.log.number)

    assert read_bond(stake) == 0
    assert read_bond(bytes(24) + BOND_WEI.to_bytes(8, "big") + stake[32:]) == BOND_WEI


READERS: Final[dict[str, Callable[[bytes], object]]] = {
    "marks": read_marks,
    "bond": read_bond,
    "challenge": read_challenge,
    "number": lambda answer: read_number("minimumStake", answer),
    "event": lambda answer: read_challenged((WORD, WORD, WORD), answer),
    "topics": lambda answer: read_challenged((WORD,), answer),
}


@pytest.mark.parametrize("answer", [b"", b"\1", bytes(33), bytes(32 * 7)])
@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_an_answer_of_another_size_is_none(read: Callable[[bytes], object], answer: bytes) -> None:
    with pytest.raises(Unavailable) as caught:
        read(answer)

    assert caught.value.code == "rpc-answer"


@pytest.mark.parametrize(
    ("read", "answer"),
    [
        (read_marks, b"\xff" * 128),
        (read_challenge, b"\xff" * 160),
        (read_challenge, bytes(64) + bytes(24) + b"\x7f" * 8 + bytes(64)),
    ],
    ids=["marks", "challenge", "a time beyond the calendar"],
)
def test_an_answer_that_is_not_the_courts_is_none(read: Callable[[bytes], object], answer: bytes) -> None:
    with pytest.raises(Unavailable) as caught:
        read(answer)

    assert caught.value.code == "rpc-answer"


def test_there_was_never_a_challenge_when_all_is_zero() -> None:
    assert read_challenge(bytes(160)) is None


def test_a_refusal_is_named_with_its_facts(marked: CourtCase) -> None:
    promised = marked.promise(slot=77, epoch=1)
    shown = marked.world.prove(77, Purpose.REVOCATION, epoch=1)
    call = Call(contract=court_address(), data=encode_report(BrokenRevocation(promise=promised, unrevoked=shown)))

    refused = Caller(marked.node.url, marked.reporter, chain_id=ANVIL_CHAIN_ID).try_call(call)

    assert refused is not None
    assert name_refusal(refused.data) == f"LogIsMarked(log: {marked.world.log.number}, kind: 2, epoch: 1)"


@pytest.mark.parametrize("data", [b"", b"\1\2\3", bytes(4), b"\xff" * 36])
def test_what_is_no_error_of_the_court_has_no_name(data: bytes) -> None:
    assert name_refusal(data) is None


def test_an_error_without_its_facts_keeps_its_name(marked: CourtCase) -> None:
    call = Call(contract=court_address(), data=encode_call("collect"))
    refused = Caller(marked.node.url, marked.owner, chain_id=ANVIL_CHAIN_ID).try_call(call)
    assert refused is not None

    assert name_refusal(refused.data) == "NothingIsDue()"
    # LogIsMarked, cut off.
    assert name_refusal(load_selector("LogIsMarked(uint256,uint8,uint64)")) == "LogIsMarked"


def load_selector(signature: str) -> bytes:
    return keccak(text=signature)[:4]


def test_a_call_that_reverts_is_not_sent(marked: CourtCase) -> None:
    caller = Caller(marked.node.url, marked.owner, chain_id=ANVIL_CHAIN_ID)
    before = marked.node.web3.eth.get_transaction_count(marked.owner.address)

    with pytest.raises(Refused):
        caller.send_call(Call(contract=court_address(), data=encode_call("collect")))

    assert marked.node.web3.eth.get_transaction_count(marked.owner.address) == before


def test_a_node_that_refuses_without_revert_data_has_not_tried(marked: CourtCase) -> None:
    def refuse(asked: str, _: list[Any], answer: dict[str, Any]) -> dict[str, Any]:
        return refusal("insufficient funds") if asked == "eth_call" else answer

    with run_proxy(marked.node.url, refuse) as url, pytest.raises(Unavailable) as caught:
        Caller(url, marked.owner, chain_id=ANVIL_CHAIN_ID).try_call(
            Call(contract=court_address(), data=encode_call("collect"))
        )

    assert caught.value.code == "rpc-refused"


def test_promises_of_both_kinds_are_encoded_by_what_they_promise(marked: CourtCase) -> None:
    frauds: list[Fraud] = [
        BrokenInclusion(promise=marked.promise(leaf=sha256(b"leaf"), slot=5, epoch=1)),
        BrokenRevocation(promise=marked.promise(slot=5, epoch=9), unrevoked=None),
    ]
    selectors = [
        load_selector("challengeInclusion((uint256,bytes32,uint64,uint64,uint64),(bytes32,bytes32))"),
        load_selector("reportOverdueRevocation((uint256,uint64,uint64,uint64),(bytes32,bytes32))"),
    ]

    assert [encode_report(fraud)[:4] for fraud in frauds] == selectors
