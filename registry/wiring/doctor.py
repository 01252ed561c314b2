"""What the service needs, looked at piece by piece: what later pieces need comes first, and no failure hides the rest."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from registry.adapters.database import open_engine
from registry.adapters.keys import PasswordKeyVault
from registry.adapters.migrations import SchemaDiffers, check_schema, head
from registry.adapters.pictures.scripts import SAMPLES, missing_scripts
from registry.adapters.pictures.typesetter import Typesetter
from registry.adapters.sql_store import SqlStore
from registry.domain.audit_trail import MAX_LINE_BYTES, AuditEntry, AuditLink, TrailReport, check_trail, parse_line
from registry.domain.errors import CredrootError, NotFound, Refused, Unavailable
from registry.service.auditing import read_trail
from registry.settings import Settings, load_settings
from registry.store_ports import Store

ISSUERS_A_PAGE: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    found: str
    advice: str = ""
    """What to do; empty where it is as it should be."""
    is_outside: bool = False
    """It is the outside world that fails: nothing is known to be wrong here."""
    is_warning: bool = False
    """The service runs with it, and some of what it is asked for will be refused."""


def examine(*, saved_trail: Path | None) -> Iterator[Finding]:
    """Look at everything that the environment's settings name."""
    try:
        settings = load_settings()
    except CredrootError as error:
        yield Finding(subject="settings", found=error.message, advice="correct the variable: docs/settings.md")
        return
    yield Finding(subject="settings", found="every variable can be read")
    yield _fonts(settings)
    missing = _missing_file(settings)
    if missing is not None:
        # Connecting to a file that is not there would make it.
        yield missing
        return
    try:
        engine = open_engine(settings.database_url)
    except CredrootError as error:
        yield Finding(subject="database", found=error.message, advice="correct CREDROOT_DATABASE_URL")
        return
    try:
        check_schema(engine)
        yield Finding(subject="database", found=f"{engine.dialect.name}, at revision {head()}")
        yield from _with_store(settings, SqlStore(engine), saved_trail)
    except SchemaDiffers as error:
        advice = "run `credroot init` of this version, or run the version of the database"
        yield Finding(subject="database", found=error.message, advice=advice)
    except Unavailable as error:
        advice = "start it, or correct CREDROOT_DATABASE_URL"
        yield Finding(subject="database", found=error.message, advice=advice, is_outside=True)
    finally:
        engine.dispose()


def _fonts(settings: Settings) -> Finding:
    subject, advice = "fonts", "run `make fonts`, and name the folder in CREDROOT_FONT_DIR: docs/certificates.md"
    if settings.font_dir is None:
        found = "CREDROOT_FONT_DIR is not set: certificates and pictures with names beyond Latin, Greek and Cyrillic are refused"
        return Finding(subject=subject, found=found, advice=advice, is_warning=True)
    try:
        missing = missing_scripts(Typesetter(settings.font_dir))
    except Refused as error:
        return Finding(subject=subject, found=error.message, advice=advice)
    if missing:
        found = f"no font for {', '.join(missing)} in {settings.font_dir}: certificates and pictures with such names are refused"
        return Finding(subject=subject, found=found, advice=advice, is_warning=True)
    return Finding(subject=subject, found=f"{settings.font_dir} has what names in {len(SAMPLES)} scripts need")


def _with_store(settings: Settings, store: Store, saved_trail: Path | None) -> Iterator[Finding]:
    try:
        with store.read() as unit:
            log, is_anchored = unit.access.log(), unit.epochs.newest_final() is not None
    except NotFound as error:
        yield Finding(subject="log", found=error.message, advice="run `credroot init`")
        return
    yield Finding(subject="log", found=str(log.name))
    yield _published_folder(settings, is_anchored=is_anchored)
    yield _issuer_keys(settings, store)
    yield _audit_trail(store)
    if saved_trail is not None:
        yield _saved_trail(store, saved_trail)


def _published_folder(settings: Settings, *, is_anchored: bool) -> Finding:
    folder, subject = settings.published_dir, "published folder"
    if folder.is_dir():
        return Finding(subject=subject, found=str(folder))
    if not is_anchored:
        return Finding(subject=subject, found=f"{folder} is not there yet: the worker makes it with the first epoch")
    advice = "set CREDROOT_PUBLISHED_DIR to where the worker writes, or put the files back from a mirror"
    return Finding(subject=subject, found=f"{folder} is not there", advice=advice)


def _missing_file(settings: Settings) -> Finding | None:
    try:
        url = make_url(settings.database_url)
    except ArgumentError:
        return None
    if url.get_backend_name() != "sqlite" or not url.database or Path(url.database).is_file():
        return None
    advice = "set CREDROOT_DATABASE_URL, or run `credroot init`"
    return Finding(subject="database", found=f"{url.database} is not there", advice=advice)


def _issuer_keys(settings: Settings, store: Store) -> Finding:
    """Open the present key of every issuer: each has a salt of its own, so one that opens proves nothing of others."""
    subject, opened, advice = "issuers' keys", 0, "correct CREDROOT_KEY_PASSWORD_FILE: what stays locked cannot sign"
    try:
        vault = PasswordKeyVault(settings.issuer_key_password())
    except CredrootError as error:
        return Finding(subject=subject, found=error.message, advice=advice)
    for slug, encrypted in _present_keys(store):
        try:
            vault.unlock(encrypted)
        except CredrootError as error:
            return Finding(subject=subject, found=f"{slug}: {error.message}", advice=advice)
        opened += 1
    return Finding(subject=subject, found=f"the password opens those of {opened} issuers")


def _present_keys(store: Store) -> Iterator[tuple[str, bytes]]:
    after: UUID | None = None
    while True:
        with store.read() as unit:
            page = unit.issuers.page(after=after, limit=ISSUERS_A_PAGE)
            keys = [(issuer.slug, unit.issuers.status_key(issuer.id).encrypted_key) for issuer in page]
        yield from keys
        if len(page) < ISSUERS_A_PAGE:
            return
        after = page[-1].id


def _audit_trail(store: Store) -> Finding:
    report = check_trail(read_trail(store))
    if report.broken is None:
        return Finding(subject="audit trail", found=f"{report.entries} entries, each follows; head {report.head.hex()}")
    return Finding(subject="audit trail", found=_broken(report), advice=_TAMPERED)


def _saved_trail(store: Store, file: Path) -> Finding:
    subject = "saved audit trail"
    try:
        with file.open("rb") as stream:
            lines = (parse_line(line) for line in iter(lambda: stream.readline(MAX_LINE_BYTES), b""))
            saved = check_trail(lines)
    except OSError as error:
        return Finding(subject=subject, found=f"{file}: {error.strerror}", advice="name a file that can be read")
    except CredrootError as error:
        advice = "name a file as `GET /v1/audit-trail` gives it, from its first entry on"
        return Finding(subject=subject, found=f"{file}: {error.message}", advice=advice)
    if saved.broken is not None:
        return Finding(subject=subject, found=_broken(saved), advice="name another copy: this one was changed")
    now = _link(store, saved.entries)
    if saved.entries and (now is None or now.hash != saved.head):
        found = f"entry {saved.entries} was {saved.head.hex()}, now it is {'gone' if now is None else now.hash.hex()}"
        return Finding(subject=subject, found=found, advice=_TAMPERED)
    return Finding(subject=subject, found=f"its {saved.entries} entries stand in the database as they were")


_TAMPERED: Final = "the database was changed past the program, or is an old backup: compare it with one, keep this one"


def _broken(report: TrailReport) -> str:
    return f"entry {report.broken} does not hold: {report.reason}; {report.entries} before it do"


def _link(store: Store, number: int) -> AuditLink | None:
    with store.read() as unit:
        found: Iterable[AuditEntry] = unit.audit.page(after=number - 1, limit=1) if number else ()
        return next((entry.link for entry in found if entry.number == number), None)
