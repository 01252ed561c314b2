"""Baked pictures: what goes in comes out, the rest stays, and a peer reads ours as we read theirs."""

import json
import zlib
from functools import partial

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given
from hypothesis import strategies as st
from openbadgeslib import baking
from openbadgeslib.ob3.verifier import OB3Verifier

from registry.adapters.baking_png import bake_png, extract_png
from registry.adapters.baking_svg import bake_svg, extract_svg
from registry.domain.canonical import JsonValue, canonicalize
from registry.domain.errors import Malformed
from tests.presented_case import CREDENTIAL, PICTURE_SVG, TOKEN, itxt, make_png, png_chunk

SVG = b'<svg xmlns="http://www.w3.org/2000/svg">%b</svg>'
CARRIED = b'<o:credential xmlns:o="https://purl.imsglobal.org/ob/v3p0"%b>%b</o:credential>'

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-1_000, 1_000) | st.text(max_size=20),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(max_size=8), values, max_size=3),
    max_leaves=8,
)


def code_of(error: pytest.ExceptionInfo[Malformed]) -> str:
    return error.value.code


def carrying_svg(text: bytes, attributes: bytes = b"") -> bytes:
    return SVG % (CARRIED % (attributes, text))


@given(st.dictionaries(st.text(max_size=8), JSON_VALUES, max_size=4))
def test_whatever_json_is_baked_comes_out_again(document: dict[str, JsonValue]) -> None:
    credential = canonicalize(document)

    assert extract_png(bake_png(make_png(), credential)) == credential
    from_svg = extract_svg(bake_svg(PICTURE_SVG, credential))
    assert json.loads(from_svg) == document
    if not any(special in credential for special in (b"]]>", "\ufffe".encode(), "\uffff".encode())):
        assert from_svg == credential


@pytest.mark.parametrize("credential", [CREDENTIAL, TOKEN, b'{ "spaced": "\\u00e9" }'])
def test_a_baked_credential_comes_out_byte_for_byte(credential: bytes) -> None:
    assert extract_png(bake_png(make_png(), credential)) == credential
    assert extract_svg(bake_svg(PICTURE_SVG, credential)) == credential


def test_what_xml_cannot_carry_comes_out_as_equal_json() -> None:
    credential = '{"a":"]]>",\r\n"b":"\ufffe\uffff \x7f \u2028"}'.encode()

    assert json.loads(extract_svg(bake_svg(PICTURE_SVG, credential))) == json.loads(credential)


def test_a_png_is_kept_but_for_one_uncompressed_chunk_of_text() -> None:
    picture = make_png((b"tEXt", b"Comment\0hello"))

    baked = bake_png(picture, CREDENTIAL)

    chunk = png_chunk(b"iTXt", b"openbadgecredential\0\0\0\0\0" + CREDENTIAL)
    assert baked == picture[:33] + chunk + picture[33:]


def test_an_svg_is_kept_but_for_a_namespace_and_an_element_directly_after_its_root() -> None:
    baked = bake_svg(PICTURE_SVG, b'{"a":1}')

    element = b'<openbadges:credential><![CDATA[{"a":1}]]></openbadges:credential>'
    namespace = b' xmlns:openbadges="https://purl.imsglobal.org/ob/v3p0"'
    assert baked.replace(namespace, b"", 1).replace(element, b"", 1) == PICTURE_SVG
    assert b"<svg" + namespace in baked
    root = fromstring(baked)
    assert root[0].tag == "{https://purl.imsglobal.org/ob/v3p0}credential"
    assert root[0].text == '{"a":1}'


@pytest.mark.parametrize(
    "picture",
    [
        SVG % b"",
        b"\xef\xbb\xbf" + SVG % b"",
        b'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/svg11.dtd">\n' + SVG % b"",
        b"<?xml version='1.0'?><?keep <svg>?><!-- <svg -->" + SVG % b"<g/>",
        b'<s:svg xmlns:s="http://www.w3.org/2000/svg"\n  viewBox = "0 0 1 1" title=\'a > b\' >\n</s:svg>',
        b'<svg xmlns="http://www.w3.org/2000/svg" xmlns:openbadges="https://purl.imsglobal.org/ob/v3p0"></svg>',
        SVG
        % b"<style>@font-face{src:url('data:font/woff2;base64,AA==')}rect{fill:url(#a)}</style><image href='data:image/png;base64,AA=='/><use href='#a'/>",
    ],
)
def test_pictures_as_programs_write_them_are_baked(picture: bytes) -> None:
    assert extract_svg(bake_svg(picture, CREDENTIAL)) == CREDENTIAL


@pytest.mark.parametrize(
    ("picture", "code"),
    [
        (SVG % b"<script/>", "svg-active-content"),
        (SVG % b"<foreignObject/>", "svg-active-content"),
        (SVG % b"<g onclick='x()'/>", "svg-active-content"),
        (SVG % b"<a href='https://example.org/'/>", "svg-active-content"),
        (SVG % b"<a xmlns:x='http://www.w3.org/1999/xlink' x:href=' JavaScript:x()'/>", "svg-active-content"),
        (SVG % b"<image href='data:image/svg+xml,x'/>", "svg-active-content"),
        (SVG % b"<rect fill='url(https://example.org/x)'/>", "svg-active-content"),
        (SVG % b"<style>@import 'https://example.org/'</style>", "svg-active-content"),
        (SVG % b"<style>a{b:u\\72l(x)}</style>", "svg-active-content"),
        (SVG % b"<set attributeName='href' to='#'/>", "svg-active-content"),
        (SVG % b"<g style=\"background:image-set('https://x' 1x)\"/>", "svg-active-content"),
        (SVG % b"<g style=\"background:cross-fade('https://x', red)\"/>", "svg-active-content"),
        (SVG % b"<style>a{background:src('https://x')}</style>", "svg-active-content"),
        (SVG % b'<style>@im<!-- -->port "https://x"</style>', "svg-active-content"),
        (SVG % b'<style>@im<![CDATA[po]]>&#114;t "https://x"</style>', "svg-active-content"),
        (SVG % b'<style>@im<g>x</g>port "https://x"</style>', "svg-active-content"),
        (SVG % b'<style><style/>@import "https://x"</style>', "svg-active-content"),
        (SVG % b"<animate attributeName='x:href' values='java&#10;script:alert(1)'/>", "svg-active-content"),
        (SVG % b"<set attributeName='x:href' to='#'/>", "svg-active-content"),
        (SVG % b"<g fill='ja&#9;va&#13;script&#10;:alert(1)'/>", "svg-active-content"),
        (b"<?xml-stylesheet href='https://example.org/'?>" + SVG % b"", "svg-active-content"),
        (carrying_svg(b"{}"), "svg-already-baked"),
        (
            b'<svg xmlns="http://www.w3.org/2000/svg" xmlns:openbadges="http://openbadges.org"></svg>',
            "svg-prefix-taken",
        ),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "svg-malformed"),
        (b"<!DOCTYPE svg [<!ATTLIST svg a CDATA 'b'>]>" + SVG % b"", "svg-malformed"),
        (b"<svg></svg>", "svg-malformed"),
        (make_png(), "svg-malformed"),
    ],
)
def test_a_picture_that_runs_or_loads_something_or_is_none_is_not_baked(picture: bytes, code: str) -> None:
    with pytest.raises(Malformed) as raised:
        bake_svg(picture, CREDENTIAL)

    assert code_of(raised) == code


@pytest.mark.parametrize(
    ("picture", "code"),
    [
        (b"GIF89a", "png-malformed"),
        (make_png()[:8] + png_chunk(b"IDAT", b"") + png_chunk(b"IEND", b""), "png-malformed"),
        (make_png()[:-12] + png_chunk(b"IEND", b"x"), "png-malformed"),
        (make_png(itxt(b"{}")), "png-already-baked"),
        (make_png(itxt(b"{}", flags=b"\1\0")), "png-already-baked"),
        (make_png() + b"\0", "png-trailing-bytes"),
        (make_png()[:40], "png-truncated"),
    ],
)
def test_what_is_no_png_or_baked_already_is_not_baked(picture: bytes, code: str) -> None:
    with pytest.raises(Malformed) as raised:
        bake_png(picture, CREDENTIAL)

    assert code_of(raised) == code


@pytest.mark.parametrize(
    "credential", [b"", b"hello", b"[]", b'{"a":1,"a":2}', TOKEN + b" ", b'{"a":"' + b"x" * 2**20 + b'"}']
)
def test_nothing_but_a_credential_is_baked(credential: bytes) -> None:
    for bake, picture in ((bake_png, make_png()), (bake_svg, PICTURE_SVG)):
        with pytest.raises(Malformed) as raised:
            bake(picture, credential)
        assert code_of(raised) == "credential-unreadable"


@pytest.mark.parametrize(
    ("chunk", "code"),
    [
        (itxt(b"{}", flags=b"\2\0"), "png-text-malformed"),
        (itxt(b"{}", flags=b"\0\1"), "png-text-malformed"),
        ((b"iTXt", b"openbadgecredential\0\0\0"), "png-text-malformed"),
        (itxt(b"no zlib", flags=b"\1\0"), "png-text-malformed"),
        (itxt(zlib.compress(CREDENTIAL)[:-6], flags=b"\1\0"), "png-text-malformed"),
        (itxt(zlib.compress(bytes(2**20 + 1)), flags=b"\1\0"), "png-text-too-large"),
        (itxt(b"x" * (2**20 + 1)), "png-text-too-large"),
        ((b"zTXt", b"openbadgecredential\0\0" + zlib.compress(CREDENTIAL)), "png-credential-misplaced"),
        (itxt(b"https://example.org/", keyword=b"openbadges"), "open-badges-2"),
        ((b"zTXt", b"openbadges\0\0x"), "open-badges-2"),
        ((b"tEXt", b"openbadgecredentials\0x"), "png-without-credential"),
    ],
)
def test_a_chunk_that_carries_no_credential_is_told(chunk: tuple[bytes, bytes], code: str) -> None:
    with pytest.raises(Malformed) as raised:
        extract_png(make_png(chunk))

    assert code_of(raised) == code


def test_a_compressed_chunk_with_a_language_is_read_though_none_is_written() -> None:
    chunk = (b"iTXt", b"openbadgecredential\0\1\0en\0badge\0" + zlib.compress(CREDENTIAL))

    assert extract_png(make_png(chunk)) == CREDENTIAL


@pytest.mark.parametrize(
    ("picture", "code"),
    [
        (SVG % b"", "svg-without-credential"),
        (SVG % b"<a:assertion xmlns:a='http://openbadges.org' verify='a.b.c'/>", "open-badges-2"),
        (carrying_svg(b"x" * (2**20 + 1)), "text-too-large"),
        (carrying_svg(b"", b" verify='" + b"x" * (2**20 + 1) + b"'"), "text-too-large"),
    ],
)
def test_an_svg_that_carries_no_credential_is_told(picture: bytes, code: str) -> None:
    with pytest.raises(Malformed) as raised:
        extract_svg(picture)

    assert code_of(raised) == code


def test_a_credential_is_read_wherever_it_stands_in_an_svg() -> None:
    inside = SVG % (b"<g/><defs>" + CARRIED % (b"", b"\n {&quot;a&quot;: &#x31;} ") + b"</defs>")

    assert extract_svg(inside) == b'\n {"a": 1} '
    assert extract_svg(carrying_svg(b" ", b" verify=' a.b.c '")) == b"a.b.c"


def test_a_peer_reads_what_we_bake() -> None:
    png, svg = bake_png(make_png(), CREDENTIAL), bake_svg(PICTURE_SVG, CREDENTIAL)

    assert OB3Verifier.extract_token_from_png(png).encode() == CREDENTIAL
    assert OB3Verifier.extract_token_from_svg(svg).encode() == CREDENTIAL
    assert baking.extract_svg(bake_svg(PICTURE_SVG, TOKEN), element=baking.SVG_ELEMENT_OB3) == TOKEN.decode()


def test_we_read_what_a_peer_bakes() -> None:
    text = CREDENTIAL.decode()
    bake_their_svg = partial(baking.bake_svg, element=baking.SVG_ELEMENT_OB3, namespace=baking.SVG_NS_OB3)

    assert extract_png(baking.bake_png(make_png(), text, "comment", keyword=baking.ITXT_KEYWORD_OB3)) == CREDENTIAL
    assert extract_svg(bake_their_svg(PICTURE_SVG, text, "comment", as_text=True)) == CREDENTIAL
    assert extract_svg(bake_their_svg(PICTURE_SVG, TOKEN.decode())) == TOKEN


def test_a_peers_open_badges_2_are_told_as_such() -> None:
    for extract, picture in (
        (extract_png, baking.bake_png(make_png(), "a.b.c")),
        (extract_svg, baking.bake_svg(PICTURE_SVG, "a.b.c")),
    ):
        with pytest.raises(Malformed) as raised:
            extract(picture)
        assert code_of(raised) == "open-badges-2"
