"""What must hold of a store once everything is sealed: each credential in one batch of one epoch, no promise broken."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from sqlalchemy import Engine, func, select

from anchor_worker.sealing import check_stored_epoch
from registry.adapters import tables
from registry.adapters.promise_tables import promise
from registry.adapters.sql_store import SqlStore
from registry.domain.batch import BatchHeader, decode_entries
from registry.domain.canonical import parse_object
from registry.domain.promise import PromiseKind
from registry.domain.slot import LIST_SIZE, Purpose
from registry.domain.status_tree import read_bit


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """What was found."""

    epochs: int
    batches: int
    credentials: int


def check_sealed_once(store: SqlStore, engine: Engine, leaves: Iterable[bytes]) -> Sealed:
    """Read back every epoch from its stored bytes; `leaves` are those of all credentials ever issued.

    Raises AssertionError for whatever waits still, stands twice, is missing, or was promised earlier.
    """
    epoch, places = _read_back(store)
    credential, entry, batch = tables.credential, tables.credential_entry, tables.batch
    statement = (
        select(credential.c.leaf, credential.c.slot, entry.c.batch_id, entry.c.entry_index, batch.c.epoch)
        .join_from(credential, entry, entry.c.credential_id == credential.c.id)
        .join(batch, batch.c.id == entry.c.batch_id)
    )
    with engine.begin() as connection:
        noted = [tuple(row) for row in connection.execute(statement)]
        entries = connection.execute(select(func.count()).select_from(entry)).scalar_one()
    assert Counter(noted) == Counter(places)
    assert Counter(leaf for leaf, *_ in places) == Counter(leaves)
    assert entries == len(places)
    _check_promises(store, engine, {slot: number for _, slot, _, _, number in places})
    return Sealed(epochs=epoch, batches=len({place[2] for place in places}), credentials=len(places))


_Place: TypeAlias = tuple[bytes, int, UUID, int, int]
"""Leaf, slot, batch, index, epoch."""


def _read_back(store: SqlStore) -> tuple[int, list[_Place]]:
    places: list[_Place] = []
    with store.read() as unit:
        newest = unit.epochs.newest()
        epochs = 0 if newest is None else newest.number
        assert (unit.epochs.waiting().credentials, unit.epochs.ready_batches()) == (0, ())
        assert unit.promises.owed() is None
        for number in range(1, epochs + 1):
            check_stored_epoch(unit, number)
            for batch in unit.epochs.batches(number):
                header = BatchHeader.parse(parse_object(batch.header))
                content = decode_entries(unit.epochs.batch_entries(batch.id), header)
                places += [
                    (each.leaf, each.slot, batch.id, index, number) for index, each in enumerate(content, start=1)
                ]
    return epochs, places


def _check_promises(store: SqlStore, engine: Engine, epochs: Mapping[int, int]) -> None:
    with engine.begin() as connection:
        promised = connection.execute(select(promise.c.kind, promise.c.slot, promise.c.epoch)).all()
    with store.read() as unit:
        for kind, slot, epoch in promised:
            if kind == PromiseKind.INCLUSION:
                assert epochs[slot] <= epoch
            else:
                number, index = divmod(slot, LIST_SIZE)
                assert read_bit(unit.epochs.list_bits(epoch, Purpose.REVOCATION, number), index)
