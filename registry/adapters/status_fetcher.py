"""Fetching other registries' status lists, and keeping them for as long as both their issuer and their host allow.

How they are fetched, and what is refused, is in `guarded_fetch`. What a list says, and whether its issuer signed it, is
judged elsewhere: here it is bytes. Only its `ttl` is looked at, which can make it be kept shorter, never longer than
`MOST_SECONDS`.
"""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from registry.adapters.expiring_cache import ExpiringCache, Loaded, seconds_to_keep
from registry.adapters.guarded_fetch import FetchSettings, GuardedFetcher
from registry.domain.canonical import MAX_DOCUMENT_BYTES, parse_object
from registry.domain.errors import Malformed
from registry.ports import Clock, FetchedList

LEAST_SECONDS: Final = 5.0
"""Even where `ttl` is 0: a thousand credentials of one list must not be a thousand requests."""
USUAL_SECONDS: Final = 60.0
MOST_SECONDS: Final = 300.0
"""The recommendation's own default for `ttl`: a revocation is seen within five minutes."""

_ACCEPT: Final = "application/vc, application/vc+ld+json, application/ld+json, application/json"


class WebStatusLists:
    """Fetches status lists. Call it from a thread that runs no event loop."""

    def __init__(
        self,
        clock: Clock,
        settings: FetchSettings | None = None,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._fetcher = GuardedFetcher(FetchSettings() if settings is None else settings, what="status-list")
        self._lists = ExpiringCache[FetchedList](clock=monotonic)

    def fetch(self, url: str, *, max_age: timedelta) -> FetchedList:
        """Return the bytes of a list, as the port promises."""
        return self._lists.get(url, lambda: self._fetch(url), max_age_seconds=max_age.total_seconds())

    def _fetch(self, url: str) -> Loaded[FetchedList]:
        # Before the request: what changes while the answer is on its way is not in it.
        asked_at = self._clock.now()
        fetched = self._fetcher.fetch(url, accept=_ACCEPT, limit_bytes=MAX_DOCUMENT_BYTES)
        said = [item for item in (fetched.max_age_seconds, _ttl_seconds(fetched.content)) if item is not None]
        return Loaded(
            value=FetchedList(content=fetched.content, fetched_at=asked_at),
            seconds=seconds_to_keep(
                min(said, default=None), least=LEAST_SECONDS, usual=USUAL_SECONDS, most=MOST_SECONDS
            ),
            size_bytes=len(fetched.content),
        )


def _ttl_seconds(content: bytes) -> float | None:
    try:
        subject = parse_object(content).get("credentialSubject")
    except Malformed:
        # What cannot be read says nothing; that it is no list is for the verdict to say.
        return None
    ttl = subject.get("ttl") if isinstance(subject, dict) else None
    return ttl / 1000 if isinstance(ttl, int) and not isinstance(ttl, bool) else None
