"""The words of verdicts for people: one short sentence for each word, check, result and reason code.

They are message ids: the catalogues of the other languages translate them. The API's own sentences stay English and say more
(numbers, names); here is what the page says in the visitor's language. A test compares these tables with the codes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from registry.domain.check import CheckId, Reason, Result
from registry.domain.verdict import Word


def _(text: str) -> str:
    """Mark a text for the catalogues; the template translates it."""
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class WordText:
    """What a page says of a verdict."""

    title: str
    sentence: str
    advice: str
    """What to do next."""
    tone: str
    """Which icon and which style: good, bad, warn or unsure."""


WORDS: Final[Mapping[Word, WordText]] = {
    Word.VALID: WordText(
        title=_("Valid"),
        sentence=_("The issuer signed this credential, nothing in it was changed, and it stands."),
        advice=_("Compare the name with the person before you: a verdict does not tell who holds the file."),
        tone="good",
    ),
    Word.INVALID: WordText(
        title=_("Not valid"),
        sentence=_("This is not what the issuer signed and anchored. Do not rely on it."),
        advice=_("Ask the holder for the original file, or ask the issuer."),
        tone="bad",
    ),
    Word.REVOKED: WordText(
        title=_("Revoked"),
        sentence=_("The issuer has withdrawn this credential."),
        advice=_("Ask the issuer why, or ask the holder for a newer credential."),
        tone="bad",
    ),
    Word.SUSPENDED: WordText(
        title=_("Suspended"),
        sentence=_("For the time being the issuer does not stand by this credential."),
        advice=_("Ask the issuer: a suspension may be lifted."),
        tone="warn",
    ),
    Word.NOT_YET_ANCHORED: WordText(
        title=_("Not yet anchored"),
        sentence=_("The issuer signed this credential; its proof on the blockchain is not final yet."),
        advice=_("Try again later: anchoring takes an hour or so."),
        tone="warn",
    ),
    Word.EXPIRED: WordText(
        title=_("Expired"),
        sentence=_("The credential is genuine, but its period of validity is over."),
        advice=_("Ask the holder whether it was renewed."),
        tone="warn",
    ),
    Word.NOT_YET_VALID: WordText(
        title=_("Not valid yet"),
        sentence=_("The credential is genuine, but its period of validity has not begun."),
        advice=_("Look at it again when that day has come."),
        tone="warn",
    ),
    Word.INDETERMINATE: WordText(
        title=_("Not certain"),
        sentence=_("Not everything could be checked: this is neither a yes nor a no."),
        advice=_("Look below at what could not be checked, and why."),
        tone="unsure",
    ),
    Word.UNTRUSTED: WordText(
        title=_("Issuer not recognised"),
        sentence=_("The credential is genuine, but its issuer is not among those that are recognised."),
        advice=_("Find out who the issuer is before you rely on it."),
        tone="warn",
    ),
}

CHECKS: Final[Mapping[CheckId, str]] = {
    CheckId.FORM: _("Form of the document"),
    CheckId.SIGNATURE: _("Signature"),
    CheckId.ISSUER: _("Issuer and key"),
    CheckId.LEAF: _("Receipt belongs to document"),
    CheckId.INCLUSION: _("Included in the log"),
    CheckId.ANCHOR: _("Anchored on the blockchain"),
    CheckId.FINALITY: _("Final on the blockchain"),
    CheckId.VALIDITY: _("Period of validity"),
    CheckId.REVOCATION: _("Not revoked"),
    CheckId.SUSPENSION: _("Not suspended"),
    CheckId.LOG: _("Log in good standing"),
    CheckId.RECOGNITION: _("Recognised issuer"),
}

RESULTS: Final[Mapping[Result, str]] = {
    Result.PASS: _("passed"),
    Result.FAIL: _("failed"),
    Result.UNKNOWN: _("could not be checked"),
    Result.SKIPPED: _("does not apply"),
}

TONES: Final[Mapping[Result, str]] = {
    Result.PASS: "good",
    Result.FAIL: "bad",
    Result.UNKNOWN: "unsure",
    Result.SKIPPED: "none",
}

REASONS: Final[Mapping[Reason, str]] = {
    # 1 form
    Reason.WELL_FORMED: _("It is a well-formed credential."),
    Reason.NOT_JSON: _("The file cannot be read without doubt about what it says."),
    Reason.NOT_A_CREDENTIAL: _("It breaks a rule of the standard for credentials."),
    Reason.NOT_JSON_LD: _("Part of the document has no defined meaning."),
    Reason.NO_SLOT: _("It does not say properly where its status stands."),
    Reason.TOKEN_UNSUPPORTED: _("Credentials in the form of a token are not judged here yet."),
    Reason.OWN_CONTEXT: _("The document gives its own meaning to words."),
    Reason.RELATED_RESOURCE_UNKNOWN: _("A related file that it names could not be compared."),
    Reason.ENDORSEMENT_BROKEN: _("An endorsement inside it was not signed as it stands."),
    # 2 signature
    Reason.SIGNED: _("The key named in it signed exactly this document."),
    Reason.NO_PROOF: _("The document is not signed."),
    Reason.MALFORMED_PROOF: _("The signature cannot be read."),
    Reason.PROOF_EXPIRED: _("The signature itself has expired."),
    Reason.PROOF_NOT_YET_MADE: _("The signature says that it was made in the future."),
    Reason.PROOF_PURPOSE_DIFFERS: _("The signature was made for another purpose."),
    Reason.PREVIOUS_PROOF: _("The signature builds on another one that does not hold."),
    Reason.CHALLENGE_DIFFERS: _("The signature answers another question."),
    Reason.DOMAIN_DIFFERS: _("The signature was made for somebody else."),
    Reason.SIGNATURE_MISMATCH: _("Something in the document was changed, or somebody else signed it."),
    Reason.PROOF_UNSUPPORTED: _("There is no signature of a kind that can be checked here."),
    Reason.UNKNOWN_CONTEXT: _("What some words of the document mean is not known here."),
    Reason.TOO_COMPLEX: _("Working out what was signed would cost too much."),
    Reason.NO_KEY: _("The key that should have signed it is not at hand."),
    Reason.KEY_UNSUPPORTED: _("The key is of a kind that is not read here."),
    Reason.KEY_UNFIT: _("The key does not fit this kind of signature."),
    # 3 issuer
    Reason.KEY_LISTED: _("The issuer lists this key, and names this log."),
    Reason.KEY_DERIVED: _("The key is the issuer's own identifier."),
    Reason.KEY_LISTED_BY_LOG: _("By the word of the trusted log this is the issuer's key."),
    Reason.KEY_WITHDRAWN: _("The issuer no longer lists this key; it did when it signed."),
    Reason.KEY_NOT_LISTED: _("This key does not belong to the issuer."),
    Reason.KEY_ENDED: _("The key was no longer good when the credential was anchored."),
    Reason.LOG_NOT_NAMED: _("The issuer does not use this log."),
    Reason.ANCHORED_TIME_UNKNOWN: _("The key has ended, and when the credential was anchored is not known."),
    Reason.DID_NOT_RESOLVED: _("The issuer's own document was not looked up."),
    Reason.DID_UNRESOLVABLE: _("The issuer's own document could not be reached."),
    Reason.DID_DOCUMENT_UNREADABLE: _("The issuer's own document cannot be read."),
    Reason.LOG_NOT_TRUSTED: _("Only the log's copy of the issuer's document is at hand."),
    Reason.LOG_WORD_UNPROVED: _("That the log vouches for the issuer is not proved."),
    Reason.INCLUSION_MISSING: _("The issuer anchors its credentials, and this one is not proved to be anchored."),
    Reason.INCLUSION_UNKNOWN: _("The issuer anchors its credentials; that could not be checked for this one."),
    # 4 leaf
    Reason.LEAF_MATCHES: _("The receipt is for this very document."),
    Reason.LEAF_DIFFERS: _("The receipt is for another document: something was changed."),
    Reason.LEAF_KIND_DIFFERS: _("The receipt is for another kind of document."),
    # 4 to 7
    Reason.NO_RECEIPT: _("There is no receipt, and none was found."),
    Reason.RECEIPT_UNREADABLE: _("The receipt is damaged."),
    # 5 inclusion
    Reason.INCLUDED: _("The proof leads from the document to the anchored root."),
    Reason.PATH_MALFORMED: _("The proof does not have the form of one."),
    Reason.SLOT_DIFFERS: _("The receipt names another status position."),
    Reason.PATH_LEADS_ELSEWHERE: _("The proof does not lead to the anchored root."),
    Reason.HEADER_MALFORMED: _("The proof of the batch cannot be read."),
    Reason.HEADER_NOT_TIED: _("The proof belongs to another batch."),
    Reason.LOG_DIFFERS: _("Document and proof name different logs."),
    Reason.ISSUER_DIFFERS: _("The proof is of another issuer's batch."),
    Reason.DID_DOCUMENT_DIFFERS: _("The issuer's document in the receipt is not the one in the proof."),
    # 6 anchor
    Reason.ANCHORED: _("The blockchain holds the root that the proof leads to."),
    Reason.ROOT_DIFFERS: _("The blockchain holds another root."),
    Reason.EPOCH_NOT_REACHED: _("The log has not come so far on the blockchain."),
    Reason.UNKNOWN_CONTRACT: _("Nobody who is trusted named the contract."),
    Reason.CONTRACT_CODE_DIFFERS: _("The contract is not the published one."),
    Reason.OTHER_CHAIN: _("The node is on another blockchain."),
    Reason.NO_RPC: _("No Ethereum node was named."),
    Reason.CHAIN_UNREACHABLE: _("The Ethereum node gave no usable answer."),
    Reason.RPC_DISAGREE: _("The Ethereum nodes contradict each other."),
    Reason.LIGHT_MISSING: _("The receipt has no proof of the blockchain in itself."),
    Reason.LIGHT_MALFORMED: _("The receipt's own proof of the blockchain cannot be read."),
    Reason.LIGHT_MISMATCH: _("The receipt's own proof of the blockchain is of another block."),
    # 7 finality
    Reason.FINAL: _("The block that was read is final."),
    Reason.BLOCK_GIVEN: _("Whoever verifies named the block."),
    Reason.NOT_FINAL: _("The block that was read is not final yet."),
    # 8 validity
    Reason.IN_FORCE: _("It is within its period of validity."),
    Reason.EXPIRED: _("Its period of validity is over."),
    Reason.NOT_YET_VALID: _("Its period of validity has not begun."),
    # 9 revocation, 10 suspension
    Reason.NOT_REVOKED: _("The log proves that it is not revoked."),
    Reason.REVOKED: _("It is proved that the issuer revoked it."),
    Reason.NOT_SUSPENDED: _("It is proved that it is not suspended."),
    Reason.SUSPENDED: _("It is proved that the issuer suspended it."),
    Reason.NO_SUSPENSION_ENTRY: _("This credential cannot be suspended."),
    Reason.NO_STATUS_ENTRY: _("This credential has no such status."),
    Reason.STATUS_MISSING: _("There is no proof of its status."),
    Reason.STATUS_MALFORMED: _("The proof of its status cannot be read."),
    Reason.STATUS_FOREIGN: _("The proof of status is of something else."),
    Reason.STATUS_UNANCHORED: _("The proof of status is not on the blockchain."),
    Reason.STATUS_STALE: _("The status is known up to an earlier time only."),
    Reason.STATUS_UNREACHABLE: _("The status list could not be reached."),
    Reason.STATUS_LIST_UNUSABLE: _("The status list does not fit this credential."),
    Reason.STATUS_LIST_UNSIGNED: _("That the issuer signed the status list is not proved."),
    Reason.STATUS_LIST_OUTDATED: _("The status list is of an outdated kind."),
    Reason.BLOCK_TOO_OLD: _("The newest final block is too old to tell."),
    # 11 log
    Reason.NOT_MARKED: _("No fraud of this log is on record."),
    Reason.PROMISE_BROKEN: _("The log broke a promise; its proofs are not in doubt for that."),
    Reason.NO_COURT: _("There is no court for this log."),
    Reason.COURT_NOT_ASKED: _("The court could not be asked without a node."),
    Reason.LOG_MARKED: _("The log was caught cheating, or somebody stole its key: ask the issuer."),
    # 12 recognition
    Reason.RECOGNISED: _("The issuer is among those recognised."),
    Reason.NOT_RECOGNISED: _("The issuer is not among those recognised."),
    Reason.NO_POLICY: _("Nobody said which issuers are recognised."),
    # several
    Reason.FORM_FAILED: _("The document could not be read so far."),
    Reason.SIGNATURE_FAILED: _("Says nothing, since the signature failed."),
    Reason.PROFILE_VC: _("Not asked: this credential does not say that it is anchored."),
}
