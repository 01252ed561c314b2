"""The verdict: what became of a credential, by twelve checks over gathered evidence (protocol section 8).

     1 form        well-formed VC 2.0 / OB 3.0, I-JSON, a slot
     2 signature   the issuer's key signed this document
     3 issuer      the key is the issuer's, was valid when anchored, and the issuer names this log
     4 leaf        the receipt's leaf is the document's
     5 inclusion   the path leads to the root; header, log, issuer and DID document are of one batch
     6 anchor      the chain holds that root, in a known contract with the published code
     7 finality    the block read is final
     8 validity    now is inside validFrom..validUntil
     9 revocation  0 in a current epoch
    10 suspension  0 in a current epoch or the served list
    11 log         no court has marked the log
    12 recognition the verifier's policy recognises the issuer

The first word that applies:

    invalid            one of 1-6 fails
    revoked            9 fails
    suspended          10 fails
    not-yet-anchored   1-3 pass, and 6 is epoch-not-reached or the log says pending
    expired            8 fails, 1-3 pass
    not-yet-valid      8 fails, 1-3 pass
    indeterminate      any check is unknown
    untrusted          12 fails
    valid              none of these

"Could not check" never looks like "fine" and never like "forged". Pure: nothing is fetched, no clock is read.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Final

from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.check import Check, CheckId, Finding, Reason, Result, skipped
from registry.domain.checks_document import check_form, check_recognition, check_validity
from registry.domain.checks_inclusion import check_anchor, check_finality, check_inclusion, check_leaf
from registry.domain.checks_issuer import check_issuer, check_signature
from registry.domain.checks_log import check_log
from registry.domain.checks_status import check_revocation, check_suspension
from registry.domain.evidence import ChainBlock, Evidence, Profile
from registry.domain.fields import write_time
from registry.domain.problem import Problem
from registry.domain.verdict_advice import advise, note

SCOPE: Final = "Authenticity, status and anchoring. Not whether the holder has the skill."


class Word(StrEnum):
    """The verdict in one word, in the order in which they are asked for."""

    INVALID = "invalid"
    REVOKED = "revoked"
    SUSPENDED = "suspended"
    NOT_YET_ANCHORED = "not-yet-anchored"
    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    INDETERMINATE = "indeterminate"
    UNTRUSTED = "untrusted"
    VALID = "valid"


class ExitCode(IntEnum):
    """What a program that verifies exits with."""

    VALID = 0
    DECIDED = 1
    """Any other decided verdict."""
    UNTRUSTED = 2
    INDETERMINATE = 3
    USAGE = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of one credential."""

    word: Word
    profile: Profile
    checks: tuple[Check, ...]
    """All twelve, in order."""
    checked_at: datetime
    """When it was judged."""
    as_of: datetime
    """The moment it is judged for: the same, the date that was asked for, or the time of the block that was named."""
    block: ChainBlock | None
    """Where the chain was read; None when it was not."""
    credential: JsonObject
    """What was judged: issuer, leaf, log, slot and epoch, as far as they are known."""
    notes: tuple[str, ...]
    next: tuple[str, ...]
    """What the reader may do about it."""

    @property
    def exit_code(self) -> ExitCode:
        """The exit code of a program that came to this verdict."""
        match self.word:
            case Word.VALID:
                return ExitCode.VALID
            case Word.UNTRUSTED:
                return ExitCode.UNTRUSTED
            case Word.INDETERMINATE:
                return ExitCode.INDETERMINATE
            case _:
                return ExitCode.DECIDED

    def check(self, check: CheckId) -> Check:
        """Return one check."""
        return self.checks[check.number - 1]

    def to_json(self) -> JsonObject:
        """Write the verdict as the API and `--json` give it."""
        return {
            "verdict": str(self.word),
            "exitCode": int(self.exit_code),
            "profile": str(self.profile),
            "checkedAt": write_time(self.checked_at),
            "asOf": write_time(self.as_of),
            "block": None if self.block is None else _block_to_json(self.block),
            "credential": self.credential,
            "checks": [_check_to_json(check) for check in self.checks],
            "scope": SCOPE,
            "notes": list(self.notes),
            "next": list(self.next),
        }


def judge(evidence: Evidence) -> Verdict:
    """Judge gathered evidence."""
    signature = check_signature(evidence)
    findings = {
        CheckId.FORM: check_form(evidence),
        CheckId.SIGNATURE: signature.finding,
        CheckId.ISSUER: check_issuer(evidence, signature),
        CheckId.LEAF: check_leaf(evidence),
        CheckId.INCLUSION: check_inclusion(evidence),
        CheckId.ANCHOR: check_anchor(evidence),
        CheckId.FINALITY: check_finality(evidence),
        CheckId.VALIDITY: check_validity(evidence),
        CheckId.REVOCATION: check_revocation(evidence),
        CheckId.SUSPENSION: check_suspension(evidence),
        CheckId.LOG: check_log(evidence),
        CheckId.RECOGNITION: check_recognition(evidence),
    }
    if evidence.policy.profile is Profile.VC:
        findings |= dict.fromkeys(_ANCHORING, _NOT_ASKED)
    if signature.finding.result is Result.FAIL:
        findings = {check: _unless_passed(finding) for check, finding in findings.items()}
    checks = tuple(finding.of(check) for check, finding in findings.items())
    word = _word(findings, pending=evidence.pending)
    return Verdict(
        word=word,
        profile=evidence.policy.profile,
        checks=checks,
        checked_at=evidence.now,
        as_of=_as_of(evidence),
        block=None if evidence.view is None else evidence.view.block,
        credential=_credential(evidence),
        notes=note(evidence, others=signature.others),
        next=advise(checks),
    )


def _as_of(evidence: Evidence) -> datetime:
    named = evidence.policy.block_hash is not None
    return evidence.view.block.time if named and evidence.view is not None else evidence.moment


_ANCHORING: Final = (CheckId.LEAF, CheckId.INCLUSION, CheckId.ANCHOR, CheckId.FINALITY)
_NOT_ASKED: Final = skipped(Reason.PROFILE_VC, "The profile vc does not ask for anchoring.")
_SIGNATURE_FAILED: Final = skipped(
    Reason.SIGNATURE_FAILED, "The signature failed: nothing else is said of the document."
)


def _unless_passed(finding: Finding) -> Finding:
    """A document nobody signed is in no batch and has no status: nothing about it may look good."""
    return _SIGNATURE_FAILED if finding.result is Result.PASS else finding


def _word(findings: dict[CheckId, Finding], *, pending: bool) -> Word:
    failing = {check for check, finding in findings.items() if finding.result is Result.FAIL}
    uncertain = any(finding.result is Result.UNKNOWN for finding in findings.values())
    genuine = all(findings[check].result is Result.PASS for check in _GENUINE)
    anchor = findings[CheckId.ANCHOR]
    waiting = pending and anchor.result is not Result.PASS and anchor.reason is not Reason.LOG_MARKED
    unanchored = waiting or anchor.reason is Reason.EPOCH_NOT_REACHED
    validity = findings[CheckId.VALIDITY].reason
    ladder = (
        (Word.INVALID, not failing.isdisjoint(_FORGERY)),
        (Word.REVOKED, CheckId.REVOCATION in failing),
        (Word.SUSPENDED, CheckId.SUSPENSION in failing),
        (Word.NOT_YET_ANCHORED, genuine and unanchored),
        (Word.EXPIRED, genuine and validity is Reason.EXPIRED),
        (Word.NOT_YET_VALID, genuine and validity is Reason.NOT_YET_VALID),
        (Word.INDETERMINATE, uncertain),
        (Word.UNTRUSTED, CheckId.RECOGNITION in failing),
        (Word.VALID, True),
    )
    return next(word for word, applies in ladder if applies)


_GENUINE: Final = (CheckId.FORM, CheckId.SIGNATURE, CheckId.ISSUER)
_FORGERY: Final = frozenset({*_GENUINE, CheckId.LEAF, CheckId.INCLUSION, CheckId.ANCHOR})


def _credential(evidence: Evidence) -> JsonObject:
    presented, slot, parts = evidence.presented, evidence.presented.log_slot, evidence.parts
    identifier = None if isinstance(presented.document, Problem) else presented.document.get("id")
    return {
        "id": identifier if isinstance(identifier, str) else None,
        "issuer": presented.issuer,
        "leaf": None if isinstance(presented.leaf, Problem) else presented.leaf.hex(),
        "log": None if slot is None else str(slot.log),
        "slot": None if slot is None else slot.slot,
        "epoch": None if parts is None else parts.anchor.epoch,
    }


def _block_to_json(block: ChainBlock) -> JsonObject:
    return {
        "chain": f"eip155:{block.chain_id}",
        "number": block.number,
        "hash": f"0x{block.hash.hex()}",
        "time": write_time(block.time),
        "final": block.final,
    }


def _check_to_json(check: Check) -> dict[str, JsonValue]:
    return {
        "number": check.id.number,
        "id": str(check.id),
        "result": str(check.result),
        "code": str(check.reason),
        "sentence": check.sentence,
    }
