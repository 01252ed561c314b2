"""Saved column mappings, as a store keeps them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingRecord:
    """A column mapping that an issuer saved; it never changes."""

    id: UUID
    issuer_id: UUID
    name: str
    body: bytes
    """JCS bytes."""
    created_at: datetime


class MappingReader(Protocol):
    """Reads column mappings; a mapping of another issuer is not found."""

    def get(self, issuer_id: UUID, mapping_id: UUID) -> MappingRecord:
        """Return a mapping. Raises NotFound."""
        ...

    def of_issuer(self, issuer_id: UUID) -> tuple[MappingRecord, ...]:
        """Return all mappings of an issuer, by name."""
        ...


class MappingWriter(MappingReader, Protocol):
    """Writes column mappings."""

    def insert(self, mapping: MappingRecord) -> None:
        """Store a mapping. Raises Conflict: name taken."""
        ...

    def delete(self, issuer_id: UUID, mapping_id: UUID) -> None:
        """Delete a mapping; uploads keep what they were mapped by. Raises NotFound."""
        ...
