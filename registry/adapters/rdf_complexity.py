"""How much work RDFC-1.0 would have with a graph, known before it begins.

RDFC-1.0 (section 4.7) tells blank nodes apart by their own statements first (Hash First Degree Quads); only
those that look alike are then compared through their neighbours, trying every order of alike neighbours
(Hash N-Degree Quads): factorial in the number of alike neighbours, multiplied along a path. The product of
these factorials over the alike nodes bounds the orders tried for one node, so it is computed and compared
with a limit. Documents that name no blank nodes expand to trees, where this bound holds.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Final

import pyoxigraph

from registry.domain.errors import Malformed

MAX_ALIKE_BLANK_NODES: Final = 256
"""Blank nodes that their own statements do not tell apart: each is compared with all others."""
MAX_PERMUTATIONS: Final = 1_000
"""Orders to try for the alike blank nodes of one document; a real credential needs one or two."""

_Signature = tuple[tuple[str, str, str, str], ...]


def check_complexity(quads: Sequence[pyoxigraph.Quad]) -> None:
    """Check that canonicalizing the quads is a bounded amount of work.

    Raises Malformed `too-complex`.
    """
    mentions: dict[pyoxigraph.BlankNode, list[pyoxigraph.Quad]] = defaultdict(list)
    for quad in quads:
        for node in {term for term in _terms(quad) if isinstance(term, pyoxigraph.BlankNode)}:
            mentions[node].append(quad)
    signatures = {node: _first_degree(node, stated) for node, stated in mentions.items()}
    sizes = Counter(signatures.values())
    alike = [node for node, signature in signatures.items() if sizes[signature] > 1]
    if len(alike) > MAX_ALIKE_BLANK_NODES:
        message = f"expected at most {MAX_ALIKE_BLANK_NODES} blank nodes alike, got {len(alike)}"
        raise Malformed("too-complex", message)
    # Distinct nodes are on every path too: a node that is unique in itself may still join alike ones.
    permutations = 1
    for node, stated in mentions.items():
        permutations *= _orders(node, stated, signatures, sizes)
        if permutations > MAX_PERMUTATIONS:
            raise Malformed("too-complex", f"expected blank nodes that differ, got more than {MAX_PERMUTATIONS} orders")


def _terms(quad: pyoxigraph.Quad) -> tuple[object, object, object]:
    return (quad.subject, quad.object, quad.graph_name)


def _first_degree(node: pyoxigraph.BlankNode, stated: Sequence[pyoxigraph.Quad]) -> _Signature:
    return tuple(
        sorted(
            (
                _mask(quad.subject, node),
                str(quad.predicate),
                _mask(quad.object, node),
                _mask(quad.graph_name, node),
            )
            for quad in stated
        )
    )


def _mask(term: object, node: pyoxigraph.BlankNode) -> str:
    if isinstance(term, pyoxigraph.BlankNode):
        return "_:a" if term == node else "_:z"
    return str(term)


def _orders(
    node: pyoxigraph.BlankNode,
    stated: Sequence[pyoxigraph.Quad],
    signatures: dict[pyoxigraph.BlankNode, _Signature],
    sizes: Counter[_Signature],
) -> int:
    groups: dict[tuple[int, str, _Signature], set[pyoxigraph.BlankNode]] = defaultdict(set)
    for quad in stated:
        for position, term in enumerate(_terms(quad)):
            if isinstance(term, pyoxigraph.BlankNode) and term != node and sizes[signatures[term]] > 1:
                groups[position, str(quad.predicate), signatures[term]].add(term)
    return math.prod(math.factorial(min(len(group), 20)) for group in groups.values())
