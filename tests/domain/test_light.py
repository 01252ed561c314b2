"""Light parts: exactly their members and one spelling, and a proof of nothing that is not in the block's state."""

import copy
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any, Final, TypeAlias

import pytest
import rlp
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from registry.adapters.artifacts import load_artifact
from registry.domain.block_header import MAX_FIELDS, MAX_TIME, BlockHeader
from registry.domain.errors import Malformed, ProofMismatch
from registry.domain.hashing import sha256
from registry.domain.light import MAX_HEADER_BYTES, LightPart
from registry.domain.light_proof import LightQuestion, LightState, prove_state
from registry.domain.log_name import LogName
from registry.domain.patricia import MAX_NODE_BYTES, MAX_PROOF_NODES
from tests.epochs import NOW
from tests.light_case import (
    ANCHORER,
    LONDON_FIELDS,
    NOBODY,
    PRAGUE_FIELDS,
    STRANGER,
    HandChain,
    HandState,
    proof_nodes,
    seat_key,
)

# Documents, headers and accounts as a forger would write them.
Json: TypeAlias = Any

LOG: Final = LogName(chain_id=31_337, contract=load_artifact().address, number=7)
ROOTS: Final = {epoch: sha256(b"root %d" % epoch) for epoch in range(1, 6)}
ANCHORED: Final = NOW - timedelta(minutes=20)


@cache
def state() -> HandState:
    return chain().block()


def chain() -> HandChain:
    return HandChain(log=LOG, roots=ROOTS, time=NOW, latest_at=ANCHORED)


def question(*, log: LogName = LOG, anchor: int = 2, status: int = 5) -> LightQuestion:
    return LightQuestion(log=log, anchor_epoch=anchor, status_epoch=status, code_hash=load_artifact().runtime_code_hash)


def prove(light: LightPart, asked: LightQuestion | None = None, *, block_hash: bytes | None = None) -> LightState:
    return prove_state(
        light, asked or question(), block_hash=state().block_hash if block_hash is None else block_hash, keccak=keccak
    )


def test_a_light_part_proves_roots_counter_code_and_times_of_a_block() -> None:
    proved = prove(state().light(2, 5))

    assert proved.roots == {2: ROOTS[2], 5: ROOTS[5]}
    assert proved.latest_epoch == 5
    assert proved.anchored_at == {5: ANCHORED}
    assert proved.code_hash == load_artifact().runtime_code_hash
    assert (proved.header.number, proved.header.time) == (5_000_000, NOW)


def test_one_epoch_may_be_anchors_and_status() -> None:
    assert prove(state().light(5, 5), question(anchor=5)).roots == {5: ROOTS[5]}


def test_the_absence_of_a_root_is_proved() -> None:
    proved = prove(state().light(9, 5), question(anchor=9))

    assert proved.roots == {5: ROOTS[5]}
    assert proved.latest_epoch == 5


def test_a_log_without_epochs_has_no_time() -> None:
    block = replace(chain(), roots={}).block()

    proved = prove(block.light(1, 1), question(anchor=1, status=1), block_hash=block.block_hash)

    assert (proved.latest_epoch, proved.roots, proved.anchored_at) == (0, {}, {})


@pytest.mark.parametrize("fields", range(LONDON_FIELDS, PRAGUE_FIELDS + 3))
def test_headers_of_every_fork_since_london_are_read(fields: int) -> None:
    block = replace(chain(), header_fields=fields).block()

    assert prove(block.light(2, 5), block_hash=block.block_hash).latest_epoch == 5


def test_other_code_is_told_and_its_slots_are_not_read() -> None:
    block = replace(chain(), code_hash=b"\5" * 32).block()
    light = replace(block.light(2, 5), storage_proofs=((), (b"?",), ()))

    proved = prove(light, block_hash=block.block_hash)

    assert (proved.code_hash, proved.latest_epoch, proved.roots) == (b"\5" * 32, 0, {})


def test_a_contract_that_is_not_there_has_no_code() -> None:
    elsewhere = replace(LOG, contract="0x" + "0e" * 20)

    assert prove(state().light(2, 5, log=elsewhere), question(log=elsewhere)).code_hash is None


def changed_parts() -> dict[str, LightPart]:
    light, other = state().light(2, 5), replace(chain(), number=5_000_001).block().light(2, 5)
    anchored, status, seat = light.storage_proofs
    neighbour = replace(LOG, number=8)
    return {
        "slots in another order": replace(light, storage_proofs=(status, anchored, seat)),
        "seat for a root": replace(light, storage_proofs=(seat, status, seat)),
        "root for the seat": replace(light, storage_proofs=(anchored, status, status)),
        "account for a slot": replace(light, storage_proofs=(light.account_proof, status, seat)),
        "slot for the account": replace(light, account_proof=anchored),
        "roots of another log": state().light(2, 5, log=neighbour),
        "an account bound to another log": state().light(2, 5, anchorer=STRANGER),
        "an account bound to no log": state().light(2, 5, anchorer=NOBODY),
        "another account's seat under this name": replace(light, anchorer=STRANGER),
        "another epoch's root": state().light(3, 5),
        "another epoch's status": state().light(2, 4),
        "another header": replace(light, header=other.header),
        "another block": other,
        "no account proof": replace(light, account_proof=()),
        "no proof of a slot": replace(light, storage_proofs=(anchored, status, ())),
        "an account's node more": replace(light, account_proof=(*light.account_proof, anchored[0])),
        "a slot's node more": replace(light, storage_proofs=(anchored, (*status, status[-1]), seat)),
        "cut short": replace(light, storage_proofs=(anchored[:-1], status, seat)),
        "account cut short": replace(light, account_proof=light.account_proof[:-1]),
    }


@pytest.mark.parametrize("name", changed_parts())
def test_a_light_part_of_something_else_proves_nothing(name: str) -> None:
    with pytest.raises((Malformed, ProofMismatch)):
        prove(changed_parts()[name])


def test_every_node_is_needed_and_every_byte_of_it() -> None:
    light = state().light(2, 5)

    for number, proof in enumerate((light.account_proof, *light.storage_proofs)):
        assert len(proof) > 1
        for at in range(len(proof)):
            with pytest.raises((Malformed, ProofMismatch)):
                prove(with_proof(light, number, (*proof[:at], *proof[at + 1 :])))
            for byte in range(len(proof[at])):
                node = proof[at][:byte] + bytes([proof[at][byte] ^ 1 << byte % 8]) + proof[at][byte + 1 :]
                with pytest.raises(ProofMismatch):
                    prove(with_proof(light, number, (*proof[:at], node, *proof[at + 1 :])))
    for byte in range(len(light.header)):
        header = light.header[:byte] + bytes([light.header[byte] ^ 1 << byte % 8]) + light.header[byte + 1 :]
        with pytest.raises(ProofMismatch):
            prove(replace(light, header=header))


def with_proof(light: LightPart, number: int, nodes: tuple[bytes, ...]) -> LightPart:
    if number == 0:
        return replace(light, account_proof=nodes)
    proofs = list(light.storage_proofs)
    proofs[number - 1] = nodes
    return replace(light, storage_proofs=tuple(proofs))


@given(st.binary(min_size=1, max_size=700), st.booleans())
def test_bytes_that_are_no_header_prove_nothing_under_their_own_hash(data: bytes, in_place: bool) -> None:
    header = state().header[: len(data)] + data if in_place else data

    with pytest.raises((Malformed, ProofMismatch)):
        prove(replace(state().light(2, 5), header=header), block_hash=keccak(header))


@given(st.data())
def test_a_header_whose_fields_are_changed_is_read_or_malformed_under_its_own_hash(data: st.DataObject) -> None:
    header = bytearray(state().header)
    at = data.draw(st.integers(0, len(header) - 1))
    header[at] ^= data.draw(st.integers(1, 255))

    try:
        proved = prove(replace(state().light(2, 5), header=bytes(header)), block_hash=keccak(bytes(header)))
    except (Malformed, ProofMismatch):
        return
    # What is signed by nobody is known by its hash alone: only fields that nothing is read from may differ.
    assert proved.roots == {2: ROOTS[2], 5: ROOTS[5]}


FIELDS: Final[list[Any]] = rlp.decode(replace(HandChain(log=LOG, roots=ROOTS, time=NOW), crowd=1).block().header)


@pytest.mark.parametrize(
    "header",
    [
        b"text",
        FIELDS[: LONDON_FIELDS - 1],
        FIELDS + [b""] * (MAX_FIELDS - len(FIELDS) + 1),
        [*FIELDS[:3], b"\1" * 31, *FIELDS[4:]],
        [*FIELDS[:3], [], *FIELDS[4:]],
        [*FIELDS[:8], b"\0\1", *FIELDS[9:]],
        [*FIELDS[:8], b"\1" * 9, *FIELDS[9:]],
        [*FIELDS[:11], [b"\1"], *FIELDS[12:]],
        [*FIELDS[:11], (MAX_TIME + 1).to_bytes(8, "big").lstrip(b"\0"), *FIELDS[12:]],
    ],
)
def test_a_header_of_another_form_is_malformed(header: Json) -> None:
    with pytest.raises(Malformed):
        BlockHeader.decode(rlp.encode(header))


@pytest.mark.parametrize(
    "account",
    [b"text", [], [1, 0, b"\1" * 32], [1, 0, b"\1" * 32, b"\2" * 32, b""], [1, 0, [], b"\2" * 32], [1, 0, b"\1", []]],
)
def test_an_account_of_another_form_is_malformed(account: Json) -> None:
    block = state_with(account=rlp.encode(account))

    with pytest.raises(Malformed):
        prove(block.light(2, 5), block_hash=block.block_hash)


@pytest.mark.parametrize("value", [rlp.encode([]), b"\x82\0\1", rlp.encode(b"\1" * 33), b"\x81\1"])
def test_a_slot_of_another_form_is_malformed(value: bytes) -> None:
    block = state_with(slot=value)

    with pytest.raises(Malformed):
        prove(block.light(2, 5), block_hash=block.block_hash)


def test_a_seat_of_a_time_beyond_the_calendar_is_malformed() -> None:
    block = state_with(slot=rlp.encode(LOG.number | 5 << 128 | (MAX_TIME + 1) << 192))

    with pytest.raises(Malformed):
        prove(block.light(2, 5), block_hash=block.block_hash)


def state_with(*, account: bytes | None = None, slot: bytes | None = None) -> HandState:
    """Build a state whose account, or seat, is other bytes than a chain would ever hold."""
    block = chain().block()
    if slot is not None:
        block.storage[keccak(seat_key(ANCHORER))] = slot
        account = rlp.encode([1, 0, block.storage.root_hash, load_artifact().runtime_code_hash])
    block.state[keccak(bytes.fromhex(LOG.contract[2:]))] = account
    fields = rlp.decode(block.header)
    fields[3] = block.state.root_hash
    return replace(block, header=rlp.encode(fields))


def test_a_light_part_is_read_as_it_is_written() -> None:
    light = state().light(2, 5)

    written = light.to_json()

    assert LightPart.parse(written) == light
    assert list(written) == ["blockHeader", "anchorer", "accountProof", "storageProofs"]


def put(place: str, value: Json) -> Json:
    written: Any = copy.deepcopy(state().light(2, 5).to_json())
    target = written
    *parents, last = place.split(".")
    for name in parents:
        target = target[int(name) if isinstance(target, list) else name]
    target[int(last) if isinstance(target, list) else last] = value
    return written


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("note", 1),
        ("blockHeader", None),
        ("blockHeader", "0x"),
        ("blockHeader", "0x0"),
        ("blockHeader", "f9"),
        ("blockHeader", "0xF9"),
        ("blockHeader", "0xf9\n"),
        ("blockHeader", "0x" + "00" * (MAX_HEADER_BYTES + 1)),
        ("anchorer", 5),
        ("anchorer", "0x" + "A1" * 20),
        ("anchorer", "0x" + "a1" * 21),
        ("anchorer", "a1" * 20),
        ("accountProof", "0x"),
        ("accountProof", ["0x00"] * (MAX_PROOF_NODES + 1)),
        ("accountProof.0", "0x"),
        ("accountProof.0", 5),
        ("accountProof.0", ["0x00"]),
        ("accountProof.0", "0x" + "00" * (MAX_NODE_BYTES + 1)),
        ("storageProofs", {}),
        ("storageProofs", []),
        ("storageProofs", [[], []]),
        ("storageProofs", [[], [], [], []]),
        ("storageProofs.0", "0x"),
        ("storageProofs.2.0", "0xzz"),
    ],
)
def test_a_light_part_has_exactly_its_members_and_one_spelling(place: str, value: Json) -> None:
    with pytest.raises(Malformed):
        LightPart.parse(put(place, value))


@pytest.mark.parametrize(
    "changes",
    [
        {"header": b""},
        {"header": b"\0" * (MAX_HEADER_BYTES + 1)},
        {"anchorer": ""},
        {"storage_proofs": ((), ())},
        {"account_proof": (b"",)},
        {"account_proof": (b"\0" * (MAX_NODE_BYTES + 1),)},
        {"account_proof": (b"\0",) * (MAX_PROOF_NODES + 1)},
    ],
)
def test_a_light_part_of_another_form_cannot_be_made(changes: Json) -> None:
    with pytest.raises(Malformed):
        replace(state().light(2, 5), **changes)


@given(st.recursive(st.none() | st.integers() | st.text(max_size=9), lambda it: st.lists(it, max_size=4)))
def test_whatever_stands_in_a_light_part_is_read_or_malformed(value: Json) -> None:
    for member in ("blockHeader", "anchorer", "accountProof", "storageProofs"):
        with suppress(Malformed):
            assert LightPart.parse(put(member, value)).to_json()[member] == value


def test_the_proofs_have_the_depth_of_a_crowd() -> None:
    light = state().light(2, 5)

    assert min(len(light.account_proof), *(len(proof) for proof in light.storage_proofs)) >= 2
    assert light.storage_proofs[2] == proof_nodes(state().storage, keccak(seat_key(ANCHORER)))
