"""Signed documents with a few members changed: always an answer, never 5xx; what is issued is verified.

schemathesis invents documents that are no credentials; these are nearly good ones.
"""

from collections.abc import Iterator
from random import Random
from typing import Any, Final

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry.wiring.interop_options import InteropOptions
from tests.interop import CONTEXT, JSON, NAMES, Holder, document, issue, served
from tests.mutations import mutate

CONTEXT_1: Final = "https://www.w3.org/2018/credentials/v1"
EXAMPLES: Final = 150
SHARED: Final = settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])
# The fixtures are the module's; hypothesis cannot know.


@pytest.fixture(scope="module")
def interop() -> Iterator[httpx.Client]:
    """Give a client of a server as `--interop` starts it."""
    with served(InteropOptions()) as client:
        yield client


@pytest.fixture(scope="module")
def credentials(interop: httpx.Client) -> list[JSON]:
    """Give a credential of every instance, and one of version 1.1."""
    made = [issue(interop, name, document(name="A", validFrom="2024-01-01T00:00:00Z")) for name in NAMES]
    older = document(issuanceDate="2024-01-01T00:00:00Z", **{"@context": [CONTEXT_1]})
    return [*made, issue(interop, NAMES[0], older)]


@pytest.fixture(scope="module")
def presentation(credentials: list[JSON]) -> JSON:
    """Give a signed presentation of two credentials."""
    holder = Holder()
    members = {"@context": [CONTEXT], "type": ["VerifiablePresentation"], "holder": holder.did}
    return holder.present({**members, "verifiableCredential": credentials[:2]}, challenge="c")


def answered(response: httpx.Response) -> Any:  # noqa: ANN401  # JSON
    assert response.status_code in {200, 201, 400}, response.text
    answer = response.json()
    if response.status_code == 400:
        assert response.headers["Content-Type"] == "application/problem+json"
        assert {"type", "title", "status", "detail", "code"} <= answer.keys()
    return answer


@SHARED
@given(random=st.randoms(use_true_random=False))
def test_a_changed_credential_is_answered(interop: httpx.Client, credentials: list[JSON], random: Random) -> None:
    changed = mutate(random.choice(credentials), random)

    answer = answered(interop.post("/credentials/verify", json={"verifiableCredential": changed}))

    assert answer.get("verified", False) == ("problemDetails" in answer and not answer["problemDetails"])


@SHARED
@given(random=st.randoms(use_true_random=False))
def test_a_changed_presentation_is_answered(interop: httpx.Client, presentation: JSON, random: Random) -> None:
    body = {"verifiablePresentation": mutate(presentation, random), "options": {"challenge": "c"}}

    answered(interop.post("/presentations/verify", json=body))


@SHARED
@given(random=st.randoms(use_true_random=False))
def test_what_is_issued_in_spite_of_a_change_is_verified(
    interop: httpx.Client, credentials: list[JSON], random: Random
) -> None:
    signed = random.choice(credentials)
    added = {"proof", "credentialStatus", "issuer"}
    changed = mutate({name: member for name, member in signed.items() if name not in added}, random)

    answer = answered(interop.post(f"/issuers/{random.choice(NAMES)}/credentials/issue", json={"credential": changed}))

    if "verifiableCredential" in answer:
        body = {"verifiableCredential": answer["verifiableCredential"], "options": {"checks": ["proof"]}}
        assert answered(interop.post("/credentials/verify", json=body))["verified"] is True, changed
