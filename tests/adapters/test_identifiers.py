"""UUIDv7: the layout of RFC 9562, and the order of time."""

from datetime import UTC, datetime, timedelta
from uuid import RFC_4122, UUID

from hypothesis import given
from hypothesis import strategies as st

from registry.adapters.clock import SystemClock
from registry.adapters.identifiers import Identifiers, uuid7

MOMENTS = st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(9999, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001  # the zone is given apart
RANDOM_BITS = st.integers(min_value=0, max_value=2**62 - 1)


def test_the_example_of_the_rfc_is_reproduced() -> None:
    # RFC 9562 appendix A.6: 2022-02-22T19:22:22Z, rand_a CC3 (here the fraction of the millisecond), rand_b as given.
    moment = datetime(2022, 2, 22, 19, 22, 22, tzinfo=UTC)

    made = uuid7(moment, random=0x18C4DC0C0C07398F & (2**62 - 1))

    expected = UUID("017F22E2-79B0-7CC3-98C4-DC0C0C07398F")
    assert made.int >> 80 == expected.int >> 80
    assert made.int & (2**64 - 1) == expected.int & (2**64 - 1)
    assert (made.version, made.int >> 64 & 0xFFF) == (7, 0)


@given(moment=MOMENTS, random=RANDOM_BITS)
def test_every_id_has_its_version_variant_time_and_randomness(moment: datetime, random: int) -> None:
    made = uuid7(moment, random=random)

    milliseconds = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    assert (made.version, made.variant) == (7, RFC_4122)
    assert made.int >> 80 == milliseconds
    assert made.int & (2**62 - 1) == random


@given(moments=st.lists(MOMENTS, min_size=2, unique=True), random=RANDOM_BITS)
def test_ids_sort_as_their_moments_do(moments: list[datetime], random: int) -> None:
    ids = [uuid7(moment, random=random) for moment in sorted(moments)]

    assert ids == sorted(ids)
    assert [made.bytes for made in ids] == sorted(made.bytes for made in ids)
    assert len(set(ids)) == len(moments)


def test_ids_of_this_machine_differ_and_carry_its_time() -> None:
    identifiers = Identifiers(SystemClock())

    made = [identifiers.new() for _ in range(1_000)]

    assert len(set(made)) == 1_000
    assert abs((made[0].int >> 80) / 1000 - datetime.now(UTC).timestamp()) < 60
