// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {FraudCourt} from "../src/FraudCourt.sol";
import {IBonds} from "../src/IBonds.sol";
import {IFraudCourt} from "../src/IFraudCourt.sol";
import {CourtEpochs} from "./CourtEpochs.sol";
import {Fixture} from "./Fixture.sol";

/// @title A court, and a log with a bond and one promise key, and the calls the tests of the court make most
abstract contract CourtFixture is Fixture {
    address internal constant REPORTER = address(0x5EEE);
    uint256 internal constant KEY = 0xC0DE;
    uint256 internal constant BOND = 1 ether;
    uint256 internal constant STAKE = 0.0003 ether;
    uint64 internal constant DEADLINE = NOW + 7 days;

    /// @dev List 1048574, index 70000: the largest trees are as deep as the smallest.
    uint64 internal constant SLOT = 137_438_761_328;
    bytes32 internal constant LEAF = keccak256("a credential");
    bytes32 internal constant OTHER_LEAF = keccak256("another credential");

    FraudCourt internal court;
    uint256 internal log;
    address internal key;

    function setUp() public virtual override {
        super.setUp();
        court = new FraudCourt(anchorLog);
        key = CHEATS.addr(KEY);
        log = openBoundLog();
        CHEATS.deal(OWNER, 100 ether);
        CHEATS.deal(REPORTER, 100 ether);
        accepted(OWNER, BOND, abi.encodeCall(IBonds.postBond, (log)));
        accepted(OWNER, abi.encodeCall(IBonds.registerKey, (log, key)));
    }

    function accepted(address sender, bytes memory data) internal {
        accepted(sender, 0, data);
    }

    function accepted(address sender, uint256 value, bytes memory data) internal {
        CHEATS.prank(sender);
        (bool isAccepted, bytes memory answer) = address(court).call{value: value}(data);
        if (!isAccepted) CHEATS.assertEq(answer, "", "the court refused");
        CHEATS.assertTrue(isAccepted, "the court refused without data");
    }

    /// @dev Insist that the court reverts with exactly these bytes.
    function refusedByCourt(address sender, bytes memory data, bytes memory why) internal {
        refusedByCourt(sender, 0, data, why);
    }

    function refusedByCourt(address sender, uint256 value, bytes memory data, bytes memory why) internal {
        CHEATS.prank(sender);
        (bool isAccepted, bytes memory answer) = address(court).call{value: value}(data);
        CHEATS.assertTrue(!isAccepted, "the court accepted");
        CHEATS.assertEq(answer, why, "the court refused for another reason");
    }

    function announces() internal {
        CHEATS.expectEmit(true, true, true, true, address(court));
    }

    function assertUnmarked(uint256 number) internal view {
        uint64[4] memory marks = court.marksOf(number);
        CHEATS.assertEq(marks[0] + marks[1] + marks[2] + marks[3], 0, "a mark");
    }

    function assertMarked(uint256 number, IBonds.Kind kind, uint64 epoch) internal view {
        CHEATS.assertEq(court.markedEpoch(number, kind), epoch, "the marked epoch");
        CHEATS.assertEq(court.marksOf(number)[uint256(kind)], epoch, "the same among all marks");
    }

    function asItShould(uint64 slot, uint64 epoch) internal pure returns (bytes memory why) {
        return abi.encodeWithSelector(IFraudCourt.StatusIsAsItShould.selector, slot, epoch);
    }

    function elsewhere(CourtEpochs.Epoch memory epoch, bytes32 folded) internal pure returns (bytes memory why) {
        return abi.encodeWithSelector(IFraudCourt.ProofLeadsElsewhere.selector, CourtEpochs.rootOf(epoch), folded);
    }

    function entry(uint64 epoch, bytes32 leaf, bytes memory path)
        internal
        pure
        returns (IFraudCourt.EntryIn memory entryIn)
    {
        return IFraudCourt.EntryIn({epoch: epoch, leaf: leaf, path: path});
    }

    function inclusion(uint64 epoch) internal view returns (IFraudCourt.InclusionPromise memory promised) {
        return IFraudCourt.InclusionPromise({log: log, leaf: LEAF, slot: SLOT, epoch: epoch, deadline: DEADLINE});
    }

    function revocation(uint64 epoch) internal view returns (IFraudCourt.RevocationPromise memory promised) {
        return IFraudCourt.RevocationPromise({log: log, slot: SLOT, epoch: epoch, deadline: DEADLINE});
    }

    function signed(bytes32 digest) internal pure returns (IFraudCourt.Signature memory signature) {
        (signature.r, signature.vs) = CHEATS.signCompact(KEY, digest);
    }

    function challenging(IFraudCourt.InclusionPromise memory promised) internal view returns (bytes memory data) {
        return abi.encodeCall(IFraudCourt.challengeInclusion, (promised, signed(court.inclusionDigest(promised))));
    }

    function overdue(IFraudCourt.RevocationPromise memory promised) internal view returns (bytes memory data) {
        return abi.encodeCall(IFraudCourt.reportOverdueRevocation, (promised, signed(court.revocationDigest(promised))));
    }

    function broken(IFraudCourt.RevocationPromise memory promised, uint64 epoch, bytes memory proof)
        internal
        view
        returns (bytes memory data)
    {
        return abi.encodeCall(
            IFraudCourt.reportBrokenRevocation,
            (promised, signed(court.revocationDigest(promised)), IFraudCourt.StatusIn({epoch: epoch, proof: proof}))
        );
    }

    function unrevocation(uint64 slot, uint64 revokedEpoch, bytes memory revoked, uint64 epoch, bytes memory unrevoked)
        internal
        view
        returns (bytes memory data)
    {
        return abi.encodeCall(
            IFraudCourt.reportUnrevocation,
            (
                log,
                slot,
                IFraudCourt.StatusIn({epoch: revokedEpoch, proof: revoked}),
                IFraudCourt.StatusIn({epoch: epoch, proof: unrevoked})
            )
        );
    }

    function reuse(uint64 slot, IFraudCourt.EntryIn memory first, IFraudCourt.EntryIn memory second)
        internal
        view
        returns (bytes memory data)
    {
        return abi.encodeCall(IFraudCourt.reportSlotReuse, (log, slot, first, second));
    }

    function answering(uint64 epoch, bytes32 leaf, bytes memory path) internal view returns (bytes memory data) {
        return abi.encodeCall(
            IFraudCourt.answerChallenge, (log, SLOT, IFraudCourt.EntryIn({epoch: epoch, leaf: leaf, path: path}))
        );
    }

    function claiming(bytes32 leaf) internal view returns (bytes memory data) {
        return abi.encodeCall(IFraudCourt.claimTimeout, (log, leaf, SLOT));
    }

    function empty() internal pure returns (CourtEpochs.Epoch memory epoch) {}

    /// @dev An epoch in which one slot is revoked.
    function revoking(uint64 slot) internal pure returns (CourtEpochs.Epoch memory epoch) {
        epoch.revoked = new uint64[](1);
        epoch.revoked[0] = slot;
    }

    /// @dev An epoch with these credentials, in this order.
    function holding(bytes32 first, uint64 slot, bytes32 second, uint64 otherSlot)
        internal
        pure
        returns (CourtEpochs.Epoch memory epoch)
    {
        epoch.entries = new CourtEpochs.Entry[](2);
        epoch.entries[0] = CourtEpochs.Entry({leaf: first, slot: slot});
        epoch.entries[1] = CourtEpochs.Entry({leaf: second, slot: otherSlot});
    }

    function anchor(CourtEpochs.Epoch memory epoch) internal returns (uint64 number) {
        return anchor(CourtEpochs.rootOf(epoch));
    }

    function anchor(bytes32 root) internal returns (uint64 number) {
        anchored(ANCHORER, root);
        return anchorLog.latestEpoch(log);
    }
}
