"""Bringing a receipt up to date without the registry that made it: any node, and any mirror of the published files.

Inclusion never ages. The light part is made anew at the newest final block, and the status, where there are files to
prove it with, in the newest epoch that they have. What comes out is a claim like any receipt; the verdict judges it.
"""

from dataclasses import dataclass, replace

from registry.chain_ports import LightProof, LightProver, PublishedSource
from registry.domain.errors import Refused
from registry.domain.receipt import Receipt
from registry.service.published_proofs import make_status_proofs, newest_manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewed:
    """A receipt with a new light part, and the block that this is of."""

    receipt: Receipt
    proof: LightProof


def renew(receipt: Receipt, *, prover: LightProver, published: PublishedSource | None) -> Renewed:
    """Return the receipt with a light part of the newest final block, and a newer status where files have one.

    Raises Refused `other-log` for files of another log, Unavailable as the prover, Malformed and Unavailable as the files.
    """
    proof = prove_light(receipt, prover)
    if published is not None:
        renewed = _with_newest_status(receipt, published, latest_epoch=proof.latest_epoch)
        if renewed is not receipt:
            receipt, proof = renewed, prove_light(renewed, prover)
    return Renewed(receipt=replace(receipt, light=proof.part), proof=proof)


def prove_light(receipt: Receipt, prover: LightProver) -> LightProof:
    """Make the light part of a receipt: for its anchor's epoch and its first status proof's. Raises Unavailable."""
    anchored = receipt.anchor.epoch
    return prover.prove_newest(receipt.anchor.log, anchor_epoch=anchored, status_epoch=_status_epoch(receipt))


def _with_newest_status(receipt: Receipt, published: PublishedSource, *, latest_epoch: int) -> Receipt:
    log = published.log_file().log
    if log != receipt.anchor.log:
        raise Refused("other-log", f"the published files are of {log}, the receipt is of {receipt.anchor.log}")
    manifest = newest_manifest(published, latest_epoch=latest_epoch)
    if manifest is None or manifest.epoch <= _status_epoch(receipt):
        return receipt
    purposes = tuple(proof.purpose for proof in receipt.status)
    return replace(
        receipt, status=make_status_proofs(published, manifest, log=log, slot=receipt.slot, purposes=purposes)
    )


def _status_epoch(receipt: Receipt) -> int:
    return receipt.status[0].epoch if receipt.status else receipt.anchor.epoch
