"""DIDs of issuers: did:key and did:web, and the documents this registry writes for them.

    did:key:z6Mk...                              the document is derived from the identifier
    did:web:example.org                          https://example.org/.well-known/did.json
    did:web:localhost%3A8443:issuers:physics     https://localhost:8443/issuers/physics/did.json

did:key Method v0.9 for Ed25519, P-256, P-384 and secp256k1, without a derived encryption key; did:web Method 2023-05. An issuer's document
names the logs it anchors in as services of type CredrootLog (protocol section 3). Reading documents is in
`did_document`.
"""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.errors import Malformed
from registry.domain.fields import write_time
from registry.domain.log_name import LogName
from registry.domain.multikey import PublicKey, decode_multikey, encode_multikey

DID_CONTEXT: Final = "https://www.w3.org/ns/did/v1"
MULTIKEY_CONTEXT: Final = "https://w3id.org/security/multikey/v1"
LOG_SERVICE: Final = "CredrootLog"

MAX_DID_LENGTH: Final = 1_024
"""Longer than any host and path in use; identifiers are compared and stored whole."""

_HOST: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*")
_PORT: Final = re.compile(r"[1-9][0-9]{0,4}")
_SEGMENT: Final = re.compile(r"[A-Za-z0-9._-]+")
_AUTHORITY: Final = re.compile(r"([^%]*)(?:%3A([^%]*))?")
_KEY_PREFIX: Final = "did:key:"
_WEB_PREFIX: Final = "did:web:"


class DidMethod(StrEnum):
    """The DID methods that issuers here may use."""

    WEB = "web"
    KEY = "key"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedKey:
    """A key as an issuer's DID document shows it."""

    fragment: str
    """The part of its DID URL after `#`."""
    public_key: PublicKey
    revoked: datetime | None = None
    """From this moment on nothing it signs counts."""
    expires: datetime | None = None

    def __post_init__(self) -> None:
        """Raise Malformed unless the fragment is a plain word."""
        if _SEGMENT.fullmatch(self.fragment) is None:
            raise Malformed("malformed-key-id", f"expected letters, digits, dot, dash or line, got {self.fragment!r}")


def did_method(did: str) -> DidMethod:
    """Return the method of a well-formed DID.

    Raises Malformed: `malformed-did`, `did-method-unsupported`.
    """
    if did.startswith(_KEY_PREFIX):
        did_key_public_key(did)
        return DidMethod.KEY
    if did.startswith(_WEB_PREFIX):
        did_web_url(did)
        return DidMethod.WEB
    if re.fullmatch(r"did:[a-z0-9]+:[^\s#?/]+", did) is None:
        raise Malformed("malformed-did", "expected did:<method>:<identifier>")
    raise Malformed("did-method-unsupported", f"expected did:key or did:web, got {did.split(':')[1]}")


def did_key(public_key: PublicKey) -> str:
    """Write the did:key of a public key."""
    return _KEY_PREFIX + encode_multikey(public_key)


def did_key_public_key(did: str) -> PublicKey:
    """Read the public key out of a did:key.

    Raises Malformed: `malformed-did` or the codes of `decode_multikey`.
    """
    if not did.startswith(_KEY_PREFIX):
        raise Malformed("malformed-did", f"expected did:key, got {did!r}")
    return decode_multikey(did.removeprefix(_KEY_PREFIX))


def did_key_document(did: str) -> JsonObject:
    """Derive the document of a did:key: one key, for assertions and authentication, and no log."""
    multikey = encode_multikey(did_key_public_key(did))
    method = f"{did}#{multikey}"
    return {
        "@context": [DID_CONTEXT, MULTIKEY_CONTEXT],
        "id": did,
        "verificationMethod": [
            {"id": method, "type": "Multikey", "controller": did, "publicKeyMultibase": multikey},
        ],
        "authentication": [method],
        "assertionMethod": [method],
    }


def did_web(base_url: str, *segments: str) -> str:
    """Write the did:web whose document is served below an https URL, at `<base>/<segments>/did.json`.

    Raises Malformed `malformed-did-url` for a URL that did:web cannot spell.
    """
    try:
        parts = urlsplit(base_url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise Malformed("malformed-did-url", f"expected a URL, got {base_url!r}") from error
    if parts.scheme not in {"https", "http"} or parts.username is not None or parts.query or parts.fragment:
        raise Malformed("malformed-did-url", f"expected https://host[:port][/path], got {base_url!r}")
    authority = host if port is None else f"{host}%3A{port}"
    path = [segment for segment in parts.path.split("/") if segment]
    did = _WEB_PREFIX + ":".join([authority, *path, *segments])
    did_web_url(did)
    return did


def did_web_url(did: str) -> str:
    """Write the https URL of a did:web's document.

    Raises Malformed `malformed-did`; an IP address is no host of a did:web.
    """
    if not did.startswith(_WEB_PREFIX) or len(did) > MAX_DID_LENGTH:
        raise Malformed("malformed-did", f"expected a did:web of at most {MAX_DID_LENGTH} characters")
    authority, *segments = did.removeprefix(_WEB_PREFIX).split(":")
    match = _AUTHORITY.fullmatch(authority)
    if match is None or _HOST.fullmatch(match[1]) is None or _is_address(match[1]):
        raise Malformed("malformed-did", f"expected a host name in lower case, got {authority!r}")
    port = match[2]
    if port is not None and (_PORT.fullmatch(port) is None or int(port) > 65_535):
        raise Malformed("malformed-did", f"expected a port, got {port!r}")
    for segment in segments:
        if _SEGMENT.fullmatch(segment) is None or not segment.strip("."):
            raise Malformed("malformed-did", f"expected plain path segments, got {segment!r}")
    origin = f"https://{match[1]}" + ("" if port is None else f":{port}")
    return "/".join([origin, *(segments or [".well-known"]), "did.json"])


def issuer_document(did: str, *, keys: Sequence[PublishedKey], logs: Sequence[LogName]) -> JsonObject:
    """Write an issuer's DID document: its keys for assertions, old ones included, and its logs.

    Raises Malformed `did-document-without-key` when no key is given.
    """
    if not keys:
        raise Malformed("did-document-without-key", "expected at least one key")
    methods: list[JsonValue] = [_verification_method(did, key) for key in keys]
    document: JsonObject = {
        "@context": [DID_CONTEXT, MULTIKEY_CONTEXT],
        "id": did,
        "verificationMethod": methods,
        "assertionMethod": [f"{did}#{key.fragment}" for key in keys],
    }
    if logs:
        document["service"] = [
            {"id": f"{did}#log-{number}", "type": LOG_SERVICE, "serviceEndpoint": str(log)}
            for number, log in enumerate(logs, start=1)
        ]
    return document


def _verification_method(did: str, key: PublishedKey) -> JsonObject:
    method: JsonObject = {
        "id": f"{did}#{key.fragment}",
        "type": "Multikey",
        "controller": did,
        "publicKeyMultibase": encode_multikey(key.public_key),
    }
    if key.revoked is not None:
        method["revoked"] = write_time(key.revoked)
    if key.expires is not None:
        method["expires"] = write_time(key.expires)
    return method


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
