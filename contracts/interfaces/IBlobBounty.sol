// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @dev A bounty; all zero where there is none with that id, or none any more.
struct Bounty {
    bytes32 versionedHash;
    uint256 amount;
    address funder;
    uint256 refundableFrom;
    bytes32 about;
}

/// @dev A bounty stands on a versioned hash, in wei. `about` says what the blob is part of, for those that look for it.
event BountyFunded(
    uint256 indexed id,
    bytes32 indexed versionedHash,
    bytes32 indexed about,
    address funder,
    uint256 amount,
    uint256 refundableFrom
);
/// @dev A transaction carried the blob; its caller was paid, in wei.
event BountyPaid(uint256 indexed id, bytes32 indexed versionedHash, address indexed claimant, uint256 amount);
/// @dev A claim named a bounty that is closed, or whose blob is not at the place named.
event BountySkipped(uint256 indexed id, address indexed claimant);
/// @dev The funder has its ether back, in wei.
event BountyRefunded(uint256 indexed id, bytes32 indexed versionedHash, address indexed funder, uint256 amount);

/// @dev There is no hash to put a bounty on.
error NoHashes();
/// @dev The value is no whole number of wei above 0 for each hash, or more than a bounty can hold.
error UnsuitableAmount(uint256 value, uint256 hashes);
/// @dev A bounty stands for so many blocks at least, and at most.
error UnsuitableLife(uint256 blocks, uint256 least, uint256 most);
/// @dev It is not the versioned hash of an EIP-4844 blob.
error NotVersionedHash(bytes32 versionedHash);
/// @dev There must be a place for each bounty.
error PlacesLength(uint256 places, uint256 bounties);
/// @dev No bounty that was named can be paid.
error NothingToPay();
/// @dev The bounty is another account's.
error NotFunder(uint256 id, address caller);
/// @dev Until that block the bounty stands.
error NotRefundableYet(uint256 id, uint256 fromBlock);

/// @title Ether for whoever carries a blob in a transaction (EIP-4844), so that data comes back that nobody must keep
/// any more. No owner, no parameters, one address on every chain; it knows nothing of the other contracts.
/// @dev Ether leaves to the caller alone, so no account can refuse on another's behalf. A blob is public before it is
/// mined: anybody can copy it and be paid instead, and the funder has its data either way.
interface IBlobBounty {
    /// @notice Puts a bounty on each of some blobs, in equal parts of the value. Several may stand on one blob.
    /// @param versionedHashes The blobs' versioned hashes.
    /// @param blocks Blocks for which no refund is possible: 7,200 to 2,628,000, a day to a year of 12-second blocks; on
    /// chain 31337, where tests run, from 8 on.
    /// @param about What the blobs are part of, for archives to find them by: for Meeda the batch's id. Not checked.
    /// @return firstId The id of the first; the others follow.
    function fundBounties(bytes32[] calldata versionedHashes, uint256 blocks, bytes32 about)
        external
        payable
        returns (uint256 firstId);

    /// @notice Pays the caller bounties whose blobs this transaction carries. Those that are closed already, or whose
    /// blob is not at its place, are skipped; reverts where none is left.
    /// @param ids The bounties.
    /// @param places For each, the place of its blob in the transaction.
    /// @return paid What was paid, in wei.
    function claimBounties(uint256[] calldata ids, uint256[] calldata places) external returns (uint256 paid);

    /// @notice Gives the caller its own bounties back whose life is over. Closed ones are skipped; reverts where none
    /// is left. For the funder alone: a stranger must not step in front of a blob that is on its way.
    /// @param ids The bounties.
    /// @return refunded What was paid, in wei.
    function refundBounties(uint256[] calldata ids) external returns (uint256 refunded);

    /// @notice The number of bounties ever funded; ids count from 0.
    function bountyCount() external view returns (uint256);

    /// @notice Bounties in the order of their ids.
    /// @param firstId The first.
    /// @param count How many at most.
    function getBounties(uint256 firstId, uint256 count) external view returns (Bounty[] memory);
}
