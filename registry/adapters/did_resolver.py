"""Finding DID documents: did:key is derived, did:web is fetched with httpx.

A did:web comes out of a stranger's document, so the host is a stranger's choice: https only, no redirects, no
proxies from the environment, no host of a private network, one deadline over everything and a size limit.
The address that was checked is the address that is connected to: a name that answers differently the second
time reaches nothing. Hosts on this machine or network must be named in the configuration.
"""

import asyncio
import ipaddress
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

import httpx

from registry.domain.canonical import canonicalize, parse_object
from registry.domain.did import DidMethod, did_key_document, did_method, did_web_url
from registry.domain.errors import Malformed, Unavailable
from registry.ports import ResolvedDid

DEADLINE_SECONDS: Final = 10.0
"""A verifier waits for it; a healthy host answers in a tenth."""
MAX_DOCUMENT_BYTES: Final = 262_144
"""Hundreds of keys and services."""

_HTTPS_PORT: Final = 443
_OK: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class DidResolverSettings:
    """What did:web resolution may do beyond public https hosts."""

    ca_file: Path | None = None
    """Certificates trusted besides the system's."""
    private_hosts: frozenset[str] = field(default_factory=frozenset)
    """Host names that may have an address of this machine or a private network."""
    plain_http_hosts: frozenset[str] = field(default_factory=frozenset)
    """Host names asked over http instead of https; their addresses must be loopback."""
    deadline_seconds: float = DEADLINE_SECONDS


class WebDidResolver:
    """Resolves did:key and did:web. Call it from a thread that runs no event loop."""

    def __init__(self, settings: DidResolverSettings | None = None) -> None:
        self._settings = DidResolverSettings() if settings is None else settings
        self._tls = _tls_context(self._settings.ca_file)

    def resolve(self, did: str) -> ResolvedDid:
        """Return the document of a DID, as the port promises."""
        if did_method(did) is DidMethod.KEY:
            return ResolvedDid(did=did, content=canonicalize(did_key_document(did)), source="did:key")
        url = self._url(did)
        # A name server may be slow to answer and cannot be interrupted: its thread is left behind, not waited for.
        names = ThreadPoolExecutor(max_workers=1, thread_name_prefix="did-names")
        try:
            content = asyncio.run(self._fetch_in_time(url, names))
        finally:
            names.shutdown(wait=False)
        _check_subject(content, did)
        return ResolvedDid(did=did, content=content, source=url)

    def _url(self, did: str) -> str:
        url = did_web_url(did)
        parts = urlsplit(url)
        return parts._replace(scheme="http").geturl() if parts.hostname in self._settings.plain_http_hosts else url

    async def _fetch_in_time(self, url: str, names: ThreadPoolExecutor) -> bytes:
        try:
            async with asyncio.timeout(self._settings.deadline_seconds):
                parts = urlsplit(url)
                address = await self._address(parts, names)
                return await self._fetch(parts, address)
        except TimeoutError as error:
            message = f"no answer from {url} within {self._settings.deadline_seconds:g} seconds"
            raise Unavailable("did-timeout", message) from error
        except httpx.HTTPError as error:
            raise Unavailable("did-unreachable", f"cannot fetch {url}: {type(error).__name__} {error}") from error

    async def _address(self, parts: SplitResult, names: ThreadPoolExecutor) -> str:
        host, port = parts.hostname or "", _port(parts)
        look_up = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        try:
            found = await asyncio.get_running_loop().run_in_executor(names, look_up)
        # A label of over 63 letters is a UnicodeError: the name is put into its IDNA form first.
        except (OSError, UnicodeError) as error:
            raise Unavailable("did-host-unknown", f"cannot find the host {host}: {error}") from error
        addresses = [str(sockaddr[0]) for *_, sockaddr in found]
        for address in addresses:
            self._check_address(parts, address)
        return addresses[0]

    def _check_address(self, parts: SplitResult, text: str) -> None:
        address = ipaddress.ip_address(text.partition("%")[0])
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        if parts.scheme == "http" and not address.is_loopback:
            raise Unavailable("did-host-not-loopback", f"http is for this machine only, {parts.hostname} is {address}")
        if address.is_multicast or not (address.is_global or parts.hostname in self._allowed_private()):
            raise Unavailable("did-host-private", f"{parts.hostname} is {address}, which is not a public address")

    def _allowed_private(self) -> frozenset[str]:
        return self._settings.private_hosts | self._settings.plain_http_hosts

    async def _fetch(self, parts: SplitResult, address: str) -> bytes:
        literal = f"[{address}]" if ":" in address else address
        target = parts._replace(netloc=f"{literal}:{_port(parts)}").geturl()
        headers = {
            "Host": parts.netloc,
            "Accept": "application/did+json, application/json",
            "Accept-Encoding": "identity",
        }
        # Name and certificate stay the host's, although the connection goes to the address that was checked.
        extensions = {"sni_hostname": parts.hostname}
        client = httpx.AsyncClient(verify=self._tls, trust_env=False, follow_redirects=False, timeout=None)  # noqa: S113
        async with client, client.stream("GET", target, headers=headers, extensions=extensions) as response:
            if response.status_code != _OK:
                message = f"expected status 200 from {parts.geturl()}, got {response.status_code}"
                raise Unavailable("did-status", message)
            if response.headers.get("content-encoding", "identity") != "identity":
                raise Unavailable("did-unreadable", f"expected a plain body from {parts.geturl()}")
            return await _read(response, parts.geturl())


async def _read(response: httpx.Response, url: str) -> bytes:
    content = bytearray()
    async for chunk in response.aiter_raw():
        content += chunk
        if len(content) > MAX_DOCUMENT_BYTES:
            raise Unavailable("did-too-large", f"expected at most {MAX_DOCUMENT_BYTES} bytes from {url}")
    return bytes(content)


def _check_subject(content: bytes, did: str) -> None:
    try:
        document = parse_object(content, limit_bytes=MAX_DOCUMENT_BYTES)
    except Malformed as error:
        raise Unavailable("did-unreadable", f"expected a DID document for {did}: {error.message}") from error
    if document.get("id") != did:
        raise Unavailable("did-document-foreign", f"expected the document of {did}, got that of {document.get('id')!r}")


def _port(parts: SplitResult) -> int:
    default = _HTTPS_PORT if parts.scheme == "https" else 80
    return default if parts.port is None else parts.port


def _tls_context(ca_file: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca_file is not None:
        try:
            context.load_verify_locations(cafile=ca_file)
        except OSError as error:  # ssl.SSLError is an OSError too
            raise Unavailable("ca-file-unreadable", f"cannot read certificates from {ca_file}: {error}") from error
    return context
