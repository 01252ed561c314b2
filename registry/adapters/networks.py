"""Ethereum networks by name: what a node must show before anything is sent to it or believed of it.

A chain id alone is what a node says of itself, and testnets end and come back under old ids: where the genesis hash is
known it is compared too. The development chain makes a new genesis in each folder, so its hash is not preset: the
operator reads it once (`credroot deploy` prints it) and may pin it.
"""

from dataclasses import dataclass
from typing import Final

from registry.domain.errors import Malformed, NotFound

MAX_CHAIN_ID: Final = 10**18 - 1
"""The same bound as a log name's: exact in every database integer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """One chain, as far as it is known before it is asked."""

    name: str
    chain_id: int
    genesis_hash: bytes | None
    """The hash of block 0; None when it is not known beforehand."""

    def __post_init__(self) -> None:
        """Raise Malformed for a chain id or a hash no chain has."""
        if not 1 <= self.chain_id <= MAX_CHAIN_ID:
            raise Malformed("malformed-chain-id", f"expected 1 to {MAX_CHAIN_ID}, got {self.chain_id}")
        if self.genesis_hash is not None and len(self.genesis_hash) != 32:
            raise Malformed("malformed-genesis-hash", f"expected 32 bytes, got {len(self.genesis_hash)}")


DEVCHAIN: Final = Network(name="devchain", chain_id=13_371_905, genesis_hash=None)
"""The embedded development chain, `credroot devchain`."""

SEPOLIA: Final = Network(
    name="sepolia",
    chain_id=11_155_111,
    genesis_hash=bytes.fromhex("25a5cc106eea7138acab33231d7160d69cb777ee0c2c553fcddf5138993e6dd9"),
)

HOODI: Final = Network(
    name="hoodi",
    chain_id=560_048,
    genesis_hash=bytes.fromhex("bbe312868b376a3001692a646dd2d7d1e4406380dfd86b98aa8a34d1557c971b"),
)

PRESETS: Final = {network.name: network for network in (DEVCHAIN, SEPOLIA, HOODI)}


def preset(name: str) -> Network:
    """Return the network of this name.

    Raises NotFound for a name without preset.
    """
    network = PRESETS.get(name)
    if network is None:
        raise NotFound("unknown-network", f"expected one of {', '.join(PRESETS)}, got {name!r}")
    return network
