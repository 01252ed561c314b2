"""Pictures of badges for pages, drawn once for all who earned the same: nothing of the holder is in them."""

from collections.abc import Callable
from typing import Final

from registry.domain.badge_facts import BadgeFacts
from registry.ports import Artist
from registry.service.recent import Recent

MAX_PICTURE_BYTES: Final = 16_000_000
"""Kept in memory: some hundred badges of 30 to 100 kB each."""
BADGE_SIDE: Final = 352
"""Twice what the page shows, for fine screens."""


class BadgePictures:
    """Draws badges, with those asked for last at hand: drawing one takes as long as fifty pages."""

    def __init__(self, artist: Artist) -> None:
        self._artist = artist
        self._recent = Recent[tuple[str, BadgeFacts], bytes](MAX_PICTURE_BYTES, size=len)

    def badge(self, facts: BadgeFacts, *, ask: Callable[[], None]) -> bytes:
        """Return a badge as PNG. `ask` is called before one is drawn, and not for one at hand.

        Raises Refused `font-missing` for a text that no font here shows, and what `ask` raises.
        """
        return self._kept("badge", facts, lambda: self._artist.badge_png(facts, BADGE_SIDE), ask)

    def share_picture(self, facts: BadgeFacts, *, ask: Callable[[], None]) -> bytes:
        """Return the PNG that other sites show for a link. As `badge`."""
        return self._kept("share", facts, lambda: self._artist.share_picture(facts), ask)

    def code(self, text: str) -> bytes:
        """Return a QR code as PNG. Nothing of it is kept: it holds a link."""
        return self._artist.qr_png(text)

    def _kept(self, what: str, facts: BadgeFacts, draw: Callable[[], bytes], ask: Callable[[], None]) -> bytes:
        def drawn() -> bytes:
            ask()
            return draw()

        return self._recent.get((what, facts), drawn)
