// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Base} from "./Base.sol";
import "../interfaces/MeedaErrors.sol";
import "../interfaces/MeedaEvents.sol";
import "../interfaces/MeedaTypes.sol";
import {AnchorTree} from "../src/libraries/AnchorTree.sol";
import {Bls12381} from "../src/libraries/Bls12381.sol";
import {Kzg, Poly} from "./Kzg.sol";

contract FraudProofTest is Base {
    RangeHints private hints = RangeHints(0, 0, 2);

    function setUp() public override {
        super.setUp();
        goTo(5);
        anchorBlobs(3);
        anchorBlobs(2);
        goToEpoch(1);
        vm.fee(1 gwei);
    }

    function challenge(EpochProof memory proof, uint256 chunk, ChunkProof memory leaves) private {
        verifier.proveFraud(owner, proof.epoch, recorded(proof), chunk, leaves);
    }

    /// @dev F4: 5 % to the challenger, the rest is burnt; there is no treasury.
    function test_a_wrong_partial_sum_costs_the_stake(uint256 off) public {
        EpochProof memory proof = lie(1, hints, 0, bound(off, 1, Bls12381.R - 1));
        submit(proof);
        goTo(53);
        uint256 burnt = address(0).balance;
        ChunkProof memory leaves = chunkOf(proof, 0);
        vm.expectEmit(true, true, true, true, address(verifier));
        emit FraudProven(owner, 1, 0, stranger);
        vm.prank(stranger);
        challenge(proof, 0, leaves);
        assertEq(anchors.stakeOf(owner), 0, "stake");
        assertTrue(anchors.isSlashed(owner), "slashed");
        assertEq(anchors.creditOf(stranger), STAKE / 20, "challenger");
        assertEq(address(0).balance - burnt, STAKE - STAKE / 20, "burnt");
        assertTrue(verifier.getEpoch(owner, 1).status == EpochStatus.Fraudulent, "status");
    }

    function test_a_right_partial_sum_cannot_be_slashed() public {
        EpochProof memory proof = prove(1, hints);
        submit(proof);
        ChunkProof memory leaves = chunkOf(proof, 0);
        expectError(abi.encodeWithSelector(PartialSumRight.selector, 1, 0));
        challenge(proof, 0, leaves);
    }

    function test_each_chunk_is_challengeable_by_itself() public {
        goTo(16);
        for (uint256 i = 0; i < 10; i++) {
            anchorBlobs(13);
        }
        goToEpoch(2);
        RangeHints memory all = hintsOf(0, 0, 12);
        EpochProof memory proof = lie(2, all, 1, 7);
        submit(proof);
        ChunkProof memory right = chunkOf(proof, 0);
        expectError(abi.encodeWithSelector(PartialSumRight.selector, 2, 0));
        challenge(proof, 0, right);
        ChunkProof memory wrong = chunkOf(proof, 1);
        assertEq(wrong.order.length, 7, "leaves of the last chunk");
        challenge(proof, 1, wrong);
        assertTrue(anchors.isSlashed(owner), "slashed");
    }

    /// @dev Draws repeat positions: each is shown once.
    function test_cold_draws_are_challengeable() public {
        goToEpoch(4);
        RangeHints memory cold = hintsOf(0, 2, 2);
        EpochProof memory proof = lie(4, cold, 0, 7);
        submit(proof);
        ChunkProof memory leaves = chunkOf(proof, 0);
        assertEq(leaves.order.length, 100, "draws");
        challenge(proof, 0, leaves);
        assertTrue(anchors.isSlashed(owner), "slashed");
    }

    /// @dev A position that is drawn twice has one commitment: a false point for the second draw slashes nobody.
    function test_draws_of_one_position_have_one_point() public {
        goToEpoch(4);
        EpochProof memory proof = prove(4, hintsOf(0, 2, 2));
        submit(proof);
        ChunkProof memory leaves = chunkOf(proof, 0);
        uint256[] memory positions = positionsOf(proof, 0);
        uint256 second = uint8(leaves.order[1]);
        assertEq(positions[second], positions[uint8(leaves.order[0])], "drawn twice");
        bytes memory other = Kzg.pack(Bls12381.generator());
        bytes memory points = leaves.points;
        assembly ("memory-safe") {
            mcopy(add(add(points, 32), mul(second, 96)), add(other, 32), 96)
        }
        expectError(abi.encodeWithSelector(WrongOrder.selector, 1));
        challenge(proof, 0, leaves);
    }

    function test_anything_but_the_recorded_proof_reverts() public {
        EpochProof memory proof = lie(1, hints, 0, 7);
        submit(proof);
        ChunkProof memory leaves = chunkOf(proof, 0);
        bytes32 record = verifier.getEpoch(owner, 1).record;
        EpochProof memory other = prove(1, hints);
        expectError(abi.encodeWithSelector(WrongRecord.selector, record));
        challenge(other, 0, leaves);
        proof.seed = keccak256("another");
        expectError(abi.encodeWithSelector(WrongRecord.selector, record));
        challenge(proof, 0, leaves);
        proof.seed = other.seed;
        expectError(abi.encodeWithSelector(NoSuchChunk.selector, 1, 1));
        challenge(proof, 1, leaves);
        proof.epoch = 2;
        expectError(abi.encodeWithSelector(EpochDecided.selector, 2, EpochStatus.None));
        challenge(proof, 0, leaves);
        proof.epoch = 1;
        goTo(54);
        expectError(abi.encodeWithSelector(ChallengeWindowOver.selector, 1, 53));
        challenge(proof, 0, leaves);
    }

    function test_anything_but_the_anchored_leaves_reverts() public {
        EpochProof memory proof = lie(1, hints, 0, 7);
        submit(proof);
        ChunkProof memory leaves = chunkOf(proof, 0);
        bytes memory points = leaves.points;
        leaves.points = slice(points, 0, 96 * 4);
        expectError(abi.encodeWithSelector(WrongLeafCount.selector, 4, 5));
        challenge(proof, 0, leaves);
        // Another point of the group at a place.
        leaves.points = bytes.concat(Kzg.pack(Bls12381.generator()), slice(points, 96, 96 * 4));
        expectError(abi.encodeWithSelector(WrongMultiproof.selector, 0));
        challenge(proof, 0, leaves);
        // The same x with another y of the same sign is not on the curve.
        leaves.points = bytes.concat(slice(points, 0, 95), bytes1(uint8(points[95]) ^ 2), slice(points, 96, 96 * 4));
        expectError(abi.encodeWithSelector(Bls12381.PrecompileFailed.selector, address(0x0c)));
        challenge(proof, 0, leaves);
        leaves.points = points;
        // Orders that are none.
        leaves.order = hex"0001020303";
        expectError(abi.encodeWithSelector(WrongOrder.selector, 4));
        challenge(proof, 0, leaves);
        leaves.order = hex"0100020304";
        expectError(abi.encodeWithSelector(WrongOrder.selector, 1));
        challenge(proof, 0, leaves);
        leaves.order = hex"0002010304";
        expectError(abi.encodeWithSelector(WrongOrder.selector, 2));
        challenge(proof, 0, leaves);
        leaves.order = hex"0001020305";
        expectError(abi.encodeWithSelector(WrongOrder.selector, 4));
        challenge(proof, 0, leaves);
        leaves = chunkOf(proof, 0);
        // Anchors and their roots.
        leaves.anchors[1] = 0;
        expectError(abi.encodeWithSelector(WrongMultiproof.selector, 0));
        challenge(proof, 0, leaves);
        leaves.anchors[1] = 2;
        expectError(abi.encodeWithSelector(NoSuchAnchor.selector, owner, 2));
        challenge(proof, 0, leaves);
        leaves.anchors[1] = 1;
        leaves.idRoots[1] = keccak256("other ids");
        expectError(abi.encodeWithSelector(WrongMultiproof.selector, 1));
        challenge(proof, 0, leaves);
        leaves = chunkOf(proof, 0);
        bytes32[] memory hashes = leaves.hashes;
        leaves.hashes = new bytes32[](hashes.length + 1);
        for (uint256 i = 0; i < hashes.length; i++) {
            leaves.hashes[i] = hashes[i];
        }
        expectError(abi.encodeWithSelector(WrongMultiproof.selector, 2));
        challenge(proof, 0, leaves);
        leaves.hashes = new bytes32[](0);
        expectError(abi.encodeWithSelector(AnchorTree.NodesMissing.selector, 0));
        challenge(proof, 0, leaves);
        leaves.hashes = hashes;
        leaves.idRoots = new bytes32[](1);
        expectError(abi.encodeWithSelector(WrongMultiproof.selector, 0));
        challenge(proof, 0, leaves);
        // A root too many, which nothing would look at.
        leaves.idRoots = new bytes32[](3);
        (leaves.idRoots[0], leaves.idRoots[1]) = (idRoots[owner][0], idRoots[owner][1]);
        expectError(abi.encodeWithSelector(WrongMultiproof.selector, 0));
        challenge(proof, 0, leaves);
        // Only one of the anchors.
        leaves.anchors = new uint32[](1);
        leaves.idRoots = new bytes32[](1);
        leaves.idRoots[0] = idRoots[owner][0];
        expectError(abi.encodeWithSelector(WrongMultiproof.selector, 1));
        challenge(proof, 0, leaves);
        assertEq(anchors.stakeOf(owner), STAKE, "stake");
    }

    /// @dev Whatever gas a challenger gives, an honest operator is not slashed.
    function test_no_amount_of_gas_slashes_the_honest(uint256 gasLimit) public {
        EpochProof memory proof = prove(1, hints);
        submit(proof);
        bytes memory call = abi.encodeCall(verifier.proveFraud, (owner, 1, recorded(proof), 0, chunkOf(proof, 0)));
        (bool ok,) = address(verifier).call{gas: bound(gasLimit, 21_000, 1_500_000)}(call);
        assertTrue(!ok, "slashed");
        G1 memory point = Kzg.commit(blobs[1]);
        call = abi.encodeCall(verifier.proveInvalidCommitment, (refOf(0, 1), point.yHigh, point.yLow));
        (ok,) = address(verifier).call{gas: bound(gasLimit, 21_000, 1_500_000)}(call);
        assertTrue(!ok, "slashed for a valid commitment");
        assertEq(anchors.stakeOf(owner), STAKE, "stake");
    }

    /// @dev F4.5: the second challenger is told first of all that there is nothing to get.
    function test_the_second_challenger_loses_little() public {
        EpochProof memory proof = lie(1, hints, 0, 7);
        submit(proof);
        ChunkProof memory leaves = chunkOf(proof, 0);
        challenge(proof, 0, leaves);
        bytes memory call = abi.encodeCall(verifier.proveFraud, (owner, 1, recorded(proof), 0, leaves));
        uint256 before = gasleft();
        (bool ok, bytes memory why) = address(verifier).call(call);
        assertTrue(before - gasleft() < 40_000, "gas");
        assertTrue(!ok && bytes4(why) == AccountSlashed.selector, "named");
    }

    /// @dev At a high base fee the challenger is paid one and a half times its gas, but gains a tenth of it at most.
    function test_the_reward_pays_the_gas_of_a_challenge() public {
        EpochProof memory proof = lie(1, hints, 0, 7);
        submit(proof);
        ChunkProof memory leaves = chunkOf(proof, 0);
        vm.fee(3000 gwei);
        uint256 before = gasleft();
        challenge(proof, 0, leaves);
        uint256 cost = (before - gasleft() + 21_000) * 3000 gwei;
        uint256 reward = anchors.creditOf(address(this));
        assertTrue(reward > cost && reward > STAKE / 20, "paid");
        assertTrue(reward - cost <= STAKE / 10 + cost / 2, "gain");
    }

    function test_the_reward_is_never_more_than_half() public {
        EpochProof memory proof = lie(1, hints, 0, 7);
        submit(proof);
        ChunkProof memory leaves = chunkOf(proof, 0);
        vm.fee(1_000_000 gwei);
        challenge(proof, 0, leaves);
        assertEq(anchors.creditOf(address(this)), STAKE / 2, "half");
    }

    function test_a_slashed_account_takes_no_part_any_more() public {
        EpochProof memory proof = lie(1, hints, 0, 7);
        submit(proof);
        challenge(proof, 0, chunkOf(proof, 0));
        goToEpoch(2);
        proof = prove(2, hints);
        bytes memory slashed = abi.encodeWithSelector(AccountSlashed.selector, owner);
        expectError(slashed);
        anchors.stakeFor{value: 1 ether}(owner);
        bytes memory commitments = newBlob();
        expectError(slashed);
        vm.prank(operator);
        anchors.anchor(header(1000, 1, address(0)), commitments, new SignedOrder[](0), 0);
        expectError(slashed);
        submit(proof);
        goTo(43);
        assertEq(verifier.reportMiss(owner, 2, hints, ""), 0, "nothing more to take");
        BlobRef memory blob = refOf(0, 0);
        expectError(slashed);
        publication.demand{value: 1 ether}(blob);
    }
}

contract InvalidCommitmentTest is Base {
    bytes32 private constant P_HIGH = bytes32(uint256(0x1a0111ea397fe69a4b1ba7b6434bacd7));
    bytes32 private constant P_LOW = 0x64774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab;

    function setUp() public override {
        super.setUp();
        goTo(5);
    }

    function test_valid_commitments_cannot_be_slashed() public {
        anchorBlobs(2);
        anchorRaw(infinity());
        for (uint256 i = 0; i < 2; i++) {
            BlobRef memory blob = refOf(0, i);
            G1 memory point = Kzg.commit(blobs[i]);
            expectError(abi.encodeWithSelector(CommitmentValid.selector, i));
            verifier.proveInvalidCommitment(blob, point.yHigh, point.yLow);
            expectError(abi.encodeWithSelector(Bls12381.NotOnCurve.selector));
            verifier.proveInvalidCommitment(blob, point.yHigh, bytes32(uint256(point.yLow) ^ 1));
        }
        BlobRef memory zero = refOf(1, 0);
        expectError(abi.encodeWithSelector(CommitmentValid.selector, 2));
        verifier.proveInvalidCommitment(zero, 0, 0);
    }

    function test_not_compressed_is_slashed() public {
        slashed(abi.encodePacked(uint128(uint256(Bls12381.generator().xHigh)), Bls12381.generator().xLow), 0, 0);
    }

    function test_infinity_with_anything_else_is_slashed(uint256 bit) public {
        bit = bound(bit, 0, 381);
        bytes memory commitment = infinity();
        commitment[47 - bit / 8] ^= bytes1(uint8(1 << (bit % 8)));
        slashed(commitment, 0, 0);
    }

    function test_x_that_is_not_below_p_is_slashed() public {
        slashed(abi.encodePacked(uint128(uint256(P_HIGH) | (0x80 << 120)), P_LOW), 0, 0);
        deploy(params());
        registerOperator(owner, KEY, STAKE);
        slashed(abi.encodePacked(uint128((uint256(P_HIGH) + 1) | (0x80 << 120)), bytes32(0)), 0, 0);
    }

    function test_x_without_a_y_is_slashed() public {
        // 1³ + 4 = 5 is no square modulo p.
        slashed(abi.encodePacked(uint128(0x80) << 120, bytes32(uint256(1))), 0, 0);
    }

    function test_a_point_outside_the_subgroup_is_slashed() public {
        // (0, 2) has order 3.
        slashed(abi.encodePacked(uint128(0x80) << 120, bytes32(0)), 0, bytes32(uint256(2)));
    }

    /// @dev F2: a fork that makes G1MSM dearer slashes nobody, since known good points fail with the same gas too.
    function test_a_fork_that_breaks_the_subgroup_check_slashes_nobody() public {
        anchorBlobs(1);
        G1 memory point = Kzg.commit(blobs[0]);
        BlobRef memory blob = refOf(0, 0);
        vm.mockCallRevert(address(0x0c), "", "");
        expectError(abi.encodeWithSelector(Bls12381.PrecompileFailed.selector, address(0x0c)));
        verifier.proveInvalidCommitment(blob, point.yHigh, point.yLow);
        vm.clearMockedCalls();
        // Also where it fails for this point and one of the known ones.
        vm.mockCallRevert(address(0x0c), abi.encodePacked(Bls12381.encode(point)), "");
        vm.mockCallRevert(address(0x0c), abi.encodePacked(Bls12381.encode(Bls12381.tauG1())), "");
        expectError(abi.encodeWithSelector(Bls12381.PrecompileFailed.selector, address(0x0c)));
        verifier.proveInvalidCommitment(blob, point.yHigh, point.yLow);
        assertEq(anchors.stakeOf(owner), STAKE, "stake");
    }

    function test_what_is_not_anchored_or_long_expired_cannot_be_slashed() public {
        anchorRaw(abi.encodePacked(uint128(0x80) << 120, bytes32(uint256(1))));
        BlobRef memory blob = refOf(0, 0);
        blob.position = 1;
        expectError(abi.encodeWithSelector(NotAnchored.selector, owner, 1));
        verifier.proveInvalidCommitment(blob, 0, 0);
        blob.position = 0;
        blob.operator = stranger;
        expectError(abi.encodeWithSelector(NotAnchored.selector, stranger, 0));
        verifier.proveInvalidCommitment(blob, 0, 0);
        blob.operator = owner;
        goTo(105 + 62 + 1);
        expectError(abi.encodeWithSelector(BlobExpired.selector, 0, 167));
        verifier.proveInvalidCommitment(blob, 0, 0);
        goTo(167);
        verifier.proveInvalidCommitment(blob, 0, 0);
    }

    function slashed(bytes memory commitment, bytes32 yHigh, bytes32 yLow) private {
        anchorRaw(commitment);
        BlobRef memory blob = refOf(0, 0);
        vm.expectEmit(true, true, true, true, address(verifier));
        emit InvalidCommitmentProven(owner, 0, stranger);
        vm.prank(stranger);
        verifier.proveInvalidCommitment(blob, yHigh, yLow);
        assertEq(anchors.stakeOf(owner), 0, "stake");
        assertEq(anchors.creditOf(stranger), STAKE / 20, "challenger");
        expectError(abi.encodeWithSelector(AccountSlashed.selector, owner));
        verifier.proveInvalidCommitment(blob, yHigh, yLow);
    }
}
