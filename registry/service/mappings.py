"""Column mappings: those that are built in, those that an issuer saved, and which of them fits a file."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from registry.domain.audit_trail import AuditAction
from registry.domain.canonical import JsonObject, canonicalize
from registry.domain.column_mapping import (
    MAX_MAPPING_BYTES,
    ColumnMapping,
    Suggestion,
    parse_mapping,
    read_mapping,
    suggest,
)
from registry.domain.errors import Conflict, Malformed, NotFound, Refused
from registry.service.access import Caller
from registry.service.auditing import note
from registry.service.resources import Resources
from registry.store_ports import IssuerRecord, MappingRecord, ReadStore, WriteStore

MAX_SAVED: Final = 100
"""Of an issuer: all of them are read to suggest one."""


def save_mapping(
    resources: Resources, unit: WriteStore, issuer: IssuerRecord, document: JsonObject, *, caller: Caller
) -> MappingRecord:
    """Store a mapping.

    Raises Malformed as `read_mapping`, Conflict `column-mapping-name-taken`, Refused `too-many-mappings`.
    """
    mapping, body = read_mapping(document), canonicalize(document)
    if len(body) > MAX_MAPPING_BYTES:
        raise Malformed("mapping-too-large", f"expected at most {MAX_MAPPING_BYTES} bytes", where="mapping")
    saved = unit.mappings.of_issuer(issuer.id)
    if len(saved) >= MAX_SAVED:
        raise Refused("too-many-mappings", f"expected at most {MAX_SAVED}: delete one first")
    # The constraint decides between two at the same moment.
    if mapping.name in {record.name for record in saved} | resources.built_in_mappings.keys():
        raise Conflict("column-mapping-name-taken", "expected a name that no other mapping has")
    record = MappingRecord(
        id=resources.ids.new(),
        issuer_id=issuer.id,
        name=mapping.name,
        body=body,
        created_at=resources.clock.now(),
    )
    unit.mappings.insert(record)
    action = AuditAction.MAPPING_SAVED
    note(resources, unit, action, by=caller.name, issuer=issuer.id, subject=record.id)
    return record


def delete_mapping(
    resources: Resources, unit: WriteStore, issuer: IssuerRecord, mapping_id: UUID, *, caller: Caller
) -> None:
    """Delete a saved mapping. Raises NotFound."""
    unit.mappings.delete(issuer.id, mapping_id)
    note(resources, unit, AuditAction.MAPPING_DELETED, by=caller.name, issuer=issuer.id, subject=mapping_id)


def find_mapping(resources: Resources, unit: ReadStore, issuer: IssuerRecord, name: str) -> bytes:
    """Return the JCS bytes of a mapping by its id or, of one that is built in, its name.

    Raises NotFound `column-mapping-not-found`.
    """
    built_in = resources.built_in_mappings.get(name)
    if built_in is not None:
        return built_in
    try:
        mapping_id = UUID(name)
    except ValueError:
        raise NotFound("column-mapping-not-found", "expected the id or the name of a mapping") from None
    return unit.mappings.get(issuer.id, mapping_id).body


def suggest_mappings(
    resources: Resources, unit: ReadStore, issuer: IssuerRecord, header: Sequence[str]
) -> tuple[Suggestion, ...]:
    """Tell how far each mapping fits the first line of a file, the best one first."""
    built_in = {name: parse_mapping(body) for name, body in resources.built_in_mappings.items()}
    saved = {str(record.id): parse_mapping(record.body) for record in unit.mappings.of_issuer(issuer.id)}
    known: Mapping[str, ColumnMapping] = built_in | saved
    return suggest(header, known)
