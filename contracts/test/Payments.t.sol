// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Base} from "./Base.sol";
import "../interfaces/MeedaErrors.sol";
import "../interfaces/MeedaEvents.sol";
import "../interfaces/MeedaTypes.sol";
import {Kzg} from "./Kzg.sol";

contract PublicationTest is Base {
    function variable() private view returns (uint256) {
        return 8 * (block.blobbasefee * 131_072 + uint256(2 gwei) * 150_000);
    }

    function setUp() public override {
        super.setUp();
        goTo(5);
        anchorBlobs(12);
        vm.fee(2 gwei);
    }

    function demandBlob(uint256 place) private returns (uint256) {
        BlobRef memory blob = refOf(0, place);
        vm.prank(stranger);
        return publication.demand{value: 1 ether}(blob);
    }

    function carry(uint256 first, uint256 count) private {
        bytes32[] memory hashes = new bytes32[](count);
        for (uint256 i = 0; i < count; i++) {
            hashes[i] = versioned(refOf(0, first + i).commitment);
        }
        vm.blobhashes(hashes);
    }

    function test_the_bond_is_a_fixed_part_and_eight_times_todays_cost() public {
        assertEq(publication.demandBond(), 0.01 ether + variable(), "bond");
        BlobRef memory blob = refOf(0, 0);
        uint256 bond = publication.demandBond();
        expectError(abi.encodeWithSelector(BondTooLow.selector, bond - 1, bond));
        publication.demand{value: bond - 1}(blob);
        publication.demand{value: bond}(blob);
    }

    /// @dev F9: the publisher is repaid what it cost, the fixed part is burnt, the rest goes back.
    function test_publishing_repays_the_cost_and_no_more() public {
        uint256 id = demandBlob(2);
        carry(2, 1);
        goTo(20);
        uint256 burnt = address(0).balance;
        vm.prank(operator);
        uint256 before = gasleft();
        publication.publish(one(id));
        uint256 gasUsed = before - gasleft();
        uint256 repaid = publication.creditOf(operator);
        uint256 blobCost = block.blobbasefee * 131_072;
        assertTrue(repaid >= blobCost + 2 gwei * gasUsed, "the cost");
        assertTrue(repaid <= blobCost + 2 gwei * (gasUsed + 50_000), "no ransom");
        assertEq(publication.creditOf(stranger), 1 ether - 0.01 ether - repaid, "back to the demander");
        assertEq(address(0).balance - burnt, 0.01 ether, "burnt");
        assertEq(publication.openDemands(owner), 0, "open");
        assertTrue(publication.getDemand(id).status == DemandStatus.Published, "status");
        assertEq(anchors.stakeOf(owner), STAKE, "stake");
        expectError(abi.encodeWithSelector(DemandClosed.selector, id, DemandStatus.Published));
        publication.expire(id);
        // It may be demanded again, for another bond.
        demandBlob(2);
    }

    /// @dev What fees rose beyond the bond is the operator's to bear: never more than was paid in.
    function test_repaid_is_never_more_than_the_variable_part() public {
        BlobRef memory blob = refOf(0, 2);
        uint256 bond = publication.demandBond();
        publication.demand{value: bond}(blob);
        carry(2, 1);
        uint256 most = variable();
        vm.fee(1000 gwei);
        vm.prank(operator);
        publication.publish(one(0));
        assertEq(publication.creditOf(operator), most, "all of it");
        assertEq(publication.creditOf(address(this)), 0, "nothing left");
        assertEq(address(publication).balance, most, "balance");
    }

    /// @dev F12: until half a window before the deadline it is the operator's turn, so nobody steps in front of it.
    function test_the_operator_answers_first() public {
        uint256 id = demandBlob(2);
        carry(2, 1);
        goTo(20);
        expectError(abi.encodeWithSelector(OperatorsTurn.selector, id, 20));
        vm.prank(stranger);
        publication.publish(one(id));
        goTo(21);
        vm.prank(stranger);
        publication.publish(one(id));
        assertTrue(publication.getDemand(id).status == DemandStatus.Published, "then anybody");
    }

    function test_owner_key_and_publisher_answer() public {
        for (uint256 i = 0; i < 3; i++) {
            demandBlob(i);
        }
        vm.prank(owner);
        publication.setPublisher(owner, address(0x9b));
        address[3] memory who = [owner, operator, address(0x9b)];
        for (uint256 i = 0; i < 3; i++) {
            carry(i, 1);
            vm.prank(who[i]);
            publication.publish(one(i));
        }
        assertEq(publication.openDemands(owner), 0, "all");
    }

    /// @dev Six in one transaction; what somebody else closed meanwhile does not lose the others.
    function test_a_transaction_answers_several_and_skips_what_is_closed() public {
        uint256[] memory ids = new uint256[](6);
        for (uint256 i = 0; i < 6; i++) {
            ids[i] = demandBlob(i);
        }
        carry(3, 1);
        vm.prank(operator);
        publication.publish(one(3));
        carry(0, 6);
        vm.expectEmit(true, true, true, true, address(publication));
        emit PublicationSkipped(3);
        vm.prank(operator);
        publication.publish(ids);
        assertEq(publication.openDemands(owner), 0, "open");
        expectError(abi.encodeWithSelector(NoSuchDemand.selector, 6));
        publication.publish(one(6));
    }

    function test_another_blob_or_none_is_no_answer() public {
        uint256 id = demandBlob(2);
        bytes32 wanted = versioned(refOf(0, 2).commitment);
        expectError(abi.encodeWithSelector(WrongBlob.selector, bytes32(0), wanted));
        vm.prank(operator);
        publication.publish(one(id));
        carry(3, 1);
        bytes32 other = versioned(refOf(0, 3).commitment);
        expectError(abi.encodeWithSelector(WrongBlob.selector, other, wanted));
        vm.prank(operator);
        publication.publish(one(id));
    }

    function test_silence_costs_the_stake() public {
        assertEq(publication.demandCount(), 0, "none yet");
        assertEq(publication.publisherOf(owner), address(0), "nobody");
        uint256 id = demandBlob(2);
        goTo(35);
        expectError(abi.encodeWithSelector(DeadlineNotOver.selector, id, 35));
        publication.expire(id);
        goTo(36);
        carry(2, 1);
        vm.prank(operator);
        publication.publish(one(id));
        assertTrue(publication.getDemand(id).status == DemandStatus.Open, "too late");
        publication.expire(id);
        assertEq(anchors.creditOf(stranger), STAKE / 20, "reward");
        assertEq(publication.creditOf(stranger), 1 ether, "the whole bond");
        assertTrue(anchors.isSlashed(owner), "slashed");
    }

    function test_an_answer_in_the_last_block_is_in_time() public {
        uint256 id = demandBlob(2);
        goTo(35);
        carry(2, 1);
        vm.prank(operator);
        publication.publish(one(id));
        assertTrue(publication.getDemand(id).status == DemandStatus.Published, "published");
    }

    function test_a_second_expired_demand_returns_its_bond_only() public {
        demandBlob(2);
        demandBlob(3);
        goTo(40);
        publication.expire(0);
        publication.expire(1);
        assertEq(publication.creditOf(stranger), 2 ether, "bonds");
        assertEq(anchors.creditOf(stranger), STAKE / 20, "one reward");
        assertEq(address(publication).balance, 2 ether, "balance");
    }

    /// @dev F3: no cap. Whoever floods pays a burnt bond each and delays others by four blocks each.
    function test_demands_form_a_queue_that_nobody_can_fill() public {
        for (uint256 i = 0; i < 11; i++) {
            uint256 id = demandBlob(i);
            assertEq(publication.getDemand(id).deadline, 35 + 4 * i, "deadline");
        }
        carry(0, 6);
        uint256[] memory ids = new uint256[](6);
        for (uint256 i = 0; i < 6; i++) {
            ids[i] = i;
        }
        vm.prank(operator);
        publication.publish(ids);
        BlobRef memory wanted = refOf(0, 11);
        vm.prank(rollup);
        uint256 honest = publication.demand{value: 1 ether}(wanted);
        assertEq(publication.getDemand(honest).deadline, 35 + 4 * 5, "shrinks as demands are answered");
        // The honest one is answered or punished in time, whatever the others do.
        goTo(56);
        publication.expire(honest);
        assertTrue(anchors.isSlashed(owner), "slashed");
    }

    /// @dev One copy of a blob anchored many times is one demand: duplicates go by versioned hash.
    function test_the_same_blob_is_demanded_once_at_a_time() public {
        bytes memory again = slice(anchored[owner][0], 0, 48);
        anchorRaw(bytes.concat(again, again));
        demandBlob(0);
        BlobRef memory copy = refOf(1, 1);
        expectError(abi.encodeWithSelector(AlreadyDemanded.selector, owner, versioned(again)));
        publication.demand{value: 1 ether}(copy);
    }

    /// @dev Made in the last block of its life a demand stays owed, and a withdrawal waits for it.
    function test_a_demand_made_before_expiry_stays_owed() public {
        vm.prank(owner);
        anchors.requestWithdrawal(owner);
        goTo(105);
        BlobRef memory late = refOf(0, 3);
        expectError(abi.encodeWithSelector(BlobExpired.selector, 3, 105));
        publication.demand{value: 1 ether}(late);
        late.position = 4;
        expectError(abi.encodeWithSelector(NotAnchored.selector, owner, 4));
        publication.demand{value: 1 ether}(late);
        goTo(104);
        uint256 id = demandBlob(2);
        goTo(168);
        expectError(abi.encodeWithSelector(DemandsOpen.selector, 1));
        vm.prank(owner);
        anchors.withdraw(owner);
        publication.expire(id);
        assertTrue(anchors.isSlashed(owner), "slashed");
    }
}

contract EscrowTest is Base {
    uint256 private constant POSTER = 0x9057;
    uint128 private constant PRICE = 1e6;
    // 1000 bytes for 100 blocks.
    uint256 private constant CHARGE = 1000 * 100 * uint256(PRICE);

    function setUp() public override {
        super.setUp();
        goTo(5);
        vm.prank(owner);
        escrow.setPrice(owner, PRICE);
        vm.prank(rollup);
        escrow.deposit{value: 1 ether}(owner, PRICE, 0);
        vm.prank(rollup);
        escrow.setPoster(vm.addr(POSTER));
        goTo(17);
    }

    function order(bytes memory commitments, uint128 maxWei, uint40 deadline)
        private
        view
        returns (SignedOrder[] memory orders)
    {
        bytes32 id = idsOf(header(1000, 1, rollup), commitments)[0];
        orders = new SignedOrder[](1);
        (bytes32 r, bytes32 vs) = signCompact(POSTER, escrow.orderDigest(rollup, id, owner, maxWei, deadline));
        orders[0] = SignedOrder(0, maxWei, deadline, r, vs);
    }

    function expectRefusal(bytes memory commitments, uint256 index, Refusal why) private {
        bytes32 id = idsOf(header(1000, 1, rollup), commitments)[0];
        vm.expectEmit(true, true, true, true, address(escrow));
        emit ChargeRefused(rollup, owner, id, index, why);
    }

    function pay(bytes memory commitments, SignedOrder[] memory orders) private returns (uint256) {
        return anchorAs(operator, header(1000, 1, rollup), commitments, orders, 0);
    }

    function balance() private view returns (uint256) {
        return escrow.balanceOf(rollup, owner);
    }

    /// @dev F7: nothing is paid that no rollup ordered.
    function test_without_an_order_nothing_is_charged() public {
        bytes memory commitments = newBlob();
        expectRefusal(commitments, 0, Refusal.LimitSpent);
        pay(commitments, new SignedOrder[](0));
        assertEq(balance(), 1 ether, "untouched");
        assertEq(anchors.anchorCount(owner), 1, "anchored all the same");
    }

    function test_an_order_pays_for_its_batch_up_to_its_limit() public {
        bytes memory commitments = newBlob();
        SignedOrder[] memory orders = order(commitments, uint128(CHARGE), 100);
        pay(commitments, orders);
        assertEq(balance(), 1 ether - CHARGE, "charged");
        // The same order again: the blobs are paid for already.
        pay(commitments, orders);
        assertEq(balance(), 1 ether - CHARGE, "once");
        // A renewal costs the difference, but the order's maximum is over all renewals.
        goTo(37);
        expectRefusal(commitments, 2, Refusal.OrderSpent);
        pay(commitments, orders);
        orders = order(commitments, uint128(CHARGE * 6 / 5), 100);
        pay(commitments, orders);
        assertEq(balance(), 1 ether - CHARGE * 6 / 5, "twenty blocks more");
    }

    /// @dev What an operator must know before it takes an order, or a batch without one.
    function test_what_is_spent_by_orders_and_of_the_limit_is_shown() public {
        vm.prank(rollup);
        escrow.deposit(owner, PRICE, 1 ether);
        bytes memory ordered = newBlob();
        bytes32 id = idsOf(header(1000, 1, rollup), ordered)[0];
        pay(ordered, order(ordered, uint128(CHARGE * 2), 100));
        pay(newBlob(), new SignedOrder[](0));
        pay(newBlob(), new SignedOrder[](0));
        expectSpent(id, 2 * CHARGE, CHARGE, "in the epoch");
        expectSpent(bytes32(0), 2 * CHARGE, 0, "of another batch");
        goTo(19);
        expectSpent(id, 2 * CHARGE, CHARGE, "the epoch's last block");
        goTo(20);
        expectSpent(id, 0, CHARGE, "the next epoch");
        (uint256 byLimit, uint256 byOrders) = escrow.spentOf(stranger, owner, id);
        assertEq(byLimit + byOrders, 0, "another rollup");
        goTo(37);
        pay(ordered, order(ordered, uint128(CHARGE * 2), 100));
        expectSpent(id, 0, CHARGE * 6 / 5, "a renewal");
    }

    function expectSpent(bytes32 id, uint256 wantedByLimit, uint256 wantedByOrders, string memory what) private view {
        (uint256 byLimit, uint256 byOrders) = escrow.spentOf(rollup, owner, id);
        assertEq(byLimit, wantedByLimit, what);
        assertEq(byOrders, wantedByOrders, what);
    }

    function test_a_poster_that_leaves_is_shown_before_it_does() public {
        expectPosters(stranger, stranger, stranger, "itself");
        expectPosters(rollup, vm.addr(POSTER), vm.addr(POSTER), "after the notice");
        vm.prank(rollup);
        escrow.setPoster(address(0));
        expectPosters(rollup, vm.addr(POSTER), address(0), "asked for");
        goTo(28);
        expectPosters(rollup, vm.addr(POSTER), address(0), "the notice's last block");
        goTo(29);
        expectPosters(rollup, address(0), address(0), "gone");
    }

    function expectPosters(address who, address wantedNow, address wantedThen, string memory what) private view {
        (address current, address lasting) = escrow.postersOf(who);
        assertEq(current, wantedNow, what);
        assertEq(lasting, wantedThen, what);
    }

    function test_an_order_for_anything_else_is_refused() public {
        bytes memory commitments = newBlob();
        SignedOrder[] memory orders = order(newBlob(), uint128(CHARGE), 100);
        expectRefusal(commitments, 0, Refusal.OrderNotSigned);
        pay(commitments, orders);
        orders = order(commitments, uint128(CHARGE), 100);
        orders[0].maxWei += 1;
        expectRefusal(commitments, 1, Refusal.OrderNotSigned);
        pay(commitments, orders);
        orders = order(commitments, uint128(CHARGE), 16);
        expectRefusal(commitments, 2, Refusal.OrderExpired);
        pay(commitments, orders);
        orders = order(commitments, uint128(CHARGE) - 1, 100);
        expectRefusal(commitments, 3, Refusal.OrderSpent);
        pay(commitments, orders);
        orders = order(commitments, uint128(CHARGE), 100);
        vm.chainId(7);
        expectRefusal(commitments, 4, Refusal.OrderNotSigned);
        pay(commitments, orders);
        vm.chainId(31_337);
        orders = order(commitments, uint128(CHARGE), 17);
        pay(commitments, orders);
        assertEq(balance(), 1 ether - CHARGE, "in its last block");
    }

    /// @dev F7: the same blobs under another length are charged once, orders or not.
    function test_the_same_blobs_under_another_length_are_charged_once() public {
        vm.prank(rollup);
        escrow.deposit(owner, PRICE, 1 ether);
        bytes memory commitments = newBlob();
        for (uint32 i = 0; i < 3; i++) {
            anchorAs(operator, header(126_945 - i, 1, rollup), commitments, new SignedOrder[](0), 0);
        }
        assertEq(balance(), 1 ether - uint256(126_945) * 100 * PRICE, "once");
    }

    function test_a_standing_limit_bounds_an_epochs_charges() public {
        vm.prank(rollup);
        escrow.deposit(owner, PRICE, uint128(2 * CHARGE));
        for (uint256 i = 0; i < 2; i++) {
            pay(newBlob(), new SignedOrder[](0));
        }
        bytes memory commitments = newBlob();
        expectRefusal(commitments, 2, Refusal.LimitSpent);
        pay(commitments, new SignedOrder[](0));
        assertEq(balance(), 1 ether - 2 * CHARGE, "two");
        goTo(20);
        pay(commitments, new SignedOrder[](0));
        assertEq(balance(), 1 ether - 2 * CHARGE - CHARGE / 9 * 9, "the next epoch");
    }

    /// @dev F8: nothing a rollup does in front of an anchor makes it revert, or takes a charge back.
    function test_a_rollup_cannot_step_in_front_of_an_anchor() public {
        bytes memory commitments = newBlob();
        SignedOrder[] memory orders = order(commitments, uint128(CHARGE), 100);
        vm.startPrank(rollup);
        escrow.requestEscrowWithdrawal(owner, 1 ether);
        expectError(abi.encodeWithSelector(NoticeNotOver.selector, 29));
        escrow.withdrawEscrow(owner);
        escrow.deposit(owner, 1, 0);
        escrow.setPoster(address(0));
        vm.stopPrank();
        pay(commitments, orders);
        assertEq(balance(), 1 ether - CHARGE, "charged");
        goTo(29);
        (uint256 price,) = escrow.limitsOf(rollup, owner);
        assertEq(price, 1, "then the lower limit holds");
        assertEq(escrow.posterOf(rollup), address(0), "and the poster is gone");
        vm.prank(rollup);
        assertEq(escrow.withdrawEscrow(owner), 1 ether - CHARGE, "what is left");
        expectError(abi.encodeWithSelector(NoticeNotOver.selector, 0));
        vm.prank(rollup);
        escrow.withdrawEscrow(owner);
        commitments = newBlob();
        expectRefusal(commitments, 1, Refusal.PriceTooHigh);
        pay(commitments, new SignedOrder[](0));
    }

    /// @dev F8: others of the same anchor are charged and anchored, whatever one of them cannot pay.
    function test_who_cannot_pay_is_skipped_alone() public {
        bytes memory commitments = bytes.concat(newBlob(), newBlob());
        BatchHeader[] memory batches = new BatchHeader[](2);
        batches[0] = BatchHeader(1000, 1, stranger);
        batches[1] = BatchHeader(1000, 1, rollup);
        vm.prank(stranger);
        escrow.deposit{value: CHARGE - 1}(owner, PRICE, 1 ether);
        vm.prank(rollup);
        escrow.deposit(owner, PRICE, 1 ether);
        vm.expectEmit(true, true, true, true, address(escrow));
        emit ChargeRefused(stranger, owner, idsOf(batches, commitments)[0], 0, Refusal.EscrowTooLow);
        anchorAs(operator, batches, commitments, new SignedOrder[](0), 0);
        assertEq(balance(), 1 ether - CHARGE, "the other");
        assertEq(escrow.balanceOf(stranger, owner), CHARGE - 1, "skipped");
    }

    /// @dev The last wei pays too.
    function test_a_balance_of_exactly_the_charge_pays() public {
        vm.prank(stranger);
        escrow.deposit{value: CHARGE}(owner, PRICE, uint128(CHARGE));
        anchorAs(operator, header(1000, 1, stranger), newBlob(), new SignedOrder[](0), 0);
        assertEq(escrow.balanceOf(stranger, owner), 0, "all of it");
    }

    /// @dev Two batches of one rollup in an anchor are one charge of the sum.
    function test_two_batches_of_a_rollup_in_an_anchor_are_both_charged() public {
        vm.prank(rollup);
        escrow.deposit(owner, PRICE, 1 ether);
        BatchHeader[] memory batches = new BatchHeader[](2);
        (batches[0], batches[1]) = (BatchHeader(1000, 1, rollup), BatchHeader(1000, 1, rollup));
        anchorAs(operator, batches, bytes.concat(newBlob(), newBlob()), new SignedOrder[](0), 0);
        assertEq(balance(), 1 ether - 2 * CHARGE, "both");
        assertEq(escrow.chargeCount(rollup, owner), 1, "the rollup's charges");
        assertEq(escrow.chargeCount(address(0), owner), 1, "all charges");
        (uint32 index, uint256 part) = escrow.chargeAt(rollup, owner, 0);
        assertEq(index, 0, "the anchor");
        assertEq(part, CHARGE / 5, "its part");
    }

    function test_raising_is_effective_at_once_and_lowering_after_a_notice() public {
        vm.startPrank(rollup);
        escrow.deposit(owner, 2 * PRICE, 10);
        (uint256 price, uint256 most) = escrow.limitsOf(rollup, owner);
        assertEq(price, 2 * PRICE, "raised");
        assertEq(most, 10, "raised");
        escrow.deposit(owner, PRICE, 10);
        (price,) = escrow.limitsOf(rollup, owner);
        assertEq(price, 2 * PRICE, "not yet");
        goTo(28);
        (price,) = escrow.limitsOf(rollup, owner);
        assertEq(price, 2 * PRICE, "not yet");
        goTo(29);
        (price,) = escrow.limitsOf(rollup, owner);
        assertEq(price, PRICE, "now");
        vm.stopPrank();
    }

    /// @dev F14: what is charged is released to the last wei, epoch by epoch: proven ones to the owner, failed ones to
    /// the rollup, once each, with exact hints only; an anchor that charges nobody in between.
    function test_every_charge_is_released_once() public {
        pay(newBlob(), order(slice(Kzg.compress(Kzg.commit(blobs[0])), 0, 48), uint128(CHARGE), 100));
        anchorBlobs(1);
        bytes memory second = newBlob();
        goTo(18);
        pay(second, order(second, uint128(CHARGE), 100));
        uint256 charged = 1 ether - balance();
        assertEq(charged, 2 * CHARGE, "two charges");
        uint256 released = 0;
        for (uint64 e = 2; e <= 11; e++) {
            (, RangeHints memory h) = rightHints(owner, e);
            goToEpoch(e);
            if (e % 3 != 0) submit(prove(e, h));
        }
        goTo(12_00);
        for (uint64 e = 2; e <= 11; e++) {
            (, RangeHints memory h) = rightHints(owner, e);
            if (e % 3 == 0) {
                expectError(abi.encodeWithSelector(NotRefundable.selector, owner, e));
                escrow.refund(rollup, owner, e, 0, 2);
                verifier.reportMiss(owner, e, h, "");
                expectError(abi.encodeWithSelector(NotSettleable.selector, owner, e));
                escrow.settle(owner, e, 0, 2);
                expectError(abi.encodeWithSelector(WrongChargeHints.selector, 0, 1));
                escrow.refund(rollup, owner, e, 0, 1);
                expectError(abi.encodeWithSelector(WrongChargeHints.selector, 1, 2));
                escrow.refund(rollup, owner, e, 1, 2);
                expectError(abi.encodeWithSelector(NotRefundable.selector, owner, e));
                escrow.refund(address(0), owner, e, 0, 2);
                released += escrow.refund(rollup, owner, e, 0, 2);
                expectError(abi.encodeWithSelector(NotRefundable.selector, owner, e));
                escrow.refund(rollup, owner, e, 0, 2);
            } else {
                expectError(abi.encodeWithSelector(NotRefundable.selector, owner, e));
                escrow.refund(rollup, owner, e, 0, 2);
                expectError(abi.encodeWithSelector(WrongChargeHints.selector, 0, 3));
                escrow.settle(owner, e, 0, 3);
                released += escrow.settle(owner, e, 0, 2);
                expectError(abi.encodeWithSelector(NotSettleable.selector, owner, e));
                escrow.settle(owner, e, 0, 2);
            }
        }
        assertEq(released, charged, "to the last wei");
        assertEq(escrow.creditOf(owner) + escrow.creditOf(rollup), charged, "credits");
        assertEq(escrow.chargeCount(rollup, owner), 2, "count");
        (uint32 index, uint256 part) = escrow.chargeAt(rollup, owner, 1);
        assertEq(index, 2, "the anchor");
        assertEq(part, CHARGE / 10, "its part");
        expectError(abi.encodeWithSelector(NoSuchCharge.selector, 2));
        escrow.chargeAt(rollup, owner, 2);
    }

    /// @dev An epoch in which nobody paid is settled all the same, for nothing: its range of charges is empty.
    function test_an_epoch_without_charges_is_settled_for_nothing() public {
        anchorBlobs(1);
        (, RangeHints memory h) = rightHints(owner, 2);
        goToEpoch(2);
        submit(prove(2, h));
        goTo(12_00);
        expectError(abi.encodeWithSelector(WrongChargeHints.selector, 1, 0));
        escrow.settle(owner, 2, 1, 0);
        assertEq(escrow.settle(owner, 2, 0, 0), 0, "nothing");
    }

    function test_charges_of_expired_and_later_anchors_are_not_in_an_epoch() public {
        bytes memory a = newBlob();
        pay(a, order(a, uint128(CHARGE), 100));
        goTo(55);
        bytes memory b = newBlob();
        pay(b, order(b, uint128(CHARGE), 100));
        for (uint64 e = 5; e <= 15; e += 5) {
            (, RangeHints memory h) = rightHints(owner, e);
            goToEpoch(e);
            submit(prove(e, h));
        }
        goTo(1000);
        expectError(abi.encodeWithSelector(WrongChargeHints.selector, 0, 2));
        escrow.settle(owner, 5, 0, 2);
        assertEq(escrow.settle(owner, 5, 0, 1), CHARGE / 10, "before the second");
        expectError(abi.encodeWithSelector(WrongChargeHints.selector, 0, 1));
        escrow.settle(owner, 10, 0, 1);
        assertEq(escrow.settle(owner, 10, 0, 2), CHARGE / 5, "both");
        expectError(abi.encodeWithSelector(WrongChargeHints.selector, 0, 2));
        escrow.settle(owner, 15, 0, 2);
        assertEq(escrow.settle(owner, 15, 1, 2), CHARGE / 10, "the first is expired");
    }

    /// @dev A slashed operator is not paid what is not settled; what it proved below the minimum earns nothing.
    function test_the_slashed_are_not_paid() public {
        bytes memory a = newBlob();
        pay(a, order(a, uint128(CHARGE), 100));
        goToEpoch(2);
        submit(prove(2, hintsOf(0, 0, 1)));
        goTo(63);
        expectError(abi.encodeWithSelector(ChallengeWindowOpen.selector, 2, 63));
        escrow.settle(owner, 2, 0, 1);
        goToEpoch(3);
        EpochProof memory wrong = lie(3, hintsOf(0, 0, 1), 0, 1);
        submit(wrong);
        verifier.proveFraud(owner, 3, recorded(wrong), 0, chunkOf(wrong, 0));
        goTo(100);
        expectError(abi.encodeWithSelector(AccountSlashed.selector, owner));
        escrow.settle(owner, 2, 0, 1);
        assertEq(escrow.refund(rollup, owner, 2, 0, 1), CHARGE / 10, "proven, not settled");
        assertEq(escrow.refund(rollup, owner, 3, 0, 1), CHARGE / 10, "fraudulent");
    }

    /// @dev F14: what was settled before a slash is not paid a second time, as a refund after it.
    function test_what_was_settled_is_not_refunded_after_a_slash() public {
        bytes memory a = newBlob();
        pay(a, order(a, uint128(CHARGE), 100));
        goToEpoch(2);
        submit(prove(2, hintsOf(0, 0, 1)));
        goTo(64);
        assertEq(escrow.settle(owner, 2, 0, 1), CHARGE / 10, "settled");
        goToEpoch(7);
        (, RangeHints memory h) = rightHints(owner, 7);
        EpochProof memory wrong = lie(7, h, 0, 1);
        submit(wrong);
        verifier.proveFraud(owner, 7, recorded(wrong), 0, chunkOf(wrong, 0));
        expectError(abi.encodeWithSelector(NotRefundable.selector, owner, 2));
        escrow.refund(rollup, owner, 2, 0, 1);
        assertEq(escrow.refund(rollup, owner, 7, 0, 1), CHARGE / 10, "fraudulent");
    }

    /// @dev Several epochs in one call are what each would have been alone.
    function test_several_epochs_are_settled_and_refunded_in_one_call() public {
        bytes memory a = newBlob();
        pay(a, order(a, uint128(CHARGE), 100));
        for (uint64 e = 2; e <= 3; e++) {
            (, RangeHints memory right) = rightHints(owner, e);
            goToEpoch(e);
            submit(prove(e, right));
        }
        goTo(200);
        uint64[] memory proven = new uint64[](2);
        uint64[] memory missed = new uint64[](2);
        uint256[] memory los = new uint256[](2);
        uint256[] memory ends = new uint256[](2);
        for (uint64 i = 0; i < 2; i++) {
            (proven[i], missed[i], ends[i]) = (2 + i, 4 + i, 1);
            (, RangeHints memory right) = rightHints(owner, missed[i]);
            verifier.reportMiss(owner, missed[i], right, "");
        }
        escrow.settleAll(owner, proven, los, ends);
        assertEq(escrow.creditOf(owner), CHARGE / 5, "settled");
        escrow.refundAll(rollup, owner, missed, los, ends);
        assertEq(escrow.creditOf(rollup), CHARGE / 5, "refunded");
        expectError(abi.encodeWithSelector(NotSettleable.selector, owner, 2));
        escrow.settleAll(owner, proven, los, ends);
    }

    /// @dev F14: an anchor that expires in an epoch's block is not live in it: one part less, none left over.
    function test_an_expiry_in_an_epochs_block_has_no_part_for_it() public {
        goTo(20);
        bytes memory a = newBlob();
        pay(a, order(a, uint128(CHARGE), 100));
        (, uint256 part) = escrow.chargeAt(rollup, owner, 0);
        assertEq(part, CHARGE / 9, "epochs 3 to 11");
        assertEq(1 ether - balance(), part * 9, "as many parts as epochs");
        (bool live,) = rightHints(owner, 11);
        assertTrue(live, "live in epoch 11");
        (live,) = rightHints(owner, 12);
        assertTrue(!live, "not in epoch 12, whose block is the expiry");
    }

    function test_anybody_prepays_for_a_rollup() public {
        escrow.depositFor{value: 2 ether}(rollup, owner);
        assertEq(balance(), 3 ether, "balance");
        assertEq(escrow.priceOf(owner), PRICE, "price");
        assertEq(escrow.posterOf(stranger), stranger, "itself");
    }
}
