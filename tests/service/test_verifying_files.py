"""Whatever is presented, each credential of it gets its own verdict: receipts, links, limits and profiles."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from registry.adapters.presented_files import open_file_reader
from registry.domain.canonical import canonicalize
from registry.domain.errors import Malformed
from registry.domain.evidence import Profile
from registry.domain.verdict import Verdict, Word
from registry.ports import SharedDocument
from registry.service.verifying import Verifier, VerifyRequest
from registry.service.verifying_files import (
    MAX_FOUND,
    MAX_SECONDS,
    Judged,
    PresentedFile,
    profile_of,
    verify_files,
)
from tests.epochs import NOW, Issued, World, build_world
from tests.memory_chain import MemoryChain
from tests.presented_case import make_zip
from tests.store_samples import LOG
from tests.verdicts import default_policy, make_verifier

FOREIGN = canonicalize({"@context": ["https://www.w3.org/ns/credentials/v2"], "type": ["VerifiableCredential"]})


@dataclass(slots=True, kw_only=True)
class Desk:
    """A verifier that remembers what it was asked."""

    verifier: Verifier
    asked: list[VerifyRequest] = field(default_factory=list)
    now: float = 1_000.0
    each_takes: float = 0.0
    each_look_takes: float = 0.0
    """How long every look at the clock takes."""

    def judge(self, request: VerifyRequest) -> Verdict:
        self.asked.append(request)
        self.now += self.each_takes
        return self.verifier.verify(request)

    def look(self) -> float:
        self.now += self.each_look_takes
        return self.now

    def verify(
        self, *files: PresentedFile, links: Sequence[str] = (), shared: dict[str, bytes] | None = None
    ) -> tuple[Judged, ...]:
        def lookup(text: str, /) -> SharedDocument | None:
            content = (shared or {}).get(text)
            return None if content is None else SharedDocument(content=content, shown=text.endswith("shown"))

        return verify_files(
            files,
            links=links,
            reader=open_file_reader(),
            shared=lookup,
            policy=default_policy(),
            judge=self.judge,
            seconds=self.look,
        )


@pytest.fixture(scope="module")
def world() -> World:
    chain = MemoryChain(log=LOG.name)
    chain.mine(NOW)
    made = build_world(chain)
    for name in ("Ada", "Ben"):
        made.issue(name)
    return made


@pytest.fixture(scope="module")
def issued(world: World) -> tuple[Issued, ...]:
    found = tuple(world.waiting)
    world.seal()
    return found


@pytest.fixture
def desk(world: World) -> Desk:
    assert isinstance(world.chain, MemoryChain)
    return Desk(verifier=make_verifier(chain=world.chain))


def receipt(world: World, item: Issued) -> PresentedFile:
    return PresentedFile(name="receipt.json", content=canonicalize(world.receipt(item).to_json()))


def document(item: Issued) -> PresentedFile:
    return PresentedFile(name="credential.json", content=item.content)


def test_receipts_find_their_credentials_by_the_leaf(desk: Desk, world: World, issued: tuple[Issued, ...]) -> None:
    one, other = issued

    judged = desk.verify(receipt(world, other), document(one), receipt(world, one), document(other))

    assert [item.content for item in judged] == [one.content, other.content]
    assert [request.receipt for request in desk.asked] == [receipt(world, item).content for item in issued]


def test_two_files_alone_belong_together_so_that_a_wrong_receipt_is_told(
    desk: Desk, world: World, issued: tuple[Issued, ...]
) -> None:
    (judged,) = desk.verify(document(issued[0]), receipt(world, issued[1]))

    assert judged.verdict is not None
    assert judged.verdict.word is Word.INVALID


def test_a_receipt_alone_is_no_credential(desk: Desk, world: World, issued: tuple[Issued, ...]) -> None:
    (judged,) = desk.verify(receipt(world, issued[0]))

    assert judged.verdict is None
    assert judged.problem is not None
    assert judged.problem.code == "receipt-alone"


def test_a_receipt_in_a_zip_goes_with_its_credential(desk: Desk, world: World, issued: tuple[Issued, ...]) -> None:
    content = make_zip({"credential.json": issued[0].content, "receipt.json": receipt(world, issued[0]).content})

    desk.verify(PresentedFile(name="one.zip", content=content))

    assert desk.asked[0].receipt == receipt(world, issued[0]).content


def test_one_unreadable_file_hides_no_other(desk: Desk, issued: tuple[Issued, ...]) -> None:
    bad, good = desk.verify(PresentedFile(name="notes.txt", content=b"hello"), document(issued[0]))

    assert bad.problem is not None
    assert (bad.kind, bad.problem.code) == (None, "file-not-recognised")
    assert good.verdict is not None


def test_our_own_links_and_codes_are_looked_up_and_others_are_not(desk: Desk, issued: tuple[Issued, ...]) -> None:
    shared = {"https://registry.example/c/shown": issued[0].content}

    ours, theirs, code = desk.verify(
        links=["https://registry.example/c/shown", "https://elsewhere.example/c/abc", "ABCDE-FGH2K"], shared=shared
    )

    assert (ours.kind, ours.content, ours.shown) == ("link", issued[0].content, True)
    assert [item.problem.code for item in (theirs, code) if item.problem is not None] == ["link-not-ours"] * 2
    assert code.kind == "code"


def test_a_document_that_may_not_be_shown_is_judged_and_marked(desk: Desk, issued: tuple[Issued, ...]) -> None:
    (judged,) = desk.verify(links=["ABCDE-FGH2K"], shared={"ABCDE-FGH2K": issued[0].content})

    assert judged.verdict is not None
    assert not judged.shown


def test_a_registry_that_shares_nothing_knows_no_link(desk: Desk) -> None:
    (judged,) = desk.verify(links=["https://registry.example/c/shown"])

    assert judged.problem is not None
    assert judged.problem.code == "link-not-ours"


def test_nothing_presented_is_an_error(desk: Desk) -> None:
    with pytest.raises(Malformed, match="expected a file") as caught:
        desk.verify()

    assert caught.value.code == "nothing-presented"


def test_too_many_are_refused_before_any_is_judged(desk: Desk) -> None:
    with pytest.raises(Malformed) as caught:
        desk.verify(links=["ABCDE-FGH2K"] * (MAX_FOUND + 1))

    assert caught.value.code == "too-many-credentials"
    assert desk.asked == []


def test_credentials_for_which_there_is_no_time_are_told_and_not_judged(
    desk: Desk, world: World, issued: tuple[Issued, ...]
) -> None:
    desk.each_takes = MAX_SECONDS / 2
    bad = PresentedFile(name="notes.txt", content=b"hello")
    linked = ["https://registry.example/c/shown"]
    shared = {linked[0]: issued[0].content}

    judged = desk.verify(
        *(document(issued[0]), bad, document(issued[0]), document(issued[1]), receipt(world, issued[1])),
        links=linked,
        shared=shared,
    )

    # The receipt of a credential that was not judged is not called alone.
    codes = [None if item.problem is None else item.problem.code for item in judged]
    assert codes == [None, "file-not-recognised", None, "too-little-time", "too-little-time"]
    assert (judged[3].kind, judged[3].verdict, judged[4].kind) == ("json", None, "link")
    assert len(desk.asked) == 2


def test_files_for_which_there_is_no_time_are_told_and_not_read(desk: Desk, issued: tuple[Issued, ...]) -> None:
    desk.each_look_takes = MAX_SECONDS / 2
    bad = PresentedFile(name="notes.txt", content=b"hello")

    judged = desk.verify(bad, bad, bad, document(issued[0]), links=["ABCDE-FGH2K"])

    codes = [None if item.problem is None else item.problem.code for item in judged]
    assert codes == ["file-not-recognised", *["too-little-time"] * 4]
    assert desk.asked == []


def test_files_of_one_request_cost_together_what_one_may(desk: Desk) -> None:
    large = [PresentedFile(name=f"{number}.txt", content=b"%d" % number + b" " * 5_000_000) for number in range(2)]

    judged = desk.verify(*large)
    again = desk.verify(large[1])

    assert [item.problem.code for item in judged if item.problem] == ["file-not-recognised", "file-too-complex"]
    assert [item.problem.code for item in again if item.problem] == ["file-not-recognised"]


def test_what_names_a_log_or_brings_a_receipt_is_held_to_it(issued: tuple[Issued, ...]) -> None:
    spelled_badly = canonicalize({"credentialStatus": [{"statusListCredential": "https://a.example/eip155:1/x"}, "x"]})

    assert profile_of(issued[0].content, receipt=None) is Profile.CREDROOT
    assert profile_of(spelled_badly, receipt=None) is Profile.CREDROOT
    assert profile_of(b"no JSON", receipt=None) is Profile.CREDROOT
    assert profile_of(FOREIGN, receipt=b"{}") is Profile.CREDROOT
    assert profile_of(FOREIGN, receipt=None) is Profile.VC
