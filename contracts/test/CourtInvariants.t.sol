// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {FraudCourt} from "../src/FraudCourt.sol";
import {IAnchorLog} from "../src/IAnchorLog.sol";
import {Cheats} from "./Cheats.sol";
import {CourtCrowd} from "./CourtCrowd.sol";
import {CourtRegistries} from "./CourtRegistries.sol";

/// @title What holds of the court whatever the crowd does
contract CourtInvariantsTest {
    Cheats private constant CHEATS = Cheats(address(uint160(uint256(keccak256("hevm cheat code")))));

    CourtCrowd private _crowd;
    FraudCourt private _court;
    IAnchorLog private _anchorLog;

    function setUp() public {
        CHEATS.warp(1_800_000_000);
        _crowd = new CourtCrowd();
        _court = _crowd.COURT();
        _anchorLog = _crowd.ANCHOR_LOG();
    }

    /// @dev Read by forge: the only contract it calls.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_crowd);
    }

    /// @dev One campaign, so that all of it holds after each of its calls: 102,400 of them in the long profile.
    /// forge-config: ci.invariant.runs = 800
    /// forge-config: ci.invariant.depth = 128
    function invariant_MoneyMarksCountersAndHistoryHold() external view {
        everyWeiIsAccountedFor();
        aMarkStaysAndItsEpochNeverRises();
        anHonestRegistryIsNeverMarked();
        countersAreExact();
        theHistoryOfTheLogsNeverChanges();
    }

    /// @dev Else the invariants would say little: a random crowd proves all four kinds, and money moves.
    function test_TheCrowdConvictsTheCrookedRegistryOfEverything() external {
        bytes4[12] memory actions = [
            CourtRegistries.crook.selector,
            CourtRegistries.swear.selector,
            CourtRegistries.post.selector,
            CourtRegistries.pass.selector,
            CourtRegistries.issue.selector,
            CourtCrowd.accuseOfUnrevocation.selector,
            CourtCrowd.accuseOfReuse.selector,
            CourtCrowd.accuseOfABrokenRevocation.selector,
            CourtCrowd.accuseOfAnOverdueRevocation.selector,
            CourtCrowd.challenge.selector,
            CourtCrowd.claim.selector,
            CourtCrowd.collect.selector
        ];
        uint256 seed = 1;
        for (uint256 step = 0; step < 600; ++step) {
            seed = uint256(keccak256(abi.encode(seed)));
            bytes memory arguments = abi.encode(seed, uint256(keccak256(abi.encode(seed, 1))), seed >> 128);
            (bool isDone,) = address(_crowd).call(bytes.concat(actions[seed % 12], arguments));
            CHEATS.assertTrue(isDone, "an action reverted");
        }

        for (uint256 kind = 0; kind < 4; ++kind) {
            CHEATS.assertTrue(_crowd.convictions(kind) != 0, "a kind that was never proved");
        }
        CHEATS.assertTrue(_crowd.burned() != 0 && _crowd.collected() != 0, "no money moved");
        CHEATS.assertTrue(_crowd.questionCount() != 0, "nothing was asked");
        CHEATS.assertTrue(_crowd.replacements() != 0, "no challenge was replaced");
        everyWeiIsAccountedFor();
        anHonestRegistryIsNeverMarked();
    }

    function everyWeiIsAccountedFor() private view {
        uint256 held = _court.stakeOf(_crowd.HONEST()).bond + _court.stakeOf(_crowd.CROOKED()).bond;
        for (uint256 index = 0; index < _crowd.questionCount(); ++index) {
            CourtRegistries.Question memory question = _crowd.questionAt(index);
            held += _court.challengeOf(question.log, question.leaf, question.slot).stake;
        }
        held += _crowd.dueToAll() + _crowd.burned();

        CHEATS.assertEq(address(_court).balance, held, "what is here");
        CHEATS.assertEq(_crowd.deposits(), held + _crowd.collected(), "what came in");
    }

    function aMarkStaysAndItsEpochNeverRises() private view {
        CHEATS.assertTrue(!_crowd.wasUnmarked(), "a mark was taken back");
    }

    function anHonestRegistryIsNeverMarked() private view {
        uint64[4] memory marks = _court.marksOf(_crowd.HONEST());
        for (uint256 kind = 0; kind < 4; ++kind) {
            CHEATS.assertEq(marks[kind], 0, "a mark of an honest log");
        }
    }

    function countersAreExact() private view {
        for (uint256 log = _crowd.HONEST(); log <= _crowd.CROOKED(); ++log) {
            uint256 open;
            for (uint256 index = 0; index < _crowd.questionCount(); ++index) {
                CourtRegistries.Question memory question = _crowd.questionAt(index);
                if (question.log == log && _crowd.isOpen(question)) ++open;
            }
            uint256 live;
            address[] memory keys = _crowd.keysOf(log);
            for (uint256 index = 0; index < keys.length; ++index) {
                if (_court.reportableUntil(log, keys[index]) == type(uint64).max) ++live;
            }
            CHEATS.assertEq(_court.stakeOf(log).openChallenges, open, "open challenges");
            CHEATS.assertEq(_court.stakeOf(log).liveKeys, live, "live keys");
        }
    }

    function theHistoryOfTheLogsNeverChanges() private view {
        for (uint256 log = _crowd.HONEST(); log <= _crowd.CROOKED(); ++log) {
            bytes32[] memory roots = _crowd.rootsOf(log);
            CHEATS.assertEq(_anchorLog.latestEpoch(log), roots.length, "epochs of a log");
            for (uint256 index = 0; index < roots.length; ++index) {
                CHEATS.assertEq(_anchorLog.rootAt(log, uint64(index + 1)), roots[index], "a root");
            }
        }
    }
}
