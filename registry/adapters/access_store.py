"""The registry's own records: its log, secrets, API keys and kept answers."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Row, delete, insert, select, update

from registry.adapters import tables
from registry.adapters.statements import change_one, insert_if_absent, one_row
from registry.domain.errors import Conflict, NotFound
from registry.domain.hashing import Digest
from registry.domain.log_name import LogName
from registry.store_ports import (
    ApiKeyRecord,
    IdempotencyAnswer,
    IdempotencyClaim,
    IdempotencyRecord,
    LogRecord,
    Role,
)

_ONLY_ROW: Final = 1


class AccessStore:
    """Implements AccessReader and AccessWriter inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def log(self) -> LogRecord:
        """Return the log. Raises NotFound `no-log`."""
        row = self._connection.execute(select(tables.log)).one_or_none()
        if row is None:
            raise NotFound("no-log", "expected an initialised registry, found no log in its database")
        return LogRecord(
            name=LogName.parse(row.name),
            genesis_hash=row.genesis_hash,
            deploy_block=row.deploy_block,
            created_at=row.created_at,
        )

    def set_log(self, log: LogRecord) -> None:
        """Store the log. Raises Conflict `another-log`."""
        values = {
            "id": _ONLY_ROW,
            "name": str(log.name),
            "chain_id": log.name.chain_id,
            "contract": log.name.contract,
            "number": log.name.number,
            "genesis_hash": log.genesis_hash,
            "deploy_block": log.deploy_block,
            "created_at": log.created_at,
        }
        if insert_if_absent(self._connection, tables.log, values):
            return
        stored = self.log()
        if (stored.name, stored.genesis_hash, stored.deploy_block) != (log.name, log.genesis_hash, log.deploy_block):
            raise Conflict("another-log", f"this database belongs to the log {stored.name}, got {log.name}")

    def secret(self, name: str) -> bytes:
        """Return a secret. Raises NotFound."""
        statement = select(tables.secret.c.value).where(tables.secret.c.name == name)
        return bytes(one_row(self._connection, statement, what="secret").value)

    def ensure_secret(self, name: str, make: Callable[[], bytes]) -> bytes:
        """Return a secret, made now if there is none."""
        statement = select(tables.secret.c.value).where(tables.secret.c.name == name)
        if (stored := self._connection.execute(statement).scalar_one_or_none()) is not None:
            return bytes(stored)
        insert_if_absent(self._connection, tables.secret, {"name": name, "value": make()})
        return self.secret(name)

    def api_key(self, key_hash: Digest) -> ApiKeyRecord:
        """Return the API key of a hash. Raises NotFound."""
        statement = select(tables.api_key).where(tables.api_key.c.key_hash == key_hash)
        return read_api_key(one_row(self._connection, statement, what="api-key"))

    def api_keys(self) -> tuple[ApiKeyRecord, ...]:
        """Return all API keys by ascending id."""
        return tuple(map(read_api_key, self._connection.execute(select(tables.api_key).order_by(tables.api_key.c.id))))

    def api_keys_of(self, issuer_id: UUID) -> tuple[ApiKeyRecord, ...]:
        """Return the API keys that act for an issuer by ascending id."""
        keys = tables.api_key
        statement = select(keys).where(keys.c.issuer_id == issuer_id).order_by(keys.c.id)
        return tuple(map(read_api_key, self._connection.execute(statement)))

    def insert_api_key(self, key: ApiKeyRecord) -> None:
        """Store an API key. Raises Conflict."""
        self._connection.execute(
            insert(tables.api_key).values(
                id=key.id,
                key_hash=key.key_hash,
                role=key.role.value,
                issuer_id=key.issuer_id,
                label=key.label,
                approver=key.approver,
                created_at=key.created_at,
                revoked_at=key.revoked_at,
            )
        )

    def revoke_api_key(self, key_id: UUID, *, revoked_at: datetime) -> ApiKeyRecord | None:
        """Revoke an API key and return it; None when it was revoked before. Raises NotFound."""
        keys = tables.api_key
        statement = update(keys).where(keys.c.id == key_id, keys.c.revoked_at.is_(None)).values(revoked_at=revoked_at)
        revoked = self._connection.execute(statement).rowcount == 1
        record = read_api_key(one_row(self._connection, select(keys).where(keys.c.id == key_id), what="api-key"))
        return record if revoked else None

    def claim_request(self, claim: IdempotencyClaim) -> IdempotencyRecord | None:
        """Claim a request: None when it is the caller's, else what is known of the earlier one."""
        kept = tables.idempotency
        mine = (kept.c.tenant == claim.tenant) & (kept.c.key == claim.key)
        self._connection.execute(delete(kept).where(mine, kept.c.expires_at <= claim.created_at))
        values = {
            "tenant": claim.tenant,
            "key": claim.key,
            "request_hash": claim.request_hash,
            "created_at": claim.created_at,
            "expires_at": claim.expires_at,
        }
        if insert_if_absent(self._connection, kept, values):
            return None
        row = one_row(self._connection, select(kept).where(mine), what="request")
        answer = None
        if row.status is not None:
            answer = IdempotencyAnswer(status=row.status, headers=row.headers, body=row.body)
        return IdempotencyRecord(request_hash=Digest(row.request_hash), answer=answer, created_at=row.created_at)

    def keep_answer(self, tenant: str, key: str, answer: IdempotencyAnswer) -> None:
        """Keep the answer to a claimed request. Raises NotFound."""
        kept = tables.idempotency
        statement = (
            update(kept)
            .where(kept.c.tenant == tenant, kept.c.key == key)
            .values(status=answer.status, headers=answer.headers, body=answer.body)
        )
        change_one(self._connection, statement, what="request")

    def forget_expired(self, now: datetime) -> int:
        """Delete the answers that expired, and return how many."""
        return self._connection.execute(
            delete(tables.idempotency).where(tables.idempotency.c.expires_at <= now)
        ).rowcount


def read_api_key(row: Row[Any]) -> ApiKeyRecord:  # Any: a row of the table
    """Return the API key of a row that has its columns."""
    return ApiKeyRecord(
        id=row.id,
        key_hash=Digest(row.key_hash),
        role=Role(row.role),
        issuer_id=row.issuer_id,
        label=row.label,
        created_at=row.created_at,
        revoked_at=row.revoked_at,
        approver=row.approver,
    )
