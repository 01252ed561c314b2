"""Ed25519 public keys as Multikey (Controlled Identifiers 1.0 section 2.2.2) and their base58btc spelling.

    z6Mk...  =  "z" + base58btc(0xed 0x01 ‖ 32-byte public key)

Only Ed25519 is read; a key of another type is refused with a code of its own, never guessed.
"""

from typing import Final

from registry.domain.errors import Malformed

PUBLIC_KEY_SIZE: Final = 32

_ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_DIGIT_VALUES: Final = {digit: value for value, digit in enumerate(_ALPHABET)}
_ED25519_PREFIX: Final = bytes([0xED, 0x01])
"""The multicodec `ed25519-pub` (0xed) as an unsigned varint."""

MAX_BASE58_LENGTH: Final = 256
"""Twice the longest value read here, a 64-byte signature: decoding takes quadratic time."""


def base58_encode(data: bytes) -> str:
    """Write bytes in base58btc, leading zero bytes as leading `1`."""
    zeros = len(data) - len(data.lstrip(b"\0"))
    number = int.from_bytes(data, "big")
    digits: list[str] = []
    while number:
        number, remainder = divmod(number, 58)
        digits.append(_ALPHABET[remainder])
    return "1" * zeros + "".join(reversed(digits))


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


def encode_multikey(public_key: bytes) -> str:
    """Write a 32-byte Ed25519 public key as Multikey.

    Raises Malformed `malformed-multikey` for another length.
    """
    if len(public_key) != PUBLIC_KEY_SIZE:
        raise Malformed("malformed-multikey", f"expected {PUBLIC_KEY_SIZE} bytes, got {len(public_key)}")
    return "z" + base58_encode(_ED25519_PREFIX + public_key)


def decode_multikey(text: object) -> bytes:
    """Read the 32 bytes of an Ed25519 public key.

    Raises Malformed `malformed-multikey` when the text is no Multikey, `key-type-unsupported` when it is
    one of another type.
    """
    if not isinstance(text, str) or not text.startswith("z"):
        raise Malformed("malformed-multikey", "expected a Multikey in base58btc, beginning with z")
    try:
        decoded = base58_decode(text[1:])
    except Malformed as error:
        raise Malformed("malformed-multikey", error.message) from error
    if not decoded.startswith(_ED25519_PREFIX):
        raise Malformed("key-type-unsupported", f"expected an Ed25519 key, got multicodec {decoded[:2].hex()}")
    if len(decoded) != len(_ED25519_PREFIX) + PUBLIC_KEY_SIZE:
        raise Malformed("malformed-multikey", f"expected {PUBLIC_KEY_SIZE} key bytes, got {len(decoded) - 2}")
    return decoded[len(_ED25519_PREFIX) :]
