"""Issuer keys (Ed25519, P-256, P-384), encrypted at rest with one password.

    magic | log2 N | r | p | salt (16) | nonce (12) | public key | AES-256-GCM(private key)

    "CRK1"   Ed25519   32 bytes of public key, 32 of private key
    "CRP2"   P-256     33 (compressed point), 32
    "CRP3"   P-384     49 (compressed point), 48

The key of the cipher is scrypt(password, salt) (RFC 7914). Everything before the ciphertext is authenticated
with it, so a blob cannot be given another public key. Unlocking costs a slow hash once a key and process; the
unlocked key then stays in memory, which Python cannot wipe: whoever reads the process's memory has it.
"""

import secrets
import threading
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from registry.domain.errors import Malformed, Unavailable
from registry.domain.multikey import CURVES, KeyAlgorithm, PublicKey
from registry.domain.signatures import ECDSA_HASHES, write_p1363
from registry.ports import SealedKey, Signer

SCRYPT_LOG2_N: Final = 16
"""64 MB and about 0.15 s a guess: an attacker with a copy of the database pays it for every password tried."""
MIN_PASSWORD_LENGTH: Final = 12
"""Shorter passwords fall to guessing in spite of scrypt."""
MAX_UNLOCKED: Final = 10_000
"""Keys kept in memory, a few hundred bytes each."""

_MAGICS: Final = {b"CRK1": KeyAlgorithm.ED25519, b"CRP2": KeyAlgorithm.P256, b"CRP3": KeyAlgorithm.P384}
_MAGIC_OF: Final = {algorithm: magic for magic, algorithm in _MAGICS.items()}
_MAGIC_SIZE: Final = 4
_PUBLIC_SIZES: Final = {KeyAlgorithm.ED25519: 32, KeyAlgorithm.P256: 33, KeyAlgorithm.P384: 49}
_PRIVATE_SIZES: Final = {KeyAlgorithm.ED25519: 32, KeyAlgorithm.P256: 32, KeyAlgorithm.P384: 48}
_SCRYPT_R: Final = 8
_SCRYPT_P: Final = 1
_MIN_LOG2_N: Final = 10
_MAX_LOG2_N: Final = 20
"""1 GB: a blob must not make the process ask for more."""
_SALT_SIZE: Final = 16
_NONCE_SIZE: Final = 12
_CIPHER_KEY_SIZE: Final = 32
_TAG_SIZE: Final = 16
_PARAMETERS_AT: Final = _MAGIC_SIZE
_SALT_AT: Final = _PARAMETERS_AT + 3
_NONCE_AT: Final = _SALT_AT + _SALT_SIZE
_PUBLIC_AT: Final = _NONCE_AT + _NONCE_SIZE


class Ed25519Signer:
    """One unlocked key. Its representation tells nothing of it."""

    __slots__ = ("_private_key", "_public_key")

    def __init__(self, private_key: Ed25519PrivateKey) -> None:
        self._private_key = private_key
        self._public_key = PublicKey.ed25519(private_key.public_key().public_bytes_raw())

    @property
    def public_key(self) -> PublicKey:
        """The public key."""
        return self._public_key

    def sign(self, data: bytes) -> bytes:
        """Return the 64-byte signature of the data."""
        return self._private_key.sign(data)


class EcdsaSigner:
    """One unlocked key of P-256 or P-384. Its representation tells nothing of it."""

    __slots__ = ("_private_key", "_public_key", "_scheme")

    def __init__(self, private_key: ec.EllipticCurvePrivateKey) -> None:
        algorithm = next((name for name in ECDSA_HASHES if CURVES[name].name == private_key.curve.name), None)
        if algorithm is None:
            raise Malformed("malformed-key", f"expected a key of P-256 or P-384, got {private_key.curve.name}")
        self._private_key = private_key
        self._public_key = PublicKey(
            algorithm=algorithm,
            raw=private_key.public_key().public_bytes(
                serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint
            ),
        )
        # RFC 6979: a weak source of randomness cannot give the key away, and the same document is the same proof.
        self._scheme = ec.ECDSA(ECDSA_HASHES[algorithm], deterministic_signing=True)

    @property
    def public_key(self) -> PublicKey:
        """The public key."""
        return self._public_key

    def sign(self, data: bytes) -> bytes:
        """Return r and s, each as long as the curve's order."""
        return write_p1363(self._public_key.algorithm, self._private_key.sign(data, self._scheme))


class PasswordKeyVault:
    """Encrypts new keys and unlocks stored ones with one password. Safe to share between threads."""

    def __init__(self, password: str, *, scrypt_log2_n: int = SCRYPT_LOG2_N) -> None:
        if len(password) < MIN_PASSWORD_LENGTH:
            raise Malformed("password-too-short", f"expected at least {MIN_PASSWORD_LENGTH} characters")
        self._password = password.encode()
        self._log2_n = scrypt_log2_n
        self._unlocked: dict[bytes, Signer] = {}
        self._lock = threading.Lock()

    def generate(self, algorithm: KeyAlgorithm = KeyAlgorithm.ED25519) -> SealedKey:
        """Make a new key and return it encrypted, as the port promises."""
        public_key, private_bytes = _generate(algorithm)
        parameters = bytes([self._log2_n, _SCRYPT_R, _SCRYPT_P])
        salt, nonce = secrets.token_bytes(_SALT_SIZE), secrets.token_bytes(_NONCE_SIZE)
        head = _MAGIC_OF[algorithm] + parameters + salt + nonce + public_key.raw
        cipher = AESGCM(_derive(self._password, salt=salt, log2_n=self._log2_n))
        return SealedKey(public_key=public_key, encrypted_key=head + cipher.encrypt(nonce, private_bytes, head))

    def unlock(self, encrypted_key: bytes) -> Signer:
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


def _generate(algorithm: KeyAlgorithm) -> tuple[PublicKey, bytes]:
    if algorithm not in _MAGIC_OF:
        raise Malformed("key-type-unsupported", f"expected Ed25519, P-256 or P-384, got {algorithm}")
    if algorithm is KeyAlgorithm.ED25519:
        private_key = Ed25519PrivateKey.generate()
        return Ed25519Signer(private_key).public_key, private_key.private_bytes_raw()
    point = ec.generate_private_key(CURVES[algorithm])
    private_value = point.private_numbers().private_value
    return EcdsaSigner(point).public_key, private_value.to_bytes(_PRIVATE_SIZES[algorithm], "big")


def _decrypt(blob: bytes, password: bytes) -> Signer:
    algorithm = _MAGICS.get(blob[:_MAGIC_SIZE])
    if algorithm is None or len(blob) != _blob_size(algorithm):
        raise Malformed("malformed-key", "expected an encrypted key of this registry")
    log2_n, r, p = blob[_PARAMETERS_AT:_SALT_AT]
    if (r, p) != (_SCRYPT_R, _SCRYPT_P) or not _MIN_LOG2_N <= log2_n <= _MAX_LOG2_N:
        raise Malformed("malformed-key", f"expected known scrypt parameters, got {log2_n}, {r}, {p}")
    cipher = AESGCM(_derive(password, salt=blob[_SALT_AT:_NONCE_AT], log2_n=log2_n))
    ciphertext_at = _PUBLIC_AT + _PUBLIC_SIZES[algorithm]
    nonce, head, ciphertext = blob[_NONCE_AT:_PUBLIC_AT], blob[:ciphertext_at], blob[ciphertext_at:]
    try:
        private_bytes = cipher.decrypt(nonce, ciphertext, head)
    except InvalidTag as error:
        raise Unavailable("key-locked", "the password does not open this key, or the key was changed") from error
    if algorithm is KeyAlgorithm.ED25519:
        return Ed25519Signer(Ed25519PrivateKey.from_private_bytes(private_bytes))
    return EcdsaSigner(ec.derive_private_key(int.from_bytes(private_bytes, "big"), CURVES[algorithm]))


def _blob_size(algorithm: KeyAlgorithm) -> int:
    return _PUBLIC_AT + _PUBLIC_SIZES[algorithm] + _PRIVATE_SIZES[algorithm] + _TAG_SIZE


def _derive(password: bytes, *, salt: bytes, log2_n: int) -> bytes:
    return Scrypt(salt=salt, length=_CIPHER_KEY_SIZE, n=1 << log2_n, r=_SCRYPT_R, p=_SCRYPT_P).derive(password)
