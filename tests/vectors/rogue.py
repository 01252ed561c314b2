"""The second log: every root of it is anchored, an auditor rebuilds it to the byte, and little of it is valid.

epoch 1   batch "own"      a genuine credential, and others that only a rogue would seal
          batch "log"      its header names log 1
          batch "thief"    signed with another issuer's real key, sealed under that issuer's name
epoch 2   no batches; the first chunk of list 0 spells the leaf of a credential
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Final

from registry.domain.batch import Entry, tree_leaves
from registry.domain.canonical import JsonObject
from registry.domain.log_name import LogName
from registry.domain.merkle import MerkleTree
from registry.domain.paths import Side, Step
from registry.domain.receipt import Receipt
from registry.domain.slot import Purpose, slot_word
from registry.domain.status import DEPTH, ZERO_ROOTS
from registry.domain.status_tree import CHUNK_BYTES, EMPTY_LIST
from tests.epochs import (
    Issued,
    Issuer,
    SealedBatch,
    World,
    anchor_epoch,
    issue_credential,
    make_signer,
    make_web_issuer,
    seal_batch,
    sign,
)
from tests.vectors.scene import LogOf, Scene

DOUBLE: Final = "did:web:double.example"
TWIN: Final = "did:web:twin.example"
"""Issuers whose DID documents name both logs."""
OUTER_SLOT: Final = 3_000
HIDDEN_SLOTS: Final = (3_001, 3_002)

OWN: Final = (
    "genuine",
    "signed by a stranger",
    "signed under another name",
    "dropped term",
    "unsigned",
    "of another issuer",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rogue:
    """The second log and the credentials that were made for it."""

    world: World
    double: Issuer
    documents: dict[str, Issued]
    hidden: MerkleTree
    """The tree whose root stands in an entry in a leaf's place."""

    def receipt(self, name: str) -> Receipt:
        """Return the receipt of a credential that stands in a batch."""
        return self.world.receipt(self.documents[name])


def build_rogue(scene: Scene) -> Rogue:
    """Anchor the second log on the scene's chain."""
    log = LogName(chain_id=scene.log.chain_id, contract=scene.log.contract, number=2)
    double = make_web_issuer(DOUBLE, "vectors: double", logs=[scene.log, log])
    documents = {**_documents(scene, double, log), "revoked": scene.named["revoked"]}
    words = [slot_word(slot) for slot in HIDDEN_SLOTS]
    rogue = Rogue(
        world=World(chain=LogOf(scene.chain, log), issuers=(double,)),
        double=double,
        documents=documents,
        hidden=MerkleTree([documents["hidden"].leaf, words[0], bytes([1] * 32), words[1]]),
    )
    _seal(rogue, _batches(rogue, scene))
    return rogue


def hidden_receipt(rogue: Rogue) -> Receipt:
    """Return a receipt that leads from a credential no auditor sees to an anchored root."""
    epoch, batch, _ = rogue.world.find(rogue.documents["genuine"])
    host = rogue.receipt("genuine")
    outer = batch.tree.path(tree_leaves(batch.data).index(rogue.hidden.root))
    above = host.header_path[len(batch.tree.path(0)) :]
    return replace(
        host,
        leaf=rogue.documents["hidden"].leaf,
        slot=HIDDEN_SLOTS[0],
        path=(*rogue.hidden.path(0), *outer, *above),
        root=epoch.manifest.root,
        status=(rogue.world.prove(HIDDEN_SLOTS[0], Purpose.REVOCATION, epoch=2),),
    )


def chunk_receipt(rogue: Rogue) -> Receipt:
    """Return a receipt whose path leads through the status tree: a sibling chunk of zeros is the word of slot 0."""
    manifest = rogue.world.epochs[1].manifest
    path = (
        *(Step(side=Side.RIGHT, sibling=ZERO_ROOTS[level]) for level in range(DEPTH)),
        Step(side=Side.RIGHT, sibling=manifest.suspension_root),
        Step(side=Side.LEFT, sibling=manifest.credentials_root),
    )
    return replace(
        rogue.receipt("genuine"),
        leaf=rogue.documents["chunk"].leaf,
        slot=0,
        path=path,
        root=manifest.root,
        anchor=manifest.anchor,
        status=(rogue.world.prove(0, Purpose.REVOCATION, epoch=2),),
    )


def _documents(scene: Scene, double: Issuer, log: LogName) -> dict[str, Issued]:
    slots = count(1_000)

    def issue(name: str, issuer: Issuer) -> Issued:
        return issue_credential(name, issuer=issuer, log=log, slot=next(slots))

    twin = make_web_issuer(TWIN, "vectors: twin", logs=[scene.log, log])
    renamed, dropped, unsigned = (issue(name, double) for name in ("Renamed", "Dropped", "Unsigned"))
    subject: JsonObject = {"id": "urn:example:dropped", "name": "Dropped"}
    signed = sign({**unsecured(dropped.document), "credentialSubject": subject}, issuer=double)
    return {
        "genuine": issue("Genuine", double),
        "signed by a stranger": replace(
            issue("Stranger", replace(double, signer=make_signer("vectors: stranger"))), issuer=double
        ),
        "signed under another name": replace(
            renamed, document=sign(unsecured(renamed.document), issuer=double, method=f"{double.did}#key-2")
        ),
        # A plain JSON-LD processor drops the member, and the signature still fits.
        "dropped term": replace(dropped, document={**signed, "credentialSubject": {**subject, "highestHonours": True}}),
        "unsigned": replace(unsigned, document=unsecured(unsigned.document)),
        "of another issuer": issue("Twin", twin),
        "thief": issue("Thief", scene.physics),
        "log of the header": issue("Header", double),
        "hidden": issue_credential("Hidden", issuer=double, log=log, slot=HIDDEN_SLOTS[0]),
        "chunk": _with_clear_bit(double, log),
    }


def unsecured(document: JsonObject) -> JsonObject:
    """Return a document without its proof."""
    return {name: member for name, member in document.items() if name != "proof"}


def _with_clear_bit(issuer: Issuer, log: LogName) -> Issued:
    """Return a credential of slot 0 whose leaf begins with a 0: read as a chunk, it says that slot 0 is not revoked."""
    tries = (issue_credential(f"Chunk {number}", issuer=issuer, log=log, slot=0) for number in count())
    return next(issued for issued in tries if issued.leaf[0] < 0x80)


def _batches(rogue: Rogue, scene: Scene) -> tuple[SealedBatch, ...]:
    log, documents = rogue.world.log, rogue.documents
    own = [_entry(documents[name]) for name in (*OWN, "revoked")]
    outer = Entry(leaf=rogue.hidden.root, slot=OUTER_SLOT)
    return (
        seal_batch(rogue.double, [*own, outer], log=log, name="rogue-own"),
        seal_batch(rogue.double, [_entry(documents["log of the header"])], log=scene.log, name="rogue-log"),
        seal_batch(scene.physics, [_entry(documents["thief"])], log=log, name="rogue-thief"),
    )


def _seal(rogue: Rogue, batches: Sequence[SealedBatch]) -> None:
    world = rogue.world
    world.epochs.append(anchor_epoch(world.chain, batches=tuple(batches[:2]), bits={}, earlier=(), number=1))
    bits = {(Purpose.REVOCATION, 0): rogue.documents["chunk"].leaf + EMPTY_LIST[CHUNK_BYTES:]}
    # With a batch in it the credentials root is not zero: only the side of the last step is left to refuse by.
    second = anchor_epoch(world.chain, batches=tuple(batches[2:]), bits=bits, earlier=world.epochs, number=2)
    world.epochs.append(second)


def _entry(issued: Issued) -> Entry:
    return Entry(leaf=issued.leaf, slot=issued.slot)
