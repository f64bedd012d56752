// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMeedaVerifier} from "../interfaces/IMeedaVerifier.sol";
import {Bls12381, G1} from "../src/libraries/Bls12381.sol";
import {Kzg, Poly} from "./Kzg.sol";
import {Base} from "./Base.sol";

/// @dev Each call as a transaction of its own (forge's --isolate), so that the figure is what is paid on L1: calldata, its floor (EIP-7623) and refunds included.
/// `npm run snapshot` keeps them in snapshots/, CI compares.
contract GasTest is Base {
    function params() internal view override returns (IMeedaVerifier.Parameters memory p) {
        p = super.params();
        p.hotSamples = 10_240;
    }

    function test_anchor_of_one_blob() public {
        anchorBlobs(2);
        (IMeedaVerifier.BatchHeader[] memory batches, bytes memory commitments) = makeBlobs(1);
        vm.prank(operator);
        verifier.anchor(batches, commitments);
        limit("anchor of one blob", 110_000);
    }

    function test_anchor_of_256_blobs_in_8_batches() public {
        anchorBlobs(2);
        IMeedaVerifier.BatchHeader[] memory batches = new IMeedaVerifier.BatchHeader[](8);
        bytes memory commitments;
        for (uint256 i = 0; i < 8; i++) {
            batches[i] = IMeedaVerifier.BatchHeader(32 * 126_976 - 31, 32, address(0));
            for (uint256 j = 0; j < 32; j++) {
                commitments = bytes.concat(commitments, newBlob());
            }
        }
        vm.prank(operator);
        verifier.anchor(batches, commitments);
        limit("anchor of 256 blobs in 8 batches", 560_000);
    }

    function test_submitProof_with_40_partial_sums() public {
        IMeedaVerifier.RangeHints memory hints = sameBlobs(40, 8);
        (G1[] memory partialSums, bytes32 y, G1 memory proof) = proveSame(hints);
        assertEq(partialSums.length, 40, "chunks");
        vm.prank(operator);
        verifier.submitProof(1, hints, partialSums, y, proof);
        limit("submitProof with 40 partial sums", 420_000);
    }

    function test_proveFraud_of_256_leaves_in_256_anchors() public {
        goTo(5);
        for (uint256 i = 0; i < 256; i++) {
            anchorBlobs(1);
        }
        goTo(11);
        challenge(hintsOf(0, 0, 256), "proveFraud of 256 leaves in 256 anchors of one blob", 8_000_000);
    }

    function test_proveFraud_of_256_leaves_with_paths_of_8() public {
        challengeSame(8, "proveFraud of 256 leaves with paths of 8", 8_000_000);
    }

    /// @dev No anchor has more than 4096 blobs, so no path is longer; every chunk that can exist stays below the cap of 2^24.
    function test_proveFraud_of_256_leaves_with_the_longest_paths() public {
        challengeSame(12, "proveFraud of 256 leaves with paths of 12", (1 << 24) - 256 * 2 * 2100);
    }

    function test_reportMiss() public {
        goTo(5);
        anchorBlobs(1);
        goTo(31);
        verifier.reportMiss(operator, 1, hintsOf(0, 0, 1));
        limit("reportMiss", 150_000);
    }

    function challengeSame(uint256 depth, string memory name, uint256 most) private {
        IMeedaVerifier.RangeHints memory hints = sameBlobs(1, depth);
        (G1[] memory partialSums, bytes32 y, G1 memory proof) = proveSame(hints);
        partialSums[0] = Kzg.add(partialSums[0], Bls12381.generator());
        vm.prank(operator);
        verifier.submitProof(1, hints, partialSums, bytes32(addmod(uint256(y), 1, Bls12381.R)), proof);
        IMeedaVerifier.Leaf[] memory leaves = new IMeedaVerifier.Leaf[](256);
        bytes32[] memory path = samePath(anchored[0], depth);
        for (uint256 i = 0; i < 256; i++) {
            leaves[i] = IMeedaVerifier.Leaf(0, Kzg.commit(blobs[0]), path);
        }
        verifier.proveFraud(operator, 1, verifier.epochSeed(operator, 1), hints, partialSums, 0, leaves);
        limit(name, most);
    }

    /// @dev `anchors` anchors of 2^depth equal blobs, all of them recent at epoch 1.
    function sameBlobs(uint256 anchors, uint256 depth) private returns (IMeedaVerifier.RangeHints memory) {
        goTo(5);
        bytes memory commitment = newBlob();
        bytes memory commitments;
        for (uint256 i = 0; i < depth; i++) {
            commitment = bytes.concat(commitment, commitment);
        }
        commitments = commitment;
        for (uint256 i = 0; i < anchors; i++) {
            IMeedaVerifier.BatchHeader[] memory batches = new IMeedaVerifier.BatchHeader[](1);
            batches[0] = IMeedaVerifier.BatchHeader(uint32((126_976 << depth) - 31), uint16(1 << depth), address(0));
            vm.prank(operator);
            verifier.anchor(batches, commitments);
        }
        anchored[0] = slice(commitments, 0, 48);
        goTo(11);
        return hintsOf(0, 0, uint32(anchors));
    }

    function proveSame(IMeedaVerifier.RangeHints memory hints) private returns (G1[] memory, bytes32, G1 memory) {
        uint256 positions =
            verifier.getAnchor(operator, hints.endAnchor - 1).firstBlob + verifier.getAnchor(operator, hints.endAnchor - 1).blobCount;
        Poly memory poly = blobs[0];
        while (blobs.length < positions) {
            blobs.push(poly);
        }
        return prove(1, hints);
    }

    function samePath(bytes memory commitment, uint256 depth) private pure returns (bytes32[] memory path) {
        path = new bytes32[](depth);
        bytes32 node = keccak256(abi.encodePacked(hex"00", commitment));
        for (uint256 i = 0; i < depth; i++) {
            path[i] = node;
            node = keccak256(abi.encodePacked(hex"01", node, node));
        }
    }

    function challenge(IMeedaVerifier.RangeHints memory hints, string memory name, uint256 most) private {
        G1[] memory partialSums = submitLie(1, hints, 0, 5);
        IMeedaVerifier.Leaf[] memory leaves = leavesOf(1, hints, 0);
        verifier.proveFraud(operator, 1, verifier.epochSeed(operator, 1), hints, partialSums, 0, leaves);
        limit(name, most);
    }

    function limit(string memory name, uint256 most) private {
        uint256 gas = vm.snapshotGasLastCall("MeedaVerifier", name);
        assertTrue(gas <= most, string.concat(name, ": ", vm.toString(gas)));
    }
}
