"""How much work RDFC-1.0 would have with a graph, known before it begins.

RDFC-1.0 (section 4.7) tells blank nodes apart by their own statements first (Hash First Degree Quads) and names
those that differ. Only nodes that look alike are then compared through their unnamed neighbours, trying every
order of alike neighbours (Hash N-Degree Quads): from each node over its whole component of alike nodes, at
each step over the path so far, and factorially in the number of alike neighbours, multiplied along the path.

    work = sum over components of alike nodes: size^3 * product over its nodes of (alike neighbours)!

It is computed and compared with a limit. Documents here name no blank nodes, so they expand to trees, where this
bound holds.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Final, TypeAlias

import pyoxigraph

from registry.domain.errors import Malformed

MAX_WORK: Final = 2_000_000
"""About a second: a chain of 250 alike nodes (15,625,000) takes 5.7 s. A real credential has a few hundred."""

_Signature: TypeAlias = tuple[tuple[str, str, str, str], ...]
_Mentions: TypeAlias = dict[pyoxigraph.BlankNode, list[pyoxigraph.Quad]]


def check_complexity(quads: Sequence[pyoxigraph.Quad]) -> None:
    """Check that canonicalizing the quads is a bounded amount of work.

    Raises Malformed `too-complex`.
    """
    mentions: _Mentions = defaultdict(list)
    for quad in quads:
        for node in {term for term in _terms(quad) if isinstance(term, pyoxigraph.BlankNode)}:
            mentions[node].append(quad)
    signatures = {node: _first_degree(node, stated) for node, stated in mentions.items()}
    sizes = Counter(signatures.values())
    alike = {node for node, signature in signatures.items() if sizes[signature] > 1}
    work = 0
    while alike:
        component = _component(next(iter(alike)), mentions, alike)
        alike -= component
        orders = math.prod(_orders(node, mentions[node], signatures, component) for node in component)
        work += len(component) ** 3 * orders
        if work > MAX_WORK:
            raise Malformed("too-complex", "expected blank nodes that differ, or fewer of them")


def _component(
    start: pyoxigraph.BlankNode, mentions: _Mentions, alike: Collection[pyoxigraph.BlankNode]
) -> set[pyoxigraph.BlankNode]:
    component = {start}
    pending = [start]
    while pending:
        for quad in mentions[pending.pop()]:
            found = {term for term in _terms(quad) if isinstance(term, pyoxigraph.BlankNode) and term in alike}
            pending.extend(found - component)
            component |= found
    return component


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
    signatures: Mapping[pyoxigraph.BlankNode, _Signature],
    component: Collection[pyoxigraph.BlankNode],
) -> int:
    groups: dict[tuple[int, str, _Signature], set[pyoxigraph.BlankNode]] = defaultdict(set)
    for quad in stated:
        for position, term in enumerate(_terms(quad)):
            if isinstance(term, pyoxigraph.BlankNode) and term != node and term in component:
                groups[position, str(quad.predicate), signatures[term]].add(term)
    # 20! is over any limit; a larger factorial would only cost time.
    return math.prod(math.factorial(min(len(group), 20)) for group in groups.values())
