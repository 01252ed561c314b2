"""Every table of the database: the one MetaData, for SQLite and PostgreSQL.

    issuer ── issuer_key, achievement ── achievement_version, upload ── upload_chunk, status_list ── status_bits
    credential ── credential_recipient, status_change      what was issued and what was said of it since
               ── credential_waiting, credential_entry         what is not sealed yet, and what is (credential_tables)
    epoch ── batch, epoch_list                             what was sealed
          ── anchor ── attempt, spent_nonce, anchor_event  where it is anchored, and how it came there (anchor_tables)
                    ── final_mismatch                      what the chain denies of it (mismatch_tables)
    lease                                                  which worker anchors (anchor_tables)
    log, api_key, idempotency, secret                      the registry itself
    promise                                                what holders were promised (promise_tables)
    session                                                who is signed in to the console (session_tables)
    audit_entry                                            who did what, chained (audit_tables)
    column_mapping                                         how exports become uploads (mapping_tables)
    credential_link                                        which credential follows which (link_tables)
    light_proof                                            what was proved of an epoch when it became final (light_tables)
    share, claim ── claim_mail                             what an earner has of a credential (share_tables)

Ids are UUIDv7: rows are appended in the order of time. JSON documents are the very bytes that were hashed. Names of
constraints follow one convention: errors are told by them.
"""

from typing import Final

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    column,
)

from registry.adapters import anchor_tables, credential_tables, mismatch_tables, table_parts
from registry.adapters.column_types import Flag, Id, Moment, one_of, sized, whole_number
from registry.adapters.table_parts import partial_index, table
from registry.domain.slot import LIST_SIZE, SLOT_LIMIT, Purpose
from registry.store_ports import Approvals, DidMethod, Role, UploadFormat, UploadState

_LIST_BYTES: Final = LIST_SIZE // 8
_ROOTS: Final = ("root", "credentials_root", "status_root", "revocation_root", "suspension_root")

METADATA: Final = table_parts.METADATA
credential: Final = credential_tables.credential
credential_recipient: Final = credential_tables.credential_recipient
credential_waiting: Final = credential_tables.credential_waiting
credential_entry: Final = credential_tables.credential_entry
anchor: Final = anchor_tables.anchor
attempt: Final = anchor_tables.attempt
anchor_event: Final = anchor_tables.anchor_event
lease: Final = anchor_tables.lease
spent_nonce: Final = anchor_tables.spent_nonce
final_mismatch: Final = mismatch_tables.final_mismatch

log = table(
    "log",
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("chain_id", whole_number(), nullable=False),
    Column("contract", Text, nullable=False),
    Column("number", whole_number(), nullable=False),
    Column("genesis_hash", LargeBinary, nullable=False),
    Column("deploy_block", whole_number(), nullable=False),
    Column("created_at", Moment, nullable=False),
    # One database is one log: slots and epochs are unique in a log, so two of them must not share these tables.
    CheckConstraint("id = 1", name="one_row"),
    sized("genesis_hash", 32),
)

secret = table(
    "secret",
    Column("name", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

did_document = table(
    "did_document",
    Column("sha256", LargeBinary, primary_key=True),
    Column("content", LargeBinary, nullable=False),
    sized("sha256", 32),
)

issuer = table(
    "issuer",
    Column("id", Id, primary_key=True),
    Column("slug", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("did", Text, nullable=False, unique=True),
    Column("did_method", Text, nullable=False),
    Column("cryptosuites", Text, nullable=False),
    Column("profile", LargeBinary, nullable=False),
    Column("did_document", LargeBinary, ForeignKey("did_document.sha256"), nullable=False),
    Column("approvals", Text, nullable=False),
    Column("linkedin_organization", Text),
    Column("created_at", Moment, nullable=False),
    one_of("did_method", DidMethod),
    one_of("approvals", Approvals),
)

issuer_key = table(
    "issuer_key",
    Column("id", Id, primary_key=True),
    Column("issuer_id", Id, ForeignKey("issuer.id"), nullable=False, index=True),
    Column("verification_method", Text, nullable=False, unique=True),
    Column("public_multibase", Text, nullable=False),
    Column("encrypted_key", LargeBinary, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("retired_at", Moment),
)

api_key = table(
    "api_key",
    Column("id", Id, primary_key=True),
    Column("key_hash", LargeBinary, nullable=False, unique=True),
    Column("role", Text, nullable=False),
    Column("issuer_id", Id, ForeignKey("issuer.id")),
    Column("label", Text, nullable=False),
    Column("approver", Flag, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("revoked_at", Moment),
    one_of("role", Role),
    # A key without its issuer would open everything or nothing, depending on who reads it.
    CheckConstraint("(role = 'issuer') = (issuer_id IS NOT NULL)", name="issuer_of_role"),
)

idempotency = table(
    "idempotency",
    Column("tenant", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("request_hash", LargeBinary, nullable=False),
    Column("status", Integer),
    Column("headers", LargeBinary),
    Column("body", LargeBinary),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False, index=True),
)

achievement = table(
    "achievement",
    Column("id", Id, primary_key=True),
    Column("issuer_id", Id, ForeignKey("issuer.id"), nullable=False),
    Column("created_at", Moment, nullable=False),
    Index(None, "issuer_id", "id"),
)

achievement_version = table(
    "achievement_version",
    Column("achievement_id", Id, ForeignKey("achievement.id"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("body", LargeBinary, nullable=False),
    Column("created_at", Moment, nullable=False),
    CheckConstraint("version >= 1", name="version"),
)

upload = table(
    "upload",
    Column("id", Id, primary_key=True),
    Column("issuer_id", Id, ForeignKey("issuer.id"), nullable=False),
    Column("achievement_id", Id, nullable=False),
    Column("achievement_version", Integer, nullable=False),
    Column("filename", Text, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("today", Text, nullable=False),
    Column("skip_bad", Flag, nullable=False),
    Column("allow_duplicates", Flag, nullable=False),
    Column("ignore_extra", Flag, nullable=False),
    Column("state", Text, nullable=False, index=True),
    Column("rows_ok", Integer, nullable=False),
    Column("rows_error", Integer, nullable=False),
    Column("rows_skipped", Integer, nullable=False),
    Column("rows_issued", Integer, nullable=False),
    Column("issued_through_line", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("requested_at", Moment),
    Column("finished_at", Moment),
    Column("failure", Text),
    Column("received_by", Text, nullable=False),
    Column("format", Text, nullable=False),
    Column("sheet", Text),
    Column("mapping", LargeBinary),
    Column("approval_requested_by", Text),
    Column("approval_requested_at", Moment),
    Column("approved_by", Text),
    Column("approved_at", Moment),
    ForeignKeyConstraint(
        ["achievement_id", "achievement_version"], ["achievement_version.achievement_id", "achievement_version.version"]
    ),
    Index(None, "issuer_id", "id"),
    Index(None, "issuer_id", "sha256"),
    sized("sha256", 32),
    one_of("state", UploadState),
    one_of("format", UploadFormat),
)

upload_chunk = table(
    "upload_chunk",
    Column("upload_id", Id, ForeignKey("upload.id"), primary_key=True),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("content", LargeBinary, nullable=False),
)

status_list = table(
    "status_list",
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("issuer_id", Id, ForeignKey("issuer.id"), nullable=False, index=True),
    Column("used", Integer, nullable=False),
    # Which indexes were ever drawn, one bit each: a draw reads one row instead of 65,536.
    Column("used_bits", LargeBinary, nullable=False),
    Column("closed", Flag, nullable=False),
    Column("created_at", Moment, nullable=False),
    CheckConstraint(f"number >= 0 AND number < {SLOT_LIMIT // LIST_SIZE}", name="number"),
    sized("used_bits", _LIST_BYTES),
)
Index(
    "uq_status_list_one_open",
    status_list.c.issuer_id,
    unique=True,
    # Two open lists of one issuer would be two writers that missed each other.
    sqlite_where=column("closed", Integer) == 0,
    postgresql_where=status_list.c.closed.is_(False),
)

status_bits = table(
    "status_bits",
    Column("list", Integer, ForeignKey("status_list.number"), primary_key=True, autoincrement=False),
    Column("purpose", Text, primary_key=True),
    Column("bits", LargeBinary, nullable=False),
    Column("changed_at", Moment, nullable=False),
    one_of("purpose", Purpose),
    sized("bits", _LIST_BYTES),
)

epoch = table(
    "epoch",
    Column("number", whole_number(), primary_key=True, autoincrement=False),
    Column("root", LargeBinary, nullable=False),
    Column("credentials_root", LargeBinary, nullable=False),
    Column("status_root", LargeBinary, nullable=False),
    Column("revocation_root", LargeBinary, nullable=False),
    Column("suspension_root", LargeBinary, nullable=False),
    Column("sealed_at", Moment, nullable=False),
    # When the oldest of what it holds was accepted: it is not anchored the sooner for being sealed.
    Column("waiting_since", Moment),
    Column("published_at", Moment),
    CheckConstraint("number >= 1", name="number"),
    *(sized(name, 32) for name in _ROOTS),
)
partial_index("ix_epoch_unpublished", epoch.c.number, where=epoch.c.published_at.is_(None))

batch = table(
    "batch",
    Column("id", Id, primary_key=True),
    # Its place, None while it waits for its epoch; and since when it waits then: its oldest credential does.
    Column("epoch", whole_number(), ForeignKey("epoch.number")),
    Column("position", Integer),
    Column("waiting_since", Moment),
    Column("issuer_id", Id, ForeignKey("issuer.id"), nullable=False),
    Column("header", LargeBinary, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("count", Integer, nullable=False),
    Column("entries", LargeBinary, nullable=False),
    UniqueConstraint("epoch", "position"),
    sized("root", 32),
    # An entry is 64 bytes, and the header's comes first: a batch cut short is refused by the database.
    CheckConstraint("length(entries) = 64 * (count + 1)", name="entries"),
    CheckConstraint(
        "(epoch IS NULL) = (position IS NULL) AND (epoch IS NULL) = (waiting_since IS NOT NULL)", name="place"
    ),
)
partial_index("ix_batch_waiting", batch.c.id, where=batch.c.epoch.is_(None))

epoch_list = table(
    "epoch_list",
    Column("epoch", whole_number(), ForeignKey("epoch.number"), primary_key=True, autoincrement=False),
    Column("purpose", Text, primary_key=True),
    Column("list", Integer, primary_key=True, autoincrement=False),
    Column("root", LargeBinary, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("file_epoch", whole_number(), ForeignKey("epoch.number"), nullable=False),
    Column("bits", LargeBinary),
    one_of("purpose", Purpose),
    sized("root", 32),
    sized("sha256", 32),
    CheckConstraint("file_epoch <= epoch AND (file_epoch = epoch) = (bits IS NOT NULL)", name="bits_where_changed"),
)

status_change = table(
    "status_change",
    Column("id", Id, primary_key=True),
    Column("credential_id", Id, ForeignKey("credential.id"), nullable=False),
    Column("slot", whole_number(), nullable=False),
    Column("purpose", Text, nullable=False),
    Column("value", Flag, nullable=False),
    Column("reason", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("changed_by", Text, nullable=False),
    Column("epoch", whole_number(), ForeignKey("epoch.number")),
    Index(None, "credential_id", "id"),
    one_of("purpose", Purpose),
)
partial_index("ix_status_change_unsealed", status_change.c.id, where=status_change.c.epoch.is_(None))
