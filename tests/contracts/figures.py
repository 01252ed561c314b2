"""What the contracts cost, measured on anvil with fixed keys and fixed proofs, so that the same code costs the same.

The proofs are of the size that a million credentials and a percent of revocations lead to: their siblings are hashes of
words, and the roots they lead to are anchored.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak
from web3 import Web3
from web3.contract import Contract
from web3.types import RPCEndpoint, TxParams, Wei

from registry.adapters.artifacts import ANCHOR_LOG, CONTRACTS, FRAUD_COURT, load_artifact
from registry.adapters.deployment import deploy
from registry.adapters.networks import Network
from registry.adapters.promise_signatures import sign_promise
from registry.domain.contract_proofs import encode_path, encode_status_proof
from registry.domain.fields import read_time
from registry.domain.hashing import Digest, sha256
from registry.domain.log_name import LogName
from registry.domain.paths import Path, Side, Step, fold
from registry.domain.promise import Promise, PromiseKind, PromiseTerms
from registry.domain.slot import Purpose, slot_word
from registry.domain.status import StatusProof, fold_status_proof
from tests.anvil import ANVIL_KEYS

GAS_LIMIT: Final = 5_000_000
SLOT: Final = 77 * 131_072 + 70_001
PATH_SIBLINGS: Final = 22
"""Seventeen in a full batch, four above it for sixteen batches, the status root."""
STATUS_SIBLINGS: Final = 13
"""Nine levels of a list in which a percent is revoked, and four above it for sixteen lists."""
BOND: Final = Wei(10**17)
LEAF: Final = sha256(b"a credential")
DEAREST_ROOT: Final = b"\xff" * 32
DEADLINE: Final = read_time("2033-01-01T00:00:00Z", "deadline")
OVERDUE: Final = read_time("2024-01-01T00:00:00Z", "deadline")


def word(label: str) -> Digest:
    """Return 32 bytes that stand for a node."""
    return sha256(label.encode())


def account(label: str) -> LocalAccount:
    """Return an account whose key is no secret."""
    made: LocalAccount = Account.from_key(keccak(text=f"credroot figures: {label}"))
    return made


def entry_path(label: str) -> Path:
    """Return a path of a full epoch, whatever tree it is of."""
    first = Step(side=Side.RIGHT, sibling=Digest(slot_word(SLOT)))
    middle = [
        Step(side=Side.LEFT if number % 2 else Side.RIGHT, sibling=word(f"{label} {number}"))
        for number in range(PATH_SIBLINGS - 1)
    ]
    return (first, *middle, Step(side=Side.RIGHT, sibling=word(f"{label} status")))


def status_proof(log: LogName, label: str, *, revoked: bool) -> StatusProof:
    """Return a proof of the slot's bit, whatever tree it is of."""
    position = SLOT % 256
    chunk = bytearray(32)
    # Somebody else's bits stand in the chunk too.
    for bit in {3, 90, 201, *([position] if revoked else [])} - (set() if revoked else {position}):
        chunk[bit // 8] |= 1 << (7 - bit % 8)
    levels = range(STATUS_SIBLINGS)
    return StatusProof(
        purpose=Purpose.REVOCATION,
        log=log,
        epoch=1,
        root=LEAF,
        chunk=Digest(bytes(chunk)),
        sibling_map=sum(1 << level for level in levels),
        siblings=tuple(word(f"{label} {level}") for level in levels),
        other_root=word(f"{label} other"),
        credentials_root=word(f"{label} credentials"),
    )


@dataclass(slots=True, kw_only=True)
class Bench:
    """One node, the three contracts, and what each transaction took."""

    web3: Web3
    contracts: dict[str, Contract]
    gas: dict[str, int] = field(default_factory=dict)

    def send(self, row: str | None, sender: LocalAccount, to: str, data: bytes, value: int = 0) -> None:
        """Send a transaction, insist that it worked, and note under a row of the page what it took."""
        transaction: TxParams = {
            "chainId": self.web3.eth.chain_id,
            "nonce": self.web3.eth.get_transaction_count(sender.address),
            "to": Web3.to_checksum_address(to),
            "data": data,
            "value": Wei(value),
            "gas": GAS_LIMIT,
            "maxPriorityFeePerGas": Wei(10**9),
            "maxFeePerGas": Wei(10**11),
        }
        # Any: eth-account types its argument more narrowly than web3 its transactions.
        signed = sender.sign_transaction(dict[str, Any](transaction))
        receipt = self.web3.eth.wait_for_transaction_receipt(
            self.web3.eth.send_raw_transaction(signed.raw_transaction), timeout=30, poll_latency=0.02
        )
        if receipt["status"] != 1:
            message = f"reverted: {row}"
            raise AssertionError(message)
        if row is not None:
            self.gas[row] = receipt["gasUsed"]

    def call(
        self, row: str | None, sender: LocalAccount, name: str, function: str, *arguments: object, value: int = 0
    ) -> None:
        """Send a call of a function of a contract."""
        contract = self.contracts[name]
        data = Web3.to_bytes(hexstr=contract.encode_abi(function, args=list(arguments)))
        self.send(row, sender, contract.address, data, value)

    def funded(self, label: str) -> LocalAccount:
        """Return an account that has money and did nothing yet."""
        made = account(label)
        self.send(None, Account.from_key(ANVIL_KEYS[0]), made.address, b"", 10**18)
        return made

    def later(self, *, days: int) -> None:
        """Let time pass: the next block is days later."""
        for method, parameters in (("evm_increaseTime", [days * 86_400]), ("evm_mine", [])):
            answer = self.web3.provider.make_request(RPCEndpoint(method), parameters)
            if "error" in answer:
                raise AssertionError(answer)

    def anchor(self, row: str | None, sender: LocalAccount, root: bytes) -> None:
        """Anchor a root, which is the whole calldata."""
        self.send(row, sender, self.contracts[ANCHOR_LOG].address, root)

    def log_name(self, number: int) -> LogName:
        """Return the name of a log of this chain."""
        return LogName(
            chain_id=self.web3.eth.chain_id, contract=self.contracts[ANCHOR_LOG].address.lower(), number=number
        )


def measure(web3: Web3) -> dict[str, int]:
    """Return the gas of every transaction that the page names, on a fresh node of anvil."""
    bench = _prepared(web3)
    _measure_anchor_log(bench)
    _measure_unrevocation(bench)
    _measure_slot_reuse(bench)
    _measure_broken_revocation(bench)
    _measure_inclusion(bench)
    _measure_money(bench)
    return bench.gas


def _prepared(web3: Web3) -> Bench:
    payer = Account.from_key(ANVIL_KEYS[0])
    network = Network(name="anvil", chain_id=web3.eth.chain_id, genesis_hash=None)
    artifacts = {name: load_artifact(name) for name in CONTRACTS}
    bench = Bench(
        web3=web3,
        contracts={
            name: web3.eth.contract(address=Web3.to_checksum_address(artifact.address), abi=artifact.abi)
            for name, artifact in artifacts.items()
        },
    )
    for name, artifact in artifacts.items():
        block = deploy(web3, payer, artifact=artifact, network=network).block_number
        # Nothing else was sent: the block holds the deployment alone.
        bench.gas[f"deploying {name}"] = web3.eth.get_block(block or 0)["gasUsed"]
    return bench


def _measure_anchor_log(bench: Bench) -> None:
    first, owner, anchorer, successor = (bench.funded(label) for label in ("first", "owner", "anchorer", "successor"))
    bench.call("the first `openLog` of a chain", first, ANCHOR_LOG, "openLog", first.address)
    bench.call("`openLog`, another account named", owner, ANCHOR_LOG, "openLog", anchorer.address)
    number = 2
    bench.call("`acceptAnchorer`, the first", anchorer, ANCHOR_LOG, "acceptAnchorer", number)
    bench.anchor(None, anchorer, DEAREST_ROOT)
    bench.anchor("an anchor of a root without a zero byte", anchorer, DEAREST_ROOT)
    bench.call("`anchor(bytes32)` of such a root", anchorer, ANCHOR_LOG, "anchor", DEAREST_ROOT)
    bench.call("`setAnchorer`", owner, ANCHOR_LOG, "setAnchorer", number, successor.address)
    bench.call("`acceptAnchorer`, a rotation", successor, ANCHOR_LOG, "acceptAnchorer", number)
    bench.call("`nominateOwner`", owner, ANCHOR_LOG, "nominateOwner", number, anchorer.address)
    bench.call("`acceptOwner`", anchorer, ANCHOR_LOG, "acceptOwner", number)
    bench.call("`openLog`, the caller named", owner, ANCHOR_LOG, "openLog", owner.address)


def _measure_unrevocation(bench: Bench) -> None:
    number, anchorer = _bonded_log(bench, "un-revocation")
    log = bench.log_name(number)
    shown = [status_proof(log, f"un-revocation {revoked}", revoked=revoked) for revoked in (True, False)]
    for proof in shown:
        bench.anchor(None, anchorer, fold_status_proof(proof, slot=SLOT))
    first, second = ((epoch, encode_status_proof(proof)) for epoch, proof in enumerate(shown, 1))
    reporter = bench.funded("reporter of an un-revocation")
    bench.call("`reportUnrevocation`", reporter, FRAUD_COURT, "reportUnrevocation", number, SLOT, first, second)
    bench.call("`collect`", reporter, FRAUD_COURT, "collect")


def _measure_slot_reuse(bench: Bench) -> None:
    number, anchorer = _bonded_log(bench, "slot reuse")
    entries = []
    for epoch in (1, 2):
        leaf, path = word(f"credential {epoch}"), entry_path(f"slot reuse {epoch}")
        bench.anchor(None, anchorer, fold(leaf, path))
        entries.append((epoch, leaf, encode_path(path, slot=SLOT)))
    reporter = bench.funded("reporter of a slot reuse")
    bench.call("`reportSlotReuse`", reporter, FRAUD_COURT, "reportSlotReuse", number, SLOT, *entries)


def _measure_broken_revocation(bench: Bench) -> None:
    number, anchorer = _bonded_log(bench, "broken revocation")
    proof = status_proof(bench.log_name(number), "broken revocation", revoked=False)
    bench.anchor(None, anchorer, fold_status_proof(proof, slot=SLOT))
    shown = (1, encode_status_proof(proof))
    promise = _signed(bench, number, PromiseKind.REVOCATION, epoch=1, deadline=DEADLINE)
    reporter = bench.funded("reporter of a broken revocation")
    row = "`reportBrokenRevocation`"
    bench.call(row, reporter, FRAUD_COURT, "reportBrokenRevocation", *_arguments(promise), shown)

    number, _ = _bonded_log(bench, "overdue revocation")
    promise = _signed(bench, number, PromiseKind.REVOCATION, epoch=9, deadline=OVERDUE)
    reporter = bench.funded("reporter of an overdue revocation")
    bench.call("`reportOverdueRevocation`", reporter, FRAUD_COURT, "reportOverdueRevocation", *_arguments(promise))


def _measure_inclusion(bench: Bench) -> None:
    number, anchorer = _bonded_log(bench, "inclusion")
    path = entry_path("inclusion")
    bench.anchor(None, anchorer, fold(LEAF, path))
    holder, answerer = bench.funded("holder"), bench.funded("answerer")
    stake = bench.contracts[FRAUD_COURT].functions.minimumStake().call() * 2
    kept = _signed(bench, number, PromiseKind.INCLUSION, epoch=1, deadline=DEADLINE)
    bench.call("`challengeInclusion`", holder, FRAUD_COURT, "challengeInclusion", *_arguments(kept), value=stake)
    entry = (1, LEAF, encode_path(path, slot=SLOT))
    bench.call("`answerChallenge`", answerer, FRAUD_COURT, "answerChallenge", number, SLOT, entry)

    broken = _signed(bench, number, PromiseKind.INCLUSION, epoch=1, deadline=DEADLINE, leaf=word("never anchored"))
    other = bench.funded("another holder")
    bench.call(None, other, FRAUD_COURT, "challengeInclusion", *_arguments(broken), value=stake)
    bench.later(days=7)
    bench.call("`claimTimeout`", other, FRAUD_COURT, "claimTimeout", number, broken.terms.leaf, SLOT)


def _measure_money(bench: Bench) -> None:
    owner = bench.funded("owner of a bond")
    bench.call(None, owner, ANCHOR_LOG, "openLog", owner.address)
    number = int(bench.contracts[ANCHOR_LOG].functions.logOf(owner.address).call())
    bench.call("`postBond`, the first", owner, FRAUD_COURT, "postBond", number, value=BOND)
    bench.call("`registerKey`, the first", owner, FRAUD_COURT, "registerKey", number, account("key").address)
    bench.call("`retireKey`, the last", owner, FRAUD_COURT, "retireKey", number, account("key").address)
    bench.call("`announceWithdrawal`", owner, FRAUD_COURT, "announceWithdrawal", number)
    bench.later(days=69)
    bench.call("`withdrawBond`", owner, FRAUD_COURT, "withdrawBond", number)


def _bonded_log(bench: Bench, label: str) -> tuple[int, LocalAccount]:
    """Open a log with a bond and a live promise key; return its number and the account that owns it and anchors in it."""
    owner = bench.funded(f"anchorer: {label}")
    bench.call(None, owner, ANCHOR_LOG, "openLog", owner.address)
    number = int(bench.contracts[ANCHOR_LOG].functions.logOf(owner.address).call())
    bench.call(None, owner, FRAUD_COURT, "postBond", number, value=BOND)
    bench.call(None, owner, FRAUD_COURT, "registerKey", number, account("key").address)
    return number, owner


def _signed(
    bench: Bench, number: int, kind: PromiseKind, *, epoch: int, deadline: datetime, leaf: Digest = LEAF
) -> Promise:
    terms = PromiseTerms(
        kind=kind,
        log=bench.log_name(number),
        court=bench.contracts[FRAUD_COURT].address.lower(),
        leaf=leaf if kind is PromiseKind.INCLUSION else None,
        slot=SLOT,
        epoch=epoch,
        deadline=deadline,
    )
    return sign_promise(terms, account("key"))


def _arguments(promise: Promise) -> tuple[tuple[object, ...], tuple[bytes, bytes]]:
    """Return a promise and its signature as the court takes them."""
    terms = promise.terms
    leaf = () if terms.leaf is None else (terms.leaf,)
    members = (terms.log.number, *leaf, terms.slot, terms.epoch, terms.deadline_seconds)
    return members, (promise.signature[:32], promise.signature[32:])
