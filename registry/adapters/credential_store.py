"""Issued credentials."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, Table, func, literal, select, text

from registry.adapters import bulk, tables
from registry.adapters.bulk import RowForms, insert_rows
from registry.adapters.database import widen_cache
from registry.adapters.link_store import renewed
from registry.adapters.statements import one_row
from registry.domain.errors import Conflict
from registry.domain.hashing import Digest
from registry.store_ports import CredentialRecord, NewCredential, Standing

KEYS_A_QUERY: Final = 1_000
"""One chunk of an upload. SQLite takes 32,766 parameters a statement, PostgreSQL 65,535."""

MANY: Final = 500
"""Credentials of one call that come from an upload: more such calls will follow."""

_ENTRY: Final = tables.credential_entry
_CREDENTIALS: Final = (
    select(tables.credential, _ENTRY.c.batch_id, _ENTRY.c.entry_index, tables.batch.c.epoch)
    .join_from(tables.credential, _ENTRY, _ENTRY.c.credential_id == tables.credential.c.id, isouter=True)
    .join(tables.batch, tables.batch.c.id == _ENTRY.c.batch_id, isouter=True)
)


class CredentialStore:
    """Implements CredentialReader and CredentialWriter inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def count(self) -> int:
        """Tell how many credentials were issued."""
        # By batches and what waits: counting a million rows takes PostgreSQL a second each time.
        sealed = select(func.coalesce(func.sum(tables.batch.c["count"]), 0)).scalar_subquery()
        waiting = select(func.count()).select_from(tables.credential_waiting).scalar_subquery()
        return int(self._connection.execute(select(sealed + waiting)).scalar_one())

    def get(self, issuer_id: UUID, credential_id: UUID) -> CredentialRecord:
        """Return an issuer's credential. Raises NotFound."""
        return self._one((tables.credential.c.id == credential_id) & (tables.credential.c.issuer_id == issuer_id))

    def by_id(self, credential_id: UUID) -> CredentialRecord:
        """Return anybody's credential. Raises NotFound."""
        return self._one(tables.credential.c.id == credential_id)

    def by_ids(self, credential_ids: Collection[UUID]) -> Mapping[UUID, CredentialRecord]:
        """Return anybody's credentials, a few thousand at most, by id."""
        statement = _CREDENTIALS.where(tables.credential.c.id.in_(credential_ids))
        return {row.id: _credential(row) for row in self._connection.execute(statement)}

    def by_document_id(self, document_id: UUID) -> CredentialRecord:
        """Return the credential whose document has that id. Raises NotFound."""
        return self._one(tables.credential.c.document_id == document_id)

    def by_leaf(self, leaf: Digest) -> CredentialRecord:
        """Return the credential of a leaf. Raises NotFound."""
        return self._one(tables.credential.c.leaf == leaf)

    def page(self, issuer_id: UUID, *, after: UUID | None, limit: int) -> tuple[CredentialRecord, ...]:
        """Return an issuer's credentials by ascending id, those after an id."""
        statement = _CREDENTIALS.where(tables.credential.c.issuer_id == issuer_id)
        if after is not None:
            statement = statement.where(tables.credential.c.id > after)
        return tuple(
            map(_credential, self._connection.execute(statement.order_by(tables.credential.c.id).limit(limit)))
        )

    def expiring(
        self, issuer_id: UUID, *, before: datetime, after: UUID | None, limit: int
    ) -> tuple[CredentialRecord, ...]:
        """Return those of an issuer's credentials that end before a moment and are not renewed, by ascending id."""
        credential = tables.credential
        statement = _CREDENTIALS.where(
            credential.c.issuer_id == issuer_id,
            credential.c.valid_until.is_not(None),
            credential.c.valid_until < before,
            credential.c.standing != Standing.REVOKED.value,
            ~renewed(credential.c.id),
        )
        if after is not None:
            statement = statement.where(credential.c.id > after)
        return tuple(map(_credential, self._connection.execute(statement.order_by(credential.c.id).limit(limit))))

    def newest(
        self, issuer_id: UUID, *, standing: Standing | None, before: UUID | None, limit: int
    ) -> tuple[CredentialRecord, ...]:
        """Return an issuer's credentials by descending id, those before an id, of one standing or (None) of all."""
        credential = tables.credential
        statement = _CREDENTIALS.where(credential.c.issuer_id == issuer_id)
        if standing is not None:
            statement = statement.where(credential.c.standing == standing.value)
        if standing in {Standing.SUSPENDED, Standing.REVOKED}:
            # In the words of the index of those few that are not active: otherwise all of the issuer's are read.
            active = literal(Standing.ACTIVE.value, literal_execute=True)
            statement = statement.where(credential.c.standing != active)
        if before is not None:
            statement = statement.where(credential.c.id < before)
        return tuple(
            map(_credential, self._connection.execute(statement.order_by(credential.c.id.desc()).limit(limit)))
        )

    def of_recipient(
        self, recipient_key: bytes, *, issuer_id: UUID | None, after: UUID | None, limit: int
    ) -> tuple[CredentialRecord, ...]:
        """Return a recipient's credentials by ascending id, of one issuer or (None) of all."""
        recipients = tables.credential_recipient
        statement = _CREDENTIALS.join(recipients, recipients.c.credential_id == tables.credential.c.id).where(
            recipients.c.recipient_key == recipient_key
        )
        if issuer_id is not None:
            statement = statement.where(tables.credential.c.issuer_id == issuer_id)
        if after is not None:
            statement = statement.where(recipients.c.credential_id > after)
        ordered = statement.order_by(recipients.c.credential_id).limit(limit)
        return tuple(map(_credential, self._connection.execute(ordered)))

    def of_upload(self, upload_id: UUID, *, after_line: int, limit: int) -> tuple[CredentialRecord, ...]:
        """Return an upload's credentials by ascending line, those after a line."""
        statement = (
            _CREDENTIALS.where(tables.credential.c.upload_id == upload_id, tables.credential.c.line > after_line)
            .order_by(tables.credential.c.line)
            .limit(limit)
        )
        return tuple(map(_credential, self._connection.execute(statement)))

    def of_lines(self, upload_id: UUID, lines: Collection[int]) -> Mapping[int, CredentialRecord]:
        """Return an upload's credentials of at most a thousand lines, by line."""
        credential = tables.credential
        statement = _CREDENTIALS.where(credential.c.upload_id == upload_id, credential.c.line.in_(lines))
        return {row.line: _credential(row) for row in self._connection.execute(statement)}

    def epochs_of_upload(self, upload_id: UUID) -> Mapping[int | None, int]:
        """Tell how many of an upload's credentials each epoch has; None: they wait to be sealed."""
        statement = (
            select(tables.batch.c.epoch, func.count())
            .select_from(tables.credential)
            .join(_ENTRY, _ENTRY.c.credential_id == tables.credential.c.id, isouter=True)
            .join(tables.batch, tables.batch.c.id == _ENTRY.c.batch_id, isouter=True)
            .where(tables.credential.c.upload_id == upload_id)
            .group_by(tables.batch.c.epoch)
        )
        return {epoch: count for epoch, count in self._connection.execute(statement)}  # noqa: C416 - rows are no pairs

    def duplicates(self, keys: Collection[bytes]) -> Mapping[bytes, UUID]:
        """Tell which duplicate keys are taken, and by which credential."""
        taken: dict[bytes, UUID] = {}
        remaining = iter(set(keys))
        while part := list(islice(remaining, KEYS_A_QUERY)):
            statement = select(tables.credential.c.duplicate_key, tables.credential.c.id).where(
                tables.credential.c.duplicate_key.in_(part)
            )
            taken.update((bytes(key), found) for key, found in self._connection.execute(statement))
        return taken

    def holders(
        self,
        achievement_id: UUID,
        *,
        version: int,
        recipient_keys: Collection[bytes],
        not_of_upload: UUID | None,
    ) -> Mapping[bytes, UUID]:
        """Tell which of the recipients hold that version of an achievement unrevoked, and by which credential."""
        credential, recipients = tables.credential, tables.credential_recipient
        _look_up_by_index(self._connection)
        held: dict[bytes, UUID] = {}
        remaining = iter(set(recipient_keys))
        while part := list(islice(remaining, KEYS_A_QUERY)):
            # In two steps: a planner that joins before it knows the table walks over all credentials.
            named = select(recipients.c.credential_id, recipients.c.recipient_key).where(
                recipients.c.recipient_key.in_(part)
            )
            keys = [(found, bytes(key)) for found, key in self._connection.execute(named)]
            ids = iter({found for found, _ in keys})
            while some := list(islice(ids, KEYS_A_QUERY)):
                statement = select(credential.c.id).where(
                    credential.c.id.in_(some),
                    credential.c.achievement_id == achievement_id,
                    credential.c.achievement_version == version,
                    credential.c.standing != Standing.REVOKED.value,
                )
                if not_of_upload is not None:
                    statement = statement.where(credential.c.upload_id.is_distinct_from(not_of_upload))
                holding = set(self._connection.execute(statement).scalars())
                held.update({key: found for found, key in keys if found in holding})
        return held

    def insert(self, credentials: Sequence[NewCredential]) -> None:
        """Store credentials, all or none. Raises Conflict."""
        if not credentials:
            return
        self._refer(credentials)
        if len(credentials) >= MANY:
            widen_cache(self._connection)
        forms = RowForms(self._connection)
        rows = [_rows(forms, credential) for credential in credentials]
        insert_rows(self._connection, tables.credential, [each.credential for each in rows])
        insert_rows(self._connection, tables.credential_waiting, [each.waiting for each in rows])
        # In the order of the keys: neighbours share a page.
        recipients = sorted({recipient for each in rows for recipient in each.recipients})
        insert_rows(self._connection, tables.credential_recipient, recipients)

    def _refer(self, credentials: Sequence[NewCredential]) -> None:
        """Check once for each thing that it exists: a foreign key would look it up for every row."""
        issuer, upload = tables.issuer.c.id, tables.upload.c.id
        document, version = tables.did_document.c.sha256, tables.achievement_version.c
        self._require([issuer == value for value in {each.issuer_id for each in credentials}], tables.issuer)
        self._require([upload == value for value in {each.upload_id for each in credentials} - {None}], tables.upload)
        self._require(
            [document == value for value in {each.did_document_sha256 for each in credentials}], tables.did_document
        )
        self._require(
            [
                (version.achievement_id == achievement_id) & (version.version == number)
                for achievement_id, number in {(each.achievement_id, each.achievement_version) for each in credentials}
                if achievement_id is not None
            ],
            tables.achievement_version,
        )

    def _require(self, conditions: Sequence[ColumnElement[bool]], table: Table) -> None:
        for condition in conditions:
            statement = select(literal(1)).select_from(table).where(condition)
            if self._connection.execute(statement).one_or_none() is None:
                raise Conflict("reference-unknown", f"expected a credential's {table.name} to be stored")

    def _one(self, condition: ColumnElement[bool]) -> CredentialRecord:
        return _credential(one_row(self._connection, _CREDENTIALS.where(condition), what="credential"))


def _look_up_by_index(connection: Connection) -> None:
    """Keep PostgreSQL from reading the whole table for a few keys, until this transaction ends.

    Before its first statistics, which a table that grows by thousands of rows a second gets after a minute, it takes
    every key for one that a two-hundredth of the rows have.
    """
    if connection.dialect.name == "postgresql":
        for method in ("seqscan", "hashjoin", "mergejoin"):
            connection.execute(text(f"SET LOCAL enable_{method} = off"))


class _Rows(NamedTuple):
    credential: bulk.Row
    waiting: bulk.Row
    recipients: tuple[bulk.Row, ...]


def _rows(forms: RowForms, new: NewCredential) -> _Rows:
    # Each in the order of its table's columns.
    credential_id, issuer_id, created_at = (
        forms.id(new.id),
        forms.shared_id(new.issuer_id),
        forms.moment(new.created_at),
    )
    return _Rows(
        credential=(
            credential_id,
            issuer_id,
            forms.shared_id(new.achievement_id),
            new.achievement_version,
            forms.shared_id(new.upload_id),
            new.line,
            forms.id(new.document_id),
            new.document,
            new.did_document_sha256,
            new.leaf,
            new.slot,
            forms.flag(new.suspendable),
            new.duplicate_key,
            forms.moment(new.valid_from),
            None if new.valid_until is None else forms.moment(new.valid_until),
            Standing.ACTIVE.value,
            created_at,
        ),
        waiting=(issuer_id, new.did_document_sha256, credential_id, new.leaf, new.slot, created_at),
        recipients=tuple([(key, credential_id) for key in new.recipient_keys]),
    )


def _credential(row: Row[Any]) -> CredentialRecord:  # Any: a row of the table
    return CredentialRecord(
        id=row.id,
        issuer_id=row.issuer_id,
        achievement_id=row.achievement_id,
        achievement_version=row.achievement_version,
        upload_id=row.upload_id,
        line=row.line,
        document_id=row.document_id,
        document=row.document,
        did_document_sha256=Digest(row.did_document),
        leaf=Digest(row.leaf),
        slot=row.slot,
        suspendable=row.suspendable,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        standing=Standing(row.standing),
        created_at=row.created_at,
        batch_id=row.batch_id,
        entry_index=row.entry_index,
        epoch=row.epoch,
    )
