"""`python -m registry.web`: run the web service over http, or https when a certificate is set.

Uses the database, the chain and the published folder. Settings come from the environment (docs/operating.md). Prints one
line when it listens. SIGTERM and SIGINT end it after the requests in hand.

With --interop it serves the VC API alone, for test suites, with issuers of its own (docs/vc-api.md).
"""

import argparse
import logging
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Final

import structlog

from registry.adapters.allocator import give_memory_back
from registry.adapters.collector import spare_the_collector
from registry.adapters.metrics_server import serving_metrics
from registry.domain.errors import CredrootError, Unavailable
from registry.service.container import Container
from registry.service.restoring import CaughtUp, catch_up
from registry.settings import Settings, bind_address, load_settings
from registry.web.app import create_app, create_interop_app
from registry.web.metering import Metering, ServiceCollector
from registry.web.serving import authority, check_certificate, listen, serve
from registry.wiring.interop import InteropServer, opened_interop
from registry.wiring.interop_options import InteropOptions, add_interop_arguments, read_interop_options
from registry.wiring.serving import build_container


def main() -> int:
    """Serve until a signal comes, and return the exit code."""
    parser = argparse.ArgumentParser(prog="credroot serve", description="Run the web service.")
    add_interop_arguments(parser)
    args = parser.parse_args()
    give_memory_back()
    try:
        options = read_interop_options(args)
        if options is None:
            _serve_registry()
        else:
            _serve_interop(options)
    except Unavailable as error:
        print(f"{error.code}: {error.message}", file=sys.stderr)
        return 3
    except CredrootError as error:
        print(f"{error.code}: {error.message}", file=sys.stderr)
        return 1
    return 0


def _serve_registry() -> None:
    settings = load_settings()
    _log_to_standard_error(settings.log_level)
    certificate, key = settings.tls_certificate_file, settings.tls_key_file
    check_certificate(certificate, key)
    settings.published_dir.mkdir(parents=True, exist_ok=True)
    container = build_container(settings)
    # Before a slot is drawn: a database from a backup does not know which were filled since.
    taken = catch_up(container.resources, container.published)
    _log_catching_up(taken)
    if taken.epochs:
        # The chain may have an epoch more than the published files: a promise made now could then not be kept.
        container = container.without_promises()
    listeners = listen(settings.host, settings.port)
    scheme = "http" if certificate is None else "https"
    addresses = " ".join(f"{scheme}://{authority(listener)}" for listener in listeners)
    ready = f"credroot listens on {addresses} as {settings.public_url}"
    metering = Metering()
    with _metrics_served(settings, metering, container):
        app = create_app(container, metering)
        spare_the_collector()
        proxies = settings.trusted_proxies
        serve(app, listeners, ready=ready, certificate=certificate, key=key, trusted_proxies=proxies)


@contextmanager
def _metrics_served(settings: Settings, metering: Metering, container: Container) -> Iterator[None]:
    if settings.service_metrics_bind is None:
        yield
        return
    metering.registry.register(ServiceCollector(container))
    address = bind_address(settings.service_metrics_bind)
    with serving_metrics(address, metering.registry, is_healthy=lambda: True) as port:
        structlog.get_logger().info("metrics_served", host=address[0], port=port)
        yield


def _serve_interop(options: InteropOptions) -> None:
    _log_to_standard_error("info")
    check_certificate(options.tls_certificate, options.tls_key)
    listeners = listen(options.host, options.port)
    scheme = "http" if options.tls_certificate is None else "https"
    # Before anything is issued: the address stands in the credentials.
    url = options.public_url or f"{scheme}://{_reachable(options.host, listeners[0])}"
    with opened_interop(options, public_url=url) as server:
        app = create_interop_app(server.container)
        certificate, key = options.tls_certificate, options.tls_key
        serve(app, listeners, ready=_instances(server), certificate=certificate, key=key)


def _reachable(host: str, listener: socket.socket) -> str:
    """Write where clients of this machine find a listener: by the name that was asked for, which a certificate may have."""
    if host in _EVERY_ADDRESS:
        host = "127.0.0.1"
    return f"[{host}]:{listener.getsockname()[1]}" if ":" in host else f"{host}:{listener.getsockname()[1]}"


_EVERY_ADDRESS: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 - to be told, not to be listened on


def _instances(server: InteropServer) -> str:
    lines = [f"credroot listens on {server.public_url}, without a chain, for interoperability tests"]
    width = max(len(issuer.slug) for issuer in server.issuers)
    lines += [
        f"  {issuer.slug:{width}}  {server.public_url}/issuers/{issuer.slug}/credentials/issue  {issuer.did}"
        for issuer in server.issuers
    ]
    return "\n".join(lines)


def _log_catching_up(taken: CaughtUp) -> None:
    if taken.epochs:
        structlog.get_logger().warning("database_behind_published_files", **asdict(taken))


def _log_to_standard_error(level: str) -> None:
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping().get(level.upper(), 20)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


if __name__ == "__main__":
    sys.exit(main())
