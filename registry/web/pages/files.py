"""The pages' own files: one stylesheet, small modules, pictures; each address holds the hash of all of them.

Modules import one another by relative address, so one changed file gives all of them new ones: whoever has an old page keeps
what belongs to it, and nothing is ever asked again.
"""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request, Response

from registry.domain.errors import NotFound

FOLDER: Final = Path(__file__).resolve().parent.parent / "static"
MEDIA_TYPES: Final[Mapping[str, str]] = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
}
_TEXTS: Final = (".css", ".js", ".svg")
_FOREVER: Final = "public, max-age=31536000, immutable"

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticFiles:
    """Every file by its name, read once."""

    contents: Mapping[str, bytes]
    packed: Mapping[str, bytes]
    """Those that are text, by gzip: a third of the bytes for whoever is on a telephone."""
    digest: str

    def address(self, name: str) -> str:
        """Return the address of a file. Raises KeyError for a name that does not exist: a mistake in a template."""
        if name not in self.contents:
            raise KeyError(name)
        return f"/static/{self.digest}/{name}"


def read_static_files() -> StaticFiles:
    """Read the folder."""
    contents = {path.name: path.read_bytes() for path in sorted(FOLDER.iterdir()) if path.suffix in MEDIA_TYPES}
    whole = hashlib.sha256()
    for name, content in contents.items():
        whole.update(f"{name} {len(content)}\n".encode() + content)
    packed = {name: gzip.compress(content, mtime=0) for name, content in contents.items() if name.endswith(_TEXTS)}
    return StaticFiles(contents=contents, packed=packed, digest=whole.hexdigest()[:16])


@router.get("/static/{digest}/{name}")
def get_static_file(request: Request, digest: str, name: str) -> Response:
    """Serve a file of the pages."""
    files: StaticFiles = request.app.state.pages.files
    content = files.contents.get(name) if digest == files.digest else None
    packed = files.packed.get(name, b"")
    if content is None:
        raise NotFound("static-file-not-found", "no such file of the pages, or not any more: load the page again")
    headers = {"Cache-Control": _FOREVER, "Vary": "Accept-Encoding"}
    if packed and "gzip" in request.headers.get("Accept-Encoding", ""):
        content, headers["Content-Encoding"] = packed, "gzip"
    return Response(content, media_type=MEDIA_TYPES[Path(name).suffix], headers=headers)
