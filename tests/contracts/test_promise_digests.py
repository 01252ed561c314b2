"""What promise keys sign in Python is what the court takes on chain: the same hash, to the bit, and no other."""

import ast
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_keys.datatypes import Signature
from eth_tester import EthereumTester, PyEVMBackend
from eth_tester.exceptions import TransactionFailed
from eth_utils.crypto import keccak
from web3 import EthereumTesterProvider, Web3
from web3.contract import Contract

from registry.adapters.artifacts import FRAUD_COURT, load_artifact
from registry.adapters.deployment import deploy
from registry.adapters.networks import Network
from registry.adapters.promise_signatures import sign_promise
from registry.domain.hashing import Digest
from registry.domain.log_name import LogName
from registry.domain.promise import Promise, PromiseKind, PromiseTerms
from tests.contracts.chains import GAS_LIMIT, Chain, prepared_chain
from tests.contracts.test_anchor_log_pyevm import PROXY_DEPLOYMENT

BROKEN_REVOCATION_PROMISE: Final = 2
STAKE_WEI: Final = 10**16
LONG_AGO: Final = datetime(2020, 1, 1, tzinfo=UTC)
NOT_SIGNED: Final = keccak(text="PromiseIsNotSigned(uint256,address)")[:4]

Change = Callable[[PromiseTerms], PromiseTerms]

CHANGES: Final[dict[str, Change]] = {
    "slot": lambda terms: replace(terms, slot=terms.slot - 1),
    "epoch": lambda terms: replace(terms, epoch=terms.epoch + 1),
    "deadline": lambda terms: replace(terms, deadline=datetime(2020, 1, 2, tzinfo=UTC)),
    "log": lambda terms: replace(terms, log=replace(terms.log, number=terms.log.number + 1)),
    "chain": lambda terms: replace(terms, log=replace(terms.log, chain_id=terms.log.chain_id + 1)),
    "court": lambda terms: replace(terms, court="0x" + "11" * 20),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Court:
    """The court on a chain, with a log that has a promise key."""

    chain: Chain
    contract: Contract
    key: LocalAccount
    log: LogName

    def terms(self, kind: PromiseKind) -> PromiseTerms:
        """Return terms whose epoch never came."""
        leaf = Digest(b"\x17" * 32) if kind is PromiseKind.INCLUSION else None
        court = self.contract.address.lower()
        return PromiseTerms(kind=kind, log=self.log, court=court, leaf=leaf, slot=2**37 - 1, epoch=9, deadline=LONG_AGO)

    def report(self, promise: Promise) -> bytes:
        """Return the calldata that reports a promise, or challenges it."""
        terms = promise.terms
        function = "reportOverdueRevocation" if terms.leaf is None else "challengeInclusion"
        signature = (promise.signature[:32], promise.signature[32:])
        return Web3.to_bytes(hexstr=self.contract.encode_abi(function, args=[members(terms), signature]))

    def digest(self, terms: PromiseTerms) -> bytes:
        """Return the hash the court computes."""
        function = "revocationDigest" if terms.leaf is None else "inclusionDigest"
        return bytes(self.contract.functions[function](members(terms)).call())


def members(terms: PromiseTerms) -> tuple[int | bytes, ...]:
    """Return the members of a promise in the contract's order."""
    leaf = () if terms.leaf is None else (terms.leaf,)
    return (terms.log.number, *leaf, terms.slot, terms.epoch, terms.deadline_seconds)


@pytest.fixture(scope="module")
def tester() -> EthereumTester:
    """Return a chain in this process with the deployment proxy on it."""
    tester = EthereumTester(PyEVMBackend())
    web3 = Web3(EthereumTesterProvider(tester))
    sender = Account.recover_transaction(PROXY_DEPLOYMENT)
    web3.eth.send_transaction({"from": web3.eth.accounts[0], "to": sender, "value": Web3.to_wei(1, "ether")})
    web3.eth.wait_for_transaction_receipt(web3.eth.send_raw_transaction(PROXY_DEPLOYMENT))
    return tester


@pytest.fixture
def court(tester: EthereumTester) -> Court:
    """Return the court on that chain, and a new log with a new key."""

    def refusal(sender: str, recipient: str, data: bytes) -> bytes:
        with pytest.raises(TransactionFailed) as failure:
            tester.call({"from": sender, "to": recipient, "data": "0x" + data.hex(), "gas": GAS_LIMIT})
        # eth-tester keeps the answer as the text of a bytes literal.
        return bytes(ast.literal_eval(str(failure.value.args[0])))

    chain = prepared_chain(Web3(EthereumTesterProvider(tester)), refusal=refusal)
    artifact = load_artifact(FRAUD_COURT)
    network = Network(name="test", chain_id=chain.web3.eth.chain_id, genesis_hash=None)
    deploy(chain.web3, chain.owner, artifact=artifact, network=network)
    contract = chain.web3.eth.contract(address=Web3.to_checksum_address(artifact.address), abi=artifact.abi)
    number = chain.open_bound_log()
    key = Account.create()
    registration = contract.encode_abi("registerKey", args=[number, key.address])
    receipt = chain.send(chain.owner, Web3.to_bytes(hexstr=registration), to=artifact.address)
    if receipt["status"] != 1:
        raise AssertionError("the key was not registered")
    log = LogName(chain_id=chain.web3.eth.chain_id, contract=chain.contract.address.lower(), number=number)
    return Court(chain=chain, contract=contract, key=key, log=log)


@pytest.mark.parametrize("kind", PromiseKind)
def test_the_court_hashes_what_python_signs(court: Court, kind: PromiseKind) -> None:
    promise = sign_promise(court.terms(kind), court.key)

    r, packed = (int.from_bytes(promise.signature[at : at + 32], "big") for at in (0, 32))
    signature = Signature(vrs=(packed >> 255, r, packed & (2**255 - 1)))
    recovered = signature.recover_public_key_from_msg_hash(court.digest(promise.terms))

    assert recovered.to_checksum_address() == court.key.address


def test_a_revocation_promise_signed_in_python_marks_the_log(court: Court) -> None:
    promise = sign_promise(court.terms(PromiseKind.REVOCATION), court.key)

    receipt = court.chain.send(court.chain.stranger, court.report(promise), to=court.contract.address)

    marked = court.contract.functions.markedEpoch(court.log.number, BROKEN_REVOCATION_PROMISE).call()
    assert (receipt["status"], marked) == (1, promise.terms.epoch)


def test_an_inclusion_promise_signed_in_python_opens_a_challenge(court: Court) -> None:
    promise = sign_promise(court.terms(PromiseKind.INCLUSION), court.key)

    receipt = court.chain.send(court.chain.stranger, court.report(promise), value=STAKE_WEI, to=court.contract.address)

    challenger, epoch, _, is_closed, stake = court.contract.functions.challengeOf(
        court.log.number, promise.terms.leaf, promise.terms.slot
    ).call()
    expected = (1, court.chain.stranger.address, promise.terms.epoch, False, STAKE_WEI)
    assert (receipt["status"], challenger, epoch, is_closed, stake) == expected


@pytest.mark.parametrize("kind", PromiseKind)
@pytest.mark.parametrize("member", CHANGES)
def test_a_promise_with_another_member_is_nobodys(court: Court, kind: PromiseKind, member: str) -> None:
    terms = court.terms(kind)
    signed_otherwise = sign_promise(CHANGES[member](terms), court.key)

    answer = court.chain.refusal(
        court.chain.stranger.address, court.contract.address, court.report(replace(signed_otherwise, terms=terms))
    )

    assert answer[:4] == NOT_SIGNED


def test_an_inclusion_promise_with_another_leaf_is_nobodys(court: Court) -> None:
    terms = court.terms(PromiseKind.INCLUSION)
    signed_otherwise = sign_promise(replace(terms, leaf=Digest(b"\x18" * 32)), court.key)

    answer = court.chain.refusal(
        court.chain.stranger.address, court.contract.address, court.report(replace(signed_otherwise, terms=terms))
    )

    assert answer[:4] == NOT_SIGNED
