// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {EpochProofs} from "../src/EpochProofs.sol";
import {IBonds} from "../src/IBonds.sol";
import {IFraudCourt} from "../src/IFraudCourt.sol";
import {CourtEpochs} from "./CourtEpochs.sol";
import {CourtFixture} from "./CourtFixture.sol";

/// @title Revocations that were promised and did not come, and promises that were kept
contract CourtRevocationPromiseTest is CourtFixture {
    uint256 private constant BOUNTY = 0.002 ether;

    /// @dev Epoch 1 has nothing revoked.
    function setUp() public override {
        super.setUp();
        anchor(empty());
    }

    function test_AnUnrevokedSlotInThePromisedEpochMarksTheLogFromThere() public {
        announces();
        emit IBonds.LogMarked(log, IBonds.Kind.BROKEN_REVOCATION_PROMISE, 1, REPORTER);
        announces();
        emit IBonds.BondTaken(log, BOUNTY, BOND - BOUNTY);
        accepted(REPORTER, broken(revocation(1), 1, unset()));

        assertMarked(log, IBonds.Kind.BROKEN_REVOCATION_PROMISE, 1);
        CHEATS.assertEq(court.dueTo(REPORTER), BOUNTY, "reward");
    }

    function test_AnUnrevokedSlotInALaterEpochMarksTheLogFromThePromisedOne() public {
        anchor(revoking(SLOT));
        anchor(empty());

        accepted(REPORTER, broken(revocation(2), 3, unset()));

        assertMarked(log, IBonds.Kind.BROKEN_REVOCATION_PROMISE, 2);
    }

    function test_AReporterOfABrokenPromiseGetsNoMoreThanHalfOfASmallBond() public {
        log = openOwnLog(OWNER);
        anchored(OWNER, CourtEpochs.rootOf(empty()));
        accepted(OWNER, 1001, abi.encodeCall(IBonds.postBond, (log)));
        accepted(OWNER, abi.encodeCall(IBonds.registerKey, (log, key)));

        announces();
        emit IBonds.BondTaken(log, 500, 501);
        accepted(REPORTER, broken(revocation(1), 1, unset()));
    }

    function test_ARevokedSlotIsAKeptPromise() public {
        anchor(revoking(SLOT));

        refusedByCourt(
            REPORTER, broken(revocation(2), 2, CourtEpochs.revocationProof(revoking(SLOT), SLOT)), asItShould(SLOT, 2)
        );
    }

    function test_AnEpochBeforeThePromisedOneProvesNothing() public {
        anchor(revoking(SLOT));

        refusedByCourt(
            REPORTER,
            broken(revocation(2), 1, unset()),
            abi.encodeWithSelector(IFraudCourt.EpochIsBeforeThePromise.selector, 1, 2)
        );
    }

    function test_AnEpochYetToComeProvesNothing() public {
        refusedByCourt(
            REPORTER,
            broken(revocation(2), 2, unset()),
            abi.encodeWithSelector(IFraudCourt.EpochIsNotAnchored.selector, log, 2)
        );
    }

    function test_AProofThatLeadsElsewhereProvesNothing() public {
        anchor(revoking(SLOT));

        refusedByCourt(
            REPORTER, broken(revocation(2), 2, unset()), elsewhere(revoking(SLOT), CourtEpochs.rootOf(empty()))
        );
    }

    function test_AnEpochThatDidNotComeByTheDeadlineMarksTheLog() public {
        CHEATS.warp(DEADLINE + 1);

        announces();
        emit IBonds.LogMarked(log, IBonds.Kind.BROKEN_REVOCATION_PROMISE, 2, REPORTER);
        accepted(REPORTER, overdue(revocation(2)));

        assertMarked(log, IBonds.Kind.BROKEN_REVOCATION_PROMISE, 2);
        CHEATS.assertEq(court.dueTo(REPORTER), BOUNTY, "reward");
    }

    function test_UntilTheDeadlineThePromiseIsPending() public {
        CHEATS.warp(DEADLINE);

        refusedByCourt(REPORTER, overdue(revocation(2)), pending(2));
    }

    function test_AnEpochThatCameAfterTheDeadlineEndsTheDelay() public {
        CHEATS.warp(DEADLINE + 1);
        anchor(revoking(SLOT));

        refusedByCourt(REPORTER, overdue(revocation(2)), pending(2));
    }

    function test_AQuietLogKeepsItsPromiseByRepeatingItsRoot() public {
        anchor(revoking(SLOT));
        anchor(revoking(SLOT));
        CHEATS.warp(DEADLINE + 1);

        refusedByCourt(REPORTER, overdue(revocation(3)), pending(3));
        refusedByCourt(
            REPORTER, broken(revocation(3), 3, CourtEpochs.revocationProof(revoking(SLOT), SLOT)), asItShould(SLOT, 3)
        );
    }

    function test_ARotationDoesNotLoseTheEpochsThatWereAnchored() public {
        anchor(revoking(SLOT));
        rotate(log, SUCCESSOR);
        CHEATS.warp(DEADLINE + 1);

        refusedByCourt(REPORTER, overdue(revocation(2)), pending(2));
    }

    function test_TheSamePromiseDoesNotPayTwice() public {
        accepted(REPORTER, broken(revocation(1), 1, unset()));

        refusedByCourt(
            STRANGER,
            broken(revocation(1), 1, unset()),
            abi.encodeWithSelector(IBonds.LogIsMarked.selector, log, IBonds.Kind.BROKEN_REVOCATION_PROMISE, 1)
        );
    }

    function test_APromiseOfAnEarlierEpochMovesTheMarkAndPaysNothing() public {
        CHEATS.warp(DEADLINE + 1);
        accepted(REPORTER, overdue(revocation(type(uint64).max)));
        assertMarked(log, IBonds.Kind.BROKEN_REVOCATION_PROMISE, type(uint32).max);

        accepted(STRANGER, overdue(revocation(2)));

        assertMarked(log, IBonds.Kind.BROKEN_REVOCATION_PROMISE, 2);
        CHEATS.assertEq(court.dueTo(STRANGER), 0, "reward");
    }

    function test_AnEpochThatDoesNotFitAMarkIsAnnouncedAsTheLargestThatDoes() public {
        CHEATS.warp(DEADLINE + 1);

        announces();
        emit IBonds.LogMarked(log, IBonds.Kind.BROKEN_REVOCATION_PROMISE, type(uint32).max, REPORTER);
        accepted(REPORTER, overdue(revocation(1 << 32)));
    }

    function test_APromiseOfEpochZeroIsNoPromise() public {
        CHEATS.warp(DEADLINE + 1);
        bytes memory why = abi.encodeWithSelector(IFraudCourt.EpochIsNotAnchored.selector, log, 0);

        refusedByCourt(REPORTER, overdue(revocation(0)), why);
        refusedByCourt(REPORTER, broken(revocation(0), 1, unset()), why);
    }

    function test_APromiseForASlotThatIsAnAliasIsNoPromise() public {
        CHEATS.warp(DEADLINE + 1);
        IFraudCourt.RevocationPromise memory promised = revocation(2);
        promised.slot += 1 << 37;

        refusedByCourt(
            REPORTER, overdue(promised), abi.encodeWithSelector(EpochProofs.SlotIsOutOfRange.selector, promised.slot)
        );
    }

    function testFuzz_AnHonestPromiseIsNeverOverdueOnceItsEpochIsThere(uint64 deadline, uint32 later) public {
        anchor(revoking(SLOT));
        IFraudCourt.RevocationPromise memory promised = revocation(2);
        promised.deadline = deadline;
        CHEATS.warp(uint256(NOW) + later);

        refusedByCourt(
            REPORTER, overdue(promised), abi.encodeWithSelector(IFraudCourt.PromiseIsPending.selector, 2, deadline)
        );
    }

    function unset() private pure returns (bytes memory proof) {
        return CourtEpochs.revocationProof(empty(), SLOT);
    }

    function pending(uint64 epoch) private pure returns (bytes memory why) {
        return abi.encodeWithSelector(IFraudCourt.PromiseIsPending.selector, epoch, DEADLINE);
    }
}
