"""The one node behind all proxies, and what a step does to its chain; never below the finalized block."""

import contextlib
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row

from registry.adapters.rpc import RpcRefused
from registry.settings import GWEI
from registry.store_ports import AnchorState
from tests.chaos.plan import ChainChange, Change
from tests.faults.world import World, hex_of

BLOCK_GAS: Final = 30_000_000
SMALL_BLOCK_GAS: Final = 40_000
"""Less than an anchor takes, more than a plain transfer does."""

MAX_BEHIND: Final = timedelta(minutes=4)
"""How old a block may be that what was sealed just now is put into: an auditor takes more than five minutes for back-dating."""

MAX_FEE_GWEI: Final = 200.0
"""The workers'; the plan knows fees below and above it."""


class StormyNode:
    """Changes the chain, one change at a time, from whichever thread."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._turn = threading.Lock()
        self._blocks_are_small = False
        self._now = datetime.now(UTC)
        self.done: Counter[str] = Counter()
        """What was done, by the name of the change, the depth of reorganisations after it."""

    def set_clock(self, now: datetime) -> None:
        """Let the blocks from here on have the workers' time: a chain does not fall behind those who write to it."""
        self._now = now
        self._world.site.command("anvil_setTime", int(now.timestamp()))

    def change(self, change: ChainChange) -> None:
        """Do it, if it can be done now, and count it."""
        with self._turn:
            words = self._deeds()[change.kind](change)
            if words is not None:
                self.done[words] += 1

    def _deeds(self) -> Mapping[Change, Callable[[ChainChange], str | None]]:
        return {
            Change.MINE: self._mine,
            Change.REORG_EMPTY: self._reorganise,
            Change.REORG_NEWEST: self._reorganise,
            Change.REORG_OLDEST: self._reorganise,
            Change.DROP_POOL: self._drop_pool,
            Change.LATE_COPY: self._repeat_old,
            Change.FEE_RISES: self._set_fee,
            Change.FEE_EXCEEDS: self._set_fee,
            Change.FEE_FALLS: self._set_fee,
            Change.BLOCKS_SHRINK: self._resize_blocks,
            Change.BLOCKS_GROW: self._resize_blocks,
        }

    def _mine(self, change: ChainChange) -> str:
        self._world.site.mine(change.amount)
        return f"{change.kind}: {change.amount}"

    def _reorganise(self, change: ChainChange) -> str:
        content = [] if change.kind is Change.REORG_EMPTY else self._content(change)
        kind = change.kind if content else Change.REORG_EMPTY
        self._world.site.command("anvil_reorg", change.amount, content)
        # It goes on with the time of the block that it went back to as well.
        self.set_clock(self._now)
        # anvil goes on with the limit of the block that it went back to.
        self._limit_gas()
        return f"{kind}: {change.amount}"

    def _content(self, change: ChainChange) -> list[Any]:
        """Return the open anchor's transaction for a reorganisation, if it may stand in it."""
        attempts = self._open_attempts()
        if not attempts or self._blocks_are_small:
            return []
        chosen = attempts[0 if change.kind is Change.REORG_OLDEST else -1]
        parent = hex(self._number() - change.amount)
        block: Any = self._world.site.command("eth_getBlockByNumber", parent, False)
        nonce = self._world.site.command("eth_getTransactionCount", self._world.site.account.address, parent)
        # Base fees move by an eighth a block: twice the parent's is more than that of any of the new ones.
        block_time = datetime.fromtimestamp(int(block["timestamp"], 16), UTC)
        if block_time < self._now - MAX_BEHIND:
            return []
        if int(str(nonce), 16) != chosen.nonce or chosen.max_fee_wei < 2 * int(block["baseFeePerGas"], 16):
            return []
        return [[hex_of(chosen.raw), change.offset]]

    def _drop_pool(self, change: ChainChange) -> str:
        self._world.site.command("anvil_dropAllTransactions")
        return change.kind

    def _repeat_old(self, change: ChainChange) -> str | None:
        with self._world.site.store.read() as unit:
            newest = unit.epochs.newest()
        if newest is None:
            return None
        attempts = self._world.attempts(1 + int(change.choice * newest.number))
        if not attempts:
            return None
        raw = attempts[int(change.choice * 1_000) % len(attempts)].raw
        with contextlib.suppress(RpcRefused):
            # Nearly always: its nonce is used.
            self._world.send_raw(raw)
        return change.kind

    def _set_fee(self, change: ChainChange) -> str:
        self._world.site.command("anvil_setNextBlockBaseFeePerGas", hex(change.amount * GWEI))
        return change.kind

    def _resize_blocks(self, change: ChainChange) -> str | None:
        small = change.kind is Change.BLOCKS_SHRINK
        if small == self._blocks_are_small:
            return None
        self._blocks_are_small = small
        self._limit_gas()
        return change.kind

    def _limit_gas(self) -> None:
        limit = SMALL_BLOCK_GAS if self._blocks_are_small else BLOCK_GAS
        self._world.site.command("evm_setBlockGasLimit", hex(limit))

    def _open_attempts(self) -> list[Row[Any]]:  # Any: rows of all columns have no type
        with self._world.site.store.read() as unit:
            newest = unit.epochs.newest()
            if newest is None or unit.epochs.anchor(newest.number).state is AnchorState.FINAL:
                return []
        return self._world.attempts(newest.number)

    def _number(self) -> int:
        return int(str(self._world.site.command("eth_blockNumber")), 16)
