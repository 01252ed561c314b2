import time
from typing import cast

import pyoxigraph
import pytest

from registry.adapters.rdf_complexity import MAX_ALIKE_BLANK_NODES, check_complexity
from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.errors import Malformed
from tests.adapters.json_ld_cases import copied, pinned_json_ld, plain_pyld
from tests.badges import unsigned_badge


def poison(width: int) -> JsonObject:
    """Return a badge with blank nodes that only their inner ends tell apart, hanging from one blank node."""
    branches: JsonValue = [
        {"type": "Result", "alignment": [{"type": "Alignment", "targetName": f"{n}"}]} for n in range(width)
    ]
    subject = cast("JsonObject", copied(unsigned_badge())["credentialSubject"])
    return {**unsigned_badge(), "credentialSubject": {**subject, "result": branches}}


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


def test_long_chains_of_alike_nodes_are_refused() -> None:
    node, next_one = pyoxigraph.BlankNode, pyoxigraph.NamedNode("urn:a:next")
    ring = [
        pyoxigraph.Quad(node(f"b{n}"), next_one, node(f"b{(n + 1) % (MAX_ALIKE_BLANK_NODES + 1)}"))
        for n in range(MAX_ALIKE_BLANK_NODES + 1)
    ]

    check_complexity(ring[:10])
    with pytest.raises(Malformed, match="blank nodes alike"):
        check_complexity(ring)
