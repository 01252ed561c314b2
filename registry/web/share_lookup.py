"""Looking up what a visitor typed or pasted as the name of a shared credential."""

from fastapi import Request

from registry.domain.errors import NotFound
from registry.service.sharing import SharedCredential, find_shared
from registry.web.rate_limit import SHORT_CODES, limit_misses
from registry.web.requests import container_of


def look_up_shared(request: Request, text: str) -> SharedCredential:
    """Return the credential of a share link, token or short code.

    Raises NotFound `share-not-found`; TooOften for an address that tried too many wrong ones.
    """
    with limit_misses(request, SHORT_CODES):
        shared = find_shared(container_of(request).resources, text)
        if shared is None:
            raise NotFound("share-not-found", "no credential is shared under this address, or not any more")
        return shared
