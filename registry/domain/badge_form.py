"""The form of an Open Badges 3.0 credential: the formal schema (`badge_shapes`) and what the schema misses.

    subject with id or identifier · criteria that say something · moments with an offset · salted hashes that are hashes
    · results that fit their descriptions (`badge_results`) · endorsements that are credentials, by the same rules

Endorsements are found wherever a class has them, at any depth that JSON may have here; whether their proofs hold is not a
question of form (`endorsements`).
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeAlias

from registry.domain.badge_results import result_problems
from registry.domain.badge_shapes import CREDENTIAL, MOMENT, SHAPES, Kind, Shape
from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.claims import is_iri
from registry.domain.form_problem import FormProblem, is_filled, problem, time_problems, types_of
from registry.domain.one_or_many import as_objects

CheckInside: TypeAlias = Callable[[JsonObject], Sequence[FormProblem]]
"""The whole check of a credential's form, for those that stand inside another one."""

_HASH: Final = re.compile(r"(?:sha256\$[0-9a-fA-F]{64}|md5\$[0-9a-fA-F]{32})")
_CONTEXT: Final = re.compile(r"https://purl\.imsglobal\.org/spec/ob/v3p0/context(-3\.[0-9]\.[0-9])*\.json")
_TYPED: Final = ("credentialStatus", "credentialSchema", "refreshService", "termsOfUse")
"""The formal schema asks for one type in each; VC Data Model 2.0 admits several."""
_IDENTIFIED: Final = ("credentialStatus", "refreshService")
"""The formal schema asks for an id in each; VC Data Model 2.0 does not."""


def badge_problems(document: JsonObject, *, check_inside: CheckInside) -> list[FormProblem]:
    """Tell what is wrong with a credential that says it is an Open Badge, beside what is wrong with it as a VC."""
    walk = _Walk(check_inside)
    walk.credential(document, SHAPES["AchievementCredential"])
    subject = document.get("credentialSubject")
    if isinstance(subject, dict):
        walk.found += _subject_problems(subject)
    return walk.found


def endorsement_problems(document: JsonObject, *, check_inside: CheckInside) -> list[FormProblem]:
    """Tell what is wrong with a credential that says it is an endorsement of Open Badges."""
    walk = _Walk(check_inside)
    walk.credential(document, SHAPES["EndorsementCredential"])
    return walk.found


def has_badge_context(document: JsonObject) -> bool:
    """Tell whether the second context is that of Open Badges 3.0, in whatever version."""
    contexts = document.get("@context")
    second = contexts[1] if isinstance(contexts, list) and len(contexts) > 1 else None
    return isinstance(second, str) and _CONTEXT.fullmatch(second) is not None


class _Walk:
    """Goes through a document and its shapes once. Collects instead of yielding: every badge pays for this."""

    def __init__(self, check_inside: CheckInside) -> None:
        self.found: list[FormProblem] = []
        self._check_inside = check_inside

    def credential(self, document: JsonObject, shape: Shape) -> None:
        """Check a credential; its id, types, contexts and period of validity are judged as every credential's."""
        # Badges of the time of VC Data Model 1.1 say `issuanceDate`, which its own rules ask for.
        required = [name for name in shape.required if name != "validFrom" or "issuanceDate" not in document]
        self._missing(document, required, "", "missing-member")
        for name, kind in shape.members.items():
            if name not in document:
                continue
            value = document[name]
            if name != "credentialSubject" or isinstance(value, dict):
                self._member(value, kind, name)
            elif isinstance(value, list):
                self._tell("several-subjects", name, "expected one subject")
        for name in _TYPED:
            for entry in as_objects(document[name]) if name in document else ():
                self._entry(entry, name)

    def _entry(self, entry: JsonObject, name: str) -> None:
        if not isinstance(entry.get("type"), str):
            self._tell("malformed-badge", f"{name}.type", "expected one type in each, as Open Badges asks")
        if name in _IDENTIFIED and "id" not in entry:
            self._tell("missing-id", name, "expected an id in each, as Open Badges asks")

    def _member(self, value: JsonValue, kind: Kind, where: str) -> None:
        if kind.several and isinstance(value, list):
            for number, item in enumerate(value):
                self._value(item, kind, f"{where}[{number}]")
        else:
            self._value(value, kind, where)

    def _value(self, value: JsonValue, kind: Kind, where: str) -> None:
        if kind.test is not None:
            if not kind.test(value):
                self._tell(kind.code, where, f"expected {kind.expected}")
        elif kind is MOMENT:
            self.found += time_problems(value, where)
        elif isinstance(value, dict):
            if kind.shape == CREDENTIAL:
                self._inside(value, where)
            else:
                self._object(value, SHAPES[str(kind.shape)], where)
        elif not (kind.plain_too and is_iri(value)):
            self._tell(kind.code, where, f"expected {kind.expected}")

    def _object(self, value: JsonObject, shape: Shape, where: str) -> None:
        if shape.type is not None and not _has_type(value, shape):
            message = f"expected {shape.type} among the types" if shape.listed_type else f"expected {shape.type}"
            self._tell(shape.code, f"{where}.type", message)
        self._missing(value, shape.required, f"{where}.", shape.code)
        members = shape.members
        for name, member in value.items():
            kind = members.get(name)
            if kind is None:
                if shape.closed and name not in {"type", "id"}:
                    self._tell(shape.code, f"{where}.{name}", f"expected no member but those of {shape.type}")
            # Most members are plain and right: told here, they cost one call.
            elif kind.test is None or kind.several or not kind.test(member):
                self._member(member, kind, f"{where}.{name}")
        self._prose(value, shape, where)

    def _inside(self, value: JsonObject, where: str) -> None:
        if "EndorsementCredential" not in types_of(value):
            self._tell("malformed-endorsement", f"{where}.type", "expected EndorsementCredential among the types")
        elif not has_badge_context(value):
            message = "expected the Open Badges 3.0 context second"
            self._tell("malformed-endorsement", f"{where}.@context", message)
        self.found += [problem.within(where) for problem in self._check_inside(value)]

    def _prose(self, value: JsonObject, shape: Shape, where: str) -> None:
        if shape is _CRITERIA and not (is_filled(value.get("id")) or is_filled(value.get("narrative"))):
            self._tell("achievement-without-criteria", where, "expected criteria with id or narrative")
        elif shape is _IDENTITY and value.get("hashed") is True:
            text = value.get("identityHash")
            if not isinstance(text, str) or _HASH.fullmatch(text) is None:
                self._tell("malformed-identity", f"{where}.identityHash", "expected sha256$ or md5$ and a hash")

    def _missing(self, value: JsonObject, names: Sequence[str], place: str, code: str) -> None:
        for name in names:
            if name not in value:
                self._tell(_MISSING.get(name, code), f"{place}{name}", f"expected the member {name}")

    def _tell(self, code: str, where: str, message: str) -> None:
        self.found.append(FormProblem(code=code, where=where, message=message))


_MISSING: Final = {"criteria": "achievement-without-criteria"}
_CRITERIA: Final = SHAPES["Criteria"]
_IDENTITY: Final = SHAPES["IdentityObject"]


def _has_type(value: JsonObject, shape: Shape) -> bool:
    types = value.get("type")
    if shape.listed_type and isinstance(types, list):
        return shape.type in types and all(isinstance(name, str) for name in types)
    return types == shape.type


def _subject_problems(subject: JsonObject) -> Iterator[FormProblem]:
    where = "credentialSubject"
    if "id" not in subject and not subject.get("identifier"):
        yield problem("subject-without-identity", where, "expected an id or an identifier")
    achievement = subject.get("achievement")
    if not isinstance(achievement, dict):
        if "achievement" not in subject:
            yield problem("malformed-achievement", f"{where}.achievement", "expected an achievement")
    else:
        yield from result_problems(subject.get("result"), achievement, f"{where}.result")
