// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Base} from "./Base.sol";
import "../interfaces/MeedaErrors.sol";
import "../interfaces/MeedaEvents.sol";
import "../interfaces/MeedaTypes.sol";
import {BlockHeader} from "../src/libraries/BlockHeader.sol";
import {Bls12381} from "../src/libraries/Bls12381.sol";
import {BlockHash} from "../src/libraries/BlockHash.sol";
import {Kzg, Poly} from "./Kzg.sol";

/// @dev Headers as clients make them: 21 fields since Prague.
library Headers {
    function make(bytes32 mix, bytes memory extraData, bytes4 gasLimit) internal pure returns (bytes memory) {
        bytes memory front = abi.encodePacked(
            bytes1(0xa0), keccak256("parent"), bytes1(0xa0), keccak256(hex"c0"), bytes1(0x94), address(0xbeef)
        );
        front = abi.encodePacked(
            front, bytes1(0xa0), keccak256("state"), bytes1(0xa0), keccak256("txs"), bytes1(0xa0), keccak256("receipts")
        );
        front = abi.encodePacked(front, hex"b90100", new bytes(256), hex"80", hex"825460", hex"84", gasLimit);
        front = abi.encodePacked(front, hex"05", hex"8469000000", uint8(0x80 + extraData.length), extraData);
        bytes memory back = abi.encodePacked(hex"880000000000000000", hex"843b9aca00", bytes1(0xa0), keccak256("w"));
        bytes memory fields = abi.encodePacked(front, bytes1(0xa0), mix, back);
        return abi.encodePacked(hex"f9", uint16(fields.length), fields);
    }
}

contract SeedTest is Base {
    bytes32 private constant MIX = keccak256("randao");

    function test_the_mix_of_the_seed_block_is_recorded_from_its_header() public {
        bytes memory made = Headers.make(MIX, "extra", 0x03938700);
        goTo(13);
        vm.setBlockhash(12, keccak256(made));
        vm.expectEmit(true, true, true, true, address(verifier));
        emit SeedRecorded(1, MIX);
        verifier.recordSeed(1, made);
        assertEq(verifier.mixOf(1), MIX, "mix");
        bytes32 seed = keccak256(abi.encodePacked(MIX, uint64(1), owner, address(verifier), block.chainid));
        assertEq(verifier.epochSeed(owner, 1), seed, "seed");
        // Once for all: a second header is not looked at.
        verifier.recordSeed(1, "");
        assertEq(verifier.mixOf(1), MIX, "kept");
    }

    /// @dev F5: the builder of the seed block chooses extraData, gas limit and all else but the mix: the seed stays.
    function test_a_builder_that_tries_headers_gets_one_seed(uint256 extra, bytes4 gasLimit) public {
        bytes memory made = Headers.make(MIX, abi.encodePacked(extra), gasLimit);
        goTo(13);
        vm.setBlockhash(12, keccak256(made));
        verifier.recordSeed(1, made);
        assertEq(verifier.mixOf(1), MIX, "whatever the builder chose");
    }

    function test_in_the_seed_block_itself_no_header_is_needed() public {
        goTo(11);
        expectError(abi.encodeWithSelector(SeedNotKnown.selector, 1, 12));
        verifier.recordSeed(1, "");
        goTo(12);
        vm.prevrandao(MIX);
        verifier.recordSeed(1, "");
        assertEq(verifier.mixOf(1), MIX, "mix");
    }

    function test_another_header_or_none_is_refused() public {
        bytes memory made = Headers.make(MIX, "", 0x03938700);
        goTo(13);
        vm.setBlockhash(12, keccak256(made));
        bytes memory other = Headers.make(keccak256("my own"), "", 0x03938700);
        expectError(abi.encodeWithSelector(WrongHeader.selector, keccak256(other), keccak256(made)));
        verifier.recordSeed(1, other);
        expectError(abi.encodeWithSelector(SeedNotRecorded.selector, 1));
        verifier.epochSeed(owner, 1);
    }

    function test_an_old_block_is_looked_up_by_eip_2935_and_a_forgotten_one_not_at_all() public {
        bytes memory made = Headers.make(MIX, "", 0x03938700);
        goTo(12 + 300);
        vm.mockCall(BlockHash.HISTORY, abi.encode(uint256(12)), abi.encode(keccak256(made)));
        verifier.recordSeed(1, made);
        assertEq(verifier.mixOf(1), MIX, "mix");
        expectError(abi.encodeWithSelector(BlockHashUnavailable.selector, 22));
        verifier.recordSeed(2, made);
    }

    function mixOf(bytes calldata made) external pure returns (bytes32) {
        return BlockHeader.mixOf(made);
    }

    /// @dev The longest prefix that RLP has: a length of eight bytes.
    function test_a_length_of_eight_bytes_is_read() public {
        bytes memory made = Headers.make(MIX, "x", 0x03938700);
        made = bytes.concat(hex"ff000000000000", slice(made, 1, made.length - 1));
        assertEq(this.mixOf(made), MIX, "mix");
        expectError(abi.encodeWithSelector(BlockHeader.NotAHeader.selector));
        this.mixOf(bytes.concat(hex"ff", new bytes(8), hex"ff", new bytes(80)));
        // A list of 55 bytes, however many follow.
        bytes memory short = bytes.concat(hex"f7", slice(made, 9, made.length - 9));
        expectError(abi.encodeWithSelector(BlockHeader.NotAHeader.selector));
        this.mixOf(short);
    }

    /// @dev Whatever bytes somebody brings, the reader gives field 13 or says that there is none.
    function test_no_bytes_confuse_the_reader(bytes memory junk, uint256 cut) public view {
        try this.mixOf(junk) returns (bytes32) {}
        catch (bytes memory why) {
            assertTrue(bytes4(why) == BlockHeader.NotAHeader.selector, "named");
        }
        bytes memory made = Headers.make(MIX, "x", 0x03938700);
        assertEq(this.mixOf(made), MIX, "whole");
        // Cut before the end of field 13 there is no mix.
        uint256 end = made.length - 9 - 5 - 33;
        bytes memory short = slice(made, 0, bound(cut, 0, end - 1));
        try this.mixOf(short) returns (bytes32) {
            assertTrue(false, "cut");
        } catch {}
        assertEq(this.mixOf(slice(made, 0, end)), MIX, "14 fields suffice");
    }
}

contract SubmitProofTest is Base {
    RangeHints private hints = RangeHints(0, 0, 1);

    function setUp() public override {
        super.setUp();
        goTo(5);
        anchorBlobs(5);
        goToEpoch(1);
    }

    function test_an_honest_proof_is_recorded() public {
        EpochProof memory proof = prove(1, hints);
        vm.expectEmit(true, true, true, true, address(verifier));
        emit ProofSubmitted(owner, 1, proof.seed, hints, proof.partialSums, proof.y, proof.opening);
        submit(proof);
        Epoch memory state = verifier.getEpoch(owner, 1);
        assertTrue(state.status == EpochStatus.Proven && state.earns, "status");
        assertEq(state.provenAt, 13, "block");
        assertEq(state.endAnchor, 1, "range");
        assertEq(state.record, keccak256(abi.encode(proof.seed, hints, keccak256(proof.partialSums))), "record");
        expectError(abi.encodeWithSelector(EpochDecided.selector, 1, EpochStatus.Proven));
        submit(proof);
    }

    function test_the_header_may_come_with_the_proof() public {
        bytes memory made = Headers.make(keccak256("late"), "", 0x03938700);
        goTo(22);
        vm.prevrandao(keccak256("late"));
        uint256 snapshot = block.number;
        verifier.recordSeed(2, "");
        EpochProof memory proof = prove(2, hintsOf(0, 0, 1));
        // The same on a chain where nobody recorded it.
        deployAgain();
        goTo(snapshot + 1);
        vm.setBlockhash(22, keccak256(made));
        proof.seed = keccak256(abi.encodePacked(keccak256("late"), uint64(2), owner, address(verifier), block.chainid));
        vm.prank(operator);
        vm.expectRevert(abi.encodeWithSelector(WrongProof.selector));
        verifier.submitProof(proof, made);
        verifier.recordSeed(2, made);
        submit(prove(2, hintsOf(0, 0, 1)));
    }

    function deployAgain() private {
        deploy(params());
        registerOperator(owner, KEY, STAKE);
        goTo(5);
        anchorRaw(anchored[owner][0]);
    }

    function test_outside_the_window_nothing_is_taken() public {
        EpochProof memory proof = prove(1, hints);
        goTo(22);
        verifier.recordSeed(2, "");
        EpochProof memory early = prove(2, hints);
        expectError(abi.encodeWithSelector(SeedNotKnown.selector, 2, 22));
        submit(early);
        goTo(13);
        proof.epoch = 2;
        expectError(abi.encodeWithSelector(SeedNotKnown.selector, 2, 22));
        submit(proof);
        proof.epoch = 1;
        goTo(32);
        uint256 before = block.number;
        submit(proof);
        assertEq(before, 12 + 20, "the last block");
        goToEpoch(2);
        goTo(43);
        proof.epoch = 2;
        expectError(abi.encodeWithSelector(ProofWindowOver.selector, 2, 42));
        submit(proof);
    }

    /// @dev F11: a proof names the seed it was made for, so one for a replaced block is never recorded.
    function test_a_proof_for_another_seed_is_refused() public {
        EpochProof memory proof = prove(1, hints);
        bytes32 right = proof.seed;
        proof.seed = keccak256("before the reorganisation");
        expectError(abi.encodeWithSelector(WrongSeed.selector, proof.seed, right));
        submit(proof);
    }

    function test_whatever_is_wrong_is_refused() public {
        EpochProof memory proof = prove(1, hints);
        bytes32 y = proof.y;
        proof.y = bytes32(uint256(y) ^ 1);
        expectError(abi.encodeWithSelector(WrongProof.selector));
        submit(proof);
        proof.y = bytes32(Bls12381.R);
        expectError(abi.encodeWithSelector(ValueNotCanonical.selector, proof.y));
        submit(proof);
        proof = prove(1, hints);
        proof.opening = slice(proof.opening, 0, 95);
        expectError(abi.encodeWithSelector(Bls12381.PointsLength.selector, 95));
        submit(proof);
        proof.opening = bytes.concat(prove(1, hints).opening, hex"00");
        expectError(abi.encodeWithSelector(Bls12381.PointsLength.selector, 97));
        submit(proof);
        proof = prove(1, hints);
        proof.partialSums = bytes.concat(proof.partialSums, new bytes(96));
        expectError(abi.encodeWithSelector(WrongPartialSumCount.selector, 2, 1));
        submit(proof);
        proof.partialSums = slice(proof.partialSums, 0, 95);
        expectError(abi.encodeWithSelector(WrongPartialSumCount.selector, 0, 1));
        submit(proof);
        proof = prove(1, hints);
        proof.partialSums[95] ^= 0x01;
        expectError(abi.encodeWithSelector(Bls12381.PrecompileFailed.selector, address(0x0b)));
        submit(proof);
        proof = prove(1, hints);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(NotOperatorKey.selector, stranger));
        verifier.submitProof(proof, "");
        proof.hints = hintsOf(0, 0, 2);
        expectError(abi.encodeWithSelector(WrongRangeHints.selector, 0, 0, 2));
        submit(proof);
    }

    /// @dev F4: what is proven below the minimum stake earns nothing.
    function test_below_the_minimum_a_proof_does_not_earn() public {
        goToEpoch(2);
        goToEpoch(3);
        goToEpoch(4);
        goTo(60);
        for (uint64 e = 1; e <= 3; e++) {
            (, RangeHints memory h) = rightHints(owner, e);
            verifier.reportMiss(owner, e, h, "");
        }
        assertEq(anchors.stakeOf(owner), STAKE - 1.2 ether, "1 + 2 + 3 penalties");
        goToEpoch(6);
        (, RangeHints memory now_) = rightHints(owner, 6);
        submit(prove(6, now_));
        assertTrue(!verifier.getEpoch(owner, 6).earns, "earns");
        anchors.stakeFor{value: 0.2 ether}(owner);
        assertEq(anchors.stakeOf(owner), params().minimumStake, "exactly the minimum");
        goToEpoch(7);
        (, now_) = rightHints(owner, 7);
        submit(prove(7, now_));
        assertTrue(verifier.getEpoch(owner, 7).earns, "earns again");
    }
}

contract MissTest is Base {
    function setUp() public override {
        super.setUp();
        goTo(5);
        anchorBlobs(2);
    }

    function seeds(uint64 from, uint64 to) private {
        for (uint64 e = from; e <= to; e++) {
            goToEpoch(e);
        }
    }

    function report(uint64 epoch) private returns (uint256) {
        (, RangeHints memory h) = rightHints(owner, epoch);
        vm.prank(stranger);
        return verifier.reportMiss(owner, epoch, h, "");
    }

    function refuse(uint64 epoch, bytes memory why) private {
        (, RangeHints memory h) = rightHints(owner, epoch);
        expectError(why);
        verifier.reportMiss(owner, epoch, h, "");
    }

    function test_a_miss_costs_a_penalty_part_of_it_to_the_reporter() public {
        seeds(1, 1);
        goTo(32);
        refuse(1, abi.encodeWithSelector(ProofWindowOpen.selector, 1, 32));
        goTo(33);
        uint256 burnt = address(0).balance;
        assertEq(report(1), 0.2 ether, "penalty");
        assertEq(anchors.stakeOf(owner), STAKE - 0.2 ether, "stake");
        assertEq(anchors.creditOf(stranger), 0.02 ether, "reporter");
        assertEq(address(0).balance - burnt, 0.18 ether, "burnt");
        refuse(1, abi.encodeWithSelector(EpochDecided.selector, 1, EpochStatus.Missed));
    }

    /// @dev F4: the n-th miss within a retention costs n penalties, in whatever order they are reported.
    function test_the_order_of_reports_does_not_matter(uint256 random) public {
        seeds(1, 5);
        goTo(73);
        uint64[4] memory epochs = [uint64(2), 3, 4, 5];
        for (uint256 i = 3; i > 0; i--) {
            uint256 k = uint256(keccak256(abi.encode(random, i))) % (i + 1);
            (epochs[i], epochs[k]) = (epochs[k], epochs[i]);
        }
        uint256 total = 0;
        for (uint256 i = 0; i < 4; i++) {
            assertEq(verifier.penaltyOf(owner, epochs[i]), 0.2 ether * (i + 1), "the n-th");
            total += report(epochs[i]);
        }
        assertEq(total, 0.2 ether * 10, "1 + 2 + 3 + 4");
    }

    /// @dev A proven epoch between misses does not make the next one cheap; a whole retention does.
    function test_misses_count_for_a_retention() public {
        seeds(1, 1);
        goTo(33);
        report(1);
        for (uint64 e = 2; e < 10; e++) {
            assertEq(verifier.penaltyOf(owner, e), 0.4 ether, "within");
        }
        assertEq(verifier.penaltyOf(owner, 10), 0.4 ether, "the last within");
        assertEq(verifier.penaltyOf(owner, 11), 0.2 ether, "one retention later");
    }

    /// @dev The same seen from the other side.
    function test_later_misses_count_for_a_retention_too() public {
        goTo(100);
        anchorBlobs(1);
        seeds(11, 11);
        goTo(133);
        report(11);
        assertEq(verifier.penaltyOf(owner, 1), 0.2 ether, "one retention earlier");
        assertEq(verifier.penaltyOf(owner, 2), 0.4 ether, "within");
    }

    function test_penalties_count_across_the_words_of_the_bitmap() public {
        goTo(2540);
        anchorBlobs(1);
        seeds(255, 257);
        goTo(2595);
        assertEq(report(255), 0.2 ether, "first");
        assertEq(report(257), 0.4 ether, "second");
        assertEq(report(256), 0.6 ether, "third");
    }

    function test_a_miss_in_the_first_bit_of_a_word_counts() public {
        goTo(2540);
        anchorBlobs(1);
        seeds(255, 257);
        goTo(2595);
        assertEq(report(256), 0.2 ether, "first");
        assertEq(report(255), 0.4 ether, "second");
        assertEq(report(257), 0.6 ether, "third");
    }

    /// @dev What is decided already is skipped; the others are reported.
    function test_several_misses_are_reported_in_one_call() public {
        seeds(1, 3);
        goTo(53);
        report(2);
        address[] memory ids = new address[](3);
        uint64[] memory epochs = new uint64[](3);
        RangeHints[] memory hints = new RangeHints[](3);
        for (uint64 i = 0; i < 3; i++) {
            (ids[i], epochs[i]) = (owner, i + 1);
            (, hints[i]) = rightHints(owner, i + 1);
        }
        verifier.reportMisses(ids, epochs, hints);
        assertEq(anchors.stakeOf(owner), STAKE - 0.2 ether * 6, "three misses");
        assertEq(anchors.creditOf(address(this)), 0.04 ether, "two of them by this call");
        for (uint64 e = 1; e <= 3; e++) {
            assertTrue(verifier.getEpoch(owner, e).status == EpochStatus.Missed, "missed");
        }
    }

    /// @dev Ten misses would be 1 + … + 10 penalties, which is at least the minimum stake by the constructor's check.
    function test_missing_a_retention_takes_a_triangle_of_penalties() public {
        seeds(1, 10);
        for (uint64 e = 5; e <= 8; e++) {
            report(e);
        }
        goTo(123);
        report(10);
        report(9);
        assertEq(anchors.stakeOf(owner), STAKE - 0.2 ether * 21, "1 + 2 + 3 + 4 + 5 + 6");
    }

    function test_a_report_in_the_last_block_costs_a_penalty() public {
        seeds(1, 1);
        goTo(72);
        assertEq(report(1), 0.2 ether, "penalty");
    }

    function test_a_late_report_costs_nothing_and_needs_nothing() public {
        seeds(1, 1);
        goTo(72);
        uint256 before = block.number;
        assertEq(verifier.penaltyOf(owner, 1), 0.2 ether, "now");
        assertEq(before, 12 + 20 + 40, "the last block for it");
        goTo(73);
        assertEq(report(1), 0, "late");
        assertTrue(verifier.getEpoch(owner, 1).status == EpochStatus.Missed, "missed, for refunds");
        goTo(83);
        assertEq(report(2), 0, "also without a seed");
    }

    function test_without_a_seed_there_is_no_penalty() public {
        goTo(40);
        refuse(1, abi.encodeWithSelector(SeedNotRecorded.selector, 1));
        bytes memory made = Headers.make(keccak256("mix"), "", 0x03938700);
        vm.setBlockhash(12, keccak256(made));
        verifier.reportMiss(owner, 1, hintsOf(0, 0, 1), made);
        assertEq(anchors.stakeOf(owner), STAKE - 0.2 ether, "the reporter brought the header");
    }

    /// @dev F2: on a chain where openings do not verify nobody is fined, whatever the gas.
    function test_a_fork_that_breaks_proofs_fines_nobody() public {
        seeds(1, 1);
        goTo(33);
        vm.mockCallRevert(address(0x0b), "", "");
        refuse(1, abi.encodeWithSelector(Bls12381.PrecompileFailed.selector, address(0x0b)));
        vm.clearMockedCalls();
        vm.mockCall(address(0x0f), "", abi.encode(uint256(0)));
        refuse(1, abi.encodeWithSelector(ProofsImpossible.selector));
        goTo(73);
        assertEq(report(1), 0, "refunds flow after the window all the same");
        assertEq(anchors.stakeOf(owner), STAKE, "stake");
    }

    /// @dev What is to be burnt leaves the contract, or nothing is taken at all.
    function test_a_penalty_that_cannot_be_burnt_is_not_taken() public {
        seeds(1, 1);
        goTo(33);
        vm.mockCallRevert(address(0), "", "");
        refuse(1, abi.encodeWithSelector(PaymentRefused.selector, address(0)));
        assertEq(anchors.stakeOf(owner), STAKE, "stake");
        assertTrue(verifier.getEpoch(owner, 1).status == EpochStatus.None, "open");
    }

    /// @dev An accomplice that starves the canary gets a revert, not a cheap miss.
    function test_no_amount_of_gas_makes_a_miss_cheap(uint256 gasLimit) public {
        seeds(1, 1);
        goTo(33);
        gasLimit = bound(gasLimit, 30_000, 600_000);
        (bool ok,) =
            address(verifier).call{gas: gasLimit}(abi.encodeCall(verifier.reportMiss, (owner, 1, hintsOf(0, 0, 1), "")));
        assertEq(anchors.stakeOf(owner), ok ? STAKE - 0.2 ether : STAKE, "either or");
        assertTrue(ok == (verifier.getEpoch(owner, 1).status == EpochStatus.Missed), "status");
    }

    function test_several_misses_at_once_pass_over_what_is_decided() public {
        seeds(1, 2);
        goTo(43);
        report(1);
        address[] memory ids = new address[](2);
        (ids[0], ids[1]) = (owner, owner);
        uint64[] memory epochs = new uint64[](2);
        (epochs[0], epochs[1]) = (1, 2);
        RangeHints[] memory hints = new RangeHints[](2);
        (, hints[0]) = rightHints(owner, 1);
        (, hints[1]) = rightHints(owner, 2);
        verifier.reportMisses(ids, epochs, hints);
        assertEq(anchors.stakeOf(owner), STAKE - 0.6 ether, "1 + 2");
    }

    function test_an_epoch_with_nothing_live_is_no_miss() public {
        seeds(1, 1);
        goTo(200);
        (bool live, RangeHints memory h) = rightHints(owner, 12);
        assertTrue(!live, "expired");
        expectError(abi.encodeWithSelector(WrongRangeHints.selector, h.loAnchor, h.hotAnchor, h.endAnchor));
        verifier.reportMiss(owner, 12, h, "");
    }
}
