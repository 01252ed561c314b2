"""Published data: the files anybody can mirror, and an auditor rebuilds every root from (protocol section 9).

    log.json                       {version, log, deployBlock}
    issuers/<sha256>.json          the JCS bytes of each DID document that a header commits to
    epochs/N/manifest.json         the roots, batches, lists and anchor of epoch N
    epochs/N/batch-<K>.bin         the entries of batch K, 64 bytes each, header first
    epochs/N/<purpose>-<list>.bin  the raw bitstring of a list, 16,384 bytes

Any other path in a manifest is refused: a mirror must not make an auditor read elsewhere.
"""

import re
from dataclasses import dataclass
from typing import Final, Self

from registry.domain.batch import BatchHeader
from registry.domain.canonical import JsonObject, JsonValue, parse_object
from registry.domain.epoch import MAX_BATCHES, credentials_root, epoch_root, status_root
from registry.domain.errors import Malformed, ProofMismatch
from registry.domain.fields import read_constant, read_integer, read_list, read_object
from registry.domain.hashing import Digest, digest_from_hex
from registry.domain.log_name import LogName
from registry.domain.receipt import Anchor
from registry.domain.slot import MAX_LIST, Purpose
from registry.domain.status_tree import purpose_root

MAX_MANIFEST_BYTES: Final = 67_108_864
"""2^16 batches of 700 bytes are 46 MB; past that it is no manifest of this protocol."""
MAX_LISTS: Final = 2 * (MAX_LIST + 1)

_MEMBERS: Final = (
    "version",
    "epoch",
    "root",
    "credentialsRoot",
    "statusRoot",
    "revocationRoot",
    "suspensionRoot",
    "batches",
    "lists",
    "anchor",
)
_LIST_FILE: Final = re.compile(
    r"(?:\.\./([1-9][0-9]{0,15})/)?(revocation|suspension)-(0|[1-9][0-9]{0,6})\.bin", re.ASCII
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFile:
    """`log.json`: which log the files are of."""

    log: LogName
    deploy_block: int

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read `log.json`. Raises Malformed for anything else."""
        members = read_object(parse_object(data), required=("version", "log", "deployBlock"), where="log.json")
        read_constant(members["version"], expected=1, where="version")
        return cls(
            log=LogName.parse(members["log"]),
            deploy_block=read_integer(members["deployBlock"], where="deployBlock"),
        )

    def to_json(self) -> JsonObject:
        """Write `log.json`."""
        return {"version": 1, "log": str(self.log), "deployBlock": self.deploy_block}


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestBatch:
    """A batch as a manifest lists it."""

    header: BatchHeader
    root: Digest
    entries: str
    """`batch-<K>.bin`, K its position."""

    def to_json(self) -> JsonObject:
        """Write the batch as it stands in a manifest."""
        return {"header": self.header.to_json(), "root": self.root.hex(), "entries": self.entries}


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestList:
    """A status list that is not all zero, as a manifest lists it."""

    purpose: Purpose
    number: int
    root: Digest
    sha256: Digest
    """Of the file."""
    file_epoch: int
    """The epoch whose folder holds the file: this one, or an earlier one since which it did not change."""

    def file_name(self) -> str:
        """Return the file's name inside its epoch's folder."""
        return f"{self.purpose}-{self.number}.bin"

    def to_json(self, epoch: int) -> JsonObject:
        """Write the list as it stands in the manifest of an epoch."""
        folder = "" if self.file_epoch == epoch else f"../{self.file_epoch}/"
        return {
            "purpose": str(self.purpose),
            "list": self.number,
            "root": self.root.hex(),
            "sha256": self.sha256.hex(),
            "file": f"{folder}{self.file_name()}",
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Everything that one epoch's root commits to, and where it is anchored."""

    epoch: int
    root: Digest
    credentials_root: Digest
    status_root: Digest
    revocation_root: Digest
    suspension_root: Digest
    batches: tuple[ManifestBatch, ...]
    lists: tuple[ManifestList, ...]
    anchor: Anchor

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read a `manifest.json`.

        Raises Malformed for another form, another file name, lists out of order or twice.
        """
        members = read_object(
            parse_object(data, limit_bytes=MAX_MANIFEST_BYTES), required=_MEMBERS, where="manifest.json"
        )
        read_constant(members["version"], expected=1, where="version")
        epoch = read_integer(members["epoch"], minimum=1, where="epoch")
        batches = read_list(members["batches"], limit=MAX_BATCHES, where="batches")
        lists = read_list(members["lists"], limit=MAX_LISTS, where="lists")
        manifest = cls(
            epoch=epoch,
            root=digest_from_hex(members["root"], "root"),
            credentials_root=digest_from_hex(members["credentialsRoot"], "credentialsRoot"),
            status_root=digest_from_hex(members["statusRoot"], "statusRoot"),
            revocation_root=digest_from_hex(members["revocationRoot"], "revocationRoot"),
            suspension_root=digest_from_hex(members["suspensionRoot"], "suspensionRoot"),
            batches=tuple(_parse_batch(item, position) for position, item in enumerate(batches)),
            lists=tuple(_parse_list(item, epoch, f"lists[{at}]") for at, item in enumerate(lists)),
            anchor=Anchor.parse(members["anchor"]),
        )
        named = [(item.purpose, item.number) for item in manifest.lists]
        if len(set(named)) != len(named):
            raise Malformed("malformed-manifest", "expected each list once", where="lists")
        return manifest

    def to_json(self) -> JsonObject:
        """Write the manifest."""
        return {
            "version": 1,
            "epoch": self.epoch,
            "root": self.root.hex(),
            "credentialsRoot": self.credentials_root.hex(),
            "statusRoot": self.status_root.hex(),
            "revocationRoot": self.revocation_root.hex(),
            "suspensionRoot": self.suspension_root.hex(),
            "batches": [batch.to_json() for batch in self.batches],
            "lists": [item.to_json(self.epoch) for item in self.lists],
            "anchor": self.anchor.to_json(),
        }

    def list_roots(self, purpose: Purpose) -> dict[int, Digest]:
        """Return the roots of a purpose's lists by their number."""
        return {item.number: item.root for item in self.lists if item.purpose is purpose}

    def check_roots(self) -> None:
        """Rebuild every root of the epoch from its batch roots and list roots.

        Raises ProofMismatch at the first that differs.
        """
        revocation = purpose_root(self.list_roots(Purpose.REVOCATION))
        suspension = purpose_root(self.list_roots(Purpose.SUSPENSION))
        status = status_root(revocation_root=revocation, suspension_root=suspension)
        credentials = credentials_root([batch.root for batch in self.batches])
        for what, stated, rebuilt in (
            ("revocation root", self.revocation_root, revocation),
            ("suspension root", self.suspension_root, suspension),
            ("status root", self.status_root, status),
            ("credentials root", self.credentials_root, credentials),
            ("root", self.root, epoch_root(credentials_root=credentials, status_root=status)),
        ):
            if stated != rebuilt:
                raise ProofMismatch("root-differs", what, expected=stated, actual=rebuilt)


def _parse_batch(value: JsonValue, position: int) -> ManifestBatch:
    where = f"batches[{position}]"
    members = read_object(value, required=("header", "root", "entries"), where=where)
    read_constant(members["entries"], expected=batch_file_name(position), where=f"{where}.entries")
    return ManifestBatch(
        header=BatchHeader.parse(members["header"], f"{where}.header"),
        root=digest_from_hex(members["root"], f"{where}.root"),
        entries=batch_file_name(position),
    )


def batch_file_name(position: int) -> str:
    """Return the name of the file with the entries of the batch at a position."""
    return f"batch-{position}.bin"


def _parse_list(value: JsonValue, epoch: int, where: str) -> ManifestList:
    members = read_object(value, required=("purpose", "list", "root", "sha256", "file"), where=where)
    number = read_integer(members["list"], maximum=MAX_LIST, where=f"{where}.list")
    file = members["file"]
    match = _LIST_FILE.fullmatch(file) if isinstance(file, str) else None
    if match is None or match[2] != members["purpose"] or int(match[3]) != number:
        raise Malformed(
            "malformed-manifest", "expected <purpose>-<list>.bin or ../<M>/<purpose>-<list>.bin", where=where
        )
    file_epoch = epoch if match[1] is None else int(match[1])
    if match[1] is not None and file_epoch >= epoch:
        raise Malformed("malformed-manifest", "expected the file of an earlier epoch", where=where)
    return ManifestList(
        purpose=Purpose(match[2]),
        number=number,
        root=digest_from_hex(members["root"], f"{where}.root"),
        sha256=digest_from_hex(members["sha256"], f"{where}.sha256"),
        file_epoch=file_epoch,
    )
