// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMeedaVerifier} from "../interfaces/IMeedaVerifier.sol";
import {Bls12381, G1} from "../src/libraries/Bls12381.sol";
import {Kzg, Poly} from "./Kzg.sol";
import {Base} from "./Base.sol";

contract FraudProofsTest is Base {
    IMeedaVerifier.RangeHints private hints = IMeedaVerifier.RangeHints(0, 0, 2);

    function setUp() public override {
        super.setUp();
        goTo(4);
        anchorBlobs(3);
        goTo(5);
        anchorBlobs(2);
        goTo(11);
    }

    /// @dev A wrong partial sum can be slashed within the window by anybody.
    function test_a_wrong_partial_sum_costs_the_stake(uint256 off) public {
        off = bound(off, 1, Bls12381.R - 1);
        G1[] memory partialSums = submitLie(1, hints, 0, off);
        bytes32 seed = verifier.epochSeed(operator, 1);
        IMeedaVerifier.Leaf[] memory leaves = leavesOf(1, hints, 0);
        goTo(51);
        vm.expectEmit(true, true, true, true, address(verifier));
        emit IMeedaVerifier.FraudProven(operator, 1, 0, stranger);
        vm.expectEmit(true, true, true, true, address(verifier));
        emit IMeedaVerifier.Credited(stranger, STAKE / 2);
        vm.expectEmit(true, true, true, true, address(verifier));
        emit IMeedaVerifier.Credited(treasury, STAKE / 2);
        vm.expectEmit(true, true, true, true, address(verifier));
        emit IMeedaVerifier.Slashed(operator, stranger, STAKE);
        vm.prank(stranger);
        verifier.proveFraud(operator, 1, seed, hints, partialSums, 0, leaves);
        assertEq(verifier.stakeOf(operator), 0, "stake");
        assertEq(verifier.creditOf(stranger), STAKE / 2, "challenger");
        assertEq(verifier.creditOf(treasury), STAKE / 2, "treasury");
        assertTrue(verifier.getAccount(operator).condemned, "condemned");
        assertTrue(verifier.getEpoch(operator, 1).status == IMeedaVerifier.EpochStatus.Fraudulent, "status");
    }

    /// @dev An honest operator cannot be slashed for any chunk.
    function test_a_right_partial_sum_cannot_be_slashed() public {
        (G1[] memory partialSums,,) = prove(1, hints);
        submit(1, hints);
        bytes32 seed = verifier.epochSeed(operator, 1);
        IMeedaVerifier.Leaf[] memory leaves = leavesOf(1, hints, 0);
        expectError(abi.encodeWithSelector(IMeedaVerifier.PartialSumRight.selector, 1, 0));
        verifier.proveFraud(operator, 1, seed, hints, partialSums, 0, leaves);
    }

    function test_the_second_of_two_chunks_is_challengeable_by_itself() public {
        goTo(12);
        for (uint256 i = 0; i < 17; i++) {
            anchorBlobs(15);
        }
        goTo(21);
        IMeedaVerifier.RangeHints memory both = hintsOf(0, 0, 19);
        G1[] memory partialSums = submitLie(2, both, 1, 7);
        assertEq(partialSums.length, 2, "chunks");
        bytes32 seed = verifier.epochSeed(operator, 2);
        IMeedaVerifier.Leaf[] memory right = leavesOf(2, both, 0);
        expectError(abi.encodeWithSelector(IMeedaVerifier.PartialSumRight.selector, 2, 0));
        verifier.proveFraud(operator, 2, seed, both, partialSums, 0, right);
        IMeedaVerifier.Leaf[] memory wrong = leavesOf(2, both, 1);
        assertEq(wrong.length, 4, "leaves of the last chunk");
        verifier.proveFraud(operator, 2, seed, both, partialSums, 1, wrong);
        assertEq(verifier.stakeOf(operator), 0, "stake");
    }

    /// @dev What is not the recorded proof, or not the anchored commitments, shows nothing.
    function test_anything_but_the_recorded_proof_and_the_anchored_leaves_reverts() public {
        G1[] memory partialSums = submitLie(1, hints, 0, 7);
        bytes32 seed = verifier.epochSeed(operator, 1);
        IMeedaVerifier.Leaf[] memory leaves = leavesOf(1, hints, 0);
        bytes32 record = verifier.getEpoch(operator, 1).record;
        G1[] memory others = new G1[](1);

        expectError(abi.encodeWithSelector(IMeedaVerifier.WrongRecord.selector, record));
        verifier.proveFraud(operator, 1, keccak256("another seed"), hints, partialSums, 0, leaves);
        expectError(abi.encodeWithSelector(IMeedaVerifier.WrongRecord.selector, record));
        verifier.proveFraud(operator, 1, seed, hintsOf(0, 1, 2), partialSums, 0, leaves);
        expectError(abi.encodeWithSelector(IMeedaVerifier.WrongRecord.selector, record));
        verifier.proveFraud(operator, 1, seed, hints, others, 0, leaves);
        expectError(abi.encodeWithSelector(IMeedaVerifier.NoSuchChunk.selector, 1, 1));
        verifier.proveFraud(operator, 1, seed, hints, partialSums, 1, leaves);
        expectError(abi.encodeWithSelector(IMeedaVerifier.WrongLeafCount.selector, 0, 5));
        verifier.proveFraud(operator, 1, seed, hints, partialSums, 0, new IMeedaVerifier.Leaf[](0));
        expectError(abi.encodeWithSelector(IMeedaVerifier.EpochDecided.selector, 2, IMeedaVerifier.EpochStatus.None));
        verifier.proveFraud(operator, 2, seed, hints, partialSums, 0, leaves);

        leaves[1] = leaves[0];
        expectError(abi.encodeWithSelector(IMeedaVerifier.NotAnchored.selector, operator, 1));
        verifier.proveFraud(operator, 1, seed, hints, partialSums, 0, leaves);
        leaves[1] = leafAt(1);
        leaves[1].anchorIndex = 1;
        expectError(abi.encodeWithSelector(IMeedaVerifier.NotAnchored.selector, operator, 1));
        verifier.proveFraud(operator, 1, seed, hints, partialSums, 0, leaves);
        leaves[1].anchorIndex = 9;
        expectError(abi.encodeWithSelector(IMeedaVerifier.NotAnchored.selector, operator, 1));
        verifier.proveFraud(operator, 1, seed, hints, partialSums, 0, leaves);
        leaves[1] = leafAt(1);
        leaves[1].point = Kzg.multiply(leaves[1].point, Bls12381.R - 1);
        expectError(abi.encodeWithSelector(IMeedaVerifier.NotAnchored.selector, operator, 1));
        verifier.proveFraud(operator, 1, seed, hints, partialSums, 0, leaves);
        leaves[1] = leafAt(1);
        leaves[1].path = new bytes32[](3);
        expectError(abi.encodeWithSelector(IMeedaVerifier.NotAnchored.selector, operator, 1));
        verifier.proveFraud(operator, 1, seed, hints, partialSums, 0, leaves);
        leaves[1] = leafAt(1);
        // The y of a leaf binds by its sign only: another y of that sign is not on the curve.
        leaves[1].point.yLow = bytes32(uint256(leaves[1].point.yLow) ^ 2);
        expectError(abi.encodeWithSelector(Bls12381.PrecompileFailed.selector, address(0x0c)));
        verifier.proveFraud(operator, 1, seed, hints, partialSums, 0, leaves);
        assertEq(verifier.stakeOf(operator), STAKE, "stake");
    }

    function test_a_challenge_after_the_window_reverts() public {
        G1[] memory partialSums = submitLie(1, hints, 0, 7);
        bytes32 seed = verifier.epochSeed(operator, 1);
        IMeedaVerifier.Leaf[] memory leaves = leavesOf(1, hints, 0);
        goTo(52);
        expectError(abi.encodeWithSelector(IMeedaVerifier.ChallengeWindowOver.selector, 1, 51));
        verifier.proveFraud(operator, 1, seed, hints, partialSums, 0, leaves);
    }

    /// @dev Anchors, withdrawals and everything else that the operator can still do does not save it.
    function test_whatever_the_liar_does_next_it_is_slashed() public {
        G1[] memory partialSums = submitLie(1, hints, 0, 7);
        bytes32 seed = verifier.epochSeed(operator, 1);
        IMeedaVerifier.Leaf[] memory leaves = leavesOf(1, hints, 0);
        anchorBlobs(2);
        goTo(21);
        submit(2, hintsOf(0, 0, 3));
        vm.prank(operator);
        verifier.requestWithdrawal();
        expectError(abi.encodeWithSelector(IMeedaVerifier.StakeLocked.selector, 11 + 100 + 60));
        vm.prank(operator);
        verifier.withdraw();
        verifier.proveFraud(operator, 1, seed, hints, partialSums, 0, leaves);
        assertEq(verifier.stakeOf(operator), 0, "stake");
    }

    /// @dev Of two challengers one is paid; the other's transaction reverts.
    function test_the_second_challenger_gets_nothing() public {
        G1[] memory first = submitLie(1, hints, 0, 7);
        bytes32 seed = verifier.epochSeed(operator, 1);
        IMeedaVerifier.Leaf[] memory leaves = leavesOf(1, hints, 0);
        goTo(21);
        IMeedaVerifier.RangeHints memory later = hintsOf(0, 0, 2);
        G1[] memory second = submitLie(2, later, 0, 9);
        bytes32 seed2 = verifier.epochSeed(operator, 2);
        IMeedaVerifier.Leaf[] memory leaves2 = leavesOf(2, later, 0);
        verifier.proveFraud(operator, 1, seed, hints, first, 0, leaves);
        expectError(abi.encodeWithSelector(IMeedaVerifier.EpochDecided.selector, 1, IMeedaVerifier.EpochStatus.Fraudulent));
        verifier.proveFraud(operator, 1, seed, hints, first, 0, leaves);
        expectError(abi.encodeWithSelector(IMeedaVerifier.Condemned.selector, operator));
        verifier.proveFraud(operator, 2, seed2, later, second, 0, leaves2);
        assertEq(verifier.creditOf(address(this)), STAKE / 2, "reward");
    }

    function test_a_condemned_operator_takes_no_part_any_more() public {
        G1[] memory partialSums = submitLie(1, hints, 0, 7);
        verifier.proveFraud(operator, 1, verifier.epochSeed(operator, 1), hints, partialSums, 0, leavesOf(1, hints, 0));
        goTo(21);
        (IMeedaVerifier.BatchHeader[] memory batches, bytes memory commitments) = makeBlobs(1);
        (G1[] memory sums, bytes32 y, G1 memory proof) = prove(2, hints);
        bytes memory condemned = abi.encodeWithSelector(IMeedaVerifier.Condemned.selector, operator);
        vm.startPrank(operator);
        expectError(condemned);
        verifier.stake{value: 1 ether}();
        expectError(condemned);
        verifier.anchor(batches, commitments);
        expectError(condemned);
        verifier.submitProof(2, hints, sums, y, proof);
        vm.stopPrank();
        goTo(41);
        verifier.reportMiss(operator, 2, hints);
        assertEq(verifier.creditOf(address(this)), STAKE / 2, "nothing more for the miss");
    }

    /// @dev Blobs of zeros are the point at infinity, which is an honest commitment and an honest partial sum.
    function test_infinity_is_a_commitment_like_any_other() public {
        goTo(100);
        blobs.push(Poly(0, 0));
        anchorRaw(abi.encodePacked(uint128(0xc0) << 120, bytes32(0)));
        goTo(111);
        IMeedaVerifier.RangeHints memory all = hintsOf(2, 2, 3);
        (G1[] memory partialSums,,) = prove(11, all);
        submit(11, all);
        IMeedaVerifier.Leaf[] memory leaves = leavesOf(11, all, 0);
        bytes32 seed = verifier.epochSeed(operator, 11);
        expectError(abi.encodeWithSelector(IMeedaVerifier.PartialSumRight.selector, 11, 0));
        verifier.proveFraud(operator, 11, seed, all, partialSums, 0, leaves);
    }

    /// @dev A lie over blobs of zeros is found too.
    function test_a_lie_over_infinity_is_slashed() public {
        goTo(100);
        blobs.push(Poly(0, 0));
        anchorRaw(abi.encodePacked(uint128(0xc0) << 120, bytes32(0)));
        goTo(111);
        IMeedaVerifier.RangeHints memory all = hintsOf(2, 2, 3);
        G1[] memory partialSums = submitLie(11, all, 0, 3);
        verifier.proveFraud(operator, 11, verifier.epochSeed(operator, 11), all, partialSums, 0, leavesOf(11, all, 0));
        assertEq(verifier.stakeOf(operator), 0, "stake");
    }

    /// @dev Whatever gas a challenger gives, an honest operator is not slashed (EIP-150's 63/64 at the precompiles).
    function test_no_amount_of_gas_slashes_the_honest(uint256 gasLimit) public {
        (G1[] memory partialSums,,) = prove(1, hints);
        submit(1, hints);
        bytes memory call = abi.encodeCall(
            verifier.proveFraud, (operator, 1, verifier.epochSeed(operator, 1), hints, partialSums, 0, leavesOf(1, hints, 0))
        );
        (bool success,) = address(verifier).call{gas: bound(gasLimit, 21_000, 1_000_000)}(call);
        assertTrue(!success, "slashed");
        IMeedaVerifier.BlobRef memory blob = refOf(0, 1);
        G1 memory point = Kzg.commit(blobs[1]);
        (success,) = address(verifier).call{gas: bound(gasLimit, 21_000, 400_000)}(
            abi.encodeCall(verifier.proveInvalidCommitment, (blob, point.yHigh, point.yLow))
        );
        assertTrue(!success, "slashed for a valid commitment");
        assertEq(verifier.stakeOf(operator), STAKE, "stake");
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
        anchorBlobs(3);
        blobs.push(Poly(0, 0));
        anchorRaw(abi.encodePacked(uint128(0xc0) << 120, bytes32(0)));
        for (uint256 i = 0; i < 3; i++) {
            IMeedaVerifier.BlobRef memory blob = refOf(0, i);
            G1 memory point = Kzg.commit(blobs[i]);
            expectError(abi.encodeWithSelector(IMeedaVerifier.CommitmentValid.selector, i));
            verifier.proveInvalidCommitment(blob, point.yHigh, point.yLow);
            expectError(abi.encodeWithSelector(Bls12381.NotOnCurve.selector));
            verifier.proveInvalidCommitment(blob, point.yHigh, bytes32(uint256(point.yLow) ^ 1));
        }
        IMeedaVerifier.BlobRef memory infinity = refOf(1, 0);
        expectError(abi.encodeWithSelector(IMeedaVerifier.CommitmentValid.selector, 3));
        verifier.proveInvalidCommitment(infinity, 0, 0);
    }

    function test_not_compressed_is_slashed() public {
        slashed(abi.encodePacked(uint128(uint256(Bls12381.generator().xHigh)), Bls12381.generator().xLow), 0, 0);
    }

    function test_infinity_with_anything_else_is_slashed(uint256 bit) public {
        bit = bound(bit, 0, 383);
        vm.assume(bit != 383 && bit != 382);
        bytes memory commitment = abi.encodePacked(uint128(0xc0) << 120, bytes32(0));
        commitment[47 - bit / 8] ^= bytes1(uint8(1 << (bit % 8)));
        slashed(commitment, 0, 0);
    }

    function test_x_that_is_not_below_p_is_slashed() public {
        slashed(abi.encodePacked(uint128(uint256(P_HIGH) | (0x80 << 120)), P_LOW), 0, 0);
    }

    function test_x_without_a_y_is_slashed() public {
        // 1³ + 4 = 5 is no square modulo p.
        slashed(abi.encodePacked(uint128(0x80) << 120, bytes32(uint256(1))), 0, 0);
    }

    function test_a_point_outside_the_subgroup_is_slashed() public {
        // (0, 2) has order 3.
        slashed(abi.encodePacked(uint128(0x80) << 120, bytes32(0)), 0, bytes32(uint256(2)));
    }

    function test_a_point_outside_the_subgroup_needs_a_y_on_the_curve() public {
        anchorRaw(abi.encodePacked(uint128(0x80) << 120, bytes32(0)));
        IMeedaVerifier.BlobRef memory blob = refOf(0, 0);
        expectError(abi.encodeWithSelector(Bls12381.NotOnCurve.selector));
        verifier.proveInvalidCommitment(blob, 0, bytes32(uint256(3)));
    }

    function test_what_is_not_anchored_or_long_expired_cannot_be_slashed() public {
        anchorRaw(abi.encodePacked(uint128(0x80) << 120, bytes32(uint256(1))));
        IMeedaVerifier.BlobRef memory blob = refOf(0, 0);
        blob.position = 1;
        expectError(abi.encodeWithSelector(IMeedaVerifier.NotAnchored.selector, operator, 1));
        verifier.proveInvalidCommitment(blob, 0, 0);
        blob.position = 0;
        blob.operator = stranger;
        expectError(abi.encodeWithSelector(IMeedaVerifier.NotAnchored.selector, stranger, 0));
        verifier.proveInvalidCommitment(blob, 0, 0);
        blob.operator = operator;
        goTo(105 + 60 + 1);
        expectError(abi.encodeWithSelector(IMeedaVerifier.BlobExpired.selector, 0, 165));
        verifier.proveInvalidCommitment(blob, 0, 0);
    }

    function slashed(bytes memory commitment, bytes32 yHigh, bytes32 yLow) private {
        anchorRaw(commitment);
        IMeedaVerifier.BlobRef memory blob = refOf(0, 0);
        vm.expectEmit(true, true, true, true, address(verifier));
        emit IMeedaVerifier.InvalidCommitmentProven(operator, 0, stranger);
        vm.prank(stranger);
        verifier.proveInvalidCommitment(blob, yHigh, yLow);
        assertEq(verifier.stakeOf(operator), 0, "stake");
        assertEq(verifier.creditOf(stranger), STAKE / 2, "challenger");
        expectError(abi.encodeWithSelector(IMeedaVerifier.Condemned.selector, operator));
        verifier.proveInvalidCommitment(blob, yHigh, yLow);
    }
}
