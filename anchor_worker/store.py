"""The anchors' table, changed by compare-and-set, and their attempts, to which rows are only added.

    load (version v) -> step -> UPDATE ... SET version = v + 1 WHERE epoch = e AND version = v

No row hit: another worker was faster, and this one starts again from what is stored now. What a node said last of an
attempt, and when it was sent, are notes outside of the comparison: they decide nothing that must not be repeated.

Every write begins with the fence (docs/decisions/0036): a worker that leads no more changes nothing, not even a note.
Every change of an anchor leaves a row in `anchor_event`, in the same transaction.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, NamedTuple, TypeAlias

from sqlalchemy import Connection, Engine, Row, func, insert, literal, select, update

from anchor_worker.fees import Fees
from anchor_worker.machine import Phase, Place, State
from anchor_worker.obstacles import Obstacle, Reason
from anchor_worker.offers import Attempt, Refusal
from anchor_worker.ports import Reply, SignedAttempt, StoredAnchor
from anchor_worker.spending import (
    IS_OPEN,
    add_spent_nonces,
    check_budget,
    lowest_nonce,
    may_be_mined,
    read_spending,
    read_spent_nonces,
)
from registry.adapters.column_types import Moment
from registry.adapters.database import read_transaction, write_transaction
from registry.adapters.identifiers import Identifiers
from registry.adapters.tables import anchor, anchor_event, attempt
from registry.domain.errors import Conflict, NotFound
from registry.domain.hashing import Digest
from registry.ports import Clock
from registry.store_ports import AttemptKind

MAX_DETAIL_CHARACTERS: Final = 1_000
"""A node's words are shown to people; more than this is no message."""

Fence: TypeAlias = Callable[[Connection], int]
"""Checks, inside a transaction, that this worker leads until it ends, and returns the lease's token. Raises Fenced."""

_SEPARATOR: Final = ": "
_UNKNOWN: Final = "unknown"


class SqlAnchorStore:
    """Anchors of one account in SQLite or PostgreSQL."""

    def __init__(self, engine: Engine, *, sender: str, fence: Fence, clock: Clock) -> None:
        """`sender` is the anchoring account's address, lower-case hex with 0x."""
        self._engine = engine
        self._sender = sender
        self._fence = fence
        self._clock = clock
        self._identifiers = Identifiers(clock)

    def open_anchor(self) -> StoredAnchor | None:
        """Return the lowest epoch's anchor that is not FINAL."""
        with read_transaction(self._engine) as connection:
            row = connection.execute(select(anchor).where(IS_OPEN).order_by(anchor.c.epoch).limit(1)).one_or_none()
            return None if row is None else self._stored(connection, row)

    def save(self, stored: StoredAnchor, state: State) -> StoredAnchor:
        """Store another state. Raises Conflict `anchor-moved`, Fenced."""
        with write_transaction(self._engine) as connection:
            return self._save(connection, stored, state)

    def add_attempt(self, stored: StoredAnchor, state: State, signed: SignedAttempt) -> StoredAnchor:
        """Store a signed transaction and the state it leads to, together. Raises Conflict `anchor-moved`, Fenced."""
        new = signed.attempt
        with write_transaction(self._engine) as connection:
            saved = self._save(connection, stored, state)
            check_budget(connection, state.epoch, signed)
            connection.execute(
                insert(attempt).values(
                    id=self._identifiers.new(),
                    epoch=state.epoch,
                    sender=self._sender,
                    kind=AttemptKind.ANCHOR.value,
                    nonce=new.nonce,
                    transaction_hash=_to_bytes(new.transaction),
                    raw=signed.raw,
                    max_fee_wei=new.fees.max_fee_wei,
                    tip_wei=new.fees.tip_wei,
                    gas=new.gas,
                    signed_at=new.signed_at,
                    sends=0,
                )
            )
            return saved

    def begin_sending(self, transaction: str) -> bytes:
        """Note that an attempt is about to be sent, and return its stored bytes. Raises NotFound, Fenced."""
        now = self._clock.now()
        with write_transaction(self._engine) as connection:
            self._fence(connection)
            raw = connection.execute(
                update(attempt)
                .where(attempt.c.transaction_hash == _to_bytes(transaction))
                .values(
                    sends=attempt.c.sends + 1,
                    # Typed: on its own a time would be the database's, not ours.
                    first_sent_at=func.coalesce(attempt.c.first_sent_at, literal(now, Moment)),
                    last_sent_at=now,
                )
                .returning(attempt.c.raw)
            ).scalar_one_or_none()
        if raw is None:
            raise NotFound("attempt-missing", f"no attempt {transaction}")
        return bytes(raw)

    def record_reply(self, transaction: str, reply: Reply) -> None:
        """Note what came of a sending. Raises Fenced: then nobody needs the note, the new leader asks the chain."""
        kind = reply.refusal.value if reply.refusal is not None else _UNKNOWN
        said = reply.refusal is not None or reply.detail
        words = f"{kind}{_SEPARATOR}{reply.detail}"[:MAX_DETAIL_CHARACTERS] if said else None
        with write_transaction(self._engine) as connection:
            self._fence(connection)
            connection.execute(
                update(attempt).where(attempt.c.transaction_hash == _to_bytes(transaction)).values(last_error=words)
            )

    def _save(self, connection: Connection, stored: StoredAnchor, state: State) -> StoredAnchor:
        token = self._fence(connection)
        before, now = stored.state, self._clock.now()
        values = _columns(state) | {"version": stored.version + 1, "updated_at": now}
        values |= {"sender": None if state.nonce is None else self._sender, "nonce": state.nonce}
        if before.phase is Phase.MINED and state.place is None:
            values["reorg_count"] = anchor.c.reorg_count + 1
        if state.phase is Phase.FINAL:
            values["final_at"] = now
        hit = connection.execute(
            update(anchor)
            .where(anchor.c.epoch == state.epoch, anchor.c.version == stored.version)
            .values(**values)
            .returning(anchor.c.epoch)
        ).one_or_none()
        if hit is None:
            raise Conflict("anchor-moved", f"the anchor of epoch {state.epoch} was changed by another worker")
        # An obstacle's figures follow the market: alone they would be an event a round.
        if _outline(before) != _outline(state):
            connection.execute(
                insert(anchor_event).values(
                    epoch=state.epoch,
                    version=stored.version + 1,
                    at=now,
                    before=before.phase.value,
                    after=state.phase.value,
                    reason=_outline(state).reason,
                    detail=_facts(before, state),
                    token=token,
                )
            )
        add_spent_nonces(connection, state.epoch, state.spent[len(before.spent) :], sender=self._sender)
        return StoredAnchor(state=state, version=stored.version + 1)

    def _stored(self, connection: Connection, row: Row[Any]) -> StoredAnchor:  # Any: rows of all columns have no type
        found = connection.execute(select(attempt).where(attempt.c.epoch == row.epoch, may_be_mined()))
        # Each replacement pays more than the one before: the order of signing, whatever the clock did.
        attempts = sorted((_attempt(each) for each in found), key=lambda each: each.fees.max_fee_wei)
        floor = lowest_nonce(connection, chain_id=row.chain_id, sender=self._sender, epoch=row.epoch)
        state = State(
            epoch=row.epoch,
            root=Digest(row.root),
            phase=Phase(row.state),
            attempts=tuple(attempts),
            place=_place(row),
            obstacle=_obstacle(row.blocked_reason),
            nonce_floor=floor,
            spent=read_spent_nonces(connection, row.epoch),
            spending=read_spending(connection, besides=row.epoch),
        )
        return StoredAnchor(state=state, version=row.version)


def _columns(state: State) -> dict[str, Any]:  # Any: one value a column, of the column's type
    place, obstacle = state.place, state.obstacle
    reason = None if obstacle is None else f"{obstacle.reason}{_SEPARATOR}{obstacle.detail}"[:MAX_DETAIL_CHARACTERS]
    return {
        "state": state.phase.value,
        "blocked_reason": reason,
        "transaction_hash": None if place is None else _to_bytes(place.transaction),
        "transaction_index": None if place is None else place.transaction_index,
        "block_number": None if place is None else place.block_number,
        "block_hash": None if place is None else _to_bytes(place.block_hash),
        "block_time": None if place is None else place.block_time,
        "gas_used": None if place is None else place.gas_used,
        "fee_paid_wei": None if place is None else place.fee_paid_wei,
    }


class _Outline(NamedTuple):
    phase: Phase
    reason: Reason | None
    place: Place | None
    attempts: int


def _outline(state: State) -> _Outline:
    reason = None if state.obstacle is None else state.obstacle.reason
    return _Outline(phase=state.phase, reason=reason, place=state.place, attempts=len(state.attempts))


def _facts(before: State, after: State) -> str | None:
    if after.obstacle is not None:
        return after.obstacle.detail[:MAX_DETAIL_CHARACTERS]
    if after.place is not None:
        return f"{after.place.transaction} in block {after.place.block_number} {after.place.block_hash}"
    return after.attempts[-1].transaction if len(after.attempts) > len(before.attempts) else None


def _place(row: Row[Any]) -> Place | None:  # Any: as above
    if row.transaction_hash is None:
        return None
    block_time: datetime = row.block_time
    return Place(
        transaction=_to_hex(row.transaction_hash),
        transaction_index=row.transaction_index,
        block_number=row.block_number,
        block_hash=_to_hex(row.block_hash),
        block_time=block_time,
        gas_used=row.gas_used,
        fee_paid_wei=row.fee_paid_wei,
    )


def _attempt(row: Row[Any]) -> Attempt:  # Any: as above
    kind, _, detail = (row.last_error or _UNKNOWN).partition(_SEPARATOR)
    return Attempt(
        transaction=_to_hex(row.transaction_hash),
        nonce=row.nonce,
        fees=Fees(max_fee_wei=row.max_fee_wei, tip_wei=row.tip_wei),
        gas=row.gas,
        signed_at=row.signed_at,
        refusal=None if kind == _UNKNOWN else Refusal(kind),
        refusal_detail=detail,
    )


def _obstacle(text: str | None) -> Obstacle | None:
    if text is None:
        return None
    reason, _, detail = text.partition(_SEPARATOR)
    return Obstacle(reason=Reason(reason), detail=detail)


def _to_hex(data: bytes) -> str:
    return "0x" + bytes(data).hex()


def _to_bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))
