// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {EpochProofs} from "../src/EpochProofs.sol";
import {PlainProofs} from "./PlainProofs.sol";
import {ProofFixture} from "./ProofFixture.sol";
import {ProofReader} from "./ProofReader.sol";

/// @title Where a path leads, and the form in which it comes
contract ProofPathsTest is ProofFixture {
    bytes32 private constant LEAF = 0x6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b;

    ProofReader private _reader;

    function setUp() public override {
        super.setUp();
        _reader = new ProofReader();
    }

    function test_TheWorkedPathOfTheProtocolLeadsToItsRoot() public view {
        // docs/protocol.md, section 3: the credential of tests/vectors/good/batch-of-three.json.
        bytes memory path = hex"000000000000001c" hex"6aef268253fb95b720bb6899565a11bb0fd1bcc3f0d84ba43a8838c4b458ec60"
            hex"2de0e973013d76daab7f1449315666e5b83450fa7b762cb200d9819ac8e60f5e"
            hex"2abce55c53e28b720286edd18bbf4a2334e1d5b794195234ef5393ced1211a8b"
            hex"3df9913eba5e4f822f0e31fe99aac254f46f59490fee4992b3c70b9788f72cfd"
            hex"ac335e568b9dc4dc140a81873658b911c09d34ae743bb4a84c1f168feba73ca9";
        bytes32 leaf = 0xbe414e0e3dd388f404f3bcf42376c0ff9f890fdf92280205b438fd368df3110e;

        bytes32 root = _reader.foldPath(leaf, 137_438_822_400, path);

        CHEATS.assertEq(root, 0xba311376cd475d3c7bb3977186d2f5d0fa6707cf839ce1aac136080188176fa0, "the epoch root");
    }

    function test_AnEntryIsHashedBeforeItsSiblings() public view {
        bytes32 first = draw(0, "first", 0);
        bytes32 statusRoot = draw(0, "status", 0);

        bytes32 root = _reader.foldPath(LEAF, SLOT, abi.encodePacked(uint64(2), first, statusRoot));

        bytes32 entry = sha256(abi.encodePacked(LEAF, uint256(SLOT)));
        bytes32 below = sha256(abi.encodePacked(first, entry));
        CHEATS.assertEq(root, sha256(abi.encodePacked(below, statusRoot)), "the root");
    }

    function test_EveryLengthOfAPathIsFolded() public view {
        for (uint256 siblings = 2; siblings <= 63; ++siblings) {
            bytes memory path = pathOf(siblings);

            bytes32 root = _reader.foldPath(LEAF, SLOT, path);

            CHEATS.assertEq(root, PlainProofs.foldPath(LEAF, SLOT, path), "the root");
        }
    }

    function test_APathOfOneSiblingIsRefused() public view {
        assertRefused(pathOf(1), abi.encodeWithSelector(EpochProofs.PathHasWrongSize.selector, 40));
    }

    function test_APathOfSixtyFourSiblingsIsRefused() public view {
        assertRefused(pathOf(64), abi.encodeWithSelector(EpochProofs.PathHasWrongSize.selector, 2056));
    }

    function test_APathOfAnyOtherSizeIsRefused() public view {
        for (uint256 size = 0; size < 2100; ++size) {
            if (size % 32 == 8 && size > 40 && size < 2056) continue;
            assertRefused(new bytes(size), abi.encodeWithSelector(EpochProofs.PathHasWrongSize.selector, size));
        }
    }

    function test_TheLastSiblingStandsOnTheRight() public view {
        bytes memory path = pathOf(5);
        path[7] = 0x0f;

        assertRefused(path, abi.encodeWithSelector(EpochProofs.PathHasWrongSides.selector, 0x0f));
    }

    function test_NoSideIsGivenBeyondTheLastSibling() public view {
        for (uint256 side = 5; side < 64; ++side) {
            bytes memory path = bytes.concat(bytes8(uint64(0x10 | (1 << side))), new bytes(5 * 32));

            assertRefused(path, abi.encodeWithSelector(EpochProofs.PathHasWrongSides.selector, 0x10 | (1 << side)));
        }
    }

    function test_TheLongestPathHasOneSideToSpare() public view {
        bytes memory path = pathOf(63);
        path[0] |= 0x80;

        uint64 sides = uint64(bytes8(path));
        assertRefused(path, abi.encodeWithSelector(EpochProofs.PathHasWrongSides.selector, sides));
    }

    function test_NoSiblingHasTheFormOfASlotWord() public view {
        bytes32[5] memory words = [
            bytes32(0),
            bytes32(uint256(SLOT)),
            bytes32(uint256((1 << 37) - 1)),
            bytes32(uint256(0xff) << 224),
            bytes32((uint256(0x07) << 224) | SLOT)
        ];
        for (uint256 index = 0; index < words.length; ++index) {
            for (uint256 step = 0; step < 7; ++step) {
                PlainProofs.Path memory path = drawPath(1, 7);
                path.siblings[step] = words[index];

                assertRefused(
                    PlainProofs.encodePath(path), abi.encodeWithSelector(EpochProofs.SiblingIsASlotWord.selector, step)
                );
            }
        }
    }

    function test_TheFirstOfTwoSlotWordsIsNamed() public view {
        PlainProofs.Path memory path = drawPath(1, 7);
        path.siblings[2] = bytes32(0);
        path.siblings[5] = bytes32(0);

        assertRefused(PlainProofs.encodePath(path), abi.encodeWithSelector(EpochProofs.SiblingIsASlotWord.selector, 2));
    }

    function test_ASiblingWithOneBitThatNoSlotWordHasIsTaken() public view {
        for (uint256 bit = 0; bit < 256; ++bit) {
            // Byte 3 and the 37 lowest bits may be anything in a slot word.
            if (bit < 37 || (bit >= 224 && bit < 232)) continue;
            PlainProofs.Path memory path = drawPath(1, 7);
            path.siblings[3] = bytes32(1 << bit);
            bytes memory encoded = PlainProofs.encodePath(path);

            bytes32 root = _reader.foldPath(LEAF, SLOT, encoded);

            CHEATS.assertEq(root, PlainProofs.foldPath(LEAF, SLOT, encoded), "the root");
        }
    }

    function test_TheLastSlotIsTaken() public view {
        uint64 last = (1 << 37) - 1;
        bytes memory path = pathOf(4);

        CHEATS.assertEq(_reader.foldPath(LEAF, last, path), PlainProofs.foldPath(LEAF, last, path), "the root");
    }

    function test_ASlotBeyondTheLastIsRefused() public view {
        for (uint256 bit = 37; bit < 64; ++bit) {
            uint64 slot = uint64(1 << bit) | SLOT;

            assertRefused(slot, pathOf(4), abi.encodeWithSelector(EpochProofs.SlotIsOutOfRange.selector, slot));
        }
    }

    function test_AFoldWithoutOneOfItsHashesLeadsNowhere() public {
        PlainProofs.Path memory path = drawPath(4, 4);
        bytes memory question = abi.encodeCall(ProofReader.foldPath, (LEAF, SLOT, PlainProofs.encodePath(path)));
        bytes memory preimage = abi.encodePacked(LEAF, uint256(SLOT));

        assertRefusedWithout(preimage, address(_reader), question);
        for (uint256 step = 0; step < 4; ++step) {
            bytes32 node = sha256(preimage);
            preimage = path.onTheRight[step]
                ? abi.encodePacked(node, path.siblings[step])
                : abi.encodePacked(path.siblings[step], node);
            assertRefusedWithout(preimage, address(_reader), question);
        }
    }

    function pathOf(uint256 siblings) private pure returns (bytes memory) {
        return PlainProofs.encodePath(drawPath(siblings, siblings));
    }

    function assertRefused(bytes memory path, bytes memory why) private view {
        assertRefused(SLOT, path, why);
    }

    function assertRefused(uint64 slot, bytes memory path, bytes memory why) private view {
        assertRefusal(address(_reader), abi.encodeCall(ProofReader.foldPath, (LEAF, slot, path)), why);
    }
}
