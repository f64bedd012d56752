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
}
