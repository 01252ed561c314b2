"""One check of a verdict: its id, what came of it, why, and a sentence for people (protocol section 8).

Ids, results and reason codes are stable: programs compare them. Sentences are for people and may change.
docs/verdict.md has the table of all reasons; a test compares the two.
"""

from dataclasses import dataclass
from enum import StrEnum


class CheckId(StrEnum):
    """The checks, in the order of the protocol's table."""

    FORM = "form"
    SIGNATURE = "signature"
    ISSUER = "issuer"
    LEAF = "leaf"
    INCLUSION = "inclusion"
    ANCHOR = "anchor"
    FINALITY = "finality"
    VALIDITY = "validity"
    REVOCATION = "revocation"
    SUSPENSION = "suspension"
    LOG = "log"
    RECOGNITION = "recognition"

    @property
    def number(self) -> int:
        """The check's number in the protocol's table, from 1."""
        return list(CheckId).index(self) + 1


class Result(StrEnum):
    """What came of a check."""

    PASS = "pass"  # noqa: S105  # the word of the protocol, no password
    FAIL = "fail"
    UNKNOWN = "unknown"
    """It could not be checked."""
    SKIPPED = "skipped"
    """It does not apply."""


class Reason(StrEnum):
    """Why a check came out as it did: one stable code for each cause."""

    # 1 form
    WELL_FORMED = "well-formed"
    NOT_JSON = "not-json"
    NOT_A_CREDENTIAL = "not-a-credential"
    NOT_JSON_LD = "not-json-ld"
    NO_SLOT = "no-slot"
    TOKEN_UNSUPPORTED = "token-unsupported"  # noqa: S105  # a reason code
    OWN_CONTEXT = "own-context"
    RELATED_RESOURCE_UNKNOWN = "related-resource-unknown"
    ENDORSEMENT_BROKEN = "endorsement-broken"
    # 2 signature
    SIGNED = "signed"
    NO_PROOF = "no-proof"
    MALFORMED_PROOF = "malformed-proof"
    PROOF_EXPIRED = "proof-expired"
    PROOF_NOT_YET_MADE = "proof-not-yet-made"
    PROOF_PURPOSE_DIFFERS = "proof-purpose-differs"
    PREVIOUS_PROOF = "previous-proof"
    CHALLENGE_DIFFERS = "challenge-differs"
    DOMAIN_DIFFERS = "domain-differs"
    SIGNATURE_MISMATCH = "signature-mismatch"
    PROOF_UNSUPPORTED = "proof-unsupported"
    UNKNOWN_CONTEXT = "unknown-context"
    TOO_COMPLEX = "too-complex"
    NO_KEY = "no-key"
    KEY_UNSUPPORTED = "key-unsupported"
    KEY_UNFIT = "key-unfit"
    # 3 issuer
    KEY_LISTED = "key-listed"
    KEY_DERIVED = "key-derived"
    KEY_LISTED_BY_LOG = "key-listed-by-log"
    KEY_WITHDRAWN = "key-withdrawn"
    KEY_NOT_LISTED = "key-not-listed"
    KEY_ENDED = "key-ended"
    LOG_NOT_NAMED = "log-not-named"
    ANCHORED_TIME_UNKNOWN = "anchored-time-unknown"
    DID_NOT_RESOLVED = "did-not-resolved"
    DID_UNRESOLVABLE = "did-unresolvable"
    DID_DOCUMENT_UNREADABLE = "did-document-unreadable"
    LOG_NOT_TRUSTED = "log-not-trusted"
    LOG_WORD_UNPROVED = "log-word-unproved"
    INCLUSION_MISSING = "inclusion-missing"
    INCLUSION_UNKNOWN = "inclusion-unknown"
    # 4 leaf
    LEAF_MATCHES = "leaf-matches"
    LEAF_DIFFERS = "leaf-differs"
    LEAF_KIND_DIFFERS = "leaf-kind-differs"
    # 4-7, and 9, 10 as far as they stand on the receipt
    NO_RECEIPT = "no-receipt"
    RECEIPT_UNREADABLE = "receipt-unreadable"
    # 5 inclusion
    INCLUDED = "included"
    PATH_MALFORMED = "path-malformed"
    SLOT_DIFFERS = "slot-differs"
    PATH_LEADS_ELSEWHERE = "path-leads-elsewhere"
    HEADER_MALFORMED = "header-malformed"
    HEADER_NOT_TIED = "header-not-tied"
    LOG_DIFFERS = "log-differs"
    ISSUER_DIFFERS = "issuer-differs"
    DID_DOCUMENT_DIFFERS = "did-document-differs"
    # 6 anchor, and 9, 10 as far as they stand on the chain
    ANCHORED = "anchored"
    ROOT_DIFFERS = "root-differs"
    EPOCH_NOT_REACHED = "epoch-not-reached"
    UNKNOWN_CONTRACT = "unknown-contract"
    CONTRACT_CODE_DIFFERS = "contract-code-differs"
    OTHER_CHAIN = "other-chain"
    NO_RPC = "no-rpc"
    CHAIN_UNREACHABLE = "chain-unreachable"
    RPC_DISAGREE = "rpc-disagree"
    LIGHT_MISSING = "light-missing"
    LIGHT_MALFORMED = "light-malformed"
    LIGHT_MISMATCH = "light-mismatch"
    # 7 finality
    FINAL = "final"
    BLOCK_GIVEN = "block-given"
    NOT_FINAL = "not-final"
    # 8 validity
    IN_FORCE = "in-force"
    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    # 9 revocation, 10 suspension
    NOT_REVOKED = "not-revoked"
    REVOKED = "revoked"
    NOT_SUSPENDED = "not-suspended"
    SUSPENDED = "suspended"
    NO_SUSPENSION_ENTRY = "no-suspension-entry"
    NO_STATUS_ENTRY = "no-status-entry"
    STATUS_MISSING = "status-missing"
    STATUS_MALFORMED = "status-malformed"
    STATUS_FOREIGN = "status-foreign"
    STATUS_UNANCHORED = "status-unanchored"
    STATUS_STALE = "status-stale"
    STATUS_UNREACHABLE = "status-unreachable"
    STATUS_LIST_UNUSABLE = "status-list-unusable"
    STATUS_LIST_UNSIGNED = "status-list-unsigned"
    STATUS_LIST_OUTDATED = "status-list-outdated"
    BLOCK_TOO_OLD = "block-too-old"
    # 11 log; the last for 6, 9 and 10 too
    NOT_MARKED = "not-marked"
    PROMISE_BROKEN = "promise-broken"
    NO_COURT = "no-court"
    COURT_NOT_ASKED = "court-not-asked"
    LOG_MARKED = "log-marked"
    # 12 recognition
    RECOGNISED = "recognised"
    NOT_RECOGNISED = "not-recognised"
    NO_POLICY = "no-policy"
    # several
    FORM_FAILED = "form-failed"
    SIGNATURE_FAILED = "signature-failed"
    PROFILE_VC = "profile-vc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check and what came of it."""

    id: CheckId
    result: Result
    reason: Reason
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What came of a check, before it is known which check it was asked for."""

    result: Result
    reason: Reason
    sentence: str

    def of(self, check: CheckId) -> Check:
        """Return it as the outcome of a check."""
        return Check(id=check, result=self.result, reason=self.reason, sentence=self.sentence)


def passed(reason: Reason, sentence: str) -> Finding:
    """The check holds."""
    return Finding(result=Result.PASS, reason=reason, sentence=sentence)


def failed(reason: Reason, sentence: str) -> Finding:
    """The check does not hold."""
    return Finding(result=Result.FAIL, reason=reason, sentence=sentence)


def unknown(reason: Reason, sentence: str) -> Finding:
    """It could not be checked."""
    return Finding(result=Result.UNKNOWN, reason=reason, sentence=sentence)


def skipped(reason: Reason, sentence: str) -> Finding:
    """The check does not apply."""
    return Finding(result=Result.SKIPPED, reason=reason, sentence=sentence)
