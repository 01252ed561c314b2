"""What was fetched, kept for a while: bounded in number, size and age, failures too.

    asked for a key ->  fresh entry: its value, or its failure again
                        none: one thread fetches, the others that ask for the same key wait for it

A failure is kept as well, so that a host that is down or slow is not asked once for every document that names it.
"""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from registry.domain.errors import Unavailable

MAX_ENTRIES: Final = 1_024
"""Issuers and lists that one verifier meets within minutes."""
MAX_BYTES: Final = 33_554_432
"""32 MiB: a bound on what strangers' documents hold of this process's memory."""
FAILURE_SECONDS: Final = 10.0
"""Long enough that a crowd asks a failing host once, short enough that nobody waits long after it is mended."""

_Value = TypeVar("_Value")


class NotToBeKept(Unavailable):
    """A failure of this moment and this process, which says nothing about the host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded(Generic[_Value]):
    """A value and how long it may be kept."""

    value: _Value
    seconds: float
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry(Generic[_Value]):
    loaded: Loaded[_Value] | Unavailable
    asked: float
    expires: float
    size_bytes: int


@dataclass(slots=True)
class _Turn:
    """Whose turn it is to load a key."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    threads: int = 0
    """Those that load or wait; the last one takes it away."""


class ExpiringCache(Generic[_Value]):
    """Values by key; the least recently asked for goes first."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        max_entries: int = MAX_ENTRIES,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._clock = clock
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._entries: OrderedDict[str, _Entry[_Value]] = OrderedDict()
        self._size_bytes = 0
        self._loading: dict[str, _Turn] = {}
        self._lock = threading.Lock()

    def get(self, key: str, load: Callable[[], Loaded[_Value]], *, max_age_seconds: float = math.inf) -> _Value:
        """Return the value of a key, from `load` when none is fresh, or none that was asked for recently enough.

        Raises Unavailable as `load` does, or as it did a moment ago.
        """
        entry = self._fresh(key, max_age_seconds)
        if entry is None:
            with self._only_one(key):
                entry = self._fresh(key, max_age_seconds) or self._load(key, load)
        if isinstance(entry.loaded, Unavailable):
            # A new one for each caller: an exception collects the tracebacks of all who raise it.
            raise Unavailable(entry.loaded.code, entry.loaded.message) from entry.loaded
        return entry.loaded.value

    def _fresh(self, key: str, max_age_seconds: float) -> _Entry[_Value] | None:
        with self._lock:
            entry, now = self._entries.get(key), self._clock()
            if entry is None or now >= entry.expires:
                return None
            if isinstance(entry.loaded, Loaded) and now - entry.asked > max_age_seconds:
                return None
            self._entries.move_to_end(key)
            return entry

    @contextmanager
    def _only_one(self, key: str) -> Iterator[None]:
        with self._lock:
            turn = self._loading.setdefault(key, _Turn())
            turn.threads += 1
        try:
            with turn.lock:
                yield
        finally:
            with self._lock:
                turn.threads -= 1
                if turn.threads == 0:
                    del self._loading[key]

    def _load(self, key: str, load: Callable[[], Loaded[_Value]]) -> _Entry[_Value]:
        entry: _Entry[_Value]
        asked = self._clock()
        try:
            loaded = load()
            expires = self._clock() + loaded.seconds
            entry = _Entry(loaded=loaded, asked=asked, expires=expires, size_bytes=loaded.size_bytes)
        except NotToBeKept:
            raise
        except Unavailable as error:
            entry = _Entry(loaded=error, asked=asked, expires=self._clock() + FAILURE_SECONDS, size_bytes=0)
        self._keep(key, entry)
        return entry

    def _keep(self, key: str, entry: _Entry[_Value]) -> None:
        with self._lock:
            previous = self._entries.pop(key, None)
            self._size_bytes += entry.size_bytes - (0 if previous is None else previous.size_bytes)
            self._entries[key] = entry
            while len(self._entries) > self._max_entries or self._size_bytes > self._max_bytes:
                _, oldest = self._entries.popitem(last=False)
                self._size_bytes -= oldest.size_bytes


def seconds_to_keep(said: float | None, *, least: float, usual: float, most: float) -> float:
    """Return how long to keep what its host says may be kept for so many seconds, None when it says nothing."""
    return usual if said is None else min(max(said, least), most)
