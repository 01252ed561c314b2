// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {AnchorLog} from "../src/AnchorLog.sol";
import {FraudCourt} from "../src/FraudCourt.sol";
import {IAnchorLog} from "../src/IAnchorLog.sol";
import {IBonds} from "../src/IBonds.sol";
import {IFraudCourt} from "../src/IFraudCourt.sol";
import {Cheats} from "./Cheats.sol";
import {CourtEpochs} from "./CourtEpochs.sol";

/// @title An honest registry and a crooked one under one court, and what both published
/// @dev The honest one anchors what is true, keeps its promises before their deadlines and answers every challenge; the
/// crooked one anchors, signs and moves its keys and its bond at random.
abstract contract CourtRegistries {
    struct Question {
        uint256 log;
        bytes32 leaf;
        uint64 slot;
    }

    Cheats internal constant CHEATS = Cheats(address(uint160(uint256(keccak256("hevm cheat code")))));
    uint256 public constant HONEST = 1;
    uint256 public constant CROOKED = 2;
    uint256 internal constant HONEST_KEY = 0x600D;
    uint256 internal constant CROOKED_KEY = 0xBAD0;
    uint256 internal constant KEYS = 3;
    uint256 private constant MANY = 12;

    IAnchorLog public immutable ANCHOR_LOG;
    FraudCourt public immutable COURT;

    /// @dev What was paid in, in bonds and stakes.
    uint256 public deposits;

    IFraudCourt.InclusionPromise[] internal inclusions;
    IFraudCourt.Signature[] internal inclusionSignatures;
    IFraudCourt.RevocationPromise[] internal revocations;
    IFraudCourt.Signature[] internal revocationSignatures;
    Question[] internal questions;
    mapping(uint256 log => CourtEpochs.Epoch[]) internal epochs;
    mapping(uint256 log => bytes32[]) private _roots;

    CourtEpochs.Entry[] private _issued;
    CourtEpochs.Entry[] private _queue;
    uint64[] private _revoked;
    uint64[] private _suspended;
    uint64 private _promisedEpoch;

    constructor() {
        ANCHOR_LOG = new AnchorLog();
        COURT = new FraudCourt(ANCHOR_LOG);
        for (uint256 log = HONEST; log <= CROOKED; ++log) {
            CHEATS.deal(ownerOf(log), 1000 ether);
            CHEATS.prank(ownerOf(log));
            ANCHOR_LOG.openLog(ownerOf(log));
            deposit(ownerOf(log), 1 ether + 1, abi.encodeCall(IBonds.postBond, (log)));
        }
        attempt(ownerOf(HONEST), 0, abi.encodeCall(IBonds.registerKey, (HONEST, CHEATS.addr(HONEST_KEY))));
        attempt(ownerOf(CROOKED), 0, abi.encodeCall(IBonds.registerKey, (CROOKED, CHEATS.addr(CROOKED_KEY))));
    }

    /// @dev The honest registry takes a credential and promises it.
    function issue(uint256 seed) external virtual {
        if (_issued.length == MANY) return;
        CourtEpochs.Entry memory entry = CourtEpochs.Entry({
            leaf: keccak256(abi.encode("credential", _issued.length)), slot: uint64(100 * _issued.length)
        });
        _issued.push(entry);
        _queue.push(entry);
        uint64 epoch = promiseEpoch(seed);
        keepInclusion(
            IFraudCourt.InclusionPromise(HONEST, entry.leaf, entry.slot, epoch, uint64(block.timestamp + 7 days)),
            HONEST_KEY
        );
    }

    /// @dev The honest registry takes a revocation and promises it.
    function revoke(uint256 seed) external virtual {
        if (_issued.length == 0 || _revoked.length == MANY) return;
        uint64 slot = _issued[seed % _issued.length].slot;
        _revoked.push(slot);
        uint64 epoch = promiseEpoch(seed >> 8);
        keepRevocation(IFraudCourt.RevocationPromise(HONEST, slot, epoch, uint64(block.timestamp + 7 days)), HONEST_KEY);
    }

    /// @dev The honest registry suspends one slot and lifts the suspension there was.
    function suspend(uint256 seed) external virtual {
        delete _suspended;
        if (_issued.length != 0 && seed % 4 != 0) _suspended.push(_issued[seed % _issued.length].slot);
    }

    function seal() public virtual {
        anchor(HONEST, CourtEpochs.Epoch({entries: _queue, revoked: _revoked, suspended: _suspended}));
        delete _queue;
    }

    /// @dev Four slots, eight leaves: slots are reused and revocations taken back all the time.
    function crook(uint256 seed) external virtual {
        CourtEpochs.Epoch memory epoch;
        epoch.entries = new CourtEpochs.Entry[](1 + seed % 2);
        for (uint256 index = 0; index < epoch.entries.length; ++index) {
            seed >>= 8;
            epoch.entries[index] = CourtEpochs.Entry({leaf: crookedLeaf(seed), slot: uint64(seed >> 4) % 4});
        }
        epoch.revoked = new uint64[]((seed >> 16) % 3);
        for (uint256 index = 0; index < epoch.revoked.length; ++index) {
            epoch.revoked[index] = uint64(seed >> (20 + index)) % 4;
        }
        anchor(CROOKED, epoch);
    }

    /// @dev The crooked registry signs whatever it likes.
    function swear(uint256 seed) external virtual {
        uint256 secret = CROOKED_KEY + (seed >> 48) % KEYS;
        uint64 slot = uint64(seed % 4);
        uint64 epoch = seed >> 8 & 15 == 0 ? type(uint64).max : uint64(seed >> 8 & 7);
        uint64 deadline = uint64(block.timestamp + (seed >> 16) % 8 days - 4 days);
        keepInclusion(
            IFraudCourt.InclusionPromise(CROOKED, crookedLeaf((seed >> 40) % 2), slot, epoch, deadline), secret
        );
        keepRevocation(IFraudCourt.RevocationPromise(CROOKED, slot, epoch, deadline), secret);
    }

    /// @dev What the owner of the crooked log does with its keys and its bond.
    function scheme(uint256 seed) external virtual {
        address account = CHEATS.addr(CROOKED_KEY + (seed >> 8) % KEYS);
        bytes[4] memory calls = [
            abi.encodeCall(IBonds.registerKey, (CROOKED, account)),
            abi.encodeCall(IBonds.retireKey, (CROOKED, account)),
            abi.encodeCall(IBonds.announceWithdrawal, (CROOKED)),
            abi.encodeCall(IBonds.withdrawBond, (CROOKED))
        ];
        attempt(ownerOf(CROOKED), 0, calls[seed % 4]);
    }

    function post(uint256 seed) external virtual {
        uint256 log = HONEST + seed % 2;
        deposit(ownerOf(log), seed % 1 ether, abi.encodeCall(IBonds.postBond, (log)));
    }

    /// @dev Time passes. Before it does, the honest registry does what is due.
    function pass(uint256 time) external virtual {
        while (ANCHOR_LOG.latestEpoch(HONEST) < _promisedEpoch) {
            seal();
        }
        for (uint256 index = 0; index < questions.length; ++index) {
            Question memory question = questions[index];
            if (question.log == HONEST && isOpen(question)) respond(question);
        }
        CHEATS.warp(block.timestamp + time % 9 days);
    }

    function rootsOf(uint256 log) external view returns (bytes32[] memory roots) {
        return _roots[log];
    }

    function questionCount() external view returns (uint256 count) {
        return questions.length;
    }

    function questionAt(uint256 index) external view returns (Question memory question) {
        return questions[index];
    }

    function keysOf(uint256 log) external pure returns (address[] memory accounts) {
        accounts = new address[](log == HONEST ? 1 : KEYS);
        for (uint256 index = 0; index < accounts.length; ++index) {
            accounts[index] = CHEATS.addr((log == HONEST ? HONEST_KEY : CROOKED_KEY) + index);
        }
    }

    function isOpen(Question memory question) public view returns (bool) {
        IFraudCourt.Challenge memory challenge = COURT.challengeOf(question.log, question.leaf, question.slot);
        return challenge.closesAt != 0 && !challenge.isClosed;
    }

    function ownerOf(uint256 log) public pure returns (address account) {
        return address(uint160(0xA0000000 + log));
    }

    function attempt(address sender, uint256 value, bytes memory data) internal returns (bool isAccepted) {
        CHEATS.prank(sender);
        (isAccepted,) = address(COURT).call{value: value}(data);
    }

    function deposit(address sender, uint256 value, bytes memory data) internal returns (bool isAccepted) {
        isAccepted = attempt(sender, value, data);
        if (isAccepted) deposits += value;
    }

    /// @dev The honest registry shows where the credential stands; the tests fail when it cannot.
    function respond(Question memory question) private {
        CourtEpochs.Epoch[] storage published = epochs[HONEST];
        for (uint256 number = 0; number < published.length; ++number) {
            for (uint256 index = 0; index < published[number].entries.length; ++index) {
                if (published[number].entries[index].leaf != question.leaf) continue;
                IFraudCourt.EntryIn memory entry = IFraudCourt.EntryIn(
                    uint64(number + 1), question.leaf, CourtEpochs.pathTo(published[number], index)
                );
                attempt(ownerOf(HONEST), 0, abi.encodeCall(IFraudCourt.answerChallenge, (HONEST, question.slot, entry)));
                return;
            }
        }
    }

    function anchor(uint256 log, CourtEpochs.Epoch memory content) private {
        bytes32 root = CourtEpochs.rootOf(content);
        CHEATS.prank(ownerOf(log));
        ANCHOR_LOG.anchor(root);
        _roots[log].push(root);
        CourtEpochs.Epoch storage epoch = epochs[log].push();
        for (uint256 index = 0; index < content.entries.length; ++index) {
            epoch.entries.push(content.entries[index]);
        }
        (epoch.revoked, epoch.suspended) = (content.revoked, content.suspended);
    }

    function promiseEpoch(uint256 seed) private returns (uint64 epoch) {
        epoch = ANCHOR_LOG.latestEpoch(HONEST) + 1 + uint64(seed % 3);
        if (epoch > _promisedEpoch) _promisedEpoch = epoch;
    }

    function keepInclusion(IFraudCourt.InclusionPromise memory promised, uint256 secret) private {
        inclusions.push(promised);
        inclusionSignatures.push(signed(secret, COURT.inclusionDigest(promised)));
    }

    function keepRevocation(IFraudCourt.RevocationPromise memory promised, uint256 secret) private {
        revocations.push(promised);
        revocationSignatures.push(signed(secret, COURT.revocationDigest(promised)));
    }

    function signed(uint256 secret, bytes32 digest) private pure returns (IFraudCourt.Signature memory signature) {
        (signature.r, signature.vs) = CHEATS.signCompact(secret, digest);
    }

    function crookedLeaf(uint256 seed) private pure returns (bytes32 leaf) {
        return keccak256(abi.encode("leaf", seed % 8));
    }
}
