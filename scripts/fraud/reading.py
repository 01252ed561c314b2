"""What was handed in: receipts, promises and evidence files, and what of a receipt the chain confirms."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from registry.domain.canonical import parse_object
from registry.domain.errors import Malformed
from registry.domain.fraud import MAX_EVIDENCE_BYTES, EntryProof, Fraud, parse_fraud
from registry.domain.log_name import LogName
from registry.domain.paths import check_entry_path, fold
from registry.domain.promise import Promise
from registry.domain.receipt import MAX_RECEIPT_BYTES, Receipt, parse_receipt
from registry.domain.slot import KIND_CREDENTIAL, Purpose, slot_word
from registry.domain.status import StatusProof, fold_status_proof
from scripts.audit.chain import ChainView

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """What a receipt proves by itself, each part as good as a published file."""

    slot: int
    entry: EntryProof | None
    """None when the chain does not hold its root."""
    revocations: tuple[StatusProof, ...]


def read_receipts(files: Sequence[Path]) -> list[Receipt]:
    """Read receipt files. Raises Malformed with the file's name."""
    return [_read(file, MAX_RECEIPT_BYTES, parse_receipt) for file in files]


def read_promises(files: Sequence[Path]) -> list[Promise]:
    """Read promise files. Raises Malformed with the file's name."""
    return [_read(file, MAX_EVIDENCE_BYTES, lambda data: Promise.parse(parse_object(data))) for file in files]


def read_evidence(files: Sequence[Path]) -> list[Fraud]:
    """Read evidence files. Raises Malformed with the file's name, ProofMismatch for proofs that do not hold."""
    return [_read(file, MAX_EVIDENCE_BYTES, lambda data: parse_fraud(parse_object(data))) for file in files]


def confirm_receipt(receipt: Receipt, chain: ChainView, *, log: LogName) -> Confirmed:
    """Compare a receipt with the chain, part by part. Raises Unavailable."""
    return Confirmed(
        slot=receipt.slot,
        entry=_confirmed_entry(receipt, chain, log=log),
        revocations=tuple(_confirmed_proofs(receipt, chain, log=log)),
    )


def _confirmed_entry(receipt: Receipt, chain: ChainView, *, log: LogName) -> EntryProof | None:
    epoch = receipt.anchor.epoch
    if receipt.anchor.log != log or receipt.leaf_kind != KIND_CREDENTIAL:
        return None
    try:
        check_entry_path(receipt.path, word=slot_word(receipt.slot), where="path")
    except Malformed:
        return None
    if not fold(receipt.leaf, receipt.path) == receipt.root == chain.root_at(log, epoch):
        return None
    return EntryProof(epoch=epoch, leaf=receipt.leaf, root=receipt.root, path=receipt.path)


def _confirmed_proofs(receipt: Receipt, chain: ChainView, *, log: LogName) -> Iterator[StatusProof]:
    for proof in receipt.status:
        folded = fold_status_proof(proof, slot=receipt.slot)
        of_log = (proof.log, proof.purpose) == (log, Purpose.REVOCATION)
        if of_log and folded == proof.root == chain.root_at(log, proof.epoch):
            yield proof


def _read(file: Path, limit: int, parse: Callable[[bytes], _Value]) -> _Value:
    try:
        with file.open("rb") as stream:
            data = stream.read(limit + 1)
    except OSError as error:
        raise Malformed("file-unreadable", f"{file}: {error.strerror}") from error
    if len(data) > limit:
        raise Malformed("file-too-large", f"{file}: expected at most {limit} bytes")
    try:
        return parse(data)
    except Malformed as error:
        raise Malformed(error.code, error.message, where=str(file)) from error
