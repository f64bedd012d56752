// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMeedaSystem} from "../interfaces/IMeedaSystem.sol";
import {CreationFailed, InvalidParameter, UnsuitableChain, WrongCode} from "../interfaces/MeedaErrors.sol";
import {Parameters} from "../interfaces/MeedaTypes.sol";
import {Bls12381} from "./libraries/Bls12381.sol";
import {BlockHash} from "./libraries/BlockHash.sol";

/// @title One deployment
/// @dev Documentation stands in IMeedaSystem.
contract MeedaSystem is IMeedaSystem {
    uint256 private constant PARTS = 4;

    /// @dev EIP-2935 gives so many blocks' hashes; within the 256 left over a seed can still be recorded.
    uint256 private constant HISTORY_WINDOW = 8191;
    uint256 private constant HISTORY_MARGIN = 256;

    /// @dev With more samples a proof and a challenge would not fit their transactions.
    uint256 private constant MOST_SAMPLES = 16_384;

    /// @dev The misses of so many epochs fit the words that a report looks at.
    uint256 private constant MOST_EPOCHS = 128;

    /// @dev anvil and forge. Only here windows may be so short that tests need no hours.
    uint256 private constant LOCAL_CHAIN = 31_337;
    uint256 private constant LEAST_LOCAL_WINDOW = 8;

    /// @dev An hour and a day of 12-second blocks.
    uint256 private constant LEAST_WINDOW = 300;
    uint256 private constant LEAST_CHALLENGE_WINDOW = 7200;

    Parameters private _parameters;
    mapping(uint256 part => bytes32 codeHash) private _codeHashes;

    /// @inheritdoc IMeedaSystem
    uint256 public created;

    /// @param p The parameters.
    /// @param codeHashes Keccak-256 of the parts' creation code: anchors, verifier, publication, escrow.
    constructor(Parameters memory p, bytes32[4] memory codeHashes) {
        checkTimes(p);
        checkSamples(p);
        checkAmounts(p);
        checkChain();
        _parameters = p;
        for (uint256 i = 0; i < PARTS; i++) {
            _codeHashes[i] = codeHashes[i];
        }
    }

    /// @inheritdoc IMeedaSystem
    function create(bytes calldata code) external returns (address made) {
        uint256 part = created;
        require(part < PARTS && keccak256(code) == _codeHashes[part], WrongCode(part, keccak256(code)));
        created = part + 1;
        bytes memory init = abi.encodePacked(code, abi.encode(address(this)));
        assembly ("memory-safe") {
            made := create(0, add(init, 32), mload(init))
        }
        require(made != address(0) && made == addressOf(part), CreationFailed(part));
    }

    /// @inheritdoc IMeedaSystem
    function parameters() external view returns (Parameters memory) {
        return _parameters;
    }

    /// @inheritdoc IMeedaSystem
    function version() external pure returns (string memory) {
        return "2";
    }

    /// @inheritdoc IMeedaSystem
    function anchors() external view returns (address) {
        return addressOf(0);
    }

    /// @inheritdoc IMeedaSystem
    function verifier() external view returns (address) {
        return addressOf(1);
    }

    /// @inheritdoc IMeedaSystem
    function publication() external view returns (address) {
        return addressOf(2);
    }

    /// @inheritdoc IMeedaSystem
    function escrow() external view returns (address) {
        return addressOf(3);
    }

    /// @dev The address that CREATE gives with nonce `part + 1`: the RLP of (address, nonce) hashed.
    function addressOf(uint256 part) private view returns (address) {
        return address(uint160(uint256(keccak256(abi.encodePacked(hex"d694", address(this), uint8(part + 1))))));
    }

    function checkTimes(Parameters memory p) private view {
        bool local = block.chainid == LOCAL_CHAIN;
        uint256 least = local ? LEAST_LOCAL_WINDOW : LEAST_WINDOW;
        require(p.epochBlocks >= least, InvalidParameter("epochBlocks"));
        require(p.seedDelay >= 2 && (local || p.seedDelay >= 32), InvalidParameter("seedDelay"));
        require(p.proofWindow >= least, InvalidParameter("proofWindow"));
        require(uint256(p.proofWindow) + HISTORY_MARGIN < HISTORY_WINDOW, InvalidParameter("proofWindow"));
        require(
            p.challengeWindow >= (local ? LEAST_LOCAL_WINDOW : LEAST_CHALLENGE_WINDOW),
            InvalidParameter("challengeWindow")
        );
        // Every blob is live at an epoch's block at least once, or it would never be challenged.
        require(
            p.retention > p.epochBlocks && p.retention / p.epochBlocks <= MOST_EPOCHS, InvalidParameter("retention")
        );
        require(p.publishWindow >= least, InvalidParameter("publishWindow"));
        require(p.anchorGrace >= least && p.anchorGrace <= p.retention, InvalidParameter("anchorGrace"));
        require(p.escrowNotice >= least, InvalidParameter("escrowNotice"));
    }

    function checkSamples(Parameters memory p) private pure {
        require(p.hotEpochs != 0, InvalidParameter("hotEpochs"));
        require(p.hotSamples != 0, InvalidParameter("hotSamples"));
        require(
            p.coldSamples != 0 && uint256(p.hotSamples) + p.coldSamples <= MOST_SAMPLES, InvalidParameter("coldSamples")
        );
    }

    function checkAmounts(Parameters memory p) private pure {
        // More would make slashing oneself a way out of a stake.
        require(p.fraudRewardBps != 0 && p.fraudRewardBps <= 1000, InvalidParameter("fraudRewardBps"));
        require(p.stakePerBlob != 0, InvalidParameter("stakePerBlob"));
        require(p.missPenalty != 0 && p.missPenalty < p.minimumStake, InvalidParameter("missPenalty"));
        // Missing all epochs of a retention takes the least stake.
        uint256 epochs = p.retention / p.epochBlocks;
        require(uint256(p.missPenalty) * epochs * (epochs + 1) / 2 >= p.minimumStake, InvalidParameter("missPenalty"));
        // Reporting oneself loses most of the penalty.
        require(p.missReward != 0 && p.missReward <= p.missPenalty / 2, InvalidParameter("missReward"));
        require(p.demandBond != 0, InvalidParameter("demandBond"));
    }

    /// @dev What the contracts need of L1, tried out.
    function checkChain() private view {
        require(Bls12381.canaryVerifies(), UnsuitableChain("EIP-2537"));
        // The blob of zeros has value 0 everywhere: commitment and proof are the point at infinity.
        bytes memory infinity = abi.encodePacked(uint128(0xc0) << 120, bytes32(0));
        bytes32 hash = bytes32((uint256(sha256(infinity)) & (type(uint256).max >> 8)) | (uint256(0x01) << 248));
        (bool success, bytes memory output) =
            address(0x0a).staticcall(abi.encodePacked(hash, uint256(5), uint256(0), infinity, infinity));
        require(success && output.length == 64, UnsuitableChain("EIP-4844"));
        require(BlockHash.HISTORY.code.length != 0, UnsuitableChain("EIP-2935"));
    }
}
