"""What the tests of the store let several processes do at once; each function is the main of a spawned process."""

import secrets
import sys
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import func, select

from registry.adapters import tables
from registry.adapters.database import open_engine
from registry.adapters.sql_store import SqlStore
from registry.domain.errors import Conflict, NotFound
from registry.store_ports import IdempotencyAnswer, IdempotencyClaim
from tests.promises import promise
from tests.store_samples import NOW, Tenant, audit_note, issue, new_credential, new_issuer, order, seal

ANSWERED: Final = "answered"


def draw_slots(url: str, issuer_id: UUID, *, transactions: int, slots: int) -> list[int]:
    """Draw slots in transaction after transaction."""
    engine = open_engine(url)
    store = SqlStore(engine)
    drawn: list[int] = []
    for _ in range(transactions):
        with store.write() as unit:
            drawn.extend(unit.statuses.assign_slots(issuer_id, slots, draw=secrets.randbelow, now=NOW))
    engine.dispose()
    return drawn


def issue_line(url: str, tenant: Tenant, upload_id: UUID, lines: Sequence[int]) -> list[int]:
    """Issue lines of an upload that other processes issue too; return those that were this process's."""
    engine = open_engine(url)
    store = SqlStore(engine)
    issued: list[int] = []
    for line in lines:
        try:
            with store.write() as unit:
                unit.uploads.advance(upload_id, from_line=line - 1, through_line=line, issued=1)
                (slot,) = unit.statuses.assign_slots(tenant.issuer_id, 1, draw=secrets.randbelow, now=NOW)
                unit.credentials.insert([new_credential(tenant, slot, upload=(upload_id, line))])
        except Conflict as lost:
            if lost.code != "upload-moved-on":
                raise
        else:
            issued.append(line)
    engine.dispose()
    return issued


def revoke_all(url: str, credential_ids: Sequence[UUID]) -> int:
    """Revoke credentials one by one; return how many were not revoked before."""
    engine = open_engine(url)
    store = SqlStore(engine)
    changed = 0
    for credential_id in credential_ids:
        with store.write() as unit:
            changed += unit.statuses.revoke(order(credential_id)).value != "revoked"
    engine.dispose()
    return changed


def seal_until(url: str, changes: int) -> int:
    """Seal what waits, again and again, until that many status changes are sealed by whomever; return the number of
    this process's epochs."""
    engine = open_engine(url)
    store = SqlStore(engine)
    sealed = select(func.count()).where(tables.status_change.c.epoch.is_not(None))
    epochs = done = 0
    while done < changes:
        with store.write() as unit:
            unit.epochs.lock_for_sealing()
            if unit.epochs.waiting().status_changes:
                seal(unit)
                epochs += 1
        with engine.begin() as connection:
            done = connection.execute(sealed).scalar_one()
    engine.dispose()
    return epochs


def issue_many(url: str, tenant: Tenant, *, transactions: int, credentials: int) -> list[bytes]:
    """Issue credentials in transaction after transaction; return their leaves."""
    engine = open_engine(url)
    store = SqlStore(engine)
    leaves = [bytes(credential.leaf) for _ in range(transactions) for credential in issue(store, tenant, credentials)]
    engine.dispose()
    return leaves


def promise_many(url: str, tenant: Tenant, *, transactions: int, credentials: int) -> list[tuple[bytes, int]]:
    """Promise credentials, the number of the epoch read first and the credentials stored last; return leaves and epochs."""
    engine = open_engine(url)
    store = SqlStore(engine)
    promised: list[tuple[bytes, int]] = []
    for _ in range(transactions):
        with store.write() as unit:
            slots = unit.statuses.assign_slots(tenant.issuer_id, credentials, draw=secrets.randbelow, now=NOW)
            made = [new_credential(tenant, slot) for slot in slots]
            epochs = [promise(unit, each).terms.epoch for each in made]
            unit.credentials.insert(made)
        promised.extend((bytes(each.leaf), epoch) for each, epoch in zip(made, epochs, strict=True))
    engine.dispose()
    return promised


def seal_credentials_until(url: str, credentials: int) -> list[list[int]]:
    """Seal what waits, again and again, until that many credentials are sealed by whomever; return how many were in
    each batch of this process's epochs."""
    engine = open_engine(url)
    store = SqlStore(engine)
    sealed = select(func.coalesce(func.sum(tables.batch.c["count"]), 0))
    epochs: list[list[int]] = []
    done = 0
    while done < credentials:
        with store.write() as unit:
            unit.epochs.lock_for_sealing()
            if unit.epochs.waiting().credentials:
                epochs.append([batch.count for batch in seal(unit).batches])
        with engine.begin() as connection:
            done = connection.execute(sealed).scalar_one()
    engine.dispose()
    return epochs


def seal_without_pause(url: str, credentials: int) -> None:
    """Seal epoch after epoch, whether something waits or not, until that many credentials are sealed."""
    engine = open_engine(url)
    store = SqlStore(engine)
    sealed = select(func.coalesce(func.sum(tables.batch.c["count"]), 0))
    done = 0
    while done < credentials:
        with store.write() as unit:
            seal(unit)
        with engine.begin() as connection:
            done = connection.execute(sealed).scalar_one()
    engine.dispose()


def carry_out_once(url: str, claims: Sequence[IdempotencyClaim]) -> int:
    """Claim requests that other processes claim too and answer them; return how many were this process's."""
    engine = open_engine(url)
    store = SqlStore(engine)
    mine = 0
    for claim in claims:
        with store.write() as unit:
            known = unit.access.claim_request(claim)
            if known is None:
                unit.access.keep_answer(
                    claim.tenant, claim.key, IdempotencyAnswer(status=201, headers=b"", body=ANSWERED.encode())
                )
                mine += 1
            elif known.answer is None:
                raise AssertionError("a claim was seen before its transaction was over")
    engine.dispose()
    return mine


def make_secret(url: str, name: str) -> bytes:
    """Ask for a secret that other processes ask for too."""
    engine = open_engine(url)
    with SqlStore(engine).write() as unit:
        made = unit.access.ensure_secret(name, lambda: secrets.token_bytes(32))
    engine.dispose()
    return made


def die_in_the_middle(url: str, tenant: Tenant) -> None:
    """Write one thing and commit it, write more and stay in the transaction until killed."""
    store = SqlStore(open_engine(url))
    with store.write() as unit:
        unit.issuers.insert(new_issuer("committed"))
    with store.write() as unit:
        unit.issuers.insert(new_issuer("lost"))
        slots = unit.statuses.assign_slots(tenant.issuer_id, 10, draw=secrets.randbelow, now=NOW)
        unit.credentials.insert([new_credential(tenant, slot) for slot in slots])
        # Written by this process, then it waits for an end that does not come: the parent kills it.
        sys.stdout.write("in the middle\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    database, *values = sys.argv[1:]
    issuer_id, achievement_id, did, document = values
    die_in_the_middle(
        database,
        Tenant(
            issuer_id=UUID(issuer_id),
            achievement_id=UUID(achievement_id),
            did=did,
            did_document_sha256=bytes.fromhex(document),  # type: ignore[arg-type]  # a digest by its length
        ),
    )


def note_many(url: str, issuer_id: UUID, *, transactions: int) -> None:
    """Draw slots and note it, in transaction after transaction; every third one changes its mind."""
    engine = open_engine(url)
    store = SqlStore(engine)
    for number in range(transactions):
        try:
            with store.write() as unit:
                unit.audit.note(audit_note(issuer_id, subject=str(number)))
                unit.statuses.assign_slots(issuer_id, 1, draw=secrets.randbelow, now=NOW)
                unit.audit.note(audit_note(issuer_id, subject=f"{number} again"))
                if number % 3 == 2:
                    raise NotFound("changed-my-mind", "nothing of it happens")
        except NotFound:
            continue
    engine.dispose()
