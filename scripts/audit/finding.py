"""Findings: what an audit can prove against a log, each with a stable code (docs/audit.md has the same table).

finding     proved from the chain and files that were read
unchecked   something that could not be read: neither clean nor fraud
pending     an epoch so young that its files may still be missing (protocol section 9)
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Final

from registry.domain.canonical import JsonObject
from registry.domain.errors import CredrootError, Malformed, ProofMismatch, Unavailable

FILE_MISSING: Final = "published-file-missing"
FILE_OUTSIDE: Final = "published-file-outside"
FILE_SIZE: Final = "published-file-size"
"""Codes of errors of published files, as their readers raise them."""


class Code(StrEnum):
    """What was found."""

    # the log
    CONTRACT_DIFFERS = "contract-differs"
    LOG_UNKNOWN = "log-unknown"
    LOG_FILE_MISSING = "log-file-missing"
    LOG_FILE_MALFORMED = "log-file-malformed"
    LOG_FILE_FOREIGN = "log-file-foreign"
    # an epoch and its anchor
    EPOCH_UNPUBLISHED = "epoch-unpublished"
    EPOCH_NOT_ANCHORED = "epoch-not-anchored"
    MANIFEST_MALFORMED = "manifest-malformed"
    ANCHOR_DIFFERS = "anchor-differs"
    ROOT_NOT_ANCHORED = "root-not-anchored"
    ROOT_DIFFERS = "root-differs"
    CREDENTIALS_ROOT_DIFFERS = "credentials-root-differs"
    STATUS_ROOT_DIFFERS = "status-root-differs"
    REVOCATION_ROOT_DIFFERS = "revocation-root-differs"
    SUSPENSION_ROOT_DIFFERS = "suspension-root-differs"
    # a batch
    BATCH_MISSING = "batch-missing"
    COUNT_DIFFERS = "count-differs"
    BATCH_ROOT_DIFFERS = "batch-root-differs"
    BATCH_MALFORMED = "batch-malformed"
    HEADER_DIFFERS = "header-differs"
    HEADER_LOG_FOREIGN = "header-log-foreign"
    SEALED_LATE = "sealed-late"
    DID_DOCUMENT_MISSING = "did-document-missing"
    DID_DOCUMENT_DIFFERS = "did-document-differs"
    DID_DOCUMENT_MALFORMED = "did-document-malformed"
    DID_DOCUMENT_FOREIGN = "did-document-foreign"
    # a status list
    LIST_MISSING = "list-missing"
    LIST_FILE_DIFFERS = "list-file-differs"
    LIST_ROOT_DIFFERS = "list-root-differs"
    # across epochs
    SLOT_REUSED = "slot-reused"
    REVOCATION_UNDONE = "revocation-undone"
    # any file
    FILE_OUTSIDE = "file-outside"
    FILE_SIZE = "file-size"


SENTENCES: Final = {
    Code.CONTRACT_DIFFERS: "The code at the log's contract is not the published code of the anchor log.",
    Code.LOG_UNKNOWN: "The contract has no log of this number.",
    Code.LOG_FILE_MISSING: "The published files have no log.json.",
    Code.LOG_FILE_MALFORMED: "log.json has not the form of the protocol.",
    Code.LOG_FILE_FOREIGN: "The published files say that they are of another log.",
    Code.EPOCH_UNPUBLISHED: "An epoch was anchored an hour or more before the block read, and is not published.",
    Code.EPOCH_NOT_ANCHORED: "An epoch is published as anchored, and the log has not reached it.",
    Code.MANIFEST_MALFORMED: "The manifest has not the form of the protocol.",
    Code.ANCHOR_DIFFERS: "The manifest states the anchor otherwise than the chain.",
    Code.ROOT_NOT_ANCHORED: "The published epoch has another root than the one anchored.",
    Code.ROOT_DIFFERS: "The credentials root and the status root do not lead to the root.",
    Code.CREDENTIALS_ROOT_DIFFERS: "The published batches do not lead to the credentials root.",
    Code.STATUS_ROOT_DIFFERS: "The revocation root and the suspension root do not lead to the status root.",
    Code.REVOCATION_ROOT_DIFFERS: "The published revocation lists do not lead to the revocation root.",
    Code.SUSPENSION_ROOT_DIFFERS: "The published suspension lists do not lead to the suspension root.",
    Code.BATCH_MISSING: "The file with a batch's entries is not published.",
    Code.COUNT_DIFFERS: "The entries of a batch are not as many as its header counts, and one.",
    Code.BATCH_ROOT_DIFFERS: "The published entries do not lead to the batch's root.",
    Code.BATCH_MALFORMED: "An anchored batch breaks the rules for slot words or for the order of leaves.",
    Code.HEADER_DIFFERS: "The first entry of a batch is not the published header.",
    Code.HEADER_LOG_FOREIGN: "A batch anchored in this log says that it is of another log.",
    Code.SEALED_LATE: "A batch says that it was sealed more than five minutes after it was anchored.",
    Code.DID_DOCUMENT_MISSING: "The DID document that a batch commits to is not published.",
    Code.DID_DOCUMENT_DIFFERS: "A published DID document does not hash to its name.",
    Code.DID_DOCUMENT_MALFORMED: "A published DID document is not the canonical JSON of a DID document.",
    Code.DID_DOCUMENT_FOREIGN: "The DID document that a batch commits to is not its issuer's.",
    Code.LIST_MISSING: "The file of a status list is not published.",
    Code.LIST_FILE_DIFFERS: "The file of a status list does not hash to what the manifest states.",
    Code.LIST_ROOT_DIFFERS: "The file of a status list does not lead to the root that the manifest states.",
    Code.SLOT_REUSED: "A slot was filled with two different credentials. prove_fraud.py makes the evidence for the court.",
    Code.REVOCATION_UNDONE: "A revocation was taken back: its bit went from 1 to 0. prove_fraud.py makes the evidence for the court.",
    Code.FILE_OUTSIDE: "A published file is a link that leads out of the published folder.",
    Code.FILE_SIZE: "A published file has not the size that the protocol allows.",
}


class ExitCode(IntEnum):
    """What an audit exits with."""

    CLEAN = 0
    FINDINGS = 1
    UNCHECKED = 3
    """Something could not be checked; findings may have been proved all the same."""
    USAGE = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was proved."""

    code: Code
    epoch: int | None
    """None when it is about the whole log."""
    place: str
    """The file, slot or contract that it is about."""
    expected: str
    found: str

    @property
    def sentence(self) -> str:
        """Say it in one sentence."""
        return SENTENCES[self.code]

    def order(self) -> tuple[int, str, str, str, str]:
        """Return where it stands among the others: by epoch, then by code."""
        return (self.epoch or 0, self.code, self.place, self.expected, self.found)

    def to_json(self) -> JsonObject:
        """Write the finding."""
        return {
            "code": str(self.code),
            "epoch": self.epoch,
            "place": self.place,
            "expected": self.expected,
            "found": self.found,
            "sentence": self.sentence,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Unchecked:
    """Something that could not be checked, and why."""

    code: str
    epoch: int | None
    place: str
    message: str

    def order(self) -> tuple[int, str, str, str]:
        """Return where it stands among the others."""
        return (self.epoch or 0, self.code, self.place, self.message)

    def to_json(self) -> JsonObject:
        """Write what could not be checked."""
        return {"code": self.code, "epoch": self.epoch, "place": self.place, "message": self.message}


@dataclass(frozen=True, slots=True, kw_only=True)
class FileCodes:
    """Which finding it is when a file is absent, of the wrong size, or of the wrong form."""

    missing: Code
    malformed: Code
    size: Code = Code.FILE_SIZE


@dataclass(slots=True, kw_only=True)
class Ledger:
    """What an audit has found so far."""

    findings: list[Finding] = field(default_factory=list)
    unchecked: list[Unchecked] = field(default_factory=list)
    pending: list[int] = field(default_factory=list)
    epochs: int = 0
    """Epochs that the contract has at the block read."""
    published: int = 0
    """Those of them whose manifest could be read."""
    batches: int = 0
    credentials: int = 0
    """Entries of batches that lead to an anchored root."""
    roots: int = 0
    """Roots rebuilt, and equal to the stated ones."""

    def find(self, code: Code, *, epoch: int | None, place: str, expected: object, found: object) -> None:
        """Note a finding; bytes are written as hex."""
        self.findings.append(
            Finding(code=code, epoch=epoch, place=place, expected=_written(expected), found=_written(found))
        )

    def compare(self, code: Code, *, epoch: int, place: str, expected: bytes, found: bytes) -> bool:
        """Count a root that was rebuilt, or note that it differs, and tell whether it is equal."""
        if expected == found:
            self.roots += 1
            return True
        self.find(code, epoch=epoch, place=place, expected=expected, found=found)
        return False

    def leave(self, error: Unavailable, *, epoch: int | None, place: str) -> None:
        """Note what could not be checked."""
        self.unchecked.append(Unchecked(code=error.code, epoch=epoch, place=place, message=error.message))

    @contextmanager
    def reading(self, codes: FileCodes, *, epoch: int | None, place: str) -> Iterator[None]:
        """Turn what goes wrong while a published file is read into a finding, or into something unchecked."""
        try:
            yield
        except Unavailable as error:
            if error.code == FILE_MISSING:
                self.find(codes.missing, epoch=epoch, place=place, expected="a file", found="none")
            else:
                self.leave(error, epoch=epoch, place=place)
        except ProofMismatch as error:
            self.find(codes.malformed, epoch=epoch, place=place, expected=error.expected, found=error.actual)
        except Malformed as error:
            self._find_malformed(error, codes, epoch=epoch, place=place)

    def _find_malformed(self, error: Malformed, codes: FileCodes, *, epoch: int | None, place: str) -> None:
        code = {FILE_OUTSIDE: Code.FILE_OUTSIDE, FILE_SIZE: codes.size}.get(error.code, codes.malformed)
        self.find(code, epoch=epoch, place=place, expected="the form of the protocol", found=_reason(error))

    def codes(self) -> dict[str, int]:
        """Return how often each code was found, codes in alphabetical order."""
        return dict(sorted(Counter(str(finding.code) for finding in self.findings).items()))

    @property
    def exit_code(self) -> ExitCode:
        """Return what the audit exits with: what could not be checked is never clean."""
        if self.unchecked:
            return ExitCode.UNCHECKED
        return ExitCode.FINDINGS if self.findings else ExitCode.CLEAN


def _reason(error: CredrootError) -> str:
    return f"{error.code}: {error.message}"


def _written(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
