// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {EpochProofs} from "../src/EpochProofs.sol";
import {Cheats} from "./Cheats.sol";
import {ProofReader} from "./ProofReader.sol";

/// @title Keccak-256 of whatever it is called with
contract Keccak {
    fallback(bytes calldata data) external returns (bytes memory) {
        return abi.encodePacked(keccak256(data));
    }
}

/// @title What the folds hash, and in which order, shown by halmos
/// @dev halmos 0.3.3 cannot call the SHA-256 precompile. So another hash stands in for it here: in the code of the
/// reader each call of address 2 is turned into one of STAND_IN, where Keccak-256 is computed, which halmos takes for
/// an unknown function. That two folds hash the same words in the same order is shown; of SHA-256 nothing is. Places in
/// memory are no symbols for halmos either: the sides of a path and the numbers of chunks, which become places, are
/// listed one by one.
contract SymbolicFoldsTest {
    Cheats private constant CHEATS = Cheats(address(uint160(uint256(keccak256("hevm cheat code")))));

    address private constant STAND_IN = address(0x42);

    /// @dev PUSH1 2, GAS, STATICCALL.
    bytes4 private constant SHA256_CALL = 0x60025afa;

    uint256 private constant NO_SLOT_WORD = 0xffffff00ffffffffffffffffffffffffffffffffffffffffffffffe000000000;

    ProofReader private _reader;

    function setUp() public {
        _reader = new ProofReader();
        (bytes memory code, uint256 calls) = withStandIn(address(_reader).code);
        // Two of a path, three of a status proof.
        assert(calls == 5);
        CHEATS.etch(address(_reader), code);
        CHEATS.etch(STAND_IN, address(new Keccak()).code);
    }

    function check_NoSiblingHasTheFormOfASlotWord(bytes32 leaf, uint64 slot, bytes32[4] memory siblings) external view {
        CHEATS.assume(hasForm(siblings[0]) || hasForm(siblings[1]) || hasForm(siblings[2]) || hasForm(siblings[3]));
        for (uint64 sides = 8; sides < 16; ++sides) {
            (bool accepted,) = foldPath(leaf, slot, abi.encodePacked(sides, siblings));
            assert(!accepted);
        }
    }

    function check_APathIsFoldedAsTheProtocolSays(bytes32 leaf, uint64 slot, bytes32[3] memory siblings) external view {
        CHEATS.assume(slot < 1 << 37);
        CHEATS.assume(!hasForm(siblings[0]) && !hasForm(siblings[1]) && !hasForm(siblings[2]));
        for (uint64 sides = 4; sides < 8; ++sides) {
            bytes32 node = pair(leaf, bytes32(uint256(slot)));
            for (uint256 step = 0; step < 3; ++step) {
                node = (sides >> step) & 1 == 1 ? pair(node, siblings[step]) : pair(siblings[step], node);
            }

            (bool accepted, bytes memory answer) = foldPath(leaf, slot, abi.encodePacked(sides, siblings));

            assert(accepted && bytes32(answer) == node);
        }
    }

    function check_TheFirstChunkIsFoldedAsTheProtocolSays(uint8 position, bytes32[32] memory nodes) external view {
        bytes32 node = foldChunk(0, nodes);

        assertFoldsTo(position, EpochProofs.Purpose.REVOCATION, nodes, pair(node, nodes[30]));
    }

    function check_TheLastChunkIsFoldedAsTheProtocolSays(uint8 position, bytes32[32] memory nodes) external view {
        uint64 chunk = (1 << 29) - 1;
        bytes32 node = foldChunk(chunk, nodes);

        assertFoldsTo(chunk * 256 + position, EpochProofs.Purpose.SUSPENSION, nodes, pair(nodes[30], node));
    }

    function check_AChunkBetweenIsFoldedAsTheProtocolSays(uint8 position, bytes32[32] memory nodes) external view {
        uint64 chunk = 0x0b3a5c96;
        bytes32 node = foldChunk(chunk, nodes);

        assertFoldsTo(chunk * 256 + position, EpochProofs.Purpose.REVOCATION, nodes, pair(node, nodes[30]));
    }

    /// @dev The nodes are the chunk, a sibling on each level, the other root and the credentials root.
    function foldChunk(uint64 chunk, bytes32[32] memory nodes) private pure returns (bytes32 node) {
        node = nodes[0];
        for (uint256 level = 0; level < 29; ++level) {
            bytes32 sibling = nodes[level + 1];
            node = (chunk >> level) & 1 == 1 ? pair(sibling, node) : pair(node, sibling);
        }
    }

    /// @dev Unless a sibling is the root of an empty subtree: then the proof is refused.
    function assertFoldsTo(uint64 slot, EpochProofs.Purpose purpose, bytes32[32] memory nodes, bytes32 statusRoot)
        private
        view
    {
        bytes memory proof = abi.encodePacked(uint32(0x1fffffff), nodes);
        (bool accepted, bytes memory answer) =
            address(_reader).staticcall(abi.encodeCall(ProofReader.foldStatus, (slot, purpose, proof)));
        if (!accepted) {
            assert(bytes4(answer) == EpochProofs.EmptySubtreeIsListed.selector);
            return;
        }
        (bytes32 root, bool isSet) = abi.decode(answer, (bytes32, bool));
        assert(root == pair(nodes[31], statusRoot));
        assert(isSet == ((uint256(nodes[0]) >> (255 - slot % 256)) & 1 == 1));
    }

    function foldPath(bytes32 leaf, uint64 slot, bytes memory path) private view returns (bool, bytes memory) {
        return address(_reader).staticcall(abi.encodeCall(ProofReader.foldPath, (leaf, slot, path)));
    }

    function pair(bytes32 left, bytes32 right) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(left, right));
    }

    function hasForm(bytes32 node) private pure returns (bool) {
        return uint256(node) & NO_SLOT_WORD == 0;
    }

    function withStandIn(bytes memory code) private pure returns (bytes memory, uint256 calls) {
        for (uint256 at = 0; at + 4 <= code.length; ++at) {
            bytes32 word;
            assembly ("memory-safe") {
                word := mload(add(add(code, 0x20), at))
            }
            if (bytes4(word) != SHA256_CALL) continue;
            code[at + 1] = bytes1(uint8(uint160(STAND_IN)));
            ++calls;
        }
        return (code, calls);
    }
}
