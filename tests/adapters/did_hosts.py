"""A real https (or http) host of DID documents on this machine, for tests of resolving."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import trustme
from typing_extensions import override

Answer = Callable[[BaseHTTPRequestHandler], None]


class DidHost:
    """A host that answers each path as it was told to."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.answers: dict[str, Answer] = {}
        self.requests: list[tuple[str, str]] = []
        """The path and Host header of each request."""

    @property
    def did(self) -> str:
        return f"did:web:localhost%3A{self.port}"

    def serve(self, path: str, content: bytes, *, status: int = 200, headers: dict[str, str] | None = None) -> None:
        """Answer a path with these bytes."""

        def answer(request: BaseHTTPRequestHandler) -> None:
            request.send_response(status)
            request.send_header("Content-Length", str(len(content)))
            for name, value in (headers or {}).items():
                request.send_header(name, value)
            request.end_headers()
            request.wfile.write(content)

        self.answers[path] = answer


@contextmanager
def did_host(certificates: trustme.CA | None, *, names: tuple[str, ...] = ("localhost",)) -> Iterator[DidHost]:
    """Run a host on loopback; https when there is a CA to certify its names."""
    host: DidHost | None = None

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            assert host is not None
            host.requests.append((self.path, self.headers["Host"]))
            answer = host.answers.get(self.path)
            if answer is None:
                self.send_error(404)
            else:
                answer(self)

        @override
        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        @override
        def handle_error(self, request: object, client_address: object) -> None:
            # A client that leaves early, or refuses our certificate, is what some tests are about.
            pass

        @override
        def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
            connection, address = super().get_request()
            if tls is not None:
                connection.settimeout(5)
                connection = tls.wrap_socket(connection, server_side=True)
                connection.settimeout(None)
            return connection, address

    tls: ssl.SSLContext | None = None
    if certificates is not None:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        certificates.issue_cert(*names).configure_cert(tls)
    server = Server(("127.0.0.1", 0), Handler)
    host = DidHost(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield host
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def ca_file(certificates: trustme.CA, folder: Path) -> Path:
    """Write the CA's certificate to a file."""
    path = folder / "ca.pem"
    certificates.cert_pem.write_to_path(path)
    return path
