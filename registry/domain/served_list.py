"""A served status list: a signed BitstringStatusListCredential (Bitstring Status List v1.0 section 2.2).

    encodedList = "u" + base64url(gzip(bitstring)), most significant bit first, at least 16,384 bytes

The list is the registry's newest accepted state: it may be ahead of the chain, never behind (protocol section 4).
"""

import base64
import binascii
import re
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Self

from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.data_integrity import ASSERTION, Proof
from registry.domain.errors import Malformed
from registry.domain.one_or_many import as_items, texts_of
from registry.domain.presented import Presented
from registry.domain.problem import Problem
from registry.domain.proof_checking import CoveredDocument, CoveredProof
from registry.domain.status_entry import value_at
from registry.domain.vc_form import issuer_id

MIN_ENTRIES: Final = 131_072
"""The least that the recommendation allows, so that a list hides who is looked at."""
MIN_LIST_BYTES: Final = MIN_ENTRIES // 8
"""With entries of one bit."""
MAX_LIST_BYTES: Final = 4_194_304
"""33 million entries: decompressing stops there."""

FETCH_GRACE: Final = timedelta(seconds=15)
"""A list that was fetched for this verdict, or for one just before, is used whatever its `ttl`: 0 would use none ever."""

_ENCODED: Final = re.compile(r"u[A-Za-z0-9_-]+")
_LIST_TYPE: Final = "BitstringStatusListCredential"
_SUBJECT_TYPE: Final = "BitstringStatusList"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedList:
    """A status list as it was presented, with what is needed to check its signature."""

    url: str
    """Its `id`: where it is served."""
    issuer: str
    purposes: tuple[str, ...]
    bits: bytes
    stated_at: datetime
    """When the issuer last said so: the list's `validFrom` or its proof's `created`, whichever is later."""
    fetched_at: datetime | None
    """When the gatherer itself got it from its URL; None for a copy from somebody's hands."""
    valid_until: datetime | None
    ttl: timedelta | None
    """How long a copy may be used."""
    proofs: tuple[CoveredProof, ...]

    @classmethod
    def parse(cls, presented: Presented, *, covered: CoveredDocument, fetched_at: datetime | None) -> Self:
        """Read a list out of a well-formed credential.

        Raises Malformed for anything that is no status list with proofs that can be read.
        """
        document, validity, proofs = presented.document, presented.validity, covered.proofs
        if isinstance(document, Problem) or presented.form_problems:
            raise Malformed("malformed-status-list", presented.form_problems[0].message)
        if isinstance(validity, Problem) or isinstance(proofs, Problem):
            raise Malformed("malformed-status-list", "expected proofs that can be read")
        if covered.meaning is not None:
            raise Malformed("malformed-status-list", covered.meaning.message)
        subject = _subject(document.get("credentialSubject"))
        types, url, issuer = document.get("type"), document.get("id"), issuer_id(document)
        if not isinstance(types, list) or _LIST_TYPE not in types or not isinstance(url, str) or issuer is None:
            raise Malformed("malformed-status-list", f"expected a {_LIST_TYPE} with an id")
        if subject.get("type") not in (_SUBJECT_TYPE, [_SUBJECT_TYPE]):
            raise Malformed("malformed-status-list", f"expected a subject of type {_SUBJECT_TYPE}")
        valid_from, valid_until = validity
        stated = [moment for moment in (valid_from, *_times_of_proofs(proofs, issuer)) if moment is not None]
        if not stated:
            raise Malformed("malformed-status-list", "expected validFrom or the time of the proof")
        return cls(
            url=url,
            issuer=issuer,
            purposes=_purposes(subject),
            bits=decode_list(subject.get("encodedList")),
            stated_at=max(stated),
            fetched_at=fetched_at,
            valid_until=valid_until,
            ttl=_ttl(subject.get("ttl")),
            proofs=proofs,
        )

    def value(self, index: int, *, size: int = 1) -> int | None:
        """Return an entry, None when the list is shorter."""
        return value_at(self.bits, index=index, size=size)

    def fresh_at(self, moment: datetime, *, max_age: timedelta) -> bool:
        """Tell whether the list still speaks for a moment: an old copy may not know of a change."""
        known_at = self.stated_at if self.fetched_at is None else max(self.stated_at, self.fetched_at)
        if known_at > moment or (self.valid_until is not None and moment >= self.valid_until):
            return False
        ttl = max_age if self.ttl is None else self.ttl
        if self.fetched_at is not None:
            ttl = max(ttl, FETCH_GRACE)
        return moment - known_at < min(max_age, ttl)


def decode_list(text: JsonValue) -> bytes:
    """Read an `encodedList`.

    Raises Malformed for another spelling, fewer than 16,384 bytes or more than 4 MiB.
    """
    if not isinstance(text, str) or _ENCODED.fullmatch(text) is None:
        raise Malformed("malformed-status-list", "expected u and base64url", where="encodedList")
    # wbits 31: gzip, and nothing else.
    stream = zlib.decompressobj(wbits=31)
    try:
        compressed = base64.urlsafe_b64decode(text[1:] + "=" * (-len(text[1:]) % 4))
        bits = stream.decompress(compressed, MAX_LIST_BYTES)
    except (binascii.Error, zlib.error) as error:
        raise Malformed("malformed-status-list", "expected gzip in base64url", where="encodedList") from error
    if not stream.eof or stream.unused_data or len(bits) < MIN_LIST_BYTES:
        message = f"expected {MIN_LIST_BYTES} to {MAX_LIST_BYTES} bytes, whole"
        raise Malformed("malformed-status-list", message, where="encodedList")
    return bits


def _times_of_proofs(proofs: tuple[CoveredProof, ...], issuer: str) -> list[datetime | None]:
    """Return when the issuer's own proofs were made: anybody could put a fresh one beside an old list."""
    own = [item.proof for item in proofs if isinstance(item.proof, Proof) and item.proof.purpose == ASSERTION]
    return [proof.created for proof in own if proof.verification_method.startswith(f"{issuer}#")]


def _subject(value: JsonValue) -> JsonObject:
    # A list of one subject is another spelling of it.
    item = value[0] if isinstance(value, list) and len(value) == 1 else value
    if not isinstance(item, dict):
        raise Malformed("malformed-status-list", "expected one subject", where="credentialSubject")
    return item


def _purposes(subject: JsonObject) -> tuple[str, ...]:
    value = subject.get("statusPurpose")
    purposes = tuple(texts_of(value))
    if not purposes or len(purposes) != len(as_items(value)):
        raise Malformed("malformed-status-list", "expected purposes", where="statusPurpose")
    return purposes


def _ttl(value: JsonValue) -> timedelta | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 10**13:
        raise Malformed("malformed-status-list", "expected milliseconds", where="ttl")
    return timedelta(milliseconds=value)
