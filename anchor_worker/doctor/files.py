"""Looking at files: who may read them, whether they open, whether there is room."""

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from anchor_worker.doctor.finding import Finding, fail, ok, warn
from registry.adapters.account_key import load_account
from registry.adapters.keys import PasswordKeyVault
from registry.domain.errors import CredrootError
from registry.settings import Settings

ROOM_WARN_BYTES: Final = 2 * 1024**3
"""A million credentials take five gigabytes of database: below two there is no room for a busy day."""
ROOM_FAIL_BYTES: Final = 200 * 1024**2
"""An epoch of a million credentials is published in 64 MB, and the database's log takes 512."""
MEGABYTE: Final = 1024**2

_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def examine_published_folder(settings: Settings) -> Iterator[Finding]:
    """Look at the folder of published files."""
    folder, subject = settings.published_dir, "published folder"
    if not folder.is_dir():
        parent = next(each for each in folder.absolute().parents if each.is_dir())
        if not os.access(parent, os.W_OK):
            yield fail(subject, f"{folder} cannot be made in {parent}", "make it, and give it to the worker's account")
            return
        yield ok(subject, f"{folder} is not there yet: the worker makes it")
        return
    if not os.access(folder, os.W_OK | os.X_OK):
        yield fail(subject, f"{folder} is not writable for this account", "give it to the worker's account")
        return
    yield ok(subject, str(folder))
    yield _room("room for published files", folder)


def examine_database_file(settings: Settings) -> Iterator[Finding]:
    """Look at the file of an SQLite database; PostgreSQL's are its own."""
    try:
        url = make_url(settings.database_url)
    except ArgumentError:
        # Connecting tells what is wrong with it.
        return
    if url.get_backend_name() != "sqlite" or not url.database:
        return
    file, subject = Path(url.database), "database file"
    if not file.is_file():
        yield fail(subject, f"{file} is not there", "set CREDROOT_DATABASE_URL, or run `credroot init`")
        return
    if not os.access(file, os.W_OK) or not os.access(file.parent, os.W_OK):
        yield fail(subject, f"{file} is not writable, or its folder is not", "give both to the account that runs this")
        return
    mode = stat.S_IMODE(file.stat().st_mode)
    if mode & stat.S_IRWXO:
        yield warn(subject, f"{file} has mode {mode:o}: others may read credentials", f"chmod 600 {file}")
    else:
        yield ok(subject, f"{file}, mode {mode:o}")
    yield _room("room for the database", file.parent)


def examine_anchor_key(settings: Settings) -> tuple[Finding, str | None]:
    """Look at the anchoring key; return its address too when it opens."""
    subject, file = "anchoring key", settings.anchor_key_file
    if file is None:
        return fail(subject, "none is set", "set CREDROOT_ANCHOR_KEY_FILE"), None
    try:
        account = load_account(file, password=settings.anchor_key_password())
    except CredrootError as error:
        return fail(subject, error.message, "correct CREDROOT_ANCHOR_KEY_FILE and its password file"), None
    if (finding := _exposed_password(subject, settings.anchor_key_password_file)) is not None:
        return finding, account.address.lower()
    return ok(subject, f"{file} opens: {account.address}"), account.address.lower()


def examine_promise_key(settings: Settings) -> tuple[Finding, str | None]:
    """Look at the promise key, which a registry may do without."""
    subject, file = "promise key", settings.promise_key_file
    if file is None:
        return ok(subject, "none is set: no promises are made"), None
    try:
        account = load_account(file, password=settings.promise_key_password())
    except CredrootError as error:
        return fail(subject, error.message, "correct CREDROOT_PROMISE_KEY_FILE and its password file"), None
    return ok(subject, f"{file} opens: {account.address}"), account.address.lower()


def examine_key_password(settings: Settings, encrypted_key: bytes | None) -> Finding:
    """Look at the password of the issuers' keys; open one when there is one."""
    subject = "issuers' keys"
    try:
        vault = PasswordKeyVault(settings.issuer_key_password())
        if encrypted_key is None:
            return ok(subject, "a password is set, and there is no key yet")
        vault.unlock(encrypted_key)
    except CredrootError as error:
        if error.code == "password-missing":
            return warn(subject, "no password is set here", "set CREDROOT_KEY_PASSWORD_FILE where the service runs")
        return fail(subject, error.message, "correct CREDROOT_KEY_PASSWORD_FILE: no issuer can sign")
    return _exposed_password(subject, settings.key_password_file) or ok(subject, "the password opens them")


def _exposed_password(subject: str, file: Path | None) -> Finding | None:
    if file is None or not file.stat().st_mode & _OTHERS:
        return None
    return warn(subject, f"the password in {file} may be read by others", f"chmod 600 {file}")


def _room(subject: str, folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    words = f"{folder}: {free // MEGABYTE} MB free"
    if free < ROOM_FAIL_BYTES:
        return fail(subject, words, "make room: nothing is lost, and nothing goes on")
    if free < ROOM_WARN_BYTES:
        return warn(subject, words, "make room before it is needed")
    return ok(subject, words)
