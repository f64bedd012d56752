// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMeedaVerifier} from "../interfaces/IMeedaVerifier.sol";
import {AnchorTree} from "./libraries/AnchorTree.sol";
import {BlockHash} from "./libraries/BlockHash.sol";
import {Bls12381, G1} from "./libraries/Bls12381.sol";
import {Sampling} from "./libraries/Sampling.sol";

/// @title Meeda's L1 verifier
/// @dev Documentation stands in IMeedaVerifier, the rules in docs/protocol.md.
contract MeedaVerifier is IMeedaVerifier {
    /// @dev Bytes of payload in a blob: 4096 elements of 31.
    uint256 private constant BLOB_CAPACITY = 4096 * 31;

    /// @dev Bytes of the header in front of the payload.
    uint256 private constant BLOB_HEADER = 31;

    /// @dev EIP-2935 gives the hashes of so many blocks back; a proof must come while the seed can be derived.
    uint256 private constant HISTORY_WINDOW = 8191;

    uint32 private immutable EPOCH_BLOCKS;
    uint32 private immutable PROOF_WINDOW;
    uint32 private immutable CHALLENGE_WINDOW;
    uint32 private immutable HOT_EPOCHS;
    uint32 private immutable HOT_SAMPLES;
    uint32 private immutable COLD_SAMPLES;
    uint32 private immutable RETENTION;
    uint32 private immutable PUBLISH_WINDOW;
    uint128 private immutable MINIMUM_STAKE;
    uint128 private immutable MISS_PENALTY;
    uint128 private immutable MISS_REWARD;
    uint128 private immutable FRAUD_REWARD;
    uint128 private immutable DEMAND_BOND;
    address private immutable TREASURY;

    mapping(address operator => uint256 amount) private _stakes;
    mapping(address operator => Anchor[] anchors) private _anchors;
    mapping(address operator => mapping(uint64 epoch => Epoch state)) private _epochs;

    constructor(Parameters memory p) {
        require(p.epochBlocks != 0, InvalidParameter("epochBlocks"));
        require(p.proofWindow != 0 && p.proofWindow < HISTORY_WINDOW, InvalidParameter("proofWindow"));
        require(p.hotSamples != 0, InvalidParameter("hotSamples"));
        require(p.coldSamples != 0, InvalidParameter("coldSamples"));
        require(p.retention != 0, InvalidParameter("retention"));
        require(p.missReward <= p.missPenalty, InvalidParameter("missReward"));
        require(p.missPenalty <= p.minimumStake, InvalidParameter("missPenalty"));
        require(p.fraudReward <= 10_000, InvalidParameter("fraudReward"));
        EPOCH_BLOCKS = p.epochBlocks;
        PROOF_WINDOW = p.proofWindow;
        CHALLENGE_WINDOW = p.challengeWindow;
        HOT_EPOCHS = p.hotEpochs;
        HOT_SAMPLES = p.hotSamples;
        COLD_SAMPLES = p.coldSamples;
        RETENTION = p.retention;
        PUBLISH_WINDOW = p.publishWindow;
        MINIMUM_STAKE = p.minimumStake;
        MISS_PENALTY = p.missPenalty;
        MISS_REWARD = p.missReward;
        FRAUD_REWARD = p.fraudReward;
        DEMAND_BOND = p.demandBond;
        TREASURY = p.treasury;
    }

    /// @inheritdoc IMeedaVerifier
    function stake() external payable {
        _stakes[msg.sender] += msg.value;
        emit Staked(msg.sender, msg.value, _stakes[msg.sender]);
    }

    /// @inheritdoc IMeedaVerifier
    function anchor(BatchHeader[] calldata batches, bytes calldata commitments) external returns (uint256 anchorIndex) {
        require(_stakes[msg.sender] >= MINIMUM_STAKE, StakeTooLow(_stakes[msg.sender], MINIMUM_STAKE));
        uint256 blobCount = checkHeaders(batches, commitments.length);

        Anchor[] storage anchors = _anchors[msg.sender];
        anchorIndex = anchors.length;
        uint64 firstBlob = 0;
        uint40 expiry = uint40(block.number + RETENTION);
        if (anchorIndex != 0) {
            Anchor storage previous = anchors[anchorIndex - 1];
            firstBlob = previous.firstBlob + previous.blobCount;
            // Retention is a constant, so this never decreases; the comparison says what the protocol relies on.
            expiry = previous.expiry > expiry ? previous.expiry : expiry;
        }
        bytes32 root = AnchorTree.root(commitments);
        anchors.push(Anchor(root, firstBlob, uint32(blobCount), uint40(block.number), expiry));
        emit Anchored(msg.sender, anchorIndex, root, firstBlob, uint32(blobCount), expiry, commitments);
        emitBatches(batches, commitments, anchorIndex, firstBlob, expiry);
    }

    /// @inheritdoc IMeedaVerifier
    function submitProof(uint64 epoch, RangeHints calldata hints, G1[] calldata partialSums, bytes32 y, G1 calldata proof) external {
        uint256 epochBlock = uint256(epoch) * EPOCH_BLOCKS;
        require(block.number > epochBlock, EpochNotBegun(epoch, epochBlock));
        require(block.number <= epochBlock + PROOF_WINDOW, ProofWindowOver(epoch, epochBlock + PROOF_WINDOW));
        Epoch storage state = _epochs[msg.sender][epoch];
        require(state.status == EpochStatus.None, EpochSettled(epoch, state.status));
        require(uint256(y) < Bls12381.R, ValueNotCanonical(y));

        LiveRange memory range = checkedRange(msg.sender, epochBlock, hints);
        uint256 chunks = Sampling.chunkCount(Sampling.count(range, HOT_SAMPLES, COLD_SAMPLES));
        require(partialSums.length == chunks, WrongPartialSumCount(partialSums.length, chunks));

        bytes32 seed = seedOf(msg.sender, epoch);
        require(Bls12381.verifyOpening(Bls12381.sum(partialSums), Sampling.challenge(seed), uint256(y), proof), WrongProof());

        state.record = keccak256(abi.encode(seed, hints, partialSums));
        state.provenAt = uint40(block.number);
        state.status = EpochStatus.Proven;
        emit ProofSubmitted(msg.sender, epoch, seed, hints, keccak256(abi.encode(partialSums)), y);
    }

    /// @inheritdoc IMeedaVerifier
    function parameters() external view returns (Parameters memory) {
        return Parameters({
            epochBlocks: EPOCH_BLOCKS,
            proofWindow: PROOF_WINDOW,
            challengeWindow: CHALLENGE_WINDOW,
            hotEpochs: HOT_EPOCHS,
            hotSamples: HOT_SAMPLES,
            coldSamples: COLD_SAMPLES,
            retention: RETENTION,
            publishWindow: PUBLISH_WINDOW,
            minimumStake: MINIMUM_STAKE,
            missPenalty: MISS_PENALTY,
            missReward: MISS_REWARD,
            fraudReward: FRAUD_REWARD,
            demandBond: DEMAND_BOND,
            treasury: TREASURY
        });
    }

    /// @inheritdoc IMeedaVerifier
    function stakeOf(address operator) external view returns (uint256) {
        return _stakes[operator];
    }

    /// @inheritdoc IMeedaVerifier
    function anchorCount(address operator) external view returns (uint256) {
        return _anchors[operator].length;
    }

    /// @inheritdoc IMeedaVerifier
    function getAnchor(address operator, uint256 index) external view returns (Anchor memory) {
        return _anchors[operator][index];
    }

    /// @inheritdoc IMeedaVerifier
    function getEpoch(address operator, uint64 epoch) external view returns (Epoch memory) {
        return _epochs[operator][epoch];
    }

    /// @inheritdoc IMeedaVerifier
    function liveRange(address operator, uint64 epoch, RangeHints calldata hints) external view returns (LiveRange memory) {
        return checkedRange(operator, uint256(epoch) * EPOCH_BLOCKS, hints);
    }

    /// @inheritdoc IMeedaVerifier
    function epochSeed(address operator, uint64 epoch) external view returns (bytes32) {
        return seedOf(operator, epoch);
    }

    /// @inheritdoc IMeedaVerifier
    function isAnchored(address operator, uint256 anchorIndex, uint64 position, bytes calldata commitment, bytes32[] calldata path)
        external
        view
        returns (bool)
    {
        if (anchorIndex >= _anchors[operator].length) {
            return false;
        }
        Anchor storage kept = _anchors[operator][anchorIndex];
        return position >= kept.firstBlob && AnchorTree.verify(kept.root, kept.blobCount, position - kept.firstBlob, commitment, path);
    }

    /// @dev Emits each batch with its id: keccak256(0x01 ‖ uint32 payloadLength ‖ its commitments).
    function emitBatches(BatchHeader[] calldata batches, bytes calldata commitments, uint256 anchorIndex, uint64 firstBlob, uint40 expiry)
        private
    {
        uint256 offset = 0;
        for (uint256 i = 0; i < batches.length; i++) {
            BatchHeader calldata batch = batches[i];
            uint256 end = offset + batch.blobCount * AnchorTree.COMMITMENT_LENGTH;
            bytes32 batchId = keccak256(abi.encodePacked(uint8(0x01), batch.payloadLength, commitments[offset:end]));
            emit BatchAnchored(msg.sender, batchId, anchorIndex, firstBlob, batch.payloadLength, batch.blobCount, expiry, batch.rollup);
            firstBlob += batch.blobCount;
            offset = end;
        }
    }

    /// @dev The live range at a block, from hints that must be exactly right: each bounds its range from both sides.
    function checkedRange(address operator, uint256 epochBlock, RangeHints calldata hints) private view returns (LiveRange memory) {
        Anchor[] storage anchors = _anchors[operator];
        uint256 lo = hints.loAnchor;
        uint256 hot = hints.hotAnchor;
        uint256 end = hints.endAnchor;
        uint256 hotSpan = uint256(HOT_EPOCHS) * EPOCH_BLOCKS;
        uint256 hotFrom = epochBlock > hotSpan ? epochBlock - hotSpan : 0;
        bool right = lo < end && lo <= hot && hot <= end && end <= anchors.length;
        right = right && anchors[end - 1].blockNumber < epochBlock && (end == anchors.length || anchors[end].blockNumber >= epochBlock);
        right = right && anchors[lo].expiry > epochBlock && (lo == 0 || anchors[lo - 1].expiry <= epochBlock);
        right = right && (hot == end || anchors[hot].blockNumber >= hotFrom) && (hot == lo || anchors[hot - 1].blockNumber < hotFrom);
        require(right, WrongRangeHints(hints.loAnchor, hints.hotAnchor, hints.endAnchor));
        uint64 hi = anchors[end - 1].firstBlob + anchors[end - 1].blobCount;
        return LiveRange(anchors[lo].firstBlob, hot == end ? hi : anchors[hot].firstBlob, hi);
    }

    /// @dev keccak256(blockhash(B_e) ‖ uint64 e ‖ operator ‖ contract ‖ uint256 chain id): the block is fixed in advance.
    function seedOf(address operator, uint64 epoch) private view returns (bytes32) {
        uint256 epochBlock = uint256(epoch) * EPOCH_BLOCKS;
        bytes32 hash = BlockHash.get(epochBlock);
        require(hash != 0, BlockHashUnavailable(epochBlock));
        return keccak256(abi.encodePacked(hash, epoch, operator, address(this), block.chainid));
    }

    /// @dev Checks that each batch has the blobs that its payload needs, and that there are commitments for exactly so many.
    function checkHeaders(BatchHeader[] calldata batches, uint256 length) private pure returns (uint256 blobCount) {
        require(batches.length != 0, EmptyAnchor());
        for (uint256 i = 0; i < batches.length; i++) {
            uint256 payloadLength = batches[i].payloadLength;
            // An empty payload is no batch: no blob count is right for it.
            uint256 expected = payloadLength == 0 ? 0 : (payloadLength + BLOB_HEADER + BLOB_CAPACITY - 1) / BLOB_CAPACITY;
            require(expected != 0 && batches[i].blobCount == expected, BatchBlobCount(i, batches[i].blobCount, expected));
            blobCount += expected;
        }
        require(length == blobCount * AnchorTree.COMMITMENT_LENGTH, CommitmentsLength(length, blobCount * AnchorTree.COMMITMENT_LENGTH));
    }
}
