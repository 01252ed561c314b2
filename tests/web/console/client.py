"""A browser without a screen: keeps the cookie, says where a form comes from, and sends the fields that a page has."""

import re
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

import httpx
from typing_extensions import override

from registry.web.app import create_app
from tests.registry_world import World, migrated_world
from tests.web_server import serve

SIGN_IN: Final = "/console/sign-in"
CSV: Final = b"recipient_email,recipient_name,issued_on,grade\r\n"
HOSTILE: Final = "<script>alert(1)</script>"
OWN: Final = {"Sec-Fetch-Site": "same-origin", "Accept": "text/html"}


class _Fields(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.hidden: dict[str, str] = {}
        self.values: dict[str, str] = {}

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag != "input":
            return
        self.values[str(given.get("name"))] = given.get("value") or ""
        if given.get("type") == "hidden":
            self.hidden[str(given.get("name"))] = given.get("value") or ""


def hidden_fields(page: str) -> dict[str, str]:
    """Return the hidden fields of a page: the token and the name of this one sending."""
    parser = _Fields()
    parser.feed(page)
    return parser.hidden


def form_values(page: str) -> dict[str, str]:
    """Return what stands in all the input fields of a page: what a browser sends of a form that nobody changed."""
    parser = _Fields()
    parser.feed(page)
    return parser.values


@dataclass(frozen=True, slots=True)
class Desk:
    """Somebody at the console."""

    http: httpx.Client

    def sign_in(self, secret: str, **headers: str) -> httpx.Response:
        """Send the sign-in form."""
        return self.http.post(SIGN_IN, data={"key": secret}, headers={**OWN, **headers})

    def get(self, path: str, **headers: str) -> httpx.Response:
        """Open a page, as a link of ours does."""
        return self.http.get(path, headers={**OWN, **headers})

    def fields(self, path: str) -> dict[str, str]:
        """Open a page and return the hidden fields of its forms."""
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return hidden_fields(answer.text)

    def send(
        self,
        path: str,
        fields: Mapping[str, str],
        *,
        on: str,
        file: bytes | None = None,
        filename: str = "people.csv",
    ) -> httpx.Response:
        """Open a page, fill in its form and send it."""
        data = {**self.fields(on), **fields}
        files = None if file is None else {"file": (filename, file, "text/csv")}
        return self.http.post(path, data=data, files=files, headers=OWN)


@contextmanager
def open_site(folder: Path) -> Iterator[tuple[World, str]]:
    """Serve a registry that is known by the address it is served at; yield it and where to call it."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    public_url = f"http://localhost:{port}"
    with migrated_world(folder, public_url=public_url) as world, serve(create_app(world.container), listener):
        yield world, f"http://127.0.0.1:{port}"


def words(page: str) -> str:
    """Return what a page says, without its markup."""
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())
