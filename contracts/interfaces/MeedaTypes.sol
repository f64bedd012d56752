// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice A point of BLS12-381's G1 as EIP-2537 writes it: two coordinates of 64 bytes, infinity is all zeros.
struct G1 {
    bytes32 xHigh;
    bytes32 xLow;
    bytes32 yHigh;
    bytes32 yLow;
}

/// @notice What a deployment is made with. Windows and retention count L1 blocks, amounts are wei.
/// @param epochBlocks Blocks in an epoch; epoch `e` begins at block `B_e = e * epochBlocks`.
/// @param seedDelay Blocks from `B_e` to `D_e`, the block whose RANDAO mix is the epoch's randomness.
/// @param proofWindow Blocks after `D_e` within which the epoch's proof is taken.
/// @param challengeWindow Blocks after a proof within which a wrong partial sum can be slashed, and after the end of the
/// proof window within which a miss costs a penalty.
/// @param hotEpochs Blobs anchored in so many last epochs are recent.
/// @param hotSamples The most recent blobs that an epoch challenges.
/// @param coldSamples The draws from the older blobs.
/// @param retention Blocks from the anchor for which its blobs must be held.
/// @param publishWindow Blocks within which a demanded blob must be published when no other demand is open.
/// @param anchorGrace Blocks after a penalty, or after an exit request, in which anchoring goes on as before.
/// @param escrowNotice Blocks after which a rollup's withdrawal, lower limit or new poster takes effect.
/// @param fraudRewardBps The challenger's part of a slashed stake, in basis points.
/// @param minimumStake The least stake with which an operator may anchor, in wei.
/// @param stakePerBlob What each live blob needs on top of it, in wei.
/// @param missPenalty What the first miss within a retention costs, in wei; the n-th costs n times that.
/// @param missReward The part of a penalty that the reporter gets, in wei.
/// @param demandBond The fixed part of a demand's bond, in wei.
struct Parameters {
    uint32 epochBlocks;
    uint32 seedDelay;
    uint32 proofWindow;
    uint32 challengeWindow;
    uint32 hotEpochs;
    uint32 hotSamples;
    uint32 coldSamples;
    uint32 retention;
    uint32 publishWindow;
    uint32 anchorGrace;
    uint32 escrowNotice;
    uint16 fraudRewardBps;
    uint128 minimumStake;
    uint128 stakePerBlob;
    uint128 missPenalty;
    uint128 missReward;
    uint128 demandBond;
}

/// @notice An operator's account. Its id is the address that registered it, for ever.
/// @param owner Who stakes, withdraws, sets keys and the price, and has the credits.
/// @param exitRequestedAt The block in which the owner asked for the stake back, 0 where it did not.
/// @param pendingOwner Who may accept the ownership.
/// @param keyNonce The nonce of the next operator key's consent.
/// @param stake Its stake in wei.
/// @param graceStake What penalties took, in wei, that still counts for anchoring until `graceUntil`.
/// @param key The operator key that anchors and proves now.
/// @param graceUntil The last block of the grace.
/// @param firstLive The first anchor that counts as live for the capacity.
/// @param slashed Whether it was slashed: then it neither stakes, anchors, proves nor earns again.
struct Account {
    address owner;
    uint40 exitRequestedAt;
    address pendingOwner;
    uint64 keyNonce;
    uint128 stake;
    uint128 graceStake;
    address key;
    uint40 graceUntil;
    uint32 firstLive;
    bool slashed;
}

/// @notice A batch in an anchor.
/// @param payloadLength The payload's bytes, at least one.
/// @param blobCount Its blobs: `ceil((payloadLength + 31) / (4096 * 31))`.
/// @param rollup The rollup that pays for it from its escrow; the zero address: nothing is charged.
struct BatchHeader {
    uint32 payloadLength;
    uint16 blobCount;
    address rollup;
}

/// @notice A rollup's word that it pays for a batch: the EIP-712 `Order(address rollup, bytes32 batchId, address
/// operator, uint256 maxWei, uint256 deadline)` of which rollup, batch and operator are known from the anchor.
/// @param batch The batch's place in the anchor.
/// @param maxWei The most that the batch may cost by orders over all renewals, in wei; a limit is apart from it.
/// @param deadline The last block in which it may be charged.
/// @param r The signature's r.
/// @param vs The signature's s, with the parity of y in its top bit (EIP-2098).
struct SignedOrder {
    uint32 batch;
    uint128 maxWei;
    uint40 deadline;
    bytes32 r;
    bytes32 vs;
}

/// @notice An anchor as it is kept.
/// @param root keccak256(leafRoot ‖ idRoot): the trees over its commitments and over its batch ids.
/// @param firstBlob The account's position of its first blob.
/// @param blobCount Its blobs.
/// @param blockNumber The block that holds it.
/// @param expiry The first block at which no epoch's block and no new demand finds its blobs live.
struct Anchor {
    bytes32 root;
    uint64 firstBlob;
    uint32 blobCount;
    uint40 blockNumber;
    uint40 expiry;
}

/// @notice The anchors that bound an account's live range at `B_e`: found off chain, checked on chain.
/// @param loAnchor The first anchor that is not expired.
/// @param hotAnchor The first, from `loAnchor` on, of the last `hotEpochs` epochs; `endAnchor` where there is none.
/// @param endAnchor The number of anchors before `B_e`.
struct RangeHints {
    uint32 loAnchor;
    uint32 hotAnchor;
    uint32 endAnchor;
}

/// @notice An account's live blob positions at `B_e`: `[lo, hot)` older, `[hot, hi)` recent.
struct LiveRange {
    uint64 lo;
    uint64 hot;
    uint64 hi;
}

/// @notice What is known about an account's epoch.
enum EpochStatus {
    None,
    Proven,
    Missed,
    Fraudulent
}

/// @notice An account's epoch as it is kept.
/// @param record keccak256(abi.encode(seed, hints, keccak256(partialSums))) of the recorded proof.
/// @param provenAt The block in which the proof was recorded.
/// @param status Its status.
/// @param earns Whether the stake was at least `minimumStake` when it was proven.
/// @param loAnchor The first anchor that was live.
/// @param endAnchor One past the last anchor that was live.
struct Epoch {
    bytes32 record;
    uint40 provenAt;
    EpochStatus status;
    bool earns;
    uint32 loAnchor;
    uint32 endAnchor;
}

/// @notice An anchored blob, with what shows that it is.
/// @param operator The account that anchored it.
/// @param anchorIndex The anchor that holds it.
/// @param position The account's position of the blob.
/// @param commitment Its compressed commitment, 48 bytes.
/// @param path The Merkle path from its leaf to the anchor's leaf root.
/// @param idRoot The anchor's root over its batch ids.
struct BlobRef {
    address operator;
    uint32 anchorIndex;
    uint64 position;
    bytes commitment;
    bytes32[] path;
    bytes32 idRoot;
}

/// @notice The proof of an epoch.
/// @param epoch The epoch.
/// @param seed The seed that the proof was made for.
/// @param hints The anchors that bound the live range.
/// @param partialSums Σ ρ_j C_{s_j} for each 128 samples, 96 bytes each.
/// @param y The value of the combined polynomial at the challenge.
/// @param opening Its opening proof, 96 bytes.
struct EpochProof {
    uint64 epoch;
    bytes32 seed;
    RangeHints hints;
    bytes partialSums;
    bytes32 y;
    bytes opening;
}

/// @notice The recorded proof that a fraud proof speaks about.
/// @param seed Its seed.
/// @param hints Its hints.
/// @param partialSums Its partial sums, 96 bytes each.
struct RecordedProof {
    bytes32 seed;
    RangeHints hints;
    bytes partialSums;
}

/// @notice The commitments of a chunk's samples and what shows that they are the anchored ones.
/// @param points The commitments' points in the order of the samples, 96 bytes each.
/// @param order The places of the samples within the chunk, a byte each, sorted by position.
/// @param anchors The anchors that hold the positions, ascending, each once.
/// @param idRoots For each of these anchors its root over batch ids.
/// @param hashes The nodes that are not computed from the leaves: anchor by anchor, level by level, left to right.
struct ChunkProof {
    bytes points;
    bytes order;
    uint32[] anchors;
    bytes32[] idRoots;
    bytes32[] hashes;
}

/// @notice What became of a demand.
enum DemandStatus {
    Open,
    Published,
    Expired
}

/// @notice A demand as it is kept.
/// @param versionedHash The versioned hash of the blob that must appear.
/// @param operator The account that must answer.
/// @param deadline The last block in which it may.
/// @param status Its status.
/// @param demander Who demanded.
/// @param bond What it paid, in wei.
struct Demand {
    bytes32 versionedHash;
    address operator;
    uint40 deadline;
    DemandStatus status;
    address demander;
    uint96 bond;
}

/// @notice A limit that a rollup sets: raising it is effective at once, lowering it after `escrowNotice`.
/// @param current What holds until `from`.
/// @param next What holds from block `from` on.
/// @param from The block of the change; 0: there is none.
struct Limit {
    uint128 current;
    uint128 next;
    uint40 from;
}

/// @notice A batch whose rollup an anchor asks to pay.
/// @param rollup Who is to pay.
/// @param batchId The batch.
/// @param commitmentsHash Keccak-256 of its commitments: what is paid for once.
/// @param payloadLength Its bytes.
/// @param order The rollup's order, all zeros where there is none.
struct ChargeRequest {
    address rollup;
    bytes32 batchId;
    bytes32 commitmentsHash;
    uint32 payloadLength;
    SignedOrder order;
}

/// @notice Why a charge was not made.
enum Refusal {
    PriceTooHigh,
    EscrowTooLow,
    OrderExpired,
    OrderNotSigned,
    OrderSpent,
    LimitSpent
}
