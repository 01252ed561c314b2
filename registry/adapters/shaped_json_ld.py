"""JSON-LD by shape: the second document of a kind is canonicalized by filling in what the first one left open.

    document -> shape (structure, names, and every value that decides on meaning) + leaves (all other strings)
    unknown shape: the plain way; seen before: the plain way once more with markers as leaves, which gives a template
    known shape:   each leaf is looked at, the template is filled in

A credential's contexts, member names, types, numbers and terms decide what it means; its names, dates and addresses do
not, and only they are leaves. A leaf is text, or an absolute IRI that no context gives another meaning. What cannot be
shown to be as harmless as the marker was goes the plain way: this never accepts what the plain way refuses, and never
writes other bytes (docs/decisions/0018-documents-of-a-known-shape.md).
"""

import math
import re
import secrets
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from registry.adapters.contexts import ContextLibrary, load_contexts
from registry.adapters.json_ld import MAX_DOCUMENT_BYTES, MAX_JSON_DEPTH, MAX_SQUARED_VALUES, PinnedJsonLd
from registry.domain.canonical import MAX_SAFE_INTEGER, JsonObject, JsonValue, canonicalize
from registry.domain.claims import has_forbidden_character, is_iri
from registry.domain.errors import CredrootError
from registry.domain.quad_template import QuadTemplate, compile_template, escape
from registry.ports import JsonLd

MAX_SHAPES: Final = 512
"""Templates of many issuers, each with its optional members there or not."""
MAX_SHAPES_SIZE: Final = 16_777_216
"""Characters of all templates and shapes together: a badge takes some 30,000."""
MAX_SHAPE_SIZE: Final = 262_144
"""Characters of one template: ten times a badge. One stranger's document must not push out everybody's."""
MAX_SEEN: Final = 8_192
"""Shapes remembered by their hash alone. A shape is compiled, which costs as much as the plain way, when it comes back."""
MAX_MARKS: Final = math.isqrt(MAX_SQUARED_VALUES)
"""Each value has a mark or more: all values could be of one property of one node and be within the plain way's limit."""
_BYTES_PER_CHARACTER: Final = 4
"""At most, in UTF-8; the characters that JCS writes longer are two bytes, or are no leaf's."""

_TEXT: Final = 1
_IRI: Final = 2
_FIXED: Final = 3
_NUMBER: Final = 4
_OPEN: Final = 5
_OPEN_LIST: Final = 6
_CLOSE: Final = 7
_EQUAL: Final = 8
"""Numbers among strings: a member name cannot look like one."""

_Mark: TypeAlias = str | int

_PLAIN_IRI: Final = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]*:(?://[A-Za-z0-9.-]+(?::[0-9]+)?(?=[/?#]|\Z))?"
    r"(?:[A-Za-z0-9._~!$&'()*+,;=:@?-]|/(?!/)|%[0-9A-Fa-f]{2})*(?:#[A-Za-z0-9._~!$&'()*+,;=:@/?-]*)?"
)
"""Some absolute IRIs; whether others are any is asked of the RDF library."""
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S")
_RESERVED: Final = ".invalid/"
"""Where the plain way resolves relative IRIs against: what begins there would be taken for one."""


class ShapedJsonLd:
    """Canonicalizes JSON-LD documents as the plain way does, known shapes much faster. Safe to share between threads."""

    def __init__(self, plain: JsonLd, contexts: ContextLibrary) -> None:
        self._plain = plain
        self._terms = _collect_terms(contexts)
        self._shapes = _Shapes()

    def canonical_nquads(self, document: JsonObject) -> bytes:
        """Return the RDFC-1.0 canonical N-Quads of a document, as the port promises."""
        reading = self._read(document)
        if reading is None:
            return self._plain.canonical_nquads(document)
        key = reading.key()
        shape = self._shapes.get(key)
        if shape is not None and shape.template is not None:
            filled = shape.fill(reading.leaves)
            if filled is not None:
                return filled
            # Values that are equal can make nodes look alike: such documents are a shape of their own.
            reading.merge_equal()
            key = reading.key()
            shape = self._shapes.get(key)
        if shape is not None:
            return shape.fill(reading.leaves) or self._plain.canonical_nquads(document)
        nquads = self._plain.canonical_nquads(document)
        # What no known shape is filled with teaches nothing either.
        if not any(map(has_forbidden_character, reading.leaves)) and self._shapes.is_worth_compiling(key):
            self._shapes.put(key, self._compile(document, reading, nquads))
        return nquads

    def _read(self, document: JsonObject) -> "_Reading | None":
        reading = _Reading(self._terms)
        return reading if reading.read(document) else None

    def _compile(self, document: JsonObject, reading: "_Reading", nquads: bytes) -> "_Shape":
        """Learn from the plain way where the leaves of a shape end up."""
        nonce = secrets.token_hex(8)
        markers = [
            f"https://{nonce}.example/{number}/" if kind == _IRI else f"{nonce} {number}."
            for number, kind in enumerate(reading.kinds)
        ]
        marked = _Marking(self._terms, reading.spread(markers)).object(document)
        return _Shape(
            template=self._template(marked, markers, nonce, reading, nquads),
            static_bytes=len(canonicalize(marked)),
            size=sum(len(mark) if isinstance(mark, str) else 8 for mark in reading.marks),
        )

    def _template(
        self, marked: JsonObject, markers: Sequence[str], nonce: str, reading: "_Reading", nquads: bytes
    ) -> QuadTemplate | None:
        try:
            template = compile_template(self._plain.canonical_nquads(marked), markers, nonce=nonce)
        except CredrootError:
            # The document is fine and its likeness is not: a value decides on something that is not known here.
            return None
        # A text in the place of an IRI would have been resolved; and the document itself must come out as it did.
        if template is None or any(reading.kinds[gap] == _TEXT for gap in template.iris):
            return None
        filled = template.fill([escape(leaf) for leaf in reading.leaves])
        return template if filled in (None, nquads) else None


def open_json_ld() -> ShapedJsonLd:
    """Return a processor over the installed contexts.

    Raises Unavailable as `load_contexts`.
    """
    contexts = load_contexts()
    return ShapedJsonLd(PinnedJsonLd(contexts), contexts)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Terms:
    """What the known contexts define, at any depth."""

    names: frozenset[str]
    types: frozenset[str]
    """Names of members that hold types."""


class _Reading:
    """A document, taken apart into the marks of its shape and its leaves."""

    __slots__ = ("_places", "_terms", "kinds", "leaves", "marks")

    def __init__(self, terms: _Terms) -> None:
        self._terms = terms
        self.marks: list[_Mark] = []
        self.leaves: list[str] = []
        self.kinds: list[int] = []
        """Of each leaf: text or IRI."""
        self._places: list[int] | None = None

    def read(self, document: JsonObject) -> bool:
        """Take a document apart; tell whether it can have a shape."""
        return self._object(document, 0) and len(self.marks) <= MAX_MARKS

    def key(self) -> tuple[_Mark, ...]:
        """Return what tells the shape from others."""
        return tuple(self.marks) if self._places is None else (*self.marks, _EQUAL, *self._places)

    def merge_equal(self) -> None:
        """Take equal leaves for one leaf from now on."""
        merged = list(dict.fromkeys(zip(self.leaves, self.kinds, strict=True)))
        numbers = {text: number for number, (text, _) in enumerate(merged)}
        self._places = [numbers[leaf] for leaf in self.leaves]
        self.leaves = [text for text, _ in merged]
        self.kinds = [kind for _, kind in merged]

    def spread(self, values: Sequence[str]) -> Sequence[str]:
        """Return, in the order of reading, the values that stand for the leaves."""
        return values if self._places is None else [values[place] for place in self._places]

    def _object(self, value: JsonObject, depth: int) -> bool:
        marks = self.marks
        marks.append(_OPEN)
        for name, member in value.items():
            marks.append(name)
            fixed = _is_fixed(name, self._terms)
            if type(member) is str:
                self._text(member, fixed=fixed)
            elif not self._value(member, depth + 1, fixed=fixed):
                return False
        marks.append(_CLOSE)
        return True

    def _value(self, value: JsonValue, depth: int, *, fixed: bool) -> bool:
        if isinstance(value, str):
            self._text(value, fixed=fixed)
        elif value is None or depth > MAX_JSON_DEPTH:
            return False
        elif isinstance(value, bool | int | float):
            # As it is spelled: 1, 1.0 and true are equal in Python, which does not spell every number.
            if abs(value) > MAX_SAFE_INTEGER:
                return False
            self.marks += (_NUMBER, repr(value))
        elif isinstance(value, list):
            self.marks.append(_OPEN_LIST)
            if not all(self._value(item, depth + 1, fixed=fixed) for item in value):
                return False
            self.marks.append(_CLOSE)
        else:
            # What a context inside the document makes of its terms is not known here.
            return not fixed and self._object(value, depth)
        return True

    def _text(self, text: str, *, fixed: bool) -> None:
        kind = _FIXED if fixed else _kind(text, self._terms)
        self.marks.append(kind)
        if kind == _FIXED:
            self.marks.append(text)
        else:
            self.leaves.append(text)
            self.kinds.append(kind)


class _Marking:
    """Writes a document again with other leaves, which it takes in the order of reading."""

    def __init__(self, terms: _Terms, leaves: Iterable[str]) -> None:
        self._terms = terms
        self._leaves = iter(leaves)

    def object(self, value: JsonObject) -> JsonObject:
        return {name: self._value(member, fixed=_is_fixed(name, self._terms)) for name, member in value.items()}

    def _value(self, value: JsonValue, *, fixed: bool) -> JsonValue:
        match value:
            case str():
                return value if fixed or _kind(value, self._terms) == _FIXED else next(self._leaves)
            case dict():
                return self.object(value)
            case list():
                return [self._value(item, fixed=fixed) for item in value]
            case _:
                return value


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """What is known of a shape: a template, or that it has none."""

    template: QuadTemplate | None
    static_bytes: int
    """Of a document's JCS without its leaves, or a few more."""
    size: int
    """Characters that the shape takes, without its template."""

    @property
    def total_size(self) -> int:
        return self.size + (0 if self.template is None else self.template.size)

    def fill(self, leaves: Sequence[str]) -> bytes | None:
        """Write the canonical N-Quads of a document with these leaves; None when that is not safe."""
        if self.template is None:
            return None
        together = "".join(leaves)
        if has_forbidden_character(together):
            return None
        # A leaf may be written with a backslash before each of its characters.
        if self.static_bytes + _BYTES_PER_CHARACTER * len(together) > MAX_DOCUMENT_BYTES:
            return None
        return self.template.fill([escape(leaf) for leaf in leaves])


class _Shapes:
    """The shapes that were used last, bounded in number and in size."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[_Mark, ...], _Shape] = OrderedDict()
        self._seen: OrderedDict[int, None] = OrderedDict()
        self._size = 0

    def get(self, key: tuple[_Mark, ...]) -> _Shape | None:
        with self._lock:
            shape = self._kept.get(key)
            if shape is not None:
                self._kept.move_to_end(key)
            return shape

    def is_worth_compiling(self, key: tuple[_Mark, ...]) -> bool:
        """Tell whether a shape was seen before; most that strangers invent never come back."""
        digest = hash(key)
        with self._lock:
            if digest in self._seen:
                return True
            self._seen[digest] = None
            if len(self._seen) > MAX_SEEN:
                self._seen.popitem(last=False)
            return False

    def put(self, key: tuple[_Mark, ...], shape: _Shape) -> None:
        if shape.total_size > MAX_SHAPE_SIZE:
            return
        with self._lock:
            replaced = self._kept.pop(key, None)
            self._size += shape.total_size - (0 if replaced is None else replaced.total_size)
            self._kept[key] = shape
            while len(self._kept) > MAX_SHAPES or self._size > MAX_SHAPES_SIZE:
                _, dropped = self._kept.popitem(last=False)
                self._size -= dropped.total_size


def _is_fixed(name: str, terms: _Terms) -> bool:
    # Types decide which contexts hold inside, keywords how a value is read.
    return name in terms.types or (name[:1] == "@" and name != "@value")


def _kind(text: str, terms: _Terms) -> int:
    """Tell whether a string is a leaf, and of which kind, or decides on meaning itself."""
    if text in terms.names or text[:1] == "@":
        return _FIXED
    colon = text.find(":")
    if colon < 1:
        return _TEXT
    if _PLAIN_IRI.fullmatch(text) is None and not (_SCHEME.match(text) is not None and is_iri(text)):
        return _TEXT
    # A prefix makes another IRI of it, unless two slashes follow; in a text it does nothing.
    if text[:colon] in terms.names or _RESERVED in text:
        return _FIXED
    return _IRI


def _collect_terms(contexts: ContextLibrary) -> _Terms:
    names: set[str] = set()
    types = {"type", "@type"}
    pending: list[JsonValue] = list(contexts.documents())
    while pending:
        value = pending.pop()
        if isinstance(value, list):
            pending.extend(value)
        elif isinstance(value, dict):
            names.update(value)
            pending.extend(value.values())
            types.update(name for name, meaning in value.items() if _is_alias_of_type(meaning))
    return _Terms(names=frozenset(names), types=frozenset(types))


def _is_alias_of_type(meaning: JsonValue) -> bool:
    return meaning == "@type" or (isinstance(meaning, dict) and meaning.get("@id") == "@type")
