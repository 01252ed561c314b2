"""The members of a zip file (APPNOTE 6.3 sections 4.3 to 4.5), read in memory; nothing is ever written to a disk.

    [local header, data]* | [central entry]* | end        the first byte to the last, nothing between that is not told

Stored and deflated members only. What the central directory says is held against each local header; two members never
share bytes; a member is inflated to the size it announces and not a byte further. A member that cannot be read does not
hide the others.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from registry.adapters.presented_files.allowance import Allowance
from registry.domain.errors import Malformed
from registry.domain.presented_files import MAX_FILE_BYTES, FileCode

LOCAL_SIGNATURE: Final = b"PK\x03\x04"
END_SIGNATURE: Final = b"PK\x05\x06"
MAX_MEMBERS: Final = 1_000
"""A cohort; whoever has more of them calls the API."""
MAX_TOTAL_BYTES: Final = 67_108_864
"""Of all members inflated: four times the largest file. Certificates as PDF shrink by a third, as JSON to a fifth."""
MAX_RATIO: Final = 100
"""Of a member's size to what it takes up. A credential shrinks five-fold; a bomb a thousandfold."""
_RATIO_SLACK_BYTES: Final = 16_384
"""Small members of one repeated line may shrink by more, and do no harm."""

_CENTRAL: Final = struct.Struct("<4s6H3L5H2L")
_LOCAL: Final = struct.Struct("<4s5H3L2H")
_END: Final = struct.Struct("<4s4H2LH")
_CENTRAL_SIGNATURE: Final = b"PK\x01\x02"
_MAX_COMMENT: Final = 65_535
_MAX_NAME: Final = 1_024
_ENCRYPTED: Final = 0x2041
"""Bits 0, 6 and 13: encrypted, strongly, or with its directory."""
_UTF_8: Final = 0x0800
_STORED, _DEFLATED = 0, 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ZipMember:
    """One member, not yet inflated."""

    name: str
    flags: int
    method: int
    checksum: int
    packed_size: int
    size: int
    offset: int
    """Of its local header."""
    raw_name: bytes


def read_members(content: bytes, allowance: Allowance) -> Iterator[tuple[str, bytes | Malformed]]:
    """Yield name and content of each member that is a file, in their order, or why it cannot be read.

    Raises Malformed for a file whose members cannot be told.
    """
    members, directory = _directory(content)
    _check_places(members, directory)
    seen: set[str] = set()
    for member in members:
        if member.name.endswith("/") and not member.size:
            continue
        try:
            _check_name(member.name, seen)
            yield member.name, _read(content, member, allowance)
        except Malformed as error:
            yield member.name, error
        seen.add(member.name)


def _directory(content: bytes) -> tuple[list[ZipMember], int]:
    """Return the members as the directory tells them, and where it begins."""
    end = content.rfind(END_SIGNATURE, max(0, len(content) - _END.size - _MAX_COMMENT))
    if end < 0 or end + _END.size > len(content):
        raise _malformed("expected the end of a zip file")
    _, disk, first_disk, here, count, size, start, comment = _END.unpack_from(content, end)
    if disk or first_disk or here != count or start + size != end or end + _END.size + comment != len(content):
        raise _malformed("expected one zip file on one disk, and nothing before or after it")
    if count > MAX_MEMBERS:
        raise Malformed(FileCode.ZIP_TOO_MANY_MEMBERS, f"expected at most {MAX_MEMBERS} members, got {count}")
    members, position = [], start
    for _ in range(count):
        member, position = _entry(content, position, end)
        members.append(member)
    if position != end:
        raise _malformed("expected as many members as are announced")
    if sum(member.size for member in members) > MAX_TOTAL_BYTES:
        raise Malformed(FileCode.ZIP_TOO_LARGE, f"expected members of at most {MAX_TOTAL_BYTES} bytes in all")
    return members, start


def _entry(content: bytes, position: int, end: int) -> tuple[ZipMember, int]:
    if position + _CENTRAL.size > end:
        raise _malformed("expected another member in the directory")
    fields = _CENTRAL.unpack_from(content, position)
    signature, _, _, flags, method, _, _, checksum, packed, size, name_length, extra, comment, *_, offset = fields
    name_start = position + _CENTRAL.size
    following = name_start + name_length + extra + comment
    if signature != _CENTRAL_SIGNATURE or following > end or name_length > _MAX_NAME:
        raise _malformed("expected a member in the directory")
    raw = content[name_start : name_start + name_length]
    return ZipMember(
        # Windows' own zips have backslashes: the same places.
        name=raw.decode("utf-8" if flags & _UTF_8 else "cp437", errors="replace").replace("\\", "/"),
        flags=flags,
        method=method,
        checksum=checksum,
        packed_size=packed,
        size=size,
        offset=offset,
        raw_name=raw,
    ), following


def _check_places(members: list[ZipMember], directory: int) -> None:
    """Check that no two members share a byte: a few megabytes could be a million of them, and readers would differ."""
    position = 0
    for member in sorted(members, key=lambda member: member.offset):
        if member.offset < position:
            raise Malformed(FileCode.ZIP_OVERLAP, "expected members that share nothing")
        position = member.offset + _LOCAL.size + len(member.raw_name) + member.packed_size
    if position > directory or (members and min(member.offset for member in members)):
        raise Malformed(FileCode.ZIP_OVERLAP, "expected members between the beginning of the file and its directory")


def _check_name(name: str, seen: set[str]) -> None:
    parts = name.split("/")
    # Nothing is written to such a place, but whoever unpacks the file would: it is not one to be passed on.
    if name.startswith("/") or ".." in parts or ":" in parts[0] or not name.isprintable() or not name:
        raise Malformed(FileCode.ZIP_NAME_UNSAFE, "expected a name that stays inside the zip file")
    if name in seen:
        raise Malformed(FileCode.ZIP_NAME_TWICE, "expected each name once: the first was read")


def _read(content: bytes, member: ZipMember, allowance: Allowance) -> bytes:
    if member.flags & _ENCRYPTED:
        raise Malformed(FileCode.ZIP_MEMBER_ENCRYPTED, "expected a member without a password")
    if member.method not in {_STORED, _DEFLATED}:
        raise Malformed(FileCode.ZIP_METHOD_UNSUPPORTED, f"expected a member stored or deflated, got {member.method}")
    if member.size > MAX_FILE_BYTES:
        raise Malformed(FileCode.ZIP_MEMBER_TOO_LARGE, f"expected a member of at most {MAX_FILE_BYTES} bytes")
    if member.size > MAX_RATIO * member.packed_size + _RATIO_SLACK_BYTES:
        raise Malformed(FileCode.ZIP_BOMB, f"expected a member that is at most {MAX_RATIO} times what it takes up")
    data = memoryview(content)[_data_start(content, member) :][: member.packed_size]
    allowance.inflate(member.size)
    inflated = _inflate(data, member) if member.method == _DEFLATED else bytes(data)
    if len(inflated) != member.size or zlib.crc32(inflated) != member.checksum:
        raise _member_malformed("expected the size and the checksum that are announced")
    return inflated


def _data_start(content: bytes, member: ZipMember) -> int:
    signature, _, flags, method, _, _, _, _, _, name_length, extra = _LOCAL.unpack_from(content, member.offset)
    name_start = member.offset + _LOCAL.size
    same = (
        signature == LOCAL_SIGNATURE
        and method == member.method
        and not flags & _ENCRYPTED
        and content[name_start : name_start + name_length] == member.raw_name
    )
    if not same:
        raise _member_malformed("expected the header that the directory tells of")
    return name_start + int(name_length) + int(extra)


def _inflate(data: memoryview, member: ZipMember) -> bytes:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        inflated = inflater.decompress(data, member.size + 1)
    except zlib.error as error:
        raise _member_malformed("expected data that zlib can read") from error
    if len(inflated) == member.size and not inflater.eof:
        raise _member_malformed("expected the whole of the member")
    return inflated


def _malformed(message: str) -> Malformed:
    return Malformed(FileCode.ZIP_MALFORMED, message)


def _member_malformed(message: str) -> Malformed:
    return Malformed(FileCode.ZIP_MEMBER_MALFORMED, message)
