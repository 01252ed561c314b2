"""Keys from files: both forms, and everything that is neither."""

import json
from pathlib import Path
from typing import Final

import pytest
from eth_account import Account

from registry.adapters.account_key import MAX_FILE_BYTES, load_account
from registry.domain.errors import CredrootError, Malformed, NotFound, Refused

KEY: Final = "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"
ADDRESS: Final = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"

CURVE_ORDER: Final = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"


def key_file(folder: Path, content: bytes, *, mode: int = 0o600) -> Path:
    path = folder / "key"
    path.write_bytes(content)
    path.chmod(mode)
    return path


@pytest.mark.parametrize("content", [KEY, f"0x{KEY}", f"{KEY}\n", f" {KEY.upper()} \n"])
def test_a_bare_key_is_read(tmp_path: Path, content: str) -> None:
    account = load_account(key_file(tmp_path, content.encode()), password=None)

    assert account.address == ADDRESS


def test_a_keystore_is_opened_with_its_password(tmp_path: Path) -> None:
    # 2^13 rounds instead of 2^18: what is tested is the way, not the work.
    keystore = json.dumps(Account.encrypt(bytes.fromhex(KEY), "correct horse", iterations=8192)).encode()

    account = load_account(key_file(tmp_path, keystore, mode=0o644), password="correct horse")

    assert account.address == ADDRESS


@pytest.mark.parametrize(("password", "code"), [("wrong", "keystore-closed"), (None, "password-missing")])
def test_a_keystore_stays_closed_without_its_password(tmp_path: Path, password: str | None, code: str) -> None:
    keystore = json.dumps(Account.encrypt(bytes.fromhex(KEY), "correct horse", iterations=8192)).encode()

    with pytest.raises(Refused) as refusal:
        load_account(key_file(tmp_path, keystore), password=password)

    assert refusal.value.code == code


@pytest.mark.parametrize("content", [b"{", b"{}", b'{"version": 3}', b'{"version": 1, "crypto": {}}'])
def test_what_only_looks_like_a_keystore_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(Refused, match="not a version 3 keystore"):
        load_account(key_file(tmp_path, content), password="correct horse")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_bare_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(Refused, match="chmod 600"):
        load_account(key_file(tmp_path, KEY.encode(), mode=mode), password=None)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        KEY[:-1].encode(),
        KEY[:-2].encode(),
        KEY.encode() + b"00",
        b"zz" * 32,
        b"\xff" * 64,
        b"0" * 64,
        CURVE_ORDER.encode(),
        b"0" * (MAX_FILE_BYTES + 1),
    ],
)
def test_what_is_no_key_is_refused_without_repeating_it(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(Malformed) as refusal:
        load_account(key_file(tmp_path, content), password=None)

    assert KEY[:16] not in str(refusal.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="absent") as refusal:
        load_account(tmp_path / "absent", password=None)

    assert isinstance(refusal.value, CredrootError)
    assert refusal.value.code == "key-file-unreadable"
