// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {EpochProofs} from "../src/EpochProofs.sol";
import {ICredentialVerifier} from "../src/ICredentialVerifier.sol";
import {PlainProofs} from "./PlainProofs.sol";
import {ProofFixture} from "./ProofFixture.sol";

/// @title What the verifier answers about credentials of three epochs, and what it refuses to answer
contract VerifierTest is ProofFixture {
    EpochProofs.Purpose private constant REVOCATION = EpochProofs.Purpose.REVOCATION;
    EpochProofs.Purpose private constant SUSPENSION = EpochProofs.Purpose.SUSPENSION;

    /// @dev Seeds of epochs: in the first the slot is suspended, in the others it is revoked.
    uint256 private constant FIRST = 5;
    uint256 private constant SECOND = 2;
    uint256 private constant THIRD = 4;

    uint256 private _log;
    Sealed private _first;
    Sealed private _second;
    Sealed private _third;

    function setUp() public override {
        super.setUp();
        _log = openBoundLog();
        _first = sealEpoch(FIRST, SLOT, 6, 0x1ff);
        _second = sealEpoch(SECOND, SLOT, 6, 0x1ff);
        _third = sealEpoch(THIRD, SLOT, 6, 0x1ff);
        anchored(ANCHORER, _first.root);
        anchored(ANCHORER, _second.root);
        CHEATS.warp(NOW + 3600);
        anchored(ANCHORER, _third.root);
    }

    function test_ItReadsTheLogsOfOneContract() public view {
        CHEATS.assertEq(address(verifier.ANCHOR_LOG()), address(anchorLog), "the anchor log");
    }

    // -- included

    function test_ACredentialIsIncludedInItsEpoch() public view {
        CHEATS.assertTrue(verifier.included(_log, 1, _first.leaf, SLOT, _first.path), "the first credential");
        CHEATS.assertTrue(verifier.included(_log, 2, _second.leaf, SLOT, _second.path), "the second credential");
    }

    function test_ACredentialIsNotIncludedInAnotherEpoch() public view {
        CHEATS.assertTrue(!verifier.included(_log, 2, _first.leaf, SLOT, _first.path), "in the next epoch");
    }

    function test_AnotherLeafIsNotIncluded() public view {
        CHEATS.assertTrue(!verifier.included(_log, 1, _second.leaf, SLOT, _first.path), "another leaf");
    }

    function test_AnotherSlotIsNotIncluded() public view {
        CHEATS.assertTrue(!verifier.included(_log, 1, _first.leaf, SLOT + 1, _first.path), "another slot");
    }

    function test_AnInnerNodeIsNotIncludedAsALeaf() public view {
        // The entry's node passed off as a leaf, with the rest of the path: without a slot word it is not a credential.
        bytes32 entry = PlainProofs.pair(_first.leaf, PlainProofs.slotWord(SLOT));

        CHEATS.assertTrue(!verifier.included(_log, 1, entry, SLOT, _first.path), "an inner node");
    }

    function testFuzz_NoChangedPathIsIncluded(uint256 at) public view {
        bytes memory path = _first.path;
        uint256 bit = 64 + at % (path.length * 8 - 64);
        path[bit / 8] ^= bytes1(uint8(1 << (bit % 8)));

        CHEATS.assertTrue(!verifier.included(_log, 1, _first.leaf, SLOT, path), "a changed path");
    }

    function test_APathOfAnotherFormIsRefused() public view {
        refusedQuestion(
            abi.encodeCall(ICredentialVerifier.included, (_log, 1, _first.leaf, SLOT, "")),
            abi.encodeWithSelector(EpochProofs.PathHasWrongSize.selector, 0)
        );
    }

    function test_NothingIsIncludedInAnEpochThatWasNotAnchored() public view {
        refusedQuestion(
            abi.encodeCall(ICredentialVerifier.included, (_log, 4, _first.leaf, SLOT, _first.path)),
            abi.encodeWithSelector(ICredentialVerifier.EpochIsNotAnchored.selector, _log, 4)
        );
    }

    function test_EpochsCountFromOne() public view {
        refusedQuestion(
            abi.encodeCall(ICredentialVerifier.included, (_log, 0, _first.leaf, SLOT, _first.path)),
            abi.encodeWithSelector(ICredentialVerifier.EpochIsNotAnchored.selector, _log, 0)
        );
    }

    function test_NothingIsIncludedInALogThatWasNotOpened() public view {
        refusedQuestion(
            abi.encodeCall(ICredentialVerifier.included, (_log + 1, 1, _first.leaf, SLOT, _first.path)),
            abi.encodeWithSelector(ICredentialVerifier.EpochIsNotAnchored.selector, _log + 1, 1)
        );
    }

    // -- status

    function test_ARevokedSlotIsRevoked() public view {
        CHEATS.assertTrue(verifier.status(_log, 2, SLOT, REVOCATION, _second.revocation), "revoked in epoch 2");
    }

    function test_ASlotIsNotRevokedBefore() public view {
        CHEATS.assertTrue(!verifier.status(_log, 1, SLOT, REVOCATION, _first.revocation), "revoked in epoch 1");
    }

    function test_ASuspensionIsReadFromItsOwnTree() public view {
        CHEATS.assertTrue(verifier.status(_log, 1, SLOT, SUSPENSION, _first.suspension), "suspended in epoch 1");
        CHEATS.assertTrue(!verifier.status(_log, 2, SLOT, SUSPENSION, _second.suspension), "suspended in epoch 2");
    }

    function test_AProofOfOnePurposeSaysNothingOfTheOther() public view {
        (bytes32 folded,) = PlainProofs.foldStatus(SLOT, REVOCATION, _first.suspension);

        refusedQuestion(
            abi.encodeCall(ICredentialVerifier.status, (_log, 1, SLOT, REVOCATION, _first.suspension)),
            leadsElsewhere(_first.root, folded)
        );
    }

    function test_AStatusProofOfAnotherEpochIsRefused() public view {
        refusedQuestion(
            abi.encodeCall(ICredentialVerifier.status, (_log, 2, SLOT, REVOCATION, _first.revocation)),
            leadsElsewhere(_second.root, _first.root)
        );
    }

    function test_AStatusProofOfAnotherChunkIsRefused() public view {
        (bytes32 folded,) = PlainProofs.foldStatus(SLOT + 256, REVOCATION, _first.revocation);

        refusedQuestion(
            abi.encodeCall(ICredentialVerifier.status, (_log, 1, SLOT + 256, REVOCATION, _first.revocation)),
            leadsElsewhere(_first.root, folded)
        );
    }

    function testFuzz_AChangedStatusProofIsRefused(uint256 at) public view {
        bytes memory proof = _second.revocation;
        uint256 bit = at % (proof.length * 8);
        proof[bit / 8] ^= bytes1(uint8(1 << (bit % 8)));

        bytes memory question = abi.encodeCall(ICredentialVerifier.status, (_log, 2, SLOT, REVOCATION, proof));
        (bool answered,) = address(verifier).staticcall(question);

        CHEATS.assertTrue(!answered, "a changed proof was read");
    }

    function test_AStatusProofOfAnotherFormIsRefused() public view {
        refusedQuestion(
            abi.encodeCall(ICredentialVerifier.status, (_log, 1, SLOT, REVOCATION, "")),
            abi.encodeWithSelector(EpochProofs.StatusProofHasWrongSize.selector, 0, 100)
        );
    }

    function test_AnEpochThatWasNotAnchoredHasNoStatus() public view {
        refusedQuestion(
            abi.encodeCall(ICredentialVerifier.status, (_log, 4, SLOT, REVOCATION, _third.revocation)),
            abi.encodeWithSelector(ICredentialVerifier.EpochIsNotAnchored.selector, _log, 4)
        );
    }

    // -- latestStatus

    function test_TheLatestStatusSaysOfWhichEpochAndTimeItIs() public view {
        (bool isSet, uint64 epoch, uint64 time) = verifier.latestStatus(_log, SLOT, REVOCATION, _third.revocation);

        CHEATS.assertTrue(isSet, "revoked");
        CHEATS.assertEq(epoch, 3, "the newest epoch");
        CHEATS.assertEq(time, NOW + 3600, "the time of the newest epoch");
    }

    function test_TheLatestSuspensionIsReadToo() public view {
        (bool isSet,,) = verifier.latestStatus(_log, SLOT, SUSPENSION, _third.suspension);

        CHEATS.assertTrue(!isSet, "suspended");
    }

    function test_AnOldProofIsNotTheLatestStatus() public view {
        refusedQuestion(
            abi.encodeCall(ICredentialVerifier.latestStatus, (_log, SLOT, REVOCATION, _first.revocation)),
            leadsElsewhere(_third.root, _first.root)
        );
    }

    function test_ALogWithoutEpochsHasNoLatestStatus() public {
        uint256 empty = openOwnLog(STRANGER);

        refusedQuestion(
            abi.encodeCall(ICredentialVerifier.latestStatus, (empty, SLOT, REVOCATION, _third.revocation)),
            abi.encodeWithSelector(ICredentialVerifier.EpochIsNotAnchored.selector, empty, 0)
        );
    }

    function test_TheLatestStatusStaysReadableAfterARotation() public {
        rotate(_log, SUCCESSOR);

        (, uint64 epoch,) = verifier.latestStatus(_log, SLOT, REVOCATION, _third.revocation);

        CHEATS.assertEq(epoch, 3, "the newest epoch");
    }

    // -- standing

    function test_StandingTellsThatACredentialIsRevokedNow() public view {
        (bool isRevoked, uint64 epoch, uint64 time) =
            verifier.standing(_log, 1, _first.leaf, SLOT, _first.path, _third.revocation);

        CHEATS.assertTrue(isRevoked, "revoked");
        CHEATS.assertEq(epoch, 3, "the newest epoch");
        CHEATS.assertEq(time, NOW + 3600, "the time of the newest epoch");
    }

    function test_StandingTellsThatACredentialIsNotRevokedNow() public {
        anchored(ANCHORER, _first.root);

        (bool isRevoked, uint64 epoch,) =
            verifier.standing(_log, 2, _second.leaf, SLOT, _second.path, _first.revocation);

        CHEATS.assertTrue(!isRevoked, "revoked");
        CHEATS.assertEq(epoch, 4, "the newest epoch");
    }

    function test_StandingOfACredentialOfTheNewestEpochIsReadThere() public view {
        (bool isRevoked, uint64 epoch,) = verifier.standing(_log, 3, _third.leaf, SLOT, _third.path, _third.revocation);

        CHEATS.assertTrue(isRevoked, "revoked");
        CHEATS.assertEq(epoch, 3, "the newest epoch");
    }

    function test_ACredentialThatStandsElsewhereHasNoStanding() public view {
        refusedQuestion(
            abi.encodeCall(ICredentialVerifier.standing, (_log, 2, _first.leaf, SLOT, _first.path, _third.revocation)),
            leadsElsewhere(_second.root, _first.root)
        );
    }

    function test_AnOldRevocationProofGivesNoStanding() public view {
        refusedQuestion(
            abi.encodeCall(ICredentialVerifier.standing, (_log, 1, _first.leaf, SLOT, _first.path, _first.revocation)),
            leadsElsewhere(_third.root, _first.root)
        );
    }

    function test_ASuspensionProofGivesNoStanding() public view {
        (bytes32 folded,) = PlainProofs.foldStatus(SLOT, REVOCATION, _third.suspension);

        refusedQuestion(
            abi.encodeCall(ICredentialVerifier.standing, (_log, 1, _first.leaf, SLOT, _first.path, _third.suspension)),
            leadsElsewhere(_third.root, folded)
        );
    }

    function test_TheRevocationOfAnotherSlotGivesNoStanding() public view {
        Sealed memory other = sealEpoch(THIRD, SLOT + 256, 6, 0x1ff);
        (bytes32 folded,) = PlainProofs.foldStatus(SLOT, REVOCATION, other.revocation);

        refusedQuestion(
            abi.encodeCall(ICredentialVerifier.standing, (_log, 1, _first.leaf, SLOT, _first.path, other.revocation)),
            leadsElsewhere(_third.root, folded)
        );
    }

    function test_ACredentialOfAnEpochThatWasNotAnchoredHasNoStanding() public view {
        refusedQuestion(
            abi.encodeCall(ICredentialVerifier.standing, (_log, 4, _first.leaf, SLOT, _first.path, _third.revocation)),
            abi.encodeWithSelector(ICredentialVerifier.EpochIsNotAnchored.selector, _log, 4)
        );
    }

    function test_ASlotBeyondTheLastHasNoStanding() public view {
        uint64 slot = SLOT + (1 << 37);

        refusedQuestion(
            abi.encodeCall(ICredentialVerifier.standing, (_log, 1, _first.leaf, slot, _first.path, _third.revocation)),
            abi.encodeWithSelector(EpochProofs.SlotIsOutOfRange.selector, slot)
        );
    }

    // -- the calls themselves

    function test_ThereAreTwoPurposes() public view {
        refusedQuestion(
            abi.encodeWithSelector(ICredentialVerifier.status.selector, _log, 1, SLOT, 2, _first.revocation), ""
        );
    }

    function test_EtherIsRefused() public {
        CHEATS.deal(address(this), 1);

        (bool accepted,) = address(verifier).call{value: 1}("");

        CHEATS.assertTrue(!accepted, "ether was taken");
    }

    function test_AnUnknownQuestionIsRefused() public view {
        refusedQuestion(hex"deadbeef", "");
    }

    function test_AQuestionThatEndsBeforeItsProofIsRefused() public view {
        bytes memory question = abi.encodeCall(ICredentialVerifier.included, (_log, 1, _first.leaf, SLOT, _first.path));
        // Less than the path claims to have; solc checks its length against the calldata.
        assembly ("memory-safe") {
            mstore(question, sub(mload(question), 32))
        }

        refusedQuestion(question, "");
    }

    function refusedQuestion(bytes memory question, bytes memory why) private view {
        assertRefusal(address(verifier), question, why);
    }

    function leadsElsewhere(bytes32 anchoredRoot, bytes32 folded) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ICredentialVerifier.ProofLeadsElsewhere.selector, anchoredRoot, folded);
    }
}
