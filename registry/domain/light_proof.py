"""What a light part proves: code, roots and counter of a log at one block (protocol section 7, docs/contracts.md "Storage").

    block hash  =  keccak(header)  ->  state root  ->  account: code hash, storage root  ->  three slots

    root of an epoch    keccak(epoch ‖ keccak(log ‖ 1))
    seat                keccak(anchorer ‖ 0): the log, its latest epoch, that one's time

The seat is the counter: an account has one only while it is bound, and a log has one account. So whatever account the
light part names, a seat with this log's number is this log's seat. All of the light part holds, or nothing counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from registry.domain.block_header import BlockHeader, time_of_seconds
from registry.domain.errors import Malformed, ProofMismatch
from registry.domain.hashing import DIGEST_SIZE, Digest
from registry.domain.light import LightPart
from registry.domain.log_name import LogName
from registry.domain.patricia import Keccak, find_value
from registry.domain.rlp import decode_rlp, read_rlp_integer

BLOCK_DIFFERS: Final = "block-differs"
"""The code of a light part that is of another block."""

_SEATS_SLOT: Final = 0
_ROOTS_SLOT: Final = 1
_LOG_BITS: Final = 128
_EPOCH_BITS: Final = 64
_ACCOUNT_ITEMS: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class LightQuestion:
    """Whose state is asked for: two epochs of a log, in the published contract."""

    log: LogName
    anchor_epoch: int
    status_epoch: int
    code_hash: bytes
    """Keccak-256 of the published runtime code: the layout of any other is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LightState:
    """What was proved."""

    header: BlockHeader
    code_hash: bytes | None
    """Of the code at the log's contract; None when no account is there."""
    latest_epoch: int
    """Zero where the code is not the published one: nothing further was read."""
    anchored_at: Mapping[int, datetime]
    """When the latest epoch was anchored, by the contract's own word; empty before the first."""
    roots: Mapping[int, Digest]
    """Of the epochs asked for, those that have one."""


def slot_keys(question: LightQuestion, *, anchorer: str, keccak: Keccak) -> tuple[bytes, bytes, bytes]:
    """Return the storage positions, 32 bytes each, in the order of a light part's proofs."""
    roots = keccak(_word(question.log.number) + _word(_ROOTS_SLOT))
    return (
        keccak(_word(question.anchor_epoch) + roots),
        keccak(_word(question.status_epoch) + roots),
        keccak(_word(int(anchorer, 16)) + _word(_SEATS_SLOT)),
    )


def prove_state(light: LightPart, question: LightQuestion, *, block_hash: bytes, keccak: Keccak) -> LightState:
    """Return what a light part proves of a log at the block of that hash.

    Raises ProofMismatch when it leads to another block or the account is bound to another log, Malformed when part of it
    is not what it should be.
    """
    actual = keccak(light.header)
    if actual != block_hash:
        raise ProofMismatch(BLOCK_DIFFERS, "block hash", expected=block_hash, actual=actual)
    header = BlockHeader.decode(light.header)
    code_hash, storage_root = _prove_account(light, question.log, state_root=header.state_root, keccak=keccak)
    if code_hash != question.code_hash:
        return LightState(header=header, code_hash=code_hash, latest_epoch=0, anchored_at={}, roots={})
    anchored, at_status, seat = (
        _prove_word(nodes, root=storage_root, key=key, keccak=keccak, where=f"light.storageProofs[{number}]")
        for number, (nodes, key) in enumerate(
            zip(light.storage_proofs, slot_keys(question, anchorer=light.anchorer, keccak=keccak), strict=True)
        )
    )
    latest_epoch, anchored_at = _read_seat(seat, question.log)
    roots = {question.anchor_epoch: anchored, question.status_epoch: at_status}
    return LightState(
        header=header,
        code_hash=code_hash,
        latest_epoch=latest_epoch,
        anchored_at=anchored_at,
        roots={epoch: Digest(_word(root)) for epoch, root in roots.items() if root != 0},
    )


def _prove_account(
    light: LightPart, log: LogName, *, state_root: bytes, keccak: Keccak
) -> tuple[bytes, bytes] | tuple[None, bytes]:
    """Return code hash and storage root of the log's contract."""
    where = "light.accountProof"
    address = bytes.fromhex(log.contract[2:])
    encoded = find_value(light.account_proof, root=state_root, key=address, keccak=keccak, where=where)
    if encoded is None:
        return None, b""
    account = decode_rlp(encoded, where=where)
    if isinstance(account, bytes) or len(account) != _ACCOUNT_ITEMS:
        raise Malformed("malformed-account", f"expected {_ACCOUNT_ITEMS} fields", where=where)
    _, _, storage_root, code_hash = account
    if isinstance(storage_root, tuple) or isinstance(code_hash, tuple):
        raise Malformed("malformed-account", "expected a storage root and a code hash", where=where)
    return code_hash, storage_root


def _prove_word(nodes: tuple[bytes, ...], *, root: bytes, key: bytes, keccak: Keccak, where: str) -> int:
    """Return the word in a slot; nothing there is a zero."""
    encoded = find_value(nodes, root=root, key=key, keccak=keccak, where=where)
    if encoded is None:
        return 0
    return read_rlp_integer(decode_rlp(encoded, where=where), limit_bytes=DIGEST_SIZE, where=where)


def _read_seat(seat: int, log: LogName) -> tuple[int, dict[int, datetime]]:
    """Return a log's latest epoch, and when it was anchored if there is one."""
    number = seat & ((1 << _LOG_BITS) - 1)
    if number != log.number:
        raise ProofMismatch("seat-differs", "log of the account", expected=_word(log.number), actual=_word(number))
    epoch = seat >> _LOG_BITS & ((1 << _EPOCH_BITS) - 1)
    if epoch == 0:
        return 0, {}
    return epoch, {epoch: time_of_seconds(seat >> (_LOG_BITS + _EPOCH_BITS), where="light.storageProofs[2]")}


def _word(number: int) -> bytes:
    return number.to_bytes(DIGEST_SIZE, "big")
