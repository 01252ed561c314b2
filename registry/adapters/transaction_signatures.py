"""From a signature to a signed transaction (EIP-1559, EIP-2718, EIP-2): for keys that sign digests and nothing else.

Key management services and hardware modules sign 32 bytes and return r and s, in DER, with an s of either half of the
curve's order and without saying which of the two points r belongs to. `transaction_from_signature` settles both: the
low s (EIP-2 refuses the other) and the parity under which the account's own address is recovered.

An adapter of such a service is `AnchorSigner` (registry.chain_ports) in a few lines:

    def sign(self, transaction):
        der = service.sign(key_id, transaction_digest(transaction))     # raises Unavailable when it cannot
        r, s = read_der_signature(der)
        return transaction_from_signature(transaction, r=r, s=s, address=self.address)
"""

from typing import Final

import rlp
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from eth_keys.constants import SECPK1_N
from eth_keys.datatypes import Signature
from eth_keys.exceptions import BadSignature
from eth_utils.crypto import keccak
from eth_utils.exceptions import ValidationError

from registry.chain_ports import AnchorTransaction
from registry.domain.errors import Malformed, Refused

TRANSACTION_TYPE: Final = b"\x02"
"""EIP-2718: the first byte of an EIP-1559 transaction."""

HALF_ORDER: Final = SECPK1_N // 2
"""EIP-2: the highest s."""

_PUBLIC_KEY_BYTES: Final = 64


def unsigned_transaction(transaction: AnchorTransaction) -> bytes:
    """Return what is hashed and signed: the type and the nine fields."""
    return TRANSACTION_TYPE + bytes(rlp.encode(_fields(transaction)))


def transaction_digest(transaction: AnchorTransaction) -> bytes:
    """Return the 32 bytes that a key signs."""
    return keccak(unsigned_transaction(transaction))


def signed_transaction(transaction: AnchorTransaction, *, parity: int, r: int, s: int) -> bytes:
    """Return the bytes that are sent, with the signature in them."""
    return TRANSACTION_TYPE + bytes(rlp.encode([*_fields(transaction), _number(parity), _number(r), _number(s)]))


def transaction_from_signature(transaction: AnchorTransaction, *, r: int, s: int, address: str) -> bytes:
    """Return the transaction signed with a signature of its digest, by the account with the address.

    Raises Refused `signed-by-another` when the signature is not that account's.
    """
    low_s = min(s, SECPK1_N - s)
    digest = transaction_digest(transaction)
    for parity in (0, 1):
        if recover_address(digest, parity=parity, r=r, s=low_s) == address.lower():
            return signed_transaction(transaction, parity=parity, r=r, s=low_s)
    raise Refused("signed-by-another", f"expected a signature of {address}, got one of another key")


def recover_address(digest: bytes, *, parity: int, r: int, s: int) -> str | None:
    """Return the account whose signature of a digest this is, lower-case hex with 0x; None when it is nobody's."""
    try:
        public_key = Signature(vrs=(parity, r, s)).recover_public_key_from_msg_hash(digest)
    except (BadSignature, ValidationError, ValueError):
        return None
    return str(public_key.to_address())


def read_der_signature(der: bytes) -> tuple[int, int]:
    """Return r and s of a DER signature (RFC 3279 section 2.2.3). Raises Malformed `malformed-signature`."""
    try:
        return decode_dss_signature(der)
    except ValueError as error:
        raise Malformed("malformed-signature", f"expected a DER signature, got {len(der)} other bytes") from error


def address_of_public_key(public_key: bytes) -> str:
    """Return the account of an uncompressed public key of 64 bytes. Raises Malformed `malformed-public-key`."""
    if len(public_key) != _PUBLIC_KEY_BYTES:
        raise Malformed("malformed-public-key", f"expected {_PUBLIC_KEY_BYTES} bytes, got {len(public_key)}")
    return "0x" + keccak(public_key)[-20:].hex()


def _fields(transaction: AnchorTransaction) -> list[bytes | list[bytes]]:
    return [
        _number(transaction.chain_id),
        _number(transaction.nonce),
        _number(transaction.tip_wei),
        _number(transaction.max_fee_wei),
        _number(transaction.gas),
        bytes.fromhex(transaction.contract.removeprefix("0x")),
        _number(0),
        transaction.calldata,
        [],
    ]


def _number(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8, "big")
