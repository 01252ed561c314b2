"""Badge pictures: an achievement's own, or one made from its name (docs/decisions/0106-badge-pictures.md)."""

from typing import Final
from xml.sax.saxutils import escape

from registry.adapters.pictures import qr
from registry.adapters.pictures.own_picture import drawable
from registry.adapters.pictures.typesetter import Facts, Typesetter
from registry.domain.badge_facts import BadgeFacts, PictureKind
from registry.domain.certificate_words import words_of
from registry.domain.errors import Malformed

MIN_SIDE: Final = 32
MAX_SIDE: Final = 2_048
"""Sixteen megabytes of pixels while it is drawn."""
_DRAWN_POINTS: Final = 600
"""The side of the badge template."""


class TypstArtist:
    """Draws badges."""

    def __init__(self, typesetter: Typesetter) -> None:
        self._typesetter = typesetter

    def badge_svg(self, badge: BadgeFacts) -> bytes:
        """Return the badge as SVG, with its title, and with no reference to anything outside."""
        own = None if badge.picture is None else drawable(badge.picture)
        if own is not None and badge.picture is not None and badge.picture.kind is PictureKind.SVG:
            # It is plain shapes already: pixels would be a worse picture.
            return own
        drawn = self._typesetter.svg("badge.typ", {"badge": show_badge(badge)})
        head, end, shapes = drawn.partition(b">")
        title = escape(_alternative(badge)).encode()
        return head + b' role="img"' + end + b"<title>" + title + b"</title>" + shapes

    def badge_png(self, badge: BadgeFacts, size: int) -> bytes:
        """Return the badge as PNG, square. Raises Malformed `picture-size`."""
        if not MIN_SIDE <= size <= MAX_SIDE:
            raise Malformed("picture-size", f"expected {MIN_SIDE} to {MAX_SIDE} pixels", where="size")
        facts: Facts = {"badge": show_badge(badge)}
        return self._typesetter.png("badge.typ", facts, pixels_per_point=size / _DRAWN_POINTS)

    def share_picture(self, badge: BadgeFacts) -> bytes:
        """Return the picture of 1200 by 630 pixels that other sites show for a link (Open Graph)."""
        return self._typesetter.png("share.typ", {"badge": show_badge(badge)}, pixels_per_point=1)

    def qr_svg(self, text: str) -> bytes:
        """Return a QR code as SVG."""
        return qr.qr_svg(text)

    def qr_png(self, text: str) -> bytes:
        """Return a QR code as PNG."""
        return qr.qr_png(text)


def show_badge(badge: BadgeFacts) -> dict[str, object]:
    """Return what the templates know of a badge."""
    own = None if badge.picture is None else drawable(badge.picture)
    return {
        "name": badge.name,
        "issuer": badge.issuer_name,
        "description": badge.description,
        "language": badge.language.partition("-")[0],
        "accent": badge.accent,
        "pattern": list(badge.pattern),
        "picture": None if own is None else list(own),
        "alt": _alternative(badge),
    }


def _alternative(badge: BadgeFacts) -> str:
    """Say in words what the picture shows."""
    said = ", ".join(part for part in (badge.name, badge.issuer_name) if part)
    return f"{words_of(badge.language).badge} {said}"
