"""Letters handed over: to files that only their owner reads, and to a real mail server over TLS."""

import ssl
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from uuid import UUID

import pytest
import trustme

from registry.adapters.outbox import FolderOutbox, SmtpOutbox, SmtpSecurity, SmtpServer, compose
from registry.domain.errors import CredrootError, Refused, Unavailable
from registry.ports import Letter
from tests.smtp_server import PASSWORD, USER, Behaviour, mail_server

SENDER = "no-reply@registry.example"
LETTER = Letter(
    id=UUID("019e8284-c640-774b-86e9-badb2994fa30"),
    recipient="amal@example.org",
    subject="شهادتك «تحليل البيانات» – 李伟",
    text="مرحبًا،\n\nhttps://registry.example/claim/abc\n.\nend\n",
    language="ar",
    written_at=datetime(2026, 6, 1, 9, 30, tzinfo=UTC),
)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def context(authority: trustme.CA) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(made)
    return made


@pytest.fixture(scope="module")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


def server(port: int, **choices: object) -> SmtpServer:
    made = SmtpServer(host="127.0.0.1", port=port, security=SmtpSecurity.NONE, timeout_seconds=20)
    return replace(made, **choices)  # type: ignore[arg-type]


def text_of(message: EmailMessage) -> str:
    return str(message.get_content()).replace("\r\n", "\n")


def refusal(behaviour: Behaviour, letter: Letter = LETTER, **choices: object) -> CredrootError:
    with mail_server(behaviour) as port, pytest.raises(CredrootError) as refused:
        SmtpOutbox(server(port, **choices), sender=SENDER).hand_over(letter)
    return refused.value


def test_the_same_letter_is_the_same_message() -> None:
    message = compose(LETTER, sender=SENDER)

    assert bytes(message) == bytes(compose(LETTER, sender=SENDER))
    assert message["Message-ID"] == f"<{LETTER.id}@registry.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "ar"


@pytest.mark.parametrize("member", ["subject", "recipient"])
@pytest.mark.parametrize("between", ["\r\n", "\n", "\r"])
def test_no_header_can_be_added(member: str, between: str) -> None:
    hostile = replace(LETTER, **{member: f"a@example.org{between}Bcc: b@example.org"})  # type: ignore[arg-type]

    with pytest.raises(ValueError, match=r"linefeed|carriage return|CR or LF"):
        compose(hostile, sender=SENDER)


def test_a_file_holds_the_letter_and_is_its_owner_s(tmp_path: Path) -> None:
    folder = tmp_path / "outbox"
    outbox = FolderOutbox(folder, sender=SENDER)

    outbox.hand_over(LETTER)
    outbox.hand_over(LETTER)

    (file,) = folder.iterdir()
    message = message_from_bytes(file.read_bytes(), policy=default)
    assert (message["To"], message["From"], message["Subject"]) == (LETTER.recipient, SENDER, LETTER.subject)
    assert text_of(message) == LETTER.text
    assert file.name == f"{LETTER.id}.eml"
    assert (file.stat().st_mode & 0o777, folder.stat().st_mode & 0o777) == (0o600, 0o700)


def test_a_folder_that_cannot_be_written_is_tried_again(tmp_path: Path) -> None:
    in_the_way = tmp_path / "outbox"
    in_the_way.write_bytes(b"")

    with pytest.raises(Unavailable) as refused:
        FolderOutbox(in_the_way, sender=SENDER).hand_over(LETTER)

    assert refused.value.code == "mail-not-taken"


@pytest.mark.parametrize("security", [SmtpSecurity.STARTTLS, SmtpSecurity.TLS])
def test_a_letter_arrives_encrypted_and_whole(context: ssl.SSLContext, ca_file: Path, security: SmtpSecurity) -> None:
    behaviour = Behaviour(tls=context, at_once=security is SmtpSecurity.TLS, needs_password=True)

    with mail_server(behaviour) as port:
        named = server(port, security=security, user=USER, password=PASSWORD, ca_file=ca_file)
        SmtpOutbox(named, sender=SENDER).hand_over(LETTER)

    (letter,) = behaviour.letters
    assert (letter["To"], letter["Subject"], text_of(letter)) == (LETTER.recipient, LETTER.subject, LETTER.text)
    assert behaviour.was_encrypted == [True]


def test_a_server_on_this_machine_may_do_without_tls() -> None:
    behaviour = Behaviour()

    with mail_server(behaviour) as port:
        SmtpOutbox(server(port), sender=SENDER).hand_over(LETTER)

    assert [letter["Message-ID"] for letter in behaviour.letters] == [f"<{LETTER.id}@registry.example>"]


def test_a_server_elsewhere_is_never_spoken_to_in_the_clear() -> None:
    with pytest.raises(Refused) as refused:
        SmtpServer(host="mail.example.org", port=25, security=SmtpSecurity.NONE)

    assert refused.value.code == "mail-in-the-clear"


def test_nothing_is_sent_to_a_server_that_offers_no_tls() -> None:
    behaviour = Behaviour()

    error = refusal(behaviour, security=SmtpSecurity.STARTTLS)

    assert (type(error), error.code) == (Unavailable, "mail-not-taken")
    assert "MAIL" not in behaviour.commands


def test_nothing_is_sent_to_a_server_that_a_stranger_certifies(context: ssl.SSLContext) -> None:
    behaviour = Behaviour(tls=context)

    error = refusal(behaviour, security=SmtpSecurity.STARTTLS)

    assert (type(error), error.code) == (Unavailable, "mail-not-taken")
    assert "MAIL" not in behaviour.commands


def test_a_wrong_password_loses_no_letter_and_is_not_shown(context: ssl.SSLContext, ca_file: Path) -> None:
    behaviour = Behaviour(tls=context, needs_password=True)

    error = refusal(behaviour, security=SmtpSecurity.STARTTLS, user=USER, password="the wrong one", ca_file=ca_file)

    assert (type(error), error.code) == (Unavailable, "mail-not-taken")
    assert "wrong" not in error.message
    assert "the wrong one" not in repr(server(1, password="the wrong one"))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"recipient_answer": "550 no such amal@example.org"}, Refused),
        ({"recipient_answer": "450 come again"}, Unavailable),
        ({"data_answer": "554 no"}, Refused),
        ({"data_answer": "451 come again"}, Unavailable),
        ({"hangs_up_after_data": True}, Unavailable),
    ],
)
def test_what_a_server_says_decides(changes: dict[str, object], expected: type[CredrootError]) -> None:
    error = refusal(Behaviour(**changes))  # type: ignore[arg-type]

    assert type(error) is expected
    assert error.code == ("mail-refused" if expected is Refused else "mail-not-taken")
    # A server's words may hold the address.
    assert "amal" not in error.message


def test_a_server_that_is_not_there_is_tried_again() -> None:
    with mail_server(Behaviour()) as port:
        pass

    with pytest.raises(Unavailable) as refused:
        SmtpOutbox(server(port), sender=SENDER).hand_over(LETTER)

    assert refused.value.code == "mail-not-taken"


def test_an_address_that_the_server_does_not_know_how_to_write_is_refused() -> None:
    behaviour = Behaviour()

    error = refusal(behaviour, replace(LETTER, recipient="李伟@example.org"))

    assert (type(error), error.code) == (Refused, "mail-refused")
    assert behaviour.letters == []
