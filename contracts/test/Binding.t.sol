// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IAnchorLog} from "../src/IAnchorLog.sol";
import {Fixture} from "./Fixture.sol";

/// @title Opening logs, and binding and rotating their anchoring accounts
contract BindingTest is Fixture {
    bytes32 private constant ROOT = 0x6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b;

    function test_LogsCountFromOne() public {
        CHEATS.assertEq(openOwnLog(OWNER), 1, "the first log");
        CHEATS.assertEq(openOwnLog(STRANGER), 2, "the second log");
    }

    function test_ACallerThatNamesItselfIsBoundAtOnce() public {
        CHEATS.expectEmit(true, true, true, true, address(anchorLog));
        emit IAnchorLog.LogOpened(1, OWNER);
        CHEATS.expectEmit(true, true, true, true, address(anchorLog));
        emit IAnchorLog.AnchorerBound(1, OWNER, address(0));

        uint256 log = openOwnLog(OWNER);

        CHEATS.assertEq(anchorLog.ownerOf(log), OWNER, "owner");
        CHEATS.assertEq(anchorLog.anchorerOf(log), OWNER, "anchorer");
        CHEATS.assertEq(anchorLog.logOf(OWNER), log, "log of the account");
        CHEATS.assertEq(anchorLog.nominatedAnchorerOf(log), address(0), "nominated anchorer");
    }

    function test_AnotherAccountIsOnlyNominatedWhenALogIsOpened() public {
        CHEATS.expectEmit(true, true, true, true, address(anchorLog));
        emit IAnchorLog.LogOpened(1, OWNER);
        CHEATS.expectEmit(true, true, true, true, address(anchorLog));
        emit IAnchorLog.AnchorerNominated(1, ANCHORER);

        CHEATS.prank(OWNER);
        uint256 log = anchorLog.openLog(ANCHORER);

        CHEATS.assertEq(anchorLog.nominatedAnchorerOf(log), ANCHORER, "nominated anchorer");
        CHEATS.assertEq(anchorLog.anchorerOf(log), address(0), "anchorer");
        CHEATS.assertEq(anchorLog.logOf(ANCHORER), 0, "log of the account");
    }

    function test_ALogIsNotOpenedForTheZeroAddress() public {
        refused(
            OWNER,
            0,
            abi.encodeCall(IAnchorLog.openLog, (address(0))),
            abi.encodeWithSelector(IAnchorLog.AnchorerIsZero.selector)
        );
    }

    function test_ABoundAccountOpensNoLogForItself() public {
        uint256 log = openOwnLog(OWNER);

        refused(
            OWNER,
            0,
            abi.encodeCall(IAnchorLog.openLog, (OWNER)),
            abi.encodeWithSelector(IAnchorLog.AccountIsBound.selector, OWNER, log)
        );

        CHEATS.assertEq(openOwnLog(STRANGER), log + 1, "the refused opening took a number");
    }

    function test_ABoundAccountMayOwnFurtherLogs() public {
        uint256 log = openOwnLog(OWNER);
        CHEATS.prank(OWNER);
        uint256 further = anchorLog.openLog(ANCHORER);
        CHEATS.prank(ANCHORER);
        anchorLog.acceptAnchorer(further);

        CHEATS.assertEq(anchorLog.logOf(OWNER), log, "log of the owner");
        CHEATS.assertEq(anchorLog.logOf(ANCHORER), further, "log of the anchorer");
        CHEATS.assertEq(anchorLog.ownerOf(further), OWNER, "owner");
    }

    function test_TheNominatedAccountBindsItself() public {
        CHEATS.prank(OWNER);
        uint256 log = anchorLog.openLog(ANCHORER);

        CHEATS.expectEmit(true, true, true, true, address(anchorLog));
        emit IAnchorLog.AnchorerBound(log, ANCHORER, address(0));
        CHEATS.prank(ANCHORER);
        anchorLog.acceptAnchorer(log);

        CHEATS.assertEq(anchorLog.anchorerOf(log), ANCHORER, "anchorer");
        CHEATS.assertEq(anchorLog.logOf(ANCHORER), log, "log of the account");
        CHEATS.assertEq(anchorLog.nominatedAnchorerOf(log), address(0), "nominated anchorer");
    }

    function testFuzz_OnlyTheNominatedAccountBindsItself(address account) public {
        assumeOutsider(account);
        CHEATS.prank(OWNER);
        uint256 log = anchorLog.openLog(ANCHORER);

        refused(
            account,
            0,
            abi.encodeCall(IAnchorLog.acceptAnchorer, (log)),
            abi.encodeWithSelector(IAnchorLog.AccountIsNotNominated.selector, log, account)
        );
    }

    function testFuzz_NobodyBindsToALogThatWasNeverOpened(uint256 log) public {
        refused(
            STRANGER,
            0,
            abi.encodeCall(IAnchorLog.acceptAnchorer, (log)),
            abi.encodeWithSelector(IAnchorLog.AccountIsNotNominated.selector, log, STRANGER)
        );
    }

    function test_ANominationIsUsedOnce() public {
        uint256 log = openBoundLog();
        rotate(log, SUCCESSOR);

        refused(
            ANCHORER,
            0,
            abi.encodeCall(IAnchorLog.acceptAnchorer, (log)),
            abi.encodeWithSelector(IAnchorLog.AccountIsNotNominated.selector, log, ANCHORER)
        );
    }

    function test_ANominationCanBeWithdrawn() public {
        uint256 log = openBoundLog();
        CHEATS.prank(OWNER);
        anchorLog.setAnchorer(log, SUCCESSOR);

        CHEATS.expectEmit(true, true, true, true, address(anchorLog));
        emit IAnchorLog.AnchorerNominated(log, address(0));
        CHEATS.prank(OWNER);
        anchorLog.setAnchorer(log, address(0));

        refused(
            SUCCESSOR,
            0,
            abi.encodeCall(IAnchorLog.acceptAnchorer, (log)),
            abi.encodeWithSelector(IAnchorLog.AccountIsNotNominated.selector, log, SUCCESSOR)
        );
    }

    function testFuzz_OnlyTheOwnerNamesAnchorers(address account) public {
        assumeOutsider(account);
        uint256 log = openBoundLog();

        refused(
            account,
            0,
            abi.encodeCall(IAnchorLog.setAnchorer, (log, account)),
            abi.encodeWithSelector(IAnchorLog.AccountIsNotOwner.selector, log, account)
        );
        refused(
            ANCHORER,
            0,
            abi.encodeCall(IAnchorLog.setAnchorer, (log, account)),
            abi.encodeWithSelector(IAnchorLog.AccountIsNotOwner.selector, log, ANCHORER)
        );
    }

    function test_TheBoundAccountAnchorsOnUntilItsSuccessorAccepts() public {
        uint256 log = openBoundLog();
        CHEATS.prank(OWNER);
        anchorLog.setAnchorer(log, SUCCESSOR);

        anchored(ANCHORER, ROOT);

        CHEATS.assertEq(anchorLog.latestEpoch(log), 1, "epochs");
        refused(
            SUCCESSOR,
            0,
            abi.encodePacked(ROOT),
            abi.encodeWithSelector(IAnchorLog.AccountIsNotBound.selector, SUCCESSOR)
        );
    }

    function testFuzz_RotationKeepsTheCounter(uint8 before, bytes32 root) public {
        assumeOrdinary(root);
        uint64 count = uint64(before % 8);
        uint256 log = openBoundLog();
        for (uint256 index = 0; index < count; ++index) {
            anchored(ANCHORER, ROOT);
        }
        CHEATS.warp(NOW + 60);

        rotate(log, SUCCESSOR);

        assertLatest(log, count, count == 0 ? 0 : NOW, count == 0 ? bytes32(0) : ROOT);
        anchored(SUCCESSOR, root);
        assertLatest(log, count + 1, NOW + 60, root);
    }

    function test_RotationUnbindsTheOldAccountInTheSameStep() public {
        uint256 log = openBoundLog();
        anchored(ANCHORER, ROOT);
        CHEATS.prank(OWNER);
        anchorLog.setAnchorer(log, SUCCESSOR);

        CHEATS.expectEmit(true, true, true, true, address(anchorLog));
        emit IAnchorLog.AnchorerBound(log, SUCCESSOR, ANCHORER);
        CHEATS.prank(SUCCESSOR);
        anchorLog.acceptAnchorer(log);

        CHEATS.assertEq(anchorLog.logOf(ANCHORER), 0, "log of the old account");
        CHEATS.assertEq(anchorLog.logOf(SUCCESSOR), log, "log of the new account");
        CHEATS.assertEq(anchorLog.anchorerOf(log), SUCCESSOR, "anchorer");
        refused(
            ANCHORER, 0, abi.encodePacked(ROOT), abi.encodeWithSelector(IAnchorLog.AccountIsNotBound.selector, ANCHORER)
        );
    }

    function test_AnUnboundAccountStartsAnotherLogAtOne() public {
        uint256 log = openBoundLog();
        anchored(ANCHORER, ROOT);
        rotate(log, SUCCESSOR);

        uint256 other = openOwnLog(ANCHORER);
        anchored(ANCHORER, ~ROOT);

        assertLatest(other, 1, NOW, ~ROOT);
        assertLatest(log, 1, NOW, ROOT);
    }

    function test_AnAccountBoundToAnotherLogCannotAccept() public {
        uint256 log = openBoundLog();
        uint256 other = openOwnLog(SUCCESSOR);
        CHEATS.prank(OWNER);
        anchorLog.setAnchorer(log, SUCCESSOR);

        refused(
            SUCCESSOR,
            0,
            abi.encodeCall(IAnchorLog.acceptAnchorer, (log)),
            abi.encodeWithSelector(IAnchorLog.AccountIsBound.selector, SUCCESSOR, other)
        );

        CHEATS.assertEq(anchorLog.anchorerOf(log), ANCHORER, "anchorer");
    }

    function test_TheBoundAccountCannotAcceptItsOwnLogAgain() public {
        uint256 log = openBoundLog();
        anchored(ANCHORER, ROOT);
        CHEATS.prank(OWNER);
        anchorLog.setAnchorer(log, ANCHORER);

        refused(
            ANCHORER,
            0,
            abi.encodeCall(IAnchorLog.acceptAnchorer, (log)),
            abi.encodeWithSelector(IAnchorLog.AccountIsBound.selector, ANCHORER, log)
        );

        assertLatest(log, 1, NOW, ROOT);
    }
}
