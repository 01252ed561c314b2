"""Telling the worker's metrics and health, when an address is set for it: a thread that looks, one that answers."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from anchor_worker.chain_watch import ChainWatch
from anchor_worker.metrics import WorkerCollector
from anchor_worker.readings import Tallier, read_readings
from anchor_worker.vitals import Pulse
from anchor_worker.wiring import opened_engine, read_log, spending_limits
from registry.adapters.clock import SystemClock
from registry.adapters.metrics_server import new_registry, serving_metrics
from registry.settings import Settings, bind_address

log = structlog.get_logger(__name__)


@contextmanager
def monitored(settings: Settings) -> Iterator[Pulse]:
    """Yield the pulse that the worker's rounds are noted in, and tell it until the block is left.

    Nothing is shared with the worker but the pulse: the database's and the nodes' connections are its own.

    Raises Refused `cannot-listen`, NotFound before the registry is initialised, Unavailable.
    """
    clock = SystemClock()
    pulse = Pulse(clock)
    if settings.worker_metrics_bind is None:
        yield pulse
        return
    with opened_engine(settings) as engine:
        watch = ChainWatch(settings.rpc_urls, log=read_log(engine).name, timeout_seconds=settings.rpc_timeout_seconds)
        registry = new_registry()
        registry.register(
            WorkerCollector(
                read=lambda: read_readings(engine, now=clock.now()),
                count=Tallier(engine),
                reports=lambda: watch.reports,
                pulse=pulse,
                limits=spending_limits(settings),
                clock=clock,
            )
        )
        address = bind_address(settings.worker_metrics_bind)
        with watch.running(), serving_metrics(address, registry, is_healthy=pulse.is_fresh) as port:
            log.info("metrics_served", host=address[0], port=port)
            yield pulse
