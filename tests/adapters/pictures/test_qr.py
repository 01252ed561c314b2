"""QR codes, read by another library than the one that writes them."""

import io

import pytest
import zxingcpp
from defusedxml import ElementTree
from PIL import Image

from registry.adapters.pictures.artist import TypstArtist
from registry.adapters.pictures.qr import MAX_QR_BYTES, QUIET_MODULES
from registry.domain.errors import Malformed
from tests.adapters.pictures.shown import SHARE_URL
from tests.fonts import typesetter


@pytest.fixture(scope="module")
def artist() -> TypstArtist:
    return TypstArtist(typesetter())


def opened(content: bytes) -> Image.Image:
    with Image.open(io.BytesIO(content)) as image:
        return image.convert("L")


@pytest.mark.parametrize("text", [SHARE_URL, "https://registry.example/c/李伟-Núñez", "x" * MAX_QR_BYTES])
def test_a_code_reads_as_what_was_written(artist: TypstArtist, text: str) -> None:
    (found,) = zxingcpp.read_barcodes(opened(artist.qr_png(text)))

    assert found.text == text
    assert found.format == zxingcpp.BarcodeFormat.QRCode
    assert found.ec_level == "M"


def test_there_is_a_quiet_zone_around_it(artist: TypstArtist) -> None:
    image = opened(artist.qr_png(SHARE_URL))
    left, top, right, bottom = image.point(lambda value: 255 - value).getbbox() or (0, 0, 0, 0)
    module = 10

    quiet = QUIET_MODULES * module
    assert (left, top, image.width - right, image.height - bottom) == (quiet,) * 4
    assert (right - left) % module == 0


def test_the_svg_has_the_same_modules_and_nothing_else(artist: TypstArtist) -> None:
    svg = artist.qr_svg(SHARE_URL)

    root = ElementTree.fromstring(svg, forbid_dtd=True)
    assert {element.tag.rpartition("}")[2] for element in root.iter()} == {"svg", "path"}
    side = opened(artist.qr_png(SHARE_URL)).width // 10
    assert root.attrib["viewBox"] == f"0 0 {side} {side}"
    assert svg == artist.qr_svg(SHARE_URL)


@pytest.mark.parametrize("text", ["", "x" * (MAX_QR_BYTES + 1), "李" * 101])
def test_what_is_no_address_is_refused(artist: TypstArtist, text: str) -> None:
    for write in (artist.qr_png, artist.qr_svg):
        with pytest.raises(Malformed) as caught:
            write(text)
        assert caught.value.code == "qr-too-long"
