"""Looking at a log before a registry is tied to it: what is wrong now would stand in every credential."""

from dataclasses import dataclass
from typing import Final

from web3 import Web3

from registry.adapters.artifacts import Artifact
from registry.adapters.deployment import identify_chain, is_deployed
from registry.adapters.networks import Network
from registry.adapters.rpc import translated_errors
from registry.domain.errors import Refused
from registry.domain.log_name import LogName

_NOBODY: Final = "0x" + "00" * 20


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundLog:
    """A log as the newest final block shows it."""

    genesis_hash: bytes
    final_block: int
    latest_epoch: int


def find_log(web3: Web3, name: LogName, *, artifact: Artifact) -> FoundLog:
    """Find a log on the node's chain, in its newest final block.

    Raises WrongChain for another chain or other code; Refused `wrong-contract` for a contract that is not the
    published one, `log-not-final` when the log is not open in a final block: a number may still become another's.
    """
    if name.contract != artifact.address.lower():
        raise Refused("wrong-contract", f"expected the published contract {artifact.address}, got {name.contract}")
    network = Network(name=f"chain {name.chain_id}", chain_id=name.chain_id, genesis_hash=None)
    genesis_hash = identify_chain(web3, network)
    with translated_errors("reading the newest final block"):
        block = web3.eth.get_block("finalized")["number"]
    if not is_deployed(web3, artifact, block=block):
        raise Refused("log-not-final", f"there is no contract in the final block {block}")
    contract = web3.eth.contract(address=Web3.to_checksum_address(name.contract), abi=artifact.abi)
    with translated_errors("reading the log"):
        owner = contract.functions.ownerOf(name.number).call(block_identifier=block)
        latest = int(contract.functions.latestEpoch(name.number).call(block_identifier=block))
    if owner == _NOBODY:
        raise Refused("log-not-final", f"log {name.number} is not open in the final block {block}")
    return FoundLog(genesis_hash=genesis_hash, final_block=block, latest_epoch=latest)
