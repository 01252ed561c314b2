"""What a signed document must not say, because readers would not all read the same.

JSON-LD drops nulls, empty arrays and values that are no absolute IRI without a word, and canonicalizers
disagree on control characters other than LF and CR, on DEL and on U+FFFE and U+FFFF (RDFC-1.0 section 5.1;
seen between PyLD and pyoxigraph). All of it is refused before anything is signed.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import pyoxigraph

from registry.domain.canonical import MAX_DEPTH, JsonValue
from registry.domain.errors import Malformed

MAX_ITEMS: Final = 1_000
"""More than any template has results or skills; every item is compared with those before it."""

_FORBIDDEN: Final = re.compile("[\x00-\x09\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
_SPACE: Final = re.compile(r"\s")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimProblem:
    """One thing that must not be signed, and where it stands."""

    code: str
    where: str
    """The path of the value, such as `credentialSubject.identifier[0].salt`."""
    message: str


def check_text(text: str, where: str) -> str:
    """Return the text if every reader reads the same in it.

    Raises Malformed: `claim-control-character`, `claim-delete-character`, `claim-noncharacter`, `claim-surrogate`.
    """
    for problem in _text_problems(text, where):
        raise Malformed(problem.code, problem.message, where=where)
    return text


def has_forbidden_character(text: str) -> bool:
    """Tell whether a text has a character that `check_text` refuses."""
    return _FORBIDDEN.search(text) is not None


def check_iri(text: object, where: str) -> str:
    """Return the text if it is an absolute IRI (RFC 3987), which JSON-LD keeps.

    Raises Malformed `claim-not-iri`.
    """
    if not isinstance(text, str):
        raise Malformed("claim-not-iri", "expected an absolute IRI", where=where)
    # RFC 3987 admits U+00A0 and its like in an IRI, PyLD takes any white space for a sign that it is none.
    if _SPACE.search(text) is not None:
        raise Malformed("claim-not-iri", f"expected an absolute IRI without white space, got {text!r}", where=where)
    try:
        pyoxigraph.NamedNode(text)
    except ValueError as error:  # UnicodeEncodeError, for a lone surrogate, is a ValueError too
        raise Malformed("claim-not-iri", f"expected an absolute IRI, got {text!r}: {error}", where=where) from error
    return text


def is_iri(text: object) -> bool:
    """Tell whether a value is an absolute IRI."""
    try:
        check_iri(text, "")
    except Malformed:
        return False
    return True


def check_claims(value: JsonValue) -> None:
    """Check a document before it is signed.

    Raises Malformed with the first problem of `find_problems`.
    """
    for problem in find_problems(value):
        raise Malformed(problem.code, problem.message, where=problem.where)


def find_problems(value: JsonValue) -> Iterator[ClaimProblem]:
    """Walk a document and tell everything in it that must not be signed, in document order."""
    return _walk(value, "", 0)


def _walk(value: JsonValue, where: str, depth: int) -> Iterator[ClaimProblem]:
    if depth > MAX_DEPTH:
        yield ClaimProblem(code="claim-too-deep", where=where, message=f"expected at most {MAX_DEPTH} levels")
    elif value is None:
        yield ClaimProblem(code="claim-null", where=where, message="expected a value or no member at all, got null")
    elif isinstance(value, str):
        yield from _text_problems(value, where)
    elif isinstance(value, list):
        yield from _walk_list(value, where, depth)
    elif isinstance(value, dict):
        if not value:
            yield ClaimProblem(code="claim-empty-object", where=where, message="expected at least one member")
        for name, member in value.items():
            inside = f"{where}.{name}" if where else name
            yield from _text_problems(name, inside)
            yield from _walk(member, inside, depth + 1)


def _walk_list(items: list[JsonValue], where: str, depth: int) -> Iterator[ClaimProblem]:
    if not items:
        yield ClaimProblem(code="claim-empty-array", where=where, message="expected at least one item or no member")
    if len(items) > MAX_ITEMS:
        yield ClaimProblem(code="claim-too-many", where=where, message=f"expected at most {MAX_ITEMS} items")
        return
    for index, item in enumerate(items):
        inside = f"{where}[{index}]"
        if isinstance(item, list):
            yield ClaimProblem(code="claim-nested-array", where=inside, message="expected no array inside an array")
        elif any(type(item) is type(earlier) and item == earlier for earlier in items[:index]):
            yield ClaimProblem(code="claim-duplicate", where=inside, message="expected each item once")
        yield from _walk(item, inside, depth + 1)


def _text_problems(text: str, where: str) -> Iterator[ClaimProblem]:
    match = _FORBIDDEN.search(text)
    if match is not None:
        character = match[0]
        code, name = _name(character)
        message = f"expected no {name}, got U+{ord(character):04X} at {match.start()}"
        yield ClaimProblem(code=code, where=where, message=message)


def _name(character: str) -> tuple[str, str]:
    if character < " ":
        return "claim-control-character", "control character but LF and CR"
    if character == "\x7f":
        return "claim-delete-character", "DEL"
    if character >= "\ufffe":
        return "claim-noncharacter", "noncharacter"
    return "claim-surrogate", "lone surrogate"
