"""Why something could not be had: kept as a value where the verdict, not an exception, has to say what it means."""

from dataclasses import dataclass
from typing import Self, TypeAlias, TypeVar

from registry.domain.errors import CredrootError

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why something is not there."""

    code: str
    message: str

    @classmethod
    def of(cls, error: CredrootError) -> Self:
        """Keep what an error says."""
        return cls(code=error.code, message=error.message)


Found: TypeAlias = _Value | Problem
