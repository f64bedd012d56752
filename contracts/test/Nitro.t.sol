// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICustomDAProofValidator} from "../interfaces/ICustomDAProofValidator.sol";
import {MeedaDAProofValidator} from "../src/MeedaDAProofValidator.sol";
import {Bls12381} from "../src/libraries/Bls12381.sol";
import {Kzg} from "./Kzg.sol";
import {MiniTest} from "./MiniTest.sol";

contract NitroTest is MiniTest {
    uint256 private constant KEY = 0xa11ce;
    MeedaDAProofValidator private validator;

    function setUp() public {
        validator = new MeedaDAProofValidator(0x4d, signers(vm.addr(KEY), 1));
    }

    function test_its_own_certificate_is_valid_and_readable() public view {
        bytes memory proof = withSize(certificate(101, infinity()));
        assertTrue(validator.validateCertificate(proof), "valid");
        bytes memory openings = abi.encodePacked(bytes32(0), infinity(), bytes32(0), infinity());
        bytes32 hash = keccak256(certificate(101, infinity()));
        bytes memory chunk = validator.validateReadPreimage(hash, 96, abi.encodePacked(proof, hex"01", openings));
        assertEq(chunk.length, 5, "the rest");
    }

    /// @dev F10: a certificate is for one chain and one validator.
    function test_on_another_chain_or_for_another_validator_it_is_none() public {
        bytes memory proof = withSize(certificate(101, infinity()));
        MeedaDAProofValidator other = new MeedaDAProofValidator(0x4d, signers(vm.addr(KEY), 1));
        assertTrue(!other.validateCertificate(proof), "another validator");
        vm.chainId(42_161);
        assertTrue(!validator.validateCertificate(proof), "another chain");
    }

    /// @dev Nothing depends on the present block: a dispute about an old batch ends as it would have then.
    function test_time_does_not_turn_a_certificate() public {
        bytes memory proof = withSize(certificate(101, infinity()));
        vm.roll(50_000_000);
        assertTrue(validator.validateCertificate(proof), "years later");
    }

    /// @dev F10: commitments that are no points have no preimage; the certificate is invalid and the chain goes on.
    function test_commitments_that_are_no_points_are_refused() public {
        assertTrue(!valid(101, new bytes(48)), "no encoding");
        assertTrue(!valid(101, abi.encodePacked(uint128(0x80) << 120, bytes32(uint256(1)))), "no y");
        assertTrue(!valid(101, abi.encodePacked(uint128(0x80) << 120, bytes32(0))), "not in the subgroup");
        assertTrue(valid(101, Kzg.compress(Bls12381.generator())), "a point");
        assertTrue(valid(101, Kzg.compress(Kzg.multiply(Bls12381.generator(), Bls12381.R - 1))), "the other y");
        bytes memory two = bytes.concat(infinity(), new bytes(48));
        assertTrue(!valid(4096 * 31, two), "the second");
        assertTrue(valid(4096 * 31 + 1, bytes.concat(infinity(), infinity())), "both");
        bytes memory made = withSize(certificate(101, Kzg.compress(Bls12381.generator())));
        vm.mockCallRevert(address(0x0c), "", "");
        vm.expectRevert(abi.encodeWithSelector(Bls12381.PrecompileFailed.selector, address(0x0c)));
        validator.validateCertificate(made);
    }

    /// @dev A machine reads on until it gets fewer than 32 bytes; a read of none can be proven by nobody.
    function test_lengths_whose_end_cannot_be_proven_are_refused(uint32 length) public view {
        length = uint32(bound(length, 1, 126_945));
        assertTrue(valid(length, infinity()) == (length % 32 != 0), "length");
        assertTrue(!valid(96, infinity()) && valid(97, infinity()) && valid(95, infinity()), "bounds");
    }

    function test_any_bytes_are_answered(bytes memory junk) public view {
        assertTrue(!validator.validateCertificate(junk), "junk");
    }

    function test_a_changed_certificate_is_none(uint256 place, uint8 change) public view {
        bytes memory made = certificate(101, infinity());
        place = bound(place, 0, made.length - 1);
        made[place] ^= bytes1(uint8(bound(change, 1, 255)));
        assertTrue(!validator.validateCertificate(withSize(made)), "changed");
    }

    function test_signers_are_named_once() public {
        vm.expectRevert(abi.encodeWithSelector(MeedaDAProofValidator.InvalidSigner.selector, address(0)));
        new MeedaDAProofValidator(0x4d, signers(address(0), 1));
        vm.expectRevert(abi.encodeWithSelector(MeedaDAProofValidator.InvalidSigner.selector, vm.addr(KEY)));
        new MeedaDAProofValidator(0x4d, signers(vm.addr(KEY), 2));
    }

    /// @dev Nitro's interface by its selectors.
    function test_the_interface_is_nitros() public pure {
        assertEq(
            bytes32(ICustomDAProofValidator.validateReadPreimage.selector),
            bytes32(bytes4(keccak256("validateReadPreimage(bytes32,uint256,bytes)"))),
            "read"
        );
        assertEq(
            bytes32(ICustomDAProofValidator.validateCertificate.selector),
            bytes32(bytes4(keccak256("validateCertificate(bytes)"))),
            "certificate"
        );
    }

    function valid(uint32 length, bytes memory commitments) private view returns (bool) {
        return validator.validateCertificate(withSize(certificate(length, commitments)));
    }

    function certificate(uint32 length, bytes memory commitments) private view returns (bytes memory) {
        bytes memory head = abi.encodePacked(
            bytes3(0x014d02), length, uint64(block.chainid), address(validator), uint64(108_000), commitments
        );
        bytes32 digest = keccak256(abi.encodePacked("\x19Ethereum Signed Message:\n32", keccak256(head)));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(KEY, digest);
        return abi.encodePacked(head, r, s, v);
    }

    function withSize(bytes memory made) private pure returns (bytes memory) {
        return abi.encodePacked(uint64(made.length), made);
    }

    function infinity() private pure returns (bytes memory) {
        return abi.encodePacked(uint128(0xc0) << 120, bytes32(0));
    }

    function signers(address signer, uint256 count) private pure returns (address[] memory list) {
        list = new address[](count);
        for (uint256 i = 0; i < count; i++) {
            list[i] = signer;
        }
    }
}
