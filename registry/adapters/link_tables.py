"""The table of links: which credential takes another one's place, or goes on where it ends."""

from sqlalchemy import Column, ForeignKey, Text

from registry.adapters.column_types import Id, one_of
from registry.adapters.table_parts import partial_index, table
from registry.store_ports import LinkKind

credential_link = table(
    "credential_link",
    Column("later_id", Id, ForeignKey("credential.id"), primary_key=True),
    Column("earlier_id", Id, ForeignKey("credential.id"), nullable=False, index=True),
    # What corrects a renewal renews too.
    Column("kind", Text, primary_key=True),
    one_of("kind", LinkKind),
)
# Of two who supersede the same credential at once, one wins. Renewed it is again when its renewal was revoked.
partial_index(
    "uq_credential_link_superseded",
    credential_link.c.earlier_id,
    unique=True,
    where=credential_link.c.kind == LinkKind.SUPERSEDES.value,
)
