"""A log to be audited: two honest epochs on a real chain, its published files, and ways to tamper with either."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from registry.domain.batch import Entry, tree_leaves
from registry.domain.canonical import JsonObject, canonicalize, parse_object
from registry.domain.hashing import Digest, sha256
from registry.domain.merkle import MerkleTree
from registry.domain.slot import Purpose
from scripts import audit_log
from tests.audit_world import Node, Outcome, call_script, run_script
from tests.epochs import Issued, Issuer, SealedBatch, SealedEpoch, World, anchor_epoch, build_world, seal_batch


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditCase:
    """Epoch 1 has three credentials of two issuers, epoch 2 one more and the revocation of the first."""

    node: Node
    world: World
    folder: Path
    """Where the published files go, in `published`."""
    ada: Issued
    """Revoked in epoch 2."""
    dina: Issued
    """Issued in epoch 2."""

    @property
    def published(self) -> Path:
        """The published folder."""
        return self.folder / "published"

    def epoch(self, number: int) -> Path:
        """The published folder of an epoch."""
        return self.published / "epochs" / str(number)

    def publish(self) -> None:
        """Publish everything that was sealed."""
        self.world.publish(self.published)

    def run(self, *more: object, published: object = None) -> Outcome:
        """Run the audit as people do, a process of its own, at the newest block unless told otherwise."""
        return run_script("audit_log", *self._arguments(more, published), report=self.folder / "report.json")

    def audit(self, *more: object, published: object = None) -> Outcome:
        """Run the audit in this process, which is quicker."""
        return call_script(audit_log.main, *self._arguments(more, published), report=self.folder / "report.json")

    def _arguments(self, more: tuple[object, ...], published: object) -> tuple[object, ...]:
        # The first node and the log may be given by the test: later options of that name must not add to them.
        given = () if "--rpc" in more[:1] else ("--rpc", self.node.url)
        log = () if "--log" in more else ("--log", self.world.log)
        return (*given, *log, "--published", self.published if published is None else published, *more)

    def edit_manifest(self, epoch: int, edit: Callable[[JsonObject], None]) -> None:
        """Change a published manifest."""
        file = self.epoch(epoch) / "manifest.json"
        manifest = parse_object(file.read_bytes())
        edit(manifest)
        file.write_bytes(canonicalize(manifest))

    def add_epoch(self, *batches: SealedBatch) -> SealedEpoch:
        """Anchor batches that are made by hand as the next epoch."""
        world = self.world
        epoch = anchor_epoch(
            world.chain, batches=batches, bits=dict(world.bits), earlier=world.epochs, number=len(world.epochs) + 1
        )
        world.epochs.append(epoch)
        return epoch

    def repeat_epoch(self, *, root: Digest | None = None) -> SealedEpoch:
        """Anchor a root, the newest one unless another is given, and repeat the newest manifest for it."""
        last = self.world.epochs[-1]
        manifest = replace(
            last.manifest,
            epoch=last.manifest.epoch + 1,
            lists=tuple(replace(item, file_epoch=last.manifest.epoch) for item in last.manifest.lists),
            anchor=self.world.chain.anchor(last.manifest.root if root is None else root),
        )
        self.world.epochs.append(replace(last, manifest=manifest))
        return self.world.epochs[-1]

    def batch(self, *entries: Entry, issuer: Issuer | None = None) -> SealedBatch:
        """Seal entries by hand."""
        return seal_batch(issuer or self.world.key_issuer, entries, log=self.world.log, name="by-hand")


def entry(seed: str, slot: int) -> Entry:
    """Return an entry with a leaf of its own."""
    return Entry(leaf=sha256(seed.encode()), slot=slot)


def with_file(batch: SealedBatch, data: bytes) -> SealedBatch:
    """Return the batch with another file, which its root then commits to."""
    return replace(batch, data=data, tree=MerkleTree(tree_leaves(data)))


def audit_case(node: Node, folder: Path) -> AuditCase:
    """Open a log and seal the two honest epochs; nothing is published yet."""
    world = build_world(node.open_log())
    ada = world.issue("Ada")
    world.issue("Bela", suspendable=True)
    world.issue("Chen", issuer=world.web_issuer)
    world.seal()
    dina = world.issue("Dina")
    world.mark(ada, Purpose.REVOCATION)
    world.seal()
    return AuditCase(node=node, world=world, folder=folder, ada=ada, dina=dina)
