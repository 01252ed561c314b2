"""A node that lies, refuses or stammers: real JSON-RPC in front of a real node, with some answers changed."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias
from urllib.request import Request, urlopen

from typing_extensions import override

# (method, parameters, the node's whole answer) -> the answer that is given.
Change: TypeAlias = Callable[[str, list[Any], dict[str, Any]], dict[str, Any]]

TIMEOUT_SECONDS = 30.0

POLL_SECONDS = 0.02
# How long the server may take to notice that a test is over.


def refusal(message: str, *, code: int = -32005) -> dict[str, Any]:
    """Return the answer of a node that refuses."""
    return {"jsonrpc": "2.0", "id": 1, "error": {"code": code, "message": message}}


@contextmanager
def run_proxy(url: str, change: Change) -> Iterator[str]:
    """Yield the URL of a node that answers as another one, but for what `change` makes of it."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            request = json.loads(body)
            # Not httpx: it reads every certificate of the system for each question.
            asked = Request(url, data=body, headers={"Content-Type": "application/json"})  # noqa: S310  # loopback
            with urlopen(asked, timeout=TIMEOUT_SECONDS) as response:  # noqa: S310  # loopback
                answer = json.loads(response.read())
            changed = change(request["method"], request.get("params", []), answer)
            content = json.dumps({**changed, "id": request["id"]}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: tests print their own failures."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(POLL_SECONDS,), name="rpc-proxy", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
