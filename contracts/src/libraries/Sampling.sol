// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMeedaVerifier} from "../../interfaces/IMeedaVerifier.sol";
import {Bls12381} from "./Bls12381.sol";

/// @title Which blobs an epoch challenges, and with which weights (docs/protocol.md, "Proof of availability")
library Sampling {
    /// @dev The samples that one partial sum covers.
    uint256 internal constant CHUNK = 256;

    /// @notice The number of an epoch's samples.
    function count(IMeedaVerifier.LiveRange memory range, uint256 hotSamples, uint256 coldSamples) internal pure returns (uint256) {
        return hotCount(range, hotSamples) + (range.hot > range.lo ? coldSamples : 0);
    }

    /// @notice The number of partial sums of so many samples.
    function chunkCount(uint256 samples) internal pure returns (uint256) {
        return (samples + CHUNK - 1) / CHUNK;
    }

    /// @notice Sample `j` of an epoch: the blob's position and the weight of its polynomial, never zero.
    function draw(bytes32 seed, uint256 j, IMeedaVerifier.LiveRange memory range, uint256 hotSamples)
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

    function hotCount(IMeedaVerifier.LiveRange memory range, uint256 hotSamples) private pure returns (uint256) {
        uint256 recent = range.hi - range.hot;
        return recent < hotSamples ? recent : hotSamples;
    }
}
