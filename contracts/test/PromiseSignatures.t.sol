// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {FraudCourt} from "../src/FraudCourt.sol";
import {IBonds} from "../src/IBonds.sol";
import {IFraudCourt} from "../src/IFraudCourt.sol";
import {CourtFixture} from "./CourtFixture.sol";

/// @title What promise keys sign, and whose signatures are none
contract PromiseSignaturesTest is CourtFixture {
    uint256 private constant ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
    uint256 private constant PARITY = 1 << 255;

    function setUp() public override {
        super.setUp();
        CHEATS.warp(DEADLINE + 1);
    }

    function testFuzz_AnInclusionPromiseHasTheHashOfEip712(IFraudCourt.InclusionPromise memory promised) public view {
        bytes32 content = keccak256(
            abi.encode(
                keccak256("InclusionPromise(uint256 log,bytes32 leaf,uint64 slot,uint64 epoch,uint64 deadline)"),
                promised.log,
                promised.leaf,
                promised.slot,
                promised.epoch,
                promised.deadline
            )
        );

        CHEATS.assertEq(court.inclusionDigest(promised), typed(content, court, 31_337), "digest");
    }

    function testFuzz_ARevocationPromiseHasTheHashOfEip712(IFraudCourt.RevocationPromise memory promised) public view {
        CHEATS.assertEq(court.revocationDigest(promised), typed(contentOf(promised), court, 31_337), "digest");
    }

    function testFuzz_TheHashIsThatOfThePresentChain(uint64 chain) public {
        CHEATS.assume(chain != 0);
        CHEATS.chainId(chain);

        CHEATS.assertEq(court.revocationDigest(revocation(1)), typed(contentOf(revocation(1)), court, chain), "digest");
    }

    function testFuzz_APromiseSignedByALiveKeyIsTaken(uint256 secret) public {
        secret = 1 + secret % (ORDER - 1);
        address account = CHEATS.addr(secret);
        CHEATS.assume(account != key);
        accepted(OWNER, abi.encodeCall(IBonds.registerKey, (log, account)));
        IFraudCourt.Signature memory signature = signedBy(secret, court.revocationDigest(revocation(1)));

        accepted(REPORTER, reporting(revocation(1), signature));

        assertMarked(log, IBonds.Kind.BROKEN_REVOCATION_PROMISE, 1);
    }

    function testFuzz_APromiseSignedByAKeyNeverRegisteredIsRefused(uint256 secret) public {
        secret = 1 + secret % (ORDER - 1);
        CHEATS.assume(secret != KEY);
        IFraudCourt.Signature memory signature = signedBy(secret, court.revocationDigest(revocation(1)));

        refusedByCourt(REPORTER, reporting(revocation(1), signature), unsigned(CHEATS.addr(secret)));
    }

    function test_APromiseOfARetiredKeyIsReportableForSixtyDays() public {
        accepted(OWNER, abi.encodeCall(IBonds.retireKey, (log, key)));
        CHEATS.warp(DEADLINE + 1 + 60 days);

        accepted(REPORTER, overdue(revocation(1)));

        assertMarked(log, IBonds.Kind.BROKEN_REVOCATION_PROMISE, 1);
    }

    function test_AfterSixtyDaysAPromiseOfARetiredKeyIsNone() public {
        accepted(OWNER, abi.encodeCall(IBonds.retireKey, (log, key)));
        CHEATS.warp(DEADLINE + 2 + 60 days);

        refusedByCourt(REPORTER, overdue(revocation(1)), unsigned(key));
        refusedByCourt(REPORTER, STAKE, challenging(inclusion(1)), unsigned(key));
        refusedByCourt(REPORTER, broken(revocation(1), 1, ""), unsigned(key));
    }

    function test_APromiseOfAnotherLogsKeyIsNone() public {
        address stranger = CHEATS.addr(7);
        uint256 other = openOwnLog(STRANGER);
        accepted(STRANGER, abi.encodeCall(IBonds.registerKey, (other, stranger)));

        refusedByCourt(
            REPORTER, reporting(revocation(1), signedBy(7, court.revocationDigest(revocation(1)))), unsigned(stranger)
        );
    }

    /// @dev Another signer comes out of the same signature: whoever that is, it has no key here.
    function testFuzz_AChangedPromiseIsNotTheSignersAnyMore(uint8 member, uint64 change) public {
        CHEATS.assume(change != 0);
        IFraudCourt.RevocationPromise memory promised = revocation(5);
        IFraudCourt.Signature memory signature = signed(court.revocationDigest(promised));
        if (member % 3 == 0) promised.slot ^= change % (1 << 37);
        if (member % 3 == 1) promised.epoch ^= change;
        if (member % 3 == 2) promised.deadline ^= change;
        CHEATS.assume(promised.epoch != 0 && !(member % 3 == 0 && change % (1 << 37) == 0));

        assertUnsigned(promised, signature);
    }

    function test_APromiseForAnotherLogIsNotThisOnes() public {
        IFraudCourt.RevocationPromise memory promised = revocation(5);
        IFraudCourt.Signature memory signature = signed(court.revocationDigest(promised));
        promised.log = openOwnLog(STRANGER);

        assertUnsigned(promised, signature);
    }

    function test_APromiseMadeForAnotherCourtIsNone() public {
        FraudCourt other = new FraudCourt(anchorLog);

        assertUnsigned(revocation(1), signed(other.revocationDigest(revocation(1))));
    }

    function test_APromiseMadeForAnotherChainIsNone() public {
        IFraudCourt.Signature memory signature = signed(court.revocationDigest(revocation(1)));
        CHEATS.chainId(1);

        assertUnsigned(revocation(1), signature);
    }

    function test_AnInclusionPromiseIsNoRevocationPromise() public {
        assertUnsigned(revocation(1), signed(court.inclusionDigest(inclusion(1))));
    }

    /// @dev The compact form has no place for the highest bit of the twin's s, where the parity stands.
    function testFuzz_TheTwinWithAHighSCannotBeSpelled(uint256 secret) public {
        IFraudCourt.Signature memory signature =
            signedBy(1 + secret % (ORDER - 1), court.revocationDigest(revocation(1)));
        bytes32 twin = bytes32(ORDER - (uint256(signature.vs) & ~PARITY));

        signature.vs = twin;
        assertUnsigned(revocation(1), signature);
        signature.vs = twin ^ bytes32(PARITY);
        assertUnsigned(revocation(1), signature);
    }

    function test_AHighSIsNobodysEvenWhereTheCurveWouldTakeIt() public {
        IFraudCourt.Signature memory signature = signed(court.revocationDigest(revocation(1)));
        uint256 half = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

        signature.vs = bytes32(half + 1);
        refusedByCourt(REPORTER, reporting(revocation(1), signature), unsigned(address(0)));
        signature.vs = bytes32(half);
        address somebody = ecrecover(court.revocationDigest(revocation(1)), 27, signature.r, bytes32(half));
        CHEATS.assertTrue(somebody != address(0), "the largest low s recovers");
        refusedByCourt(REPORTER, reporting(revocation(1), signature), unsigned(somebody));
    }

    function test_TheOtherParityIsAnotherSigner() public {
        IFraudCourt.Signature memory signature = signed(court.revocationDigest(revocation(1)));
        signature.vs ^= bytes32(PARITY);

        assertUnsigned(revocation(1), signature);
    }

    function testFuzz_ASignatureThatRecoversNobodyIsRefused(uint256 vs) public {
        IFraudCourt.Signature memory signature = IFraudCourt.Signature({r: 0, vs: bytes32(vs)});

        refusedByCourt(REPORTER, reporting(revocation(1), signature), unsigned(address(0)));
    }

    function testFuzz_AnInventedSignatureIsRefused(bytes32 r, bytes32 vs) public {
        assertUnsigned(revocation(1), IFraudCourt.Signature({r: r, vs: vs}));
    }

    function assertUnsigned(IFraudCourt.RevocationPromise memory promised, IFraudCourt.Signature memory signature)
        private
    {
        CHEATS.prank(REPORTER);
        (bool isAccepted, bytes memory answer) = address(court).call(reporting(promised, signature));

        CHEATS.assertTrue(!isAccepted, "the court accepted");
        CHEATS.assertEq(bytes32(bytes4(answer)), bytes32(IFraudCourt.PromiseIsNotSigned.selector), "the reason");
        assertUnmarked(promised.log);
    }

    function reporting(IFraudCourt.RevocationPromise memory promised, IFraudCourt.Signature memory signature)
        private
        pure
        returns (bytes memory data)
    {
        return abi.encodeCall(IFraudCourt.reportOverdueRevocation, (promised, signature));
    }

    function unsigned(address signer) private view returns (bytes memory why) {
        return abi.encodeWithSelector(IFraudCourt.PromiseIsNotSigned.selector, log, signer);
    }

    function signedBy(uint256 secret, bytes32 digest) private pure returns (IFraudCourt.Signature memory signature) {
        (signature.r, signature.vs) = CHEATS.signCompact(secret, digest);
    }

    function contentOf(IFraudCourt.RevocationPromise memory promised) private pure returns (bytes32 content) {
        return keccak256(
            abi.encode(
                keccak256("RevocationPromise(uint256 log,uint64 slot,uint64 epoch,uint64 deadline)"),
                promised.log,
                promised.slot,
                promised.epoch,
                promised.deadline
            )
        );
    }

    function typed(bytes32 content, FraudCourt verifier, uint256 chain) private pure returns (bytes32 digest) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("CredrootFraudCourt"),
                keccak256("1"),
                chain,
                address(verifier)
            )
        );
        return keccak256(bytes.concat("\x19\x01", domain, content));
    }
}
