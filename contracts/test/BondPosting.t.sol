// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IBonds} from "../src/IBonds.sol";
import {Reenterer, Refuser} from "./BondRecipients.sol";
import {CourtEpochs} from "./CourtEpochs.sol";
import {CourtFixture} from "./CourtFixture.sol";

/// @title Posting a bond, withdrawing it, and collecting what is due
contract BondPostingTest is CourtFixture {
    bytes private _withdraw;

    function setUp() public override {
        super.setUp();
        _withdraw = abi.encodeCall(IBonds.withdrawBond, (log));
    }

    function test_ABondIsRaisedByPostingMore() public {
        announces();
        emit IBonds.BondPosted(log, 2 ether, BOND + 2 ether);
        accepted(OWNER, 2 ether, abi.encodeCall(IBonds.postBond, (log)));

        CHEATS.assertEq(court.stakeOf(log).bond, BOND + 2 ether, "bond");
    }

    function testFuzz_OnlyTheOwnerPostsAnnouncesWithdrawsAndKeepsKeys(address account) public {
        assumeOutsider(account);
        CHEATS.assume(account.code.length == 0 && account != address(court));
        bytes memory why = abi.encodeWithSelector(IBonds.AccountIsNotOwner.selector, log, account);
        CHEATS.deal(account, 1 ether);

        refusedByCourt(account, 1 ether, abi.encodeCall(IBonds.postBond, (log)), why);
        refusedByCourt(account, abi.encodeCall(IBonds.announceWithdrawal, (log)), why);
        refusedByCourt(account, _withdraw, why);
        refusedByCourt(account, abi.encodeCall(IBonds.registerKey, (log, account)), why);
        refusedByCourt(account, abi.encodeCall(IBonds.retireKey, (log, key)), why);
    }

    function test_ABondOfNothingIsRefused() public {
        refusedByCourt(
            OWNER, abi.encodeCall(IBonds.postBond, (log)), abi.encodeWithSelector(IBonds.AmountIsOutOfRange.selector, 0)
        );
    }

    function testFuzz_ABondBeyond96BitsIsRefused(uint128 excess) public {
        uint256 room = type(uint96).max - BOND;
        uint256 amount = room + 1 + excess;
        CHEATS.deal(OWNER, amount + room);

        refusedByCourt(
            OWNER,
            amount,
            abi.encodeCall(IBonds.postBond, (log)),
            abi.encodeWithSelector(IBonds.AmountIsOutOfRange.selector, amount)
        );
        accepted(OWNER, room, abi.encodeCall(IBonds.postBond, (log)));

        CHEATS.assertEq(court.stakeOf(log).bond, type(uint96).max, "bond");
        CHEATS.assertEq(court.stakeOf(log).openChallenges, 0, "open challenges");
        assertUnmarked(log);
    }

    function test_AMarkedLogPostsNoBond() public {
        CHEATS.warp(DEADLINE + 1);
        accepted(REPORTER, overdue(revocation(7)));

        refusedByCourt(
            OWNER,
            1 ether,
            abi.encodeCall(IBonds.postBond, (log)),
            abi.encodeWithSelector(IBonds.LogIsMarked.selector, log, IBonds.Kind.BROKEN_REVOCATION_PROMISE, 7)
        );
    }

    function test_TheLargestBondIsTakenWholeAndTheMarkAndCounterStay() public {
        CHEATS.deal(OWNER, type(uint96).max);
        accepted(OWNER, type(uint96).max - BOND, abi.encodeCall(IBonds.postBond, (log)));
        CHEATS.warp(DEADLINE + 1);
        accepted(REPORTER, STAKE, challenging(inclusion(7)));

        accepted(REPORTER, overdue(revocation(7)));

        CHEATS.assertEq(court.stakeOf(log).bond, 0, "bond");
        CHEATS.assertEq(court.stakeOf(log).openChallenges, 1, "open challenges");
        assertMarked(log, IBonds.Kind.BROKEN_REVOCATION_PROMISE, 7);
        assertMarked(log, IBonds.Kind.UNREVOCATION, 0);
        assertMarked(log, IBonds.Kind.SLOT_REUSE, 0);
        assertMarked(log, IBonds.Kind.BROKEN_INCLUSION_PROMISE, 0);
    }

    function test_ABondThatNothingKeepsIsWithdrawn() public {
        quiet();

        announces();
        emit IBonds.BondWithdrawn(log, BOND);
        accepted(OWNER, _withdraw);

        CHEATS.assertEq(court.dueTo(OWNER), BOND, "due");
        CHEATS.assertEq(court.stakeOf(log).bond, 0, "bond");
        refusedByCourt(OWNER, _withdraw, notDue(0));
    }

    function test_AnAnnouncementSaysWhenTheWithdrawalMatures() public {
        announces();
        emit IBonds.WithdrawalAnnounced(log, NOW + 68 days);
        accepted(OWNER, abi.encodeCall(IBonds.announceWithdrawal, (log)));

        CHEATS.assertEq(court.stakeOf(log).withdrawableFrom, NOW + 68 days, "withdrawable from");
    }

    function test_AWithdrawalIsAnnouncedFirst() public {
        refusedByCourt(OWNER, _withdraw, notDue(0));
    }

    function test_AWithdrawalWaitsUntilItMatures() public {
        quiet();
        CHEATS.warp(NOW + 68 days - 1);

        refusedByCourt(OWNER, _withdraw, notDue(NOW + 68 days));
    }

    function test_AWithdrawalLapsesAfterSevenDaysAndIsAnnouncedAgain() public {
        quiet();
        CHEATS.warp(NOW + 75 days + 1);
        refusedByCourt(OWNER, _withdraw, notDue(NOW + 68 days));

        accepted(OWNER, abi.encodeCall(IBonds.announceWithdrawal, (log)));

        refusedByCourt(OWNER, _withdraw, notDue(NOW + 143 days + 1));
    }

    function test_AtTheEndOfTheSevenDaysABondIsStillWithdrawn() public {
        quiet();
        CHEATS.warp(NOW + 75 days);

        accepted(OWNER, _withdraw);

        CHEATS.assertEq(court.dueTo(OWNER), BOND, "due");
    }

    function test_ABondStaysWhileAKeyIsLive() public {
        accepted(OWNER, abi.encodeCall(IBonds.announceWithdrawal, (log)));
        CHEATS.warp(NOW + 68 days);

        refusedByCourt(OWNER, _withdraw, abi.encodeWithSelector(IBonds.PromisesAreReportable.selector, 1, 0));
    }

    function test_ABondStaysForSixtyDaysAfterTheLastRetirement() public {
        accepted(OWNER, abi.encodeCall(IBonds.announceWithdrawal, (log)));
        CHEATS.warp(NOW + 10 days);
        accepted(OWNER, abi.encodeCall(IBonds.retireKey, (log, key)));
        CHEATS.warp(NOW + 70 days);

        refusedByCourt(
            OWNER, _withdraw, abi.encodeWithSelector(IBonds.PromisesAreReportable.selector, 0, NOW + 70 days)
        );
        CHEATS.warp(NOW + 70 days + 1);
        accepted(OWNER, _withdraw);
    }

    function test_NothingIsWithdrawnTwiceOrWithoutABond() public {
        log = openOwnLog(OWNER);
        accepted(OWNER, abi.encodeCall(IBonds.announceWithdrawal, (log)));
        CHEATS.warp(NOW + 68 days);

        refusedByCourt(
            OWNER, abi.encodeCall(IBonds.withdrawBond, (log)), abi.encodeWithSelector(IBonds.NothingIsDue.selector)
        );
    }

    function test_ABondGoesWithTheLogToItsNewOwner() public {
        accepted(OWNER, abi.encodeCall(IBonds.announceWithdrawal, (log)));
        accepted(OWNER, abi.encodeCall(IBonds.retireKey, (log, key)));
        CHEATS.prank(OWNER);
        anchorLog.nominateOwner(log, SUCCESSOR);
        CHEATS.prank(SUCCESSOR);
        anchorLog.acceptOwner(log);
        CHEATS.warp(NOW + 68 days);

        refusedByCourt(OWNER, _withdraw, abi.encodeWithSelector(IBonds.AccountIsNotOwner.selector, log, OWNER));
        accepted(SUCCESSOR, _withdraw);

        CHEATS.assertEq(court.dueTo(SUCCESSOR), BOND, "due");
    }

    function test_WhatIsDueIsCollectedOnce() public {
        quiet();
        accepted(OWNER, _withdraw);
        uint256 before = OWNER.balance;

        announces();
        emit IBonds.Collected(OWNER, BOND);
        accepted(OWNER, abi.encodeCall(IBonds.collect, ()));

        CHEATS.assertEq(OWNER.balance - before, BOND, "collected");
        CHEATS.assertEq(court.dueTo(OWNER), 0, "due");
        refusedByCourt(OWNER, abi.encodeCall(IBonds.collect, ()), abi.encodeWithSelector(IBonds.NothingIsDue.selector));
    }

    function test_ARecipientThatCallsBackGetsNoMore() public {
        Reenterer thief = new Reenterer(court);
        withdrawnTo(address(thief));
        CHEATS.deal(address(court), address(court).balance + 5 ether);

        thief.collect();

        CHEATS.assertEq(address(thief).balance, BOND, "collected");
        CHEATS.assertEq(thief.refusals(), 1, "the call back was refused");
        CHEATS.assertEq(address(court).balance, 5 ether, "what belongs to others");
    }

    function test_ARecipientThatRefusesKeepsItsDueAndStopsNobody() public {
        Refuser refuser = new Refuser();
        withdrawnTo(address(refuser));

        refusedByCourt(
            address(refuser),
            abi.encodeCall(IBonds.collect, ()),
            abi.encodeWithSelector(IBonds.PaymentWasRefused.selector, address(refuser))
        );

        CHEATS.assertEq(court.dueTo(address(refuser)), BOND, "due");
    }

    function test_AReporterThatRefusesEtherStillConvicts() public {
        address refuser = address(new Refuser());
        CHEATS.warp(DEADLINE + 1);

        accepted(refuser, overdue(revocation(1)));

        assertMarked(log, IBonds.Kind.BROKEN_REVOCATION_PROMISE, 1);
        CHEATS.assertEq(court.dueTo(refuser), 0.002 ether, "due");
    }

    function test_EtherIsTakenByNothingButBondsAndStakes() public {
        CHEATS.deal(STRANGER, 1 ether);

        refusedByCourt(STRANGER, 1 ether, "", "");
        refusedByCourt(OWNER, 1 ether, abi.encodeCall(IBonds.announceWithdrawal, (log)), "");
        refusedByCourt(OWNER, 1 ether, abi.encodeCall(IBonds.collect, ()), "");
    }

    /// @dev By a contract that destroys itself, or a block reward: it belongs to nobody, and opens nothing.
    function test_EtherForcedUponTheCourtChangesNothing() public {
        CHEATS.deal(address(court), address(court).balance + 3 ether);
        quiet();
        accepted(OWNER, _withdraw);
        accepted(OWNER, abi.encodeCall(IBonds.collect, ()));

        CHEATS.assertEq(address(court).balance, 3 ether, "what was forced");
    }

    function test_WhatWasBurnedIsNobodysToCollect() public {
        CHEATS.warp(DEADLINE + 1);
        accepted(REPORTER, overdue(revocation(1)));
        accepted(REPORTER, abi.encodeCall(IBonds.collect, ()));

        CHEATS.assertEq(address(court).balance, BOND - 0.002 ether, "burned");
        CHEATS.assertEq(court.dueTo(OWNER) + court.dueTo(REPORTER), 0, "due");
        CHEATS.assertEq(court.stakeOf(log).bond, 0, "bond");
    }

    /// @dev Keys retired and the withdrawal announced at NOW; it is due.
    function quiet() private {
        accepted(OWNER, abi.encodeCall(IBonds.retireKey, (log, key)));
        accepted(OWNER, abi.encodeCall(IBonds.announceWithdrawal, (log)));
        CHEATS.warp(NOW + 68 days);
    }

    function withdrawnTo(address account) private {
        CHEATS.prank(OWNER);
        anchorLog.nominateOwner(log, account);
        CHEATS.prank(account);
        anchorLog.acceptOwner(log);
        accepted(account, abi.encodeCall(IBonds.retireKey, (log, key)));
        accepted(account, abi.encodeCall(IBonds.announceWithdrawal, (log)));
        CHEATS.warp(NOW + 68 days);
        accepted(account, _withdraw);
    }

    function notDue(uint64 withdrawableFrom) private pure returns (bytes memory why) {
        return abi.encodeWithSelector(IBonds.WithdrawalIsNotDue.selector, withdrawableFrom);
    }
}
