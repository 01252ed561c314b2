// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IBonds} from "../src/IBonds.sol";
import {IFraudCourt} from "../src/IFraudCourt.sol";
import {CourtEpochs} from "./CourtEpochs.sol";
import {CourtFixture} from "./CourtFixture.sol";

/// @title Challenges that nobody answered, and promises that replace each other
contract CourtTimeoutTest is CourtFixture {
    uint256 private constant BOUNTY = 0.002 ether;

    /// @dev Three epochs without the credential.
    function setUp() public override {
        super.setUp();
        anchor(empty());
        anchor(empty());
        anchor(empty());
    }

    function test_ATimeoutMarksTheLogFromThePromisedEpochAndPaysTheChallenger() public {
        accepted(REPORTER, STAKE, challenging(inclusion(2)));
        CHEATS.warp(NOW + 7 days);

        announces();
        emit IFraudCourt.ChallengeTimedOut(log, LEAF, SLOT);
        announces();
        emit IBonds.LogMarked(log, IBonds.Kind.BROKEN_INCLUSION_PROMISE, 2, REPORTER);
        announces();
        emit IBonds.BondTaken(log, BOUNTY, BOND - BOUNTY);
        accepted(STRANGER, claiming(LEAF));

        assertMarked(log, IBonds.Kind.BROKEN_INCLUSION_PROMISE, 2);
        CHEATS.assertEq(court.dueTo(REPORTER), STAKE + BOUNTY, "the challenger's");
        CHEATS.assertEq(court.dueTo(STRANGER), 0, "the claimer's");
        CHEATS.assertEq(court.stakeOf(log).openChallenges, 0, "open challenges");
        CHEATS.assertEq(court.challengeOf(log, LEAF, SLOT).stake, 0, "stake");
    }

    function test_ATimeoutIsNotClaimedBeforeTheWindowHasClosed() public {
        accepted(REPORTER, STAKE, challenging(inclusion(2)));
        CHEATS.warp(NOW + 7 days - 1);

        refusedByCourt(
            REPORTER, claiming(LEAF), abi.encodeWithSelector(IFraudCourt.ChallengeIsPending.selector, NOW + 7 days)
        );
    }

    function test_ATimeoutIsClaimedOnce() public {
        timedOut(2);

        refusedByCourt(REPORTER, claiming(LEAF), notOpen());
    }

    function test_WithoutAChallengeThereIsNoTimeout() public {
        refusedByCourt(REPORTER, claiming(LEAF), notOpen());
    }

    function test_AfterTheClaimAnAnswerComesTooLate() public {
        timedOut(2);
        CourtEpochs.Epoch memory late = holding(LEAF, SLOT, OTHER_LEAF, SLOT + 1);
        uint64 epoch = anchor(late);

        refusedByCourt(OWNER, answering(epoch, LEAF, CourtEpochs.pathTo(late, 0)), notOpen());
    }

    function test_TheStakeComesBackWhenTheLogIsMarkedForThisAlready() public {
        accepted(REPORTER, STAKE, challenging(inclusion(2)));
        CHEATS.deal(STRANGER, STAKE);
        accepted(STRANGER, STAKE, challenging(promising(OTHER_LEAF, 2)));
        CHEATS.warp(NOW + 7 days);
        accepted(REPORTER, claiming(LEAF));

        accepted(STRANGER, claiming(OTHER_LEAF));

        CHEATS.assertEq(court.dueTo(STRANGER), STAKE, "the second challenger's");
        assertMarked(log, IBonds.Kind.BROKEN_INCLUSION_PROMISE, 2);
    }

    function test_ATimeoutOfAnEarlierEpochMovesTheMark() public {
        timedOut(3);
        accepted(REPORTER, STAKE, challenging(promising(OTHER_LEAF, 1)));
        CHEATS.warp(NOW + 30 days);

        accepted(REPORTER, claiming(OTHER_LEAF));

        assertMarked(log, IBonds.Kind.BROKEN_INCLUSION_PROMISE, 1);
    }

    function test_APromiseOfAnEarlierEpochReplacesAnOpenChallengeAndGivesTheStakeBack() public {
        accepted(REPORTER, 1 ether, challenging(inclusion(3)));
        CHEATS.deal(STRANGER, STAKE);
        CHEATS.warp(NOW + 3 days);

        announces();
        emit IFraudCourt.InclusionChallenged(log, LEAF, SLOT, 2, STAKE, NOW + 7 days);
        accepted(STRANGER, STAKE, challenging(inclusion(2)));

        IFraudCourt.Challenge memory challenge = court.challengeOf(log, LEAF, SLOT);
        CHEATS.assertEq(challenge.challenger, STRANGER, "challenger");
        CHEATS.assertEq(challenge.epoch, 2, "epoch");
        CHEATS.assertEq(challenge.closesAt, NOW + 7 days, "the closing time stays");
        CHEATS.assertEq(court.dueTo(REPORTER), 1 ether, "the stake came back");
        CHEATS.assertEq(court.stakeOf(log).openChallenges, 1, "open challenges");
    }

    /// @dev A dishonest registry signs itself a promise of an epoch that never comes, to be marked from there.
    function test_ARegistryThatChallengesItselfByAFarEpochShieldsNoEarlierPromise() public {
        CHEATS.warp(DEADLINE + 1);
        accepted(OWNER, STAKE, challenging(inclusion(type(uint64).max)));
        accepted(REPORTER, STAKE, challenging(inclusion(2)));
        CHEATS.warp(DEADLINE + 7 days + 1);

        accepted(OWNER, claiming(LEAF));

        assertMarked(log, IBonds.Kind.BROKEN_INCLUSION_PROMISE, 2);
        CHEATS.assertEq(court.dueTo(REPORTER), STAKE + BOUNTY, "the challenger's");
        CHEATS.assertEq(court.dueTo(OWNER), STAKE, "the registry's");
    }

    function test_NorWhenItsOwnChallengeHasTimedOut() public {
        CHEATS.warp(DEADLINE + 1);
        accepted(OWNER, STAKE, challenging(inclusion(type(uint64).max)));
        CHEATS.warp(DEADLINE + 7 days + 1);
        accepted(OWNER, claiming(LEAF));
        assertMarked(log, IBonds.Kind.BROKEN_INCLUSION_PROMISE, type(uint32).max);

        accepted(REPORTER, STAKE, challenging(inclusion(2)));
        CHEATS.warp(DEADLINE + 14 days + 1);
        accepted(REPORTER, claiming(LEAF));

        assertMarked(log, IBonds.Kind.BROKEN_INCLUSION_PROMISE, 2);
    }

    function test_ACredentialIsNotChallengedAgainByThePromiseThatTimedOut() public {
        timedOut(2);

        refusedByCourt(
            REPORTER,
            STAKE,
            challenging(inclusion(2)),
            abi.encodeWithSelector(IFraudCourt.ChallengeWasMade.selector, log, LEAF, SLOT)
        );
    }

    function test_AnOpenChallengeKeepsTheBondHere() public {
        accepted(OWNER, abi.encodeCall(IBonds.retireKey, (log, key)));
        accepted(OWNER, abi.encodeCall(IBonds.announceWithdrawal, (log)));
        CHEATS.warp(NOW + 60 days);
        accepted(REPORTER, STAKE, challenging(inclusion(2)));
        CHEATS.warp(NOW + 68 days);

        refusedByCourt(
            OWNER,
            abi.encodeCall(IBonds.withdrawBond, (log)),
            abi.encodeWithSelector(IBonds.ChallengesAreOpen.selector, 1)
        );

        accepted(REPORTER, claiming(LEAF));
        refusedByCourt(
            OWNER, abi.encodeCall(IBonds.withdrawBond, (log)), abi.encodeWithSelector(IBonds.NothingIsDue.selector)
        );
    }

    /// @dev The reward of its own report: it loses at least half, and all but the bounty for a broken promise.
    function test_ARegistryThatReportsItselfFirstLosesAtLeastHalf() public {
        CourtEpochs.Epoch memory with = revoking(SLOT);
        uint64 revoked = anchor(with);
        uint64 unrevoked = anchor(empty());
        bytes memory report = unrevocation(
            SLOT,
            revoked,
            CourtEpochs.revocationProof(with, SLOT),
            unrevoked,
            CourtEpochs.revocationProof(empty(), SLOT)
        );

        accepted(OWNER, report);

        CHEATS.assertLe(court.dueTo(OWNER), BOND / 2, "what the registry saved");
        refusedByCourt(
            REPORTER,
            report,
            abi.encodeWithSelector(IBonds.LogIsMarked.selector, log, IBonds.Kind.UNREVOCATION, unrevoked)
        );
    }

    function test_OneConvictionLeavesNothingForAnother() public {
        timedOut(2);
        uint256 before = court.dueTo(REPORTER);

        accepted(REPORTER, broken(revocation(1), 1, CourtEpochs.revocationProof(empty(), SLOT)));

        CHEATS.assertEq(court.dueTo(REPORTER), before, "due");
        assertMarked(log, IBonds.Kind.BROKEN_REVOCATION_PROMISE, 1);
        assertMarked(log, IBonds.Kind.BROKEN_INCLUSION_PROMISE, 2);
    }

    function timedOut(uint64 epoch) private {
        accepted(REPORTER, STAKE, challenging(inclusion(epoch)));
        CHEATS.warp(NOW + 7 days);
        accepted(REPORTER, claiming(LEAF));
    }

    function promising(bytes32 leaf, uint64 epoch) private view returns (IFraudCourt.InclusionPromise memory promised) {
        promised = inclusion(epoch);
        promised.leaf = leaf;
    }

    function notOpen() private view returns (bytes memory why) {
        return abi.encodeWithSelector(IFraudCourt.ChallengeIsNotOpen.selector, log, LEAF, SLOT);
    }
}
