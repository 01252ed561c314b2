"""What single cells may hold."""

import unicodedata
from decimal import Decimal

import pyoxigraph
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from registry.domain.claims import check_text
from registry.domain.upload_codes import Code
from registry.domain.upload_values import (
    CellRefused,
    check_characters,
    clean_text,
    is_email,
    normalise_identifier,
    parse_date,
    parse_email,
    parse_language,
    parse_number,
    parse_web_address,
)


@pytest.mark.parametrize(
    ("value", "text", "codes"),
    [
        ("Anna", "Anna", ()),
        ("", "", ()),
        (" Anna\t", "Anna", (Code.WHITESPACE_TRIMMED,)),
        ("\u3000李伟\xa0", "李伟", (Code.WHITESPACE_TRIMMED,)),
        ("An\u200bna\ufeff", "Anna", (Code.INVISIBLE_CHARS_REMOVED,)),
        ("\u202egro\u202c", "gro", (Code.INVISIBLE_CHARS_REMOVED,)),
        ("Zoe\u0308", "Zoë", (Code.TEXT_NORMALISED,)),
        (" \u200b ", "", ()),
        ("می\u200cخواهم", "می\u200cخواهم", ()),
        ("क्\u200dष", "क्\u200dष", ()),
        ("क्\u200d!", "क्!", (Code.INVISIBLE_CHARS_REMOVED,)),
        ("👩\u200d🚀", "👩\u200d🚀", ()),
        ("👩\u200dx", "👩x", (Code.INVISIBLE_CHARS_REMOVED,)),
        ("a\u200db", "ab", (Code.INVISIBLE_CHARS_REMOVED,)),
        ("\u200dب", "ب", (Code.INVISIBLE_CHARS_REMOVED,)),
        ("ب\u200c", "ب", (Code.INVISIBLE_CHARS_REMOVED,)),
    ],
)
def test_text_is_cleaned_of_what_is_not_seen(value: str, text: str, codes: tuple[Code, ...]) -> None:
    assert clean_text(value) == (text, codes)


SNEAKY = st.text(
    alphabet=st.one_of(
        st.characters(codec="utf-8"), st.sampled_from("a ب\u094d\u200b\u200c\u200d\u0308\ufe0f👩\xa0\t\u202e")
    )
)


@given(SNEAKY)
@example("क्\u200d \u200b")
def test_cleaned_text_is_clean(value: str) -> None:
    text, _ = clean_text(value)

    assert clean_text(text) == (text, ())
    assert unicodedata.is_normalized("NFC", text)


@pytest.mark.parametrize("character", [*map(chr, range(0x20)), "\x7f", "\ufffe", "\uffff", chr(0xD800), chr(0xDFFF)])
def test_characters_that_canonicalizers_disagree_on_are_refused(character: str) -> None:
    with pytest.raises(CellRefused) as caught:
        check_characters(f"ab{character}c")

    assert caught.value.code is Code.CHARACTER_REFUSED
    assert f"U+{ord(character):04X} (character 3)" in caught.value.detail


@given(st.text())
def test_text_that_passes_here_may_be_signed(value: str) -> None:
    try:
        check_characters(value)
    except CellRefused:
        return
    assert check_text(value, "value") == value


@pytest.mark.parametrize(
    "value",
    [
        "a@example.org",
        "first.last+tag@sub.example.org",
        "o'brien@example.org",
        "zoë@example.org",
        "李伟@例子.测试",
        "a@xn--fsqu00a.xn--0zwm56d",
        "x" * 64 + "@example.org",
        "a@" + "b" * 63 + ".org",
    ],
)
def test_e_mail_addresses_are_accepted_as_they_stand(value: str) -> None:
    assert parse_email(value) == value


@pytest.mark.parametrize(
    "value",
    [
        "not-an-email",
        "@example.org",
        "a@",
        "a@localhost",
        "a@b@example.org",
        "a b@example.org",
        ".a@example.org",
        "a.@example.org",
        "a..b@example.org",
        '"a b"@example.org',
        "Anna <a@example.org>",
        "a@example.org,b@example.org",
        "a@-example.org",
        "a@example-.org",
        "a@example..org",
        "a@example.org.",
        "a@exam_ple.org",
        "a@[192.0.2.1]",
        "a@192.0.2.1",
        "a\u00a0b@example.org",
        "😀@example.org",
        "x" * 65 + "@example.org",
        "é" * 33 + "@example.org",
        "a@" + "b" * 64 + ".org",
        "a@" + ".".join(["b" * 60] * 5),
        "\ud800@example.org",
    ],
)
def test_what_is_no_e_mail_address_is_refused(value: str) -> None:
    with pytest.raises(CellRefused) as caught:
        parse_email(value)

    assert caught.value.code is Code.EMAIL_INVALID


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Amal@Example.ORG", "amal@example.org"),
        (" zoe\u0308@example.org", "ZOË@example.org"),
        ("strasse@example.org", "STRAßE@example.org"),
        ("Zoe\u0308-1 ", "Zoë-1"),
    ],
)
def test_spellings_of_one_recipient_are_equal_when_normalised(one: str, other: str) -> None:
    assert normalise_identifier(one) == normalise_identifier(other)


def test_identifiers_that_are_no_addresses_keep_their_case() -> None:
    assert normalise_identifier("S-1a") != normalise_identifier("S-1A")


@given(st.one_of(SNEAKY, st.emails()))
def test_a_normalised_identifier_stays_as_it_is(value: str) -> None:
    normal = normalise_identifier(value)

    assert normalise_identifier(normal) == normal


@given(st.emails(domains=st.just("example.org")))
def test_addresses_of_ordinary_form_are_e_mail_addresses(value: str) -> None:
    assert is_email(value)


@given(st.dates(min_value=parse_date("1900-01-01")))
def test_a_date_is_read_back(day: object) -> None:
    assert parse_date(str(day)) == day


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("29/05/2026", Code.DATE_FORMAT),
        ("2026-5-9", Code.DATE_FORMAT),
        ("20260529", Code.DATE_FORMAT),
        ("2026-W22-5", Code.DATE_FORMAT),
        ("2026-05-29T00:00:00Z", Code.DATE_FORMAT),
        ("２０２６-05-29", Code.DATE_FORMAT),
        ("٢٠٢٦-٠٥-٢٩", Code.DATE_FORMAT),
        ("2026-05-29\n", Code.DATE_FORMAT),
        ("2026-02-30", Code.DATE_INVALID),
        ("0000-01-01", Code.DATE_INVALID),
        ("1899-12-31", Code.DATE_INVALID),
    ],
)
def test_other_dates_are_refused(value: str, code: Code) -> None:
    with pytest.raises(CellRefused) as caught:
        parse_date(value)

    assert caught.value.code is code


@pytest.mark.parametrize(("value", "number"), [("0", "0"), ("87.5", "87.5"), ("-3", "-3"), ("9" * 15, "9" * 15)])
def test_plain_numbers_are_read(value: str, number: str) -> None:
    assert parse_number(value) == Decimal(number)


@pytest.mark.parametrize(
    "value", ["", "85,5", "85%", "1e3", "+5", ".5", "5.", "NaN", "1_000", "٥", "0x1", "9" * 16, "1 000"]
)
def test_other_numbers_are_refused(value: str) -> None:
    with pytest.raises(CellRefused) as caught:
        parse_number(value)

    assert caught.value.code is Code.NUMBER_FORMAT


@pytest.mark.parametrize(
    "value",
    [
        "https://example.org",
        "http://example.org:8080/a?b=c#d",
        "HTTPS://example.org/é/%C3%A9",
        "https://[2001:db8::1]/",
    ],
)
def test_web_addresses_are_accepted_as_they_stand(value: str) -> None:
    assert parse_web_address(value) == value


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("javascript:alert(1)", Code.URL_SCHEME),
        ("example.org/a", Code.URL_SCHEME),
        ("//example.org/a", Code.URL_SCHEME),
        ("ftp://example.org", Code.URL_SCHEME),
        ("https:example.org", Code.URL_SCHEME),
        ("urn:uuid:1", Code.URL_SCHEME),
        ("https://", Code.URL_INVALID),
        ("https:///a", Code.URL_INVALID),
        ("https://example.org/a b", Code.URL_INVALID),
        ("https://example.org/<b>", Code.URL_INVALID),
        ('https://example.org/"b"', Code.URL_INVALID),
        ("https://example.org/%zz", Code.URL_INVALID),
        ("https://example.org/\\b", Code.URL_INVALID),
        ("https://user:word@example.org/", Code.URL_INVALID),
        ("https://example.org:99999/", Code.URL_INVALID),
        ("https://example.org:0/", Code.URL_INVALID),
        ("https://[example.org/", Code.URL_INVALID),
        ("https://example.org/\ue000", Code.URL_INVALID),
        ("https://example.org/\ud800", Code.URL_INVALID),
    ],
)
def test_other_web_addresses_are_refused(value: str, code: Code) -> None:
    with pytest.raises(CellRefused) as caught:
        parse_web_address(value)

    assert caught.value.code is code


@given(st.text().map(lambda tail: f"https://example.org/{tail}"))
def test_an_accepted_web_address_is_kept_in_rdf(value: str) -> None:
    try:
        accepted = parse_web_address(value)
    except CellRefused:
        return
    assert pyoxigraph.NamedNode(accepted).value == value


def test_a_known_language_is_found_without_regard_to_case() -> None:
    assert parse_language("PT-br", known=("en", "pt-BR")) == "pt-BR"


@pytest.mark.parametrize("tag", ["zh-Hant-TW", "en", "PT-br", "ar", "es-419"])
def test_every_language_of_iso_639_1_is_accepted_where_none_are_named(tag: str) -> None:
    assert parse_language(tag, known=None) == tag


@pytest.mark.parametrize(
    ("value", "known"), [("xx", ("en",)), ("en", ()), ("english!", None), ("e", None), ("xx", None), ("xx-US", None)]
)
def test_other_languages_are_refused(value: str, known: tuple[str, ...] | None) -> None:
    with pytest.raises(CellRefused) as caught:
        parse_language(value, known=known)

    assert caught.value.code is Code.LOCALE_UNKNOWN
