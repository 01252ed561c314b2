"""What the typesetter can reach, and what it refuses to show."""

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from registry.adapters.pictures.artist import TypstArtist
from registry.adapters.pictures.typesetter import TEMPLATES, FontMissing, Typesetter, script_of
from registry.domain.errors import Refused, Unavailable
from tests.adapters.pictures.shown import badge
from tests.fonts import typesetter
from tests.paths import REPO_ROOT

TEMPLATE_TEXTS = {file.name: file.read_text(encoding="utf-8") for file in TEMPLATES.iterdir()}
REACHING = re.compile(
    r"\b(?:eval|read|include|plugin|csv|toml|yaml|xml|cbor|bibliography)\s*\(|#include|@preview|@local"
)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("กอ", "U+0E01 (Thai)"),
        ("x\u0378", "U+0378 (symbol)"),
        ("\ufdd0", "U+FDD0 (symbol)"),
        ("Ann ፩", "U+1369 (Ethiopic)"),
        ("\ue000", "U+E000 (symbol)"),
        ("\ue000\N{DEVANAGARI VOWEL SIGN I}", "U+E000 (symbol)"),
        ("\U000f0000\N{COMBINING ACUTE ACCENT}", "U+F0000 (symbol)"),
        ("a\x00", "U+0000 (symbol)"),
    ],
)
def test_a_text_that_no_font_shows_is_refused_by_its_script(text: str, named: str) -> None:
    artist = TypstArtist(typesetter())

    for draw in (artist.badge_svg, artist.share_picture):
        with pytest.raises(FontMissing) as caught:
            draw(badge(name=text))
        assert caught.value.code == "font-missing"
        assert named in caught.value.message


@pytest.mark.parametrize(
    ("name", "shown"), [("José Núñez", True), ("Ελένη Волков", True), ("李伟", False), ("ليلى", False)]
)
def test_without_installed_fonts_there_are_latin_greek_and_cyrillic(name: str, shown: bool) -> None:
    artist = TypstArtist(Typesetter(None))

    if shown:
        assert artist.badge_svg(badge(name=name)).startswith(b"<svg")
    else:
        with pytest.raises(FontMissing):
            artist.badge_svg(badge(name=name))


@pytest.mark.parametrize("made", [True, False])
def test_a_folder_without_fonts_is_refused_at_once(tmp_path: Path, made: bool) -> None:
    folder = tmp_path / "fonts"
    if made:
        folder.mkdir()

    with pytest.raises(Refused) as caught:
        Typesetter(folder)

    assert caught.value.code == "font-folder"


def test_a_script_has_the_name_that_unicode_gives_its_letters() -> None:
    assert [script_of(c) for c in "aЖ李あ한ا😀\u0378"] == [
        *("Latin", "Cyrillic", "Cjk", "Hiragana", "Hangul", "Arabic"),
        *("symbol", "symbol"),
    ]


@pytest.mark.parametrize("name", TEMPLATE_TEXTS)
def test_no_template_can_reach_a_file_a_package_or_an_evaluation(name: str) -> None:
    text = TEMPLATE_TEXTS[name]

    assert name.endswith(".typ")
    assert REACHING.findall(text) == []
    # Each other is all that they import, and their data is the one thing that is parsed.
    assert set(re.findall(r"#import \"([^\"]+)\"", text)) <= {"style.typ"}
    assert set(re.findall(r"json\((.*)", text)) <= {"bytes(sys.inputs.data))", "bytes(sys.inputs.families))"}


def test_a_broken_template_tells_nothing_of_what_was_to_be_set() -> None:
    with pytest.raises(Unavailable) as caught:
        typesetter().svg("badge.typ", {"badge": {"name": "Amal Haddad"}})

    assert caught.value.code == "typesetting-failed"
    assert "Amal" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_threads_share_a_typesetter() -> None:
    artist = TypstArtist(typesetter())
    names = [f"Course {number}" for number in range(4)] * 4
    alone = {name: artist.badge_svg(badge(name=name)) for name in set(names)}

    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda name: artist.badge_svg(badge(name=name)), names))

    assert together == [alone[name] for name in names]
    assert len(set(together)) == 4


MEASURED = """
from tests.adapters.pictures.shown import certificate
from registry.adapters.pictures.certificate import TypstCertificateMaker
from tests.fonts import typesetter
from tests.paths import REPO_ROOT

def megabytes():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 / 1e6

maker = TypstCertificateMaker(typesetter())
sizes = []
for number in range(12):
    maker.certificate(certificate(holder=f"Person {number}"))
    sizes.append(megabytes())
print(max(sizes[2:]) - sizes[1])
"""
"""What typst keeps would be 16 MB a certificate for the first ten."""


def test_the_memory_of_a_certificate_is_given_back() -> None:
    told = subprocess.run([sys.executable, "-c", MEASURED], cwd=REPO_ROOT, capture_output=True, text=True, check=True)

    assert float(told.stdout) < 60
