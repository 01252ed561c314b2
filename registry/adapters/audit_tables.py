"""The table of the audit trail: one chain for the registry, appended to and never changed."""

from sqlalchemy import CheckConstraint, Column, Index, LargeBinary, Text

from registry.adapters.column_types import Id, Moment, sized, whole_number
from registry.adapters.table_parts import table

# No reference to the issuer: what was done outlives what it was done to.
audit_entry = table(
    "audit_entry",
    Column("number", whole_number(), primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("actor", Text, nullable=False),
    Column("issuer_id", Id),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("details", LargeBinary, nullable=False),
    Column("previous", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Index(None, "issuer_id", "number"),
    CheckConstraint("number >= 1", name="number"),
    sized("previous", 32),
    sized("hash", 32),
)
