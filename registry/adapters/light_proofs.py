"""Light parts of receipts, out of what a node says: one block, one `eth_getProof` (EIP-1186).

    finalized block  ->  its header, rebuilt in RLP: it must hash to the block's hash
    at that hash     ->  the log's anchoring account  ->  three slots in one proof
    then the whole is proved as a verifier would: what does not hold was never made
    that block is final by the word of a quorum: a proof holds in a block that vanishes, too

No node hands out a header as the bytes that were hashed, so it is put together from the JSON. Nothing is retried: the
next node is asked, then whoever asked may ask again.
"""

from collections.abc import Callable, Sequence
from typing import Final

import rlp
from eth_utils.abi import function_signature_to_4byte_selector
from eth_utils.crypto import keccak
from web3 import Web3

from registry.adapters.rpc import block_parameter, read_data, read_hash, read_member, read_quantity, request
from registry.chain_ports import LightProof
from registry.domain.canonical import JsonValue
from registry.domain.errors import Malformed, ProofMismatch, Unavailable
from registry.domain.evidence import ChainBlock
from registry.domain.light import LightPart
from registry.domain.light_proof import LightQuestion, LightState, prove_state, slot_keys
from registry.domain.log_name import LogName

_ANCHORER_OF: Final = function_signature_to_4byte_selector("anchorerOf(uint256)")
_ADDRESS_SIZE: Final = 20


class NodeLightProver:
    """Makes light parts with the first node that can."""

    def __init__(self, nodes: Callable[[], Sequence[Web3]], *, code_hash: bytes, quorum: int) -> None:
        """Ask nothing yet. `nodes` tells which may be asked at the moment, `quorum` of which must agree; `code_hash` is
        that of the contract as it is published.
        """
        self._nodes = nodes
        self._code_hash = code_hash
        self._quorum = quorum

    def prove_newest(self, log: LogName, *, anchor_epoch: int, status_epoch: int) -> LightProof:
        """Prove the roots of two epochs, and the counter, at the newest final block."""
        question = LightQuestion(
            log=log, anchor_epoch=anchor_epoch, status_epoch=status_epoch, code_hash=self._code_hash
        )
        failure = Unavailable("no-rpc", "no Ethereum node was named")
        nodes = self._nodes()
        for node in nodes:
            try:
                proof = _prove(node, question)
                self._require_quorum(proof.block, [other for other in nodes if other is not node])
            except Unavailable as error:
                failure = error
            else:
                return proof
        raise failure

    def _require_quorum(self, block: ChainBlock, others: Sequence[Web3]) -> None:
        if self._quorum == 1:
            return
        agreeing = 1 + sum(_has_final(node, block) for node in others)
        if agreeing < self._quorum:
            raise Unavailable(
                "no-quorum",
                f"expected {self._quorum} nodes to have block {Web3.to_hex(block.hash)} as final, got {agreeing}",
            )


def _has_final(node: Web3, block: ChainBlock) -> bool:
    """Tell whether a node has a block as final; one that cannot be asked does not say so."""
    try:
        finalized = request(node, "eth_getBlockByNumber", ["finalized", False])
        if read_quantity(read_member(finalized, "number"), where="finalized block") < block.number:
            return False
        found = request(node, "eth_getBlockByNumber", [block_parameter(block.number), False])
        return read_hash(read_member(found, "hash"), where="block hash") == Web3.to_hex(block.hash)
    except Unavailable:
        return False


def _prove(node: Web3, question: LightQuestion) -> LightProof:
    chain_id = read_quantity(request(node, "eth_chainId", []), where="chain id")
    if chain_id != question.log.chain_id:
        raise Unavailable("other-chain", f"the log is on chain {question.log.chain_id}, the node on {chain_id}")
    header = encode_header(request(node, "eth_getBlockByNumber", ["finalized", False]))
    block_hash = keccak(header)
    at = block_parameter(Web3.to_hex(block_hash))
    anchorer = _read_anchorer(node, question, at)
    keys = slot_keys(question, anchorer=anchorer, keccak=keccak)
    # All 32 bytes of each: nodes differ over shorter spellings.
    answer = request(node, "eth_getProof", [question.log.contract, [Web3.to_hex(key) for key in keys], at])
    try:
        part = LightPart(
            header=header,
            anchorer=anchorer,
            account_proof=_nodes(read_member(answer, "accountProof")),
            storage_proofs=tuple(
                _nodes(read_member(slot, "proof")) for slot in _items(read_member(answer, "storageProof"))
            ),
        )
        state = prove_state(part, question, block_hash=block_hash, keccak=keccak)
    except (Malformed, ProofMismatch) as error:
        raise Unavailable("rpc-answer", f"the node's proof does not hold: {error.message}") from error
    _require_epochs(state, question)
    block = ChainBlock(
        chain_id=chain_id, number=state.header.number, hash=block_hash, time=state.header.time, final=True
    )
    return LightProof(block=block, latest_epoch=state.latest_epoch, part=part)


def encode_header(block: JsonValue) -> bytes:
    """Put a block's header together as it was hashed.

    Raises Unavailable when the node does not know the block, or when it does not hash to the hash that the node names:
    then the node errs, or the header has fields that are not known here.
    """
    if block is None:
        raise Unavailable("rpc-block-missing", "the node knows no final block")
    stated = read_hash(read_member(block, "hash"), where="block hash")
    # A node names fields of forks that are not in force yet, if at all, as null.
    names = [*_FIELDS, *(name for name in _LATER_FIELDS if isinstance(block, dict) and block.get(name) is not None)]
    fields = [_READERS.get(name, read_data)(read_member(block, name), where=name) for name in names]
    header: bytes = rlp.encode(fields)
    if Web3.to_hex(keccak(header)) != stated:
        raise Unavailable("rpc-answer", f"the header of block {stated} does not hash to it: it has other fields")
    return header


_FIELDS: Final = (
    "parentHash",
    "sha3Uncles",
    "miner",
    "stateRoot",
    "transactionsRoot",
    "receiptsRoot",
    "logsBloom",
    "difficulty",
    "number",
    "gasLimit",
    "gasUsed",
    "timestamp",
    "extraData",
    "mixHash",
    "nonce",
    "baseFeePerGas",
)
_LATER_FIELDS: Final = (
    "withdrawalsRoot",
    "blobGasUsed",
    "excessBlobGas",
    "parentBeaconBlockRoot",
    "requestsHash",
)
"""Shanghai, Cancun (three), Prague."""
_READERS: Final[dict[str, Callable[..., bytes | int]]] = dict.fromkeys(
    (
        "difficulty",
        "number",
        "gasLimit",
        "gasUsed",
        "timestamp",
        "baseFeePerGas",
        "blobGasUsed",
        "excessBlobGas",
    ),
    read_quantity,
)
"""Of the fields that are numbers; the others are bytes."""


def _read_anchorer(node: Web3, question: LightQuestion, at: JsonValue) -> str:
    data = _ANCHORER_OF + question.log.number.to_bytes(32, "big")
    answer = request(node, "eth_call", [{"to": question.log.contract, "data": Web3.to_hex(data)}, at])
    return "0x" + read_hash(answer, where="the anchoring account")[-2 * _ADDRESS_SIZE :]


def _require_epochs(state: LightState, question: LightQuestion) -> None:
    if state.code_hash != question.code_hash:
        raise Unavailable("other-contract", f"the code at {question.log.contract} is not the published one")
    missing = {question.anchor_epoch, question.status_epoch} - state.roots.keys()
    if missing:
        reached = f"the newest final block, {state.header.number}, has reached epoch {state.latest_epoch}"
        raise Unavailable("epoch-not-final", f"{reached}, expected {max(missing)}")


def _nodes(value: JsonValue) -> tuple[bytes, ...]:
    return tuple(read_data(node, where="a node of a proof") for node in _items(value))


def _items(value: JsonValue) -> list[JsonValue]:
    if not isinstance(value, list):
        raise Unavailable("rpc-answer", "the node's proof is not a list where one is expected")
    return value
