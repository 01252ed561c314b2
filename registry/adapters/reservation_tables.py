"""Tables of issuers that sign on their own machine: their public keys, and the slots set aside for them.

Part of the one MetaData of `tables`; apart from it because they are a subject of their own.

    issuer ── own_key, slot_reservation
"""

from typing import Final

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text

from registry.adapters.column_types import Id, Moment
from registry.adapters.tables import METADATA

SLOT_BYTES: Final = 8
"""Of each slot in a reservation: a slot has 37 bits."""

# A private key never comes here. What an issuer with a row in this table has in `issuer_key` signs status lists only.
own_key = Table(
    "own_key",
    METADATA,
    Column("id", Id, primary_key=True),
    Column("issuer_id", Id, ForeignKey("issuer.id"), nullable=False, index=True),
    Column("verification_method", Text, nullable=False, unique=True),
    Column("public_multibase", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("retired_at", Moment),
    sqlite_strict=True,
)

slot_reservation = Table(
    "slot_reservation",
    METADATA,
    Column("id", Id, primary_key=True),
    Column("issuer_id", Id, ForeignKey("issuer.id"), nullable=False),
    Column("count", Integer, nullable=False),
    # In the order they were drawn: sorted ones would tell the order of the file that fills them.
    Column("slots", LargeBinary, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Index(None, "issuer_id", "expires_at"),
    CheckConstraint(f"count >= 1 AND length(slots) = {SLOT_BYTES} * count", name="slots"),
    sqlite_strict=True,
)
