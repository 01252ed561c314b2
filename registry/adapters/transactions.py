"""Sending: what an anchoring transaction carries, how it is signed, and what a node's answer to it means.

The calldata is the root and nothing else (protocol section 6), but for the few roots in 2^32 whose first four bytes are
a selector of the contract: those go through `anchor(bytes32)`.

Nodes agree on no error codes, only, roughly, on words; so answers are told apart by words, in lower case. The order
matters: "replacement transaction underpriced" means that another transaction owns the nonce, never that ours is in.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from eth_account.signers.local import LocalAccount
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from eth_keys.constants import SECPK1_N
from eth_utils.abi import function_abi_to_4byte_selector
from eth_utils.crypto import keccak
from hexbytes import HexBytes
from rlp.exceptions import RLPException
from web3 import Web3

from registry.adapters.artifacts import Artifact
from registry.adapters.rpc import RpcRefused, read_hash, request
from registry.adapters.transaction_signatures import (
    TRANSACTION_TYPE,
    recover_address,
    signed_transaction,
    transaction_digest,
)
from registry.chain_ports import AnchorSigner, AnchorTransaction
from registry.domain.errors import Malformed, ProofMismatch, Unavailable
from registry.domain.hashing import Digest

MAX_TRANSACTION_BYTES: Final = 1_024
"""An anchoring transaction takes about 150; more is something else."""

_ANCHOR: Final = "anchor"


class Answer(StrEnum):
    """What a node made of a transaction."""

    TAKEN = "taken"
    """It has it, from now or from before."""
    NONCE_USED = "nonce-used"
    """A block holds a transaction of that nonce: maybe this one. The transaction receipts tell."""
    UNDERPRICED = "underpriced"
    """Too cheap for the market, or for replacing what the node has under this nonce."""
    NO_FUNDS = "no-funds"
    INVALID = "invalid"
    """No node will ever take these bytes as things are."""
    UNKNOWN = "unknown"
    """Lost, late or not understood: the node may have it."""


_WORDS: Final = (
    (Answer.TAKEN, ("already known", "already imported", "known transaction", "already exists")),
    (Answer.NONCE_USED, ("nonce too low", "nonce is too low", "nonce has already been used")),
    (Answer.UNDERPRICED, ("underpriced", "less than block base fee", "fee too low", "tip too low", "price below")),
    (Answer.NO_FUNDS, ("insufficient funds", "insufficient balance", "overshot")),
    (
        Answer.INVALID,
        (
            "intrinsic gas",
            "gas limit",
            "gas too",
            "insufficient gas",
            "chain id",
            "chainid",
            "invalid sender",
            "invalid signature",
            "invalid transaction",
            "failed to decode",
            "rlp",
            "type not supported",
            "oversized",
        ),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A node's answer to one sending."""

    answer: Answer
    detail: str = ""
    """The node's words, or why there are none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedTransaction:
    """What is stored before anybody is told."""

    raw: bytes
    transaction: str
    """The hash, lower-case hex with 0x."""


def anchor_calldata(root: Digest, artifact: Artifact) -> bytes:
    """Return the calldata that anchors a root: its 32 bytes, or the call that takes those the fallback cannot."""
    selectors = {
        item["name"]: function_abi_to_4byte_selector(item) for item in artifact.abi if item["type"] == "function"
    }
    return selectors[_ANCHOR] + root if root[:4] in selectors.values() else bytes(root)


class LocalSigner:
    """A key in this process (`registry.adapters.account_key`)."""

    def __init__(self, account: LocalAccount) -> None:
        self._account = account

    @property
    def address(self) -> str:
        """The account's address."""
        return self._account.address.lower()

    def sign(self, transaction: AnchorTransaction) -> bytes:
        """Return the signed transaction."""
        return bytes(self._account.sign_transaction(_fields(transaction)).raw_transaction)


def sign_transaction(signer: AnchorSigner, transaction: AnchorTransaction) -> SignedTransaction:
    """Have a transaction signed, and believe the result only after reading it back.

    Raises Malformed and ProofMismatch as `check_signed`, and what the signer raises.
    """
    raw = signer.sign(transaction)
    check_signed(raw, transaction, sender=signer.address)
    return SignedTransaction(raw=raw, transaction="0x" + keccak(raw).hex())


def check_signed(raw: bytes, transaction: AnchorTransaction, *, sender: str) -> None:
    """Decode signed bytes and compare every field of them, and who signed; then compare with what we would have made.

    Raises Malformed `malformed-transaction` for bytes that are none of that type, ProofMismatch `signed-otherwise`.
    """
    decoded = _decoded(raw)
    for name, expected in _fields(transaction).items():
        _compare(name, expected=expected, actual=decoded.get(name))
    parity, r, s = (int(decoded[name]) for name in ("v", "r", "s"))
    # A high s is refused by every node (EIP-2), and a second spelling of the same fields would have another hash.
    _compare("s in the lower half", expected=min(s, SECPK1_N - s), actual=s)
    _compare(
        "signer", expected=sender, actual=recover_address(transaction_digest(transaction), parity=parity, r=r, s=s)
    )
    _compare("bytes", expected=signed_transaction(transaction, parity=parity, r=r, s=s), actual=raw)


def _decoded(raw: bytes) -> dict[str, Any]:  # Any: eth-account's own form
    if not raw.startswith(TRANSACTION_TYPE) or len(raw) > MAX_TRANSACTION_BYTES:
        raise Malformed("malformed-transaction", f"expected a transaction of type 2, got {len(raw)} other bytes")
    try:
        return dict(TypedTransaction.from_bytes(HexBytes(raw)).as_dict())
    except (ValueError, TypeError, RLPException) as error:
        raise Malformed("malformed-transaction", f"expected a transaction of type 2: {type(error).__name__}") from error


def _compare(what: str, *, expected: object, actual: object) -> None:
    if _spelled(actual) != _spelled(expected):
        raise ProofMismatch("signed-otherwise", what, expected=_spelled(expected), actual=_spelled(actual))


def send(web3: Web3, raw: bytes) -> Delivery:
    """Send signed bytes to one node, once; whatever happens, it is an answer."""
    expected = "0x" + keccak(raw).hex()
    try:
        answered = read_hash(request(web3, "eth_sendRawTransaction", ["0x" + raw.hex()]), where="transaction hash")
    except RpcRefused as error:
        return Delivery(answer=classify(error.reason), detail=error.reason)
    except Unavailable as error:
        return Delivery(answer=Answer.UNKNOWN, detail=error.message)
    if answered != expected:
        return Delivery(answer=Answer.UNKNOWN, detail=f"the node names another transaction, {answered}")
    return Delivery(answer=Answer.TAKEN)


def classify(reason: str) -> Answer:
    """Tell what a node's words about a transaction mean."""
    words = reason.lower()
    return next((answer for answer, known in _WORDS if any(word in words for word in known)), Answer.UNKNOWN)


def _fields(
    transaction: AnchorTransaction,
) -> dict[str, Any]:  # Any: eth-account's own description is narrower than what it takes
    return {
        "type": 2,
        "chainId": transaction.chain_id,
        "nonce": transaction.nonce,
        "to": Web3.to_checksum_address(transaction.contract),
        "value": 0,
        "data": transaction.calldata,
        "gas": transaction.gas,
        "maxFeePerGas": transaction.max_fee_wei,
        "maxPriorityFeePerGas": transaction.tip_wei,
        "accessList": (),
    }


def _spelled(value: object) -> bytes:
    """Spell a field the same way whether it is a number, hex, bytes or a list."""
    if isinstance(value, bytes):
        return value.hex().encode()
    if isinstance(value, str):
        return value.lower().removeprefix("0x").encode()
    return repr(list(value) if isinstance(value, tuple) else value).encode()
