// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title The cheatcodes of halmos that the symbolic tests use
interface SymbolicCheats {
    function createBytes(uint256 size, string calldata name) external pure returns (bytes memory data);
    function enableSymbolicStorage(address account) external;
}
