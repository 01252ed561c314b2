"""Reading a DID document: which keys may assert or authenticate for its subject, until when, and which logs it names.

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
from registry.domain.multikey import PublicKey, decode_multikey
from registry.domain.one_or_many import as_items
from registry.domain.status_delegation import read_status_keys
from registry.domain.timestamp import parse_time

MAX_METHODS: Final = 1_000
"""Keys and services of one document: centuries of rotation, and a bound on what a stranger's document costs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedKey:
    """A key that a document lists."""

    id: str
    """Its absolute DID URL."""
    controller: str
    type: str
    public_key: PublicKey | None
    """None for a type that is not read here."""
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
    keys: tuple[ListedKey, ...]
    """The keys for assertions, in the document's order."""
    authentication: tuple[ListedKey, ...]
    """The keys for authentication: of presentations."""
    logs: tuple[LogName, ...]
    status_keys: frozenset[str] = frozenset()
    """Of the keys for assertions, those that sign status lists and nothing else (`status_delegation`)."""

    def key(self, verification_method: str, *, purpose: str = "assertionMethod") -> ListedKey | None:
        """Return the key of that DID URL, if the document lists it for the purpose and controls it.

        A key for status lists is none here.
        """
        return None if verification_method in self.status_keys else self.list_key(verification_method, purpose=purpose)

    def list_key(self, verification_method: str, *, purpose: str = "assertionMethod") -> ListedKey | None:
        """Return the key of that DID URL for a status list: any that `key` returns, and those for lists only."""
        listed = {"assertionMethod": self.keys, "authentication": self.authentication}.get(purpose, ())
        # Controlled Identifiers 1.0 section 3.3: a document speaks for the keys it controls, and for no others.
        return next((key for key in listed if key.id == verification_method and key.controller == self.id), None)


def parse_did_document(document: JsonObject) -> DidDocument:
    """Read keys and logs out of a DID document.

    Raises Malformed `malformed-did-document`, or the code of a malformed part.
    """
    subject = document.get("id")
    if not isinstance(subject, str) or not subject.startswith("did:"):
        raise Malformed("malformed-did-document", "expected a DID", where="id")
    methods: dict[str, ListedKey] = {}
    for method in _objects(document.get("verificationMethod"), "verificationMethod"):
        _add(methods, _parse_method(method, subject))
    asserting = _listed(document, "assertionMethod", methods, subject)
    authenticating = _listed(document, "authentication", methods, subject)
    return DidDocument(
        id=subject,
        # A reference to a key that stands in another document gives no key here.
        keys=tuple(methods[name] for name in asserting if name in methods),
        authentication=tuple(methods[name] for name in authenticating if name in methods),
        logs=_parse_logs(document.get("service")),
        status_keys=read_status_keys(document.get("service"), subject=subject),
    )


def _listed(document: JsonObject, purpose: str, methods: dict[str, ListedKey], subject: str) -> list[str]:
    """Read the names of the keys of one relationship, and add those that stand in it to the methods."""
    names: list[str] = []
    for item in _items(document.get(purpose), purpose):
        if isinstance(item, str):
            names.append(_absolute(item, subject))
        elif isinstance(item, dict):
            key = _parse_method(item, subject)
            _add(methods, key)
            names.append(key.id)
        else:
            raise Malformed("malformed-did-document", "expected references or keys", where=purpose)
    return list(dict.fromkeys(names))


def _add(methods: dict[str, ListedKey], key: ListedKey) -> None:
    # Two keys under one name: a reader that takes the first and one that takes the last would disagree.
    if key.id in methods:
        raise Malformed("malformed-did-document", f"expected each key id once, got {key.id!r} twice")
    methods[key.id] = key


def _parse_method(method: JsonObject, subject: str) -> ListedKey:
    where = "verificationMethod"
    name, kind, controller = (method.get(member) for member in ("id", "type", "controller"))
    if not isinstance(name, str) or not isinstance(kind, str) or not isinstance(controller, str):
        raise Malformed("malformed-did-document", "expected id, type and controller", where=where)
    revoked, expires = method.get("revoked"), method.get("expires")
    return ListedKey(
        id=_absolute(name, subject),
        controller=controller,
        type=kind,
        public_key=_public_key(kind, method.get("publicKeyMultibase")),
        revoked=None if revoked is None else parse_time(revoked, f"{where}.revoked"),
        expires=None if expires is None else parse_time(expires, f"{where}.expires"),
    )


def _public_key(kind: str, multibase: JsonValue) -> PublicKey | None:
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
        if LOG_SERVICE in as_items(service.get("type")):
            logs.extend(map(LogName.parse, as_items(service.get("serviceEndpoint"))))
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
