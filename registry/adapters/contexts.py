"""JSON-LD contexts: taken from installed packages, admitted by pinned SHA-256, never fetched.

The bytes stand in the packages openbadgeslib and pyld, which are located but never imported for it: an import costs
0.14 s and runs code that is not needed (see docs/decisions/0011-contexts-from-openbadgeslib.md). A file with other
bytes than the pinned ones is refused: a context decides what a signature means. Two published contexts consist of one
`@vocab` statement and stand in no package: they are written here, and their bytes are held to the published hash.
"""

import importlib.util
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from registry.domain.canonical import JsonObject, parse_object
from registry.domain.errors import Unavailable
from registry.domain.hashing import sha256
from registry.ports import UnknownContext

CREDENTIALS_V1: Final = "https://www.w3.org/2018/credentials/v1"
CREDENTIALS_V2: Final = "https://www.w3.org/ns/credentials/v2"
EXAMPLES_V2: Final = "https://www.w3.org/ns/credentials/examples/v2"
UNDEFINED_TERMS_V2: Final = "https://www.w3.org/ns/credentials/undefined-terms/v2"
OPEN_BADGES: Final = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
OPEN_BADGES_EXTENSIONS: Final = "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json"
DATA_INTEGRITY_V2: Final = "https://w3id.org/security/data-integrity/v2"
MULTIKEY_V1: Final = "https://w3id.org/security/multikey/v1"
ED25519_2020_V1: Final = "https://w3id.org/security/suites/ed25519-2020/v1"

_BADGES: Final = "openbadgeslib"
_BADGES_FOLDER: Final = "ob3/contexts"
_PYLD: Final = "pyld"
_PYLD_FOLDER: Final = "documentloader/frozen/bundled"


@dataclass(frozen=True, slots=True, kw_only=True)
class PinnedContext:
    """One context document: its URL, its file in a package and the bytes admitted."""

    url: str
    file: str
    sha256: str
    """Hex SHA-256 of the file's bytes."""
    package: str = _BADGES
    folder: str = _BADGES_FOLDER
    """Where in the package the file stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VocabularyContext:
    """A context that only says under which IRI terms stand that it does not list."""

    url: str
    vocabulary: str
    sha256: str
    """Hex SHA-256 of the published bytes."""

    def content(self) -> bytes:
        """Write the document as it is published."""
        return (json.dumps({"@context": {"@vocab": self.vocabulary}}, indent=2) + "\n").encode()


def _bundled(url: str, file: str, digest: str) -> PinnedContext:
    return PinnedContext(url=url, file=file, sha256=digest, package=_PYLD, folder=_PYLD_FOLDER)


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
    # What other issuers use: Open Badges of earlier versions and transcripts made of badges.
    PinnedContext(
        url="https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.2.json",
        file="ob-v3p0-context-3.0.2.json",
        sha256="00666ad080ba407687ed1846b7f5e7495f5019042b202a727de47c48a1755c53",
    ),
    PinnedContext(
        # Differs from the published file in white space only, like the two below of PyLD's.
        url="https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.1.json",
        file="ob-v3p0-context-3.0.1.json",
        sha256="5f3d9dd6288ef437ff8286cf95ffbff609c748a66f24a1e9450c45ca64be1571",
    ),
    PinnedContext(
        url="https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json",
        file="clr_context_2.0.1.json",
        sha256="880f1902d4158f2f33ce06af41b90719977cd1ea337a9de2e41edb3ff5e543d6",
    ),
    _bundled(
        CREDENTIALS_V1, "credentials-v1.jsonld", "00d7dd6d3ad8b920e3e550dd3a3d9090bffcac84cdbf943da6924b3e0a5c8bb8"
    ),
    _bundled(
        "https://www.w3.org/ns/did/v1",
        "did-v1.jsonld",
        "62c1054bf404d6dd3a4b26b64f830fd72095f6a26edc4469908c94351352ce5f",
    ),
    # What the URL answers; the file of the same name in the W3C's vc-di-eddsa lists fewer terms. Both canonicalize the
    # W3C's vectors to the same bytes.
    _bundled(
        ED25519_2020_V1,
        "security-ed25519-2020-v1.jsonld",
        "b9e1ab971fd8bf2c7553e0c4a9438e0b9450afde1ea1ca5b2492368b9f549588",
    ),
)

VOCABULARIES: Final = (
    VocabularyContext(
        url=EXAMPLES_V2,
        vocabulary="https://www.w3.org/ns/credentials/examples#",
        sha256="57393fbc69d6efb9b9b5dc9cb6b9880b0944360abfe2eaf459c9e58cf2279d7c",
    ),
    VocabularyContext(
        url=UNDEFINED_TERMS_V2,
        vocabulary="https://www.w3.org/ns/credentials/undefined-term#",
        sha256="82dab514ba44eb18f5d1b0f638c5e140c6a556fbfb5089601bdc0fa5eb8b2581",
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

    def documents(self) -> tuple[JsonObject, ...]:
        """Return every context document."""
        return tuple(self._documents.values())


def load_contexts(folder: Path | None = None, *, pinned: tuple[PinnedContext, ...] = PINNED) -> ContextLibrary:
    """Read the pinned contexts from the installed packages, or from a folder with the same file names.

    Raises Unavailable: `contexts-missing`, or `context-changed` for bytes other than the pinned ones.
    """
    documents = {context.url: _read(context, _installed(context) if folder is None else folder) for context in pinned}
    written = {context.url: _admit(context.content(), context.url, context.sha256) for context in VOCABULARIES}
    return ContextLibrary({**documents, **written})


def _installed(context: PinnedContext) -> Path:
    # For a top-level name find_spec only locates; it runs none of the package's code.
    spec = importlib.util.find_spec(context.package)
    if spec is None or not spec.submodule_search_locations:
        raise Unavailable(
            "contexts-missing", f"the package {context.package}, which holds JSON-LD contexts, is not installed"
        )
    return Path(spec.submodule_search_locations[0]) / context.folder


def _read(context: PinnedContext, folder: Path) -> JsonObject:
    try:
        content = (folder / context.file).read_bytes()
    except OSError as error:
        raise Unavailable("contexts-missing", f"cannot read the context {context.url}: {error}") from error
    return _admit(content, context.url, context.sha256)


def _admit(content: bytes, url: str, digest: str) -> JsonObject:
    found = sha256(content).hex()
    if found != digest:
        raise Unavailable("context-changed", f"expected {url} with SHA-256 {digest}, got {found}")
    return parse_object(content)
