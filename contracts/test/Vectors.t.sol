// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMeedaVerifier} from "../interfaces/IMeedaVerifier.sol";
import {AnchorTree} from "../src/libraries/AnchorTree.sol";
import {Sampling} from "../src/libraries/Sampling.sol";
import {MiniTest} from "./MiniTest.sol";

/// @dev vectors/protocol.json, which the C# tests read too: three implementations, one answer. MEEDA_PROTOCOL_VECTORS names another file, which is how the C#
/// tests have random cases of theirs checked here.
contract VectorsTest is MiniTest {
    string private json;

    function setUp() public {
        json = vm.readFile(vm.envOr("MEEDA_PROTOCOL_VECTORS", string("vectors/protocol.json")));
    }

    function root(bytes calldata commitments) external pure returns (bytes32) {
        return AnchorTree.root(commitments);
    }

    function test_anchor_roots() public view {
        for (uint256 i = 0; i < uintAt("", ".counts.anchors"); i++) {
            string memory place = string.concat(".anchors[", vm.toString(i), "]");
            assertEq(this.root(bytesAt(place, ".commitments")), bytes32(bytesAt(place, ".root")), place);
        }
    }

    function test_batch_ids() public view {
        for (uint256 i = 0; i < uintAt("", ".counts.batches"); i++) {
            string memory place = string.concat(".batches[", vm.toString(i), "]");
            bytes32 id = keccak256(abi.encodePacked(uint8(1), uint32(uintAt(place, ".payloadLength")), bytesAt(place, ".commitments")));
            assertEq(id, bytes32(bytesAt(place, ".id")), place);
        }
    }

    function test_seeds_challenges_and_samples() public view {
        for (uint256 i = 0; i < uintAt("", ".counts.epochs"); i++) {
            checkEpoch(string.concat(".epochs[", vm.toString(i), "]"));
        }
    }

    function checkEpoch(string memory place) private view {
        bytes32 seed = keccak256(
            abi.encodePacked(
                bytes32(bytesAt(place, ".blockHash")),
                uint64(uintAt(place, ".epoch")),
                bytes20(bytesAt(place, ".operator")),
                bytes20(bytesAt(place, ".contract")),
                uintAt(place, ".chainId")
            )
        );
        assertEq(seed, bytes32(bytesAt(place, ".seed")), place);
        assertEq(bytes32(Sampling.challenge(seed)), bytes32(bytesAt(place, ".challenge")), place);
        IMeedaVerifier.LiveRange memory range =
            IMeedaVerifier.LiveRange(uint64(uintAt(place, ".lo")), uint64(uintAt(place, ".hot")), uint64(uintAt(place, ".hi")));
        uint256 hotSamples = uintAt(place, ".hotSamples");
        uint256 count = Sampling.count(range, hotSamples, uintAt(place, ".coldSamples"));
        bytes memory samples;
        for (uint256 j = 0; j < count; j++) {
            (uint64 position, uint128 weight) = Sampling.draw(seed, j, range, hotSamples);
            samples = abi.encodePacked(samples, position, weight);
        }
        assertEq(keccak256(samples), keccak256(bytesAt(place, ".samples")), place);
    }

    function bytesAt(string memory place, string memory key) private view returns (bytes memory) {
        return vm.parseJsonBytes(json, string.concat(place, key));
    }

    function uintAt(string memory place, string memory key) private view returns (uint256) {
        return vm.parseJsonUint(json, string.concat(place, key));
    }
}
