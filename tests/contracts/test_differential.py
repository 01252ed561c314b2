"""The contracts and the domain say the same of every proof; and the comparison notices when they do not."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from eth_utils.crypto import keccak

from registry.domain.hashing import Digest
from tests.contracts.differential import REASONS, Outcome, compare, disagreement, read_path, read_status, running_reader
from tests.contracts.differential_cases import HONEST, PathCase, StatusCase
from tests.contracts.differential_changes import PATH_CHANGES, STATUS_CHANGES
from tests.contracts.differential_reader import ERRORS, Accepted, Refused, compile_reader

PROOFS = 4_000
ROOT, ELSEWHERE = Digest(b"\x01" * 32), Digest(b"\x02" * 32)
HONEST_PATH = PathCase(kind=HONEST, leaf=ROOT, slot=7, data=b"", root=ROOT)
GOOD = Accepted(root=ROOT, is_set=False)


@pytest.mark.chain
def test_both_say_the_same_of_thousands_of_proofs(request: pytest.FixtureRequest) -> None:
    with running_reader() as reader:
        tally = compare(PROOFS, seed=int(request.config.getoption("randomly_seed")), reader=reader)

    assert tally.differing == []
    assert tally.compared == PROOFS
    # None of these is so rare that it is not among thousands.
    paths, statuses = (HONEST, *PATH_CHANGES), (HONEST, *STATUS_CHANGES)
    kinds = {*(f"path, {kind}" for kind in paths), *(f"status, {kind}" for kind in statuses)}
    assert tally.accepted.keys() | tally.refused.keys() == kinds
    assert tally.reasons.keys() == REASONS.keys()


def test_every_error_of_the_library_has_its_name_and_its_codes() -> None:
    abi = compile_reader()["abi"]

    errors = {
        keccak(text=f"{item['name']}({','.join(part['type'] for part in item['inputs'])})")[:4]: item["name"]
        for item in abi
        if item["type"] == "error"
    }

    assert errors == ERRORS
    assert set(ERRORS.values()) == REASONS.keys()


class BentReader:
    """Says what the domain says, but of the first proof that a lie fits."""

    def __init__(self, lie: Callable[[Outcome], Outcome | None]) -> None:
        self._lie: Callable[[Outcome], Outcome | None] | None = lie

    def fold_paths(self, cases: Sequence[PathCase]) -> list[Outcome]:
        return [self._bend(as_contract(read_path(case))) for case in cases]

    def fold_statuses(self, cases: Sequence[StatusCase]) -> list[Outcome]:
        return [self._bend(as_contract(read_status(case))) for case in cases]

    def _bend(self, outcome: Outcome) -> Outcome:
        bent = self._lie(outcome) if self._lie else None
        if bent is None:
            return outcome
        self._lie = None
        return bent


def as_contract(outcome: Outcome) -> Outcome:
    """Say a refusal in the words of the contract."""
    if isinstance(outcome, Accepted):
        return outcome
    return Refused(reason=next(name for name, codes in REASONS.items() if outcome.reason in codes))


def another_root(outcome: Outcome) -> Outcome | None:
    return replace(outcome, root=ELSEWHERE) if isinstance(outcome, Accepted) else None


def another_bit(outcome: Outcome) -> Outcome | None:
    return replace(outcome, is_set=not outcome.is_set) if isinstance(outcome, Accepted) else None


def a_refusal(outcome: Outcome) -> Outcome | None:
    return Refused(reason="PathHasWrongSize") if isinstance(outcome, Accepted) else None


def no_refusal(outcome: Outcome) -> Outcome | None:
    return GOOD if isinstance(outcome, Refused) else None


def another_reason(outcome: Outcome) -> Outcome | None:
    return Refused(reason="EmptySubtreeIsListed") if outcome == Refused(reason="SlotIsOutOfRange") else None


def an_unknown_reason(outcome: Outcome) -> Outcome | None:
    return Refused(reason="4e487b71") if isinstance(outcome, Refused) else None


def test_a_reader_that_says_the_same_is_told_so() -> None:
    tally = compare(600, seed=1, reader=BentReader(lambda _: None))

    assert tally.differing == []
    assert tally.compared == 600


@pytest.mark.parametrize("lie", [another_root, another_bit, a_refusal, no_refusal, another_reason, an_unknown_reason])
def test_one_lie_among_hundreds_is_noticed(lie: Callable[[Outcome], Outcome | None]) -> None:
    tally = compare(600, seed=1, reader=BentReader(lie))

    assert len(tally.differing) == 1
    assert tally.compared == 600


@pytest.mark.parametrize(
    ("outcome", "problem"),
    [
        (GOOD, ""),
        (Refused(reason="malformed-path"), "an honest proof was refused"),
        (Accepted(root=ELSEWHERE, is_set=False), "an honest proof leads elsewhere"),
    ],
)
def test_both_may_be_wrong_about_an_honest_proof(outcome: Outcome, problem: str) -> None:
    theirs = as_contract(outcome)

    assert disagreement(HONEST_PATH, ours=outcome, theirs=theirs) == problem
