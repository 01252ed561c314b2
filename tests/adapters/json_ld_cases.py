"""A JSON-LD processor for tests, and the contexts that only vectors need."""

import json
from functools import cache
from typing import Any, cast

from registry.adapters.contexts import PINNED, ContextLibrary, load_contexts
from registry.adapters.json_ld import PinnedJsonLd
from registry.domain.canonical import JsonObject

EXAMPLES_V2 = "https://www.w3.org/ns/credentials/examples/v2"
EXAMPLES: JsonObject = {"@context": {"@vocab": "https://www.w3.org/ns/credentials/examples#"}}
"""What the examples context says; W3C vectors use it, nothing real does."""


@cache
def pinned_json_ld() -> PinnedJsonLd:
    """Return the processor as it is used."""
    return PinnedJsonLd(load_contexts())


@cache
def vector_json_ld() -> PinnedJsonLd:
    """Return a processor that knows the examples context too."""
    installed = load_contexts()
    known = {context.url: installed.get(context.url) for context in PINNED}
    return PinnedJsonLd(ContextLibrary({**known, EXAMPLES_V2: EXAMPLES}))


def copied(document: JsonObject) -> JsonObject:
    """Return a deep copy to change."""
    return cast("JsonObject", json.loads(json.dumps(document)))


def plain_pyld(document: JsonObject) -> bytes:
    """Return what PyLD makes of a document by its public interface alone."""
    from pyld import jsonld

    contexts = load_contexts()

    def load(url: str, options: object) -> dict[str, Any]:
        return {
            "contentType": "application/ld+json",
            "contextUrl": None,
            "documentUrl": url,
            "document": contexts.get(url),
        }

    options = {"algorithm": "URDNA2015", "format": "application/n-quads", "documentLoader": load}
    return cast("str", jsonld.normalize(document, options)).encode()
