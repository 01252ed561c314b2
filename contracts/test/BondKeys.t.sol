// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IBonds} from "../src/IBonds.sol";
import {CourtFixture} from "./CourtFixture.sol";

/// @title The keys that promises are signed with
contract BondKeysTest is CourtFixture {
    address private constant SECOND = address(0x5EC0);

    function test_ARegisteredKeyIsReportableForEver() public {
        announces();
        emit IBonds.KeyRegistered(log, SECOND);
        accepted(OWNER, abi.encodeCall(IBonds.registerKey, (log, SECOND)));

        CHEATS.assertEq(court.reportableUntil(log, SECOND), type(uint64).max, "reportable until");
        CHEATS.assertEq(court.stakeOf(log).liveKeys, 2, "live keys");
    }

    function test_ARetiredKeyIsReportableForSixtyDays() public {
        announces();
        emit IBonds.KeyRetired(log, key, NOW + 60 days);
        accepted(OWNER, abi.encodeCall(IBonds.retireKey, (log, key)));

        CHEATS.assertEq(court.reportableUntil(log, key), NOW + 60 days, "reportable until");
        CHEATS.assertEq(court.stakeOf(log).liveKeys, 0, "live keys");
        CHEATS.assertEq(court.stakeOf(log).quietFrom, NOW + 60 days, "quiet from");
    }

    function test_TheLastRetirementDecidesWhenTheLogIsQuiet() public {
        accepted(OWNER, abi.encodeCall(IBonds.registerKey, (log, SECOND)));
        accepted(OWNER, abi.encodeCall(IBonds.retireKey, (log, SECOND)));
        CHEATS.warp(NOW + 5 days);

        accepted(OWNER, abi.encodeCall(IBonds.retireKey, (log, key)));

        CHEATS.assertEq(court.stakeOf(log).quietFrom, NOW + 65 days, "quiet from");
    }

    function test_AKeyIsRegisteredOnce() public {
        refusedByCourt(OWNER, abi.encodeCall(IBonds.registerKey, (log, key)), cannot(key));
        accepted(OWNER, abi.encodeCall(IBonds.retireKey, (log, key)));

        refusedByCourt(OWNER, abi.encodeCall(IBonds.registerKey, (log, key)), cannot(key));
        CHEATS.warp(NOW + 365 days);
        refusedByCourt(OWNER, abi.encodeCall(IBonds.registerKey, (log, key)), cannot(key));
    }

    function test_TheZeroAddressIsNoKey() public {
        refusedByCourt(OWNER, abi.encodeCall(IBonds.registerKey, (log, address(0))), cannot(address(0)));
    }

    function test_OnlyALiveKeyIsRetired() public {
        refusedByCourt(
            OWNER,
            abi.encodeCall(IBonds.retireKey, (log, SECOND)),
            abi.encodeWithSelector(IBonds.KeyIsNotLive.selector, log, SECOND)
        );
        accepted(OWNER, abi.encodeCall(IBonds.retireKey, (log, key)));

        refusedByCourt(
            OWNER,
            abi.encodeCall(IBonds.retireKey, (log, key)),
            abi.encodeWithSelector(IBonds.KeyIsNotLive.selector, log, key)
        );
    }

    function test_RegisteringAKeyCancelsAnAnnouncedWithdrawal() public {
        accepted(OWNER, abi.encodeCall(IBonds.retireKey, (log, key)));
        accepted(OWNER, abi.encodeCall(IBonds.announceWithdrawal, (log)));
        accepted(OWNER, abi.encodeCall(IBonds.registerKey, (log, SECOND)));
        accepted(OWNER, abi.encodeCall(IBonds.retireKey, (log, SECOND)));
        CHEATS.warp(NOW + 68 days);

        refusedByCourt(
            OWNER,
            abi.encodeCall(IBonds.withdrawBond, (log)),
            abi.encodeWithSelector(IBonds.WithdrawalIsNotDue.selector, 0)
        );
    }

    function test_AKeyOfOneLogIsNoKeyOfAnother() public {
        uint256 other = openOwnLog(OWNER);

        CHEATS.assertEq(court.reportableUntil(other, key), 0, "reportable until");
        accepted(OWNER, abi.encodeCall(IBonds.registerKey, (other, key)));
        CHEATS.assertEq(court.stakeOf(other).liveKeys, 1, "live keys of the other");
        CHEATS.assertEq(court.stakeOf(log).liveKeys, 1, "live keys of the first");
    }

    /// @dev Whoever takes a log over takes its promises over, and retires the keys of the owner before.
    function test_TheKeysOfALogStayWhenItsOwnerChanges() public {
        CHEATS.prank(OWNER);
        anchorLog.nominateOwner(log, SUCCESSOR);
        CHEATS.prank(SUCCESSOR);
        anchorLog.acceptOwner(log);

        CHEATS.assertEq(court.reportableUntil(log, key), type(uint64).max, "reportable until");
        accepted(SUCCESSOR, abi.encodeCall(IBonds.retireKey, (log, key)));
        refusedByCourt(
            OWNER,
            abi.encodeCall(IBonds.registerKey, (log, SECOND)),
            abi.encodeWithSelector(IBonds.AccountIsNotOwner.selector, log, OWNER)
        );
    }

    function test_NobodyRegistersAKeyForALogThatWasNeverOpened() public {
        refusedByCourt(
            OWNER,
            abi.encodeCall(IBonds.registerKey, (log + 1, key)),
            abi.encodeWithSelector(IBonds.AccountIsNotOwner.selector, log + 1, OWNER)
        );
    }

    function test_TheWindowsFitIntoEachOther() public view {
        CHEATS.assertEq(court.WITHDRAWAL_WINDOW(), 7 days, "withdrawal window");
        CHEATS.assertEq(court.RETIRED_KEY_WINDOW(), 60 days, "retired key window");
        CHEATS.assertLe(
            court.RETIRED_KEY_WINDOW() + court.CHALLENGE_WINDOW(), court.WITHDRAWAL_DELAY(), "a last challenge"
        );
        CHEATS.assertEq(address(court.ANCHOR_LOG()), address(anchorLog), "anchor log");
    }

    function cannot(address account) private view returns (bytes memory why) {
        return abi.encodeWithSelector(IBonds.KeyCannotBeRegistered.selector, log, account);
    }
}
