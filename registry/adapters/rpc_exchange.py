"""One JSON-RPC exchange with a node over HTTP: one deadline, a size limit, a check of the id; and how it failed.

    a result, or an error of the node's own      returned
    anything else                                RpcFailed, which says of what kind, with what status, and when to come back

Nothing is retried, redirected, or read from proxy variables. What is shown of a URL is scheme, host and port: the rest
may be a key. Each connection keeps a tally of its requests, which decides nothing.
"""

import json
import re
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from time import perf_counter
from typing import Any, Final, cast
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from typing_extensions import override
from web3.providers.base import JSONBaseProvider
from web3.types import RPCEndpoint, RPCResponse

from registry.adapters.deadline import within_deadline
from registry.domain.canonical import JsonValue, check_nesting
from registry.domain.errors import Malformed, Unavailable

MAX_RESPONSE_BYTES: Final = 33_554_432
"""The largest answer asked for is one page of event logs; 32 MiB bounds what a broken node can make us hold."""

MAX_RETRY_AFTER_SECONDS: Final = 600.0
"""A provider may say "in a year". Asking it every ten minutes is still polite, and notices when it means it no more."""

_CHUNK_BYTES: Final = 65_536
_POOL_SIZE: Final = 8
"""Threads of the service that read the chain at the same time; more open a connection for the moment."""

_LIMIT_EXCEEDED: Final = -32_005
"""EIP-1474; the one code that providers agree on."""
_SECONDS: Final = re.compile(r"[0-9]{1,10}")


class FailureKind(StrEnum):
    """Why a request brought no result; a name of its metric too."""

    RATE_LIMITED = "rate-limited"
    """HTTP 429, or the node's error -32005."""
    UNAUTHORIZED = "unauthorized"
    """HTTP 401 or 403: the key is wrong, or used up. It does not mend itself."""
    SERVER_ERROR = "server-error"
    HTTP_STATUS = "http-status"
    """Any other status, redirects among them."""
    TRANSPORT = "transport"
    """Nobody listens, or the connection broke."""
    TIMEOUT = "timeout"
    ANSWER = "answer"
    """Not JSON, not JSON-RPC, or the answer to another question."""
    REFUSED = "refused"
    """The node's own no: it works."""


class RpcFailed(Unavailable):
    """A request brought no usable answer; on sending, the node may have acted all the same."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        kind: FailureKind,
        status: int | None = None,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(code, message)
        self.kind = kind
        self.status = status
        """Of HTTP; None when there was no answer, or one with 200."""
        self.retry_after_seconds = retry_after_seconds
        """How long the provider asks to be left alone, from 0 to ten minutes; None when it does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What a connection was used for since it was made."""

    requests: int
    seconds: float
    """How long they took, taken together."""
    failures: Mapping[FailureKind, int]


def redact(url: str) -> str:
    """Return scheme, host and port of an RPC URL: the rest may be a key. Raises Malformed `malformed-rpc-url`."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "?", parts.port
    except ValueError as error:
        raise Malformed("malformed-rpc-url", "expected http(s)://host[:port] as the address of a node") from error
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}" + (f":{port}" if port else "")


def kind_of_error(number: int) -> FailureKind:
    """Tell what kind a JSON-RPC error of this code is."""
    return FailureKind.RATE_LIMITED if number == _LIMIT_EXCEEDED else FailureKind.REFUSED


def read_retry_after(value: str | None, *, answered_at: str | None) -> float | None:
    """Return the seconds that a `Retry-After` asks for (RFC 9110 section 10.2.3), from 0 to ten minutes.

    A date in it counts from the answer's own `Date`: the provider's clock and ours need not agree. Returns None for
    what cannot be read, and for a date with nothing to count from.
    """
    if value is None:
        return None
    if _SECONDS.fullmatch(value.strip()):
        seconds = float(value)
    else:
        until, now = _http_date(value), _http_date(answered_at or "")
        if until is None or now is None:
            return None
        seconds = (until - now).total_seconds()
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_SECONDS)


class HttpProvider(JSONBaseProvider):
    """A web3 provider with one deadline for the whole exchange, a size limit and a check of the answer's id."""

    def __init__(self, url: str, *, timeout_seconds: float) -> None:
        super().__init__()
        self.place = redact(url)
        self._url = url
        self._timeout_seconds = timeout_seconds
        self._session = _new_session()
        self._counting = threading.Lock()
        self._requests = 0
        self._seconds = 0.0
        self._failures: Counter[FailureKind] = Counter()

    @override
    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        # web3 hands over what its own middleware made of the parameters, of any shape.
        body = self.encode_rpc_request(method, params)
        return cast("RPCResponse", self._exchange(body, json.loads(body)["id"], str(method)))

    def ask(self, method: str, params: Sequence[JsonValue]) -> dict[str, JsonValue]:
        """Ask once and return the answer, which has either a result or an error. Raises RpcFailed."""
        sent_id = next(self.request_counter)
        body = json.dumps({"jsonrpc": "2.0", "method": method, "params": list(params), "id": sent_id}).encode()
        return self._exchange(body, sent_id, method)

    def tally(self) -> Tally:
        """Return what was counted so far."""
        with self._counting:
            return Tally(requests=self._requests, seconds=self._seconds, failures=dict(self._failures))

    def _exchange(self, body: bytes, sent_id: int, method: str) -> dict[str, JsonValue]:
        began = perf_counter()
        kind: FailureKind | None = None
        try:
            answer = self._read_answer(self._post_within_deadline(body, method), sent_id, method)
            kind = _kind_of_answer(answer)
            return answer
        except RpcFailed as error:
            kind = error.kind
            raise
        finally:
            with self._counting:
                self._requests += 1
                self._seconds += perf_counter() - began
                if kind is not None:
                    self._failures[kind] += 1

    def _read_answer(self, raw: bytes, sent_id: int, method: str) -> dict[str, JsonValue]:
        try:
            text = raw.decode("utf-8")
            check_nesting(text)
            answer = json.loads(text)
        except (ValueError, Malformed) as error:
            raise self._no_answer(method, "something not JSON") from error
        if (
            not isinstance(answer, dict)
            or answer.get("jsonrpc") != "2.0"
            or ("error" in answer) == ("result" in answer)
        ):
            raise self._no_answer(method, "something not JSON-RPC")
        # A null id is allowed beside an error: the node could not read ours.
        if answer.get("id") != sent_id and not ("error" in answer and answer.get("id") is None):
            raise RpcFailed(
                "rpc-answer", f"{self.place} answered another question than {method}", kind=FailureKind.ANSWER
            )
        return answer

    def _post_within_deadline(self, body: bytes, method: str) -> bytes:
        try:
            return within_deadline(lambda: self._post_told(body, method), seconds=self._timeout_seconds, name="rpc")
        except TimeoutError:
            # Its connection may still be dripping: the next exchange gets another one.
            self._session = _new_session()
            raise self._too_late(method) from None

    def _post_told(self, body: bytes, method: str) -> bytes:
        try:
            return self._post(body, method)
        except requests.Timeout:
            raise self._too_late(method) from None
        except (requests.RequestException, OSError, ValueError) as error:
            # Only the class is told: requests writes the URL, key and all, into its messages.
            raise RpcFailed(
                "rpc-transport",
                f"{self.place} could not be asked {method}: {type(error).__name__}",
                kind=FailureKind.TRANSPORT,
            ) from None

    def _post(self, body: bytes, method: str) -> bytes:
        with self._session.post(
            self._url,
            data=body,
            headers={"Content-Type": "application/json", "Accept": "application/json"},
            timeout=self._timeout_seconds,
            allow_redirects=False,
            stream=True,
        ) as response:
            if response.status_code != requests.codes.ok:
                raise RpcFailed(
                    "rpc-http",
                    f"{self.place} answered {method} with HTTP {response.status_code}",
                    kind=_kind_of_status(response.status_code),
                    status=response.status_code,
                    retry_after_seconds=read_retry_after(
                        response.headers.get("Retry-After"), answered_at=response.headers.get("Date")
                    ),
                )
            content = bytearray()
            for chunk in response.iter_content(_CHUNK_BYTES):
                content += chunk
                if len(content) > MAX_RESPONSE_BYTES:
                    raise self._no_answer(method, f"over {MAX_RESPONSE_BYTES} bytes")
            return bytes(content)

    def _too_late(self, method: str) -> RpcFailed:
        return RpcFailed(
            "rpc-timeout",
            f"{self.place} did not answer {method} within {self._timeout_seconds:g} s",
            kind=FailureKind.TIMEOUT,
        )

    def _no_answer(self, method: str, what: str) -> RpcFailed:
        return RpcFailed("rpc-answer", f"{self.place} answered {method} with {what}", kind=FailureKind.ANSWER)


def _kind_of_status(status: int) -> FailureKind:
    if status == requests.codes.too_many_requests:
        return FailureKind.RATE_LIMITED
    if status in {requests.codes.unauthorized, requests.codes.forbidden}:
        return FailureKind.UNAUTHORIZED
    return FailureKind.SERVER_ERROR if status >= requests.codes.internal_server_error else FailureKind.HTTP_STATUS


def _kind_of_answer(answer: Mapping[str, JsonValue]) -> FailureKind | None:
    if "error" not in answer:
        return None
    error = answer["error"]
    number = error.get("code") if isinstance(error, dict) else None
    return kind_of_error(number if isinstance(number, int) else 0)


def _http_date(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    # "-0000" is parsed as a time without a zone; HTTP dates are UTC.
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _new_session() -> requests.Session:
    session = requests.Session()
    # Proxies and netrc of the environment must not see, or sign, what goes to a node.
    session.trust_env = False
    adapter = HTTPAdapter(pool_maxsize=_POOL_SIZE, max_retries=0)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session
