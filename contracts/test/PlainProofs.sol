// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {EpochProofs} from "../src/EpochProofs.sol";

/// @title The proofs of an epoch, read and folded as docs/protocol.md says it: no assembly, no table, nothing saved
/// @dev It refuses with the errors of EpochProofs, in the same order, so that two implementations can be compared.
library PlainProofs {
    struct Path {
        bool[] onTheRight;
        bytes32[] siblings;
    }

    struct StatusProof {
        bytes32 chunk;
        uint32 siblingMap;
        bytes32[] siblings;
        bytes32 otherRoot;
        bytes32 credentialsRoot;
    }

    uint256 internal constant DEPTH = 29;

    /// @dev Section 3: the first step is the slot word on the right, then the steps of the path.
    function foldPath(bytes32 leaf, uint64 slot, bytes memory data) internal pure returns (bytes32 node) {
        requireSlot(slot);
        Path memory path = decodePath(data);
        node = pair(leaf, slotWord(slot));
        for (uint256 step = 0; step < path.siblings.length; ++step) {
            bytes32 sibling = path.siblings[step];
            node = path.onTheRight[step] ? pair(node, sibling) : pair(sibling, node);
        }
    }

    /// @dev Section 4.
    function foldStatus(uint64 slot, EpochProofs.Purpose purpose, bytes memory data)
        internal
        pure
        returns (bytes32 root, bool isSet)
    {
        requireSlot(slot);
        StatusProof memory proof = decodeStatusProof(data);
        bytes32 node = foldChunk(slot, proof);
        bytes32 statusRoot =
            purpose == EpochProofs.Purpose.REVOCATION ? pair(node, proof.otherRoot) : pair(proof.otherRoot, node);
        root = pair(proof.credentialsRoot, statusRoot);
        isSet = bitOf(proof.chunk, slot);
    }

    /// @dev From the chunk to the root of its purpose's tree.
    function foldChunk(uint64 slot, StatusProof memory proof) internal pure returns (bytes32 node) {
        uint256 position = slot >> 8;
        uint256 next = 0;
        node = proof.chunk;
        for (uint256 level = 0; level < DEPTH; ++level) {
            bytes32 sibling = isListed(proof.siblingMap, level) ? proof.siblings[next++] : emptyRoot(level);
            node = (position >> level) % 2 == 1 ? pair(sibling, node) : pair(node, sibling);
        }
    }

    function decodePath(bytes memory data) internal pure returns (Path memory path) {
        uint256 count = data.length / 32;
        if (data.length % 32 != 8 || count < 2 || count > 63) revert EpochProofs.PathHasWrongSize(data.length);
        uint64 sides = uint64(number(data, 0, 8));
        bool lastIsRight = (sides >> (count - 1)) % 2 == 1;
        if (!lastIsRight || sides >= 1 << count) revert EpochProofs.PathHasWrongSides(sides);
        path = Path({onTheRight: new bool[](count), siblings: new bytes32[](count)});
        for (uint256 step = 0; step < count; ++step) {
            path.onTheRight[step] = (sides >> step) % 2 == 1;
            path.siblings[step] = word(data, 8 + 32 * step);
            if (hasSlotWordForm(path.siblings[step])) revert EpochProofs.SiblingIsASlotWord(step);
        }
    }

    function encodePath(Path memory path) internal pure returns (bytes memory data) {
        uint64 sides = 0;
        for (uint256 step = 0; step < path.siblings.length; ++step) {
            if (path.onTheRight[step]) sides += uint64(1) << uint64(step);
        }
        return bytes.concat(bytes8(sides), join(path.siblings));
    }

    function decodeStatusProof(bytes memory data) internal pure returns (StatusProof memory proof) {
        // Without a whole map it can only be too short, whatever the map would have been.
        uint32 siblingMap = data.length < 4 ? 0 : uint32(number(data, 0, 4));
        if (siblingMap >= 1 << DEPTH) revert EpochProofs.SiblingMapIsOutOfRange(siblingMap);
        uint256 count = 0;
        for (uint256 level = 0; level < DEPTH; ++level) {
            if (isListed(siblingMap, level)) ++count;
        }
        uint256 size = 4 + 32 * (1 + count + 2);
        if (data.length != size) revert EpochProofs.StatusProofHasWrongSize(data.length, size);
        proof.siblingMap = siblingMap;
        proof.chunk = word(data, 4);
        proof.siblings = new bytes32[](count);
        for (uint256 index = 0; index < count; ++index) {
            proof.siblings[index] = word(data, 36 + 32 * index);
        }
        proof.otherRoot = word(data, 36 + 32 * count);
        proof.credentialsRoot = word(data, 68 + 32 * count);
        refuseEmptySubtrees(proof);
    }

    function encodeStatusProof(StatusProof memory proof) internal pure returns (bytes memory data) {
        return bytes.concat(
            bytes4(proof.siblingMap), proof.chunk, join(proof.siblings), proof.otherRoot, proof.credentialsRoot
        );
    }

    function requireSlot(uint64 slot) internal pure {
        if (slot >= 2 ** 37) revert EpochProofs.SlotIsOutOfRange(slot);
    }

    /// @dev Section 2: three zero bytes, the leaf kind, which is 0, and the slot in 28 bytes.
    function slotWord(uint64 slot) internal pure returns (bytes32) {
        return bytes32(bytes.concat(bytes3(0), bytes1(0), bytes28(uint224(slot))));
    }

    /// @dev Section 2: bytes 0..2 and 4..26 are zero and byte 27 is below 32.
    function hasSlotWordForm(bytes32 node) internal pure returns (bool) {
        for (uint256 index = 0; index < 27; ++index) {
            if (index != 3 && node[index] != 0) return false;
        }
        return uint8(node[27]) < 32;
    }

    /// @dev Section 4: z_0 is zero, each next one the hash of the one below, twice.
    function emptyRoot(uint256 level) internal pure returns (bytes32 node) {
        for (uint256 index = 0; index < level; ++index) {
            node = pair(node, node);
        }
    }

    /// @dev Section 4: bit `slot & 255` of the chunk, most significant bit first.
    function bitOf(bytes32 chunk, uint64 slot) internal pure returns (bool) {
        uint256 position = slot % 256;
        return (uint8(chunk[position / 8]) >> (7 - (position % 8))) % 2 == 1;
    }

    function pair(bytes32 left, bytes32 right) internal pure returns (bytes32 node) {
        return sha256(bytes.concat(left, right));
    }

    function isListed(uint32 siblingMap, uint256 level) internal pure returns (bool) {
        return (siblingMap >> level) % 2 == 1;
    }

    function refuseEmptySubtrees(StatusProof memory proof) private pure {
        uint256 next = 0;
        for (uint256 level = 0; level < DEPTH; ++level) {
            if (!isListed(proof.siblingMap, level)) continue;
            if (proof.siblings[next++] == emptyRoot(level)) revert EpochProofs.EmptySubtreeIsListed(level);
        }
    }

    function join(bytes32[] memory words) private pure returns (bytes memory data) {
        for (uint256 index = 0; index < words.length; ++index) {
            data = bytes.concat(data, words[index]);
        }
    }

    /// @dev A big-endian number.
    function number(bytes memory data, uint256 start, uint256 size) private pure returns (uint256 value) {
        for (uint256 index = 0; index < size; ++index) {
            value = value * 256 + uint8(data[start + index]);
        }
    }

    function word(bytes memory data, uint256 start) private pure returns (bytes32) {
        return bytes32(number(data, start, 32));
    }
}
