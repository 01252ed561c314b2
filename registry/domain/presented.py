"""The credential as it was presented: what the document alone tells, before anything is compared with it.

Nothing is raised: a part that cannot be read is told as a problem, for the verdict to judge (protocol section 8).
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from registry.domain.canonical import MAX_DOCUMENT_BYTES, JsonObject, parse_object
from registry.domain.errors import Malformed
from registry.domain.hashing import Digest
from registry.domain.leaf import leaf_of_document
from registry.domain.problem import Found, Problem
from registry.domain.slot import CredentialSlot, parse_credential_slot
from registry.domain.vc_form import check_form, issuer_id, validity

_TOKEN: Final = re.compile(rb"\s*[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+(?:~[A-Za-z0-9_.~-]*)?\s*")

_ENVELOPE: Final = "EnvelopedVerifiableCredential"


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """What was presented, read as far as it can be read."""

    document: Found[JsonObject]
    """The JSON document, or why the bytes are none."""
    token: bool
    """The bytes look like a JWT or SD-JWT, or are JSON that wraps one: this version does not judge it."""
    form_problems: tuple[Problem, ...]
    """Ways in which the document is no credential; the slot is not among them."""
    issuer: str | None
    validity: Found[tuple[datetime | None, datetime | None]]
    slot: Found[CredentialSlot]
    leaf: Found[Digest]
    """Recomputed from the document: a verifier believes no other."""

    @property
    def log_slot(self) -> CredentialSlot | None:
        """The slot, if the document names one."""
        return None if isinstance(self.slot, Problem) else self.slot


def read_presented(data: bytes) -> Presented:
    """Read the bytes of a credential."""
    try:
        document = parse_object(data)
    except Malformed as error:
        return _unreadable(data, Problem.of(error))
    if _is_enveloped(document):
        return _untold(
            Problem(code="token-unsupported", message="expected JSON, got a token in an envelope"), token=True
        )
    return Presented(
        document=document,
        token=False,
        form_problems=tuple(
            Problem(code=problem.code, message=f"{problem.where}: {problem.message}")
            for problem in check_form(document)
        ),
        issuer=issuer_id(document),
        validity=_validity(document),
        slot=_slot(document),
        leaf=leaf_of_document(document),
    )


def is_token(data: bytes) -> bool:
    """Tell whether bytes look like a JWT or SD-JWT."""
    return len(data) <= MAX_DOCUMENT_BYTES and _TOKEN.fullmatch(data) is not None


def _unreadable(data: bytes, problem: Problem) -> Presented:
    return _untold(problem, token=is_token(data))


def _is_enveloped(document: JsonObject) -> bool:
    """Tell whether the document only wraps a token (VC Data Model 2.0 section 4.13)."""
    kind, identifier = document.get("type"), document.get("id")
    return kind in (_ENVELOPE, [_ENVELOPE]) and isinstance(identifier, str) and identifier.startswith("data:")


def _untold(problem: Problem, *, token: bool) -> Presented:
    return Presented(
        document=problem,
        token=token,
        form_problems=(problem,),
        issuer=None,
        validity=problem,
        slot=problem,
        leaf=problem,
    )


def _validity(document: JsonObject) -> Found[tuple[datetime | None, datetime | None]]:
    try:
        return validity(document)
    except Malformed as error:
        return Problem.of(error)


def _slot(document: JsonObject) -> Found[CredentialSlot]:
    try:
        return parse_credential_slot(document)
    except Malformed as error:
        return Problem.of(error)
