"""A second JSON-LD processor: the RDF library's own, with the contexts put in the documents."""

from collections.abc import Iterator
from typing import cast

import orjson
import pyoxigraph

from registry.adapters.contexts import load_contexts
from registry.adapters.json_ld import canonical_lines
from registry.domain.canonical import JsonObject


def oxigraph_nquads(document: JsonObject) -> bytes:
    """Canonicalize a document; what this processor drops is dropped."""
    contexts = load_contexts()
    urls = cast("list[str]", document["@context"])
    inlined = {**document, "@context": [contexts.get(url)["@context"] for url in urls]}
    quads = pyoxigraph.parse(orjson.dumps(inlined), pyoxigraph.RdfFormat.JSON_LD)
    return canonical_lines(pyoxigraph.Dataset(cast("Iterator[pyoxigraph.Quad]", quads)))
