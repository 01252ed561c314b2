// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {EpochProofs} from "../src/EpochProofs.sol";
import {Cheats} from "./Cheats.sol";
import {ProofReader} from "./ProofReader.sol";
import {SymbolicCheats} from "./SymbolicCheats.sol";

/// @title What form a proof has, whatever its bytes, shown by halmos
/// @dev All of this is decided before anything is hashed. That a status proof has the size that its map asks for is
/// not here: solvers do not count the ones of a map in time. The unit tests, the fuzz tests and the comparison with
/// Python do.
contract SymbolicProofsTest {
    Cheats private constant CHEATS = Cheats(address(uint160(uint256(keccak256("hevm cheat code")))));
    SymbolicCheats private constant SYMBOLIC = SymbolicCheats(address(uint160(uint256(keccak256("svm cheat code")))));

    ProofReader private _reader;

    function setUp() public {
        _reader = new ProofReader();
    }

    // -- one spelling: a size, and in it the sides or the map, say everything

    function check_APathOfAWrongSizeIsRefused(bytes32 leaf, uint64 slot) external view {
        for (uint256 size = 0; size < 2062; size += size < 80 || size > 2020 ? 1 : 67) {
            if (size % 32 == 8 && size >= 72 && size <= 2024) continue;
            assertPathRefused(leaf, slot, symbolicBytes(size));
        }
    }

    function check_SidesSpellTheirSiblingsAndNothingElse(bytes32 leaf, uint64 slot) external view {
        for (uint256 siblings = 2; siblings <= 63; ++siblings) {
            bytes memory path = symbolicBytes(8 + 32 * siblings);
            uint64 sides = uint64(bytes8(path));
            uint64 lastIsRight = uint64(1 << (siblings - 1));
            // Accepted sides are the free ones below the last, and the last.
            CHEATS.assume(sides != (sides & (lastIsRight - 1)) | lastIsRight);

            assertPathRefused(leaf, slot, path);
        }
    }

    function check_AStatusProofWithoutAMapIsRefused(uint64 slot, bool isSuspension) external view {
        for (uint256 size = 0; size < 4; ++size) {
            assertStatusRefused(slot, isSuspension, symbolicBytes(size));
        }
    }

    function check_AMapHas29Bits(uint64 slot, bool isSuspension, uint32 siblingMap) external view {
        CHEATS.assume(siblingMap >= 1 << 29);
        for (uint256 siblings = 0; siblings <= 29; ++siblings) {
            bytes memory proof = bytes.concat(bytes4(siblingMap), symbolicBytes(32 * (3 + siblings)));

            assertStatusRefused(slot, isSuspension, proof);
        }
    }

    function check_NoSlotIsBeyondTheLast(bytes32 leaf, uint64 slot, bool isSuspension) external view {
        CHEATS.assume(slot >= 1 << 37);

        assertPathRefused(leaf, slot, symbolicBytes(104));
        assertStatusRefused(slot, isSuspension, symbolicBytes(100));
    }

    // -- the form of a path

    function check_TheLastSiblingStandsOnTheRight(bytes32 leaf, uint64 slot) external view {
        bytes memory path = symbolicBytes(136);
        CHEATS.assume((uint64(bytes8(path)) >> 3) & 1 == 0);

        assertPathRefused(leaf, slot, path);
    }

    function assertPathRefused(bytes32 leaf, uint64 slot, bytes memory path) private view {
        (bool accepted,) = address(_reader).staticcall(abi.encodeCall(ProofReader.foldPath, (leaf, slot, path)));
        assert(!accepted);
    }

    function assertStatusRefused(uint64 slot, bool isSuspension, bytes memory proof) private view {
        EpochProofs.Purpose purpose = isSuspension ? EpochProofs.Purpose.SUSPENSION : EpochProofs.Purpose.REVOCATION;
        (bool accepted,) = address(_reader).staticcall(abi.encodeCall(ProofReader.foldStatus, (slot, purpose, proof)));
        assert(!accepted);
    }

    function symbolicBytes(uint256 size) private pure returns (bytes memory) {
        return SYMBOLIC.createBytes(size, "proof");
    }
}
