// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Parameters} from "./MeedaTypes.sol";

/// @title One deployment: its parameters and the addresses of its parts
/// @notice The address is by CREATE2 and so commits to the parameters and the code of all parts; each part's address
/// follows from this one. So the parts know each other from construction, with no owner and no upgrade.
interface IMeedaSystem {
    /// @notice Creates the next part. Anybody may call, with the code that the system was made for.
    /// @param code The part's creation code, without arguments.
    /// @return created Its address.
    function create(bytes calldata code) external returns (address created);

    /// @notice The parameters, checked at construction.
    function parameters() external view returns (Parameters memory);

    /// @notice The version of the protocol.
    function version() external pure returns (string memory);

    /// @notice How many parts exist.
    function created() external view returns (uint256);

    /// @notice The stakes and anchors.
    function anchors() external view returns (address);

    /// @notice The seeds, proofs and challenges.
    function verifier() external view returns (address);

    /// @notice The forced publication.
    function publication() external view returns (address);

    /// @notice The payments of rollups.
    function escrow() external view returns (address);
}
