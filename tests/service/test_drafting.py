"""Rows that are accepted without building a document are those that building one would accept."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.adapters.database import open_engine
from registry.adapters.migrations import upgrade
from registry.domain.canonical import JsonObject
from registry.domain.claims import find_problems
from registry.domain.upload import judge_upload
from registry.domain.upload_judging import RecipientRow
from registry.domain.upload_values import CellRefused, check_characters
from registry.service.drafting import Drafts
from registry.service.issuing import Template, load_template
from registry.service.rows import draft_refusal, rules_for
from tests.domain.uploads import spell
from tests.registry_world import MAX_UPLOAD_BYTES, World, opened_world

GRADED: Final[JsonObject] = {
    "name": "Grade",
    "resultType": "LetterGrade",
    "allowedValue": ["C", "B", "A"],
    "requiredValue": "B",
}
FREE: Final[JsonObject] = {"name": "Remark", "resultType": "PerformanceLevel"}
SCORED: Final[JsonObject] = {
    "name": "Score",
    "resultType": "Percent",
    "valueMin": "0",
    "valueMax": "100",
    "requiredValue": "50",
}
DESCRIBED: Final[list[list[JsonObject]]] = [[], [GRADED], [FREE], [SCORED], [GRADED, SCORED], [GRADED, FREE]]
TEXTS: Final = st.one_of(
    st.sampled_from(["", "A", "x" * 500, "x" * 501, "ñandú", "<b>", "\\u0000", "مريم", "{}", "\u00ad", "😀"]),
    st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=8),
)
CELLS: Final = {
    "recipient_email": st.sampled_from(["", "a@example.org", f"{'a' * 60}@{'b' * 60}.{'c' * 60}.org", "ä@example.org"]),
    "recipient_id": st.sampled_from(["", "S-1", "x" * 500, "x" * 501]),
    "recipient_name": TEXTS,
    "issued_on": st.sampled_from(["2026-05-29", "1900-01-01"]),
    "expires_on": st.sampled_from(["", "2026-05-29", "9999-12-31"]),
    "grade": st.sampled_from(["", "", "A", "B", "C", "very good"]),
    "score": st.sampled_from(["", "", "0", "49.9", "50", "100", "50.1234567", "007"]),
    "evidence_url": st.sampled_from(["", "", "https://example.org/é", "http://example.org/?q=%20", "https://a.b/[x]"]),
    "evidence_name": TEXTS,
    "narrative": TEXTS,
    "credits": st.sampled_from(["", "0", "2.5", "999999999999999", "0.00000000000001"]),
    "activity_start": st.sampled_from(["", "2026-01-01"]),
    "activity_end": st.sampled_from(["", "2026-01-01", "2026-02-01"]),
    "external_ref": TEXTS,
}
TABLES: Final = st.lists(st.fixed_dictionaries(CELLS), min_size=2, max_size=8)


@contextmanager
def fresh_world(folder: Path) -> Iterator[World]:
    url = f"sqlite:///{folder / 'registry.db'}"
    engine = open_engine(url)
    upgrade(engine)
    engine.dispose()
    with opened_world(url, folder) as world:
        yield world


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, tuple[Template, ...]]]:
    """Give a registry and a template for each kind of achievement: made once, nothing here changes them."""
    with fresh_world(tmp_path_factory.mktemp("drafting")) as world:
        issuer = world.add_issuer()
        templates: list[Template] = []
        for described in DESCRIBED:
            achievement = world.add_achievement(issuer, resultDescription=described)
            with world.store.read() as unit:
                templates.append(load_template(world.resources, unit, issuer, achievement.id))
        yield world, tuple(templates)


def accepted_rows(world: World, template: Template, table: list[dict[str, str]]) -> list[RecipientRow]:
    """Return the rows of a table that judging alone accepts."""
    content = spell([tuple(CELLS), *(tuple(row.values()) for row in table)])
    today = world.clock.now().date().replace(year=2026, month=12)
    rules = rules_for(template.frozen.achievement, today=today, max_bytes=MAX_UPLOAD_BYTES)
    judged = judge_upload([content], replace(rules, allow_duplicates=True))
    return [judgement.recipient for judgement in judged if judgement.recipient is not None]


@settings(max_examples=120)
@given(table=TABLES, kind=st.integers(0, len(DESCRIBED) - 1))
def test_proving_a_row_says_what_drafting_it_says(
    registry: tuple[World, tuple[Template, ...]], table: list[dict[str, str]], kind: int
) -> None:
    world, templates = registry
    template = templates[kind]
    drafts = Drafts(world.resources, template)
    rows = accepted_rows(world, template, table)

    # Twice: the second time what can be proved is.
    for row in [*rows, *rows]:
        proved, drafted = drafts.refusal(row), draft_refusal(world.resources, template, row)

        assert (proved and proved.code) == (drafted and drafted.code), row


def row_of(registry: tuple[World, tuple[Template, ...]], **cells: str) -> RecipientRow:
    world, templates = registry
    empty = dict.fromkeys(CELLS, "")
    row = {**empty, "recipient_email": "a@example.org", "recipient_name": "A", "issued_on": "2026-05-29", **cells}
    (accepted,) = accepted_rows(world, templates[0], [row])
    return accepted


def drawing(registry: tuple[World, tuple[Template, ...]]) -> tuple[Drafts, list[int]]:
    """Return drafts and the sizes of what was drawn for them: a document that is built has a random id and salt."""
    world, templates = registry
    drawn: list[int] = []

    def draw(size: int) -> bytes:
        drawn.append(size)
        return world.resources.random_bytes(size)

    return Drafts(replace(world.resources, random_bytes=draw), templates[0]), drawn


def test_one_document_is_built_for_rows_that_are_alike(registry: tuple[World, tuple[Template, ...]]) -> None:
    drafts, drawn = drawing(registry)

    refusals = [drafts.refusal(row_of(registry, recipient_name=f"Person {number}")) for number in range(5)]

    assert refusals == [None] * 5
    assert len(drawn) == 2


@pytest.mark.parametrize("cells", [{"narrative": "Well done."}, {"recipient_id": "S-1"}, {"expires_on": "2027-01-01"}])
def test_a_row_with_another_column_is_built_in_full(
    registry: tuple[World, tuple[Template, ...]], cells: dict[str, str]
) -> None:
    drafts, drawn = drawing(registry)
    drafts.refusal(row_of(registry))
    before = len(drawn)

    assert drafts.refusal(row_of(registry, **cells)) is None
    assert len(drawn) > before


def test_a_name_that_is_too_long_is_refused_after_one_that_is_not(
    registry: tuple[World, tuple[Template, ...]],
) -> None:
    drafts, _ = drawing(registry)
    drafts.refusal(row_of(registry))

    refusal = drafts.refusal(row_of(registry, recipient_name="x" * 501))

    assert refusal is not None
    assert refusal.code == "malformed-identifier"


def test_what_a_document_must_not_hold_no_cell_may_hold() -> None:
    def is_cell(character: str) -> bool:
        try:
            check_characters(character)
        except CellRefused:
            return False
        return True

    admitted: list[Any] = [chr(code) for code in range(0x11_0000) if is_cell(chr(code))]

    assert len(admitted) > 1_000_000
    assert list(find_problems("".join(admitted))) == []
