"""A worker against a real node with a finality that lags, a pool that forgets, and a chain that reorganises."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from eth_account import Account
from sqlalchemy import select
from web3 import Web3

from registry.adapters.database import open_engine
from registry.adapters.rpc import read_member, request
from registry.adapters.tables import anchor as anchor_table
from registry.adapters.tables import attempt as attempt_table
from registry.store_ports import AnchorState
from tests.anchor_worker.sites import ANVIL_ARGUMENTS, ARTIFACT, BLOCKS_TO_FINALITY, Site, site_on_anvil
from tests.anvil import ANVIL_KEYS, run_anvil

pytestmark = pytest.mark.chain

GWEI = 10**9


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with run_anvil(*ANVIL_ARGUMENTS) as node, site_on_anvil(node.url, tmp_path) as made:
        yield made


def attempts(site: Site, epoch: int = 1) -> list[tuple[str, int, bytes, int, int]]:
    """Every attempt's hash, nonce, bytes, fee and sends, cheapest first."""
    engine = open_engine(site.settings.database_url)
    with engine.connect() as connection:
        rows = connection.execute(select(attempt_table).where(attempt_table.c.epoch == epoch)).all()
    engine.dispose()
    found = [("0x" + row.transaction_hash.hex(), row.nonce, row.raw, row.max_fee_wei, row.sends) for row in rows]
    return sorted(found, key=lambda each: each[3])


def reorganisations(site: Site, epoch: int = 1) -> int:
    engine = open_engine(site.settings.database_url)
    with engine.connect() as connection:
        count = connection.execute(select(anchor_table.c.reorg_count).where(anchor_table.c.epoch == epoch)).scalar_one()
    engine.dispose()
    return int(count)


def mined_anchor(site: Site) -> None:
    site.issue()
    site.run_once()
    assert site.anchor(1).state is AnchorState.MINED


def test_a_mined_anchor_is_final_when_its_block_is(site: Site) -> None:
    mined_anchor(site)
    site.mine(BLOCKS_TO_FINALITY - 1)
    site.run_once()
    early = site.anchor(1).state

    site.mine()
    site.run_once()

    assert (early, site.anchor(1).state) == (AnchorState.MINED, AnchorState.FINAL)
    assert site.root_on_chain(1) == site.anchor(1).root
    assert (site.published / "epochs" / "1" / "manifest.json").is_file()


def test_nothing_is_published_before_it_is_final(site: Site) -> None:
    mined_anchor(site)

    assert not site.published.exists()


def test_a_transaction_that_a_reorganisation_drops_is_sent_again_with_the_same_bytes(site: Site) -> None:
    mined_anchor(site)
    site.command("anvil_reorg", 1, [])
    assert site.epochs_on_chain() == 0

    site.run_once()

    (only,) = attempts(site)
    assert only[4] == 2
    assert site.epochs_on_chain() == 1
    assert reorganisations(site) == 1
    site.mine(BLOCKS_TO_FINALITY)
    site.run_once()
    assert site.anchor(1).state is AnchorState.FINAL


def test_a_transaction_that_a_reorganisation_moves_is_followed_to_its_new_block(site: Site) -> None:
    site.mine(3)
    mined_anchor(site)
    site.mine()
    before = site.anchor(1)
    (only,) = attempts(site)
    site.command("anvil_reorg", 2, [["0x" + only[2].hex(), 1]])

    site.run_once()

    after = site.anchor(1)
    assert after.transaction_hash == before.transaction_hash
    assert (after.block_number, after.block_hash) != (before.block_number, before.block_hash)
    assert only[4] == 1
    site.mine(BLOCKS_TO_FINALITY)
    site.run_once()
    assert site.anchor(1).state is AnchorState.FINAL


def test_a_nonce_is_the_next_by_the_blocks_whatever_waits_in_the_pool(site: Site) -> None:
    site.command("evm_setAutomine", False)
    nonce = site.web3.eth.get_transaction_count(site.account.address)
    site.web3.eth.send_transaction({"from": site.account.address, "to": site.account.address, "nonce": nonce})
    site.issue()

    site.run_once()

    assert {each[1] for each in attempts(site)} == {nonce}


def test_a_pool_that_forgets_is_told_again(site: Site) -> None:
    site.command("evm_setAutomine", False)
    site.issue()
    site.run_once()
    (before,) = attempts(site)
    site.command("anvil_dropTransaction", before[0])

    site.run_once()
    site.run_once()
    site.mine()
    site.run_once()

    (after,) = attempts(site)
    assert (before[4], after[4]) == (1, 2)
    assert site.anchor(1).state is AnchorState.MINED


def test_a_stuck_and_underpriced_transaction_is_replaced_under_its_nonce_and_either_may_be_mined(site: Site) -> None:
    site.command("evm_setAutomine", False)
    site.issue()
    site.run_once(stuck_after_seconds=1e-6)
    site.run_once(stuck_after_seconds=1e-6, min_tip_gwei=4.0)

    first, second = attempts(site)
    assert first[1] == second[1]
    assert second[3] * 1000 >= first[3] * 1125
    site.command("anvil_dropTransaction", second[0])
    request(site.web3, "eth_sendRawTransaction", ["0x" + first[2].hex()])
    site.mine()
    site.run_once()
    assert site.anchor(1).state is AnchorState.MINED
    assert "0x" + (site.anchor(1).transaction_hash or b"").hex() == first[0]
    assert site.epochs_on_chain() == 1


def test_a_transaction_evicted_by_a_risen_base_fee_is_priced_again(site: Site) -> None:
    site.command("evm_setAutomine", False)
    site.issue()
    site.run_once()
    site.command("anvil_setNextBlockBaseFeePerGas", hex(50 * GWEI))
    site.mine()
    site.run_once()
    site.run_once()
    site.mine()
    site.run_once()

    first, *later = attempts(site)
    assert later
    assert {each[1] for each in later} == {first[1]}
    assert site.anchor(1).state is AnchorState.MINED


def test_a_base_fee_above_the_limit_blocks_and_resumes_when_it_falls(site: Site) -> None:
    site.issue()
    site.run_once(max_fee_gwei=0.1, max_tip_gwei=0.05)
    blocked = site.anchor(1)

    site.run_once()

    assert blocked.state is AnchorState.BLOCKED
    assert (blocked.blocked_reason or "").startswith("fee-limit")
    assert (site.anchor(1).state, site.anchor(1).blocked_reason) == (AnchorState.MINED, None)


def test_a_transaction_to_an_address_without_code_is_never_mined(site: Site) -> None:
    code = request(site.web3, "eth_getCode", [ARTIFACT.address, "latest"])
    site.command("evm_setAutomine", False)
    site.issue()
    site.run_once()
    site.command("anvil_setCode", ARTIFACT.address, "0x")
    site.mine(1 + BLOCKS_TO_FINALITY)
    (only,) = attempts(site)
    transaction_receipt = request(site.web3, "eth_getTransactionReceipt", [only[0]])
    assert read_member(transaction_receipt, "status") == "0x1"

    site.run_once()
    without_code = site.anchor(1)
    site.command("anvil_setCode", ARTIFACT.address, code)
    site.run_once()
    with_code_again = site.anchor(1)

    assert (without_code.state, with_code_again.state) == (AnchorState.BLOCKED, AnchorState.BLOCKED)
    assert (without_code.blocked_reason or "").startswith("wrong-chain")
    assert (with_code_again.blocked_reason or "").startswith("no-event")


def test_a_foreign_anchor_by_our_account_blocks_loudly(site: Site) -> None:
    site.issue()
    with site.worker() as worker:
        worker.seal()
    send_from_account(site, to=ARTIFACT.address, data=b"\x77" * 32)

    site.run_once()

    assert site.anchor(1).state is AnchorState.BLOCKED
    assert (site.anchor(1).blocked_reason or "").startswith("foreign-anchor")
    assert attempts(site) == []


def test_a_nonce_used_by_somebody_else_blocks_when_that_is_final(site: Site) -> None:
    site.command("evm_setAutomine", False)
    site.issue()
    site.run_once()
    (only,) = attempts(site)
    site.command("anvil_dropTransaction", only[0])
    send_from_account(site, to=site.account.address, data=b"")
    site.mine()
    site.run_once()
    early = site.anchor(1)
    site.mine(BLOCKS_TO_FINALITY)

    site.run_once()

    assert early.state is AnchorState.PENDING
    assert (site.anchor(1).blocked_reason or "").startswith("foreign-nonce")
    assert len(attempts(site)) == 1


def test_an_account_unbound_from_the_log_sends_nothing_and_resumes_when_bound_again(site: Site) -> None:
    contract = site.web3.eth.contract(address=Web3.to_checksum_address(ARTIFACT.address), abi=ARTIFACT.abi)
    number, us, other = site.log.name.number, site.account.address, Account.from_key(ANVIL_KEYS[1]).address
    contract.functions.setAnchorer(number, other).transact({"from": us})
    contract.functions.acceptAnchorer(number).transact({"from": other})
    site.issue()
    site.run_once()
    blocked = site.anchor(1)
    contract.functions.setAnchorer(number, us).transact({"from": us})
    contract.functions.acceptAnchorer(number).transact({"from": us})
    site.mine(BLOCKS_TO_FINALITY)

    site.run_once()

    assert (blocked.blocked_reason or "").startswith("log-not-bound")
    assert site.anchor(1).state is AnchorState.MINED


def test_an_empty_account_resumes_when_it_is_filled(site: Site) -> None:
    site.command("anvil_setBalance", site.account.address, "0x0")
    site.issue()
    site.run_once()
    blocked = site.anchor(1)
    site.command("anvil_setBalance", site.account.address, hex(10**18))

    site.run_once()

    assert (blocked.blocked_reason or "").startswith("no-funds")
    assert site.anchor(1).state is AnchorState.MINED


def test_a_log_whose_opening_is_not_final_is_not_used(tmp_path: Path) -> None:
    with run_anvil("--slots-in-an-epoch", "4") as node, site_on_anvil(node.url, tmp_path) as site:
        site.issue()
        site.run_once()
        early = site.anchor(1)
        site.mine(8)

        site.run_once()

        assert (early.blocked_reason or "").startswith("log-not-final")
        assert site.anchor(1).state is AnchorState.MINED


def test_another_chain_behind_the_same_url_is_not_believed(tmp_path: Path) -> None:
    with run_anvil(*ANVIL_ARGUMENTS) as node, site_on_anvil(node.url, tmp_path) as site:
        mined_anchor(site)
        with run_anvil(*ANVIL_ARGUMENTS, "--timestamp", "1700000000") as other:
            site.run_once(rpc_urls=(other.url,))
            elsewhere = site.anchor(1)

        site.run_once()

        assert (elsewhere.blocked_reason or "").startswith("wrong-chain")
        assert site.anchor(1).state is AnchorState.MINED


def test_a_node_that_is_down_changes_nothing_and_another_one_is_asked(tmp_path: Path) -> None:
    with run_anvil(*ANVIL_ARGUMENTS) as node, site_on_anvil(node.url, tmp_path) as site:
        site.issue()
        with site.worker() as worker:
            worker.seal()
        closed = "http://127.0.0.1:9"
        site.run_once(rpc_urls=(closed,))
        unknown = site.anchor(1)

        site.run_once(rpc_urls=(closed, node.url))

        assert (unknown.state, unknown.blocked_reason) == (AnchorState.SEALED, None)
        assert site.anchor(1).state is AnchorState.MINED


def test_two_workers_at_once_anchor_everything_once(site: Site) -> None:
    with site.worker() as one, site.worker() as other:
        for _ in range(3):
            site.issue()
            one.run_once()
            other.run_once()
            site.mine(BLOCKS_TO_FINALITY)
            other.run_once()
            one.run_once()

    assert site.epochs_on_chain() == 3
    assert [len(attempts(site, number)) for number in (1, 2, 3)] == [1, 1, 1]


def test_a_transaction_is_sent_once_a_round_however_often_it_is_refused(site: Site) -> None:
    site.command("evm_setBlockGasLimit", hex(70_000))
    site.command("evm_setAutomine", False)
    site.issue()

    site.run_once()
    site.run_once()

    (only,) = attempts(site)
    assert only[4] == 2
    assert site.anchor(1).state is AnchorState.BLOCKED
    assert (site.anchor(1).blocked_reason or "").startswith("refused")


def send_from_account(site: Site, *, to: str, data: bytes) -> None:
    """Let somebody else use the anchoring account's key."""
    nonce = site.web3.eth.get_transaction_count(site.account.address)
    signed = site.account.sign_transaction(
        {
            "chainId": site.log.name.chain_id,
            "nonce": nonce,
            "to": Web3.to_checksum_address(to),
            "data": data,
            "value": 0,
            "gas": 100_000,
            "maxFeePerGas": 100 * GWEI,
            "maxPriorityFeePerGas": 5 * GWEI,
        }
    )
    site.web3.eth.send_raw_transaction(signed.raw_transaction)
