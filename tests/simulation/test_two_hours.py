"""Two hours at an anchor a minute, on a real node whose time is driven, through calm and through spells of high fees."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any, Final

import pytest

from registry.store_ports import AnchorState
from tests.anchor_worker.sites import ANVIL_ARGUMENTS, Site, site_on_anvil
from tests.anvil import run_anvil
from tests.sealed_once import check_sealed_once
from tests.simulation.market import BLOCKS_A_MINUTE, GWEI
from tests.simulation.operation import Moment, Operation, Told, operated
from tests.simulation.truth import Offer, read_offers
from tests.store_samples import NOW

pytestmark = pytest.mark.chain

MINUTES: Final = 120
BLOCKS_AT_THE_END: Final = 10
"""To seal what came last, to mine its anchor, and to see it final: a minute is enough, two are allowed."""

MINUTE: Final = timedelta(minutes=1)
CALM_AT_FIRST: Final = timedelta(minutes=10)
ETHER: Final = 10**18
MAX_FEE_GWEI: Final = 300
MAX_ANCHOR: Final = Decimal("0.02")
"""With 80,000 gas allowed, 250 gwei for a unit of it."""
DAILY_BUDGET: Final = Decimal("0.1")
SETTINGS: Final[dict[str, Any]] = {
    "max_fee_gwei": MAX_FEE_GWEI,
    "min_tip_gwei": 1.0,
    "max_anchor_ether": MAX_ANCHOR,
    "daily_budget_ether": DAILY_BUDGET,
    # What is accepted in a minute's first block is sealed at its end.
    "seal_after_seconds": 48.0,
    # The lease goes by this machine's time, of which nothing is to be said here.
    "lease_seconds": 600.0,
}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    beginning = str(int(NOW.timestamp()))
    with (
        run_anvil(*ANVIL_ARGUMENTS, "--timestamp", beginning) as node,
        site_on_anvil(node.url, tmp_path) as made,
    ):
        yield replace(made, settings=made.settings.model_copy(update=SETTINGS))


def test_two_hours_of_spikes_keep_to_the_budget_anchor_everything_once_and_are_told_as_they_are(site: Site) -> None:
    with operated(site) as operation:
        operation.pass_blocks(MINUTES * BLOCKS_A_MINUTE, issuing=True)
        operation.pass_blocks(BLOCKS_AT_THE_END, issuing=False)
        offers = read_offers(operation.engine)

        print(totals(operation, offers))
        assert operation.trouble() == []
        check_the_age_that_is_told(operation.moments)
        check_the_budget(operation)
        check_the_offers(offers)
        check_that_everything_is_anchored_once(operation)
        check_that_the_spells_were_felt(operation, offers)
        check_the_pace(operation)


def check_the_age_that_is_told(moments: list[Moment]) -> None:
    """The truth after every round; before it the truth of the round before, and what has come since: never younger."""
    for moment in moments:
        assert moment.before.oldest_unanchored_at == moment.noted
        check_told(moment.after, moment.truth, moment.now)


def check_told(told: Told, oldest: datetime | None, now: datetime) -> None:
    age = timedelta() if oldest is None else now - oldest
    assert told.readings.oldest_unanchored_at == oldest
    assert told.readings.unanchored_age == age
    assert told.metric_seconds == age.total_seconds()
    assert told.status_seconds == int(age.total_seconds())
    words = "everything is final on chain" if oldest is None else f"waits since {oldest:%Y-%m-%d %H:%M:%S} UTC, "
    assert words in told.status_line


def check_the_budget(operation: Operation) -> None:
    for moment in operation.moments:
        assert moment.paid_wei + moment.possible_wei <= DAILY_BUDGET * ETHER
        assert moment.after.readings.fees_spent_wei == moment.paid_wei
        assert moment.after.readings.committed_wei == moment.paid_wei + moment.possible_wei
    assert all(wei <= MAX_ANCHOR * ETHER for _, wei in operation.spent.payments)


def check_the_offers(offers: list[Offer]) -> None:
    """None above a limit, whatever became of it, and each that replaces another raises both fees by an eighth."""
    for offer in offers:
        assert offer.max_fee_wei <= MAX_FEE_GWEI * GWEI
        assert offer.cost_wei <= MAX_ANCHOR * ETHER
    for _, of_one_nonce in groupby(offers, key=lambda offer: offer.nonce):
        for old, new in pairwise(of_one_nonce):
            assert new.gas == old.gas
            assert new.max_fee_wei * 1000 >= old.max_fee_wei * 1125
            assert new.tip_wei * 1000 >= old.tip_wei * 1125


def check_that_everything_is_anchored_once(operation: Operation) -> None:
    site = operation.site
    sealed = check_sealed_once(site.store, operation.engine, operation.leaves)
    events = operation.waiting.contract.events.Anchored.get_logs(from_block=0)

    assert operation.waiting.oldest() is None
    assert Counter(event["args"]["epoch"] for event in events) == Counter(range(1, sealed.epochs + 1))
    assert all(event["args"]["root"] == site.anchor(event["args"]["epoch"]).root for event in events)
    assert all(site.anchor(number).state is AnchorState.FINAL for number in range(1, sealed.epochs + 1))
    # One transaction an epoch: none failed, none was in vain.
    assert len(operation.spent.payments) == sealed.epochs


def check_that_the_spells_were_felt(operation: Operation, offers: list[Offer]) -> None:
    """Nothing above says anything of fees if they never hurt; tests.simulation.market tells what each spell is for."""
    signed = Counter(offer.nonce for offer in offers)

    assert set(operation.reasons("anchor_moved")) == {"fee-limit", "anchor-cost", "budget"}
    assert set(operation.reasons("anchor_fees_held")) == {"fee-limit"}
    # Stuck; overtaken twice; and held above the limit until the fees fell, when the refused one was raised by an eighth.
    assert sorted(times for times in signed.values() if times > 1) == [2, 2, 3]


def check_the_pace(operation: Operation) -> None:
    """An anchor a minute where nothing stands in its way."""
    calm = [at for at, _ in operation.spent.payments if at <= operation.begun_at + CALM_AT_FIRST]
    # What comes in the last of these minutes is sealed at its end.
    assert len(calm) == CALM_AT_FIRST / MINUTE - 1
    assert {later - earlier for earlier, later in pairwise(calm)} == {MINUTE}


def totals(operation: Operation, offers: list[Offer]) -> str:
    """Say in a few lines what happened."""
    moments, payments = operation.moments, [wei for _, wei in operation.spent.payments]
    oldest = max(moment.after.readings.unanchored_age for moment in moments)
    committed = max(moment.paid_wei + moment.possible_wei for moment in moments)
    signed = Counter(Counter(offer.nonce for offer in offers).values())
    return "\n".join(
        [
            f"blocks and rounds   {len(moments)}",
            f"credentials         {len(operation.leaves)}",
            f"epochs              {len(payments)}",
            f"signed              {len(offers)}; epochs by transactions signed for them: {dict(signed)}",
            f"blocked             {dict(operation.reasons('anchor_moved'))}",
            f"not replaced        {dict(operation.reasons('anchor_fees_held'))}",
            f"paid                {sum(payments) / ETHER:.6f} ether, the dearest anchor {max(payments) / ETHER:.6f}",
            f"committed, at most  {committed / ETHER:.6f} of {DAILY_BUDGET} ether",
            f"oldest, at most     {oldest}",
        ]
    )
