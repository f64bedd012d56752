// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMeedaVerifier} from "../../interfaces/IMeedaVerifier.sol";

/// @dev The parameters, checked once and fixed for ever.
abstract contract Settings is IMeedaVerifier {
    /// @dev EIP-2935 gives the hashes of so many blocks back; a proof must come while its seed can be derived.
    uint256 private constant HISTORY_WINDOW = 8191;

    uint32 internal immutable EPOCH_BLOCKS;
    uint32 internal immutable PROOF_WINDOW;
    uint32 internal immutable CHALLENGE_WINDOW;
    uint32 internal immutable HOT_EPOCHS;
    uint32 internal immutable HOT_SAMPLES;
    uint32 internal immutable COLD_SAMPLES;
    uint32 internal immutable RETENTION;
    uint32 internal immutable PUBLISH_WINDOW;
    uint128 internal immutable MINIMUM_STAKE;
    uint128 internal immutable MISS_PENALTY;
    uint128 internal immutable MISS_REWARD;
    uint128 internal immutable FRAUD_REWARD;
    uint128 internal immutable DEMAND_BOND;
    address internal immutable TREASURY;

    constructor(Parameters memory p) {
        require(p.epochBlocks != 0, InvalidParameter("epochBlocks"));
        require(p.proofWindow != 0 && p.proofWindow < HISTORY_WINDOW, InvalidParameter("proofWindow"));
        require(p.challengeWindow != 0, InvalidParameter("challengeWindow"));
        require(p.hotSamples != 0, InvalidParameter("hotSamples"));
        require(p.coldSamples != 0, InvalidParameter("coldSamples"));
        // Every blob must be live at an epoch's block at least once, or it would never be challenged (and its charge never released).
        require(p.retention > p.epochBlocks, InvalidParameter("retention"));
        require(p.publishWindow != 0, InvalidParameter("publishWindow"));
        require(p.minimumStake != 0 && p.minimumStake >= p.missPenalty, InvalidParameter("minimumStake"));
        require(p.missReward <= p.missPenalty, InvalidParameter("missReward"));
        // All of a slashed stake as a reward would make slashing oneself a way out.
        require(p.fraudReward < 10_000, InvalidParameter("fraudReward"));
        require(p.treasury != address(0), InvalidParameter("treasury"));
        EPOCH_BLOCKS = p.epochBlocks;
        PROOF_WINDOW = p.proofWindow;
        CHALLENGE_WINDOW = p.challengeWindow;
        HOT_EPOCHS = p.hotEpochs;
        HOT_SAMPLES = p.hotSamples;
        COLD_SAMPLES = p.coldSamples;
        RETENTION = p.retention;
        PUBLISH_WINDOW = p.publishWindow;
        MINIMUM_STAKE = p.minimumStake;
        MISS_PENALTY = p.missPenalty;
        MISS_REWARD = p.missReward;
        FRAUD_REWARD = p.fraudReward;
        DEMAND_BOND = p.demandBond;
        TREASURY = p.treasury;
    }

    /// @inheritdoc IMeedaVerifier
    function parameters() external view returns (Parameters memory) {
        return Parameters({
            epochBlocks: EPOCH_BLOCKS,
            proofWindow: PROOF_WINDOW,
            challengeWindow: CHALLENGE_WINDOW,
            hotEpochs: HOT_EPOCHS,
            hotSamples: HOT_SAMPLES,
            coldSamples: COLD_SAMPLES,
            retention: RETENTION,
            publishWindow: PUBLISH_WINDOW,
            minimumStake: MINIMUM_STAKE,
            missPenalty: MISS_PENALTY,
            missReward: MISS_REWARD,
            fraudReward: FRAUD_REWARD,
            demandBond: DEMAND_BOND,
            treasury: TREASURY
        });
    }
}
