// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {G1} from "../interfaces/MeedaTypes.sol";
import {Bls12381} from "../src/libraries/Bls12381.sol";

/// @dev The polynomial `a + b·X`. Its commitment `a·G1 + b·[τ]G1` and its opening proof `b·G1` need no more of the ceremony than one point, so tests
/// can make as many valid blobs, commitments and proofs as they like on chain.
struct Poly {
    uint256 a;
    uint256 b;
}

/// @dev KZG over the Ethereum ceremony's setup for linear polynomials, by the precompiles.
library Kzg {
    uint256 private constant R = Bls12381.R;

    // (p - 1) / 2, upper and lower 32 bytes: a larger y is the one that the compressed form marks.
    uint256 private constant HALF_HIGH = 0x0d0088f51cbff34d258dd3db21a5d66b;
    uint256 private constant HALF_LOW = 0xb23ba5c279c2895fb39869507b587b120f55ffff58a9ffffdcff7fffffffd555;

    /// @dev The ceremony's [τ]G1.
    function tauG1() internal pure returns (G1 memory) {
        return G1(
            bytes32(uint256(0x0d3eb50121139aa34db1d545093ac937)),
            0x4ab7bca2c0f3bf28e27c8dcd8fc7cb42d25926fc0c97b336e9f0fb35e5a04c81,
            bytes32(uint256(0x17de623f59a3043952d2f637a935fae1)),
            0x4b6dee8b255e526304963d58ab6f1a827c7de623d34d394f8a3d0f57d6e972b9
        );
    }

    function commit(Poly memory p) internal view returns (G1 memory) {
        return msm(abi.encodePacked(Bls12381.encode(Bls12381.generator()), p.a % R, Bls12381.encode(tauG1()), p.b % R));
    }

    /// @dev The 96 bytes of a point.
    function pack(G1 memory point) internal pure returns (bytes memory) {
        return abi.encodePacked(uint128(uint256(point.xHigh)), point.xLow, uint128(uint256(point.yHigh)), point.yLow);
    }

    function unpack(bytes memory packed, uint256 index) internal pure returns (G1 memory point) {
        assembly ("memory-safe") {
            let source := add(add(packed, 32), mul(index, 96))
            mcopy(add(point, 16), source, 48)
            mcopy(add(point, 80), add(source, 48), 48)
        }
    }

    function evaluate(Poly memory p, uint256 z) internal pure returns (uint256) {
        return addmod(p.a, mulmod(p.b, z, R), R);
    }

    function open(Poly memory p) internal view returns (G1 memory) {
        return multiply(Bls12381.generator(), p.b);
    }

    function multiply(G1 memory point, uint256 scalar) internal view returns (G1 memory) {
        return msm(abi.encodePacked(Bls12381.encode(point), scalar));
    }

    function add(G1 memory left, G1 memory right) internal view returns (G1 memory) {
        return msm(abi.encodePacked(Bls12381.encode(left), uint256(1), Bls12381.encode(right), uint256(1)));
    }

    /// @dev `left + factor · right`.
    function addScaled(Poly memory left, Poly memory right, uint256 factor) internal pure returns (Poly memory) {
        return Poly(addmod(left.a, mulmod(right.a, factor, R), R), addmod(left.b, mulmod(right.b, factor, R), R));
    }

    /// @dev The 48 bytes of a point: bit 7 says compressed, bit 6 infinity, bit 5 the larger y.
    function compress(G1 memory point) internal pure returns (bytes memory) {
        uint256 high = uint256(point.xHigh);
        if (high == 0 && point.xLow == 0 && point.yHigh == 0 && point.yLow == 0) {
            return abi.encodePacked(uint128(0xc0) << 120, bytes32(0));
        }
        uint256 yHigh = uint256(point.yHigh);
        bool larger = yHigh > HALF_HIGH || (yHigh == HALF_HIGH && uint256(point.yLow) > HALF_LOW);
        return abi.encodePacked(uint128(high | (larger ? 0xa0 << 120 : 0x80 << 120)), point.xLow);
    }

    function msm(bytes memory input) private view returns (G1 memory result) {
        (bool success, bytes memory output) = address(0x0c).staticcall(input);
        require(success && output.length == 128, "G1MSM");
        return abi.decode(output, (G1));
    }
}
