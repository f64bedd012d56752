// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {RangeHints, Refusal} from "./MeedaTypes.sol";

// Accounts.

/// @dev An account was registered; its id never changes.
event Registered(address indexed id);
/// @dev The ownership was offered.
event OwnershipOffered(address indexed id, address indexed pendingOwner);
/// @dev The ownership changed.
event OwnershipAccepted(address indexed id, address indexed owner);
/// @dev The account has a new operator key; the one before is retired for ever.
event OperatorKeySet(address indexed id, address indexed key, address retired);
/// @dev A stake grew, in wei.
event Staked(address indexed id, address indexed from, uint256 amount, uint256 stake);
/// @dev The owner asked for the stake back, which it can have after block `lockedUntil`.
event WithdrawalRequested(address indexed id, uint256 lockedUntil);
/// @dev The owner took the request back.
event WithdrawalCancelled(address indexed id);
/// @dev The stake moved into the owner's credit, in wei.
event Withdrawn(address indexed id, uint256 amount);
/// @dev A penalty was taken, in wei; the reporter got `reward` of it, the rest is burnt.
event Penalised(address indexed id, address indexed reporter, uint256 amount, uint256 reward);
/// @dev The whole stake was taken, in wei; the challenger got `reward` of it, the rest is burnt.
event Slashed(address indexed id, address indexed challenger, uint256 amount, uint256 reward);
/// @dev Somebody may claim that much more, in wei.
event Credited(address indexed creditor, uint256 amount);
/// @dev Somebody was paid its credit, in wei.
event Claimed(address indexed creditor, uint256 amount);

// Anchors.

/// @dev An anchor was appended. `commitments` are its leaves, 48 bytes each, so that whoever follows L1 can rebuild it.
event Anchored(
    address indexed id,
    uint256 indexed anchorIndex,
    bytes32 root,
    uint64 firstBlob,
    uint32 blobCount,
    uint40 expiry,
    bytes commitments
);
/// @dev A batch of an anchor.
event BatchAnchored(
    address indexed id,
    bytes32 indexed batchId,
    uint256 indexed anchorIndex,
    uint64 firstBlob,
    uint32 payloadLength,
    uint16 blobCount,
    uint40 expiry,
    address rollup
);

// Seeds, proofs, challenges.

/// @dev The RANDAO mix of the epoch's seed block was recorded.
event SeedRecorded(uint64 indexed epoch, bytes32 mix);
/// @dev An epoch was proven. The log carries all of the proof: an operator that is a contract could hide its calldata.
event ProofSubmitted(
    address indexed id, uint64 indexed epoch, bytes32 seed, RangeHints hints, bytes partialSums, bytes32 y, bytes proof
);
/// @dev An epoch with live blobs and without a proof was reported; it cost `penalty` wei.
event MissReported(address indexed id, uint64 indexed epoch, address indexed reporter, uint256 penalty);
/// @dev A recorded partial sum was shown to be wrong.
event FraudProven(address indexed id, uint64 indexed epoch, uint256 chunk, address indexed challenger);
/// @dev An anchored commitment was shown not to be a point of the group.
event InvalidCommitmentProven(address indexed id, uint64 indexed position, address indexed challenger);

// Publication.

/// @dev The owner named an account's publisher: who may answer demands beside owner and operator key.
event PublisherSet(address indexed id, address indexed publisher);
/// @dev A blob was demanded: it must be published by block `deadline`.
event Demanded(
    uint256 indexed demandId,
    address indexed id,
    bytes32 indexed versionedHash,
    address demander,
    uint64 position,
    uint40 deadline,
    uint256 bond
);
/// @dev The demanded blob appeared; the publisher was repaid, in wei.
event Published(uint256 indexed demandId, address indexed publisher, uint256 repaid);
/// @dev The demand was closed already when a blob for it came.
event PublicationSkipped(uint256 indexed demandId);
/// @dev The demanded blob did not appear in time.
event DemandExpired(uint256 indexed demandId, address indexed reporter);

// Escrow.

/// @dev An operator's price, in wei for each byte of payload and block.
event PriceSet(address indexed id, uint256 weiPerByteBlock);
/// @dev A rollup's prepayment for an operator grew, in wei.
event Deposited(address indexed rollup, address indexed id, address from, uint256 amount, uint256 balance);
/// @dev A rollup set its limits; what is lower holds from block `lowerFrom` on.
event LimitsSet(
    address indexed rollup, address indexed id, uint256 highestPrice, uint256 maxWeiPerEpoch, uint256 lowerFrom
);
/// @dev A rollup named who signs its orders from block `from` on.
event PosterSet(address indexed rollup, address indexed poster, uint256 from);
/// @dev A rollup asked for its prepayment back, from block `from` on.
event EscrowWithdrawalRequested(address indexed rollup, address indexed id, uint256 amount, uint256 from);
/// @dev A rollup has its prepayment back, in its credit.
event EscrowWithdrawn(address indexed rollup, address indexed id, uint256 amount);
/// @dev An anchor charged a rollup for a batch, in wei.
event Charged(address indexed rollup, address indexed id, bytes32 indexed batchId, uint256 anchorIndex, uint256 amount);
/// @dev An anchor could not charge a rollup for a batch.
event ChargeRefused(
    address indexed rollup, address indexed id, bytes32 indexed batchId, uint256 anchorIndex, Refusal why
);
/// @dev A proven epoch's part of the charges was credited to the account's owner, in wei.
event Settled(address indexed id, uint64 indexed epoch, uint256 amount);
/// @dev A failed epoch's part of a rollup's charges was credited back to it, in wei.
event Refunded(address indexed rollup, address indexed id, uint64 indexed epoch, uint256 amount);
