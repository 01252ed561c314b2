// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {EpochProofs} from "../src/EpochProofs.sol";
import {PlainProofs} from "./PlainProofs.sol";
import {ProofFixture} from "./ProofFixture.sol";
import {ProofReader} from "./ProofReader.sol";

/// @title Where a status proof leads, the bit it shows, and the form in which it comes
contract ProofStatusesTest is ProofFixture {
    EpochProofs.Purpose private constant REVOCATION = EpochProofs.Purpose.REVOCATION;
    EpochProofs.Purpose private constant SUSPENSION = EpochProofs.Purpose.SUSPENSION;

    ProofReader private _reader;

    function setUp() public override {
        super.setUp();
        _reader = new ProofReader();
    }

    function test_TheWorkedStatusProofOfTheProtocolLeadsToItsRoot() public view {
        // docs/protocol.md, section 4: the revocation proof of tests/vectors/good/batch-of-five.json.
        bytes memory proof = hex"18000280" hex"0000000000000000000000000000000000000000000000000000000000000000"
            hex"aa09024c3b4b0bc33eea496633581925540011bb2182efde103e79e6373006d0"
            hex"caec5401036c81c5c7c3cdce8d6645a3298a22a4e7b3841ab8573ef93e32598c"
            hex"d64015f28300215b0dc0869d1f3bff883ad1f149fd61479c41144812c49fb720"
            hex"d6ebe525b825c58ef64695542e9e96db5d9fad7ccc04ac9ceda089bd63ebc8c2"
            hex"542564b6a58690dbc8fca8e88ee9104862ab4ddaf7ecb532ea14c30f28d569ea"
            hex"4dbb230e52b2d72a443737843db6d2c680a426c0a980da9374a845c88e33a6ab";

        (bytes32 root, bool isSet) = _reader.foldStatus(137_438_761_328, REVOCATION, proof);

        CHEATS.assertEq(root, 0x3baeb3cc0d0b8bed522b2d8af8daa41730100366e926ffbee60c02ec4d7357e8, "the epoch root");
        CHEATS.assertTrue(!isSet, "revoked");
    }

    function test_AnEmptyTreeHasTheRootOfTheProtocol() public view {
        bytes32 empty = 0x8869ff2c22b28cc10510d9853292803328be4fb0e80495e8bb8d271f5b889636;
        bytes32 credentials = draw(0, "credentials", 0);

        (bytes32 root, bool isSet) =
            _reader.foldStatus(SLOT, REVOCATION, abi.encodePacked(uint32(0), bytes32(0), empty, credentials));

        bytes32 statusRoot = sha256(abi.encodePacked(empty, empty));
        CHEATS.assertEq(root, sha256(abi.encodePacked(credentials, statusRoot)), "the root");
        CHEATS.assertTrue(!isSet, "revoked");
    }

    function test_TheOtherRootStandsOnTheRightOfRevocations() public view {
        bytes32 other = draw(0, "other", 0);
        bytes memory proof = abi.encodePacked(uint32(0), bytes32(0), other, bytes32(0));

        (bytes32 root,) = _reader.foldStatus(SLOT, REVOCATION, proof);

        bytes32 statusRoot = sha256(abi.encodePacked(PlainProofs.emptyRoot(29), other));
        CHEATS.assertEq(root, sha256(abi.encodePacked(bytes32(0), statusRoot)), "the root");
    }

    function test_TheOtherRootStandsOnTheLeftOfSuspensions() public view {
        bytes32 other = draw(0, "other", 0);
        bytes memory proof = abi.encodePacked(uint32(0), bytes32(0), other, bytes32(0));

        (bytes32 root,) = _reader.foldStatus(SLOT, SUSPENSION, proof);

        bytes32 statusRoot = sha256(abi.encodePacked(other, PlainProofs.emptyRoot(29)));
        CHEATS.assertEq(root, sha256(abi.encodePacked(bytes32(0), statusRoot)), "the root");
    }

    function test_BitsAreCountedFromTheMostSignificant() public view {
        for (uint64 position = 0; position < 256; ++position) {
            PlainProofs.StatusProof memory proof = drawStatusProof(1, 0);
            proof.chunk = bytes32(1 << (255 - position));

            for (uint64 asked = 0; asked < 256; asked += 15) {
                (, bool isSet) = _reader.foldStatus(SLOT / 256 * 256 + asked, REVOCATION, encoded(proof));
                CHEATS.assertTrue(isSet == (asked == position), "the bit");
            }
            (, bool itself) = _reader.foldStatus(SLOT / 256 * 256 + position, REVOCATION, encoded(proof));
            CHEATS.assertTrue(itself, "the bit itself");
        }
    }

    function test_EachLevelMayListItsSibling() public view {
        for (uint256 level = 0; level < 29; ++level) {
            assertFolded(SLOT, drawStatusProof(level, uint32(1 << level)));
        }
    }

    function test_EveryLevelMayListItsSibling() public view {
        assertFolded(SLOT, drawStatusProof(1, EVERY_SIBLING));
    }

    function test_EachBitOfTheChunksNumberTurnsOneStep() public view {
        for (uint256 bit = 8; bit < 37; ++bit) {
            assertFolded(uint64(1 << bit), drawStatusProof(bit, EVERY_SIBLING));
        }
    }

    function test_ASiblingMapHas29Bits() public view {
        for (uint256 bit = 29; bit < 32; ++bit) {
            bytes memory proof = encoded(drawStatusProof(1, 0));
            proof[0] = bytes1(uint8(1 << (bit - 24)));

            assertRefused(proof, abi.encodeWithSelector(EpochProofs.SiblingMapIsOutOfRange.selector, 1 << bit));
        }
    }

    function test_AProofWithoutAMapIsTooShort() public view {
        for (uint256 size = 0; size < 4; ++size) {
            bytes memory proof = new bytes(size);
            // No map, not one of three bits.
            for (uint256 index = 0; index < size; ++index) {
                proof[index] = 0xff;
            }

            assertRefused(proof, abi.encodeWithSelector(EpochProofs.StatusProofHasWrongSize.selector, size, 100));
        }
    }

    function test_AProofHasTheSizeThatItsMapAsksFor() public view {
        for (uint256 listed = 0; listed <= 29; ++listed) {
            uint256 expected = 100 + 32 * listed;
            for (uint256 size = 4; size < 1100; size += size % 32 == 3 ? 1 : 31) {
                if (size == expected) continue;
                bytes memory proof = bytes.concat(bytes4(uint32((1 << listed) - 1)), new bytes(size - 4));

                assertRefused(
                    proof, abi.encodeWithSelector(EpochProofs.StatusProofHasWrongSize.selector, size, expected)
                );
            }
        }
    }

    function test_TheRootOfAnEmptySubtreeIsNotListed() public view {
        for (uint256 level = 0; level < 29; ++level) {
            PlainProofs.StatusProof memory proof = drawStatusProof(1, EVERY_SIBLING);
            proof.siblings[level] = PlainProofs.emptyRoot(level);

            assertRefused(encoded(proof), abi.encodeWithSelector(EpochProofs.EmptySubtreeIsListed.selector, level));
        }
    }

    function test_TheLowestOfTwoEmptySubtreesIsNamed() public view {
        PlainProofs.StatusProof memory proof = drawStatusProof(1, EVERY_SIBLING);
        proof.siblings[11] = PlainProofs.emptyRoot(11);
        proof.siblings[23] = PlainProofs.emptyRoot(23);

        assertRefused(encoded(proof), abi.encodeWithSelector(EpochProofs.EmptySubtreeIsListed.selector, 11));
    }

    function test_TheRootOfAnEmptySubtreeOfAnotherLevelIsASibling() public view {
        for (uint256 level = 0; level < 29; ++level) {
            PlainProofs.StatusProof memory proof = drawStatusProof(1, EVERY_SIBLING);
            proof.siblings[level] = PlainProofs.emptyRoot(level + 1);

            assertFolded(SLOT, proof);
        }
    }

    function test_TheOtherRootMayBeThatOfAnEmptyTree() public view {
        PlainProofs.StatusProof memory proof = drawStatusProof(1, EVERY_SIBLING);
        proof.otherRoot = PlainProofs.emptyRoot(29);
        proof.credentialsRoot = bytes32(0);

        assertFolded(SLOT, proof);
    }

    function test_TheLastSlotIsTaken() public view {
        assertFolded((1 << 37) - 1, drawStatusProof(1, 0x15555555));
    }

    function test_ASlotBeyondTheLastIsRefused() public view {
        for (uint256 bit = 37; bit < 64; ++bit) {
            uint64 slot = uint64(1 << bit) | SLOT;

            assertRefusal(
                address(_reader),
                abi.encodeCall(ProofReader.foldStatus, (slot, REVOCATION, encoded(drawStatusProof(1, 0)))),
                abi.encodeWithSelector(EpochProofs.SlotIsOutOfRange.selector, slot)
            );
        }
    }

    function test_ThereAreTwoPurposes() public view {
        bytes memory question =
            abi.encodeWithSelector(ProofReader.foldStatus.selector, SLOT, 2, encoded(drawStatusProof(1, 0)));

        assertRefusal(address(_reader), question, "");
    }

    function test_AFoldWithoutOneOfItsHashesLeadsNowhere() public {
        PlainProofs.StatusProof memory proof = drawStatusProof(1, EVERY_SIBLING);
        bytes memory question = abi.encodeCall(ProofReader.foldStatus, (SLOT, REVOCATION, encoded(proof)));
        bytes32 node = proof.chunk;
        bytes memory preimage;

        for (uint256 level = 0; level < 29; ++level) {
            bool isRight = ((SLOT >> 8) >> level) % 2 == 1;
            preimage =
                isRight ? abi.encodePacked(proof.siblings[level], node) : abi.encodePacked(node, proof.siblings[level]);
            assertRefusedWithout(preimage, address(_reader), question);
            node = sha256(preimage);
        }
        preimage = abi.encodePacked(node, proof.otherRoot);
        assertRefusedWithout(preimage, address(_reader), question);
        preimage = abi.encodePacked(proof.credentialsRoot, sha256(preimage));
        assertRefusedWithout(preimage, address(_reader), question);
    }

    function encoded(PlainProofs.StatusProof memory proof) private pure returns (bytes memory) {
        return PlainProofs.encodeStatusProof(proof);
    }

    function assertFolded(uint64 slot, PlainProofs.StatusProof memory proof) private view {
        for (uint8 purpose = 0; purpose < 2; ++purpose) {
            (bytes32 root, bool isSet) = _reader.foldStatus(slot, EpochProofs.Purpose(purpose), encoded(proof));
            (bytes32 plainRoot, bool plainBit) =
                PlainProofs.foldStatus(slot, EpochProofs.Purpose(purpose), encoded(proof));
            CHEATS.assertEq(root, plainRoot, "the root");
            CHEATS.assertTrue(isSet == plainBit, "the bit");
        }
    }

    function assertRefused(bytes memory proof, bytes memory why) private view {
        assertRefusal(address(_reader), abi.encodeCall(ProofReader.foldStatus, (SLOT, REVOCATION, proof)), why);
    }
}
