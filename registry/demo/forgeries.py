"""The cases of the demonstration, made from what the registrar issued and what rogues anchored."""

from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeAlias

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from registry.adapters.keys import Ed25519Signer
from registry.demo.cases import (
    Case,
    Material,
    sign_as_stranger,
    steal_key,
    stranger_document,
    tamper,
    trusting,
    undo_revocation,
)
from registry.demo.rogue import RogueLog
from registry.demo.stage import Stage
from registry.demo.story import WEB_ISSUER, Issued
from registry.domain.canonical import JsonObject, parse_object
from registry.domain.log_name import LogName
from registry.domain.timestamp import parse_time
from registry.domain.verdict import Word
from registry.service.resources import Resources

_Fits: TypeAlias = Callable[[JsonObject], bool]

CLOSED_LIST_YEAR: Final = 2025
"""One row of the cohort is about a certificate that ended then."""


def make_cases(
    stage: Stage, resources: Resources, *, log: LogName, issued: Issued, late: JsonObject
) -> tuple[Case, ...]:
    """Make every case; the rogues open logs of their own on the chain."""
    pairs = _Pairs(stage.folder)
    good = pairs.first(WEB_ISSUER, skip=issued.revoked)
    company = pairs.of_key_issuer(skip=issued.suspended)
    revoked, suspended = pairs.of_id(issued.revoked), pairs.of_id(issued.suspended)
    expired = pairs.expired()
    stranger = Ed25519Signer(Ed25519PrivateKey.generate())
    with resources.store.read() as unit:
        issuer = unit.issuers.by_slug(WEB_ISSUER)
        key = unit.issuers.active_key(issuer.id)
    stolen, stolen_receipt = steal_key(
        good,
        signer=resources.keys.unlock(key.encrypted_key),
        method=key.verification_method,
        log=RogueLog(stage.rpc_url, stage.thief),
        document=parse_object(issuer.did_document),
        json_ld=resources.json_ld,
    )
    undone = undo_revocation(revoked, log=RogueLog(stage.rpc_url, stage.holder), document=stranger_document(stranger))
    thief = Case(
        name="stolen-key",
        tells="signed with the issuer's real key, anchored in the thief's own log",
        document=stolen,
        receipt=stolen_receipt.to_json(),
        expected=Word.INVALID,
    )
    return (
        Case(name="valid", tells="as it was issued", document=good.document, receipt=good.receipt, expected=Word.VALID),
        Case(
            name="valid-did-key",
            tells="of an issuer whose name is its key",
            document=company.document,
            receipt=company.receipt,
            expected=Word.VALID,
        ),
        Case(
            name="tampered",
            tells="one letter of the name",
            document=tamper(good),
            receipt=good.receipt,
            expected=Word.INVALID,
        ),
        Case(
            name="revoked",
            tells="revoked by its issuer",
            document=revoked.document,
            receipt=revoked.receipt,
            expected=Word.REVOKED,
        ),
        Case(
            name="suspended",
            tells="suspended by its issuer",
            document=suspended.document,
            receipt=suspended.receipt,
            expected=Word.SUSPENDED,
        ),
        Case(
            name="expired",
            tells="its last day is over",
            document=expired.document,
            receipt=expired.receipt,
            expected=Word.EXPIRED,
        ),
        Case(
            name="wrong-issuer",
            tells="changed, and signed again by a stranger",
            document=sign_as_stranger(good, stranger=stranger, json_ld=resources.json_ld),
            receipt=good.receipt,
            expected=Word.INVALID,
        ),
        thief,
        trusting(thief, [log], name="stolen-key-unresolved", expected=Word.INDETERMINATE),
        Case(
            name="un-revocation",
            tells="revoked, with a receipt from a log of the holder's own",
            document=revoked.document,
            receipt=undone.to_json(),
            expected=Word.INVALID,
        ),
        Case(
            name="not-yet-anchored",
            tells="issued after the last epoch",
            document=late,
            receipt=None,
            expected=Word.NOT_YET_ANCHORED,
        ),
        Case(
            name="chain-unreachable",
            tells="genuine, but no node answers",
            document=good.document,
            receipt=good.receipt,
            expected=Word.INDETERMINATE,
            chain=False,
        ),
    )


class _Pairs:
    """The exported credentials with their receipts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._documents = {
            file.name: parse_object(file.read_bytes()) for file in sorted((folder / "credentials").iterdir())
        }

    def of_id(self, identifier: str) -> Material:
        """Return the pair of a document's `id`."""
        return Material.load(self._folder, f"{identifier.removeprefix('urn:uuid:')}.json")

    def first(self, slug: str, *, skip: str) -> Material:
        """Return a pair of a did:web issuer that is in force and not the one to skip."""
        return self._load(
            lambda document: _issuer(document).endswith(f":{slug}") and document["id"] != skip and not _ended(document)
        )

    def of_key_issuer(self, *, skip: str) -> Material:
        """Return a pair of a did:key issuer."""
        return self._load(lambda document: _issuer(document).startswith("did:key:") and document["id"] != skip)

    def expired(self) -> Material:
        """Return a pair that is not in force any more."""
        return self._load(_ended)

    def _load(self, fits: _Fits) -> Material:
        return Material.load(self._folder, next(name for name, document in self._documents.items() if fits(document)))


def _issuer(document: JsonObject) -> str:
    issuer = document["issuer"]
    return str(issuer["id"]) if isinstance(issuer, dict) else str(issuer)


def _ended(document: JsonObject) -> bool:
    return "validUntil" in document and parse_time(document["validUntil"], "validUntil").year <= CLOSED_LIST_YEAR
