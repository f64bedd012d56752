// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMeedaVerifier} from "../../interfaces/IMeedaVerifier.sol";
import {BlockHash} from "../libraries/BlockHash.sol";
import {Bls12381, G1} from "../libraries/Bls12381.sol";
import {Sampling} from "../libraries/Sampling.sol";
import {Anchors} from "./Anchors.sol";

/// @dev The epochs of each operator: proven, or reported as missed.
abstract contract Proofs is Anchors {
    mapping(address operator => mapping(uint64 epoch => Epoch state)) private _epochs;

    /// @inheritdoc IMeedaVerifier
    function submitProof(uint64 epoch, RangeHints calldata hints, G1[] calldata partialSums, bytes32 y, G1 calldata proof) external {
        require(!_accounts[msg.sender].condemned, Condemned(msg.sender));
        uint256 epochBlock = uint256(epoch) * EPOCH_BLOCKS;
        require(block.number > epochBlock, EpochNotBegun(epoch, epochBlock));
        require(block.number <= epochBlock + PROOF_WINDOW, ProofWindowOver(epoch, epochBlock + PROOF_WINDOW));
        Epoch storage state = _epochs[msg.sender][epoch];
        require(state.status == EpochStatus.None, EpochDecided(epoch, state.status));
        require(uint256(y) < Bls12381.R, ValueNotCanonical(y));

        LiveRange memory range = checkedRange(msg.sender, epochBlock, hints);
        uint256 chunks = Sampling.chunkCount(Sampling.count(range, HOT_SAMPLES, COLD_SAMPLES));
        require(partialSums.length == chunks, WrongPartialSumCount(partialSums.length, chunks));

        bytes32 seed = seedOf(msg.sender, epoch);
        require(Bls12381.verifyOpening(Bls12381.sum(partialSums), Sampling.challenge(seed), uint256(y), proof), WrongProof());

        state.record = recordOf(seed, hints, partialSums);
        state.provenAt = uint40(block.number);
        decide(state, EpochStatus.Proven, hints);
        emit ProofSubmitted(msg.sender, epoch, seed, hints, partialSums, y, proof);
    }

    /// @inheritdoc IMeedaVerifier
    function reportMiss(address operator, uint64 epoch, RangeHints calldata hints) external {
        uint256 epochBlock = uint256(epoch) * EPOCH_BLOCKS;
        require(block.number > epochBlock + PROOF_WINDOW, ProofWindowOpen(epoch, epochBlock + PROOF_WINDOW));
        Epoch storage state = _epochs[operator][epoch];
        require(state.status == EpochStatus.None, EpochDecided(epoch, state.status));
        checkedRange(operator, epochBlock, hints);
        decide(state, EpochStatus.Missed, hints);
        emit MissReported(operator, epoch, msg.sender, penalise(operator, MISS_PENALTY, MISS_REWARD, msg.sender));
    }

    /// @inheritdoc IMeedaVerifier
    function getEpoch(address operator, uint64 epoch) external view returns (Epoch memory) {
        return _epochs[operator][epoch];
    }

    /// @inheritdoc IMeedaVerifier
    function liveRange(address operator, uint64 epoch, RangeHints calldata hints) external view returns (LiveRange memory) {
        return checkedRange(operator, uint256(epoch) * EPOCH_BLOCKS, hints);
    }

    /// @inheritdoc IMeedaVerifier
    function epochSeed(address operator, uint64 epoch) external view returns (bytes32) {
        return seedOf(operator, epoch);
    }

    function epochOf(address operator, uint64 epoch) internal view override returns (Epoch storage) {
        return _epochs[operator][epoch];
    }

    /// @dev The live range at a block, from hints that must be exactly right: each bounds its range from both sides.
    function checkedRange(address operator, uint256 epochBlock, RangeHints calldata hints) internal view returns (LiveRange memory) {
        Anchor[] storage anchors = _anchors[operator];
        uint256 lo = hints.loAnchor;
        uint256 hot = hints.hotAnchor;
        uint256 end = hints.endAnchor;
        uint256 hotSpan = uint256(HOT_EPOCHS) * EPOCH_BLOCKS;
        uint256 hotFrom = epochBlock > hotSpan ? epochBlock - hotSpan : 0;
        bool right = lo < end && lo <= hot && hot <= end && end <= anchors.length;
        right = right && anchors[end - 1].blockNumber < epochBlock && (end == anchors.length || anchors[end].blockNumber >= epochBlock);
        right = right && anchors[lo].expiry > epochBlock && (lo == 0 || anchors[lo - 1].expiry <= epochBlock);
        right = right && (hot == end || anchors[hot].blockNumber >= hotFrom) && (hot == lo || anchors[hot - 1].blockNumber < hotFrom);
        require(right, WrongRangeHints(hints.loAnchor, hints.hotAnchor, hints.endAnchor));
        uint64 hi = anchors[end - 1].firstBlob + anchors[end - 1].blobCount;
        return LiveRange(anchors[lo].firstBlob, hot == end ? hi : anchors[hot].firstBlob, hi);
    }

    /// @dev What a fraud proof must bring again, in one word.
    function recordOf(bytes32 seed, RangeHints calldata hints, G1[] calldata partialSums) internal pure returns (bytes32) {
        return keccak256(abi.encode(seed, hints, partialSums));
    }

    function decide(Epoch storage state, EpochStatus status, RangeHints calldata hints) private {
        state.status = status;
        state.loAnchor = hints.loAnchor;
        state.endAnchor = hints.endAnchor;
    }

    /// @dev keccak256(blockhash(B_e) ‖ uint64 e ‖ operator ‖ contract ‖ uint256 chain id): the block is fixed in advance.
    function seedOf(address operator, uint64 epoch) private view returns (bytes32) {
        uint256 epochBlock = uint256(epoch) * EPOCH_BLOCKS;
        bytes32 hash = BlockHash.get(epochBlock);
        require(hash != 0, BlockHashUnavailable(epochBlock));
        return keccak256(abi.encodePacked(hash, epoch, operator, address(this), block.chainid));
    }
}
