"""`python -m registry.web`: run the web service over http, or https when a certificate is set.

Uses the database, the chain and the published folder. Settings come from the environment (docs/operating.md). Prints one
line when it listens. SIGTERM and SIGINT end it after the requests in hand.
"""

import argparse
import errno
import logging
import signal
import socket
import ssl
import sys
from dataclasses import asdict
from types import FrameType
from typing import Final

import structlog
import uvicorn
from typing_extensions import override

from registry.domain.errors import CredrootError, Refused, Unavailable
from registry.service.container import Container
from registry.service.restoring import CaughtUp, catch_up
from registry.settings import Settings, load_settings
from registry.web.app import create_app
from registry.wiring.serving import build_container

GRACE_SECONDS: Final = 10
"""How long requests in hand may take after a signal; then their connections are closed."""
LOOPBACK: Final = ("127.0.0.1", "::1")
"""What `localhost` means (RFC 6761 section 6.3); a machine may be without the second."""
PORT_TRIES: Final = 20
"""For a port that is free on both: one try is nearly always enough."""
BACKLOG: Final = 2048

_NO_SUCH_ADDRESS: Final = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})


class _Server(uvicorn.Server):
    """Says in one line when requests are answered, and ends with an exit code and not by the signal."""

    def __init__(self, config: uvicorn.Config, *, ready: str) -> None:
        super().__init__(config)
        self._ready = ready

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            print(self._ready, flush=True)

    def end(self, _signal: int, _frame: FrameType | None) -> None:
        """End after the requests in hand."""
        self.should_exit = True


def main() -> int:
    """Serve until a signal comes, and return the exit code."""
    argparse.ArgumentParser(prog="credroot serve", description="Run the web service.").parse_args()
    try:
        settings = load_settings()
        _log_to_standard_error(settings.log_level)
        _check_certificate(settings)
        settings.published_dir.mkdir(parents=True, exist_ok=True)
        container = build_container(settings)
        # Before a slot is drawn: a database from a backup does not know which were filled since.
        _log_catching_up(catch_up(container.resources, container.published))
        listeners = listen(settings.host, settings.port)
    except Unavailable as error:
        print(f"{error.code}: {error.message}", file=sys.stderr)
        return 3
    except CredrootError as error:
        print(f"{error.code}: {error.message}", file=sys.stderr)
        return 1
    return _serve(settings, container, listeners)


def _log_catching_up(taken: CaughtUp) -> None:
    if taken.epochs:
        structlog.get_logger().warning("database_behind_published_files", **asdict(taken))


def _serve(settings: Settings, container: Container, listeners: list[socket.socket]) -> int:
    config = uvicorn.Config(
        create_app(container),
        # The access log costs a quarter of the throughput, and addresses may hold what nobody else should read.
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        ssl_certfile=settings.tls_certificate_file,
        ssl_keyfile=settings.tls_key_file,
    )
    scheme = "http" if settings.tls_certificate_file is None else "https"
    addresses = " ".join(f"{scheme}://{_authority(listener)}" for listener in listeners)
    server = _Server(config, ready=f"credroot listens on {addresses} as {settings.public_url}")
    # The server puts these back when it is done, and raises the signal once more for them.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, server.end)
    try:
        server.run(sockets=listeners)
    finally:
        for listener in listeners:
            listener.close()
    return 0


def _check_certificate(settings: Settings) -> None:
    if settings.tls_certificate_file is None:
        return
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(
            settings.tls_certificate_file, settings.tls_key_file
        )
    except (OSError, ssl.SSLError) as error:
        raise Refused("certificate-unusable", f"{settings.tls_certificate_file}: {error.strerror}") from error


def listen(host: str, port: int) -> list[socket.socket]:
    """Open the listening sockets of a host: for `localhost` on every loopback address of the machine, one port.

    Who looks the name up may try either address first. Raises Refused `cannot-listen`.
    """
    for _ in range(PORT_TRIES):
        listeners: list[socket.socket] = []
        try:
            for address in LOOPBACK if host == "localhost" else (host,):
                wanted = listeners[0].getsockname()[1] if listeners else port
                if (listener := _listener(address, wanted, optional=bool(listeners))) is not None:
                    listeners.append(listener)
        except OSError as error:
            for listener in listeners:
                listener.close()
            # Another process has the port that the first address was given by chance: another one, then.
            if port == 0 and listeners and error.errno == errno.EADDRINUSE:
                continue
            raise Refused("cannot-listen", f"{host} port {port}: {error.strerror}") from error
        return listeners
    raise Refused("cannot-listen", f"found no port that is free on all of {', '.join(LOOPBACK)}")


def _listener(address: str, port: int, *, optional: bool) -> socket.socket | None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        return socket.create_server((address, port), family=family, backlog=BACKLOG)
    except OSError as error:
        if optional and error.errno in _NO_SUCH_ADDRESS:
            return None
        raise


def _authority(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


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
