// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {EpochProofs} from "../src/EpochProofs.sol";
import {IBonds} from "../src/IBonds.sol";
import {IFraudCourt} from "../src/IFraudCourt.sol";
import {CourtEpochs} from "./CourtEpochs.sol";
import {CourtFixture} from "./CourtFixture.sol";

/// @title A revocation that was taken back, and everything that only looks like it
contract CourtUnrevocationTest is CourtFixture {
    CourtEpochs.Epoch private _with;
    CourtEpochs.Epoch private _without;
    uint64 private _revoked;
    uint64 private _unrevoked;

    /// @dev Epoch 1 revokes the slot and another one, epoch 2 the other alone.
    function setUp() public override {
        super.setUp();
        _with.revoked = [SLOT, SLOT + 1000];
        _without.revoked = [SLOT + 1000];
        _revoked = anchor(_with);
        _unrevoked = anchor(_without);
    }

    function test_ARevocationThatIsTakenBackMarksTheLogFromTheLaterEpoch() public {
        announces();
        emit IBonds.LogMarked(log, IBonds.Kind.UNREVOCATION, _unrevoked, REPORTER);
        accepted(REPORTER, report());

        assertMarked(log, IBonds.Kind.UNREVOCATION, _unrevoked);
    }

    function test_HalfOfTheBondIsTheReporters() public {
        announces();
        emit IBonds.BondTaken(log, BOND / 2, BOND / 2);
        accepted(REPORTER, report());

        CHEATS.assertEq(court.dueTo(REPORTER), BOND / 2, "reward");
        CHEATS.assertEq(court.stakeOf(log).bond, 0, "bond");
        CHEATS.assertEq(address(court).balance, BOND, "nothing left the court");
    }

    function test_OfAnOddBondTheOddWeiIsBurned() public {
        accepted(OWNER, 1, abi.encodeCall(IBonds.postBond, (log)));

        announces();
        emit IBonds.BondTaken(log, BOND / 2, BOND / 2 + 1);
        accepted(REPORTER, report());
    }

    function test_ALogWithoutABondIsMarkedAllTheSame() public {
        log = openOwnLog(STRANGER);
        anchored(STRANGER, CourtEpochs.rootOf(_with));
        anchored(STRANGER, CourtEpochs.rootOf(_without));

        accepted(REPORTER, report());

        assertMarked(log, IBonds.Kind.UNREVOCATION, 2);
        CHEATS.assertEq(court.dueTo(REPORTER), 0, "reward");
    }

    function test_TheSameEvidenceDoesNotPayTwice() public {
        accepted(REPORTER, report());

        refusedByCourt(STRANGER, report(), marked(_unrevoked));
        CHEATS.assertEq(court.dueTo(STRANGER), 0, "reward");
    }

    function test_EvidenceOfALaterEpochDoesNotMoveTheMark() public {
        uint64 later = anchor(_without);
        accepted(REPORTER, report());

        refusedByCourt(REPORTER, report(_revoked, later), marked(_unrevoked));
    }

    function test_EvidenceOfAnEarlierEpochMovesTheMarkAndPaysNothing() public {
        uint64 later = anchor(_without);
        accepted(REPORTER, report(_revoked, later));

        announces();
        emit IBonds.LogMarked(log, IBonds.Kind.UNREVOCATION, _unrevoked, STRANGER);
        accepted(STRANGER, report());

        assertMarked(log, IBonds.Kind.UNREVOCATION, _unrevoked);
        CHEATS.assertEq(court.dueTo(STRANGER), 0, "reward");
    }

    function test_ALiftedSuspensionIsNoUnrevocation() public {
        CourtEpochs.Epoch memory suspended = empty();
        suspended.suspended = new uint64[](1);
        suspended.suspended[0] = SLOT;
        uint64 epoch = anchor(suspended);
        uint64 later = anchor(empty());

        refusedByCourt(
            REPORTER,
            unrevocation(
                SLOT,
                epoch,
                CourtEpochs.revocationProof(suspended, SLOT),
                later,
                CourtEpochs.revocationProof(empty(), SLOT)
            ),
            asItShould(SLOT, epoch)
        );
    }

    function test_AProofFromTheSuspensionTreeLeadsElsewhere() public {
        CourtEpochs.Epoch memory suspended = empty();
        suspended.suspended = new uint64[](1);
        suspended.suspended[0] = SLOT;
        uint64 epoch = anchor(suspended);
        anchor(empty());
        bytes memory proof = CourtEpochs.suspensionProof(suspended, SLOT);
        bytes32 folded = CourtEpochs.pair(CourtEpochs.credentialsRootOf(suspended), swapped(suspended));

        refusedByCourt(
            REPORTER,
            unrevocation(SLOT, epoch, proof, epoch + 1, CourtEpochs.revocationProof(empty(), SLOT)),
            abi.encodeWithSelector(IFraudCourt.ProofLeadsElsewhere.selector, CourtEpochs.rootOf(suspended), folded)
        );
    }

    function test_ARevocationThatStandsIsNoFraud() public {
        uint64 later = anchor(_with);

        refusedByCourt(
            REPORTER,
            unrevocation(
                SLOT,
                _revoked,
                CourtEpochs.revocationProof(_with, SLOT),
                later,
                CourtEpochs.revocationProof(_with, SLOT)
            ),
            asItShould(SLOT, later)
        );
    }

    function test_ARevocationThatCameLaterIsNoFraud() public {
        uint64 later = anchor(_with);

        refusedByCourt(
            REPORTER,
            unrevocation(
                SLOT,
                _unrevoked,
                CourtEpochs.revocationProof(_without, SLOT),
                later,
                CourtEpochs.revocationProof(_with, SLOT)
            ),
            asItShould(SLOT, _unrevoked)
        );
        refusedByCourt(
            REPORTER,
            unrevocation(
                SLOT,
                later,
                CourtEpochs.revocationProof(_with, SLOT),
                _unrevoked,
                CourtEpochs.revocationProof(_without, SLOT)
            ),
            abi.encodeWithSelector(IFraudCourt.EpochIsNotLater.selector, later, _unrevoked)
        );
    }

    function test_OneEpochDoesNotContradictItself() public {
        refusedByCourt(
            REPORTER,
            report(_revoked, _revoked),
            abi.encodeWithSelector(IFraudCourt.EpochIsNotLater.selector, _revoked, _revoked)
        );
    }

    function test_TheNeighbourOfARevokedSlotIsNotRevoked() public {
        refusedByCourt(
            REPORTER,
            unrevocation(
                SLOT + 1,
                _revoked,
                CourtEpochs.revocationProof(_with, SLOT + 1),
                _unrevoked,
                CourtEpochs.revocationProof(_without, SLOT + 1)
            ),
            asItShould(SLOT + 1, _revoked)
        );
    }

    function test_ASlotThatIsAnAliasOfAnotherIsRefused() public {
        uint64 slot = SLOT + (1 << 37);

        refusedByCourt(
            REPORTER,
            unrevocation(
                slot,
                _revoked,
                CourtEpochs.revocationProof(_with, SLOT),
                _unrevoked,
                CourtEpochs.revocationProof(_without, SLOT)
            ),
            abi.encodeWithSelector(EpochProofs.SlotIsOutOfRange.selector, slot)
        );
    }

    function test_AProofForAnotherEpochLeadsElsewhere() public {
        refusedByCourt(
            REPORTER,
            unrevocation(
                SLOT,
                _revoked,
                CourtEpochs.revocationProof(_with, SLOT),
                _unrevoked,
                CourtEpochs.revocationProof(empty(), SLOT)
            ),
            abi.encodeWithSelector(
                IFraudCourt.ProofLeadsElsewhere.selector, CourtEpochs.rootOf(_without), CourtEpochs.rootOf(empty())
            )
        );
    }

    function test_TheEpochsOfAnotherLogProveNothing() public {
        log = openOwnLog(STRANGER);
        anchored(STRANGER, CourtEpochs.rootOf(_with));
        anchored(STRANGER, CourtEpochs.rootOf(_with));

        refusedByCourt(
            REPORTER,
            report(),
            abi.encodeWithSelector(
                IFraudCourt.ProofLeadsElsewhere.selector, CourtEpochs.rootOf(_with), CourtEpochs.rootOf(_without)
            )
        );
    }

    function test_AnEpochYetToComeProvesNothing() public {
        refusedByCourt(
            REPORTER,
            report(_revoked, _unrevoked + 1),
            abi.encodeWithSelector(IFraudCourt.EpochIsNotAnchored.selector, log, _unrevoked + 1)
        );
        refusedByCourt(
            REPORTER, report(0, _unrevoked), abi.encodeWithSelector(IFraudCourt.EpochIsNotAnchored.selector, log, 0)
        );
    }

    function testFuzz_AMutatedProofIsRefused(uint256 place, uint8 change) public {
        CHEATS.assume(change != 0);
        bytes memory proof = CourtEpochs.revocationProof(_without, SLOT);
        place %= proof.length;
        proof[place] ^= bytes1(change);
        bytes memory data = unrevocation(SLOT, _revoked, CourtEpochs.revocationProof(_with, SLOT), _unrevoked, proof);

        CHEATS.prank(REPORTER);
        (bool isAccepted,) = address(court).call(data);

        CHEATS.assertTrue(!isAccepted, "a mutated proof was accepted");
        assertUnmarked(log);
    }

    function report() private view returns (bytes memory data) {
        return report(_revoked, _unrevoked);
    }

    function report(uint64 revoked, uint64 unrevoked) private view returns (bytes memory data) {
        return unrevocation(
            SLOT,
            revoked,
            CourtEpochs.revocationProof(_with, SLOT),
            unrevoked,
            CourtEpochs.revocationProof(_without, SLOT)
        );
    }

    function marked(uint64 epoch) private view returns (bytes memory why) {
        return abi.encodeWithSelector(IBonds.LogIsMarked.selector, log, IBonds.Kind.UNREVOCATION, epoch);
    }

    /// @dev The status root with the two trees at each other's place.
    function swapped(CourtEpochs.Epoch memory epoch) private pure returns (bytes32 root) {
        (epoch.revoked, epoch.suspended) = (epoch.suspended, epoch.revoked);
        root = CourtEpochs.statusRootOf(epoch);
        (epoch.revoked, epoch.suspended) = (epoch.suspended, epoch.revoked);
    }
}
