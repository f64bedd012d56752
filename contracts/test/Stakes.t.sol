// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMeedaVerifier} from "../interfaces/IMeedaVerifier.sol";
import {Base} from "./Base.sol";

contract StakesTest is Base {
    /// @dev A stake cannot leave while data it answers for is live, provable or challengeable.
    function test_a_stake_leaves_when_it_answers_for_nothing_any_more() public {
        goTo(5);
        anchorBlobs(1);
        uint256 locked = 5 + 100 + 20 + 40;
        assertEq(verifier.withdrawableFrom(operator), locked, "locked until");
        vm.expectEmit(true, true, true, true, address(verifier));
        emit IMeedaVerifier.WithdrawalRequested(operator, locked);
        vm.prank(operator);
        verifier.requestWithdrawal();
        assertEq(verifier.getAccount(operator).exitRequestedAt, 5, "requested at");

        goTo(locked);
        expectError(abi.encodeWithSelector(IMeedaVerifier.StakeLocked.selector, locked));
        vm.prank(operator);
        verifier.withdraw();

        goTo(locked + 1);
        vm.expectEmit(true, true, true, true, address(verifier));
        emit IMeedaVerifier.Withdrawn(operator, STAKE);
        vm.prank(operator);
        verifier.withdraw();
        assertEq(verifier.stakeOf(operator), 0, "stake");
        assertEq(verifier.creditOf(operator), STAKE, "credit");
        assertEq(verifier.getAccount(operator).exitRequestedAt, 0, "request");

        uint256 before = operator.balance;
        vm.expectEmit(true, true, true, true, address(verifier));
        emit IMeedaVerifier.Claimed(operator, STAKE);
        vm.prank(operator);
        assertEq(verifier.claim(), STAKE, "claimed");
        assertEq(operator.balance, before + STAKE, "balance");
        assertEq(verifier.creditOf(operator), 0, "credit after");
        assertEq(address(verifier).balance, 0, "contract");
    }

    function test_a_stake_without_anchors_leaves_at_once() public {
        vm.prank(operator);
        verifier.requestWithdrawal();
        vm.prank(operator);
        verifier.withdraw();
        assertEq(verifier.creditOf(operator), STAKE, "credit");
    }

    function test_an_exiting_operator_cannot_anchor_until_it_stakes_again() public {
        vm.prank(operator);
        verifier.requestWithdrawal();
        (IMeedaVerifier.BatchHeader[] memory batches, bytes memory commitments) = makeBlobs(1);
        expectError(abi.encodeWithSelector(IMeedaVerifier.Exiting.selector, operator));
        vm.prank(operator);
        verifier.anchor(batches, commitments);
        vm.prank(operator);
        verifier.stake();
        vm.prank(operator);
        verifier.anchor(batches, commitments);
        expectError(abi.encodeWithSelector(IMeedaVerifier.WithdrawalNotRequested.selector, operator));
        vm.prank(operator);
        verifier.withdraw();
    }

    function test_nothing_staked_is_nothing_to_withdraw() public {
        expectError(abi.encodeWithSelector(IMeedaVerifier.NothingStaked.selector, stranger));
        vm.prank(stranger);
        verifier.requestWithdrawal();
        expectError(abi.encodeWithSelector(IMeedaVerifier.NothingStaked.selector, stranger));
        vm.prank(stranger);
        verifier.withdraw();
    }

    function test_nothing_credited_is_nothing_to_claim() public {
        expectError(abi.encodeWithSelector(IMeedaVerifier.NothingToClaim.selector, stranger));
        vm.prank(stranger);
        verifier.claim();
    }

    function test_who_refuses_ether_keeps_the_credit() public {
        vm.deal(address(this), STAKE);
        verifier.stake{value: STAKE}();
        verifier.requestWithdrawal();
        verifier.withdraw();
        expectError(abi.encodeWithSelector(IMeedaVerifier.PaymentRefused.selector, address(this)));
        verifier.claim();
        assertEq(verifier.creditOf(address(this)), STAKE, "credit");
    }
}

/// @dev Claims again while it is paid.
contract ReenteringClaimer {
    IMeedaVerifier private immutable verifier;
    bool public reentered;

    constructor(IMeedaVerifier target) {
        verifier = target;
    }

    function run() external payable {
        verifier.stake{value: msg.value}();
        verifier.requestWithdrawal();
        verifier.withdraw();
        verifier.claim();
    }

    receive() external payable {
        try verifier.claim() {
            reentered = true;
        } catch {}
    }
}

contract ReentrancyTest is Base {
    /// @dev Nobody is paid twice.
    function test_a_claim_within_a_claim_gets_nothing() public {
        ReenteringClaimer claimer = new ReenteringClaimer(verifier);
        vm.deal(address(this), 5 ether);
        claimer.run{value: 5 ether}();
        assertTrue(!claimer.reentered(), "reentered");
        assertEq(address(claimer).balance, 5 ether, "paid");
        assertEq(address(verifier).balance, STAKE, "the operator's stake");
    }
}
