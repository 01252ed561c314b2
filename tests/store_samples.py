"""A store with an issuer, an achievement and credentials in it, for tests of whatever uses one."""

import hashlib
import itertools
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from registry.adapters.database import open_engine
from registry.adapters.identifiers import uuid7
from registry.adapters.migrations import upgrade
from registry.adapters.sql_store import SqlStore
from registry.domain.audit_trail import AuditAction, AuditNote
from registry.domain.batch import BatchHeader, Entry, encode_entries, tree_leaves
from registry.domain.canonical import canonicalize
from registry.domain.epoch import credentials_root, epoch_root, status_root
from registry.domain.hashing import Digest, sha256
from registry.domain.log_name import LogName
from registry.domain.merkle import MerkleTree
from registry.domain.slot import Purpose
from registry.domain.status_tree import list_root, purpose_root
from registry.store_ports import (
    DidMethod,
    LogRecord,
    NewBatch,
    NewCredential,
    NewEpoch,
    NewEpochList,
    NewIssuer,
    StatusOrder,
    Store,
    UnsealedEntry,
    UnsealedGroup,
    UploadRecord,
    UploadState,
    WriteStore,
)

NOW: Final = datetime(2026, 6, 1, 9, 30, 0, 123456, tzinfo=UTC)
LOG: Final = LogRecord(
    name=LogName(chain_id=131277322, contract="0x" + "5f" * 20, number=1),
    genesis_hash=bytes(range(32)),
    deploy_block=1,
    created_at=NOW,
)
_numbers: Final = itertools.count()


@contextmanager
def opened_store(url: str) -> Iterator[SqlStore]:
    """Yield a store over a database that has the schema; close its connections afterwards."""
    engine = open_engine(url)
    try:
        upgrade(engine)
        yield SqlStore(engine)
    finally:
        engine.dispose()


def new_id() -> UUID:
    """Make an id later than all before it in this process."""
    return uuid7(NOW + timedelta(milliseconds=next(_numbers)), random=secrets.randbits(62))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """An issuer with one achievement."""

    issuer_id: UUID
    achievement_id: UUID
    did: str
    did_document_sha256: Digest


def add_log(store: Store) -> None:
    """Initialise the registry of a store."""
    with store.write() as unit:
        unit.access.set_log(LOG)


def add_tenant(store: Store, slug: str) -> Tenant:
    """Store an issuer and an achievement of it."""
    issuer = new_issuer(slug)
    achievement_id = new_id()
    with store.write() as unit:
        unit.issuers.insert(issuer)
        unit.achievements.insert(achievement_id, issuer_id=issuer.id, body=b"{}", created_at=NOW)
    return Tenant(
        issuer_id=issuer.id,
        achievement_id=achievement_id,
        did=issuer.did,
        did_document_sha256=sha256(issuer.did_document),
    )


def new_issuer(slug: str) -> NewIssuer:
    """Make an issuer that is not stored yet."""
    did = f"did:web:localhost%3A8443:issuers:{slug}"
    return NewIssuer(
        id=new_id(),
        slug=slug,
        name=f"Hochschule {slug} für 信用",
        kind="university",
        did=did,
        did_method=DidMethod.WEB,
        profile=b'{"type":["Profile"]}',
        did_document=canonicalize({"id": did}),
        created_at=NOW,
    )


def new_upload(tenant: Tenant, content: bytes = b"a,b\n1,2\n") -> UploadRecord:
    """Make an upload that is not stored yet."""
    return UploadRecord(
        id=new_id(),
        issuer_id=tenant.issuer_id,
        achievement_id=tenant.achievement_id,
        achievement_version=1,
        filename="people.csv",
        sha256=sha256(content),
        today=date(2026, 6, 1),
        skip_bad=True,
        allow_duplicates=False,
        ignore_extra=True,
        state=UploadState.RECEIVED,
        rows_ok=0,
        rows_error=0,
        rows_skipped=0,
        rows_issued=0,
        issued_through_line=0,
        created_at=NOW,
        requested_at=None,
        finished_at=None,
        failure=None,
        received_by="operator",
    )


def new_credential(
    tenant: Tenant,
    slot: int,
    *,
    upload: tuple[UUID, int] | None = None,
    recipients: Sequence[str] = ("a@example.com",),
    duplicate_key: bytes | None = None,
    suspendable: bool = True,
) -> NewCredential:
    """Make a credential that is not stored yet, with a random leaf."""
    document_id = uuid4()
    document = canonicalize({"id": document_id.urn})
    return NewCredential(
        id=new_id(),
        issuer_id=tenant.issuer_id,
        achievement_id=tenant.achievement_id,
        achievement_version=1,
        upload_id=None if upload is None else upload[0],
        line=None if upload is None else upload[1],
        recipient_keys=tuple(recipient_key(name) for name in recipients),
        document_id=document_id,
        document=document,
        did_document_sha256=tenant.did_document_sha256,
        leaf=sha256(document),
        slot=slot,
        suspendable=suspendable,
        duplicate_key=duplicate_key,
        valid_from=NOW,
        valid_until=NOW + timedelta(days=365),
        created_at=NOW,
    )


def recipient_key(name: str) -> bytes:
    """Stand in for the keyed hash of a recipient's identifier."""
    return hashlib.sha256(name.encode()).digest()


def issue(store: Store, tenant: Tenant, count: int = 1) -> tuple[NewCredential, ...]:
    """Draw slots and store credentials in one transaction."""
    with store.write() as unit:
        slots = unit.statuses.assign_slots(tenant.issuer_id, count, draw=secrets.randbelow, now=NOW)
        credentials = tuple(new_credential(tenant, slot) for slot in slots)
        unit.credentials.insert(credentials)
    return credentials


def order(credential_id: UUID, *, changed_at: datetime = NOW) -> StatusOrder:
    """Make the word that a credential's standing is to change."""
    return StatusOrder(
        id=new_id(),
        credential_id=credential_id,
        reason="superseded",
        note="",
        changed_at=changed_at,
        changed_by="registrar",
    )


def seal(unit: WriteStore, *, at: datetime = NOW) -> NewEpoch:
    """Seal everything that waits, with true roots, the way of `registry.store_ports.epochs`."""
    epoch = compose(unit, at=at)
    unit.epochs.seal(epoch)
    return epoch


def compose(unit: WriteStore, *, at: datetime = NOW) -> NewEpoch:
    """Do all of a sealing but its last step."""
    unit.epochs.lock_for_sealing()
    newest = unit.epochs.newest()
    waiting = unit.epochs.waiting()
    since = [at for at in (waiting.oldest_credential_at, waiting.oldest_status_change_at) if at is not None]
    number = 1 if newest is None else newest.number + 1
    batches = tuple(
        _batch(group, unit.epochs.unsealed_entries(group, after=None, limit=65_536), at)
        for group in unit.epochs.unsealed_groups()
    )
    lists = tuple(_lists(unit, number))
    revocation, suspension = (
        purpose_root({item.number: item.root for item in lists if item.purpose is purpose}) for purpose in Purpose
    )
    credentials = credentials_root([batch.root for batch in batches])
    status = status_root(revocation_root=revocation, suspension_root=suspension)
    return NewEpoch(
        number=number,
        root=epoch_root(credentials_root=credentials, status_root=status),
        credentials_root=credentials,
        status_root=status,
        revocation_root=revocation,
        suspension_root=suspension,
        sealed_at=at,
        waiting_since=min(since, default=None),
        batches=batches,
        lists=lists,
        chain_id=LOG.name.chain_id,
        contract=LOG.name.contract,
        log_number=LOG.name.number,
    )


def _batch(group: UnsealedGroup, entries: Sequence[UnsealedEntry], at: datetime) -> NewBatch:
    waiting = sorted(entries, key=lambda entry: entry.leaf)
    batch_id = new_id()
    header = BatchHeader(
        log=LOG.name,
        issuer=group.did,
        id=batch_id.urn,
        count=len(waiting),
        sealed=at.replace(microsecond=0),
        did_document=group.did_document_sha256,
    )
    content = encode_entries(header, [Entry(leaf=entry.leaf, slot=entry.slot) for entry in waiting])
    return NewBatch(
        id=batch_id,
        issuer_id=group.issuer_id,
        did_document_sha256=group.did_document_sha256,
        header=canonicalize(header.to_json()),
        root=MerkleTree(tree_leaves(content)).root,
        count=len(waiting),
        entries=content,
        credential_ids=tuple(entry.credential_id for entry in waiting),
    )


def _lists(unit: WriteStore, number: int) -> Iterator[NewEpochList]:
    before = {} if number == 1 else {(item.purpose, item.number): item for item in unit.epochs.lists(number - 1)}
    for snapshot in unit.statuses.lists():
        if not any(snapshot.bits):
            continue
        digest = sha256(snapshot.bits)
        earlier = before.get((snapshot.purpose, snapshot.number))
        unchanged = earlier is not None and earlier.sha256 == digest
        yield NewEpochList(
            purpose=snapshot.purpose,
            number=snapshot.number,
            root=list_root(snapshot.bits),
            sha256=digest,
            file_epoch=earlier.file_epoch if earlier is not None and unchanged else number,
            bits=None if unchanged else snapshot.bits,
        )


def audit_note(issuer_id: UUID | None, *, subject: str = "somebody", **details: str | int) -> AuditNote:
    """Give something to be written down."""
    action = AuditAction.UPLOAD_STARTED
    issuer = None if issuer_id is None else str(issuer_id)
    return AuditNote(at=NOW, actor="operator", issuer=issuer, action=action, subject=subject, details=dict(details))
