// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {G1} from "../../interfaces/MeedaTypes.sol";

/// @title BLS12-381 through the precompiles of EIP-2537
/// @dev A precompile that fails burns all the gas it was given, and one that does not exist succeeds with no output.
/// Where a failure reverts anyway all gas is passed, so that no repricing breaks the contract. The one place where a
/// failure means something, `isInvalid`, passes a fixed amount, makes sure that it is there (EIP-150 keeps a 64th
/// back), and believes a failure only when the same call on known good points succeeds after it.
library Bls12381 {
    /// @dev The order of the groups: EIP-4844's BLS_MODULUS.
    uint256 internal constant R = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001;

    /// @dev Bytes of a point without the padding of EIP-2537.
    uint256 internal constant POINT_LENGTH = 96;

    /// @dev Bytes of a term of a sum: a padded point and a scalar.
    uint256 internal constant TERM_LENGTH = 160;

    /// @dev The base field's modulus, upper and lower 32 bytes of its 64.
    uint256 private constant P_HIGH = 0x1a0111ea397fe69a4b1ba7b6434bacd7;
    uint256 private constant P_LOW = 0x64774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab;

    /// @dev (p - 1) / 2: a larger y is the one that a compressed point marks, and Euler's criterion's exponent.
    uint256 private constant HALF_HIGH = 0x0d0088f51cbff34d258dd3db21a5d66b;
    uint256 private constant HALF_LOW = 0xb23ba5c279c2895fb39869507b587b120f55ffff58a9ffffdcff7fffffffd555;

    /// @dev (p + 1) / 4: p is 3 modulo 4, so a square's root is this power of it.
    uint256 private constant ROOT_HIGH = 0x0680447a8e5ff9a692c6e9ed90d2eb35;
    uint256 private constant ROOT_LOW = 0xd91dd2e13ce144afd9cc34a83dac3d8907aaffffac54ffffee7fbfffffffeaab;

    /// @dev The upper three bits of a compressed point: compressed, infinity, the larger y.
    uint256 private constant COMPRESSED = 0x80 << 120;
    uint256 private constant INFINITY = 0x40 << 120;
    uint256 private constant LARGER = 0x20 << 120;
    uint256 private constant FLAGS = 0xe0 << 120;

    address private constant MODEXP = address(0x05);
    address private constant POINT_EVALUATION = address(0x0a);
    address private constant G1ADD = address(0x0b);
    address private constant G1MSM = address(0x0c);
    address private constant PAIRING = address(0x0f);

    /// @dev What a subgroup check is given, eight times EIP-2537's price of one term.
    uint256 private constant SUBGROUP_GAS = 96_000;

    /// @dev G2's generator.
    bytes private constant G2 = hex"00000000000000000000000000000000024aa2b2f08f0a91260805272dc51051"
        hex"c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8"
        hex"0000000000000000000000000000000013e02b6052719f607dacd3a088274f65"
        hex"596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e"
        hex"000000000000000000000000000000000ce5d527727d6e118cc9cdc6da2e351a"
        hex"adfd9baa8cbdd3a76d429a695160d12c923ac9cc3baca289e193548608b82801"
        hex"000000000000000000000000000000000606c4a02ea734cc32acd2b02bc28b99"
        hex"cb3e287e85a763af267492ab572e99ab3f370d275cec1da1aaa9075ff05f79be";

    /// @dev The Ethereum ceremony's τ times G2's generator.
    bytes private constant TAU_G2 = hex"00000000000000000000000000000000185cbfee53492714734429b7b38608e2"
        hex"3926c911cceceac9a36851477ba4c60b087041de621000edc98edada20c1def2"
        hex"0000000000000000000000000000000015bfd7dd8cdeb128843bc287230af389"
        hex"26187075cbfbefa81009a2ce615ac53d2914e5870cb452d2afaaab24f3499f72"
        hex"00000000000000000000000000000000014353bdb96b626dd7d5ee8599d1fca2"
        hex"131569490e28de18e82451a496a9c9794ce26d105941f383ee689bfbbb832a99"
        hex"000000000000000000000000000000001666c54b0a32529503432fcae0181b4b"
        hex"ef79de09fc63671fda5ed1ba9bfa07899495346f3d7ac9cd23048ef30d0a154f";

    /// @dev The precompile refused its input, or is not there.
    error PrecompileFailed(address precompile);

    /// @dev (x, y) with the given y is not on the curve, so it shows nothing about the subgroup.
    error NotOnCurve();

    /// @dev The transaction's gas does not leave what the precompile is to be given.
    error NotEnoughGas(uint256 available, uint256 needed);

    /// @dev Points are written in 96 bytes each.
    error PointsLength(uint256 length);

    /// @notice G1's generator.
    function generator() internal pure returns (G1 memory) {
        return G1(
            bytes32(uint256(0x17f1d3a73197d7942695638c4fa9ac0f)),
            0xc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb,
            bytes32(uint256(0x08b3f481e3aaa0f1a09e30ed741d8ae4)),
            0xfcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1
        );
    }

    /// @notice The ceremony's τ times the generator: the commitment to the polynomial X.
    function tauG1() internal pure returns (G1 memory) {
        return G1(
            bytes32(uint256(0x0d3eb50121139aa34db1d545093ac937)),
            0x4ab7bca2c0f3bf28e27c8dcd8fc7cb42d25926fc0c97b336e9f0fb35e5a04c81,
            bytes32(uint256(0x17de623f59a3043952d2f637a935fae1)),
            0x4b6dee8b255e526304963d58ab6f1a827c7de623d34d394f8a3d0f57d6e972b9
        );
    }

    /// @notice The point in 96 bytes at a place of `points`.
    function pointAt(bytes calldata points, uint256 index) internal pure returns (G1 memory point) {
        require(points.length >= (index + 1) * POINT_LENGTH, PointsLength(points.length));
        assembly ("memory-safe") {
            let source := add(points.offset, mul(index, 96))
            calldatacopy(add(point, 16), source, 48)
            calldatacopy(add(point, 80), add(source, 48), 48)
        }
    }

    /// @notice The sum of points in 96 bytes each; on the curve, not necessarily in the subgroup.
    function sum(bytes memory points) internal view returns (G1 memory total) {
        require(points.length % POINT_LENGTH == 0, PointsLength(points.length));
        bool success = true;
        assembly ("memory-safe") {
            // Scratch behind the free memory pointer: the total and the next point, as G1ADD takes them.
            let input := mload(0x40)
            calldatacopy(input, calldatasize(), 256)
            let end := add(add(points, 32), mload(points))
            for { let source := add(points, 32) } lt(source, end) { source := add(source, 96) } {
                mcopy(add(input, 144), source, 48)
                mcopy(add(input, 208), add(source, 48), 48)
                success := and(staticcall(gas(), 0x0b, input, 256, input, 128), success)
                success := and(eq(returndatasize(), 128), success)
            }
            mcopy(total, input, 128)
        }
        require(success, PrecompileFailed(G1ADD));
    }

    /// @notice Whether the committed polynomial has value `y` at `z`: `e(C - y·G1 + z·π, G2) = e(π, τ·G2)`. Reverts
    /// where a point is not of the group.
    function verifyOpening(G1 memory commitment, uint256 z, uint256 y, G1 memory proof) internal view returns (bool) {
        // The commitment is added, not multiplied by one: the pairing checks the subgroup of the sum, hence of it.
        G1 memory left = add(
            commitment, multiplyAndSum(abi.encodePacked(encode(generator()), y == 0 ? 0 : R - y, encode(proof), z))
        );
        return pairingIsOne(abi.encodePacked(encode(left), G2, encode(negate(proof)), TAU_G2));
    }

    /// @notice Verifies an opening that is known to be right, `X + 1` at 5, by the calls that an epoch's proof needs.
    /// Reverts, or is false, when no proof could be verified.
    function canaryVerifies() internal view returns (bool) {
        bytes memory points = new bytes(2 * POINT_LENGTH);
        G1 memory one = generator();
        G1 memory tau = tauG1();
        assembly ("memory-safe") {
            mcopy(add(points, 32), add(one, 16), 48)
            mcopy(add(points, 80), add(one, 80), 48)
            mcopy(add(points, 128), add(tau, 16), 48)
            mcopy(add(points, 176), add(tau, 80), 48)
        }
        return verifyOpening(sum(points), 5, 6, one);
    }

    /// @notice Whether the polynomial behind a compressed commitment has value `y` at `z`, by EIP-4844's point
    /// evaluation precompile. False for whatever is not canonical.
    function verifyBlobOpening(bytes calldata commitment, bytes32 z, bytes32 y, bytes calldata proof)
        internal
        view
        returns (bool)
    {
        (bool success, bytes memory output) =
            POINT_EVALUATION.staticcall(abi.encodePacked(versionedHash(commitment), z, y, commitment, proof));
        return success && output.length == 64;
    }

    /// @notice EIP-4844's versioned hash of a compressed commitment.
    function versionedHash(bytes calldata commitment) internal pure returns (bytes32) {
        return bytes32((uint256(sha256(commitment)) & (type(uint256).max >> 8)) | (uint256(0x01) << 248));
    }

    /// @notice Whether 48 bytes are not the compressed form of a point of the subgroup.
    /// @param yHigh Upper half of a y with which the point is on the curve; needed only where there is one.
    /// @param yLow Lower half of it.
    function isInvalid(bytes calldata commitment, bytes32 yHigh, bytes32 yLow) internal view returns (bool) {
        (bool decided, bool invalid, uint256 high, uint256 low) = byEncoding(commitment);
        if (decided) {
            return invalid;
        }
        if (!hasY(high, low)) {
            return true;
        }
        G1 memory point = G1(bytes32(high), bytes32(low), yHigh, yLow);
        require(onCurve(point), NotOnCurve());
        return !inSubgroup(point);
    }

    /// @notice The same where nobody brings a y: computes it. Any 48 bytes are taken.
    function isPoint(bytes calldata commitment) internal view returns (bool) {
        (bool decided, bool invalid, uint256 high, uint256 low) = byEncoding(commitment);
        if (decided) {
            return !invalid;
        }
        (uint256 squareHigh, uint256 squareLow) = curve(high, low);
        (uint256 yHigh, uint256 yLow) = power(squareHigh, squareLow, abi.encodePacked(uint128(ROOT_HIGH), ROOT_LOW));
        // Where x³ + 4 is no square, the power is the root of something else: one power tells as much as two would.
        (uint256 actualHigh, uint256 actualLow) = power(yHigh, yLow, abi.encodePacked(uint8(2)));
        (squareHigh, squareLow) = power(squareHigh, squareLow, abi.encodePacked(uint8(1)));
        if (actualHigh != squareHigh || actualLow != squareLow) {
            return false;
        }
        // Which of the two roots does not matter for the subgroup.
        return inSubgroup(G1(bytes32(high), bytes32(low), bytes32(yHigh), bytes32(yLow)));
    }

    /// @notice Writes term `index` of a sum from a point in 96 bytes.
    function setTerm(bytes memory terms, uint256 index, bytes calldata points, uint256 scalar) internal pure {
        assembly ("memory-safe") {
            let place := add(add(terms, 32), mul(index, 160))
            let source := add(points.offset, mul(index, 96))
            calldatacopy(add(place, 16), source, 48)
            calldatacopy(add(place, 80), add(source, 48), 48)
            mstore(add(place, 128), scalar)
        }
    }

    /// @notice Σ scalar · point over terms; reverts where a point is not of the group.
    function multiplyAndSum(bytes memory terms) internal view returns (G1 memory total) {
        bool success;
        assembly ("memory-safe") {
            success := staticcall(gas(), 0x0c, add(terms, 32), mload(terms), total, 128)
            success := and(success, eq(returndatasize(), 128))
        }
        require(success, PrecompileFailed(G1MSM));
    }

    /// @notice Whether two points are the same.
    function equal(G1 memory left, G1 memory right) internal pure returns (bool) {
        return keccak256(encode(left)) == keccak256(encode(right));
    }

    /// @notice The leaf of an anchor's tree for a point in 96 bytes: keccak256(0x00 ‖ its 48 compressed bytes). Means
    /// something for points of the group only.
    function leafHash(bytes calldata points, uint256 index) internal pure returns (bytes32) {
        G1 memory point = pointAt(points, index);
        uint256 head = uint256(point.xHigh) | COMPRESSED;
        uint256 yHigh = uint256(point.yHigh);
        if (yHigh > HALF_HIGH || (yHigh == HALF_HIGH && uint256(point.yLow) > HALF_LOW)) {
            head |= LARGER;
        } else if (point.xHigh == 0 && point.xLow == 0 && point.yHigh == 0 && point.yLow == 0) {
            head |= INFINITY;
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

    /// @dev What the bytes alone decide; otherwise x.
    function byEncoding(bytes calldata commitment)
        private
        pure
        returns (bool decided, bool invalid, uint256 high, uint256 low)
    {
        uint256 head = uint128(bytes16(commitment[:16]));
        low = uint256(bytes32(commitment[16:48]));
        high = head & ~FLAGS;
        if (head & COMPRESSED == 0) {
            return (true, true, high, low);
        }
        if (head & INFINITY != 0) {
            // Infinity has one form.
            return (true, head != (COMPRESSED | INFINITY) || low != 0, high, low);
        }
        invalid = high > P_HIGH || (high == P_HIGH && low >= P_LOW);
        return (invalid, invalid, high, low);
    }

    function add(G1 memory left, G1 memory right) private view returns (G1 memory total) {
        (bool success, bytes memory output) = G1ADD.staticcall(abi.encodePacked(encode(left), encode(right)));
        require(success && output.length == 128, PrecompileFailed(G1ADD));
        total = abi.decode(output, (G1));
    }

    function pairingIsOne(bytes memory input) private view returns (bool) {
        (bool success, bytes memory output) = PAIRING.staticcall(input);
        require(success && output.length == 32, PrecompileFailed(PAIRING));
        return abi.decode(output, (uint256)) == 1;
    }

    function onCurve(G1 memory point) private view returns (bool) {
        (bool success, bytes memory output) =
            G1ADD.staticcall{gas: requireGas()}(abi.encodePacked(encode(point), new bytes(128)));
        return success && output.length == 128;
    }

    /// @dev For a point on the curve. Reverts when the precompile does not serve points that are known to be good.
    function inSubgroup(G1 memory point) private view returns (bool) {
        if (tryMultiply(point)) {
            return true;
        }
        // After, not before: the call that fails burns its gas, and what is left must have sufficed for it too.
        require(tryMultiply(generator()) && tryMultiply(tauG1()), PrecompileFailed(G1MSM));
        return false;
    }

    function tryMultiply(G1 memory point) private view returns (bool) {
        (bool success, bytes memory output) =
            G1MSM.staticcall{gas: requireGas()}(abi.encodePacked(encode(point), uint256(1)));
        require(!success || output.length == 128, PrecompileFailed(G1MSM));
        return success;
    }

    /// @dev x³ + 4, not reduced, for x below p.
    function curve(uint256 high, uint256 low) private view returns (uint256 squareHigh, uint256 squareLow) {
        (squareHigh, squareLow) = power(high, low, abi.encodePacked(uint8(3)));
        unchecked {
            // Below p + 4 < 2^384: MODEXP reduces its base.
            squareHigh += squareLow > type(uint256).max - 4 ? 1 : 0;
            squareLow += 4;
        }
    }

    /// @dev Whether x³ + 4 is a square modulo p (Euler's criterion), so that there is a y with which x is on the curve.
    function hasY(uint256 high, uint256 low) private view returns (bool) {
        (uint256 squareHigh, uint256 squareLow) = curve(high, low);
        (uint256 symbolHigh, uint256 symbolLow) =
            power(squareHigh, squareLow, abi.encodePacked(uint128(HALF_HIGH), HALF_LOW));
        return symbolHigh != P_HIGH || symbolLow != P_LOW - 1;
    }

    /// @dev A power modulo p, in operands of 48 bytes: EIP-7883 charges by their length.
    function power(uint256 high, uint256 low, bytes memory exponent)
        private
        view
        returns (uint256 resultHigh, uint256 resultLow)
    {
        (bool success, bytes memory output) = MODEXP.staticcall(
            abi.encodePacked(
                uint256(48), exponent.length, uint256(48), uint128(high), low, exponent, uint128(P_HIGH), P_LOW
            )
        );
        require(success && output.length == 48, PrecompileFailed(MODEXP));
        assembly ("memory-safe") {
            resultHigh := shr(128, mload(add(output, 32)))
            resultLow := mload(add(output, 48))
        }
    }

    /// @dev What a bounded call is given, after making sure that it is there: EIP-150 passes at most 63/64 on.
    function requireGas() private view returns (uint256) {
        uint256 available = gasleft();
        // 5,000 for what happens between here and the call.
        require(available > 5000 && (available - 5000) / 64 * 63 >= SUBGROUP_GAS, NotEnoughGas(available, SUBGROUP_GAS));
        return SUBGROUP_GAS;
    }
}
