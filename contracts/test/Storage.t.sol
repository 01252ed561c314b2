// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Fixture} from "./Fixture.sol";

/// @title What stands where in storage, as light proofs read it
contract StorageTest is Fixture {
    uint256 private constant SEATS = 0;
    uint256 private constant ROOTS = 1;

    function testFuzz_ARootStandsUnderItsLogAndEpoch(bytes32 root) public {
        assumeOrdinary(root);
        uint256 log = openBoundLog();
        anchored(ANCHORER, root);

        bytes32 outer = keccak256(abi.encode(log, ROOTS));
        bytes32 word = CHEATS.load(address(anchorLog), keccak256(abi.encode(uint256(1), outer)));

        CHEATS.assertEq(word, root, "the word of the root");
    }

    function test_ASeatHoldsTimeEpochAndLogInOneWord() public {
        uint256 log = openBoundLog();
        anchored(ANCHORER, bytes32(uint256(1) << 255));
        anchored(ANCHORER, bytes32(uint256(1) << 255));

        CHEATS.assertEq(seatOf(ANCHORER), (uint256(NOW) << 192) | (uint256(2) << 128) | log, "the word of the seat");
    }

    function test_TheSeatOfAnUnboundAccountIsEmpty() public {
        uint256 log = openBoundLog();
        anchored(ANCHORER, bytes32(uint256(1) << 255));
        uint256 before = seatOf(ANCHORER);

        rotate(log, SUCCESSOR);

        CHEATS.assertEq(seatOf(ANCHORER), 0, "the old seat");
        CHEATS.assertEq(seatOf(SUCCESSOR), before, "the new seat");
        CHEATS.assertEq(seatOf(address(0)), 0, "the seat of nobody");
    }

    function seatOf(address account) private view returns (uint256) {
        return uint256(CHEATS.load(address(anchorLog), keccak256(abi.encode(account, SEATS))));
    }
}
