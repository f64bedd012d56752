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

    address private constant G1ADD = address(0x0b);
    address private constant G1MSM = address(0x0c);
    address private constant PAIRING = address(0x0f);

    // Twice what EIP-2537 charges, so that a dearer schedule does not break a contract that cannot be changed.
    uint256 private constant G1ADD_GAS = 750;
    uint256 private constant G1MSM3_GAS = 72_000;
    uint256 private constant PAIRING2_GAS = 206_000;

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
            G1MSM3_GAS,
            abi.encodePacked(encode(commitment), uint256(1), encode(generator()), y == 0 ? 0 : R - y, encode(proof), z),
            left
        );
        return pairingIsOne(abi.encodePacked(encode(left), G2, encode(negate(proof)), TAU_G2));
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

    function requireGas(uint256 needed) private view {
        uint256 available = gasleft();
        // EIP-150: at most 63/64 of what is left can be passed on; the rest is for what happens around the call.
        if (available - available / 64 < needed + 1000) {
            revert NotEnoughGas(available, needed);
        }
    }
}
