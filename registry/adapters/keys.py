"""Issuer keys (Ed25519), encrypted at rest with one password.

    "CRK1" | log2 N | r | p | salt (16) | nonce (12) | public key (32) | AES-256-GCM(private key) (48)

The key of the cipher is scrypt(password, salt) (RFC 7914). Everything before the ciphertext is authenticated
with it, so a blob cannot be given another public key. Unlocking costs a slow hash once a key and process; the
unlocked key then stays in memory, which Python cannot wipe: whoever reads the process's memory has it.
"""

import secrets
import threading
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from registry.domain.errors import Malformed, Unavailable
from registry.ports import SealedKey

SCRYPT_LOG2_N: Final = 16
"""64 MB and about 0.15 s a guess: an attacker with a copy of the database pays it for every password tried."""
MIN_PASSWORD_LENGTH: Final = 12
"""Shorter passwords fall to guessing in spite of scrypt."""
MAX_UNLOCKED: Final = 10_000
"""Keys kept in memory, a few hundred bytes each."""

_MAGIC: Final = b"CRK1"
_SCRYPT_R: Final = 8
_SCRYPT_P: Final = 1
_MIN_LOG2_N: Final = 10
_MAX_LOG2_N: Final = 20
"""1 GB: a blob must not make the process ask for more."""
_SALT_SIZE: Final = 16
_NONCE_SIZE: Final = 12
_KEY_SIZE: Final = 32
_TAG_SIZE: Final = 16
_PARAMETERS_AT: Final = len(_MAGIC)
_SALT_AT: Final = _PARAMETERS_AT + 3
_NONCE_AT: Final = _SALT_AT + _SALT_SIZE
_PUBLIC_AT: Final = _NONCE_AT + _NONCE_SIZE
_CIPHERTEXT_AT: Final = _PUBLIC_AT + _KEY_SIZE
_BLOB_SIZE: Final = _CIPHERTEXT_AT + _KEY_SIZE + _TAG_SIZE


class Ed25519Signer:
    """One unlocked key. Its representation tells nothing of it."""

    __slots__ = ("_private_key", "_public_key")

    def __init__(self, private_key: Ed25519PrivateKey) -> None:
        self._private_key = private_key
        self._public_key = private_key.public_key().public_bytes_raw()

    @property
    def public_key(self) -> bytes:
        """The 32 bytes of the public key."""
        return self._public_key

    def sign(self, data: bytes) -> bytes:
        """Return the 64-byte signature of the data."""
        return self._private_key.sign(data)


class PasswordKeyVault:
    """Encrypts new keys and unlocks stored ones with one password. Safe to share between threads."""

    def __init__(self, password: str, *, scrypt_log2_n: int = SCRYPT_LOG2_N) -> None:
        if len(password) < MIN_PASSWORD_LENGTH:
            raise Malformed("password-too-short", f"expected at least {MIN_PASSWORD_LENGTH} characters")
        self._password = password.encode()
        self._log2_n = scrypt_log2_n
        self._unlocked: dict[bytes, Ed25519Signer] = {}
        self._lock = threading.Lock()

    def generate(self) -> SealedKey:
        """Make a new key and return it encrypted, as the port promises."""
        private_key = Ed25519PrivateKey.generate()
        public_key = private_key.public_key().public_bytes_raw()
        parameters = bytes([self._log2_n, _SCRYPT_R, _SCRYPT_P])
        salt, nonce = secrets.token_bytes(_SALT_SIZE), secrets.token_bytes(_NONCE_SIZE)
        head = _MAGIC + parameters + salt + nonce + public_key
        cipher = AESGCM(_derive(self._password, salt=salt, log2_n=self._log2_n))
        sealed = head + cipher.encrypt(nonce, private_key.private_bytes_raw(), head)
        return SealedKey(public_key=public_key, encrypted_key=sealed)

    def unlock(self, encrypted_key: bytes) -> Ed25519Signer:
        """Return the signer of an encrypted key, as the port promises."""
        signer = self._unlocked.get(encrypted_key)
        if signer is None:
            # One at a time: each derivation takes 64 MB.
            with self._lock:
                signer = self._unlocked.get(encrypted_key) or _decrypt(encrypted_key, self._password)
                if len(self._unlocked) >= MAX_UNLOCKED:
                    self._unlocked.clear()
                self._unlocked[encrypted_key] = signer
        return signer


def _decrypt(blob: bytes, password: bytes) -> Ed25519Signer:
    if len(blob) != _BLOB_SIZE or not blob.startswith(_MAGIC):
        raise Malformed("malformed-key", "expected an encrypted key of this registry")
    log2_n, r, p = blob[_PARAMETERS_AT:_SALT_AT]
    if (r, p) != (_SCRYPT_R, _SCRYPT_P) or not _MIN_LOG2_N <= log2_n <= _MAX_LOG2_N:
        raise Malformed("malformed-key", f"expected known scrypt parameters, got {log2_n}, {r}, {p}")
    cipher = AESGCM(_derive(password, salt=blob[_SALT_AT:_NONCE_AT], log2_n=log2_n))
    nonce, head, ciphertext = blob[_NONCE_AT:_PUBLIC_AT], blob[:_CIPHERTEXT_AT], blob[_CIPHERTEXT_AT:]
    try:
        private_bytes = cipher.decrypt(nonce, ciphertext, head)
    except InvalidTag as error:
        raise Unavailable("key-locked", "the password does not open this key, or the key was changed") from error
    return Ed25519Signer(Ed25519PrivateKey.from_private_bytes(private_bytes))


def _derive(password: bytes, *, salt: bytes, log2_n: int) -> bytes:
    return Scrypt(salt=salt, length=_KEY_SIZE, n=1 << log2_n, r=_SCRYPT_R, p=_SCRYPT_P).derive(password)
