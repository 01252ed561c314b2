"""What befalls a registry in one step, drawn from the seed and the number of the step and from nothing else.

    before the round    the chain moves: blocks, reorganisations, fees, a pool that forgets
    during the round    the network lies and breaks; the chain moves between two requests; a worker is killed
    after the round     a worker is killed, or told to stop

What a step finds (which transaction there is to put into a reorganisation, whether a fourth request is ever made)
depends on those before it; what it draws does not.
"""

from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Final

NODES: Final = 3
WORKERS: Final = 2

SLOTS: Final = 2
"""Of anvil's `--slots-in-an-epoch`."""
BLOCKS_TO_FINALITY: Final = 2 * SLOTS
"""The deepest reorganisation is one of all blocks above the finalized one."""

SEND: Final = "eth_sendRawTransaction"
RECEIPT: Final = "eth_getTransactionReceipt"
BLOCK: Final = "eth_getBlockByNumber"
ANY: Final = "*"


class Change(StrEnum):
    """What happens to the chain, or to the node's pool."""

    MINE = "blocks mined"
    REORG_EMPTY = "reorganisation, the transaction vanishes"
    REORG_NEWEST = "reorganisation with the newest attempt"
    REORG_OLDEST = "reorganisation with the first attempt"
    DROP_POOL = "pool forgets everything"
    LATE_COPY = "an old transaction arrives once more"
    FEE_RISES = "base fee rises"
    FEE_EXCEEDS = "base fee above what the worker may pay"
    FEE_FALLS = "base fee falls"
    BLOCKS_SHRINK = "blocks too small for the transaction"
    BLOCKS_GROW = "blocks as large as before"


class Fault(StrEnum):
    """What the network between the workers and a node does to a request."""

    DROP_BEFORE = "request lost"
    DROP_AFTER = "answer lost"
    LATE = "delivered after the worker gave up"
    HANG = "answer after the worker gave up"
    DELAY = "slow answer"
    TWICE = "delivered twice"
    TRUNCATE = "half an answer"
    ANOTHER_ID = "answer to another question"
    HTML = "error page with status 200"
    HTTP_429 = "status 429 with Retry-After"
    HTTP_502 = "status 502"
    LIMIT = "error -32005"
    NULL_RECEIPT = "no transaction receipt"
    EMPTY_RECEIPT = "empty transaction receipt"
    STALE_HEAD = "head and finalized block of the past"
    FAKE_ACK = "transaction acknowledged, told nobody"
    FALSE_FINALITY = "newest block called finalized"
    STALE_NONCE = "nonce of the past"


LIES: Final = frozenset({Fault.FALSE_FINALITY, Fault.STALE_NONCE})
"""One node of three at a time, which is what a quorum of two withstands. The others are silence, in one form or another."""

_METHODS: Final = {
    Fault.LATE: (SEND,),
    Fault.HANG: (SEND, ANY),
    Fault.TWICE: (SEND,),
    Fault.FAKE_ACK: (SEND,),
    Fault.NULL_RECEIPT: (RECEIPT,),
    Fault.EMPTY_RECEIPT: (RECEIPT,),
    Fault.STALE_HEAD: (BLOCK,),
    Fault.FALSE_FINALITY: (BLOCK,),
    Fault.STALE_NONCE: ("eth_getTransactionCount",),
}
_ANY_METHODS: Final = (SEND, SEND, RECEIPT, BLOCK, "eth_getTransactionByHash", "eth_call", "eth_getProof", ANY, ANY)
_RARE: Final = frozenset({Fault.LATE, Fault.HANG})
"""They cost a time-out."""
_WEIGHTS: Final = [1 if fault in _RARE else 8 if fault in LIES else 4 for fault in Fault]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainChange:
    """One change; `amount` is a number of blocks, or gwei."""

    kind: Change
    amount: int = 0
    offset: int = 0
    """Into which of the new blocks a reorganisation puts the transaction."""
    choice: float = 0.0
    """Which of the old transactions arrives once more, from 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkFault:
    """One rule of one proxy."""

    node: int
    kind: Fault
    method: str
    skip: int
    times: int | None
    """None: as long as the step lasts."""
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Interruption:
    """A change of the chain between two requests to a node."""

    node: int
    skip: int
    change: ChainChange


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """Where a worker is killed: at a request to a node, or at a commit of its own when `node` is None."""

    node: int | None
    skip: int
    after: bool
    """After the node has acted, or the commit is done; otherwise before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One worker's round."""

    worker: int
    death: Death | None


class Ending(StrEnum):
    """What happens to the worker of the first turn after the round."""

    GOES_ON = "goes on"
    KILLED = "killed between two rounds"
    STOPPED = "told to stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Everything that is drawn for one step."""

    number: int
    seconds: int
    """How far the workers' clock goes on."""
    credentials: int
    """How many are issued if nothing waits."""
    changes: tuple[ChainChange, ...]
    faults: tuple[NetworkFault, ...]
    interruptions: tuple[Interruption, ...]
    turns: tuple[Turn, ...]
    """At the same time, if there are two."""
    ending: Ending


def draw(seed: int, number: int) -> Step:
    """Return a step: for the same seed and number always the same one."""
    chance = Random(f"{seed}/{number}")  # noqa: S311  # a seed repeats a run
    liar = chance.randrange(NODES)
    first = chance.randrange(WORKERS)
    workers = (first, 1 - first) if chance.random() < 0.6 else (first,)
    return Step(
        number=number,
        seconds=chance.choice((1, 5, 12, 30, 61)),
        credentials=chance.randint(1, 3),
        changes=tuple(_draw_changes(chance)),
        faults=tuple(_draw_fault(chance, liar) for _ in range(chance.choice((0, 0, 1, 1, 2, 3, 4)))),
        interruptions=tuple(_draw_interruption(chance) for _ in range(chance.choice((0, 0, 0, 1)))),
        turns=tuple(Turn(worker=worker, death=_draw_death(chance)) for worker in workers),
        ending=chance.choices(tuple(Ending), (88, 6, 6))[0],
    )


def calm(number: int) -> Step:
    """Return a step in which nothing goes wrong."""
    changes = tuple(
        ChainChange(kind=kind, amount=amount)
        for kind, amount in ((Change.BLOCKS_GROW, 0), (Change.FEE_FALLS, 1), (Change.MINE, BLOCKS_TO_FINALITY + 1))
    )
    turn = Turn(worker=number % WORKERS, death=None)
    return Step(
        number=number,
        seconds=61,
        credentials=0,
        changes=changes,
        faults=(),
        interruptions=(),
        turns=(turn,),
        ending=Ending.GOES_ON,
    )


def _draw_changes(chance: Random) -> list[ChainChange]:
    changes = [_draw_blocks(chance)]
    if chance.random() < 0.3:
        changes.append(_draw_reorg(chance))
    for kind, probability in (
        (Change.DROP_POOL, 0.06),
        (Change.LATE_COPY, 0.06),
        (Change.FEE_RISES, 0.06),
        (Change.FEE_EXCEEDS, 0.02),
        (Change.FEE_FALLS, 0.12),
        (Change.BLOCKS_SHRINK, 0.03),
        (Change.BLOCKS_GROW, 0.4),
    ):
        if chance.random() < probability:
            changes.append(_draw_change(chance, kind))
    chance.shuffle(changes)
    return changes


def _draw_change(chance: Random, kind: Change) -> ChainChange:
    gwei = {
        Change.FEE_RISES: chance.randint(10, 90),
        Change.FEE_EXCEEDS: chance.randint(210, 400),
        Change.FEE_FALLS: chance.randint(1, 3),
    }
    return ChainChange(kind=kind, amount=gwei.get(kind, 0), choice=chance.random())


def _draw_blocks(chance: Random) -> ChainChange:
    return ChainChange(kind=Change.MINE, amount=chance.choice((0, 1, 1, 2, 2, 3, 4)))


def _draw_reorg(chance: Random) -> ChainChange:
    depth = chance.randint(1, BLOCKS_TO_FINALITY)
    kind = chance.choice((Change.REORG_EMPTY, Change.REORG_NEWEST, Change.REORG_OLDEST))
    return ChainChange(kind=kind, amount=depth, offset=chance.randrange(depth))


def _draw_fault(chance: Random, liar: int) -> NetworkFault:
    kind = chance.choices(tuple(Fault), _WEIGHTS)[0]
    return NetworkFault(
        node=liar if kind in LIES else chance.randrange(NODES),
        kind=kind,
        method=chance.choice(_METHODS.get(kind, _ANY_METHODS)),
        skip=chance.choice((0, 0, 0, 1, 2, 5, 10)),
        times=1 if kind in _RARE else chance.choice((1, 1, 2, 5, None)),
        amount=chance.randint(1, 8),
    )


def _draw_interruption(chance: Random) -> Interruption:
    draw_change = chance.choice((_draw_blocks, _draw_reorg, lambda _: ChainChange(kind=Change.DROP_POOL)))
    return Interruption(node=chance.randrange(NODES), skip=chance.randrange(40), change=draw_change(chance))


def _draw_death(chance: Random) -> Death | None:
    if chance.random() >= 0.12:
        return None
    node = chance.choice((None, *range(NODES)))
    return Death(node=node, skip=chance.randrange(5 if node is None else 40), after=chance.random() < 0.5)
