"""The table of the console's sessions: what a browser holds is random, what stands here is its hash."""

from typing import Final

from sqlalchemy import Column, ForeignKey, LargeBinary

from registry.adapters.column_types import Id, Moment, sized
from registry.adapters.table_parts import table

session: Final = table(
    "session",
    Column("id_hash", LargeBinary, primary_key=True),
    Column("key_id", Id, ForeignKey("api_key.id"), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    sized("id_hash", 32),
)
