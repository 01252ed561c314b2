"""Published files, read from a folder or from a web server (protocol section 9).

The only paths read are those of section 9, put together from numbers and digests: nothing a manifest says becomes a
path. Sizes are checked before reading and while reading; redirects are not followed.
"""

import ipaddress
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit

import httpx
from typing_extensions import override

from registry.domain.batch import ENTRY_SIZE
from registry.domain.errors import Malformed, ProofMismatch, Unavailable
from registry.domain.hashing import Digest, sha256
from registry.domain.manifest import MAX_MANIFEST_BYTES, LogFile, Manifest, ManifestBatch, ManifestList
from registry.domain.status_tree import LIST_BYTES

MAX_LOG_FILE_BYTES: Final = 4_096
"""Three short members."""
MAX_DID_DOCUMENT_BYTES: Final = 262_144
"""A document of a thousand keys; what the resolver accepts."""
TIMEOUT_SECONDS: Final = 20.0
"""A mirror that says nothing for so long is treated as down."""


class _Files(Protocol):
    def read(self, path: str, *, limit: int) -> bytes | None:
        """Return a file of at most `limit` bytes, None when there is none."""
        ...


class PublishedFiles:
    """The published files of one log, wherever they are."""

    def __init__(self, files: _Files) -> None:
        self._files = files

    def log_file(self) -> LogFile:
        """Return `log.json`."""
        return LogFile.parse(self._require("log.json", limit=MAX_LOG_FILE_BYTES))

    def manifest(self, epoch: int) -> Manifest | None:
        """Return the manifest of an epoch, None when the epoch is not published."""
        data = self._files.read(f"epochs/{epoch}/manifest.json", limit=MAX_MANIFEST_BYTES)
        if data is None:
            return None
        manifest = Manifest.parse(data)
        if manifest.epoch != epoch:
            raise Malformed("malformed-manifest", f"expected the manifest of epoch {epoch}, got {manifest.epoch}")
        return manifest

    def entries(self, epoch: int, batch: ManifestBatch) -> bytes:
        """Return a batch's file."""
        size = ENTRY_SIZE * (batch.header.count + 1)
        return self._require_size(f"epochs/{epoch}/{batch.entries}", size=size)

    def bits(self, item: ManifestList) -> bytes:
        """Return a list's file."""
        bits = self._require_size(f"epochs/{item.file_epoch}/{item.file_name()}", size=LIST_BYTES)
        if sha256(bits) != item.sha256:
            raise ProofMismatch("published-file-differs", item.file_name(), expected=item.sha256, actual=sha256(bits))
        return bits

    def issuer_document(self, digest: Digest) -> bytes:
        """Return the DID document with that SHA-256."""
        data = self._require(f"issuers/{digest.hex()}.json", limit=MAX_DID_DOCUMENT_BYTES)
        if sha256(data) != digest:
            raise ProofMismatch("published-file-differs", "DID document", expected=digest, actual=sha256(data))
        return data

    def _require_size(self, path: str, *, size: int) -> bytes:
        data = self._require(path, limit=size)
        if len(data) != size:
            raise Malformed("published-file-size", f"{path}: expected {size} bytes, got {len(data)}")
        return data

    def _require(self, path: str, *, limit: int) -> bytes:
        data = self._files.read(path, limit=limit)
        if data is None:
            raise Unavailable("published-file-missing", f"{path} is not among the published files")
        return data


def open_published(location: str, *, ca_file: Path | None = None) -> PublishedFiles:
    """Return the published files in a folder, or below an https URL (http on this machine only).

    Nothing is read yet. Raises Malformed `malformed-published-url` for another URL.
    """
    if "://" not in location:
        return PublishedFiles(_Folder(Path(location)))
    if not _is_safe_url(location):
        raise Malformed("malformed-published-url", "expected a folder, https, or http on this machine")
    return PublishedFiles(_Site(location.rstrip("/"), ca_file=ca_file))


class _Folder(_Files):
    def __init__(self, root: Path) -> None:
        self._root = root

    @override
    def read(self, path: str, *, limit: int) -> bytes | None:
        file = self._root / path
        try:
            if not self._root.is_dir():
                raise Unavailable("published-unreachable", f"{self._root} is no folder")
            if not file.is_file():
                return None
            _check_size(path, size=file.stat().st_size, limit=limit)
            with file.open("rb") as stream:
                # One byte more: a file that grows while it is read is refused as well.
                data = stream.read(limit + 1)
        except OSError as error:
            raise Unavailable("published-unreachable", f"{path}: {error.strerror}") from error
        _check_size(path, size=len(data), limit=limit)
        return data


class _Site(_Files):
    def __init__(self, base_url: str, *, ca_file: Path | None) -> None:
        self._base_url = base_url
        self._ca_file = ca_file
        # Loading certificates takes longer than reading a file: once is enough, and not before it is needed.
        self._tls: ssl.SSLContext | None = None

    @override
    def read(self, path: str, *, limit: int) -> bytes | None:
        with _translated(path), self._client() as client, client.stream("GET", f"{self._base_url}/{path}") as answer:
            if answer.status_code == httpx.codes.NOT_FOUND:
                return None
            if answer.status_code != httpx.codes.OK:
                raise Unavailable("published-unreachable", f"{path}: the server answered {answer.status_code}")
            data = bytearray()
            for chunk in answer.iter_bytes():
                data += chunk
                _check_size(path, size=len(data), limit=limit)
            return bytes(data)

    def _client(self) -> httpx.Client:
        if self._tls is None:
            self._tls = _tls_context(self._ca_file)
        # Proxies are not taken from the environment: nobody but the mirror learns what is read.
        return httpx.Client(verify=self._tls, timeout=TIMEOUT_SECONDS, follow_redirects=False, trust_env=False)


@contextmanager
def _translated(path: str) -> Iterator[None]:
    try:
        yield
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Unavailable("published-unreachable", f"{path}: {type(error).__name__}") from error


def _tls_context(ca_file: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except (OSError, ssl.SSLError) as error:
            raise Unavailable("ca-file-unreadable", f"{ca_file}: {error}") from error
    return context


def _check_size(path: str, *, size: int, limit: int) -> None:
    if size > limit:
        raise Malformed("published-file-size", f"{path}: expected at most {limit} bytes, got {size}")


def _is_safe_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        # Brackets that do not close, a port that is none.
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
