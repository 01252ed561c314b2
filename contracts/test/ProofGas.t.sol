// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {EpochProofs} from "../src/EpochProofs.sol";
import {PlainProofs} from "./PlainProofs.sol";
import {ProofFixture} from "./ProofFixture.sol";
import {ProofReader} from "./ProofReader.sol";

/// @title Too little gas never leads anywhere: a contract in the middle chooses how much it passes on
contract ProofGasTest is ProofFixture {
    ProofReader private _reader;

    function setUp() public override {
        super.setUp();
        _reader = new ProofReader();
    }

    function test_APathWithTooLittleGasLeadsNowhere() public view {
        bytes32 leaf = draw(0, "leaf", 0);
        bytes memory path = PlainProofs.encodePath(drawPath(0, 4));

        assertRefusedOrAnswered(
            abi.encodeCall(ProofReader.foldPath, (leaf, SLOT, path)),
            abi.encode(PlainProofs.foldPath(leaf, SLOT, path)),
            4000
        );
    }

    function test_AStatusProofWithTooLittleGasLeadsNowhere() public view {
        bytes memory proof = PlainProofs.encodeStatusProof(drawStatusProof(0, 0x5));
        (bytes32 root, bool isSet) = PlainProofs.foldStatus(SLOT, EpochProofs.Purpose.REVOCATION, proof);

        assertRefusedOrAnswered(
            abi.encodeCall(ProofReader.foldStatus, (SLOT, EpochProofs.Purpose.REVOCATION, proof)),
            abi.encode(root, isSet),
            14_000
        );
    }

    /// @dev With every amount of gas: no answer, or the right one.
    function assertRefusedOrAnswered(bytes memory question, bytes memory expected, uint256 enough) private view {
        uint256 answers = 0;
        for (uint256 amount = 0; amount < enough; ++amount) {
            (bool answered, bytes memory answer) = address(_reader).staticcall{gas: amount}(question);
            if (!answered) continue;
            ++answers;
            CHEATS.assertEq(answer, expected, "another answer");
        }
        CHEATS.assertTrue(answers > 0, "no amount was enough");
    }
}
