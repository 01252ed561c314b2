"""What the tables say was paid and may still be paid, and the nonces that failed transactions used up.

Amounts are summed up here and not by the database: 256 bits fit none of its integers.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, func, insert, literal, literal_column, select, union_all

from anchor_worker.budget import DAY, Payment, Spending
from anchor_worker.machine import Place, SpentNonce
from anchor_worker.ports import SignedAttempt
from registry.adapters.statements import lock_table
from registry.adapters.tables import anchor, attempt, spent_nonce
from registry.domain.errors import Conflict

_ONE_AT_A_TIME: Final = "SHARE ROW EXCLUSIVE"
IS_OPEN: Final = anchor.c.state != literal_column("'FINAL'")
"""Spelled as in the index over the few that are: a bound value would not be known to be the same."""


def read_spending(connection: Connection, *, besides: int) -> Spending:
    """Return what was paid in the day before the newest payment, and what other anchors than one may still cost."""
    newest = max(
        (
            moment
            for column in (anchor.c.block_time, spent_nonce.c.block_time)
            if (moment := connection.execute(select(func.max(column))).scalar_one()) is not None
        ),
        default=None,
    )
    payments: tuple[Payment, ...] = ()
    if newest is not None:
        paid = union_all(
            *(
                select(rows.c.block_time, rows.c.fee_paid_wei).where(rows.c.block_time > newest - DAY)
                for rows in (anchor, spent_nonce)
            )
        )
        found = connection.execute(paid)
        payments = tuple(Payment(block_time=row.block_time, wei=row.fee_paid_wei) for row in found)
    return Spending(payments=payments, reserved_wei=_reserved_wei(connection, besides=besides))


def check_budget(connection: Connection, epoch: int, signed: SignedAttempt) -> None:
    """Look at the budget again in the transaction that stores a signed one, in which nobody else spends.

    Raises Conflict `budget-exceeded`.
    """
    # SQLite has one writer at a time anyway.
    lock_table(connection, attempt, _ONE_AT_A_TIME)
    left_wei = signed.budget.left_wei(read_spending(connection, besides=epoch))
    if signed.attempt.cost_wei > left_wei:
        raise Conflict(
            "budget-exceeded", f"expected {signed.attempt.cost_wei} wei, the day's budget has {left_wei} by now"
        )


def may_be_mined() -> ColumnElement[bool]:
    """Return the condition that an attempt's nonce is not used up; another account may have used up the same number."""
    same = (spent_nonce.c[name] == attempt.c[name] for name in ("epoch", "sender", "nonce"))
    return ~select(literal(1)).where(*same).exists()


def lowest_nonce(connection: Connection, *, chain_id: int, sender: str, epoch: int) -> int:
    """Return one above the highest nonce that an account used for an earlier epoch, or used up for this one."""
    earlier = select(func.max(anchor.c.nonce)).where(
        anchor.c.chain_id == chain_id, anchor.c.sender == sender, anchor.c.epoch < epoch
    )
    used_up = select(func.max(spent_nonce.c.nonce)).where(spent_nonce.c.sender == sender, spent_nonce.c.epoch <= epoch)
    found = [connection.execute(each).scalar_one() for each in (earlier, used_up)]
    return max((nonce + 1 for nonce in found if nonce is not None), default=0)


def read_spent_nonces(connection: Connection, epoch: int) -> tuple[SpentNonce, ...]:
    """Return the nonces that an epoch used up, in the order of failing."""
    rows = select(spent_nonce).where(spent_nonce.c.epoch == epoch).order_by(spent_nonce.c.block_number)
    return tuple(_spent(row) for row in connection.execute(rows))


def add_spent_nonces(connection: Connection, epoch: int, spent: Sequence[SpentNonce], *, sender: str) -> None:
    """Note nonces of an account that are used up from now on."""
    for each in spent:
        place = each.place
        connection.execute(
            insert(spent_nonce).values(
                epoch=epoch,
                sender=sender,
                nonce=each.nonce,
                gas=each.gas,
                transaction_hash=bytes.fromhex(place.transaction.removeprefix("0x")),
                transaction_index=place.transaction_index,
                block_number=place.block_number,
                block_hash=bytes.fromhex(place.block_hash.removeprefix("0x")),
                block_time=place.block_time,
                gas_used=place.gas_used,
                fee_paid_wei=place.fee_paid_wei,
            )
        )


def _reserved_wei(connection: Connection, *, besides: int) -> int:
    """Sum up the most that the transactions of other anchors can cost: of each nonce one is mined, at worst the dearest."""
    costs: dict[int, int] = {}
    rows = (
        select(attempt.c.epoch, attempt.c.gas, attempt.c.max_fee_wei)
        .join(anchor, anchor.c.epoch == attempt.c.epoch)
        .where(IS_OPEN, anchor.c.block_number.is_(None), anchor.c.epoch != besides, may_be_mined())
    )
    for row in connection.execute(rows):
        costs[row.epoch] = max(costs.get(row.epoch, 0), row.gas * row.max_fee_wei)
    return sum(costs.values())


def _spent(row: Row[Any]) -> SpentNonce:  # Any: rows of all columns have no type
    return SpentNonce(
        nonce=row.nonce,
        gas=row.gas,
        place=Place(
            transaction="0x" + bytes(row.transaction_hash).hex(),
            transaction_index=row.transaction_index,
            block_number=row.block_number,
            block_hash="0x" + bytes(row.block_hash).hex(),
            block_time=row.block_time,
            gas_used=row.gas_used,
            fee_paid_wei=row.fee_paid_wei,
        ),
    )
