// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICustomDAProofValidator} from "../interfaces/ICustomDAProofValidator.sol";
import {Bls12381} from "./libraries/Bls12381.sol";

/// @title What a Nitro chain's one-step proofs ask about batches that Meeda keeps
/// @notice A certificate is `0x01 ‖ provider ‖ 0x02 ‖ uint32 length ‖ uint64 chainId ‖ validator(20) ‖ uint64 lastBlock ‖
/// C_0 … C_{n-1} ‖ r ‖ s ‖ v`: a batch's length, the L1 chain and the validator it is for, the last L1 block for which
/// the batch is promised, and the compressed KZG commitments of its EIP-4844 blobs, signed by a signer that the chain
/// trusts to keep batches. The preimage of its hash is the batch: byte i is byte 1 + (31 + i) % 31 of field element
/// (31 + i) / 31, counted over all blobs; the first element holds the blobs' own header.
/// @dev A certificate is valid or not by its own bytes and the precompiles alone: a rule on the present block would
/// turn old batches during a dispute. Commitments that are no points have no openings, and of a batch whose length is
/// a multiple of 32 the machine reads past the end, which no one-step proof can show: neither is valid. Nor is one of more
/// blobs than a transaction can judge.
contract MeedaDAProofValidator is ICustomDAProofValidator {
    uint256 private constant CERTIFICATE_SIZE_LENGTH = 8;
    uint256 private constant HEADER_LENGTH = 43;
    uint256 private constant COMMITMENT_LENGTH = 48;
    uint256 private constant SIGNATURE_LENGTH = 65;
    uint256 private constant ELEMENTS_PER_BLOB = 4096;
    uint256 private constant BYTES_PER_ELEMENT = 31;
    uint256 private constant OPENING_LENGTH = 80;
    uint256 private constant CHUNK_LENGTH = 32;

    /// @dev Some 60,000 gas a commitment: 12 million, of the 16.8 million that a transaction may take (EIP-7825).
    uint256 private constant MOST_BLOBS = 200;

    bytes1 private constant DA_CERTIFICATE_FLAG = 0x01;
    bytes1 private constant CERTIFICATE_VERSION = 0x02;
    bytes1 private constant PROOF_VERSION = 0x01;

    /// @dev 7 to the power of (r - 1) / 4096: the 4096th root of unity of EIP-4844.
    uint256 private constant ROOT_OF_UNITY = 0x564c0a11a0f704f4fc3e8acfe0f8245f0ad1347b378fbf96e206da11a5d36306;

    uint256 private constant HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    /// @notice The second byte of certificates.
    bytes1 public immutable PROVIDER;

    /// @notice Who signs for batches.
    mapping(address signer => bool trusted) public isSigner;

    /// @dev The proof is shorter than its parts.
    error ProofTooShort(uint256 length, uint256 needed);

    /// @dev The certificate in the proof is not the one that the machine asks about.
    error WrongCertificate(bytes32 actual, bytes32 expected);

    /// @dev The certificate is not valid, so nothing has its hash as a preimage.
    error InvalidCertificate();

    /// @dev The proof's version is not known.
    error UnknownProofVersion(bytes1 version);

    /// @dev The value is not that of the blob's element.
    error WrongOpening(uint256 element);

    /// @dev A signer is zero or named twice.
    error InvalidSigner(address signer);

    /// @notice The account signs for batches.
    event SignerTrusted(address indexed signer);

    /// @param provider The second byte of certificates.
    /// @param signers The accounts that sign for batches.
    constructor(bytes1 provider, address[] memory signers) {
        PROVIDER = provider;
        for (uint256 i = 0; i < signers.length; ++i) {
            require(signers[i] != address(0) && !isSigner[signers[i]], InvalidSigner(signers[i]));
            isSigner[signers[i]] = true;
            emit SignerTrusted(signers[i]);
        }
    }

    /// @inheritdoc ICustomDAProofValidator
    function validateCertificate(bytes calldata proof) external view returns (bool isValid) {
        if (proof.length < CERTIFICATE_SIZE_LENGTH) {
            return false;
        }
        uint256 size = uint64(bytes8(proof[:CERTIFICATE_SIZE_LENGTH]));
        return size <= proof.length - CERTIFICATE_SIZE_LENGTH
            && isValidCertificate(proof[CERTIFICATE_SIZE_LENGTH:CERTIFICATE_SIZE_LENGTH + size]);
    }

    /// @inheritdoc ICustomDAProofValidator
    function validateReadPreimage(bytes32 certHash, uint256 offset, bytes calldata proof)
        external
        view
        returns (bytes memory preimageChunk)
    {
        if (proof.length < CERTIFICATE_SIZE_LENGTH) {
            revert ProofTooShort(proof.length, CERTIFICATE_SIZE_LENGTH);
        }
        uint256 size = uint64(bytes8(proof[:CERTIFICATE_SIZE_LENGTH]));
        uint256 start = CERTIFICATE_SIZE_LENGTH + size;
        if (proof.length < start + 1) revert ProofTooShort(proof.length, start + 1);
        bytes calldata certificate = proof[CERTIFICATE_SIZE_LENGTH:start];
        if (keccak256(certificate) != certHash) revert WrongCertificate(keccak256(certificate), certHash);
        if (!isValidCertificate(certificate)) revert InvalidCertificate();
        if (proof[start] != PROOF_VERSION) revert UnknownProofVersion(proof[start]);

        uint256 length = uint32(bytes4(certificate[3:7]));
        if (offset >= length) {
            return "";
        }
        uint256 count = length - offset < CHUNK_LENGTH ? length - offset : CHUNK_LENGTH;
        return read(certificate, offset, count, proof[start + 1:]);
    }

    function read(bytes calldata certificate, uint256 offset, uint256 count, bytes calldata openings)
        private
        view
        returns (bytes memory chunk)
    {
        uint256 first = (BYTES_PER_ELEMENT + offset) / BYTES_PER_ELEMENT;
        uint256 elements = (BYTES_PER_ELEMENT + offset + count - 1) / BYTES_PER_ELEMENT - first + 1;
        if (openings.length < elements * OPENING_LENGTH) {
            revert ProofTooShort(openings.length, elements * OPENING_LENGTH);
        }
        uint256[] memory values = new uint256[](elements);
        for (uint256 i = 0; i < elements; ++i) {
            values[i] = open(certificate, first + i, openings[i * OPENING_LENGTH:(i + 1) * OPENING_LENGTH]);
        }
        chunk = new bytes(count);
        for (uint256 i = 0; i < count; ++i) {
            uint256 position = BYTES_PER_ELEMENT + offset + i;
            // Byte 0 of an element is no data.
            chunk[i] = bytes32(values[position / BYTES_PER_ELEMENT - first])[1 + position % BYTES_PER_ELEMENT];
        }
    }

    function open(bytes calldata certificate, uint256 element, bytes calldata opening)
        private
        view
        returns (uint256 value)
    {
        uint256 position = HEADER_LENGTH + (element / ELEMENTS_PER_BLOB) * COMMITMENT_LENGTH;
        bytes32 y = bytes32(opening[:32]);
        bytes calldata commitment = certificate[position:position + COMMITMENT_LENGTH];
        if (!Bls12381.verifyBlobOpening(commitment, domainPoint(element % ELEMENTS_PER_BLOB), y, opening[32:])) {
            revert WrongOpening(element);
        }
        return uint256(y);
    }

    /// @dev Blob elements are values at the roots of unity in bit-reversed order (EIP-4844).
    function domainPoint(uint256 index) private pure returns (bytes32) {
        uint256 exponent = 0;
        for (uint256 bit = 0; bit < 12; ++bit) {
            exponent = (exponent << 1) | ((index >> bit) & 1);
        }
        uint256 power = ROOT_OF_UNITY;
        uint256 point = 1;
        for (; exponent != 0; exponent >>= 1) {
            if (exponent & 1 != 0) {
                point = mulmod(point, power, Bls12381.R);
            }
            power = mulmod(power, power, Bls12381.R);
        }
        return bytes32(point);
    }

    function isValidCertificate(bytes calldata certificate) private view returns (bool) {
        if (certificate.length < HEADER_LENGTH + COMMITMENT_LENGTH + SIGNATURE_LENGTH) {
            return false;
        }
        if (
            certificate[0] != DA_CERTIFICATE_FLAG || certificate[1] != PROVIDER || certificate[2] != CERTIFICATE_VERSION
        ) {
            return false;
        }
        uint256 length = uint32(bytes4(certificate[3:7]));
        uint256 perBlob = ELEMENTS_PER_BLOB * BYTES_PER_ELEMENT;
        uint256 blobs = (length + BYTES_PER_ELEMENT + perBlob - 1) / perBlob;
        uint256 signedLength = HEADER_LENGTH + blobs * COMMITMENT_LENGTH;
        if (
            length == 0 || length % CHUNK_LENGTH == 0 || blobs > MOST_BLOBS
                || certificate.length != signedLength + SIGNATURE_LENGTH
        ) {
            return false;
        }
        if (uint64(bytes8(certificate[7:15])) != block.chainid || address(bytes20(certificate[15:35])) != address(this))
        {
            return false;
        }
        bytes32 digest =
            keccak256(abi.encodePacked("\x19Ethereum Signed Message:\n32", keccak256(certificate[:signedLength])));
        bytes32 r = bytes32(certificate[signedLength:signedLength + 32]);
        bytes32 s = bytes32(certificate[signedLength + 32:signedLength + 64]);
        uint8 v = uint8(certificate[signedLength + 64]);
        if (uint256(s) > HALF_ORDER || (v != 27 && v != 28)) {
            return false;
        }
        address signer = ecrecover(digest, v, r, s);
        return signer != address(0) && isSigner[signer] && arePoints(certificate[HEADER_LENGTH:signedLength]);
    }

    function arePoints(bytes calldata commitments) private view returns (bool) {
        for (uint256 i = 0; i < commitments.length; i += COMMITMENT_LENGTH) {
            if (!Bls12381.isPoint(commitments[i:i + COMMITMENT_LENGTH])) {
                return false;
            }
        }
        return true;
    }
}
