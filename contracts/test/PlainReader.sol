// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {EpochProofs} from "../src/EpochProofs.sol";
import {PlainProofs} from "./PlainProofs.sol";

/// @title The plain version behind the calls of ProofReader
contract PlainReader {
    function foldPath(bytes32 leaf, uint64 slot, bytes calldata path) external pure returns (bytes32 root) {
        return PlainProofs.foldPath(leaf, slot, path);
    }

    function foldStatus(uint64 slot, EpochProofs.Purpose purpose, bytes calldata proof)
        external
        pure
        returns (bytes32 root, bool isSet)
    {
        return PlainProofs.foldStatus(slot, purpose, proof);
    }
}
