"""Taking back published epochs: stored as if they had been sealed here, with what is left of their credentials.

What was issued after the backup is not here and never will be: its leaves stand in the batch, so an auditor finds
everything, and nobody's receipt changes. What was issued before it, and waits, is given the place that it has on chain.
"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, delete, insert, select, update

from registry.adapters import tables
from registry.adapters.sealing_store import SealingStore
from registry.adapters.statements import insert_if_absent
from registry.domain.batch import BatchHeader, decode_entries
from registry.domain.canonical import parse_object
from registry.domain.hashing import sha256
from registry.domain.slot import LIST_SIZE, Purpose
from registry.domain.status_tree import read_bit
from registry.store_ports import NewBatch, NewEpoch

_IDS_A_STATEMENT: Final = 500
"""SQLite of old takes 999 variables."""


class RestoringStore:
    """Implements RestoringWriter inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._sealing = SealingStore(connection)

    def adopt(self, epoch: NewEpoch, batches: Sequence[NewBatch]) -> int:
        """Store a published epoch as sealed. Raises Conflict `epoch-out-of-order`."""
        self._sealing.lock_for_sealing()
        self._sealing.seal(epoch)
        self._untie_changes(epoch.number)
        return sum(self._adopt_batch(epoch.number, position, batch) for position, batch in enumerate(batches))

    def keep_did_document(self, content: bytes) -> None:
        """Store a DID document that an issuer once had."""
        insert_if_absent(self._connection, tables.did_document, {"sha256": sha256(content), "content": content})

    def _adopt_batch(self, number: int, position: int, batch: NewBatch) -> int:
        ready = update(tables.batch).where(tables.batch.c.id == batch.id, tables.batch.c.epoch.is_(None))
        # Built before the backup and sealed after it: the credentials of it are tied already.
        if self._connection.execute(ready.values(epoch=number, position=position, waiting_since=None)).rowcount:
            return batch.count
        self._connection.execute(
            insert(tables.batch).values(
                id=batch.id,
                epoch=number,
                position=position,
                issuer_id=batch.issuer_id,
                header=batch.header,
                root=batch.root,
                count=batch.count,
                entries=batch.entries,
            )
        )
        header = BatchHeader.parse(parse_object(batch.header))
        # The header is entry 0.
        places = {entry.leaf: at for at, entry in enumerate(decode_entries(batch.entries, header), start=1)}
        waiting = tables.credential_waiting
        statement = select(waiting.c.credential_id, waiting.c.leaf).where(
            waiting.c.issuer_id == batch.issuer_id, waiting.c.did_document == batch.did_document_sha256
        )
        found = [
            {"credential_id": credential_id, "batch_id": batch.id, "entry_index": places[leaf]}
            for credential_id, leaf in self._connection.execute(statement)
            if leaf in places
        ]
        for start in range(0, len(found), _IDS_A_STATEMENT):
            some = found[start : start + _IDS_A_STATEMENT]
            ids = [row["credential_id"] for row in some]
            self._connection.execute(delete(waiting).where(waiting.c.credential_id.in_(ids)))
            self._connection.execute(insert(tables.credential_entry), some)
        return len(found)

    def _untie_changes(self, number: int) -> None:
        """Let changes wait that the epoch does not have: they were accepted after the restore."""
        changes = tables.status_change
        rows = self._connection.execute(
            select(changes.c.id, changes.c.slot, changes.c.purpose, changes.c.value).where(changes.c.epoch == number)
        ).all()
        for row in rows:
            listed, index = divmod(row.slot, LIST_SIZE)
            bits = self._sealing.list_bits(number, Purpose(row.purpose), listed)
            if read_bit(bits, index) != row.value:
                self._connection.execute(update(changes).where(changes.c.id == row.id).values(epoch=None))
