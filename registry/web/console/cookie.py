"""The one cookie of the service: it names a session of the console, and is set and deleted below /console alone.

`__Host-` means: over https, from this very host, for all of its paths. No other host of the same domain can plant one,
which a narrower `Path` would not prevent; why the path is given up for that: docs/decisions/0125-sessions.md.
"""

from typing import Final
from urllib.parse import urlsplit

from fastapi import Request, Response

from registry.domain.errors import Refused

HOST_COOKIE: Final = "__Host-credroot"
LOOPBACK_COOKIE: Final = "credroot"
"""Over http no browser accepts the prefix: on this machine alone, and without it."""

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def session_id_of(request: Request, public_url: str) -> str | None:
    """Return what a browser says its session is."""
    return request.cookies.get(_name(public_url))


def require_safe_address(public_url: str) -> None:
    """Raise Refused `console-needs-https` where everybody on the way would read the cookie."""
    url = urlsplit(public_url)
    if url.scheme != "https" and url.hostname not in _LOOPBACK:
        raise Refused("console-needs-https", "the console is served over https, or over http on this machine alone")


def set_session(response: Response, public_url: str, session_id: str) -> None:
    """Give a browser its session, until it is closed; the registry ends it sooner."""
    response.set_cookie(_name(public_url), session_id, httponly=True, secure=_secure(public_url), samesite="strict")


def delete_session(response: Response, public_url: str) -> None:
    """Take the session's cookie away."""
    response.delete_cookie(_name(public_url), httponly=True, secure=_secure(public_url), samesite="strict")


def _secure(public_url: str) -> bool:
    return public_url.startswith("https://")


def _name(public_url: str) -> str:
    return HOST_COOKIE if _secure(public_url) else LOOPBACK_COOKIE
