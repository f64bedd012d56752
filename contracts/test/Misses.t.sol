// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMeedaVerifier} from "../interfaces/IMeedaVerifier.sol";
import {G1} from "../src/libraries/Bls12381.sol";
import {Base} from "./Base.sol";

contract MissesTest is Base {
    IMeedaVerifier.RangeHints private hints = IMeedaVerifier.RangeHints(0, 0, 1);

    function setUp() public override {
        super.setUp();
        goTo(5);
        anchorBlobs(3);
    }

    function test_a_miss_costs_the_penalty_and_pays_the_reporter() public {
        goTo(31);
        vm.expectEmit(true, true, true, true, address(verifier));
        emit IMeedaVerifier.Credited(stranger, 0.1 ether);
        vm.expectEmit(true, true, true, true, address(verifier));
        emit IMeedaVerifier.Credited(treasury, 0.9 ether);
        vm.expectEmit(true, true, true, true, address(verifier));
        emit IMeedaVerifier.MissReported(operator, 1, stranger, 1 ether);
        vm.prank(stranger);
        verifier.reportMiss(operator, 1, hints);
        assertEq(verifier.stakeOf(operator), STAKE - 1 ether, "stake");
        assertEq(verifier.creditOf(stranger), 0.1 ether, "reporter");
        assertEq(verifier.creditOf(treasury), 0.9 ether, "treasury");
        assertTrue(verifier.getEpoch(operator, 1).status == IMeedaVerifier.EpochStatus.Missed, "status");
    }

    /// @dev A miss is reported at most once.
    function test_a_miss_twice_reverts() public {
        goTo(31);
        verifier.reportMiss(operator, 1, hints);
        expectError(abi.encodeWithSelector(IMeedaVerifier.EpochDecided.selector, 1, IMeedaVerifier.EpochStatus.Missed));
        verifier.reportMiss(operator, 1, hints);
    }

    /// @dev An operator that proved in time cannot be reported.
    function test_a_proven_epoch_cannot_be_reported() public {
        goTo(30);
        submit(1, hints);
        goTo(31);
        expectError(abi.encodeWithSelector(IMeedaVerifier.EpochDecided.selector, 1, IMeedaVerifier.EpochStatus.Proven));
        verifier.reportMiss(operator, 1, hints);
    }

    function test_a_miss_before_the_windows_end_reverts() public {
        goTo(30);
        expectError(abi.encodeWithSelector(IMeedaVerifier.ProofWindowOpen.selector, 1, 30));
        verifier.reportMiss(operator, 1, hints);
    }

    /// @dev An epoch without live blobs, or somebody else's, is no miss.
    function test_an_epoch_without_live_blobs_cannot_be_reported(uint32 lo, uint32 hot, uint32 end) public {
        goTo(200);
        IMeedaVerifier.RangeHints memory any = hintsOf(lo % 3, hot % 3, end % 3);
        expectError(abi.encodeWithSelector(IMeedaVerifier.WrongRangeHints.selector, any.loAnchor, any.hotAnchor, any.endAnchor));
        verifier.reportMiss(operator, 0, any);
        expectError(abi.encodeWithSelector(IMeedaVerifier.WrongRangeHints.selector, any.loAnchor, any.hotAnchor, any.endAnchor));
        verifier.reportMiss(operator, 11, any);
        expectError(abi.encodeWithSelector(IMeedaVerifier.WrongRangeHints.selector, any.loAnchor, any.hotAnchor, any.endAnchor));
        verifier.reportMiss(stranger, 1, any);
    }

    function test_a_stake_below_the_penalty_is_all_that_is_taken() public {
        goTo(200);
        for (uint64 epoch = 1; epoch <= 10; epoch++) {
            verifier.reportMiss(operator, epoch, hintsOf(0, epoch <= 2 ? 0 : 1, 1));
        }
        assertEq(verifier.stakeOf(operator), 0, "stake");
        assertEq(verifier.creditOf(treasury) + verifier.creditOf(address(this)), STAKE, "credits");
        goTo(201);
    }

    function test_a_late_proof_after_a_miss_reverts() public {
        goTo(11);
        (G1[] memory partialSums, bytes32 y, G1 memory proof) = prove(1, hints);
        goTo(31);
        verifier.reportMiss(operator, 1, hints);
        expectError(abi.encodeWithSelector(IMeedaVerifier.ProofWindowOver.selector, 1, 30));
        vm.prank(operator);
        verifier.submitProof(1, hints, partialSums, y, proof);
    }
}
