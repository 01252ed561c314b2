"""A state by hand: the anchor log's account and slots in tries, a header over them, and light parts of that block.

The tries are the `trie` library's, the keys and packing those of docs/contracts.md written out once more: what the
domain reads must be what others write.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

import rlp
from eth_utils.crypto import keccak
from trie.hexary import HexaryTrie

from registry.adapters.artifacts import load_artifact
from registry.chain_ports import LightProof
from registry.domain.errors import Unavailable
from registry.domain.hashing import Digest, sha256
from registry.domain.light import LightPart
from registry.domain.log_name import LogName
from tests.memory_chain import MemoryChain

ANCHORER: Final = "0x" + "a1" * 20
STRANGER: Final = "0x" + "b2" * 20
"""An account that is bound to the log after ours."""
NOBODY: Final = "0x" + "c3" * 20
"""An account that is bound to no log."""

LONDON_FIELDS: Final = 16
PRAGUE_FIELDS: Final = 21
_LATER: Final[tuple[bytes | int, ...]] = (b"\x77" * 32, 0, 0, b"\x88" * 32, b"\x99" * 32, b"\xaa" * 32, 7)
"""What forks after London appended: Shanghai one field, Cancun three, Prague one; and two of a fork to come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandState:
    """One block's state with an anchor log in it."""

    log: LogName
    header: bytes
    state: Any  # the library has no annotations
    storage: Any

    @property
    def block_hash(self) -> bytes:
        """The block's hash."""
        return keccak(self.header)

    def light(
        self, anchor_epoch: int, status_epoch: int, *, anchorer: str = ANCHORER, log: LogName | None = None
    ) -> LightPart:
        """Return the light part for two epochs of our log, or of another one."""
        number = (log or self.log).number
        return LightPart(
            header=self.header,
            anchorer=anchorer,
            account_proof=proof_nodes(self.state, keccak(_address((log or self.log).contract))),
            storage_proofs=tuple(
                proof_nodes(self.storage, keccak(key))
                for key in (root_key(number, anchor_epoch), root_key(number, status_epoch), seat_key(anchorer))
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class HandChain:
    """What a block is made of."""

    log: LogName
    roots: Mapping[int, Digest]
    time: datetime
    latest_at: datetime | None = None
    """When the newest epoch was anchored; the block's own time when not told."""
    latest_epoch: int | None = None
    code_hash: bytes = field(default_factory=lambda: load_artifact().runtime_code_hash)
    header_fields: int = PRAGUE_FIELDS
    crowd: int = 60
    """Other accounts, and slots of other logs: they give the tries their depth."""
    number: int = 5_000_000

    def block(self) -> HandState:
        """Build tries and header."""
        storage = HexaryTrie({})
        for slot, word in self._slots().items():
            storage[keccak(slot)] = rlp.encode(word)
        state = HexaryTrie({})
        for each in range(self.crowd):
            state[keccak(sha256(each.to_bytes(8, "big"))[:20])] = rlp.encode([each, 10**18, b"\x01" * 32, b"\x02" * 32])
        account = [1, 0, storage.root_hash, self.code_hash]
        state[keccak(_address(self.log.contract))] = rlp.encode(account)
        return HandState(log=self.log, header=self._header(state.root_hash), state=state, storage=storage)

    def _slots(self) -> dict[bytes, int]:
        latest = max(self.roots, default=0) if self.latest_epoch is None else self.latest_epoch
        seconds = int((self.latest_at or self.time).timestamp())
        slots = {root_key(self.log.number, epoch): int.from_bytes(root, "big") for epoch, root in self.roots.items()}
        slots[seat_key(ANCHORER)] = seat(self.log.number, latest, seconds)
        slots[seat_key(STRANGER)] = seat(self.log.number + 1, latest, seconds)
        crowd = {root_key(1_000 + each, 1): int.from_bytes(sha256(bytes([each])), "big") for each in range(self.crowd)}
        return slots | crowd

    def _header(self, state_root: bytes) -> bytes:
        first: list[bytes | int] = [
            b"\x11" * 32,
            b"\x22" * 32,
            b"\x33" * 20,
            state_root,
            b"\x44" * 32,
            b"\x55" * 32,
            bytes(256),
            0,
            self.number,
            36_000_000,
            51_299,
            int(self.time.timestamp()),
            b"by hand",
            b"\x66" * 32,
            bytes(8),
            10**9,
        ]
        return bytes(rlp.encode([*first, *_LATER][: self.header_fields]))


def root_key(log: int, epoch: int) -> bytes:
    """The slot of an epoch's root."""
    return keccak(word(epoch) + keccak(word(log) + word(1)))


def seat_key(account: str) -> bytes:
    """The slot of an account's seat."""
    return keccak(bytes(12) + _address(account) + word(0))


def seat(log: int, epoch: int, seconds: int) -> int:
    """Pack a seat."""
    return log | epoch << 128 | seconds << 192


def word(number: int) -> bytes:
    """Write a number as 32 bytes."""
    return number.to_bytes(32, "big")


def proof_nodes(trie: Any, key: bytes) -> tuple[bytes, ...]:  # noqa: ANN401  # the library has no annotations
    """Return the nodes to a key as EIP-1186 lists them: those inside their parents are no elements of their own."""
    encoded: Sequence[bytes] = [rlp.encode(node) for node in trie.get_proof(key)]
    return tuple(node for depth, node in enumerate(encoded) if depth == 0 or len(node) >= 32)


def _address(text: str) -> bytes:
    return bytes.fromhex(text[2:])


@dataclass(slots=True, kw_only=True)
class HandProver:
    """Proves by hand what stands on a chain in memory: a fake of what asks a node."""

    chain: MemoryChain

    def prove_newest(self, log: LogName, *, anchor_epoch: int, status_epoch: int) -> LightProof:
        """Prove two epochs at the newest block."""
        if self.chain.failure is not None:
            raise self.chain.failure
        newest = self.chain.blocks[-1]
        events = self.chain.events.get(log, [])
        if max(anchor_epoch, status_epoch) > len(events):
            raise Unavailable("epoch-not-final", f"the newest final block has reached epoch {len(events)}")
        state = HandChain(
            log=log,
            roots={event.epoch: event.root for event in events},
            time=newest.time.replace(microsecond=0),
            latest_at=events[-1].block_time,
            number=newest.number,
        ).block()
        return LightProof(
            block=replace(newest, hash=state.block_hash),
            latest_epoch=len(events),
            part=state.light(anchor_epoch, status_epoch),
        )
