"""What anchoring costs on a real node: stuck and evicted transactions, caps, budgets, empty purses and failures."""

import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest
from eth_account import Account
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from hexbytes import HexBytes
from structlog.testing import capture_logs
from web3 import Web3

from anchor_worker.budget import DAY, Budget
from anchor_worker.cycle import Worker
from anchor_worker.fees import Fees
from anchor_worker.machine import Sign, with_attempt
from anchor_worker.providers import Pool
from anchor_worker.sender import ChainSender
from anchor_worker.store import SqlAnchorStore
from registry.adapters.clock import SystemClock
from registry.adapters.database import open_engine
from registry.adapters.rpc import read_member, read_quantity, request
from registry.adapters.transactions import LocalSigner
from registry.store_ports import AnchorState
from tests.anchor_worker.sites import ANVIL_ARGUMENTS, ARTIFACT, BLOCKS_TO_FINALITY, Site, site_on_anvil
from tests.anchor_worker.test_worker_on_anvil import attempts
from tests.anvil import ANVIL_KEYS, run_anvil

pytestmark = pytest.mark.chain

GWEI: Final = 10**9
ETHER: Final = 10**18
AT_ONCE: Final[dict[str, Any]] = {"stuck_after_seconds": 1e-6}
# Enough for what the worker asks the contract, too little for its transaction.
TOO_SMALL_FOR_AN_ANCHOR: Final = hex(60_000)
FREE: Final = hex(30_000_000)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with run_anvil(*ANVIL_ARGUMENTS) as node, site_on_anvil(node.url, tmp_path) as made:
        yield made


def run_and_listen(site: Site, **changes: Any) -> list[dict[str, Any]]:  # noqa: ANN401  # any setting
    """Let a worker do one round and return its warnings and errors."""
    with site.worker(**changes) as worker:
        return listen(worker)


def listen(worker: Worker) -> list[dict[str, Any]]:
    with capture_logs() as events:
        worker.run_once()
    return [dict(event) for event in events if event["log_level"] in {"warning", "error"}]


def reason(site: Site) -> str:
    return (site.anchor(1).blocked_reason or "").partition(":")[0]


def base_fee(site: Site) -> int:
    history = read_member(request(site.web3, "eth_feeHistory", ["0x1", "latest", []]), "baseFeePerGas")
    assert isinstance(history, list)
    return read_quantity(history[-1], where="base fee")


def fees(raw: bytes) -> tuple[int, int]:
    """Read both fees of a signed transaction."""
    fields = TypedTransaction.from_bytes(HexBytes(raw)).as_dict()
    return int(fields["maxFeePerGas"]), int(fields["maxPriorityFeePerGas"])


def held_back(site: Site) -> None:
    """Let the first transaction lie in the pool, where no block takes it."""
    site.command("evm_setAutomine", False)
    site.issue()
    site.run_once()
    site.command("evm_setBlockGasLimit", TOO_SMALL_FOR_AN_ANCHOR)


def finish(site: Site) -> None:
    site.command("evm_setBlockGasLimit", FREE)
    site.mine(1 + BLOCKS_TO_FINALITY)
    site.run_once()
    assert site.anchor(1).state is AnchorState.FINAL
    assert site.epochs_on_chain() == 1
    assert site.root_on_chain(1) == site.anchor(1).root


def test_a_stuck_transaction_is_left_alone_while_the_market_is_below_it(site: Site) -> None:
    held_back(site)
    site.mine(3)

    site.run_once(**AT_ONCE)

    assert len(attempts(site)) == 1
    finish(site)


def test_a_stuck_transaction_below_the_market_is_replaced_and_one_of_the_two_is_mined(site: Site) -> None:
    held_back(site)
    (first,) = attempts(site)
    # The node would evict what does not pay the base fee: it is just not enough for the tip as well.
    site.command("anvil_setNextBlockBaseFeePerGas", hex(first[3] - 1))
    site.mine()

    site.run_once(**AT_ONCE)

    first, second = attempts(site)
    assert second[1] == first[1]
    assert all(new * 1000 >= old * 1125 for new, old in zip(fees(second[2]), fees(first[2]), strict=True))
    finish(site)


def test_at_the_limit_nothing_is_replaced_the_operator_is_told_once_and_the_old_one_is_sent_again(site: Site) -> None:
    site.command("evm_setAutomine", False)
    site.issue()
    site.run_once()
    (first,) = attempts(site)
    site.command("anvil_setNextBlockBaseFeePerGas", hex(first[3] * 3))
    site.mine()
    site.command("anvil_dropTransaction", first[0])

    with site.worker(**AT_ONCE, max_fee_gwei=first[3] / GWEI) as worker:
        held = [event for event in listen(worker) + listen(worker) if event["event"] == "anchor_fees_held"]
        at_the_limit = attempts(site)
        site.command("anvil_setNextBlockBaseFeePerGas", hex(GWEI))
        site.mine()
        worker.run_once()

    assert [event["reason"] for event in held] == ["fee-limit"]
    assert [each[0] for each in at_the_limit] == [first[0]]
    assert [(each[0], each[4]) for each in attempts(site)] == [(first[0], at_the_limit[0][4] + 1)]
    finish(site)


def test_a_bound_on_what_an_anchor_costs_blocks_and_resumes_by_itself(site: Site) -> None:
    site.issue()
    site.run_once(max_anchor_ether=Decimal("0.000001"))
    blocked = reason(site)

    site.run_once()

    assert (blocked, site.anchor(1).state) == ("anchor-cost", AnchorState.MINED)


def test_a_day_costs_no_more_than_its_budget_and_the_next_day_goes_on(tmp_path: Path) -> None:
    yesterday = str(int(time.time()) - 26 * 3600)
    with run_anvil(*ANVIL_ARGUMENTS, "--timestamp", yesterday) as node, site_on_anvil(node.url, tmp_path) as site:
        price_wei = 2 * base_fee(site) + GWEI
        budget = Decimal(80_000 * price_wei) / ETHER
        site.issue()
        site.run_once(daily_budget_ether=budget, min_tip_gwei=1)
        site.mine(BLOCKS_TO_FINALITY)
        site.run_once(daily_budget_ether=budget, min_tip_gwei=1)
        first = site.anchor(1)
        site.issue()
        site.run_once(daily_budget_ether=budget, min_tip_gwei=1)
        same_day = site.anchor(2)
        site.command("evm_increaseTime", 25 * 3600)
        site.mine()

        site.run_once(daily_budget_ether=budget, min_tip_gwei=1)

        assert first.state is AnchorState.FINAL
        assert (same_day.state, (same_day.blocked_reason or "")[:7]) == (AnchorState.BLOCKED, "budget:")
        assert attempts(site, 2)
        assert site.anchor(2).state is AnchorState.MINED


def test_a_replacement_beyond_the_budget_is_not_signed_and_the_old_one_is_mined(site: Site) -> None:
    held_back(site)
    (first,) = attempts(site)
    budget = Decimal(80_000 * first[3]) / ETHER
    site.command("anvil_setNextBlockBaseFeePerGas", hex(first[3] - 1))
    site.mine()

    events = run_and_listen(site, **AT_ONCE, daily_budget_ether=budget)

    assert [event["reason"] for event in events] == ["budget"]
    assert len(attempts(site)) == 1
    finish(site)


def test_a_low_balance_is_told_and_blocks_nothing_and_an_empty_one_resumes_when_it_is_filled(site: Site) -> None:
    cost_wei = 80_000 * (2 * base_fee(site) + GWEI)
    site.issue()
    site.command("anvil_setBalance", site.account.address, hex(GWEI))
    site.run_once(min_tip_gwei=1)
    empty = reason(site)
    site.command("anvil_setBalance", site.account.address, hex(3 * cost_wei))

    events = run_and_listen(site, min_tip_gwei=1)

    assert empty == "no-funds"
    assert [(event["event"], event["floor"]) for event in events] == [("balance_low", 20)]
    assert 0 < events[0]["anchors"] < 20
    assert site.anchor(1).state is AnchorState.MINED


def test_an_anchor_that_ran_out_of_gas_is_made_anew_when_the_failure_is_final(site: Site) -> None:
    site.issue()
    with site.worker() as worker:
        worker.seal()
    plant_attempt(site, gas=40_000)
    site.run_once()
    early = reason(site)
    (only,) = attempts(site)
    failed = request(site.web3, "eth_getTransactionReceipt", [only[0]])
    site.mine(BLOCKS_TO_FINALITY)
    events = [run_and_listen(site), run_and_listen(site)]
    site.mine(BLOCKS_TO_FINALITY)
    site.run_once()

    assert (early, read_member(failed, "status")) == ("reverted", "0x0")
    assert read_member(failed, "gasUsed") == hex(40_000)
    assert events == [[], []]
    assert sorted(each[1] for each in attempts(site)) == [only[1], only[1] + 1]
    assert site.anchor(1).state is AnchorState.FINAL
    assert site.epochs_on_chain() == 1
    assert site.root_on_chain(1) == site.anchor(1).root


def test_an_older_attempt_that_failed_in_place_of_the_newest_is_noticed_too(site: Site) -> None:
    site.command("evm_setAutomine", False)
    site.issue()
    with site.worker() as worker:
        worker.seal()
    plant_attempt(site, gas=40_000)
    site.run_once()
    site.run_once(**AT_ONCE, min_tip_gwei=4.0)
    older, newest = attempts(site)
    site.command("anvil_dropTransaction", newest[0])
    request(site.web3, "eth_sendRawTransaction", ["0x" + older[2].hex()])
    site.mine()
    site.run_once()

    failed = request(site.web3, "eth_getTransactionReceipt", [older[0]])
    assert read_member(failed, "status") == "0x0"
    assert (site.anchor(1).blocked_reason or "").startswith(f"reverted: {older[0]} in block")


def test_an_anchor_that_reverted_waits_for_what_made_it_revert_and_is_made_anew(site: Site) -> None:
    contract = site.web3.eth.contract(address=Web3.to_checksum_address(ARTIFACT.address), abi=ARTIFACT.abi)
    number, us, other = site.log.name.number, site.account.address, Account.from_key(ANVIL_KEYS[1]).address
    contract.functions.setAnchorer(number, other).transact({"from": us})
    site.mine(BLOCKS_TO_FINALITY)
    site.command("evm_setAutomine", False)
    site.issue()
    site.run_once()
    contract.functions.acceptAnchorer(number).transact(
        {"from": other, "maxPriorityFeePerGas": Web3.to_wei(50, "gwei"), "maxFeePerGas": Web3.to_wei(90, "gwei")}
    )
    site.mine(1 + BLOCKS_TO_FINALITY)
    site.run_once()
    site.run_once()
    unbound = reason(site)
    site.command("evm_setAutomine", True)
    contract.functions.setAnchorer(number, us).transact({"from": us})
    contract.functions.acceptAnchorer(number).transact({"from": us})
    site.mine(BLOCKS_TO_FINALITY)
    site.run_once()
    site.mine(BLOCKS_TO_FINALITY)

    site.run_once()

    assert unbound == "log-not-bound"
    assert len({each[1] for each in attempts(site)}) == 2
    assert site.anchor(1).state is AnchorState.FINAL
    assert site.epochs_on_chain() == 1


def plant_attempt(site: Site, *, gas: int) -> None:
    """Sign and store a first attempt with too little gas, as a worker would that a node told a wrong estimate."""
    clock, signer = SystemClock(), LocalSigner(site.account)
    engine = open_engine(site.settings.database_url)
    store = SqlAnchorStore(engine, sender=signer.address, fence=lambda _: 1, clock=clock)
    stored = store.open_anchor()
    assert stored is not None
    nonce = site.web3.eth.get_transaction_count(site.account.address)
    offer = Fees(max_fee_wei=2 * base_fee(site) + GWEI, tip_wei=GWEI)
    action = Sign(nonce=nonce, fees=offer, gas=gas, budget=Budget(day_wei=10**18, since=clock.now() - DAY))
    pool = Pool([site.web3], check=lambda _: None, stalled_after=DAY, clock=clock, jitter=lambda: 0.0)
    sender = ChainSender(pool, signer=signer, log=site.log.name, artifact=ARTIFACT, clock=clock)
    signed = sender.sign(stored.state, action)
    store.add_attempt(stored, with_attempt(stored.state, signed.attempt), signed)
    engine.dispose()
