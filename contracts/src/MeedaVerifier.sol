// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMeedaAnchors} from "../interfaces/IMeedaAnchors.sol";
import {IMeedaSystem} from "../interfaces/IMeedaSystem.sol";
import {IMeedaVerifier} from "../interfaces/IMeedaVerifier.sol";
import "../interfaces/MeedaErrors.sol";
import "../interfaces/MeedaEvents.sol";
import "../interfaces/MeedaTypes.sol";
import {AnchorTree} from "./libraries/AnchorTree.sol";
import {BlockHash} from "./libraries/BlockHash.sol";
import {BlockHeader} from "./libraries/BlockHeader.sol";
import {Bls12381} from "./libraries/Bls12381.sol";
import {Sampling} from "./libraries/Sampling.sol";

/// @title Seeds, proofs of availability, and what anybody can show about an operator
/// @dev Documentation stands in IMeedaVerifier.
contract MeedaVerifier is IMeedaVerifier {
    /// @dev A transaction, and what slashing takes after the gas was measured.
    uint256 private constant AROUND_GAS = 21_000 + 110_000;

    /// @dev The gas of a byte of calldata.
    uint256 private constant BYTE_GAS = 16;

    /// @dev Calldata of a fraud proof beside its variable parts.
    uint256 private constant FIXED_BYTES = 800;

    IMeedaAnchors private immutable ANCHORS;
    uint256 private immutable EPOCH_BLOCKS;
    uint256 private immutable SEED_DELAY;
    uint256 private immutable PROOF_WINDOW;
    uint256 private immutable CHALLENGE_WINDOW;
    uint256 private immutable HOT_SAMPLES;
    uint256 private immutable COLD_SAMPLES;
    uint256 private immutable LIVE_EPOCHS;
    uint256 private immutable MINIMUM_STAKE;
    uint256 private immutable MISS_PENALTY;
    uint256 private immutable MISS_REWARD;

    mapping(uint64 epoch => bytes32 mix) private _mixes;
    mapping(address id => mapping(uint64 epoch => Epoch state)) private _epochs;
    mapping(address id => mapping(uint256 word => uint256 bits)) private _missed;

    /// @param system The deployment.
    constructor(IMeedaSystem system) {
        Parameters memory p = system.parameters();
        ANCHORS = IMeedaAnchors(system.anchors());
        EPOCH_BLOCKS = p.epochBlocks;
        SEED_DELAY = p.seedDelay;
        PROOF_WINDOW = p.proofWindow;
        CHALLENGE_WINDOW = p.challengeWindow;
        HOT_SAMPLES = p.hotSamples;
        COLD_SAMPLES = p.coldSamples;
        LIVE_EPOCHS = p.retention / p.epochBlocks;
        MINIMUM_STAKE = p.minimumStake;
        MISS_PENALTY = p.missPenalty;
        MISS_REWARD = p.missReward;
    }

    /// @inheritdoc IMeedaVerifier
    function recordSeed(uint64 epoch, bytes calldata header) public {
        if (_mixes[epoch] != 0) {
            return;
        }
        (, uint256 seedBlock,,) = blocksOf(epoch);
        require(block.number >= seedBlock, SeedNotKnown(epoch, seedBlock));
        bytes32 mix = bytes32(block.prevrandao);
        if (block.number != seedBlock) {
            bytes32 expected = BlockHash.get(seedBlock);
            require(expected != 0, BlockHashUnavailable(seedBlock));
            require(keccak256(header) == expected, WrongHeader(keccak256(header), expected));
            mix = BlockHeader.mixOf(header);
        }
        _mixes[epoch] = mix;
        emit SeedRecorded(epoch, mix);
    }

    /// @inheritdoc IMeedaVerifier
    function submitProof(EpochProof calldata proof, bytes calldata header) external {
        (address id, uint256 stake) = ANCHORS.proverOf(msg.sender);
        uint64 epoch = proof.epoch;
        checkProvable(id, epoch);
        if (header.length != 0) {
            recordSeed(epoch, header);
        }
        bytes32 seed = epochSeed(id, epoch);
        require(proof.seed == seed, WrongSeed(proof.seed, seed));
        checkCount(ANCHORS.liveRange(id, uint256(epoch) * EPOCH_BLOCKS, proof.hints), proof.partialSums.length);
        // One copy in memory serves the sum, the record's hash and the log.
        bytes memory sums = proof.partialSums;
        checkOpening(seed, sums, proof.y, proof.opening);

        _epochs[id][epoch] = Epoch({
            record: keccak256(abi.encode(seed, proof.hints, keccak256(sums))),
            provenAt: uint40(block.number),
            status: EpochStatus.Proven,
            earns: stake >= MINIMUM_STAKE,
            loAnchor: proof.hints.loAnchor,
            endAnchor: proof.hints.endAnchor
        });
        emit ProofSubmitted(id, epoch, seed, proof.hints, sums, proof.y, proof.opening);
    }

    /// @inheritdoc IMeedaVerifier
    function reportMiss(address id, uint64 epoch, RangeHints calldata hints, bytes calldata header)
        external
        returns (uint256)
    {
        EpochStatus status = _epochs[id][epoch].status;
        require(status == EpochStatus.None, EpochDecided(epoch, status));
        return miss(id, epoch, hints, header);
    }

    /// @inheritdoc IMeedaVerifier
    function reportMisses(address[] calldata ids, uint64[] calldata epochs, RangeHints[] calldata hints) external {
        for (uint256 i = 0; i < ids.length; i++) {
            if (_epochs[ids[i]][epochs[i]].status == EpochStatus.None) {
                miss(ids[i], epochs[i], hints[i], msg.data[:0]);
            }
        }
    }

    /// @inheritdoc IMeedaVerifier
    function proveFraud(
        address id,
        uint64 epoch,
        RecordedProof calldata proven,
        uint256 chunk,
        ChunkProof calldata leaves
    ) external {
        uint256 gasBefore = gasleft();
        // First of all: who comes second loses little.
        require(!ANCHORS.isSlashed(id), AccountSlashed(id));
        checkChallengeable(id, epoch, proven, chunk);
        // The record fixes the hints, and they were right when it was made: later anchors do not change a past range.
        LiveRange memory range = ANCHORS.liveRange(id, uint256(epoch) * EPOCH_BLOCKS, proven.hints);
        G1 memory expected = sumOfChunk(id, proven.seed, range, chunk, leaves);
        require(!Bls12381.equal(expected, Bls12381.pointAt(proven.partialSums, chunk)), PartialSumRight(epoch, chunk));

        _epochs[id][epoch].status = EpochStatus.Fraudulent;
        emit FraudProven(id, epoch, chunk, msg.sender);
        // All of these lengths are forced, so nobody is paid for padding.
        uint256 size = FIXED_BYTES + proven.partialSums.length + leaves.points.length + leaves.order.length + 32
            * (2 * leaves.anchors.length + leaves.hashes.length);
        ANCHORS.slash(id, msg.sender, gasBefore - gasleft() + AROUND_GAS + BYTE_GAS * size);
    }

    /// @inheritdoc IMeedaVerifier
    function proveInvalidCommitment(BlobRef calldata blob, bytes32 yHigh, bytes32 yLow) external {
        uint256 gasBefore = gasleft();
        require(!ANCHORS.isSlashed(blob.operator), AccountSlashed(blob.operator));
        require(ANCHORS.isAnchored(blob), NotAnchored(blob.operator, blob.position));
        uint256 over =
            ANCHORS.getAnchor(blob.operator, blob.anchorIndex).expiry + SEED_DELAY + PROOF_WINDOW + CHALLENGE_WINDOW;
        require(block.number <= over, BlobExpired(blob.position, over));
        require(Bls12381.isInvalid(blob.commitment, yHigh, yLow), CommitmentValid(blob.position));
        emit InvalidCommitmentProven(blob.operator, blob.position, msg.sender);
        uint256 size = FIXED_BYTES + 32 * blob.path.length;
        ANCHORS.slash(blob.operator, msg.sender, gasBefore - gasleft() + AROUND_GAS + BYTE_GAS * size);
    }

    /// @inheritdoc IMeedaVerifier
    function getEpoch(address id, uint64 epoch) external view returns (Epoch memory) {
        return _epochs[id][epoch];
    }

    /// @inheritdoc IMeedaVerifier
    function mixOf(uint64 epoch) external view returns (bytes32) {
        return _mixes[epoch];
    }

    /// @inheritdoc IMeedaVerifier
    function penaltyOf(address id, uint64 epoch) public view returns (uint256) {
        return MISS_PENALTY * (1 + missesAround(id, epoch));
    }

    /// @inheritdoc IMeedaVerifier
    function epochSeed(address id, uint64 epoch) public view returns (bytes32) {
        require(_mixes[epoch] != 0, SeedNotRecorded(epoch));
        return Sampling.seedOf(_mixes[epoch], epoch, id, address(this));
    }

    /// @inheritdoc IMeedaVerifier
    function blocksOf(uint64 epoch)
        public
        view
        returns (uint256 epochBlock, uint256 seedBlock, uint256 provableUntil, uint256 punishableUntil)
    {
        epochBlock = uint256(epoch) * EPOCH_BLOCKS;
        seedBlock = epochBlock + SEED_DELAY;
        provableUntil = seedBlock + PROOF_WINDOW;
        punishableUntil = provableUntil + CHALLENGE_WINDOW;
    }

    function miss(address id, uint64 epoch, RangeHints calldata hints, bytes calldata header)
        private
        returns (uint256 penalty)
    {
        (uint256 epochBlock,, uint256 provableUntil, uint256 punishableUntil) = blocksOf(epoch);
        require(block.number > provableUntil, ProofWindowOpen(epoch, provableUntil));
        ANCHORS.liveRange(id, epochBlock, hints);
        Epoch storage state = _epochs[id][epoch];
        state.status = EpochStatus.Missed;
        state.loAnchor = hints.loAnchor;
        state.endAnchor = hints.endAnchor;
        if (block.number <= punishableUntil && !ANCHORS.isSlashed(id)) {
            // Only for an epoch that could have been proven: its seed is known, and openings verify on this chain.
            if (header.length != 0) {
                recordSeed(epoch, header);
            }
            require(_mixes[epoch] != 0, SeedNotRecorded(epoch));
            require(Bls12381.canaryVerifies(), ProofsImpossible());
            penalty = ANCHORS.penalise(id, penaltyOf(id, epoch), MISS_REWARD, msg.sender);
            _missed[id][epoch / 256] |= 1 << (epoch % 256);
        }
        emit MissReported(id, epoch, msg.sender, penalty);
    }

    function checkProvable(address id, uint64 epoch) private view {
        (, uint256 seedBlock, uint256 provableUntil,) = blocksOf(epoch);
        require(block.number > seedBlock, SeedNotKnown(epoch, seedBlock));
        require(block.number <= provableUntil, ProofWindowOver(epoch, provableUntil));
        EpochStatus status = _epochs[id][epoch].status;
        require(status == EpochStatus.None, EpochDecided(epoch, status));
    }

    function checkCount(LiveRange memory range, uint256 length) private view {
        uint256 chunks = Sampling.chunkCount(Sampling.count(range, HOT_SAMPLES, COLD_SAMPLES));
        require(length == chunks * Bls12381.POINT_LENGTH, WrongPartialSumCount(length / Bls12381.POINT_LENGTH, chunks));
    }

    function checkOpening(bytes32 seed, bytes memory sums, bytes32 y, bytes calldata proof) private view {
        require(uint256(y) < Bls12381.R, ValueNotCanonical(y));
        require(proof.length == Bls12381.POINT_LENGTH, Bls12381.PointsLength(proof.length));
        G1 memory opening = Bls12381.pointAt(proof, 0);
        bool right = Bls12381.verifyOpening(Bls12381.sum(sums), Sampling.challenge(seed), uint256(y), opening);
        require(right, WrongProof());
    }

    function checkChallengeable(address id, uint64 epoch, RecordedProof calldata proven, uint256 chunk) private view {
        Epoch storage state = _epochs[id][epoch];
        require(state.status == EpochStatus.Proven, EpochDecided(epoch, state.status));
        uint256 over = state.provenAt + CHALLENGE_WINDOW;
        require(block.number <= over, ChallengeWindowOver(epoch, over));
        bytes32 record = keccak256(abi.encode(proven.seed, proven.hints, keccak256(proven.partialSums)));
        require(state.record == record, WrongRecord(state.record));
        uint256 chunks = proven.partialSums.length / Bls12381.POINT_LENGTH;
        require(chunk < chunks, NoSuchChunk(chunk, chunks));
    }

    /// @dev The misses less than a retention away on either side: each pair of misses within a retention costs one
    /// penalty, whichever is reported first, so a run of n costs 1 + 2 + … + n.
    function missesAround(address id, uint64 epoch) private view returns (uint256 count) {
        uint256 first = epoch + 1 < LIVE_EPOCHS ? 0 : epoch + 1 - LIVE_EPOCHS;
        uint256 end = epoch + LIVE_EPOCHS;
        uint256 bits = 0;
        for (uint256 e = first; e < end; e++) {
            if (e == first || e % 256 == 0) {
                bits = _missed[id][e / 256];
                if (bits == 0) {
                    // Nothing in this word.
                    e |= 255;
                    continue;
                }
            }
            count += (bits >> (e % 256)) & 1;
        }
    }

    /// @dev Σ ρ_j C_{s_j} over the samples of a chunk, each commitment shown to be the anchored one.
    function sumOfChunk(address id, bytes32 seed, LiveRange memory range, uint256 chunk, ChunkProof calldata leaves)
        private
        view
        returns (G1 memory)
    {
        uint256 first = chunk * Sampling.CHUNK;
        uint256 samples = Sampling.count(range, HOT_SAMPLES, COLD_SAMPLES) - first;
        samples = samples < Sampling.CHUNK ? samples : Sampling.CHUNK;
        require(
            leaves.points.length == samples * Bls12381.POINT_LENGTH && leaves.order.length == samples,
            WrongLeafCount(leaves.points.length / Bls12381.POINT_LENGTH, samples)
        );
        bytes memory terms = new bytes(samples * Bls12381.TERM_LENGTH);
        uint256[] memory positions = new uint256[](samples);
        for (uint256 i = 0; i < samples; i++) {
            (uint64 position, uint128 weight) = Sampling.draw(seed, first + i, range, HOT_SAMPLES);
            positions[i] = position;
            Bls12381.setTerm(terms, i, leaves.points, weight);
        }
        checkLeaves(id, positions, leaves);
        return Bls12381.multiplyAndSum(terms);
    }

    /// @dev Each sample's point is the commitment at its position.
    function checkLeaves(address id, uint256[] memory positions, ChunkProof calldata proof) private view {
        AnchorTree.Leaves memory leaves = sortedLeaves(positions, proof);
        Anchor[] memory kept = ANCHORS.getAnchors(id, proof.anchors);
        require(proof.idRoots.length == kept.length, WrongMultiproof(0));
        uint256 from = 0;
        for (uint256 i = 0; i < kept.length; i++) {
            uint256 count = placesIn(leaves.indices, from, kept[i]);
            require(count != 0, WrongMultiproof(proof.anchors[i]));
            bytes32 root = AnchorTree.rootOf(leaves, from, count, AnchorTree.depthOf(kept[i].blobCount), proof.hashes);
            bool right = keccak256(abi.encodePacked(root, proof.idRoots[i])) == kept[i].root;
            require(right, WrongMultiproof(proof.anchors[i]));
            from += count;
        }
        bool all = from == leaves.indices.length && leaves.used == proof.hashes.length;
        require(all, WrongMultiproof(kept.length));
    }

    /// @dev Turns positions, from one on, into places in an anchor as long as they are in it; how many there are.
    function placesIn(uint256[] memory positions, uint256 from, Anchor memory kept)
        private
        pure
        returns (uint256 count)
    {
        uint256 firstBlob = kept.firstBlob;
        uint256 end = firstBlob + kept.blobCount;
        for (uint256 i = from; i < positions.length && positions[i] >= firstBlob && positions[i] < end; i++) {
            positions[i] -= firstBlob;
            count++;
        }
    }

    /// @dev The distinct positions, ascending, with their leaves. The order must be one of all samples; samples of one
    /// position must have one point.
    function sortedLeaves(uint256[] memory positions, ChunkProof calldata proof)
        private
        pure
        returns (AnchorTree.Leaves memory leaves)
    {
        uint256[] memory sorted = new uint256[](positions.length);
        bytes32[] memory nodes = new bytes32[](positions.length);
        uint256 seen = 0;
        uint256 count = 0;
        for (uint256 k = 0; k < positions.length; k++) {
            uint256 place = uint8(proof.order[k]);
            require(place < positions.length && (seen >> place) & 1 == 0, WrongOrder(k));
            seen |= 1 << place;
            bytes32 leaf = Bls12381.leafHash(proof.points, place);
            uint256 position = positions[place];
            if (count != 0 && sorted[count - 1] == position) {
                require(nodes[count - 1] == leaf, WrongOrder(k));
            } else {
                require(count == 0 || sorted[count - 1] < position, WrongOrder(k));
                sorted[count] = position;
                nodes[count] = leaf;
                count++;
            }
        }
        assembly ("memory-safe") {
            mstore(sorted, count)
        }
        leaves.indices = sorted;
        leaves.nodes = nodes;
    }
}
