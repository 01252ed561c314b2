// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IAnchorLog} from "../src/IAnchorLog.sol";
import {Fixture} from "./Fixture.sol";

/// @title What an anchor does, and what is refused
contract AnchoringTest is Fixture {
    bytes32 private constant ROOT = 0x6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b;

    function test_ARootIsStoredUnderTheNextEpoch() public {
        uint256 log = openBoundLog();

        anchored(ANCHORER, ROOT);

        CHEATS.assertEq(anchorLog.rootAt(log, 1), ROOT, "root of epoch 1");
        assertLatest(log, 1, NOW, ROOT);
    }

    function test_AnAnchorIsAnnounced() public {
        uint256 log = openBoundLog();
        anchored(ANCHORER, ROOT);

        CHEATS.expectEmit(true, true, true, true, address(anchorLog));
        emit IAnchorLog.Anchored(log, 2, ~ROOT);

        anchored(ANCHORER, ~ROOT);
    }

    function test_TheTimeIsThatOfTheLatestEpoch() public {
        uint256 log = openBoundLog();
        anchored(ANCHORER, ROOT);
        CHEATS.warp(NOW + 3600);

        anchored(ANCHORER, ~ROOT);

        assertLatest(log, 2, NOW + 3600, ~ROOT);
    }

    function test_ARootMayRepeat() public {
        uint256 log = openBoundLog();
        anchored(ANCHORER, ROOT);

        anchored(ANCHORER, ROOT);

        CHEATS.assertEq(anchorLog.rootAt(log, 1), ROOT, "root of epoch 1");
        CHEATS.assertEq(anchorLog.rootAt(log, 2), ROOT, "root of epoch 2");
    }

    function testFuzz_AnchorAndFallbackDoTheSame(bytes32 first, bytes32 second) public {
        assumeOrdinary(first);
        CHEATS.assume(second != bytes32(0));
        uint256 log = openBoundLog();

        anchored(ANCHORER, first);
        CHEATS.expectEmit(true, true, true, true, address(anchorLog));
        emit IAnchorLog.Anchored(log, 2, second);
        CHEATS.prank(ANCHORER);
        anchorLog.anchor(second);

        CHEATS.assertEq(anchorLog.rootAt(log, 1), first, "root of epoch 1");
        CHEATS.assertEq(anchorLog.rootAt(log, 2), second, "root of epoch 2");
    }

    function testFuzz_NothingIsOverwritten(bytes32[8] memory roots) public {
        uint256 log = openBoundLog();
        for (uint256 index = 0; index < roots.length; ++index) {
            assumeOrdinary(roots[index]);
            anchored(ANCHORER, roots[index]);
        }
        rotate(log, SUCCESSOR);
        anchored(SUCCESSOR, ROOT);

        for (uint256 index = 0; index < roots.length; ++index) {
            CHEATS.assertEq(anchorLog.rootAt(log, uint64(index + 1)), roots[index], "an earlier root");
        }
        CHEATS.assertEq(anchorLog.rootAt(log, uint64(roots.length + 1)), ROOT, "the root after the rotation");
        CHEATS.assertEq(anchorLog.rootAt(log, uint64(roots.length + 2)), bytes32(0), "an epoch yet to come");
    }

    function testFuzz_NobodyCanDivertAnotherAccountsRoots(address thief, bytes32 root) public {
        assumeOutsider(thief);
        assumeOrdinary(root);
        uint256 log = openBoundLog();

        // Everything a stranger can try with the account: name it for logs of the stranger's own.
        CHEATS.prank(thief);
        uint256 trap = anchorLog.openLog(ANCHORER);
        CHEATS.prank(thief);
        anchorLog.setAnchorer(trap, ANCHORER);
        refused(
            thief,
            0,
            abi.encodeCall(IAnchorLog.setAnchorer, (log, thief)),
            abi.encodeWithSelector(IAnchorLog.AccountIsNotOwner.selector, log, thief)
        );
        refused(
            thief,
            0,
            abi.encodeCall(IAnchorLog.acceptAnchorer, (log)),
            abi.encodeWithSelector(IAnchorLog.AccountIsNotNominated.selector, log, thief)
        );
        anchored(ANCHORER, root);

        CHEATS.assertEq(anchorLog.logOf(ANCHORER), log, "the log of the account");
        CHEATS.assertEq(anchorLog.rootAt(log, 1), root, "the root in its own log");
        CHEATS.assertEq(anchorLog.latestEpoch(trap), 0, "epochs of the stranger's log");
    }

    function testFuzz_NobodyElseAnchorsInALog(address thief, bytes32 root) public {
        assumeOutsider(thief);
        assumeOrdinary(root);
        uint256 log = openBoundLog();
        uint256 own = openOwnLog(thief);

        anchored(thief, root);

        CHEATS.assertEq(anchorLog.latestEpoch(log), 0, "epochs of the other log");
        CHEATS.assertEq(anchorLog.rootAt(own, 1), root, "the root in the sender's log");
    }

    function testFuzz_LogsCountOnTheirOwn(uint8 first, uint8 second) public {
        uint256 log = openBoundLog();
        uint256 other = openOwnLog(STRANGER);
        uint256 firstCount = first % 16;
        uint256 secondCount = second % 16;

        for (uint256 index = 0; index < firstCount; ++index) {
            anchored(ANCHORER, ROOT);
        }
        for (uint256 index = 0; index < secondCount; ++index) {
            anchored(STRANGER, ~ROOT);
        }

        CHEATS.assertEq(anchorLog.latestEpoch(log), firstCount, "epochs of the first log");
        CHEATS.assertEq(anchorLog.latestEpoch(other), secondCount, "epochs of the second log");
    }

    function testFuzz_AnUnboundAccountDoesNotAnchor(address account, bytes32 root) public {
        assumeOutsider(account);
        assumeOrdinary(root);
        openBoundLog();
        bytes memory why = abi.encodeWithSelector(IAnchorLog.AccountIsNotBound.selector, account);

        refused(account, 0, abi.encodePacked(root), why);
        refused(account, 0, abi.encodeCall(IAnchorLog.anchor, (root)), why);
    }

    function test_TheOwnerAloneDoesNotAnchor() public {
        openBoundLog();

        refused(OWNER, 0, abi.encodePacked(ROOT), abi.encodeWithSelector(IAnchorLog.AccountIsNotBound.selector, OWNER));
    }

    function test_AZeroRootIsRefused() public {
        openBoundLog();
        bytes memory why = abi.encodeWithSelector(IAnchorLog.RootIsZero.selector);

        refused(ANCHORER, 0, abi.encodePacked(bytes32(0)), why);
        refused(ANCHORER, 0, abi.encodeCall(IAnchorLog.anchor, (bytes32(0))), why);
    }

    function testFuzz_OtherSizesOfCalldataAreRefused(bytes calldata data) public {
        CHEATS.assume(data.length != 32);
        if (data.length >= 4) {
            bytes4[] memory all = selectors();
            for (uint256 index = 0; index < all.length; ++index) {
                CHEATS.assume(bytes4(data) != all[index]);
            }
        }
        uint256 log = openBoundLog();

        refused(ANCHORER, 0, data, abi.encodeWithSelector(IAnchorLog.CalldataIsNotARoot.selector, data.length));

        CHEATS.assertEq(anchorLog.latestEpoch(log), 0, "epochs");
    }

    function test_EveryWrongSizeUpToTwoRootsIsRefused() public {
        uint256 log = openBoundLog();

        for (uint256 size = 0; size <= 64; ++size) {
            if (size == 32) continue;
            bytes memory data = new bytes(size);
            for (uint256 index = 0; index < size; ++index) {
                data[index] = 0xff;
            }
            refused(ANCHORER, 0, data, abi.encodeWithSelector(IAnchorLog.CalldataIsNotARoot.selector, size));
        }

        CHEATS.assertEq(anchorLog.latestEpoch(log), 0, "epochs");
    }

    function testFuzz_ARootShapedLikeASelectorRevertsInTheFallbackAndWorksThroughAnchor(bytes28 tail) public {
        uint256 log = openBoundLog();
        bytes4[] memory all = selectors();

        for (uint256 index = 0; index < all.length; ++index) {
            bytes32 root = bytes32(abi.encodePacked(all[index], tail));
            refused(ANCHORER, 0, abi.encodePacked(root), "");
            CHEATS.assertEq(anchorLog.latestEpoch(log), index, "epochs after the refusal");

            CHEATS.prank(ANCHORER);
            anchorLog.anchor(root);

            CHEATS.assertEq(anchorLog.rootAt(log, uint64(index + 1)), root, "the root");
        }
    }

    function testFuzz_EtherIsRefusedEverywhere(uint96 value, bytes32 root) public {
        assumeOrdinary(root);
        CHEATS.assume(value != 0);
        uint256 log = openBoundLog();
        CHEATS.deal(ANCHORER, type(uint128).max);
        bytes4[] memory all = selectors();

        refused(ANCHORER, value, "", "");
        refused(ANCHORER, value, abi.encodePacked(root), "");
        for (uint256 index = 0; index < all.length; ++index) {
            refused(ANCHORER, value, abi.encodeWithSelector(all[index], log, uint256(uint160(OWNER))), "");
        }

        CHEATS.assertEq(anchorLog.latestEpoch(log), 0, "epochs");
        CHEATS.assertEq(address(anchorLog).balance, 0, "balance");
    }

    function testFuzz_WhatWasNeverAnchoredIsZero(uint256 log, uint64 epoch) public {
        openBoundLog();

        CHEATS.assertEq(anchorLog.rootAt(log, epoch), bytes32(0), "root");
        assertLatest(log, 0, 0, bytes32(0));
    }
}
