// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Base} from "./Base.sol";
import "../interfaces/MeedaErrors.sol";
import "../interfaces/MeedaEvents.sol";
import "../interfaces/MeedaTypes.sol";
import {MeedaDAProofValidator} from "../src/MeedaDAProofValidator.sol";
import {MeedaPublication} from "../src/MeedaPublication.sol";
import {AnchorTree} from "../src/libraries/AnchorTree.sol";
import {Bls12381} from "../src/libraries/Bls12381.sol";
import {Kzg} from "./Kzg.sol";
import {MiniTest} from "./MiniTest.sol";

/// @dev Answers several accounts' demands for one blob in one transaction.
contract TwoInOne {
    function run(MeedaPublication publication, uint256[] calldata demandIds) external {
        for (uint256 i = 0; i < demandIds.length; i++) {
            uint256[] memory alone = new uint256[](1);
            alone[0] = demandIds[i];
            publication.publish(alone);
        }
    }
}

/// @dev A second hostile reader's attacks on stakes, anchors and challenges; README.md has a sentence for each.
contract SweepTest is Base {
    function setUp() public override {
        super.setUp();
        goTo(5);
    }

    function addOnCurve(G1 memory left, G1 memory right) private view returns (G1 memory) {
        (bool ok, bytes memory sum) =
            address(0x0b).staticcall(abi.encodePacked(Bls12381.encode(left), Bls12381.encode(right)));
        require(ok && sum.length == 128, "G1ADD");
        return abi.decode(sum, (G1));
    }

    /// @dev Two partial sums leave the subgroup by a point of order 3 and its opposite: the total is right.
    function test_partial_sums_outside_the_subgroup_are_wrong_ones() public {
        anchorBlobs(140);
        goToEpoch(1);
        EpochProof memory proof = prove(1, hintsOf(0, 0, 1));
        G1 memory torsion = G1(0, 0, 0, bytes32(uint256(2)));
        bytes memory first = Kzg.pack(addOnCurve(Kzg.unpack(proof.partialSums, 0), torsion));
        bytes memory second = Kzg.pack(addOnCurve(Kzg.unpack(proof.partialSums, 1), Bls12381.negate(torsion)));
        proof.partialSums = bytes.concat(first, second);
        submit(proof);
        verifier.proveFraud(owner, 1, recorded(proof), 1, chunkOf(proof, 1));
        assertTrue(anchors.isSlashed(owner), "slashed");
    }

    /// @dev What is paid by is what the fault forces, not what the challenger sends along.
    function test_padding_a_challenge_does_not_raise_its_reward() public {
        anchorBlobs(3);
        goToEpoch(1);
        EpochProof memory proof = lie(1, hintsOf(0, 0, 1), 0, 5);
        submit(proof);
        bytes memory call_ = abi.encodeCall(verifier.proveFraud, (owner, 1, recorded(proof), 0, chunkOf(proof, 0)));
        vm.fee(3000 gwei);
        vm.prank(stranger);
        (bool ok,) = address(verifier).call(bytes.concat(call_, new bytes(100_000)));
        uint256 spent = vm.lastCallGas().gasTotalUsed + 21_000 + 110_000 + 16 * call_.length;
        assertTrue(ok && anchors.isSlashed(owner), "slashed");
        assertTrue(anchors.creditOf(stranger) > STAKE / 20, "by the base fee");
        assertTrue(anchors.creditOf(stranger) <= spent * 3000 gwei * 3 / 2, "without the padding");
    }

    /// @dev In the last block in which the last epoch's proof can be challenged the stake is there.
    function test_a_stake_waits_for_the_last_challenge() public {
        anchorBlobs(1);
        vm.prank(owner);
        anchors.requestWithdrawal(owner);
        goToEpoch(10);
        goTo(122);
        EpochProof memory proof = lie(10, hintsOf(0, 1, 1), 0, 7);
        submit(proof);
        goTo(162);
        expectError(abi.encodeWithSelector(StakeLocked.selector, 167));
        vm.prank(owner);
        anchors.withdraw(owner);
        verifier.proveFraud(owner, 10, recorded(proof), 0, chunkOf(proof, 0));
        goTo(168);
        expectError(abi.encodeWithSelector(NothingStaked.selector, owner));
        vm.prank(owner);
        anchors.withdraw(owner);
    }

    /// @dev An exit asked for in advance is no way out: it ends anchoring, and what is anchored meanwhile moves it.
    function test_an_exit_request_in_reserve_is_of_no_use() public {
        vm.prank(owner);
        anchors.requestWithdrawal(owner);
        goTo(20);
        anchorBlobs(1);
        goTo(21);
        bytes memory late = newBlob();
        expectError(abi.encodeWithSelector(Exiting.selector, owner));
        vm.prank(operator);
        anchors.anchor(header(1000, 1, address(0)), late, new SignedOrder[](0), 0);
        expectError(abi.encodeWithSelector(StakeLocked.selector, 182));
        vm.prank(owner);
        anchors.withdraw(owner);
    }

    /// @dev Ether that comes for the block of a proof, so that the epoch earns, stays as long as the blobs.
    function test_a_stake_borrowed_for_a_proof_does_not_go_back() public {
        anchorBlobs(1);
        goToEpoch(1);
        vm.prank(stranger);
        anchors.stakeFor{value: 5 ether}(owner);
        submit(prove(1, hintsOf(0, 0, 1)));
        vm.prank(owner);
        anchors.requestWithdrawal(owner);
        expectError(abi.encodeWithSelector(StakeLocked.selector, 167));
        vm.prank(owner);
        anchors.withdraw(owner);
        expectError(abi.encodeWithSelector(NotOwner.selector, stranger, owner));
        vm.prank(stranger);
        anchors.withdraw(owner);
    }

    /// @dev A hint beyond the live anchors, or at one, frees no capacity.
    function test_a_hint_past_live_anchors_frees_no_capacity() public {
        anchorBlobs(2);
        goTo(50);
        anchorBlobs(3);
        (, uint256 live) = anchors.capacity(owner, 2);
        assertEq(live, 5, "past a live one");
        (, live) = anchors.capacity(owner, type(uint32).max);
        assertEq(live, 5, "past the end");
        goTo(104);
        (, live) = anchors.capacity(owner, 1);
        assertEq(live, 5, "in the last block of its life");
        goTo(105);
        (, live) = anchors.capacity(owner, 1);
        assertEq(live, 3, "expired");
        (, live) = anchors.capacity(owner, 2);
        assertEq(live, 5, "past the next, which is live");
    }
}

/// @dev Attacks on demands.
contract SweepPublicationTest is Base {
    uint256 private constant FEE = 100 gwei;

    function setUp() public override {
        super.setUp();
        goTo(5);
        anchorBlobs(12);
        vm.fee(FEE);
        // The cheat code takes the excess blob gas, of which the fee is some 25 gwei.
        vm.blobBaseFee(120_000_000);
    }

    function demandBlob(address who, uint256 place) private returns (uint256) {
        BlobRef memory blob = refOf(0, place);
        vm.prank(who);
        return publication.demand{value: 2 ether}(blob);
    }

    function carry(uint256 count) private returns (uint256[] memory ids) {
        ids = new uint256[](count);
        bytes32[] memory hashes = new bytes32[](count);
        for (uint256 i = 0; i < count; i++) {
            ids[i] = demandBlob(stranger, i);
            hashes[i] = versioned(refOf(0, i).commitment);
        }
        vm.blobhashes(hashes);
    }

    /// @dev Withholding is no business: six answers at once are not repaid as six transactions.
    function test_six_answers_at_once_are_repaid_their_cost() public {
        uint256[] memory ids = carry(6);
        vm.cool(address(publication));
        vm.cool(address(anchors));
        vm.prank(operator);
        publication.publish(ids);
        uint256 spent = vm.lastCallGas().gasTotalUsed + 24_000;
        uint256 repaid = publication.creditOf(operator) - 6 * 131_072 * block.blobbasefee;
        assertTrue(repaid >= FEE * (spent - 15_000), "the cost");
        assertTrue(repaid <= FEE * (spent + 6 * 9_000), "and little more");
    }

    /// @dev A cartel's accounts hold the same blob, and one blob of a transaction answers the demands of all.
    function test_a_blob_for_two_accounts_is_repaid_once() public {
        registerOperator(stranger, 0x5717, STAKE);
        bytes memory same = slice(anchored[owner][0], 0, 48);
        BatchHeader[] memory batches = header(1000, 1, address(0));
        vm.prank(vm.addr(0x5717));
        anchors.anchor(batches, same, new SignedOrder[](0), 0);
        bytes32 idRoot = AnchorTree.idRoot(idsOf(batches, same));
        uint256[] memory ids = new uint256[](2);
        ids[0] = demandBlob(rollup, 0);
        ids[1] = publication.demand{value: 2 ether}(BlobRef(stranger, 0, 0, same, new bytes32[](0), idRoot));
        TwoInOne cartel = new TwoInOne();
        vm.fee(1 gwei);
        vm.prank(owner);
        publication.setPublisher(owner, address(cartel));
        vm.prank(stranger);
        publication.setPublisher(stranger, address(cartel));
        bytes32[] memory hashes = new bytes32[](1);
        hashes[0] = versioned(same);
        vm.blobhashes(hashes);
        cartel.run(publication, ids);
        uint256 blob = 131_072 * block.blobbasefee;
        assertEq(publication.openDemands(owner) + publication.openDemands(stranger), 0, "both answered");
        assertTrue(publication.creditOf(address(cartel)) < blob + 400_000 gwei, "one blob");
    }

    /// @dev An accomplice's own demand keeps others from demanding; who expires it instead has the reward.
    function test_a_demand_left_lying_shields_nothing() public {
        uint256 id = demandBlob(stranger, 3);
        goTo(36);
        BlobRef memory blob = refOf(0, 3);
        expectError(abi.encodeWithSelector(AlreadyDemanded.selector, owner, versioned(blob.commitment)));
        vm.prank(rollup);
        publication.demand{value: 2 ether}(blob);
        goTo(66);
        vm.prank(rollup);
        publication.expire(id);
        assertTrue(anchors.isSlashed(owner), "slashed");
        assertEq(anchors.creditOf(rollup), STAKE / 20, "to who did it");
        assertEq(publication.creditOf(stranger), 2 ether, "the bond to who paid it");
    }

    /// @dev For one more window the reward is the demander's, whoever steps in front of it.
    function test_the_demander_has_its_reward_for_a_window() public {
        uint256 id = demandBlob(stranger, 3);
        goTo(65);
        vm.prank(rollup);
        publication.expire(id);
        assertEq(anchors.creditOf(stranger), STAKE / 20, "the demander's");
    }

    /// @dev An accomplice that demands first helps the user: the blob appears, or the stake goes.
    function test_stepping_in_front_of_a_demand_does_not_stop_it() public {
        uint256[] memory ids = carry(1);
        BlobRef memory blob = refOf(0, 0);
        expectError(abi.encodeWithSelector(AlreadyDemanded.selector, owner, versioned(blob.commitment)));
        vm.prank(rollup);
        publication.demand{value: 2 ether}(blob);
        vm.prank(operator);
        publication.publish(ids);
        vm.prank(rollup);
        publication.demand{value: 2 ether}(blob);
        goTo(36);
        publication.expire(1);
        assertTrue(anchors.isSlashed(owner), "slashed");
    }
}

/// @dev Attacks on escrows.
contract SweepEscrowTest is Base {
    uint256 private constant POSTER = 0x9057;
    uint128 private constant PRICE = 1e6;
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

    function order(bytes memory commitments, uint128 maxWei) private view returns (SignedOrder[] memory orders) {
        bytes32 id = idsOf(header(1000, 1, rollup), commitments)[0];
        (bytes32 r, bytes32 vs) = signCompact(POSTER, escrow.orderDigest(rollup, id, owner, maxWei, 1000));
        orders = new SignedOrder[](1);
        orders[0] = SignedOrder(0, maxWei, 1000, r, vs);
    }

    function pay(bytes memory commitments, SignedOrder[] memory orders) private {
        anchorAs(operator, header(1000, 1, rollup), commitments, orders, 0);
    }

    function limit(uint128 maxWei) private {
        vm.prank(rollup);
        escrow.deposit(owner, PRICE, maxWei);
    }

    function expectChargeable(uint256 current, uint256 lasting) private view {
        (uint256 actual, uint256 actualLasting) = escrow.chargeableOf(rollup, owner);
        assertEq(actual, current, "chargeable");
        assertEq(actualLasting, lasting, "lasting");
    }

    /// @dev A withdrawal asked for long before the deposit, and kept, takes nothing from an anchor in the mempool: what
    /// could be withdrawn paid for nothing in the first place.
    function test_a_withdrawal_kept_in_reserve_does_not_step_in_front() public {
        vm.prank(rollup);
        escrow.requestEscrowWithdrawal(owner, 0.4 ether);
        expectChargeable(1 ether, 0.6 ether);
        goTo(29);
        expectChargeable(0.6 ether, 0.6 ether);
        bytes memory first = newBlob();
        pay(first, order(first, uint128(CHARGE)));
        assertEq(escrow.balanceOf(rollup, owner), 1 ether - CHARGE, "from what is not asked for");
        vm.prank(rollup);
        escrow.requestEscrowWithdrawal(owner, 100 ether);
        goTo(41);
        vm.prank(rollup);
        escrow.deposit{value: 1 ether}(owner, PRICE, 0);
        expectChargeable(0, 0);
        bytes memory second = newBlob();
        SignedOrder[] memory orders = order(second, uint128(CHARGE));
        vm.expectEmit(true, true, true, true, address(escrow));
        bytes32 id = idsOf(header(1000, 1, rollup), second)[0];
        emit ChargeRefused(rollup, owner, id, 1, Refusal.EscrowTooLow);
        pay(second, orders);
        vm.prank(rollup);
        assertEq(escrow.withdrawEscrow(owner), 2 ether - CHARGE, "all of it");
        vm.prank(rollup);
        escrow.deposit{value: 1 ether}(owner, PRICE, 0);
        pay(second, orders);
        assertEq(escrow.balanceOf(rollup, owner), 1 ether - CHARGE, "what comes after it pays");
    }

    /// @dev Anchoring the same batch again in each block charges each block once.
    function test_renewing_in_every_block_charges_each_block_once() public {
        limit(1 ether);
        bytes memory commitments = newBlob();
        for (uint256 i = 0; i < 30; i++) {
            goTo(17 + i);
            pay(commitments, new SignedOrder[](0));
        }
        uint256 charged = 1 ether - escrow.balanceOf(rollup, owner);
        assertTrue(charged <= uint256(PRICE) * 1000 * 129, "129 blocks");
        assertTrue(charged > uint256(PRICE) * 1000 * 128, "and no fewer");
    }

    /// @dev An order names its account: another operator that sees it charges nothing by it.
    function test_an_order_is_of_no_use_to_another_account() public {
        registerOperator(stranger, 0x5717, STAKE);
        vm.prank(stranger);
        escrow.setPrice(stranger, PRICE);
        vm.prank(rollup);
        escrow.deposit{value: 1 ether}(stranger, PRICE, 0);
        bytes memory commitments = newBlob();
        SignedOrder[] memory orders = order(commitments, uint128(CHARGE));
        vm.prank(vm.addr(0x5717));
        anchors.anchor(header(1000, 1, rollup), commitments, orders, 0);
        assertEq(escrow.balanceOf(rollup, stranger), 1 ether, "untouched");
    }

    /// @dev Settling for another, or in front of it, pays the owner all the same.
    function test_a_settlement_by_anybody_pays_the_owner() public {
        bytes memory commitments = newBlob();
        pay(commitments, order(commitments, uint128(CHARGE)));
        goToEpoch(2);
        submit(prove(2, hintsOf(0, 0, 1)));
        goTo(64);
        vm.prank(stranger);
        escrow.settle(owner, 2, 0, 1);
        assertEq(escrow.creditOf(owner), CHARGE / 10, "the owner's");
        expectError(abi.encodeWithSelector(NotSettleable.selector, owner, 2));
        vm.prank(owner);
        escrow.settle(owner, 2, 0, 1);
    }

    /// @dev An epoch refunded for want of stake, and shown to be a lie afterwards, is refunded once.
    function test_an_epoch_that_failed_twice_is_refunded_once() public {
        bytes memory commitments = newBlob();
        pay(commitments, order(commitments, uint128(CHARGE)));
        for (uint64 e = 2; e <= 5; e++) {
            goToEpoch(e);
        }
        goTo(73);
        for (uint64 e = 2; e <= 5; e++) {
            (, RangeHints memory h) = rightHints(owner, e);
            verifier.reportMiss(owner, e, h, "");
        }
        goToEpoch(8);
        (, RangeHints memory right) = rightHints(owner, 8);
        EpochProof memory proof = lie(8, right, 0, 1);
        submit(proof);
        assertEq(escrow.refund(rollup, owner, 8, 0, 1), CHARGE / 10, "for want of stake");
        verifier.proveFraud(owner, 8, recorded(proof), 0, chunkOf(proof, 0));
        expectError(abi.encodeWithSelector(NotRefundable.selector, owner, 8));
        escrow.refund(rollup, owner, 8, 0, 1);
    }
}

/// @dev Attacks on a Nitro chain's disputes.
contract SweepNitroTest is MiniTest {
    /// @dev Certificates of 133 blobs took more than a transaction may (EIP-7825), so that no dispute could end.
    function test_the_largest_batch_is_judged_in_one_transaction() public {
        assertTrue(isValid(200), "200 blobs");
        assertTrue(vm.lastCallGas().gasTotalUsed < 12_000_000, vm.toString(vm.lastCallGas().gasTotalUsed));
        assertTrue(!isValid(201), "201 blobs");
    }

    function isValid(uint256 blobs) private returns (bool) {
        address[] memory signers = new address[](1);
        signers[0] = vm.addr(0xa11ce);
        MeedaDAProofValidator validator = new MeedaDAProofValidator(0x4d, signers);
        bytes memory head = abi.encodePacked(
            bytes3(0x014d02), uint32(blobs * 126_976 - 31), uint64(block.chainid), address(validator), uint64(108_000)
        );
        for (uint256 i = 0; i < blobs; i++) {
            head = bytes.concat(head, Kzg.compress(Kzg.multiply(Bls12381.generator(), i + 5)));
        }
        bytes32 digest = keccak256(abi.encodePacked("\x19Ethereum Signed Message:\n32", keccak256(head)));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(0xa11ce, digest);
        bytes memory made = abi.encodePacked(head, r, s, v);
        return validator.validateCertificate(abi.encodePacked(uint64(made.length), made));
    }
}
