"""The one assertion behind every fault: nothing lost, nothing doubled, nothing reverted, by the chain and the tables."""

from dataclasses import dataclass
from typing import Any, Final

from web3 import Web3

from registry.store_ports import AnchorState
from scripts import audit_log
from tests.anchor_worker.sites import ARTIFACT, Site
from tests.audit_world import call_script
from tests.faults.world import World, hex_of

_ANCHORED: Final = "0x" + Web3.keccak(text="Anchored(uint256,uint64,bytes32)").hex()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainEvent:
    """An event `Anchored` of our log on the canonical chain."""

    epoch: int
    root: bytes
    block_number: int
    block_hash: str
    transaction: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SentTransaction:
    """A transaction of the anchoring account in a canonical block."""

    nonce: int
    transaction: str
    succeeded: bool


def assert_exactly_once(world: World, *, epochs: int, foreign: int = 0, reverted: int = 0) -> None:
    """Assert that so many epochs were anchored exactly once, are final and published, and that an audit is clean.

    `foreign` transactions of the account were sent by somebody else, and `reverted` ones reverted because the fault
    made them.
    """
    site = world.site
    events, sent = events_of(site), transactions_of(site)
    with site.store.read() as unit:
        waiting, unpublished, newest = unit.epochs.waiting(), unit.epochs.to_publish(), unit.epochs.newest()
    anchors = [site.anchor(number) for number in range(1, epochs + 1)]
    attempts = {number: world.attempts(number) for number in range(1, epochs + 1)}
    spent = {each.nonce for each in sent if not each.succeeded}
    nonces = [{row.nonce for row in attempts[number]} - spent for number in attempts]

    # Nothing lost.
    assert (0 if newest is None else newest.number) == epochs
    assert (waiting.credentials, waiting.status_changes, unpublished) == (0, 0, ())
    assert [anchor.state for anchor in anchors] == [AnchorState.FINAL] * epochs
    # Nothing doubled: one event an epoch, in order, in the very block that the table names.
    assert [(event.epoch, event.root) for event in events] == [(anchor.epoch, anchor.root) for anchor in anchors]
    assert [(event.block_number, event.block_hash, event.transaction) for event in events] == [
        (anchor.block_number, hex_of(anchor.block_hash), hex_of(anchor.transaction_hash)) for anchor in anchors
    ]
    assert all(len(each) <= 1 for each in nonces), nonces
    assert len(set[int]().union(*nonces)) == sum(len(each) for each in nonces)
    # Nothing reverted, and nothing sent beside it.
    assert len(spent) == reverted
    assert len(sent) == epochs + foreign + reverted
    assert [each.nonce for each in sent] == list(range(sent[0].nonce, sent[0].nonce + len(sent)))
    assert_audit_is_clean(world)


def assert_audit_is_clean(world: World) -> None:
    """Assert that an auditor finds nothing to say about the published files."""
    site = world.site
    audit = call_script(audit_log.main, "--rpc", world.node_url, "--log", site.log.name, "--published", site.published)

    assert (audit.exit_code, audit.errors) == (0, ""), audit.text


def events_of(site: Site) -> list[ChainEvent]:
    """Read every event of the log from the canonical chain, in its order."""
    found: Any = site.command(
        "eth_getLogs",
        {
            "fromBlock": hex(site.log.deploy_block),
            "toBlock": "latest",
            "address": ARTIFACT.address,
            "topics": [_ANCHORED, _word(site.log.name.number)],
        },
    )
    return [
        ChainEvent(
            epoch=int(event["topics"][2], 16),
            root=bytes.fromhex(event["data"][2:]),
            block_number=int(event["blockNumber"], 16),
            block_hash=event["blockHash"],
            transaction=event["transactionHash"],
        )
        for event in found
    ]


def transactions_of(site: Site) -> list[SentTransaction]:
    """Read every transaction of the account since the log was opened from the canonical chain, in its order."""
    head, sender = int(str(site.command("eth_blockNumber")), 16), site.account.address.lower()
    sent: list[SentTransaction] = []
    for number in range(site.log.deploy_block + 1, head + 1):
        block: Any = site.command("eth_getBlockByNumber", hex(number), True)
        for transaction in block["transactions"]:
            if transaction["from"].lower() == sender:
                receipt: Any = site.command("eth_getTransactionReceipt", transaction["hash"])
                sent.append(
                    SentTransaction(
                        nonce=int(transaction["nonce"], 16),
                        transaction=transaction["hash"],
                        succeeded=receipt["status"] == "0x1",
                    )
                )
    return sent


def _word(number: int) -> str:
    return "0x" + number.to_bytes(32, "big").hex()
