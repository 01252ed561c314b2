"""did:web documents are kept for as long as their host says, within bounds; so are failures."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from registry.adapters.did_resolver import LEAST_SECONDS, MOST_SECONDS, USUAL_SECONDS, WebDidResolver
from registry.adapters.expiring_cache import FAILURE_SECONDS
from registry.adapters.guarded_fetch import FetchSettings
from registry.domain.canonical import canonicalize
from registry.domain.did import DID_CONTEXT
from registry.domain.errors import Unavailable
from tests.adapters.did_hosts import DidHost, ca_file, did_host

WELL_KNOWN = "/.well-known/did.json"


@pytest.fixture(scope="module")
def certificates() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def host(certificates: trustme.CA) -> Iterator[DidHost]:
    with did_host(certificates) as running:
        yield running


@pytest.fixture
def trusting(certificates: trustme.CA, tmp_path: Path) -> FetchSettings:
    """Settings of the demonstration: this machine's hosts, certified by a CA that is named."""
    return FetchSettings(
        ca_file=ca_file(certificates, tmp_path), private_hosts=frozenset({"localhost"}), deadline_seconds=20
    )


@dataclass(slots=True)
class Seconds:
    """A clock that a test sets."""

    seconds: float = 0.0

    def now(self) -> float:
        return self.seconds


def document_of(did: str) -> bytes:
    return canonicalize({"@context": [DID_CONTEXT], "id": did, "verificationMethod": []})


def test_a_document_is_fetched_once_while_it_may_be_kept(host: DidHost, trusting: FetchSettings) -> None:
    clock = Seconds()
    resolver = WebDidResolver(trusting, monotonic=clock.now)
    host.serve(WELL_KNOWN, document_of(host.did), headers={"Cache-Control": "public, max-age=120"})

    for at in (0.0, 60.0, 119.0):
        clock.seconds = at
        assert resolver.resolve(host.did).content == document_of(host.did)
    before = len(host.requests)
    clock.seconds = 120.0
    resolver.resolve(host.did)

    assert (before, len(host.requests)) == (1, 2)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, USUAL_SECONDS),
        ({"Cache-Control": "max-age=31536000, immutable"}, MOST_SECONDS),
        ({"Cache-Control": "no-store"}, LEAST_SECONDS),
        ({"Cache-Control": "max-age=0"}, LEAST_SECONDS),
        ({"Cache-Control": "s-maxage=7, max-age=90"}, 90.0),
        ({"Cache-Control": "max-age=90", "Age": "30"}, 60.0),
        ({"Cache-Control": "max-age=forever"}, USUAL_SECONDS),
    ],
)
def test_how_long_a_document_is_kept_has_bounds(
    host: DidHost, trusting: FetchSettings, headers: dict[str, str], seconds: float
) -> None:
    clock = Seconds()
    resolver = WebDidResolver(trusting, monotonic=clock.now)
    host.serve(WELL_KNOWN, document_of(host.did), headers=headers)

    counts = []
    for at in (0.0, seconds - 0.5, seconds):
        clock.seconds = at
        resolver.resolve(host.did)
        counts.append(len(host.requests))

    assert counts == [1, 1, 2]


def test_a_host_that_fails_is_not_asked_again_at_once(host: DidHost, trusting: FetchSettings) -> None:
    clock = Seconds()
    resolver = WebDidResolver(trusting, monotonic=clock.now)
    for _ in range(3):
        with pytest.raises(Unavailable, match="404"):
            resolver.resolve(host.did)
    host.serve(WELL_KNOWN, document_of(host.did))
    before = len(host.requests)
    clock.seconds = FAILURE_SECONDS

    assert resolver.resolve(host.did).content == document_of(host.did)
    assert (before, len(host.requests)) == (1, 2)
