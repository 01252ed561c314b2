// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {EpochProofs} from "../src/EpochProofs.sol";
import {IBonds} from "../src/IBonds.sol";
import {IFraudCourt} from "../src/IFraudCourt.sol";
import {CourtEpochs} from "./CourtEpochs.sol";
import {CourtFixture} from "./CourtFixture.sol";

/// @title Two credentials under one slot, and everything that only looks like it
contract CourtSlotReuseTest is CourtFixture {
    bytes32 private constant NEIGHBOUR = keccak256("a credential beside them");

    CourtEpochs.Epoch private _first;
    CourtEpochs.Epoch private _second;

    /// @dev Epoch 1 has LEAF under the slot, epoch 2 OTHER_LEAF.
    function setUp() public override {
        super.setUp();
        write(_first, holding(LEAF, SLOT, NEIGHBOUR, SLOT + 1));
        write(_second, holding(NEIGHBOUR, SLOT + 1, OTHER_LEAF, SLOT));
        anchor(_first);
        anchor(_second);
    }

    function test_TwoCredentialsUnderOneSlotMarkTheLogFromTheLaterEpoch() public {
        announces();
        emit IBonds.LogMarked(log, IBonds.Kind.SLOT_REUSE, 2, REPORTER);
        announces();
        emit IBonds.BondTaken(log, BOND / 2, BOND / 2);
        accepted(REPORTER, reuse(SLOT, first(), second()));

        assertMarked(log, IBonds.Kind.SLOT_REUSE, 2);
        CHEATS.assertEq(court.dueTo(REPORTER), BOND / 2, "reward");
    }

    function test_TheOrderOfTheTwoDoesNotMatter() public {
        accepted(REPORTER, reuse(SLOT, second(), first()));

        assertMarked(log, IBonds.Kind.SLOT_REUSE, 2);
    }

    function test_TwoCredentialsUnderOneSlotInOneEpochAreFraudToo() public {
        CourtEpochs.Epoch memory epoch = holding(LEAF, SLOT, OTHER_LEAF, SLOT);
        anchor(epoch);

        accepted(
            REPORTER,
            reuse(
                SLOT, entry(3, LEAF, CourtEpochs.pathTo(epoch, 0)), entry(3, OTHER_LEAF, CourtEpochs.pathTo(epoch, 1))
            )
        );

        assertMarked(log, IBonds.Kind.SLOT_REUSE, 3);
    }

    function test_TheSameEvidenceDoesNotPayTwice() public {
        accepted(REPORTER, reuse(SLOT, first(), second()));

        refusedByCourt(
            STRANGER,
            reuse(SLOT, second(), first()),
            abi.encodeWithSelector(IBonds.LogIsMarked.selector, log, IBonds.Kind.SLOT_REUSE, 2)
        );
    }

    function test_TheSameLeafInTwoEpochsIsNoReuse() public {
        anchor(_first);

        refusedByCourt(
            REPORTER,
            reuse(SLOT, first(), entry(3, LEAF, CourtEpochs.pathTo(_first, 0))),
            abi.encodeWithSelector(IFraudCourt.LeavesAreTheSame.selector, LEAF)
        );
    }

    function test_CredentialsUnderTwoSlotsAreNoReuse() public {
        bytes memory path = CourtEpochs.pathTo(_first, 1);

        refusedByCourt(
            REPORTER,
            reuse(SLOT, second(), entry(1, NEIGHBOUR, path)),
            elsewhere(_first, CourtEpochs.folded(NEIGHBOUR, SLOT, path))
        );
    }

    function testFuzz_ABatchHeaderStandsUnderNoSlot(uint64 slot) public {
        slot %= 1 << 37;
        CourtEpochs.Epoch memory epoch = holding(LEAF, slot, NEIGHBOUR, SLOT + 1);
        anchor(epoch);
        bytes memory path = CourtEpochs.headerPath(epoch);

        refusedByCourt(
            REPORTER,
            reuse(slot, entry(3, LEAF, CourtEpochs.pathTo(epoch, 0)), entry(3, CourtEpochs.HEADER, path)),
            elsewhere(epoch, CourtEpochs.folded(CourtEpochs.HEADER, slot, path))
        );
    }

    function test_ASlotThatIsAnAliasOfAnotherIsRefused() public {
        uint64 slot = SLOT + (1 << 37);

        refusedByCourt(
            REPORTER,
            reuse(slot, first(), second()),
            abi.encodeWithSelector(EpochProofs.SlotIsOutOfRange.selector, slot)
        );
    }

    function test_AnInnerNodeIsNoLeaf() public {
        bytes32 node = CourtEpochs.pair(LEAF, bytes32(uint256(SLOT)));
        bytes memory path = CourtEpochs.pathTo(_first, 0);

        refusedByCourt(
            REPORTER,
            reuse(SLOT, second(), entry(1, node, path)),
            elsewhere(_first, CourtEpochs.folded(node, SLOT, path))
        );
    }

    function test_ASubtreeHiddenBelowAnEntryIsRefused() public {
        bytes32 top = CourtEpochs.pair(OTHER_LEAF, bytes32(uint256(SLOT)));
        CourtEpochs.Epoch memory epoch = holding(top, SLOT + 1, LEAF, SLOT);
        anchor(epoch);
        bytes memory path = CourtEpochs.pathTo(epoch, 0);
        bytes memory deeper = bytes.concat(bytes8(prefix(path) << 1 | 1), bytes32(uint256(SLOT + 1)), tail(path));

        CHEATS.assertEq(
            CourtEpochs.folded(OTHER_LEAF, SLOT, deeper), CourtEpochs.rootOf(epoch), "the hidden path leads there"
        );
        refusedByCourt(
            REPORTER,
            reuse(SLOT, entry(3, LEAF, CourtEpochs.pathTo(epoch, 1)), entry(3, OTHER_LEAF, deeper)),
            abi.encodeWithSelector(EpochProofs.SiblingIsASlotWord.selector, 0)
        );
    }

    /// @dev Slot 511 is the lowest bit of chunk 1, which then spells the word of slot 1: the chunk beside it, honestly
    /// changed by a revocation, would stand under that slot with two leaves.
    function test_AChunkOfTheStatusTreeIsNoLeaf() public {
        CourtEpochs.Epoch memory epoch = holding(LEAF, SLOT, NEIGHBOUR, SLOT + 1);
        epoch.revoked = new uint64[](1);
        epoch.revoked[0] = 511;
        anchor(epoch);
        bytes memory path = chunkPath(epoch);
        bytes memory claimed = bytes.concat(bytes8(prefix(path) | uint64(1 << 29)), tail(path));

        CHEATS.assertEq(CourtEpochs.folded(bytes32(0), 1, path), CourtEpochs.rootOf(epoch), "it leads there");
        refusedByCourt(
            REPORTER,
            reuse(1, entry(3, 0, path), entry(2, OTHER_LEAF, CourtEpochs.pathTo(_second, 1))),
            abi.encodeWithSelector(EpochProofs.PathHasWrongSides.selector, prefix(path))
        );
        refusedByCourt(
            REPORTER,
            reuse(1, entry(3, 0, claimed), entry(2, OTHER_LEAF, CourtEpochs.pathTo(_second, 1))),
            elsewhere(epoch, CourtEpochs.folded(0, 1, claimed))
        );
    }

    function test_TheEntriesOfAnotherLogProveNothing() public {
        log = openOwnLog(STRANGER);
        anchored(STRANGER, CourtEpochs.rootOf(_first));
        anchored(STRANGER, CourtEpochs.rootOf(_first));

        refusedByCourt(REPORTER, reuse(SLOT, first(), second()), elsewhere(_first, CourtEpochs.rootOf(_second)));
        assertUnmarked(log);
    }

    function test_AnEpochYetToComeProvesNothing() public {
        refusedByCourt(
            REPORTER,
            reuse(SLOT, first(), entry(3, OTHER_LEAF, CourtEpochs.pathTo(_second, 1))),
            abi.encodeWithSelector(IFraudCourt.EpochIsNotAnchored.selector, log, 3)
        );
    }

    function testFuzz_AMutatedPathIsRefused(uint256 place, uint8 change) public {
        CHEATS.assume(change != 0);
        IFraudCourt.EntryIn memory mutated = second();
        place %= mutated.path.length;
        mutated.path[place] ^= bytes1(change);
        bytes memory data = reuse(SLOT, first(), mutated);

        CHEATS.prank(REPORTER);
        (bool isAccepted,) = address(court).call(data);

        CHEATS.assertTrue(!isAccepted, "a mutated path was accepted");
    }

    function testFuzz_AnotherLeafOnATruePathIsRefused(bytes32 leaf) public {
        CHEATS.assume(leaf != LEAF);
        bytes memory path = CourtEpochs.pathTo(_first, 0);

        refusedByCourt(
            REPORTER,
            reuse(SLOT, first(), entry(1, leaf, path)),
            elsewhere(_first, CourtEpochs.folded(leaf, SLOT, path))
        );
    }

    function first() private view returns (IFraudCourt.EntryIn memory entryIn) {
        return entry(1, LEAF, CourtEpochs.pathTo(_first, 0));
    }

    function second() private view returns (IFraudCourt.EntryIn memory entryIn) {
        return entry(2, OTHER_LEAF, CourtEpochs.pathTo(_second, 1));
    }

    /// @dev From chunk 0 of the revocation tree to the epoch root: empty subtrees and the other tree on the right, the
    /// credentials on the left.
    function chunkPath(CourtEpochs.Epoch memory epoch) private pure returns (bytes memory path) {
        bytes32 node = CourtEpochs.pair(0, 0);
        for (uint256 level = 1; level < CourtEpochs.DEPTH; ++level) {
            path = bytes.concat(path, node);
            node = CourtEpochs.pair(node, node);
        }
        path = bytes.concat(bytes8(uint64((1 << 29) - 1)), path, node, CourtEpochs.credentialsRootOf(epoch));
    }

    function prefix(bytes memory path) private pure returns (uint64 sides) {
        return uint64(bytes8(path));
    }

    function tail(bytes memory path) private pure returns (bytes memory siblings) {
        siblings = new bytes(path.length - 8);
        for (uint256 index = 0; index < siblings.length; ++index) {
            siblings[index] = path[index + 8];
        }
    }

    function write(CourtEpochs.Epoch storage epoch, CourtEpochs.Epoch memory content) private {
        for (uint256 index = 0; index < content.entries.length; ++index) {
            epoch.entries.push(content.entries[index]);
        }
    }
}
