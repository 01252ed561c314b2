// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {EpochProofs} from "../src/EpochProofs.sol";
import {PlainProofs} from "./PlainProofs.sol";
import {PlainReader} from "./PlainReader.sol";
import {ProofFixture} from "./ProofFixture.sol";
import {ProofReader} from "./ProofReader.sol";

/// @title The library and its plain version say the same of every proof: one root and bit, or one refusal
contract ProofDifferentialTest is ProofFixture {
    ProofReader private _reader;
    PlainReader private _plain;

    function setUp() public override {
        super.setUp();
        _reader = new ProofReader();
        _plain = new PlainReader();
    }

    function test_TheReadersAnswerTheSameCalls() public pure {
        CHEATS.assertEq(
            bytes32(ProofReader.foldPath.selector), bytes32(PlainReader.foldPath.selector), "selector of foldPath"
        );
        CHEATS.assertEq(
            bytes32(ProofReader.foldStatus.selector), bytes32(PlainReader.foldStatus.selector), "selector of foldStatus"
        );
    }

    function testFuzz_HonestPathsAreFoldedAlike(bytes32 leaf, uint64 slot, uint256 seed, uint256 siblings) public view {
        bytes memory path = PlainProofs.encodePath(drawPath(seed, 2 + siblings % 62));

        assertAccepted(abi.encodeCall(ProofReader.foldPath, (leaf, slot % (1 << 37), path)));
    }

    function testFuzz_ChangedPathsAreReadAlike(bytes32 leaf, uint64 slot, uint256 seed, uint256 siblings) public view {
        bytes memory path = PlainProofs.encodePath(drawPath(seed, 2 + siblings % 62));

        assertAlike(abi.encodeCall(ProofReader.foldPath, (leaf, slot % (1 << 38), changed(path, seed, 8))));
    }

    function testFuzz_AnyBytesAreReadAlikeAsAPath(bytes32 leaf, uint64 slot, bytes memory path) public view {
        assertAlike(abi.encodeCall(ProofReader.foldPath, (leaf, slot, path)));
        assertAlike(abi.encodeCall(ProofReader.foldPath, (leaf, slot % (1 << 37), path)));
    }

    function testFuzz_HonestStatusProofsAreFoldedAlike(uint64 slot, bool isSuspension, uint256 seed, uint32 siblingMap)
        public
        view
    {
        bytes memory proof = PlainProofs.encodeStatusProof(drawStatusProof(seed, siblingMap % (1 << 29)));

        assertAccepted(abi.encodeCall(ProofReader.foldStatus, (slot % (1 << 37), purposeOf(isSuspension), proof)));
    }

    function testFuzz_ChangedStatusProofsAreReadAlike(uint64 slot, bool isSuspension, uint256 seed, uint32 siblingMap)
        public
        view
    {
        bytes memory proof = PlainProofs.encodeStatusProof(drawStatusProof(seed, siblingMap % (1 << 29)));

        assertAlike(
            abi.encodeCall(ProofReader.foldStatus, (slot % (1 << 38), purposeOf(isSuspension), changed(proof, seed, 4)))
        );
    }

    function testFuzz_AListedEmptySubtreeIsReadAlike(uint64 slot, uint256 seed, uint32 siblingMap, uint256 where)
        public
        view
    {
        uint256 level = where % PlainProofs.DEPTH;
        PlainProofs.StatusProof memory proof = drawStatusProof(seed, siblingMap % (1 << 29) | uint32(1 << level));
        uint256 listedBelow = 0;
        for (uint256 below = 0; below < level; ++below) {
            if (PlainProofs.isListed(proof.siblingMap, below)) ++listedBelow;
        }
        // Of its own level every second time; else of the next one, which is a sibling like any other.
        proof.siblings[listedBelow] = PlainProofs.emptyRoot(level + seed % 2);

        bool accepted = assertAlike(
            abi.encodeCall(
                ProofReader.foldStatus,
                (slot % (1 << 37), EpochProofs.Purpose.REVOCATION, PlainProofs.encodeStatusProof(proof))
            )
        );

        CHEATS.assertTrue(accepted == (seed % 2 == 1), "an empty subtree was listed");
    }

    function testFuzz_AnyBytesAreReadAlikeAsAStatusProof(uint64 slot, bool isSuspension, bytes memory proof)
        public
        view
    {
        assertAlike(abi.encodeCall(ProofReader.foldStatus, (slot, purposeOf(isSuspension), proof)));
        assertAlike(abi.encodeCall(ProofReader.foldStatus, (slot % (1 << 37), purposeOf(isSuspension), proof)));
    }

    function assertAccepted(bytes memory question) private view {
        CHEATS.assertTrue(assertAlike(question), "an honest proof was refused");
    }

    function assertAlike(bytes memory question) private view returns (bool accepted) {
        bytes memory answer;
        (accepted, answer) = address(_reader).staticcall(question);
        (bool plainlyAccepted, bytes memory plainAnswer) = address(_plain).staticcall(question);
        CHEATS.assertTrue(accepted == plainlyAccepted, "one accepts, the other does not");
        CHEATS.assertEq(answer, plainAnswer, "the answers differ");
    }

    function purposeOf(bool isSuspension) private pure returns (EpochProofs.Purpose) {
        return isSuspension ? EpochProofs.Purpose.SUSPENSION : EpochProofs.Purpose.REVOCATION;
    }

    /// @dev One change: a bit anywhere, a bit of the head, bytes too many or too few, two words swapped, or a word that
    /// has the form of a slot word. A proof is its head and words.
    function changed(bytes memory proof, uint256 seed, uint256 head) private pure returns (bytes memory) {
        uint256 where = uint256(draw(seed, "where", 0));
        uint256 words = (proof.length - head) / 32;
        uint256 kind = seed % 6;
        if (kind == 0) return flipped(proof, where % (proof.length * 8));
        if (kind == 1) return flipped(proof, where % (head * 8));
        if (kind == 2) return bytes.concat(proof, new bytes(1 + where % 64));
        if (kind == 3) return cut(proof, where % proof.length);
        bytes32 word = bytes32(where & ((0xff << 224) | ((1 << 37) - 1)));
        if (kind == 4) return withWord(proof, head + 32 * (where % words), word);
        bytes32 first = wordAt(proof, head);
        uint256 other = head + 32 * (where % words);
        return withWord(withWord(proof, head, wordAt(proof, other)), other, first);
    }

    function flipped(bytes memory data, uint256 bit) private pure returns (bytes memory) {
        data[bit / 8] ^= bytes1(uint8(1 << (bit % 8)));
        return data;
    }

    function cut(bytes memory data, uint256 size) private pure returns (bytes memory start) {
        start = new bytes(size);
        for (uint256 index = 0; index < size; ++index) {
            start[index] = data[index];
        }
    }

    function withWord(bytes memory data, uint256 start, bytes32 word) private pure returns (bytes memory) {
        for (uint256 index = 0; index < 32; ++index) {
            data[start + index] = word[index];
        }
        return data;
    }

    function wordAt(bytes memory data, uint256 start) private pure returns (bytes32 word) {
        for (uint256 index = 0; index < 32; ++index) {
            word |= bytes32(data[start + index]) >> (8 * index);
        }
    }
}
