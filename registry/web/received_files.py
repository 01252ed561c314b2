"""What a visitor sends to be verified, received in memory alone: nothing of it ever touches a disk.

The body limit comes first (`limits.MAX_PRESENTED_BYTES`); files below it stay in memory whole, and are gone when the answer is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from registry.domain.errors import Malformed
from registry.service.verifying_files import PresentedFile
from registry.web.limits import MAX_PRESENTED_BYTES

MAX_FILES: Final = 20
"""Chosen by hand in one form; whoever has more sends a zip."""
MAX_FIELDS: Final = 10
MAX_TEXT: Final = 2_097_152
"""Of a pasted text: a document may have a megabyte, and come with white space."""
MAX_NAME: Final = 200
PASTED: Final = "pasted text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A form that was sent."""

    files: tuple[PresentedFile, ...]
    """Files and the pasted text, those left empty left out."""
    links: tuple[str, ...]


class _InMemory(MultiPartParser):
    """Keeps every part in memory: the library's own would write what is over a megabyte to disk."""

    spool_max_size = MAX_PRESENTED_BYTES + 1


async def receive_form(request: Request) -> Received:
    """Read a form of files (`file`), pasted texts (`text`) and links or short codes (`link`).

    Raises Malformed `malformed-form`.
    """
    if not _is_form(request):
        # The parser takes any type that has a boundary, and a charset that the body limit refuses of forms alone.
        raise Malformed("malformed-form", "expected multipart/form-data")
    parser = _InMemory(
        request.headers, request.stream(), max_files=MAX_FILES, max_fields=MAX_FIELDS, max_part_size=MAX_TEXT
    )
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError, ValueError) as error:
        raise Malformed("malformed-form", "expected multipart/form-data with a few files and short texts") from error
    parts = [part for part in form.getlist("file") if isinstance(part, UploadFile)]
    files = [PresentedFile(name=file_name(part.filename), content=await part.read()) for part in parts]
    await form.close()
    pasted = [PresentedFile(name=PASTED, content=text.encode()) for text in _texts(form.getlist("text"))]
    return Received(
        files=tuple(file for file in (*files, *pasted) if file.content.strip()),
        links=tuple(_texts(form.getlist("link"))),
    )


async def receive_body(request: Request, *, name: str | None) -> Received:
    """Read a form, or a body that is one file. Raises Malformed as `receive_form`."""
    if _is_form(request):
        return await receive_form(request)
    content = await request.body()
    files = (PresentedFile(name=file_name(name), content=content),) if content.strip() else ()
    return Received(files=files, links=())


def _is_form(request: Request) -> bool:
    return request.headers.get("Content-Type", "").lower().startswith("multipart/form-data")


def file_name(name: str | None) -> str:
    """Return what a file is called, without what would confuse a reader."""
    printable = "".join(sign for sign in name or "" if sign.isprintable())
    return printable[:MAX_NAME] or "file"


def _texts(values: Sequence[str | UploadFile]) -> list[str]:
    # Lone surrogates come from bytes that are no text.
    texts = [value.strip() for value in values if isinstance(value, str)]
    return [text.encode("utf-8", errors="replace").decode() for text in texts if text]
