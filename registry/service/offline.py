"""Signing on the issuer's own machine: no store, no network, nothing but the files that were taken along.

    signing kit + reservation + key ─┬─ people (CSV, judged as an upload is) ─┐
                                     └─ unsigned credentials, one a line ─────┴─> signed lines, to be submitted

All is judged before the first is signed. Slots are used in the order of the reservation, which is the random order in
which they were drawn.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from registry.domain.canonical import MAX_DOCUMENT_BYTES, JsonObject, canonicalize, parse_object
from registry.domain.credential import StatusPlace, build_credential, credential_status
from registry.domain.errors import Malformed, Refused
from registry.domain.fields import read_list, read_object, read_text
from registry.domain.recipient import MAX_IDENTIFIER, MAX_IDENTITIES
from registry.domain.signing_kit import Reservation, SigningKit
from registry.domain.submission import SubmissionTerms, check_identifiers, read_submission
from registry.domain.submission_report import MAX_FINDINGS, LineFinding
from registry.domain.upload import judge_upload
from registry.domain.upload_codes import Severity
from registry.domain.upload_judging import RecipientRow, Result
from registry.domain.upload_text import ByteSource
from registry.ports import Signer
from registry.service.issuing import recipient_of
from registry.service.resources import SigningTools
from registry.service.rows import award_of, person_of, rules_for
from registry.service.signing import secure

MAX_INPUT_BYTES: Final = 134_217_728
"""Of a file to be signed: more than a reservation has slots for."""

_GIVEN: Final = (
    *("@context", "type", "id", "validFrom", "validUntil", "awardedDate", "name", "credentialSubject", "evidence"),
)
"""What an unsigned credential may say; the issuer and the status are filled in."""


class InputRefused(Refused):
    """Lines of the input are wrong: nothing was signed."""

    def __init__(self, findings: Sequence[LineFinding], *, errors: int) -> None:
        super().__init__("input-has-errors", f"{errors} lines have errors, nothing was signed")
        self.findings = tuple(findings)
        self.errors = errors


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """What is signed by, and for which slots."""

    tools: SigningTools
    kit: SigningKit
    reservation: Reservation
    signer: Signer
    suites: tuple[str, ...]
    skip: int = 0
    """Slots at the beginning of the reservation that another file has filled."""

    def __post_init__(self) -> None:
        """Raise Malformed or Refused when the files do not belong together, or it is too late."""
        kit, reservation = self.kit, self.reservation
        if (reservation.issuer, reservation.log, reservation.status_url) != (
            kit.profile["id"],
            kit.log,
            kit.status_url,
        ):
            raise Refused("reservation-of-another", "expected a reservation and a signing kit of one issuer and log")
        if self.signer.public_key != kit.key.public_key:
            raise Refused("signed-by-another-key", f"expected the private key of {kit.key.verification_method}")
        if self.tools.clock.now() >= reservation.expires:
            raise Refused("reservation-expired", f"the reservation ended at {reservation.expires}")
        if not 0 <= self.skip < len(reservation.slots):
            raise Malformed(
                "malformed-skip", f"expected less than the {len(reservation.slots)} slots of the reservation"
            )

    @property
    def slots(self) -> tuple[int, ...]:
        """The slots that are left."""
        return self.reservation.slots[self.skip :]

    @property
    def terms(self) -> SubmissionTerms:
        """What everything signed here has to agree with: what the registry will hold it against."""
        frozen = self.kit.achievement
        document = frozen.achievement.document(achievement_id=frozen.id, version=frozen.version)
        return SubmissionTerms(
            profile=self.kit.profile,
            log=self.kit.log,
            status_url=self.kit.status_url,
            achievement=frozen,
            achievement_content=canonicalize(document),
            now=self.tools.clock.now(),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unsigned:
    """A line of the input."""

    line: int
    build: Callable[[int], tuple[JsonObject, tuple[str, ...]]]
    """Given a slot, returns the unsigned document and the recipient's plain identifiers. Raises Malformed."""


def sign_people(signing: Signing, opened: Callable[[], ByteSource], *, allow_duplicates: bool) -> Iterator[bytes]:
    """Judge a CSV file of people as an upload is judged, then sign a credential for each; yield lines.

    `opened` opens the file from its beginning: it is read twice. Raises FileProblem, and InputRefused and Refused
    `too-few-slots` before anything is signed.
    """
    return _sign(signing, lambda: _people(signing, opened(), allow_duplicates=allow_duplicates))


def sign_documents(signing: Signing, opened: Callable[[], Iterable[bytes]]) -> Iterator[bytes]:
    """Complete and sign unsigned credentials, `{"credential": ..., "identifiers": [...]}` a line; yield lines.

    `issuer`, `id` and `credentialStatus` are filled in. Raises as `sign_people`.
    """
    terms = signing.terms
    return _sign(signing, lambda: _documents(signing, terms, opened()))


def _sign(signing: Signing, items: Callable[[], Iterator[_Unsigned | LineFinding]]) -> Iterator[bytes]:
    count = _require_fit(signing, items())
    if count > len(signing.slots):
        raise Refused(
            "too-few-slots", f"{count} credentials, and {len(signing.slots)} slots are left in the reservation"
        )
    return _signed(signing, items())


def _require_fit(signing: Signing, items: Iterator[_Unsigned | LineFinding]) -> int:
    findings: list[LineFinding] = []
    wrong: set[int] = set()
    count = 0
    for item in items:
        finding = item if isinstance(item, LineFinding) else _try(item, slot=signing.slots[0])
        if finding is None:
            count += 1
        else:
            wrong.add(finding.line)
            if len(findings) < MAX_FINDINGS:
                findings.append(finding)
    if findings:
        raise InputRefused(findings, errors=len(wrong))
    if not count:
        raise Malformed("input-empty", "expected at least one line to be signed")
    return count


def _try(item: _Unsigned, *, slot: int) -> LineFinding | None:
    try:
        item.build(slot)
    except Malformed as error:
        return LineFinding(line=item.line, code=error.code, where=error.where, message=error.message)
    return None


def _signed(signing: Signing, items: Iterator[_Unsigned | LineFinding]) -> Iterator[bytes]:
    slots = iter(signing.slots)
    for item in items:
        if isinstance(item, LineFinding):
            raise Refused("input-changed", f"line {item.line} was right a moment ago: the file changed meanwhile")
        document, identifiers = item.build(next(slots))
        secured = secure(
            document,
            signer=signing.signer,
            json_ld=signing.tools.json_ld,
            created=signing.tools.clock.now(),
            verification_method=signing.kit.key.verification_method,
            suites=signing.suites,
        )
        line: JsonObject = {"credential": secured}
        if identifiers:
            line["identifiers"] = list(identifiers)
        yield canonicalize(line) + b"\n"


def _people(signing: Signing, source: ByteSource, *, allow_duplicates: bool) -> Iterator[_Unsigned | LineFinding]:
    today = signing.tools.clock.now().date()
    rules = rules_for(signing.kit.achievement.achievement, today=today, max_bytes=MAX_INPUT_BYTES)
    for judgement in judge_upload(source, replace(rules, allow_duplicates=allow_duplicates)):
        if judgement.recipient is not None:
            yield _Unsigned(line=judgement.line, build=partial(_build_row, signing, judgement.recipient))
        elif judgement.result is Result.ERROR:
            for found in judgement.findings:
                if found.severity is Severity.ERROR:
                    where = found.column or ""
                    yield LineFinding(line=judgement.line, code=found.code, where=where, message=found.message)


def _build_row(signing: Signing, row: RecipientRow, slot: int) -> tuple[JsonObject, tuple[str, ...]]:
    kit, person = signing.kit, person_of(row)
    document = build_credential(
        credential_id=signing.tools.random_uuid4(),
        issuer=kit.profile,
        achievement=kit.achievement,
        recipient=recipient_of(signing.tools, person),
        award=award_of(row, kit.achievement.achievement),
        status=_place(signing, slot),
    )
    return document, tuple(value for _, value in person.identifiers)


def _documents(signing: Signing, terms: SubmissionTerms, lines: Iterable[bytes]) -> Iterator[_Unsigned | LineFinding]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield _Unsigned(line=number, build=partial(_complete, signing, terms, line))


def _complete(signing: Signing, terms: SubmissionTerms, line: bytes, slot: int) -> tuple[JsonObject, tuple[str, ...]]:
    given = parse_object(line, limit_bytes=MAX_DOCUMENT_BYTES)
    members = read_object(given, required=("credential",), optional=("identifiers",), where="line")
    document = read_object(members["credential"], required=(), optional=_GIVEN, where="credential")
    suspension = signing.kit.achievement.achievement.suspension
    completed: JsonObject = {
        "id": signing.tools.random_uuid4().urn,
        **document,
        "issuer": {**signing.kit.profile, "type": ["Profile"]},
        "credentialStatus": credential_status(_place(signing, slot), suspension=suspension),
    }
    submission = read_submission(completed, terms)
    listed = read_list(members.get("identifiers", []), limit=MAX_IDENTITIES, where="identifiers")
    identifiers = tuple(read_text(item, limit=MAX_IDENTIFIER, where="identifiers") for item in listed)
    check_identifiers(submission, identifiers)
    return completed, identifiers


def _place(signing: Signing, slot: int) -> StatusPlace:
    return StatusPlace(base_url=signing.kit.status_url, log=signing.kit.log, slot=slot)
