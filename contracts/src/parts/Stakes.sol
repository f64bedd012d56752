// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMeedaVerifier} from "../../interfaces/IMeedaVerifier.sol";
import {Settings} from "./Settings.sol";

/// @dev Stakes, and the credits out of which everybody is paid. Ether leaves by `claim` alone, to its owner alone.
abstract contract Stakes is Settings {
    mapping(address operator => Account account) internal _accounts;
    mapping(address owner => uint256 amount) private _credits;

    /// @inheritdoc IMeedaVerifier
    function stake() external payable {
        Account storage account = _accounts[msg.sender];
        require(!account.condemned, Condemned(msg.sender));
        account.stake += uint128(msg.value);
        account.exitRequestedAt = 0;
        emit Staked(msg.sender, msg.value, account.stake);
    }

    /// @inheritdoc IMeedaVerifier
    function requestWithdrawal() external {
        Account storage account = _accounts[msg.sender];
        require(account.stake != 0, NothingStaked(msg.sender));
        account.exitRequestedAt = uint40(block.number);
        emit WithdrawalRequested(msg.sender, withdrawableFrom(msg.sender));
    }

    /// @inheritdoc IMeedaVerifier
    function withdraw() external {
        Account storage account = _accounts[msg.sender];
        uint256 amount = account.stake;
        require(amount != 0, NothingStaked(msg.sender));
        require(account.exitRequestedAt != 0, WithdrawalNotRequested(msg.sender));
        require(block.number > withdrawableFrom(msg.sender), StakeLocked(withdrawableFrom(msg.sender)));
        require(account.openDemands == 0, DemandsOpen(account.openDemands));
        account.stake = 0;
        account.exitRequestedAt = 0;
        emit Withdrawn(msg.sender, amount);
        credit(msg.sender, amount);
    }

    /// @inheritdoc IMeedaVerifier
    function claim() external returns (uint256 amount) {
        amount = _credits[msg.sender];
        require(amount != 0, NothingToClaim(msg.sender));
        _credits[msg.sender] = 0;
        emit Claimed(msg.sender, amount);
        (bool success,) = msg.sender.call{value: amount}("");
        require(success, PaymentRefused(msg.sender));
    }

    /// @inheritdoc IMeedaVerifier
    function stakeOf(address operator) external view returns (uint256) {
        return _accounts[operator].stake;
    }

    /// @inheritdoc IMeedaVerifier
    function getAccount(address operator) external view returns (Account memory) {
        return _accounts[operator];
    }

    /// @inheritdoc IMeedaVerifier
    function creditOf(address owner) external view returns (uint256) {
        return _credits[owner];
    }

    /// @inheritdoc IMeedaVerifier
    function withdrawableFrom(address operator) public view returns (uint256) {
        uint256 lastExpiry = expiryOfLastAnchor(operator);
        // The last epoch's proof may come PROOF_WINDOW after the expiry, and be challenged CHALLENGE_WINDOW after that.
        return lastExpiry == 0 ? 0 : lastExpiry + PROOF_WINDOW + CHALLENGE_WINDOW;
    }

    /// @dev When the operator's newest data expires, 0 where there is none.
    function expiryOfLastAnchor(address operator) internal view virtual returns (uint256);

    function credit(address owner, uint256 amount) internal {
        if (amount != 0) {
            _credits[owner] += amount;
            emit Credited(owner, amount);
        }
    }

    /// @dev Takes at most `penalty` off a stake: `reward` of it to whoever showed the fault, the rest to the treasury.
    function penalise(address operator, uint256 penalty, uint256 reward, address reporter) internal returns (uint256 taken) {
        Account storage account = _accounts[operator];
        taken = account.stake < penalty ? account.stake : penalty;
        uint256 rewarded = taken < reward ? taken : reward;
        account.stake -= uint128(taken);
        credit(reporter, rewarded);
        credit(TREASURY, taken - rewarded);
    }

    /// @dev Takes the whole stake, for ever: a condemned operator neither anchors nor proves again, and what it was to be paid goes back.
    function condemn(address operator, address challenger) internal {
        Account storage account = _accounts[operator];
        require(!account.condemned, Condemned(operator));
        uint256 amount = account.stake;
        account.condemned = true;
        account.exitRequestedAt = 0;
        penalise(operator, amount, amount * FRAUD_REWARD / 10_000, challenger);
        emit Slashed(operator, challenger, amount);
    }
}
