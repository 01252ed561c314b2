"""Names of shared credentials: written, read as people type them, and refused in every second spelling."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.share_link import (
    CODE_BYTES,
    MAX_TEXT,
    TOKEN_BYTES,
    ShareCode,
    ShareToken,
    parse_code,
    parse_share_name,
    parse_token,
    share_url,
    write_code,
    write_token,
)

URL = "https://registry.example/sub"
TOKEN = ShareToken(text="AAECAwQFBgcICQoLDA0ODw")


@given(st.binary(min_size=TOKEN_BYTES, max_size=TOKEN_BYTES))
def test_a_token_comes_back(random: bytes) -> None:
    token = write_token(random)

    assert parse_token(token.text) == token
    assert parse_share_name(token.text, public_url=URL) == token
    assert parse_share_name(share_url(URL, token), public_url=URL) == token


@given(st.binary(min_size=CODE_BYTES, max_size=CODE_BYTES))
def test_a_code_comes_back_in_every_spelling(random: bytes) -> None:
    code = write_code(random)

    for spelling in (code.text, code.spelled, code.spelled.lower(), code.text.replace("0", "o").replace("1", "l")):
        assert parse_share_name(spelling, public_url=URL) == code


def test_a_code_holds_fifty_bits_of_the_randomness() -> None:
    assert write_code(b"\x00" * CODE_BYTES).text == "0" * 10
    assert write_code(b"\xff" * CODE_BYTES).text == "Z" * 10
    assert len({write_code((1 << place).to_bytes(CODE_BYTES)).text for place in range(50)}) == 50


def test_a_token_is_all_of_its_randomness() -> None:
    assert write_token(bytes(range(TOKEN_BYTES))) == TOKEN


@pytest.mark.parametrize(
    "text",
    [
        "abcde fgh2k",
        "ABCDE–FGH2K",
        " abcde-fgh2k\n",
        "A-B-C-D-E-F-G-H-2-K",
    ],
)
def test_a_code_may_be_typed_with_any_hyphen(text: str) -> None:
    assert parse_code(text) == ShareCode(text="ABCDEFGH2K")


@pytest.mark.parametrize("text", ["", "ABCDE-FGH2", "ABCDE-FGH2KK", "ABCDE-FGH2U", "ABCDE_FGH2K", "a" * (MAX_TEXT + 1)])
def test_what_is_no_code_is_none(text: str) -> None:
    assert parse_code(text) is None


@pytest.mark.parametrize(
    "text",
    [
        TOKEN.text[:-1],
        TOKEN.text + "A",
        # The same bytes in another spelling.
        TOKEN.text[:-1] + "x",
        TOKEN.text[:-1] + "=",
        "https://registry.example/c/" + TOKEN.text,
        "https://elsewhere.example/sub/c/" + TOKEN.text,
        "http://registry.example/sub/c/" + TOKEN.text,
        "https://registry.example/sub/claim/" + TOKEN.text,
        "https://registry.example/sub/c/" + TOKEN.text + "/embed",
        "https://[registry/sub/c/" + TOKEN.text,
        URL + "/c/" + TOKEN.text + "?" + "x" * MAX_TEXT,
    ],
)
def test_what_is_no_name_of_ours_is_none(text: str) -> None:
    assert parse_share_name(text, public_url=URL) is None


@pytest.mark.parametrize(
    "text",
    [
        f" {URL}/c/{TOKEN.text}\n",
        f"HTTPS://Registry.Example/sub/c/{TOKEN.text}",
        f"{URL}/c/{TOKEN.text}?lang=ar#top",
    ],
)
def test_a_link_may_be_pasted_as_browsers_spell_it(text: str) -> None:
    assert parse_share_name(text, public_url=URL) == TOKEN
