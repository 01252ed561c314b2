"""What is true, by the test's own bookkeeping and the chain's word alone: what was paid, what may be, what waits.

None of it is read from what the worker notes about its anchors. The database is asked only for bytes: those of the
transactions that were signed, and those that an epoch is made of, which its root on chain vouches for.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from eth_account.typed_transactions.typed_transaction import TypedTransaction
from hexbytes import HexBytes
from sqlalchemy import Engine, select
from web3.contract import Contract

from anchor_worker.sealing import check_stored_epoch
from registry.adapters.tables import attempt
from registry.domain.batch import BatchHeader, decode_entries
from registry.domain.canonical import parse_object
from registry.domain.slot import LIST_SIZE, Purpose
from registry.domain.status_tree import read_bit
from tests.anchor_worker.sites import Site

DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A signed transaction, as its bytes have it."""

    nonce: int
    gas: int
    max_fee_wei: int
    tip_wei: int

    @property
    def cost_wei(self) -> int:
        """The most that it can cost."""
        return self.gas * self.max_fee_wei


def read_offers(engine: Engine, *, from_nonce: int = 0) -> list[Offer]:
    """Decode what was ever signed from a nonce on, the cheapest of a nonce first."""
    statement = select(attempt.c.raw).where(attempt.c.nonce >= from_nonce)
    with engine.connect() as connection:
        offers = [_offer(raw) for raw in connection.execute(statement).scalars()]
    return sorted(offers, key=lambda offer: (offer.nonce, offer.max_fee_wei))


def _offer(raw: bytes) -> Offer:
    fields = TypedTransaction.from_bytes(HexBytes(raw)).as_dict()
    return Offer(
        nonce=int(fields["nonce"]),
        gas=int(fields["gas"]),
        max_fee_wei=int(fields["maxFeePerGas"]),
        tip_wei=int(fields["maxPriorityFeePerGas"]),
    )


@dataclass(slots=True, kw_only=True)
class Spent:
    """What the account paid, block by block."""

    site: Site
    engine: Engine
    payments: list[tuple[datetime, int]] = field(default_factory=list)

    def look_at(self, block: int) -> None:
        """Add up what the account's transactions of a block cost."""
        found = self.site.web3.eth.get_block(block, full_transactions=True)
        at = datetime.fromtimestamp(found["timestamp"], UTC)
        for transaction in found["transactions"]:
            assert not isinstance(transaction, bytes)
            if transaction["from"] == self.site.account.address:
                receipt = self.site.web3.eth.get_transaction_receipt(transaction["hash"])
                self.payments.append((at, receipt["gasUsed"] * receipt["effectiveGasPrice"]))

    def of_a_day(self, now: datetime) -> int:
        """Return what the last 24 hours cost."""
        return sum(wei for at, wei in self.payments if at > now - DAY)

    def still_possible(self) -> int:
        """Return the most that signed transactions in no block can cost: one of each nonce."""
        mined = self.site.web3.eth.get_transaction_count(self.site.account.address)
        dearest: dict[int, int] = {}
        for offer in read_offers(self.engine, from_nonce=mined):
            dearest[offer.nonce] = max(dearest.get(offer.nonce, 0), offer.cost_wei)
        return sum(dearest.values())


@dataclass(slots=True, kw_only=True)
class Waiting:
    """What was accepted and is not final on chain, and since when."""

    site: Site
    contract: Contract
    leaves: dict[bytes, datetime] = field(default_factory=dict)
    revocations: dict[int, datetime] = field(default_factory=dict)
    """By slot."""
    final_epoch: int = 0

    def oldest(self) -> datetime | None:
        """Return since when the oldest waits."""
        return min((*self.leaves.values(), *self.revocations.values()), default=None)

    def ask_the_chain(self) -> None:
        """Take away what epochs hold whose roots the newest final block has. A leaf that comes twice is a KeyError."""
        while (root := self._final_root(self.final_epoch + 1)) != bytes(32):
            self.final_epoch += 1
            self._take_away(self.final_epoch, root)

    def _final_root(self, number: int) -> bytes:
        question = self.contract.functions.rootAt(self.site.log.name.number, number)
        return bytes(question.call(block_identifier="finalized"))

    def _take_away(self, number: int, root: bytes) -> None:
        with self.site.store.read() as unit:
            assert unit.epochs.get(number).root == root
            check_stored_epoch(unit, number)
            for batch in unit.epochs.batches(number):
                header = BatchHeader.parse(parse_object(batch.header))
                for entry in decode_entries(unit.epochs.batch_entries(batch.id), header):
                    del self.leaves[entry.leaf]
            for slot in tuple(self.revocations):
                listed, index = divmod(slot, LIST_SIZE)
                if read_bit(unit.epochs.list_bits(number, Purpose.REVOCATION, listed), index):
                    del self.revocations[slot]
