"""The light part of a receipt: what a block says of a log, proved under the block's hash alone (protocol section 7; EIP-1186).

    {blockHeader, anchorer, accountProof, storageProofs: [root of the anchor's epoch, root of the status', seat]}

Chain values are lower-case hex with 0x: the header and the nodes of the proofs in RLP, the anchoring account's address.
Keys and values stand nowhere: the verifier derives the keys, and the nodes end in the values. Whether a light part proves
anything is asked in `light_proof`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from registry.domain.canonical import JsonObject, JsonValue
from registry.domain.errors import Malformed
from registry.domain.fields import read_list, read_object
from registry.domain.patricia import MAX_NODE_BYTES, MAX_PROOF_NODES

MAX_HEADER_BYTES: Final = 4_096
"""A header of Prague has about 620 bytes; chains of known sealers keep their signatures in it."""
STORAGE_PROOFS: Final = 3

MEMBERS: Final = ("blockHeader", "anchorer", "accountProof", "storageProofs")
_ADDRESS: Final = re.compile(r"0x[0-9a-f]{40}")
_BYTES: Final = re.compile(r"0x(?:[0-9a-f]{2})+")


@dataclass(frozen=True, slots=True, kw_only=True)
class LightPart:
    """A header, and proofs of the contract's account and of three of its slots; nothing of it is believed yet."""

    header: bytes
    anchorer: str
    """The account that anchors for the log, lower-case hex with 0x."""
    account_proof: tuple[bytes, ...]
    """Nodes from the header's state root to the contract's account."""
    storage_proofs: tuple[tuple[bytes, ...], ...]
    """Nodes from the account's storage root: to the root of the anchor's epoch, to that of the status', to the seat."""

    def __post_init__(self) -> None:
        """Raise Malformed for another form, or for more than any chain's proofs have."""
        if not 0 < len(self.header) <= MAX_HEADER_BYTES:
            raise _malformed(f"1 to {MAX_HEADER_BYTES} bytes", "blockHeader")
        if _ADDRESS.fullmatch(self.anchorer) is None:
            raise _malformed("0x and 40 lower-case hex digits", "anchorer")
        if len(self.storage_proofs) != STORAGE_PROOFS:
            raise _malformed(f"{STORAGE_PROOFS} proofs", "storageProofs")
        for nodes in (self.account_proof, *self.storage_proofs):
            if len(nodes) > MAX_PROOF_NODES or not all(0 < len(node) <= MAX_NODE_BYTES for node in nodes):
                raise _malformed(f"at most {MAX_PROOF_NODES} nodes of 1 to {MAX_NODE_BYTES} bytes", "proof")

    @classmethod
    def parse(cls, value: JsonValue) -> Self:
        """Read a light part, its limits first.

        Raises Malformed for anything but its one spelling.
        """
        members = read_object(value, required=MEMBERS, where="light")
        proofs = read_list(members["storageProofs"], limit=STORAGE_PROOFS, where="light.storageProofs")
        anchorer = members["anchorer"]
        return cls(
            header=_read_bytes(members["blockHeader"], limit=MAX_HEADER_BYTES, where="light.blockHeader"),
            anchorer=anchorer if isinstance(anchorer, str) else "",
            account_proof=_read_nodes(members["accountProof"], "light.accountProof"),
            storage_proofs=tuple(
                _read_nodes(proof, f"light.storageProofs[{number}]") for number, proof in enumerate(proofs)
            ),
        )

    def to_json(self) -> JsonObject:
        """Write the light part as it stands in receipts."""
        return {
            "blockHeader": f"0x{self.header.hex()}",
            "anchorer": self.anchorer,
            "accountProof": _write_nodes(self.account_proof),
            "storageProofs": [_write_nodes(nodes) for nodes in self.storage_proofs],
        }


def _read_nodes(value: JsonValue, where: str) -> tuple[bytes, ...]:
    return tuple(
        _read_bytes(node, limit=MAX_NODE_BYTES, where=where)
        for node in read_list(value, limit=MAX_PROOF_NODES, where=where)
    )


def _read_bytes(value: JsonValue, *, limit: int, where: str) -> bytes:
    if not isinstance(value, str) or len(value) > 2 + 2 * limit or _BYTES.fullmatch(value) is None:
        raise Malformed("malformed-light", f"expected 0x and 1 to {limit} bytes in lower-case hex", where=where)
    return bytes.fromhex(value[2:])


def _write_nodes(nodes: Sequence[bytes]) -> list[JsonValue]:
    return [f"0x{node.hex()}" for node in nodes]


def _malformed(expected: str, where: str) -> Malformed:
    return Malformed("malformed-light", f"expected {expected}", where=f"light.{where}")
