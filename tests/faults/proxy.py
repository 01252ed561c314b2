"""A bad network between a worker and a node: JSON-RPC over HTTP that loses, delays, repeats, forges and refuses.

    worker ── request ──> FaultProxy ── forwarded ──> node        the first rule that fits a request answers it;
                                                                  one that no rule fits is forwarded as it is

    with run_proxy(node) as proxy, proxy.behaving("eth_sendRawTransaction", drop_after, times=1):
        ...

Every request is kept in `requests`, in the order of arrival. What a rule may do stands in `tests.faults.behaviours`.
"""

import http.client
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

from typing_extensions import override

ANY: Final = "*"
UPSTREAM_TIMEOUT_SECONDS: Final = 30.0
POLL_SECONDS: Final = 0.01
# How long the server may take to notice that a test is over.

Params: TypeAlias = list[Any]  # JSON, as the worker sent it
Answer: TypeAlias = dict[str, Any]  # JSON, as the node sent it


@dataclass(frozen=True, slots=True)
class Call:
    """One request."""

    method: str
    params: Params


class Exchange:
    """One request on its way, for a behaviour to answer, or not."""

    def __init__(self, proxy: "FaultProxy", handler: BaseHTTPRequestHandler, request: dict[str, Any]) -> None:
        self.proxy = proxy
        self.call = Call(str(request["method"]), list(request.get("params", [])))
        self.request_id = request["id"]
        self._request = request
        self._handler = handler

    def forward(self) -> Answer:
        """Let the node act, and return its answer; the worker is told nothing yet."""
        answer = _post(self.proxy.upstream, self._request)
        self.proxy.answers.append((self.call.method, answer))
        return answer

    def ask(self, method: str, *params: object) -> Answer:
        """Ask the node something else, in between."""
        return _post(self.proxy.upstream, {"jsonrpc": "2.0", "id": 0, "method": method, "params": params})

    def answer(self, **members: object) -> None:
        """Tell the worker a result or an error."""
        self.send(json.dumps({"jsonrpc": "2.0", "id": self.request_id, **members}).encode())

    def repeat(self, answer: Answer) -> None:
        """Tell the worker what the node said."""
        self.send(self.spell(answer))

    def spell(self, answer: Answer) -> bytes:
        """Return the bytes of an answer to this request."""
        return json.dumps({**answer, "id": self.request_id}).encode()

    def send(
        self, content: bytes, *, status: int = 200, headers: Mapping[str, str] | None = None, length: int | None = None
    ) -> None:
        """Send a whole answer; `length` is what is announced, when that is to be another number of bytes."""
        self.send_head(status=status, headers=headers, length=len(content) if length is None else length)
        self._handler.wfile.write(content)

    def send_head(self, *, status: int, headers: Mapping[str, str] | None, length: int) -> None:
        """Send what stands before the bytes."""
        self._handler.send_response(status)
        for name, value in {
            "Content-Type": "application/json",
            "Content-Length": str(length),
            **(headers or {}),
        }.items():
            self._handler.send_header(name, value)
        self._handler.end_headers()

    def send_part(self, content: bytes) -> None:
        """Send some bytes at once."""
        self._handler.wfile.write(content)
        self._handler.wfile.flush()


Behaviour: TypeAlias = Callable[[Exchange], None]


@dataclass(slots=True, kw_only=True)
class _Rule:
    method: str
    behaviour: Behaviour
    where: Callable[[Params], bool]
    skip: int
    times: int | None
    seen: int = 0

    def takes(self, call: Call) -> bool:
        """Tell whether this request is the rule's, and count it."""
        if self.method not in {ANY, call.method} or not self.where(call.params):
            return False
        self.seen += 1
        return self.seen > self.skip and (self.times is None or self.seen <= self.skip + self.times)


@dataclass(slots=True, kw_only=True)
class FaultProxy:
    """A node's address with rules in front of it."""

    upstream: str
    url: str = ""
    requests: list[Call] = field(default_factory=list)
    answers: list[tuple[str, Answer]] = field(default_factory=list)
    """Of the node, by method, whatever the worker was told."""
    released: threading.Event = field(default_factory=threading.Event)
    """Set when whatever hangs may go on; at the end at the latest."""
    _rules: list[_Rule] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _open: int = 0
    _idle: threading.Condition = field(default_factory=threading.Condition)

    @contextmanager
    def behaving(
        self,
        method: str,
        behaviour: Behaviour,
        *,
        where: Callable[[Params], bool] = lambda _: True,
        skip: int = 0,
        times: int | None = None,
    ) -> Iterator[None]:
        """Let a behaviour answer the requests of a method, of those that fit the ones after the first `skip`."""
        rule = _Rule(method=method, behaviour=behaviour, where=where, skip=skip, times=times)
        with self._lock:
            self._rules.append(rule)
        try:
            yield
        finally:
            with self._lock:
                self._rules.remove(rule)

    def count(self, method: str) -> int:
        """Tell how often a method was asked for."""
        with self._lock:
            return sum(call.method == method for call in self.requests)

    def release(self) -> None:
        """Let go what hangs, and wait until it is done."""
        self.released.set()
        with self._idle:
            if not self._idle.wait_for(lambda: self._open == 0, UPSTREAM_TIMEOUT_SECONDS):
                raise TimeoutError("a request is still on its way")

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count one more request as being on its way."""
        with self._idle:
            self._open += 1
        try:
            yield
        finally:
            with self._idle:
                self._open -= 1
                self._idle.notify_all()

    def behaviour_for(self, call: Call) -> Behaviour:
        """Note a request and find what answers it."""
        with self._lock:
            self.requests.append(call)
            return next((rule.behaviour for rule in self._rules if rule.takes(call)), _tell_the_truth)


@contextmanager
def run_proxy(upstream: str) -> Iterator[FaultProxy]:
    """Yield a proxy in front of a node that forwards everything until it is told otherwise."""
    proxy = FaultProxy(upstream=upstream)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            content = self.rfile.read(length)
            if len(content) < length:
                # Whoever asked was killed in the middle of it.
                self.close_connection = True
                return
            exchange = Exchange(proxy, self, json.loads(content))
            behaviour = proxy.behaviour_for(exchange.call)
            try:
                with proxy.counted():
                    behaviour(exchange)
            except (BrokenPipeError, ConnectionResetError):
                # Whoever asked has given up, or was killed.
                self.close_connection = True

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: tests print their own failures."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    proxy.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(POLL_SECONDS,), name="fault-proxy", daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        proxy.release()


def _tell_the_truth(exchange: Exchange) -> None:
    exchange.repeat(exchange.forward())


def _post(url: str, request: dict[str, Any]) -> Answer:
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=UPSTREAM_TIMEOUT_SECONDS)
    try:
        connection.request("POST", "/", json.dumps(request), {"Content-Type": "application/json"})
        answer: Answer = json.loads(connection.getresponse().read())
    finally:
        connection.close()
    return answer
