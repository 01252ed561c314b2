"""Served status lists as evidence: the issuer's signed word, which may be ahead of the chain (protocol section 4).

A list counts when it is the one that the credential names, of its issuer and this purpose, long enough, signed by a key
that counts as the issuer's, and stated no later than the moment judged. An old copy may not know of a change: a 0 counts
only while it is fresh. What keeps a list from counting is told by a code of its own, and is never a pass.

The recommendation lets somebody else than the issuer sign a list; which somebody, nothing in the credential says. Such
lists are `unknown` here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.check import Finding, Reason, Result, failed, passed, skipped, unknown
from registry.domain.checks_issuer import authoritative_keys
from registry.domain.data_integrity import ASSERTION
from registry.domain.errors import Malformed
from registry.domain.evidence import LIST_UNUSABLE, Evidence
from registry.domain.proof_checking import Expected, check_proofs, decide
from registry.domain.served_list import MIN_ENTRIES, ServedList
from registry.domain.slot import LIST_SIZE, CredentialSlot, Purpose
from registry.domain.status_entry import StatusEntry, is_outdated, is_status_entry

_MESSAGE: Final = "message"
"""The purpose of lists whose values mean whatever the entry says they mean."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedBit:
    """What one list says of one credential."""

    value: int
    """0 says nothing against it."""
    fresh: bool


def served_bits(evidence: Evidence, slot: CredentialSlot, purpose: Purpose) -> tuple[ServedBit, ...]:
    """Return what the lists at hand say of a credential with a slot."""
    url = slot.revocation_url if purpose is Purpose.REVOCATION else slot.suspension_url
    if url is None:
        return ()
    entry = StatusEntry(purpose=str(purpose), url=url, index=slot.slot % LIST_SIZE)
    return tuple(read for read in _read_lists(evidence, entry) if isinstance(read, ServedBit))


def judge_foreign_status(evidence: Evidence, document: JsonObject, purpose: Purpose) -> Finding:
    """Judge the status of a credential without a slot, profile vc: its issuer's signed list is all there is."""
    if "credentialStatus" not in document:
        return skipped(Reason.NO_STATUS_ENTRY, "The credential names no status.")
    judged = [_judge_entry(evidence, entry, purpose) for entry in entries_of(document["credentialStatus"])]
    findings = [finding for finding in judged if finding is not None]
    for result in (Result.FAIL, Result.UNKNOWN, Result.PASS):
        for finding in findings:
            if finding.result is result:
                return finding
    return skipped(Reason.NO_STATUS_ENTRY, f"The credential has no entry of purpose {purpose}.")


def note_other_purposes(evidence: Evidence, document: JsonObject) -> tuple[str, ...]:
    """Return what is known of entries that neither revoke nor suspend: they decide nothing."""
    return tuple(
        _note(evidence, entry)
        for entry in entries_of(document.get("credentialStatus"))
        if is_status_entry(entry) and entry.get("statusPurpose") not in tuple(Purpose)
    )


def entries_of(value: JsonValue) -> list[JsonObject]:
    """Return the entries of a status; what is no entry becomes one of no type."""
    items = value if isinstance(value, list) else [] if value is None else [value]
    return [item if isinstance(item, dict) else {} for item in items]


def _judge_entry(evidence: Evidence, entry: JsonObject, purpose: Purpose) -> Finding | None:
    """Judge one entry; None when it says nothing of this purpose."""
    stated = entry.get("statusPurpose")
    if is_outdated(entry):
        # The oldest draft knew revocation only, and named no purpose.
        if stated != purpose and (stated is not None or purpose is not Purpose.REVOCATION):
            return None
        sentence = "The credential's status is in a list of an outdated draft, which is not read here."
        return unknown(Reason.STATUS_LIST_OUTDATED, sentence)
    if not is_status_entry(entry):
        return unknown(Reason.STATUS_FOREIGN, "The credential's status is of a kind that is not judged here.")
    if isinstance(stated, str) and stated != purpose:
        return None
    try:
        return _judge_lists(evidence, StatusEntry.parse(entry), purpose)
    except Malformed as error:
        return unknown(Reason.STATUS_MALFORMED, f"The credential's status entry cannot be read: {error.message}.")


def _judge_lists(evidence: Evidence, entry: StatusEntry, purpose: Purpose) -> Finding:
    revocation = purpose is Purpose.REVOCATION
    read = tuple(_read_lists(evidence, entry))
    bits = [item for item in read if isinstance(item, ServedBit)]
    # Revocation is terminal, and an old list that says so is still right.
    if any(bit.value and (bit.fresh or revocation) for bit in bits):
        reason = Reason.REVOKED if revocation else Reason.SUSPENDED
        return failed(reason, f"The issuer's signed status list says so: {purpose}.")
    if any(bit.fresh for bit in bits):
        reason = Reason.NOT_REVOKED if revocation else Reason.NOT_SUSPENDED
        return passed(reason, f"The issuer's signed status list says no {purpose}.")
    if bits:
        return unknown(Reason.STATUS_STALE, f"The list of purpose {purpose} at hand is no longer fresh.")
    return _without_bit(evidence, entry, [item for item in read if isinstance(item, Finding)])


def _without_bit(evidence: Evidence, entry: StatusEntry, flaws: Sequence[Finding]) -> Finding:
    if flaws:
        return flaws[0]
    problem = evidence.list_problems.get(entry.url)
    if problem is None:
        return unknown(Reason.STATUS_MISSING, f"No list of purpose {entry.purpose} of the issuer is at hand.")
    reason = Reason.STATUS_LIST_UNUSABLE if problem.code == LIST_UNUSABLE else Reason.STATUS_UNREACHABLE
    return unknown(reason, f"The status list could not be had: {problem.message}.")


def _read_lists(evidence: Evidence, entry: StatusEntry) -> Iterator[ServedBit | Finding]:
    for served in evidence.served_lists:
        if served.url == entry.url:
            yield _read(evidence, served, entry)


def _read(evidence: Evidence, served: ServedList, entry: StatusEntry) -> ServedBit | Finding:
    """Return what a list says of an entry, or why it says nothing."""
    value = served.value(entry.index, size=entry.size)
    if value is None:
        return _unusable(f"has no entry {entry.index}")
    if served.issuer != evidence.presented.issuer:
        return _unusable(f"is of {served.issuer}, not of the credential's issuer")
    if entry.purpose not in served.purposes:
        return _unusable(f"is not of purpose {entry.purpose}")
    if 8 * len(served.bits) // entry.size < MIN_ENTRIES:
        return _unusable(f"has fewer than {MIN_ENTRIES} entries")
    if served.stated_at > evidence.moment:
        return _unusable("was stated later than the moment judged")
    signed = _check_signed(evidence, served)
    if signed.result is not Result.PASS:
        sentence = f"That the issuer signed the status list is not proved: {signed.sentence}"
        return unknown(Reason.STATUS_LIST_UNSIGNED, sentence)
    return ServedBit(value=value, fresh=served.fresh_at(evidence.moment, max_age=evidence.policy.max_status_age))


def _check_signed(evidence: Evidence, served: ServedList) -> Finding:
    expected = Expected(purpose=ASSERTION, moment=evidence.moment, now=evidence.now)
    results = check_proofs(served.proofs, expected=expected, keys=lambda name: authoritative_keys(evidence, name))
    return decide(results, controller=served.issuer, purpose=ASSERTION).finding


def _unusable(what: str) -> Finding:
    return unknown(Reason.STATUS_LIST_UNUSABLE, f"The status list that the credential names {what}.")


def _note(evidence: Evidence, entry: JsonObject) -> str:
    purpose = entry.get("statusPurpose")
    ignored = f"status entry of purpose {purpose!r} ignored"
    if purpose != _MESSAGE:
        return ignored
    try:
        parsed = StatusEntry.parse(entry)
    except Malformed:
        return ignored
    bits = [item for item in _read_lists(evidence, parsed) if isinstance(item, ServedBit) and item.fresh]
    if not bits or bits[0].value not in parsed.messages:
        return ignored
    return f"The issuer's status list says: {parsed.messages[bits[0].value]!r}."
