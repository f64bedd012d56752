// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IMeedaCredits} from "./IMeedaCredits.sol";
import {Account, Anchor, BatchHeader, BlobRef, LiveRange, RangeHints, SignedOrder} from "./MeedaTypes.sol";

/// @title Operators' accounts, stakes and anchors
/// @notice The owner of an account has its stake and credits; its operator key anchors and proves. A thief of the
/// operator key can have the stake slashed and get the challenger's reward, no more.
interface IMeedaAnchors is IMeedaCredits {
    /// @notice Registers an account whose id, and first owner, is the caller. The value is its stake.
    function register() external payable;

    /// @notice Adds the value to an account's stake; anybody may call. Does not cancel an exit.
    /// @param id The account.
    function stakeFor(address id) external payable;

    /// @notice Offers the ownership of an account.
    /// @param id The account.
    /// @param to Who may accept it; zero takes an offer back.
    function offerOwnership(address id, address to) external;

    /// @notice Accepts the ownership that was offered to the caller.
    /// @param id The account.
    function acceptOwnership(address id) external;

    /// @notice Retires the operator key for ever and puts another in its place. The key consents by an EIP-712
    /// signature over `OperatorKey(address account, address key, uint256 nonce)`, or by being the caller.
    /// @param id The account.
    /// @param key The new key, never used before; zero: none.
    /// @param r The consent's r.
    /// @param vs The consent's s and parity (EIP-2098).
    function setOperatorKey(address id, address key, bytes32 r, bytes32 vs) external;

    /// @notice Asks for the stake back: anchoring ends after `anchorGrace` blocks.
    /// @param id The account.
    function requestWithdrawal(address id) external;

    /// @notice Takes the request back.
    /// @param id The account.
    function cancelWithdrawal(address id) external;

    /// @notice Moves the stake into the owner's credit, after `withdrawableFrom`, with no demand open.
    /// @param id The account.
    function withdraw(address id) external;

    /// @notice Anchors batches for the caller's account, and asks the escrow to charge their rollups.
    /// @param batches The batches.
    /// @param commitments Their commitments in order, 48 bytes each.
    /// @param orders The rollups' orders, ascending by batch.
    /// @param liveHint An index such that all anchors before it are expired. Only ever frees capacity, never reverts.
    /// @return anchorIndex The anchor's place among those of the account.
    function anchor(
        BatchHeader[] calldata batches,
        bytes calldata commitments,
        SignedOrder[] calldata orders,
        uint32 liveHint
    ) external returns (uint256 anchorIndex);

    /// @notice Takes a penalty off a stake. For the verifier only.
    /// @param id The account.
    /// @param amount The penalty, in wei; what the stake has at most.
    /// @param reward The reporter's part of it, in wei.
    /// @param reporter Who reported.
    /// @return taken What was taken, in wei.
    function penalise(address id, uint256 amount, uint256 reward, address reporter) external returns (uint256 taken);

    /// @notice Takes a whole stake, for ever. For verifier and publication only.
    /// @param id The account, not slashed yet.
    /// @param challenger Who showed the fault.
    /// @param gasUsed What showing it took.
    function slash(address id, address challenger, uint256 gasUsed) external;

    /// @notice What is kept about an account.
    function getAccount(address id) external view returns (Account memory);

    /// @notice The account for which a key acts now; reverts where there is none.
    function accountOf(address key) external view returns (address id);

    /// @notice The account for which a key acts now and its stake, in wei; reverts where there is none or it was slashed.
    function proverOf(address key) external view returns (address id, uint256 stake);

    /// @notice The account that a key was ever registered for, retired or not; zero where there is none.
    function accountEverOf(address key) external view returns (address id);

    /// @notice An account's owner.
    function ownerOf(address id) external view returns (address);

    /// @notice Whether an account was slashed.
    function isSlashed(address id) external view returns (bool);

    /// @notice An account's stake, in wei.
    function stakeOf(address id) external view returns (uint256);

    /// @notice How many live blobs an account's stake carries, and how many count as live.
    /// @param liveHint As in `anchor`.
    function capacity(address id, uint32 liveHint) external view returns (uint256 most, uint256 live);

    /// @notice The block after which the owner may have the stake back, if an exit was requested by now.
    function withdrawableFrom(address id) external view returns (uint256);

    /// @notice The number of an account's anchors.
    function anchorCount(address id) external view returns (uint256);

    /// @notice An account's anchor.
    function getAnchor(address id, uint256 index) external view returns (Anchor memory);

    /// @notice Some of an account's anchors.
    function getAnchors(address id, uint32[] calldata indices) external view returns (Anchor[] memory);

    /// @notice Whether a blob is anchored as it says.
    function isAnchored(BlobRef calldata blob) external view returns (bool);

    /// @notice Whether a blob is anchored as it says and its polynomial has value `y` at `z`.
    /// @param proof The opening proof, 48 bytes compressed.
    function verifyOpening(BlobRef calldata blob, bytes32 z, bytes32 y, bytes calldata proof)
        external
        view
        returns (bool);

    /// @notice An account's live range at a block, from hints that are checked.
    function liveRange(address id, uint256 epochBlock, RangeHints calldata hints)
        external
        view
        returns (LiveRange memory);

    /// @notice What an operator key signs to consent.
    function keyConsentDigest(address id, address key) external view returns (bytes32);
}
