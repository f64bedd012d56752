// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IMeedaCredits} from "./IMeedaCredits.sol";
import {BlobRef, Demand} from "./MeedaTypes.sol";

/// @title Forced publication: whoever cannot get a live blob demands it, and it appears on L1 or the operator is slashed
interface IMeedaPublication is IMeedaCredits {
    /// @notice Names who may answer an account's demands beside its owner and operator key. For the owner.
    /// @param id The account.
    /// @param publisher The address; zero: nobody.
    function setPublisher(address id, address publisher) external;

    /// @notice Demands a live blob, with a bond of at least `demandBond()`. The deadline is `publishWindow` blocks away
    /// and four more for each demand that is open already.
    /// @param blob The blob.
    /// @return demandId The demand's number.
    function demand(BlobRef calldata blob) external payable returns (uint256 demandId);

    /// @notice Answers demands in a transaction that carries their blobs: the blob at place i answers the i-th. The
    /// publisher is repaid what it cost at today's fees, a blob once in a transaction; the bond's fixed part is burnt;
    /// the rest goes back. The last `publishWindow / 2` blocks are open to everybody, before them it is the operator's.
    /// Closed demands are skipped.
    /// @param demandIds The demands.
    function publish(uint256[] calldata demandIds) external;

    /// @notice Slashes the account for a demand that nobody answered in time; the demander has the bond back, and the
    /// reward too unless it left the demand lying for another `publishWindow` blocks: then the caller has it.
    /// @param demandId The demand.
    function expire(uint256 demandId) external;

    /// @notice A demand.
    function getDemand(uint256 demandId) external view returns (Demand memory);

    /// @notice The number of demands ever made.
    function demandCount() external view returns (uint256);

    /// @notice The demands that wait for an account's blobs.
    function openDemands(address id) external view returns (uint256);

    /// @notice The least bond of a demand made now, in wei: a fixed part and eight times what publishing costs now.
    function demandBond() external view returns (uint256);

    /// @notice Who answers an account's demands beside its owner and operator key.
    function publisherOf(address id) external view returns (address);
}
