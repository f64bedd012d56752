// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICustomDAProofValidator} from "../interfaces/ICustomDAProofValidator.sol";
import {MeedaDAProofValidator} from "../src/MeedaDAProofValidator.sol";
import {Bls12381} from "../src/libraries/Bls12381.sol";
import {Kzg, Poly} from "./Kzg.sol";
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

    /// @dev The bytes of a batch of two blobs, across elements and blobs and at the end, with no opening too many.
    function test_a_read_gives_the_bytes_of_the_batch() public view {
        Poly[] memory blobs = twoBlobs();
        uint32 length = 4096 * 31 + 45;
        bytes memory made = certificate(length, bytes.concat(compressed(blobs[0]), compressed(blobs[1])));
        expectRead(made, blobs, 0, 32, 2);
        expectRead(made, blobs, 31, 32, 2);
        // The last byte of an element, then a whole one.
        expectRead(made, blobs, 61, 32, 2);
        expectRead(made, blobs, 1000, 32, 2);
        // Elements 4095 and 4096 are of two blobs.
        expectRead(made, blobs, 4095 * 31 - 17, 32, 2);
        // The last bytes, in two elements and in one; then none, without an opening.
        expectRead(made, blobs, length - 20, 20, 2);
        expectRead(made, blobs, length - 14, 14, 1);
        expectRead(made, blobs, length, 0, 0);
        expectRead(made, blobs, length + 7, 0, 0);
    }

    /// @dev Bytes that end with their element need no opening of the next.
    function test_a_batch_that_ends_with_an_element_is_read() public view {
        Poly[] memory blobs = twoBlobs();
        bytes memory made = certificate(31 * 3, compressed(blobs[0]));
        expectRead(made, blobs, 31 * 2, 31, 1);
        expectRead(made, blobs, 31 * 3, 0, 0);
    }

    function test_a_read_that_shows_nothing_is_refused() public {
        Poly[] memory blobs = twoBlobs();
        bytes memory made = certificate(101, compressed(blobs[0]));
        bytes32 hash = keccak256(made);
        bytes memory proof = withSize(made);
        expectShort(7, 8);
        validator.validateReadPreimage(hash, 0, new bytes(7));
        // Of a length of zero the bytes are none, but the version is missing.
        expectShort(8, 9);
        validator.validateReadPreimage(hash, 0, new bytes(8));
        expectShort(proof.length, proof.length + 1);
        validator.validateReadPreimage(hash, 0, proof);
        bytes memory openings = openingsOf(blobs, 1, 2);
        vm.expectRevert(abi.encodeWithSelector(MeedaDAProofValidator.WrongCertificate.selector, hash, bytes32(0)));
        validator.validateReadPreimage(0, 0, abi.encodePacked(proof, hex"01", openings));
        vm.expectRevert(abi.encodeWithSelector(MeedaDAProofValidator.UnknownProofVersion.selector, bytes1(0x02)));
        validator.validateReadPreimage(hash, 0, abi.encodePacked(proof, hex"02", openings));
        bytes memory one = openingsOf(blobs, 1, 1);
        expectShort(80, 160);
        validator.validateReadPreimage(hash, 0, abi.encodePacked(proof, hex"01", one));
        expectShort(0, 160);
        validator.validateReadPreimage(hash, 0, abi.encodePacked(proof, hex"01"));
        openings[31] ^= 0x01;
        vm.expectRevert(abi.encodeWithSelector(MeedaDAProofValidator.WrongOpening.selector, 1));
        validator.validateReadPreimage(hash, 0, abi.encodePacked(proof, hex"01", openings));
        made = certificate(96, compressed(blobs[0]));
        vm.expectRevert(abi.encodeWithSelector(MeedaDAProofValidator.InvalidCertificate.selector));
        validator.validateReadPreimage(keccak256(made), 0, abi.encodePacked(withSize(made), hex"01", openings));
    }

    /// @dev The lower s alone is taken, up to the half of the order. Whoever so signed is made a signer here.
    function test_the_largest_s_is_half_of_the_order() public {
        bytes32 half = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;
        assertTrue(signedWith(half, 27) && signedWith(half, 28), "half");
        assertTrue(!signedWith(bytes32(uint256(half) + 1), 27), "more");
        assertTrue(!signedWith(half, 0) && !signedWith(half, 29), "no such v");
    }

    function signedWith(bytes32 s, uint8 v) private returns (bool) {
        bytes memory made = certificate(101, infinity());
        bytes memory head = new bytes(made.length - 65);
        assembly ("memory-safe") {
            mcopy(add(head, 32), add(made, 32), mload(head))
        }
        bytes32 r = bytes32(uint256(0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798));
        bytes32 digest = keccak256(abi.encodePacked("\x19Ethereum Signed Message:\n32", keccak256(head)));
        address signer = ecrecover(digest, v == 28 ? 28 : 27, r, s);
        // isSigner[signer], the contract's only storage.
        vm.store(address(validator), keccak256(abi.encode(signer, uint256(0))), bytes32(uint256(1)));
        assertTrue(signer != address(0) && validator.isSigner(signer), "a signer");
        return validator.validateCertificate(withSize(abi.encodePacked(head, r, s, v)));
    }

    function expectShort(uint256 length, uint256 needed) private {
        vm.expectRevert(abi.encodeWithSelector(MeedaDAProofValidator.ProofTooShort.selector, length, needed));
    }

    function expectRead(bytes memory made, Poly[] memory blobs, uint256 offset, uint256 count, uint256 elements)
        private
        view
    {
        uint256 first = offset / 31 + 1;
        bytes memory openings = openingsOf(blobs, first, elements);
        bytes memory expected;
        for (uint256 i = 0; i < count; i++) {
            uint256 element = (offset + i) / 31 + 1;
            bytes32 value = bytes32(Kzg.evaluate(blobs[element / 4096], point(element % 4096)));
            expected = abi.encodePacked(expected, value[1 + (offset + i) % 31]);
        }
        bytes memory proof = abi.encodePacked(withSize(made), hex"01", openings);
        bytes memory chunk = validator.validateReadPreimage(keccak256(made), offset, proof);
        assertEq(keccak256(chunk), keccak256(expected), vm.toString(offset));
    }

    function openingsOf(Poly[] memory blobs, uint256 first, uint256 count)
        private
        view
        returns (bytes memory openings)
    {
        for (uint256 element = first; element < first + count; element++) {
            Poly memory blob = blobs[element / 4096];
            uint256 value = Kzg.evaluate(blob, point(element % 4096));
            openings = abi.encodePacked(openings, value, Kzg.compress(Kzg.open(blob)));
        }
    }

    /// @dev The point of element `index`: 7^((r - 1) / 4096) to the power of the index, whose 12 bits are turned round.
    function point(uint256 index) private view returns (uint256) {
        uint256 exponent = 0;
        for (uint256 bit = 0; bit < 12; bit++) {
            if (index & (2048 >> bit) != 0) exponent += 1 << bit;
        }
        (bool ok, bytes memory output) = address(0x05)
            .staticcall(
                abi.encode(32, 32, 32, uint256(7), (Bls12381.R - 1) / 4096 * exponent % (Bls12381.R - 1), Bls12381.R)
            );
        assertTrue(ok, "MODEXP");
        return abi.decode(output, (uint256));
    }

    function twoBlobs() private pure returns (Poly[] memory blobs) {
        blobs = new Poly[](2);
        blobs[0] = Poly(uint256(keccak256("a0")) % Bls12381.R, uint256(keccak256("b0")) % Bls12381.R);
        blobs[1] = Poly(uint256(keccak256("a1")) % Bls12381.R, uint256(keccak256("b1")) % Bls12381.R);
    }

    function compressed(Poly memory blob) private view returns (bytes memory) {
        return Kzg.compress(Kzg.commit(blob));
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
