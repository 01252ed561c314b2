"""The key of a chain account, read from a file: a keystore (Web3 Secret Storage version 3), or 64 hex digits.

Keys never come from the command line, where every process of the machine can read them. A bare key is as good as the
money behind it: a file that others may read is refused, as ssh does.
"""

import json
import stat
from pathlib import Path
from typing import Final

from eth_account import Account
from eth_account.signers.local import LocalAccount

from registry.domain.errors import Malformed, NotFound, Refused

MAX_FILE_BYTES: Final = 65_536
"""A keystore is under a kilobyte: this is not one."""

_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def load_account(key_file: Path, *, password: str | None) -> LocalAccount:
    """Read the key of an account; `password` opens a keystore and is not looked at for a bare key.

    Raises NotFound without a readable file, Refused for a bare key that others may read or a wrong password, Malformed
    for anything that is no key.
    """
    try:
        mode = key_file.stat().st_mode
        with key_file.open("rb") as stream:
            content = stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise NotFound("key-file-unreadable", f"{key_file}: {error.strerror}") from error
    if len(content) > MAX_FILE_BYTES:
        raise Malformed("malformed-key-file", f"{key_file} is larger than {MAX_FILE_BYTES} bytes")
    if content.lstrip().startswith(b"{"):
        return _from_keystore(content, key_file=key_file, password=password)
    if mode & _OTHERS:
        raise Refused("key-file-open", f"{key_file} holds a bare key and may be read by others: chmod 600")
    return _from_hex(content, key_file=key_file)


def _from_keystore(content: bytes, *, key_file: Path, password: str | None) -> LocalAccount:
    if password is None:
        raise Refused("password-missing", f"{key_file} is a keystore: it needs its password file")
    try:
        key = Account.decrypt(json.loads(content), password)
    # Not a keystore at all raises KeyError or TypeError, a wrong password a ValueError that says "MAC mismatch".
    except (ValueError, KeyError, TypeError, NotImplementedError) as error:
        raise Refused("keystore-closed", f"{key_file}: not a version 3 keystore, or another password") from error
    account: LocalAccount = Account.from_key(key)
    return account


def _from_hex(content: bytes, *, key_file: Path) -> LocalAccount:
    try:
        key = bytes.fromhex(content.decode("ascii").strip().removeprefix("0x"))
    except ValueError:
        # Not chained: the text of that error would repeat what stands in the file.
        key = b""
    if len(key) != 32:
        raise Malformed("malformed-key-file", f"{key_file}: expected a keystore or 64 hex digits")
    try:
        account: LocalAccount = Account.from_key(key)
    except ValueError:
        raise Malformed("malformed-key-file", f"{key_file}: zero, or beyond the order of the curve") from None
    return account
