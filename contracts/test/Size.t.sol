// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Headers} from "./Proofs.t.sol";
import {Base} from "./Base.sol";
import "../interfaces/MeedaErrors.sol";
import "../interfaces/MeedaTypes.sol";
import {Bls12381} from "../src/libraries/Bls12381.sol";
import {Kzg, Poly} from "./Kzg.sol";
import {Sampling} from "../src/libraries/Sampling.sol";

/// @dev F1: every fraud proof that can exist fits an ordinary transaction and the transaction gas cap, also at a floor of
/// 64 gas a byte; and what anchors and proofs cost. Blobs are all the same polynomial: sizes do not depend on it.
contract SizeTest is Base {
    uint256 private constant MOST_BYTES = 120_000;
    uint256 private constant MOST_GAS = 1 << 24;
    uint256 private constant FLOOR = 64;

    Poly private same = Poly(1234567, 7654321);

    function params() internal view override returns (Parameters memory p) {
        p = super.params();
        p.stakePerBlob = 1;
        p.hotSamples = 10_240;
        p.coldSamples = 6144;
    }

    function polyAt(uint256) internal view override returns (Poly memory) {
        return same;
    }

    /// @dev `count` anchors of so many blobs each.
    function anchorSame(uint256 count, uint256 size) private returns (RangeHints memory) {
        goTo(5);
        bytes memory commitments = repeated(Kzg.compress(Kzg.commit(same)), size);
        BatchHeader[] memory batches = header(uint32(size * 126_976 - 31), uint16(size), address(0));
        for (uint256 i = 0; i < count; i++) {
            anchorAs(operator, batches, commitments, new SignedOrder[](0), 0);
        }
        goToEpoch(1);
        return hintsOf(0, 0, uint32(count));
    }

    function challenge(uint256 count, uint256 size) private {
        EpochProof memory proof = lie(1, anchorSame(count, size), 0, 5);
        submit(proof);
        ChunkProof memory leaves = chunkOf(proof, 0);
        // As many partial sums as a proof can have stand in the calldata.
        bytes memory data = abi.encodeCall(verifier.proveFraud, (owner, 1, recorded(proof), 0, leaves));
        uint256 bytes128 = data.length + (128 * 96 - proof.partialSums.length);
        string memory name = string.concat(vm.toString(count), " anchors of ", vm.toString(size));
        assertTrue(bytes128 <= MOST_BYTES, string.concat(name, ": bytes ", vm.toString(bytes128)));
        vm.cool(address(verifier));
        vm.cool(address(anchors));
        (bool ok,) = address(verifier).call(data);
        uint256 used = vm.lastCallGas().gasTotalUsed;
        assertTrue(ok && anchors.isSlashed(owner), name);
        uint256 gas = 21_000 + used + 16 * bytes128;
        assertTrue(gas < MOST_GAS, string.concat(name, ": gas ", vm.toString(gas)));
        assertTrue(21_000 + FLOOR * bytes128 < MOST_GAS && used + FLOOR * bytes128 < MOST_GAS, name);
    }

    function test_one_blob_in_each_of_128_anchors() public {
        challenge(128, 1);
    }

    function test_depths_1_to_4() public {
        challengeAnew(64, 2);
        challengeAnew(32, 3);
        challengeAnew(16, 8);
        challengeAnew(64, 16);
    }

    function test_depths_5_to_8() public {
        challengeAnew(4, 32);
        challengeAnew(128, 33);
        challengeAnew(2, 128);
        challengeAnew(60, 255);
    }

    function test_depths_9_to_11() public {
        challengeAnew(32, 257);
        challengeAnew(24, 1024);
        challengeAnew(8, 2048);
    }

    function test_the_deepest_anchors() public {
        challengeAnew(1, 2340);
        challengeAnew(8, 2340);
    }

    /// @dev The most that any chunk can bring: 128 samples alone in 128 anchors of depth 12. By the layout, not by
    /// building 300,000 blobs.
    function test_the_largest_fraud_proof_by_its_layout() public view {
        uint256 chunk = Sampling.CHUNK;
        ChunkProof memory leaves = ChunkProof(
            new bytes(chunk * 96),
            new bytes(chunk),
            new uint32[](chunk),
            new bytes32[](chunk),
            new bytes32[](chunk * 12)
        );
        RecordedProof memory proof = RecordedProof(0, hintsOf(0, 0, 1), new bytes(128 * 96));
        uint256 size = abi.encodeCall(verifier.proveFraud, (owner, 1, proof, 0, leaves)).length;
        assertTrue(size <= MOST_BYTES, vm.toString(size));
        assertTrue(FLOOR * size + 8_000_000 < MOST_GAS, "gas");
    }

    function test_the_largest_anchor_of_one_batch_fits_a_transaction() public view {
        uint256 size =
            abi.encodeCall(anchors.anchor, (header(1, 2340, address(0)), new bytes(48 * 2340), new SignedOrder[](0), 0))
        .length;
        assertTrue(size <= MOST_BYTES, vm.toString(size));
    }

    /// @dev Many small batches, and their orders, are what makes an anchor long.
    function test_an_anchor_longer_than_an_ordinary_transaction_is_refused() public {
        (bytes memory fits, bytes memory exceeds) = (anchorOf(831, 0), anchorOf(832, 0));
        assertTrue(fits.length <= MOST_BYTES && fits.length > MOST_BYTES - 200, vm.toString(fits.length));
        assertTrue(exceeds.length > MOST_BYTES, vm.toString(exceeds.length));
        assertTrue(errorOf(fits) != AnchorTooLarge.selector, "fits");
        assertTrue(errorOf(exceeds) == AnchorTooLarge.selector, "one batch more");
        bytes memory longest = bytes.concat(fits, new bytes(120_000 - fits.length));
        assertTrue(errorOf(longest) != AnchorTooLarge.selector, "the last byte that fits");
        assertTrue(errorOf(bytes.concat(longest, hex"00")) == AnchorTooLarge.selector, "a byte more");
        assertTrue(errorOf(anchorOf(400, 390)) == AnchorTooLarge.selector, "orders count");
    }

    function anchorOf(uint256 count, uint256 orders) private view returns (bytes memory) {
        BatchHeader[] memory batches = new BatchHeader[](count);
        SignedOrder[] memory signed = new SignedOrder[](orders);
        for (uint256 i = 0; i < count; i++) {
            batches[i] = BatchHeader(1, 1, rollup);
        }
        for (uint256 i = 0; i < orders; i++) {
            signed[i].batch = uint32(i);
        }
        return abi.encodeCall(anchors.anchor, (batches, new bytes(48 * count), signed, 0));
    }

    /// @dev The error of an anchor by the operator, 0 where it was taken.
    function errorOf(bytes memory data) private returns (bytes4) {
        goTo(5);
        vm.prank(operator);
        (bool done, bytes memory returned) = address(anchors).call(data);
        return done ? bytes4(0) : bytes4(returned);
    }

    function challengeAnew(uint256 count, uint256 size) private {
        deploy(params());
        registerOperator(owner, KEY, STAKE);
        challenge(count, size);
    }

    function test_gas_of_an_anchor_of_256_blobs() public {
        goTo(5);
        anchorRaw(Kzg.compress(Kzg.commit(same)));
        BatchHeader[] memory batches = new BatchHeader[](8);
        for (uint256 i = 0; i < 8; i++) {
            batches[i] = BatchHeader(32 * 126_976 - 31, 32, address(0));
        }
        bytes memory data = abi.encodeCall(
            anchors.anchor, (batches, repeated(Kzg.compress(Kzg.commit(same)), 256), new SignedOrder[](0), 0)
        );
        record("anchor of 256 blobs in 8 batches", address(anchors), data, 540_000);
    }

    /// @dev One full blob each, paid for the second time or later: a rollup's first charge costs some storage more.
    function test_gas_of_an_anchor_for_1_rollup() public {
        recordRollups(1, 220_000);
    }

    function test_gas_of_an_anchor_for_10_rollups() public {
        recordRollups(10, 1_060_000);
    }

    function test_gas_of_an_anchor_for_100_rollups() public {
        recordRollups(100, 9_400_000);
    }

    function recordRollups(uint256 count, uint256 most) private {
        goTo(5);
        vm.prank(owner);
        escrow.setPrice(owner, 1000);
        BatchHeader[] memory unpaid = new BatchHeader[](count);
        BatchHeader[] memory paid = new BatchHeader[](count);
        for (uint256 i = 0; i < count; i++) {
            address payer = address(uint160(0x900000 + i));
            vm.deal(payer, 1 ether);
            vm.prank(payer);
            escrow.deposit{value: 1 ether}(owner, 1000, 1 ether);
            unpaid[i] = BatchHeader(126_945, 1, address(0));
            paid[i] = BatchHeader(126_945, 1, payer);
        }
        bytes memory first;
        bytes memory second;
        for (uint256 i = 0; i < count; i++) {
            first = bytes.concat(first, Kzg.compress(Kzg.commit(Poly(uint128(i + 1), 7))));
            second = bytes.concat(second, Kzg.compress(Kzg.commit(Poly(uint128(i + 1), 8))));
        }
        anchorAs(operator, paid, first, new SignedOrder[](0), 0);
        goTo(6);
        bytes memory data = abi.encodeCall(anchors.anchor, (paid, second, new SignedOrder[](0), 0));
        string memory rollups = string.concat("anchor for ", vm.toString(count), count == 1 ? " rollup" : " rollups");
        vm.cool(address(escrow));
        record(string.concat(rollups, ", paid"), address(anchors), data, most);
        goTo(7);
        data = abi.encodeCall(anchors.anchor, (unpaid, second, new SignedOrder[](0), 0));
        record(string.concat(rollups, ", unpaid"), address(anchors), data, most);
    }

    /// @dev The dearest batches there are: each charges a rollup for the first time, by an order. Operators reckon with
    /// 146,500 gas for each.
    function test_gas_of_an_anchor_with_100_orders() public {
        goTo(5);
        vm.prank(owner);
        escrow.setPrice(owner, 1000);
        BatchHeader[] memory batches = new BatchHeader[](100);
        bytes memory commitments;
        for (uint256 i = 0; i < 100; i++) {
            address payer = vm.addr(0x900000 + i);
            vm.deal(payer, 1 ether);
            vm.prank(payer);
            escrow.deposit{value: 1 ether}(owner, 1000, 0);
            batches[i] = BatchHeader(126_945, 1, payer);
            commitments = bytes.concat(commitments, Kzg.compress(Kzg.commit(Poly(uint128(i + 1), 7))));
        }
        bytes32[] memory ids = idsOf(batches, commitments);
        SignedOrder[] memory orders = new SignedOrder[](100);
        for (uint256 i = 0; i < 100; i++) {
            bytes32 digest = escrow.orderDigest(batches[i].rollup, ids[i], owner, 1 ether, 1000);
            (bytes32 r, bytes32 vs) = signCompact(0x900000 + i, digest);
            orders[i] = SignedOrder(uint32(i), 1 ether, 1000, r, vs);
        }
        vm.cool(address(escrow));
        record(
            "anchor for 100 rollups, by orders",
            address(anchors),
            abi.encodeCall(anchors.anchor, (batches, commitments, orders, 0)),
            14_650_000
        );
        assertEq(escrow.chargeCount(batches[99].rollup, owner), 1, "charged");
    }

    function test_gas_of_a_proof_with_80_partial_sums() public {
        RangeHints memory hints = anchorSame(20, 512);
        EpochProof memory proof = prove(1, hints);
        assertEq(proof.partialSums.length, 80 * 96, "80 partial sums");
        record(
            "submitProof with 80 partial sums",
            address(verifier),
            abi.encodeCall(verifier.submitProof, (proof, "")),
            480_000
        );
    }

    /// @dev What a light node must think of as the cost of a report, the seed's header included.
    function test_gas_of_a_miss_reported_with_the_header() public {
        goTo(5);
        anchorBlobs(1);
        bytes memory made = Headers.make(keccak256("randao"), "extra", 0x03938700);
        goTo(33);
        vm.setBlockhash(12, keccak256(made));
        record(
            "reportMiss with the seed's header",
            address(verifier),
            abi.encodeCall(verifier.reportMiss, (owner, 1, hintsOf(0, 0, 1), made)),
            400_000
        );
    }

    /// @dev What the transaction is charged: EIP-7623's floor or calldata and execution over cold storage.
    function record(string memory name, address target, bytes memory data, uint256 most) private {
        uint256 tokens = 0;
        for (uint256 i = 0; i < data.length; i++) {
            tokens += data[i] == 0 ? 1 : 4;
        }
        vm.cool(address(anchors));
        vm.cool(address(verifier));
        vm.prank(operator);
        (bool ok,) = target.call(data);
        uint256 used = vm.lastCallGas().gasTotalUsed + 21_000 + 4 * tokens;
        assertTrue(ok, name);
        uint256 floor = 21_000 + 10 * tokens;
        used = used > floor ? used : floor;
        vm.snapshotValue("Gas", name, used);
        assertTrue(used <= most, string.concat(name, ": ", vm.toString(used)));
    }
}
