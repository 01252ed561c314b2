"""The fraud court's interface: calls as bytes, answers and refusals read back. Nothing is asked or sent here.

evidence, promises, entries  ->  calldata          answers  ->  marks, challenges, numbers
                                                   revert data  ->  the contract's own error, by its name
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final, assert_never

from eth_utils.abi import abi_to_signature, get_abi_input_types, get_abi_output_types
from eth_utils.crypto import keccak
from web3 import Web3

from registry.adapters.artifacts import FRAUD_COURT, load_artifact
from registry.domain.contract_proofs import encode_path, encode_status_proof
from registry.domain.errors import Unavailable
from registry.domain.fraud import (
    BrokenInclusion,
    BrokenRevocation,
    EntryProof,
    Fraud,
    FraudKind,
    Mark,
    SlotReuse,
    Unrevocation,
)
from registry.domain.hashing import Digest
from registry.domain.log_name import LogName
from registry.domain.promise import Promise, PromiseTerms
from registry.domain.status import StatusProof

SELECTOR_SIZE: Final = 4
_FLAT: Final = 32
"""An answer of fixed size has one word a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """A challenge of an inclusion promise, as the court keeps it."""

    challenger: str
    """Lower-case hex with 0x."""
    epoch: int
    closes_at: datetime | None
    """From when on the time-out can be claimed; None once it is over."""
    stake_wei: int


def court_address() -> str:
    """Return the court's address on every chain."""
    return load_artifact(FRAUD_COURT).address


def encode_call(function: str, *arguments: object) -> bytes:
    """Write a call of one of the court's functions; addresses are lower-case hex with 0x."""
    # web3 takes addresses with the checksum of EIP-55 alone.
    spelled = [Web3.to_checksum_address(value) if isinstance(value, str) else value for value in arguments]
    return bytes.fromhex(_contract().encode_abi(function, args=spelled)[2:])


def encode_report(fraud: Fraud) -> bytes:
    """Write the call that reports a fraud; for an inclusion that is missing, the one that challenges it.

    Raises Malformed for a path that the contract would refuse for its form.
    """
    match fraud:
        case SlotReuse():
            entries = [_entry(entry, slot=fraud.slot) for entry in (fraud.first, fraud.second)]
            return encode_call("reportSlotReuse", fraud.log.number, fraud.slot, *entries)
        case BrokenRevocation():
            if fraud.unrevoked is None:
                return encode_call("reportOverdueRevocation", *_promised(fraud.promise))
            return encode_call("reportBrokenRevocation", *_promised(fraud.promise), _status(fraud.unrevoked))
        case BrokenInclusion():
            return encode_call("challengeInclusion", *_promised(fraud.promise))
        case Unrevocation():
            proofs = (_status(fraud.revoked), _status(fraud.unrevoked))
            return encode_call("reportUnrevocation", fraud.log.number, fraud.slot, *proofs)
        case _:
            assert_never(fraud)


def encode_answer(log: LogName, *, slot: int, entry: EntryProof) -> bytes:
    """Write the call that answers a challenge. Raises Malformed as `encode_report`."""
    return encode_call("answerChallenge", log.number, slot, _entry(entry, slot=slot))


def encode_timeout(terms: PromiseTerms) -> bytes:
    """Write the call that claims that a challenge was not answered."""
    return encode_call("claimTimeout", terms.log.number, terms.leaf, terms.slot)


def read_number(function: str, answer: bytes) -> int:
    """Read the answer of a view with one number. Raises Unavailable `rpc-answer`."""
    return int(_decode(function, answer, size=_FLAT)[0])


def read_marks(answer: bytes) -> tuple[Mark, ...]:
    """Read the answer of `marksOf`, without the kinds that a log is not marked for. Raises Unavailable `rpc-answer`."""
    (epochs,) = _decode("marksOf", answer, size=_FLAT * len(FraudKind))
    return tuple(Mark(kind=kind, epoch=epoch) for kind, epoch in zip(FraudKind, epochs, strict=True) if epoch)


def read_bond(answer: bytes) -> int:
    """Read the bond in the answer of `stakeOf`, in wei. Raises Unavailable `rpc-answer`."""
    ((bond, *_),) = _decode("stakeOf", answer, size=5 * _FLAT)
    return int(bond)


def read_challenge(answer: bytes) -> Challenge | None:
    """Read the answer of `challengeOf`, None when there was never one. Raises Unavailable `rpc-answer`."""
    ((challenger, epoch, closes_at, is_closed, stake),) = _decode("challengeOf", answer, size=5 * _FLAT)
    if closes_at == 0:
        return None
    try:
        closing = None if is_closed else datetime.fromtimestamp(closes_at, UTC)
    except (OverflowError, OSError, ValueError) as error:
        raise Unavailable("rpc-answer", "the time at which a challenge closes is not in the calendar") from error
    return Challenge(challenger=str(challenger).lower(), epoch=epoch, closes_at=closing, stake_wei=stake)


def challenged_topics(log: LogName) -> list[str]:
    """Return the topics of the events of a log's challenges."""
    return ["0x" + keccak(text=abi_to_signature(_challenged())).hex(), f"0x{log.number:064x}"]


def read_challenged(topics: Sequence[bytes], data: bytes) -> tuple[Digest, int]:
    """Read leaf and slot of the event of a challenge. Raises Unavailable `rpc-answer`."""
    if len(topics) != 3 or len(data) != 4 * _FLAT:
        raise Unavailable("rpc-answer", "asked for challenges, got another event")
    return Digest(topics[2]), int.from_bytes(data[:_FLAT], "big")


def name_refusal(data: bytes) -> str | None:
    """Name the error that the court reverted with, and its arguments; None when it is none of its own."""
    found = _errors().get(data[:SELECTOR_SIZE])
    if found is None:
        return None
    name, names, types = found
    try:
        values = _codec().decode(types, data[SELECTOR_SIZE:])
    except Exception:  # noqa: BLE001  # a hostile node's bytes: the codec raises what it likes
        return name
    spelled = (value.hex() if isinstance(value, bytes) else str(value) for value in values)
    return f"{name}({', '.join(f'{of}: {value}' for of, value in zip(names, spelled, strict=True))})"


def _status(proof: StatusProof) -> tuple[int, bytes]:
    return proof.epoch, encode_status_proof(proof)


def _entry(entry: EntryProof, *, slot: int) -> tuple[int, Digest, bytes]:
    return entry.epoch, entry.leaf, encode_path(entry.path, slot=slot)


def _promised(promise: Promise) -> tuple[tuple[object, ...], tuple[bytes, bytes]]:
    terms = promise.terms
    leaf = () if terms.leaf is None else (terms.leaf,)
    struct = (terms.log.number, *leaf, terms.slot, terms.epoch, terms.deadline_seconds)
    return struct, (promise.signature[:32], promise.signature[32:])


def _decode(function: str, answer: bytes, *, size: int) -> Sequence[Any]:
    """Decode an answer of fixed size. Any: what the interface says, which the callers know."""
    if len(answer) != size:
        raise Unavailable("rpc-answer", f"the node's answer for {function} has {len(answer)} bytes, not {size}")
    try:
        return tuple(_codec().decode(_outputs()[function], answer))
    except Exception as error:  # the codec raises what it likes
        raise Unavailable("rpc-answer", f"the node's answer for {function} is not of the court") from error


@cache
def _contract() -> Any:  # noqa: ANN401  # web3's contract types are made at run time
    artifact = load_artifact(FRAUD_COURT)
    return Web3().eth.contract(address=Web3.to_checksum_address(artifact.address), abi=artifact.abi)


@cache
def _codec() -> Any:  # noqa: ANN401  # as above
    return Web3().codec


@cache
def _outputs() -> dict[str, list[str]]:
    return {item["name"]: get_abi_output_types(item) for item in _abi() if item["type"] == "function"}


@cache
def _errors() -> dict[bytes, tuple[str, list[str], list[str]]]:
    return {
        keccak(text=abi_to_signature(item))[:SELECTOR_SIZE]: (
            item["name"],
            [member["name"] for member in item["inputs"]],
            get_abi_input_types(item),
        )
        for item in _abi()
        if item["type"] == "error"
    }


def _challenged() -> Any:  # noqa: ANN401  # as `_abi`
    return next(item for item in _abi() if item["type"] == "event" and item["name"] == "InclusionChallenged")


def _abi() -> Sequence[Any]:
    # Any: web3 describes an interface by a union of typed dictionaries that no comprehension narrows.
    return load_artifact(FRAUD_COURT).abi
