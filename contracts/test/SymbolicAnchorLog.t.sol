// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {AnchorLog} from "../src/AnchorLog.sol";
import {Cheats} from "./Cheats.sol";
import {SymbolicCheats} from "./SymbolicCheats.sol";

/// @title No call overwrites a root, whatever it says and whoever sends it, shown by halmos
contract SymbolicAnchorLogTest {
    Cheats private constant CHEATS = Cheats(address(uint160(uint256(keccak256("hevm cheat code")))));
    SymbolicCheats private constant SYMBOLIC = SymbolicCheats(address(uint160(uint256(keccak256("svm cheat code")))));

    AnchorLog private _anchorLog;

    function setUp() public {
        _anchorLog = new AnchorLog();
        SYMBOLIC.enableSymbolicStorage(address(_anchorLog));
    }

    function check_ARootSurvivesAnyRoot(address sender, uint256 log, uint64 epoch) external {
        assertSurvives(sender, log, epoch, SYMBOLIC.createBytes(32, "root"));
    }

    function check_ARootSurvivesAnyCallOfOneArgument(address sender, uint256 log, uint64 epoch) external {
        assertSurvives(sender, log, epoch, SYMBOLIC.createBytes(36, "calldata"));
    }

    function check_ARootSurvivesAnyCallOfTwoArguments(address sender, uint256 log, uint64 epoch) external {
        assertSurvives(sender, log, epoch, SYMBOLIC.createBytes(68, "calldata"));
    }

    /// @dev From any state in which the epoch after the sender's last one is still free. Every state is one, as the
    /// invariant tests find (Invariants.t.sol: the epoch to come has no root).
    function assertSurvives(address sender, uint256 log, uint64 epoch, bytes memory data) private {
        uint256 seat = uint256(CHEATS.load(address(_anchorLog), keccak256(abi.encode(sender, uint256(0)))));
        uint64 next = uint64(seat >> 128) + 1;
        CHEATS.assume(_anchorLog.rootAt(uint128(seat), next) == 0);
        bytes32 root = _anchorLog.rootAt(log, epoch);
        CHEATS.assume(root != 0);

        CHEATS.prank(sender);
        (bool accepted,) = address(_anchorLog).call(data);

        assert(_anchorLog.rootAt(log, epoch) == root);
        // A root is anchored by one of these calls, so that there was something to survive.
        if (data.length == 32 && accepted) assert(_anchorLog.rootAt(uint128(seat), next) == bytes32(data));
    }
}
