// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMeedaVerifier} from "../interfaces/IMeedaVerifier.sol";
import {Bls12381, G1} from "../src/libraries/Bls12381.sol";
import {BlockHash} from "../src/libraries/BlockHash.sol";
import {Kzg, Poly} from "./Kzg.sol";
import {Base} from "./Base.sol";

contract SubmitProofTest is Base {
    /// @dev Epoch 1 begins at block 10; one anchor of three recent blobs in block 5.
    IMeedaVerifier.RangeHints private hints = IMeedaVerifier.RangeHints(0, 0, 1);

    function setUp() public override {
        super.setUp();
        goTo(5);
        anchorBlobs(3);
        goTo(11);
    }

    function test_an_honest_proof_is_recorded() public {
        (G1[] memory partialSums, bytes32 y, G1 memory proof) = prove(1, hints);
        bytes32 seed =
            keccak256(abi.encodePacked(keccak256(abi.encode("block", 10)), uint64(1), operator, address(verifier), block.chainid));
        assertEq(verifier.epochSeed(operator, 1), seed, "seed");
        vm.expectEmit(true, true, true, true, address(verifier));
        emit IMeedaVerifier.ProofSubmitted(operator, 1, seed, hints, partialSums, y, proof);
        vm.prank(operator);
        verifier.submitProof(1, hints, partialSums, y, proof);
        IMeedaVerifier.Epoch memory kept = verifier.getEpoch(operator, 1);
        assertTrue(kept.status == IMeedaVerifier.EpochStatus.Proven, "status");
        assertEq(kept.provenAt, 11, "block");
        assertEq(kept.record, keccak256(abi.encode(seed, hints, partialSums)), "record");
        assertTrue(verifier.getEpoch(stranger, 1).status == IMeedaVerifier.EpochStatus.None, "another operator's epoch");
        assertTrue(verifier.getEpoch(operator, 2).status == IMeedaVerifier.EpochStatus.None, "another epoch");
    }

    /// @dev A blob that is the same value everywhere has infinity as its opening proof.
    function test_a_proof_that_is_infinity_is_recorded() public {
        goTo(200);
        blobs.push(Poly(5, 0));
        anchorRaw(Kzg.compress(Kzg.commit(blobs[3])));
        goTo(211);
        IMeedaVerifier.RangeHints memory last = hintsOf(1, 1, 2);
        (,, G1 memory proof) = prove(21, last);
        assertEq(proof.yLow, 0, "infinity");
        submit(21, last);
    }

    function test_a_proof_over_several_chunks_of_recent_and_older_blobs_is_recorded() public {
        // 320 blobs from block 11 to 20 are older at epoch 5 (block 50, recent from block 30 on); 310 recent ones are drawn 300 times.
        for (uint256 i = 0; i < 8; i++) {
            goTo(12 + i);
            anchorBlobs(40);
        }
        for (uint256 i = 0; i < 10; i++) {
            goTo(31 + i);
            anchorBlobs(31);
        }
        goTo(55);
        IMeedaVerifier.RangeHints memory wide = hintsOf(0, 9, 19);
        IMeedaVerifier.LiveRange memory range = verifier.liveRange(operator, 5, wide);
        assertEq(range.lo, 0, "lo");
        assertEq(range.hot, 323, "hot");
        assertEq(range.hi, 633, "hi");
        (G1[] memory partialSums,,) = prove(5, wide);
        assertEq(partialSums.length, 2, "chunks of 300 + 100 samples");
        submit(5, wide);
        assertTrue(verifier.getEpoch(operator, 5).status == IMeedaVerifier.EpochStatus.Proven, "status");
    }

    function test_a_proof_twice_reverts() public {
        submit(1, hints);
        (G1[] memory partialSums, bytes32 y, G1 memory proof) = prove(1, hints);
        vm.expectRevert(abi.encodeWithSelector(IMeedaVerifier.EpochDecided.selector, 1, IMeedaVerifier.EpochStatus.Proven));
        vm.prank(operator);
        verifier.submitProof(1, hints, partialSums, y, proof);
    }

    function test_a_proof_in_the_epochs_own_block_reverts() public {
        goTo(20);
        (G1[] memory partialSums, bytes32 y, G1 memory proof) = prove(1, hints);
        vm.expectRevert(abi.encodeWithSelector(IMeedaVerifier.EpochNotBegun.selector, 2, 20));
        vm.prank(operator);
        verifier.submitProof(2, hints, partialSums, y, proof);
    }

    function test_a_proof_in_the_windows_last_block_is_recorded_and_one_later_reverts() public {
        goTo(30);
        submit(1, hints);
        goTo(41);
        (G1[] memory partialSums, bytes32 y, G1 memory proof) = prove(2, hints);
        vm.expectRevert(abi.encodeWithSelector(IMeedaVerifier.ProofWindowOver.selector, 2, 40));
        vm.prank(operator);
        verifier.submitProof(2, hints, partialSums, y, proof);
    }

    function test_a_wrong_value_reverts(uint256 wrong) public {
        (G1[] memory partialSums, bytes32 y, G1 memory proof) = prove(1, hints);
        wrong = bound(wrong, 0, Bls12381.R - 1);
        vm.assume(wrong != uint256(y));
        vm.expectRevert(abi.encodeWithSelector(IMeedaVerifier.WrongProof.selector));
        vm.prank(operator);
        verifier.submitProof(1, hints, partialSums, bytes32(wrong), proof);
    }

    function test_a_value_that_is_not_canonical_reverts() public {
        (G1[] memory partialSums, bytes32 y, G1 memory proof) = prove(1, hints);
        y = bytes32(uint256(y) + Bls12381.R);
        vm.expectRevert(abi.encodeWithSelector(IMeedaVerifier.ValueNotCanonical.selector, y));
        vm.prank(operator);
        verifier.submitProof(1, hints, partialSums, y, proof);
    }

    function test_a_wrong_opening_or_sum_reverts(uint256 scalar) public {
        (G1[] memory partialSums, bytes32 y, G1 memory proof) = prove(1, hints);
        scalar = bound(scalar, 1, Bls12381.R - 1);
        G1 memory off = Kzg.multiply(Bls12381.generator(), scalar);
        G1 memory wrong = Kzg.add(proof, off);
        vm.expectRevert(abi.encodeWithSelector(IMeedaVerifier.WrongProof.selector));
        vm.prank(operator);
        verifier.submitProof(1, hints, partialSums, y, wrong);
        partialSums[0] = Kzg.add(partialSums[0], off);
        vm.expectRevert(abi.encodeWithSelector(IMeedaVerifier.WrongProof.selector));
        vm.prank(operator);
        verifier.submitProof(1, hints, partialSums, y, proof);
    }

    function test_points_that_are_none_revert() public {
        (G1[] memory partialSums, bytes32 y, G1 memory proof) = prove(1, hints);
        G1 memory good = partialSums[0];

        // Off the curve.
        partialSums[0].yLow = bytes32(uint256(good.yLow) ^ 1);
        vm.expectRevert(abi.encodeWithSelector(Bls12381.PrecompileFailed.selector, address(0x0b)));
        vm.prank(operator);
        verifier.submitProof(1, hints, partialSums, y, proof);

        // A coordinate that is not below p.
        partialSums[0] = good;
        partialSums[0].xHigh = bytes32(uint256(good.xHigh) + (uint256(1) << 130));
        vm.expectRevert(abi.encodeWithSelector(Bls12381.PrecompileFailed.selector, address(0x0b)));
        vm.prank(operator);
        verifier.submitProof(1, hints, partialSums, y, proof);

        // On the curve, but not in the subgroup: (0, 2).
        partialSums[0] = G1(0, 0, 0, bytes32(uint256(2)));
        vm.expectRevert(abi.encodeWithSelector(Bls12381.PrecompileFailed.selector, address(0x0c)));
        vm.prank(operator);
        verifier.submitProof(1, hints, partialSums, y, proof);
    }

    function test_another_number_of_partial_sums_reverts() public {
        (G1[] memory partialSums, bytes32 y, G1 memory proof) = prove(1, hints);
        G1[] memory two = new G1[](2);
        two[0] = partialSums[0];
        vm.expectRevert(abi.encodeWithSelector(IMeedaVerifier.WrongPartialSumCount.selector, 2, 1));
        vm.prank(operator);
        verifier.submitProof(1, hints, two, y, proof);
        vm.expectRevert(abi.encodeWithSelector(IMeedaVerifier.WrongPartialSumCount.selector, 0, 1));
        vm.prank(operator);
        verifier.submitProof(1, hints, new G1[](0), y, proof);
    }

    /// @dev For every operator state there is exactly one triple of hints that is taken, whatever else is tried.
    function test_only_the_right_hints_are_taken(uint256 anchors, uint256 epoch) public {
        anchors = bound(anchors, 0, 8);
        for (uint256 i = 0; i < anchors; i++) {
            goTo(11 + 7 * i);
            anchorBlobs(1);
        }
        epoch = bound(epoch, 0, 20);
        uint256 accepted = 0;
        for (uint32 lo = 0; lo < 11; lo++) {
            for (uint32 hot = 0; hot < 11; hot++) {
                for (uint32 end = 0; end < 11; end++) {
                    try verifier.liveRange(operator, uint64(epoch), hintsOf(lo, hot, end)) returns (IMeedaVerifier.LiveRange memory range) {
                        accepted++;
                        IMeedaVerifier.LiveRange memory naive = naiveRange(epoch * EPOCH);
                        assertEq(keccak256(abi.encode(range)), keccak256(abi.encode(naive)), "range");
                    } catch {}
                }
            }
        }
        IMeedaVerifier.LiveRange memory live = naiveRange(epoch * EPOCH);
        assertEq(accepted, live.hi > live.lo ? 1 : 0, "accepted hints");
    }

    function test_the_seed_beyond_256_blocks_comes_from_the_history_contract() public {
        // A history contract that answers a block's number plus one.
        vm.etch(BlockHash.HISTORY, hex"60003560010160005260206000f3");
        goTo(400);
        bytes32 seed = keccak256(abi.encodePacked(bytes32(uint256(11)), uint64(1), operator, address(verifier), block.chainid));
        assertEq(verifier.epochSeed(operator, 1), seed, "seed");
        // A block that is not mined has no hash, whatever that contract says.
        vm.expectRevert(abi.encodeWithSelector(IMeedaVerifier.BlockHashUnavailable.selector, 400));
        verifier.epochSeed(operator, 40);
        // Without it there is none.
        vm.etch(BlockHash.HISTORY, hex"");
        vm.expectRevert(abi.encodeWithSelector(IMeedaVerifier.BlockHashUnavailable.selector, 10));
        verifier.epochSeed(operator, 1);
    }

    function test_too_little_gas_for_a_precompile_is_said() public {
        (G1[] memory partialSums, bytes32 y, G1 memory proof) = prove(1, hints);
        bytes memory call = abi.encodeCall(verifier.submitProof, (1, hints, partialSums, y, proof));
        vm.prank(operator);
        (bool success, bytes memory output) = address(verifier).call{gas: 150_000}(call);
        assertTrue(!success && bytes4(output) == Bls12381.NotEnoughGas.selector, "not enough gas");
    }

    /// @dev The definition: each anchor by itself.
    function naiveRange(uint256 epochBlock) private view returns (IMeedaVerifier.LiveRange memory range) {
        bool found = false;
        bool foundHot = false;
        uint256 hotFrom = epochBlock > 2 * EPOCH ? epochBlock - 2 * EPOCH : 0;
        for (uint256 i = 0; i < verifier.anchorCount(operator); i++) {
            IMeedaVerifier.Anchor memory kept = verifier.getAnchor(operator, i);
            if (kept.blockNumber >= epochBlock || kept.expiry <= epochBlock) continue;
            if (!found) range.lo = kept.firstBlob;
            if (!foundHot && kept.blockNumber >= hotFrom) (range.hot, foundHot) = (kept.firstBlob, true);
            range.hi = kept.firstBlob + kept.blobCount;
            found = true;
        }
        if (!foundHot) range.hot = range.hi;
    }
}
