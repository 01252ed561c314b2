// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IAnchorLog} from "../src/IAnchorLog.sol";
import {Cheats} from "./Cheats.sol";
import {Crowd} from "./Crowd.sol";

/// @title What holds whatever the crowd does
contract InvariantsTest {
    Cheats private constant CHEATS = Cheats(address(uint160(uint256(keccak256("hevm cheat code")))));

    Crowd private _crowd;
    IAnchorLog private _anchorLog;

    function setUp() public {
        _crowd = new Crowd();
        _anchorLog = _crowd.ANCHOR_LOG();
    }

    /// @dev Read by forge: the only contract it calls.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_crowd);
    }

    function invariant_NothingAnchoredIsEverLostChangedOrAddedByOthers() external view {
        for (uint256 log = 1; log <= _crowd.logCount(); ++log) {
            bytes32[] memory roots = _crowd.anchoredIn(log);
            CHEATS.assertEq(_anchorLog.latestEpoch(log), roots.length, "epochs of a log");
            for (uint256 index = 0; index < roots.length; ++index) {
                CHEATS.assertEq(_anchorLog.rootAt(log, uint64(index + 1)), roots[index], "a root");
            }
            CHEATS.assertEq(_anchorLog.rootAt(log, uint64(roots.length + 1)), bytes32(0), "the epoch to come");
        }
    }

    function invariant_AccountsAndLogsPointAtEachOther() external view {
        for (uint256 index = 0; index < _crowd.memberCount(); ++index) {
            address account = _crowd.member(index);
            uint256 log = _anchorLog.logOf(account);
            if (log != 0) CHEATS.assertEq(_anchorLog.anchorerOf(log), account, "the anchorer of an account's log");
        }
        for (uint256 log = 1; log <= _crowd.logCount(); ++log) {
            address account = _anchorLog.anchorerOf(log);
            if (account != address(0)) CHEATS.assertEq(_anchorLog.logOf(account), log, "the log of an anchorer");
            CHEATS.assertTrue(_anchorLog.ownerOf(log) != address(0), "a log without an owner");
        }
    }
}
