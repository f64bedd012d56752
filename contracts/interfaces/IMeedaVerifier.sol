// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {BlobRef, ChunkProof, Epoch, EpochProof, RangeHints, RecordedProof} from "./MeedaTypes.sol";

/// @title Seeds, proofs of availability, and what anybody can show about an operator
interface IMeedaVerifier {
    /// @notice Records the RANDAO mix of an epoch's seed block `D_e = B_e + seedDelay`, once for all accounts.
    /// @param epoch The epoch.
    /// @param header The RLP of the block's header; not looked at when it is recorded already or in `D_e` itself.
    function recordSeed(uint64 epoch, bytes calldata header) external;

    /// @notice Proves an epoch of the caller's account, in the `proofWindow` blocks after `D_e`.
    /// @param proof The proof.
    /// @param header The seed block's header, empty where the seed is recorded.
    function submitProof(EpochProof calldata proof, bytes calldata header) external;

    /// @notice Reports an epoch with live blobs that was not proven. Within `challengeWindow` of the proof window's end
    /// it costs the account n penalties, n the misses within a retention; it then needs a recorded seed, and that
    /// openings verify on this chain. Later it costs nothing and needs neither, so that rollups get their refunds.
    /// @param id The account.
    /// @param epoch The epoch.
    /// @param hints The anchors that bound the live range.
    /// @param header The seed block's header, empty where the seed is recorded or not needed.
    /// @return penalty What it cost, in wei.
    function reportMiss(address id, uint64 epoch, RangeHints calldata hints, bytes calldata header)
        external
        returns (uint256 penalty);

    /// @notice Reports several misses whose seeds are recorded. Those decided already are passed over.
    function reportMisses(address[] calldata ids, uint64[] calldata epochs, RangeHints[] calldata hints) external;

    /// @notice Shows that a recorded partial sum is not that of the anchored commitments: the account is slashed.
    /// @param id The account.
    /// @param epoch The epoch.
    /// @param proven What was recorded.
    /// @param chunk The wrong partial sum.
    /// @param leaves The commitments of its samples.
    function proveFraud(
        address id,
        uint64 epoch,
        RecordedProof calldata proven,
        uint256 chunk,
        ChunkProof calldata leaves
    ) external;

    /// @notice Shows that an anchored commitment is not the compressed form of a point of the group: slashed.
    /// @param blob The blob.
    /// @param yHigh Upper 32 bytes of a y with which the point is on the curve; needed where there is one.
    /// @param yLow Lower 32 bytes of it.
    function proveInvalidCommitment(BlobRef calldata blob, bytes32 yHigh, bytes32 yLow) external;

    /// @notice An account's epoch.
    function getEpoch(address id, uint64 epoch) external view returns (Epoch memory);

    /// @notice The recorded RANDAO mix of an epoch, zero where there is none.
    function mixOf(uint64 epoch) external view returns (bytes32);

    /// @notice The randomness of an account's epoch, once the mix is recorded.
    function epochSeed(address id, uint64 epoch) external view returns (bytes32);

    /// @notice What reporting a miss of that epoch now would cost, in wei.
    function penaltyOf(address id, uint64 epoch) external view returns (uint256);

    /// @notice The blocks `B_e`, `D_e`, and the last of the proof window and of the window for penalties.
    function blocksOf(uint64 epoch)
        external
        view
        returns (uint256 epochBlock, uint256 seedBlock, uint256 provableUntil, uint256 punishableUntil);
}
