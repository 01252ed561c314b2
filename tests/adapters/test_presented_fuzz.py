"""Good files, changed anywhere and anyhow: an error with a code, or the very credential; never another one, never a crash."""

from collections.abc import Callable
from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from registry.adapters.presented_files import open_file_reader
from registry.domain.errors import Malformed
from registry.domain.presented import read_presented
from registry.domain.presented_files import FileCode, FoundCredential
from registry.domain.problem import Problem
from tests.presented_case import CREDENTIAL, good_files, qr_picture

FILES: Final = {
    **good_files(),
    "code.png": qr_picture("https://example.org/c/1"),
    "code.jpg": qr_picture("ABCDE-FGH2K", kind="JPEG"),
}

CHECKED: Final = ("attached.pdf", "baked.png", "one.zip")
"""A checksum stands behind every byte of the credential: it comes out as it was, or not at all."""
LITERAL: Final = ("baked.svg", "credential.json", "stored.pdf")
"""Nothing but the signature protects it: what comes out is at least what stands there."""

WORDS: Final = (
    *(
        b"PK\x01\x02",
        b"PK\x03\x04",
        b"PK\x05\x06",
        b"\x89PNG\r\n\x1a\n",
        b"IEND",
        b"iTXt",
        b"\xff\xda",
        b"\xff\xc2",
        b"%PDF-1.4",
    ),
    *(
        b"]]>",
        b"<![CDATA[",
        b"<!DOCTYPE",
        b"<!ENTITY",
        b"<!--",
        b"<g>",
        b"</svg>",
        b"'",
        b'"',
        b"\r",
        b"\0",
        b"\xff\xff\xff\xff",
    ),
    *(b"<<", b">>", b"[", b"]", b"(", b"endstream", b"/Prev 9", b"/Filter/FlateDecode", b"xref", b"1 0 R", b"99999999"),
    *(b"{", b"}", b",", b"\\ud800", b"1e999"),
)

Change = Callable[[bytes], bytes]


@st.composite
def changes(draw: st.DrawFn) -> Change:
    """One change of bytes, at a place told as a fraction of the file."""
    start, length = draw(st.floats(0, 1)), draw(st.integers(1, 40))
    kind = draw(st.sampled_from(["flip", "put", "insert", "cut", "double", "swap", "end"]))
    piece = draw(st.sampled_from(WORDS) | st.binary(min_size=1, max_size=8))

    def change(content: bytes) -> bytes:
        at = int(start * len(content))
        before, middle, after = content[:at], content[at : at + length], content[at + length :]
        match kind:
            case "flip":
                return before + bytes([(content[at : at + 1] or b"\0")[0] ^ (1 << length % 8)]) + content[at + 1 :]
            case "put":
                return before + piece + content[at + len(piece) :]
            case "insert":
                return before + piece + content[at:]
            case "cut":
                return before + after
            case "double":
                return before + middle * 2 + after
            case "swap":
                return before + middle[::-1] + after
            case _:
                return before

    return change


def read(content: bytes) -> tuple[FoundCredential, ...]:
    """Read a file; one that cannot be read holds nothing, and has a documented code."""
    problem: Malformed | None = None
    found: tuple[FoundCredential, ...] = ()
    try:
        found = open_file_reader().read(content, name="file")
    except Malformed as error:
        problem = error
    assert (problem is None) == bool(found)
    assert problem is None or (problem.code in set(FileCode) and problem.message.isprintable())
    for item in found:
        assert [item.content, item.link, item.problem].count(None) == 2
    return found


@pytest.mark.parametrize("name", sorted(FILES))
@given(several=st.lists(changes(), min_size=1, max_size=3))
def test_a_changed_file_gives_the_very_credential_or_an_error(name: str, several: list[Change]) -> None:
    content = FILES[name]
    for change in several:
        content = change(content)

    contents = {item.content for item in read(content) if item.content is not None}

    if name in CHECKED:
        # A file whose first byte became a brace is a text now, and the verdict's to refuse.
        assert contents <= {CREDENTIAL, content.strip()}
        assert all(isinstance(read_presented(found).document, Problem) for found in contents - {CREDENTIAL})
    if name in LITERAL:
        # An XML reader ends its lines with \n alone.
        flat = content.replace(b"\r", b"").replace(b"\n", b"")
        assert all(found.replace(b"\r", b"").replace(b"\n", b"") in flat for found in contents)


@pytest.mark.parametrize("name", ["attached.pdf", "baked.png", "baked.svg", "code.png", "one.zip", "stored.pdf"])
def test_a_file_that_ends_too_soon_is_an_error_wherever_it_ends(name: str) -> None:
    whole = FILES[name].rstrip()

    assert [end for end in range(len(whole) - 1) if read(whole[:end])] == []


@pytest.mark.parametrize("name", ["code.jpg", "credential.json"])
def test_a_text_or_a_photograph_that_ends_too_soon_never_brings_the_reader_down(name: str) -> None:
    whole = FILES[name]

    for end in range(0, len(whole), 7):
        assert {item.content for item in read(whole[:end])} <= {whole[:end].strip(), None}


@given(
    st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"%PDF-1.7\n", b"PK\x03\x04", b"<svg", b"\xff\xd8\xff", b"{"]),
    st.binary(max_size=300),
)
@example(b"%PDF-1.7\n", b"startxref\n0\n%%EOF")
@example(b"%PDF-1.7\n", b"startxref\n9\n%%EOF")
def test_bytes_of_no_file_never_bring_the_reader_down(begin: bytes, rest: bytes) -> None:
    read(begin + rest)
