"""JSON-LD contexts: taken from installed packages, admitted by pinned SHA-256, never fetched.

The bytes stand in the package openbadgeslib, which is located but never imported: its import costs 0.14 s and
its code is not needed (see docs/decisions/0011-contexts-from-openbadgeslib.md). A file with other bytes than
the pinned ones is refused: a context decides what a signature means.
"""

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from registry.domain.canonical import JsonObject, parse_object
from registry.domain.errors import Unavailable
from registry.domain.hashing import sha256
from registry.ports import UnknownContext

CREDENTIALS_V2: Final = "https://www.w3.org/ns/credentials/v2"
OPEN_BADGES: Final = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
OPEN_BADGES_EXTENSIONS: Final = "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json"
DATA_INTEGRITY_V2: Final = "https://w3id.org/security/data-integrity/v2"
MULTIKEY_V1: Final = "https://w3id.org/security/multikey/v1"

_PACKAGE: Final = "openbadgeslib"
_FOLDER: Final = Path("ob3") / "contexts"


@dataclass(frozen=True, slots=True, kw_only=True)
class PinnedContext:
    """One context document: its URL, its file in the package and the bytes admitted."""

    url: str
    file: str
    sha256: str
    """Hex SHA-256 of the file's bytes."""


PINNED: Final = (
    PinnedContext(
        url=CREDENTIALS_V2,
        file="credentials-v2.json",
        sha256="59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734",
    ),
    PinnedContext(
        url=OPEN_BADGES,
        file="ob-v3p0-context-3.0.3.json",
        sha256="3d34f4d4ef1bce691106e63798beb5e7b862ba841423f5ee1e53ab7ddf3bca84",
    ),
    PinnedContext(
        # The package's file differs in white space only from the published one (146f85aa...): the parsed
        # contents are equal, and a test compares them.
        url=OPEN_BADGES_EXTENSIONS,
        file="ob-v3p0-extensions.json",
        sha256="87c06c81bc2317663bf288d740d94fddd2818c4342b186270ff6371dfaa63f93",
    ),
    PinnedContext(
        url=DATA_INTEGRITY_V2,
        file="security-data-integrity-v2.json",
        sha256="67f21e6e33a6c14e5ccfd2fc7865f7474fb71a04af7e94136cb399dfac8ae8f4",
    ),
    PinnedContext(
        url=MULTIKEY_V1,
        file="security-multikey-v1.json",
        sha256="ba2c182de2d92f7e47184bcca8fcf0beaee6d3986c527bf664c195bbc7c58597",
    ),
)


class ContextLibrary:
    """The contexts that this installation knows, by URL."""

    def __init__(self, documents: Mapping[str, JsonObject]) -> None:
        self._documents = dict(documents)

    def get(self, url: str) -> JsonObject:
        """Return the context document of a URL.

        Raises UnknownContext: what its terms mean is not known here, and nothing is fetched to find out.
        """
        document = self._documents.get(url)
        if document is None:
            raise UnknownContext(url)
        return document


def load_contexts(folder: Path | None = None, *, pinned: tuple[PinnedContext, ...] = PINNED) -> ContextLibrary:
    """Read the pinned contexts from the installed package, or from a folder with the same file names.

    Raises Unavailable: `contexts-missing`, or `context-changed` for bytes other than the pinned ones.
    """
    place = _installed_folder() if folder is None else folder
    return ContextLibrary({context.url: _read(place, context) for context in pinned})


def _installed_folder() -> Path:
    # For a top-level name find_spec only locates; it runs none of the package's code.
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise Unavailable(
            "contexts-missing", f"the package {_PACKAGE}, which holds the JSON-LD contexts, is not installed"
        )
    return Path(spec.submodule_search_locations[0]) / _FOLDER


def _read(folder: Path, context: PinnedContext) -> JsonObject:
    try:
        content = (folder / context.file).read_bytes()
    except OSError as error:
        raise Unavailable("contexts-missing", f"cannot read the context {context.url}: {error}") from error
    found = sha256(content).hex()
    if found != context.sha256:
        raise Unavailable("context-changed", f"expected {context.url} with SHA-256 {context.sha256}, got {found}")
    return parse_object(content)
