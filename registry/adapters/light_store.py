"""Light parts in SQL: one an epoch, written once."""

from datetime import datetime

import rlp
from sqlalchemy import Connection, select

from registry.adapters.light_tables import light_proof
from registry.adapters.statements import insert_if_absent
from registry.domain.light import LightPart


class LightProofStore:
    """Implements LightProofWriter inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of_epoch(self, epoch: int) -> LightPart | None:
        """Return the light part whose anchor and status are of an epoch, None when none was captured."""
        statement = select(light_proof).where(light_proof.c.epoch == epoch)
        row = self._connection.execute(statement).one_or_none()
        if row is None:
            return None
        return LightPart(
            header=bytes(row.header),
            anchorer=row.anchorer,
            account_proof=tuple(rlp.decode(row.account_proof)),
            storage_proofs=tuple(tuple(nodes) for nodes in rlp.decode(row.storage_proofs)),
        )

    def keep(self, epoch: int, light: LightPart, *, block_hash: bytes, captured_at: datetime) -> None:
        """Store the light part of an epoch, unless there is one."""
        values = {
            "epoch": epoch,
            "block_hash": block_hash,
            "header": light.header,
            "anchorer": light.anchorer,
            "account_proof": rlp.encode(light.account_proof),
            "storage_proofs": rlp.encode(light.storage_proofs),
            "captured_at": captured_at,
        }
        insert_if_absent(self._connection, light_proof, values)
