"""What the use cases need of the outside world: Protocols, with their promises.

Adapters implement them; the domain knows none of them; service and worker know nothing else.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeVar
from uuid import UUID

from registry.domain.badge_facts import BadgeFacts, CertificateFacts
from registry.domain.canonical import JsonObject
from registry.domain.errors import Malformed, Unavailable
from registry.domain.multikey import KeyAlgorithm, PublicKey
from registry.domain.presented_files import FoundCredential
from registry.domain.promise import Promise, PromiseTerms
from registry.domain.upload_text import ByteSource, Records

_ToolsT_co = TypeVar("_ToolsT_co", covariant=True)
_ChunkT = TypeVar("_ChunkT")
_ResultT = TypeVar("_ResultT")


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Return the present moment as aware UTC."""
        ...


class UnknownContext(Unavailable):
    """A JSON-LD context that is not installed: what the document means is not known. Verdicts say `unknown`."""

    def __init__(self, url: str) -> None:
        super().__init__("unknown-context", f"expected a JSON-LD context that is installed here, got {url}")
        self.url = url


class JsonLd(Protocol):
    """Reads JSON-LD documents over contexts that are known beforehand."""

    def canonical_nquads(self, document: JsonObject) -> bytes:
        """Return the RDFC-1.0 canonical N-Quads of a document, in which nothing of it is missing.

        Raises UnknownContext for a context that is not installed; nothing is fetched. Raises Malformed for what
        JSON-LD would drop or change without a word, for a second spelling of a term, and `too-complex` for a
        document whose canonical form would cost too much.
        """
        ...


class Signer(Protocol):
    """One unlocked issuer key."""

    @property
    def public_key(self) -> PublicKey:
        """The public key, which says its algorithm."""
        ...

    def sign(self, data: bytes) -> bytes:
        """Return the signature of the data: 64 bytes of Ed25519, or r and s of ECDSA with the curve's hash."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedKey:
    """A new issuer key as it may be stored."""

    public_key: PublicKey
    encrypted_key: bytes
    """The private key, encrypted; useless without the vault's password."""


class KeyVault(Protocol):
    """Makes issuer keys and unlocks them; the only place where private keys are in the clear."""

    def generate(self, algorithm: KeyAlgorithm = KeyAlgorithm.ED25519) -> SealedKey:
        """Make a new key of Ed25519, P-256 or P-384 and return it encrypted."""
        ...

    def unlock(self, encrypted_key: bytes) -> Signer:
        """Return the signer of an encrypted key, from memory when it was unlocked before.

        Raises Malformed `malformed-key` for other bytes, Unavailable `key-locked` when the password does not fit.
        """
        ...


class PromiseSigner(Protocol):
    """The registry's promise key."""

    @property
    def court(self) -> str:
        """The court contract whose word a promise is under, lower-case hex with 0x."""
        ...

    def sign(self, terms: PromiseTerms) -> Promise:
        """Return the terms, signed. It takes milliseconds, and asks nobody."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedDid:
    """A DID document and where it came from."""

    did: str
    content: bytes
    """The bytes as they were received; for did:key the JCS of the derived document."""
    source: str
    """The URL that answered, or `did:key`."""


class DidResolver(Protocol):
    """Finds DID documents."""

    def resolve(self, did: str) -> ResolvedDid:
        """Return the document of a did:key (derived) or did:web (fetched).

        Raises Malformed for what is no such DID, Unavailable with the reason when no document could be had.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedList:
    """A status list as its URL answered it."""

    content: bytes
    fetched_at: datetime
    """When it was asked for: it knows of nothing later."""


class StatusListFetcher(Protocol):
    """Fetches the status lists that credentials name."""

    def fetch(self, url: str, *, max_age: timedelta) -> FetchedList:
        """Return what a URL answers, or answered `max_age` ago at most, and no longer than its issuer lets it be kept.

        Raises Malformed for what is no URL to be asked, Unavailable with the reason when there is no answer.
        """
        ...


class Spreadsheets(Protocol):
    """Reads and writes spreadsheet files (XLSX)."""

    def read(self, source: ByteSource, *, sheet: str | None, max_bytes: int) -> AbstractContextManager[Records]:
        """Open a sheet of a file, the first one unless it is named; rows are read while they are asked for.

        Cells are text: days as YYYY-MM-DD, whole numbers without a point, what formulas last came to. Empty rows are
        passed over. Memory is bounded, whatever the file holds. Raises FileProblem, also while rows are read.
        """
        ...

    def write(self, rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
        """Yield a file of one sheet in which every cell is text."""
        ...


class FileReader(Protocol):
    """Reads files that strangers present. Safe to share between threads."""

    def read(self, content: bytes, *, name: str) -> tuple[FoundCredential, ...]:
        """Return the credentials in a file, what leads to one, and what cannot be read, in their order; never none.

        What a file is is told by its content; the name is for display. Nothing is fetched, run or written.

        Raises Malformed with a FileCode when the file as a whole cannot be read, or the only thing in it.
        """
        ...

    def read_all(self, files: Iterable[tuple[str, bytes]]) -> Iterator[tuple[FoundCredential, ...] | Malformed]:
        """Yield for each file, a name and a content, what `read` would return or raise.

        Each is read when it is asked for, and all of them together may cost what one may.
        """
        ...


class ChunkExecutor(Protocol[_ToolsT_co]):
    """Does chunks of work: here, over processes of this machine, over a cluster. Safe to share between threads."""

    def map(
        self, function: Callable[[_ToolsT_co, _ChunkT], _ResultT], chunks: Iterable[_ChunkT]
    ) -> Generator[_ResultT, None, None]:
        """Yield what a function makes of each chunk and of the tools where it is run, in the order of the chunks.

        Chunks are taken in the caller's thread and a bounded number ahead of the results, so neither need fit into
        memory. Function, chunks and results can be pickled, and a chunk may be done more than once: a process that
        dies is replaced. Closing the generator gives up what was not begun.

        Raises what the function raises, when it is that chunk's turn; Unavailable `worker-process-ended` when a chunk
        ends every process that does it, `executor-closed` when the executor was closed.
        """
        ...

    def close(self) -> None:
        """End at once whatever runs for it, and wait for that."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A mail to one person, in plain text."""

    id: UUID
    """Its name at every try: who was handed it before can tell."""
    recipient: str
    """An e-mail address."""
    subject: str
    text: str
    language: str
    written_at: datetime


class Outbox(Protocol):
    """Hands letters over to whoever delivers them."""

    def hand_over(self, letter: Letter) -> None:
        """Return once somebody else is responsible for the letter.

        Raises Refused `mail-refused` when it will never be taken, Unavailable `mail-not-taken` with the reason when another
        try may succeed. When the connection broke at the end, nobody knows whether the letter was taken.
        """
        ...


class Artist(Protocol):
    """Draws badges and codes: the same bytes for the same facts.

    Raises Refused `font-missing` for a text that no font here shows.
    """

    def badge_svg(self, badge: BadgeFacts) -> bytes:
        """Return the badge as SVG: no script, no font, no reference to anything outside it."""
        ...

    def badge_png(self, badge: BadgeFacts, size: int) -> bytes:
        """Return the badge as a square PNG of some pixels. Raises Malformed `picture-size`."""
        ...

    def share_picture(self, badge: BadgeFacts) -> bytes:
        """Return the PNG of 1200 by 630 pixels that other sites show for a link: nothing of the holder is in it."""
        ...

    def qr_svg(self, text: str) -> bytes:
        """Return a QR code as SVG. Raises Malformed `qr-too-long`."""
        ...

    def qr_png(self, text: str) -> bytes:
        """Return a QR code as PNG. Raises Malformed `qr-too-long`."""
        ...


class CertificateMaker(Protocol):
    """Makes certificates."""

    def certificate(self, facts: CertificateFacts) -> bytes:
        """Return a PDF that shows the facts and carries the attachments: the same bytes for the same facts.

        Raises Refused `font-missing` for a text that no font here shows.
        """
        ...


class Baker(Protocol):
    """Puts a credential into a picture (Open Badges 3.0, 5.3)."""

    def bake_png(self, picture: bytes, credential: bytes) -> bytes:
        """Return the PNG with the credential in it."""
        ...

    def bake_svg(self, picture: bytes, credential: bytes) -> bytes:
        """Return the SVG with the credential in it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedDocument:
    """A credential that this registry shares."""

    content: bytes
    shown: bool
    """The document itself may be handed to whoever asks; else only what is said of it."""


class SharedLookup(Protocol):
    """Finds what this registry shares itself."""

    def __call__(self, text: str, /) -> SharedDocument | None:
        """Return the credential behind one of our own share links or short codes, None when there is none.

        Nothing is fetched: a link of somebody else's is none.
        """
        ...
