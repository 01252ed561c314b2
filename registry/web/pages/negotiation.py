"""Which of several media types a visitor wants most (RFC 9110 section 12.5.1)."""

from collections.abc import Sequence
from typing import Final

MAX_HEADER: Final = 1_000
"""Of Accept: browsers send less than two hundred characters."""


def best_type(accepted: str, offered: Sequence[str]) -> str | None:
    """Return the offered type that an Accept header likes best, the first one of equals; None when it takes none."""
    ranges = list(_ranges(accepted[:MAX_HEADER] or "*/*"))
    liked = [(_quality(ranges, kind), -position, kind) for position, kind in enumerate(offered)]
    quality, _, best = max(liked)
    return best if quality > 0 else None


def _ranges(accepted: str) -> list[tuple[str, float]]:
    found: list[tuple[str, float]] = []
    for part in accepted.split(","):
        kind, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                try:
                    quality = float(parameter[2:])
                except ValueError:
                    quality = 0.0
        found.append((kind, quality))
    return found


def _quality(ranges: Sequence[tuple[str, float]], kind: str) -> float:
    # The most specific range decides.
    for wanted in (kind, f"{kind.partition('/')[0]}/*", "*/*"):
        for given, quality in ranges:
            if given == wanted:
                return quality
    return 0.0
