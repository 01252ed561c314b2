"""Gathering status lists: what is fetched and what is not, and what becomes of what cannot be used."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.errors import CredrootError, Malformed, Unavailable
from registry.domain.evidence import LIST_UNUSABLE
from registry.domain.presented import read_presented
from registry.ports import FetchedList, JsonLd
from registry.service.served_lists import (
    MAX_FETCHED_LISTS,
    MAX_READ_LISTS,
    GatheredLists,
    StatusListCopy,
    StatusListGatherer,
)
from tests.epochs import NOW, json_ld, make_key_issuer
from tests.status_case import Foreign, foreign_entry, list_document, sign_list

MAX_AGE = timedelta(hours=1)


@dataclass(slots=True)
class Hosts:
    """Hosts that answer some URLs."""

    answers: dict[str, bytes | CredrootError] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def fetch(self, url: str, *, max_age: timedelta) -> FetchedList:
        assert max_age == MAX_AGE
        self.asked.append(url)
        answer = self.answers.get(url, Unavailable("status-list-status", f"expected status 200 from {url}, got 404"))
        if isinstance(answer, CredrootError):
            raise answer
        return FetchedList(content=answer, fetched_at=NOW)


@dataclass(slots=True)
class Counted:
    """A JSON-LD processor whose work is counted."""

    documents: list[JsonObject] = field(default_factory=list)

    def canonical_nquads(self, document: JsonObject) -> bytes:
        self.documents.append(document)
        return json_ld().canonical_nquads(document)


def url_of(number: int) -> str:
    return f"https://elsewhere.example/lists/{number}"


def list_of(number: int, *, at: datetime = NOW) -> bytes:
    issuer = make_key_issuer("foreign")
    document = list_document(url_of(number), purpose="revocation", index=7, value=False, issuer=issuer, at=at)
    return sign_list(document, issuer=issuer, at=at)


def gather(
    status: JsonValue,
    hosts: Hosts | None,
    *copies: StatusListCopy,
    fetch: bool = True,
    processor: JsonLd | None = None,
) -> GatheredLists:
    gatherer = StatusListGatherer(json_ld=json_ld() if processor is None else processor, fetcher=hosts)
    return gatherer.gather(copies, read_presented(Foreign(status).content), fetch=fetch, max_age=MAX_AGE)


def entries(*numbers: int, purpose: str = "revocation") -> list[JsonValue]:
    return [foreign_entry(purpose, statusListCredential=url_of(number)) for number in numbers]


def test_each_list_that_is_named_is_fetched_once() -> None:
    hosts = Hosts({url_of(number): list_of(number) for number in (1, 2)})

    gathered = gather([*entries(1, 2), *entries(1, purpose="suspension")], hosts)

    assert hosts.asked == [url_of(1), url_of(2)]
    assert [(served.url, served.fetched_at) for served in gathered.lists] == [(url_of(1), NOW), (url_of(2), NOW)]
    assert (gathered.problems, gathered.notes) == ({}, ())


def test_nothing_is_fetched_that_was_not_asked_for() -> None:
    hosts = Hosts({url_of(1): list_of(1)})

    assert gather(entries(1), hosts, fetch=False) == GatheredLists(lists=(), problems={}, notes=())
    assert gather(None, hosts).lists == ()
    assert gather(entries(1, purpose="refresh"), hosts).lists == ()
    assert hosts.asked == []


def test_a_verifier_that_cannot_fetch_says_so() -> None:
    gathered = gather(entries(1), None)

    assert gathered.problems[url_of(1)].code == "status-list-not-fetched"


def test_a_list_that_was_read_from_its_registry_is_not_fetched_again_and_a_copy_from_hands_is() -> None:
    hosts = Hosts({url_of(1): list_of(1)})
    own = StatusListCopy(content=list_of(1), fetched_at=NOW)

    assert len(gather(entries(1), hosts, own).lists) == 1
    assert hosts.asked == []
    assert len(gather(entries(1), hosts, replace(own, fetched_at=None)).lists) == 2
    assert hosts.asked == [url_of(1)]


def test_a_credential_does_not_make_a_verifier_ask_the_whole_world() -> None:
    hosts = Hosts({url_of(number): list_of(number) for number in range(9)})

    gathered = gather(entries(*range(9)), hosts)

    assert hosts.asked == [url_of(number) for number in range(MAX_FETCHED_LISTS)]
    assert len(gathered.lists) == MAX_FETCHED_LISTS
    assert {problem.code for problem in gathered.problems.values()} == {"status-list-too-many"}


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Unavailable("status-list-timeout", "no answer"), "status-list-timeout"),
        (Malformed("malformed-url", "expected https"), "malformed-url"),
        (b"<html>", LIST_UNUSABLE),
        (b'{"id": "x"}', LIST_UNUSABLE),
        (b"eyJhbGciOiJFUzI1NiJ9.e30.c2ln", LIST_UNUSABLE),
        (list_of(2), LIST_UNUSABLE),
    ],
)
def test_why_a_list_could_not_be_had_is_kept(answer: bytes | CredrootError, code: str) -> None:
    gathered = gather(entries(1), Hosts({url_of(1): answer}))

    assert gathered.lists == ()
    assert gathered.problems[url_of(1)].code == code


def test_a_copy_that_is_no_list_is_noted() -> None:
    gathered = gather(entries(1), None, StatusListCopy(content=b"{"), fetch=False)

    assert gathered.lists == ()
    assert gathered.notes[0].startswith("A status list could not be used: ")


def test_a_document_that_cannot_be_read_names_no_list() -> None:
    hosts = Hosts()
    gatherer = StatusListGatherer(json_ld=json_ld(), fetcher=hosts)

    gathered = gatherer.gather((), read_presented(b"{"), fetch=True, max_age=MAX_AGE)

    assert gathered == GatheredLists(lists=(), problems={}, notes=())


def test_a_list_of_many_credentials_is_read_once() -> None:
    hosts, processor = Hosts({url_of(1): list_of(1)}), Counted()
    gatherer = StatusListGatherer(json_ld=processor, fetcher=hosts)
    presented = read_presented(Foreign(entries(1)).content)
    first = gatherer.gather((), presented, fetch=True, max_age=MAX_AGE)
    worked = len(processor.documents)

    again = gatherer.gather((), presented, fetch=True, max_age=MAX_AGE)

    assert again == first
    assert worked > 0
    assert len(processor.documents) == worked


def test_few_lists_stay_read() -> None:
    hosts, processor = Hosts(), Counted()
    gatherer = StatusListGatherer(json_ld=processor, fetcher=hosts)
    presented = read_presented(Foreign(None).content)
    copies = [StatusListCopy(content=list_of(number)) for number in range(MAX_READ_LISTS + 1)]
    gatherer.gather(copies, presented, fetch=False, max_age=MAX_AGE)
    worked = len(processor.documents)

    gatherer.gather(copies[1:], presented, fetch=False, max_age=MAX_AGE)
    kept = len(processor.documents)
    gatherer.gather(copies[:1], presented, fetch=False, max_age=MAX_AGE)

    assert kept == worked
    assert len(processor.documents) > kept
