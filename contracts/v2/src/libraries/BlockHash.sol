// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The hash of a past block
library BlockHash {
    /// @dev The contract of EIP-2935, which keeps the hashes of the last 8191 blocks.
    address internal constant HISTORY = 0x0000F90827F1C53a10cb7A02335B175320002935;

    /// @notice The hash of a block, zero where L1 does not give it: for the current block, later ones, and those more than 8191 back.
    function get(uint256 blockNumber) internal view returns (bytes32 hash) {
        hash = blockhash(blockNumber);
        if (hash == 0 && blockNumber < block.number) {
            (bool success, bytes memory output) = HISTORY.staticcall(abi.encode(blockNumber));
            hash = success && output.length == 32 ? abi.decode(output, (bytes32)) : bytes32(0);
        }
    }
}
