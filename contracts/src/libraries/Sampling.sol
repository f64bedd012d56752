// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LiveRange} from "../../interfaces/MeedaTypes.sol";
import {Bls12381} from "./Bls12381.sol";

/// @title Which blobs an epoch challenges, and with which weights
library Sampling {
    /// @dev The samples that one partial sum covers. Small enough that every fraud proof fits an ordinary transaction.
    uint256 internal constant CHUNK = 128;

    /// @notice The randomness of an account's epoch.
    /// @param mix The RANDAO mix of block `D_e`.
    /// @param verifier The contract that checks the proof.
    function seedOf(bytes32 mix, uint64 epoch, address operator, address verifier) internal view returns (bytes32) {
        return keccak256(abi.encodePacked(mix, epoch, operator, verifier, block.chainid));
    }

    /// @notice The number of an epoch's samples.
    function count(LiveRange memory range, uint256 hotSamples, uint256 coldSamples) internal pure returns (uint256) {
        return hotCount(range, hotSamples) + (range.hot > range.lo ? coldSamples : 0);
    }

    /// @notice The number of partial sums of so many samples.
    function chunkCount(uint256 samples) internal pure returns (uint256) {
        return (samples + CHUNK - 1) / CHUNK;
    }

    /// @notice Sample `j` of an epoch: the blob's position and the weight of its polynomial, never zero.
    function draw(bytes32 seed, uint256 j, LiveRange memory range, uint256 hotSamples)
        internal
        pure
        returns (uint64 position, uint128 weight)
    {
        uint256 h = uint256(keccak256(abi.encodePacked(seed, uint32(j))));
        uint256 high = h >> 128;
        uint256 hot = hotCount(range, hotSamples);
        if (j >= hot) {
            position = uint64(range.lo + high % (range.hot - range.lo));
        } else if (hot == range.hi - range.hot) {
            position = uint64(range.hot + j);
        } else {
            position = uint64(range.hot + high % (range.hi - range.hot));
        }
        weight = uint128(h);
        if (weight == 0) {
            weight = 1;
        }
    }

    /// @notice The point at which the combined polynomial is opened.
    function challenge(bytes32 seed) internal pure returns (uint256) {
        return uint256(keccak256(abi.encodePacked(seed, "z"))) % Bls12381.R;
    }

    function hotCount(LiveRange memory range, uint256 hotSamples) private pure returns (uint256) {
        uint256 recent = range.hi - range.hot;
        return recent < hotSamples ? recent : hotSamples;
    }
}
