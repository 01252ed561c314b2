"""What hands letters over: a folder of files, or the mail server that the settings name."""

from registry.adapters.outbox import FolderOutbox, SmtpOutbox, SmtpSecurity, SmtpServer
from registry.ports import Outbox
from registry.settings import Settings


def open_outbox(settings: Settings) -> Outbox:
    """Return the outbox of the settings.

    Raises Refused `mail-in-the-clear`, `secret-unreadable`.
    """
    if settings.smtp_host is None:
        return FolderOutbox(settings.mail_outbox_dir, sender=settings.mail_from)
    server = SmtpServer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        security=SmtpSecurity(settings.smtp_security),
        user=settings.smtp_user,
        password=settings.smtp_password(),
        ca_file=settings.ca_file,
    )
    return SmtpOutbox(server, sender=settings.mail_from)
