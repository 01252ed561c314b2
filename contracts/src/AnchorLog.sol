// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IAnchorLog} from "./IAnchorLog.sol";

/// @title The anchor log
/// @notice Implements IAnchorLog. Immutable, ownerless, without constructor arguments: deployed by CREATE2 it has the
/// same address on every chain.
/// @dev The storage layout is read from outside, by EIP-1186 proofs: slots and packing are part of the protocol
/// (docs/contracts.md) and pinned by a test. There is no way to delete or change an entry of `_roots`.
contract AnchorLog is IAnchorLog {
    /// @dev What a bound account holds, packed into one slot, so that an anchor reads and writes one slot for
    /// authorisation, counter and time together. The counter belongs to the log: a rotation moves it to the next
    /// account. 128 bits of log numbers and 64 bits of epochs cannot be used up one transaction at a time.
    struct Seat {
        uint128 log;
        uint64 epoch;
        uint64 time;
    }

    /// @dev The accounts of a log.
    struct Accounts {
        address owner;
        address anchorer;
        address nominatedOwner;
        address nominatedAnchorer;
    }

    /// @dev A root is 32 bytes of calldata.
    uint256 private constant _ROOT_SIZE = 32;

    /// @dev Slot 0. The seat of each bound account; all zero for an account that is bound to no log.
    mapping(address account => Seat seat) private _seats;

    /// @dev Slot 1. The root of each epoch of each log: written once, at an epoch nobody wrote before.
    mapping(uint256 log => mapping(uint64 epoch => bytes32 root)) private _roots;

    /// @dev Slot 2. The accounts of each log.
    mapping(uint256 log => Accounts accounts) private _accounts;

    /// @dev Slot 3. The number of logs opened so far.
    uint128 private _logCount;

    /// @notice Anchor the calldata, exactly 32 bytes, as the next root of the caller's log.
    /// @dev Not payable, and there is no receive function: ether is refused.
    fallback() external {
        // solhint-disable-previous-line no-complex-fallback, payable-fallback
        if (msg.data.length != _ROOT_SIZE) revert CalldataIsNotARoot(msg.data.length);
        _anchor(bytes32(msg.data));
    }

    /// @inheritdoc IAnchorLog
    function anchor(bytes32 root) external {
        _anchor(root);
    }

    /// @inheritdoc IAnchorLog
    function openLog(address anchorer) external returns (uint256 log) {
        if (anchorer == address(0)) revert AnchorerIsZero();
        log = ++_logCount;
        _accounts[log].owner = msg.sender;
        emit LogOpened(log, msg.sender);
        if (anchorer == msg.sender) {
            _bind(log);
        } else {
            _nominateAnchorer(log, anchorer);
        }
    }

    /// @inheritdoc IAnchorLog
    function setAnchorer(uint256 log, address account) external {
        _requireOwner(log);
        _nominateAnchorer(log, account);
    }

    /// @inheritdoc IAnchorLog
    function acceptAnchorer(uint256 log) external {
        if (_accounts[log].nominatedAnchorer != msg.sender) revert AccountIsNotNominated(log, msg.sender);
        delete _accounts[log].nominatedAnchorer;
        _bind(log);
    }

    /// @inheritdoc IAnchorLog
    function nominateOwner(uint256 log, address account) external {
        _requireOwner(log);
        _accounts[log].nominatedOwner = account;
        emit OwnerNominated(log, account);
    }

    /// @inheritdoc IAnchorLog
    function acceptOwner(uint256 log) external {
        Accounts storage accounts = _accounts[log];
        if (accounts.nominatedOwner != msg.sender) revert AccountIsNotNominated(log, msg.sender);
        address previous = accounts.owner;
        accounts.owner = msg.sender;
        delete accounts.nominatedOwner;
        // An anchorer named by the owner before must not be able to bind itself under this one.
        delete accounts.nominatedAnchorer;
        emit OwnerChanged(log, msg.sender, previous);
    }

    /// @inheritdoc IAnchorLog
    function rootAt(uint256 log, uint64 epoch) external view returns (bytes32 root) {
        return _roots[log][epoch];
    }

    /// @inheritdoc IAnchorLog
    function latestEpoch(uint256 log) external view returns (uint64 epoch) {
        return _seats[_accounts[log].anchorer].epoch;
    }

    /// @inheritdoc IAnchorLog
    function latest(uint256 log) external view returns (uint64 epoch, uint64 time, bytes32 root) {
        Seat storage seat = _seats[_accounts[log].anchorer];
        epoch = seat.epoch;
        return (epoch, seat.time, _roots[log][epoch]);
    }

    /// @inheritdoc IAnchorLog
    function logOf(address account) external view returns (uint256 log) {
        return _seats[account].log;
    }

    /// @inheritdoc IAnchorLog
    function ownerOf(uint256 log) external view returns (address owner) {
        return _accounts[log].owner;
    }

    /// @inheritdoc IAnchorLog
    function anchorerOf(uint256 log) external view returns (address account) {
        return _accounts[log].anchorer;
    }

    /// @inheritdoc IAnchorLog
    function nominatedAnchorerOf(uint256 log) external view returns (address account) {
        return _accounts[log].nominatedAnchorer;
    }

    /// @inheritdoc IAnchorLog
    function nominatedOwnerOf(uint256 log) external view returns (address account) {
        return _accounts[log].nominatedOwner;
    }

    /// @notice Store a root under the next epoch of the caller's log.
    /// @param root The root.
    function _anchor(bytes32 root) internal {
        if (root == bytes32(0)) revert RootIsZero();
        Seat storage seat = _seats[msg.sender];
        uint128 log = seat.log;
        if (log == 0) revert AccountIsNotBound(msg.sender);
        uint64 epoch;
        unchecked {
            // One epoch costs one transaction: 2^64 of them cannot be sent.
            epoch = seat.epoch + 1;
        }
        seat.epoch = epoch;
        // The time is information for readers: no rule depends on it. It fits 64 bits for ever.
        // solhint-disable-next-line not-rely-on-time
        seat.time = uint64(block.timestamp);
        _roots[log][epoch] = root;
        emit Anchored(log, epoch, root);
    }

    /// @notice Name the account that may bind itself to a log.
    /// @param log The number of the log.
    /// @param account The account; zero withdraws the nomination.
    function _nominateAnchorer(uint256 log, address account) internal {
        _accounts[log].nominatedAnchorer = account;
        emit AnchorerNominated(log, account);
    }

    /// @notice Bind the caller, and nobody else, to a log, and carry the counter over from the account bound before.
    /// @param log The number of the log.
    function _bind(uint256 log) internal {
        uint256 bound = _seats[msg.sender].log;
        if (bound != 0) revert AccountIsBound(msg.sender, bound);
        address previous = _accounts[log].anchorer;
        // Nobody was bound yet: the seat of the zero address is read, and that is empty for ever, because nobody
        // calls from there.
        Seat memory seat = _seats[previous];
        delete _seats[previous];
        // The cast keeps the number: only logs that were opened have accounts, and `_logCount` has 128 bits.
        // forge-lint: disable-next-line(unsafe-typecast)
        _seats[msg.sender] = Seat({log: uint128(log), epoch: seat.epoch, time: seat.time});
        _accounts[log].anchorer = msg.sender;
        emit AnchorerBound(log, msg.sender, previous);
    }

    /// @notice Refuse a caller that does not own the log.
    /// @param log The number of the log.
    function _requireOwner(uint256 log) internal view {
        if (_accounts[log].owner != msg.sender) revert AccountIsNotOwner(log, msg.sender);
    }
}
