"""Hold the contracts' proofs to Python's: `python -m tests.contracts.differential --proofs 100000 [--seed 7]`.

Proofs are drawn, three of four changed in one way, and read by both sides: the contracts' library on a node, and the
domain. Both must accept a proof with the same root and bit, or refuse it for the same reason.
"""

import argparse
import secrets
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Final, Protocol, TypeVar

from registry.adapters.rpc import connect
from registry.domain.contract_proofs import decode_path, decode_status_proof
from registry.domain.errors import Malformed
from registry.domain.hashing import ZERO_DIGEST
from registry.domain.paths import fold
from registry.domain.slot import slot_word
from registry.domain.status import bit_of_chunk, fold_status_proof
from tests.anvil import run_anvil
from tests.contracts.differential_cases import HONEST, LOG, PathCase, Prover, StatusCase
from tests.contracts.differential_changes import change_path, change_status
from tests.contracts.differential_reader import Accepted, ContractReader, Refused

Outcome = Accepted | Refused

BATCH: Final = 500
"""Half a megabyte of calldata, and some ten million gas."""
CALL_GAS: Final = 1_000_000_000
CALL_SECONDS: Final = 60.0
"""Both far above what a call takes: a busy machine changes nothing."""

REASONS: Final[Mapping[str, frozenset[str]]] = {
    "SlotIsOutOfRange": frozenset({"malformed-slot"}),
    "PathHasWrongSize": frozenset({"malformed-path"}),
    # The domain looks for slot words before it looks at the last side, the contract after.
    "PathHasWrongSides": frozenset({"malformed-path", "no-status-root", "second-slot-word"}),
    "SiblingIsASlotWord": frozenset({"second-slot-word"}),
    "SiblingMapIsOutOfRange": frozenset({"malformed-status-proof"}),
    "StatusProofHasWrongSize": frozenset({"malformed-status-proof"}),
    "EmptySubtreeIsListed": frozenset({"malformed-status-proof"}),
}
"""The contracts' errors, and the domain's codes that say the same."""

Case = TypeVar("Case", PathCase, StatusCase)


class Reader(Protocol):
    """Somebody else who reads proofs."""

    def fold_paths(self, cases: Sequence[PathCase]) -> list[Outcome]:
        """Say of each path what becomes of it."""
        ...

    def fold_statuses(self, cases: Sequence[StatusCase]) -> list[Outcome]:
        """Say of each status proof what becomes of it."""
        ...


@dataclass(kw_only=True)
class Tally:
    """What came of comparing."""

    accepted: Counter[str] = field(default_factory=Counter)
    """By kind of proof."""
    refused: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    """The contracts' reasons of what both refuse."""
    differing: list[str] = field(default_factory=list)

    @property
    def compared(self) -> int:
        """How many proofs both sides read."""
        return self.accepted.total() + self.refused.total() + len(self.differing)


def compare(proofs: int, *, seed: int, reader: Reader) -> Tally:
    """Draw that many proofs, paths and status proofs in turn, and compare what both sides say of them."""
    random = Random(seed)  # noqa: S311  # nothing secret is drawn
    prover = Prover(random)
    tally = Tally()
    while tally.compared < proofs:
        size = min(BATCH, proofs - tally.compared)
        paths = [_mostly_changed(prover.path(), change_path, random) for _ in range(size - size // 2)]
        statuses = [_mostly_changed(prover.status(), change_status, random) for _ in range(size // 2)]
        note(tally, "path", paths, read=[read_path(case) for case in paths], folded=reader.fold_paths(paths))
        note(
            tally,
            "status",
            statuses,
            read=[read_status(case) for case in statuses],
            folded=reader.fold_statuses(statuses),
        )
    return tally


def note(tally: Tally, what: str, cases: Sequence[Case], *, read: Sequence[Outcome], folded: Sequence[Outcome]) -> None:
    """Count what both sides say alike of each proof, and keep what they do not."""
    for case, ours, theirs in zip(cases, read, folded, strict=True):
        kind = f"{what}, {case.kind}"
        problem = disagreement(case, ours=ours, theirs=theirs)
        if problem:
            tally.differing.append(f"{problem}: {case}, domain {ours}, contract {theirs}")
        elif isinstance(theirs, Refused):
            tally.refused[kind] += 1
            tally.reasons[theirs.reason] += 1
        else:
            tally.accepted[kind] += 1


def disagreement(case: PathCase | StatusCase, *, ours: Outcome, theirs: Outcome) -> str:
    """Say what is wrong with what both sides say of a proof; nothing when it is right."""
    if case.kind == HONEST and not (isinstance(ours, Accepted) and isinstance(theirs, Accepted)):
        return "an honest proof was refused"
    if case.root is not None and isinstance(ours, Accepted) and ours.root != case.root:
        return "an honest proof leads elsewhere"
    if isinstance(ours, Accepted) or isinstance(theirs, Accepted):
        return "" if ours == theirs else "the outcomes differ"
    return "" if ours.reason in REASONS.get(theirs.reason, frozenset()) else "the reasons differ"


def read_path(case: PathCase) -> Outcome:
    """Read a path as the domain does."""
    try:
        path = decode_path(case.data, slot=case.slot)
    except Malformed as error:
        return Refused(reason=error.code)
    return Accepted(root=fold(case.leaf, path), is_set=False)


def read_status(case: StatusCase) -> Outcome:
    """Read a status proof as the domain does; like the contract it looks at the slot first."""
    try:
        slot_word(case.slot)
        proof = decode_status_proof(case.data, purpose=case.purpose, log=LOG, epoch=1, root=ZERO_DIGEST)
    except Malformed as error:
        return Refused(reason=error.code)
    return Accepted(root=fold_status_proof(proof, slot=case.slot), is_set=bit_of_chunk(proof.chunk, case.slot))


@contextmanager
def running_reader() -> Iterator[ContractReader]:
    """Yield a reader on a node of its own, which takes calls of any size."""
    with run_anvil("--gas-limit", str(CALL_GAS), "--no-request-size-limit") as node:
        yield ContractReader(connect(node.url, timeout_seconds=CALL_SECONDS))


def main(arguments: list[str]) -> int:
    """Compare and print what came of it: 0 when both sides agree on everything, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.contracts.differential", description=__doc__)
    parser.add_argument("--proofs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**32))
    chosen = parser.parse_args(arguments)
    started = time.monotonic()
    with running_reader() as reader:
        tally = compare(chosen.proofs, seed=chosen.seed, reader=reader)
    print(f"{tally.compared} proofs, seed {chosen.seed}, {time.monotonic() - started:.0f} s")
    print(f"{'':32} {'accepted':>9} {'refused':>9}")
    for kind in sorted(tally.accepted.keys() | tally.refused.keys()):
        print(f"{kind:32} {tally.accepted[kind]:9} {tally.refused[kind]:9}")
    for reason, count in tally.reasons.most_common():
        print(f"{reason:42} {count:9}")
    for difference in tally.differing[:10]:
        print(f"DIFFERENT {difference}")
    print(f"{len(tally.differing)} disagreements")
    return 1 if tally.differing else 0


def _mostly_changed(case: Case, change: Callable[[Case, Random], Case], random: Random) -> Case:
    return case if random.random() < 0.25 else change(case, random)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
