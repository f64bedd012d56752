// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title What a Nitro chain's one-step proofs ask of a validator for an external DA system
interface ICustomDAProofValidator {
    /// @notice The 32 bytes of a batch at an offset, or as many as there are.
    /// @param certHash Keccak-256 of the certificate.
    /// @param offset Where in the batch.
    /// @param proof `uint64 size ‖ certificate ‖ 0x01 ‖ (y ‖ KZG proof) …`: 32 and 48 bytes for each of the elements, at
    /// most two, that the bytes are in.
    /// @return preimageChunk The bytes.
    function validateReadPreimage(bytes32 certHash, uint256 offset, bytes calldata proof)
        external
        view
        returns (bytes memory preimageChunk);

    /// @notice Whether a certificate is valid. Never reverts for any bytes: a revert would keep an honest party from
    /// its one-step proof.
    /// @param proof `uint64 size ‖ certificate ‖ …`; what follows is not looked at.
    /// @return isValid Whether it is.
    function validateCertificate(bytes calldata proof) external view returns (bool isValid);
}
