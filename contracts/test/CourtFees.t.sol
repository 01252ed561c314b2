// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IBonds} from "../src/IBonds.sol";
import {IFraudCourt} from "../src/IFraudCourt.sol";
import {CourtFixture} from "./CourtFixture.sol";

/// @title Stakes and rewards that follow the base fee
/// @dev Not isolated: an isolated call is a transaction with a base fee of zero.
/// forge-config: default.isolate = false
/// forge-config: ci.isolate = false
contract CourtFeesTest is CourtFixture {
    uint256 private constant UNIT = 0.0001 ether;

    function testFuzz_AStakePaysForThreeAnswersAtTheBaseFee(uint64 baseFee) public {
        baseFee %= 6_000_000 gwei;
        CHEATS.fee(baseFee);
        uint256 answers = 3 * 90_000 * uint256(baseFee);
        uint256 minimum = court.minimumStake();

        CHEATS.assertLe(answers, minimum, "less than three answers");
        CHEATS.assertLe(STAKE, minimum, "less than the floor");
        CHEATS.assertEq(minimum % UNIT, 0, "not in whole units");
        CHEATS.assertTrue(minimum == STAKE || minimum - answers < UNIT, "more than three answers");
    }

    function test_WhereGasCostsMoreCoinsThanARecordHoldsAChallengeStaysPossible() public {
        CHEATS.fee(100_000_000 gwei);
        CHEATS.warp(DEADLINE + 1);
        uint256 largest = uint256(type(uint24).max) * UNIT;
        CHEATS.deal(REPORTER, largest);

        CHEATS.assertEq(court.minimumStake(), largest, "minimum stake");
        accepted(REPORTER, largest, challenging(inclusion(1)));
    }

    function test_AStakeIsMeasuredByTheBaseFeeOfItsBlock() public {
        CHEATS.fee(100 gwei);
        CHEATS.warp(DEADLINE + 1);
        uint256 minimum = 0.027 ether;

        refusedByCourt(
            REPORTER,
            minimum - 1,
            challenging(inclusion(1)),
            abi.encodeWithSelector(IFraudCourt.StakeIsTooSmall.selector, minimum - 1, minimum)
        );
        accepted(REPORTER, minimum, challenging(inclusion(1)));
    }

    function test_AReporterOfABrokenPromiseGetsItsGasBack() public {
        CHEATS.fee(100 gwei);
        CHEATS.warp(DEADLINE + 1);

        announces();
        emit IBonds.BondTaken(log, 0.016 ether + 0.002 ether, BOND - 0.018 ether);
        accepted(REPORTER, overdue(revocation(1)));
    }
}
