"""The one tree of errors: what went wrong, told by its class, its code and its facts.

    CredrootError
    ├── Malformed        the input has the wrong form; nothing was computed from it
    ├── ProofMismatch    well-formed, but recomputing leads elsewhere
    ├── Refused          well-formed, but a rule of the registry says no
    │   ├── NotFound
    │   ├── Conflict
    │   └── Forbidden
    └── Unavailable      the outside world failed: nothing is known, neither yes nor no

Codes are stable: programs compare them. Messages are for people and may change.
"""

from collections.abc import Callable

from typing_extensions import override


class CredrootError(Exception):
    """Something this project expects to happen, with a stable code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    @override
    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        """Let another process's error arrive as it was: constructors take facts, not what is stored."""
        return _restore, (type(self), self.args, self.__dict__)


class Malformed(CredrootError):
    """The input has the wrong form and was refused before anything was computed from it."""

    def __init__(self, code: str, message: str, *, where: str = "") -> None:
        super().__init__(code, f"{where}: {message}" if where else message)
        self.where = where


class ProofMismatch(CredrootError):
    """A well-formed proof leads to another value than the one it must lead to."""

    def __init__(self, code: str, what: str, *, expected: bytes, actual: bytes) -> None:
        super().__init__(code, f"{what}: expected {expected.hex()}, computed {actual.hex()}")
        self.expected = expected
        self.actual = actual


class Refused(CredrootError):
    """A rule of the registry says no."""


class NotFound(Refused):
    """There is no such thing, or not for this caller: the two look the same on purpose."""


class Conflict(Refused):
    """The state of the registry does not allow it."""


class Forbidden(Refused):
    """The caller's role does not allow it."""


class Unavailable(CredrootError):
    """The outside world failed: the answer is not known."""


def _restore(kind: type[CredrootError], arguments: tuple[object, ...], facts: dict[str, object]) -> CredrootError:
    error = kind.__new__(kind, *arguments)
    error.__dict__.update(facts)
    return error
