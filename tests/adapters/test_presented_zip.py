"""Members of zip files: as programs write them, and what a directory may lie about."""

import io
import struct
import zipfile
import zlib

import pytest
from typing_extensions import override

from registry.adapters.presented_files.allowance import Allowance
from registry.adapters.presented_files.zip_members import read_members
from registry.domain.errors import Malformed
from tests.hostile_files import raw_zip
from tests.presented_case import CREDENTIAL, make_zip

PACKED = zlib.compress(CREDENTIAL)[2:-4]


class _Stream(io.BytesIO):
    """Cannot be sought in: sizes are written behind the data."""

    @override
    def seekable(self) -> bool:
        return False


def members(content: bytes) -> list[tuple[str, bytes | str]]:
    """Names with contents, or with the code of why there is none."""
    return [
        (name, member.code if isinstance(member, Malformed) else member)
        for name, member in read_members(content, Allowance())
    ]


def code_of(content: bytes) -> str:
    with pytest.raises(Malformed) as raised:
        members(content)
    return raised.value.code


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_members_come_back_in_their_order(method: int) -> None:
    given = {"b/李伟.json": CREDENTIAL, "a.txt": b"", "c.bin": bytes(range(256)) * 300}

    assert members(make_zip(given, method=method)) == list(given.items())


def test_folders_are_passed_over_and_a_stream_written_without_looking_back_is_read() -> None:
    written = _Stream()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.mkdir("a")
        archive.writestr("a/1.json", CREDENTIAL)
        archive.comment = b"made by hand"

    assert members(written.getvalue()) == [("a/1.json", CREDENTIAL)]


def test_backslashes_are_the_separators_that_windows_means() -> None:
    assert members(make_zip({"a\\b.json": CREDENTIAL})) == [("a/b.json", CREDENTIAL)]
    assert members(make_zip({"a\\..\\b.json": CREDENTIAL})) == [("a/../b.json", "zip-name-unsafe")]


def test_of_two_members_of_one_name_the_first_is_read_and_the_second_is_told() -> None:
    twice = raw_zip((b"a", PACKED, len(CREDENTIAL)), (b"a", PACKED, len(CREDENTIAL)))

    assert [code for _, code in members(twice)] == ["zip-member-malformed", "zip-name-twice"]


def directory_of(content: bytes) -> int:
    return content.index(b"PK\x01\x02")


def put(content: bytes, at: int, form: str, value: int) -> bytes:
    return content[:at] + struct.pack(form, value) + content[at + struct.calcsize(form) :]


GOOD = make_zip({"a.json": CREDENTIAL, "b.json": CREDENTIAL})
END = GOOD.index(b"PK\x05\x06")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (put(put(GOOD, END + 8, "<H", 1), END + 10, "<H", 1), "zip-malformed"),
        (put(put(GOOD, END + 8, "<H", 3), END + 10, "<H", 3), "zip-malformed"),
        (put(GOOD, END + 8, "<H", 1), "zip-malformed"),
        (put(GOOD, END + 4, "<H", 1), "zip-malformed"),
        (put(GOOD, END + 16, "<L", 0xFFFFFFFF), "zip-malformed"),
        (put(GOOD, directory_of(GOOD) + 28, "<H", 2_000), "zip-malformed"),
        (put(GOOD, directory_of(GOOD), "<L", 0), "zip-malformed"),
        (put(GOOD, directory_of(GOOD) + 42, "<L", 1), "zip-overlap"),
        (put(GOOD, directory_of(GOOD) + 20, "<L", 2**31), "zip-overlap"),
        (put(GOOD, GOOD.rindex(b"PK\x01\x02") + 20, "<L", 2**31), "zip-overlap"),
        (GOOD[:END] + b"PK\x05\x06", "zip-malformed"),
        (b"PK\x03\x04", "zip-malformed"),
    ],
)
def test_a_directory_that_does_not_fit_the_file_is_refused(content: bytes, code: str) -> None:
    assert code_of(content) == code


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (put(GOOD, 8, "<H", 0), "zip-member-malformed"),
        (put(GOOD, 6, "<H", 1), "zip-member-malformed"),
        (put(GOOD, 0, "<L", 0), "zip-member-malformed"),
        (put(GOOD, directory_of(GOOD) + 16, "<L", 0), "zip-member-malformed"),
        (put(GOOD, directory_of(GOOD) + 24, "<L", len(CREDENTIAL) + 1), "zip-member-malformed"),
        (put(GOOD, directory_of(GOOD) + 20, "<L", 40), "zip-member-malformed"),
        (raw_zip((b"a", b"\xff\xff", 10), (b"b.json", PACKED, 1)), "zip-member-malformed"),
        (raw_zip((b"a", PACKED[:-1], len(CREDENTIAL)), (b"b.json", b"", 0)), "zip-member-malformed"),
    ],
)
def test_a_member_that_is_not_what_the_directory_says_is_told_and_hides_no_other(content: bytes, code: str) -> None:
    found = members(content)

    assert found[0][1] == code
    assert len(found) == 2
