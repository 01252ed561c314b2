"""Links between credentials, and the recipients that later ones take over."""

from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_, exists, insert, or_, select, update

from registry.adapters import tables
from registry.adapters.link_tables import credential_link
from registry.adapters.statements import one_row
from registry.store_ports import CredentialLink, LinkKind, RecipientKeys, Standing


def renewed(credential_id: ColumnElement[UUID] | UUID) -> ColumnElement[bool]:
    """Return the condition that a credential has a renewal which is not revoked."""
    later = tables.credential.alias("renewal")
    return exists().where(
        credential_link.c.earlier_id == credential_id,
        credential_link.c.kind == LinkKind.RENEWS.value,
        later.c.id == credential_link.c.later_id,
        later.c.standing != Standing.REVOKED.value,
    )


class LinkStore:
    """Implements LinkReader and LinkWriter inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, credential_ids: Collection[UUID]) -> Mapping[UUID, tuple[CredentialLink, ...]]:
        """Return the links in which each credential stands, earlier or later."""
        later, earlier = credential_link.c.later_id, credential_link.c.earlier_id
        statement = select(credential_link).where(or_(later.in_(credential_ids), earlier.in_(credential_ids)))
        found: dict[UUID, tuple[CredentialLink, ...]] = {}
        for row in self._connection.execute(statement.order_by(later, credential_link.c.kind)):
            link = CredentialLink(kind=LinkKind(row.kind), earlier_id=row.earlier_id, later_id=row.later_id)
            for credential_id in (row.earlier_id, row.later_id):
                if credential_id in credential_ids:
                    found[credential_id] = (*found.get(credential_id, ()), link)
        return found

    def is_renewed(self, credential_id: UUID) -> bool:
        """Tell whether a credential has a renewal that is not revoked."""
        return bool(self._connection.execute(select(renewed(credential_id))).scalar_one())

    def recipient_keys(self, credential_id: UUID) -> RecipientKeys:
        """Return the keys of a credential's recipient. Raises NotFound."""
        credential, recipient = tables.credential, tables.credential_recipient
        duplicate = select(credential.c.duplicate_key).where(credential.c.id == credential_id)
        row = one_row(self._connection, duplicate, what="credential")
        keys = select(recipient.c.recipient_key).where(recipient.c.credential_id == credential_id)
        return RecipientKeys(
            keys=tuple(map(bytes, self._connection.execute(keys.order_by(recipient.c.recipient_key)).scalars())),
            duplicate_key=None if row.duplicate_key is None else bytes(row.duplicate_key),
        )

    def insert(self, link: CredentialLink) -> None:
        """Store a link. Raises Conflict."""
        self._connection.execute(
            insert(credential_link).values(later_id=link.later_id, earlier_id=link.earlier_id, kind=link.kind.value)
        )

    def hand_on_renewals(self, earlier_id: UUID, later_id: UUID) -> None:
        """Let whatever renews one credential renew a later one instead."""
        renewals = and_(credential_link.c.earlier_id == earlier_id, credential_link.c.kind == LinkKind.RENEWS.value)
        self._connection.execute(update(credential_link).where(renewals).values(earlier_id=later_id))
