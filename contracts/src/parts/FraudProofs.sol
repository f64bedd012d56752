// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMeedaVerifier} from "../../interfaces/IMeedaVerifier.sol";
import {AnchorTree} from "../libraries/AnchorTree.sol";
import {Bls12381, G1} from "../libraries/Bls12381.sol";
import {Sampling} from "../libraries/Sampling.sol";
import {Proofs} from "./Proofs.sol";

/// @dev What anybody can show about an operator in one transaction: a wrong partial sum, or a commitment that is none.
abstract contract FraudProofs is Proofs {
    /// @inheritdoc IMeedaVerifier
    function proveFraud(
        address operator,
        uint64 epoch,
        bytes32 seed,
        RangeHints calldata hints,
        G1[] calldata partialSums,
        uint256 chunk,
        Leaf[] calldata leaves
    ) external {
        Epoch storage state = epochOf(operator, epoch);
        require(state.status == EpochStatus.Proven, EpochDecided(epoch, state.status));
        uint256 over = uint256(state.provenAt) + CHALLENGE_WINDOW;
        require(block.number <= over, ChallengeWindowOver(epoch, over));
        require(state.record == recordOf(seed, hints, partialSums), WrongRecord(state.record));
        require(chunk < partialSums.length, NoSuchChunk(chunk, partialSums.length));

        // The record fixes the hints, and they were right when it was made: later anchors cannot change the range at a past block.
        LiveRange memory range = checkedRange(operator, uint256(epoch) * EPOCH_BLOCKS, hints);
        G1 memory expected = sumOfChunk(operator, seed, range, chunk, leaves);
        require(!Bls12381.equal(expected, partialSums[chunk]), PartialSumRight(epoch, chunk));

        state.status = EpochStatus.Fraudulent;
        emit FraudProven(operator, epoch, chunk, msg.sender);
        condemn(operator, msg.sender);
    }

    /// @inheritdoc IMeedaVerifier
    function proveInvalidCommitment(BlobRef calldata blob, bytes32 yHigh, bytes32 yLow) external {
        Anchor storage kept = anchorOf(blob);
        uint256 over = uint256(kept.expiry) + PROOF_WINDOW + CHALLENGE_WINDOW;
        require(block.number <= over, BlobExpired(blob.position, over));
        require(Bls12381.isInvalid(blob.commitment, yHigh, yLow), CommitmentValid(blob.position));
        emit InvalidCommitmentProven(blob.operator, blob.position, msg.sender);
        condemn(blob.operator, msg.sender);
    }

    /// @dev Σ ρ_j C_{s_j} over the samples of a chunk, each commitment shown to be the anchored one.
    function sumOfChunk(address operator, bytes32 seed, LiveRange memory range, uint256 chunk, Leaf[] calldata leaves)
        private
        view
        returns (G1 memory)
    {
        uint256 first = chunk * Sampling.CHUNK;
        uint256 samples = Sampling.count(range, HOT_SAMPLES, COLD_SAMPLES) - first;
        samples = samples < Sampling.CHUNK ? samples : Sampling.CHUNK;
        require(leaves.length == samples, WrongLeafCount(leaves.length, samples));
        bytes memory terms = new bytes(samples * Bls12381.TERM_LENGTH);
        for (uint256 i = 0; i < samples; i++) {
            (uint64 position, uint128 weight) = Sampling.draw(seed, first + i, range, HOT_SAMPLES);
            checkLeaf(operator, position, leaves[i]);
            Bls12381.setTerm(terms, i, leaves[i].point, weight);
        }
        return Bls12381.multiplyAndSum(terms);
    }

    function checkLeaf(address operator, uint64 position, Leaf calldata leaf) private view {
        Anchor[] storage anchors = _anchors[operator];
        require(leaf.anchorIndex < anchors.length, NotAnchored(operator, position));
        Anchor storage kept = anchors[leaf.anchorIndex];
        require(
            position >= kept.firstBlob
                && AnchorTree.verifyLeaf(kept.root, kept.blobCount, position - kept.firstBlob, Bls12381.leafHash(leaf.point), leaf.path),
            NotAnchored(operator, position)
        );
    }
}
