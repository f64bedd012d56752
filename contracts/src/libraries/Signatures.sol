// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title EIP-712 digests and EIP-2098 signatures
library Signatures {
    bytes32 private constant DOMAIN =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    uint256 private constant HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    /// @notice What is signed for a struct, in the domain of the contract that executes.
    function digestOf(bytes32 structHash) internal view returns (bytes32) {
        bytes32 domain = keccak256(abi.encode(DOMAIN, keccak256("Meeda"), keccak256("2"), block.chainid, address(this)));
        return keccak256(abi.encodePacked(hex"1901", domain, structHash));
    }

    /// @notice Who signed; zero where nobody did. Only the lower s is taken.
    function recover(bytes32 digest, bytes32 r, bytes32 vs) internal pure returns (address) {
        uint256 s = uint256(vs) & (type(uint256).max >> 1);
        return s > HALF_ORDER ? address(0) : ecrecover(digest, uint8((uint256(vs) >> 255) + 27), r, bytes32(s));
    }
}
