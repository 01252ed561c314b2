// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {CredentialVerifier} from "../src/CredentialVerifier.sol";
import {ICredentialVerifier} from "../src/ICredentialVerifier.sol";
import {Fixture} from "./Fixture.sol";
import {PlainProofs} from "./PlainProofs.sol";

/// @title Epochs whose proofs are known, and the contract that is asked about them
abstract contract ProofFixture is Fixture {
    /// @dev A credential in an epoch, with its path and the proof of its revocation bit there.
    struct Sealed {
        bytes32 leaf;
        uint64 slot;
        bytes path;
        bytes revocation;
        bytes suspension;
        bytes32 root;
    }

    /// @dev List 3, index 70,000: the chunk number has ones and zeros.
    uint64 internal constant SLOT = 3 * 131_072 + 70_000;

    /// @dev A sibling on each of the 29 levels.
    uint32 internal constant EVERY_SIBLING = 0x1fffffff;

    ICredentialVerifier internal verifier;

    function setUp() public virtual override {
        super.setUp();
        verifier = new CredentialVerifier(anchorLog);
    }

    /// @dev Seal an epoch: both chunks, all siblings and the sides are drawn from the seed.
    function sealEpoch(uint256 seed, uint64 slot, uint256 siblings, uint32 siblingMap)
        internal
        pure
        returns (Sealed memory item)
    {
        PlainProofs.StatusProof memory revocation = drawStatusProof(seed, siblingMap);
        PlainProofs.StatusProof memory suspension = drawStatusProof(~seed, siblingMap);
        PlainProofs.Path memory path = drawPath(seed, siblings);
        revocation.otherRoot = PlainProofs.foldChunk(slot, suspension);
        suspension.otherRoot = PlainProofs.foldChunk(slot, revocation);
        bytes32 statusRoot = PlainProofs.pair(suspension.otherRoot, revocation.otherRoot);
        path.siblings[siblings - 1] = statusRoot;
        item.leaf = draw(seed, "leaf", 0);
        item.slot = slot;
        bytes32 credentialsRoot = foldBelow(item.leaf, slot, path);
        revocation.credentialsRoot = credentialsRoot;
        suspension.credentialsRoot = credentialsRoot;
        item.path = PlainProofs.encodePath(path);
        item.revocation = PlainProofs.encodeStatusProof(revocation);
        item.suspension = PlainProofs.encodeStatusProof(suspension);
        item.root = PlainProofs.pair(credentialsRoot, statusRoot);
    }

    /// @dev A path of that many siblings after the slot word, the last on the right.
    function drawPath(uint256 seed, uint256 siblings) internal pure returns (PlainProofs.Path memory path) {
        path = PlainProofs.Path({onTheRight: new bool[](siblings), siblings: new bytes32[](siblings)});
        for (uint256 step = 0; step < siblings; ++step) {
            path.siblings[step] = draw(seed, "step", step);
            path.onTheRight[step] = step == siblings - 1 || uint256(draw(seed, "side", step)) % 2 == 1;
        }
    }

    function drawStatusProof(uint256 seed, uint32 siblingMap)
        internal
        pure
        returns (PlainProofs.StatusProof memory proof)
    {
        uint256 count = 0;
        for (uint256 level = 0; level < PlainProofs.DEPTH; ++level) {
            if (PlainProofs.isListed(siblingMap, level)) ++count;
        }
        proof.siblingMap = siblingMap;
        proof.chunk = draw(seed, "chunk", 0);
        proof.siblings = new bytes32[](count);
        for (uint256 index = 0; index < count; ++index) {
            proof.siblings[index] = draw(seed, "node", index);
        }
        proof.otherRoot = draw(seed, "other", 0);
        proof.credentialsRoot = draw(seed, "credentials", 0);
    }

    /// @dev Insist that a question is refused with exactly these bytes.
    function assertRefusal(address asked, bytes memory question, bytes memory why) internal view {
        (bool answered, bytes memory answer) = asked.staticcall(question);
        CHEATS.assertTrue(!answered, "the question was answered");
        CHEATS.assertEq(answer, why, "the question was refused for another reason");
    }

    /// @dev Insist that a question has no answer when one of the hashes it takes cannot be computed.
    function assertRefusedWithout(bytes memory preimage, address asked, bytes memory question) internal {
        (bool answered,) = asked.staticcall(question);
        CHEATS.assertTrue(answered, "the question has no answer anyway");
        CHEATS.mockCallRevert(address(2), preimage, "");
        // A fold that waits for its hash uses up what it is given.
        (answered,) = asked.staticcall{gas: 200_000}(question);
        CHEATS.clearMockedCalls();
        CHEATS.assertTrue(!answered, "an unfinished fold was answered");
    }

    function draw(uint256 seed, string memory what, uint256 index) internal pure returns (bytes32) {
        return sha256(abi.encode(seed, what, index));
    }

    /// @dev The node below the last step.
    function foldBelow(bytes32 leaf, uint64 slot, PlainProofs.Path memory path) private pure returns (bytes32 node) {
        node = PlainProofs.pair(leaf, PlainProofs.slotWord(slot));
        for (uint256 step = 0; step < path.siblings.length - 1; ++step) {
            bytes32 sibling = path.siblings[step];
            node = path.onTheRight[step] ? PlainProofs.pair(node, sibling) : PlainProofs.pair(sibling, node);
        }
    }
}
