"""JSON-LD to canonical N-Quads, and nothing lost on the way.

    document -> shape check -> expansion (PyLD) -> nothing-dropped check -> quads -> RDFC-1.0 (pyoxigraph)

JSON-LD 1.1 drops what it does not understand: undefined terms, nulls, empty arrays, values that are no
absolute IRI. A signature would then not cover what a reader of the JSON reads. So only the plain spelling is
accepted (members are terms, contexts are known URLs or plain lists of terms at the top), every leaf of the JSON must
come out of the expansion, and every IRI must be absolute. RDFC-1.0 takes factorial time on graphs of alike blank nodes:
the work is bounded before it begins. See docs/decisions/0010-json-ld-by-pyld-and-pyoxigraph.md.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson
import pyoxigraph

from registry.adapters.contexts import CREDENTIALS_V1, CREDENTIALS_V2, ContextLibrary
from registry.adapters.inline_contexts import check_inline_context
from registry.adapters.rdf_complexity import check_complexity
from registry.domain.canonical import JsonObject, JsonValue, canonicalize
from registry.domain.claims import is_iri
from registry.domain.errors import Malformed
from registry.domain.one_or_many import as_items
from registry.ports import UnknownContext

MAX_DOCUMENT_BYTES: Final = 262_144
"""A badge is 3 KB, with an embedded image some 100 KB; expansion costs about 2 ms a KB on hostile input."""
MAX_JSON_DEPTH: Final = 32
"""Open Badges nest nine levels deep; PyLD recurses several frames a level."""
MAX_JSON_NODES: Final = 20_000
"""Values in one document: bounds expansion to about a second."""
MAX_CONTEXTS: Final = 10
"""Contexts of one document; three are usual. PyLD reads each anew for an order of them that it has not met."""

MAX_SQUARED_VALUES: Final = 2_000_000
"""Sum of the squares of the numbers of values that a node has of one property: PyLD compares each with those before
it, a million times in about a second. One property of a thousand values, as many as are ever signed, is half of it."""

RELATIVE_BASE: Final = "https://relative.invalid/"
"""Where PyLD is told the document stands: an IRI that begins here was a relative one (RFC 6761 reserves the host)."""
_LANGUAGE: Final = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")
_LANGUAGE_VALUE: Final = frozenset({"@value", "@language", "@direction"})


class PinnedJsonLd:
    """Canonicalizes JSON-LD documents over known contexts. Safe to share between threads."""

    def __init__(self, contexts: ContextLibrary) -> None:
        # PyLD loads requests, lxml and a cache when it is imported: only who canonicalizes pays.
        from registry.adapters.expansion import Expander  # noqa: PLC0415

        self._contexts = contexts
        self._expander = Expander(contexts, base=RELATIVE_BASE)

    def canonical_nquads(self, document: JsonObject) -> bytes:
        """Return the RDFC-1.0 canonical N-Quads of a document, as the port promises."""
        _check_size(document)
        leaves = _check_shape(document, self._contexts)
        expanded = self._expander.expand(document)
        _check_expanded(expanded, leaves=leaves)
        dataset = self._expander.to_rdf(expanded)
        quads = list(_quads(dataset))
        check_complexity(quads)
        return canonical_lines(pyoxigraph.Dataset(quads))


def canonical_lines(dataset: pyoxigraph.Dataset) -> bytes:
    """Write the RDFC-1.0 canonical N-Quads of a dataset, which is renamed on the way."""
    dataset.canonicalize(pyoxigraph.CanonicalizationAlgorithm.RDFC_1_0)
    return b"".join(sorted(f"{quad} .\n".encode() for quad in dataset))


def _check_size(document: JsonObject) -> None:
    size = len(canonicalize(document))
    if size > MAX_DOCUMENT_BYTES:
        raise Malformed("too-complex", f"expected at most {MAX_DOCUMENT_BYTES} bytes, got {size}")


def _check_shape(document: JsonObject, contexts: ContextLibrary) -> int:
    """Refuse what JSON-LD would drop, merge or let be spelled in a second way; count the leaves that must survive."""
    top = _contexts(document, contexts)
    leaves = nodes = 0
    pending: list[tuple[JsonValue, str, int]] = []
    for name, member in document.items():
        if name != "@context":
            _check_name(name, "")
            pending.append((member, name, 1))
    while pending:
        value, where, depth = pending.pop()
        nodes += 1
        if depth > MAX_JSON_DEPTH or nodes > MAX_JSON_NODES:
            raise Malformed("too-complex", f"expected at most {MAX_JSON_DEPTH} levels and {MAX_JSON_NODES} values")
        inside = _children(value, where, top, contexts)
        if inside is None:
            leaves += 1
        else:
            pending.extend((member, name, depth + 1) for member, name in inside)
    return leaves


def _contexts(document: JsonObject, contexts: ContextLibrary) -> list[JsonValue]:
    listed = as_items(document.get("@context"))
    if not listed or not all(isinstance(item, str | dict) for item in listed):
        raise Malformed("json-ld", "expected URLs or objects", where="@context")
    if not isinstance(listed[0], str):
        # What an object in the place of the first context defines could be anything.
        raise UnknownContext("one that begins with an object")
    if len(listed) > MAX_CONTEXTS or any(item in listed[:place] for place, item in enumerate(listed)):
        raise Malformed("json-ld", f"expected each context once and at most {MAX_CONTEXTS}", where="@context")
    for url in [item for item in listed if isinstance(item, str)]:
        contexts.get(url)
    for context_inside in [item for item in listed if isinstance(item, dict)]:
        check_inline_context(context_inside)
    return listed


def _children(
    value: JsonValue, where: str, top: list[JsonValue], contexts: ContextLibrary
) -> list[tuple[JsonValue, str]] | None:
    match value:
        case None:
            raise Malformed("null-value", "expected a value, got null, which JSON-LD drops", where=where)
        case list():
            return _items(value, where)
        case dict():
            return _members(value, where, top, contexts)
        case _:
            return None


def _items(items: list[JsonValue], where: str) -> list[tuple[JsonValue, str]]:
    if not items:
        raise Malformed("empty-array", "expected an item, got an empty array, which JSON-LD drops", where=where)
    if any(isinstance(item, list) for item in items):
        raise Malformed("nested-array", "expected no array inside an array, which JSON-LD flattens", where=where)
    return [(item, where) for item in items]


def _members(
    value: JsonObject, where: str, top: list[JsonValue], contexts: ContextLibrary
) -> list[tuple[JsonValue, str]]:
    if not value:
        raise Malformed("empty-object", "expected a member, got an empty object", where=where)
    if "@value" in value:
        _check_language_value(value, where)
        return [(member, where) for member in value.values()]
    if "@context" in value:
        _check_inner_context(value["@context"], where, top, contexts)
    members = [(member, name) for name, member in value.items() if name != "@context"]
    for _, name in members:
        _check_name(name, where)
    return [(member, f"{where}.{name}") for member, name in members]


def _check_inner_context(context: JsonValue, where: str, top: list[JsonValue], contexts: ContextLibrary) -> None:
    # A credential inside the document, an endorsement or a presented one, has contexts as it would have on its own.
    # Others could give a term another meaning than a reader of the JSON expects.
    inner = as_items(context)
    if inner and isinstance(context, list) and inner == top[: len(inner)]:
        return
    if not inner or inner[0] not in (CREDENTIALS_V2, CREDENTIALS_V1) or len(inner) > MAX_CONTEXTS:
        raise UnknownContext(f"another one than the document's at {where}")
    for item in inner:
        if not isinstance(item, str):
            raise UnknownContext(f"one that is no URL at {where}")
        contexts.get(item)


def _check_name(name: str, where: str) -> None:
    # An IRI, a compact IRI or a keyword in place of a term means the same RDF, and nothing to a reader of the JSON.
    if name.startswith("@") or ":" in name:
        raise Malformed("json-ld-spelling", f"expected a term of the contexts, got {name!r}", where=where)


def _check_language_value(value: JsonObject, where: str) -> None:
    # The object with @value alone is a second spelling of the plain text, and one that VC Data Model 2.0 admits.
    if not _LANGUAGE_VALUE.issuperset(value) or not isinstance(value["@value"], str):
        raise Malformed("json-ld-spelling", "expected @value, @language, @direction and nothing else", where=where)
    language, direction = value.get("@language", "en"), value.get("@direction", "ltr")
    # In the canonical form the tag is in lower case, as JSON-LD 1.1 and RDF 1.1 admit: PyLD, pyoxigraph and jsonld.js
    # all write it so, whatever case the document has.
    if not isinstance(language, str) or _LANGUAGE.fullmatch(language) is None:
        raise Malformed("invalid-language", f"expected a language tag, got {language!r}", where=where)
    if direction not in ("ltr", "rtl"):
        raise Malformed("invalid-direction", f"expected ltr or rtl, got {direction!r}", where=where)


def _check_expanded(expanded: list[Any], *, leaves: int) -> None:
    """Check that every leaf came through, that IRIs are absolute, and that no set holds a value twice."""
    found = 0
    values: Counter[tuple[object, str]] = Counter()
    pending: list[Any] = list(expanded)
    while pending:
        item = pending.pop()
        if "@value" in item:
            found += _leaves_of(item["@value"]) + ("@language" in item) + ("@direction" in item)
        else:
            found += _check_node(item, pending)
            # Nodes of one name are one node, wherever they stand.
            subject = item.get("@id", id(item))
            values.update({(subject, name): len(value) for name, value in item.items() if isinstance(value, list)})
    if sum(number**2 for number in values.values()) > MAX_SQUARED_VALUES:
        raise Malformed("too-complex", "expected fewer values of one property")
    if found != leaves:
        raise Malformed("value-dropped", f"expected {leaves} values to survive JSON-LD expansion, got {found}")


def _check_node(node: Mapping[str, Any], pending: list[Any]) -> int:
    """Check a node's own names, hand on what it holds, and count its names."""
    found = 0
    for name, value in node.items():
        values = value if isinstance(value, list) else [value]
        if name != "@list":
            _check_set(name, values)
        if name in {"@id", "@type"}:
            found += len(values)
            for iri in values:
                _check_absolute(iri)
        elif name in {"@list", "@graph"}:
            pending.extend(values)
        elif not name.startswith("@"):
            # A vocabulary makes an IRI of any text: one that is none would leave the quads without a word.
            _check_absolute(name)
            pending.extend(values)
        # What stands under other keywords, such as @index, is in no quad: its leaves will be missed.
    return found


def _leaves_of(value: object) -> int:
    # Only a JSON literal holds more than one leaf.
    if isinstance(value, dict):
        return sum(_leaves_of(member) for member in value.values())
    if isinstance(value, list):
        return sum(_leaves_of(item) for item in value)
    return 1


def _check_absolute(iri: object) -> None:
    if not isinstance(iri, str) or iri.startswith(RELATIVE_BASE):
        shown = str(iri).removeprefix(RELATIVE_BASE)
        raise Malformed("relative-iri", f"expected an absolute IRI or a term of the contexts, got {shown!r}")
    if iri.startswith("_:"):
        raise Malformed("blank-node-id", f"expected no name for a blank node, got {iri!r}")
    if not is_iri(iri):
        raise Malformed("invalid-iri", f"expected an absolute IRI, got {iri!r}")


def _check_set(name: str, values: list[Any]) -> None:
    if len(values) > 1:
        spelled = {orjson.dumps(value, option=orjson.OPT_SORT_KEYS) for value in values}
        if len(spelled) != len(values):
            raise Malformed("duplicate-value", f"expected each value once, got one of {name} twice")


def _quads(dataset: Mapping[str, list[dict[str, Any]]]) -> Iterator[pyoxigraph.Quad]:
    for name, triples in dataset.items():
        graph = pyoxigraph.DefaultGraph() if name == "@default" else _resource(name)
        for triple in triples:
            subject = _resource(triple["subject"]["value"])
            predicate = pyoxigraph.NamedNode(triple["predicate"]["value"])
            yield pyoxigraph.Quad(subject, predicate, _object(triple["object"]), graph)


def _resource(value: str) -> pyoxigraph.NamedNode | pyoxigraph.BlankNode:
    return pyoxigraph.BlankNode(value[2:]) if value.startswith("_:") else pyoxigraph.NamedNode(value)


def _object(term: Mapping[str, str]) -> pyoxigraph.NamedNode | pyoxigraph.BlankNode | pyoxigraph.Literal:
    if term["type"] != "literal":
        return _resource(term["value"])
    if "language" in term:
        try:
            return pyoxigraph.Literal(term["value"], language=term["language"])
        except ValueError as error:
            # BCP 47 has rules beside the one of JSON-LD, and RDF asks for them.
            message = f"expected a language tag, got {term['language']!r}: {error}"
            raise Malformed("invalid-language", message) from error
    return pyoxigraph.Literal(term["value"], datatype=pyoxigraph.NamedNode(term["datatype"]))
