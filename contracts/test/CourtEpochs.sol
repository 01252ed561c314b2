// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Epochs as a registry makes them, in plain Solidity: roots, paths and proofs in the bytes the contracts read
library CourtEpochs {
    struct Entry {
        bytes32 leaf;
        uint64 slot;
    }

    /// @dev One batch at most; the slots whose bit is set in each of the two status trees.
    struct Epoch {
        Entry[] entries;
        uint64[] revoked;
        uint64[] suspended;
    }

    uint256 internal constant DEPTH = 29;
    bytes32 internal constant HEADER = keccak256("the leaf of a batch header");
    bytes32 internal constant HEADER_WORD = bytes32(uint256(0xff) << 224);

    function rootOf(Epoch memory epoch) internal pure returns (bytes32) {
        return pair(credentialsRootOf(epoch), statusRootOf(epoch));
    }

    function credentialsRootOf(Epoch memory epoch) internal pure returns (bytes32) {
        if (epoch.entries.length == 0) return bytes32(0);
        bytes32[] memory level = leavesOf(epoch);
        while (level.length > 1) {
            level = above(level);
        }
        return level[0];
    }

    function statusRootOf(Epoch memory epoch) internal pure returns (bytes32) {
        return pair(treeOf(epoch.revoked), treeOf(epoch.suspended));
    }

    function pathTo(Epoch memory epoch, uint256 index) internal pure returns (bytes memory) {
        return pathFrom(epoch, index + 1);
    }

    function headerPath(Epoch memory epoch) internal pure returns (bytes memory) {
        return pathFrom(epoch, 0);
    }

    function revocationProof(Epoch memory epoch, uint64 slot) internal pure returns (bytes memory) {
        return statusProof(epoch.revoked, slot, treeOf(epoch.suspended), credentialsRootOf(epoch));
    }

    function suspensionProof(Epoch memory epoch, uint64 slot) internal pure returns (bytes memory) {
        return statusProof(epoch.suspended, slot, treeOf(epoch.revoked), credentialsRootOf(epoch));
    }

    /// @dev A path and the root it leads to, for trees too large to be built here.
    function pathOf(bytes32 leaf, uint64 slot, uint256 siblings)
        internal
        pure
        returns (bytes32 root, bytes memory path)
    {
        bytes memory steps;
        uint64 sides;
        root = pair(leaf, bytes32(uint256(slot)));
        for (uint256 index = 0; index < siblings; ++index) {
            bytes32 sibling = keccak256(abi.encode(leaf, slot, index));
            bool isRight = index + 1 == siblings || uint256(sibling) % 2 == 1;
            root = isRight ? pair(root, sibling) : pair(sibling, root);
            if (isRight) sides |= uint64(1 << index);
            steps = bytes.concat(steps, sibling);
        }
        path = bytes.concat(bytes8(sides), steps);
    }

    /// @dev A revocation proof with siblings at all of the lowest levels, and the root it leads to.
    function proofOf(uint64 slot, bool isRevoked, uint256 siblings)
        internal
        pure
        returns (bytes32 root, bytes memory proof)
    {
        bytes32[] memory zeros = emptyRoots();
        bytes32 chunk = keccak256(abi.encode(slot, isRevoked)) & ~bitOf(slot);
        if (isRevoked) chunk |= bitOf(slot);
        proof = bytes.concat(bytes4(uint32((1 << siblings) - 1)), chunk);
        root = chunk;
        for (uint256 level = 0; level < DEPTH; ++level) {
            bytes32 sibling = zeros[level];
            if (level < siblings) {
                sibling = keccak256(abi.encode(chunk, level));
                proof = bytes.concat(proof, sibling);
            }
            root = (slot / 256) >> level & 1 == 1 ? pair(sibling, root) : pair(root, sibling);
        }
        bytes32 credentialsRoot = keccak256(proof);
        proof = bytes.concat(proof, ~chunk, credentialsRoot);
        root = pair(credentialsRoot, pair(root, ~chunk));
    }

    /// @dev The root that a path leads to, whatever its form.
    function folded(bytes32 leaf, uint64 slot, bytes memory path) internal pure returns (bytes32 root) {
        uint64 sides = uint64(bytes8(word(path, 0)));
        root = pair(leaf, bytes32(uint256(slot)));
        for (uint256 index = 0; index < path.length / 32; ++index) {
            bytes32 sibling = word(path, 8 + 32 * index);
            root = sides >> index & 1 == 1 ? pair(root, sibling) : pair(sibling, root);
        }
    }

    function bitOf(uint64 slot) internal pure returns (bytes32) {
        return bytes32(1 << (255 - slot % 256));
    }

    function pair(bytes32 left, bytes32 right) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(left, right));
    }

    function word(bytes memory data, uint256 offset) private pure returns (bytes32 value) {
        for (uint256 index = 0; index < 32; ++index) {
            value = (value << 8) | bytes32(uint256(uint8(data[offset + index])));
        }
    }

    function leavesOf(Epoch memory epoch) private pure returns (bytes32[] memory leaves) {
        leaves = new bytes32[](2 * epoch.entries.length + 2);
        (leaves[0], leaves[1]) = (HEADER, HEADER_WORD);
        for (uint256 index = 0; index < epoch.entries.length; ++index) {
            leaves[2 * index + 2] = epoch.entries[index].leaf;
            leaves[2 * index + 3] = bytes32(uint256(epoch.entries[index].slot));
        }
    }

    function above(bytes32[] memory level) private pure returns (bytes32[] memory next) {
        next = new bytes32[]((level.length + 1) / 2);
        for (uint256 index = 0; index < next.length; ++index) {
            next[index] = 2 * index + 1 < level.length ? pair(level[2 * index], level[2 * index + 1]) : level[2 * index];
        }
    }

    function pathFrom(Epoch memory epoch, uint256 place) private pure returns (bytes memory) {
        bytes memory steps;
        uint64 sides;
        uint256 count;
        for (bytes32[] memory level = above(leavesOf(epoch)); level.length > 1; level = above(level)) {
            if (place ^ 1 < level.length) {
                steps = bytes.concat(steps, level[place ^ 1]);
                if (place % 2 == 0) sides |= uint64(1 << count);
                ++count;
            }
            place /= 2;
        }
        return bytes.concat(bytes8(sides | uint64(1 << count)), steps, statusRootOf(epoch));
    }

    function statusProof(uint64[] memory set, uint64 slot, bytes32 other, bytes32 credentialsRoot)
        private
        pure
        returns (bytes memory)
    {
        (, bytes32 chunk, uint32 siblingMap, bytes memory siblings) = climb(set, slot);
        return bytes.concat(bytes4(siblingMap), chunk, siblings, other, credentialsRoot);
    }

    function treeOf(uint64[] memory set) private pure returns (bytes32 root) {
        (root,,,) = climb(set, 0);
    }

    /// @dev From the chunks that are not empty, and that of the slot, level by level to the root.
    function climb(uint64[] memory set, uint64 slot)
        private
        pure
        returns (bytes32 root, bytes32 chunk, uint32 siblingMap, bytes memory siblings)
    {
        uint256[] memory places = new uint256[](set.length + 1);
        bytes32[] memory nodes = new bytes32[](set.length + 1);
        uint256 count = 1;
        places[0] = slot / 256;
        for (uint256 index = 0; index < set.length; ++index) {
            uint256 at = find(places, count, set[index] / 256);
            if (at == count) places[count++] = set[index] / 256;
            nodes[at] |= bitOf(set[index]);
        }
        chunk = nodes[0];
        bytes32 zero;
        for (uint256 level = 0; level < DEPTH; ++level) {
            uint256 beside = find(places, count, places[0] ^ 1);
            if (beside != count && nodes[beside] != zero) {
                siblingMap |= uint32(1 << level);
                siblings = bytes.concat(siblings, nodes[beside]);
            }
            count = rise(places, nodes, count, zero);
            zero = pair(zero, zero);
        }
        root = nodes[0];
    }

    /// @dev Replace the nodes of a level by those above them. The first stays the first.
    function rise(uint256[] memory places, bytes32[] memory nodes, uint256 count, bytes32 zero)
        private
        pure
        returns (uint256 risen)
    {
        for (uint256 index = 0; index < count; ++index) {
            uint256 place = places[index];
            if (find(places, risen, place / 2) != risen) continue;
            uint256 beside = index + 1;
            while (beside < count && places[beside] != place ^ 1) {
                ++beside;
            }
            bytes32 other = beside < count ? nodes[beside] : zero;
            nodes[risen] = place % 2 == 0 ? pair(nodes[index], other) : pair(other, nodes[index]);
            places[risen++] = place / 2;
        }
    }

    function find(uint256[] memory places, uint256 count, uint256 place) private pure returns (uint256 at) {
        while (at < count && places[at] != place) {
            ++at;
        }
    }

    function emptyRoots() private pure returns (bytes32[] memory zeros) {
        zeros = new bytes32[](DEPTH + 1);
        for (uint256 level = 0; level < DEPTH; ++level) {
            zeros[level + 1] = pair(zeros[level], zeros[level]);
        }
    }
}
