"""Signing promises and telling who signed them: EIP-712 and ECDSA over secp256k1, as the court contract does.

The domain is the court on its chain, so a promise counts there and nowhere else; the log's contract is the one the court
was made for, and is not signed again.
"""

from typing import Any, Final

from eth_account import Account
from eth_account.messages import SignableMessage, encode_typed_data
from eth_account.signers.local import LocalAccount
from eth_keys.datatypes import Signature
from eth_keys.exceptions import BadSignature
from eth_utils.exceptions import ValidationError

from registry.domain.promise import Promise, PromiseKind, PromiseTerms

DOMAIN_NAME: Final = "CredrootFraudCourt"
DOMAIN_VERSION: Final = "1"

_TYPES: Final[dict[PromiseKind, tuple[str, list[dict[str, str]]]]] = {
    PromiseKind.INCLUSION: (
        "InclusionPromise",
        [
            {"name": "log", "type": "uint256"},
            {"name": "leaf", "type": "bytes32"},
            {"name": "slot", "type": "uint64"},
            {"name": "epoch", "type": "uint64"},
            {"name": "deadline", "type": "uint64"},
        ],
    ),
    PromiseKind.REVOCATION: (
        "RevocationPromise",
        [
            {"name": "log", "type": "uint256"},
            {"name": "slot", "type": "uint64"},
            {"name": "epoch", "type": "uint64"},
            {"name": "deadline", "type": "uint64"},
        ],
    ),
}
_HALF_ORDER: Final = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
_TOP_BIT: Final = 1 << 255


class PromiseKey:
    """Implements PromiseSigner with a key of this process."""

    def __init__(self, account: LocalAccount, *, court: str) -> None:
        self._account = account
        self._court = court

    @property
    def court(self) -> str:
        """The court contract, lower-case hex with 0x."""
        return self._court

    def sign(self, terms: PromiseTerms) -> Promise:
        """Return the terms, signed."""
        return sign_promise(terms, self._account)


def sign_promise(terms: PromiseTerms, account: LocalAccount) -> Promise:
    """Sign terms with a promise key."""
    signed = account.sign_message(_message(terms))
    compact = signed.r.to_bytes(32, "big") + (signed.s | (signed.v - 27) << 255).to_bytes(32, "big")
    return Promise(terms=terms, key=account.address.lower(), signature=compact)


def recover_signer(promise: Promise) -> str | None:
    """Return the address of the key that made the signature, lower-case hex with 0x; None when no key did.

    A high s is nobody's: the court takes the low one alone (EIP-2).
    """
    r, packed = (int.from_bytes(promise.signature[at : at + 32], "big") for at in (0, 32))
    parity, s = packed >> 255, packed & (_TOP_BIT - 1)
    if s > _HALF_ORDER:
        return None
    try:
        signature = Signature(vrs=(parity, r, s))
        return str(Account.recover_message(_message(promise.terms), signature=signature.to_bytes())).lower()
    except (BadSignature, ValidationError, ValueError):
        return None


def _message(terms: PromiseTerms) -> SignableMessage:
    name, members = _TYPES[terms.kind]
    # Any: what eth-account takes.
    values: dict[str, Any] = {
        "log": terms.log.number,
        "slot": terms.slot,
        "epoch": terms.epoch,
        "deadline": terms.deadline_seconds,
    }
    if terms.leaf is not None:
        values["leaf"] = terms.leaf
    return encode_typed_data(
        domain_data={
            "name": DOMAIN_NAME,
            "version": DOMAIN_VERSION,
            "chainId": terms.log.chain_id,
            "verifyingContract": terms.court,
        },
        message_types={name: members},
        message_data=values,
    )
