// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import "../interfaces/MeedaTypes.sol";
import {MeedaDAProofValidator} from "../src/MeedaDAProofValidator.sol";
import {AnchorTree} from "../src/libraries/AnchorTree.sol";
import {BlockHeader} from "../src/libraries/BlockHeader.sol";
import {Sampling} from "../src/libraries/Sampling.sol";
import {Signatures} from "../src/libraries/Signatures.sol";
import {Base} from "./Base.sol";

/// @dev vectors/protocol.json, which script/vectors.mjs makes and the C# tests read too: three implementations, one
/// answer. MEEDA_PROTOCOL_VECTORS names another file.
contract VectorsTest is Base {
    bytes32 private constant OPERATOR_KEY = keccak256("OperatorKey(address account,address key,uint256 nonce)");

    string private json;

    function setUp() public override {
        super.setUp();
        json = vm.readFile(vm.envOr("MEEDA_PROTOCOL_VECTORS", string("vectors/protocol.json")));
    }

    function test_anchor_roots_and_batch_ids() public view {
        for (uint256 i = 0; i < count("anchors"); i++) {
            string memory place = placeOf("anchors", i);
            bytes memory commitments = bytesAt(place, ".commitments");
            bytes32[] memory ids = batchIds(place, commitments);
            assertEq(keccak256(abi.encodePacked(ids)), keccak256(bytesAt(place, ".ids")), place);
            bytes32 leafRoot = this.leafRootOf(commitments);
            assertEq(leafRoot, wordAt(place, ".leafRoot"), place);
            assertEq(AnchorTree.idRoot(ids), wordAt(place, ".idRoot"), place);
            bytes32 root = keccak256(abi.encodePacked(leafRoot, AnchorTree.idRoot(ids)));
            assertEq(root, wordAt(place, ".root"), place);
        }
    }

    function test_paths_and_multiproofs() public view {
        for (uint256 i = 0; i < count("anchors"); i++) {
            string memory place = placeOf("anchors", i);
            bytes memory commitments = bytesAt(place, ".commitments");
            uint256[] memory places = vm.parseJsonUintArray(json, string.concat(place, ".places"));
            bytes32[] memory hashes = words(bytesAt(place, ".hashes"));
            assertEq(this.multiproofRoot(commitments, places, hashes), wordAt(place, ".leafRoot"), place);
            uint256 last = places[places.length - 1];
            bool right = this.pathHolds(
                wordAt(place, ".root"), commitments, last, words(bytesAt(place, ".path")), wordAt(place, ".idRoot")
            );
            assertTrue(right, place);
        }
    }

    function test_seeds_challenges_and_samples() public {
        for (uint256 i = 0; i < count("epochs"); i++) {
            string memory place = placeOf("epochs", i);
            vm.chainId(uintAt(place, ".chainId"));
            bytes32 seed = Sampling.seedOf(
                wordAt(place, ".mix"),
                uint64(uintAt(place, ".epoch")),
                addressAt(place, ".operator"),
                addressAt(place, ".verifier")
            );
            assertEq(seed, wordAt(place, ".seed"), place);
            assertEq(bytes32(Sampling.challenge(seed)), wordAt(place, ".challenge"), place);
            assertEq(keccak256(samplesOf(place, seed)), keccak256(bytesAt(place, ".samples")), place);
        }
    }

    function test_mixes_of_headers() public view {
        for (uint256 i = 0; i < count("headers"); i++) {
            string memory place = placeOf("headers", i);
            bytes memory expected = bytesAt(place, ".mix");
            try this.mixOf(bytesAt(place, ".rlp")) returns (bytes32 mix) {
                assertEq(keccak256(abi.encodePacked(mix)), keccak256(expected), place);
            } catch {
                assertEq(expected.length, 0, place);
            }
        }
    }

    function test_orders() public {
        for (uint256 i = 0; i < count("orders"); i++) {
            string memory place = placeOf("orders", i);
            vm.chainId(uintAt(place, ".chainId"));
            // The contract's own code, at the address that the digest names.
            address there = addressAt(place, ".escrow");
            vm.etch(there, address(escrow).code);
            bytes32 digest = OrderDigest(there)
                .orderDigest(
                    addressAt(place, ".rollup"),
                    wordAt(place, ".batchId"),
                    addressAt(place, ".operator"),
                    uint128(bytes16(bytesAt(place, ".maxWei"))),
                    uintAt(place, ".deadline")
                );
            assertEq(digest, wordAt(place, ".digest"), place);
            address poster = Signatures.recover(digest, wordAt(place, ".r"), wordAt(place, ".vs"));
            assertEq(poster, addressAt(place, ".poster"), place);
        }
    }

    function test_key_consents() public {
        for (uint256 i = 0; i < count("consents"); i++) {
            string memory place = placeOf("consents", i);
            vm.chainId(uintAt(place, ".chainId"));
            address account = addressAt(place, ".account");
            address key = addressAt(place, ".key");
            uint256 nonce = uintAt(place, ".nonce");
            bytes32 digest = wordAt(place, ".digest");
            address there = addressAt(place, ".anchors");
            // With another nonce than 0 the struct is hashed here, in the domain of the address.
            vm.etch(there, nonce == 0 ? address(anchors).code : address(new Domain()).code);
            bytes32 structHash = keccak256(abi.encode(OPERATOR_KEY, account, key, nonce));
            bytes32 actual =
                nonce == 0 ? ConsentDigest(there).keyConsentDigest(account, key) : Domain(there).digestOf(structHash);
            assertEq(actual, digest, place);
            assertEq(Signatures.recover(digest, wordAt(place, ".r"), wordAt(place, ".vs")), key, place);
        }
    }

    function test_certificates() public {
        for (uint256 i = 0; i < count("certificates"); i++) {
            string memory place = placeOf("certificates", i);
            vm.chainId(uintAt(place, ".chainId"));
            address[] memory signers = new address[](1);
            signers[0] = addressAt(place, ".signer");
            MeedaDAProofValidator made = new MeedaDAProofValidator(bytes1(uint8(uintAt(place, ".provider"))), signers);
            MeedaDAProofValidator there = MeedaDAProofValidator(addressAt(place, ".validator"));
            vm.etch(address(there), address(made).code);
            // isSigner[signer], the contract's only storage.
            vm.store(address(there), keccak256(abi.encode(signers[0], uint256(0))), bytes32(uint256(1)));
            assertTrue(there.isSigner(signers[0]), "the signer's slot");
            bytes memory certificate = bytesAt(place, ".certificate");
            bool valid = there.validateCertificate(abi.encodePacked(uint64(certificate.length), certificate));
            assertTrue(valid == vm.parseJsonBool(json, string.concat(place, ".isValid")), place);
        }
    }

    function leafRootOf(bytes calldata commitments) external pure returns (bytes32) {
        return AnchorTree.leafRoot(commitments);
    }

    function mixOf(bytes calldata header) external pure returns (bytes32) {
        return BlockHeader.mixOf(header);
    }

    function multiproofRoot(bytes calldata commitments, uint256[] calldata places, bytes32[] calldata hashes)
        external
        pure
        returns (bytes32 root)
    {
        AnchorTree.Leaves memory leaves = AnchorTree.Leaves(places, new bytes32[](places.length), 0);
        for (uint256 i = 0; i < places.length; i++) {
            leaves.nodes[i] = keccak256(abi.encodePacked(uint8(0), commitments[48 * places[i]:48 * (places[i] + 1)]));
        }
        root = AnchorTree.rootOf(leaves, 0, places.length, AnchorTree.depthOf(commitments.length / 48), hashes);
        assertEq(leaves.used, hashes.length, "every hash is used");
    }

    function pathHolds(bytes32 root, bytes calldata commitments, uint256 place, bytes32[] calldata path, bytes32 idRoot)
        external
        pure
        returns (bool)
    {
        return
            AnchorTree.verify(
                root, commitments.length / 48, place, commitments[48 * place:48 * (place + 1)], path, idRoot
            );
    }

    function batchIds(string memory place, bytes memory commitments) private view returns (bytes32[] memory ids) {
        uint256[] memory lengths = vm.parseJsonUintArray(json, string.concat(place, ".payloadLengths"));
        uint256[] memory counts = vm.parseJsonUintArray(json, string.concat(place, ".blobCounts"));
        ids = new bytes32[](lengths.length);
        uint256 from = 0;
        for (uint256 i = 0; i < ids.length; i++) {
            ids[i] = this.batchIdOf(uint32(lengths[i]), commitments, from, from + 48 * counts[i]);
            from += 48 * counts[i];
        }
    }

    function batchIdOf(uint32 length, bytes calldata commitments, uint256 from, uint256 to)
        external
        pure
        returns (bytes32)
    {
        return keccak256(abi.encodePacked(uint8(0x01), length, commitments[from:to]));
    }

    function samplesOf(string memory place, bytes32 seed) private view returns (bytes memory samples) {
        LiveRange memory range =
            LiveRange(uint64(uintAt(place, ".lo")), uint64(uintAt(place, ".hot")), uint64(uintAt(place, ".hi")));
        uint256 hotSamples = uintAt(place, ".hotSamples");
        uint256 total = Sampling.count(range, hotSamples, uintAt(place, ".coldSamples"));
        for (uint256 j = 0; j < total; j++) {
            (uint64 position, uint128 weight) = Sampling.draw(seed, j, range, hotSamples);
            samples = abi.encodePacked(samples, position, weight);
        }
    }

    function placeOf(string memory kind, uint256 index) private pure returns (string memory) {
        return string.concat(".", kind, "[", vm.toString(index), "]");
    }

    function count(string memory kind) private view returns (uint256 number) {
        number = uintAt(".counts.", kind);
        assertTrue(number != 0, kind);
    }

    function words(bytes memory list) private pure returns (bytes32[] memory result) {
        result = new bytes32[](list.length / 32);
        for (uint256 i = 0; i < result.length; i++) {
            assembly ("memory-safe") {
                mstore(add(add(result, 32), mul(i, 32)), mload(add(add(list, 32), mul(i, 32))))
            }
        }
    }

    function bytesAt(string memory place, string memory key) private view returns (bytes memory) {
        return vm.parseJsonBytes(json, string.concat(place, key));
    }

    function wordAt(string memory place, string memory key) private view returns (bytes32) {
        return bytes32(bytesAt(place, key));
    }

    function addressAt(string memory place, string memory key) private view returns (address) {
        return address(bytes20(bytesAt(place, key)));
    }

    function uintAt(string memory place, string memory key) private view returns (uint256) {
        return vm.parseJsonUint(json, string.concat(place, key));
    }
}

interface OrderDigest {
    function orderDigest(address rollup, bytes32 batchId, address id, uint256 maxWei, uint256 deadline)
        external
        view
        returns (bytes32);
}

interface ConsentDigest {
    function keyConsentDigest(address id, address key) external view returns (bytes32);
}

/// @dev The digests of whichever address has this code.
contract Domain {
    function digestOf(bytes32 structHash) external view returns (bytes32) {
        return Signatures.digestOf(structHash);
    }
}
