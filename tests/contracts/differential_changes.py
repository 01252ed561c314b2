"""Honest proofs changed in one way, of every kind.

What a changed proof leads to, if it still is one, both sides have to find out.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random
from typing import Final

from registry.domain.contract_proofs import MAP_SIZE, SIDES_SIZE
from registry.domain.hashing import DIGEST_SIZE
from registry.domain.slot import HEADER_WORD, SLOT_LIMIT, Purpose, slot_word
from registry.domain.status import DEPTH, ZERO_ROOTS
from tests.contracts.differential_cases import PathCase, StatusCase, draw_digest

CHUNK_SLOTS: Final = 256


def change_path(case: PathCase, random: Random) -> PathCase:
    """Change a path in one way."""
    kind = random.choice(tuple(PATH_CHANGES))
    return replace(PATH_CHANGES[kind](case, random), kind=kind, root=None)


def change_status(case: StatusCase, random: Random) -> StatusCase:
    """Change a status proof in one way."""
    kind = random.choice(tuple(STATUS_CHANGES))
    return replace(STATUS_CHANGES[kind](case, random), kind=kind, root=None)


def _flipped(data: bytes, first_bit: int, last_bit: int, random: Random) -> bytes:
    """Turn one bit of those from the first to before the last, counted from the most significant of byte 0."""
    bit = random.randrange(first_bit, last_bit)
    changed = bytearray(data)
    changed[bit // 8] ^= 0x80 >> bit % 8
    return bytes(changed)


def _swapped(data: bytes, head: int, random: Random) -> bytes:
    """Swap two neighbouring words behind the head."""
    at = head + DIGEST_SIZE * random.randrange((len(data) - head) // DIGEST_SIZE - 1)
    middle, end = at + DIGEST_SIZE, at + 2 * DIGEST_SIZE
    return data[:at] + data[middle:end] + data[at:middle] + data[end:]


def _with_word(data: bytes, at: int, word: bytes) -> bytes:
    return data[:at] + word + data[at + DIGEST_SIZE :]


def _longer(data: bytes, random: Random) -> bytes:
    return data + random.randbytes(random.randint(1, 2 * DIGEST_SIZE))


def _shorter(data: bytes, random: Random) -> bytes:
    return data[: random.randrange(len(data))]


def _path_bit(case: PathCase, random: Random) -> PathCase:
    return replace(case, data=_flipped(case.data, 8 * SIDES_SIZE, 8 * len(case.data), random))


def _sibling_count(case: PathCase) -> int:
    return (len(case.data) - SIDES_SIZE) // DIGEST_SIZE


def _wrong_side(case: PathCase, random: Random) -> PathCase:
    last = 8 * SIDES_SIZE
    return replace(case, data=_flipped(case.data, last - _sibling_count(case), last, random))


def _padding_bit(case: PathCase, random: Random) -> PathCase:
    return replace(case, data=_flipped(case.data, 0, 8 * SIDES_SIZE - _sibling_count(case), random))


def _slot_word_inside(case: PathCase, random: Random) -> PathCase:
    at = SIDES_SIZE + DIGEST_SIZE * random.randrange(_sibling_count(case))
    own = slot_word(random.randrange(SLOT_LIMIT), kind=random.randrange(256))
    return replace(case, data=_with_word(case.data, at, random.choice([own, HEADER_WORD, bytes(DIGEST_SIZE)])))


def _nearly_a_slot_word(case: PathCase, random: Random) -> PathCase:
    at = SIDES_SIZE + DIGEST_SIZE * random.randrange(_sibling_count(case))
    word = slot_word(random.randrange(SLOT_LIMIT), kind=random.randrange(256))
    return replace(case, data=_with_word(case.data, at, _flipped(word, 0, 8 * DIGEST_SIZE, random)))


def _sibling_left_out(case: PathCase, random: Random) -> PathCase:
    at = SIDES_SIZE + DIGEST_SIZE * random.randrange(_sibling_count(case))
    return replace(case, data=case.data[:at] + case.data[at + DIGEST_SIZE :])


def _siblings_too_many(case: PathCase, random: Random) -> PathCase:
    count = random.randint(64 - _sibling_count(case), 70 - _sibling_count(case))
    return replace(case, data=case.data + random.randbytes(DIGEST_SIZE * count))


def _other_slot(slot: int, random: Random) -> int:
    return slot ^ 1 << random.randrange(37)


def _slot_beyond(slot: int, random: Random) -> int:
    return slot | 1 << random.randrange(37, 64)


PATH_CHANGES: Final[Mapping[str, Callable[[PathCase, Random], PathCase]]] = {
    "one bit of a sibling": _path_bit,
    "one side": _wrong_side,
    "one padding bit": _padding_bit,
    "siblings swapped": lambda case, random: replace(case, data=_swapped(case.data, SIDES_SIZE, random)),
    "slot word inside": _slot_word_inside,
    "nearly a slot word": _nearly_a_slot_word,
    "bytes too many": lambda case, random: replace(case, data=_longer(case.data, random)),
    "bytes missing": lambda case, random: replace(case, data=_shorter(case.data, random)),
    "sibling left out": _sibling_left_out,
    "siblings too many": _siblings_too_many,
    "another leaf": lambda case, random: replace(case, leaf=draw_digest(random)),
    "another slot": lambda case, random: replace(case, slot=_other_slot(case.slot, random)),
    "slot beyond the last": lambda case, random: replace(case, slot=_slot_beyond(case.slot, random)),
    "any bytes": lambda case, random: replace(case, data=random.randbytes(random.randrange(2100))),
}


def _status_bit(case: StatusCase, random: Random) -> StatusCase:
    return replace(case, data=_flipped(case.data, 8 * MAP_SIZE, 8 * len(case.data), random))


def _map_of(case: StatusCase) -> int:
    return int.from_bytes(case.data[:MAP_SIZE], "big")


def _with_map(case: StatusCase, sibling_map: int) -> StatusCase:
    return replace(case, data=sibling_map.to_bytes(MAP_SIZE, "big") + case.data[MAP_SIZE:])


def _map_moved(case: StatusCase, random: Random) -> StatusCase:
    """As many siblings, on other levels."""
    levels = random.sample(range(DEPTH), k=_map_of(case).bit_count())
    return _with_map(case, sum(1 << level for level in levels))


def _empty_subtree_listed(case: StatusCase, random: Random) -> StatusCase:
    """One level more is listed, with the root it has without being listed; or with that of another level."""
    sibling_map = _map_of(case)
    level = random.choice([level for level in range(DEPTH) if not sibling_map >> level & 1] or [0])
    at = MAP_SIZE + DIGEST_SIZE * (1 + (sibling_map & (1 << level) - 1).bit_count())
    root = ZERO_ROOTS[random.choice([level, level, random.randrange(DEPTH)])]
    data = case.data[:at] + root + case.data[at + DIGEST_SIZE * (sibling_map >> level & 1) :]
    return _with_map(replace(case, data=data), sibling_map | 1 << level)


def _other_purpose(case: StatusCase, _: Random) -> StatusCase:
    other = Purpose.SUSPENSION if case.purpose is Purpose.REVOCATION else Purpose.REVOCATION
    return replace(case, purpose=other)


def _chunk_shifted(case: StatusCase, random: Random) -> StatusCase:
    return replace(case, slot=(case.slot + random.choice([-1, 1]) * CHUNK_SLOTS) % SLOT_LIMIT)


STATUS_CHANGES: Final[Mapping[str, Callable[[StatusCase, Random], StatusCase]]] = {
    "one bit of a node": _status_bit,
    "one bit of the map": lambda case, random: replace(case, data=_flipped(case.data, 0, 8 * MAP_SIZE, random)),
    "map moved": _map_moved,
    "empty subtree listed": _empty_subtree_listed,
    "nodes swapped": lambda case, random: replace(case, data=_swapped(case.data, MAP_SIZE, random)),
    "bytes too many": lambda case, random: replace(case, data=_longer(case.data, random)),
    "bytes missing": lambda case, random: replace(case, data=_shorter(case.data, random)),
    "other purpose": _other_purpose,
    "chunk shifted": _chunk_shifted,
    "another slot": lambda case, random: replace(case, slot=_other_slot(case.slot, random)),
    "slot beyond the last": lambda case, random: replace(case, slot=_slot_beyond(case.slot, random)),
    "any bytes": lambda case, random: replace(case, data=random.randbytes(random.randrange(1100))),
}
