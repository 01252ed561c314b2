"""An application behind a real server in a thread of this process: real HTTP, and what it does counts as covered."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import httpx
import uvicorn
from starlette.types import ASGIApp
from typing_extensions import override

START_SECONDS = 60.0
# It takes a tenth; a machine that runs other test processes too may need many times that.

NO_AUTHORITIES: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Of a client that speaks plain http: reading the machine's authorities takes longer than a request."""


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


@contextmanager
def serve(app: ASGIApp, listener: socket.socket | None = None) -> Iterator[httpx.Client]:
    """Run an application and yield a client of it; end it when the block is left.

    It listens on a free port of loopback, or where the caller listens already and closes.
    """
    listener = listener or socket.create_server(("127.0.0.1", 0))
    server = _Server(uvicorn.Config(app, access_log=False, log_level="critical"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="web-server")
    thread.start()
    try:
        if not server.ready.wait(START_SECONDS):
            raise TimeoutError("the application did not start")
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with httpx.Client(base_url=url, trust_env=False, verify=NO_AUTHORITIES, timeout=START_SECONDS) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(START_SECONDS)
        listener.close()
