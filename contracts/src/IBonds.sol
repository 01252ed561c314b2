// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IAnchorLog} from "./IAnchorLog.sol";

/// @title Bonds and promise keys of logs, their marks, and what is due to whom
/// @notice The owner of a log posts a bond and registers the keys that its promises are signed with. What the court
/// finds marks the log for ever and takes the bond.
/// @dev The court has no owner. At least half of every bond taken is burned, which is to stay here for ever: a registry
/// that reports itself does not get it back. A marked log posts no more bonds, so no proof pays twice.
interface IBonds {
    /// @notice What a log is marked for.
    /// @dev UNREVOCATION: a revocation that stood in one epoch does not stand in a later one. SLOT_REUSE: two different
    /// credentials stand under one slot. BROKEN_REVOCATION_PROMISE and BROKEN_INCLUSION_PROMISE: what was promised by
    /// an epoch is not in it, or the epoch did not come by the deadline.
    enum Kind {
        UNREVOCATION,
        SLOT_REUSE,
        BROKEN_REVOCATION_PROMISE,
        BROKEN_INCLUSION_PROMISE
    }

    /// @notice What is at stake for a log, and what keeps it here.
    /// @param bond What is posted, in wei.
    /// @param openChallenges The number of challenges that are neither answered nor timed out.
    /// @param liveKeys The number of promise keys that are not retired.
    /// @param quietFrom The time from which no promise of a retired key can be reported any more.
    /// @param withdrawableFrom When an announced withdrawal matures; zero when none is announced.
    struct Stake {
        uint256 bond;
        uint32 openChallenges;
        uint32 liveKeys;
        uint64 quietFrom;
        uint64 withdrawableFrom;
    }

    /// @notice A bond was posted, or raised.
    /// @param log The number of the log.
    /// @param amount What was added, in wei.
    /// @param bond What is posted now, in wei.
    event BondPosted(uint256 indexed log, uint256 amount, uint256 bond);

    /// @notice The owner announced to withdraw the bond: from now on it is worth less to those who rely on it.
    /// @param log The number of the log.
    /// @param withdrawableFrom When the withdrawal matures, in seconds since 1970.
    event WithdrawalAnnounced(uint256 indexed log, uint64 withdrawableFrom);

    /// @notice The bond was withdrawn.
    /// @param log The number of the log.
    /// @param amount What was posted, in wei.
    event BondWithdrawn(uint256 indexed log, uint256 amount);

    /// @notice A key may sign promises for the log from now on.
    /// @param log The number of the log.
    /// @param key The address of the key.
    event KeyRegistered(uint256 indexed log, address indexed key);

    /// @notice A key signs no more promises for the log.
    /// @param log The number of the log.
    /// @param key The address of the key.
    /// @param reportableUntil Until when its promises can be reported, in seconds since 1970.
    event KeyRetired(uint256 indexed log, address indexed key, uint64 reportableUntil);

    /// @notice The log is marked, for ever.
    /// @param log The number of the log.
    /// @param kind What for.
    /// @param epoch The epoch from which the log is not to be believed; the promised one for broken promises.
    /// @param reporter Who is paid for it.
    event LogMarked(uint256 indexed log, Kind indexed kind, uint64 epoch, address indexed reporter);

    /// @notice The bond of a log was taken.
    /// @param log The number of the log.
    /// @param reward What the reporter can collect, in wei.
    /// @param burned What nobody ever can, in wei.
    event BondTaken(uint256 indexed log, uint256 reward, uint256 burned);

    /// @notice Somebody collected what was due.
    /// @param account Who.
    /// @param amount How much, in wei.
    event Collected(address indexed account, uint256 amount);

    /// @notice Only the owner of a log posts its bond, and registers its keys.
    /// @param log The number of the log.
    /// @param account The account that tried.
    error AccountIsNotOwner(uint256 log, address account);

    /// @notice A marked log posts no bond, and a mark is not made twice unless for an earlier epoch.
    /// @param log The number of the log.
    /// @param kind What it is marked for.
    /// @param epoch From which epoch on.
    error LogIsMarked(uint256 log, Kind kind, uint64 epoch);

    /// @notice What is posted is more than nothing, and a bond fits 96 bits; a stake is at most 1,677.7215 ether.
    /// @param amount The amount, in wei.
    error AmountIsOutOfRange(uint256 amount);

    /// @notice There is nothing to withdraw, or to collect.
    error NothingIsDue();

    /// @notice A withdrawal is carried out between its maturity and seven days later.
    /// @param withdrawableFrom When it matures; zero when none is announced.
    error WithdrawalIsNotDue(uint64 withdrawableFrom);

    /// @notice A bond stays while promises can be reported.
    /// @param liveKeys The number of keys that are not retired.
    /// @param quietFrom The time from which no promise of a retired key can be reported any more.
    error PromisesAreReportable(uint32 liveKeys, uint64 quietFrom);

    /// @notice A bond stays while a challenge is open.
    /// @param openChallenges The number of open challenges.
    error ChallengesAreOpen(uint32 openChallenges);

    /// @notice A key is registered once, and is an address.
    /// @param log The number of the log.
    /// @param key The address.
    error KeyCannotBeRegistered(uint256 log, address key);

    /// @notice Only a live key is retired.
    /// @param log The number of the log.
    /// @param key The address.
    error KeyIsNotLive(uint256 log, address key);

    /// @notice The account does not take what is due to it.
    /// @param account The account.
    error PaymentWasRefused(address account);

    /// @notice Post a bond for a log, or raise it.
    /// @param log The number of a log the caller owns, not marked.
    function postBond(uint256 log) external payable;

    /// @notice Announce that the bond will be withdrawn.
    /// @param log The number of a log the caller owns.
    function announceWithdrawal(uint256 log) external;

    /// @notice Withdraw a bond that nothing keeps any more; the caller collects it.
    /// @param log The number of a log the caller owns, without live keys, reportable promises or open challenges.
    function withdrawBond(uint256 log) external;

    /// @notice Let a key sign promises for the log. An announced withdrawal has to be announced again.
    /// @param log The number of a log the caller owns.
    /// @param key The address of the key, which was never registered for the log.
    function registerKey(uint256 log, address key) external;

    /// @notice Retire a key: holders no longer take its promises. Those it signed can be reported for some time.
    /// @param log The number of a log the caller owns.
    /// @param key The address of a live key.
    function retireKey(uint256 log, address key) external;

    /// @notice Send the caller what is due to it.
    function collect() external;

    /// @notice The contract in which the logs are.
    /// @return anchorLog The contract.
    function ANCHOR_LOG() external view returns (IAnchorLog anchorLog); // solhint-disable-line func-name-mixedcase

    /// @notice How long after its announcement a bond can be withdrawn: longer than a promise of a key retired that day
    /// can be reported, and a challenge made then answered.
    /// @return window The time, in seconds.
    function WITHDRAWAL_DELAY() external view returns (uint256 window); // solhint-disable-line func-name-mixedcase

    /// @notice For how long it can then be withdrawn, before it has to be announced again.
    /// @return window The time, in seconds.
    function WITHDRAWAL_WINDOW() external view returns (uint256 window); // solhint-disable-line func-name-mixedcase

    /// @notice How long the promises of a key can be reported after it was retired. Deadlines lie 30 days ahead.
    /// @return window The time, in seconds.
    function RETIRED_KEY_WINDOW() external view returns (uint256 window); // solhint-disable-line func-name-mixedcase

    /// @notice The mark of a log.
    /// @param log The number of the log.
    /// @param kind What for.
    /// @return epoch From which epoch on; zero for none.
    function markedEpoch(uint256 log, Kind kind) external view returns (uint64 epoch);

    /// @notice All marks of a log.
    /// @param log The number of the log.
    /// @return epochs From which epoch on, by kind; zero for none.
    function marksOf(uint256 log) external view returns (uint64[4] memory epochs);

    /// @notice What is at stake for a log.
    /// @param log The number of the log.
    /// @return stake The bond, and what keeps it here.
    function stakeOf(uint256 log) external view returns (Stake memory stake);

    /// @notice Until when the promises of a key can be reported.
    /// @param log The number of the log.
    /// @param key The address of the key.
    /// @return time In seconds since 1970: zero for a key never registered, 2^64-1 for a live one.
    function reportableUntil(uint256 log, address key) external view returns (uint64 time);

    /// @notice What an account can collect.
    /// @param account The account.
    /// @return amount The amount, in wei.
    function dueTo(address account) external view returns (uint256 amount);
}
