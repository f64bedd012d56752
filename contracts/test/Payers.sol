// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import "../interfaces/MeedaTypes.sol";
import {Operators} from "./Operators.sol";

/// @dev What rollups pay and get back: prepayments, withdrawals after the notice, settlements and refunds.
abstract contract Payers is Operators {
    function release(uint256 seed) external action {
        for (uint256 i = 0; i < ids.length; i++) {
            address id = idAt(seed, i);
            for (uint64 e = 0; e < nextEpoch; e++) {
                if (releaseOf(id, (e + uint64(seed >> 8) % nextEpoch) % nextEpoch)) return;
            }
        }
    }

    /// @dev Settles or refunds a part of an epoch's charges.
    function releaseOf(address id, uint64 epoch) internal returns (bool) {
        if (heldOf(id, epoch) == 0) return false;
        Epoch memory state = verifier.getEpoch(id, epoch);
        if (state.status == EpochStatus.None) return false;
        bool proven = state.status == EpochStatus.Proven;
        if (proven && state.earns && !slashed[id]) {
            if (block.number <= state.provenAt + 40) return false;
            (uint256 lo, uint256 end) = chargesOf(address(0), id, state);
            bytes memory data = abi.encodeCall(escrow.settle, (id, epoch, lo, end));
            if (attempt(Kind.Settle, stranger, address(escrow), 0, data)) settle(id, epoch);
            return true;
        }
        Kind kind = !proven ? Kind.RefundMissed : slashed[id] ? Kind.RefundSlashed : Kind.RefundUnearned;
        for (uint256 r = 0; r < rollups.length; r++) {
            if (held[rollups[r]][id][epoch] == 0) continue;
            (uint256 lo, uint256 end) = chargesOf(rollups[r], id, state);
            bytes memory data = abi.encodeCall(escrow.refund, (rollups[r], id, epoch, lo, end));
            if (attempt(kind, stranger, address(escrow), 0, data)) refund(rollups[r], id, epoch);
            return true;
        }
        return false;
    }

    function chargesOf(address payer, address id, Epoch memory state) internal view returns (uint256 lo, uint256 end) {
        uint256[] storage indices = charging[payer][id];
        while (lo < indices.length && indices[lo] < state.loAnchor) lo++;
        while (end < indices.length && indices[end] < state.endAnchor) end++;
    }

    function prepay(uint256 seed) external action {
        address id = idAt(seed, 0);
        address payer = rollups[(seed >> 8) % rollups.length];
        uint256 amount = (seed >> 16) % 1e14;
        bytes memory data;
        if ((seed >> 64) % 4 == 0) {
            data = abi.encodeCall(escrow.setPrice, (id, uint128(5e5 + (seed >> 96) % 1e6)));
            attempt(Kind.Price, id, address(escrow), 0, data);
        } else if ((seed >> 64) % 4 == 1) {
            data =
                abi.encodeCall(escrow.deposit, (id, uint128(1e6 + (seed >> 96) % 3e6), uint128((seed >> 128) % 1e14)));
            if (attempt(Kind.Deposit, payer, address(escrow), amount, data)) prepaid(payer, id, amount);
        } else {
            data = abi.encodeCall(escrow.depositFor, (payer, id));
            if (attempt(Kind.Prepay, stranger, address(escrow), amount, data)) prepaid(payer, id, amount);
        }
    }

    function unprepay(uint256 seed) external action {
        address id = idAt(seed, 0);
        address payer = rollups[(seed >> 8) % rollups.length];
        for (uint256 i = 0; i < ids.length * rollups.length; i++) {
            (address other, address of_) = (ids[i / rollups.length], rollups[i % rollups.length]);
            if (askedFor[of_][other] == 0 || block.number < askedFor[of_][other]) continue;
            return withdrawEscrow(of_, other);
        }
        if (askedFor[payer][id] == 0) requestEscrow(payer, id, (seed >> 16) % 1e15);
    }

    function requestEscrow(address payer, address id, uint256 amount) internal {
        bytes memory data = abi.encodeCall(escrow.requestEscrowWithdrawal, (id, uint128(amount)));
        if (!attempt(Kind.RequestEscrow, payer, address(escrow), 0, data)) return;
        (asked[payer][id], askedFor[payer][id]) = (amount, block.number + 12);
    }

    function withdrawEscrow(address payer, address id) internal {
        bytes memory data = abi.encodeCall(escrow.withdrawEscrow, (id));
        if (!attempt(Kind.WithdrawEscrow, payer, address(escrow), 0, data)) return;
        unprepaid(payer, id);
    }
}
