// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {EpochProofs} from "./EpochProofs.sol";
import {IAnchorLog} from "./IAnchorLog.sol";

/// @title Credential verifier: what other contracts ask about a credential
/// @notice Whether a credential stands in an epoch of a log, and what its status is there or now. Views, without
/// state, without owner.
/// @dev A consumer fixes the number of the log itself, and must know the leaf from someone it trusts: nothing here says
/// who issued the credential, what it says, or who presents it. Proofs that do not hold revert wherever their absence
/// could be read as "not revoked". The bytes of paths and status proofs are described in EpochProofs.
interface ICredentialVerifier {
    /// @notice Nothing can be proved by an epoch that was not anchored.
    /// @param log The number of the log.
    /// @param epoch The epoch that has no root.
    error EpochIsNotAnchored(uint256 log, uint64 epoch);

    /// @notice A proof leads to the root that was anchored, or proves nothing.
    /// @param anchored The root of the epoch.
    /// @param folded The root the proof leads to.
    error ProofLeadsElsewhere(bytes32 anchored, bytes32 folded);

    /// @notice The contract in which the logs are.
    /// @return anchorLog The contract.
    function ANCHOR_LOG() external view returns (IAnchorLog anchorLog); // solhint-disable-line func-name-mixedcase

    /// @notice Tell whether a credential stands in an epoch.
    /// @dev False for a path that leads elsewhere. A path of another form, and an epoch that is not there, revert.
    /// @param log The number of the log.
    /// @param epoch The epoch.
    /// @param leaf The leaf of the credential.
    /// @param slot Its slot.
    /// @param path Its path, without the slot word.
    /// @return isIncluded The path leads to the root of the epoch.
    function included(uint256 log, uint64 epoch, bytes32 leaf, uint64 slot, bytes calldata path)
        external
        view
        returns (bool isIncluded);

    /// @notice The status of a slot in an epoch.
    /// @dev Zero of a slot that was not filled by then says nothing of a credential that came later.
    /// @param log The number of the log.
    /// @param epoch The epoch.
    /// @param slot The slot.
    /// @param purpose Which status.
    /// @param proof The proof of the slot's chunk in that epoch.
    /// @return isSet The slot is revoked, or suspended, in that epoch.
    function status(uint256 log, uint64 epoch, uint64 slot, EpochProofs.Purpose purpose, bytes calldata proof)
        external
        view
        returns (bool isSet);

    /// @notice The status of a slot in the newest epoch of a log.
    /// @param log The number of the log.
    /// @param slot The slot.
    /// @param purpose Which status.
    /// @param proof The proof of the slot's chunk in the newest epoch.
    /// @return isSet The slot is revoked, or suspended, as of that epoch.
    /// @return epoch The epoch.
    /// @return time The timestamp of the block it was anchored in, in seconds since 1970: how old the answer is.
    function latestStatus(uint256 log, uint64 slot, EpochProofs.Purpose purpose, bytes calldata proof)
        external
        view
        returns (bool isSet, uint64 epoch, uint64 time);

    /// @notice Ask in one call: does this credential stand in an epoch, and is it revoked now?
    /// @dev Reverts unless both proofs hold. How old the newest epoch may be is the consumer's to decide.
    /// @param log The number of the log.
    /// @param epoch The epoch of the credential.
    /// @param leaf The leaf of the credential.
    /// @param slot Its slot.
    /// @param path Its path in that epoch, without the slot word.
    /// @param revocation The proof of the slot's revocation chunk in the newest epoch.
    /// @return isRevoked The slot is revoked as of the newest epoch.
    /// @return latestEpoch The newest epoch.
    /// @return time The timestamp of the block it was anchored in, in seconds since 1970.
    function standing(
        uint256 log,
        uint64 epoch,
        bytes32 leaf,
        uint64 slot,
        bytes calldata path,
        bytes calldata revocation
    ) external view returns (bool isRevoked, uint64 latestEpoch, uint64 time);
}
