// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import { G1 } from "../src/libraries/Bls12381.sol";

/// @title What Meeda keeps on L1: operators' stakes, their anchors, and the proofs that they still hold what they anchored
/// @notice The rules are those of docs/protocol.md. Windows and retention count L1 blocks, amounts are wei. Every state is per operator: an L1
/// account with a stake. Parameters are fixed at construction; there is no owner, no upgrade and no pause.
interface IMeedaVerifier {
    /// @notice What the contract is made with.
    struct Parameters {
        /// @dev L1 blocks in an epoch; epoch `e` begins at block `e * epochBlocks`.
        uint32 epochBlocks;
        /// @dev Blocks from the epoch's block within which its proof is taken.
        uint32 proofWindow;
        /// @dev Blocks from the proof within which a wrong partial sum can be slashed.
        uint32 challengeWindow;
        /// @dev Blobs of that many last epochs are recent.
        uint32 hotEpochs;
        /// @dev The most recent blobs that an epoch challenges.
        uint32 hotSamples;
        /// @dev The draws from the older blobs.
        uint32 coldSamples;
        /// @dev Blocks from the anchor for which its blobs must be held.
        uint32 retention;
        /// @dev Blocks from a demand within which the blob must be published.
        uint32 publishWindow;
        /// @dev The least stake with which an operator may anchor.
        uint128 minimumStake;
        /// @dev What a missed epoch costs.
        uint128 missPenalty;
        /// @dev The part of it that the reporter gets.
        uint128 missReward;
        /// @dev The challenger's part of a slashed stake, in basis points.
        uint128 fraudReward;
        /// @dev The fixed part of a demand's bond.
        uint128 demandBond;
        /// @dev Who gets what is slashed and not rewarded.
        address treasury;
    }

    /// @notice A batch in an anchor.
    struct BatchHeader {
        /// @dev The payload's bytes, at least one.
        uint32 payloadLength;
        /// @dev Its blobs: `ceil((payloadLength + 31) / (4096 * 31))`.
        uint16 blobCount;
        /// @dev The rollup that pays for it from its escrow; the zero address: nothing is charged.
        address rollup;
    }

    /// @notice An anchor as it is kept.
    struct Anchor {
        /// @dev The Merkle root over its commitments.
        bytes32 root;
        /// @dev The operator's position of its first blob.
        uint64 firstBlob;
        /// @dev Its blobs.
        uint32 blobCount;
        /// @dev The block that holds it.
        uint40 blockNumber;
        /// @dev The first block at which its blobs need no longer be held; never below the previous anchor's.
        uint40 expiry;
    }

    /// @notice The anchors that bound an operator's live range at an epoch's block: found off chain, checked on chain.
    struct RangeHints {
        /// @dev The first anchor that is not expired.
        uint32 loAnchor;
        /// @dev The first anchor, from `loAnchor` on, of the last `hotEpochs` epochs; `endAnchor` where there is none.
        uint32 hotAnchor;
        /// @dev The number of anchors before the epoch's block.
        uint32 endAnchor;
    }

    /// @notice An operator's live blob positions at an epoch's block: `[lo, hot)` older, `[hot, hi)` recent.
    struct LiveRange {
        uint64 lo;
        uint64 hot;
        uint64 hi;
    }

    /// @notice What is known about an operator's epoch.
    enum EpochStatus {
        None,
        Proven,
        Missed,
        Fraudulent
    }

    /// @notice An operator's epoch as it is kept.
    struct Epoch {
        /// @dev The hash of `abi.encode(seed, hints, partialSums)` of the recorded proof.
        bytes32 record;
        /// @dev The block in which the proof was recorded.
        uint40 provenAt;
        /// @dev Its status.
        EpochStatus status;
    }

    /// @notice An operator added to its stake.
    event Staked(address indexed operator, uint256 amount, uint256 stake);

    /// @notice An anchor was appended. `commitments` are its leaves, 48 bytes each, so that whoever follows L1 can rebuild the tree.
    event Anchored(
        address indexed operator,
        uint256 indexed anchorIndex,
        bytes32 root,
        uint64 firstBlob,
        uint32 blobCount,
        uint40 expiry,
        bytes commitments
    );

    /// @notice A batch of that anchor.
    event BatchAnchored(
        address indexed operator,
        bytes32 indexed batchId,
        uint256 indexed anchorIndex,
        uint64 firstBlob,
        uint32 payloadLength,
        uint16 blobCount,
        uint40 expiry,
        address rollup
    );

    /// @notice An epoch was proven; the partial sums are in the transaction's calldata.
    event ProofSubmitted(
        address indexed operator, uint64 indexed epoch, bytes32 seed, RangeHints hints, bytes32 partialSumsHash, bytes32 y
    );

    /// @notice A parameter is out of the range in which the protocol is sound.
    error InvalidParameter(string name);

    /// @notice The sender's stake is below the least with which an operator may anchor.
    error StakeTooLow(uint256 stake, uint256 minimum);

    /// @notice The anchor has no batch.
    error EmptyAnchor();

    /// @notice `commitments` is not as long as the headers' blob counts say.
    error CommitmentsLength(uint256 length, uint256 expected);

    /// @notice A batch's blob count is not that of its payload's length.
    error BatchBlobCount(uint256 batch, uint256 blobCount, uint256 expected);

    /// @notice The epoch's block is not mined yet, so its hash is not known.
    error EpochNotBegun(uint64 epoch, uint256 blockNumber);

    /// @notice The window in which the epoch's proof is taken is over.
    error ProofWindowOver(uint64 epoch, uint256 lastBlock);

    /// @notice The epoch has a proof, or is settled otherwise.
    error EpochSettled(uint64 epoch, EpochStatus status);

    /// @notice The hints do not bound the operator's live range at the epoch's block.
    error WrongRangeHints(uint32 loAnchor, uint32 hotAnchor, uint32 endAnchor);

    /// @notice The number of partial sums is not that of the epoch's samples.
    error WrongPartialSumCount(uint256 count, uint256 expected);

    /// @notice The value is not below the scalar field's modulus.
    error ValueNotCanonical(bytes32 y);

    /// @notice The opening does not verify.
    error WrongProof();

    /// @notice L1 does not give the hash of that block any more.
    error BlockHashUnavailable(uint256 blockNumber);

    /// @notice Adds the value sent to the sender's stake.
    function stake() external payable;

    /// @notice Anchors batches: computes each batch's id and the Merkle root over all commitments, and appends the anchor.
    /// @param batches The batches, at least one.
    /// @param commitments Their blobs' compressed KZG commitments, 48 bytes each, in order.
    /// @return anchorIndex The anchor's place among the sender's.
    function anchor(BatchHeader[] calldata batches, bytes calldata commitments) external returns (uint256 anchorIndex);

    /// @notice Records the sender's proof that it held every blob that the epoch samples.
    /// @param epoch The epoch, whose block is mined and whose window is open.
    /// @param hints The anchors that bound the live range.
    /// @param partialSums For each 256 samples the sum of their commitments with their weights.
    /// @param y The combined polynomial's value at the epoch's challenge.
    /// @param proof The opening proof.
    function submitProof(uint64 epoch, RangeHints calldata hints, G1[] calldata partialSums, bytes32 y, G1 calldata proof) external;

    /// @notice The parameters.
    function parameters() external view returns (Parameters memory);

    /// @notice An operator's stake.
    function stakeOf(address operator) external view returns (uint256);

    /// @notice The number of an operator's anchors.
    function anchorCount(address operator) external view returns (uint256);

    /// @notice An operator's anchor.
    function getAnchor(address operator, uint256 index) external view returns (Anchor memory);

    /// @notice An operator's epoch.
    function getEpoch(address operator, uint64 epoch) external view returns (Epoch memory);

    /// @notice An operator's live range at an epoch's block, from hints that are checked.
    function liveRange(address operator, uint64 epoch, RangeHints calldata hints) external view returns (LiveRange memory);

    /// @notice The randomness of an operator's epoch, while L1 still gives the hash of the epoch's block.
    function epochSeed(address operator, uint64 epoch) external view returns (bytes32);

    /// @notice Whether `commitment` (48 bytes) is anchored by `operator` at blob position `position` of anchor `anchorIndex`.
    function isAnchored(address operator, uint256 anchorIndex, uint64 position, bytes calldata commitment, bytes32[] calldata path)
        external
        view
        returns (bool);
}
