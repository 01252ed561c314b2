"""Sessions of the console: an API key shown once, then a random id in a cookie.

    sign in ──> open ── used ──> open        ends: nobody used it for an hour, half a day after it was opened,
                 └────────────────────        signed out, its API key revoked

A session may do what its key may, asked anew with every request. What a browser holds is 256 random bits; the database
holds its hash. The token that every form carries is a keyed hash of the same bits: nothing more to store, and nobody
who reads the database can make one.
"""

import base64
import hmac
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from registry.domain.errors import NotFound
from registry.domain.hashing import sha256
from registry.service.access import Caller, authenticate, caller_of_key
from registry.service.resources import Resources
from registry.store_ports import NewSession, SessionRecord

SESSION_BYTES: Final = 32
"""256 random bits: a plain hash of it cannot be searched through."""
IDLE: Final = timedelta(hours=1)
"""A registrar reads a dry run and is called away; a desk left at noon is not open in the afternoon."""
LIFETIME: Final = timedelta(hours=12)
"""A working day, whatever is done in it."""
SEEN_STEP: Final = timedelta(minutes=1)
"""How exactly the last use is kept: a write for every page would make readers wait for the only writer."""

_FORM_TOKEN: Final = b"credroot console form"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Somebody who is signed in."""

    caller: Caller
    label: str
    """Of the API key: how its maker called whoever has it."""
    form_token: str
    """What every form of this session carries."""


def sign_in(resources: Resources, secret: str) -> str | None:
    """Open a session and return its id, which nobody ever had before; None when the API key is unknown or revoked."""
    caller = authenticate(resources, secret)
    if caller is None:
        return None
    session_id = _text(resources.random_bytes(SESSION_BYTES))
    now = resources.clock.now()
    with resources.store.write() as unit:
        unit.sessions.forget(expired_by=now, idle_since=now - IDLE)
        unit.sessions.insert(
            NewSession(
                id_hash=sha256(session_id.encode()), key_id=caller.key_id, created_at=now, expires_at=now + LIFETIME
            )
        )
    return session_id


def find_session(resources: Resources, session_id: str) -> Session | None:
    """Return the session of an id that is open now, and note that it was used."""
    record = _open_record(resources, session_id)
    if record is None:
        return None
    now = resources.clock.now()
    if record.seen_at <= now - SEEN_STEP:
        with resources.store.write() as unit:
            unit.sessions.touch(record.id_hash, seen_at=now)
    return _session(record, session_id)


def peek_session(resources: Resources, session_id: str) -> Session | None:
    """Return the session of an id that is open now; what a page asks by itself keeps nothing open."""
    record = _open_record(resources, session_id)
    return None if record is None else _session(record, session_id)


def sign_out(resources: Resources, session_id: str) -> None:
    """End a session; one that is not there is none."""
    with resources.store.write() as unit:
        unit.sessions.end(sha256(session_id.encode()))


def is_form_token(session: Session, given: str) -> bool:
    """Tell whether a form was made for a session."""
    return hmac.compare_digest(session.form_token.encode(), given.encode())


def _open_record(resources: Resources, session_id: str) -> SessionRecord | None:
    try:
        with resources.store.read() as unit:
            record = unit.sessions.get(sha256(session_id.encode()))
    except NotFound:
        return None
    now = resources.clock.now()
    is_open = record.key.revoked_at is None and now < min(record.expires_at, record.seen_at + IDLE)
    return record if is_open else None


def _session(record: SessionRecord, session_id: str) -> Session:
    return Session(
        caller=caller_of_key(record.key),
        label=record.key.label,
        form_token=_text(hmac.digest(session_id.encode(), _FORM_TOKEN, "sha256")),
    )


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode("ascii")
