"""Public keys as Multikey (Controlled Identifiers 1.0 section 2.2.2) and their base58btc spelling.

    z6Mk...  =  "z" + base58btc(0xed 0x01   ‖ 32-byte public key)           Ed25519
    zDna...  =  "z" + base58btc(0x80 0x24   ‖ 33-byte compressed point)     P-256
    z82L...  =  "z" + base58btc(0x81 0x24   ‖ 49-byte compressed point)     P-384
    zQ3s...  =  "z" + base58btc(0xe7 0x01   ‖ 33-byte compressed point)     secp256k1

secp256k1 is read, since did:key documents hold such keys; no cryptosuite here signs with it. A key of another type is
refused with a code of its own, never guessed.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from cryptography.hazmat.primitives.asymmetric import ec

from registry.domain.errors import Malformed

PUBLIC_KEY_SIZE: Final = 32
"""Bytes of an Ed25519 public key."""

_ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_PAIRS: Final = tuple(first + second for first in _ALPHABET for second in _ALPHABET)
_TWO_DIGITS: Final = 58**2
_TEN_DIGITS: Final = 58**10
_DIGIT_VALUES: Final = {digit: value for value, digit in enumerate(_ALPHABET)}

MAX_BASE58_LENGTH: Final = 256
"""Nearly twice the longest value read here, a 96-byte signature: decoding takes quadratic time."""


class KeyAlgorithm(StrEnum):
    """The kinds of keys that are read here."""

    ED25519 = "Ed25519"
    P256 = "P-256"
    P384 = "P-384"
    SECP256K1 = "secp256k1"


CURVES: Final[dict[KeyAlgorithm, ec.EllipticCurve]] = {
    KeyAlgorithm.P256: ec.SECP256R1(),
    KeyAlgorithm.P384: ec.SECP384R1(),
    KeyAlgorithm.SECP256K1: ec.SECP256K1(),
}

_PREFIXES: Final = {
    bytes([0xED, 0x01]): KeyAlgorithm.ED25519,
    bytes([0x80, 0x24]): KeyAlgorithm.P256,
    bytes([0x81, 0x24]): KeyAlgorithm.P384,
    bytes([0xE7, 0x01]): KeyAlgorithm.SECP256K1,
}
"""The multicodecs ed25519-pub, p256-pub, p384-pub and secp256k1-pub as unsigned varints."""
_PREFIX_OF: Final = {algorithm: prefix for prefix, algorithm in _PREFIXES.items()}
_PREFIX_SIZE: Final = 2
_KEY_SIZES: Final = {
    KeyAlgorithm.ED25519: PUBLIC_KEY_SIZE,
    KeyAlgorithm.P256: 33,
    KeyAlgorithm.P384: 49,
    KeyAlgorithm.SECP256K1: 33,
}
_COMPRESSED: Final = (2, 3)
"""First bytes of a compressed point (SEC 1 section 2.3.3); a Multikey holds no other spelling."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """A public key and what it is for."""

    algorithm: KeyAlgorithm
    raw: bytes
    """32 bytes of Ed25519, or a compressed point of the curve."""

    def __post_init__(self) -> None:
        """Raise Malformed `malformed-multikey` for another length, or bytes that are no point of the curve."""
        size = _KEY_SIZES[self.algorithm]
        if len(self.raw) != size:
            raise Malformed("malformed-multikey", f"expected {size} key bytes, got {len(self.raw)}")
        curve = CURVES.get(self.algorithm)
        if curve is not None:
            _check_point(curve, self.raw)

    @classmethod
    def ed25519(cls, raw: bytes) -> Self:
        """Return the Ed25519 key of 32 bytes."""
        return cls(algorithm=KeyAlgorithm.ED25519, raw=raw)


def base58_encode(data: bytes) -> str:
    """Write bytes in base58btc, leading zero bytes as leading `1`."""
    zeros = len(data) - len(data.lstrip(b"\0"))
    number = int.from_bytes(data, "big")
    pairs: list[str] = []
    while number:
        # Ten digits fit a machine word, where dividing is cheap.
        number, group = divmod(number, _TEN_DIGITS)
        for _ in range(5):
            group, pair = divmod(group, _TWO_DIGITS)
            pairs.append(_PAIRS[pair])
    return "1" * zeros + "".join(reversed(pairs)).lstrip("1")


def base58_decode(text: str) -> bytes:
    """Read base58btc.

    Raises Malformed `malformed-base58` for a foreign character or more than 256 of them.
    """
    if len(text) > MAX_BASE58_LENGTH:
        raise Malformed("malformed-base58", f"expected at most {MAX_BASE58_LENGTH} characters, got {len(text)}")
    number = 0
    for digit in text:
        value = _DIGIT_VALUES.get(digit)
        if value is None:
            raise Malformed("malformed-base58", f"expected base58btc characters, got {digit!r}")
        number = number * 58 + value
    zeros = len(text) - len(text.lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def encode_multikey(public_key: PublicKey) -> str:
    """Write a public key as Multikey."""
    return "z" + base58_encode(_PREFIX_OF[public_key.algorithm] + public_key.raw)


def decode_multikey(text: object) -> PublicKey:
    """Read a public key.

    Raises Malformed `malformed-multikey` when the text is no Multikey, `key-type-unsupported` when it is
    one of another type.
    """
    if not isinstance(text, str) or not text.startswith("z"):
        raise Malformed("malformed-multikey", "expected a Multikey in base58btc, beginning with z")
    try:
        decoded = base58_decode(text[1:])
    except Malformed as error:
        raise Malformed("malformed-multikey", error.message) from error
    algorithm = _PREFIXES.get(decoded[:_PREFIX_SIZE])
    if algorithm is None:
        known = ", ".join(KeyAlgorithm)
        message = f"expected a key of {known}, got multicodec {decoded[:_PREFIX_SIZE].hex()}"
        raise Malformed("key-type-unsupported", message)
    return PublicKey(algorithm=algorithm, raw=decoded[_PREFIX_SIZE:])


def _check_point(curve: ec.EllipticCurve, raw: bytes) -> None:
    if raw[0] not in _COMPRESSED:
        raise Malformed("malformed-multikey", f"expected a compressed point, got a first byte of {raw[0]}")
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(curve, raw)
    except ValueError as error:
        raise Malformed("malformed-multikey", f"expected a point of the curve {curve.name}") from error
