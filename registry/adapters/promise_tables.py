"""The table of promises: whatever was ever signed with the promise key, for good (protocol section 6)."""

from typing import Final

from sqlalchemy import CheckConstraint, Column, LargeBinary, Text

from registry.adapters.column_types import Moment, one_of, sized, whole_number
from registry.adapters.table_parts import table
from registry.domain.promise import MIN_EPOCHS_AHEAD, PromiseKind
from registry.domain.slot import SLOT_LIMIT

SIGNATURE_BYTES: Final = 64

# One of a kind about a slot: asked again, the registry says the same again.
promise = table(
    "promise",
    Column("slot", whole_number(), primary_key=True, autoincrement=False),
    Column("kind", Text, primary_key=True),
    Column("leaf", LargeBinary),
    Column("epoch", whole_number(), nullable=False, index=True),
    Column("deadline", Moment, nullable=False),
    Column("court", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("created_at", Moment, nullable=False),
    one_of("kind", PromiseKind),
    CheckConstraint(f"slot >= 0 AND slot < {SLOT_LIMIT}", name="slot"),
    CheckConstraint(f"epoch >= {MIN_EPOCHS_AHEAD}", name="epoch"),
    CheckConstraint(f"(kind = '{PromiseKind.INCLUSION}') = (leaf IS NOT NULL)", name="leaf_of_kind"),
    sized("leaf", 32),
    sized("signature", SIGNATURE_BYTES),
)
