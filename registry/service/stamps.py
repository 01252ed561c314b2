"""Stamps: the document that orders of one shape become, with gaps where their values stand.

    draft of one order -> markers in the places of its values -> canonical N-Quads and JCS of that -> both with gaps

What an order of the shape may be filled in with is told by `is_harmless`: values that are neither refused nor changed
on their way into a document, whatever they are next to. All others go the plain way.
"""

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final, TypeAlias
from uuid import UUID

from registry.domain.achievement import Achievement
from registry.domain.assessment import ResultDescription
from registry.domain.canonical import JsonObject, JsonValue, canonicalize
from registry.domain.claims import has_forbidden_character, is_iri
from registry.domain.credential import Award, Evidence
from registry.domain.cryptosuites.cryptosuite import CanonicalForm, Cryptosuite
from registry.domain.data_integrity import attach_proofs
from registry.domain.fields import write_time
from registry.domain.log_name import LogName
from registry.domain.one_or_many import as_objects
from registry.domain.quad_template import QuadTemplate, compile_template, escape, split_at_markers, text_with_gaps
from registry.domain.recipient import MAX_IDENTIFIER, identity_hash
from registry.domain.slot import LIST_SIZE, Purpose, status_list_url
from registry.domain.vc_form import is_open_badge
from registry.ports import JsonLd
from registry.service.issuing import Order, write_salt

_RESERVED: Final = ".invalid/"
"""Where a JSON-LD processor may be told that documents stand: what begins there is taken for a relative IRI."""
_YEARS: Final = range(1001, 9999)
"""Those that are written in four digits, whatever the offset."""
_MOMENTS: Final = ("validFrom", "validUntil", "awardedDate")
_ACTIVITY_MOMENTS: Final = ("activityStartDate", "activityEndDate")
_EVIDENCE_TEXTS: Final = ("name", "narrative", "description")
_MOMENTS_KEPT: Final = 4096
"""Moments of one file are a few days, or one for each row."""

Shape: TypeAlias = tuple[object, ...]
_Place: TypeAlias = tuple[JsonObject, str, bool]
"""An object, the member of it that is filled in, and whether that is an IRI."""
_Write: TypeAlias = Callable[[Sequence[str]], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafted:
    """An order's document before it is signed, and what went into it beside the order."""

    order: Order
    document: JsonObject
    document_id: UUID
    drawn: Sequence[bytes]
    """Random bytes: of the id, then of each salt."""
    slot: int
    base_url: str
    """Below it stand the status lists."""
    log: LogName


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """The documents of one shape of order, with gaps."""

    contexts: bytes
    """The JCS of the document's `@context` alone: all that the options of a proof need of it."""
    base_url: str
    log: LogName
    purposes: tuple[Purpose, ...]
    quads: QuadTemplate | None
    """None when no proof signs RDF."""
    write_unsecured: _Write | None
    """None when no proof signs JSON."""
    write_secured: _Write
    size: int
    """About how many characters it takes."""

    def cover(self, values: Sequence[str]) -> dict[CanonicalForm, bytes] | None:
        """Write the document in the canonical forms that proofs sign; None where the values need the plain way."""
        covered: dict[CanonicalForm, bytes] = {}
        if self.write_unsecured is not None:
            covered[CanonicalForm.JCS] = self.write_unsecured(values).encode()
        if self.quads is not None:
            nquads = self.quads.fill(values)
            if nquads is None:
                return None
            covered[CanonicalForm.RDFC] = nquads
        return covered

    def values(self, order: Order, document_id: UUID, drawn: Sequence[bytes], slot: int) -> list[str]:
        """Write what fills the gaps, escaped, in the order of `_places`."""
        award, person = order.award, order.person
        moments = (award.valid_from, award.valid_until, award.awarded, award.activity_start, award.activity_end)
        values = [document_id.urn, *(_write_moment(moment) for moment in moments if moment is not None)]
        if person.id is not None:
            values.append(person.id)
        for (_, identifier), random in zip(person.identifiers, drawn[1:], strict=True):
            salt = write_salt(random)
            values += (identity_hash(identifier, salt), salt)
        values += [escape(text) for text in (person.name, award.narrative, award.license_number) if text is not None]
        values += [escape(result) for result in award.results]
        for evidence in award.evidence:
            values += [escape(text) for text in _members(evidence) if text is not None]
        number, index = divmod(slot, LIST_SIZE)
        for purpose in self.purposes:
            url = status_list_url(self.base_url, log=self.log, purpose=purpose, number=number)
            values += (f"{url}#{index}", str(index), url)
        return values


def _members(evidence: Evidence) -> tuple[str | None, ...]:
    return (evidence.url, evidence.name, evidence.narrative, evidence.description)


def _places(document: JsonObject, order: Order) -> Iterator[_Place]:
    """Tell where the values of an order stand in the document that is made of it, in the order of `Stamp.values`."""
    subject = _object(document["credentialSubject"])
    yield document, "id", True
    yield from (place for name in _MOMENTS for place in _present(document, name))
    yield from (place for name in _ACTIVITY_MOMENTS for place in _present(subject, name))
    yield from _present(subject, "id", is_iri_there=True)
    for number, identity in enumerate(as_objects(subject.get("identifier", []))):
        yield identity, "identityHash", False
        # The name stands last, and has none.
        if number < len(order.person.identifiers):
            yield identity, "salt", False
    yield from _present(subject, "narrative")
    yield from _present(subject, "licenseNumber")
    for result in as_objects(subject.get("result", [])):
        yield result, "value", False
    for evidence in as_objects(document.get("evidence", [])):
        yield from _present(evidence, "id", is_iri_there=True)
        yield from (place for name in _EVIDENCE_TEXTS for place in _present(evidence, name))
    for entry in as_objects(document["credentialStatus"]):
        yield entry, "id", True
        yield entry, "statusListIndex", False
        yield entry, "statusListCredential", True


def _present(value: JsonObject, name: str, *, is_iri_there: bool = False) -> Iterator[_Place]:
    if name in value:
        yield value, name, is_iri_there


def _object(value: JsonValue) -> JsonObject:
    return value if isinstance(value, dict) else {}


def shape_of(order: Order) -> Shape:
    """Tell what decides on the structure of the document that an order becomes."""
    award, person = order.award, order.person
    return (
        award.valid_until is None,
        award.awarded is None,
        award.activity_start is None,
        award.activity_end is None,
        person.name is None,
        award.narrative is None,
        award.license_number is None,
        # As it is spelled: 1 and 1.0 are equal in Python, and two numbers in the document.
        repr(award.credits_earned),
        None if person.id is None else _scheme(person.id),
        tuple([kind for kind, _ in person.identifiers]),
        len(award.results),
        tuple([_shape_of_evidence(evidence) for evidence in award.evidence]),
    )


def _shape_of_evidence(evidence: Evidence) -> Shape:
    return (
        None if evidence.url is None else _scheme(evidence.url),
        evidence.name is None,
        evidence.narrative is None,
        evidence.description is None,
    )


def _scheme(iri: str) -> str:
    """Return what may be a prefix of some context; with two slashes after it, it is none."""
    scheme, rest = iri.split(":", 1)
    return f"{scheme}://" if rest.startswith("//") else f"{scheme}:"


def is_harmless(order: Order, achievement: Achievement) -> bool:
    """Tell whether no value of an order can be refused or changed on its way into a document."""
    award, person = order.award, order.person
    names = [identifier for _, identifier in person.identifiers]
    if person.name is not None:
        names.append(person.name)
    for name in names:
        if len(name) > MAX_IDENTIFIER or not name.strip():
            return False
    if award.results and not _are_allowed(award.results, achievement.results):
        return False
    texts = [*names, award.narrative, award.license_number, *award.results]
    for piece in award.evidence:
        texts += (piece.name, piece.narrative, piece.description)
    if has_forbidden_character("".join(filter(None, texts))):
        return False
    return _are_in_reach(award) and _are_plain_iris(person.id, award.evidence)


def _are_in_reach(award: Award) -> bool:
    for moment in (award.valid_from, award.valid_until, award.awarded, award.activity_start, award.activity_end):
        if moment is not None and moment.year not in _YEARS:
            return False
    return True


def _are_plain_iris(identifier: str | None, evidence: tuple[Evidence, ...]) -> bool:
    if identifier is not None and (_RESERVED in identifier or not is_iri(identifier)):
        return False
    # Evidence was checked to have an absolute IRI, if any, when it was made.
    for piece in evidence:
        if piece.url is not None and _RESERVED in piece.url:
            return False
    return len(evidence) < 2 or len(set(evidence)) == len(evidence)


def _are_allowed(values: tuple[str, ...], descriptions: tuple[ResultDescription, ...]) -> bool:
    return len(values) == len(descriptions) and all(
        about.judge(value) is None for about, value in zip(descriptions, values, strict=True)
    )


def make_stamp(
    drafted: Drafted, *, suites: Sequence[Cryptosuite], options: Mapping[str, JsonObject], json_ld: JsonLd
) -> Stamp | None:
    """Learn from one order what the documents of its shape look like; None when that cannot be told.

    `options` are the proofs of each suite that still lack their values, by its name. Raises what the plain way raises
    of a document of this shape.
    """
    nonce = secrets.token_hex(8)
    marked = deepcopy(drafted.document)
    places = list(_places(marked, drafted.order))
    markers = [_mark(place, f"{nonce}.{number}") for number, place in enumerate(places)]
    quads = None
    forms = {suite.canonical_form for suite in suites}
    if CanonicalForm.RDFC in forms:
        quads = compile_template(json_ld.canonical_nquads(marked), markers, nonce=nonce)
        if quads is None or any(not places[gap][2] for gap in quads.iris):
            return None
    # Beside the values: a proof's value for each suite, and the moment.
    values = [f"{nonce} {suite.name}." for suite in suites]
    created = f"{nonce} created."
    proofs = [
        {**options[suite.name], "created": created, "proofValue": value}
        for suite, value in zip(suites, values, strict=True)
    ]
    unsecured = canonicalize(marked).decode()
    secured = canonicalize(attach_proofs(marked, proofs, as_list=is_open_badge(marked))).decode()
    write_unsecured = text_with_gaps(split_at_markers(unsecured, markers))
    stamp = Stamp(
        contexts=canonicalize({"@context": drafted.document["@context"]}),
        base_url=drafted.base_url,
        log=drafted.log,
        purposes=_purposes(drafted.document),
        quads=quads,
        write_unsecured=write_unsecured if CanonicalForm.JCS in forms else None,
        write_secured=text_with_gaps(split_at_markers(secured, [*markers, *values, created])),
        size=len(unsecured) + len(secured) + (0 if quads is None else quads.size),
    )
    # The document that it was made of must come out of it again.
    filled = stamp.values(drafted.order, drafted.document_id, drafted.drawn, drafted.slot)
    return stamp if write_unsecured(filled).encode() == canonicalize(drafted.document) else None


def _mark(place: _Place, name: str) -> str:
    """Put a marker in a place and return it."""
    container, member, is_iri_there = place
    value = container[member]
    marker = f"{_scheme(str(value))}{name}/" if is_iri_there else f"{name}."
    container[member] = marker
    return marker


def _purposes(document: JsonObject) -> tuple[Purpose, ...]:
    return tuple(Purpose(str(entry["statusPurpose"])) for entry in as_objects(document["credentialStatus"]))


@lru_cache(maxsize=_MOMENTS_KEPT)
def _write_moment(moment: datetime) -> str:
    return write_time(moment)
