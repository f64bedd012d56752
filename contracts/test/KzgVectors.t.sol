// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {G1} from "../interfaces/MeedaTypes.sol";
import {Bls12381} from "../src/libraries/Bls12381.sol";
import {MiniTest} from "./MiniTest.sol";

/// @dev The consensus-specs vectors of verify_kzg_proof through the Solidity verifier. script/kzg-vectors.mjs reads them where they are; they are not part of
/// this repository.
contract KzgVectorsTest is MiniTest {
    uint256 private constant CASE = 128 + 32 + 32 + 128;

    function test_verify_kzg_proof() public {
        string memory json = vm.readFile("cache/kzg-vectors.json");
        bytes memory verdicts = vm.parseJsonBytes(json, ".verdicts");
        if (verdicts.length == 0) {
            vm.skip(true);
            return;
        }
        bytes memory input = vm.parseJsonBytes(json, ".input");
        assertEq(input.length, verdicts.length * CASE, "cases");
        for (uint256 i = 0; i < verdicts.length; i++) {
            bool verified = Bls12381.verifyOpening(
                pointAt(input, i * CASE),
                wordAt(input, i * CASE + 128),
                wordAt(input, i * CASE + 160),
                pointAt(input, i * CASE + 192)
            );
            assertTrue(verified == (verdicts[i] == 0x01), vm.toString(i));
        }
    }

    function pointAt(bytes memory data, uint256 offset) private pure returns (G1 memory) {
        return G1(
            bytes32(wordAt(data, offset)),
            bytes32(wordAt(data, offset + 32)),
            bytes32(wordAt(data, offset + 64)),
            bytes32(wordAt(data, offset + 96))
        );
    }

    function wordAt(bytes memory data, uint256 offset) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(add(data, 32), offset))
        }
    }
}
