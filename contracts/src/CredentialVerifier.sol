// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {EpochProofs} from "./EpochProofs.sol";
import {IAnchorLog} from "./IAnchorLog.sol";
import {ICredentialVerifier} from "./ICredentialVerifier.sol";

/// @title The credential verifier
/// @notice Implements ICredentialVerifier.
contract CredentialVerifier is ICredentialVerifier {
    /// @inheritdoc ICredentialVerifier
    IAnchorLog public immutable ANCHOR_LOG;

    /// @notice Read the logs of one contract.
    /// @param anchorLog The contract.
    constructor(IAnchorLog anchorLog) {
        ANCHOR_LOG = anchorLog;
    }

    /// @inheritdoc ICredentialVerifier
    function included(uint256 log, uint64 epoch, bytes32 leaf, uint64 slot, bytes calldata path)
        external
        view
        returns (bool isIncluded)
    {
        return EpochProofs.foldPath(leaf, slot, path) == _rootAt(log, epoch);
    }

    /// @inheritdoc ICredentialVerifier
    function status(uint256 log, uint64 epoch, uint64 slot, EpochProofs.Purpose purpose, bytes calldata proof)
        external
        view
        returns (bool isSet)
    {
        return _status(_rootAt(log, epoch), slot, purpose, proof);
    }

    /// @inheritdoc ICredentialVerifier
    function latestStatus(uint256 log, uint64 slot, EpochProofs.Purpose purpose, bytes calldata proof)
        external
        view
        returns (bool isSet, uint64 epoch, uint64 time)
    {
        bytes32 root;
        (epoch, time, root) = ANCHOR_LOG.latest(log);
        if (root == bytes32(0)) revert EpochIsNotAnchored(log, epoch);
        isSet = _status(root, slot, purpose, proof);
    }

    /// @inheritdoc ICredentialVerifier
    function standing(
        uint256 log,
        uint64 epoch,
        bytes32 leaf,
        uint64 slot,
        bytes calldata path,
        bytes calldata revocation
    ) external view returns (bool isRevoked, uint64 latestEpoch, uint64 time) {
        _requireSame(_rootAt(log, epoch), EpochProofs.foldPath(leaf, slot, path));
        bytes32 root;
        (latestEpoch, time, root) = ANCHOR_LOG.latest(log);
        isRevoked = _status(root, slot, EpochProofs.Purpose.REVOCATION, revocation);
    }

    /// @notice Read the root of an epoch that is there.
    /// @param log The number of the log.
    /// @param epoch The epoch.
    /// @return root Its root.
    function _rootAt(uint256 log, uint64 epoch) internal view returns (bytes32 root) {
        root = ANCHOR_LOG.rootAt(log, epoch);
        if (root == bytes32(0)) revert EpochIsNotAnchored(log, epoch);
    }

    /// @notice Read a slot's bit from a proof that leads to a root.
    /// @param root The root that was anchored.
    /// @param slot The slot.
    /// @param purpose Which status.
    /// @param proof The proof.
    /// @return isSet The bit.
    function _status(bytes32 root, uint64 slot, EpochProofs.Purpose purpose, bytes calldata proof)
        internal
        view
        returns (bool isSet)
    {
        bytes32 folded;
        (folded, isSet) = EpochProofs.foldStatus(slot, purpose, proof);
        _requireSame(root, folded);
    }

    /// @notice Refuse a proof that leads elsewhere.
    /// @param anchored The root that was anchored.
    /// @param folded The root the proof leads to.
    function _requireSame(bytes32 anchored, bytes32 folded) internal pure {
        if (anchored != folded) revert ProofLeadsElsewhere(anchored, folded);
    }
}
