"""Leading: of all the workers on a database, one anchors (docs/decisions/0036).

    acquire     the lease is free, over, or its holder gone: token + 1, a lock of its own, a heartbeat -> a term
    heartbeat   a thread renews the lease; when it cannot, the term is over
    fence       every write of the anchors first looks, in its own transaction, whether the lease is still ours
    release     the lease is given back, so that the next worker need not wait

What makes this safe is the fence alone. A leader that was stopped for an hour, cut off, or misled by its clock finds
another token in the row and changes nothing; what it may still send are bytes that are stored in `attempt`, under a
nonce that its successor uses too. Lease, lock and heartbeat only make that happen seldom, and the gap short.
"""

import os
import secrets
import socket
import threading
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy import Connection, Engine

from anchor_worker.holder_lock import HolderLock, is_abandoned, take_lock
from anchor_worker.lease import (
    Lease,
    contend_for_lease,
    give_lease_back,
    grant_lease,
    keep_lease,
    present_moment,
    read_lease,
    renew_lease,
)
from anchor_worker.ports import Fenced, NotLeader
from registry.adapters.database import read_transaction, write_transaction
from registry.domain.errors import Unavailable
from registry.ports import Clock

RENEWALS_A_LEASE: Final = 4
"""Three may fail, by a database that restarts or a machine that stalls, before the lease is over."""

RESIGNING_SECONDS: Final = 5.0
"""How long the end of a process waits for a heartbeat under way; a renewal takes milliseconds."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Term:
    """From one election to its end."""

    token: int
    lock: HolderLock
    over: threading.Event = field(default_factory=threading.Event)


class Leader:
    """Implements Leadership for one process."""

    def __init__(self, engine: Engine, *, lasts: timedelta, clock: Clock) -> None:
        """Take how long a lease lasts, and the clock that SQLite's leases are judged by."""
        self._engine = engine
        self._lasts = lasts
        self._clock = clock
        # Host and process are for people; what makes it unique are the last eight bytes.
        self._holder = f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(8)}"
        self._term: _Term | None = None
        self._heartbeat: threading.Thread | None = None
        self._ending = threading.Lock()

    def acquire(self) -> None:
        """Lead, or go on leading. Raises NotLeader while another one does, Unavailable."""
        if self._term is not None and not self._term.over.is_set():
            return
        term = self._elect()
        self._term = term
        # A daemon: a server that never answers must not keep a process that is to end.
        self._heartbeat = threading.Thread(target=self._renew_until_over, args=(term,), name="lease", daemon=True)
        self._heartbeat.start()
        log.info("leader_elected", holder=self._holder, token=term.token)

    @property
    def token(self) -> int | None:
        """The lease's fencing token, None while this worker does not lead."""
        term = self._term
        return None if term is None or term.over.is_set() else term.token

    def fence(self, connection: Connection) -> int:
        """Make sure that this worker leads until the transaction ends, and return the lease's token.

        Raises Fenced, Unavailable.
        """
        term = self._term
        if term is None or term.over.is_set():
            raise Fenced("this worker does not lead")
        reason = self._why_not(connection, term)
        if reason is not None:
            self._end(term, reason)
            raise Fenced(reason)
        return term.token

    def release(self) -> None:
        """Give the lease back if it is ours; what cannot be given back runs out."""
        term, heartbeat, self._term = self._term, self._heartbeat, None
        if term is None or heartbeat is None:
            return
        if self._end(term, None):
            try:
                with write_transaction(self._engine) as connection:
                    give_lease_back(connection, holder=self._holder, token=term.token)
            except Unavailable as error:
                log.warning("lease_not_given_back", token=term.token, reason=error.message)
        heartbeat.join(RESIGNING_SECONDS)

    def _elect(self) -> _Term:
        with ExitStack() as undo:
            with write_transaction(self._engine) as connection:
                found = contend_for_lease(connection, lasts=self._lasts)
                now = present_moment(connection, self._clock)
                if (
                    found.holder is not None
                    and found.holder != self._holder
                    and now < found.until
                    and not is_abandoned(connection, found.token)
                ):
                    raise NotLeader(holder=found.holder, until=found.until)
                token = found.token + 1
                lock = undo.enter_context(closing(take_lock(self._engine, connection, token)))
                grant_lease(connection, holder=self._holder, token=token, until=now + self._lasts)
            # The lock is older than the commit: whoever reads the new token finds it locked.
            undo.pop_all()
        return _Term(token=token, lock=lock)

    def _why_not(self, connection: Connection, term: _Term) -> str | None:
        """Return why a term is over; None while the lease is ours, which it then stays until the transaction ends."""
        lease = keep_lease(connection, lasts=self._lasts)
        if lease is None or (lease.holder, lease.token) != (self._holder, term.token):
            return f"expected the lease with token {term.token}, found {0 if lease is None else lease.token}"
        if present_moment(connection, self._clock) >= lease.until:
            return f"the lease ran out at {lease.until:%Y-%m-%d %H:%M:%S} UTC"
        return None

    def _renew_until_over(self, term: _Term) -> None:
        with closing(term.lock):
            while not term.over.wait(self._lasts.total_seconds() / RENEWALS_A_LEASE):
                try:
                    renewed = self._renew(term)
                except Unavailable as error:
                    # On PostgreSQL the lock is gone with its session; on SQLite nobody knows when the file can be
                    # written again. The next round begins a new term, if it can.
                    self._end(term, error.message)
                else:
                    if not renewed:
                        self._end(term, "another worker leads")

    def _renew(self, term: _Term) -> bool:
        with term.lock.transaction() as connection:
            until = present_moment(connection, self._clock) + self._lasts
            return renew_lease(connection, holder=self._holder, token=term.token, until=until)

    def _end(self, term: _Term, reason: str | None) -> bool:
        """End a term, by whichever thread is first, and tell whether it was this one."""
        with self._ending:
            if term.over.is_set():
                return False
            term.over.set()
        if reason is None:
            log.info("leader_resigned", token=term.token)
        else:
            log.warning("leader_lost", token=term.token, reason=reason)
        return True


def present_leader(engine: Engine, *, clock: Clock) -> Lease | None:
    """Return the lease if somebody holds it now. Raises Unavailable."""
    with read_transaction(engine) as connection:
        lease = read_lease(connection)
        held = lease is not None and lease.holder is not None and present_moment(connection, clock) < lease.until
    return lease if held else None
