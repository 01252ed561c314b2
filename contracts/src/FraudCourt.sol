// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Bonds} from "./Bonds.sol";
import {EpochProofs} from "./EpochProofs.sol";
import {IAnchorLog} from "./IAnchorLog.sol";
import {IFraudCourt} from "./IFraudCourt.sol";
import {PromiseSignatures} from "./PromiseSignatures.sol";

/// @title The fraud court
/// @notice Implements IFraudCourt.
/// @dev The only contract called is the log, and only its views.
contract FraudCourt is IFraudCourt, Bonds {
    /// @dev A challenge in one word. `closesAt` is `_CLOSED` once it was answered or timed out, `epoch` zero once it
    /// was answered; `units` is the stake.
    struct Record {
        address challenger;
        uint32 epoch;
        uint40 closesAt;
        uint24 units;
    }

    /// @inheritdoc IFraudCourt
    uint256 public constant CHALLENGE_WINDOW = 7 days;

    /// @dev What an answer takes, at most: the test of gas holds it.
    uint256 private constant _ANSWER_GAS = 90_000;

    /// @dev How many answers a stake pays for.
    uint256 private constant _ANSWERS_PER_STAKE = 3;

    /// @dev A stake is a whole number of these, so that its record fits one word.
    uint256 private constant _STAKE_UNIT = 0.0001 ether;

    /// @dev Where gas is almost free a challenge still is not.
    uint256 private constant _LOWEST_STAKE = 0.0003 ether;

    /// @dev What a record holds. More is not asked for either, where the coin is of little worth and gas costs many.
    uint256 private constant _LARGEST_STAKE = type(uint24).max * _STAKE_UNIT;

    /// @dev What a reporter of a broken promise spends, at most: a challenge and its time-out.
    uint256 private constant _REPORT_GAS = 160_000;

    /// @dev What a reporter of a broken promise gets beside that. Little: a stolen promise key must not pay.
    uint256 private constant _BOUNTY = 0.002 ether;

    /// @dev Stands for the closing time of a challenge that is over.
    uint40 private constant _CLOSED = type(uint40).max;

    /// @dev Slot 4. By the hash of log, leaf and slot.
    mapping(bytes32 id => Record record) private _challenges;

    /// @notice Judge the logs of one contract.
    /// @param anchorLog The contract.
    constructor(IAnchorLog anchorLog) Bonds(anchorLog) {} // solhint-disable-line no-empty-blocks

    /// @inheritdoc IFraudCourt
    function reportUnrevocation(uint256 log, uint64 slot, StatusIn calldata revoked, StatusIn calldata unrevoked)
        external
    {
        if (unrevoked.epoch <= revoked.epoch) revert EpochIsNotLater(revoked.epoch, unrevoked.epoch);
        if (!_isRevoked(log, slot, revoked)) revert StatusIsAsItShould(slot, revoked.epoch);
        if (_isRevoked(log, slot, unrevoked)) revert StatusIsAsItShould(slot, unrevoked.epoch);
        _convict(log, Kind.UNREVOCATION, unrevoked.epoch, type(uint256).max);
    }

    /// @inheritdoc IFraudCourt
    function reportSlotReuse(uint256 log, uint64 slot, EntryIn calldata first, EntryIn calldata second) external {
        if (first.leaf == second.leaf) revert LeavesAreTheSame(first.leaf);
        _requireIncluded(log, slot, first);
        _requireIncluded(log, slot, second);
        // The one that came later is the fraud.
        uint64 epoch = first.epoch > second.epoch ? first.epoch : second.epoch;
        _convict(log, Kind.SLOT_REUSE, epoch, type(uint256).max);
    }

    /// @inheritdoc IFraudCourt
    function reportBrokenRevocation(
        RevocationPromise calldata promised,
        Signature calldata signature,
        StatusIn calldata unrevoked
    ) external {
        bytes32 digest = PromiseSignatures.digestOf(promised);
        _requireSigned(promised.log, promised.slot, promised.epoch, digest, signature);
        if (unrevoked.epoch < promised.epoch) revert EpochIsBeforeThePromise(unrevoked.epoch, promised.epoch);
        if (_isRevoked(promised.log, promised.slot, unrevoked)) {
            revert StatusIsAsItShould(promised.slot, unrevoked.epoch);
        }
        _convict(promised.log, Kind.BROKEN_REVOCATION_PROMISE, promised.epoch, _promiseReward());
    }

    /// @inheritdoc IFraudCourt
    function reportOverdueRevocation(RevocationPromise calldata promised, Signature calldata signature) external {
        bytes32 digest = PromiseSignatures.digestOf(promised);
        _requireSigned(promised.log, promised.slot, promised.epoch, digest, signature);
        if (_now() <= promised.deadline || ANCHOR_LOG.latestEpoch(promised.log) >= promised.epoch) {
            revert PromiseIsPending(promised.epoch, promised.deadline);
        }
        _convict(promised.log, Kind.BROKEN_REVOCATION_PROMISE, promised.epoch, _promiseReward());
    }

    /// @inheritdoc IFraudCourt
    function challengeInclusion(InclusionPromise calldata promised, Signature calldata signature) external payable {
        bytes32 digest = PromiseSignatures.digestOf(promised);
        _requireSigned(promised.log, promised.slot, promised.epoch, digest, signature);
        if (_now() <= promised.deadline && ANCHOR_LOG.latestEpoch(promised.log) < promised.epoch) {
            revert PromiseIsPending(promised.epoch, promised.deadline);
        }
        uint256 minimum = minimumStake();
        if (msg.value < minimum) revert StakeIsTooSmall(msg.value, minimum);
        uint256 rest = msg.value % _STAKE_UNIT;
        uint256 stake = msg.value - rest;
        if (stake > _LARGEST_STAKE) revert AmountIsOutOfRange(msg.value);
        bytes32 id = _id(promised.log, promised.leaf, promised.slot);
        Record memory before = _challenges[id];
        uint32 epoch = _markable(promised.epoch);
        // A registry that challenges itself by a promise of a far epoch must not shield an earlier one.
        if (before.closesAt != 0 && epoch >= before.epoch) {
            revert ChallengeWasMade(promised.log, promised.leaf, promised.slot);
        }
        uint40 closesAt = before.closesAt;
        if (closesAt == 0 || closesAt == _CLOSED) {
            // Seconds fit 40 bits for 34,000 years.
            // forge-lint: disable-next-line(unsafe-typecast)
            closesAt = uint40(_after(CHALLENGE_WINDOW));
            _openChallenge(promised.log);
        } else {
            // The answer asked for is the same, and so is the time for it.
            _release(before.challenger, before.units * _STAKE_UNIT, before.challenger, 0);
        }
        // The cast keeps the number: the stake was just compared.
        // forge-lint: disable-next-line(unsafe-typecast)
        uint24 units = uint24(stake / _STAKE_UNIT);
        _challenges[id] = Record({challenger: msg.sender, epoch: epoch, closesAt: closesAt, units: units});
        _hold(msg.sender, stake, rest);
        emit InclusionChallenged(promised.log, promised.leaf, promised.slot, promised.epoch, stake, closesAt);
    }

    /// @inheritdoc IFraudCourt
    function answerChallenge(uint256 log, uint64 slot, EntryIn calldata entry) external {
        (bytes32 id, Record memory record) = _requireOpen(log, entry.leaf, slot);
        _requireIncluded(log, slot, entry);
        // No epoch is earlier than zero: what stands in the log is never asked for again.
        _close(log, id, record, 0);
        _release(record.challenger, record.units * _STAKE_UNIT, msg.sender, 0);
        emit ChallengeAnswered(log, entry.leaf, slot, entry.epoch, msg.sender);
    }

    /// @inheritdoc IFraudCourt
    function claimTimeout(uint256 log, bytes32 leaf, uint64 slot) external {
        (bytes32 id, Record memory record) = _requireOpen(log, leaf, slot);
        if (_now() < record.closesAt) revert ChallengeIsPending(record.closesAt);
        _close(log, id, record, record.epoch);
        emit ChallengeTimedOut(log, leaf, slot);
        uint256 reward = 0;
        // The stake goes back even when the log is marked for this already.
        uint64 before = markedEpoch(log, Kind.BROKEN_INCLUSION_PROMISE);
        if (before == 0 || record.epoch < before) {
            reward = _mark(log, Kind.BROKEN_INCLUSION_PROMISE, record.epoch, record.challenger, _promiseReward());
        }
        _release(record.challenger, record.units * _STAKE_UNIT, record.challenger, reward);
    }

    /// @inheritdoc IFraudCourt
    function challengeOf(uint256 log, bytes32 leaf, uint64 slot) external view returns (Challenge memory challenge) {
        Record storage record = _challenges[_id(log, leaf, slot)];
        return Challenge({
            challenger: record.challenger,
            epoch: record.epoch,
            closesAt: record.closesAt,
            isClosed: record.closesAt == _CLOSED,
            stake: record.units * _STAKE_UNIT
        });
    }

    /// @inheritdoc IFraudCourt
    function inclusionDigest(InclusionPromise calldata promised) external view returns (bytes32 digest) {
        return PromiseSignatures.digestOf(promised);
    }

    /// @inheritdoc IFraudCourt
    function revocationDigest(RevocationPromise calldata promised) external view returns (bytes32 digest) {
        return PromiseSignatures.digestOf(promised);
    }

    /// @inheritdoc IFraudCourt
    function minimumStake() public view returns (uint256 amount) {
        amount = _ANSWERS_PER_STAKE * _ANSWER_GAS * block.basefee;
        if (amount < _LOWEST_STAKE) return _LOWEST_STAKE;
        if (amount > _LARGEST_STAKE) return _LARGEST_STAKE;
        uint256 rest = amount % _STAKE_UNIT;
        return rest == 0 ? amount : amount + _STAKE_UNIT - rest;
    }

    /// @notice Mark a log and pay the caller, who proved it.
    /// @param log The number of the log.
    /// @param kind What for.
    /// @param epoch From which epoch on.
    /// @param highest What the caller gets at most, in wei.
    function _convict(uint256 log, Kind kind, uint64 epoch, uint256 highest) private {
        uint256 reward = _mark(log, kind, epoch, msg.sender, highest);
        if (reward != 0) _pay(msg.sender, reward);
    }

    /// @notice End a challenge.
    /// @param log The number of the log.
    /// @param id Where the challenge is stored.
    /// @param record The challenge.
    /// @param epoch The epoch that a promise has to be earlier than, to be asked for again.
    function _close(uint256 log, bytes32 id, Record memory record, uint32 epoch) private {
        _challenges[id] = Record({challenger: record.challenger, epoch: epoch, closesAt: _CLOSED, units: 0});
        _closeChallenge(log);
    }

    /// @notice Refuse a promise that no key of the log signed whose promises can still be reported.
    /// @param log The number of the log.
    /// @param slot The slot of the promise.
    /// @param epoch The epoch of the promise.
    /// @param digest What is signed.
    /// @param signature The signature.
    function _requireSigned(uint256 log, uint64 slot, uint64 epoch, bytes32 digest, Signature calldata signature)
        private
        view
    {
        EpochProofs.requireSlot(slot);
        if (epoch == 0) revert EpochIsNotAnchored(log, epoch);
        address signer = PromiseSignatures.signerOf(digest, signature);
        // Nobody's signature leads to the zero address, which is never registered.
        if (_now() > reportableUntil(log, signer)) revert PromiseIsNotSigned(log, signer);
    }

    /// @notice Find a challenge that is open.
    /// @param log The number of the log.
    /// @param leaf The leaf.
    /// @param slot The slot.
    /// @return id Where it is stored.
    /// @return record The challenge.
    function _requireOpen(uint256 log, bytes32 leaf, uint64 slot)
        private
        view
        returns (bytes32 id, Record memory record)
    {
        id = _id(log, leaf, slot);
        record = _challenges[id];
        if (record.closesAt == 0 || record.closesAt == _CLOSED) revert ChallengeIsNotOpen(log, leaf, slot);
    }

    /// @notice Refuse an entry that does not stand in its epoch.
    /// @param log The number of the log.
    /// @param slot The slot of the credential.
    /// @param entry The entry.
    function _requireIncluded(uint256 log, uint64 slot, EntryIn calldata entry) private view {
        _requireRoot(log, entry.epoch, EpochProofs.foldPath(entry.leaf, slot, entry.path));
    }

    /// @notice Read a slot's revocation from a proof that holds.
    /// @param log The number of the log.
    /// @param slot The slot.
    /// @param status The proof and its epoch.
    /// @return isRevoked The slot is revoked in that epoch.
    function _isRevoked(uint256 log, uint64 slot, StatusIn calldata status) private view returns (bool isRevoked) {
        bytes32 folded;
        (folded, isRevoked) = EpochProofs.foldStatus(slot, EpochProofs.Purpose.REVOCATION, status.proof);
        _requireRoot(log, status.epoch, folded);
    }

    /// @notice Refuse a proof that does not lead to what was anchored.
    /// @param log The number of the log.
    /// @param epoch The epoch.
    /// @param folded The root the proof leads to.
    function _requireRoot(uint256 log, uint64 epoch, bytes32 folded) private view {
        bytes32 anchored = ANCHOR_LOG.rootAt(log, epoch);
        if (anchored == bytes32(0)) revert EpochIsNotAnchored(log, epoch);
        if (anchored != folded) revert ProofLeadsElsewhere(anchored, folded);
    }

    /// @notice What a reporter of a broken promise gets at most: what it spent at this block's base fee, and a bounty.
    /// @return amount The amount, in wei.
    function _promiseReward() private view returns (uint256 amount) {
        return _REPORT_GAS * block.basefee + _BOUNTY;
    }

    /// @notice Where a challenge is stored.
    /// @param log The number of the log.
    /// @param leaf The leaf.
    /// @param slot The slot.
    /// @return id The hash of the three.
    function _id(uint256 log, bytes32 leaf, uint64 slot) private pure returns (bytes32 id) {
        return keccak256(abi.encode(log, leaf, slot));
    }
}
