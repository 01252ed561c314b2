"""A JSON-RPC proxy between a worker and a node, which does something at a chosen moment."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final
from urllib.request import Request, urlopen

from typing_extensions import override

UPSTREAM_TIMEOUT_SECONDS: Final = 30.0

Hook = Callable[[str, bytes], bytes]
"""Called with the method and the node's answer, after the node has acted; returns what the worker is told."""


def _pass(_method: str) -> None:
    """Do nothing before the node hears of a request."""


@contextmanager
def run_proxy(upstream: str, hook: Hook, *, before: Callable[[str], None] = _pass) -> Iterator[str]:
    """Forward every request to a node, and every answer through the hook; yield the proxy's URL.

    `before` is called with the method before the node hears of it, and may keep it waiting.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            before(json.loads(body)["method"])
            request = Request(upstream, data=body, headers={"Content-Type": "application/json"})  # noqa: S310  # loopback
            with urlopen(request, timeout=UPSTREAM_TIMEOUT_SECONDS) as response:  # noqa: S310  # loopback
                answer = hook(json.loads(body)["method"], response.read())
            try:
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)
            except (BrokenPipeError, ConnectionResetError):
                # The hook ended the process that asked.
                self.close_connection = True

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), name="rpc-proxy", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
