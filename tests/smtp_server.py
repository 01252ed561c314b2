"""A mail server on loopback, as far as a program that submits mail speaks to one (RFC 5321, 3207, 4954)."""

import base64
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Final, cast

from typing_extensions import override

USER: Final = "registrar"
PASSWORD: Final = "a password of the mail server's"


@dataclass(slots=True, kw_only=True)
class Behaviour:
    """What the server does, and what it was given."""

    tls: ssl.SSLContext | None = None
    at_once: bool = False
    """TLS from the first byte, not by STARTTLS."""
    needs_password: bool = False
    recipient_answer: str = "250 ok"
    data_answer: str = "250 taken"
    hangs_up_after_data: bool = False
    """It has the letter, and says so to nobody."""
    letters: list[EmailMessage] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    was_encrypted: list[bool] = field(default_factory=list)


class _Handler(socketserver.StreamRequestHandler):
    @override
    def handle(self) -> None:
        behaviour = cast("_Server", self.server).behaviour
        encrypted = signed_in = False
        if behaviour.at_once and behaviour.tls is not None:
            if not self._encrypt(behaviour.tls):
                return
            encrypted = True
        self._say("220 mail.test ready")
        while line := self.rfile.readline().decode("utf-8").rstrip("\r\n"):
            verb = line.split(" ")[0].upper()
            behaviour.commands.append(verb)
            if verb == "EHLO":
                offers = ["STARTTLS"] if behaviour.tls is not None and not encrypted else []
                offers += ["AUTH PLAIN"] if behaviour.needs_password and encrypted else []
                offers += ["8BITMIME"]
                self._say("250-mail.test")
                for number, offer in enumerate(offers, 1):
                    self._say(f"250{' ' if number == len(offers) else '-'}{offer}")
            elif verb == "STARTTLS" and behaviour.tls is not None:
                self._say("220 go on")
                if not self._encrypt(behaviour.tls):
                    return
                encrypted = True
            elif verb == "AUTH":
                given = base64.b64decode(line.rpartition(" ")[2]).decode().split("\0")
                signed_in = given == ["", USER, PASSWORD]
                self._say("235 welcome" if signed_in else "535 who is that")
            elif verb == "MAIL":
                self._say("250 ok" if signed_in or not behaviour.needs_password else "530 sign in")
            elif verb == "RCPT":
                self._say(behaviour.recipient_answer)
            elif verb == "DATA":
                self._say("354 go on")
                content = b""
                while (part := self.rfile.readline()) != b".\r\n":
                    content += part.removeprefix(b".")
                behaviour.letters.append(message_from_bytes(content, policy=default))
                behaviour.was_encrypted.append(encrypted)
                if behaviour.hangs_up_after_data:
                    return
                self._say(behaviour.data_answer)
            elif verb == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 ok" if verb == "RSET" else "502 unknown")

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def _encrypt(self, context: ssl.SSLContext) -> bool:
        try:
            self.connection = context.wrap_socket(self.connection, server_side=True)
        except (ssl.SSLError, OSError):
            return False
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb", buffering=0)
        return True

    @override
    def finish(self) -> None:
        super().finish()
        self.connection.close()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        super().__init__(("127.0.0.1", 0), _Handler)


@contextmanager
def mail_server(behaviour: Behaviour) -> Iterator[int]:
    """Run a mail server and yield its port."""
    with _Server(behaviour) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, name="mail-server")
        thread.start()
        try:
            yield int(server.server_address[1])
        finally:
            server.shutdown()
            thread.join()
