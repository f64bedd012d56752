// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {G1} from "../src/libraries/Bls12381.sol";

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
        /// @dev Whether its part of the charges was credited to the operator.
        bool settled;
        /// @dev The first anchor that was live.
        uint32 loAnchor;
        /// @dev One past the last anchor that was live.
        uint32 endAnchor;
    }

    /// @notice What is kept about an operator.
    struct Account {
        /// @dev Its stake in wei.
        uint128 stake;
        /// @dev The block in which it asked for its stake back, 0 where it did not.
        uint40 exitRequestedAt;
        /// @dev Demands that wait for their blob.
        uint32 openDemands;
        /// @dev Whether it was slashed: then it neither stakes, nor anchors, nor proves again.
        bool condemned;
    }

    /// @notice An anchored blob, with what shows that it is.
    struct BlobRef {
        /// @dev The operator that anchored it.
        address operator;
        /// @dev The anchor that holds it.
        uint32 anchorIndex;
        /// @dev The operator's position of the blob.
        uint64 position;
        /// @dev Its compressed commitment, 48 bytes.
        bytes commitment;
        /// @dev The Merkle path from its leaf to the anchor's root.
        bytes32[] path;
    }

    /// @notice A sample's commitment in a fraud proof; its position follows from the seed.
    struct Leaf {
        /// @dev The anchor that holds the sampled position.
        uint32 anchorIndex;
        /// @dev The commitment's point.
        G1 point;
        /// @dev The Merkle path from its leaf to the anchor's root.
        bytes32[] path;
    }

    /// @notice What became of a demand.
    enum DemandStatus {
        Open,
        Published,
        Expired
    }

    /// @notice A demand as it is kept.
    struct Demand {
        /// @dev The versioned hash of the blob that must appear.
        bytes32 versionedHash;
        /// @dev The operator that must answer.
        address operator;
        /// @dev The last block in which it may.
        uint40 deadline;
        /// @dev Its status.
        DemandStatus status;
        /// @dev Who demanded.
        address demander;
        /// @dev What the publisher gets, or the demander back.
        uint96 bond;
        /// @dev The operator's position of the blob.
        uint64 position;
    }

    /// @notice What a rollup prepaid for an operator.
    struct Escrow {
        /// @dev Wei that no anchor has charged yet.
        uint128 balance;
        /// @dev The highest price that the rollup accepts, in wei for each byte and block.
        uint128 highestPrice;
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

    /// @notice An epoch was proven. The log carries all of the proof: calldata would not do, since an operator that is a contract could hide it.
    event ProofSubmitted(
        address indexed operator, uint64 indexed epoch, bytes32 seed, RangeHints hints, G1[] partialSums, bytes32 y, G1 proof
    );

    /// @notice An operator asked for its stake back, which it can have after block `lockedUntil`.
    event WithdrawalRequested(address indexed operator, uint256 lockedUntil);

    /// @notice An operator took its stake back, into its credit.
    event Withdrawn(address indexed operator, uint256 amount);

    /// @notice Somebody may claim that much more.
    event Credited(address indexed owner, uint256 amount);

    /// @notice Somebody was paid its credit.
    event Claimed(address indexed owner, uint256 amount);

    /// @notice An operator lost its stake, and its right to take part, for what `challenger` showed.
    event Slashed(address indexed operator, address indexed challenger, uint256 amount);

    /// @notice An epoch with live blobs and without a proof was reported; the operator lost `penalty`.
    event MissReported(address indexed operator, uint64 indexed epoch, address indexed reporter, uint256 penalty);

    /// @notice A recorded partial sum was shown to be wrong.
    event FraudProven(address indexed operator, uint64 indexed epoch, uint256 chunk, address indexed challenger);

    /// @notice An anchored commitment was shown not to be a point of the group.
    event InvalidCommitmentProven(address indexed operator, uint64 indexed position, address indexed challenger);

    /// @notice A blob was demanded: it must be published by block `deadline`.
    event Demanded(
        uint256 indexed demandId,
        address indexed operator,
        uint64 indexed position,
        address demander,
        bytes32 versionedHash,
        uint40 deadline,
        uint256 bond
    );

    /// @notice The demanded blob appeared on L1.
    event Published(uint256 indexed demandId, address indexed publisher);

    /// @notice The demanded blob did not appear in time.
    event DemandExpired(uint256 indexed demandId, address indexed reporter);

    /// @notice An operator set what it charges.
    event PriceSet(address indexed operator, uint256 weiPerByteBlock);

    /// @notice A rollup prepaid an operator.
    event Deposited(address indexed rollup, address indexed operator, uint256 amount, uint256 balance, uint256 highestPrice);

    /// @notice A rollup took back what was not charged, into its credit.
    event EscrowWithdrawn(address indexed rollup, address indexed operator, uint256 amount);

    /// @notice An anchor charged a rollup for a batch.
    event Charged(address indexed rollup, address indexed operator, bytes32 indexed batchId, uint256 anchorIndex, uint256 amount);

    /// @notice A proven epoch's part of the charges was credited to the operator.
    event Settled(address indexed operator, uint64 indexed epoch, uint256 amount);

    /// @notice A failed epoch's part of a rollup's charges was credited back to it.
    event Refunded(address indexed rollup, address indexed operator, uint64 indexed epoch, uint256 amount);

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

    /// @notice The epoch is decided otherwise already, or is not what is asked about.
    error EpochDecided(uint64 epoch, EpochStatus status);

    /// @notice The window in which the epoch can be proven is still open.
    error ProofWindowOpen(uint64 epoch, uint256 lastBlock);

    /// @notice The window in which the epoch's proof can be challenged is over.
    error ChallengeWindowOver(uint64 epoch, uint256 lastBlock);

    /// @notice The window in which the epoch's proof can be challenged is still open.
    error ChallengeWindowOpen(uint64 epoch, uint256 lastBlock);

    /// @notice Seed, hints and partial sums are not those of the recorded proof.
    error WrongRecord(bytes32 expected);

    /// @notice The proof has no such chunk.
    error NoSuchChunk(uint256 chunk, uint256 count);

    /// @notice There must be a leaf for each sample of the chunk.
    error WrongLeafCount(uint256 count, uint256 expected);

    /// @notice The partial sum is that of the anchored commitments.
    error PartialSumRight(uint64 epoch, uint256 chunk);

    /// @notice What is given is not shown to be anchored by the operator at that position.
    error NotAnchored(address operator, uint64 position);

    /// @notice The blob need not be held, or answered for, any more.
    error BlobExpired(uint64 position, uint256 lastBlock);

    /// @notice The commitment is a point of the group.
    error CommitmentValid(uint64 position);

    /// @notice The operator was slashed.
    error Condemned(address operator);

    /// @notice The operator asked for its stake back; staking again takes that back.
    error Exiting(address operator);

    /// @notice The operator has no stake.
    error NothingStaked(address operator);

    /// @notice The stake was not asked back.
    error WithdrawalNotRequested(address operator);

    /// @notice The stake answers for data, proofs or challenges until that block.
    error StakeLocked(uint256 lockedUntil);

    /// @notice Demands wait for their blobs.
    error DemandsOpen(uint256 count);

    /// @notice Nothing is credited to the sender.
    error NothingToClaim(address owner);

    /// @notice The sender does not take ether.
    error PaymentRefused(address owner);

    /// @notice The blob is demanded already.
    error AlreadyDemanded(address operator, uint64 position);

    /// @notice As many demands are open as can surely be answered in time.
    error TooManyDemands(address operator, uint256 most);

    /// @notice The bond does not cover what answering costs.
    error BondTooLow(uint256 bond, uint256 minimum);

    /// @notice There is no such demand.
    error NoSuchDemand(uint256 demandId);

    /// @notice The demand was answered or has expired.
    error DemandClosed(uint256 demandId, DemandStatus status);

    /// @notice The demand's deadline is over.
    error DeadlineOver(uint256 demandId, uint256 lastBlock);

    /// @notice The demand's deadline is not over.
    error DeadlineNotOver(uint256 demandId, uint256 lastBlock);

    /// @notice The transaction does not carry the demanded blob at that place.
    error WrongBlob(bytes32 versionedHash, bytes32 expected);

    /// @notice An anchor holds at most so many blobs.
    error TooManyBlobs(uint256 blobCount, uint256 most);

    /// @notice The operator's price is above what the rollup accepts.
    error PriceTooHigh(address rollup, uint256 price, uint256 highest);

    /// @notice The rollup has not prepaid enough.
    error EscrowTooLow(address rollup, uint256 balance, uint256 needed);

    /// @notice The epoch is not proven, or settled already.
    error NotSettleable(address operator, uint64 epoch);

    /// @notice The epoch did not fail, or the rollup has its part back already.
    error NotRefundable(address operator, uint64 epoch);

    /// @notice The hints do not bound the rollup's charges that were live in the epoch.
    error WrongChargeHints(uint256 loCharge, uint256 endCharge);

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

    /// @notice Adds the value sent to the sender's stake. Takes back an earlier `requestWithdrawal`.
    function stake() external payable;

    /// @notice Asks for the sender's stake back: from now on it cannot anchor.
    function requestWithdrawal() external;

    /// @notice Moves the sender's stake into its credit, once it answers for nothing any more: after `withdrawableFrom`, with no demand open.
    function withdraw() external;

    /// @notice Pays the sender its credit.
    /// @return amount What it was paid.
    function claim() external returns (uint256 amount);

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

    /// @notice Reports that an epoch in which the operator had live blobs was not proven in time. The operator loses `missPenalty`, `missReward` of it to
    /// the sender. Once for each epoch.
    /// @param hints The anchors that bound the live range at the epoch's block.
    function reportMiss(address operator, uint64 epoch, RangeHints calldata hints) external;

    /// @notice Shows that a recorded partial sum is not the weighted sum of the anchored commitments: the operator is slashed, `fraudReward` to the sender.
    /// @param seed The recorded proof's seed.
    /// @param hints The recorded proof's hints.
    /// @param partialSums The recorded proof's partial sums.
    /// @param chunk The wrong one.
    /// @param leaves The commitments of the chunk's samples, in order.
    function proveFraud(
        address operator,
        uint64 epoch,
        bytes32 seed,
        RangeHints calldata hints,
        G1[] calldata partialSums,
        uint256 chunk,
        Leaf[] calldata leaves
    ) external;

    /// @notice Shows that an anchored commitment is not the compressed form of a point of the group: malformed flags, x not below p, no y on the curve for
    /// it, or a point outside the subgroup. The operator is slashed, `fraudReward` to the sender.
    /// @param yHigh Upper 32 bytes of a y with which the point is on the curve; needed for the last case only.
    /// @param yLow Lower 32 bytes of it.
    function proveInvalidCommitment(BlobRef calldata blob, bytes32 yHigh, bytes32 yLow) external;

    /// @notice Demands a live blob. The value sent, at least `demandBond`, pays whoever publishes it.
    /// @return demandId The demand's number.
    function demand(BlobRef calldata blob) external payable returns (uint256 demandId);

    /// @notice Answers a demand in a transaction that carries the blob.
    /// @param blobIndex The blob's place in the transaction.
    function publish(uint256 demandId, uint256 blobIndex) external;

    /// @notice Slashes the operator for a demand that nobody answered in time; the demander gets its bond back and `fraudReward`.
    function expire(uint256 demandId) external;

    /// @notice Sets the sender's price as an operator, for anchors from now on.
    /// @param weiPerByteBlock Wei for each byte of payload and block of retention.
    function setPrice(uint128 weiPerByteBlock) external;

    /// @notice Prepays an operator, as a rollup, and sets the highest price that is accepted. The operator can charge all of it, for what it anchors in the
    /// sender's name: deposit what a few days cost.
    function deposit(address operator, uint128 highestPrice) external payable;

    /// @notice Moves what no anchor has charged into the sender's credit.
    function withdrawEscrow(address operator, uint128 amount) external;

    /// @notice Credits a proven epoch's part of all charges to the operator, once its challenge window is over. Anybody may call.
    function settle(address operator, uint64 epoch) external returns (uint256 amount);

    /// @notice Credits a failed epoch's part of the sender's charges back to it: the epoch was missed (and reported), fraudulent, or not settled when
    /// the operator was slashed.
    /// @param loCharge The first of the sender's charges whose anchor was live.
    /// @param endCharge One past the last of them.
    function refund(address operator, uint64 epoch, uint256 loCharge, uint256 endCharge) external returns (uint256 amount);

    /// @notice The parameters.
    function parameters() external view returns (Parameters memory);

    /// @notice An operator's stake.
    function stakeOf(address operator) external view returns (uint256);

    /// @notice What is kept about an operator.
    function getAccount(address operator) external view returns (Account memory);

    /// @notice The block after which an operator may have its stake back.
    function withdrawableFrom(address operator) external view returns (uint256);

    /// @notice What somebody may claim.
    function creditOf(address owner) external view returns (uint256);

    /// @notice The number of an operator's anchors.
    function anchorCount(address operator) external view returns (uint256);

    /// @notice An operator's anchor.
    function getAnchor(address operator, uint256 index) external view returns (Anchor memory);

    /// @notice Whether a blob is anchored as it says.
    function isAnchored(BlobRef calldata blob) external view returns (bool);

    /// @notice Whether a blob is anchored as it says and its polynomial has value `y` at `z`.
    /// @param proof The opening proof, 48 bytes compressed.
    function verifyOpening(BlobRef calldata blob, bytes32 z, bytes32 y, bytes calldata proof) external view returns (bool);

    /// @notice An operator's epoch.
    function getEpoch(address operator, uint64 epoch) external view returns (Epoch memory);

    /// @notice An operator's live range at an epoch's block, from hints that are checked.
    function liveRange(address operator, uint64 epoch, RangeHints calldata hints) external view returns (LiveRange memory);

    /// @notice The randomness of an operator's epoch, while L1 still gives the hash of the epoch's block.
    function epochSeed(address operator, uint64 epoch) external view returns (bytes32);

    /// @notice A demand.
    function getDemand(uint256 demandId) external view returns (Demand memory);

    /// @notice The number of demands.
    function demandCount() external view returns (uint256);

    /// @notice The least bond of a demand made now: a fixed part, and twice what publishing costs at present.
    function demandBond() external view returns (uint256);

    /// @notice The most demands that an operator can have open.
    function mostDemands() external view returns (uint256);

    /// @notice An operator's price in wei for each byte and block.
    function priceOf(address operator) external view returns (uint256);

    /// @notice What a rollup prepaid for an operator.
    function getEscrow(address rollup, address operator) external view returns (Escrow memory);

    /// @notice The number of a rollup's charges by an operator: one for each anchor that charged it.
    function chargeCount(address rollup, address operator) external view returns (uint256);

    /// @notice The anchor of a charge, and the part of it that each epoch releases.
    function chargeAt(address rollup, address operator, uint256 index) external view returns (uint32 anchorIndex, uint256 part);
}
