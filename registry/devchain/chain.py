"""The chain itself: blocks made one after another by this process, each durable before anyone hears of it.

    raw transaction -> admission -> block -> COMMIT -> hash to the sender

There is no pool: a transaction is in a block when its sender gets the answer, or it is nowhere. There are no forks:
every stored block is canonical and final. Fork rules are Prague's.
"""

import secrets
import threading
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import rlp
from eth.abc import BlockHeaderAPI, ReceiptAPI, SignedTransactionAPI, StateAPI
from eth.chains.base import Chain
from eth.db.atomic import AtomicDB
from eth.exceptions import HeaderNotFound, TransactionNotFound
from eth.vm.chain_context import ChainContext
from eth.vm.forks.prague import PragueVM
from eth_typing import Address, BlockNumber, Hash32
from eth_utils.exceptions import ValidationError

from registry.devchain.admission import check_admission, decode_transaction
from registry.devchain.database import ChainDatabase
from registry.devchain.errors import ForeignDatabase, TransactionRefused
from registry.devchain.genesis import genesis_parameters, genesis_state

SENDER_CACHE_SIZE = 4096
# Recovering a sender takes 8 ms without a native library; receipts are asked for again and again while being awaited.

DATABASE_NAME = "chain.sqlite3"


class DevChain:
    """A chain of blocks over a database.

    Every use goes through `lock`: the database has one connection, and a block being made must not be seen half.
    """

    def __init__(self, database: ChainDatabase, *, chain_id: int, now: Callable[[], int]) -> None:
        """Take over a database that holds a genesis block; `create_or_open` makes one."""
        self.lock = threading.RLock()
        self.chain_id = chain_id
        self.database = database
        self._now = now
        self._chain = _chain_class(chain_id)(AtomicDB(database))
        self._recover_sender = lru_cache(maxsize=SENDER_CACHE_SIZE)(_recover_sender)

    @classmethod
    def create_or_open(
        cls, folder: Path | None, *, chain_id: int, funded: Sequence[Address], now: Callable[[], int]
    ) -> "DevChain":
        """Open the chain in the folder, creating it there first if needed; without a folder it lives in memory.

        `funded` counts at creation only. Raises ForeignDatabase if the folder's chain has another id.
        """
        database = ChainDatabase(None if folder is None else folder / DATABASE_NAME)
        stored = database.fact("chain_id")
        if stored is None:
            with database.block_transaction({"chain_id": str(chain_id)}):
                _chain_class(chain_id).from_genesis(
                    AtomicDB(database), genesis_parameters(timestamp=now()), genesis_state(funded=funded)
                )
        elif stored != str(chain_id):
            database.close()
            raise ForeignDatabase(what="chain id", expected=str(chain_id), actual=stored)
        return cls(database, chain_id=chain_id, now=now)

    def submit(self, raw: bytes) -> Hash32:
        """Put a signed transaction into a block of its own and return its hash once the block is durable.

        Raises TransactionRefused, in go-ethereum's words, if no block can take it.
        """
        transaction = decode_transaction(raw)
        if self.locate(transaction.hash) is not None:
            raise TransactionRefused("already known")
        pending = self.pending_header()
        check_admission(transaction, chain_id=self.chain_id, header=pending, state=self.state_at(pending))
        self._mine(pending, [transaction])
        return transaction.hash

    def mine_empty_block(self) -> BlockHeaderAPI:
        """Append a block without transactions and return its header once it is durable."""
        return self._mine(self.pending_header(), [])

    def pending_header(self) -> BlockHeaderAPI:
        """Return the header that the next block starts from: child of the head, with the head's state."""
        head = self.head()
        return self._chain.create_header_from_parent(
            head,
            # Ethereum demands strictly rising times; a clock set back must not stop the chain.
            timestamp=max(head.timestamp + 1, self._now()),
            gas_limit=head.gas_limit,
            mix_hash=Hash32(secrets.token_bytes(32)),
        )

    def _mine(self, header: BlockHeaderAPI, transactions: Sequence[SignedTransactionAPI]) -> BlockHeaderAPI:
        # Any: the engine's interface lacks the step that Prague adds after the transactions.
        vm: Any = self._chain.get_vm(header)
        with self.database.block_transaction():
            try:
                applied, receipts, _ = vm.apply_all_transactions(transactions, header)
            except ValidationError as error:
                # Admission knows the usual reasons; what it does not know is refused in the engine's words.
                raise TransactionRefused(str(error)) from error
            filled = vm.set_block_transactions_and_withdrawals(vm.get_block(), applied, transactions, receipts)
            block = vm.mine_block(vm.block_postprocessing(filled)).block
            self._chain.chaindb.persist_block(block)
        mined: BlockHeaderAPI = block.header
        return mined

    def head(self) -> BlockHeaderAPI:
        """Return the header of the newest block."""
        return self._chain.get_canonical_head()

    def header_by_number(self, number: int) -> BlockHeaderAPI | None:
        """Return a block's header, None if the chain is not that long."""
        try:
            return self._chain.get_canonical_block_header_by_number(BlockNumber(number))
        except HeaderNotFound:
            return None

    def header_by_hash(self, block_hash: Hash32) -> BlockHeaderAPI | None:
        """Return a block's header, None if the hash is not that of a block."""
        try:
            # Only headers have a score: the database also holds trie nodes and code under hashes.
            self._chain.get_score(block_hash)
        except HeaderNotFound:
            return None
        return self._chain.get_block_header_by_hash(block_hash)

    def transactions_of(self, header: BlockHeaderAPI) -> tuple[SignedTransactionAPI, ...]:
        """Return a block's transactions in order."""
        return self._chain.chaindb.get_block_transactions(header, PragueVM.get_transaction_builder())

    def receipts_of(self, header: BlockHeaderAPI) -> tuple[ReceiptAPI, ...]:
        """Return a block's transaction receipts in order."""
        return self._chain.chaindb.get_receipts(header, PragueVM.get_receipt_builder())

    def encoded_size_of(self, header: BlockHeaderAPI) -> int:
        """Return the number of bytes of a block's RLP."""
        return len(rlp.encode(self._chain.get_block_by_header(header)))

    def locate(self, transaction_hash: Hash32) -> tuple[BlockHeaderAPI, int] | None:
        """Return the block of a transaction and its place there, None if it is in no block."""
        try:
            number, index = self._chain.get_canonical_transaction_index(transaction_hash)
        except TransactionNotFound:
            return None
        return self._chain.get_canonical_block_header_by_number(number), index

    def sender_of(self, transaction: SignedTransactionAPI) -> Address:
        """Return who signed a transaction."""
        return self._recover_sender(transaction)

    def state_at(self, header: BlockHeaderAPI, *, base_fee_wei: int | None = None) -> StateAPI:
        """Return the state after a block; changes made to it are never stored.

        With `base_fee_wei` the code that is run sees this base fee in place of the block's.
        """
        context = header if base_fee_wei is None else header.copy(base_fee_per_gas=base_fee_wei)
        return PragueVM.build_state(
            self._chain.chaindb.db,
            context,
            ChainContext(self.chain_id),
            PragueVM.get_prev_hashes(header.parent_hash, self._chain.chaindb) or (),
        )

    def close(self) -> None:
        """Close the database; a block being made is finished first."""
        with self.lock:
            self.database.close()


def _recover_sender(transaction: SignedTransactionAPI) -> Address:
    return transaction.sender


def _chain_class(chain_id: int) -> type[Chain]:
    configured: type[Chain] = Chain.configure(
        __name__="DevelopmentChain", chain_id=chain_id, vm_configuration=((BlockNumber(0), PragueVM),)
    )
    return configured
