"""The tables that grow by a row a credential: what was issued, to whom, and what of it is sealed.

    credential ── credential_recipient
               ── credential_waiting      until it is sealed
               ── credential_entry        its place in a batch from then on

None of them has foreign keys: PostgreSQL would look each one up for every row. Their only writer asks once a call for
each thing that its rows refer to, and nothing referred to is ever deleted (docs/decisions/0024). Sealing writes no row
of `credential`: it moves short rows from one narrow table to the other.
"""

from sqlalchemy import DDL, CheckConstraint, Column, Index, Integer, LargeBinary, Text, UniqueConstraint, event

from registry.adapters.column_types import Flag, Id, Moment, one_of, sized, whole_number
from registry.adapters.table_parts import narrow_table, partial_index, table
from registry.domain.slot import SLOT_LIMIT
from registry.store_ports import Standing

# Written once. Only what an issuer says of it later is changed in place: its standing and its duplicate key.
credential = table(
    "credential",
    Column("id", Id, primary_key=True),
    Column("issuer_id", Id, nullable=False),
    # None for a credential whose content is its own: the VC API takes any.
    Column("achievement_id", Id),
    Column("achievement_version", Integer),
    Column("upload_id", Id),
    Column("line", Integer),
    # The row's key says when it was made; the document's id must not be guessable from that (protocol section 1).
    Column("document_id", Id, nullable=False, unique=True),
    Column("document", LargeBinary, nullable=False),
    Column("did_document", LargeBinary, nullable=False),
    Column("leaf", LargeBinary, nullable=False, unique=True),
    Column("slot", whole_number(), nullable=False, unique=True),
    Column("suspendable", Flag, nullable=False),
    Column("duplicate_key", LargeBinary, unique=True),
    Column("valid_from", Moment, nullable=False),
    Column("valid_until", Moment),
    Column("standing", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("upload_id", "line"),
    Index(None, "issuer_id", "id"),
    sized("leaf", 32),
    one_of("standing", Standing),
    CheckConstraint(f"slot >= 0 AND slot < {SLOT_LIMIT}", name="slot"),
    CheckConstraint("(achievement_id IS NULL) = (achievement_version IS NULL)", name="version_of_achievement"),
    CheckConstraint("(upload_id IS NULL) = (line IS NULL)", name="line_of_upload"),
)
partial_index(
    "ix_credential_expiring",
    credential.c.issuer_id,
    credential.c.valid_until,
    where=credential.c.valid_until.is_not(None),
)
partial_index(
    "ix_credential_not_active",
    credential.c.issuer_id,
    credential.c.id,
    where=credential.c.standing != Standing.ACTIVE.value,
)
# PostgreSQL would spend a third of an insertion on compressing documents.
event.listen(
    credential,
    "after_create",
    DDL(  # type: ignore[no-untyped-call]  # the signature of SQLAlchemy
        "ALTER TABLE credential ALTER COLUMN document SET STORAGE EXTERNAL"
    ).execute_if(dialect="postgresql"),
)

credential_recipient = narrow_table(
    "credential_recipient",
    Column("recipient_key", LargeBinary, primary_key=True),
    Column("credential_id", Id, primary_key=True),
)

# What sealing reads of a credential, from its insertion until it is sealed: in the order in which sealing reads it.
credential_waiting = narrow_table(
    "credential_waiting",
    Column("issuer_id", Id, primary_key=True),
    Column("did_document", LargeBinary, primary_key=True),
    Column("credential_id", Id, primary_key=True),
    Column("leaf", LargeBinary, nullable=False),
    Column("slot", whole_number(), nullable=False),
    Column("created_at", Moment, nullable=False),
)

# Its place in a batch from then on.
credential_entry = narrow_table(
    "credential_entry",
    Column("credential_id", Id, primary_key=True),
    Column("batch_id", Id, nullable=False),
    Column("entry_index", Integer, nullable=False),
)
