// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMeedaVerifier} from "../../interfaces/IMeedaVerifier.sol";
import {Stakes} from "./Stakes.sol";

/// @dev What rollups prepay, what anchors charge of it, and where a charge goes: an equal part for each epoch in which the anchor is live, to the
/// operator when it is proven and its challenge window is over, back to the rollup when it is missed or fraudulent. Both sides keep prefix sums of the parts over the
/// anchors, so settling an epoch costs the same however many batches were live.
abstract contract Escrows is Stakes {
    /// @dev A rollup's prefix sum after one of an operator's anchors.
    struct Charge {
        uint32 anchorIndex;
        uint224 cumulative;
    }

    mapping(address operator => uint256 weiPerByteBlock) private _prices;
    mapping(address rollup => mapping(address operator => Escrow escrow)) private _escrows;
    mapping(address rollup => mapping(address operator => mapping(bytes32 batchId => uint256 blockNumber))) private _paidUntil;
    mapping(address rollup => mapping(address operator => Charge[] charges)) private _charges;
    mapping(address rollup => mapping(address operator => mapping(uint64 epoch => bool done))) private _refunded;

    /// @dev Sum of the parts of anchors 0 … index-1; kept from the first charge on, so operators that charge nothing pay nothing for it.
    mapping(address operator => mapping(uint256 index => uint256 sum)) private _cumulative;

    /// @inheritdoc IMeedaVerifier
    function setPrice(uint128 weiPerByteBlock) external {
        _prices[msg.sender] = weiPerByteBlock;
        emit PriceSet(msg.sender, weiPerByteBlock);
    }

    /// @inheritdoc IMeedaVerifier
    function deposit(address operator, uint128 highestPrice) external payable {
        Escrow storage escrow = _escrows[msg.sender][operator];
        escrow.balance += uint128(msg.value);
        escrow.highestPrice = highestPrice;
        emit Deposited(msg.sender, operator, msg.value, escrow.balance, highestPrice);
    }

    /// @inheritdoc IMeedaVerifier
    function withdrawEscrow(address operator, uint128 amount) external {
        Escrow storage escrow = _escrows[msg.sender][operator];
        require(amount <= escrow.balance, EscrowTooLow(msg.sender, escrow.balance, amount));
        escrow.balance -= amount;
        emit EscrowWithdrawn(msg.sender, operator, amount);
        credit(msg.sender, amount);
    }

    /// @inheritdoc IMeedaVerifier
    function settle(address operator, uint64 epoch) external returns (uint256 amount) {
        Epoch storage state = epochOf(operator, epoch);
        require(state.status == EpochStatus.Proven && !state.settled, NotSettleable(operator, epoch));
        require(!_accounts[operator].condemned, Condemned(operator));
        uint256 over = uint256(state.provenAt) + CHALLENGE_WINDOW;
        require(block.number > over, ChallengeWindowOpen(epoch, over));
        state.settled = true;
        amount = _cumulative[operator][state.endAnchor] - _cumulative[operator][state.loAnchor];
        emit Settled(operator, epoch, amount);
        credit(operator, amount);
    }

    /// @inheritdoc IMeedaVerifier
    function refund(address operator, uint64 epoch, uint256 loCharge, uint256 endCharge) external returns (uint256 amount) {
        Epoch storage state = epochOf(operator, epoch);
        bool failed = state.status == EpochStatus.Missed || state.status == EpochStatus.Fraudulent
            || (state.status == EpochStatus.Proven && !state.settled && _accounts[operator].condemned);
        require(failed && !_refunded[msg.sender][operator][epoch], NotRefundable(operator, epoch));
        Charge[] storage charges = _charges[msg.sender][operator];
        bool right = loCharge <= endCharge && endCharge <= charges.length;
        right = right && (loCharge == charges.length || charges[loCharge].anchorIndex >= state.loAnchor);
        right = right && (loCharge == 0 || charges[loCharge - 1].anchorIndex < state.loAnchor);
        right = right && (endCharge == charges.length || charges[endCharge].anchorIndex >= state.endAnchor);
        right = right && (endCharge == 0 || charges[endCharge - 1].anchorIndex < state.endAnchor);
        require(right, WrongChargeHints(loCharge, endCharge));
        _refunded[msg.sender][operator][epoch] = true;
        amount = cumulativeOf(charges, endCharge) - cumulativeOf(charges, loCharge);
        emit Refunded(msg.sender, operator, epoch, amount);
        credit(msg.sender, amount);
    }

    /// @inheritdoc IMeedaVerifier
    function priceOf(address operator) external view returns (uint256) {
        return _prices[operator];
    }

    /// @inheritdoc IMeedaVerifier
    function getEscrow(address rollup, address operator) external view returns (Escrow memory) {
        return _escrows[rollup][operator];
    }

    /// @inheritdoc IMeedaVerifier
    function chargeCount(address rollup, address operator) external view returns (uint256) {
        return _charges[rollup][operator].length;
    }

    /// @inheritdoc IMeedaVerifier
    function chargeAt(address rollup, address operator, uint256 index) external view returns (uint32 anchorIndex, uint256 part) {
        Charge[] storage charges = _charges[rollup][operator];
        return (charges[index].anchorIndex, cumulativeOf(charges, index + 1) - cumulativeOf(charges, index));
    }

    /// @dev Charges a batch's rollup and returns the part of each epoch. A batch that is paid for until later is charged for the difference only.
    function charge(address rollup, bytes32 batchId, uint256 payloadLength, uint256 anchorIndex, uint256 expiry)
        internal
        returns (uint256 part)
    {
        uint256 price = _prices[msg.sender];
        Escrow storage escrow = _escrows[rollup][msg.sender];
        require(price <= escrow.highestPrice, PriceTooHigh(rollup, price, escrow.highestPrice));
        uint256 from = _paidUntil[rollup][msg.sender][batchId];
        from = from > block.number ? from : block.number;
        uint256 epochs = (expiry - 1) / EPOCH_BLOCKS - block.number / EPOCH_BLOCKS;
        part = from >= expiry ? 0 : price * payloadLength * (expiry - from) / epochs;
        if (part == 0) {
            return 0;
        }
        uint256 amount = part * epochs;
        require(amount <= escrow.balance, EscrowTooLow(rollup, escrow.balance, amount));
        escrow.balance -= uint128(amount);
        _paidUntil[rollup][msg.sender][batchId] = expiry;
        Charge[] storage charges = _charges[rollup][msg.sender];
        uint256 count = charges.length;
        uint224 cumulative = uint224(cumulativeOf(charges, count) + part);
        if (count != 0 && charges[count - 1].anchorIndex == anchorIndex) {
            charges[count - 1].cumulative = cumulative;
        } else {
            charges.push(Charge(uint32(anchorIndex), cumulative));
        }
        emit Charged(rollup, msg.sender, batchId, anchorIndex, amount);
    }

    /// @dev Notes the parts of an anchor for the operator's settlements.
    function addParts(uint256 anchorIndex, uint256 parts) internal {
        uint256 sum = _cumulative[msg.sender][anchorIndex] + parts;
        if (sum != 0) {
            _cumulative[msg.sender][anchorIndex + 1] = sum;
        }
    }

    function epochOf(address operator, uint64 epoch) internal view virtual returns (Epoch storage);

    function cumulativeOf(Charge[] storage charges, uint256 count) private view returns (uint256) {
        return count == 0 ? 0 : charges[count - 1].cumulative;
    }
}
