"""What the database says of the anchoring, read in one transaction: for those who watch, and for people."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, func, select

from anchor_worker.budget import DAY
from anchor_worker.obstacles import Reason
from anchor_worker.offers import Refusal
from anchor_worker.spending import read_spending
from registry.adapters.database import read_transaction
from registry.adapters.epoch_store import EpochStore
from registry.adapters.promise_store import PromiseStore
from registry.adapters.tables import anchor, attempt, epoch, final_mismatch
from registry.store_ports import AnchorState, OwedEpochs, Waiting

TAKEN: Final = "taken"
UNKNOWN: Final = "unknown"
OUTCOMES: Final = (TAKEN, UNKNOWN, *(refusal.value for refusal in Refusal))
"""What came of the newest sending of an attempt: no more words than these, whatever nodes say."""
OTHER_REASON: Final = "other"
ROWS_AT_ONCE: Final = 200
"""More than are ever open, and most of what a day anchors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """Where the anchoring stands at one moment."""

    taken_at: datetime
    waiting: Waiting
    anchors: Mapping[AnchorState, int]
    """Epochs by state of their anchor, every state named."""
    blocked: Mapping[str, int]
    """Blocked anchors by reason, every reason named."""
    oldest_unanchored_at: datetime | None
    """When the oldest thing was accepted that is not final on chain yet; None when everything is."""
    oldest_unfinal_at: datetime | None
    """When the oldest epoch was sealed whose anchor is not final; None when all are."""
    open_attempts: int
    """Transactions signed for the oldest open anchor."""
    outcomes: Mapping[str, int]
    """Attempts of open anchors by the answer to their newest sending, every answer named."""
    fees_spent_wei: int
    """By blocks of the last 24 hours, failed transactions among them."""
    committed_wei: int
    """That, and the most that signed transactions in no block can cost."""
    final_mismatches: int
    """Final anchors that the chain denies."""
    next_nonce: int
    """One above the newest that an anchor was given; 0 before the first."""
    newest_sealed: int
    newest_final: int
    newest_published: int
    owed: OwedEpochs | None

    @property
    def unanchored_age(self) -> timedelta:
        """How long the oldest has been kept waiting; nothing when everything is final."""
        return _age(self.taken_at, self.oldest_unanchored_at)

    @property
    def unfinal_age(self) -> timedelta:
        """How long the oldest epoch has been on its way."""
        return _age(self.taken_at, self.oldest_unfinal_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What was counted since the first epoch."""

    attempts: int = 0
    sends: int = 0
    reorganisations: int = 0

    def plus(self, other: "Tally") -> "Tally":
        """Add two of them."""
        return Tally(
            attempts=self.attempts + other.attempts,
            sends=self.sends + other.sends,
            reorganisations=self.reorganisations + other.reorganisations,
        )


class Tallier:
    """Counts over every epoch; those that are final never change, and are read once."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._through = 0
        self._settled = Tally()

    def read(self, *, final: int) -> Tally:
        """Return the tally; epochs up to a number are known to be final. Raises Unavailable."""
        with read_transaction(self._engine) as connection:
            settled = self._settled.plus(_tally(connection, self._through + 1, final))
            rest = _tally(connection, final + 1, None)
        self._through, self._settled = max(final, self._through), settled
        return settled.plus(rest)


def _tally(connection: Connection, first: int, last: int | None) -> Tally:
    counted = select(func.count(), func.coalesce(func.sum(attempt.c.sends), 0)).where(attempt.c.epoch >= first)
    vanished = select(func.coalesce(func.sum(anchor.c.reorg_count), 0)).where(anchor.c.epoch >= first)
    if last is not None:
        counted, vanished = counted.where(attempt.c.epoch <= last), vanished.where(anchor.c.epoch <= last)
    attempts, sends = connection.execute(counted).one()
    return Tally(attempts=attempts, sends=sends, reorganisations=connection.execute(vanished).scalar_one())


def read_readings(engine: Engine, *, now: datetime) -> Readings:
    """Read where the anchoring stands. Raises Unavailable."""
    with read_transaction(engine) as connection:
        return _read(connection, now)


def _read(connection: Connection, now: datetime) -> Readings:
    waiting, spending = EpochStore(connection).waiting(), read_spending(connection, besides=0)
    open_anchors = _open_anchors(connection)
    since = [each.since for each in open_anchors]
    moments = [*since, waiting.oldest_at]
    newest_sealed = connection.execute(select(func.coalesce(func.max(epoch.c.number), 0))).scalar_one()
    states = Counter(each.state for each in open_anchors)
    states[AnchorState.FINAL] = newest_sealed - len(open_anchors)
    open_attempts = _attempts(connection, [each.epoch for each in open_anchors])
    oldest = min((each.epoch for each in open_anchors), default=None)
    return Readings(
        taken_at=now,
        waiting=waiting,
        anchors={state: states[state] for state in AnchorState},
        blocked=_blocked(open_anchors),
        oldest_unanchored_at=min((moment for moment in moments if moment is not None), default=None),
        oldest_unfinal_at=min((each.sealed_at for each in open_anchors), default=None),
        open_attempts=sum(row.epoch == oldest for row in open_attempts),
        outcomes=_outcomes(open_attempts),
        fees_spent_wei=spending.paid_wei(now - DAY),
        committed_wei=spending.committed_wei(now - DAY),
        final_mismatches=connection.execute(select(func.count()).select_from(final_mismatch)).scalar_one(),
        next_nonce=_next_nonce(connection),
        newest_sealed=newest_sealed,
        newest_final=states[AnchorState.FINAL],
        newest_published=_newest_published(connection),
        owed=PromiseStore(connection).owed(),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _OpenAnchor:
    epoch: int
    state: AnchorState
    sealed_at: datetime
    since: datetime
    """When the oldest of what the epoch holds was accepted: sealing anchors nothing."""
    blocked_reason: str | None


def _open_anchors(connection: Connection) -> list[_OpenAnchor]:
    # Anchors become final one after the other, so those that are not are the newest: there may be a million others.
    statement = (
        select(epoch.c.number, epoch.c.sealed_at, epoch.c.waiting_since, anchor.c.state, anchor.c.blocked_reason)
        .join_from(epoch, anchor)
        .order_by(epoch.c.number.desc())
        .execution_options(yield_per=ROWS_AT_ONCE)
    )
    found: list[_OpenAnchor] = []
    with connection.execute(statement) as rows:
        for row in rows:
            if row.state == AnchorState.FINAL.value:
                break
            found.append(
                _OpenAnchor(
                    epoch=row.number,
                    state=AnchorState(row.state),
                    sealed_at=row.sealed_at,
                    since=row.sealed_at if row.waiting_since is None else row.waiting_since,
                    blocked_reason=row.blocked_reason,
                )
            )
    return found


# Any: rows of the tables.
def _attempts(connection: Connection, epochs: Sequence[int]) -> list[Row[Any]]:
    if not epochs:
        return []
    statement = select(attempt.c.epoch, attempt.c.sends, attempt.c.last_error)
    return list(connection.execute(statement.where(attempt.c.epoch >= min(epochs))))


def _blocked(open_anchors: Sequence[_OpenAnchor]) -> dict[str, int]:
    counts = dict.fromkeys((*(reason.value for reason in Reason), OTHER_REASON), 0)
    for each in open_anchors:
        if each.blocked_reason is not None:
            reason = each.blocked_reason.partition(":")[0]
            counts[reason if reason in counts else OTHER_REASON] += 1
    return counts


def _outcomes(rows: list[Row[Any]]) -> dict[str, int]:
    counts = dict.fromkeys(OUTCOMES, 0)
    for row in rows:
        if row.sends:
            outcome = TAKEN if row.last_error is None else row.last_error.partition(":")[0]
            counts[outcome if outcome in counts else UNKNOWN] += 1
    return counts


def _next_nonce(connection: Connection) -> int:
    statement = select(anchor.c.nonce).where(anchor.c.nonce.is_not(None)).order_by(anchor.c.epoch.desc()).limit(1)
    newest = connection.execute(statement).scalar_one_or_none()
    return 0 if newest is None else newest + 1


def _newest_published(connection: Connection) -> int:
    statement = select(epoch.c.number).where(epoch.c.published_at.is_not(None)).order_by(epoch.c.number.desc()).limit(1)
    return connection.execute(statement).scalar_one_or_none() or 0


def _age(now: datetime, since: datetime | None) -> timedelta:
    # Another machine's clock may be ahead of ours: nothing waits since later than now.
    return timedelta() if since is None else max(now - since, timedelta())
