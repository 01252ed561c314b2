// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IBonds} from "../src/IBonds.sol";
import {IFraudCourt} from "../src/IFraudCourt.sol";
import {CourtEpochs} from "./CourtEpochs.sol";
import {CourtRegistries} from "./CourtRegistries.sol";

/// @title A crowd that accuses both registries of everything, with evidence that is true, out of place or mutated
/// @dev It keeps its own account of what each conviction burns, and of the marks it saw.
contract CourtCrowd is CourtRegistries {
    uint256 private constant SIZE = 3;
    uint256 private constant BOUNTY = 0.002 ether;

    uint256 public collected;
    uint256 public burned;
    /// @dev A mark was taken back, or its epoch rose.
    bool public wasUnmarked;
    /// @dev How often a promise of an earlier epoch replaced an open challenge.
    uint256 public replacements;
    /// @dev How often each kind was proved.
    uint256[4] public convictions;
    mapping(uint256 log => uint64[4] marks) private _marks;

    constructor() {
        for (uint256 who = 0; who < SIZE; ++who) {
            CHEATS.deal(member(who), 1000 ether);
        }
    }

    function accuseOfUnrevocation(uint256 who, uint256 seed, uint256 change) external {
        (uint256 log, CourtEpochs.Epoch[] storage published) = pick(seed);
        if (published.length < 2) return;
        uint256 later = 1 + (seed >> 8) % (published.length - 1);
        uint256 earlier = change % 16 == 1 ? later : (seed >> 16) % later;
        uint64 slot = log == HONEST ? uint64(100 * ((seed >> 24) % 12)) : uint64((seed >> 24) % 4);
        bool isOther = change % 16 == 3;
        bytes memory revoked = isOther
            ? CourtEpochs.suspensionProof(published[earlier], slot)
            : CourtEpochs.revocationProof(published[earlier], slot);
        bytes memory unrevoked = mutated(CourtEpochs.revocationProof(published[later], slot), change);
        if (change % 16 == 5) slot += 1 << 37;
        accuse(
            who,
            log,
            IBonds.Kind.UNREVOCATION,
            abi.encodeCall(
                IFraudCourt.reportUnrevocation,
                (
                    log,
                    slot,
                    IFraudCourt.StatusIn(uint64(earlier + 1), revoked),
                    IFraudCourt.StatusIn(uint64(later + 1), unrevoked)
                )
            )
        );
    }

    function accuseOfReuse(uint256 who, uint256 seed, uint256 change) external {
        (uint256 log, CourtEpochs.Epoch[] storage published) = pick(seed);
        if (published.length == 0) return;
        uint64 slot = log == HONEST ? uint64(100 * ((seed >> 8) % 12)) : uint64((seed >> 8) % 4);
        IFraudCourt.EntryIn memory first = entryOf(published, 0, slot, seed >> 16);
        IFraudCourt.EntryIn memory second = entryOf(published, 0, slot, seed >> 48);
        second.path = mutated(second.path, change);
        if (change % 16 == 3) second.leaf = CourtEpochs.HEADER;
        if (change % 16 == 5) slot += 1 << 37;
        accuse(
            who, log, IBonds.Kind.SLOT_REUSE, abi.encodeCall(IFraudCourt.reportSlotReuse, (log, slot, first, second))
        );
    }

    function accuseOfABrokenRevocation(uint256 who, uint256 seed, uint256 change) external {
        if (revocations.length == 0) return;
        (IFraudCourt.RevocationPromise memory promised, IFraudCourt.Signature memory signature) =
            revocationOf(seed, change);
        CourtEpochs.Epoch[] storage published = epochs[promised.log];
        if (published.length == 0) return;
        uint256 number = (seed >> 64) % published.length;
        IFraudCourt.StatusIn memory status = IFraudCourt.StatusIn(
            uint64(number + 1), mutated(CourtEpochs.revocationProof(published[number], promised.slot), change)
        );
        accuse(
            who,
            promised.log,
            IBonds.Kind.BROKEN_REVOCATION_PROMISE,
            abi.encodeCall(IFraudCourt.reportBrokenRevocation, (promised, signature, status))
        );
    }

    function accuseOfAnOverdueRevocation(uint256 who, uint256 seed, uint256 change) external {
        if (revocations.length == 0) return;
        (IFraudCourt.RevocationPromise memory promised, IFraudCourt.Signature memory signature) =
            revocationOf(seed, change);
        accuse(
            who,
            promised.log,
            IBonds.Kind.BROKEN_REVOCATION_PROMISE,
            abi.encodeCall(IFraudCourt.reportOverdueRevocation, (promised, signature))
        );
    }

    function challenge(uint256 who, uint256 seed, uint256 change) external {
        if (inclusions.length == 0) return;
        uint256 index = change % 4 == 2 ? undercutting(seed) : seed % inclusions.length;
        IFraudCourt.InclusionPromise memory promised = inclusions[index];
        IFraudCourt.Signature memory signature = inclusionSignatures[index];
        if (change % 16 == 1) promised.leaf = bytes32(seed);
        if (change % 16 == 3) promised.log = HONEST;
        if (change % 16 == 5) promised.slot ^= uint64(1 + seed % 8);
        if (change % 16 == 7) promised.epoch = 1;
        if (change % 16 == 9) promised.deadline = 0;
        if (change % 16 == 11) signature.vs ^= bytes32(uint256(1 << 255));
        Question memory question = Question(promised.log, promised.leaf, promised.slot);
        bool wasOpen = isOpen(question);
        uint256 stake = COURT.minimumStake() + seed % 1 gwei - change % 2;
        bytes memory data = abi.encodeCall(IFraudCourt.challengeInclusion, (promised, signature));
        if (!deposit(member(who), stake, data)) return;
        if (wasOpen) ++replacements;
        ask(question);
    }

    function answer(uint256 who, uint256 seed, uint256 change) external {
        if (questions.length == 0) return;
        Question memory question = questions[seed % questions.length];
        CourtEpochs.Epoch[] storage published = epochs[question.log];
        if (published.length == 0) return;
        IFraudCourt.EntryIn memory entry = entryOf(published, question.leaf, question.slot, seed >> 8);
        entry.path = mutated(entry.path, change);
        attempt(member(who), 0, abi.encodeCall(IFraudCourt.answerChallenge, (question.log, question.slot, entry)));
    }

    function claim(uint256 who, uint256 seed) external {
        if (questions.length == 0) return;
        Question memory question = questions[seed % questions.length];
        accuse(
            who,
            question.log,
            IBonds.Kind.BROKEN_INCLUSION_PROMISE,
            abi.encodeCall(IFraudCourt.claimTimeout, (question.log, question.leaf, question.slot))
        );
    }

    function collect(uint256 who) external {
        address account = who % (SIZE + 2) < SIZE ? member(who) : ownerOf(who % (SIZE + 2) - SIZE + 1);
        uint256 due = COURT.dueTo(account);
        if (attempt(account, 0, abi.encodeCall(IBonds.collect, ()))) collected += due;
    }

    function dueToAll() external view returns (uint256 amount) {
        for (uint256 who = 0; who < SIZE; ++who) {
            amount += COURT.dueTo(member(who));
        }
        amount += COURT.dueTo(ownerOf(HONEST)) + COURT.dueTo(ownerOf(CROOKED));
    }

    function member(uint256 who) public pure returns (address account) {
        return address(uint160(0xC0FFEE00 + who % SIZE));
    }

    /// @dev Report, and account for what the conviction burns when there is one.
    function accuse(uint256 who, uint256 log, IBonds.Kind kind, bytes memory data) private {
        uint256 bond = COURT.stakeOf(log).bond;
        if (!attempt(member(who), 0, data)) return;
        uint64[4] memory marks = COURT.marksOf(log);
        for (uint256 each = 0; each < 4; ++each) {
            uint64 before = _marks[log][each];
            if (before != 0 && (marks[each] == 0 || marks[each] > before)) wasUnmarked = true;
            if (marks[each] != before) ++convictions[each];
        }
        bool isTaken = marks[uint256(kind)] != _marks[log][uint256(kind)];
        _marks[log] = marks;
        if (!isTaken) return;
        bool isInTheLog = kind == IBonds.Kind.UNREVOCATION || kind == IBonds.Kind.SLOT_REUSE;
        burned += bond - (isInTheLog || bond / 2 < BOUNTY ? bond / 2 : BOUNTY);
    }

    /// @dev A promise of an earlier epoch than that of an open challenge, where there is one; else any.
    function undercutting(uint256 seed) private view returns (uint256 index) {
        for (uint256 step = 0; step < inclusions.length; ++step) {
            index = (seed % inclusions.length + step) % inclusions.length;
            IFraudCourt.InclusionPromise memory promised = inclusions[index];
            Question memory question = Question(promised.log, promised.leaf, promised.slot);
            uint64 asked = COURT.challengeOf(promised.log, promised.leaf, promised.slot).epoch;
            if (promised.epoch != 0 && promised.epoch < asked && isOpen(question)) return index;
        }
    }

    function ask(Question memory question) private {
        for (uint256 index = 0; index < questions.length; ++index) {
            Question memory asked = questions[index];
            if (asked.log == question.log && asked.leaf == question.leaf && asked.slot == question.slot) return;
        }
        questions.push(question);
    }

    function revocationOf(uint256 seed, uint256 change)
        private
        view
        returns (IFraudCourt.RevocationPromise memory promised, IFraudCourt.Signature memory signature)
    {
        promised = revocations[seed % revocations.length];
        signature = revocationSignatures[seed % revocations.length];
        if (change % 16 == 1) promised.log = HONEST;
        if (change % 16 == 3) promised.slot ^= uint64(1 + (seed >> 32) % 8);
        if (change % 16 == 5) promised.epoch = 1;
        if (change % 16 == 7) promised.deadline = 0;
        if (change % 16 == 9) signature.r ^= bytes32(seed);
        if (change % 16 == 11) signature.vs ^= bytes32(uint256(1 << 255));
    }

    /// @dev An entry with this slot, and this leaf unless it is zero, where a few epochs have one; else any.
    function entryOf(CourtEpochs.Epoch[] storage published, bytes32 leaf, uint64 slot, uint256 seed)
        private
        view
        returns (IFraudCourt.EntryIn memory entry)
    {
        uint256 number;
        uint256 index;
        for (uint256 again = 0; again < 16; ++again) {
            number = (seed + again) % published.length;
            CourtEpochs.Entry[] storage entries = published[number].entries;
            if (entries.length == 0) continue;
            index = ((seed >> 16) + again) % entries.length;
            if (entries[index].slot == slot && (leaf == 0 || entries[index].leaf == leaf)) break;
        }
        CourtEpochs.Epoch memory epoch = published[number];
        if (epoch.entries.length == 0) return entry;
        index %= epoch.entries.length;
        return IFraudCourt.EntryIn(uint64(number + 1), epoch.entries[index].leaf, CourtEpochs.pathTo(epoch, index));
    }

    function pick(uint256 seed) private view returns (uint256 log, CourtEpochs.Epoch[] storage published) {
        log = HONEST + seed % 2;
        published = epochs[log];
    }

    /// @dev Every other time a byte is changed, or the end cut off.
    function mutated(bytes memory proof, uint256 change) private pure returns (bytes memory result) {
        result = proof;
        if (change % 16 < 13 || proof.length == 0) return result;
        uint256 place = (change >> 4) % proof.length;
        if (change % 16 != 13) {
            result[place] ^= bytes1(uint8(1 + (change >> 32) % 255));
            return result;
        }
        result = new bytes(place);
        for (uint256 index = 0; index < place; ++index) {
            result[index] = proof[index];
        }
    }
}
