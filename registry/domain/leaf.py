"""The leaf: 32 bytes that stand for one secured credential (protocol section 1).

JSON           leaf = H(JCS(document)), all proofs included
JWT, SD-JWT    leaf = H(ASCII bytes up to the first "~" or the end)
"""

import re
from typing import Final

from registry.domain.canonical import JsonObject, canonicalize
from registry.domain.errors import Malformed
from registry.domain.hashing import Digest, sha256

_JWT: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


def leaf_of_document(document: JsonObject) -> Digest:
    """Hash a secured JSON credential, its proofs included.

    Raises Malformed when the document is not I-JSON.
    """
    return sha256(canonicalize(document))


def leaf_of_token(token: str) -> Digest:
    """Hash a JWT or the issuer-signed part of an SD-JWT.

    Raises Malformed unless that part is exactly three base64url parts.
    """
    signed = token.split("~", 1)[0]
    if _JWT.fullmatch(signed) is None:
        raise Malformed("malformed-token", "expected three base64url parts joined by dots")
    return sha256(signed.encode("ascii"))
