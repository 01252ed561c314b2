"""Fraud as values: what a log did against its own roots or promises, and what proves it (protocol section 6).

    {type, version, kind: un-revocation, log, slot, revoked: <status proof>, unrevoked: <status proof>}
    {type, version, kind: slot-reuse, log, slot, first: <entry>, second: <entry>}
    {type, version, kind: broken-revocation-promise, promise, unrevoked: <status proof>}      or without `unrevoked`:
    {type, version, kind: broken-inclusion-promise, promise}                                  the epoch did not come

An <entry> is {epoch, leaf, root, path}; proofs, paths and promises are written as in receipts. An instance that exists
shows what it says under the roots it names. That those roots were anchored, who signed a promise, and what time it is,
the chain tells: docs/audit.md has the steps.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self, TypeAlias

from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.errors import Malformed, ProofMismatch
from registry.domain.fields import read_constant, read_integer, read_object
from registry.domain.hashing import Digest, digest_from_hex
from registry.domain.log_name import LogName
from registry.domain.paths import Path, check_entry_path, fold, parse_path, path_to_json
from registry.domain.promise import Promise, PromiseKind
from registry.domain.slot import SLOT_LIMIT, Purpose, slot_word
from registry.domain.status import StatusProof, bit_of_chunk, fold_status_proof

EVIDENCE_TYPE: Final = "CredrootFraudEvidence"
MAX_EVIDENCE_BYTES: Final = 65_536
"""Two paths of 64 steps are about 12 KB."""


class FraudKind(StrEnum):
    """What a court marks a log for, in the order of the contract's `Kind`."""

    UNREVOCATION = "un-revocation"
    SLOT_REUSE = "slot-reuse"
    BROKEN_REVOCATION_PROMISE = "broken-revocation-promise"
    BROKEN_INCLUSION_PROMISE = "broken-inclusion-promise"

    @property
    def is_of_the_log(self) -> bool:
        """Only the anchoring account can have done it; a broken promise can be faked with a stolen promise key."""
        return self in {FraudKind.UNREVOCATION, FraudKind.SLOT_REUSE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What a log is marked for."""

    kind: FraudKind
    epoch: int
    """From which epoch on the log is not to be believed; the promised one for broken promises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryProof:
    """A credential's entry, and the path that leads from it to the root of an epoch."""

    epoch: int
    leaf: Digest
    root: Digest
    path: Path

    @classmethod
    def parse(cls, value: JsonValue, where: str) -> Self:
        """Read an entry with exactly its members. Raises Malformed for anything else."""
        members = read_object(value, required=("epoch", "leaf", "root", "path"), where=where)
        return cls(
            epoch=read_integer(members["epoch"], minimum=1, where=f"{where}.epoch"),
            leaf=digest_from_hex(members["leaf"], f"{where}.leaf"),
            root=digest_from_hex(members["root"], f"{where}.root"),
            path=parse_path(members["path"], f"{where}.path"),
        )

    def to_json(self) -> JsonObject:
        """Write the entry."""
        return {
            "epoch": self.epoch,
            "leaf": self.leaf.hex(),
            "root": self.root.hex(),
            "path": path_to_json(self.path),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Unrevocation:
    """A slot that is revoked in one epoch and not in a later one."""

    slot: int
    revoked: StatusProof
    unrevoked: StatusProof

    def __post_init__(self) -> None:
        """Raise Malformed `proves-nothing` or ProofMismatch unless both proofs hold and show it."""
        if self.revoked.log != self.unrevoked.log or self.unrevoked.epoch <= self.revoked.epoch:
            raise _nothing("expected two proofs of one log, the second of a later epoch")
        _check_bit(self.revoked, slot=self.slot, value=True)
        _check_bit(self.unrevoked, slot=self.slot, value=False)

    @property
    def kind(self) -> FraudKind:
        """The kind that the log is marked for."""
        return FraudKind.UNREVOCATION

    @property
    def log(self) -> LogName:
        """The log."""
        return self.revoked.log

    @property
    def epoch(self) -> int:
        """The epoch of the mark."""
        return self.unrevoked.epoch

    @property
    def roots(self) -> tuple[tuple[int, Digest], ...]:
        """Epochs, and the roots that the chain must hold for them."""
        return ((self.revoked.epoch, self.revoked.root), (self.unrevoked.epoch, self.unrevoked.root))

    def to_json(self) -> JsonObject:
        """Write the evidence."""
        proofs: JsonObject = {"revoked": self.revoked.to_json(), "unrevoked": self.unrevoked.to_json()}
        return {**_head(self.kind), "log": str(self.log), "slot": self.slot, **proofs}


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotReuse:
    """Two different credentials under one slot, in any two epochs or in one."""

    log: LogName
    slot: int
    first: EntryProof
    second: EntryProof

    def __post_init__(self) -> None:
        """Raise Malformed or ProofMismatch unless both paths hold and lead from different leaves."""
        if self.first.leaf == self.second.leaf:
            raise _nothing("expected two different leaves")
        for entry in (self.first, self.second):
            check_entry_path(entry.path, word=slot_word(self.slot), where="path")
            _check_root(fold(entry.leaf, entry.path), entry.root)

    @property
    def kind(self) -> FraudKind:
        """The kind that the log is marked for."""
        return FraudKind.SLOT_REUSE

    @property
    def epoch(self) -> int:
        """The epoch of the mark: the entry that came later is the fraud."""
        return max(self.first.epoch, self.second.epoch)

    @property
    def roots(self) -> tuple[tuple[int, Digest], ...]:
        """Epochs, and the roots that the chain must hold for them."""
        return ((self.first.epoch, self.first.root), (self.second.epoch, self.second.root))

    def to_json(self) -> JsonObject:
        """Write the evidence."""
        entries: JsonObject = {"first": self.first.to_json(), "second": self.second.to_json()}
        return {**_head(self.kind), "log": str(self.log), "slot": self.slot, **entries}


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenRevocation:
    """A promise to revoke, and an epoch from the promised one on in which the slot is not revoked."""

    promise: Promise
    unrevoked: StatusProof | None
    """None: the promised epoch did not come by the deadline."""

    def __post_init__(self) -> None:
        """Raise Malformed or ProofMismatch unless the proof holds and breaks the promise."""
        terms, proof = self.promise.terms, self.unrevoked
        if terms.kind is not PromiseKind.REVOCATION:
            raise _nothing("expected the promise of a revocation")
        if proof is None:
            return
        if proof.log != terms.log or proof.epoch < terms.epoch:
            raise _nothing("expected a proof of the promise's log, of its epoch or a later one")
        _check_bit(proof, slot=terms.slot, value=False)

    @property
    def kind(self) -> FraudKind:
        """The kind that the log is marked for."""
        return FraudKind.BROKEN_REVOCATION_PROMISE

    @property
    def log(self) -> LogName:
        """The log."""
        return self.promise.terms.log

    @property
    def slot(self) -> int:
        """The slot."""
        return self.promise.terms.slot

    @property
    def epoch(self) -> int:
        """The epoch of the mark."""
        return self.promise.terms.epoch

    @property
    def roots(self) -> tuple[tuple[int, Digest], ...]:
        """Epochs, and the roots that the chain must hold for them."""
        return () if self.unrevoked is None else ((self.unrevoked.epoch, self.unrevoked.root),)

    def to_json(self) -> JsonObject:
        """Write the evidence."""
        shown: JsonObject = {} if self.unrevoked is None else {"unrevoked": self.unrevoked.to_json()}
        return {**_head(self.kind), "promise": self.promise.to_json(), **shown}


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenInclusion:
    """A promise to anchor a credential that nobody has a path for. Only a challenge that nobody answers proves it."""

    promise: Promise

    def __post_init__(self) -> None:
        """Raise Malformed for the promise of something else."""
        if self.promise.terms.leaf is None:
            raise _nothing("expected the promise of an inclusion")

    @property
    def kind(self) -> FraudKind:
        """The kind that the log is marked for."""
        return FraudKind.BROKEN_INCLUSION_PROMISE

    @property
    def log(self) -> LogName:
        """The log."""
        return self.promise.terms.log

    @property
    def slot(self) -> int:
        """The slot."""
        return self.promise.terms.slot

    @property
    def epoch(self) -> int:
        """The epoch of the mark."""
        return self.promise.terms.epoch

    @property
    def roots(self) -> tuple[tuple[int, Digest], ...]:
        """Epochs, and the roots that the chain must hold for them: none, what is absent has no path."""
        return ()

    def to_json(self) -> JsonObject:
        """Write the evidence."""
        return {**_head(self.kind), "promise": self.promise.to_json()}


Fraud: TypeAlias = Unrevocation | SlotReuse | BrokenRevocation | BrokenInclusion


def parse_fraud(value: JsonValue) -> Fraud:
    """Read an evidence file's JSON, with exactly the members of its kind.

    Raises Malformed for another form or for proofs that show nothing wrong, ProofMismatch for those that do not hold.
    """
    if not isinstance(value, dict) or value.get("kind") not in tuple(FraudKind):
        raise Malformed("malformed-evidence", "expected an object with the kind of a fraud", where="evidence")
    kind = FraudKind(str(value["kind"]))
    members = read_object(value, required=(*_HEAD, *_MEMBERS[kind]), optional=_OPTIONAL.get(kind, ()), where="evidence")
    read_constant(members["type"], expected=EVIDENCE_TYPE, where="type")
    read_constant(members["version"], expected=1, where="version")
    return _parse_of_the_log(kind, members) if kind.is_of_the_log else _parse_promised(kind, members)


_HEAD: Final = ("type", "version", "kind")
_MEMBERS: Final = {
    FraudKind.UNREVOCATION: ("log", "slot", "revoked", "unrevoked"),
    FraudKind.SLOT_REUSE: ("log", "slot", "first", "second"),
    FraudKind.BROKEN_REVOCATION_PROMISE: ("promise",),
    FraudKind.BROKEN_INCLUSION_PROMISE: ("promise",),
}
_OPTIONAL: Final = {FraudKind.BROKEN_REVOCATION_PROMISE: ("unrevoked",)}


def _head(kind: FraudKind) -> JsonObject:
    return {"type": EVIDENCE_TYPE, "version": 1, "kind": str(kind)}


def _parse_of_the_log(kind: FraudKind, members: JsonObject) -> Fraud:
    log = LogName.parse(members["log"])
    slot = read_integer(members["slot"], maximum=SLOT_LIMIT - 1, where="slot")
    if kind is FraudKind.SLOT_REUSE:
        first, second = (EntryProof.parse(members[name], name) for name in ("first", "second"))
        return SlotReuse(log=log, slot=slot, first=first, second=second)
    revoked, unrevoked = (StatusProof.parse(members[name], name) for name in ("revoked", "unrevoked"))
    if log != revoked.log:
        raise _nothing("expected proofs of the log that is named")
    return Unrevocation(slot=slot, revoked=revoked, unrevoked=unrevoked)


def _parse_promised(kind: FraudKind, members: JsonObject) -> Fraud:
    promise = Promise.parse(members["promise"])
    if kind is FraudKind.BROKEN_INCLUSION_PROMISE:
        return BrokenInclusion(promise=promise)
    shown = StatusProof.parse(members["unrevoked"], "unrevoked") if "unrevoked" in members else None
    return BrokenRevocation(promise=promise, unrevoked=shown)


def _check_bit(proof: StatusProof, *, slot: int, value: bool) -> None:
    # Suspensions may be lifted: they are nobody's fraud.
    if proof.purpose is not Purpose.REVOCATION:
        raise _nothing("expected a proof of the revocation tree")
    _check_root(fold_status_proof(proof, slot=slot), proof.root)
    if bit_of_chunk(proof.chunk, slot) is not value:
        raise _nothing(f"expected a {int(value)} in epoch {proof.epoch}")


def _check_root(folded: Digest, stated: Digest) -> None:
    if folded != stated:
        raise ProofMismatch("evidence-differs", "root of the evidence", expected=stated, actual=folded)


def _nothing(message: str) -> Malformed:
    return Malformed("proves-nothing", message, where="evidence")
