"""The contracts' reader of proofs on a node: many proofs in one call, and what becomes of each.

The contract is contracts/test/ProofReader.sol, compiled here with the settings of the published artifacts.
"""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from eth_utils.crypto import keccak
from web3 import Web3
from web3.contract import Contract

from registry.domain.slot import Purpose
from tests.contracts.differential_cases import PathCase, StatusCase
from tests.paths import REPO_ROOT

CONTRACTS: Final = REPO_ROOT / "contracts"
SOURCES: Final = ("test/ProofReader.sol", "src/EpochProofs.sol")

ERRORS: Final = {
    keccak(text=signature)[:4]: signature.partition("(")[0]
    for signature in (
        "SlotIsOutOfRange(uint64)",
        "PathHasWrongSize(uint256)",
        "PathHasWrongSides(uint64)",
        "SiblingIsASlotWord(uint256)",
        "SiblingMapIsOutOfRange(uint32)",
        "StatusProofHasWrongSize(uint256,uint256)",
        "EmptySubtreeIsListed(uint256)",
    )
}
"""The names of the library's errors by their selectors; a test compares them with the ABI."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What a proof leads to, and the bit it shows; a path shows none."""

    root: bytes
    is_set: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """That a proof was refused, and why."""

    reason: str


class ContractReader:
    """Asks the contract."""

    def __init__(self, web3: Web3) -> None:
        """Deploy the contract from the node's first account."""
        compiled = compile_reader()
        factory = web3.eth.contract(abi=compiled["abi"], bytecode=compiled["evm"]["bytecode"]["object"])
        sent = factory.constructor().transact({"from": web3.eth.accounts[0]})
        receipt = web3.eth.wait_for_transaction_receipt(sent, timeout=30, poll_latency=0.02)
        address = receipt["contractAddress"]
        if address is None:
            message = "the reader was not deployed"
            raise RuntimeError(message)
        self._contract: Contract = web3.eth.contract(address=address, abi=compiled["abi"])

    def fold_paths(self, cases: Sequence[PathCase]) -> list[Accepted | Refused]:
        """Fold paths."""
        asked = [(case.leaf, case.slot, case.data) for case in cases]
        return [_outcome(*answer) for answer in self._contract.functions.foldPaths(asked).call()]

    def fold_statuses(self, cases: Sequence[StatusCase]) -> list[Accepted | Refused]:
        """Fold status proofs."""
        purposes = tuple(Purpose)
        asked = [(case.slot, purposes.index(case.purpose), case.data) for case in cases]
        return [_outcome(*answer) for answer in self._contract.functions.foldStatuses(asked).call()]


def compile_reader() -> dict[str, Any]:
    """Compile the contract and return what solc says of it."""
    artifact = json.loads((CONTRACTS / "artifacts" / "CredentialVerifier.json").read_bytes())
    settings = {
        **artifact["compiler"]["settings"],
        "outputSelection": {SOURCES[0]: {"ProofReader": ["abi", "evm.bytecode.object"]}},
    }
    sources = {name: {"content": (CONTRACTS / name).read_text(encoding="utf-8")} for name in SOURCES}
    finished = subprocess.run(
        ["node", str(CONTRACTS / "tool" / "solc"), "--standard-json"],
        input=json.dumps({"language": "Solidity", "sources": sources, "settings": settings}),
        capture_output=True,
        check=True,
        text=True,
        encoding="utf-8",
        timeout=120,
    )
    output = json.loads(finished.stdout)
    if output.get("errors"):
        message = str(output["errors"])
        raise RuntimeError(message)
    return dict(output["contracts"][SOURCES[0]]["ProofReader"])


def _outcome(root: bytes, is_set: bool, refusal: bytes) -> Accepted | Refused:
    if refusal:
        return Refused(reason=ERRORS.get(refusal[:4], refusal.hex()))
    return Accepted(root=root, is_set=is_set)
