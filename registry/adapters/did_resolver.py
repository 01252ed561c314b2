"""Finding DID documents: did:key is derived, did:web is fetched and kept for minutes.

How it is fetched, and what is refused, is in `guarded_fetch`. A document is kept as long as its host says, within bounds:
a key that was withdrawn must be seen to be withdrawn soon, whatever the host says.
"""

import time
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from registry.adapters.expiring_cache import ExpiringCache, Loaded, seconds_to_keep
from registry.adapters.guarded_fetch import FetchSettings, GuardedFetcher
from registry.domain.canonical import canonicalize, parse_object
from registry.domain.did import DidMethod, did_key_document, did_method, did_web_url
from registry.domain.errors import Malformed, Unavailable
from registry.ports import ResolvedDid

MAX_DOCUMENT_BYTES: Final = 262_144
"""Hundreds of keys and services."""
LEAST_SECONDS: Final = 5.0
"""Even a document that is not to be kept: who sends a thousand credentials must not make us ask a thousand times."""
USUAL_SECONDS: Final = 60.0
MOST_SECONDS: Final = 300.0
"""What this registry says of its own issuers' documents: five minutes after a theft the key is dead everywhere."""

_ACCEPT: Final = "application/did+json, application/did+ld+json, application/did, application/json"


class WebDidResolver:
    """Resolves did:key and did:web. Call it from a thread that runs no event loop."""

    def __init__(
        self, settings: FetchSettings | None = None, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = FetchSettings() if settings is None else settings
        self._fetcher = GuardedFetcher(self._settings, what="did")
        self._documents = ExpiringCache[ResolvedDid](clock=monotonic)

    def resolve(self, did: str) -> ResolvedDid:
        """Return the document of a DID, as the port promises."""
        if did_method(did) is DidMethod.KEY:
            return ResolvedDid(did=did, content=canonicalize(did_key_document(did)), source="did:key")
        return self._documents.get(did, lambda: self._fetch(did))

    def _fetch(self, did: str) -> Loaded[ResolvedDid]:
        url = self._url(did)
        fetched = self._fetcher.fetch(url, accept=_ACCEPT, limit_bytes=MAX_DOCUMENT_BYTES)
        _check_subject(fetched.content, did)
        return Loaded(
            value=ResolvedDid(did=did, content=fetched.content, source=url),
            seconds=seconds_to_keep(
                fetched.max_age_seconds, least=LEAST_SECONDS, usual=USUAL_SECONDS, most=MOST_SECONDS
            ),
            size_bytes=len(fetched.content),
        )

    def _url(self, did: str) -> str:
        # A did:web has no scheme: the settings say where http is meant.
        parts = urlsplit(did_web_url(did))
        plain = parts.hostname in self._settings.plain_http_hosts
        return parts._replace(scheme="http").geturl() if plain else parts.geturl()


def _check_subject(content: bytes, did: str) -> None:
    try:
        document = parse_object(content, limit_bytes=MAX_DOCUMENT_BYTES)
    except Malformed as error:
        raise Unavailable("did-unreadable", f"expected a DID document for {did}: {error.message}") from error
    if document.get("id") != did:
        raise Unavailable("did-document-foreign", f"expected the document of {did}, got that of {document.get('id')!r}")
