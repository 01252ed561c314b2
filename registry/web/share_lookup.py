"""Looking up what a visitor typed, pasted or sent as the name of a shared credential."""

from fastapi import Request

from registry.domain.errors import NotFound
from registry.domain.share_link import parse_code
from registry.ports import SharedDocument, SharedLookup
from registry.service.sharing import shared_document
from registry.web.rate_limit import SHORT_CODES, limit_misses
from registry.web.requests import container_of


def limited_lookup(request: Request) -> SharedLookup:
    """Return the lookup of shared credentials for a request: it raises TooOften after too many wrong short codes."""
    resources = container_of(request).resources

    def look_up(text: str, /) -> SharedDocument | None:
        # Links are not counted: theirs cannot be guessed, and an archive may be full of links that lead elsewhere.
        if parse_code(text) is None:
            return shared_document(resources, text)
        try:
            with limit_misses(request, SHORT_CODES):
                found = shared_document(resources, text)
                if found is None:
                    raise NotFound("share-not-found", "no credential is shared under this code")
        except NotFound:
            return None
        return found

    return look_up
