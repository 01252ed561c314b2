// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ICredentialVerifier} from "../src/ICredentialVerifier.sol";
import {ProofFixture} from "./ProofFixture.sol";
import {Consumer} from "./VerifierConsumer.sol";

/// @title What a question costs; each call of a test is a transaction of its own, so the anchor log is cold
contract VerifierGasTest is ProofFixture {
    /// @dev The ceiling of `standing` at a million credentials.
    uint256 private constant CEILING = 34_000;

    /// @dev Below this the anchor log was warm, and the test would prove nothing: an account and four words.
    uint256 private constant FLOOR = 2600 + 4 * 2100;

    /// @dev A path of 23 steps: the slot word and 22 siblings.
    uint256 private constant SIBLINGS = 22;

    /// @dev The chunk's siblings on 13 of 29 levels: sixteen lists in which one credential of a hundred is revoked.
    uint32 private constant A_MILLION = 0x1fff;

    Consumer private _consumer;

    function setUp() public override {
        super.setUp();
        _consumer = new Consumer();
    }

    function test_StandingAmongAMillionCredentialsCostsNoMoreThanTheCeiling() public {
        CHEATS.assertLe(costOfStanding(A_MILLION), CEILING, "gas of standing");
    }

    function test_StandingCostsNoMoreThanTheCeilingWhenEverySiblingIsListed() public {
        CHEATS.assertLe(costOfStanding(EVERY_SIBLING), CEILING, "gas of standing");
    }

    function costOfStanding(uint32 siblingMap) private returns (uint256 used) {
        uint256 log = openBoundLog();
        Sealed memory item = sealEpoch(1, SLOT, SIBLINGS, siblingMap);
        Sealed memory newest = sealEpoch(2, SLOT, SIBLINGS, siblingMap);
        anchored(ANCHORER, item.root);
        anchored(ANCHORER, newest.root);

        used = _consumer.costOf(
            address(verifier),
            abi.encodeCall(ICredentialVerifier.standing, (log, 1, item.leaf, SLOT, item.path, newest.revocation))
        );

        CHEATS.assertLe(FLOOR, used, "the anchor log was warm");
    }
}
