"""Reading the header of an Ethereum block: the few fields that a proof stands on (Yellow Paper, section 4.4).

    parent, ommers, beneficiary, state root, transactions root, receipts root, bloom, difficulty, number, gas limit,
    gas used, time, extra data, mix hash, nonce, base fee (London, EIP-1559)
    withdrawals root (Shanghai) | blob gas used, excess blob gas, parent beacon root (Cancun) | requests hash (Prague) | ...

A header is known by its hash, so fields that later forks append are left unread.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Self

from registry.domain.errors import Malformed
from registry.domain.hashing import DIGEST_SIZE
from registry.domain.rlp import RlpItem, decode_rlp, read_rlp_integer

LONDON_FIELDS: Final = 16
"""The contract's code needs a later fork than London; no older header can hold it."""
MAX_FIELDS: Final = 32
"""Prague has 21: room for as many forks again."""
MAX_TIME: Final = 253_402_300_799
"""The last second of the year 9999, the end of our calendar."""

_STATE_ROOT: Final = 3
_NUMBER: Final = 8
_TIME: Final = 11
_NUMBER_BYTES: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockHeader:
    """What a header says of its block."""

    number: int
    time: datetime
    state_root: bytes

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read a header. Raises Malformed for anything that is none."""
        where = "light.blockHeader"
        fields = decode_rlp(data, where=where)
        if isinstance(fields, bytes) or not LONDON_FIELDS <= len(fields) <= MAX_FIELDS:
            raise Malformed("malformed-header", f"expected {LONDON_FIELDS} to {MAX_FIELDS} fields", where=where)
        state_root = fields[_STATE_ROOT]
        if isinstance(state_root, tuple) or len(state_root) != DIGEST_SIZE:
            raise Malformed("malformed-header", "expected a state root of 32 bytes", where=where)
        return cls(
            number=read_rlp_integer(fields[_NUMBER], limit_bytes=_NUMBER_BYTES, where=f"{where}.number"),
            time=_read_time(fields[_TIME], f"{where}.time"),
            state_root=state_root,
        )


def time_of_seconds(seconds: int, *, where: str) -> datetime:
    """Return the time of a block from its seconds. Raises Malformed beyond the calendar."""
    if seconds > MAX_TIME:
        raise Malformed("malformed-time", "expected a time before the year 10000", where=where)
    return datetime.fromtimestamp(seconds, UTC)


def _read_time(item: RlpItem, where: str) -> datetime:
    return time_of_seconds(read_rlp_integer(item, limit_bytes=_NUMBER_BYTES, where=where), where=where)
