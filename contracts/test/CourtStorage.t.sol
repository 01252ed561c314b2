// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {CourtFixture} from "./CourtFixture.sol";

/// @title What stands where in the storage of the court
contract CourtStorageTest is CourtFixture {
    uint256 private constant CASES = 0;
    uint256 private constant ACCOUNTS = 3;
    uint256 private constant CHALLENGES = 4;

    function setUp() public override {
        super.setUp();
        CHEATS.warp(DEADLINE + 1);
    }

    function test_ACaseHoldsBondMarksAndOpenChallengesInOneWord() public {
        CHEATS.assertEq(uint256(caseOf(log)), BOND, "a bond alone");
        accepted(REPORTER, STAKE, challenging(inclusion(7)));
        CHEATS.assertEq(uint256(caseOf(log)), 1 << 224 | BOND, "a bond and an open challenge");

        accepted(REPORTER, overdue(revocation(5)));

        CHEATS.assertEq(uint256(caseOf(log)), 1 << 224 | 5 << 160, "a mark of the third kind, and no bond");
    }

    function test_AChallengeIsOneWord() public {
        accepted(REPORTER, STAKE, challenging(inclusion(7)));

        bytes32 id = keccak256(abi.encode(log, LEAF, SLOT));
        uint256 word = uint256(CHEATS.load(address(court), keccak256(abi.encode(id, CHALLENGES))));

        uint256 closesAt = DEADLINE + 1 + 7 days;
        CHEATS.assertEq(word, 3 << 232 | closesAt << 192 | 7 << 160 | uint160(REPORTER), "the word");
    }

    function test_AnAccountHoldsWhatIsDueAndWhatIsAtStakeInOneWord() public {
        accepted(REPORTER, STAKE + 9, challenging(inclusion(7)));

        uint256 word = uint256(CHEATS.load(address(court), keccak256(abi.encode(REPORTER, ACCOUNTS))));

        CHEATS.assertEq(word, STAKE << 128 | 9, "the word");
    }

    function caseOf(uint256 number) private view returns (bytes32 word) {
        return CHEATS.load(address(court), keccak256(abi.encode(number, CASES)));
    }
}
