// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Fixture} from "./Fixture.sol";

/// @title What an anchor costs; the tests run isolated, so each call is a transaction of its own
contract GasTest is Fixture {
    /// @dev The ceiling of the whole transaction, as its transaction receipt shows it.
    uint256 private constant CEILING = 51_500;

    /// @dev Below this a call was not measured as a transaction of its own, and the test would prove nothing.
    uint256 private constant FLOOR = 45_000;

    function test_AnAnchorCostsNoMoreThanTheCeiling() public {
        openBoundLog();
        anchored(ANCHORER, sha256("an epoch before"));

        anchored(ANCHORER, sha256("a root of 32 ordinary bytes"));

        uint256 used = CHEATS.lastCallGas().gasTotalUsed;
        CHEATS.assertLe(used, CEILING, "gas of an anchor");
        CHEATS.assertLe(FLOOR, used, "the call was not a transaction");
    }

    function test_TheFirstAnchorCostsNoMoreThanTheCeiling() public {
        openBoundLog();

        anchored(ANCHORER, sha256("a root of 32 ordinary bytes"));

        CHEATS.assertLe(CHEATS.lastCallGas().gasTotalUsed, CEILING, "gas of the first anchor");
    }

    function testFuzz_NoRootCostsMoreThanTheCeiling(bytes32 root) public {
        assumeOrdinary(root);
        openBoundLog();
        anchored(ANCHORER, sha256("an epoch before"));

        anchored(ANCHORER, root);

        CHEATS.assertLe(CHEATS.lastCallGas().gasTotalUsed, CEILING, "gas of an anchor");
    }
}
