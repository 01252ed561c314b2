"""Fetching over https from a host that a stranger chose, for DID documents and status lists.

The URL comes out of a stranger's document, so: https only, no redirects, no proxies from the environment, no host of a
private network, no port that other services live on, no compressed bodies, a size limit, a bound on how many fetches
run at once, and one deadline over everything. The address that was checked is the address that is connected to: a name
that answers differently the second time reaches nothing. Hosts on this machine or network must be named in the
configuration.
"""

import asyncio
import ipaddress
import re
import socket
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias
from urllib.parse import SplitResult, urlsplit

import httpx

from registry.adapters.expiring_cache import NotToBeKept
from registry.domain.errors import Malformed, Unavailable

DEADLINE_SECONDS: Final = 10.0
"""A verifier waits for it; a healthy host answers in a tenth."""
MAX_FETCHES: Final = 16
"""At once, for one process: slow hosts must not hold all the threads that answer requests."""
MAX_ADDRESSES: Final = 4
"""Of one host that are tried in turn: IPv6 where there is none, and a spare of each."""
MAX_URL_LENGTH: Final = 2_048
"""What servers and proxies commonly take."""

_HTTPS_PORT: Final = 443
_FIRST_FREE_PORT: Final = 1_024
"""Below it stand mail, shells and databases, which must not be knocked at on a stranger's word."""
_OK: Final = 200
_MAX_AGE: Final = re.compile(r"""(?:^|[\s,])max-age\s*=\s*"?([0-9]{1,10})""", re.ASCII | re.IGNORECASE)
_NOT_KEPT: Final = re.compile(r"(?:^|[\s,])no-(?:store|cache)\b", re.ASCII | re.IGNORECASE)
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")

_Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchSettings:
    """What may be fetched beyond public https hosts."""

    ca_file: Path | None = None
    """Certificates trusted besides the system's."""
    private_hosts: frozenset[str] = field(default_factory=frozenset)
    """Host names that may have an address of this machine or a private network, and any port."""
    plain_http_hosts: frozenset[str] = field(default_factory=frozenset)
    """Host names that may be asked over http; their addresses must be loopback."""
    deadline_seconds: float = DEADLINE_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What a host answered."""

    content: bytes
    max_age_seconds: float | None
    """How long the host lets it be kept (Cache-Control); None when it says nothing."""


class GuardedFetcher:
    """Fetches one thing at a time. Call it from a thread that runs no event loop.

    `what` begins the codes of everything that goes wrong: `did-timeout`, `status-list-timeout`.
    """

    def __init__(self, settings: FetchSettings, *, what: str) -> None:
        self._settings = settings
        self._what = what
        self._tls = _tls_context(settings.ca_file)
        self._running = threading.BoundedSemaphore(MAX_FETCHES)

    def fetch(self, url: str, *, accept: str, limit_bytes: int) -> Fetched:
        """Return what a URL answers with status 200.

        Raises Malformed `malformed-url` for what is no plain https URL, Unavailable with the reason for all else.
        """
        parts = self._parse(url)
        if not self._running.acquire(blocking=False):
            raise NotToBeKept(f"{self._what}-busy", f"already waiting for {MAX_FETCHES} other hosts")
        # A name server may be slow to answer and cannot be interrupted: its thread is left behind, not waited for.
        names = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"{self._what}-names")
        try:
            return asyncio.run(self._fetch_in_time(parts, names, accept=accept, limit_bytes=limit_bytes))
        finally:
            names.shutdown(wait=False)
            self._running.release()

    def _parse(self, url: str) -> SplitResult:
        problem = Malformed("malformed-url", f"expected a plain https URL of at most {MAX_URL_LENGTH} characters")
        if len(url) > MAX_URL_LENGTH or not url.isascii() or not url.isprintable() or "\\" in url or " " in url:
            raise problem
        try:
            parts = urlsplit(url)
            # Asking for the port refuses one that is none.
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise problem from error
        # urlsplit forgets an empty query or fragment: what cannot be put together again is refused.
        if not host or port == 0 or "@" in parts.netloc or parts.fragment or parts.geturl() != url:
            raise problem
        if parts.scheme != "https" and not (parts.scheme == "http" and host in self._settings.plain_http_hosts):
            raise problem
        return parts

    def _unavailable(self, code: str, message: str) -> Unavailable:
        return Unavailable(f"{self._what}-{code}", message)

    async def _fetch_in_time(
        self, parts: SplitResult, names: ThreadPoolExecutor, *, accept: str, limit_bytes: int
    ) -> Fetched:
        url = parts.geturl()
        try:
            async with asyncio.timeout(self._settings.deadline_seconds):
                self._check_port(parts)
                addresses = await self._addresses(parts, names)
                return await self._fetch_from_first(parts, addresses, accept=accept, limit_bytes=limit_bytes)
        except TimeoutError as error:
            message = f"no answer from {url} within {self._settings.deadline_seconds:g} seconds"
            raise self._unavailable("timeout", message) from error
        # InvalidURL is no HTTPError; nothing that passed the checks above should lead to one. A host that garbles what it
        # encrypts is an SSLError, which is an OSError, and httpx lets it pass as it is.
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise self._unavailable("unreachable", f"cannot fetch {url}: {type(error).__name__} {error}") from error

    def _check_port(self, parts: SplitResult) -> None:
        port = _port(parts)
        if port != _HTTPS_PORT and port < _FIRST_FREE_PORT and parts.hostname not in self._allowed_private():
            raise self._unavailable("port", f"expected port 443 or one from {_FIRST_FREE_PORT} on, got {port}")

    async def _addresses(self, parts: SplitResult, names: ThreadPoolExecutor) -> list[str]:
        host, port = parts.hostname or "", _port(parts)
        look_up = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        try:
            found = await asyncio.get_running_loop().run_in_executor(names, look_up)
        # A label of over 63 letters is a UnicodeError: the name is put into its IDNA form first.
        except (OSError, UnicodeError) as error:
            raise self._unavailable("host-unknown", f"cannot find the host {host}: {error}") from error
        addresses = list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))
        for address in addresses:
            self._check_address(parts, address)
        return addresses[:MAX_ADDRESSES]

    def _check_address(self, parts: SplitResult, text: str) -> None:
        address = ipaddress.ip_address(text.partition("%")[0])
        judged = _meant(address)
        if parts.scheme == "http" and not all(item.is_loopback for item in judged):
            message = f"http is for this machine only, {parts.hostname} is {address}"
            raise self._unavailable("host-not-loopback", message)
        private = parts.hostname in self._allowed_private()
        if not all(not item.is_multicast and (private or _is_public(item)) for item in judged):
            message = f"{parts.hostname} is {address}, which is not a public address"
            raise self._unavailable("host-private", message)

    def _allowed_private(self) -> frozenset[str]:
        return self._settings.private_hosts | self._settings.plain_http_hosts

    async def _fetch_from_first(
        self, parts: SplitResult, addresses: list[str], *, accept: str, limit_bytes: int
    ) -> Fetched:
        """Ask the first address that can be connected to: a host may have one that this machine cannot reach."""
        for address in addresses[:-1]:
            try:
                return await self._fetch(parts, address, accept=accept, limit_bytes=limit_bytes)
            except httpx.ConnectError:
                continue
        return await self._fetch(parts, addresses[-1], accept=accept, limit_bytes=limit_bytes)

    async def _fetch(self, parts: SplitResult, address: str, *, accept: str, limit_bytes: int) -> Fetched:
        literal = f"[{address}]" if ":" in address else address
        url, target = parts.geturl(), parts._replace(netloc=f"{literal}:{_port(parts)}").geturl()
        headers = {"Host": parts.netloc, "Accept": accept, "Accept-Encoding": "identity"}
        # Name and certificate stay the host's, although the connection goes to the address that was checked.
        extensions = {"sni_hostname": parts.hostname}
        client = httpx.AsyncClient(verify=self._tls, trust_env=False, follow_redirects=False, timeout=None)  # noqa: S113
        async with client, client.stream("GET", target, headers=headers, extensions=extensions) as response:
            if response.status_code != _OK:
                # Gone is the one word of a host that is more than "not here".
                code = "gone" if response.status_code == httpx.codes.GONE else "status"
                raise self._unavailable(code, f"expected status 200 from {url}, got {response.status_code}")
            if response.headers.get("content-encoding", "identity") != "identity":
                raise self._unavailable("unreadable", f"expected a plain body from {url}")
            content = bytearray()
            async for chunk in response.aiter_raw():
                content += chunk
                if len(content) > limit_bytes:
                    raise self._unavailable("too-large", f"expected at most {limit_bytes} bytes from {url}")
            return Fetched(content=bytes(content), max_age_seconds=_max_age(response.headers))


def _meant(address: _Address) -> list[_Address]:
    """Return the addresses that a connection to this one may end at: IPv6 has ways to IPv4 addresses inside."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    if address in _NAT64:
        return [ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)]
    return [address] if address.sixtofour is None else [address, address.sixtofour]


def _is_public(address: _Address) -> bool:
    site_local = isinstance(address, ipaddress.IPv6Address) and address.is_site_local
    return address.is_global and not site_local and not address.is_reserved


def _port(parts: SplitResult) -> int:
    default = _HTTPS_PORT if parts.scheme == "https" else 80
    return default if parts.port is None else parts.port


def _max_age(headers: httpx.Headers) -> float | None:
    control = headers.get("cache-control", "")
    if _NOT_KEPT.search(control) is not None:
        return 0.0
    said = _MAX_AGE.search(control)
    if said is None:
        return None
    age = headers.get("age", "0")
    # A proxy has kept it for so long already.
    return max(0.0, float(said[1]) - (float(age) if age.isascii() and age.isdigit() and len(age) <= 10 else 0.0))


def _tls_context(ca_file: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca_file is not None:
        try:
            context.load_verify_locations(cafile=ca_file)
        except OSError as error:  # ssl.SSLError is an OSError too
            raise Unavailable("ca-file-unreadable", f"cannot read certificates from {ca_file}: {error}") from error
    return context
