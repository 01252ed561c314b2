"""Reading a DID document: which keys may assert for its subject, until when, and which logs it names.

DID Core 1.0 section 5, Controlled Identifiers 1.0 section 2.2 (`revoked`, `expires`), protocol section 3.
Keys of a type that is not read here are kept and reported without bytes.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.did import LOG_SERVICE
from registry.domain.errors import Malformed
from registry.domain.log_name import LogName
from registry.domain.multikey import decode_multikey
from registry.domain.timestamp import parse_time

MAX_METHODS: Final = 1_000
"""Keys and services of one document: centuries of rotation, and a bound on what a stranger's document costs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssertionKey:
    """A key that the document lists for assertions."""

    id: str
    """Its absolute DID URL."""
    controller: str
    type: str
    public_key: bytes | None
    """32 bytes of Ed25519; None for a type that is not read here."""
    revoked: datetime | None
    expires: datetime | None

    def valid_at(self, moment: datetime) -> bool:
        """Tell whether the key was neither revoked nor expired at a moment."""
        return all(end is None or moment < end for end in (self.revoked, self.expires))

    @property
    def ends(self) -> bool:
        """The key has an end, so the moment of its use matters."""
        return self.revoked is not None or self.expires is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class DidDocument:
    """What a DID document says that matters for a verdict."""

    id: str
    keys: tuple[AssertionKey, ...]
    """The keys for assertions, in the document's order."""
    logs: tuple[LogName, ...]

    def key(self, verification_method: str) -> AssertionKey | None:
        """Return the assertion key of that DID URL, if the document lists it."""
        return next((key for key in self.keys if key.id == verification_method), None)


def parse_did_document(document: JsonObject) -> DidDocument:
    """Read keys and logs out of a DID document.

    Raises Malformed `malformed-did-document`, or the code of a malformed part.
    """
    subject = document.get("id")
    if not isinstance(subject, str) or not subject.startswith("did:"):
        raise Malformed("malformed-did-document", "expected a DID", where="id")
    methods: dict[str, AssertionKey] = {}
    for method in _objects(document.get("verificationMethod"), "verificationMethod"):
        _add(methods, _parse_method(method, subject))
    asserting: list[str] = []
    for item in _items(document.get("assertionMethod"), "assertionMethod"):
        if isinstance(item, str):
            asserting.append(_absolute(item, subject))
        elif isinstance(item, dict):
            key = _parse_method(item, subject)
            _add(methods, key)
            asserting.append(key.id)
        else:
            raise Malformed("malformed-did-document", "expected references or keys", where="assertionMethod")
    return DidDocument(
        id=subject,
        # A reference to a key that stands in another document gives no key here.
        keys=tuple(methods[name] for name in dict.fromkeys(asserting) if name in methods),
        logs=_parse_logs(document.get("service")),
    )


def _add(methods: dict[str, AssertionKey], key: AssertionKey) -> None:
    # Two keys under one name: a reader that takes the first and one that takes the last would disagree.
    if key.id in methods:
        raise Malformed("malformed-did-document", f"expected each key id once, got {key.id!r} twice")
    methods[key.id] = key


def _parse_method(method: JsonObject, subject: str) -> AssertionKey:
    where = "verificationMethod"
    name, kind, controller = (method.get(member) for member in ("id", "type", "controller"))
    if not isinstance(name, str) or not isinstance(kind, str) or not isinstance(controller, str):
        raise Malformed("malformed-did-document", "expected id, type and controller", where=where)
    revoked, expires = method.get("revoked"), method.get("expires")
    return AssertionKey(
        id=_absolute(name, subject),
        controller=controller,
        type=kind,
        public_key=_public_key(kind, method.get("publicKeyMultibase")),
        revoked=None if revoked is None else parse_time(revoked, f"{where}.revoked"),
        expires=None if expires is None else parse_time(expires, f"{where}.expires"),
    )


def _public_key(kind: str, multibase: JsonValue) -> bytes | None:
    # Ed25519VerificationKey2020 spells its key the same way, and did:web issuers in the wild still use it.
    if kind not in {"Multikey", "Ed25519VerificationKey2020"}:
        return None
    try:
        return decode_multikey(multibase)
    except Malformed as error:
        if error.code == "key-type-unsupported":
            return None
        raise


def _parse_logs(services: JsonValue) -> tuple[LogName, ...]:
    logs: list[LogName] = []
    for service in _objects(services, "service"):
        types = service.get("type")
        if LOG_SERVICE in (types if isinstance(types, list) else [types]):
            endpoint = service.get("serviceEndpoint")
            logs.extend(LogName.parse(name) for name in (endpoint if isinstance(endpoint, list) else [endpoint]))
    return tuple(dict.fromkeys(logs))


def _absolute(reference: str, subject: str) -> str:
    return subject + reference if reference.startswith("#") else reference


def _items(value: JsonValue, where: str) -> list[JsonValue]:
    items = [] if value is None else value
    if not isinstance(items, list) or len(items) > MAX_METHODS:
        raise Malformed("malformed-did-document", f"expected a list of at most {MAX_METHODS}", where=where)
    return items


def _objects(value: JsonValue, where: str) -> list[JsonObject]:
    items = _items(value, where)
    objects = [item for item in items if isinstance(item, dict)]
    if len(objects) != len(items):
        raise Malformed("malformed-did-document", "expected a list of objects", where=where)
    return objects
