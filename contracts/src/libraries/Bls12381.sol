// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A point of BLS12-381's G1 as EIP-2537 writes it: two coordinates of 64 bytes, the point at infinity is all zeros.
struct G1 {
    bytes32 xHigh;
    bytes32 xLow;
    bytes32 yHigh;
    bytes32 yLow;
}

/// @title BLS12-381 through the precompiles of EIP-2537
/// @dev A precompile that fails burns all the gas it was given, and one that does not exist succeeds with no output. So every call passes a bounded
/// amount, makes sure that so much was there to pass (EIP-150 keeps a 64th back), and looks at the length of the output.
library Bls12381 {
    /// @dev The order of the groups: EIP-4844's BLS_MODULUS.
    uint256 internal constant R = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001;

    /// @dev The base field's modulus, upper and lower 32 bytes of its 64.
    uint256 private constant P_HIGH = 0x1a0111ea397fe69a4b1ba7b6434bacd7;
    uint256 private constant P_LOW = 0x64774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab;

    /// @dev (p - 1) / 2: a larger y is the one that a compressed point marks, and Euler's criterion's exponent.
    uint256 private constant HALF_HIGH = 0x0d0088f51cbff34d258dd3db21a5d66b;
    uint256 private constant HALF_LOW = 0xb23ba5c279c2895fb39869507b587b120f55ffff58a9ffffdcff7fffffffd555;

    /// @dev Bytes of a term of a sum: a point and a scalar.
    uint256 internal constant TERM_LENGTH = 160;

    /// @dev The upper three bits of a compressed point: compressed, infinity, the larger y.
    uint256 private constant COMPRESSED = 0x80 << 120;
    uint256 private constant LARGER = 0x20 << 120;
    uint256 private constant FLAGS = 0xe0 << 120;

    address private constant MODEXP = address(0x05);
    address private constant POINT_EVALUATION = address(0x0a);
    address private constant G1ADD = address(0x0b);
    address private constant G1MSM = address(0x0c);
    address private constant PAIRING = address(0x0f);

    // Twice what EIP-2537 charges, so that a dearer schedule does not break a contract that cannot be changed.
    uint256 private constant G1ADD_GAS = 750;
    uint256 private constant G1MSM_GAS_PER_TERM = 24_000;
    uint256 private constant PAIRING2_GAS = 206_000;
    uint256 private constant POINT_EVALUATION_GAS = 100_000;
    uint256 private constant MODEXP_GAS = 140_000;

    /// @dev G2's generator.
    bytes private constant G2 = hex"00000000000000000000000000000000024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8"
        hex"0000000000000000000000000000000013e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e"
        hex"000000000000000000000000000000000ce5d527727d6e118cc9cdc6da2e351aadfd9baa8cbdd3a76d429a695160d12c923ac9cc3baca289e193548608b82801"
        hex"000000000000000000000000000000000606c4a02ea734cc32acd2b02bc28b99cb3e287e85a763af267492ab572e99ab3f370d275cec1da1aaa9075ff05f79be";

    /// @dev The Ethereum ceremony's τ times G2's generator.
    bytes private constant TAU_G2 = hex"00000000000000000000000000000000185cbfee53492714734429b7b38608e23926c911cceceac9a36851477ba4c60b087041de621000edc98edada20c1def2"
        hex"0000000000000000000000000000000015bfd7dd8cdeb128843bc287230af38926187075cbfbefa81009a2ce615ac53d2914e5870cb452d2afaaab24f3499f72"
        hex"00000000000000000000000000000000014353bdb96b626dd7d5ee8599d1fca2131569490e28de18e82451a496a9c9794ce26d105941f383ee689bfbbb832a99"
        hex"000000000000000000000000000000001666c54b0a32529503432fcae0181b4bef79de09fc63671fda5ed1ba9bfa07899495346f3d7ac9cd23048ef30d0a154f";

    /// @dev The precompile at that address refused its input, or is not there.
    error PrecompileFailed(address precompile);

    /// @dev (x, y) with the given y is not on the curve, so it shows nothing about the subgroup.
    error NotOnCurve();

    /// @dev The transaction's gas does not leave what the precompile is to be given.
    error NotEnoughGas(uint256 available, uint256 needed);

    /// @notice G1's generator.
    function generator() internal pure returns (G1 memory) {
        return G1(
            bytes32(uint256(0x17f1d3a73197d7942695638c4fa9ac0f)),
            0xc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb,
            bytes32(uint256(0x08b3f481e3aaa0f1a09e30ed741d8ae4)),
            0xfcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1
        );
    }

    /// @notice The sum of points, each checked to be on the curve but not to be in the subgroup.
    function sum(G1[] calldata points) internal view returns (G1 memory total) {
        bytes memory input = new bytes(256);
        for (uint256 i = 0; i < points.length; i++) {
            G1 calldata point = points[i];
            assembly ("memory-safe") {
                mcopy(add(input, 32), total, 128)
                calldatacopy(add(input, 160), point, 128)
            }
            call(G1ADD, G1ADD_GAS, input, total);
        }
    }

    /// @notice Whether the committed polynomial has value `y` at `z`: `e(C - y·G1 + z·π, G2) = e(π, τ·G2)`. Reverts where a point is not of the group.
    function verifyOpening(G1 memory commitment, uint256 z, uint256 y, G1 memory proof) internal view returns (bool) {
        G1 memory left;
        call(
            G1MSM,
            3 * G1MSM_GAS_PER_TERM,
            abi.encodePacked(encode(commitment), uint256(1), encode(generator()), y == 0 ? 0 : R - y, encode(proof), z),
            left
        );
        return pairingIsOne(abi.encodePacked(encode(left), G2, encode(negate(proof)), TAU_G2));
    }

    /// @notice Whether the polynomial behind a compressed commitment has value `y` at `z`, by EIP-4844's point evaluation precompile. False for whatever is
    /// not canonical.
    function verifyBlobOpening(bytes calldata commitment, bytes32 z, bytes32 y, bytes calldata proof) internal view returns (bool) {
        requireGas(POINT_EVALUATION_GAS);
        (bool success, bytes memory output) =
            POINT_EVALUATION.staticcall{gas: POINT_EVALUATION_GAS}(abi.encodePacked(versionedHash(commitment), z, y, commitment, proof));
        return success && output.length == 64;
    }

    /// @notice EIP-4844's versioned hash of a compressed commitment.
    function versionedHash(bytes calldata commitment) internal pure returns (bytes32) {
        return bytes32((uint256(sha256(commitment)) & (type(uint256).max >> 8)) | (uint256(0x01) << 248));
    }

    /// @notice Whether 48 bytes are not the compressed form of a point of the subgroup.
    /// @param yHigh Upper half of a y with which the point is on the curve. Needed only where there is one: then the subgroup is what is in question.
    /// @param yLow Lower half of it.
    function isInvalid(bytes calldata commitment, bytes32 yHigh, bytes32 yLow) internal view returns (bool) {
        uint256 head = uint128(bytes16(commitment[:16]));
        uint256 low = uint256(bytes32(commitment[16:48]));
        if (head & COMPRESSED == 0) {
            return true;
        }
        if (head & (uint256(0x40) << 120) != 0) {
            // Infinity has one form.
            return head != uint256(0xc0) << 120 || low != 0;
        }
        uint256 high = head & ~FLAGS;
        if (high > P_HIGH || (high == P_HIGH && low >= P_LOW)) {
            return true;
        }
        if (!hasY(high, low)) {
            return true;
        }
        G1 memory point = G1(bytes32(high), bytes32(low), yHigh, yLow);
        (bool onCurve,) = tryCall(G1ADD, G1ADD_GAS, abi.encodePacked(encode(point), new bytes(128)));
        require(onCurve, NotOnCurve());
        (bool inSubgroup, uint256 length) = tryCall(G1MSM, G1MSM_GAS_PER_TERM, abi.encodePacked(encode(point), uint256(1)));
        // A chain without the precompile would call every point good, with no output.
        require(!inSubgroup || length == 128, PrecompileFailed(G1MSM));
        return !inSubgroup;
    }

    /// @notice Writes term `index` of a sum.
    function setTerm(bytes memory terms, uint256 index, G1 calldata point, uint256 scalar) internal pure {
        assembly ("memory-safe") {
            let place := add(add(terms, 32), mul(index, 160))
            calldatacopy(place, point, 128)
            mstore(add(place, 128), scalar)
        }
    }

    /// @notice Σ scalar · point over terms; reverts where a point is not of the group.
    function multiplyAndSum(bytes memory terms) internal view returns (G1 memory total) {
        call(G1MSM, (terms.length / TERM_LENGTH) * G1MSM_GAS_PER_TERM, terms, total);
    }

    /// @notice Whether two points, in their one padded form, are the same.
    function equal(G1 memory left, G1 calldata right) internal pure returns (bool) {
        return left.xHigh == right.xHigh && left.xLow == right.xLow && left.yHigh == right.yHigh && left.yLow == right.yLow;
    }

    /// @notice The leaf of an anchor's tree for a point: keccak256(0x00 ‖ its 48 compressed bytes). Means something for points of the group only.
    function leafHash(G1 calldata point) internal pure returns (bytes32) {
        uint256 head = uint256(point.xHigh) | COMPRESSED;
        uint256 yHigh = uint256(point.yHigh);
        if (yHigh > HALF_HIGH || (yHigh == HALF_HIGH && uint256(point.yLow) > HALF_LOW)) {
            head |= LARGER;
        } else if (point.xHigh == 0 && point.xLow == 0 && point.yHigh == 0 && point.yLow == 0) {
            head |= uint256(0x40) << 120;
        }
        return keccak256(abi.encodePacked(uint8(0x00), uint128(head), point.xLow));
    }

    /// @notice The 128 bytes of a point.
    function encode(G1 memory point) internal pure returns (bytes memory) {
        return abi.encodePacked(point.xHigh, point.xLow, point.yHigh, point.yLow);
    }

    /// @notice The point with the opposite y; infinity stays what it is. For coordinates below p.
    function negate(G1 memory point) internal pure returns (G1 memory) {
        uint256 yLow = uint256(point.yLow);
        uint256 yHigh = uint256(point.yHigh);
        if (yLow == 0 && yHigh == 0) {
            return point;
        }
        unchecked {
            uint256 borrow = yLow > P_LOW ? 1 : 0;
            return G1(point.xHigh, point.xLow, bytes32(P_HIGH - yHigh - borrow), bytes32(P_LOW - yLow));
        }
    }

    function pairingIsOne(bytes memory input) private view returns (bool) {
        requireGas(PAIRING2_GAS);
        (bool success, bytes memory output) = PAIRING.staticcall{gas: PAIRING2_GAS}(input);
        if (!success || output.length != 32) {
            revert PrecompileFailed(PAIRING);
        }
        return abi.decode(output, (uint256)) == 1;
    }

    function call(address precompile, uint256 gasLimit, bytes memory input, G1 memory output) private view {
        requireGas(gasLimit);
        bool success;
        assembly ("memory-safe") {
            success := staticcall(gasLimit, precompile, add(input, 32), mload(input), output, 128)
            success := and(success, eq(returndatasize(), 128))
        }
        if (!success) {
            revert PrecompileFailed(precompile);
        }
    }

    /// @dev Whether x³ + 4 is a square modulo p (Euler's criterion), so that there is a y with which x is on the curve.
    function hasY(uint256 high, uint256 low) private view returns (bool) {
        (uint256 cubeHigh, uint256 cubeLow) = power(high, low, abi.encodePacked(uint8(3)));
        unchecked {
            // Below p + 4 < 2^384: MODEXP reduces its base.
            cubeHigh += cubeLow > type(uint256).max - 4 ? 1 : 0;
            cubeLow += 4;
        }
        (uint256 symbolHigh, uint256 symbolLow) = power(cubeHigh, cubeLow, abi.encodePacked(uint128(HALF_HIGH), HALF_LOW));
        return symbolHigh != P_HIGH || symbolLow != P_LOW - 1;
    }

    function power(uint256 high, uint256 low, bytes memory exponent) private view returns (uint256, uint256) {
        requireGas(MODEXP_GAS);
        (bool success, bytes memory output) = MODEXP.staticcall{gas: MODEXP_GAS}(
            abi.encodePacked(uint256(64), exponent.length, uint256(64), high, low, exponent, P_HIGH, P_LOW)
        );
        require(success && output.length == 64, PrecompileFailed(MODEXP));
        return abi.decode(output, (uint256, uint256));
    }

    function tryCall(address precompile, uint256 gasLimit, bytes memory input) private view returns (bool success, uint256 length) {
        requireGas(gasLimit);
        assembly ("memory-safe") {
            success := staticcall(gasLimit, precompile, add(input, 32), mload(input), 0, 0)
            length := returndatasize()
        }
    }

    function requireGas(uint256 needed) private view {
        uint256 available = gasleft();
        // EIP-150: at most 63/64 of what is left can be passed on; the rest is for what happens around the call.
        if (available - available / 64 < needed + 1000) {
            revert NotEnoughGas(available, needed);
        }
    }
}
