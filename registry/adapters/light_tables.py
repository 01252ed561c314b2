"""The table of light parts: what the worker had proved of an epoch as it became final, for receipts when no node answers."""

from sqlalchemy import Column, ForeignKey, LargeBinary, Text

from registry.adapters.column_types import Moment, sized, whole_number
from registry.adapters.table_parts import table

light_proof = table(
    "light_proof",
    Column("epoch", whole_number(), ForeignKey("epoch.number"), primary_key=True, autoincrement=False),
    Column("block_hash", LargeBinary, nullable=False),
    Column("header", LargeBinary, nullable=False),
    Column("anchorer", Text, nullable=False),
    # Lists of nodes in RLP, as the nodes are: half the size of the receipt's hexadecimal digits.
    Column("account_proof", LargeBinary, nullable=False),
    Column("storage_proofs", LargeBinary, nullable=False),
    Column("captured_at", Moment, nullable=False),
    sized("block_hash", 32),
)
