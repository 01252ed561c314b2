"""Served status lists as evidence: the issuer's signed word, which may be ahead of the chain (protocol section 4).

A list counts when it is the one that the credential names, of its issuer and this purpose, signed by a key that counts
as the issuer's, and stated no later than the moment judged. An old copy may not know of a change: a 0 counts only
while it is fresh.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.check import Finding, Reason, failed, passed, skipped, unknown
from registry.domain.checks_issuer import authoritative_keys
from registry.domain.data_integrity import verify_ed25519
from registry.domain.evidence import Evidence
from registry.domain.served_list import ServedList
from registry.domain.slot import LIST_SIZE, CredentialSlot, Purpose

_ENTRY_TYPE: Final = "BitstringStatusListEntry"
_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,8}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedBit:
    """What one list says of one credential."""

    value: bool
    fresh: bool


def served_bits(evidence: Evidence, slot: CredentialSlot, purpose: Purpose) -> tuple[ServedBit, ...]:
    """Return what the lists at hand say of a credential with a slot."""
    url = slot.revocation_url if purpose is Purpose.REVOCATION else slot.suspension_url
    return tuple(_bits(evidence, url=url, purpose=purpose, index=slot.slot % LIST_SIZE))


def judge_foreign_status(evidence: Evidence, document: JsonObject, purpose: Purpose) -> Finding:
    """Judge the status of a credential without a slot, profile vc: its issuer's signed list is all there is."""
    if "credentialStatus" not in document:
        return skipped(Reason.NO_STATUS_ENTRY, "The credential names no status.")
    entries = _entries(document["credentialStatus"])
    if not all(entry.get("type") == _ENTRY_TYPE for entry in entries):
        return unknown(Reason.STATUS_FOREIGN, "The credential's status is of a kind that is not judged here.")
    bits: list[ServedBit] = []
    wanted = [entry for entry in entries if entry.get("statusPurpose") == purpose]
    for entry in wanted:
        index = entry.get("statusListIndex")
        if entry.get("statusSize", 1) != 1 or not isinstance(index, str) or _INDEX.fullmatch(index) is None:
            return unknown(Reason.STATUS_MALFORMED, "The credential's status entry cannot be read.")
        bits += _bits(evidence, url=entry.get("statusListCredential"), purpose=purpose, index=int(index))
    return _judge_bits(bits, wanted=len(wanted), purpose=purpose)


def _judge_bits(bits: list[ServedBit], *, wanted: int, purpose: Purpose) -> Finding:
    revocation = purpose is Purpose.REVOCATION
    if wanted == 0:
        return skipped(Reason.NO_STATUS_ENTRY, f"The credential has no entry of purpose {purpose}.")
    if any(bit.value and (bit.fresh or revocation) for bit in bits):
        reason = Reason.REVOKED if revocation else Reason.SUSPENDED
        return failed(reason, f"The issuer's signed status list says so: {purpose}.")
    if sum(bit.fresh for bit in bits) < wanted:
        return unknown(Reason.STATUS_MISSING, f"No fresh list of purpose {purpose}, signed by the issuer, is at hand.")
    reason = Reason.NOT_REVOKED if revocation else Reason.NOT_SUSPENDED
    return passed(reason, f"The issuer's signed status list says no {purpose}.")


def _bits(evidence: Evidence, *, url: JsonValue, purpose: Purpose, index: int) -> Iterator[ServedBit]:
    for served in evidence.served_lists:
        named = (served.url, served.issuer) == (url, evidence.presented.issuer) and purpose in served.purposes
        value = served.bit(index)
        if named and value is not None and served.stated_at <= evidence.moment and _is_signed(evidence, served):
            fresh = served.fresh_at(evidence.moment, max_age=evidence.policy.max_status_age)
            yield ServedBit(value=value, fresh=fresh)


def _is_signed(evidence: Evidence, served: ServedList) -> bool:
    if served.proof.expires is not None and evidence.moment >= served.proof.expires:
        return False
    return any(
        verify_ed25519(public_key=key, signature=served.proof.signature, data=served.signed_data)
        for key in authoritative_keys(evidence, served.proof.verification_method)
    )


def _entries(value: JsonValue) -> list[JsonObject]:
    """Return the entries of a status; what is no entry becomes one of no type."""
    return [item if isinstance(item, dict) else {} for item in (value if isinstance(value, list) else [value])]
