"""Badge pictures: made from any name, or the achievement's own, examined first."""

import base64
import io
import zlib

import pytest
from defusedxml import ElementTree
from PIL import Image, ImageChops, PngImagePlugin

from registry.adapters.pictures.artist import MAX_SIDE, MIN_SIDE, TypstArtist
from registry.adapters.pictures.own_picture import MAX_ELEMENTS, drawable
from registry.adapters.pictures.own_picture import MAX_SIDE as MAX_OWN_SIDE
from registry.demo.people import FAMILY, GIVEN
from registry.domain.badge_facts import BadgeFacts, OwnPicture, PictureKind
from registry.domain.errors import Malformed
from tests.adapters.pictures.shown import badge
from tests.fonts import typesetter

SVG_HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 10 10">'
PLAIN_SVG = f'{SVG_HEAD}<g fill="url(#a)"><circle cx="5" cy="5" r="4"/></g></svg>'.encode()
HOSTILE_NAMES = (
    '#import "@preview/x:1.0.0"',
    "$ x^2 $ @ref <label> \\ \\u{41} `raw` *b* _i_ = h",
    "</text><script>alert(1)</script>&amp;\"'",
    ']}#read("/etc/passwd")',
    "x" * 4_000,
    "word " * 800,
    "",
)


@pytest.fixture(scope="module")
def artist() -> TypstArtist:
    return TypstArtist(typesetter())


def pixels(content: bytes) -> Image.Image:
    with Image.open(io.BytesIO(content)) as image:
        return image.convert("RGBA")


def png(width: int = 40, height: int = 40, colour: str = "red") -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(target, "PNG")
    return target.getvalue()


def own(kind: PictureKind, content: bytes) -> BadgeFacts:
    return badge(picture=OwnPicture(kind=kind, content=content))


def test_every_name_of_the_demonstration_makes_a_picture(artist: TypstArtist) -> None:
    made = {artist.badge_svg(badge(name=f"{given} {family}")) for given, family in zip(GIVEN, FAMILY, strict=True)}

    assert len(made) == len(GIVEN)


@pytest.mark.parametrize("name", HOSTILE_NAMES, ids=lambda name: name[:12])
def test_a_name_is_shown_and_never_obeyed(artist: TypstArtist, name: str) -> None:
    svg = artist.badge_svg(badge(name=name))

    elements = list(ElementTree.fromstring(svg, forbid_dtd=True).iter())
    assert {element.tag.rpartition("}")[2] for element in elements} <= {
        *("svg", "g", "path", "use", "defs", "symbol", "title", "clipPath", "rect"),
    }
    references = [v for e in elements for k, v in e.attrib.items() if k.rpartition("}")[2] == "href"]
    assert references
    assert all(reference.startswith("#") for reference in references)
    assert b"http" not in svg.replace(b"http://www.w3.org/", b"")
    assert elements[1].text == f"Badge: {name}, Example Polytechnic".replace(": ,", ":")


def test_the_same_badge_is_the_same_bytes(artist: TypstArtist) -> None:
    other = TypstArtist(typesetter())

    assert artist.badge_svg(badge()) == other.badge_svg(badge())
    assert artist.badge_png(badge(), 64) == other.badge_png(badge(), 64)
    assert artist.share_picture(badge()) == other.share_picture(badge())


def test_the_accent_and_a_white_middle_are_in_the_picture(artist: TypstArtist) -> None:
    drawn = pixels(artist.badge_png(badge(name="x"), 300))

    assert drawn.size == (300, 300)
    assert drawn.getpixel((0, 0)) == (0, 0, 0, 0), "the corners are transparent"
    accent = bytes.fromhex(badge().accent[1:])
    assert drawn.getpixel((150, 12)) == (*accent, 255)
    assert drawn.getpixel((150, 80)) == (255, 255, 255, 255)


@pytest.mark.parametrize(
    "name", ["x" * 160, "Donaudampfschifffahrtsgesellschaft", "a-" * 80, "数据" * 80, "word " * 32]
)
def test_no_word_is_so_long_that_it_leaves_the_middle(artist: TypstArtist, name: str) -> None:
    short = pixels(artist.badge_png(badge(name="x", issuer_name=""), 200))
    long = pixels(artist.badge_png(badge(name=name, issuer_name=name), 200))

    # The ring around the middle, left and right of it, as wide as the middle is high.
    for left, right in ((0, 30), (170, 200)):
        box = (left, 60, right, 140)
        differences = ImageChops.difference(long.crop(box).convert("L"), short.crop(box).convert("L")).histogram()
        assert sum(differences[9:]) == 0, "letters are dark on light or light on dark"
    assert long.tobytes() != short.tobytes()


@pytest.mark.parametrize("size", [MIN_SIDE, 100, MAX_SIDE])
def test_a_picture_has_the_size_that_was_asked_for(artist: TypstArtist, size: int) -> None:
    assert pixels(artist.badge_png(badge(), size)).size == (size, size)


@pytest.mark.parametrize("size", [0, MIN_SIDE - 1, MAX_SIDE + 1])
def test_other_sizes_are_refused(artist: TypstArtist, size: int) -> None:
    with pytest.raises(Malformed) as caught:
        artist.badge_png(badge(), size)

    assert caught.value.code == "picture-size"


def test_the_picture_for_links_has_their_size_and_nothing_of_the_holder(artist: TypstArtist) -> None:
    drawn = pixels(artist.share_picture(badge()))

    assert drawn.size == (1200, 630)
    assert drawn.getpixel((1199, 0)) == (255, 255, 255, 255)
    assert "holder" not in set(BadgeFacts.__slots__)


@pytest.mark.parametrize("kind", [PictureKind.PNG, PictureKind.JPEG])
def test_an_achievement_s_own_picture_is_used(artist: TypstArtist, kind: PictureKind) -> None:
    target = io.BytesIO()
    Image.new("RGB", (80, 40), "red").save(target, kind.name)
    facts = own(kind, target.getvalue())

    drawn = pixels(artist.badge_png(facts, 100))

    red, green, blue, opacity = drawn.getpixel((50, 50))  # type: ignore[misc]  # four channels, which Pillow does not say
    assert (red > 240, green < 20, blue < 20, opacity) == (True, True, True, 255)
    assert drawn.getpixel((50, 10)) == (0, 0, 0, 0), "it keeps its shape"
    assert b"data:image/png;base64," in artist.badge_svg(facts)
    assert pixels(artist.share_picture(facts)).getpixel((300, 315)) == (red, green, blue, 255)


def test_an_own_svg_of_plain_shapes_is_used_as_it_is(artist: TypstArtist) -> None:
    facts = own(PictureKind.SVG, PLAIN_SVG.replace(b"url(#a)", b"#0000ff"))

    assert artist.badge_svg(facts) == facts.picture.content if facts.picture else None
    assert pixels(artist.badge_png(facts, 100)).getpixel((50, 50)) == (0, 0, 255, 255)


def test_what_stands_beside_the_pixels_is_gone(artist: TypstArtist) -> None:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("place", "a home")
    target = io.BytesIO()
    Image.new("RGB", (9, 9)).save(target, "PNG", pnginfo=notes)
    content = target.getvalue() + b"<script>alert(1)</script>"

    redrawn = drawable(OwnPicture(kind=PictureKind.PNG, content=content))

    assert redrawn is not None
    assert b"a home" not in redrawn
    assert b"script" not in redrawn
    assert b"a home" not in artist.badge_svg(own(PictureKind.PNG, content))


def bomb() -> bytes:
    """Return a PNG of a few hundred bytes that says it has 900 million pixels."""
    header = b"IHDR" + (30_000).to_bytes(4) * 2 + b"\x08\x02\x00\x00\x00"
    data = b"IDAT" + zlib.compress(bytes(100_000))
    chunks = [len(chunk[4:]).to_bytes(4) + chunk + zlib.crc32(chunk).to_bytes(4) for chunk in (header, data, b"IEND")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (PictureKind.PNG, b"not a picture"),
        (PictureKind.PNG, png()[:60]),
        (PictureKind.JPEG, png()),
        (PictureKind.PNG, png(MAX_OWN_SIDE + 1, 1)),
        (PictureKind.PNG, bomb()),
        (PictureKind.SVG, b"<svg"),
        (PictureKind.SVG, b"<html xmlns='http://www.w3.org/1999/xhtml'/>"),
        (PictureKind.SVG, b"\xff\xfe\x00"),
        (PictureKind.SVG, b'<?xml version="1.0" encoding="x-no-such"?><svg/>'),
        (PictureKind.SVG, b'<!DOCTYPE svg [<!ENTITY a "b">]>' + PLAIN_SVG),
        (PictureKind.SVG, f"{SVG_HEAD}<script>alert(1)</script></svg>".encode()),
        (PictureKind.SVG, f"{SVG_HEAD}<style>*{{}}</style></svg>".encode()),
        (PictureKind.SVG, f'{SVG_HEAD}<use xlink:href="#a"/></svg>'.encode()),
        (PictureKind.SVG, f'{SVG_HEAD}<image href="file:///etc/passwd"/></svg>'.encode()),
        (PictureKind.SVG, f'{SVG_HEAD}<rect onload="alert(1)"/></svg>'.encode()),
        (PictureKind.SVG, f'{SVG_HEAD}<g xlink:href="https://a.example"/></svg>'.encode()),
        (PictureKind.SVG, f'{SVG_HEAD}<rect fill="URL( https://a.example/x)"/></svg>'.encode()),
        (PictureKind.SVG, f"{SVG_HEAD}<foreignObject/></svg>".encode()),
        (PictureKind.SVG, f"{SVG_HEAD}{'<g/>' * MAX_ELEMENTS}</svg>".encode()),
        (PictureKind.SVG, f'{SVG_HEAD}<g style="cl\\69p-path:url(#a)"/></svg>'.encode()),
    ],
    ids=lambda value: str(value[:44]) if isinstance(value, bytes) else value.name,
)
def test_a_picture_that_cannot_be_used_is_as_if_there_were_none(
    artist: TypstArtist, kind: PictureKind, content: bytes
) -> None:
    assert drawable(OwnPicture(kind=kind, content=content)) is None
    assert artist.badge_svg(own(kind, content)) == artist.badge_svg(badge())


@pytest.mark.parametrize("inner", [True, False])
def test_clips_that_are_clipped_themselves_are_not_drawn(*, inner: bool) -> None:
    # Ten rectangles, each clipped by the next clip of ten: twelve levels draw 10^12 of them.
    rectangle = '<rect width="9" height="9"{}/>'
    clip = '<clipPath id="c{}"{}>{}</clipPath>'
    levels = [
        clip.format(level, "" if inner else chain, rectangle.format(chain if inner else "") * 10)
        for level in range(12)
        for chain in [f' clip-path="url(#c{level + 1})"']
    ]
    shape = rectangle.format(' clip-path="url(#c0)"')

    nested = f"{SVG_HEAD}<defs>{''.join(levels)}</defs>{shape}</svg>".encode()
    plain = f"{SVG_HEAD}<defs>{clip.format(0, '', rectangle.format(''))}</defs>{shape}</svg>".encode()

    assert drawable(OwnPicture(kind=PictureKind.SVG, content=nested)) is None
    assert drawable(OwnPicture(kind=PictureKind.SVG, content=plain)) == plain


def test_an_own_picture_that_is_text_in_base64_stays_a_picture(artist: TypstArtist) -> None:
    svg = artist.badge_svg(own(PictureKind.PNG, png()))

    start = svg.index(b"base64,") + len(b"base64,")
    assert pixels(base64.b64decode(svg[start : svg.index(b'"', start)])).size == (40, 40)
