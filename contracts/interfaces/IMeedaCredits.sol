// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title What a contract owes to addresses. Ether leaves by `claimFor` alone, or is burnt.
interface IMeedaCredits {
    /// @notice Pays an address its credit; anybody may call.
    /// @param creditor Who is paid.
    /// @return amount What it was paid, in wei.
    function claimFor(address creditor) external returns (uint256 amount);

    /// @notice Pays the caller its credit.
    /// @return amount What it was paid, in wei.
    function claim() external returns (uint256 amount);

    /// @notice What an address may claim, in wei.
    function creditOf(address creditor) external view returns (uint256);
}
