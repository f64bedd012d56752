// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {DemandStatus, EpochStatus} from "./MeedaTypes.sol";

// Deployment.

/// @dev The parameter is out of the range in which the protocol is sound.
error InvalidParameter(string name);
/// @dev The chain lacks something that the contracts need, or it answers a known input wrongly.
error UnsuitableChain(string what);
/// @dev The code is not that which the system was made for.
error WrongCode(uint256 part, bytes32 codeHash);
/// @dev The part could not be created.
error CreationFailed(uint256 part);
/// @dev The caller is not the part of the system that may call.
error OnlyPart(address caller);

// Accounts.

/// @dev The address has registered an account already.
error AlreadyRegistered(address id);
/// @dev There is no such account.
error NoSuchAccount(address id);
/// @dev The caller does not own the account.
error NotOwner(address caller, address id);
/// @dev The ownership was not offered to the caller.
error NotPendingOwner(address caller, address id);
/// @dev The caller is no operator key, or a retired one.
error NotOperatorKey(address caller);
/// @dev A key belongs to one account for ever.
error KeyTaken(address key);
/// @dev The key did not sign its consent to the account.
error NoConsent(address key);
/// @dev The account was slashed.
error AccountSlashed(address id);
/// @dev The account has no stake.
error NothingStaked(address id);
/// @dev The stake does not carry so many live blobs, in wei.
error StakeTooLow(uint256 stake, uint256 needed);
/// @dev The account asked for its stake back.
error Exiting(address id);
/// @dev The stake was not asked back.
error WithdrawalNotRequested(address id);
/// @dev The stake answers for data, proofs or challenges until that block.
error StakeLocked(uint256 lastBlock);
/// @dev Demands wait for their blobs.
error DemandsOpen(uint256 count);
/// @dev Nothing is credited to the address.
error NothingToClaim(address creditor);
/// @dev The address does not take ether.
error PaymentRefused(address creditor);

// Anchors.

/// @dev The anchor has no batch.
error EmptyAnchor();
/// @dev `commitments` is not as long as the headers' blob counts say.
error CommitmentsLength(uint256 length, uint256 expected);
/// @dev A batch's blob count is not that of its payload's length.
error BatchBlobCount(uint256 batch, uint256 blobCount, uint256 expected);
/// @dev The call is longer than nodes take of an ordinary transaction.
error AnchorTooLarge(uint256 length, uint256 most);
/// @dev An anchor holds at most so many blobs.
error TooManyBlobs(uint256 blobCount, uint256 most);
/// @dev There is no such anchor.
error NoSuchAnchor(address id, uint256 index);
/// @dev Orders must name batches of the anchor in ascending order, each once.
error WrongOrderPlace(uint256 order, uint256 batch);
/// @dev What is given is not shown to be anchored by the account at that position.
error NotAnchored(address id, uint64 position);
/// @dev The hints do not bound the account's live range at that block.
error WrongRangeHints(uint32 loAnchor, uint32 hotAnchor, uint32 endAnchor);

// Seeds, proofs, challenges.

/// @dev The block whose randomness the epoch takes is not mined yet.
error SeedNotKnown(uint64 epoch, uint256 seedBlock);
/// @dev L1 does not give the hash of that block.
error BlockHashUnavailable(uint256 blockNumber);
/// @dev The header is not that of the epoch's seed block.
error WrongHeader(bytes32 hash, bytes32 expected);
/// @dev Nobody recorded the epoch's randomness.
error SeedNotRecorded(uint64 epoch);
/// @dev The proof was made for another seed.
error WrongSeed(bytes32 seed, bytes32 expected);
/// @dev The window in which the epoch's proof is taken is over.
error ProofWindowOver(uint64 epoch, uint256 lastBlock);
/// @dev The window in which the epoch can be proven is still open.
error ProofWindowOpen(uint64 epoch, uint256 lastBlock);
/// @dev The epoch is decided otherwise already, or is not what is asked about.
error EpochDecided(uint64 epoch, EpochStatus status);
/// @dev The number of partial sums is not that of the epoch's samples.
error WrongPartialSumCount(uint256 count, uint256 expected);
/// @dev The value is not below the scalar field's modulus.
error ValueNotCanonical(bytes32 y);
/// @dev The opening does not verify.
error WrongProof();
/// @dev No opening verifies on this chain any more, so nobody is to blame.
error ProofsImpossible();
/// @dev The window for challenges is over.
error ChallengeWindowOver(uint64 epoch, uint256 lastBlock);
/// @dev The window for challenges is still open.
error ChallengeWindowOpen(uint64 epoch, uint256 lastBlock);
/// @dev Seed, hints and partial sums are not those of the recorded proof.
error WrongRecord(bytes32 expected);
/// @dev The proof has no such chunk.
error NoSuchChunk(uint256 chunk, uint256 count);
/// @dev There must be a point for each sample of the chunk.
error WrongLeafCount(uint256 count, uint256 expected);
/// @dev The order is not one of all samples by position.
error WrongOrder(uint256 place);
/// @dev The leaves and hashes are not those of the anchors.
error WrongMultiproof(uint256 anchorIndex);
/// @dev The partial sum is that of the anchored commitments.
error PartialSumRight(uint64 epoch, uint256 chunk);
/// @dev The commitment is a point of the group.
error CommitmentValid(uint64 position);
/// @dev The blob need not be held, or answered for, any more.
error BlobExpired(uint64 position, uint256 lastBlock);

// Publication.

/// @dev The blob is demanded already.
error AlreadyDemanded(address id, bytes32 versionedHash);
/// @dev The bond does not cover what answering may cost, in wei.
error BondTooLow(uint256 bond, uint256 minimum);
/// @dev There is no such demand.
error NoSuchDemand(uint256 demandId);
/// @dev The demand was answered or has expired.
error DemandClosed(uint256 demandId, DemandStatus status);
/// @dev The demand's deadline is not over.
error DeadlineNotOver(uint256 demandId, uint256 lastBlock);
/// @dev Until that block only the operator publishes.
error OperatorsTurn(uint256 demandId, uint256 lastBlock);
/// @dev The transaction does not carry the demanded blob at that place.
error WrongBlob(bytes32 versionedHash, bytes32 expected);

// Escrow.

/// @dev The epoch is not proven, does not earn, or is settled already.
error NotSettleable(address id, uint64 epoch);
/// @dev The epoch did not fail, or the rollup has its part back already.
error NotRefundable(address id, uint64 epoch);
/// @dev The hints do not bound the rollup's charges that were live in the epoch.
error WrongChargeHints(uint256 loCharge, uint256 endCharge);
/// @dev There is no such charge.
error NoSuchCharge(uint256 index);
/// @dev The withdrawal was not asked for, or its notice is not over.
error NoticeNotOver(uint256 fromBlock);
