"""Badges a second: ours in one process and over two, the plain way, and openbadgeslib, in turns in one run.

Signing is eddsa-rdfc-2022 under one did:key, of badges with an alignment, a result and a status entry. "From CSV to
committed" reads rows of an accepted upload, judges them again, signs, and commits each chunk to SQLite (WAL,
synchronous=FULL); what signs only stores nothing. The medians of several rounds; what warms up is not counted.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from eth_utils.crypto import keccak

from registry.adapters.shaped_json_ld import open_json_ld
from registry.domain.check import Result
from registry.domain.evidence import Policy, Profile
from registry.ports import JsonLd
from registry.service.issuing import Order, Template, load_template, sign_order
from registry.service.stamping import Stamper
from registry.service.upload_issuing import run
from registry.service.uploads import CHUNK_BYTES, start
from registry.service.verifying import Verifier, VerifyRequest
from registry.store_ports import DidMethod
from registry.wiring.signing import open_executor
from tests.bench import peers
from tests.bench.million import ACHIEVEMENT
from tests.bench.people import people
from tests.bench.report import Rate
from tests.registry_world import MAX_UPLOAD_BYTES, PASSWORD, OwnDids, World, migrated_world
from tests.stamping_cases import plain_json_ld

PLAIN: Final = "credroot, the plain way (PyLD), signing only, one process"
FAST: Final = "credroot, signing only, one process"
ONE: Final = "credroot, from CSV row to committed row, one process"
TWO: Final = "credroot, from CSV row to committed row, two processes"
VERIFIES: Final = "credroot, verifying through the Python API, one process"
PLAIN_VERIFIES: Final = "credroot, verifying the plain way (PyLD), one process"

Work = Callable[[int], float | object]
"""Does that many badges; returns the seconds that count where not all of its time does."""
COUNTS: Final[Mapping[str, int]] = {
    peers.SIGNS: 100,
    PLAIN: 200,
    FAST: 5_000,
    ONE: 10_000,
    TWO: 20_000,
    peers.VERIFIES: 100,
    PLAIN_VERIFIES: 200,
    VERIFIES: 1_000,
}
"""Badges a round: a second or two each."""
WARM_UP: Final = 20


def measure_rates(*, rounds: int) -> list[Rate]:
    """Measure everything in turns, so that a busy moment of the machine meets all alike."""
    with ExitStack() as stack:
        work = dict(_work(stack))
        for do in work.values():
            do(WARM_UP)
        seconds: dict[str, list[float]] = {name: [] for name in work}
        for _ in range(rounds):
            for name, do in work.items():
                begun = time.perf_counter()
                told = do(COUNTS[name])
                taken = time.perf_counter() - begun
                seconds[name].append(told if isinstance(told, float) else taken)
        return [_rate(name, COUNTS[name], taken) for name, taken in seconds.items()]


def _rate(name: str, count: int, seconds: list[float]) -> Rate:
    return Rate(
        name=name,
        per_second=count / statistics.median(seconds),
        low=count / max(seconds),
        high=count / min(seconds),
        rounds=len(seconds),
        ours=name not in {peers.SIGNS, peers.VERIFIES},
    )


def _work(stack: ExitStack) -> Iterator[tuple[str, Work]]:
    bench = stack.enter_context(_opened_bench())
    yield peers.SIGNS, peers.signing()
    yield PLAIN, bench.sign_plainly
    yield FAST, bench.sign
    yield ONE, lambda count: bench.issue(count, processes=1)
    yield TWO, lambda count: bench.issue(count, processes=2)
    yield peers.VERIFIES, peers.verifying()
    yield PLAIN_VERIFIES, bench.verifying(plain_json_ld())
    yield VERIFIES, bench.verifying(open_json_ld())


@contextmanager
def _opened_bench() -> Iterator["_Bench"]:
    with tempfile.TemporaryDirectory(prefix="credroot-bench-") as name, migrated_world(Path(name)) as world:
        world.clock.moment = datetime.now(UTC)
        bench = _Bench(world)
        try:
            yield bench
        finally:
            bench.close()


class _Bench:
    """One issuer with one achievement, and what is done with them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._issuer = world.add_issuer("poly", DidMethod.KEY)
        self._achievement = world.add_achievement(self._issuer, **ACHIEVEMENT, suspension=False)
        with world.store.read() as unit:
            self._template: Template = load_template(world.resources, unit, self._issuer, self._achievement.id)
        self._stamper = Stamper(world.resources)
        self._pool = open_executor(world.resources, password=PASSWORD, processes=2)
        self._people = 0

    def close(self) -> None:
        """End the processes."""
        if self._pool is not None:
            self._pool.close()

    def sign_plainly(self, count: int) -> list[Any]:
        """Sign badges as the oracle does."""
        plain = replace(self._world.resources, json_ld=plain_json_ld())
        return [sign_order(plain, self._template, order, slot=slot) for slot, order in enumerate(self._orders(count))]

    def sign(self, count: int) -> list[Any]:
        """Sign badges as uploads do."""
        return self._stamper.sign_chunk(self._template, self._orders(count), range(count))

    def issue(self, count: int, *, processes: int) -> float:
        """Issue an upload's rows; return the seconds from the first row read to the last one committed.

        Raises AssertionError unless every row is.
        """
        world, first = self._world, self._people
        self._people += count
        content = people(first, count, today=world.clock.now().date())
        record = world.upload(self._issuer, self._achievement, content, piece=CHUNK_BYTES)
        with world.store.write() as unit:
            started = start(world.resources, unit, record, caller=world.admin)
        begun = time.perf_counter()
        run(
            world.resources,
            started,
            max_bytes=MAX_UPLOAD_BYTES,
            stopping=lambda: False,
            executor=self._pool if processes > 1 else None,
        )
        taken = time.perf_counter() - begun
        assert world.get_upload(record).rows_issued == count
        return taken

    def verifying(self, processor: JsonLd) -> Work:
        """Return what verifies badges that were signed beforehand."""
        world = self._world
        badges = [signed.document for signed in self._stamper.sign_chunk(self._template, self._orders(100), range(100))]
        verifier = Verifier(
            clock=world.clock,
            json_ld=processor,
            did_resolver=OwnDids(store=world.store),
            chain=None,
            published=None,
            keccak=keccak,
        )
        policy = Policy(published_contract=world.container.published_contract, profile=Profile.VC)

        def verify(count: int) -> None:
            for number in range(count):
                request = VerifyRequest(credential=badges[number % len(badges)], policy=policy)
                verdict = verifier.verify(request)
                assert verdict.checks[1].result is Result.PASS

        return verify

    def _orders(self, count: int) -> list[Order]:
        first, self._people = self._people, self._people + count
        return [self._world.order(f"person{number}@students.example") for number in range(first, first + count)]
