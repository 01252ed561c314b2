"""Canonical N-Quads with gaps: documents of one shape are canonicalized by filling them in (RDFC-1.0).

    canonical N-Quads of a document whose free values are markers -> QuadTemplate -> fill(values) -> canonical N-Quads

RDFC-1.0 (section 4.4.3, steps 3 and 4) names the blank nodes whose own statements differ (Hash First Degree Quads,
section 4.6) in the order of those hashes; where all differ it is then done, and no neighbour was looked at. That is
nearly every credential, and needs nothing but the lines, which are written once and filled in. Where nodes look alike
whatever is filled in, as the ends of two equal lists do, the RDF library canonicalizes what was filled in. Where the
values make nodes alike or lines equal that the markers did not, `fill` returns None: the document may say something
twice, and whether that is allowed is judged elsewhere.

What a value must not be is for the caller to know: text without control characters but LF and CR, and absolute IRIs
where the template has IRIs.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from operator import itemgetter
from typing import Final, TypeAlias, cast

import pyoxigraph

_DOUBLE: Final = "http://www.w3.org/2001/XMLSchema#double"
"""JSON-LD rewrites the text of such a literal where it is a number: it cannot be filled in."""
_END: Final = "\0"
"""Between the statements of two nodes. It stands in no value and in no canonical line."""

_ESCAPED: Final = re.compile(r'["\\\n\r]')
_ESCAPES: Final = str.maketrans({'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r"})

_Fill: TypeAlias = Callable[[Sequence[str]], str]


@dataclass(frozen=True, slots=True)
class _Node:
    """A blank node, by its number among those of the template."""

    number: int


_Term: TypeAlias = tuple[str | int | _Node, ...]
"""Text as it stands, the numbers of gaps, or a blank node."""
_Line: TypeAlias = tuple[_Term, ...]
"""Subject, predicate, object, and the graph's name where there is one."""
_Pieces: TypeAlias = tuple[str | int, ...]


def escape(text: str) -> str:
    """Write a text as it stands in a literal of N-Quads and in a string of JSON (RFC 8785), which agree on it.

    The text has no control characters but LF and CR.
    """
    return text.translate(_ESCAPES) if _ESCAPED.search(text) is not None else text


def text_with_gaps(pieces: Iterable[str | int]) -> _Fill:
    """Return what writes a text whose gaps are numbers: it takes the values by number."""
    given = tuple(pieces)
    gaps = [piece for piece in given if isinstance(piece, int)]
    text = "".join("%s" if isinstance(piece, int) else piece.replace("%", "%%") for piece in given)
    if len(gaps) > 1:
        pick = itemgetter(*gaps)
        return lambda values: text % pick(values)
    # itemgetter of one item returns the item itself.
    return lambda values: text % tuple(values[gap] for gap in gaps)


def split_at_markers(text: str, markers: Sequence[str]) -> list[str | int]:
    """Cut a text where markers stand in it; each becomes its number. No marker is the beginning of another."""
    numbers = {marker: number for number, marker in enumerate(markers)}
    pattern = "|".join(map(re.escape, markers))
    return [numbers.get(part, part) for part in re.split(f"({pattern})", text)] if pattern else [text]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """The statements of one blank node that has gaps in them."""

    node: int
    settled: bool
    """Their order is the same whatever is filled in."""


class QuadTemplate:
    """The canonical N-Quads of all documents of one shape."""

    __slots__ = (
        "_blocks",
        "_distinct",
        "_hashes",
        "_labels",
        "_unsettled",
        "_write_blocks",
        "_write_lines",
        "_write_subjects",
        "iris",
        "size",
    )

    def __init__(self, lines: Sequence[_Line], *, nodes: int, markers: Sequence[str], iris: frozenset[int]) -> None:
        self.iris = iris
        """The gaps that stand as IRIs."""
        about: dict[_Term, list[_Line]] = defaultdict(list)
        for line in lines:
            about[line[0]].append(line)
        # Labels are filled in like values, after them.
        write_node = partial(_numbered, first=len(markers))
        self._write_subjects = text_with_gaps(_joined([_term_written(term, write_node) for term in about], _END))
        groups = [
            sorted(group, key=lambda line: _beginning(_after_subject(line, write_node))) for group in about.values()
        ]
        self._unsettled = [
            number
            for number, group in enumerate(groups)
            if not _is_settled([_after_subject(line, write_node) for line in group])
        ]
        text = _joined([_joined([_written(line, write_node) for line in group], "\n") for group in groups], _END)
        self.size = sum(len(piece) if isinstance(piece, str) else 8 for piece in text)
        """About how many characters it takes."""
        self._write_lines = text_with_gaps(text)
        self._labels = [f"_:c14n{number}" for number in range(nodes)]
        self._hashes: list[bytes] = []
        self._blocks: list[_Block] = []
        blocks: list[_Pieces] = []
        mentions: dict[_Term, list[_Line]] = defaultdict(list)
        for line in lines:
            for term in set(line):
                mentions[term].append(line)
        for node in range(nodes):
            stated = sorted(_seen_from(node, mentions[(_Node(node),)]), key=_beginning)
            block = _joined(stated, "")
            if any(isinstance(piece, int) for piece in block):
                self._blocks.append(_Block(node=node, settled=_is_settled(stated)))
                self._hashes.append(b"")
                blocks.append(block)
            else:
                self._hashes.append(_digest("".join(sorted("".join(map(str, line)) for line in stated))))
        self._write_blocks = text_with_gaps(_joined(blocks, _END))
        # Nodes that look alike with markers look alike with any values: more cannot differ than do here.
        self._distinct = len(set(self._hash_nodes(markers)))

    def fill(self, values: Sequence[str]) -> bytes | None:
        """Write the canonical N-Quads with these values, already escaped.

        None where two blank nodes look alike, or two lines are equal, that were not so with markers.
        """
        hashes = self._hash_nodes(values)
        if len(set(hashes)) != self._distinct:
            return None
        settled = self._distinct == len(hashes)
        named = dict(zip(sorted(hashes), self._labels, strict=True)) if settled else {}
        labels = [named[digest] for digest in hashes] if settled else self._labels
        filled = [*values, *labels]
        groups, subjects = self._write_lines(filled).split(_END), self._write_subjects(filled).split(_END)
        if not settled or len(set(subjects)) != len(subjects):
            lines = "\n".join(groups).split("\n")
            if len(set(lines)) != len(lines):
                return None
            return _sorted(lines) if settled else _canonical(lines)
        # Lines begin with their subjects: those of one stay together, most of them in an order that is known.
        for number in self._unsettled:
            lines = sorted(groups[number].split("\n"))
            if any(line == following for line, following in pairwise(lines)):
                return None
            groups[number] = "\n".join(lines)
        return "\n".join([*(group for _, group in sorted(zip(subjects, groups, strict=True))), ""]).encode()

    def _hash_nodes(self, values: Sequence[str]) -> list[bytes]:
        """Return the first degree hash of each blank node."""
        hashes = self._hashes.copy()
        if self._blocks:
            for block, text in zip(self._blocks, self._write_blocks(values).split(_END), strict=True):
                # Every line ends with a dot, and none begins another: with and without line ends they sort alike.
                settled = text if block.settled else "\n".join(sorted(text.split("\n")[:-1])) + "\n"
                hashes[block.node] = _digest(settled)
        return hashes


def compile_template(nquads: bytes, markers: Sequence[str], *, nonce: str) -> QuadTemplate | None:
    """Make a template of the canonical N-Quads of a document in which markers stand for values.

    Every marker contains the nonce, and nothing else in the document does. None when a marker is missing, is only a
    part of a term, or stands where its value would be rewritten.
    """
    numbers = {marker: number for number, marker in enumerate(markers)}
    nodes: dict[str, _Node] = {}
    reader = _Reader(numbers=numbers, nonce=nonce, nodes=nodes)
    lines = [reader.line(quad) for quad in pyoxigraph.parse(nquads, pyoxigraph.RdfFormat.N_QUADS)]
    found = {piece for line in lines for term in line for piece in term if isinstance(piece, int)}
    if reader.failed or not lines or len(found) != len(markers):
        return None
    return QuadTemplate(lines, nodes=len(nodes), markers=markers, iris=frozenset(reader.iris))


class _Reader:
    """Reads quads as lines with gaps."""

    def __init__(self, *, numbers: Mapping[str, int], nonce: str, nodes: dict[str, _Node]) -> None:
        self.failed = False
        self.iris: set[int] = set()
        self._numbers = numbers
        self._nonce = nonce
        self._nodes = nodes

    def line(self, quad: pyoxigraph.Quad | pyoxigraph.Triple) -> _Line:
        line = (self._term(quad.subject), self._term(quad.predicate), self._term(quad.object))
        graph = cast("pyoxigraph.Quad", quad).graph_name
        return line if isinstance(graph, pyoxigraph.DefaultGraph) else (*line, self._term(graph))

    def _term(self, term: object) -> _Term:
        match term:
            case pyoxigraph.BlankNode():
                return (self._nodes.setdefault(term.value, _Node(len(self._nodes))),)
            case pyoxigraph.NamedNode() if term.value in self._numbers:
                gap = self._numbers[term.value]
                self.iris.add(gap)
                return ("<", gap, ">")
            case pyoxigraph.Literal() if term.value in self._numbers:
                self.failed = self.failed or term.datatype.value == _DOUBLE
                # What follows the text: the quote, and a datatype or a language.
                return ('"', self._numbers[term.value], str(term)[len(term.value) + 1 :])
            case _:
                self.failed = self.failed or self._nonce in str(term)
                return (str(term),)


def _numbered(node: _Node, *, first: int) -> int:
    return first + node.number


def _written(line: _Line, write_node: Callable[[_Node], str | int]) -> _Pieces:
    return (*_joined([_term_written(term, write_node) for term in line], " "), " .")


def _term_written(term: _Term, write_node: Callable[[_Node], str | int]) -> _Pieces:
    return tuple(write_node(piece) if isinstance(piece, _Node) else piece for piece in term)


def _after_subject(line: _Line, write_node: Callable[[_Node], str | int]) -> _Pieces:
    return (*_written(line[1:], write_node), "\n")


def _seen_from(node: int, stated: Sequence[_Line]) -> list[_Pieces]:
    """Write a node's statements as Hash First Degree Quads does: the node itself is `a`, every other one is `z`."""
    return [(*_written(line, lambda other: "_:a" if other.number == node else "_:z"), "\n") for line in stated]


def _joined(parts: Iterable[_Pieces], between: str) -> _Pieces:
    pieces: list[str | int] = []
    for part in parts:
        pieces += [between, *part] if pieces else part
    return tuple(pieces)


def _beginning(line: _Pieces) -> str:
    """Return what stands before the first gap."""
    beginning = ""
    for piece in line:
        if isinstance(piece, int):
            break
        beginning += piece
    return beginning


def _is_settled(lines: Sequence[_Pieces]) -> bool:
    """Tell whether lines that are sorted by their beginnings stay sorted whatever is filled in."""
    beginnings = [_beginning(line) for line in lines]
    # Two that differ before the first gap are in order; what has no gap ends with a line end.
    return all(earlier.endswith("\n") or not later.startswith(earlier) for earlier, later in pairwise(beginnings))


def _canonical(lines: Sequence[str]) -> bytes:
    """Let the RDF library name the blank nodes: for those that differ only through their neighbours."""
    text = "\n".join([*lines, ""])
    dataset = pyoxigraph.Dataset(pyoxigraph.parse(text, pyoxigraph.RdfFormat.N_QUADS))
    dataset.canonicalize(pyoxigraph.CanonicalizationAlgorithm.RDFC_1_0)
    return _sorted([f"{quad} ." for quad in dataset])


def _sorted(lines: list[str]) -> bytes:
    return "\n".join([*sorted(lines), ""]).encode()


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
