"""Reading the chain for one step of an anchor: everything from one node, pinned to one block.

Nothing is believed that can be checked: the chain's id, genesis and the contract's code come first, in the survey of
the nodes (`anchor_worker.providers`); a transaction receipt counts only with the exact event, and its block only when
the chain has that hash at that height. A field that is missing, null or of another form makes the whole answer
Unavailable (`registry.adapters.rpc`): no observation.

The order matters. The finalized block was read first, in the survey, and the canonical hashes come last: a block that
is found canonical at a height already finalized stays so. What one node says here is not yet believed in everything:
`anchor_worker.quorum`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median_low
from typing import Final

from web3 import Web3

from anchor_worker.budget import SpendingLimits
from anchor_worker.fees import FeeLimits, Market
from anchor_worker.machine import Observation, Place, Sighting, State
from anchor_worker.obstacles import Obstacle, Reason
from anchor_worker.offers import MAX_GAS
from anchor_worker.providers import Provider
from registry.adapters.artifacts import Artifact
from registry.adapters.rpc import (
    RpcRefused,
    block_parameter,
    check_chain,
    check_contract,
    read_data,
    read_hash,
    read_member,
    read_quantity,
    read_time,
    request,
)
from registry.adapters.transactions import anchor_calldata
from registry.domain.canonical import JsonValue
from registry.domain.errors import Unavailable
from registry.domain.hashing import ZERO_DIGEST, Digest
from registry.domain.log_name import LogName
from registry.ports import Clock

FEE_HISTORY_BLOCKS: Final = 20
"""Four minutes of Ethereum: long enough not to follow one odd block."""

FEE_HISTORY_PERCENTILES: Final = (25, 50)
"""Of the tips in each block, by gas: below the middle, where those are that had time to wait."""

LOG_WINDOW_BLOCKS: Final = 10_000
"""What public nodes let one ask for event logs at once."""

MIN_GAS: Final = 80_000
"""An anchor takes about 51,200; a lower estimate is an estimate of something else."""

_WORD_SIZE: Final = 32
_EPOCH_START: Final = datetime(1970, 1, 1, tzinfo=UTC)
_GAS_MARGIN: Final = (6, 5)
_ANCHORED: Final = "0x" + Web3.keccak(text="Anchored(uint256,uint64,bytes32)").hex()


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchoredLog:
    """The log that this worker anchors in, as the registry's database has it."""

    name: LogName
    genesis_hash: str
    deploy_block: int
    artifact: Artifact


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the operator allows and how patient they are."""

    limits: FeeLimits
    spending: SpendingLimits
    stuck_after: timedelta


def check_node(node: Web3, log: AnchoredLog) -> None:
    """Check that a node is on the log's chain, with the published code at the contract's address.

    Raises WrongChain, Unavailable when the node cannot tell.
    """
    check_chain(node, chain_id=log.name.chain_id, genesis_hash=log.genesis_hash)
    check_contract(node, address=log.name.contract, runtime_code=log.artifact.runtime_code)


class ChainReading:
    """One observation through one node, which is on our chain: `Pool.survey` has seen to it."""

    def __init__(self, provider: Provider, *, log: AnchoredLog, sender: str) -> None:
        """`sender` is the anchoring account's address."""
        self._node = provider.web3
        self._standing = provider.stands()
        self._log = log
        self._sender = sender
        self._contract = log.name.contract

    def observe(self, state: State, policy: Policy, clock: Clock) -> Observation:
        """Return everything the next step needs, by this node alone. Raises Unavailable when it cannot tell."""
        standing = self._standing
        finalized = standing.finalized
        # By hash: between two answers a node may move on, or another one behind the same address may answer.
        at = block_parameter(standing.head_hash)
        chain_root = self._root_of(state.epoch, at)
        hindrance, gas = self._prospect(state, finalized, at)
        return Observation(
            now=clock.now(),
            head_time=standing.head_time,
            hindrance=hindrance,
            finalized=finalized,
            nonce_latest=self._nonce(at),
            nonce_finalized=0 if finalized is None else self._nonce(block_parameter(finalized)),
            chain_epoch=self._view("latestEpoch(uint256)", self._log.name.number, at=at),
            chain_root=chain_root,
            sightings=self._sightings(state, chain_root, standing.head),
            pooled=bool(state.attempts) and self._is_pooled(state.attempts[-1].transaction),
            balance_wei=read_quantity(self._ask("eth_getBalance", [self._sender, at]), where="balance"),
            gas=gas,
            market=self._market(),
            limits=policy.limits,
            spending=policy.spending,
            stuck_after=policy.stuck_after,
        )

    def _prospect(self, state: State, finalized: int | None, at: JsonValue) -> tuple[Obstacle | None, int]:
        """Return why a transaction sent now would fail, and the gas to allow a first one."""
        number = self._log.name.number
        if finalized is None or not self._owner_at(block_parameter(finalized)):
            return Obstacle(reason=Reason.LOG_NOT_FINAL, detail=f"the opening of log {number} is not finalized"), 0
        bound = self._view("logOf(address)", int(self._sender, 16), at=at)
        if bound != number:
            detail = f"{self._sender} is bound to log {bound}, expected {number}"
            return Obstacle(reason=Reason.LOG_NOT_BOUND, detail=detail), 0
        if state.attempts:
            return None, 0
        return self._gas(state.root, at)

    def _gas(self, root: Digest, at: JsonValue) -> tuple[Obstacle | None, int]:
        call: JsonValue = {
            "from": self._sender,
            "to": self._contract,
            "data": "0x" + anchor_calldata(root, self._log.artifact).hex(),
        }
        try:
            # Executed before it is estimated: only a refused call says for certain that it would revert.
            self._ask("eth_call", [call, at])
        except RpcRefused as error:
            if "revert" not in error.reason.lower():
                raise
            return Obstacle(reason=Reason.WOULD_REVERT, detail=f"{error.reason} {error.data}"), 0
        estimate = read_quantity(self._ask("eth_estimateGas", [call]), where="gas estimate")
        numerator, denominator = _GAS_MARGIN
        return None, min(max(estimate * numerator // denominator, MIN_GAS), MAX_GAS)

    def _market(self) -> Market:
        history = self._ask("eth_feeHistory", [hex(FEE_HISTORY_BLOCKS), "latest", list(FEE_HISTORY_PERCENTILES)])
        base_fees = _items(read_member(history, "baseFeePerGas"))
        if not base_fees:
            raise Unavailable("rpc-answer", "the node's fee history is empty")
        rewards = [
            read_quantity(tip, where="tip")
            for block in _items(history.get("reward") if isinstance(history, dict) else None)
            for tip in _items(block)
        ]
        # Empty blocks report a tip of nothing, which says nothing.
        paid = [tip for tip in rewards if tip > 0]
        return Market(
            base_fee_wei=read_quantity(base_fees[-1], where="base fee"),
            tip_wei=median_low(paid) if paid else 0,
        )

    def _sightings(self, state: State, chain_root: Digest | None, head: int) -> tuple[Sighting, ...]:
        hashes = [attempt.transaction for attempt in state.attempts]
        seen = [sighting for each in hashes if (sighting := self._sighting(each)) is not None]
        if chain_root == state.root and not any(one.event_epoch == state.epoch for one in seen):
            # Anchored by a transaction we have no record of: a database restored from a backup. Its event is adopted.
            found = self._transaction_of(state.epoch, head)
            seen += [sighting for each in found if (sighting := self._sighting(each)) is not None]
        return tuple(seen)

    def _sighting(self, transaction: str) -> Sighting | None:
        receipt = self._ask("eth_getTransactionReceipt", [transaction])
        if receipt is None:
            return None
        if read_hash(read_member(receipt, "transactionHash"), where="transaction hash") != transaction:
            raise Unavailable("rpc-answer", "the node's answer is the transaction receipt of another transaction")
        number = read_quantity(read_member(receipt, "blockNumber"), where="block number")
        event_epoch, event_root = self._event(receipt)
        gas_used = read_quantity(read_member(receipt, "gasUsed"), where="gas used")
        price = read_quantity(read_member(receipt, "effectiveGasPrice"), where="gas price")
        block = self._ask("eth_getBlockByNumber", [hex(number), False])
        block_time = _EPOCH_START if block is None else read_time(read_member(block, "timestamp"), where="block time")
        return Sighting(
            place=Place(
                transaction=transaction,
                transaction_index=read_quantity(read_member(receipt, "transactionIndex"), where="transaction index"),
                block_number=number,
                block_hash=read_hash(read_member(receipt, "blockHash"), where="block hash"),
                block_time=block_time,
                gas_used=gas_used,
                fee_paid_wei=gas_used * price,
            ),
            canonical_hash=None if block is None else read_hash(read_member(block, "hash"), where="block hash"),
            succeeded=read_quantity(read_member(receipt, "status"), where="status") == 1,
            event_epoch=event_epoch,
            event_root=event_root,
        )

    def _event(self, receipt: JsonValue) -> tuple[int, Digest] | tuple[None, None]:
        """Return epoch and root of the event `Anchored` of our contract for our log in a transaction receipt."""
        for entry in _items(read_member(receipt, "logs")):
            topics = [read_hash(topic, where="topic") for topic in _items(read_member(entry, "topics"))]
            from_contract = str(read_member(entry, "address")).lower() == self._contract
            if from_contract and len(topics) == 3 and topics[:2] == [_ANCHORED, _topic(self._log.name.number)]:
                root = read_data(read_member(entry, "data"), where="event data")
                return int(topics[2], 16), Digest(root)
        return None, None

    def _transaction_of(self, epoch: int, head: int) -> list[str]:
        """Find the transaction with the event of an epoch, the newest blocks first."""
        topics: JsonValue = [_ANCHORED, _topic(self._log.name.number), _topic(epoch)]
        for last in range(head, self._log.deploy_block - 1, -LOG_WINDOW_BLOCKS):
            first = max(last - LOG_WINDOW_BLOCKS + 1, self._log.deploy_block)
            wanted: JsonValue = {
                "fromBlock": hex(first),
                "toBlock": hex(last),
                "address": self._contract,
                "topics": topics,
            }
            events = _items(self._ask("eth_getLogs", [wanted]))
            if events:
                return [read_hash(read_member(event, "transactionHash"), where="transaction hash") for event in events]
        return []

    def _is_pooled(self, transaction: str) -> bool:
        found = self._ask("eth_getTransactionByHash", [transaction])
        return found is not None and read_member(found, "blockHash") is None

    def _root_of(self, epoch: int, at: JsonValue) -> Digest | None:
        root = Digest(self._call("rootAt(uint256,uint64)", self._log.name.number, epoch, at=at))
        return None if root == ZERO_DIGEST else root

    def _owner_at(self, at: JsonValue) -> int:
        # Before the contract was deployed there is no answer at all, which says the same as a zero.
        data = self._raw_call("ownerOf(uint256)", self._log.name.number, at=at)
        return int.from_bytes(data, "big")

    def _nonce(self, at: JsonValue) -> int:
        return read_quantity(self._ask("eth_getTransactionCount", [self._sender, at]), where="nonce")

    def _view(self, signature: str, *arguments: int, at: JsonValue) -> int:
        return int.from_bytes(self._call(signature, *arguments, at=at), "big")

    def _call(self, signature: str, *arguments: int, at: JsonValue) -> bytes:
        data = self._raw_call(signature, *arguments, at=at)
        if len(data) != _WORD_SIZE:
            raise Unavailable("rpc-answer", f"the node's answer for {signature} is not 32 bytes")
        return data

    def _raw_call(self, signature: str, *arguments: int, at: JsonValue) -> bytes:
        calldata = Web3.keccak(text=signature)[:4] + b"".join(
            argument.to_bytes(_WORD_SIZE, "big") for argument in arguments
        )
        call: JsonValue = {"to": self._contract, "data": "0x" + calldata.hex()}
        return read_data(self._ask("eth_call", [call, at]), where=signature)

    def _ask(self, method: str, params: Sequence[JsonValue]) -> JsonValue:
        return request(self._node, method, params)


def _items(value: JsonValue) -> list[JsonValue]:
    if not isinstance(value, list):
        raise Unavailable("rpc-answer", "the node's answer is not a list where one is expected")
    return value


def _topic(number: int) -> str:
    return "0x" + number.to_bytes(_WORD_SIZE, "big").hex()
