"""The named networks, and what a network cannot be."""

import pytest

from registry.adapters.networks import DEVCHAIN, HOODI, PRESETS, SEPOLIA, Network, preset
from registry.devchain.genesis import DEVCHAIN_ID
from registry.domain.errors import Malformed, NotFound


def test_the_presets_have_the_chain_ids_of_their_networks() -> None:
    assert {name: network.chain_id for name, network in PRESETS.items()} == {
        "devchain": 13_371_905,
        "sepolia": 11_155_111,
        "hoodi": 560_048,
    }


def test_the_devchain_preset_is_the_embedded_chain() -> None:
    assert DEVCHAIN.chain_id == DEVCHAIN_ID


def test_public_networks_are_known_by_their_genesis_too() -> None:
    assert SEPOLIA.genesis_hash is not None
    assert HOODI.genesis_hash is not None
    assert SEPOLIA.genesis_hash != HOODI.genesis_hash


def test_a_preset_is_found_by_its_name() -> None:
    assert preset("hoodi") is HOODI


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(NotFound, match="devchain, sepolia, hoodi"):
        preset("ropsten")


@pytest.mark.parametrize("chain_id", [0, -1, 10**18])
def test_a_chain_id_no_chain_has_is_refused(chain_id: int) -> None:
    with pytest.raises(Malformed, match="expected 1 to"):
        Network(name="other", chain_id=chain_id, genesis_hash=None)


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_genesis_hash_of_another_size_is_refused(size: int) -> None:
    with pytest.raises(Malformed, match="32 bytes"):
        Network(name="other", chain_id=1, genesis_hash=bytes(size))
