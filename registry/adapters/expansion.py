"""PyLD, bent to our needs: known contexts only, processed contexts kept, nothing dropped without a word.

Importing this module imports PyLD, and with it requests, lxml and a cache: `json_ld` does so when it is first
used. Two private methods of PyLD 3.3 are called and one is overridden; the tests compare with its public
interface (docs/decisions/0010-json-ld-by-pyld-and-pyoxigraph.md).
"""

import threading
from collections.abc import Mapping
from typing import Any, Final, cast

from pyld.context_resolver import ContextResolver
from pyld.identifier_issuer import IdentifierIssuer
from pyld.jsonld import JsonLdError, JsonLdProcessor
from typing_extensions import override

from registry.adapters.contexts import ContextLibrary
from registry.domain.canonical import JsonObject
from registry.domain.errors import Malformed

MAX_REMEMBERED_CONTEXTS: Final = 512
"""Some fifty are in use at a time; strangers cannot make memory grow by ordering the known ones in new ways."""

Expanded = list[Any]
"""Expanded JSON-LD, as PyLD returns it: it has no annotations."""
RdfDataset = Mapping[str, list[dict[str, Any]]]
"""Triples by graph name, as PyLD returns them."""


class Expander:
    """Expands documents over known contexts and writes what was expanded as RDF. Safe to share between threads."""

    def __init__(self, contexts: ContextLibrary, *, base: str) -> None:
        self._contexts = contexts
        self._base = base
        # PyLD's caches are not safe for threads; its work holds the interpreter lock anyway.
        self._lock = threading.Lock()
        # Only known contexts get in here, so it does not grow.
        self._parsed: dict[Any, Any] = {}
        self._processor = _RememberingProcessor()

    def expand(self, document: JsonObject) -> Expanded:
        """Return the expanded form; relative IRIs begin with the base.

        Raises Malformed: `undefined-term`, `json-ld`. The document is not too deep: PyLD recurses.
        """
        # Contexts inside documents are strangers': what is made of them is kept for this document only.
        parsed = self._parsed if _has_known_contexts(document) else dict(self._parsed)
        options = {
            "base": self._base,
            "documentLoader": self._load,
            "contextResolver": ContextResolver(parsed, self._load),
        }
        try:
            with self._lock:
                expanded, dropped = self._processor.expand_telling(document, options)
        except JsonLdError as error:
            raise Malformed("json-ld", f"expected JSON-LD 1.1, {str(error).splitlines()[0]}") from error
        if dropped:
            raise Malformed("undefined-term", f"expected terms of the contexts, got {dropped[0]!r}")
        return expanded

    def to_rdf(self, expanded: Expanded) -> RdfDataset:
        """Return the triples of what was expanded."""
        # What JsonLdProcessor.to_rdf does after expanding: expanding once more would double the cost.
        issuer = IdentifierIssuer("_:b")
        node_map: dict[str, Any] = {"@default": {}}
        options = {
            "produceGeneralizedRdf": False,
            "processingMode": "json-ld-1.1",
            "identifierIssuer": issuer,
            # Without it the direction of a text would not be signed; what other Data Integrity libraries do.
            "rdfDirection": "i18n-datatype",
        }
        self._processor._create_node_map(expanded, node_map, "@default", issuer)  # noqa: SLF001
        return {
            name: self._processor._graph_to_rdf(graph, issuer, options)  # noqa: SLF001
            for name, graph in sorted(node_map.items())
        }

    def _load(self, url: str, _options: object) -> dict[str, Any]:
        # PyLD changes the top level of what it is given; "static" lets it keep what it makes of it.
        return {
            "contentType": "application/ld+json",
            "contextUrl": None,
            "documentUrl": url,
            "document": dict(self._contexts.get(url)),
            "tag": "static",
        }


def _has_known_contexts(document: JsonObject) -> bool:
    context = document.get("@context")
    return not isinstance(context, list) or all(isinstance(item, str) for item in context)


class _RememberingProcessor(JsonLdProcessor):  # type: ignore[misc]  # PyLD has no annotations
    """Keeps processed contexts, which PyLD builds anew for every node that has a type."""

    def __init__(self) -> None:
        self._dropped: list[str | None] = []
        super().__init__(on_property_dropped=self._dropped.append)
        self._kept: dict[Any, tuple[Any, Any, Any]] = {}

    def expand_telling(self, document: JsonObject, options: dict[str, Any]) -> tuple[Expanded, list[str | None]]:
        """Return the expanded form and the names of what was dropped on the way."""
        self._dropped.clear()
        expanded = cast("Expanded", self.expand(document, options))
        return expanded, list(self._dropped)

    @override
    def _process_context(
        self,
        active_ctx: Any,
        local_ctx: Any,
        options: Any,
        override_protected: bool = False,
        propagate: bool = True,
        validate_scoped: bool = True,
        cycles: Any = None,
    ) -> Any:
        flags = (override_protected, propagate, validate_scoped)
        # With cycles set PyLD is inside a context that it has not read to its end: not to be kept. Nor is what a
        # context inside a document makes of those before it.
        inline = isinstance(local_ctx, list) and not all(isinstance(item, str) for item in local_ctx)
        if cycles is not None or inline:
            return super()._process_context(active_ctx, local_ctx, options, *flags, cycles)
        local = tuple(local_ctx) if isinstance(local_ctx, list) else local_ctx
        key = (id(active_ctx), local if isinstance(local, str | tuple) else id(local), flags)
        kept = self._kept.get(key)
        if kept is None:
            if len(self._kept) >= MAX_REMEMBERED_CONTEXTS:
                self._kept.clear()
            # Beside the result stand the objects whose ids make the key: while they live, their ids stay theirs.
            kept = (super()._process_context(active_ctx, local_ctx, options, *flags), active_ctx, local_ctx)
            self._kept[key] = kept
        return kept[0]
