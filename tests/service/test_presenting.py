"""Presentations cost a bounded time, whatever stands in them and however slow the hosts are that it names."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.check import Reason, Result
from registry.service.checking import OwnWord
from registry.service.container import Container
from registry.service.vc_checking import CredentialChecker, Wanted
from registry.service.vc_presenting import MAX_TIME, PresentationChecker
from registry.wiring.interop import opened_interop
from registry.wiring.interop_options import InteropOptions

CONTEXT = "https://www.w3.org/ns/credentials/v2"


@dataclass(slots=True)
class SlowWorld:
    """A clock by which some time passes whenever somebody looks at it."""

    step: timedelta
    moment: datetime = datetime(2026, 6, 1, tzinfo=UTC)

    def now(self) -> datetime:
        """Return the moment, and let the next one come."""
        self.moment += self.step
        return self.moment


@pytest.fixture
def container(tmp_path: Path) -> Iterator[Container]:
    with opened_interop(InteropOptions(folder=tmp_path), public_url="https://interop.example") as server:
        try:
            yield server.container
        finally:
            server.container.close()


def checker(container: Container, *, step: timedelta) -> PresentationChecker:
    resources = replace(container.resources, clock=SlowWorld(step))
    own = OwnWord(
        store=resources.store,
        clock=resources.clock,
        receipts=container.receipts,
        status_lists=container.status_lists,
    )
    credentials = CredentialChecker(
        resources=resources,
        verifier=container.verifier,
        own=own,
        published_contract=container.published_contract,
    )
    return PresentationChecker(credentials=credentials, did_resolver=container.did_resolver)


def presentation(count: int) -> JsonObject:
    credentials: list[JsonValue] = [
        {
            "@context": [CONTEXT],
            "type": ["VerifiableCredential"],
            "issuer": "did:example:issuer",
            "credentialSubject": {"id": f"did:example:{number}"},
        }
        for number in range(count)
    ]
    return {"@context": [CONTEXT], "type": ["VerifiablePresentation"], "verifiableCredential": credentials}


def test_credentials_for_which_there_is_no_time_are_told_and_never_verified(container: Container) -> None:
    checked = checker(container, step=MAX_TIME * 0.4).check(presentation(6), Wanted(), proved=False)

    assert len(checked.credentials) == 2
    assert checked.form is not None
    assert (checked.form.result, checked.form.reason) == (Result.UNKNOWN, Reason.TOO_COMPLEX)
    assert not checked.verified
    assert not checked.malformed


def test_credentials_for_which_there_is_time_are_all_judged(container: Container) -> None:
    checked = checker(container, step=timedelta(milliseconds=1)).check(presentation(6), Wanted(), proved=False)

    assert len(checked.credentials) == 6
    assert checked.form is None
