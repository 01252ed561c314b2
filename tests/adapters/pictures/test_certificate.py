"""The certificate, read by another library than the one that writes it."""

import io
import unicodedata
from dataclasses import replace
from typing import Any

import pypdf
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from registry.adapters.pictures.artist import show_badge
from registry.adapters.pictures.certificate import TypstCertificateMaker, _show
from registry.adapters.pictures.qr import qr_svg
from registry.adapters.pictures.typesetter import FontMissing
from registry.demo.people import FAMILY, GIVEN
from registry.domain.badge_facts import Attachments, StatusWord
from registry.domain.certificate_words import words_of
from registry.domain.errors import Malformed
from registry.domain.shown_credential import Skill
from registry.domain.shown_text import shorten
from tests.adapters.pictures.shown import CODE, CREDENTIAL, FACTS, RECEIPT, SHARE_URL, badge, brief, certificate
from tests.fonts import typesetter

PEOPLE = [f"{given} {family}" for given, family in zip(GIVEN, FAMILY, strict=True)]
SHAPED = ("HEBREW", "ARABIC", "DEVANAGARI", "TAMIL")
"""Scripts that pypdf reads in the order of the glyphs; readers for people give them in that of the letters."""
JOINED = ("ل", "\u0301")
"""Letters that are drawn as one with their neighbours: read back, they come in another number."""
HOSTILE = (
    '#import "@preview/x:1.0.0": * #panic("x")',
    '#read("/etc/passwd") $ sum_(i=0)^n $ @ref <label> \\',
    "*bold* _it_ `raw` = Heading // comment /* x */ ~ -- ... '\"",
    "\\u{202e}\\n[]{}()",
    "& < > ; #{1 + 1}",
)


@pytest.fixture(scope="module")
def maker() -> TypstCertificateMaker:
    return TypstCertificateMaker(typesetter())


def opened(content: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(content), strict=True)


def text_of(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in opened(content).pages)


def flat(text: str) -> str:
    """Leave out white space, and where words may be broken: where lines end is the page's matter."""
    return "".join(text.replace("\u200b", "").split())


def catalog(reader: pypdf.PdfReader) -> Any:  # noqa: ANN401  # pypdf's objects are untyped
    return reader.trailer["/Root"]


def element_kinds(node: Any) -> set[str]:  # noqa: ANN401  # pypdf's objects are untyped
    node = node.get_object()
    if isinstance(node, list):
        return {kind for child in node for kind in element_kinds(child)}
    if not isinstance(node, dict) or "/S" not in node:
        return set()
    return {str(node["/S"])} | (element_kinds(node["/K"]) if "/K" in node else set())


def test_it_says_who_was_awarded_what_by_whom_and_where_that_is_checked(maker: TypstCertificateMaker) -> None:
    text = text_of(maker.certificate(FACTS))

    for said in (
        *("Amal Haddad", "Data Analysis with Python", "Example Polytechnic", CODE, SHARE_URL),
        *("28 May 2026", "29 May 2029", "Cleans, explores and presents tabular data.", "https://registry.example/"),
        *("perform data analysis", "93.5", "Grade C or better."),
    ):
        assert said in text


def test_it_is_tagged_and_has_a_title_and_a_language(maker: TypstCertificateMaker) -> None:
    reader = opened(maker.certificate(FACTS))
    root = catalog(reader)

    assert root["/Lang"] == "en"
    assert root["/MarkInfo"]["/Marked"]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert reader.metadata is not None
    assert reader.metadata.title == "Certificate – Data Analysis with Python – Amal Haddad"
    assert reader.metadata.author == "Example Polytechnic"
    assert {"/H1", "/H2", "/P", "/Figure", "/Link", "/L"} <= element_kinds(root["/StructTreeRoot"]["/K"])
    described = reader.xmp_metadata.stream.get_data() if reader.xmp_metadata else b""
    for standard in (b"<pdfaid:part>3", b"<pdfaid:conformance>A", b"<pdfuaid:part>1"):
        assert standard in described


def test_it_carries_credential_and_receipt_byte_for_byte(maker: TypstCertificateMaker) -> None:
    reader = opened(maker.certificate(FACTS))

    assert dict(reader.attachments) == {"credential.json": [CREDENTIAL], "receipt.json": [RECEIPT]}
    files = [item.get_object() for item in catalog(reader)["/AF"]]
    assert [(item["/UF"], item["/AFRelationship"], item["/EF"]["/F"]["/Subtype"]) for item in files] == [
        ("credential.json", "/Source", "/application/vc"),
        ("receipt.json", "/Supplement", "/application/vnd.credroot.receipt+json"),
    ]


def test_without_a_receipt_it_carries_the_credential_alone(maker: TypstCertificateMaker) -> None:
    content = '{"name":"李伟 \U0001f600 \\" #{}"}\r\n'.encode()

    made = maker.certificate(certificate(attachments=Attachments(credential=content, receipt=None)))

    assert dict(opened(made).attachments) == {"credential.json": [content]}


def test_what_is_no_text_is_not_attached(maker: TypstCertificateMaker) -> None:
    with pytest.raises(Malformed) as caught:
        maker.certificate(certificate(attachments=Attachments(credential=b"\xff", receipt=None)))

    assert caught.value.code == "json-not-utf8"


def test_the_same_facts_make_the_same_bytes(maker: TypstCertificateMaker) -> None:
    first = maker.certificate(FACTS)

    assert TypstCertificateMaker(typesetter()).certificate(FACTS) == first
    assert maker.certificate(certificate(awarded=None)) != first
    reader = opened(first)
    assert reader.metadata is not None
    assert reader.metadata.creation_date_raw == "D:20260528000000Z"


@pytest.mark.parametrize("name", PEOPLE)
def test_every_name_of_the_demonstration_is_in_the_title_and_in_the_text(
    maker: TypstCertificateMaker, name: str
) -> None:
    reader = opened(maker.certificate(brief(holder=name)))

    assert reader.metadata is not None
    assert (reader.metadata.title or "").endswith(f"– {name}")
    text = reader.pages[0].extract_text()
    if is_shaped(name):
        assert set(name) <= set(text)
    else:
        assert name in text


def is_shaped(name: str) -> bool:
    return any(unicodedata.name(letter).startswith(SHAPED) for letter in name)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_printed_and_never_obeyed(maker: TypstCertificateMaker, name: str) -> None:
    facts = certificate(
        holder=name,
        badge=badge(name=name, description=name, issuer_name=name),
        criteria=(name,),
        skills=(Skill(name=name, framework=name),),
        sharing=replace(FACTS.sharing, code=name),
    )

    content = maker.certificate(facts)

    assert flat(text_of(content)).count(flat(name)) >= 7
    assert dict(opened(content).attachments) == {"credential.json": [CREDENTIAL], "receipt.json": [RECEIPT]}


@pytest.mark.parametrize("word", ["a", "word ", "李", *JOINED])
def test_four_thousand_characters_are_cut_and_fit(maker: TypstCertificateMaker, word: str) -> None:
    name = shorten(word * 4_000, 500)

    reader = opened(maker.certificate(brief(holder=name, badge=badge(name=shorten(word * 4_000, 160)))))

    assert 1 <= len(reader.pages) <= 2
    if word not in JOINED:
        assert flat(name) in flat("".join(page.extract_text() for page in reader.pages))


@pytest.mark.parametrize("language", ["es", "fr", "ar", "zh", "pt-BR"])
def test_its_words_are_of_the_holder_s_language(maker: TypstCertificateMaker, language: str) -> None:
    words = words_of(language)

    reader = opened(maker.certificate(brief(language=language)))

    assert catalog(reader)["/Lang"] == words.language
    assert reader.metadata is not None
    assert (reader.metadata.title or "").startswith(words.certificate)
    assert catalog(reader)["/ViewerPreferences"]["/Direction"] == ("/R2L" if language == "ar" else "/L2R")
    if language != "ar":
        assert words.awarded_to in reader.pages[0].extract_text()


@pytest.mark.parametrize("status", [None, *StatusWord])
def test_a_bad_standing_is_said_and_a_good_one_never_promised(
    maker: TypstCertificateMaker, status: StatusWord | None
) -> None:
    text = text_of(maker.certificate(brief(status=status)))

    said = [word for word in StatusWord if words_of("en").table()[word.value] in text]
    assert said == ([] if status is None else [status])


def test_what_is_not_shared_has_neither_link_nor_code_and_still_says_how_it_is_checked(
    maker: TypstCertificateMaker,
) -> None:
    alone = replace(FACTS.sharing, share_url=None, code=None)

    text = text_of(maker.certificate(certificate(sharing=alone, results=(), skills=(), criteria=())))

    assert "/c/" not in text
    assert CODE not in text
    assert f"{words_of('en').check_file} https://registry.example/" in text
    assert words_of("en").check_link not in text


def test_nobody_s_name_is_nobody_s_certificate(maker: TypstCertificateMaker) -> None:
    assert "the holder of the attached credential" in text_of(maker.certificate(brief(holder="")))


def test_what_was_left_out_is_said(maker: TypstCertificateMaker) -> None:
    words = words_of("en").shortened

    assert words in text_of(maker.certificate(certificate(is_shortened=True)))
    assert words not in text_of(maker.certificate(FACTS))


def test_a_name_that_no_font_shows_makes_no_certificate(maker: TypstCertificateMaker) -> None:
    with pytest.raises(FontMissing) as caught:
        maker.certificate(certificate(holder="สมชาย"))

    assert caught.value.code == "font-missing"


LETTERS = st.sampled_from(
    "aZ 'ß́ÑẞΩЖابتث١ًשנ李伟。，あカ한ᄀशर्मिசூ௧\u200b\u200d\u200f\u2028\u00ad\ufeff\ufe0f\u3164😀🇩👨#$@*_`\\\"<>[]{}~→ﬁ\ue000ก𠮷"
)


@settings(max_examples=12)
@given(name=st.text(LETTERS, max_size=40), language=st.sampled_from(["en", "ar", "ja", "zh"]))
def test_any_text_is_set_or_refused_by_its_letter(name: str, language: str) -> None:
    shown = shorten(name, 160)
    facts = brief(holder=shown, badge=badge(name=shown, description=shown, language=language))

    try:
        said = text_of(TypstCertificateMaker(typesetter()).certificate(facts))
    except FontMissing as error:
        said = f"{CODE} {error.character}" if error.character in shown else error.message

    assert CODE in said


@pytest.mark.parametrize("holder", ["Amal Haddad", "x" * 500, "word " * 100, "李" * 500])
def test_the_code_on_the_page_reads_as_the_share_link_and_the_margin_stays_free(holder: str) -> None:
    words = words_of("en")
    shown = replace(FACTS, holder=holder, skills=(), results=(), criteria=())
    facts = {
        "badge": show_badge(FACTS.badge),
        "words": words.table(),
        "title": "x",
        "qr": qr_svg(SHARE_URL).decode(),
        "certificate": _show(shown, words),
    }
    compiler = typesetter()._compiler("certificate.typ")
    inputs = {**typesetter()._inputs(facts), "credential": "{}", "receipt": ""}
    page = compiler.compile(format="png", ppi=100, sys_inputs=inputs)

    assert isinstance(page, bytes)
    with Image.open(io.BytesIO(page)) as image:
        grey = image.convert("L")
    (found,) = zxingcpp.read_barcodes(grey)
    assert found.text == SHARE_URL
    margin = grey.crop((grey.width - 80, 0, grey.width, grey.height))
    assert margin.getextrema() == (255, 255)
