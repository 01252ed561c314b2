"""The table of links: which credential takes another one's place, or goes on where it ends."""

from sqlalchemy import Column, ForeignKey, Text, UniqueConstraint

from registry.adapters.column_types import Id, one_of
from registry.adapters.table_parts import table
from registry.store_ports import LinkKind

credential_link = table(
    "credential_link",
    Column("later_id", Id, ForeignKey("credential.id"), primary_key=True),
    Column("earlier_id", Id, ForeignKey("credential.id"), nullable=False),
    Column("kind", Text, nullable=False),
    # Of two who supersede the same credential at once, one wins.
    UniqueConstraint("earlier_id", "kind"),
    one_of("kind", LinkKind),
)
