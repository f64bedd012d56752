// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MeedaDAProofValidator} from "../src/MeedaDAProofValidator.sol";
import {MiniTest} from "./MiniTest.sol";

interface SigningVm {
    function sign(uint256 key, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);
    function addr(uint256 key) external pure returns (address);
}

/// @dev Openings that the service makes are tried by the C# tests on a real EVM; here is what no bytes may do.
contract DAProofValidatorTest is MiniTest {
    uint256 private constant KEY = 0xa11ce;
    SigningVm private constant signing = SigningVm(address(vm));
    MeedaDAProofValidator private validator;

    function setUp() public {
        address[] memory signers = new address[](1);
        signers[0] = signing.addr(KEY);
        validator = new MeedaDAProofValidator(0x4d, signers);
    }

    function test_validateCertificate_signed_isValid() public view {
        assertTrue(validator.validateCertificate(withSize(certificate(KEY, 126_945, 1))), "one full blob");
        assertTrue(validator.validateCertificate(withSize(certificate(KEY, 126_946, 2))), "a byte more needs a second blob");
    }

    function test_validateCertificate_wrongBlobCountOrSigner_isFalse() public view {
        assertTrue(!validator.validateCertificate(withSize(certificate(KEY, 126_946, 1))), "too few commitments");
        assertTrue(!validator.validateCertificate(withSize(certificate(KEY, 0, 1))), "an empty batch");
        assertTrue(!validator.validateCertificate(withSize(certificate(KEY + 1, 100, 1))), "another signer");
    }

    function test_validateCertificate_sizeBeyondTheProof_isFalse() public view {
        bytes memory proof = withSize(certificate(KEY, 100, 1));
        proof[7] = bytes1(uint8(proof[7]) + 1);
        assertTrue(!validator.validateCertificate(proof), "a byte too many");
        proof[0] = 0xff;
        assertTrue(!validator.validateCertificate(proof), "the largest size");
    }

    function testFuzz_validateCertificate_anyBytes_isFalseAndDoesNotRevert(bytes calldata proof) public view {
        assertTrue(!validator.validateCertificate(proof), "random bytes");
    }

    function testFuzz_validateCertificate_anyBytesBehindAWellFormedHead_isFalseAndDoesNotRevert(bytes calldata tail, uint32 length)
        public
        view
    {
        bytes memory made = abi.encodePacked(bytes3(0x014d01), length, tail);
        assertTrue(!validator.validateCertificate(abi.encodePacked(uint64(made.length), made)), "nobody signed this");
    }

    function testFuzz_validateCertificate_anyByteChanged_isFalseAndDoesNotRevert(uint256 position, uint8 by) public view {
        bytes memory made = certificate(KEY, 200_000, 2);
        vm.assume(by != 0);
        position = bound(position, 0, made.length - 1);
        made[position] = bytes1(uint8(made[position]) ^ by);
        assertTrue(!validator.validateCertificate(withSize(made)), "a changed byte");
    }

    function testFuzz_validateCertificate_whatFollows_doesNotMatter(bytes calldata tail) public view {
        assertTrue(validator.validateCertificate(abi.encodePacked(withSize(certificate(KEY, 5, 1)), tail)), "the rest is not looked at");
    }

    function test_validateCertificate_upperHalfS_isFalse() public view {
        bytes memory made = certificate(KEY, 100, 1);
        uint256 position = made.length - 33;
        uint256 s;
        assembly ("memory-safe") {
            s := mload(add(add(made, 32), position))
        }
        uint256 mirrored = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141 - s;
        assembly ("memory-safe") {
            mstore(add(add(made, 32), position), mirrored)
        }
        made[made.length - 1] = made[made.length - 1] == 0x1b ? bytes1(0x1c) : bytes1(0x1b);
        assertTrue(!validator.validateCertificate(withSize(made)), "the mirrored signature");
    }

    function certificate(uint256 key, uint32 length, uint256 blobs) private pure returns (bytes memory) {
        bytes memory head = abi.encodePacked(bytes3(0x014d01), length, new bytes(48 * blobs));
        (uint8 v, bytes32 r, bytes32 s) =
            signing.sign(key, keccak256(abi.encodePacked("\x19Ethereum Signed Message:\n32", keccak256(head))));
        return abi.encodePacked(head, r, s, v);
    }

    function withSize(bytes memory made) private pure returns (bytes memory) {
        return abi.encodePacked(uint64(made.length), made);
    }
}
