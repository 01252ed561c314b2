"""The nodes behind the worker: which of them answer, which of them is read, and what is said of each.

    survey   all that do not rest are asked at once: on our chain? where is its head, what has it finalized?
             fails              rests (anchor_worker.health)
             wrong chain        rests; told; believed in nothing
             head too far back, or a finalized block that moved back
                                votes, since it cannot vote for what it does not have; is not read
    readers  one node, the same until it fails, is contradicted, or was read for ten minutes
    tell     sending: to all at once, those that rest too; only a node on a wrong chain is left out

Chain id, genesis and code are checked in every survey, so before a node's every word: a test network begins anew under an
old URL, and code can vanish. That is three requests, and no rule about when to check again.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, TypeVar

import structlog
from web3 import Web3

from anchor_worker.health import Health
from registry.adapters.rpc import (
    RpcRefused,
    WrongChain,
    place_of,
    read_hash,
    read_member,
    read_quantity,
    read_time,
    request,
    tally_of,
)
from registry.adapters.rpc_exchange import FailureKind, RpcFailed
from registry.domain.errors import Unavailable
from registry.ports import Clock

MAX_BLOCKS_BEHIND: Final = 3
"""Nodes are a block or two apart; one that is further back answers from the past."""

READ_AT_MOST: Final = timedelta(minutes=10)
"""One that lies by leaving things out is contradicted by nobody, and must not hold an anchor up for ever."""

MEMORY: Final = timedelta(minutes=10)
"""How long the highest block seen counts: a test network that really went back, and one wrong number, are forgotten."""

_NO_FINALIZED_BLOCK: Final = -39_001
_Answer = TypeVar("_Answer")
log = structlog.get_logger(__name__)


class Aside(StrEnum):
    """Why a node is not read, where it is no failure (`FailureKind`) that keeps it away."""

    WRONG_CHAIN = "wrong-chain"
    BEHIND = "behind"
    FINALIZED_BACKWARDS = "finalized-backwards"


class Finality(StrEnum):
    """What a node says of the finalized block, from afar."""

    MOVES = "moves"
    MISSING = "missing"
    """It knows none."""
    STALLED = "stalled"
    """Its newest one is older than the operator expects."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a node stands."""

    head: int
    head_hash: str
    head_time: datetime
    finalized: int | None
    """None when it knows none yet."""
    finalized_time: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderReport:
    """What is known of a node, for metrics and people."""

    provider: str
    """Scheme, host and port; a number after it where two are alike."""
    requests: int
    seconds: float
    """All its requests took, taken together."""
    failures: Mapping[FailureKind, int]
    head: int | None
    """By its newest answer, as are the next two; None before the first."""
    finalized: int | None
    finalized_time: datetime | None
    aside: str | None
    """Why it is not read; None when it may be."""
    rests_until: datetime | None


@dataclass(slots=True, kw_only=True)
class _Mark:
    """The highest block seen, for as long as that counts."""

    height: int = 0
    seen_at: datetime | None = None

    def raise_to(self, height: int, now: datetime) -> int:
        """Take one more into account and return the highest."""
        if self.seen_at is None or height >= self.height or not timedelta(0) <= now - self.seen_at <= MEMORY:
            self.height, self.seen_at = height, now
        return self.height


class Provider:
    """One node, and what is remembered of it."""

    def __init__(self, web3: Web3, *, name: str) -> None:
        self.web3 = web3
        self.name = name
        self.health = Health()
        self.standing: Standing | None = None
        self.wrong: WrongChain | None = None
        """What its newest answer was wrong in."""
        self.aside: str | None = None
        self.failed = False
        """Since the newest survey began."""
        self.finality = Finality.MOVES
        self.highest_finalized = _Mark()

    def stands(self) -> Standing:
        """Return where it stands by its newest answer. Raises Unavailable when it was never asked, or never answered."""
        if self.standing is None:
            raise Unavailable("no-standing", f"{self.name} has not said where it stands")
        return self.standing


class Pool:
    """The nodes of one worker."""

    def __init__(
        self,
        nodes: Sequence[Web3],
        *,
        check: Callable[[Web3], None],
        stalled_after: timedelta,
        clock: Clock,
        jitter: Callable[[], float],
    ) -> None:
        """Take at least one node, and what raises WrongChain for one that is not on our chain with our contract.

        `jitter` gives numbers from 0 to 1 (`anchor_worker.health`).
        """
        names = _names([place_of(node) for node in nodes])
        self._providers = [Provider(node, name=name) for node, name in zip(nodes, names, strict=True)]
        self._order = list(self._providers)
        self._check = check
        self._stalled_after = stalled_after
        self._clock = clock
        self._jitter = jitter
        self._highest = _Mark()
        self._reading: tuple[Provider, datetime] | None = None
        """Who is read, and since when."""

    def survey(self) -> tuple[Provider, ...]:
        """Ask all that do not rest where they stand, and return those that say so, on our chain.

        Raises Unavailable when there is none, WrongChain when that is because every node is on a wrong chain.
        """
        now = self._clock.now()
        asked = [each for each in self._order if each.health.is_ready(now)]
        present: list[Provider] = []
        failure = Unavailable("no-provider-ready", f"every node is left alone for a while: {self._why_aside()}")
        for provider, answer in ask_all(asked, self._look):
            provider.failed = False
            if isinstance(answer, Standing):
                provider.standing, provider.wrong = answer, None
                present.append(provider)
            elif isinstance(answer, WrongChain):
                provider.wrong = answer
                self._rest(provider, Aside.WRONG_CHAIN, answer.message)
            else:
                failure = answer
                self.note_failure(provider, answer)
        if present:
            self._compare(present, now)
            return tuple(present)
        wrong = [each.wrong for each in self._order if each.wrong is not None]
        raise wrong[0] if len(wrong) == len(self._order) else failure

    def readers(self, present: Sequence[Provider]) -> list[Provider]:
        """Return those that may be read, the one to stay with first.

        Raises Unavailable when there is none.
        """
        now = self._clock.now()
        found = [each for each in self._order if each in present and each.aside is None]
        if not found:
            raise Unavailable("no-provider-read", f"no node may be read: {self._why_aside()}")
        if self._reading is not None and self._reading[0] is found[0] and now - self._reading[1] > READ_AT_MOST:
            self.turn_from(found[0])
            found.append(found.pop(0))
        if self._reading is None or self._reading[0] is not found[0]:
            self._reading = found[0], now
        return found

    def awake(self) -> tuple[Web3, ...]:
        """Return the connections of those that do not rest."""
        now = self._clock.now()
        return tuple(each.web3 for each in self._order if each.health.is_ready(now))

    def turn_from(self, provider: Provider) -> None:
        """Read the others first from now on."""
        self._order.remove(provider)
        self._order.append(provider)

    def note_failure(self, provider: Provider, error: Unavailable) -> None:
        """Leave a node alone for a while that did not answer, or not as it should."""
        provider.wrong = None
        self.turn_from(provider)
        kind = error.kind if isinstance(error, RpcFailed) else FailureKind.ANSWER
        asked = error.retry_after_seconds if isinstance(error, RpcFailed) else None
        self._rest(provider, kind, error.message, retry_after_seconds=asked)

    def note_success(self, present: Sequence[Provider]) -> None:
        """Trust those again that had all the answers since the survey."""
        for provider in present:
            if not provider.failed:
                provider.health = Health()

    def tell(self, say: Callable[[Web3], _Answer]) -> list[_Answer]:
        """Say something to every node at once, those that rest too, and return what each answers.

        A node on a wrong chain is left out; when all are, none is.
        """
        told = [each for each in self._providers if each.wrong is None] or self._providers
        with ThreadPoolExecutor(max_workers=len(told)) as threads:
            return list(threads.map(say, [each.web3 for each in told]))

    def reports(self) -> tuple[ProviderReport, ...]:
        """Return what is known of every node, in the order of the settings."""
        return tuple(_report(each) for each in self._providers)

    def _why_aside(self) -> str:
        return ", ".join(f"{each.name} {each.aside}" for each in self._providers if each.aside is not None)

    def _look(self, provider: Provider) -> Standing | WrongChain:
        try:
            self._check(provider.web3)
        except WrongChain as error:
            return error
        return _standing(provider.web3)

    def _compare(self, present: Sequence[Provider], now: datetime) -> None:
        heads = sorted(each.stands().head for each in present)
        # Of three or more one may lie about its head, and would have all others set aside: the second is believed.
        highest = self._highest.raise_to(heads[-2] if len(heads) > 2 else heads[-1], now)
        for provider in present:
            standing = provider.stands()
            finalized = standing.finalized or 0
            highest_finalized = provider.highest_finalized.raise_to(finalized, now)
            if standing.head < highest - MAX_BLOCKS_BEHIND:
                _set_aside(provider, Aside.BEHIND, f"head {standing.head}, the highest {highest}")
            elif finalized < highest_finalized:
                _set_aside(provider, Aside.FINALIZED_BACKWARDS, f"block {finalized}, before {highest_finalized}")
            elif provider.aside is not None:
                provider.aside = None
                log.info("provider_back", provider=provider.name)
            self._watch_finality(provider, standing, now)

    def _watch_finality(self, provider: Provider, standing: Standing, now: datetime) -> None:
        finality = Finality.MOVES
        if standing.finalized_time is None:
            finality = Finality.MISSING
        elif now - standing.finalized_time > self._stalled_after:
            finality = Finality.STALLED
        if finality is not provider.finality:
            provider.finality = finality
            write = log.info if finality is Finality.MOVES else log.warning
            write(
                "finality_changed",
                provider=provider.name,
                finality=finality,
                finalized=standing.finalized,
                finalized_time=None if standing.finalized_time is None else standing.finalized_time.isoformat(),
            )

    def _rest(
        self,
        provider: Provider,
        why: FailureKind | Aside,
        detail: str,
        *,
        retry_after_seconds: float | None = None,
    ) -> None:
        provider.failed = True
        provider.health = provider.health.after_failure(
            now=self._clock.now(), jitter=self._jitter(), retry_after_seconds=retry_after_seconds
        )
        _set_aside(provider, why, detail)


def ask_all(
    providers: Sequence[Provider], question: Callable[[Provider], _Answer]
) -> list[tuple[Provider, _Answer | Unavailable]]:
    """Ask several nodes at once; who fails to answer has Unavailable for an answer."""
    if not providers:
        return []

    def ask(provider: Provider) -> _Answer | Unavailable:
        try:
            return question(provider)
        except Unavailable as error:
            return error

    with ThreadPoolExecutor(max_workers=len(providers)) as threads:
        return list(zip(providers, threads.map(ask, providers), strict=True))


def _set_aside(provider: Provider, why: FailureKind | Aside, detail: str) -> None:
    # Told once, not in every round.
    if provider.aside == why:
        return
    provider.aside = why
    # These two do not mend themselves.
    write = log.error if why in {FailureKind.UNAUTHORIZED, Aside.WRONG_CHAIN} else log.warning
    rests_until = provider.health.rests_until
    write(
        "provider_set_aside",
        provider=provider.name,
        reason=why,
        detail=detail,
        rests_until=None if rests_until is None else rests_until.isoformat(),
    )


def _standing(web3: Web3) -> Standing:
    # The finalized block first: what is found canonical later, at a height finalized before, stays so.
    try:
        finalized = request(web3, "eth_getBlockByNumber", ["finalized", False])
    except RpcRefused as error:
        if error.number != _NO_FINALIZED_BLOCK:
            raise
        finalized = None
    latest = request(web3, "eth_getBlockByNumber", ["latest", False])
    return Standing(
        head=read_quantity(read_member(latest, "number"), where="head"),
        head_hash=read_hash(read_member(latest, "hash"), where="head hash"),
        head_time=read_time(read_member(latest, "timestamp"), where="block time"),
        finalized=None
        if finalized is None
        else read_quantity(read_member(finalized, "number"), where="finalized block"),
        finalized_time=None
        if finalized is None
        else read_time(read_member(finalized, "timestamp"), where="block time"),
    )


def _report(provider: Provider) -> ProviderReport:
    standing, tally = provider.standing, tally_of(provider.web3)
    return ProviderReport(
        provider=provider.name,
        requests=tally.requests,
        seconds=tally.seconds,
        failures=tally.failures,
        head=None if standing is None else standing.head,
        finalized=None if standing is None else standing.finalized,
        finalized_time=None if standing is None else standing.finalized_time,
        aside=provider.aside,
        rests_until=provider.health.rests_until,
    )


def _names(places: Sequence[str]) -> list[str]:
    """Number those that are alike: two keys of one provider are two nodes to us."""
    return [
        f"{place} ({places[:index].count(place) + 1})" if places.count(place) > 1 else place
        for index, place in enumerate(places)
    ]
