"""Outboxes: a folder of .eml files (the default), or a mail server (SMTP, RFC 5321; submission, RFC 6409).

Messages are made by the standard library under its strict policy, which refuses a line break in a header: a name in a credential
can add none. Nothing goes over a network in the clear: without TLS only a server on this machine is spoken to.
"""

import os
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from registry.domain.errors import Refused, Unavailable
from registry.ports import Letter

TIMEOUT_SECONDS: Final = 30.0
"""For each answer of a mail server. RFC 5321 allows five minutes: a server that takes them is tried again later."""
PERMANENT: Final = range(500, 600)
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


class SmtpSecurity(StrEnum):
    """How a mail server is spoken to."""

    STARTTLS = "starttls"
    """The server must offer it; a server that does not is not sent anything."""
    TLS = "tls"
    NONE = "none"
    """For a server on this machine alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServer:
    """A mail server that takes letters from us."""

    host: str
    port: int
    security: SmtpSecurity
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    """Certificates to trust beside the system's."""
    timeout_seconds: float = TIMEOUT_SECONDS

    def __post_init__(self) -> None:
        """Raise Refused `mail-in-the-clear` for a server elsewhere without TLS."""
        if self.security is SmtpSecurity.NONE and self.host not in LOOPBACK:
            raise Refused("mail-in-the-clear", "expected TLS for a mail server that is not on this machine")


def compose(letter: Letter, *, sender: str) -> EmailMessage:
    """Write a letter as a message; the same letter is the same message."""
    # Other letters than ASCII in a name are encoded for every server; in an address only one that knows them takes it.
    message = EmailMessage(policy=SMTP if letter.recipient.isascii() else SMTPUTF8)
    message["From"] = _address(sender)
    message["To"] = _address(letter.recipient)
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(letter.written_at)
    message["Message-ID"] = f"<{letter.id}@{sender.rpartition('@')[2]}>"
    # RFC 3834: nobody's holiday notice answers it.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    message["Content-Language"] = letter.language
    return message


class FolderOutbox:
    """Implements Outbox: a file a letter, for the operator to read or to hand to another program."""

    def __init__(self, folder: Path, *, sender: str) -> None:
        self._folder = folder
        self._sender = sender

    def hand_over(self, letter: Letter) -> None:
        """Write a file. Raises Unavailable `mail-not-taken`."""
        path = self._folder / f"{letter.id}.eml"
        aside = path.with_suffix(".part")
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            # The link in it is a secret: nobody else on this machine reads it.
            with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(bytes(compose(letter, sender=self._sender)))
                file.flush()
                os.fsync(file.fileno())
            aside.replace(path)
        except OSError as error:
            raise _not_taken(f"{self._folder}: {error.strerror}") from error


class SmtpOutbox:
    """Implements Outbox: a connection a letter."""

    def __init__(self, server: SmtpServer, *, sender: str) -> None:
        self._server = server
        self._sender = sender

    def hand_over(self, letter: Letter) -> None:
        """Hand a letter to the server. Raises Refused `mail-refused`, Unavailable `mail-not-taken`."""
        message = compose(letter, sender=self._sender)
        try:
            with _connected(self._server) as connection:
                connection.send_message(message, from_addr=self._sender, to_addrs=[letter.recipient])
        except smtplib.SMTPRecipientsRefused as error:
            (refused,) = {code for code, _ in error.recipients.values()}
            raise _answer(refused) from error
        except smtplib.SMTPAuthenticationError as error:
            # The operator's to mend: no letter is lost over it.
            raise _not_taken(f"the mail server does not know us: {error.smtp_code}") from error
        except smtplib.SMTPResponseException as error:
            raise _answer(error.smtp_code) from error
        except smtplib.SMTPNotSupportedError as error:
            if not letter.recipient.isascii():
                raise Refused("mail-refused", "the mail server takes no address like this") from error
            raise _not_taken("the mail server lacks what it must have: TLS, or a way to sign in") from error
        except (smtplib.SMTPException, OSError) as error:
            raise _not_taken(f"the mail server cannot be spoken to: {type(error).__name__}") from error


@contextmanager
def _connected(server: SmtpServer) -> Iterator[smtplib.SMTP]:
    context = ssl.create_default_context()
    if server.ca_file is not None:
        context.load_verify_locations(server.ca_file)
    with _opened(server, context) as connection:
        if server.security is SmtpSecurity.STARTTLS:
            connection.starttls(context=context)
        if server.user is not None and server.password is not None:
            connection.login(server.user, server.password)
        yield connection


def _opened(server: SmtpServer, context: ssl.SSLContext) -> smtplib.SMTP:
    if server.security is SmtpSecurity.TLS:
        return smtplib.SMTP_SSL(server.host, server.port, timeout=server.timeout_seconds, context=context)
    return smtplib.SMTP(server.host, server.port, timeout=server.timeout_seconds)


def _address(text: str) -> Address:
    local, _, domain = text.rpartition("@")
    return Address(username=local, domain=domain)


def _answer(code: int) -> Refused | Unavailable:
    # What a server says may hold the address: its number says enough.
    if code in PERMANENT:
        return Refused("mail-refused", f"the mail server refuses the letter: {code}")
    return _not_taken(f"the mail server asks to come again: {code}")


def _not_taken(why: str) -> Unavailable:
    return Unavailable("mail-not-taken", why)
