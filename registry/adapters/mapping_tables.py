"""The table of saved column mappings."""

from sqlalchemy import Column, ForeignKey, LargeBinary, Text, UniqueConstraint

from registry.adapters.column_types import Id, Moment
from registry.adapters.table_parts import table

column_mapping = table(
    "column_mapping",
    Column("id", Id, primary_key=True),
    Column("issuer_id", Id, ForeignKey("issuer.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("issuer_id", "name"),
)
