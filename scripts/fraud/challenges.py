"""The open challenges of a log, and what each can be answered with."""

from collections.abc import Sequence
from dataclasses import dataclass

from registry.adapters.court import Challenge, challenged_topics, court_address, read_challenged
from registry.adapters.published import PublishedFiles
from registry.domain.errors import Unavailable
from registry.domain.fraud import EntryProof
from registry.domain.log_name import LogName
from registry.domain.receipt import Receipt
from scripts.fraud.court import CourtView
from scripts.fraud.judging import start_search


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenChallenge:
    """A challenge that is neither answered nor timed out."""

    leaf: bytes
    slot: int
    challenge: Challenge
    entry: EntryProof | None
    """What answers it; None when neither files nor receipts show the credential."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenges:
    """The open challenges, and what could not be looked at to answer them."""

    open: tuple[OpenChallenge, ...]
    unread: tuple[str, ...]


def find_challenges(
    court: CourtView, *, log: LogName, source: PublishedFiles | None, receipts: Sequence[Receipt]
) -> Challenges:
    """Find the open challenges and their answers. Raises Unavailable when the chain cannot be read."""
    if not court.exists:
        raise Unavailable("no-court", "there is no court for this log on the chain")
    events = court.chain.events(court_address(), challenged_topics(log))
    asked = dict.fromkeys(read_challenged(topics, data) for topics, data in events)
    challenges = {(leaf, slot): court.challenge(leaf, slot) for leaf, slot in asked}
    still = {key: found for key, found in challenges.items() if found is not None and found.closes_at is not None}
    if not still:
        return Challenges(open=(), unread=())
    search = start_search(court.chain, log=log, source=source, receipts=receipts, wanted=still.keys())
    unread = search.run().unread
    return Challenges(
        open=tuple(
            OpenChallenge(leaf=leaf, slot=slot, challenge=found, entry=search.find_entry(leaf=leaf, slot=slot))
            for (leaf, slot), found in still.items()
        ),
        unread=tuple(unread),
    )
