// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {AnchorLog} from "../src/AnchorLog.sol";
import {IAnchorLog} from "../src/IAnchorLog.sol";
import {Cheats} from "./Cheats.sol";

/// @title A fresh contract, some accounts, and the calls the tests make most
abstract contract Fixture {
    Cheats internal constant CHEATS = Cheats(address(uint160(uint256(keccak256("hevm cheat code")))));

    address internal constant OWNER = address(0xA11CE);
    address internal constant ANCHORER = address(0xB0B);
    address internal constant SUCCESSOR = address(0xCAFE);
    address internal constant STRANGER = address(0xBAD);

    uint64 internal constant NOW = 1_800_000_000;

    IAnchorLog internal anchorLog;

    function setUp() public virtual {
        anchorLog = new AnchorLog();
        CHEATS.warp(NOW);
    }

    /// @dev A log owned by OWNER with ANCHORER bound to it.
    function openBoundLog() internal returns (uint256 log) {
        CHEATS.prank(OWNER);
        log = anchorLog.openLog(ANCHORER);
        CHEATS.prank(ANCHORER);
        anchorLog.acceptAnchorer(log);
    }

    /// @dev A log owned by an account that is bound to it too.
    function openOwnLog(address account) internal returns (uint256 log) {
        CHEATS.prank(account);
        return anchorLog.openLog(account);
    }

    /// @dev Hand a log over to another anchoring account.
    function rotate(uint256 log, address account) internal {
        CHEATS.prank(OWNER);
        anchorLog.setAnchorer(log, account);
        CHEATS.prank(account);
        anchorLog.acceptAnchorer(log);
    }

    /// @dev Send a transaction whose whole calldata is the root.
    function send(address sender, bytes32 root) internal returns (bool accepted, bytes memory answer) {
        return sendBytes(sender, 0, abi.encodePacked(root));
    }

    function sendBytes(address sender, uint256 value, bytes memory data)
        internal
        returns (bool accepted, bytes memory answer)
    {
        CHEATS.prank(sender);
        return address(anchorLog).call{value: value}(data);
    }

    /// @dev Anchor through the fallback and insist that it worked.
    function anchored(address sender, bytes32 root) internal {
        (bool accepted, bytes memory answer) = send(sender, root);
        CHEATS.assertTrue(accepted, "the root was refused");
        CHEATS.assertEq(answer.length, 0, "an anchor answers nothing");
    }

    /// @dev Insist that a call reverts with exactly these bytes.
    function refused(address sender, uint256 value, bytes memory data, bytes memory why) internal {
        (bool accepted, bytes memory answer) = sendBytes(sender, value, data);
        CHEATS.assertTrue(!accepted, "the call was accepted");
        CHEATS.assertEq(answer, why, "the call was refused for another reason");
    }

    /// @dev A root the fallback takes: not zero, and not beginning with a selector of the contract.
    function assumeOrdinary(bytes32 root) internal pure {
        CHEATS.assume(root != bytes32(0));
        bytes4[] memory all = selectors();
        for (uint256 index = 0; index < all.length; ++index) {
            CHEATS.assume(bytes4(root) != all[index]);
        }
    }

    /// @dev An account that is nobody special: not zero, not the contract, not forge's own addresses.
    function assumeOutsider(address account) internal view {
        CHEATS.assume(uint160(account) > type(uint16).max);
        CHEATS.assume(account != address(CHEATS) && account != address(anchorLog) && account != address(this));
        CHEATS.assume(account != OWNER && account != ANCHORER && account != SUCCESSOR);
    }

    /// @dev Every selector of the contract; the python tests compare the list with the ABI.
    function selectors() internal pure returns (bytes4[] memory all) {
        all = new bytes4[](14);
        all[0] = IAnchorLog.anchor.selector;
        all[1] = IAnchorLog.openLog.selector;
        all[2] = IAnchorLog.setAnchorer.selector;
        all[3] = IAnchorLog.acceptAnchorer.selector;
        all[4] = IAnchorLog.nominateOwner.selector;
        all[5] = IAnchorLog.acceptOwner.selector;
        all[6] = IAnchorLog.rootAt.selector;
        all[7] = IAnchorLog.latestEpoch.selector;
        all[8] = IAnchorLog.latest.selector;
        all[9] = IAnchorLog.logOf.selector;
        all[10] = IAnchorLog.ownerOf.selector;
        all[11] = IAnchorLog.anchorerOf.selector;
        all[12] = IAnchorLog.nominatedAnchorerOf.selector;
        all[13] = IAnchorLog.nominatedOwnerOf.selector;
    }

    function assertLatest(uint256 log, uint64 epoch, uint64 time, bytes32 root) internal view {
        (uint64 actualEpoch, uint64 actualTime, bytes32 actualRoot) = anchorLog.latest(log);
        CHEATS.assertEq(actualEpoch, epoch, "latest epoch");
        CHEATS.assertEq(actualTime, time, "time of the latest epoch");
        CHEATS.assertEq(actualRoot, root, "latest root");
        CHEATS.assertEq(anchorLog.latestEpoch(log), epoch, "latestEpoch");
    }
}
