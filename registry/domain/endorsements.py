"""Endorsements inside a badge: credentials of others, each signed by its own issuer (Open Badges 3.0, Endorsement).

    badge -> its endorsements, wherever its classes have them, those inside endorsements too
    endorsement -> does its own proof hold, by the key of whom it names as issuer; was it in force

A badge is genuine whatever becomes of its endorsements, so they decide none of the checks, with one exception: an
endorsement that provably was never signed as it stands is a forgery inside the document, and a document with a forgery in
it is not passed as if nothing were (check 1, `endorsement-broken`). All else is told in a note each: holds, has expired,
could not be checked. Whether an endorsement was revoked is not looked at, and the note says so.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from registry.domain.badge_form import has_badge_context
from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.check import Finding, Reason, Result, failed, passed
from registry.domain.data_integrity import ASSERTION
from registry.domain.did_document import DidDocument
from registry.domain.errors import Malformed
from registry.domain.fields import write_time
from registry.domain.form_problem import types_of
from registry.domain.key_lookup import keys_at_hand
from registry.domain.one_or_many import as_items
from registry.domain.problem import Problem
from registry.domain.proof_checking import (
    CoveredDocument,
    Expected,
    check_proofs,
    decide,
    judge_uncovered,
    judge_unreadable,
)
from registry.domain.vc_form import ENDORSEMENT_TYPE, issuer_id, validity

MAX_ENDORSEMENTS: Final = 32
"""Looked at in one document: each costs a canonicalization. The specification's example of everything has seven."""

_MEMBER: Final = "endorsement"
_TOKENS: Final = "endorsementJwt"
_FORGED: Final = frozenset(
    {Reason.SIGNATURE_MISMATCH, Reason.MALFORMED_PROOF, Reason.KEY_UNFIT, Reason.KEY_NOT_LISTED, Reason.NOT_JSON_LD}
)
"""What nobody can say of an endorsement that was made as it stands. Having no proof, an old one or one for something else
proves nothing, but forges nothing either."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundEndorsement:
    """A credential that stands inside another one."""

    where: str
    document: JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Endorsement:
    """An endorsement with what is needed to judge it."""

    where: str
    document: JsonObject
    covered: CoveredDocument
    signer: DidDocument | None
    """The DID document of its issuer; None when it is not at hand, or is derived from a did:key."""


def find_endorsements(document: JsonObject) -> tuple[FoundEndorsement, ...]:
    """Return the endorsements inside a badge or an endorsement, one more than are looked at where there are more."""
    # Most badges have none, and looking for places costs more than looking for the name.
    if not has_badge_context(document) or not any(_MEMBER in value for value in _objects(document)):
        return ()
    found: list[FoundEndorsement] = []
    for endorsement in _walk(document, ""):
        found.append(endorsement)
        if len(found) > MAX_ENDORSEMENTS:
            break
    return tuple(found)


def has_token_endorsements(document: JsonObject) -> bool:
    """Tell whether endorsements stand in a badge as tokens (`endorsementJwt`), which are not judged here."""
    return has_badge_context(document) and any(_TOKENS in value for value in _objects(document))


def judge_endorsement(endorsement: Endorsement, *, moment: datetime, now: datetime) -> Finding:
    """Tell whether an endorsement holds; its form was judged with the document that it stands in."""
    covered, document = endorsement.covered, endorsement.document
    if isinstance(covered.proofs, Problem):
        return judge_unreadable(covered.proofs)
    if covered.meaning is not None:
        return judge_uncovered(covered.meaning)
    known = () if endorsement.signer is None else (endorsement.signer,)
    results = check_proofs(
        covered.proofs,
        expected=Expected(purpose=ASSERTION, moment=moment, now=now),
        keys=keys_at_hand(known, purpose=ASSERTION),
    )
    finding = decide(results, controller=issuer_id(document), purpose=ASSERTION).finding
    return _in_force(document, moment) if finding.result is Result.PASS else finding


def is_forged(finding: Finding) -> bool:
    """Tell whether a finding shows that an endorsement was never made as it stands."""
    return finding.result is Result.FAIL and finding.reason in _FORGED


def describe(endorsement: Endorsement, finding: Finding) -> str:
    """Say what came of an endorsement, for people."""
    words = {Result.PASS: "holds", Result.FAIL: "does not hold", Result.UNKNOWN: "could not be checked"}
    word = words.get(finding.result, str(finding.result))
    status = ""
    if finding.result is Result.PASS and "credentialStatus" in endorsement.document:
        status = " Whether it was revoked was not looked at."
    return (
        f"The endorsement by {issuer_id(endorsement.document)} ({endorsement.where}) {word}: {finding.sentence}{status}"
    )


def _objects(value: JsonValue) -> Iterator[JsonObject]:
    pending: list[JsonValue] = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            yield item
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)


def _walk(value: JsonValue, where: str) -> Iterator[FoundEndorsement]:
    """Go through a document, in its order. JSON here is never deep enough to exhaust the stack."""
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from _walk(item, f"{where}[{number}]")
    elif isinstance(value, dict):
        for name, member in value.items():
            place = f"{where}.{name}" if where else name
            if name == _MEMBER:
                yield from _endorsements(member, place)
            yield from _walk(member, place)


def _endorsements(value: JsonValue, where: str) -> Iterator[FoundEndorsement]:
    for number, item in enumerate(as_items(value)):
        if isinstance(item, dict) and ENDORSEMENT_TYPE in types_of(item):
            yield FoundEndorsement(where=f"{where}[{number}]" if isinstance(value, list) else where, document=item)


def _in_force(document: JsonObject, moment: datetime) -> Finding:
    try:
        valid_from, valid_until = validity(document)
    except Malformed as error:
        return failed(Reason.NOT_A_CREDENTIAL, f"Its period of validity cannot be read: {error.message}.")
    if valid_from is not None and moment < valid_from:
        return failed(Reason.NOT_YET_VALID, f"It is valid from {write_time(valid_from)} on.")
    if valid_until is not None and moment > valid_until:
        return failed(Reason.EXPIRED, f"It was valid until {write_time(valid_until)}.")
    return passed(Reason.SIGNED, "Its issuer signed it.")
