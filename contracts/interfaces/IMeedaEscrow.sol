// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IMeedaCredits} from "./IMeedaCredits.sol";
import {ChargeRequest} from "./MeedaTypes.sol";

/// @title What rollups prepay, what anchors charge of it, and where a charge goes
/// @notice A charge needs the rollup's word: an order signed by its poster, or a standing limit. It is split into equal
/// parts, one for each epoch in which the anchor is live: to the account's owner when the epoch is proven and can no
/// longer be challenged, back to the rollup when it failed.
interface IMeedaEscrow is IMeedaCredits {
    /// @notice Sets an account's price, for anchors from now on. For the owner.
    /// @param id The account.
    /// @param weiPerByteBlock Wei for each byte of payload and block of retention.
    function setPrice(address id, uint128 weiPerByteBlock) external;

    /// @notice Prepays an operator and sets the caller's limits. What is lower than before holds after `escrowNotice`.
    /// @param id The account.
    /// @param highestPrice The highest price accepted, in wei for each byte and block.
    /// @param maxWeiPerEpoch The most that may be charged without orders by the anchors of one epoch, in wei.
    function deposit(address id, uint128 highestPrice, uint128 maxWeiPerEpoch) external payable;

    /// @notice Prepays an operator for a rollup; anybody may call. Limits stay as they are.
    function depositFor(address rollup, address id) external payable;

    /// @notice Names who signs the caller's orders, from `escrowNotice` blocks on; itself where it never named anybody.
    /// @param poster The signer; zero: nobody.
    function setPoster(address poster) external;

    /// @notice Asks for what no anchor will have charged when `escrowNotice` is over; from then on, taken or not, it
    /// pays for nothing.
    /// @param id The account.
    /// @param amount The most that is wanted back, in wei.
    function requestEscrowWithdrawal(address id, uint128 amount) external;

    /// @notice Moves what was asked for, or what is left, into the caller's credit.
    /// @param id The account.
    /// @return amount What it was, in wei.
    function withdrawEscrow(address id) external returns (uint256 amount);

    /// @notice Charges rollups for batches of an anchor. For the anchors' contract only. Never reverts for a rollup's
    /// sake: what cannot be charged is skipped with `ChargeRefused`.
    /// @param id The account.
    /// @param anchorIndex The anchor.
    /// @param expiry Its expiry.
    /// @param requests The batches.
    function charge(address id, uint256 anchorIndex, uint256 expiry, ChargeRequest[] calldata requests) external;

    /// @notice Credits a proven epoch's part of all charges to the account's owner. Anybody may call.
    /// @param id The account.
    /// @param epoch The epoch.
    /// @param loCharge The first of the account's charges whose anchor was live.
    /// @param endCharge One past the last of them.
    /// @return amount What it was, in wei.
    function settle(address id, uint64 epoch, uint256 loCharge, uint256 endCharge) external returns (uint256 amount);

    /// @notice The same for several epochs.
    function settleAll(address id, uint64[] calldata epochs, uint256[] calldata los, uint256[] calldata ends) external;

    /// @notice Credits a failed epoch's part of a rollup's charges back to it: missed, fraudulent, proven below the
    /// minimum stake, or not settled when the account was slashed. Anybody may call.
    /// @param rollup The rollup.
    /// @param id The account.
    /// @param epoch The epoch.
    /// @param loCharge The first of the rollup's charges whose anchor was live.
    /// @param endCharge One past the last of them.
    /// @return amount What it was, in wei.
    function refund(address rollup, address id, uint64 epoch, uint256 loCharge, uint256 endCharge)
        external
        returns (uint256 amount);

    /// @notice The same for several epochs.
    function refundAll(
        address rollup,
        address id,
        uint64[] calldata epochs,
        uint256[] calldata los,
        uint256[] calldata ends
    ) external;

    /// @notice An account's price.
    function priceOf(address id) external view returns (uint256);

    /// @notice What a rollup prepaid and no anchor charged, in wei.
    function balanceOf(address rollup, address id) external view returns (uint256);

    /// @notice What charges can draw of a prepayment, in wei: an operator that takes a batch looks at this, not at the
    /// balance.
    /// @return current What they can now.
    /// @return lasting What they still can when the withdrawal that was asked for takes effect.
    function chargeableOf(address rollup, address id) external view returns (uint256 current, uint256 lasting);

    /// @notice A rollup's limits as they hold now.
    function limitsOf(address rollup, address id) external view returns (uint256 highestPrice, uint256 maxWeiPerEpoch);

    /// @notice Who signs a rollup's orders now.
    function posterOf(address rollup) external view returns (address);

    /// @notice The same as an operator that takes an order needs it.
    /// @return current Who signs now.
    /// @return lasting Who still does when the change that was asked for takes effect.
    function postersOf(address rollup) external view returns (address current, address lasting);

    /// @notice What anchors charged already, in wei.
    /// @param rollup The rollup.
    /// @param id The account.
    /// @param batchId The batch.
    /// @return byLimit In this block's epoch, without orders.
    /// @return byOrders For the batch, by orders.
    function spentOf(address rollup, address id, bytes32 batchId)
        external
        view
        returns (uint256 byLimit, uint256 byOrders);

    /// @notice What a poster signs.
    function orderDigest(address rollup, bytes32 batchId, address id, uint256 maxWei, uint256 deadline)
        external
        view
        returns (bytes32);

    /// @notice The number of an account's charges, or of a rollup's charges by it: one for each anchor.
    /// @param rollup The rollup; zero: all together.
    function chargeCount(address rollup, address id) external view returns (uint256);

    /// @notice The anchor of a charge, and the part of it that each epoch releases, in wei.
    function chargeAt(address rollup, address id, uint256 index)
        external
        view
        returns (uint32 anchorIndex, uint256 part);
}
