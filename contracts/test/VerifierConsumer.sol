// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title A contract that asks, and knows what the answer cost
contract Consumer {
    error NoAnswer();

    /// @dev The account that is asked is warm, as that of a transaction's recipient is.
    function costOf(address asked, bytes memory question) external view returns (uint256 used) {
        if (asked.code.length == 0) revert NoAnswer();
        bool answered;
        uint256 before = gasleft();
        // Without the answer: copying it is the consumer's cost.
        assembly ("memory-safe") {
            answered := staticcall(gas(), asked, add(question, 0x20), mload(question), 0, 0)
        }
        used = before - gasleft();
        if (!answered) revert NoAnswer();
    }
}
