// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IBonds} from "./IBonds.sol";

/// @title Fraud court: what a registry did wrong, proved by anyone, for ever
/// @notice A log may post a bond and register the keys it signs promises with. Anyone may report what it proved false
/// by its own roots, or promised and did not do. A report that holds marks the log for ever and takes its bond.
/// @dev Nobody judges: a report is a proof, and reverts unless it holds. There is no owner, and no power over logs.
/// Fraud in the log itself (the first two kinds) cannot be faked by anybody but the anchoring account. A broken promise
/// can be faked, for any epoch, by whoever steals a promise key until 60 days after it was retired; so it is told apart
/// and pays the reporter little. Of every bond taken at least half is burned, which is to stay here for ever: a
/// registry that reports itself does not get it back. A marked log posts no more bonds, so no proof pays twice.
/// docs/decisions/0090-the-court.md has the arguments.
interface IFraudCourt is IBonds {
    /// @notice Signed by a promise key (EIP-712): this credential will stand in an epoch up to this one.
    /// @param log The number of the log.
    /// @param leaf The leaf of the credential.
    /// @param slot Its slot.
    /// @param epoch The epoch by which it stands in the log.
    /// @param deadline The time by which that epoch is anchored, in seconds since 1970.
    struct InclusionPromise {
        uint256 log;
        bytes32 leaf;
        uint64 slot;
        uint64 epoch;
        uint64 deadline;
    }

    /// @notice Signed by a promise key (EIP-712): this slot is revoked from this epoch on.
    /// @param log The number of the log.
    /// @param slot The slot.
    /// @param epoch The epoch by which it is revoked.
    /// @param deadline The time by which that epoch is anchored, in seconds since 1970.
    struct RevocationPromise {
        uint256 log;
        uint64 slot;
        uint64 epoch;
        uint64 deadline;
    }

    /// @notice A signature in the form of EIP-2098. The low s that it implies is the only one taken.
    /// @param r The x coordinate.
    /// @param vs The parity in the highest bit, then s.
    struct Signature {
        bytes32 r;
        bytes32 vs;
    }

    /// @notice A status proof and the epoch it is for.
    /// @param epoch The epoch.
    /// @param proof The proof, as EpochProofs describes it.
    struct StatusIn {
        uint64 epoch;
        bytes proof;
    }

    /// @notice A credential's entry and the epoch it stands in.
    /// @param epoch The epoch.
    /// @param leaf The leaf.
    /// @param path The path, as EpochProofs describes it.
    struct EntryIn {
        uint64 epoch;
        bytes32 leaf;
        bytes path;
    }

    /// @notice A challenge.
    /// @param challenger Who gets the stake back when nobody answers.
    /// @param epoch The epoch the promise named; zero once it was answered.
    /// @param closesAt The time from which the time-out can be claimed; zero when there was never a challenge, and of
    /// no meaning when it is closed.
    /// @param isClosed It was answered or timed out.
    /// @param stake What is paid to whoever answers, in wei.
    struct Challenge {
        address challenger;
        uint64 epoch;
        uint64 closesAt;
        bool isClosed;
        uint256 stake;
    }

    /// @notice Somebody holds a promise and asks for the path.
    /// @dev Once more while a challenge is open: it replaces that one, whose challenger can collect the stake.
    /// @param log The number of the log.
    /// @param leaf The leaf of the credential.
    /// @param slot Its slot.
    /// @param epoch The epoch the promise named.
    /// @param stake What is paid to whoever answers, in wei.
    /// @param closesAt The time from which the time-out can be claimed.
    event InclusionChallenged(
        uint256 indexed log, bytes32 indexed leaf, uint64 slot, uint64 epoch, uint256 stake, uint64 closesAt
    );

    /// @notice A challenge was answered: the credential stands in the log.
    /// @param log The number of the log.
    /// @param leaf The leaf of the credential.
    /// @param slot Its slot.
    /// @param epoch The epoch it stands in.
    /// @param answerer Who answered, and can collect the stake.
    event ChallengeAnswered(
        uint256 indexed log, bytes32 indexed leaf, uint64 slot, uint64 epoch, address indexed answerer
    );

    /// @notice A challenge was not answered in time.
    /// @param log The number of the log.
    /// @param leaf The leaf of the credential.
    /// @param slot Its slot.
    event ChallengeTimedOut(uint256 indexed log, bytes32 indexed leaf, uint64 slot);

    /// @notice A promise is signed by a key of the log that is live, or was retired at most 60 days ago.
    /// @param log The number of the log.
    /// @param signer The address that the signature leads to; zero when it leads nowhere.
    error PromiseIsNotSigned(uint256 log, address signer);

    /// @notice Nothing can be proved by an epoch that was not anchored.
    /// @param log The number of the log.
    /// @param epoch The epoch that has no root.
    error EpochIsNotAnchored(uint256 log, uint64 epoch);

    /// @notice A proof leads to the root that was anchored, or proves nothing.
    /// @param anchored The root of the epoch.
    /// @param folded The root the proof leads to.
    error ProofLeadsElsewhere(bytes32 anchored, bytes32 folded);

    /// @notice A revocation is taken back in a later epoch, not in the same or an earlier one.
    /// @param epoch The epoch in which the slot is said to be revoked.
    /// @param later The epoch in which it is said not to be.
    error EpochIsNotLater(uint64 epoch, uint64 later);

    /// @notice The status proofs hold and show nothing wrong.
    /// @param slot The slot.
    /// @param epoch The epoch whose bit is as it should be.
    error StatusIsAsItShould(uint64 slot, uint64 epoch);

    /// @notice The same leaf twice under its slot is no reuse.
    /// @param leaf The leaf.
    error LeavesAreTheSame(bytes32 leaf);

    /// @notice A promise speaks of the epoch it names and those after it.
    /// @param epoch The epoch that was shown.
    /// @param promised The epoch that the promise names.
    error EpochIsBeforeThePromise(uint64 epoch, uint64 promised);

    /// @notice The epoch that was promised was anchored, or may still be.
    /// @param epoch The promised epoch.
    /// @param deadline The time by which it is to be anchored.
    error PromiseIsPending(uint64 epoch, uint64 deadline);

    /// @notice A stake is at least what `minimumStake` says.
    /// @param amount What came, in wei.
    /// @param minimum What is asked, in wei.
    error StakeIsTooSmall(uint256 amount, uint256 minimum);

    /// @notice There is one challenge for a leaf and slot, for ever, unless by a promise of an earlier epoch than that
    /// of one that was not answered.
    /// @param log The number of the log.
    /// @param leaf The leaf.
    /// @param slot The slot.
    error ChallengeWasMade(uint256 log, bytes32 leaf, uint64 slot);

    /// @notice Only an open challenge is answered or timed out.
    /// @param log The number of the log.
    /// @param leaf The leaf.
    /// @param slot The slot.
    error ChallengeIsNotOpen(uint256 log, bytes32 leaf, uint64 slot);

    /// @notice The time-out is claimed when the window has closed.
    /// @param closesAt When that is.
    error ChallengeIsPending(uint64 closesAt);

    /// @notice Report that a revocation was taken back. Suspensions may be, revocations may not.
    /// @param log The number of the log.
    /// @param slot The slot.
    /// @param revoked An epoch in which it is revoked.
    /// @param unrevoked A later epoch in which it is not.
    function reportUnrevocation(uint256 log, uint64 slot, StatusIn calldata revoked, StatusIn calldata unrevoked)
        external;

    /// @notice Report that two different credentials stand under one slot, in any two epochs or in one.
    /// @param log The number of the log.
    /// @param slot The slot.
    /// @param first One of them.
    /// @param second The other one.
    function reportSlotReuse(uint256 log, uint64 slot, EntryIn calldata first, EntryIn calldata second) external;

    /// @notice Report that a slot is not revoked in the promised epoch, or one after it.
    /// @param promised The promise.
    /// @param signature Its signature.
    /// @param unrevoked An epoch from the promised one on, in which the slot is not revoked.
    function reportBrokenRevocation(
        RevocationPromise calldata promised,
        Signature calldata signature,
        StatusIn calldata unrevoked
    ) external;

    /// @notice Report that the epoch of a revocation promise did not come by its deadline.
    /// @param promised The promise.
    /// @param signature Its signature.
    function reportOverdueRevocation(RevocationPromise calldata promised, Signature calldata signature) external;

    /// @notice Ask for the path of a credential that was promised, once the epoch is anchored or the deadline has
    /// passed. The value sent, in whole units of 0.0001 ether, is paid to whoever answers; it comes back when nobody
    /// does. The rest can be collected at once.
    /// @dev A promise of an earlier epoch replaces an open challenge, which keeps its closing time: the mark is to be
    /// the earliest that was earned, and one answer serves both.
    /// @param promised The promise.
    /// @param signature Its signature.
    function challengeInclusion(InclusionPromise calldata promised, Signature calldata signature) external payable;

    /// @notice Answer a challenge with a path to any epoch; the caller collects the stake.
    /// @param log The number of the log.
    /// @param slot The slot of the credential.
    /// @param entry The credential's entry.
    function answerChallenge(uint256 log, uint64 slot, EntryIn calldata entry) external;

    /// @notice Claim that nobody answered: the log is marked, the challenger is paid.
    /// @param log The number of the log.
    /// @param leaf The leaf of the credential.
    /// @param slot Its slot.
    function claimTimeout(uint256 log, bytes32 leaf, uint64 slot) external;

    /// @notice How long a challenge can be answered for sure. An answer counts until the time-out is claimed.
    /// @return window The time, in seconds.
    function CHALLENGE_WINDOW() external view returns (uint256 window); // solhint-disable-line func-name-mixedcase

    /// @notice What a challenge made now has to stake.
    /// @return amount The amount, in wei: three times what an answer costs at this block's base fee, and a floor, in
    /// whole units of 0.0001 ether.
    function minimumStake() external view returns (uint256 amount);

    /// @notice The challenge for a leaf and slot.
    /// @param log The number of the log.
    /// @param leaf The leaf.
    /// @param slot The slot.
    /// @return challenge The challenge, all zero when there was none.
    function challengeOf(uint256 log, bytes32 leaf, uint64 slot) external view returns (Challenge memory challenge);

    /// @notice The EIP-712 hash that an inclusion promise is signed by.
    /// @param promised The promise.
    /// @return digest The hash, for this chain and court.
    function inclusionDigest(InclusionPromise calldata promised) external view returns (bytes32 digest);

    /// @notice The EIP-712 hash that a revocation promise is signed by.
    /// @param promised The promise.
    /// @return digest The hash, for this chain and court.
    function revocationDigest(RevocationPromise calldata promised) external view returns (bytes32 digest);
}
