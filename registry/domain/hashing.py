"""SHA-256 and the node rule of the Merkle trees (protocol, opening terms).

H(x)     = SHA-256(x)
H2(l, r) = H(l ‖ r)      l, r: 32 bytes; the node rule of merkletools, Chainpoint and MerkleProof2019
"""

import hashlib
import re
from typing import Final, NewType

from registry.domain.errors import Malformed

Digest = NewType("Digest", bytes)

DIGEST_SIZE: Final = 32
ZERO_DIGEST: Final = Digest(bytes(DIGEST_SIZE))

_DIGEST_HEX: Final = re.compile(r"[0-9a-f]{64}")


def sha256(data: bytes) -> Digest:
    """Hash bytes with SHA-256 (FIPS 180-4)."""
    return Digest(hashlib.sha256(data).digest())


def hash_pair(left: bytes, right: bytes) -> Digest:
    """Hash two 32-byte nodes to their parent."""
    return Digest(hashlib.sha256(left + right).digest())


def digest_from_hex(text: object, where: str) -> Digest:
    """Read exactly 64 lower-case hex digits.

    Raises Malformed for anything else: another spelling of the same bytes is another document.
    """
    if not isinstance(text, str) or _DIGEST_HEX.fullmatch(text) is None:
        raise Malformed("malformed-digest", "expected 64 lower-case hex digits", where=where)
    return Digest(bytes.fromhex(text))
