"""A changed character makes a forgery of a signed document, or no difference: a sample of `make changes`."""

import itertools
from pathlib import Path

import pytest

from tests.attacks.character_changes import SIGNINGS, Anchored, every_change, judge_changes, signed_documents
from tests.registry_world import migrated_world

STEP = 11
# One change of so many: positions and ways come round in another order for each document.


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> list[Anchored]:
    folder: Path = tmp_path_factory.mktemp("changes")
    with migrated_world(folder) as world:
        return signed_documents(world, len(SIGNINGS))


@pytest.mark.parametrize("number", range(len(SIGNINGS)))
def test_a_changed_character_is_found_or_changes_nothing(documents: list[Anchored], number: int) -> None:
    anchored = documents[number]

    tally = judge_changes(anchored, itertools.islice(every_change(anchored), number, None, STEP))

    assert tally.wrong == []
    assert tally.changes == tally.no_json + tally.unchanged + tally.invalid + tally.by_leaf_alone
    assert tally.invalid > 500
    assert tally.unchanged > 10
