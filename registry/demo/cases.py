"""The cases that a verifier meets: what each is, what evidence it comes with, and what must be said of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import uuid4

from registry.demo.rogue import RogueLog
from registry.domain.batch import Entry
from registry.domain.canonical import JsonObject, JsonValue, canonicalize, parse_object
from registry.domain.did import did_key, did_key_document
from registry.domain.leaf import leaf_of_document
from registry.domain.log_name import LogName
from registry.domain.receipt import Receipt
from registry.domain.slot import Purpose, parse_credential_slot, status_entry
from registry.domain.timestamp import parse_time
from registry.domain.verdict import Word
from registry.ports import JsonLd, Signer
from registry.service.signing import secure

UNREACHABLE_RPC: Final = "http://127.0.0.1:1"
"""Port 1 is reserved and nobody listens there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One document, what a verifier is given with it, and the verdict of protocol section 8."""

    name: str
    tells: str
    document: JsonObject
    receipt: JsonObject | None
    expected: Word
    resolve_did: bool = True
    trust_logs: tuple[str, ...] = ()
    chain: bool = True
    """The chain can be reached."""

    def write(self, folder: Path) -> None:
        """Write `NAME.json`, and `NAME.receipt.json` when there is a receipt."""
        (folder / f"{self.name}.json").write_bytes(canonicalize(self.document))
        if self.receipt is not None:
            (folder / f"{self.name}.receipt.json").write_bytes(canonicalize(self.receipt))


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """A genuine credential with its receipt."""

    document: JsonObject
    receipt: JsonObject

    @classmethod
    def load(cls, folder: Path, name: str) -> "Material":
        """Read an exported pair."""
        return cls(
            document=parse_object((folder / "credentials" / name).read_bytes()),
            receipt=parse_object((folder / "receipts" / name).read_bytes()),
        )


def tamper(material: Material) -> JsonObject:
    """Change one letter of a person's name."""
    subject = _object(material.document["credentialSubject"])
    identifiers = subject["identifier"]
    changed: list[JsonValue] = []
    for identity in identifiers if isinstance(identifiers, list) else []:
        members = _object(identity)
        if members.get("identityType") == "name":
            name = str(members["identityHash"])
            members = {**members, "identityHash": ("B" if name[0] != "B" else "C") + name[1:]}
        changed.append(members)
    return {**material.document, "credentialSubject": {**subject, "identifier": changed}}


def sign_as_stranger(material: Material, *, stranger: Signer, json_ld: JsonLd) -> JsonObject:
    """Change the name and sign again with a key of one's own, under the issuer's name."""
    document = tamper(material)
    return _sign(document, signer=stranger, method=_key_method(stranger), json_ld=json_ld)


def steal_key(
    material: Material, *, signer: Signer, method: str, log: RogueLog, document: JsonObject, json_ld: JsonLd
) -> tuple[JsonObject, Receipt]:
    """Sign a new credential with the issuer's real key, and anchor it in a log of the thief's own.

    `document` is the issuer's real DID document: the thief's receipt carries it unchanged, so that all of it fits.
    """
    slot = 4711
    entry = status_entry("https://thief.example/status", log=log.name, purpose=Purpose.REVOCATION, slot=slot)
    forged: JsonObject = {
        **tamper(material),
        "id": uuid4().urn,
        "credentialStatus": {"id": f"{entry['statusListCredential']}#{slot}", **entry},
    }
    signed = _sign(forged, signer=signer, method=method, json_ld=json_ld)
    anchored = Entry(leaf=leaf_of_document(signed), slot=slot)
    epoch = log.seal([anchored], document=document)
    return signed, log.receipt(anchored, epoch, purposes=[Purpose.REVOCATION])


def undo_revocation(material: Material, *, log: RogueLog, document: JsonObject) -> Receipt:
    """Anchor a revoked credential again, in a log of its holder's own in which nothing is revoked."""
    slot = parse_credential_slot(material.document)
    entry = Entry(leaf=leaf_of_document(material.document), slot=slot.slot)
    epoch = log.seal([entry], document=document)
    return log.receipt(entry, epoch, purposes=slot.purposes)


def stranger_document(stranger: Signer) -> JsonObject:
    """Return the DID document of somebody with a key."""
    return did_key_document(did_key(stranger.public_key))


def trusting(case: Case, logs: Sequence[LogName], *, name: str, expected: Word) -> Case:
    """Return the case as it looks to a verifier that resolves nothing and trusts some logs."""
    return Case(
        name=name,
        tells=f"{case.tells}; nothing resolved, the real log trusted",
        document=case.document,
        receipt=case.receipt,
        expected=expected,
        resolve_did=False,
        trust_logs=tuple(str(log) for log in logs),
    )


def _sign(document: JsonObject, *, signer: Signer, method: str, json_ld: JsonLd) -> JsonObject:
    created = parse_time(document["validFrom"], "validFrom")
    return secure(document, signer=signer, json_ld=json_ld, created=created, verification_method=method)


def _key_method(signer: Signer) -> str:
    did = did_key(signer.public_key)
    return f"{did}#{did.removeprefix('did:key:')}"


def _object(value: JsonValue) -> JsonObject:
    if not isinstance(value, dict):
        raise TypeError("expected an object in a document of our own")
    return value
