"""The service's metrics: what it was asked and answered, and what its database and its verifier say when asked.

Routes are named as they were declared, never as they were called: an address holds ids, and whoever asks may invent as
many as they like. The same goes for methods. Nothing here is about a person.
"""

import time
from collections.abc import Iterator, Mapping
from importlib import metadata
from typing import Any, Final

from prometheus_client import Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from typing_extensions import override

from registry.adapters.metrics_server import new_registry
from registry.domain.errors import Unavailable
from registry.service.container import Container

LATENCY_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)
"""Seconds: reading takes milliseconds, a verdict that asks the chain a second or two, an upload a minute."""

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_OTHER: Final = "other"
_UNMATCHED: Final = "unmatched"


class Metering:
    """What is counted while requests are answered."""

    def __init__(self) -> None:
        self.registry = new_registry()
        self.requests = Counter(
            "credroot_http_requests",
            "Requests answered, by route, method and class of the status.",
            ["route", "method", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "credroot_http_request_seconds",
            "How long answering took, by route.",
            ["route"],
            buckets=LATENCY_BUCKETS,
            registry=self.registry,
        )


class Meter:
    """Counts requests and measures how long answering them takes."""

    def __init__(self, app: ASGIApp, *, metering: Metering) -> None:
        self._app = app
        self._metering = metering

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and count it when it is answered, cut off or given up."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # Whoever goes away before an answer begins is counted as such.
        status = "none"

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = f"{message['status'] // 100}xx"
            await send(message)

        started = time.perf_counter()
        try:
            await self._app(scope, receive, watched)
        finally:
            route = _route(scope)
            method = scope["method"] if scope["method"] in _METHODS else _OTHER
            self._metering.requests.labels(route=route, method=method, status=status).inc()
            self._metering.seconds.labels(route=route).observe(time.perf_counter() - started)


class ServiceCollector(Collector):
    """Collects what the database and the verifier say."""

    def __init__(self, container: Container) -> None:
        self._container = container

    @override
    def collect(self) -> Iterator[Metric]:
        """Yield every metric; without a database those that need none."""
        yield InfoMetricFamily("credroot_build", "What runs here.", value={"version": metadata.version("credroot")})
        words = {word.value: count for word, count in self._container.verifier.words().items()}
        verdicts = CounterMetricFamily("credroot_verdicts", "Credentials judged, by the word.", labels=["word"])
        for word, count in words.items():
            verdicts.add_metric([word], count)
        yield verdicts
        try:
            with self._container.resources.store.read() as unit:
                issued, waiting = unit.credentials.count(), unit.epochs.waiting()
                uploads = {state.value: count for state, count in unit.uploads.count_by_state().items()}
        except Unavailable:
            yield GaugeMetricFamily("credroot_database_up", "Whether the database could be read just now.", value=0)
            return
        yield GaugeMetricFamily("credroot_database_up", "Whether the database could be read just now.", value=1)
        yield CounterMetricFamily("credroot_credentials_issued", "Credentials issued, ever.", value=issued)
        yield GaugeMetricFamily(
            "credroot_waiting_credentials", "Credentials in no epoch yet.", value=waiting.credentials
        )
        yield _labelled("credroot_uploads", "Uploads by state.", "state", uploads)


def _labelled(name: str, words: str, label: str, values: Mapping[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, words, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def _route(scope: Scope) -> str:
    route: Any = scope.get("route")  # Any: whatever the framework put there
    return getattr(route, "path", _UNMATCHED)
