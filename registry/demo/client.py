"""A registrar's and a recruiter's view of the service: plain HTTP, the authority named explicitly."""

import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import httpx

from registry.domain.canonical import JsonObject

POLL_SECONDS: Final = 0.2
PATIENCE_SECONDS: Final = 300.0
"""A thousand credentials take ten seconds to sign; a busy machine may need many times that."""


class ServiceRefused(Exception):
    """The service answered with a problem that the demonstration did not expect."""


class Service:
    """The web service, as somebody with an API key uses it."""

    def __init__(self, url: str, *, ca_file: Path, key: str | None = None) -> None:
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        context = ssl.create_default_context(cafile=str(ca_file))
        self._client = httpx.Client(base_url=url, verify=context, headers=headers, timeout=120, trust_env=False)

    def get(self, path: str, **parameters: str | int) -> Any:  # noqa: ANN401 - JSON of any shape
        """Return the JSON at a path."""
        return _checked(self._client.get(path, params=parameters)).json()

    def content(self, path: str) -> bytes:
        """Return the bytes at a path."""
        return _checked(self._client.get(path)).content

    def post(self, path: str, body: JsonObject, *, once: str | None = None) -> Any:  # noqa: ANN401 - JSON of any shape
        """Send JSON and return the answer; `once` names the request, so that repeating it is harmless."""
        headers = {} if once is None else {"Idempotency-Key": once}
        return _checked(self._client.post(path, json=body, headers=headers)).json()

    def put(self, path: str, body: JsonObject) -> Any:  # noqa: ANN401 - JSON of any shape
        """Send JSON that says how something is to be, and return the answer."""
        return _checked(self._client.put(path, json=body)).json()

    def judge_file(self, content: bytes, *, name: str) -> Any:  # noqa: ANN401 - JSON of any shape
        """Let the service verify a file of whatever kind."""
        return _checked(self._client.post("/v1/verify/file", content=content, params={"name": name})).json()

    def upload(self, path: str, content: bytes, **parameters: str) -> Any:  # noqa: ANN401 - JSON of any shape
        """Send a CSV file and return the answer."""
        headers = {"Content-Type": "text/csv"}
        return _checked(self._client.post(path, content=content, params=parameters, headers=headers)).json()

    def wait(self, path: str, member: str, wanted: set[Any], *, seen: Callable[[Any], None] | None = None) -> Any:  # noqa: ANN401
        """Ask until a member has a wanted value, and return the answer.

        Raises ServiceRefused when it does not within five minutes.
        """
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            answer = self.get(path)
            if seen is not None:
                seen(answer)
            if answer[member] in wanted:
                return answer
            if time.monotonic() > deadline:
                raise ServiceRefused(f"{path}: {member} is still {answer[member]!r}")
            time.sleep(POLL_SECONDS)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def _checked(response: httpx.Response) -> httpx.Response:
    if response.is_error:
        raise ServiceRefused(f"{response.request.method} {response.request.url.path}: {response.text[:500]}")
    return response
