// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IBonds} from "../src/IBonds.sol";

/// @title A recipient that collects again while it is being paid
contract Reenterer {
    IBonds private immutable _COURT;
    uint256 public refusals;

    constructor(IBonds court) {
        _COURT = court;
    }

    receive() external payable {
        try _COURT.collect() {}
        catch {
            ++refusals;
        }
    }

    function collect() external {
        _COURT.collect();
    }
}

/// @title A recipient that takes no ether
contract Refuser {}
