// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IAnchorLog} from "../src/IAnchorLog.sol";
import {Fixture} from "./Fixture.sol";

/// @title Handing a log over to another owner
contract OwnershipTest is Fixture {
    bytes32 private constant ROOT = 0x6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b;

    function test_TheOwnerStaysUntilTheNominatedOneAccepts() public {
        uint256 log = openBoundLog();

        CHEATS.expectEmit(true, true, true, true, address(anchorLog));
        emit IAnchorLog.OwnerNominated(log, SUCCESSOR);
        CHEATS.prank(OWNER);
        anchorLog.nominateOwner(log, SUCCESSOR);

        CHEATS.assertEq(anchorLog.ownerOf(log), OWNER, "owner");
        CHEATS.assertEq(anchorLog.nominatedOwnerOf(log), SUCCESSOR, "nominated owner");
    }

    function test_TheNominatedOwnerTakesOver() public {
        uint256 log = openBoundLog();
        anchored(ANCHORER, ROOT);
        CHEATS.prank(OWNER);
        anchorLog.nominateOwner(log, SUCCESSOR);

        CHEATS.expectEmit(true, true, true, true, address(anchorLog));
        emit IAnchorLog.OwnerChanged(log, SUCCESSOR, OWNER);
        CHEATS.prank(SUCCESSOR);
        anchorLog.acceptOwner(log);

        CHEATS.assertEq(anchorLog.ownerOf(log), SUCCESSOR, "owner");
        CHEATS.assertEq(anchorLog.nominatedOwnerOf(log), address(0), "nominated owner");
        CHEATS.assertEq(anchorLog.anchorerOf(log), ANCHORER, "anchorer");
        assertLatest(log, 1, NOW, ROOT);
        refused(
            OWNER,
            0,
            abi.encodeCall(IAnchorLog.setAnchorer, (log, OWNER)),
            abi.encodeWithSelector(IAnchorLog.AccountIsNotOwner.selector, log, OWNER)
        );
    }

    function testFuzz_OnlyTheOwnerNamesOwners(address account) public {
        assumeOutsider(account);
        uint256 log = openBoundLog();

        refused(
            account,
            0,
            abi.encodeCall(IAnchorLog.nominateOwner, (log, account)),
            abi.encodeWithSelector(IAnchorLog.AccountIsNotOwner.selector, log, account)
        );
    }

    function testFuzz_OnlyTheNominatedOwnerTakesOver(address account) public {
        assumeOutsider(account);
        uint256 log = openBoundLog();
        CHEATS.prank(OWNER);
        anchorLog.nominateOwner(log, SUCCESSOR);

        refused(
            account,
            0,
            abi.encodeCall(IAnchorLog.acceptOwner, (log)),
            abi.encodeWithSelector(IAnchorLog.AccountIsNotNominated.selector, log, account)
        );
    }

    function testFuzz_NobodyTakesOverALogThatWasNeverOpened(uint256 log) public {
        refused(
            STRANGER,
            0,
            abi.encodeCall(IAnchorLog.acceptOwner, (log)),
            abi.encodeWithSelector(IAnchorLog.AccountIsNotNominated.selector, log, STRANGER)
        );
        refused(
            STRANGER,
            0,
            abi.encodeCall(IAnchorLog.nominateOwner, (log, STRANGER)),
            abi.encodeWithSelector(IAnchorLog.AccountIsNotOwner.selector, log, STRANGER)
        );
    }

    function test_ANominationCanBeWithdrawn() public {
        uint256 log = openBoundLog();
        CHEATS.prank(OWNER);
        anchorLog.nominateOwner(log, SUCCESSOR);
        CHEATS.prank(OWNER);
        anchorLog.nominateOwner(log, address(0));

        refused(
            SUCCESSOR,
            0,
            abi.encodeCall(IAnchorLog.acceptOwner, (log)),
            abi.encodeWithSelector(IAnchorLog.AccountIsNotNominated.selector, log, SUCCESSOR)
        );
    }

    function test_AnAnchorerNamedByTheOldOwnerCannotAcceptUnderTheNewOne() public {
        uint256 log = openBoundLog();
        CHEATS.prank(OWNER);
        anchorLog.nominateOwner(log, SUCCESSOR);
        CHEATS.prank(OWNER);
        anchorLog.setAnchorer(log, STRANGER);
        CHEATS.prank(SUCCESSOR);
        anchorLog.acceptOwner(log);

        refused(
            STRANGER,
            0,
            abi.encodeCall(IAnchorLog.acceptAnchorer, (log)),
            abi.encodeWithSelector(IAnchorLog.AccountIsNotNominated.selector, log, STRANGER)
        );
    }
}
