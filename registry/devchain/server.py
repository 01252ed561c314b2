"""HTTP on the loopback interface: one POST, one JSON-RPC request or batch.

The chain is for programs of this machine, and for pages that this machine serves itself: the verify page asks it from the
browser. Anybody else's page is refused three times: by the Host header (DNS rebinding), by the Origin header, and by the
content type, which makes a browser ask first.
"""

from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn
from urllib.parse import urlsplit

import structlog
from typing_extensions import override

from registry.devchain.chain import DevChain
from registry.devchain.dispatch import answer

LOOPBACK = "127.0.0.1"

REQUEST_BYTES_LIMIT = 5 * 1024 * 1024
# go-ethereum's limit; the largest transaction is a fortieth of it.

LENGTH_DIGITS_LIMIT = 10
# Far above the limit, far below what would take long to read as a number.

IDLE_SECONDS = 60.0
# A client that says nothing for so long loses its connection, and the thread behind it ends.

LISTEN_BACKLOG = 128
# Test suites open many connections at once.

_LOOPBACK_NAMES = frozenset(("127.0.0.1", "localhost", "::1"))

log = structlog.get_logger(__name__)


class RpcServer(ThreadingMixIn, TCPServer):
    """The listening socket; each connection has a thread of its own.

    Not http.server's own server: that one asks the resolver for this machine's name before it listens.
    """

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = LISTEN_BACKLOG

    def __init__(self, chain: DevChain, *, port: int) -> None:
        """Bind to the loopback interface; port 0 takes a free one."""
        self.chain = chain
        super().__init__((LOOPBACK, port), RpcHandler)

    @property
    def url(self) -> str:
        """The address under which the chain answers."""
        return f"http://{LOOPBACK}:{self.server_address[1]}"

    @override
    def handle_error(self, request: object, client_address: object) -> None:
        # A client that goes away in the middle is no event of the chain's.
        log.debug("devchain_connection_broken", client=str(client_address))


class RpcHandler(BaseHTTPRequestHandler):
    """One connection, kept open for further requests."""

    server: RpcServer
    protocol_version = "HTTP/1.1"
    server_version = "credroot-devchain"
    sys_version = ""
    timeout = IDLE_SECONDS
    # The answer leaves in one piece; headers and body apart would wait for each other (Nagle, delayed ACK).
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        """Answer a JSON-RPC request."""
        refusal = self._refusal()
        if refusal is not None:
            self._refuse(*refusal)
            return
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._send(HTTPStatus.OK, answer(self.server.chain, body), "application/json")

    def do_OPTIONS(self) -> None:
        """Tell a browser whether a page may ask (CORS protocol, Fetch standard section 3.3)."""
        self._send(HTTPStatus.OK, b"", "text/plain; charset=utf-8")

    def do_GET(self) -> None:
        """Refuse: there is nothing to look at."""
        self._refuse(HTTPStatus.METHOD_NOT_ALLOWED, "send JSON-RPC by POST")

    def _refusal(self) -> tuple[HTTPStatus, str] | None:
        if not _is_loopback("//" + self.headers.get("Host", "")):
            return HTTPStatus.FORBIDDEN, "host is not loopback"
        origin = self.headers.get("Origin")
        if origin is not None and not _is_loopback(origin):
            return HTTPStatus.FORBIDDEN, "origin is not loopback"
        if self.headers.get_content_type() != "application/json":
            return HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "content type must be application/json"
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()):
            return HTTPStatus.LENGTH_REQUIRED, "content length required"
        if len(length) > LENGTH_DIGITS_LIMIT or int(length) > REQUEST_BYTES_LIMIT:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"request is limited to {REQUEST_BYTES_LIMIT} bytes"
        return None

    def _refuse(self, status: HTTPStatus, reason: str) -> None:
        # The body was not read: what follows on this connection could be taken for a request.
        self.close_connection = True
        self._send(status, (reason + "\n").encode(), "text/plain; charset=utf-8")

    def _send(self, status: HTTPStatus, body: bytes, content_type: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        origin = self.headers.get("Origin", "")
        if _is_loopback(origin) and _is_loopback("//" + self.headers.get("Host", "")):
            self.send_header("Access-Control-Allow-Origin", origin)
            self.send_header("Access-Control-Allow-Headers", "Content-Type")
            self.send_header("Vary", "Origin")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    @override
    def log_message(self, format: str, *args: object) -> None:
        # A line for every request would bury what matters.
        log.debug("devchain_http", message=format % args)


def _is_loopback(address: str) -> bool:
    try:
        return urlsplit(address).hostname in _LOOPBACK_NAMES
    except ValueError:
        return False
