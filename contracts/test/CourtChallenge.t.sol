// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {EpochProofs} from "../src/EpochProofs.sol";
import {IBonds} from "../src/IBonds.sol";
import {IFraudCourt} from "../src/IFraudCourt.sol";
import {CourtEpochs} from "./CourtEpochs.sol";
import {CourtFixture} from "./CourtFixture.sol";

/// @title Asking for the path of a credential that was promised, and answering
contract CourtChallengeTest is CourtFixture {
    CourtEpochs.Epoch private _holding;

    /// @dev Epoch 1 has the credential.
    function setUp() public override {
        super.setUp();
        CourtEpochs.Epoch memory content = holding(LEAF, SLOT, OTHER_LEAF, SLOT + 1);
        _holding.entries.push(content.entries[0]);
        _holding.entries.push(content.entries[1]);
        anchor(content);
    }

    function test_AChallengeIsMadeWhenThePromisedEpochIsThere() public {
        announces();
        emit IFraudCourt.InclusionChallenged(log, LEAF, SLOT, 1, STAKE, NOW + 7 days);
        accepted(REPORTER, STAKE, challenging(inclusion(1)));

        assertChallenge(REPORTER, 1, NOW + 7 days, STAKE);
        CHEATS.assertEq(court.stakeOf(log).openChallenges, 1, "open challenges");
    }

    function test_AChallengeIsMadeWhenTheDeadlineHasPassed() public {
        CHEATS.warp(DEADLINE + 1);

        accepted(REPORTER, STAKE, challenging(inclusion(2)));

        assertChallenge(REPORTER, 2, DEADLINE + 1 + 7 days, STAKE);
    }

    function test_UntilThenThePromiseIsPending() public {
        CHEATS.warp(DEADLINE);

        refusedByCourt(
            REPORTER,
            STAKE,
            challenging(inclusion(2)),
            abi.encodeWithSelector(IFraudCourt.PromiseIsPending.selector, 2, DEADLINE)
        );
    }

    function test_APromiseOfEpochZeroIsNoPromise() public {
        refusedByCourt(
            REPORTER,
            STAKE,
            challenging(inclusion(0)),
            abi.encodeWithSelector(IFraudCourt.EpochIsNotAnchored.selector, log, 0)
        );
    }

    function test_APromiseForASlotThatIsAnAliasIsNoPromise() public {
        IFraudCourt.InclusionPromise memory promised = inclusion(1);
        promised.slot += 1 << 37;

        refusedByCourt(
            REPORTER,
            STAKE,
            challenging(promised),
            abi.encodeWithSelector(EpochProofs.SlotIsOutOfRange.selector, promised.slot)
        );
    }

    function test_AStakeBelowTheMinimumIsRefused() public {
        refusedByCourt(
            REPORTER,
            STAKE - 1,
            challenging(inclusion(1)),
            abi.encodeWithSelector(IFraudCourt.StakeIsTooSmall.selector, STAKE - 1, STAKE)
        );
    }

    function test_AStakeMayBeLarger() public {
        accepted(REPORTER, 5 ether, challenging(inclusion(1)));

        assertChallenge(REPORTER, 1, NOW + 7 days, 5 ether);
    }

    function testFuzz_WhatIsSentBeyondWholeUnitsIsCollectedAtOnce(uint80 amount) public {
        uint256 value = STAKE + amount % 90 ether;
        uint256 rest = value % 0.0001 ether;

        announces();
        emit IFraudCourt.InclusionChallenged(log, LEAF, SLOT, 1, value - rest, NOW + 7 days);
        accepted(REPORTER, value, challenging(inclusion(1)));

        assertChallenge(REPORTER, 1, NOW + 7 days, value - rest);
        CHEATS.assertEq(court.dueTo(REPORTER), rest, "due");
    }

    function test_AStakeThatDoesNotFitItsRecordIsRefused() public {
        uint256 largest = uint256(type(uint24).max) * 0.0001 ether;
        CHEATS.deal(REPORTER, 2 * largest);

        refusedByCourt(
            REPORTER,
            largest + 0.0001 ether,
            challenging(inclusion(1)),
            abi.encodeWithSelector(IBonds.AmountIsOutOfRange.selector, largest + 0.0001 ether)
        );
        accepted(REPORTER, largest, challenging(inclusion(1)));

        assertChallenge(REPORTER, 1, NOW + 7 days, largest);
    }

    /// @dev A stake is held apart from what its owner can collect.
    function test_AStakeIsNotCollectedWhileTheChallengeIsOpen() public {
        accepted(REPORTER, STAKE + 5, challenging(inclusion(1)));

        accepted(REPORTER, abi.encodeCall(IBonds.collect, ()));

        CHEATS.assertEq(address(court).balance, BOND + STAKE, "what stays");
        refusedByCourt(
            REPORTER, abi.encodeCall(IBonds.collect, ()), abi.encodeWithSelector(IBonds.NothingIsDue.selector)
        );
    }

    function test_ACredentialIsNotChallengedTwiceWhileTheFirstChallengeIsOpen() public {
        accepted(REPORTER, STAKE, challenging(inclusion(1)));

        refusedByCourt(STRANGER, challenging(inclusion(1)), small());
        CHEATS.deal(STRANGER, STAKE);
        refusedByCourt(STRANGER, STAKE, challenging(inclusion(1)), wasMade());
        refusedByCourt(STRANGER, STAKE, challenging(inclusion(1)), wasMade());
    }

    function test_ACredentialIsNotChallengedAgainOnceItWasShown() public {
        anchor(_holding);
        accepted(REPORTER, STAKE, challenging(inclusion(2)));
        accepted(STRANGER, answer(1));

        refusedByCourt(REPORTER, STAKE, challenging(inclusion(2)), wasMade());
        refusedByCourt(REPORTER, STAKE, challenging(inclusion(1)), wasMade());
    }

    function test_AnAnswerPaysWhoeverGivesIt() public {
        accepted(REPORTER, STAKE, challenging(inclusion(1)));

        announces();
        emit IFraudCourt.ChallengeAnswered(log, LEAF, SLOT, 1, STRANGER);
        accepted(STRANGER, answer(1));

        CHEATS.assertEq(court.dueTo(STRANGER), STAKE, "the answerer's");
        CHEATS.assertEq(court.dueTo(REPORTER), 0, "the challenger's");
        CHEATS.assertEq(court.stakeOf(log).openChallenges, 0, "open challenges");
        CHEATS.assertTrue(court.challengeOf(log, LEAF, SLOT).isClosed, "the challenge is closed");
        assertUnmarked(log);
    }

    function test_AnAnswerMayNameAnEpochBeforeOrAfterThePromisedOne() public {
        anchor(empty());
        anchor(_holding);
        accepted(REPORTER, STAKE, challenging(inclusion(2)));
        accepted(OWNER, answer(3));

        IFraudCourt.InclusionPromise memory other = inclusion(2);
        (other.leaf, other.slot) = (OTHER_LEAF, SLOT + 1);
        accepted(REPORTER, STAKE, challenging(other));
        accepted(
            OWNER,
            abi.encodeCall(
                IFraudCourt.answerChallenge, (log, SLOT + 1, entry(1, OTHER_LEAF, CourtEpochs.pathTo(_holding, 1)))
            )
        );

        assertUnmarked(log);
    }

    function test_AnAnswerCountsAfterTheWindowUntilTheTimeoutIsClaimed() public {
        accepted(REPORTER, STAKE, challenging(inclusion(1)));
        CHEATS.warp(NOW + 30 days);

        accepted(STRANGER, answer(1));

        refusedByCourt(REPORTER, claiming(LEAF), notOpen(LEAF));
        assertUnmarked(log);
    }

    function test_APathThatLeadsElsewhereIsNoAnswer() public {
        CourtEpochs.Epoch memory content = _holding;
        bytes memory path = CourtEpochs.pathTo(content, 1);
        accepted(REPORTER, STAKE, challenging(inclusion(1)));

        refusedByCourt(STRANGER, answering(1, LEAF, path), elsewhere(content, CourtEpochs.folded(LEAF, SLOT, path)));
        refusedByCourt(STRANGER, answer(2), abi.encodeWithSelector(IFraudCourt.EpochIsNotAnchored.selector, log, 2));
        CHEATS.assertEq(court.stakeOf(log).openChallenges, 1, "open challenges");
    }

    function test_TheCredentialUnderAnotherSlotIsNoAnswer() public {
        IFraudCourt.InclusionPromise memory promised = inclusion(1);
        promised.slot = SLOT + 2;
        accepted(REPORTER, STAKE, challenging(promised));
        bytes memory path = CourtEpochs.pathTo(_holding, 0);

        refusedByCourt(STRANGER, answering(1, LEAF, path), notOpen(LEAF));
        refusedByCourt(
            STRANGER,
            abi.encodeCall(IFraudCourt.answerChallenge, (log, SLOT + 2, entry(1, LEAF, path))),
            elsewhere(_holding, CourtEpochs.folded(LEAF, SLOT + 2, path))
        );
    }

    function test_OnlyAnOpenChallengeIsAnswered() public {
        refusedByCourt(STRANGER, answer(1), notOpen(LEAF));
        accepted(REPORTER, STAKE, challenging(inclusion(1)));
        accepted(STRANGER, answer(1));

        refusedByCourt(STRANGER, answer(1), notOpen(LEAF));
        CHEATS.assertEq(court.dueTo(STRANGER), STAKE, "paid once");
    }

    /// @dev Whoever holds many promises asks as often; each question pays for three answers and harms nobody.
    function test_AFloodOfChallengesIsAnsweredOneByOneAndPaysForIt() public {
        for (uint64 index = 0; index < 20; ++index) {
            bytes32 leaf = keccak256(abi.encode(index));
            CourtEpochs.Epoch memory content = holding(leaf, index, OTHER_LEAF, SLOT + 1);
            uint64 epoch = anchor(content);
            IFraudCourt.InclusionPromise memory promised = inclusion(epoch);
            (promised.leaf, promised.slot) = (leaf, index);
            accepted(REPORTER, STAKE, challenging(promised));
        }
        CHEATS.assertEq(court.stakeOf(log).openChallenges, 20, "open challenges");

        for (uint64 index = 0; index < 20; ++index) {
            bytes32 leaf = keccak256(abi.encode(index));
            CourtEpochs.Epoch memory content = holding(leaf, index, OTHER_LEAF, SLOT + 1);
            accepted(
                OWNER,
                abi.encodeCall(
                    IFraudCourt.answerChallenge, (log, index, entry(2 + index, leaf, CourtEpochs.pathTo(content, 0)))
                )
            );
        }

        CHEATS.assertEq(court.stakeOf(log).openChallenges, 0, "open challenges");
        CHEATS.assertEq(court.dueTo(OWNER), 20 * STAKE, "what the flood paid");
        assertUnmarked(log);
    }

    function testFuzz_AMutatedPathIsNoAnswer(uint256 place, uint8 change) public {
        CHEATS.assume(change != 0);
        accepted(REPORTER, STAKE, challenging(inclusion(1)));
        bytes memory path = CourtEpochs.pathTo(_holding, 0);
        place %= path.length;
        path[place] ^= bytes1(change);

        CHEATS.prank(STRANGER);
        (bool isAccepted,) = address(court).call(answering(1, LEAF, path));

        CHEATS.assertTrue(!isAccepted, "a mutated path was accepted");
    }

    function answer(uint64 epoch) private view returns (bytes memory data) {
        return answering(epoch, LEAF, CourtEpochs.pathTo(_holding, 0));
    }

    function notOpen(bytes32 leaf) private view returns (bytes memory why) {
        return abi.encodeWithSelector(IFraudCourt.ChallengeIsNotOpen.selector, log, leaf, SLOT);
    }

    function wasMade() private view returns (bytes memory why) {
        return abi.encodeWithSelector(IFraudCourt.ChallengeWasMade.selector, log, LEAF, SLOT);
    }

    function small() private pure returns (bytes memory why) {
        return abi.encodeWithSelector(IFraudCourt.StakeIsTooSmall.selector, 0, STAKE);
    }

    function assertChallenge(address challenger, uint64 epoch, uint64 closesAt, uint256 stake) private view {
        IFraudCourt.Challenge memory challenge = court.challengeOf(log, LEAF, SLOT);
        CHEATS.assertEq(challenge.challenger, challenger, "challenger");
        CHEATS.assertEq(challenge.epoch, epoch, "epoch");
        CHEATS.assertEq(challenge.closesAt, closesAt, "closing time");
        CHEATS.assertTrue(!challenge.isClosed, "the challenge is open");
        CHEATS.assertEq(challenge.stake, stake, "stake");
    }
}
