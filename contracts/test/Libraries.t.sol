// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {G1} from "../interfaces/MeedaTypes.sol";
import {BlockHash} from "../src/libraries/BlockHash.sol";
import {BlockHeader} from "../src/libraries/BlockHeader.sol";
import {Bls12381} from "../src/libraries/Bls12381.sol";
import {Signatures} from "../src/libraries/Signatures.sol";
import {Kzg} from "./Kzg.sol";
import {MiniTest} from "./MiniTest.sol";

/// @dev The libraries at the bounds of what they take, called by themselves.
contract LibrariesTest is MiniTest {
    bytes32 private constant MIX = keccak256("randao");
    bytes32 private constant P_HIGH = bytes32(uint256(0x1a0111ea397fe69a4b1ba7b6434bacd7));
    bytes32 private constant P_LOW = 0x64774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab;
    bytes32 private constant HALF_HIGH = bytes32(uint256(0x0d0088f51cbff34d258dd3db21a5d66b));
    bytes32 private constant HALF_LOW = 0xb23ba5c279c2895fb39869507b587b120f55ffff58a9ffffdcff7fffffffd555;

    // Headers.

    /// @dev A list of a field, twelve empty ones and the mix.
    function headerWith(bytes memory field) private pure returns (bytes memory) {
        bytes memory fields = bytes.concat(field, hex"808080808080808080808080a0", MIX);
        return fields.length < 256
            ? abi.encodePacked(hex"f8", uint8(fields.length), fields)
            : abi.encodePacked(hex"f9", uint16(fields.length), fields);
    }

    function test_fields_of_every_length_are_stepped_over() public view {
        assertEq(this.mixOf(headerWith(abi.encodePacked(hex"b7", new bytes(55)))), MIX, "the longest short one");
        assertEq(this.mixOf(headerWith(abi.encodePacked(hex"b838", new bytes(56)))), MIX, "one byte of length");
        assertEq(this.mixOf(headerWith(abi.encodePacked(hex"b8ff", new bytes(255)))), MIX, "the longest of these");
        assertEq(this.mixOf(headerWith(abi.encodePacked(hex"b90100", new bytes(256)))), MIX, "two bytes of length");
    }

    function test_a_field_with_three_bytes_of_length_is_none_of_a_header() public {
        // Ten bytes follow, so that a reader of two of the three would find the mix.
        bytes memory made = headerWith(abi.encodePacked(hex"ba000a00", new bytes(10)));
        vm.expectRevert(abi.encodeWithSelector(BlockHeader.NotAHeader.selector));
        this.mixOf(made);
    }

    function test_the_shortest_header() public {
        bytes memory made = headerWith(abi.encodePacked(hex"89", new bytes(9)));
        assertEq(made.length, 57, "length");
        assertEq(this.mixOf(made), MIX, "mix");
        vm.expectRevert(abi.encodeWithSelector(BlockHeader.NotAHeader.selector));
        this.mixOf(headerWith(abi.encodePacked(hex"88", new bytes(8))));
    }

    /// @dev Cut at whatever byte, also between two fields or within a length: the error is the reader's own.
    function test_a_header_cut_anywhere_is_named_none() public {
        bytes memory made = headerWith(abi.encodePacked(hex"b90100", new bytes(256)));
        for (uint256 length = 0; length < made.length; length++) {
            bytes memory cut = new bytes(length);
            assembly ("memory-safe") {
                mcopy(add(cut, 32), add(made, 32), length)
            }
            vm.expectRevert(abi.encodeWithSelector(BlockHeader.NotAHeader.selector));
            this.mixOf(cut);
        }
    }

    // Hashes of blocks.

    function test_the_history_is_asked_for_forgotten_blocks_alone() public {
        bytes32 known = keccak256("known");
        bytes32 old = keccak256("old");
        vm.roll(400);
        vm.setBlockhash(399, known);
        vm.etch(BlockHash.HISTORY, hex"5f5ffd");
        vm.mockCall(BlockHash.HISTORY, "", abi.encode(old));
        assertEq(BlockHash.get(399), known, "L1's own word");
        assertEq(BlockHash.get(12), old, "forgotten by BLOCKHASH");
        assertEq(BlockHash.get(400), 0, "this block");
        assertEq(BlockHash.get(401), 0, "the next");
    }

    function test_an_answer_that_is_no_hash_is_none() public {
        vm.roll(400);
        vm.etch(BlockHash.HISTORY, hex"5f5ffd");
        vm.mockCallRevert(BlockHash.HISTORY, "", abi.encode(keccak256("why")));
        assertEq(BlockHash.get(12), 0, "a refusal of 32 bytes");
        vm.clearMockedCalls();
        vm.mockCall(BlockHash.HISTORY, "", "");
        assertEq(BlockHash.get(12), 0, "nothing");
        vm.mockCall(BlockHash.HISTORY, "", new bytes(64));
        assertEq(BlockHash.get(12), 0, "two words");
    }

    // Signatures.

    /// @dev The lower s alone is taken, up to the half of the order.
    function test_the_largest_s_is_half_of_the_order() public pure {
        bytes32 half = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;
        bytes32 r = 0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798;
        address signer = Signatures.recover(MIX, r, half);
        assertTrue(signer != address(0), "half");
        assertEq(signer, ecrecover(MIX, 27, r, half), "the same");
        assertEq(Signatures.recover(MIX, r, bytes32(uint256(half) + 1)), address(0), "more");
    }

    // Points.

    /// @dev Precompiles that are not there succeed with no output.
    function test_an_absent_precompile_is_named() public {
        bytes memory commitment = Kzg.compress(Bls12381.generator());
        G1 memory one = Bls12381.generator();
        absent(0x05);
        this.isPoint(commitment);
        absent(0x05);
        this.isInvalid(commitment, one.yHigh, one.yLow);
        absent(0x0c);
        this.isPoint(commitment);
        absent(0x0c);
        this.isInvalid(commitment, one.yHigh, one.yLow);
        absent(0x0b);
        this.sum(Kzg.pack(one));
        absent(0x0b);
        this.verifyOpening(one, 5, 1, infinity());
        absent(0x0c);
        this.verifyOpening(one, 5, 1, infinity());
        absent(0x0f);
        this.verifyOpening(one, 5, 1, infinity());
        vm.clearMockedCalls();
        vm.mockCall(address(0x0b), "", "");
        vm.expectRevert(abi.encodeWithSelector(Bls12381.NotOnCurve.selector));
        this.isInvalid(commitment, one.yHigh, one.yLow);
        vm.mockCall(address(0x0a), "", "");
        assertTrue(!this.verifyBlobOpening(commitment, bytes32(uint256(5)), bytes32(uint256(1))), "EIP-4844");
        vm.clearMockedCalls();
        assertTrue(this.isPoint(commitment), "a point");
        assertTrue(!this.isInvalid(commitment, one.yHigh, one.yLow), "valid");
        assertTrue(this.verifyOpening(one, 5, 1, infinity()), "right");
        assertTrue(!this.verifyOpening(one, 5, 2, infinity()), "wrong");
    }

    function absent(uint160 precompile) private {
        vm.clearMockedCalls();
        vm.mockCall(address(precompile), "", "");
        vm.expectRevert(abi.encodeWithSelector(Bls12381.PrecompileFailed.selector, address(precompile)));
    }

    /// @dev Too little gas for the subgroup check is named, instead of tried.
    function test_a_check_without_its_gas_is_not_begun() public {
        bytes memory commitment = Kzg.compress(Bls12381.generator());
        G1 memory one = Bls12381.generator();
        bytes memory call = abi.encodeCall(this.isInvalid, (commitment, one.yHigh, one.yLow));
        uint256 begun = 0;
        for (uint256 gasLimit = 20_000; gasLimit < 260_000; gasLimit += 5000) {
            (bool ok, bytes memory output) = address(this).call{gas: gasLimit}(call);
            if (ok) {
                begun = begun == 0 ? gasLimit : begun;
                assertTrue(!abi.decode(output, (bool)), "a point all the same");
            } else {
                assertTrue(begun == 0, "more gas is never worse");
                bool named = output.length != 0 && bytes4(output) == Bls12381.NotEnoughGas.selector;
                // Below that, MODEXP comes first and has too little itself.
                assertTrue(named || gasLimit <= 60_000, vm.toString(gasLimit));
            }
        }
        assertTrue(begun > 100_000, "begun");
    }

    function test_lists_of_points_have_whole_ones() public {
        bytes memory points = Kzg.pack(Bls12381.generator());
        assertTrue(Bls12381.equal(this.sum(points), Bls12381.generator()), "of one");
        bytes memory more = bytes.concat(points, hex"00");
        vm.expectRevert(abi.encodeWithSelector(Bls12381.PointsLength.selector, 97));
        this.sum(more);
        assertTrue(Bls12381.equal(this.pointAt(points, 0), Bls12381.generator()), "the last");
        vm.expectRevert(abi.encodeWithSelector(Bls12381.PointsLength.selector, 97));
        this.pointAt(more, 1);
    }

    /// @dev The sign bit and infinity, by made-up coordinates: bounds that no point of the group is known to meet.
    function test_leaves_at_the_bounds_of_a_sign() public view {
        expectLeaf(1, HALF_HIGH, HALF_LOW, 0x80);
        expectLeaf(1, HALF_HIGH, bytes32(uint256(HALF_LOW) + 1), 0xa0);
        expectLeaf(1, bytes32(uint256(HALF_HIGH) - 1), bytes32(type(uint256).max), 0x80);
        expectLeaf(1, bytes32(uint256(HALF_HIGH) + 1), 0, 0xa0);
        expectLeaf(1, 0, 0, 0x80);
        expectLeaf(0, 0, bytes32(uint256(2)), 0x80);
        expectLeaf(0, bytes32(uint256(2)), 0, 0x80);
        expectLeaf(0, 0, 0, 0xc0);
        bytes memory high = abi.encodePacked(uint128(1), bytes32(0), new bytes(48));
        bytes32 leaf = keccak256(abi.encodePacked(uint8(0), uint128((0x80 << 120) | 1), bytes32(0)));
        assertEq(this.leafHash(high), leaf, "x whose lower part is zero");
    }

    function expectLeaf(uint256 x, bytes32 yHigh, bytes32 yLow, uint256 flags) private view {
        bytes memory point = Kzg.pack(G1(0, bytes32(x), yHigh, yLow));
        assertEq(this.leafHash(point), keccak256(abi.encodePacked(uint8(0), uint128(flags << 120), x)), "leaf");
    }

    /// @dev What a y and its opposite add up to, at the bounds of the borrow.
    function test_opposites_at_the_bounds_of_a_borrow() public pure {
        expectOpposite(bytes32(uint256(1)), P_LOW, bytes32(uint256(P_HIGH) - 1), 0);
        expectOpposite(0, bytes32(uint256(P_LOW) + 1), bytes32(uint256(P_HIGH) - 1), bytes32(type(uint256).max));
        expectOpposite(0, bytes32(uint256(P_LOW) - 1), P_HIGH, bytes32(uint256(1)));
        expectOpposite(bytes32(uint256(1)), 0, bytes32(uint256(P_HIGH) - 1), P_LOW);
        expectOpposite(0, bytes32(uint256(1)), P_HIGH, bytes32(uint256(P_LOW) - 1));
        expectOpposite(0, 0, 0, 0);
    }

    function expectOpposite(bytes32 yHigh, bytes32 yLow, bytes32 high, bytes32 low) private pure {
        G1 memory opposite = Bls12381.negate(G1(0, bytes32(uint256(3)), yHigh, yLow));
        assertEq(opposite.yHigh, high, "upper");
        assertEq(opposite.yLow, low, "lower");
        assertEq(opposite.xLow, bytes32(uint256(3)), "x");
    }

    /// @dev The largest x of its upper part that is below p is taken: it has a y, so a wrong one shows nothing.
    function test_an_x_just_below_p_is_one() public {
        vm.expectRevert(abi.encodeWithSelector(Bls12381.NotOnCurve.selector));
        this.isInvalid(compressed(uint256(P_HIGH), bytes32(uint256(2))), 0, 0);
    }

    /// @dev x³ + 4 where the sum carries into the upper part, and where it just does not: neither is a square.
    function test_the_sum_of_the_curve_carries_where_it_must() public view {
        // x³ = 23 · 2^256 + 2^256 - 5.
        bytes32 low = 0xef42cd9fddd5ad2a513540e29e4d89817c95427dd667c51551b10f5e38ebbf39;
        assertTrue(this.isInvalid(compressed(0x15300b4cf428f0a502ae6f5c5eed6369, low), 0, 0), "no carry");
        // x³ = 10 · 2^256 + 2^256 - 4.
        low = 0x7de6aacfe5f07eacc55eb979347e32f704ba231e168f79b41cce86953be3f7ac;
        assertTrue(this.isInvalid(compressed(0x11cd1732540a875b94ccc34a74301277, low), 0, 0), "carry");
    }

    function compressed(uint256 high, bytes32 low) private pure returns (bytes memory) {
        return abi.encodePacked(uint128(high | (0x80 << 120)), low);
    }

    function infinity() private pure returns (G1 memory) {
        return G1(0, 0, 0, 0);
    }

    // The libraries take calldata, so they are called through these.

    function mixOf(bytes calldata made) external pure returns (bytes32) {
        return BlockHeader.mixOf(made);
    }

    function isPoint(bytes calldata commitment) external view returns (bool) {
        return Bls12381.isPoint(commitment);
    }

    function isInvalid(bytes calldata commitment, bytes32 yHigh, bytes32 yLow) external view returns (bool) {
        return Bls12381.isInvalid(commitment, yHigh, yLow);
    }

    function sum(bytes calldata points) external view returns (G1 memory) {
        return Bls12381.sum(points);
    }

    function pointAt(bytes calldata points, uint256 index) external pure returns (G1 memory) {
        return Bls12381.pointAt(points, index);
    }

    function leafHash(bytes calldata point) external pure returns (bytes32) {
        return Bls12381.leafHash(point, 0);
    }

    function verifyOpening(G1 calldata commitment, uint256 z, uint256 y, G1 calldata proof)
        external
        view
        returns (bool)
    {
        return Bls12381.verifyOpening(commitment, z, y, proof);
    }

    function verifyBlobOpening(bytes calldata commitment, bytes32 z, bytes32 y) external view returns (bool) {
        return Bls12381.verifyBlobOpening(commitment, z, y, commitment);
    }
}
