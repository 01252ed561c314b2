// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IFraudCourt} from "../src/IFraudCourt.sol";
import {CourtEpochs} from "./CourtEpochs.sol";
import {CourtFixture} from "./CourtFixture.sol";

/// @title What reports cost, as whole transactions, for a log of a million credentials and a reporter never paid before
contract CourtGasTest is CourtFixture {
    /// @dev One batch of 65,536 among 16: 17 levels, 4 above, and the status root.
    uint256 private constant PATH_SIBLINGS = 22;

    /// @dev A million slots at half use, decoys among them: 9 levels in a list, a few above it.
    uint256 private constant STATUS_SIBLINGS = 12;

    function test_AnUnrevocationIsReportedForAtMost110000() public {
        (uint64 revokedEpoch, bytes memory revoked) = anchoredStatus(true);
        (uint64 epoch, bytes memory unrevoked) = anchoredStatus(false);

        accepted(REPORTER, unrevocation(SLOT, revokedEpoch, revoked, epoch, unrevoked));

        assertCost(110_000);
    }

    function test_ASlotReuseIsReportedForAtMost120000() public {
        (uint64 epoch, bytes memory path) = anchoredPath(LEAF);
        (uint64 later, bytes memory otherPath) = anchoredPath(OTHER_LEAF);

        accepted(
            REPORTER,
            reuse(
                SLOT,
                IFraudCourt.EntryIn({epoch: epoch, leaf: LEAF, path: path}),
                IFraudCourt.EntryIn({epoch: later, leaf: OTHER_LEAF, path: otherPath})
            )
        );

        assertCost(120_000);
    }

    function test_ABrokenRevocationPromiseIsReportedForAtMost90000() public {
        (uint64 epoch, bytes memory unrevoked) = anchoredStatus(false);

        accepted(REPORTER, broken(revocation(epoch), epoch, unrevoked));

        assertCost(90_000);
    }

    function test_AnOverdueRevocationPromiseIsReportedForAtMost90000() public {
        CHEATS.warp(DEADLINE + 1);

        accepted(REPORTER, overdue(revocation(1)));

        assertCost(90_000);
    }

    function test_AChallengeIsMadeForAtMost100000() public {
        anchoredPath(OTHER_LEAF);

        accepted(REPORTER, STAKE, challenging(inclusion(1)));

        assertCost(100_000);
    }

    function test_AChallengeIsAnsweredForAtMost90000() public {
        (uint64 epoch, bytes memory path) = anchoredPath(LEAF);
        accepted(REPORTER, STAKE, challenging(inclusion(epoch)));

        accepted(STRANGER, answering(epoch, LEAF, path));

        assertCost(90_000);
    }

    /// @dev The dearest answer, by which a stake is measured: no word falls back to zero.
    function test_AnAnswerIsNoDearerWhenTheChallengerHasOtherStakes() public {
        (uint64 epoch, bytes memory path) = anchoredPath(LEAF);
        accepted(REPORTER, STAKE, challenging(inclusion(epoch)));
        IFraudCourt.InclusionPromise memory other = inclusion(epoch);
        other.leaf = OTHER_LEAF;
        accepted(REPORTER, STAKE, challenging(other));

        accepted(STRANGER, answering(epoch, LEAF, path));

        assertCost(90_000);
    }

    function test_ATimeoutIsClaimedForAtMost60000() public {
        anchoredPath(OTHER_LEAF);
        accepted(REPORTER, STAKE, challenging(inclusion(1)));
        CHEATS.warp(NOW + 8 days);

        accepted(REPORTER, claiming(LEAF));

        assertCost(60_000);
    }

    function anchoredStatus(bool isRevoked) private returns (uint64 epoch, bytes memory proof) {
        bytes32 root;
        (root, proof) = CourtEpochs.proofOf(SLOT, isRevoked, STATUS_SIBLINGS);
        return (anchor(root), proof);
    }

    function anchoredPath(bytes32 leaf) private returns (uint64 epoch, bytes memory path) {
        bytes32 root;
        (root, path) = CourtEpochs.pathOf(leaf, SLOT, PATH_SIBLINGS);
        return (anchor(root), path);
    }

    function assertCost(uint256 bound) private view {
        uint256 used = CHEATS.lastCallGas().gasTotalUsed;
        CHEATS.assertLe(used, bound, "gas of the transaction");
        CHEATS.assertLe(45_000, used, "the call was not a transaction");
    }
}
