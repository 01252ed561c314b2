"""The life of the process: lock the folder, open the chain, listen, make a block now and then, stop when told.

    locked -> opened -> first block -> listening -> ready line -> ... -> signal -> closed

Stopping is no more than a crash with manners: everything acknowledged is in the database already.
"""

import os
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog
from eth_typing import Address

from registry.devchain.chain import DevChain
from registry.devchain.database import folder_lock
from registry.devchain.genesis import DEVCHAIN_ID
from registry.devchain.server import RpcServer

log = structlog.get_logger(__name__)

DEFAULT_PORT = 8545
# Where every Ethereum client listens.

DEFAULT_BLOCK_INTERVAL_SECONDS = 180.0
# A quiet chain's newest block stays far younger than the hour after which a verifier takes it for stale.


HEARTBEAT_PAUSE_SECONDS = 0.1
# Wake a little late, when the block is due, and not in a tight loop when it cannot be made.


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeOptions:
    """How the chain is to run."""

    data: Path | None = None
    """The folder of the state; None: in memory, gone at the end."""
    port: int = DEFAULT_PORT
    """0 takes a free one."""
    chain_id: int = DEVCHAIN_ID
    block_interval_seconds: float = DEFAULT_BLOCK_INTERVAL_SECONDS
    """An empty block is made when the newest one is older than this; 0: never."""
    clock_behind_seconds: float = 0.0
    """The chain's clock is this much behind the machine's: for a past that a demonstration needs. Never ahead."""
    funded: Sequence[Address] = ()
    """Further accounts with funds, in a new chain only."""
    ready_file: Path | None = None
    """Where the URL is written once the chain answers."""


def run_node(options: NodeOptions, *, announce: Callable[[str], None]) -> None:
    """Serve the chain until SIGTERM or SIGINT; `announce` gets one line once it answers.

    Raises FolderLocked or ForeignDatabase if the folder cannot be used, OSError if the port cannot.
    """
    stop = threading.Event()

    def clock() -> float:
        return time.time() - options.clock_behind_seconds

    with ExitStack() as stack:
        if options.data is not None:
            options.data.mkdir(parents=True, exist_ok=True)
            stack.enter_context(folder_lock(options.data))
        chain = DevChain.create_or_open(
            options.data, chain_id=options.chain_id, funded=options.funded, now=lambda: int(clock())
        )
        stack.callback(chain.close)
        if chain.head().block_number == 0:
            chain.mine_empty_block()
        _mine_if_stale(chain, options.block_interval_seconds, clock)
        server = RpcServer(chain, port=options.port)
        stack.callback(server.server_close)
        stack.enter_context(_signals_set(stop))
        stack.enter_context(_serving(server))
        if options.block_interval_seconds > 0:
            stack.enter_context(_heartbeat(chain, options.block_interval_seconds, clock, stop))
        if options.ready_file is not None:
            _write_whole(options.ready_file, server.url + "\n")
        head = chain.head()
        announce(f"devchain ready {server.url} chain-id {chain.chain_id} head 0x{head.hash.hex()}")
        stop.wait()


@contextmanager
def _signals_set(stop: threading.Event) -> Iterator[None]:
    previous = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


@contextmanager
def _serving(server: RpcServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, name="devchain-http")
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()


@contextmanager
def _heartbeat(
    chain: DevChain, interval_seconds: float, clock: Callable[[], float], stop: threading.Event
) -> Iterator[None]:
    arguments = (chain, interval_seconds, clock, stop)
    thread = threading.Thread(target=_keep_fresh, args=arguments, name="devchain-heartbeat")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _keep_fresh(chain: DevChain, interval_seconds: float, clock: Callable[[], float], stop: threading.Event) -> None:
    while not stop.wait(_seconds_until_stale(chain, interval_seconds, clock) + HEARTBEAT_PAUSE_SECONDS):
        try:
            _mine_if_stale(chain, interval_seconds, clock)
        except sqlite3.Error:
            # A full disk may have room again at the next turn; a chain that stopped ageing would hide the trouble.
            log.exception("devchain_empty_block_failed")


def _mine_if_stale(chain: DevChain, interval_seconds: float, clock: Callable[[], float]) -> None:
    with chain.lock:
        if interval_seconds > 0 and _seconds_until_stale(chain, interval_seconds, clock) <= 0:
            chain.mine_empty_block()


def _seconds_until_stale(chain: DevChain, interval_seconds: float, clock: Callable[[], float]) -> float:
    with chain.lock:
        return max(0.0, chain.head().timestamp + interval_seconds - clock())


def _write_whole(path: Path, text: str) -> None:
    """Write beside, then rename: a reader finds all of it or nothing."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)
