// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {EpochProofs} from "../src/EpochProofs.sol";

/// @title The library of proofs behind calls: one proof each, or many, with what becomes of every one
contract ProofReader {
    struct PathCase {
        bytes32 leaf;
        uint64 slot;
        bytes path;
    }

    struct StatusCase {
        uint64 slot;
        EpochProofs.Purpose purpose;
        bytes proof;
    }

    /// @dev A root and, of a status proof, the bit; or what the proof was refused with.
    struct Outcome {
        bytes32 root;
        bool isSet;
        bytes refusal;
    }

    function foldPath(bytes32 leaf, uint64 slot, bytes calldata path) external view returns (bytes32 root) {
        return EpochProofs.foldPath(leaf, slot, path);
    }

    function foldStatus(uint64 slot, EpochProofs.Purpose purpose, bytes calldata proof)
        external
        view
        returns (bytes32 root, bool isSet)
    {
        return EpochProofs.foldStatus(slot, purpose, proof);
    }

    function foldPaths(PathCase[] calldata cases) external view returns (Outcome[] memory outcomes) {
        outcomes = new Outcome[](cases.length);
        for (uint256 index = 0; index < cases.length; ++index) {
            PathCase calldata one = cases[index];
            try this.foldPath(one.leaf, one.slot, one.path) returns (bytes32 root) {
                outcomes[index].root = root;
            } catch (bytes memory refusal) {
                outcomes[index].refusal = refusal;
            }
        }
    }

    function foldStatuses(StatusCase[] calldata cases) external view returns (Outcome[] memory outcomes) {
        outcomes = new Outcome[](cases.length);
        for (uint256 index = 0; index < cases.length; ++index) {
            StatusCase calldata one = cases[index];
            try this.foldStatus(one.slot, one.purpose, one.proof) returns (bytes32 root, bool isSet) {
                outcomes[index].root = root;
                outcomes[index].isSet = isSet;
            } catch (bytes memory refusal) {
                outcomes[index].refusal = refusal;
            }
        }
    }
}
