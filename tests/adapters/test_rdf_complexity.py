import time
from typing import cast

import pyoxigraph
import pytest

from registry.adapters.rdf_complexity import check_complexity
from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.errors import Malformed
from tests.adapters.json_ld_cases import copied, pinned_json_ld, plain_pyld
from tests.badges import unsigned_badge


def poison(width: int) -> JsonObject:
    """Return a badge with two unnamed result descriptions, each with unnamed levels that only their skills tell apart."""
    descriptions: JsonValue = [
        {
            "type": "ResultDescription",
            "rubricCriterionLevel": [
                {"type": "RubricCriterionLevel", "alignment": {"type": "Alignment", "targetName": f"{side} {level}"}}
                for level in range(width)
            ],
        }
        for side in ("left", "right")
    ]
    document = copied(unsigned_badge())
    achievement = cast("JsonObject", cast("JsonObject", document["credentialSubject"])["achievement"])
    achievement["resultDescription"] = descriptions
    return document


@pytest.mark.parametrize("width", [8, 12, 200])
def test_a_poison_graph_is_refused_before_any_work_is_done(width: int) -> None:
    document = poison(width)
    pinned_json_ld().canonical_nquads(unsigned_badge())
    started = time.process_time()

    with pytest.raises(Malformed) as refusal:
        pinned_json_ld().canonical_nquads(document)

    assert refusal.value.code == "too-complex"
    assert time.process_time() - started < 5


def test_a_few_alike_nodes_are_no_poison() -> None:
    document = poison(3)

    assert pinned_json_ld().canonical_nquads(document) == plain_pyld(document)


def test_many_alike_nodes_that_do_not_meet_are_no_poison() -> None:
    document = copied(unsigned_badge())
    achievement = cast("JsonObject", cast("JsonObject", document["credentialSubject"])["achievement"])
    achievement["resultDescription"] = [
        {"id": f"urn:a:{n}", "type": ["ResultDescription"], "allowedValue": ["F", "C", "B", "A"]} for n in range(30)
    ]

    assert pinned_json_ld().canonical_nquads(document).count(b"allowedValue") == 30


def ring(length: int) -> list[pyoxigraph.Quad]:
    predicate = pyoxigraph.NamedNode("urn:a:next")
    nodes = [pyoxigraph.BlankNode(f"b{n}") for n in range(length)]
    return [pyoxigraph.Quad(node, predicate, nodes[n - 1]) for n, node in enumerate(nodes)]


def clique(size: int) -> list[pyoxigraph.Quad]:
    predicate = pyoxigraph.NamedNode("urn:a:knows")
    nodes = [pyoxigraph.BlankNode(f"b{n}") for n in range(size)]
    return [pyoxigraph.Quad(one, predicate, other) for one in nodes for other in nodes if one != other]


def test_what_is_let_through_takes_a_second_and_not_a_minute() -> None:
    largest = next(length for length in range(200, 1, -1) if _is_let_through(ring(length)))
    dataset = pyoxigraph.Dataset(ring(largest))
    started = time.process_time()

    dataset.canonicalize(pyoxigraph.CanonicalizationAlgorithm.RDFC_1_0)

    assert largest > 100
    assert time.process_time() - started < 20


@pytest.mark.parametrize("quads", [ring(1_000), clique(8), clique(50)])
def test_rings_and_cliques_are_refused(quads: list[pyoxigraph.Quad]) -> None:
    assert not _is_let_through(quads)


def _is_let_through(quads: list[pyoxigraph.Quad]) -> bool:
    try:
        check_complexity(quads)
    except Malformed as refusal:
        assert refusal.code == "too-complex"  # noqa: PT017
        return False
    return True
