"""Where the anchoring stands, on one screen: what waits and since when, the newest anchors, and what blocks them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Engine, Row, func, select

from anchor_worker.advice import advise
from anchor_worker.chain_watch import SeenBlock, look, place_of
from anchor_worker.final_store import Mismatch, SqlFinalAnchors
from anchor_worker.leader import present_leader
from anchor_worker.lease import Lease
from anchor_worker.obstacles import Reason
from anchor_worker.readings import Readings, read_readings
from anchor_worker.wiring import read_log
from registry.adapters.database import read_transaction
from registry.adapters.rpc import connect
from registry.adapters.tables import anchor, attempt, epoch
from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.fields import write_time
from registry.domain.log_name import LogName
from registry.ports import Clock
from registry.settings import ETHER, GWEI, Settings
from registry.store_ports import AnchorState

SHOWN_EPOCHS: Final = 10
"""What fits a screen; the published files have the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownAnchor:
    """One epoch's anchor, as people want to know it."""

    epoch: int
    state: AnchorState
    sealed_at: datetime
    published: bool
    block_number: int | None
    blocked_reason: str | None
    fee_paid_wei: int | None
    nonce: int | None
    attempts: int
    max_fee_wei: int | None
    """The newest attempt's offer for a unit of gas."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Everything that is shown."""

    log: str
    readings: Readings
    anchors: tuple[ShownAnchor, ...]
    """The newest first."""
    finalized: SeenBlock | None
    """By a node, where one could be asked and somebody waits for it."""
    leader: Lease | None
    """Who anchors, if anybody does."""
    mismatches: tuple[Mismatch, ...]
    """Final anchors that the chain denies."""


def read_status(settings: Settings, engine: Engine, clock: Clock) -> Status:
    """Read where the anchoring stands. Raises NotFound before the registry is initialised, Unavailable."""
    record = read_log(engine)
    anchors = _anchors(engine)
    waits = any(each.state is AnchorState.MINED for each in anchors)
    return Status(
        log=str(record.name),
        readings=read_readings(engine, now=clock.now()),
        anchors=anchors,
        finalized=_finalized(settings, record.name) if waits else None,
        leader=present_leader(engine, clock=clock),
        mismatches=SqlFinalAnchors(engine, clock=clock).mismatches(),
    )


def as_lines(status: Status) -> list[str]:
    """Write the status for people."""
    readings, waiting = status.readings, status.readings.waiting
    lines = [
        f"log       {status.log}",
        f"leader    {_leader(status.leader)}",
        f"waiting   {waiting.credentials} credentials, {waiting.status_changes} status changes",
        f"oldest    {_oldest(readings)}",
        f"fees      {readings.fees_spent_wei / ETHER:.6f} ether in 24 hours",
    ]
    lines += [
        f"halted    {Reason.FINAL_MISMATCH}: {each.detail}, seen {_moment(each.seen_at)}" for each in status.mismatches
    ]
    if readings.owed is not None:
        owed = readings.owed
        lines.append(f"promised  epoch {owed.through}, the first deadline {_moment(owed.deadline)}")
    for each in status.anchors:
        lines += _anchor_lines(each, status)
    return lines


def as_json(status: Status) -> JsonObject:
    """Write the status for programs; amounts of wei are text, as everywhere."""
    readings, waiting = status.readings, status.readings.waiting
    anchors: list[JsonValue] = [
        {
            "epoch": each.epoch,
            "state": each.state.value,
            "sealedAt": write_time(each.sealed_at),
            "published": each.published,
            "block": each.block_number,
            "nonce": each.nonce,
            "attempts": each.attempts,
            "feePaidWei": None if each.fee_paid_wei is None else str(each.fee_paid_wei),
            "blockedReason": each.blocked_reason,
            "advice": None if each.blocked_reason is None else advise(each.blocked_reason),
        }
        for each in status.anchors
    ]
    return {
        "log": status.log,
        "leader": None if status.leader is None else status.leader.holder,
        "halted": [each.detail for each in status.mismatches],
        "waiting": {"credentials": waiting.credentials, "statusChanges": waiting.status_changes},
        "oldestUnanchoredAgeSeconds": int(readings.unanchored_age.total_seconds()),
        "feesSpent24hWei": str(readings.fees_spent_wei),
        "promisedThrough": None if readings.owed is None else readings.owed.through,
        "firstDeadline": None if readings.owed is None else write_time(readings.owed.deadline.replace(microsecond=0)),
        "anchors": anchors,
    }


def _leader(lease: Lease | None) -> str:
    return "nobody" if lease is None else f"{lease.holder}, until {_moment(lease.until)}"


def _oldest(readings: Readings) -> str:
    if readings.oldest_unanchored_at is None:
        return "everything is final on chain"
    return f"waits since {_moment(readings.oldest_unanchored_at)}, {_duration(readings.unanchored_age)}"


def _anchor_lines(each: ShownAnchor, status: Status) -> list[str]:
    words = [f"epoch {each.epoch}", each.state.value, f"sealed {_moment(each.sealed_at)}"]
    if each.block_number is not None:
        words.append(f"block {each.block_number}")
    if each.state is AnchorState.MINED and status.finalized is not None:
        words.append(_progress(each, status.finalized))
    if each.state is not AnchorState.FINAL and each.attempts:
        words.append(_offers(each))
    if each.fee_paid_wei is not None:
        words.append(f"fee {each.fee_paid_wei / ETHER:.6f} ether")
    if each.published:
        words.append("published")
    lines = ["  ".join(words)]
    if each.blocked_reason is not None:
        lines += [f"    {each.blocked_reason}", f"    -> {advise(each.blocked_reason)}"]
    return lines


def _progress(each: ShownAnchor, finalized: SeenBlock) -> str:
    missing = (each.block_number or 0) - finalized.number
    return f"{missing} blocks to finality" if missing > 0 else "finalized, to be noted"


def _offers(each: ShownAnchor) -> str:
    times = "attempt" if each.attempts == 1 else "attempts"
    offer = "" if each.max_fee_wei is None else f", at most {each.max_fee_wei / GWEI:.2f} gwei"
    return f"{each.attempts} {times} at nonce {each.nonce}{offer}"


def _anchors(engine: Engine) -> tuple[ShownAnchor, ...]:
    newest = select(epoch, anchor).join_from(epoch, anchor).order_by(epoch.c.number.desc()).limit(SHOWN_EPOCHS)
    with read_transaction(engine) as connection:
        rows = connection.execute(newest).all()
        numbers = [row.number for row in rows]
        counted = connection.execute(
            select(attempt.c.epoch, func.count().label("attempts"), func.max(attempt.c.nonce).label("nonce"))
            .where(attempt.c.epoch.in_(numbers))
            .group_by(attempt.c.epoch)
        ).all()
        offers = connection.execute(
            select(attempt.c.epoch, attempt.c.max_fee_wei).where(attempt.c.epoch.in_(numbers))
        ).all()
    counts = {row.epoch: row for row in counted}
    # The newest attempt is the dearest; amounts are text, which a database compares otherwise.
    highest: dict[int, int] = {}
    for number, fee in offers:
        highest[number] = max(fee, highest.get(number, 0))
    return tuple(_shown(row, counts.get(row.number), highest.get(row.number)) for row in rows)


# Any: rows of the tables.
def _shown(row: Row[Any], count: Row[Any] | None, max_fee_wei: int | None) -> ShownAnchor:
    return ShownAnchor(
        epoch=row.number,
        state=AnchorState(row.state),
        sealed_at=row.sealed_at,
        published=row.published_at is not None,
        block_number=row.block_number,
        blocked_reason=row.blocked_reason,
        fee_paid_wei=row.fee_paid_wei,
        nonce=None if count is None else count.nonce,
        attempts=0 if count is None else count.attempts,
        max_fee_wei=max_fee_wei,
    )


def _finalized(settings: Settings, log: LogName) -> SeenBlock | None:
    for url in settings.rpc_urls:
        node = connect(url, timeout_seconds=settings.rpc_timeout_seconds)
        facts = look(node, place=place_of(url), log=log).facts
        if facts is not None:
            return facts.finalized
    return None


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _duration(duration: timedelta) -> str:
    minutes = int(duration.total_seconds()) // 60
    days, hours = minutes // 1440, minutes // 60 % 24
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"
