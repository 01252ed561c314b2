"""A picture that a credential embeds: a stranger's bytes, examined and drawn anew before anybody sees them.

PNG and JPEG are decoded and written again: what stood in them beside the pixels (scripts of polyglots, places, names) is
gone. Of SVG only plain shapes are used: no reference to anything, nothing that runs, nothing that multiplies itself.
What cannot be used is as if there were no picture: a made one stands in its place.
"""

import io
from typing import Final
from xml.etree.ElementTree import Element

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException
from PIL import Image, UnidentifiedImageError

from registry.domain.badge_facts import OwnPicture, PictureKind

MAX_SIDE: Final = 4_096
"""16 million pixels: more than any badge has, and 64 MB while it is decoded."""
DRAWN_SIDE: Final = 512
"""370 dots an inch on a certificate."""
MAX_ELEMENTS: Final = 3_000

_SVG: Final = "{http://www.w3.org/2000/svg}"
_SHAPES: Final = frozenset(
    f"{_SVG}{name}"
    for name in (
        *("svg", "g", "title", "desc", "defs", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon"),
        *("linearGradient", "radialGradient", "stop", "clipPath"),
    )
)
_CLIP: Final = f"{_SVG}clipPath"
_FORMATS: Final = {PictureKind.PNG: "PNG", PictureKind.JPEG: "JPEG"}


def drawable(picture: OwnPicture) -> bytes | None:
    """Return a picture that may be drawn, PNG or SVG; None when it cannot be used."""
    return _plain_svg(picture.content) if picture.kind is PictureKind.SVG else _redrawn(picture)


def _redrawn(picture: OwnPicture) -> bytes | None:
    try:
        with Image.open(io.BytesIO(picture.content), formats=(_FORMATS[picture.kind],)) as opened:
            # Opening reads the header alone.
            if max(opened.size) > MAX_SIDE:
                return None
            opened.thumbnail((DRAWN_SIDE, DRAWN_SIDE))
            pixels = opened.convert("RGBA")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    target = io.BytesIO()
    pixels.save(target, "PNG", optimize=True)
    return target.getvalue()


def _plain_svg(content: bytes) -> bytes | None:
    try:
        root = ElementTree.fromstring(content, forbid_dtd=True)
    except (ElementTree.ParseError, DefusedXmlException, ValueError, LookupError):
        return None
    elements = list(root.iter())
    if root.tag != f"{_SVG}svg" or len(elements) > MAX_ELEMENTS:
        return None
    plain = all(element.tag in _SHAPES and _harmless(element.attrib) for element in elements)
    return content if plain and not any(map(_multiplies, root.iter(_CLIP))) else None


def _multiplies(clip: Element) -> bool:
    # A clip that is clipped itself is drawn for each shape in it: each level more multiplies what there is to draw.
    return any("clip-path" in inside.attrib or (inside.tag == _CLIP and inside is not clip) for inside in clip.iter())


def _harmless(attributes: dict[str, str]) -> bool:
    # A style spells whatever it likes by escapes, and loads by other words than url().
    return not any(
        name.lower().startswith("on") or name.rpartition("}")[2] in {"href", "style"} or _refers(value)
        for name, value in attributes.items()
    )


def _refers(value: str) -> bool:
    # A gradient or clip of its own by name is all that a shape may refer to.
    return "url(" in value.lower().replace("url(#", "")
