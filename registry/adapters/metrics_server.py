"""What a process tells those who watch it, over HTTP: `/metrics` (Prometheus, text format) and `/healthz`.

It listens on an address of its own, never on the service's: nothing there is secret or about people, but how much is
issued, and how much money the account has, is nobody's business outside. Two paths, GET alone, no body is read, no
connection is kept.
"""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar, Final

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from typing_extensions import override

from registry.domain.errors import Refused

REQUEST_SECONDS: Final = 5.0
"""Who has not asked by then is no scraper: one that opens connections and says nothing must not hold threads."""
_LOOK_SECONDS: Final = 0.1
_TEXT: Final = "text/plain; charset=utf-8"


def new_registry() -> CollectorRegistry:
    """Return a registry with what every process tells: memory, processor time, open files, the Python version."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    return registry


@contextmanager
def serving_metrics(
    address: tuple[str, int], registry: CollectorRegistry, *, is_healthy: Callable[[], bool]
) -> Iterator[int]:
    """Answer in threads until the block is left; yield the port. Raises Refused `cannot-listen`."""
    host, port = address
    kind = _Ipv6Server if ":" in host else ThreadingHTTPServer
    try:
        server = kind((host, port), _handler(registry, is_healthy))
    except OSError as error:
        raise Refused("cannot-listen", f"{host} port {port}: {error.strerror}") from error
    thread = threading.Thread(target=server.serve_forever, args=(_LOOK_SECONDS,), name="metrics", daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Ipv6Server(ThreadingHTTPServer):
    address_family = socket.AF_INET6


def _handler(registry: CollectorRegistry, is_healthy: Callable[[], bool]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout: ClassVar[float] = REQUEST_SECONDS
        server_version = "credroot"
        sys_version = ""

        def do_GET(self) -> None:
            match self.path:
                case "/metrics":
                    self._answer(HTTPStatus.OK, CONTENT_TYPE_LATEST, generate_latest(registry))
                case "/healthz" if is_healthy():
                    self._answer(HTTPStatus.OK, _TEXT, b"ok\n")
                case "/healthz":
                    self._answer(HTTPStatus.SERVICE_UNAVAILABLE, _TEXT, b"stands still\n")
                case _:
                    self._answer(HTTPStatus.NOT_FOUND, _TEXT, b"/metrics or /healthz\n")

        def _answer(self, status: HTTPStatus, media_type: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: being scraped is no event."""

    return Handler
