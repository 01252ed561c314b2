"""Hand-made worlds: issuers, signed credentials, sealed epochs, published files and receipts, over any chain.

    world = build_world(MemoryChain(...))      or      build_world(node_chain(url))
    one = world.issue("Ada")  ->  world.seal()  ->  world.receipt(one)  ->  world.publish(folder)

Everything is made with the domain's own building functions and real signatures; only time is chosen by the test.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from registry.adapters.artifacts import load_artifact
from registry.domain.batch import BatchHeader, Entry, encode_entries, tree_leaves
from registry.domain.canonical import canonicalize
from registry.domain.epoch import credentials_root, epoch_root, path_above_batch, status_root
from registry.domain.hashing import Digest, sha256
from registry.domain.log_name import LogName
from registry.domain.manifest import LogFile, Manifest, ManifestBatch, ManifestList, batch_file_name
from registry.domain.merkle import MerkleTree
from registry.domain.receipt import Anchor, Receipt
from registry.domain.slot import LIST_SIZE, Purpose
from registry.domain.status import StatusProof
from registry.domain.status_tree import EMPTY_LIST, list_root, prove_status, purpose_root, write_bit
from tests.issuing import (
    ISSUED_AT,
    NOW,
    STATUS_URL,
    WEB_ISSUER,
    Issued,
    Issuer,
    issue_credential,
    json_ld,
    make_key_issuer,
    make_signer,
    make_web_issuer,
    sign,
)

__all__ = [
    "ISSUED_AT",
    "NOW",
    "STATUS_URL",
    "WEB_ISSUER",
    "Anchorer",
    "Issued",
    "Issuer",
    "SealedBatch",
    "SealedEpoch",
    "World",
    "anchor_epoch",
    "build_world",
    "issue_credential",
    "json_ld",
    "make_key_issuer",
    "make_signer",
    "make_web_issuer",
    "publish_epoch",
    "published_address",
    "seal_batch",
    "sign",
]


class Anchorer(Protocol):
    """A chain with a log that roots can be anchored in."""

    @property
    def log(self) -> LogName:
        """The log."""
        ...

    def anchor(self, root: Digest) -> Anchor:
        """Anchor a root as the next epoch and return where it stands."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedBatch:
    """One issuer's batch of an epoch."""

    header: BatchHeader
    issuer: Issuer
    data: bytes
    tree: MerkleTree


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedEpoch:
    """An anchored epoch and everything it was made of."""

    manifest: Manifest
    batches: tuple[SealedBatch, ...]
    bits: dict[tuple[Purpose, int], bytes]


@dataclass(slots=True, kw_only=True)
class World:
    """A log over a chain, its issuers and what they issued."""

    chain: Anchorer
    issuers: tuple[Issuer, ...]
    waiting: list[Issued] = field(default_factory=list)
    epochs: list[SealedEpoch] = field(default_factory=list)
    bits: dict[tuple[Purpose, int], bytes] = field(default_factory=dict)
    used_slots: set[int] = field(default_factory=set)
    serial: int = 0

    @property
    def log(self) -> LogName:
        """The log."""
        return self.chain.log

    @property
    def key_issuer(self) -> Issuer:
        """The issuer with a did:key."""
        return self.issuers[0]

    @property
    def web_issuer(self) -> Issuer:
        """The issuer with a did:web."""
        return self.issuers[1]

    def issue(
        self,
        name: str,
        *,
        issuer: Issuer | None = None,
        suspendable: bool = False,
        valid_from: datetime = ISSUED_AT,
        valid_until: datetime | None = None,
        slot: int | None = None,
    ) -> Issued:
        """Sign a credential for somebody; it waits for the next epoch."""
        by = self.key_issuer if issuer is None else issuer
        place = self._free_slot(by) if slot is None else slot
        self.used_slots.add(place)
        issued = issue_credential(
            name,
            issuer=by,
            log=self.log,
            slot=place,
            suspendable=suspendable,
            valid_from=valid_from,
            valid_until=valid_until,
        )
        self.waiting.append(issued)
        return issued

    def mark(self, issued: Issued, purpose: Purpose, *, value: bool = True) -> None:
        """Revoke or suspend, or lift it; the next epoch anchors it."""
        number, index = divmod(issued.slot, LIST_SIZE)
        bits = self.bits.get((purpose, number), EMPTY_LIST)
        self.bits[purpose, number] = write_bit(bits, index, value=value)

    def seal(self) -> SealedEpoch:
        """Seal what waits, anchor it, and return the epoch."""
        number = len(self.epochs) + 1
        batches = tuple(
            self._seal_batch(issuer, number) for issuer in self.issuers if any(w.issuer is issuer for w in self.waiting)
        )
        self.waiting = []
        epoch = anchor_epoch(self.chain, batches=batches, bits=dict(self.bits), earlier=self.epochs, number=number)
        self.epochs.append(epoch)
        return epoch

    def receipt(self, issued: Issued, *, status_epoch: int | None = None) -> Receipt:
        """Return the receipt of a sealed credential, its status of the newest epoch or an older one."""
        epoch, batch, entry = self.find(issued)
        above = path_above_batch(
            [item.tree.root for item in epoch.batches],
            epoch.batches.index(batch),
            status_root=epoch.manifest.status_root,
        )
        return Receipt(
            leaf=issued.leaf,
            leaf_kind=0,
            slot=issued.slot,
            path=batch.tree.path(2 * entry) + above,
            root=epoch.manifest.root,
            anchor=epoch.manifest.anchor,
            header=batch.header,
            header_path=batch.tree.path(0) + above,
            issuer=batch.issuer.document,
            status=self.status(issued, epoch=len(self.epochs) if status_epoch is None else status_epoch),
        )

    def find(self, issued: Issued) -> tuple[SealedEpoch, SealedBatch, int]:
        """Return where a credential was sealed."""
        for epoch in self.epochs:
            for batch in epoch.batches:
                leaves = tree_leaves(batch.data)[0::2]
                if issued.leaf in leaves:
                    return epoch, batch, leaves.index(issued.leaf)
        raise LookupError(issued.document["id"])

    def status(self, issued: Issued, *, epoch: int) -> tuple[StatusProof, ...]:
        """Prove a credential's status in an epoch."""
        purposes = tuple(Purpose) if issued.suspendable else (Purpose.REVOCATION,)
        return tuple(self.prove(issued.slot, purpose, epoch=epoch) for purpose in purposes)

    def prove(self, slot: int, purpose: Purpose, *, epoch: int) -> StatusProof:
        """Prove one bit in an epoch."""
        sealed = self.epochs[epoch - 1]
        manifest = sealed.manifest
        revocation = purpose is Purpose.REVOCATION
        return prove_status(
            purpose=purpose,
            log=self.log,
            epoch=epoch,
            root=manifest.root,
            slot=slot,
            bits=sealed.bits.get((purpose, slot // LIST_SIZE), EMPTY_LIST),
            list_roots=manifest.list_roots(purpose),
            other_root=manifest.suspension_root if revocation else manifest.revocation_root,
            credentials_root=manifest.credentials_root,
        )

    def publish(self, folder: Path, *, epochs: Sequence[int] | None = None) -> Path:
        """Write the published files of all epochs, or of some, and return the folder."""
        wanted = range(1, len(self.epochs) + 1) if epochs is None else epochs
        (folder / "issuers").mkdir(parents=True, exist_ok=True)
        (folder / "log.json").write_bytes(canonicalize(LogFile(log=self.log, deploy_block=0).to_json()))
        for number in wanted:
            publish_epoch(folder, self.epochs[number - 1])
        return folder

    def _free_slot(self, issuer: Issuer) -> int:
        # A list belongs to one issuer; odd steps spread the slots over chunks.
        number = self.issuers.index(issuer)
        self.serial += 1
        return number * LIST_SIZE + (self.serial * 4_099 + 5) % LIST_SIZE

    def _seal_batch(self, issuer: Issuer, epoch: int) -> SealedBatch:
        own = [item for item in self.waiting if item.issuer is issuer]
        return seal_batch(
            issuer, [Entry(leaf=item.leaf, slot=item.slot) for item in own], log=self.log, name=f"batch-{epoch}"
        )


def build_world(chain: Anchorer, *, issuers: Sequence[Issuer] | None = None) -> World:
    """Return a world over a chain, with an issuer of did:key and one of did:web unless others are given."""
    made = (make_key_issuer("key"), make_web_issuer(WEB_ISSUER, "web", logs=[chain.log]))
    return World(chain=chain, issuers=made if issuers is None else tuple(issuers))


def seal_batch(
    issuer: Issuer, entries: Sequence[Entry], *, log: LogName, name: str, sealed: datetime = ISSUED_AT
) -> SealedBatch:
    """Seal entries into a batch under an issuer's header."""
    header = BatchHeader(
        log=log, issuer=issuer.did, id=name, count=len(entries), sealed=sealed, did_document=sha256(issuer.content)
    )
    data = encode_entries(header, entries)
    return SealedBatch(header=header, issuer=issuer, data=data, tree=MerkleTree(tree_leaves(data)))


def anchor_epoch(
    chain: Anchorer,
    *,
    batches: tuple[SealedBatch, ...],
    bits: dict[tuple[Purpose, int], bytes],
    earlier: Sequence[SealedEpoch],
    number: int,
) -> SealedEpoch:
    """Build an epoch's roots, anchor its root and return it with its manifest."""
    lists = tuple(
        _manifest_list(key, content, earlier, number) for key, content in sorted(bits.items()) if any(content)
    )
    roots = {
        purpose: purpose_root({item.number: item.root for item in lists if item.purpose is purpose})
        for purpose in Purpose
    }
    status = status_root(revocation_root=roots[Purpose.REVOCATION], suspension_root=roots[Purpose.SUSPENSION])
    credentials = credentials_root([batch.tree.root for batch in batches])
    root = epoch_root(credentials_root=credentials, status_root=status)
    manifest = Manifest(
        epoch=number,
        root=root,
        credentials_root=credentials,
        status_root=status,
        revocation_root=roots[Purpose.REVOCATION],
        suspension_root=roots[Purpose.SUSPENSION],
        batches=tuple(
            ManifestBatch(header=batch.header, root=batch.tree.root, entries=batch_file_name(position))
            for position, batch in enumerate(batches)
        ),
        lists=lists,
        anchor=chain.anchor(root),
    )
    return SealedEpoch(manifest=manifest, batches=batches, bits=bits)


def publish_epoch(folder: Path, epoch: SealedEpoch) -> None:
    """Write the published files of one epoch."""
    place = folder / "epochs" / str(epoch.manifest.epoch)
    place.mkdir(parents=True, exist_ok=True)
    (folder / "issuers").mkdir(parents=True, exist_ok=True)
    for batch, listed in zip(epoch.batches, epoch.manifest.batches, strict=True):
        (place / listed.entries).write_bytes(batch.data)
        (folder / "issuers" / f"{batch.header.did_document.hex()}.json").write_bytes(batch.issuer.content)
    for item in epoch.manifest.lists:
        if item.file_epoch == epoch.manifest.epoch:
            (place / item.file_name()).write_bytes(epoch.bits[item.purpose, item.number])
    (place / "manifest.json").write_bytes(canonicalize(epoch.manifest.to_json()))


def _manifest_list(key: tuple[Purpose, int], bits: bytes, earlier: Sequence[SealedEpoch], number: int) -> ManifestList:
    purpose, position = key
    unchanged = [
        item.file_epoch
        for item in (earlier[-1].manifest.lists if earlier else ())
        if (item.purpose, item.number, item.sha256) == (purpose, position, sha256(bits))
    ]
    return ManifestList(
        purpose=purpose,
        number=position,
        root=list_root(bits),
        sha256=sha256(bits),
        file_epoch=unchanged[0] if unchanged else number,
    )


def published_address() -> str:
    """The address of the anchor log on every chain."""
    return load_artifact().address
