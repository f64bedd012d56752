// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMeedaVerifier} from "../interfaces/IMeedaVerifier.sol";
import {G1} from "../src/libraries/Bls12381.sol";
import {Base} from "./Base.sol";

contract EscrowsTest is Base {
    address private immutable rollup = address(0x2011);
    address private immutable other = address(0x2012);
    uint128 private constant PRICE = 1000;

    // A batch of 1000 bytes for 100 blocks; blocks 5 … 105 hold the ten epochs 1 … 10.
    uint256 private constant FULL = 1000 * 100 * uint256(PRICE);
    uint256 private constant PART = FULL / 10;

    function setUp() public override {
        super.setUp();
        goTo(5);
        vm.prank(operator);
        verifier.setPrice(PRICE);
        vm.deal(rollup, 10 ether);
        vm.deal(other, 10 ether);
        vm.prank(rollup);
        verifier.deposit{value: 1 ether}(operator, PRICE);
    }

    function test_deposits_and_prices_are_kept_and_told() public {
        vm.expectEmit(true, true, true, true, address(verifier));
        emit IMeedaVerifier.PriceSet(operator, 7);
        vm.prank(operator);
        verifier.setPrice(7);
        assertEq(verifier.priceOf(operator), 7, "price");
        vm.expectEmit(true, true, true, true, address(verifier));
        emit IMeedaVerifier.Deposited(rollup, operator, 2 ether, 3 ether, 9);
        vm.prank(rollup);
        verifier.deposit{value: 2 ether}(operator, 9);
        assertEq(verifier.getEscrow(rollup, operator).balance, 3 ether, "balance");
        assertEq(verifier.getEscrow(rollup, operator).highestPrice, 9, "highest price");
        assertEq(verifier.getEscrow(rollup, stranger).balance, 0, "another operator's");
    }

    function test_what_no_anchor_charged_can_be_taken_back() public {
        vm.expectEmit(true, true, true, true, address(verifier));
        emit IMeedaVerifier.EscrowWithdrawn(rollup, operator, 0.4 ether);
        vm.prank(rollup);
        verifier.withdrawEscrow(operator, 0.4 ether);
        assertEq(verifier.creditOf(rollup), 0.4 ether, "credit");
        expectError(abi.encodeWithSelector(IMeedaVerifier.EscrowTooLow.selector, rollup, 0.6 ether, 0.7 ether));
        vm.prank(rollup);
        verifier.withdrawEscrow(operator, 0.7 ether);
    }

    function test_an_anchor_charges_price_times_bytes_times_retention() public {
        bytes memory commitments = newBlob();
        bytes32 id = keccak256(abi.encodePacked(hex"01", uint32(1000), commitments));
        vm.expectEmit(true, true, true, true, address(verifier));
        emit IMeedaVerifier.Charged(rollup, operator, id, 0, FULL);
        anchorFor(rollup, commitments);
        assertEq(verifier.getEscrow(rollup, operator).balance, 1 ether - FULL, "balance");
        assertEq(verifier.chargeCount(rollup, operator), 1, "charges");
        (uint32 anchorIndex, uint256 part) = verifier.chargeAt(rollup, operator, 0);
        assertEq(anchorIndex, 0, "anchor");
        assertEq(part, PART, "part of an epoch");
    }

    /// @dev Several batches of a rollup in one anchor are one charge.
    function test_two_batches_in_an_anchor_are_one_charge_of_both() public {
        IMeedaVerifier.BatchHeader[] memory batches = new IMeedaVerifier.BatchHeader[](2);
        batches[0] = IMeedaVerifier.BatchHeader(1000, 1, rollup);
        batches[1] = IMeedaVerifier.BatchHeader(2000, 1, rollup);
        bytes memory commitments = bytes.concat(newBlob(), newBlob());
        vm.prank(operator);
        verifier.anchor(batches, commitments);
        assertEq(verifier.chargeCount(rollup, operator), 1, "charges");
        (, uint256 part) = verifier.chargeAt(rollup, operator, 0);
        assertEq(part, 3 * PART, "part of an epoch");
        assertEq(verifier.getEscrow(rollup, operator).balance, 1 ether - 3 * FULL, "balance");
    }

    /// @dev The same batch anchored again while it is paid for costs nothing; later it costs the difference.
    function test_a_batch_is_not_paid_twice() public {
        bytes memory commitments = newBlob();
        anchorFor(rollup, commitments);
        anchorFor(rollup, commitments);
        assertEq(verifier.getEscrow(rollup, operator).balance, 1 ether - FULL, "at once");
        goTo(55);
        anchorFor(rollup, commitments);
        assertEq(verifier.getEscrow(rollup, operator).balance, 1 ether - FULL - FULL / 2, "half its time later");
    }

    function test_a_price_above_what_the_rollup_accepts_reverts() public {
        vm.prank(operator);
        verifier.setPrice(PRICE + 1);
        expectAnchorError(rollup, abi.encodeWithSelector(IMeedaVerifier.PriceTooHigh.selector, rollup, PRICE + 1, PRICE));
    }

    /// @dev Nobody is charged who has not prepaid.
    function test_a_rollup_without_enough_in_escrow_reverts() public {
        vm.prank(rollup);
        verifier.withdrawEscrow(operator, uint128(1 ether - FULL + 1));
        expectAnchorError(rollup, abi.encodeWithSelector(IMeedaVerifier.EscrowTooLow.selector, rollup, FULL - 1, FULL));
        expectAnchorError(other, abi.encodeWithSelector(IMeedaVerifier.PriceTooHigh.selector, other, PRICE, 0));
    }

    function test_a_price_of_nothing_charges_nothing() public {
        vm.prank(operator);
        verifier.setPrice(0);
        anchorFor(other, newBlob());
        assertEq(verifier.chargeCount(other, operator), 0, "charges");
    }

    /// @dev A proven epoch releases its part to the operator, once, when it cannot be challenged any more.
    function test_a_proven_epoch_is_settled_after_its_window() public {
        anchorFor(rollup, newBlob());
        goTo(11);
        submit(1, hintsOf(0, 0, 1));
        goTo(51);
        expectError(abi.encodeWithSelector(IMeedaVerifier.ChallengeWindowOpen.selector, 1, 51));
        verifier.settle(operator, 1);
        goTo(52);
        vm.expectEmit(true, true, true, true, address(verifier));
        emit IMeedaVerifier.Settled(operator, 1, PART);
        assertEq(verifier.settle(operator, 1), PART, "amount");
        assertEq(verifier.creditOf(operator), PART, "credit");
        expectError(abi.encodeWithSelector(IMeedaVerifier.NotSettleable.selector, operator, 1));
        verifier.settle(operator, 1);
        expectError(abi.encodeWithSelector(IMeedaVerifier.NotSettleable.selector, operator, 2));
        verifier.settle(operator, 2);
        expectError(abi.encodeWithSelector(IMeedaVerifier.NotRefundable.selector, operator, 1));
        vm.prank(rollup);
        verifier.refund(operator, 1, 0, 1);
    }

    /// @dev A missed epoch's part goes back to the rollups, each its own, once.
    function test_a_missed_epoch_is_refunded() public {
        vm.prank(other);
        verifier.deposit{value: 1 ether}(operator, PRICE);
        anchorFor(rollup, newBlob());
        anchorFor(other, newBlob());
        anchorBlobs(1);
        anchorFor(rollup, newBlob());
        goTo(12);
        anchorFor(rollup, newBlob());
        goTo(31);
        verifier.reportMiss(operator, 1, hintsOf(0, 0, 4));
        expectRefundError(0, 1);
        expectRefundError(0, 3);
        expectRefundError(1, 2);
        expectRefundError(2, 1);
        expectRefundError(0, 4);
        vm.expectEmit(true, true, true, true, address(verifier));
        emit IMeedaVerifier.Refunded(rollup, operator, 1, 2 * PART);
        vm.prank(rollup);
        assertEq(verifier.refund(operator, 1, 0, 2), 2 * PART, "rollup's");
        vm.prank(other);
        assertEq(verifier.refund(operator, 1, 0, 1), PART, "other's");
        assertEq(verifier.creditOf(rollup), 2 * PART, "credit");
        expectError(abi.encodeWithSelector(IMeedaVerifier.NotRefundable.selector, operator, 1));
        vm.prank(rollup);
        verifier.refund(operator, 1, 0, 2);
    }

    /// @dev What is charged comes out again to the last wei: half of the epochs proven, half missed.
    function test_charges_are_released_to_the_last_wei() public {
        anchorFor(rollup, newBlob());
        uint256 settled = 0;
        for (uint64 epoch = 1; epoch <= 10; epoch++) {
            IMeedaVerifier.RangeHints memory hints = hintsOf(0, epoch <= 2 ? 0 : 1, 1);
            if (epoch % 2 == 0) {
                goTo(epoch * 10 + 1);
                submit(epoch, hints);
                settled++;
            } else {
                goTo(epoch * 10 + 21);
                verifier.reportMiss(operator, epoch, hints);
            }
        }
        goTo(1000);
        for (uint64 epoch = 1; epoch <= 10; epoch++) {
            if (epoch % 2 == 0) {
                verifier.settle(operator, epoch);
            } else {
                vm.prank(rollup);
                verifier.refund(operator, epoch, 0, 1);
            }
        }
        assertEq(verifier.creditOf(operator) + verifier.creditOf(rollup), FULL, "all of it");
        assertEq(verifier.creditOf(operator), settled * PART, "operator's");
    }

    /// @dev A slashed operator is paid nothing more: what it proved and was not settled goes back too.
    function test_what_a_slashed_operator_was_to_be_paid_goes_back() public {
        anchorFor(rollup, newBlob());
        goTo(11);
        submit(1, hintsOf(0, 0, 1));
        goTo(21);
        IMeedaVerifier.RangeHints memory hints = hintsOf(0, 0, 1);
        G1[] memory partialSums = submitLie(2, hints, 0, 5);
        verifier.proveFraud(operator, 2, verifier.epochSeed(operator, 2), hints, partialSums, 0, leavesOf(2, hints, 0));
        goTo(100);
        expectError(abi.encodeWithSelector(IMeedaVerifier.Condemned.selector, operator));
        verifier.settle(operator, 1);
        expectError(abi.encodeWithSelector(IMeedaVerifier.NotSettleable.selector, operator, 2));
        verifier.settle(operator, 2);
        vm.prank(rollup);
        assertEq(verifier.refund(operator, 1, 0, 1), PART, "proven, not settled");
        vm.prank(rollup);
        assertEq(verifier.refund(operator, 2, 0, 1), PART, "fraudulent");
        verifier.reportMiss(operator, 3, hintsOf(0, 1, 1));
        vm.prank(rollup);
        assertEq(verifier.refund(operator, 3, 0, 1), PART, "never proven");
    }

    function anchorFor(address who, bytes memory commitments) private {
        IMeedaVerifier.BatchHeader[] memory batches = new IMeedaVerifier.BatchHeader[](1);
        batches[0] = IMeedaVerifier.BatchHeader(1000, 1, who);
        vm.prank(operator);
        uint256 index = verifier.anchor(batches, commitments);
        anchored[index] = commitments;
    }

    function expectAnchorError(address who, bytes memory data) private {
        IMeedaVerifier.BatchHeader[] memory batches = new IMeedaVerifier.BatchHeader[](1);
        batches[0] = IMeedaVerifier.BatchHeader(1000, 1, who);
        bytes memory commitments = newBlob();
        expectError(data);
        vm.prank(operator);
        verifier.anchor(batches, commitments);
    }

    function expectRefundError(uint256 lo, uint256 end) private {
        expectError(abi.encodeWithSelector(IMeedaVerifier.WrongChargeHints.selector, lo, end));
        vm.prank(rollup);
        verifier.refund(operator, 1, lo, end);
    }
}
