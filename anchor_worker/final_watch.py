"""Whether the chain still has what was final. A finalized block does not vanish; if one does, nothing can be trusted.

    a quorum of nodes has another block there      the mismatch is stored, told at every check, and the worker stands still
    a quorum has the very block again              the mark is taken away, and the worker goes on
    neither                                        nothing changes

Nothing is rewritten: whoever holds a receipt holds a block hash, and a person has to find out what happened. The newest
final anchor is compared at every check, and one older one in turn. Only nodes whose finalized block is at least as high
are asked: one that is still catching up has not denied anything.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog

from anchor_worker.final_store import FinalAnchor, SqlFinalAnchors
from anchor_worker.obstacles import Obstacle, Reason
from anchor_worker.providers import Pool, Provider, ask_all
from registry.adapters.rpc import WrongChain, block_parameter, read_hash, read_member, request
from registry.domain.errors import Unavailable
from registry.ports import Clock

CHECK_EVERY: Final = timedelta(minutes=1)
"""Finality takes a quarter of an hour; a worker that has nothing to anchor need not ask in every round."""

log = structlog.get_logger(__name__)


class FinalWatch:
    """Compares final anchors with the chain, now and then."""

    def __init__(self, pool: Pool, *, quorum: int, anchors: SqlFinalAnchors, clock: Clock) -> None:
        """Take how many nodes must agree."""
        self._pool = pool
        self._quorum = quorum
        self._anchors = anchors
        self._clock = clock
        self._checked_at: datetime | None = None
        self._sampled: int | None = None

    def obstacle(self) -> Obstacle | None:
        """Return why the worker must stand still, from the last check or one made now; None when all is well.

        Raises Unavailable when the database cannot be read; a chain that cannot be asked changes nothing.
        """
        now = self._clock.now()
        if self._checked_at is None or not timedelta(0) <= now - self._checked_at < CHECK_EVERY:
            self._check(now)
        mismatches = self._anchors.mismatches()
        if not mismatches:
            return None
        return Obstacle(reason=Reason.FINAL_MISMATCH, detail=mismatches[0].detail)

    def _check(self, now: datetime) -> None:
        marked = tuple(each.anchor for each in self._anchors.mismatches())
        chosen = {each.epoch: each for each in (*self._choose(sample=not marked), *marked)}
        if not chosen:
            return
        try:
            present = self._pool.survey()
        except (Unavailable, WrongChain) as error:
            # Not checked: it is due again in the next round.
            log.warning("final_anchors_not_checked", code=error.code, reason=error.message)
            return
        for anchor in chosen.values():
            self._compare(anchor, present, was_denied=anchor in marked)
        self._pool.note_success(present)
        self._checked_at = now

    def _choose(self, *, sample: bool) -> tuple[FinalAnchor, ...]:
        newest = self._anchors.newest()
        if newest is None or not sample:
            return () if newest is None else (newest,)
        older = self._anchors.newest(below=self._sampled or newest.epoch)
        self._sampled = None if older is None else older.epoch
        return (newest,) if older is None else (newest, older)

    def _compare(self, anchor: FinalAnchor, present: Sequence[Provider], *, was_denied: bool) -> None:
        able = [each for each in present if (each.stands().finalized or 0) >= anchor.block_number]
        answers = {
            provider.name: answer
            for provider, answer in ask_all(able, lambda each: _hash_at(each, anchor.block_number))
            if isinstance(answer, str)
        }
        agreeing = sum(answer == anchor.block_hash for answer in answers.values())
        denying = len(answers) - agreeing
        facts = {
            "epoch": anchor.epoch,
            "block_number": anchor.block_number,
            "block_hash": anchor.block_hash,
            "answers": answers,
        }
        if denying >= self._quorum:
            self._anchors.mark(
                anchor.epoch, f"epoch {anchor.epoch} was final in block {anchor.block_number} {anchor.block_hash}"
            )
            log.error("final_mismatch", **facts)
        elif was_denied and agreeing >= self._quorum:
            self._anchors.unmark(anchor.epoch)
            log.warning("final_mismatch_over", **facts)
        elif denying:
            log.warning("final_disputed", quorum=self._quorum, **facts)


def _hash_at(provider: Provider, number: int) -> str:
    block = request(provider.web3, "eth_getBlockByNumber", [block_parameter(number), False])
    return read_hash(read_member(block, "hash"), where="block hash")
