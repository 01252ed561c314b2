"""Listening and answering: sockets opened before anything is said, one line when requests are answered, a quiet end."""

import errno
import signal
import socket
import ssl
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Final

import uvicorn
from fastapi import FastAPI
from typing_extensions import override

from registry.domain.errors import Refused

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
            sys.stdout.write(f"{self._ready}\n")
            sys.stdout.flush()

    def end(self, _signal: int, _frame: FrameType | None) -> None:
        """End after the requests in hand."""
        self.should_exit = True


def serve(
    app: FastAPI,
    listeners: Sequence[socket.socket],
    *,
    ready: str,
    certificate: Path | None,
    key: Path | None,
    trusted_proxies: Sequence[str] = (),
) -> None:
    """Answer requests until a signal comes, then close the listeners."""
    config = uvicorn.Config(
        app,
        # The access log costs a quarter of the throughput, and addresses may hold what nobody else should read.
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        # Anybody else's word for where a request comes from would undo every limit.
        forwarded_allow_ips=list(trusted_proxies),
        ssl_certfile=certificate,
        ssl_keyfile=key,
    )
    server = _Server(config, ready=ready)
    # The server puts these back when it is done, and raises the signal once more for them.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, server.end)
    try:
        server.run(sockets=list(listeners))
    finally:
        for listener in listeners:
            listener.close()


def check_certificate(certificate: Path | None, key: Path | None) -> None:
    """Raise Refused `certificate-unusable` for files that make no certificate and its key."""
    if certificate is None:
        return
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise Refused("certificate-unusable", f"{certificate}: {error.strerror}") from error


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


def authority(listener: socket.socket) -> str:
    """Write where a socket listens as it stands in a URL."""
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
