"""The receipt: what a holder carries, and what verifies with no server (protocol section 7).

    {type, version, leaf, leafKind, slot, path, root, anchor, batch: {header, path}, issuer, status: [...], light?}

`parse_receipt` reads the whole of it. A verifier that must tell a forged path from a damaged file reads it in parts:
`ReceiptParts.parse` refuses what is no receipt at all, and each part is then parsed on its own.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self

from registry.domain.batch import BatchHeader
from registry.domain.canonical import JsonObject, JsonValue, parse_object
from registry.domain.errors import Malformed
from registry.domain.fields import (
    read_chain_hash,
    read_constant,
    read_integer,
    read_list,
    read_object,
    read_time,
    write_time,
)
from registry.domain.hashing import Digest, digest_from_hex
from registry.domain.light import MEMBERS as LIGHT_MEMBERS
from registry.domain.light import LightPart
from registry.domain.log_name import LogName
from registry.domain.paths import Path, parse_path, path_to_json
from registry.domain.slot import SLOT_LIMIT
from registry.domain.status import StatusProof

MEDIA_TYPE: Final = "application/vnd.credroot.receipt+json"
RECEIPT_TYPE: Final = "CredrootReceipt"
MAX_RECEIPT_BYTES: Final = 262_144
"""A receipt is about 6 KB, with its light part 25 KB; ten times that is somebody's experiment."""

_MEMBERS: Final = (
    "type",
    "version",
    "leaf",
    "leafKind",
    "slot",
    "path",
    "root",
    "anchor",
    "batch",
    "issuer",
    "status",
)
_ANCHOR_MEMBERS: Final = ("log", "epoch", "transaction", "blockNumber", "blockHash", "blockTime")


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """Where an epoch root stands on chain: information, to be checked against the chain."""

    log: LogName
    epoch: int
    transaction: str
    """Lower-case hex with 0x, as are all chain values."""
    block_number: int
    block_hash: str
    block_time: datetime

    @classmethod
    def parse(cls, value: JsonValue, where: str = "anchor") -> Self:
        """Read an anchor with exactly its members.

        Raises Malformed for anything else.
        """
        members = read_object(value, required=_ANCHOR_MEMBERS, where=where)
        return cls(
            log=LogName.parse(members["log"]),
            epoch=read_integer(members["epoch"], minimum=1, where=f"{where}.epoch"),
            transaction=read_chain_hash(members["transaction"], f"{where}.transaction"),
            block_number=read_integer(members["blockNumber"], where=f"{where}.blockNumber"),
            block_hash=read_chain_hash(members["blockHash"], f"{where}.blockHash"),
            block_time=read_time(members["blockTime"], f"{where}.blockTime"),
        )

    def to_json(self) -> JsonObject:
        """Write the anchor as it stands in receipts and manifests."""
        return {
            "log": str(self.log),
            "epoch": self.epoch,
            "transaction": self.transaction,
            "blockNumber": self.block_number,
            "blockHash": self.block_hash,
            "blockTime": write_time(self.block_time),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Everything a verifier needs beside the credential, the chain and the issuer's DID document."""

    leaf: Digest
    leaf_kind: int
    slot: int
    path: Path
    root: Digest
    anchor: Anchor
    header: BatchHeader
    header_path: Path
    issuer: JsonObject
    """The DID document that the header commits to: the registry's word, not the issuer's."""
    status: tuple[StatusProof, ...]
    """One proof for each status entry of the credential, revocation first."""
    light: LightPart | None = None
    """For the epochs of the anchor and of the first status proof."""

    def to_json(self) -> JsonObject:
        """Write the receipt."""
        members: JsonObject = {
            "type": RECEIPT_TYPE,
            "version": 1,
            "leaf": self.leaf.hex(),
            "leafKind": self.leaf_kind,
            "slot": self.slot,
            "path": path_to_json(self.path),
            "root": self.root.hex(),
            "anchor": self.anchor.to_json(),
            "batch": {"header": self.header.to_json(), "path": path_to_json(self.header_path)},
            "issuer": self.issuer,
            "status": [proof.to_json() for proof in self.status],
        }
        if self.light is not None:
            members["light"] = self.light.to_json()
        return members


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptParts:
    """A readable receipt whose paths, header, status proofs and light part are not parsed yet."""

    leaf: Digest
    leaf_kind: int
    slot: int
    root: Digest
    anchor: Anchor
    issuer: JsonObject
    raw_path: JsonValue
    raw_batch: JsonValue
    raw_status: JsonValue
    raw_light: JsonObject | None
    """An object of the right members, None when there is none."""

    @classmethod
    def parse(cls, value: JsonValue) -> Self:
        """Read the members that make a document a receipt, and refuse unknown ones.

        Raises Malformed: the receipt is unreadable.
        """
        members = read_object(value, required=_MEMBERS, optional=("light",), where="receipt")
        read_constant(members["type"], expected=RECEIPT_TYPE, where="type")
        read_constant(members["version"], expected=1, where="version")
        issuer = members["issuer"]
        if not isinstance(issuer, dict):
            raise Malformed("malformed-object", "expected a DID document", where="issuer")
        return cls(
            leaf=digest_from_hex(members["leaf"], "leaf"),
            leaf_kind=read_integer(members["leafKind"], maximum=255, where="leafKind"),
            slot=read_integer(members["slot"], maximum=SLOT_LIMIT - 1, where="slot"),
            root=digest_from_hex(members["root"], "root"),
            anchor=Anchor.parse(members["anchor"]),
            issuer=issuer,
            raw_path=members["path"],
            raw_batch=members["batch"],
            raw_status=members["status"],
            raw_light=(
                read_object(members["light"], required=LIGHT_MEMBERS, where="light") if "light" in members else None
            ),
        )

    def parse_path(self) -> Path:
        """Read the credential's path. Raises Malformed."""
        return parse_path(self.raw_path, "path")

    def parse_batch(self) -> tuple[BatchHeader, Path]:
        """Read the batch header and its path. Raises Malformed."""
        members = read_object(self.raw_batch, required=("header", "path"), where="batch")
        return BatchHeader.parse(members["header"], "batch.header"), parse_path(members["path"], "batch.path")

    def parse_status(self) -> tuple[StatusProof, ...]:
        """Read the status proofs. Raises Malformed."""
        items = read_list(self.raw_status, limit=2, where="status")
        return tuple(StatusProof.parse(item, f"status[{at}]") for at, item in enumerate(items))

    def parse_light(self) -> LightPart | None:
        """Read the light part, None when there is none. Raises Malformed."""
        return None if self.raw_light is None else LightPart.parse(self.raw_light)


def parse_receipt(data: bytes) -> Receipt:
    """Read a whole receipt.

    Raises Malformed when any part of it has the wrong form.
    """
    parts = ReceiptParts.parse(parse_object(data, limit_bytes=MAX_RECEIPT_BYTES))
    header, header_path = parts.parse_batch()
    return Receipt(
        leaf=parts.leaf,
        leaf_kind=parts.leaf_kind,
        slot=parts.slot,
        path=parts.parse_path(),
        root=parts.root,
        anchor=parts.anchor,
        header=header,
        header_path=header_path,
        issuer=parts.issuer,
        status=parts.parse_status(),
        light=parts.parse_light(),
    )
