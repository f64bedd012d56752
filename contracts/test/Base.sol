// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMeedaVerifier} from "../interfaces/IMeedaVerifier.sol";
import {MeedaVerifier} from "../src/MeedaVerifier.sol";
import {Bls12381, G1} from "../src/libraries/Bls12381.sol";
import {Sampling} from "../src/libraries/Sampling.sol";
import {Kzg, Poly} from "./Kzg.sol";
import {MiniTest} from "./MiniTest.sol";

/// @dev A verifier with small parameters, an operator with a stake, and what an honest operator computes.
abstract contract Base is MiniTest {
    uint256 internal constant EPOCH = 10;
    uint256 internal constant STAKE = 10 ether;

    address internal immutable operator = address(0x0123456789012345678901234567890123456789);
    address internal immutable stranger = address(0xbad);
    address internal immutable treasury = address(0x7ea5);

    MeedaVerifier internal verifier;

    /// @dev The polynomials of the operator's blobs, by position.
    Poly[] internal blobs;

    function setUp() public virtual {
        verifier = new MeedaVerifier(params());
        vm.deal(operator, 100 ether);
        vm.deal(stranger, 100 ether);
        vm.prank(operator);
        verifier.stake{value: STAKE}();
    }

    function params() internal view virtual returns (IMeedaVerifier.Parameters memory) {
        return IMeedaVerifier.Parameters({
            epochBlocks: uint32(EPOCH),
            proofWindow: 20,
            challengeWindow: 40,
            hotEpochs: 2,
            hotSamples: 300,
            coldSamples: 100,
            retention: 100,
            publishWindow: 30,
            minimumStake: uint128(STAKE),
            missPenalty: 1 ether,
            missReward: 0.1 ether,
            fraudReward: 5000,
            demandBond: 0.01 ether,
            treasury: treasury
        });
    }

    /// @dev Anchors `count` blobs as one-blob batches in the current block and remembers their polynomials.
    function anchorBlobs(uint256 count) internal returns (uint256 index) {
        (IMeedaVerifier.BatchHeader[] memory batches, bytes memory commitments) = makeBlobs(count);
        vm.prank(operator);
        index = verifier.anchor(batches, commitments);
        anchored[index] = commitments;
    }

    function makeBlobs(uint256 count) internal returns (IMeedaVerifier.BatchHeader[] memory batches, bytes memory commitments) {
        batches = new IMeedaVerifier.BatchHeader[](count);
        for (uint256 i = 0; i < count; i++) {
            batches[i] = IMeedaVerifier.BatchHeader(1000, 1, address(0));
            commitments = bytes.concat(commitments, newBlob());
        }
    }

    function newBlob() internal returns (bytes memory commitment) {
        uint256 n = blobs.length;
        blobs.push(Poly(uint256(keccak256(abi.encode("a", n))) % Bls12381.R, uint256(keccak256(abi.encode("b", n))) % Bls12381.R));
        return Kzg.compress(Kzg.commit(blobs[n]));
    }

    /// @dev What an honest operator submits for an epoch: partial sums, value, opening.
    function prove(uint64 epoch, IMeedaVerifier.RangeHints memory hints)
        internal
        view
        returns (G1[] memory partialSums, bytes32 y, G1 memory proof)
    {
        bytes32 seed = verifier.epochSeed(operator, epoch);
        IMeedaVerifier.LiveRange memory range = verifier.liveRange(operator, epoch, hints);
        uint256 samples = Sampling.count(range, params().hotSamples, params().coldSamples);
        partialSums = new G1[](Sampling.chunkCount(samples));
        Poly memory all;
        for (uint256 chunk = 0; chunk < partialSums.length; chunk++) {
            Poly memory part;
            for (uint256 j = chunk * 256; j < samples && j < (chunk + 1) * 256; j++) {
                (uint64 position, uint128 weight) = Sampling.draw(seed, j, range, params().hotSamples);
                part = Kzg.addScaled(part, blobs[position], weight);
            }
            partialSums[chunk] = Kzg.commit(part);
            all = Kzg.addScaled(all, part, 1);
        }
        return (partialSums, bytes32(Kzg.evaluate(all, Sampling.challenge(seed))), Kzg.open(all));
    }

    /// @dev Proves an epoch as the operator.
    function submit(uint64 epoch, IMeedaVerifier.RangeHints memory hints) internal {
        (G1[] memory partialSums, bytes32 y, G1 memory proof) = prove(epoch, hints);
        vm.prank(operator);
        verifier.submitProof(epoch, hints, partialSums, y, proof);
    }

    /// @dev Goes to a block with the hashes of its ancestors as a chain would have them.
    function goTo(uint256 blockNumber) internal {
        vm.roll(blockNumber);
        for (uint256 n = blockNumber > 256 ? blockNumber - 256 : 0; n < blockNumber; n++) {
            vm.setBlockhash(n, keccak256(abi.encode("block", n)));
        }
    }

    function hintsOf(uint32 lo, uint32 hot, uint32 end) internal pure returns (IMeedaVerifier.RangeHints memory) {
        return IMeedaVerifier.RangeHints(lo, hot, end);
    }

    /// @dev The commitments of an anchor that anchorBlobs or anchorRaw made.
    mapping(uint256 index => bytes commitments) internal anchored;

    /// @dev Anchors any 48-byte strings as one-blob batches.
    function anchorRaw(bytes memory commitments) internal returns (uint256 index) {
        IMeedaVerifier.BatchHeader[] memory batches = new IMeedaVerifier.BatchHeader[](commitments.length / 48);
        for (uint256 i = 0; i < batches.length; i++) {
            batches[i] = IMeedaVerifier.BatchHeader(1000, 1, address(0));
        }
        vm.prank(operator);
        index = verifier.anchor(batches, commitments);
        anchored[index] = commitments;
    }

    /// @dev A blob of an anchor with its path.
    function refOf(uint256 anchorIndex, uint256 place) internal view returns (IMeedaVerifier.BlobRef memory) {
        uint64 firstBlob = verifier.getAnchor(operator, anchorIndex).firstBlob;
        bytes memory commitments = anchored[anchorIndex];
        (, bytes32[] memory path) = pathOf(commitments, place);
        return IMeedaVerifier.BlobRef(operator, uint32(anchorIndex), uint64(firstBlob + place), slice(commitments, place * 48, 48), path);
    }

    /// @dev Root and path by the definition, level by level.
    function pathOf(bytes memory commitments, uint256 place) internal pure returns (bytes32, bytes32[] memory path) {
        uint256 depth = 0;
        while ((uint256(1) << depth) * 48 < commitments.length) depth++;
        bytes32[] memory level = new bytes32[](uint256(1) << depth);
        for (uint256 i = 0; i * 48 < commitments.length; i++) {
            level[i] = keccak256(abi.encodePacked(hex"00", slice(commitments, i * 48, 48)));
        }
        path = new bytes32[](depth);
        for (uint256 d = 0; d < depth; d++) {
            path[d] = level[(place >> d) ^ 1];
            bytes32[] memory above = new bytes32[](level.length / 2);
            for (uint256 i = 0; i < above.length; i++) {
                above[i] = keccak256(abi.encodePacked(hex"01", level[2 * i], level[2 * i + 1]));
            }
            level = above;
        }
        return (level[0], path);
    }

    function slice(bytes memory data, uint256 start, uint256 length) internal pure returns (bytes memory part) {
        part = new bytes(length);
        for (uint256 i = 0; i < length; i++) {
            part[i] = data[start + i];
        }
    }

    /// @dev The leaves of a chunk as a challenger brings them.
    function leavesOf(uint64 epoch, IMeedaVerifier.RangeHints memory hints, uint256 chunk)
        internal
        view
        returns (IMeedaVerifier.Leaf[] memory leaves)
    {
        bytes32 seed = verifier.epochSeed(operator, epoch);
        IMeedaVerifier.LiveRange memory range = verifier.liveRange(operator, epoch, hints);
        uint256 samples = Sampling.count(range, params().hotSamples, params().coldSamples) - chunk * 256;
        leaves = new IMeedaVerifier.Leaf[](samples < 256 ? samples : 256);
        for (uint256 i = 0; i < leaves.length; i++) {
            (uint64 position,) = Sampling.draw(seed, chunk * 256 + i, range, params().hotSamples);
            leaves[i] = leafAt(position);
        }
    }

    function leafAt(uint64 position) internal view returns (IMeedaVerifier.Leaf memory) {
        uint256 index = verifier.anchorCount(operator) - 1;
        while (verifier.getAnchor(operator, index).firstBlob > position) index--;
        (, bytes32[] memory path) = pathOf(anchored[index], position - verifier.getAnchor(operator, index).firstBlob);
        return IMeedaVerifier.Leaf(uint32(index), Kzg.commit(blobs[position]), path);
    }

    /// @dev Submits a proof that the contract takes, whose partial sum `chunk` is wrong by `off`·G1: the liar shifts the value along.
    function submitLie(uint64 epoch, IMeedaVerifier.RangeHints memory hints, uint256 chunk, uint256 off)
        internal
        returns (G1[] memory partialSums)
    {
        bytes32 y;
        G1 memory proof;
        (partialSums, y, proof) = prove(epoch, hints);
        partialSums[chunk] = Kzg.add(partialSums[chunk], Kzg.multiply(Bls12381.generator(), off));
        y = bytes32(addmod(uint256(y), off, Bls12381.R));
        vm.prank(operator);
        verifier.submitProof(epoch, hints, partialSums, y, proof);
    }

    function expectError(bytes memory data) internal {
        vm.expectRevert(data);
    }
}
