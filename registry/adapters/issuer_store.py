"""Issuers, their DID documents and their keys at rest."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, insert, select, update

from registry.adapters import tables
from registry.adapters.reservation_tables import own_key
from registry.adapters.statements import change_one, first_said, insert_if_absent, one_row
from registry.domain.errors import Refused
from registry.domain.hashing import Digest, sha256
from registry.store_ports import Approvals, DidMethod, IssuerKeyRecord, IssuerRecord, NewIssuer


class IssuerStore:
    """Implements IssuerReader and IssuerWriter inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, issuer_id: UUID) -> IssuerRecord:
        """Return an issuer. Raises NotFound."""
        return self._one(tables.issuer.c.id == issuer_id)

    def by_slug(self, slug: str) -> IssuerRecord:
        """Return the issuer of a slug. Raises NotFound."""
        return self._one(tables.issuer.c.slug == slug)

    def by_did(self, did: str) -> IssuerRecord:
        """Return the issuer of a DID. Raises NotFound."""
        return self._one(tables.issuer.c.did == did)

    def page(self, *, after: UUID | None, limit: int) -> tuple[IssuerRecord, ...]:
        """Return issuers by ascending id, those after an id."""
        statement = _ISSUERS.order_by(tables.issuer.c.id).limit(limit)
        if after is not None:
            statement = statement.where(tables.issuer.c.id > after)
        return tuple(map(_issuer, self._connection.execute(statement)))

    def did_document(self, sha256: Digest) -> bytes:
        """Return the DID document of a hash, present or past. Raises NotFound."""
        statement = select(tables.did_document.c.content).where(tables.did_document.c.sha256 == sha256)
        return bytes(one_row(self._connection, statement, what="did-document").content)

    def keys(self, issuer_id: UUID) -> tuple[IssuerKeyRecord, ...]:
        """Return an issuer's keys, the oldest first."""
        keys = tables.issuer_key
        statement = select(keys).where(keys.c.issuer_id == issuer_id).order_by(keys.c.id)
        return tuple(map(_key, self._connection.execute(statement)))

    def active_key(self, issuer_id: UUID) -> IssuerKeyRecord:
        """Return the newest key that is not retired. Raises NotFound, Refused `issuer-keeps-its-key`."""
        kept = select(own_key.c.id).where(own_key.c.issuer_id == issuer_id).limit(1)
        # Asked first, here: what is in `issuer_key` of such an issuer must never sign a credential, whoever asks.
        if self._connection.execute(kept).one_or_none() is not None:
            raise Refused("issuer-keeps-its-key", "this issuer signs on its own machine: submit what it signed")
        return self.status_key(issuer_id)

    def status_key(self, issuer_id: UUID) -> IssuerKeyRecord:
        """Return the newest key that is not retired, whatever it may sign beside status lists. Raises NotFound."""
        keys = tables.issuer_key
        statement = select(keys).where(keys.c.issuer_id == issuer_id, keys.c.retired_at.is_(None))
        return _key(one_row(self._connection, statement.order_by(keys.c.id.desc()).limit(1), what="issuer-key"))

    def insert(self, issuer: NewIssuer) -> None:
        """Store an issuer and its DID document. Raises Conflict."""
        self._connection.execute(
            insert(tables.issuer).values(
                id=issuer.id,
                slug=issuer.slug,
                name=issuer.name,
                kind=issuer.kind,
                did=issuer.did,
                did_method=issuer.did_method.value,
                cryptosuites=" ".join(issuer.cryptosuites),
                profile=issuer.profile,
                did_document=self._keep_did_document(issuer.did_document),
                approvals=Approvals.NONE.value,
                created_at=issuer.created_at,
            )
        )

    def set_approvals(self, issuer_id: UUID, approvals: Approvals) -> None:
        """Set whose word issuing takes. Raises NotFound."""
        statement = update(tables.issuer).where(tables.issuer.c.id == issuer_id).values(approvals=approvals.value)
        change_one(self._connection, statement, what="issuer")

    def set_linkedin_organization(self, issuer_id: UUID, organization_id: str | None) -> None:
        """Set the number of an issuer's LinkedIn page, or take it away. Raises NotFound."""
        issuer = tables.issuer
        statement = update(issuer).where(issuer.c.id == issuer_id).values(linkedin_organization=organization_id)
        change_one(self._connection, statement, what="issuer")

    def replace_did_document(self, issuer_id: UUID, did_document: bytes) -> Digest:
        """Make a DID document the issuer's present one and return its hash. Raises NotFound."""
        digest = self._keep_did_document(did_document)
        statement = update(tables.issuer).where(tables.issuer.c.id == issuer_id).values(did_document=digest)
        change_one(self._connection, statement, what="issuer")
        return digest

    def insert_key(self, key: IssuerKeyRecord) -> None:
        """Store a key. Raises Conflict."""
        self._connection.execute(
            insert(tables.issuer_key).values(
                id=key.id,
                issuer_id=key.issuer_id,
                verification_method=key.verification_method,
                public_multibase=key.public_multibase,
                encrypted_key=key.encrypted_key,
                created_at=key.created_at,
                retired_at=key.retired_at,
            )
        )

    def retire_key(self, key_id: UUID, *, retired_at: datetime) -> None:
        """Retire a key. Raises NotFound."""
        keys = tables.issuer_key
        first = first_said(keys.c.retired_at, retired_at)
        change_one(
            self._connection, update(keys).where(keys.c.id == key_id).values(retired_at=first), what="issuer-key"
        )

    def _one(self, condition: ColumnElement[bool]) -> IssuerRecord:
        return _issuer(one_row(self._connection, _ISSUERS.where(condition), what="issuer"))

    def _keep_did_document(self, content: bytes) -> Digest:
        digest = sha256(content)
        insert_if_absent(self._connection, tables.did_document, {"sha256": digest, "content": content})
        return digest


_ISSUERS = select(tables.issuer, tables.did_document.c.content).join_from(tables.issuer, tables.did_document)


# Any: rows of the tables.
def _issuer(row: Row[Any]) -> IssuerRecord:
    return IssuerRecord(
        id=row.id,
        slug=row.slug,
        name=row.name,
        kind=row.kind,
        did=row.did,
        did_method=DidMethod(row.did_method),
        cryptosuites=tuple(row.cryptosuites.split()),
        profile=row.profile,
        did_document=row.content,
        did_document_sha256=Digest(row.did_document),
        created_at=row.created_at,
        approvals=Approvals(row.approvals),
        linkedin_organization=row.linkedin_organization,
    )


def _key(row: Row[Any]) -> IssuerKeyRecord:
    return IssuerKeyRecord(
        id=row.id,
        issuer_id=row.issuer_id,
        verification_method=row.verification_method,
        public_multibase=row.public_multibase,
        encrypted_key=row.encrypted_key,
        created_at=row.created_at,
        retired_at=row.retired_at,
    )
