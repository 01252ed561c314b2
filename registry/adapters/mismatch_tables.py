"""The table of final anchors that the chain denies: a row stands for as long as it does. The anchors stay as they are."""

from sqlalchemy import Column, ForeignKey, Text

from registry.adapters.column_types import Moment, whole_number
from registry.adapters.table_parts import table

final_mismatch = table(
    "final_mismatch",
    Column("epoch", whole_number(), ForeignKey("anchor.epoch"), primary_key=True, autoincrement=False),
    Column("detail", Text, nullable=False),
    Column("seen_at", Moment, nullable=False),
)
