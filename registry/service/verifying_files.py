"""Verifying whatever somebody presents: files, pasted text, our own share links; each credential gets its own verdict.

    files -> receipts among them | credentials -> our own links looked up -> judged one by one

Nothing is kept, and no link but our own is followed. A credential that names no log is judged by the profile vc: a badge
of somebody else is not forged because it is not anchored.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from registry.domain.canonical import JsonObject, parse_object
from registry.domain.errors import Malformed
from registry.domain.evidence import Policy, Profile
from registry.domain.one_or_many import objects_of
from registry.domain.presented import read_presented
from registry.domain.presented_files import FileCode, FileKind, FoundCredential
from registry.domain.problem import Problem
from registry.domain.receipt import MAX_RECEIPT_BYTES, RECEIPT_TYPE
from registry.domain.verdict import Verdict
from registry.ports import FileReader, SharedLookup
from registry.service.verifying import VerifyRequest

MAX_FOUND: Final = 200
"""Credentials of one request: a zip of a large intake. Each takes some hundredths of a second."""
MAX_SECONDS: Final = 30.0
"""For reading and judging all of one request. Each credential may name a did:web host that is slow to answer, and two hundred
would hold a thread for half an hour. What was begun is ended: the last one may take longer."""

Judge: TypeAlias = Callable[[VerifyRequest], Verdict]


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentedFile:
    """A file as it was sent."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One credential of what was presented, and what came of it."""

    name: str
    kind: FileKind | None
    """None: what was presented is no credential at all."""
    content: bytes | None
    receipt: bytes | None
    outcome: Verdict | Problem
    shown: bool = True
    """The document may be handed to whoever asked: of a shared one with private evidence only the verdict is."""

    @property
    def verdict(self) -> Verdict | None:
        """The verdict, None where there was nothing to judge."""
        return None if isinstance(self.outcome, Problem) else self.outcome

    @property
    def problem(self) -> Problem | None:
        """Why there was nothing to judge."""
        return self.outcome if isinstance(self.outcome, Problem) else None


def verify_files(
    files: Sequence[PresentedFile],
    *,
    links: Sequence[str],
    reader: FileReader,
    shared: SharedLookup,
    policy: Policy,
    judge: Judge,
    seconds: Callable[[], float],
) -> tuple[Judged, ...]:
    """Judge every credential of some files and links, in their order, as long as there is time.

    `seconds` is a clock that never goes back. Raises Malformed: `nothing-presented`, `too-many-credentials`.
    """
    until = seconds() + MAX_SECONDS

    def in_time() -> bool:
        return seconds() < until

    receipts = [file for file in files if _is_receipt(file.content)]
    others = [file for file in files if file not in receipts]
    found = [*_read_all(reader, others, in_time=in_time), *map(_linked, links)]
    if not found and not receipts:
        raise Malformed("nothing-presented", "expected a file, a text, a link or a code")
    if len(found) > MAX_FOUND:
        raise Malformed("too-many-credentials", f"expected at most {MAX_FOUND} credentials, got {len(found)}")
    return tuple(_judge_all(found, receipts, shared=shared, policy=policy, judge=judge, in_time=in_time))


def profile_of(content: bytes, *, receipt: bytes | None) -> Profile:
    """Return by which rules a credential is judged where nobody said: one that names a log must be in it.

    So must one that comes with a receipt: whoever brings it says that it is.
    """
    if receipt is not None:
        return Profile.CREDROOT
    document = read_presented(content).document
    return Profile.VC if not isinstance(document, Problem) and not _names_log(document) else Profile.CREDROOT


def _judge_all(
    found: Iterable[FoundCredential | Judged],
    receipts: Sequence[PresentedFile],
    *,
    shared: SharedLookup,
    policy: Policy,
    judge: Judge,
    in_time: Callable[[], bool],
) -> Iterator[Judged]:
    items = list(found)
    waiting = {_leaf_of(file.content): file for file in receipts}
    for item in items:
        if isinstance(item, Judged):
            yield item
            continue
        receipt = item.receipt or _receipt_for(item, waiting, alone=len(items) == len(receipts) == 1)
        if item.problem is None and not in_time():
            yield _unreadable(item.name, _too_little_time(), kind=item.kind)
        elif item.link is not None:
            yield _judge_shared(item, item.link, shared=shared, policy=policy, judge=judge)
        else:
            yield _judge(replace(item, receipt=receipt), policy=policy, judge=judge)
    for file in waiting.values():
        yield _unreadable(file.name, Malformed(FileCode.RECEIPT_ALONE, "expected the credential beside its receipt"))


def _judge(item: FoundCredential, *, policy: Policy, judge: Judge) -> Judged:
    if item.content is None:
        problem = item.problem or Malformed(FileCode.FILE_EMPTY, "expected a credential, got nothing")
        return _unreadable(item.name, problem, kind=item.kind)
    chosen = replace(policy, profile=profile_of(item.content, receipt=item.receipt))
    verdict = judge(VerifyRequest(credential=item.content, receipt=item.receipt, policy=chosen, resolve_did=True))
    return Judged(name=item.name, kind=item.kind, content=item.content, receipt=item.receipt, outcome=verdict)


def _judge_shared(item: FoundCredential, link: str, *, shared: SharedLookup, policy: Policy, judge: Judge) -> Judged:
    document = shared(link)
    if document is None:
        # Unknown, hidden and somebody else's are one answer: a page must not tell who shares what.
        message = "expected a share link or short code of this registry: others are not followed"
        return _unreadable(item.name, Malformed("link-not-ours", message), kind=item.kind)
    judged = _judge(replace(item, content=document.content, link=None), policy=policy, judge=judge)
    return replace(judged, shown=document.shown)


def _read_all(
    reader: FileReader, files: Sequence[PresentedFile], *, in_time: Callable[[], bool]
) -> Iterator[FoundCredential | Judged]:
    reading = reader.read_all((file.name, file.content) for file in files)
    for file in files:
        if not in_time():
            yield _unreadable(file.name, _too_little_time())
            continue
        found = next(reading)
        if isinstance(found, Malformed):
            yield _unreadable(file.name, found)
        else:
            yield from found


def _linked(link: str) -> FoundCredential:
    kind = FileKind.LINK if "/" in link else FileKind.CODE
    return FoundCredential(name=link, kind=kind, link=link)


def _unreadable(name: str, error: Malformed, *, kind: FileKind | None = None) -> Judged:
    return Judged(name=name, kind=kind, content=None, receipt=None, outcome=Problem.of(error))


def _too_little_time() -> Malformed:
    return Malformed("too-little-time", "there was time for those before it only: present fewer at a time")


def _is_receipt(content: bytes) -> bool:
    document = _object(content)
    return document is not None and document.get("type") == RECEIPT_TYPE


def _leaf_of(receipt: bytes) -> str:
    return str((_object(receipt) or {}).get("leaf"))


def _receipt_for(item: FoundCredential, waiting: dict[str, PresentedFile], *, alone: bool) -> bytes | None:
    """Take the receipt of a credential; two files alone belong together, so that a wrong receipt is told."""
    if item.content is None or not waiting:
        return None
    leaf = read_presented(item.content).leaf
    key = next(iter(waiting)) if alone else "" if isinstance(leaf, Problem) else leaf.hex()
    file = waiting.pop(key, None)
    return None if file is None else file.content


def _object(content: bytes) -> JsonObject | None:
    if len(content) > MAX_RECEIPT_BYTES or not content.lstrip().startswith(b"{"):
        return None
    try:
        return parse_object(content)
    except Malformed:
        return None


def _names_log(document: JsonObject) -> bool:
    for entry in objects_of(document.get("credentialStatus")):
        url = entry.get("statusListCredential")
        # However badly it is spelt: what means to name a log is held to it.
        if isinstance(url, str) and "eip155:" in url:
            return True
    return False
