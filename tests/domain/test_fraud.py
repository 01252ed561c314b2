"""Evidence of fraud: one form for each kind, and no instance that shows nothing."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any, Final

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from registry.domain.batch import decode_entries
from registry.domain.canonical import JsonValue
from registry.domain.errors import Malformed, ProofMismatch
from registry.domain.fraud import (
    BrokenInclusion,
    BrokenRevocation,
    EntryProof,
    Fraud,
    FraudKind,
    SlotReuse,
    Unrevocation,
    parse_fraud,
)
from registry.domain.hashing import sha256
from registry.domain.slot import Purpose
from registry.domain.status import StatusProof
from tests.epochs import World, build_world
from tests.frauds import entry_of_epoch, promise, unrevocation
from tests.memory_chain import memory_chain

SLOT: Final = 77


@cache
def world() -> World:
    """Slot 77 holds Ada in epoch 1 and Bela in epoch 2; it is revoked in epoch 2 and no more in epoch 3."""
    made = build_world(memory_chain())
    ada = made.issue("Ada", slot=SLOT)
    made.seal()
    made.issue("Bela", slot=SLOT)
    made.mark(ada, Purpose.REVOCATION)
    made.seal()
    made.issue("Chen", slot=SLOT + 1)
    made.mark(ada, Purpose.REVOCATION, value=False)
    made.seal()
    return made


def status(epoch: int, *, purpose: Purpose = Purpose.REVOCATION) -> StatusProof:
    return world().prove(SLOT, purpose, epoch=epoch)


def entry(epoch: int) -> EntryProof:
    sealed = world().epochs[epoch - 1]
    (only,) = decode_entries(sealed.batches[0].data, sealed.batches[0].header)
    return entry_of_epoch(sealed, only)


@cache
def frauds() -> dict[str, Fraud]:
    log = world().log
    return {
        "un-revocation": unrevocation(world(), SLOT, revoked=2, unrevoked=3),
        "slot reuse": SlotReuse(log=log, slot=SLOT, first=entry(1), second=entry(2)),
        "revocation not made": BrokenRevocation(promise=promise(log, slot=SLOT, epoch=3), unrevoked=status(3)),
        "revocation overdue": BrokenRevocation(promise=promise(log, slot=SLOT, epoch=4), unrevoked=None),
        "inclusion missing": BrokenInclusion(promise=promise(log, leaf=sha256(b"missing"), slot=SLOT)),
    }


NAMES: Final = ("un-revocation", "slot reuse", "revocation not made", "revocation overdue", "inclusion missing")


@pytest.mark.parametrize("name", NAMES)
def test_evidence_is_read_as_it_was_written(name: str) -> None:
    fraud = frauds()[name]

    assert parse_fraud(fraud.to_json()) == fraud


def test_each_evidence_says_what_it_is_about() -> None:
    log = world().log
    roots = {number: epoch.manifest.root for number, epoch in enumerate(world().epochs, start=1)}

    facts = {name: (fraud.kind, fraud.log, fraud.slot, fraud.epoch, fraud.roots) for name, fraud in frauds().items()}

    assert facts == {
        "un-revocation": (FraudKind.UNREVOCATION, log, SLOT, 3, ((2, roots[2]), (3, roots[3]))),
        "slot reuse": (FraudKind.SLOT_REUSE, log, SLOT, 2, ((1, roots[1]), (2, roots[2]))),
        "revocation not made": (FraudKind.BROKEN_REVOCATION_PROMISE, log, SLOT, 3, ((3, roots[3]),)),
        "revocation overdue": (FraudKind.BROKEN_REVOCATION_PROMISE, log, SLOT, 4, ()),
        "inclusion missing": (FraudKind.BROKEN_INCLUSION_PROMISE, log, SLOT, 3, ()),
    }


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("change", ["unknown", "missing", "type", "version", "kind"])
def test_another_form_is_no_evidence(name: str, change: str) -> None:
    written: dict[str, Any] = dict(frauds()[name].to_json())
    match change:
        case "unknown":
            written["more"] = 1
        case "missing":
            del written["promise" if "promise" in written else "slot"]
        case "type":
            written["type"] = "CredrootPromise"
        case "version":
            written["version"] = 2
        case _:
            written["kind"] = "fraud"

    with pytest.raises(Malformed):
        parse_fraud(written)


def test_what_is_no_object_is_no_evidence() -> None:
    with pytest.raises(Malformed):
        parse_fraud([])


def test_a_file_names_the_log_of_its_proofs() -> None:
    written = frauds()["un-revocation"].to_json()
    other = replace(world().log, number=9)

    with pytest.raises(Malformed):
        parse_fraud({**written, "log": str(other)})


NOTHING: Final[dict[str, Callable[[], object]]] = {
    "the same epoch": lambda: Unrevocation(slot=SLOT, revoked=status(2), unrevoked=status(2)),
    "an earlier epoch": lambda: Unrevocation(slot=SLOT, revoked=status(2), unrevoked=status(1)),
    "another log": lambda: Unrevocation(
        slot=SLOT, revoked=status(2), unrevoked=replace(status(3), log=replace(world().log, number=9))
    ),
    "never revoked": lambda: Unrevocation(slot=SLOT, revoked=status(1), unrevoked=status(3)),
    "still revoked": lambda: Unrevocation(slot=SLOT, revoked=status(2), unrevoked=replace(status(2), epoch=3)),
    "a suspension": lambda: Unrevocation(
        slot=SLOT, revoked=status(2, purpose=Purpose.SUSPENSION), unrevoked=status(3, purpose=Purpose.SUSPENSION)
    ),
    "the same leaf": lambda: SlotReuse(log=world().log, slot=SLOT, first=entry(1), second=entry(1)),
    "another slot": lambda: SlotReuse(log=world().log, slot=SLOT + 1, first=entry(1), second=entry(2)),
    "a slot beyond 2^37": lambda: SlotReuse(log=world().log, slot=SLOT + 2**37, first=entry(1), second=entry(2)),
    "a promise of an inclusion": lambda: BrokenRevocation(
        promise=promise(world().log, leaf=sha256(b"leaf")), unrevoked=None
    ),
    "a promise of a revocation": lambda: BrokenInclusion(promise=promise(world().log)),
    "a revocation that was made": lambda: BrokenRevocation(
        promise=promise(world().log, slot=SLOT, epoch=2), unrevoked=status(2)
    ),
    "an epoch before the promise": lambda: BrokenRevocation(
        promise=promise(world().log, slot=SLOT, epoch=2), unrevoked=status(1)
    ),
    "a promise of another log": lambda: BrokenRevocation(
        promise=promise(replace(world().log, number=9), slot=SLOT, epoch=3), unrevoked=status(3)
    ),
}


@pytest.mark.parametrize("make", NOTHING.values(), ids=NOTHING)
def test_what_shows_nothing_wrong_is_no_evidence(make: Callable[[], object]) -> None:
    with pytest.raises(Malformed):
        make()


def test_a_proof_that_leads_elsewhere_is_no_evidence() -> None:
    with pytest.raises(ProofMismatch):
        Unrevocation(slot=SLOT, revoked=replace(status(2), root=sha256(b"other")), unrevoked=status(3))
    with pytest.raises(ProofMismatch):
        SlotReuse(log=world().log, slot=SLOT, first=replace(entry(1), leaf=sha256(b"other")), second=entry(2))


def digests(value: JsonValue, place: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Return the places of all hashes in a JSON value."""
    if isinstance(value, dict):
        return [found for name, item in value.items() for found in digests(item, (*place, name))]
    if isinstance(value, list):
        return [found for at, item in enumerate(value) for found in digests(item, (*place, at))]
    return [place] if isinstance(value, str) and len(value) == 64 else []


@given(data=st.data(), name=st.sampled_from(["un-revocation", "slot reuse", "revocation not made"]))
def test_no_hash_of_evidence_can_be_changed(data: st.DataObject, name: str) -> None:
    written: Any = json.loads(json.dumps(frauds()[name].to_json()))
    place = data.draw(st.sampled_from(digests(written)))
    position, digit = data.draw(st.integers(0, 63)), data.draw(st.sampled_from("0123456789abcdef"))
    holder = written
    for step in place[:-1]:
        holder = holder[step]
    before = holder[place[-1]]
    assume(before[position] != digit)
    holder[place[-1]] = before[:position] + digit + before[position + 1 :]

    with pytest.raises((Malformed, ProofMismatch)):
        parse_fraud(written)


def test_only_the_log_itself_commits_the_first_two_kinds() -> None:
    assert [kind for kind in FraudKind if kind.is_of_the_log] == [FraudKind.UNREVOCATION, FraudKind.SLOT_REUSE]
