"""Saved column mappings."""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, delete, insert, select

from registry.adapters.mapping_tables import column_mapping
from registry.adapters.statements import change_one, one_row
from registry.store_ports import MappingRecord


class MappingStore:
    """Implements MappingReader and MappingWriter inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, issuer_id: UUID, mapping_id: UUID) -> MappingRecord:
        """Return a mapping. Raises NotFound."""
        own = (column_mapping.c.issuer_id == issuer_id) & (column_mapping.c.id == mapping_id)
        return _mapping(one_row(self._connection, select(column_mapping).where(own), what="column-mapping"))

    def of_issuer(self, issuer_id: UUID) -> tuple[MappingRecord, ...]:
        """Return all mappings of an issuer, by name."""
        statement = select(column_mapping).where(column_mapping.c.issuer_id == issuer_id)
        return tuple(map(_mapping, self._connection.execute(statement.order_by(column_mapping.c.name))))

    def insert(self, mapping: MappingRecord) -> None:
        """Store a mapping. Raises Conflict."""
        self._connection.execute(
            insert(column_mapping).values(
                id=mapping.id,
                issuer_id=mapping.issuer_id,
                name=mapping.name,
                body=mapping.body,
                created_at=mapping.created_at,
            )
        )

    def delete(self, issuer_id: UUID, mapping_id: UUID) -> None:
        """Delete a mapping. Raises NotFound."""
        own = (column_mapping.c.issuer_id == issuer_id) & (column_mapping.c.id == mapping_id)
        change_one(self._connection, delete(column_mapping).where(own), what="column-mapping")


def _mapping(row: Row[Any]) -> MappingRecord:  # Any: a row of the table
    return MappingRecord(
        id=row.id, issuer_id=row.issuer_id, name=row.name, body=bytes(row.body), created_at=row.created_at
    )
