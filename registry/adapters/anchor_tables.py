"""The tables of anchors: one row an epoch, changed by compare-and-set; the signed transactions and the events of that row,
only ever added to; and the lease of whoever may do so.
"""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
)

from registry.adapters.column_types import Id, Moment, Wei, one_of, sized, whole_number
from registry.adapters.table_parts import narrow_table, partial_index, table
from registry.store_ports import AnchorState, AttemptKind

anchor = table(
    "anchor",
    Column("epoch", whole_number(), ForeignKey("epoch.number"), primary_key=True, autoincrement=False),
    Column("root", LargeBinary, nullable=False),
    Column("state", Text, nullable=False),
    Column("chain_id", whole_number(), nullable=False),
    Column("contract", Text, nullable=False),
    Column("log_number", whole_number(), nullable=False),
    Column("sender", Text),
    Column("nonce", whole_number()),
    Column("transaction_hash", LargeBinary),
    Column("block_number", whole_number()),
    Column("block_hash", LargeBinary),
    # Indexed: what was paid in the last day is summed up at every step.
    Column("block_time", Moment, index=True),
    Column("transaction_index", Integer),
    Column("log_index", Integer),
    Column("gas_used", whole_number()),
    Column("fee_paid_wei", Wei),
    Column("reorg_count", Integer, nullable=False),
    Column("blocked_reason", Text),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("final_at", Moment),
    # Compare-and-set: every change names the version it read and writes the next one.
    Column("version", Integer, nullable=False),
    # The only choice that cannot be repeated is which nonce an epoch gets: one nonce, one epoch.
    UniqueConstraint("chain_id", "sender", "nonce"),
    one_of("state", AnchorState),
    sized("root", 32),
    CheckConstraint("(sender IS NULL) = (nonce IS NULL)", name="nonce_of_sender"),
)
partial_index(
    "uq_anchor_one_open",
    anchor.c.chain_id,
    anchor.c.sender,
    unique=True,
    where=anchor.c.state.in_([AnchorState.SIGNED.value, AnchorState.PENDING.value]),
)
# Of the years of anchors one is open.
partial_index("ix_anchor_open", anchor.c.epoch, where=anchor.c.state != AnchorState.FINAL.value)

attempt = table(
    "attempt",
    Column("id", Id, primary_key=True),
    Column("epoch", whole_number(), ForeignKey("anchor.epoch"), nullable=False, index=True),
    Column("sender", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("nonce", whole_number(), nullable=False),
    Column("transaction_hash", LargeBinary, nullable=False, unique=True),
    Column("raw", LargeBinary, nullable=False),
    Column("max_fee_wei", Wei, nullable=False),
    Column("tip_wei", Wei, nullable=False),
    Column("gas", whole_number(), nullable=False),
    Column("signed_at", Moment, nullable=False),
    Column("first_sent_at", Moment),
    Column("last_sent_at", Moment),
    Column("sends", Integer, nullable=False),
    Column("last_error", Text),
    one_of("kind", AttemptKind),
    sized("transaction_hash", 32),
)

anchor_event = table(
    "anchor_event",
    Column("epoch", whole_number(), ForeignKey("anchor.epoch"), nullable=False),
    # The anchor's, after the change: the order of events is that of compare-and-set, whatever any clock did.
    Column("version", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    Column("before", Text),
    Column("after", Text, nullable=False),
    Column("reason", Text),
    Column("detail", Text),
    Column("token", whole_number()),
    PrimaryKeyConstraint("epoch", "version"),
    one_of("before", AnchorState),
    one_of("after", AnchorState),
)

lease = narrow_table(
    "lease",
    Column("name", Text, primary_key=True),
    Column("holder", Text),
    # Rises with every new holder. The row is never deleted, so that no number is ever given out twice.
    Column("token", whole_number(), nullable=False),
    Column("until", Moment, nullable=False),
)

# Nonces that an epoch used up for good with a transaction that failed: rows are only added.
spent_nonce = table(
    "spent_nonce",
    Column("epoch", whole_number(), ForeignKey("anchor.epoch"), primary_key=True, autoincrement=False),
    Column("sender", Text, primary_key=True),
    Column("nonce", whole_number(), primary_key=True, autoincrement=False),
    Column("gas", whole_number(), nullable=False),
    Column("transaction_hash", LargeBinary, nullable=False, unique=True),
    Column("transaction_index", Integer, nullable=False),
    Column("block_number", whole_number(), nullable=False),
    Column("block_hash", LargeBinary, nullable=False),
    Column("block_time", Moment, nullable=False),
    Column("gas_used", whole_number(), nullable=False),
    Column("fee_paid_wei", Wei, nullable=False),
    sized("transaction_hash", 32),
    sized("block_hash", 32),
)
