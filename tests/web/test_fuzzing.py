"""A short run of `make fuzz-api`: about a thousand requests that the OpenAPI documents allow, or almost."""

from pathlib import Path
from typing import Final

import pytest

from tests.web.fuzzing import Target, fuzz, interop_target, registry_targets

PHASES: Final = "examples,fuzzing"
# Without the phase that tries every edge of every schema: it alone sends thousands.


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """Give the seed that `make test` prints and takes back."""
    given = request.config.getoption("randomly_seed")
    return given if isinstance(given, int) else 1


def check(target: Target, folder: Path, *, seed: int, max_examples: int, requests: int) -> None:
    outcome = fuzz(target, folder, requests=requests, seed=seed, max_examples=max_examples, phases=PHASES)

    assert not outcome.failed, outcome.report
    assert target.answers.failures.total() == 0, target.answers.failures
    assert outcome.requests >= requests


def test_the_registry_answers_only_what_it_says(tmp_path: Path, seed: int) -> None:
    with registry_targets(tmp_path) as (admin, *_):
        check(admin, tmp_path, seed=seed, max_examples=7, requests=500)


def test_the_interoperability_server_answers_only_what_it_says(tmp_path: Path, seed: int) -> None:
    with interop_target(tmp_path) as target:
        check(target, tmp_path, seed=seed, max_examples=20, requests=300)
