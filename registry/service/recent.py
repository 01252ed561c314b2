"""A cache that is bounded by the bytes it holds."""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Recent(Generic[_Key, _Value]):
    """The values asked for last, as many as fit and at least one, made when they are not at hand.

    May be shared by threads. Two that miss the same value at once both make it, neither waits for the other.
    """

    def __init__(self, limit_bytes: int, *, size: Callable[[_Value], int]) -> None:
        """Take how much may be held, and how much a value takes."""
        self._limit = limit_bytes
        self._size = size
        self._held = 0
        self._values: OrderedDict[_Key, _Value] = OrderedDict()
        self._lock = Lock()

    def get(self, key: _Key, make: Callable[[], _Value]) -> _Value:
        """Return the value of a key."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
        value = make()
        with self._lock:
            if key not in self._values:
                self._values[key] = value
                self._held += self._size(value)
            while self._held > self._limit and len(self._values) > 1:
                _, oldest = self._values.popitem(last=False)
                self._held -= self._size(oldest)
        return value
