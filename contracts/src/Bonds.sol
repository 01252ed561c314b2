// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IAnchorLog} from "./IAnchorLog.sol";
import {IBonds} from "./IBonds.sol";

/// @title Bonds, promise keys and what is due to whom
/// @notice Implements IBonds: what the court takes, from whom, and how it is paid out.
/// @dev Ether comes in with bonds and stakes and goes out by `collect` alone. What is burned stays here: no function
/// pays it out.
abstract contract Bonds is IBonds {
    /// @dev What keeps a bond from being withdrawn, beside open challenges.
    struct Withdrawal {
        uint32 liveKeys;
        uint64 quietFrom;
        uint64 withdrawableFrom;
    }

    /// @dev What an account has here: what it can collect, and the stakes of its open challenges. In one word, so that
    /// a time-out changes a word that the challenge made.
    struct Account {
        uint128 due;
        uint128 held;
    }

    /// @inheritdoc IBonds
    uint256 public constant WITHDRAWAL_DELAY = 68 days;

    /// @inheritdoc IBonds
    uint256 public constant WITHDRAWAL_WINDOW = 7 days;

    /// @inheritdoc IBonds
    uint256 public constant RETIRED_KEY_WINDOW = 60 days;

    /// @dev The time until which the promises of a live key can be reported.
    uint64 internal constant _ALWAYS = type(uint64).max;

    /// @dev A bond has the 96 lowest bits of a case.
    uint256 private constant _LARGEST_BOND = type(uint96).max;

    /// @dev The marks begin above it.
    uint256 private constant _MARKS_AT = 96;

    /// @dev The bits of a marked epoch.
    uint256 private constant _MARK_SIZE = 32;

    /// @dev The marks of the four kinds.
    uint256 private constant _ALL_MARKS = uint256(type(uint128).max) << _MARKS_AT;

    /// @dev The number of open challenges has the 32 highest bits: one too many overflows the word, and reverts.
    uint256 private constant _ONE_CHALLENGE = 1 << 224;

    /// @inheritdoc IBonds
    IAnchorLog public immutable ANCHOR_LOG;

    /// @dev Slot 0. What a report reads and writes, in one word: bond, marked epoch of each kind (zero for none), open
    /// challenges. Packed by hand, because a report pays for every access.
    mapping(uint256 log => uint256 case_) private _cases;

    /// @dev Slot 1.
    mapping(uint256 log => Withdrawal withdrawal) private _withdrawals;

    /// @dev Slot 2. Until when promises of a key can be reported: zero for a key that was never registered.
    mapping(uint256 log => mapping(address key => uint64 reportableUntil)) private _keys;

    /// @dev Slot 3.
    mapping(address owner => Account account) private _accounts;

    /// @notice Judge the logs of one contract.
    /// @param anchorLog The contract.
    constructor(IAnchorLog anchorLog) {
        ANCHOR_LOG = anchorLog;
    }

    /// @inheritdoc IBonds
    function postBond(uint256 log) external payable {
        _requireOwner(log);
        uint256 case_ = _cases[log];
        _requireUnmarked(log, case_);
        uint256 bond = case_ & _LARGEST_BOND;
        if (msg.value == 0 || msg.value > _LARGEST_BOND - bond) revert AmountIsOutOfRange(msg.value);
        _cases[log] = case_ + msg.value;
        emit BondPosted(log, msg.value, bond + msg.value);
    }

    /// @inheritdoc IBonds
    function announceWithdrawal(uint256 log) external {
        _requireOwner(log);
        uint64 withdrawableFrom = _after(WITHDRAWAL_DELAY);
        _withdrawals[log].withdrawableFrom = withdrawableFrom;
        emit WithdrawalAnnounced(log, withdrawableFrom);
    }

    /// @inheritdoc IBonds
    function withdrawBond(uint256 log) external {
        _requireOwner(log);
        Withdrawal storage withdrawal = _withdrawals[log];
        uint256 case_ = _cases[log];
        uint64 due = withdrawal.withdrawableFrom;
        if (due == 0 || _now() < due || _now() > due + WITHDRAWAL_WINDOW) {
            revert WithdrawalIsNotDue(due);
        }
        if (withdrawal.liveKeys != 0 || _now() <= withdrawal.quietFrom) {
            revert PromisesAreReportable(withdrawal.liveKeys, withdrawal.quietFrom);
        }
        if (case_ >= _ONE_CHALLENGE) revert ChallengesAreOpen(_openChallengesOf(case_));
        uint256 amount = case_ & _LARGEST_BOND;
        if (amount == 0) revert NothingIsDue();
        withdrawal.withdrawableFrom = 0;
        _cases[log] = case_ - amount;
        _pay(msg.sender, amount);
        emit BondWithdrawn(log, amount);
    }

    /// @inheritdoc IBonds
    function registerKey(uint256 log, address key) external {
        _requireOwner(log);
        if (key == address(0) || _keys[log][key] != 0) revert KeyCannotBeRegistered(log, key);
        _keys[log][key] = _ALWAYS;
        Withdrawal storage withdrawal = _withdrawals[log];
        ++withdrawal.liveKeys;
        // Promises of this key are to be backed as long as those of any other.
        withdrawal.withdrawableFrom = 0;
        emit KeyRegistered(log, key);
    }

    /// @inheritdoc IBonds
    function retireKey(uint256 log, address key) external {
        _requireOwner(log);
        if (_keys[log][key] != _ALWAYS) revert KeyIsNotLive(log, key);
        uint64 until = _after(RETIRED_KEY_WINDOW);
        _keys[log][key] = until;
        Withdrawal storage withdrawal = _withdrawals[log];
        --withdrawal.liveKeys;
        // Time does not go back: this key is the last one to fall quiet.
        withdrawal.quietFrom = until;
        emit KeyRetired(log, key, until);
    }

    /// @inheritdoc IBonds
    function collect() external {
        uint256 amount = _accounts[msg.sender].due;
        if (amount == 0) revert NothingIsDue();
        _accounts[msg.sender].due = 0;
        emit Collected(msg.sender, amount);
        // Last, with nothing left to take: a recipient that calls back finds zero.
        // slither-disable-next-line low-level-calls
        (bool isPaid,) = msg.sender.call{value: amount}("");
        if (!isPaid) revert PaymentWasRefused(msg.sender);
    }

    /// @inheritdoc IBonds
    function marksOf(uint256 log) external view returns (uint64[4] memory epochs) {
        for (uint256 kind = 0; kind < 4; ++kind) {
            epochs[kind] = markedEpoch(log, Kind(kind));
        }
    }

    /// @inheritdoc IBonds
    function stakeOf(uint256 log) external view returns (Stake memory stake) {
        uint256 case_ = _cases[log];
        Withdrawal storage withdrawal = _withdrawals[log];
        return Stake({
            bond: case_ & _LARGEST_BOND,
            openChallenges: _openChallengesOf(case_),
            liveKeys: withdrawal.liveKeys,
            quietFrom: withdrawal.quietFrom,
            withdrawableFrom: withdrawal.withdrawableFrom
        });
    }

    /// @inheritdoc IBonds
    function dueTo(address account) external view returns (uint256 amount) {
        return _accounts[account].due;
    }

    /// @inheritdoc IBonds
    function markedEpoch(uint256 log, Kind kind) public view returns (uint64 epoch) {
        return _markOf(_cases[log], kind);
    }

    /// @inheritdoc IBonds
    function reportableUntil(uint256 log, address key) public view returns (uint64 time) {
        return _keys[log][key];
    }

    /// @notice Mark a log for ever and take its bond: half of it at most is the reporter's, the rest stays here.
    /// @dev A mark is made once, or again for an earlier epoch: what is believed depends on it. A marked log has no
    /// bond, so a report that is repeated finds nothing to take. The caller pays the reporter.
    /// @param log The number of the log.
    /// @param kind What for.
    /// @param epoch From which epoch on.
    /// @param reporter Who is to be paid.
    /// @param highest What a reporter gets at most, in wei.
    /// @return reward What the reporter gets, in wei.
    function _mark(uint256 log, Kind kind, uint64 epoch, address reporter, uint256 highest)
        internal
        returns (uint256 reward)
    {
        uint256 case_ = _cases[log];
        uint256 place = _MARKS_AT + uint256(kind) * _MARK_SIZE;
        // The cast is meant to cut off what stands above.
        // forge-lint: disable-next-line(unsafe-typecast)
        uint32 before = uint32(case_ >> place);
        uint32 from = _markable(epoch);
        if (before != 0 && from >= before) revert LogIsMarked(log, kind, before);
        uint256 bond = case_ & _LARGEST_BOND;
        // Bits that are crossed with themselves become zero: no bond is left, and one mark is exchanged.
        _cases[log] = case_ ^ bond ^ (uint256(before ^ from) << place);
        emit LogMarked(log, kind, from, reporter);
        if (bond == 0) return 0;
        reward = bond / 2 < highest ? bond / 2 : highest;
        emit BondTaken(log, reward, bond - reward);
    }

    /// @notice Note that a challenge is open.
    /// @param log The number of the log.
    function _openChallenge(uint256 log) internal {
        _cases[log] += _ONE_CHALLENGE;
    }

    /// @notice Note that a challenge is open no more.
    /// @param log The number of the log.
    function _closeChallenge(uint256 log) internal {
        _cases[log] -= _ONE_CHALLENGE;
    }

    /// @notice Take an account's stake; the rest of what it sent it can collect.
    /// @param owner Whose account.
    /// @param stake The stake, in wei.
    /// @param rest The rest, in wei.
    function _hold(address owner, uint256 stake, uint256 rest) internal {
        Account storage account = _accounts[owner];
        unchecked {
            // No more ether exists than 128 bits count.
            // forge-lint: disable-next-line(unsafe-typecast)
            account.held += uint128(stake);
            // forge-lint: disable-next-line(unsafe-typecast)
            if (rest != 0) account.due += uint128(rest);
        }
    }

    /// @notice Give a stake back, or to somebody else.
    /// @param owner Whose stake it was.
    /// @param stake The stake, in wei.
    /// @param account Who can collect it.
    /// @param reward What the account can collect beside that, in wei.
    function _release(address owner, uint256 stake, address account, uint256 reward) internal {
        unchecked {
            // A stake was held before it is released, once. Both amounts are ether that is here.
            // forge-lint: disable-next-line(unsafe-typecast)
            _accounts[owner].held -= uint128(stake);
            _pay(account, stake + reward);
        }
    }

    /// @notice Add to what an account can collect.
    /// @param account The account.
    /// @param amount The amount, in wei.
    function _pay(address account, uint256 amount) internal {
        unchecked {
            // No more ether exists than 128 bits count.
            // forge-lint: disable-next-line(unsafe-typecast)
            _accounts[account].due += uint128(amount);
        }
    }

    /// @notice Refuse a caller that does not own the log.
    /// @param log The number of the log.
    function _requireOwner(uint256 log) internal view {
        if (ANCHOR_LOG.ownerOf(log) != msg.sender) revert AccountIsNotOwner(log, msg.sender);
    }

    /// @notice The time of this block: a rule of the court, because deadlines are. It may be off by seconds, while
    /// every window is days.
    /// @return time The time, in seconds since 1970.
    function _now() internal view returns (uint256 time) {
        // solhint-disable-next-line not-rely-on-time
        return block.timestamp;
    }

    /// @notice The time that a window after now ends.
    /// @param window The window, in seconds.
    /// @return time The time, in seconds since 1970.
    function _after(uint256 window) internal view returns (uint64 time) {
        // Seconds fit 64 bits for ever.
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint64(_now() + window);
    }

    /// @notice An epoch as a mark holds it.
    /// @param epoch The epoch.
    /// @return marked The same; the largest one that fits for those above, which no log ever reached.
    function _markable(uint64 epoch) internal pure returns (uint32 marked) {
        // The cast keeps the epoch: it was just compared.
        // forge-lint: disable-next-line(unsafe-typecast)
        return epoch < type(uint32).max ? uint32(epoch) : type(uint32).max;
    }

    /// @notice Refuse a log that is marked for anything.
    /// @param log The number of the log.
    /// @param case_ Its case.
    function _requireUnmarked(uint256 log, uint256 case_) private pure {
        if (case_ & _ALL_MARKS == 0) return;
        uint256 kind = 0;
        while (_markOf(case_, Kind(kind)) == 0) {
            ++kind;
        }
        revert LogIsMarked(log, Kind(kind), _markOf(case_, Kind(kind)));
    }

    /// @notice Read the mark of a kind.
    /// @param case_ The case of a log.
    /// @param kind The kind.
    /// @return epoch The marked epoch; zero when there is none.
    function _markOf(uint256 case_, Kind kind) private pure returns (uint64 epoch) {
        // The cast is meant to cut off what stands above.
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint32(case_ >> (_MARKS_AT + uint256(kind) * _MARK_SIZE));
    }

    /// @notice Read the number of open challenges.
    /// @param case_ The case of a log.
    /// @return count The number.
    function _openChallengesOf(uint256 case_) private pure returns (uint32 count) {
        // The cast keeps the number: no more bits are left.
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint32(case_ / _ONE_CHALLENGE);
    }
}
