// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {AnchorLog} from "../src/AnchorLog.sol";
import {IAnchorLog} from "../src/IAnchorLog.sol";
import {Cheats} from "./Cheats.sol";

/// @title A crowd of accounts that open, anchor, rotate and hand over at random, and a record of what was anchored
contract Crowd {
    Cheats private constant CHEATS = Cheats(address(uint160(uint256(keccak256("hevm cheat code")))));
    uint256 private constant SIZE = 5;

    IAnchorLog public immutable ANCHOR_LOG;
    uint256 public logCount;
    uint256 public bindings;
    mapping(uint256 log => bytes32[] roots) private _anchored;

    constructor() {
        ANCHOR_LOG = new AnchorLog();
    }

    function openLog(uint256 who, uint256 whom) external {
        if (attempt(member(who), abi.encodeCall(IAnchorLog.openLog, (member(whom))))) ++logCount;
    }

    function anchor(uint256 who, bytes32 root) external {
        uint256 log = ANCHOR_LOG.logOf(member(who));
        if (attempt(member(who), abi.encodePacked(root))) _anchored[log].push(root);
    }

    function setAnchorer(uint256 who, uint256 log, uint256 whom) external {
        address sender = mostly(who, ANCHOR_LOG.ownerOf(number(log)));
        attempt(sender, abi.encodeCall(IAnchorLog.setAnchorer, (number(log), member(whom))));
    }

    function acceptAnchorer(uint256 who, uint256 log) external {
        address sender = mostly(who, ANCHOR_LOG.nominatedAnchorerOf(number(log)));
        if (attempt(sender, abi.encodeCall(IAnchorLog.acceptAnchorer, (number(log))))) ++bindings;
    }

    function nominateOwner(uint256 who, uint256 log, uint256 whom) external {
        address sender = mostly(who, ANCHOR_LOG.ownerOf(number(log)));
        attempt(sender, abi.encodeCall(IAnchorLog.nominateOwner, (number(log), member(whom))));
    }

    function acceptOwner(uint256 who, uint256 log) external {
        address sender = mostly(who, ANCHOR_LOG.nominatedOwnerOf(number(log)));
        attempt(sender, abi.encodeCall(IAnchorLog.acceptOwner, (number(log))));
    }

    function anchoredIn(uint256 log) external view returns (bytes32[] memory) {
        return _anchored[log];
    }

    function memberCount() external pure returns (uint256) {
        return SIZE;
    }

    function member(uint256 who) public pure returns (address) {
        return address(uint160(0xC0FFEE00 + (who % SIZE)));
    }

    function attempt(address sender, bytes memory data) private returns (bool accepted) {
        CHEATS.prank(sender);
        (accepted,) = address(ANCHOR_LOG).call(data);
    }

    /// @dev The account that is allowed to, three times of four, so that much happens; else anybody.
    function mostly(uint256 who, address entitled) private pure returns (address) {
        return who % 4 == 0 || entitled == address(0) ? member(who / 4) : entitled;
    }

    function number(uint256 log) private view returns (uint256) {
        return 1 + (log % (logCount + 1));
    }
}
