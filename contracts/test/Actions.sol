// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ledger} from "./Ledger.sol";

/// @dev Transactions of many accounts in any order. Every action looks for something that it may do, so all
/// transactions must succeed; they are counted by kind.
abstract contract Actions is Ledger {
    enum Kind {
        Anchor,
        Renew,
        PaidByOrder,
        PaidByLimit,
        PaidBySeveral,
        Refused,
        Seed,
        HonestProof,
        Proof,
        Lie,
        Fraud,
        Corrupt,
        Invalid,
        Miss,
        LateMiss,
        Pass,
        Fees,
        Demand,
        Answer,
        AnswerOfOther,
        Expire,
        ExpireOfSlashed,
        Settle,
        RefundMissed,
        RefundSlashed,
        RefundUnearned,
        Price,
        Deposit,
        Prepay,
        RequestEscrow,
        WithdrawEscrow,
        Join,
        Stake,
        RequestExit,
        CancelExit,
        Withdraw,
        Claim
    }

    /// @dev The first epoch whose seed block has not passed.
    uint64 internal nextEpoch = 1;
    mapping(address id => uint256 key) internal keys;

    uint256 public calls;
    uint256 public idle;
    uint256 public transactions;
    uint256 public failures;
    bytes public lastFailure;
    mapping(Kind kind => uint256 count) public happened;

    /// @dev Where there is nothing to do, a few blocks pass.
    modifier action() {
        calls++;
        uint256 before = transactions;
        _;
        if (transactions == before) {
            idle++;
            advance(block.number + 3);
        }
    }

    function advance(uint256 target) internal virtual;

    /// @dev A transaction whose sender checked that it may be made: it must succeed.
    function attempt(Kind kind, address sender, address target, uint256 value, bytes memory data)
        internal
        returns (bool ok)
    {
        transactions++;
        bytes memory why;
        vm.prank(sender);
        (ok, why) = target.call{value: value}(data);
        if (ok) {
            happened[kind]++;
        } else {
            failures++;
            lastFailure = abi.encodePacked(uint8(kind), why);
        }
    }

    /// @dev The i-th account from one on that is the honest one or among the last: earlier ones are mostly slashed.
    function idAt(uint256 seed, uint256 i) internal view returns (address) {
        uint256 first = seed % 6 == 0 || ids.length <= 6 ? seed % 6 : ids.length - seed % 6;
        return ids[(first + i) % ids.length];
    }
}
