"""Slots set aside: how many, for how long, for whom."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pytest

from registry.domain.errors import Malformed, Refused
from registry.service.reserving import MAX_OPEN_SLOTS, ReservationOrder, reserve
from tests.own_keys import OwnIssuer, add_own_issuer
from tests.registry_world import World

# Any: documents are JSON of any shape.
Change = Callable[[Any], object]
DAY: Final = timedelta(days=1)


@pytest.fixture
def own(world: World) -> OwnIssuer:
    return add_own_issuer(world, suspension=False)


# -- reservations -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "days", "code"),
    [(0, 1, "malformed-count"), (65_537, 1, "malformed-count"), (1, 0, "malformed-days"), (1, 91, "malformed-days")],
)
def test_reservations_have_bounds(count: int, days: int, code: str) -> None:
    with pytest.raises(Malformed) as refused:
        ReservationOrder(count=count, days=days)

    assert refused.value.code == code


def test_an_issuer_whose_key_is_here_reserves_nothing(world: World) -> None:
    plain = world.add_issuer("plain")

    with pytest.raises(Refused) as refused, world.store.write() as unit:
        reserve(world.resources, unit, plain, ReservationOrder(count=1), caller=world.admin)

    assert refused.value.code == "issuer-without-own-key"


def test_an_issuer_holds_a_bounded_number_of_open_slots(own: OwnIssuer) -> None:
    whole = MAX_OPEN_SLOTS // 65_536
    for _ in range(whole):
        own.reserve(65_536, days=1)

    with pytest.raises(Refused) as refused:
        own.reserve(1)
    own.world.clock.advance(days=1)

    assert refused.value.code == "too-many-reserved"
    assert len(own.reserve(1).slots) == 1
