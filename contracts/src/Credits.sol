// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMeedaCredits} from "../interfaces/IMeedaCredits.sol";
import {NothingToClaim, PaymentRefused} from "../interfaces/MeedaErrors.sol";
import {Claimed, Credited} from "../interfaces/MeedaEvents.sol";

/// @dev What a contract owes; pull payments, to the creditor alone.
abstract contract Credits is IMeedaCredits {
    mapping(address creditor => uint256 amount) private _credits;

    /// @inheritdoc IMeedaCredits
    function claim() external returns (uint256 amount) {
        return claimFor(msg.sender);
    }

    /// @inheritdoc IMeedaCredits
    function creditOf(address creditor) public view returns (uint256) {
        return _credits[creditor];
    }

    /// @inheritdoc IMeedaCredits
    function claimFor(address creditor) public returns (uint256 amount) {
        amount = _credits[creditor];
        require(amount != 0, NothingToClaim(creditor));
        _credits[creditor] = 0;
        emit Claimed(creditor, amount);
        (bool success,) = creditor.call{value: amount}("");
        require(success, PaymentRefused(creditor));
    }

    function credit(address creditor, uint256 amount) internal {
        if (amount != 0) {
            _credits[creditor] += amount;
            emit Credited(creditor, amount);
        }
    }

    /// @dev To the zero address, which has no code and no key.
    function burn(uint256 amount) internal {
        if (amount != 0) {
            (bool success,) = address(0).call{value: amount}("");
            require(success, PaymentRefused(address(0)));
        }
    }
}
