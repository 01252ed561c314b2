"""Taking what an issuer signed on its own machine: one credential, or a file of thousands, all of it or nothing.

    line -> I-JSON -> policy (domain.submission) -> proofs (domain.submission_proof) -> signatures -> slot, id, recipient

Everything is checked before anything is stored, and checked again by the constraints of the one transaction that stores
it. A line that is stored already, byte for byte, is passed over: a file that is sent again after a lost answer is
accepted again. Identifiers that come beside a credential are held against it, hashed with the database's secret and
forgotten.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final
from uuid import UUID

from registry.domain.audit_trail import AuditAction
from registry.domain.canonical import MAX_DOCUMENT_BYTES, JsonObject, canonicalize, parse_object
from registry.domain.data_integrity import unsecured
from registry.domain.errors import Conflict, CredrootError, Malformed, NotFound, Refused
from registry.domain.fields import read_list, read_object, read_text
from registry.domain.hashing import Digest, sha256
from registry.domain.multikey import decode_multikey
from registry.domain.recipient import MAX_IDENTIFIER, MAX_IDENTITIES
from registry.domain.signing_kit import MAX_RESERVED
from registry.domain.slot import LIST_SIZE
from registry.domain.submission import (
    AchievementKey,
    Submission,
    SubmissionTerms,
    check_identifiers,
    read_achievement_key,
    read_submission,
)
from registry.domain.submission_proof import ProofTerms, check_proofs, check_signatures
from registry.domain.submission_report import MAX_FINDINGS, LineFinding, SubmissionRefused
from registry.domain.upload_values import normalise_identifier
from registry.service.access import Caller
from registry.service.achievements import freeze
from registry.service.auditing import note
from registry.service.issuing import duplicate_key, recipient_key
from registry.service.own_keys import present_own_key
from registry.service.resources import RECIPIENT_HASHING, Resources
from registry.store_ports import (
    AchievementRecord,
    IssuerRecord,
    NewCredential,
    OwnKeyRecord,
    ReadStore,
    ReservationRecord,
    WriteStore,
)

MAX_LINES: Final = MAX_RESERVED
"""One reservation a file, one slot a line."""
MAX_LINE_BYTES: Final = MAX_DOCUMENT_BYTES + 16_384
"""The largest document, and the identifiers beside it."""
LOOKUP_LINES: Final = 500
"""Asked about in one query each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionOrder:
    """Which reservation was filled, and what the issuer allows."""

    reservation_id: UUID
    allow_duplicates: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """A submission that may be stored."""

    issuer_id: UUID
    reservation_id: UUID
    verification_method: str
    credentials: tuple[NewCredential, ...]
    already_stored: tuple[Digest, ...]
    """The leaves of lines that were accepted before, byte for byte."""


def examine_one(resources: Resources, issuer: IssuerRecord, order: SubmissionOrder, line: bytes) -> Examined:
    """Check one signed credential.

    Raises Malformed or Refused with the code of the first rule broken, NotFound for an unknown reservation.
    """
    examiner = _Examiner(resources, issuer, order)
    candidate = examiner.read(line)
    for _, error in examiner.look_up([(1, candidate)]):
        raise error
    return examiner.examined()


def examine_lines(
    resources: Resources, issuer: IssuerRecord, order: SubmissionOrder, lines: Iterable[bytes]
) -> Examined:
    """Check a file of signed credentials, a JSON object a line; empty lines are passed over.

    Raises SubmissionRefused with what is wrong in which line; Malformed for a file that cannot be read on or has more
    lines than a reservation has slots; Refused, NotFound for what concerns all lines.
    """
    examiner = _Examiner(resources, issuer, order)
    findings: list[LineFinding] = []
    errors = 0
    for chunk in _chunks(lines):
        for line, error in examiner.examine(chunk):
            errors += 1
            if len(findings) < MAX_FINDINGS:
                findings.append(_finding(line, error))
    if findings:
        raise SubmissionRefused(findings, errors=errors)
    examined = examiner.examined()
    if not examined.credentials and not examined.already_stored:
        raise Malformed("signed-upload-empty", "expected at least one line")
    return examined


def store(resources: Resources, unit: WriteStore, examined: Examined, *, caller: Caller) -> Examined:
    """Store what was examined, all or nothing, inside the caller's transaction.

    Raises Refused `reservation-expired`; Conflict when the issuer's key was replaced meanwhile, or another submission
    filled one of the slots.
    """
    issuer = unit.issuers.get(examined.issuer_id)
    if present_own_key(unit, issuer).verification_method != examined.verification_method:
        raise Conflict("signing-key-replaced", "expected the issuer's present key, it was replaced meanwhile")
    _require_open(resources, unit.reservations.get(issuer.id, examined.reservation_id))
    unit.credentials.insert(examined.credentials)
    action, count = AuditAction.CREDENTIALS_SUBMITTED, len(examined.credentials)
    if count:
        subject = examined.reservation_id
        note(resources, unit, action, by=caller.name, issuer=issuer.id, subject=subject, count=count)
    return examined


@dataclass(frozen=True, slots=True, kw_only=True)
class _Award:
    """A version of an achievement that lines are held against."""

    record: AchievementRecord
    terms: SubmissionTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    """A line that is right by itself."""

    submission: Submission
    record: AchievementRecord
    content: bytes
    leaf: Digest
    identifiers: tuple[str, ...]
    """Normalised: those that were given, and the subject's id."""


class _Examiner:
    """Checks lines one after the other, against what is stored and against each other."""

    def __init__(self, resources: Resources, issuer: IssuerRecord, order: SubmissionOrder) -> None:
        self._resources = resources
        self._issuer = issuer
        self._order = order
        self._now = resources.clock.now()
        with resources.store.read() as unit:
            key = present_own_key(unit, issuer)
            self._reservation = unit.reservations.get(issuer.id, order.reservation_id)
            self._log = unit.access.log().name
            self._secret = unit.access.secret(RECIPIENT_HASHING)
            self._proofs = _proof_terms(unit, issuer, key, self._reservation, now=self._now)
        _require_open(resources, self._reservation)
        self._slots = frozenset(self._reservation.slots)
        self._profile = parse_object(issuer.profile)
        self._awards: dict[AchievementKey, _Award] = {}
        self._lines: dict[object, int] = {}
        self._accepted: list[NewCredential] = []
        self._stored: list[Digest] = []

    def examined(self) -> Examined:
        """Return what was found right."""
        return Examined(
            issuer_id=self._issuer.id,
            reservation_id=self._reservation.id,
            verification_method=self._proofs.verification_method,
            credentials=tuple(self._accepted),
            already_stored=tuple(self._stored),
        )

    def examine(self, chunk: Sequence[tuple[int, bytes]]) -> list[tuple[int, CredrootError]]:
        """Check some lines and return what is wrong with which, in the order of the lines."""
        errors: list[tuple[int, CredrootError]] = []
        candidates: list[tuple[int, _Candidate]] = []
        for number, line in chunk:
            try:
                candidate = self.read(line)
                self._require_new(number, candidate)
            except (Malformed, Refused) as error:
                errors.append((number, error))
            else:
                candidates.append((number, candidate))
        return sorted([*errors, *self.look_up(candidates)], key=lambda item: item[0])

    def read(self, line: bytes) -> _Candidate:
        """Check a line by itself. Raises Malformed, Refused."""
        members = read_object(
            parse_object(line, limit_bytes=MAX_LINE_BYTES),
            required=("credential",),
            optional=("identifiers",),
            where="line",
        )
        document = members["credential"]
        if not isinstance(document, dict):
            raise Malformed("malformed-object", "expected a credential", where="credential")
        content = canonicalize(document)
        if len(content) > MAX_DOCUMENT_BYTES:
            message = f"expected at most {MAX_DOCUMENT_BYTES} bytes, got {len(content)}"
            raise Malformed("json-too-large", message, where="credential")
        # The proofs first: what belongs to another issuer or key is told as that.
        award = self._award(read_achievement_key(document))
        submission = read_submission(unsecured(document), award.terms)
        self._require_reserved(submission.slot)
        check_proofs(document, self._proofs)
        identifiers = _read_identifiers(members)
        check_identifiers(submission, identifiers)
        check_signatures(document, self._proofs.public_key, canonical_nquads=self._resources.json_ld.canonical_nquads)
        given = [*identifiers, *([] if submission.subject_id is None else [submission.subject_id])]
        return _Candidate(
            submission=submission,
            record=award.record,
            content=content,
            leaf=sha256(content),
            identifiers=tuple(dict.fromkeys(normalise_identifier(value) for value in given)),
        )

    def look_up(self, candidates: Sequence[tuple[int, _Candidate]]) -> Iterator[tuple[int, CredrootError]]:
        """Hold lines that are right by themselves against what is stored, keep those that pass, yield the others."""
        with self._resources.store.read() as unit:
            filled = unit.reservations.filled([candidate.submission.slot for _, candidate in candidates])
            known = unit.reservations.known_documents([item.submission.document_id for _, item in candidates])
            held = {} if self._order.allow_duplicates else self._holders(unit, [item for _, item in candidates])
        for number, candidate in candidates:
            submission = candidate.submission
            if filled.get(submission.slot) == candidate.leaf:
                self._stored.append(candidate.leaf)
            elif submission.slot in filled:
                yield number, Conflict("slot-used", f"slot {_place(submission.slot)} holds another credential")
            elif submission.document_id in known:
                yield number, Conflict("credential-id-taken", "expected an id that no other credential has")
            elif held_by := next((held[key] for key in self._scoped(candidate) if key in held), None):
                yield number, Conflict("already-issued", f"this recipient already holds the credential {held_by}")
            else:
                self._accepted.append(self._new(candidate))

    def _award(self, key: AchievementKey) -> _Award:
        award = self._awards.get(key)
        if award is None:
            record = self._achievement(key)
            frozen = freeze(self._resources, self._issuer, record)
            document = frozen.achievement.document(achievement_id=frozen.id, version=record.version)
            terms = SubmissionTerms(
                profile=self._profile,
                log=self._log,
                status_url=self._resources.status_url,
                achievement=frozen,
                achievement_content=canonicalize(document),
                now=self._now,
            )
            award = self._awards[key] = _Award(record=record, terms=terms)
        return award

    def _achievement(self, key: AchievementKey) -> AchievementRecord:
        base = f"{self._resources.issuer_url(self._issuer.slug)}/achievements/"
        unknown = Malformed(
            "achievement-unknown", f"expected an achievement below {base}, with its version", where="achievement"
        )
        try:
            achievement_id, version = UUID(key.id.removeprefix(base)), int(key.version)
        except ValueError:
            raise unknown from None
        # One spelling of each: what is signed is compared with what would have been.
        if key != AchievementKey(id=f"{base}{achievement_id}", version=str(version)):
            raise unknown
        try:
            with self._resources.store.read() as unit:
                records = unit.achievements.versions(self._issuer.id, achievement_id)
        except NotFound:
            raise unknown from None
        versions = {record.version: record for record in records}
        if version not in versions:
            raise unknown
        return versions[version]

    def _require_reserved(self, slot: int) -> None:
        if slot in self._slots:
            return
        with self._resources.store.read() as unit:
            owner = unit.reservations.list_owner(slot // LIST_SIZE)
        if owner not in (None, self._issuer.id):
            raise Refused("slot-of-another-issuer", f"slot {_place(slot)} is in another issuer's list")
        raise Refused("slot-not-reserved", f"slot {_place(slot)} is not in the reservation {self._reservation.id}")

    def _require_new(self, number: int, candidate: _Candidate) -> None:
        submission = candidate.submission
        claims: list[tuple[str, object]] = [("slot-twice", submission.slot), ("id-twice", submission.document_id)]
        if not self._order.allow_duplicates:
            claims += [("recipient-twice", key) for key in self._scoped(candidate)]
        for code, claim in claims:
            first = self._lines.setdefault((code, claim), number)
            if first != number:
                raise Refused(code, f"expected each once in a file, line {first} has the same")

    def _scoped(self, candidate: _Candidate) -> list[tuple[UUID, int, bytes]]:
        record = candidate.record
        return [(record.id, record.version, recipient_key(self._secret, given)) for given in candidate.identifiers]

    def _holders(self, unit: ReadStore, candidates: Sequence[_Candidate]) -> dict[tuple[UUID, int, bytes], UUID]:
        asked: dict[tuple[UUID, int], set[bytes]] = {}
        for candidate in candidates:
            for achievement_id, version, key in self._scoped(candidate):
                asked.setdefault((achievement_id, version), set()).add(key)
        return {
            (achievement_id, version, key): holder
            for (achievement_id, version), keys in asked.items()
            for key, holder in unit.credentials.holders(
                achievement_id, version=version, recipient_keys=keys, not_of_upload=None
            ).items()
        }

    def _new(self, candidate: _Candidate) -> NewCredential:
        submission, record, identifiers = candidate.submission, candidate.record, candidate.identifiers
        unique = None if self._order.allow_duplicates or not identifiers else identifiers[0]
        return NewCredential(
            id=self._resources.ids.new(),
            issuer_id=self._issuer.id,
            achievement_id=record.id,
            achievement_version=record.version,
            upload_id=None,
            line=None,
            recipient_keys=tuple(recipient_key(self._secret, given) for given in identifiers),
            document_id=submission.document_id,
            document=candidate.content,
            did_document_sha256=self._issuer.did_document_sha256,
            leaf=candidate.leaf,
            slot=submission.slot,
            suspendable=submission.suspendable,
            duplicate_key=None if unique is None else duplicate_key(self._secret, record, unique),
            valid_from=submission.valid_from,
            valid_until=submission.valid_until,
            created_at=self._now,
        )


def _proof_terms(
    unit: ReadStore, issuer: IssuerRecord, key: OwnKeyRecord, reservation: ReservationRecord, *, now: datetime
) -> ProofTerms:
    retired = unit.reservations.own_keys(issuer.id)
    return ProofTerms(
        verification_method=key.verification_method,
        public_key=decode_multikey(key.public_multibase),
        retired=frozenset(other.verification_method for other in retired if other.id != key.id),
        status_keys=frozenset(other.verification_method for other in unit.issuers.keys(issuer.id)),
        not_before=reservation.created_at,
        now=now,
    )


def _require_open(resources: Resources, reservation: ReservationRecord) -> None:
    if resources.clock.now() >= reservation.expires_at:
        raise Refused("reservation-expired", f"the reservation {reservation.id} ended at {reservation.expires_at}")


def _read_identifiers(members: JsonObject) -> list[str]:
    given = read_list(members.get("identifiers", []), limit=MAX_IDENTITIES, where="identifiers")
    return [read_text(item, limit=MAX_IDENTIFIER, where="identifiers") for item in given]


def _chunks(lines: Iterable[bytes]) -> Iterator[list[tuple[int, bytes]]]:
    filled = ((number, line) for number, line in enumerate(lines, start=1) if line.strip())
    count = 0
    while chunk := list(islice(filled, LOOKUP_LINES)):
        count += len(chunk)
        if count > MAX_LINES:
            raise Malformed("too-many-lines", f"expected at most {MAX_LINES} credentials in a file")
        yield chunk


def _finding(line: int, error: CredrootError) -> LineFinding:
    return LineFinding(line=line, code=error.code, where=getattr(error, "where", ""), message=error.message)


def _place(slot: int) -> str:
    return "{}/{}".format(*divmod(slot, LIST_SIZE))
