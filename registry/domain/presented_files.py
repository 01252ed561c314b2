"""What is found in a file that somebody presents: credentials, links to credentials, and what could not be read.

Whatever a file is, it is told by its content, never by its name. Nothing is judged here: a document is found, and the
verdict says what it is worth. A link or a short code is not followed: whoever asked looks it up.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from registry.domain.errors import Malformed

MAX_FILE_BYTES: Final = 16_777_216
"""A photograph by a telephone has five megabytes, a certificate as PDF one, a zip of a cohort's certificates fifteen."""


class FileKind(StrEnum):
    """What a credential was found in; in a zip, the kind of its member."""

    JSON = "json"
    TOKEN = "token"  # noqa: S105  # a kind of file, no secret
    PNG = "png"
    SVG = "svg"
    PDF = "pdf"
    QR = "qr"
    LINK = "link"
    CODE = "code"
    OTHER = "other"
    """A member of a zip that is none of these; it always has a problem."""


class FileCode(StrEnum):
    """Why a file, or a part of it, cannot be read. Stable: programs compare them. Told in docs/files.md."""

    FILE_TOO_LARGE = "file-too-large"
    FILE_EMPTY = "file-empty"
    FILE_NOT_RECOGNISED = "file-not-recognised"
    TEXT_TOO_LARGE = "text-too-large"
    TOO_MANY_VALUES = "json-too-many-values"
    BUNDLE_MALFORMED = "bundle-malformed"
    RECEIPT_ALONE = "receipt-alone"
    PRESENTATION_MALFORMED = "presentation-malformed"
    PRESENTATION_EMPTY = "presentation-empty"
    PRESENTATION_ENVELOPED = "presentation-enveloped"
    CREDENTIAL_UNREADABLE = "credential-unreadable"
    OPEN_BADGES_2 = "open-badges-2"
    TOO_COMPLEX = "file-too-complex"

    PNG_MALFORMED = "png-malformed"
    PNG_TRUNCATED = "png-truncated"
    PNG_CHECKSUM = "png-checksum"
    PNG_TOO_MANY_CHUNKS = "png-too-many-chunks"
    PNG_TRAILING_BYTES = "png-trailing-bytes"
    PNG_TEXT_MALFORMED = "png-text-malformed"
    PNG_TEXT_TOO_LARGE = "png-text-too-large"
    PNG_CREDENTIAL_TWICE = "png-credential-twice"
    PNG_CREDENTIAL_MISPLACED = "png-credential-misplaced"
    PNG_WITHOUT_CREDENTIAL = "png-without-credential"
    PNG_ALREADY_BAKED = "png-already-baked"

    SVG_TOO_LARGE = "svg-too-large"
    SVG_MALFORMED = "svg-malformed"
    SVG_ENTITIES = "svg-entities"
    SVG_TOO_COMPLEX = "svg-too-complex"
    SVG_CREDENTIAL_TWICE = "svg-credential-twice"
    SVG_WITHOUT_CREDENTIAL = "svg-without-credential"
    SVG_ALREADY_BAKED = "svg-already-baked"
    SVG_ACTIVE_CONTENT = "svg-active-content"
    SVG_PREFIX_TAKEN = "svg-prefix-taken"

    PDF_MALFORMED = "pdf-malformed"
    PDF_TRAILING_BYTES = "pdf-trailing-bytes"
    PDF_ENCRYPTED = "pdf-encrypted"
    PDF_TOO_COMPLEX = "pdf-too-complex"
    PDF_FILTER_UNSUPPORTED = "pdf-filter-unsupported"
    PDF_STREAM_TOO_LARGE = "pdf-stream-too-large"
    PDF_TOO_MANY_ATTACHMENTS = "pdf-too-many-attachments"
    PDF_WITHOUT_CREDENTIAL = "pdf-without-credential"

    PICTURE_UNSUPPORTED = "picture-unsupported"
    PICTURE_MALFORMED = "picture-malformed"
    PICTURE_TOO_LARGE = "picture-too-large"
    PICTURE_WITHOUT_CODE = "picture-without-code"

    ZIP_MALFORMED = "zip-malformed"
    ZIP_TOO_MANY_MEMBERS = "zip-too-many-members"
    ZIP_TOO_LARGE = "zip-too-large"
    ZIP_OVERLAP = "zip-overlap"
    ZIP_WITHOUT_CREDENTIAL = "zip-without-credential"
    ZIP_NESTED = "zip-nested"
    ZIP_BOMB = "zip-bomb"
    ZIP_MEMBER_TOO_LARGE = "zip-member-too-large"
    ZIP_MEMBER_ENCRYPTED = "zip-member-encrypted"
    ZIP_MEMBER_MALFORMED = "zip-member-malformed"
    ZIP_METHOD_UNSUPPORTED = "zip-method-unsupported"
    ZIP_NAME_UNSAFE = "zip-name-unsafe"
    ZIP_NAME_TWICE = "zip-name-twice"


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundCredential:
    """One thing found in a file. Exactly one of `content`, `link` and `problem` is there."""

    name: str
    """The file's name, a member's in a zip; for display alone: a stranger chose it."""
    kind: FileKind
    content: bytes | None = None
    """The JSON document as it stood there, or the compact token. It is what begins like one: whether it is
    well-formed is for the verdict to tell."""
    receipt: bytes | None = None
    """The receipt that came with it."""
    link: str | None = None
    """A web address or a short code, still to be looked up."""
    problem: Malformed | None = None
    """Why this one cannot be read."""
