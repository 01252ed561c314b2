"""Mailing: what waits in the outbox is handed over, later and later after failures, and then forgotten.

    waiting ── taken for ten minutes, committed ── handed over ── noted as sent, address and link forgotten
       └── could not be: tried again after 1, 2, 4 ... minutes, at most 12 hours apart; given up after three days

Exactly once is not to be had over SMTP: a crash, or a connection that breaks, between the server's word and our note sends the
letter again. It then has the same Message-ID, by which mail programs tell the second from the first. Any number of services may
do this over one database: a letter that one of them has taken is left alone by the others.
"""

import threading
from datetime import datetime, timedelta
from traceback import extract_tb
from typing import Final

import structlog

from registry.domain.canonical import parse_object
from registry.domain.claim_letter import LetterFacts, write_letter
from registry.domain.errors import CredrootError, Refused, Unavailable
from registry.domain.shown_credential import show_credential
from registry.ports import Letter, Outbox
from registry.service.resources import Resources
from registry.store_ports import DueMail, MailState, Standing

LEASE: Final = timedelta(minutes=10)
"""Longer than a mail server's time-outs: nobody hands over what another one is handing over."""
SPARE: Final = timedelta(minutes=5)
"""Of the lease, for the letter in hand: with less the rest of a batch is left, and is due again when the lease ends."""
TAKEN_AT_ONCE: Final = 10
"""Each takes a second at a slow server: far less than the lease."""
FIRST_DELAY: Final = timedelta(minutes=1)
LONGEST_DELAY: Final = timedelta(hours=12)
GIVEN_UP_AFTER: Final = timedelta(days=3)
"""What mail servers themselves do (RFC 5321 section 4.5.4.1 asks for four or five days; an issuer wants to know sooner)."""
NOT_MADE: Final = "mail-not-made"
"""The failure of a letter on our side of the mail server."""
POLL_SECONDS: Final = 5.0
"""A letter waits this long at most before its first try, when another process ordered it."""

_log = structlog.get_logger()


class Mailer:
    """Hands over what is due, in a thread of its own."""

    def __init__(self, resources: Resources, outbox: Outbox, *, poll_seconds: float = POLL_SECONDS) -> None:
        self._resources = resources
        self._outbox = outbox
        self._poll_seconds = poll_seconds
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to hand over what waits; once begun, or ended, it may be called again."""
        if self._thread is None:
            self._stop.clear()
            self._thread = threading.Thread(target=self._run, name="mailing", daemon=True)
            self._thread.start()

    def wake(self) -> None:
        """Look at once: something was ordered."""
        self._wake.set()

    def close(self) -> None:
        """End after the letter in hand."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def send_due(self) -> int:
        """Hand over what is due, and return how many letters were tried. Raises Unavailable when the database is away."""
        now = self._resources.clock.now()
        with self._resources.store.write() as unit:
            due = unit.claims.take_due(now=now, limit=TAKEN_AT_ONCE, lease_until=now + LEASE)
        tried = 0
        for mail in due:
            if self._stop.is_set() or self._resources.clock.now() > now + LEASE - SPARE:
                break
            self._send(mail)
            tried += 1
        return tried

    def _send(self, mail: DueMail) -> None:
        try:
            self._outbox.hand_over(self._write(mail))
        except Refused as error:
            self._finish(mail, MailState.FAILED, error.code)
        except Unavailable as error:
            self._delay(mail, error.code)
        except Exception as error:  # noqa: BLE001 - one letter that nobody foresaw must not hold up the others
            _log_crash(error)
            self._delay(mail, NOT_MADE)
        else:
            self._finish(mail, MailState.SENT, None)

    def _delay(self, mail: DueMail, failure: str) -> None:
        now = self._resources.clock.now()
        if now - mail.created_at >= GIVEN_UP_AFTER:
            self._finish(mail, MailState.FAILED, failure)
            return
        _log.warning("mail_waits", mail=str(mail.id), attempts=mail.attempts, code=failure)
        with self._resources.store.write() as unit:
            unit.claims.delay_mail(mail.id, failure=failure, until=next_try(mail.attempts, now=now))

    def _finish(self, mail: DueMail, state: MailState, failure: str | None) -> None:
        if failure is None:
            _log.info("mail_sent", mail=str(mail.id), attempts=mail.attempts)
        else:
            _log.error("mail_failed", mail=str(mail.id), attempts=mail.attempts, code=failure)
        with self._resources.store.write() as unit:
            unit.claims.finish_mail(mail.id, state=state, failure=failure, at=self._resources.clock.now())

    def _write(self, mail: DueMail) -> Letter:
        with self._resources.store.read() as unit:
            credential = unit.credentials.by_id(mail.credential_id)
        if credential.standing is Standing.REVOKED:
            # A correction has a mail of its own: nobody gets two, one of them for what does not count.
            raise Refused("credential-revoked", "the credential was revoked before its mail was sent")
        shown = show_credential(parse_object(credential.document))
        facts = LetterFacts(
            name=shown.holder,
            achievement=shown.title,
            issuer=shown.issuer.name,
            link=f"{self._resources.public_url}/claim/{mail.token}",
            link_ends=(mail.expires_at - timedelta(days=1)).date(),
        )
        subject, text = write_letter(facts, language=mail.language)
        return Letter(
            id=mail.id,
            recipient=mail.address,
            subject=subject,
            text=text,
            language=mail.language,
            written_at=mail.created_at,
        )

    def _run(self) -> None:
        while not self._stop.is_set():
            if not self._sent_some():
                # Set again when it ends, or by an order that came while the last letters were handed over.
                self._wake.wait(self._poll_seconds)
                self._wake.clear()

    def _sent_some(self) -> bool:
        try:
            return self.send_due() > 0
        except CredrootError as error:
            _log.warning("mailing_waits", code=error.code)
        except Exception as error:  # noqa: BLE001 - one error that nobody foresaw must not end all mailing
            _log_crash(error)
        return False


def _log_crash(error: Exception) -> None:
    # Where it happened, not what it says: that may be somebody's address.
    trace = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in extract_tb(error.__traceback__)]
    _log.error("mailing_crashed", error=type(error).__name__, trace=trace)


def next_try(attempts: int, *, now: datetime) -> datetime:
    """Tell when to try again after so many tries."""
    # Shifted by a bounded number: minutes to the power of a thousand are no time.
    return now + min(FIRST_DELAY * (1 << min(attempts - 1, 20)), LONGEST_DELAY)
