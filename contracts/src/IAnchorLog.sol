// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Anchor log: numbered sequences of 32-byte roots that nobody can rewrite
/// @notice One contract for everybody: anyone opens a log, nobody owns the contract, nothing in it can be paused,
/// replaced or overwritten. A log has an owner, who names accounts, and one bound anchoring account, which anchors.
/// @dev Anchoring is a transaction whose whole calldata is the root, sent by the bound account: the fallback takes
/// exactly 32 bytes. It is the cheapest calldata there is, and what verifiers that compare a transaction's whole
/// input with the root expect. For that reason no function here takes zero arguments: 32 bytes that begin with a
/// selector are then always too short for the function, and revert instead of doing something else. Such a root (there
/// are as many in 2^32 as functions) is sent through `anchor`. Because calldata names no log, the sender alone decides
/// to which log a root goes: an account is therefore bound only by a transaction of its own.
/// A refused root, and ether sent to any function, revert; malformed arguments revert without data.
interface IAnchorLog {
    /// @notice A log was opened.
    /// @param log The number of the new log, counted from 1.
    /// @param owner The account that opened it.
    event LogOpened(uint256 indexed log, address indexed owner);

    /// @notice The owner named the account that may bind itself to the log.
    /// @param log The number of the log.
    /// @param account The named account; zero when a nomination was withdrawn.
    event AnchorerNominated(uint256 indexed log, address indexed account);

    /// @notice An account bound itself to a log and is from now on the only one that anchors there.
    /// @param log The number of the log.
    /// @param account The account now bound.
    /// @param previous The account unbound in the same step; zero when there was none.
    event AnchorerBound(uint256 indexed log, address indexed account, address indexed previous);

    /// @notice The owner named the account that may take the log over.
    /// @param log The number of the log.
    /// @param account The named account; zero when a nomination was withdrawn.
    event OwnerNominated(uint256 indexed log, address indexed account);

    /// @notice The log has a new owner. Open nominations, of owners and of anchorers, ended with it.
    /// @param log The number of the log.
    /// @param owner The account that owns the log now.
    /// @param previous The account that owned it until now.
    event OwnerChanged(uint256 indexed log, address indexed owner, address indexed previous);

    /// @notice A root was anchored.
    /// @param log The number of the log.
    /// @param epoch The epoch the root is stored under for ever, counted from 1 in each log.
    /// @param root The root.
    event Anchored(uint256 indexed log, uint64 indexed epoch, bytes32 root);

    /// @notice The fallback takes a root and nothing else: exactly 32 bytes.
    /// @param size The number of bytes of calldata that came.
    error CalldataIsNotARoot(uint256 size);

    /// @notice A root of 32 zero bytes means "none" to readers and is never stored.
    error RootIsZero();

    /// @notice Only an account bound to a log may anchor.
    /// @param account The account that tried.
    error AccountIsNotBound(address account);

    /// @notice An account is bound to one log at a time.
    /// @param account The account that is bound already.
    /// @param log The number of the log it is bound to.
    error AccountIsBound(address account, uint256 log);

    /// @notice A log is opened with an anchorer named, and the zero address is none.
    error AnchorerIsZero();

    /// @notice Only the owner of a log names accounts.
    /// @param log The number of the log.
    /// @param account The account that tried.
    error AccountIsNotOwner(uint256 log, address account);

    /// @notice Only the account the owner named may bind itself to a log or take it over.
    /// @param log The number of the log.
    /// @param account The account that tried.
    error AccountIsNotNominated(uint256 log, address account);

    /// @notice Anchor a root in the caller's log, the long way, for the roots the fallback cannot take.
    /// @param root The root, not zero.
    function anchor(bytes32 root) external;

    /// @notice Open a log owned by the caller.
    /// @dev Only a caller that names itself is bound at once. Any other anchorer has to call `acceptAnchorer`.
    /// @param anchorer The account that is to anchor, not zero.
    /// @return log The number of the new log.
    function openLog(address anchorer) external returns (uint256 log);

    /// @notice Name the account that may bind itself to the log. The bound account anchors on until then.
    /// @param log The number of a log the caller owns.
    /// @param account The account to name; zero withdraws the nomination.
    function setAnchorer(uint256 log, address account) external;

    /// @notice Bind the caller to the log that named it. The counter goes on; the account bound before is unbound.
    /// @param log The number of the log.
    function acceptAnchorer(uint256 log) external;

    /// @notice Name the account that may take the log over.
    /// @param log The number of a log the caller owns.
    /// @param account The account to name; zero withdraws the nomination.
    function nominateOwner(uint256 log, address account) external;

    /// @notice Take over the log that named the caller. The bound account stays bound; open nominations end.
    /// @param log The number of the log.
    function acceptOwner(uint256 log) external;

    /// @notice The root anchored as an epoch of a log.
    /// @param log The number of the log.
    /// @param epoch The epoch, counted from 1.
    /// @return root The root; zero when there is none.
    function rootAt(uint256 log, uint64 epoch) external view returns (bytes32 root);

    /// @notice The number of epochs anchored in a log so far.
    /// @param log The number of the log.
    /// @return epoch The newest epoch; zero when there is none.
    function latestEpoch(uint256 log) external view returns (uint64 epoch);

    /// @notice The newest epoch of a log, with its time and root.
    /// @param log The number of the log.
    /// @return epoch The newest epoch; zero when there is none.
    /// @return time The timestamp of the block it was anchored in, in seconds since 1970; zero when there is none.
    /// @return root Its root; zero when there is none.
    function latest(uint256 log) external view returns (uint64 epoch, uint64 time, bytes32 root);

    /// @notice The log an account is bound to.
    /// @param account The account.
    /// @return log The number of the log; zero when the account is bound to none.
    function logOf(address account) external view returns (uint256 log);

    /// @notice The owner of a log.
    /// @param log The number of the log.
    /// @return owner The owner; zero when the log was never opened.
    function ownerOf(uint256 log) external view returns (address owner);

    /// @notice The account bound to a log.
    /// @param log The number of the log.
    /// @return account The bound account; zero when none ever was.
    function anchorerOf(uint256 log) external view returns (address account);

    /// @notice The account that may bind itself to a log.
    /// @param log The number of the log.
    /// @return account The named account; zero when there is none.
    function nominatedAnchorerOf(uint256 log) external view returns (address account);

    /// @notice The account that may take a log over.
    /// @param log The number of the log.
    /// @return account The named account; zero when there is none.
    function nominatedOwnerOf(uint256 log) external view returns (address account);
}
