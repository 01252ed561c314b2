"""Nodes that answer in a way of their own: an HTTP server whose every answer a test writes."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from typing_extensions import override

from registry.domain.canonical import JsonValue

Answer = Callable[[BaseHTTPRequestHandler, dict[str, JsonValue]], None]


@contextmanager
def node(answer: Answer) -> Iterator[str]:
    """Run a node that answers in a way of its own; yield its URL, with a secret in it."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            answer(self, json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://user:hidden@127.0.0.1:{server.server_port}/v2/SECRET-KEY?token=SECRET"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def reply(
    handler: BaseHTTPRequestHandler,
    body: bytes,
    *,
    status: int = 200,
    length: int | None = None,
    headers: Mapping[str, str] | None = None,
) -> None:
    """Answer with these bytes."""
    handler.send_response_only(status)
    for name, value in (headers or {}).items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body) if length is None else length))
    handler.end_headers()
    handler.wfile.write(body)


def rpc(handler: BaseHTTPRequestHandler, asked: dict[str, JsonValue], **members: JsonValue) -> None:
    """Answer the question in JSON-RPC."""
    reply(handler, json.dumps({"jsonrpc": "2.0", "id": asked["id"], **members}).encode())
