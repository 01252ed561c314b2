// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Proofs of what stands in an epoch: form first, then recompute
/// @notice Folds inclusion paths and status proofs to the epoch root they lead to (docs/protocol.md, sections 2 to 5;
/// the bytes of both in docs/contracts.md). Whether that root was anchored is the caller's question.
/// @dev There is one spelling of each proof; every other one reverts. A path is
///
///     sides, 8 bytes, big-endian ‖ siblings, 32 bytes each, 2 to 63 of them
///
/// without the first step, which is the slot word and made from the slot here. Bit i of the sides, least significant
/// first, is 1 when sibling i stands on the right; the bits above the siblings are zero. A status proof is
///
///     sibling map, 4 bytes, big-endian ‖ chunk ‖ siblings ‖ other root ‖ credentials root
///
/// Bit i of the map is 1 when the sibling at level i, 0 the chunks', is listed; any other is the root of an empty
/// subtree, which is never listed. Nodes are hashed in assembly, a third of the price; the plain version beside it is
/// in the differential test.
library EpochProofs {
    /// @notice Which of the two status trees.
    enum Purpose {
        REVOCATION,
        SUSPENSION
    }

    /// @dev Slots count from zero: 2^20 lists of 2^17 indexes.
    uint256 private constant _SLOT_COUNT = 1 << 37;

    /// @dev A status tree has 2^29 chunks.
    uint256 private constant _STATUS_DEPTH = 29;

    /// @dev The sides above a chunk when all siblings stand on the right: one for each level, one for the other root.
    uint256 private constant _ALL_RIGHT = (1 << 30) - 1;

    /// @dev The bits that are zero in every slot word, of whatever kind: byte 3 and the 37 lowest may be anything.
    uint256 private constant _NO_SLOT_WORD = 0xffffff00ffffffffffffffffffffffffffffffffffffffffffffffe000000000;

    /// @dev The sides of a path.
    uint256 private constant _SIDES_SIZE = 8;

    /// @dev With the slot word a path has 3 to 64 steps.
    uint256 private constant _MIN_SIBLINGS = 2;

    /// @dev As above. Less than the bits of the sides: the highest is always padding.
    uint256 private constant _MAX_SIBLINGS = 63;

    /// @dev The sibling map of a status proof.
    uint256 private constant _MAP_SIZE = 4;

    /// @dev How far a loop goes on when a hash failed for want of gas; a hash that succeeds halves it, to one word.
    /// After 65 bytes the end is never met, since 32 times 65 bytes are more than there are before it: the loop takes
    /// what gas there is. Otherwise a caller that gives too little would choose what an unfinished fold leads to.
    uint256 private constant _STRIDE = 65;

    /// @dev The roots of empty subtrees: z_0 is 32 zero bytes, z_i+1 the hash of z_i twice. Level 0 to 28.
    bytes private constant _EMPTY = hex"0000000000000000000000000000000000000000000000000000000000000000"
        hex"f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b"
        hex"db56114e00fdd4c1f85c892bf35ac9a89289aaecb1ebd0a96cde606a748b5d71"
        hex"c78009fdf07fc56a11f122370658a353aaa542ed63e44c4bc15ff4cd105ab33c"
        hex"536d98837f2dd165a55d5eeae91485954472d56f246df256bf3cae19352a123c"
        hex"9efde052aa15429fae05bad4d0b1d7c64da64d03d7a1854a588c2cb8430c0d30"
        hex"d88ddfeed400a8755596b21942c1497e114c302e6118290f91e6772976041fa1"
        hex"87eb0ddba57e35f6d286673802a4af5975e22506c7cf4c64bb6be5ee11527f2c"
        hex"26846476fd5fc54a5d43385167c95144f2643f533cc85bb9d16b782f8d7db193"
        hex"506d86582d252405b840018792cad2bf1259f1ef5aa5f887e13cb2f0094f51e1"
        hex"ffff0ad7e659772f9534c195c815efc4014ef1e1daed4404c06385d11192e92b"
        hex"6cf04127db05441cd833107a52be852868890e4317e6a02ab47683aa75964220"
        hex"b7d05f875f140027ef5118a2247bbb84ce8f2f0f1123623085daf7960c329f5f"
        hex"df6af5f5bbdb6be9ef8aa618e4bf8073960867171e29676f8b284dea6a08a85e"
        hex"b58d900f5e182e3c50ef74969ea16c7726c549757cc23523c369587da7293784"
        hex"d49a7502ffcfb0340b1d7885688500ca308161a7f96b62df9d083b71fcc8f2bb"
        hex"8fe6b1689256c0d385f42f5bbe2027a22c1996e110ba97c171d3e5948de92beb"
        hex"8d0d63c39ebade8509e0ae3c9c3876fb5fa112be18f905ecacfecb92057603ab"
        hex"95eec8b2e541cad4e91de38385f2e046619f54496c2382cb6cacd5b98c26f5a4"
        hex"f893e908917775b62bff23294dbbe3a1cd8e6cc1c35b4801887b646a6f81f17f"
        hex"cddba7b592e3133393c16194fac7431abf2f5485ed711db282183c819e08ebaa"
        hex"8a8d7fe3af8caa085a7639a832001457dfb9128a8061142ad0335629ff23ff9c"
        hex"feb3c337d7a51a6fbf00b9e34c52e1c9195c969bd4e7a0bfd51d5c5bed9c1167"
        hex"e71f0aa83cc32edfbefa9f4d3e0174ca85182eec9f3a09f6a6c0df6377a510d7"
        hex"31206fa80a50bb6abe29085058f16212212a60eec8f049fecb92d8c8e0a84bc0"
        hex"21352bfecbeddde993839f614c3dac0a3ee37543f9b412b16199dc158e23b544"
        hex"619e312724bb6d7c3153ed9de791d764a366b389af13c58bf8a8d90481a46765"
        hex"7cdd2986268250628d0c10e385c58c6191e6fbe05191bcc04f133f2cea72c1c4"
        hex"848930bd7ba8cac54661072113fb278869e07bb8587f91392933374d017bcbe1";

    /// @notice A slot is below 2^37: a larger one would name the bit of another.
    /// @param slot The slot that came.
    error SlotIsOutOfRange(uint64 slot);

    /// @notice A path is its sides and 2 to 63 whole siblings.
    /// @param size The number of bytes that came.
    error PathHasWrongSize(uint256 size);

    /// @notice The last sibling of a path is the status root, on the right, and no side is given beyond it.
    /// @param sides The sides that came.
    error PathHasWrongSides(uint64 sides);

    /// @notice After the first step no sibling has the form of a slot word: it could hide a subtree below an entry.
    /// @param sibling The number of the sibling, from 0.
    error SiblingIsASlotWord(uint256 sibling);

    /// @notice A sibling map has 29 bits.
    /// @param siblingMap The map that came.
    error SiblingMapIsOutOfRange(uint32 siblingMap);

    /// @notice A status proof has as many siblings as its map has ones.
    /// @param size The number of bytes that came.
    /// @param expected The number of bytes that the map asks for.
    error StatusProofHasWrongSize(uint256 size, uint256 expected);

    /// @notice The root of an empty subtree is never listed.
    /// @param level The level of the sibling, 0 the chunks'.
    error EmptySubtreeIsListed(uint256 level);

    /// @notice Fold a path from a credential's entry to the epoch root it leads to.
    /// @param leaf The leaf of the credential.
    /// @param slot Its slot. Only credentials have slots: a batch header is no entry here.
    /// @param path The path.
    /// @return root The root.
    function foldPath(bytes32 leaf, uint64 slot, bytes calldata path) internal view returns (bytes32 root) {
        requireSlot(slot);
        // A bit is 0x20 or 0, the place of a word among the two that are hashed: a sibling's is its side, a node's the
        // other one. A node is written at once where the next step hashes it.
        uint256 rights = _checkPath(path) << 5;
        uint256 slotWord = slot;
        uint256 hidden = type(uint256).max;
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let first := add(path.offset, _SIDES_SIZE)
            let end := add(path.offset, path.length)
            let at := first
            mstore(0x00, leaf)
            mstore(0x20, slotWord)
            if iszero(staticcall(gas(), 2, 0x00, 0x40, and(not(rights), 0x20), 0x20)) { revert(0, 0) }
            for {} xor(at, end) {} {
                let sibling := calldataload(at)
                if iszero(and(sibling, _NO_SLOT_WORD)) {
                    hidden := shr(5, sub(at, first))
                    break
                }
                mstore(and(rights, 0x20), sibling)
                rights := shr(1, rights)
                at := add(at, shr(staticcall(gas(), 2, 0x00, 0x40, and(not(rights), 0x20), 0x20), _STRIDE))
            }
            // No side is left: the last node was written at 0x20.
            root := mload(0x20)
        }
        if (hidden != type(uint256).max) revert SiblingIsASlotWord(hidden);
    }

    /// @notice Fold a status proof from a slot's chunk to the epoch root it leads to.
    /// @param slot The slot.
    /// @param purpose The tree the chunk stands in.
    /// @param proof The proof.
    /// @return root The root.
    /// @return isSet The slot's bit in the chunk.
    function foldStatus(uint64 slot, Purpose purpose, bytes calldata proof)
        internal
        view
        returns (bytes32 root, bool isSet)
    {
        requireSlot(slot);
        uint256 siblingMap = _checkStatusProof(proof);
        // The number of the chunk says which siblings of the tree stand on the left; so does the purpose of the other
        // purpose's root, one level above it.
        uint256 lefts = (slot >> 8) | (uint256(purpose) << _STATUS_DEPTH);
        bytes32 chunk = _word(proof, _MAP_SIZE);
        // Most significant bit first: the slot's is shifted to the top, then down.
        isSet = (uint256(chunk) << (slot & 255)) >> 255 == 1;
        root = _foldChunk(proof, siblingMap, lefts ^ _ALL_RIGHT);
    }

    /// @notice Refuse a slot that no credential can have.
    /// @param slot The slot.
    function requireSlot(uint64 slot) internal pure {
        if (slot >= _SLOT_COUNT) revert SlotIsOutOfRange(slot);
    }

    /// @notice Fold a chunk to the epoch root.
    /// @param proof The proof, whose form was checked.
    /// @param siblingMap Which siblings in the tree are listed.
    /// @param rights Which siblings, and above the tree the other root, stand on the right.
    /// @return root The root.
    function _foldChunk(bytes calldata proof, uint256 siblingMap, uint256 rights) private view returns (bytes32 root) {
        bytes memory empty = _EMPTY;
        uint256 listed = type(uint256).max;
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let at := add(proof.offset, _MAP_SIZE)
            let first := add(empty, 0x20)
            let end := add(first, mload(empty))
            // Both sets of bits in one word, so that a step shifts once. The rights are places as in a path.
            let bits := or(shl(128, siblingMap), shl(5, rights))
            let level := first
            mstore(and(not(bits), 0x20), calldataload(at))
            for {} xor(level, end) {} {
                let sibling := mload(level)
                if and(bits, shl(128, 1)) {
                    at := add(at, 0x20)
                    let given := calldataload(at)
                    if eq(given, sibling) {
                        listed := shr(5, sub(level, first))
                        break
                    }
                    sibling := given
                }
                mstore(and(bits, 0x20), sibling)
                bits := shr(1, bits)
                level := add(level, shr(staticcall(gas(), 2, 0x00, 0x40, and(not(bits), 0x20), 0x20), _STRIDE))
            }
            mstore(and(bits, 0x20), calldataload(add(at, 0x20)))
            // The credentials root stands on the left.
            let hashed := staticcall(gas(), 2, 0x00, 0x40, 0x20, 0x20)
            mstore(0x00, calldataload(add(at, 0x40)))
            if iszero(and(staticcall(gas(), 2, 0x00, 0x40, 0x00, 0x20), hashed)) { revert(0, 0) }
            root := mload(0x00)
        }
        if (listed != type(uint256).max) revert EmptySubtreeIsListed(listed);
    }

    /// @notice Refuse a path of another form.
    /// @param path The path.
    /// @return sides The sides of its siblings.
    function _checkPath(bytes calldata path) private pure returns (uint256 sides) {
        unchecked {
            uint256 count = path.length / 32;
            if (count < _MIN_SIBLINGS || count > _MAX_SIBLINGS || path.length % 32 != _SIDES_SIZE) {
                revert PathHasWrongSize(path.length);
            }
            sides = uint256(_word(path, 0)) >> 192;
            // There is a last sibling. The cast keeps the number: sides are 8 bytes.
            // forge-lint: disable-next-line(unsafe-typecast)
            if (sides >> (count - 1) != 1) revert PathHasWrongSides(uint64(sides));
        }
    }

    /// @notice Refuse a status proof of another form.
    /// @param proof The proof.
    /// @return siblingMap Its sibling map.
    function _checkStatusProof(bytes calldata proof) private pure returns (uint256 siblingMap) {
        // A proof that is too short for a map has a map of zero bytes, and is too short for that one too.
        siblingMap = proof.length < _MAP_SIZE ? 0 : uint256(_word(proof, 0)) >> 224;
        // The cast keeps the number: a map is 4 bytes.
        // forge-lint: disable-next-line(unsafe-typecast)
        if (siblingMap >> _STATUS_DEPTH != 0) revert SiblingMapIsOutOfRange(uint32(siblingMap));
        unchecked {
            // At most 29 siblings.
            uint256 expected = _MAP_SIZE + 32 * (3 + _countOnes(siblingMap));
            if (proof.length != expected) revert StatusProofHasWrongSize(proof.length, expected);
        }
    }

    /// @notice Count the siblings that a map lists.
    /// @param siblingMap The map.
    /// @return count Its ones.
    function _countOnes(uint256 siblingMap) private pure returns (uint256 count) {
        unchecked {
            // Ones are added up in groups of two bits, of four, of eight: n bits hold the number n, so that no group
            // overflows. Then the four bytes are added up: modulo 255 a number is the sum of its bytes.
            count = siblingMap - ((siblingMap >> 1) & 0x55555555);
            count = (count & 0x33333333) + ((count >> 2) & 0x33333333);
            count = ((count + (count >> 4)) & 0x0f0f0f0f) % 255;
        }
    }

    /// @notice Read a word of a proof.
    /// @param proof The proof, whose size was checked.
    /// @param start Where the word begins.
    /// @return word The word.
    function _word(bytes calldata proof, uint256 start) private pure returns (bytes32 word) {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            word := calldataload(add(proof.offset, start))
        }
    }
}
