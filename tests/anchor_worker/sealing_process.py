"""A sealing worker that tests may kill: it says when it is about to commit.

`python -m tests.anchor_worker.sealing_process URL` works until its standard input ends.
"""

import select
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import Final

from anchor_worker.sealing import EpochSealer, SealingRule
from registry.adapters.clock import SystemClock
from registry.adapters.database import open_engine
from registry.adapters.sql_store import SqlStore
from registry.domain.errors import Unavailable
from registry.store_ports import ReadStore, Store, WriteStore
from tests.store_samples import LOG

# Small, so that a few thousand credentials are many batches and epochs.
RULE: Final = SealingRule(after=timedelta(0), after_credentials=1, batch_limit=25, epoch_limit=100)
COMMITTING: Final = "committing"


class TellingStore:
    """A store that says when it is about to commit."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def read(self) -> AbstractContextManager[ReadStore]:
        return self._store.read()

    @contextmanager
    def write(self) -> Iterator[WriteStore]:
        with self._store.write() as unit:
            yield unit
            sys.stdout.write(f"{COMMITTING}\n")
            sys.stdout.flush()


def main(url: str) -> None:
    engine = open_engine(url)
    sealer = EpochSealer(TellingStore(SqlStore(engine)), log=LOG.name, rule=RULE, clock=SystemClock())
    while not select.select([sys.stdin], [], [], 0)[0]:
        try:
            sealer.build_ahead()
            sealer.seal()
        except Unavailable:
            # Many at once on one machine: the next round tries again, as in the worker.
            continue
    engine.dispose()


if __name__ == "__main__":
    main(sys.argv[1])
