"""A client that never gives up: each request is repeated, at either service, until somebody answers it.

An answer of 5xx, or none, is a violation unless that service was being killed at the time.
"""

import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final

import httpx

from tests.hammer.ledger import Outages
from tests.hammer.tally import Tally

ANSWER_SECONDS: Final = 60.0
"""More than any answer takes while two cores carry everybody; as long as the store waits for a lock."""
PATIENCE_SECONDS: Final = 240.0
"""For one request with all its repetitions; a service is back within a minute."""
IMPATIENT_SECONDS: Final = (0.001, 0.06)
"""How long a client waits that loses the answer: some requests are carried out by then, and some are not."""


class Unanswered(Exception):
    """Nobody answered in all the time there was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """An answer, and between which moments it was asked for and here: that of the last repetition, and the first."""

    response: httpx.Response
    service: int
    first_begun: float
    begun: float
    ended: float

    @property
    def json(self) -> Any:  # noqa: ANN401  # JSON of any shape
        """The body."""
        return self.response.json()

    @property
    def code(self) -> str:
        """The code of a problem, or nothing."""
        return str(self.json.get("code", "")) if self.response.is_error else ""


@dataclass(slots=True, kw_only=True)
class Client:
    """One client of both services, for one thread."""

    urls: Sequence[str]
    ca_file: Path
    key: str
    chance: Random
    tally: Tally
    outages: Outages
    _clients: dict[int, httpx.Client] = field(default_factory=dict)

    def send(  # one call says all of a request
        self,
        kind: str,
        method: str,
        path: str,
        *,
        json: Mapping[str, object] | None = None,
        content: bytes | None = None,
        once: str | None = None,
        parameters: Mapping[str, str] | None = None,
        loses_answer: bool = False,
    ) -> Answered:
        """Send a request until it is answered. Raises Unanswered."""
        headers = {} if once is None else {"Idempotency-Key": once}
        if content is not None:
            headers["Content-Type"] = "text/csv"
        first_begun = time.time()
        while time.time() < first_begun + PATIENCE_SECONDS:
            number = self.chance.randrange(len(self.urls))
            waits = self.chance.uniform(*IMPATIENT_SECONDS) if loses_answer else ANSWER_SECONDS
            begun = time.time()
            try:
                response = self._client(number).request(
                    method, path, json=json, content=content, params=parameters, headers=headers, timeout=waits
                )
            except httpx.TransportError as error:
                self._unanswered(kind, number, begun, error, lost=loses_answer)
                loses_answer = False
                continue
            loses_answer = False
            ended = time.time()
            self.tally.count(f"{method} {kind}", str(response.status_code))
            self.tally.time(kind, ended - begun)
            if self._is_answer(kind, number, begun, response):
                return Answered(response=response, service=number, first_begun=first_begun, begun=begun, ended=ended)
        raise Unanswered(f"{kind}: {method} {path} in {PATIENCE_SECONDS} s")

    def close(self) -> None:
        """Close the connections."""
        for client in self._clients.values():
            client.close()

    def _client(self, number: int) -> httpx.Client:
        if number not in self._clients:
            self._clients[number] = httpx.Client(
                base_url=self.urls[number],
                verify=ssl.create_default_context(cafile=str(self.ca_file)),
                headers={"Authorization": f"Bearer {self.key}"},
                trust_env=False,
            )
        return self._clients[number]

    def _unanswered(self, kind: str, number: int, begun: float, error: httpx.TransportError, *, lost: bool) -> None:
        # What was sent on an old connection is worth nothing: the next request gets a new one.
        self._clients.pop(number).close()
        if lost and isinstance(error, httpx.TimeoutException):
            self.tally.count("answers lost on purpose", kind)
            return
        self.tally.count("no answer", type(error).__name__)
        if not self.outages.touch(number, first=begun, last=time.time()):
            self.tally.violated(f"{kind}: no answer of service {number}, which was up: {error!r}")
        time.sleep(self.chance.uniform(0.1, 0.5))

    def _is_answer(self, kind: str, number: int, begun: float, response: httpx.Response) -> bool:
        if response.status_code >= 500:
            if not self.outages.touch(number, first=begun, last=time.time()):
                self.tally.violated(f"{kind}: {response.status_code} of service {number}: {response.text[:300]}")
            time.sleep(self.chance.uniform(0.1, 0.5))
            return False
        if response.status_code == 409 and response.json()["code"] == "idempotency-in-progress":
            time.sleep(self.chance.uniform(0.05, 0.2))
            return False
        return True
