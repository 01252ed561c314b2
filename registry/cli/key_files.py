"""The file of an issuer's own key, and how its password is asked for.

    {"type": "CredrootIssuerKey", "version": 1, "publicKeyMultibase": "z...", "encryptedKey": "<base64>"}

The private key is encrypted as keys at rest are (docs/decisions/0014-issuer-keys-at-rest.md). The password comes from a
file, the environment or the terminal, never from the command line, where every process of the machine reads it.
"""

import base64
import binascii
import getpass
import os
import sys
from pathlib import Path
from typing import Final

import orjson

from registry.adapters.keys import PasswordKeyVault
from registry.cli.private_files import require_absent
from registry.domain.canonical import parse_object
from registry.domain.errors import Malformed, Refused
from registry.domain.fields import read_constant, read_object, read_text
from registry.domain.multikey import KeyAlgorithm, decode_multikey, encode_multikey
from registry.ports import Signer
from registry.settings import load_settings, read_secret

KEY_TYPE: Final = "CredrootIssuerKey"
VERSION: Final = 1
MAX_KEY_FILE_BYTES: Final = 4_096
"""A key takes a few hundred bytes; more is another file."""


def ask_password(file: Path | None, *, twice: bool) -> str:
    """Return the password: from the file, else from CREDROOT_KEY_PASSWORD(_FILE), else from the terminal.

    Raises Refused `password-missing` where there is none of them, `passwords-differ` for two that were typed.
    """
    if file is not None:
        return read_secret(file)
    settings = load_settings()
    if settings.key_password_file is not None or settings.key_password is not None:
        return settings.issuer_key_password()
    if not sys.stdin.isatty():
        raise Refused("password-missing", "use --password-file, set CREDROOT_KEY_PASSWORD_FILE, or run in a terminal")
    password = getpass.getpass("password of the key: ")
    if twice and getpass.getpass("again: ") != password:
        raise Refused("passwords-differ", "expected the same password twice")
    return password


def make_key_file(file: Path, password: str, algorithm: KeyAlgorithm) -> str:
    """Make a key, write it encrypted to a new file that only its owner can read, and return the public key.

    Raises Refused `file-exists`, `file-unwritable`; Malformed `password-too-short`.
    """
    require_absent(file)
    sealed = PasswordKeyVault(password).generate(algorithm)
    public_key = encode_multikey(sealed.public_key)
    content = orjson.dumps(
        {
            "type": KEY_TYPE,
            "version": VERSION,
            "publicKeyMultibase": public_key,
            "encryptedKey": base64.b64encode(sealed.encrypted_key).decode("ascii"),
        },
        option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_INDENT_2,
    )
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        # The public key is about to be handed on: what was signed with a key that is lost is lost.
        os.fsync(stream.fileno())
    return public_key


def open_key_file(file: Path, password: str) -> Signer:
    """Return the signer of a key file.

    Raises Malformed for another file, Unavailable `key-locked` when the password does not open it.
    """
    with file.open("rb") as stream:
        content = stream.read(MAX_KEY_FILE_BYTES + 1)
    members = read_object(
        parse_object(content, limit_bytes=MAX_KEY_FILE_BYTES),
        required=("type", "version", "publicKeyMultibase", "encryptedKey"),
        where="key",
    )
    read_constant(members["type"], expected=KEY_TYPE, where="type")
    read_constant(members["version"], expected=VERSION, where="version")
    public_key = decode_multikey(members["publicKeyMultibase"])
    try:
        encrypted = base64.b64decode(read_text(members["encryptedKey"], where="encryptedKey"), validate=True)
    except binascii.Error as error:
        raise Malformed("malformed-key", "expected base64", where="encryptedKey") from error
    signer = PasswordKeyVault(password).unlock(encrypted)
    if signer.public_key != public_key:
        raise Malformed("malformed-key", "expected the public key of the encrypted one", where="publicKeyMultibase")
    return signer
