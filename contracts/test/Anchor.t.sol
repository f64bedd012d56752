// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMeedaVerifier} from "../interfaces/IMeedaVerifier.sol";
import {MeedaVerifier} from "../src/MeedaVerifier.sol";
import {AnchorTree} from "../src/libraries/AnchorTree.sol";
import {Base} from "./Base.sol";

/// @dev The library behind calldata.
contract TreeHarness {
    function root(bytes calldata commitments) external pure returns (bytes32) {
        return AnchorTree.root(commitments);
    }

    function verify(bytes32 expected, uint256 count, uint256 index, bytes calldata commitment, bytes32[] calldata path)
        external
        pure
        returns (bool)
    {
        return AnchorTree.verify(expected, count, index, commitment, path);
    }
}

contract AnchorTest is Base {
    TreeHarness private tree = new TreeHarness();

    function test_stake_adds_and_tells() public {
        vm.expectEmit(true, true, true, true, address(verifier));
        emit IMeedaVerifier.Staked(operator, 3 ether, STAKE + 3 ether);
        vm.prank(operator);
        verifier.stake{value: 3 ether}();
        assertEq(verifier.stakeOf(operator), STAKE + 3 ether, "stake");
        assertEq(address(verifier).balance, STAKE + 3 ether, "balance");
        assertEq(verifier.stakeOf(stranger), 0, "stranger's stake");
    }

    function test_anchor_appends_and_tells_everything_that_rebuilds_the_leaves() public {
        goTo(17);
        (IMeedaVerifier.BatchHeader[] memory batches, bytes memory commitments) = makeBlobs(3);
        bytes32 root = naiveRoot(commitments);
        vm.expectEmit(true, true, true, true, address(verifier));
        emit IMeedaVerifier.Anchored(operator, 0, root, 0, 3, 117, commitments);
        for (uint256 i = 0; i < 3; i++) {
            bytes32 id = keccak256(abi.encodePacked(hex"01", uint32(1000), slice(commitments, i * 48, 48)));
            vm.expectEmit(true, true, true, true, address(verifier));
            emit IMeedaVerifier.BatchAnchored(operator, id, 0, uint64(i), 1000, 1, 117, address(0));
        }
        vm.prank(operator);
        assertEq(verifier.anchor(batches, commitments), 0, "index");

        assertEq(verifier.anchorCount(operator), 1, "count");
        IMeedaVerifier.Anchor memory kept = verifier.getAnchor(operator, 0);
        assertEq(kept.root, root, "root");
        assertEq(kept.firstBlob, 0, "first blob");
        assertEq(kept.blobCount, 3, "blob count");
        assertEq(kept.blockNumber, 17, "block");
        assertEq(kept.expiry, 117, "expiry");
    }

    function test_anchor_positions_go_on_and_batches_of_many_blobs_are_one() public {
        anchorBlobs(3);
        bytes memory commitments = bytes.concat(newBlob(), newBlob());
        IMeedaVerifier.BatchHeader[] memory batches = new IMeedaVerifier.BatchHeader[](1);
        batches[0] = IMeedaVerifier.BatchHeader(126_946, 2, stranger);
        bytes32 id = keccak256(abi.encodePacked(hex"01", uint32(126_946), commitments));
        uint40 expiry = uint40(block.number + 100);
        vm.expectEmit(true, true, true, true, address(verifier));
        emit IMeedaVerifier.Anchored(operator, 1, naiveRoot(commitments), 3, 2, expiry, commitments);
        vm.expectEmit(true, true, true, true, address(verifier));
        emit IMeedaVerifier.BatchAnchored(operator, id, 1, 3, 126_946, 2, expiry, stranger);
        vm.prank(operator);
        verifier.anchor(batches, commitments);
        assertEq(verifier.getAnchor(operator, 1).firstBlob, 3, "first blob");
    }

    function test_anchor_without_the_least_stake_reverts() public {
        (IMeedaVerifier.BatchHeader[] memory batches, bytes memory commitments) = makeBlobs(1);
        vm.prank(stranger);
        verifier.stake{value: STAKE - 1}();
        vm.expectRevert(abi.encodeWithSelector(IMeedaVerifier.StakeTooLow.selector, STAKE - 1, STAKE));
        vm.prank(stranger);
        verifier.anchor(batches, commitments);
    }

    function test_anchor_of_nothing_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IMeedaVerifier.EmptyAnchor.selector));
        vm.prank(operator);
        verifier.anchor(new IMeedaVerifier.BatchHeader[](0), "");
    }

    function test_anchor_with_commitments_that_do_not_add_up_reverts(uint256 length) public {
        length = bound(length, 0, 200);
        vm.assume(length != 96);
        (IMeedaVerifier.BatchHeader[] memory batches,) = makeBlobs(2);
        vm.expectRevert(abi.encodeWithSelector(IMeedaVerifier.CommitmentsLength.selector, length, 96));
        vm.prank(operator);
        verifier.anchor(batches, new bytes(length));
    }

    function test_anchor_with_a_blob_count_that_is_not_the_payloads_reverts(uint32 payloadLength, uint16 blobCount) public {
        uint256 expected = payloadLength == 0 ? 0 : (uint256(payloadLength) + 31 + 126_975) / 126_976;
        vm.assume(blobCount != expected);
        (IMeedaVerifier.BatchHeader[] memory batches,) = makeBlobs(2);
        batches[1] = IMeedaVerifier.BatchHeader(payloadLength, blobCount, address(0));
        vm.expectRevert(abi.encodeWithSelector(IMeedaVerifier.BatchBlobCount.selector, 1, blobCount, expected));
        vm.prank(operator);
        verifier.anchor(batches, "");
    }

    function test_anchor_with_an_empty_batch_reverts() public {
        IMeedaVerifier.BatchHeader[] memory batches = new IMeedaVerifier.BatchHeader[](1);
        vm.expectRevert(abi.encodeWithSelector(IMeedaVerifier.BatchBlobCount.selector, 0, 0, 0));
        vm.prank(operator);
        verifier.anchor(batches, "");
    }

    function test_the_root_is_that_of_the_definition(uint256 count, uint256 salt) public view {
        bytes memory commitments = randomCommitments(bound(count, 1, 70), salt);
        assertEq(tree.root(commitments), naiveRoot(commitments), "root");
    }

    function test_every_leaf_verifies_at_its_place_and_nowhere_else(uint256 count, uint256 index, uint256 other) public view {
        count = bound(count, 1, 40);
        index = bound(index, 0, count - 1);
        other = bound(other, 0, 2 * count);
        bytes memory commitments = randomCommitments(count, 7);
        (bytes32 root, bytes32[] memory path) = pathOf(commitments, index);
        bytes memory commitment = slice(commitments, index * 48, 48);
        assertTrue(tree.verify(root, count, index, commitment, path), "its place");
        assertTrue(other == index || !tree.verify(root, count, other, commitment, path), "another place");
        commitment[other % 48] ^= 0x01;
        assertTrue(!tree.verify(root, count, index, commitment, path), "another commitment");
    }

    function test_isAnchored_says_what_is_anchored_and_where() public {
        anchorBlobs(3);
        (IMeedaVerifier.BatchHeader[] memory batches, bytes memory commitments) = makeBlobs(5);
        vm.prank(operator);
        verifier.anchor(batches, commitments);
        (, bytes32[] memory path) = pathOf(commitments, 2);
        bytes memory commitment = slice(commitments, 96, 48);
        assertTrue(verifier.isAnchored(IMeedaVerifier.BlobRef(operator, 1, 5, commitment, path)), "anchored");
        assertTrue(!verifier.isAnchored(IMeedaVerifier.BlobRef(operator, 1, 4, commitment, path)), "another position");
        assertTrue(!verifier.isAnchored(IMeedaVerifier.BlobRef(operator, 1, 2, commitment, path)), "position before the anchor");
        assertTrue(!verifier.isAnchored(IMeedaVerifier.BlobRef(operator, 0, 2, commitment, path)), "another anchor");
        assertTrue(!verifier.isAnchored(IMeedaVerifier.BlobRef(operator, 2, 5, commitment, path)), "no such anchor");
        assertTrue(!verifier.isAnchored(IMeedaVerifier.BlobRef(stranger, 1, 5, commitment, path)), "another operator");
        assertTrue(!verifier.isAnchored(IMeedaVerifier.BlobRef(operator, 1, 5, new bytes(47), path)), "no commitment");
    }

    function test_parameters_are_those_of_the_construction() public view {
        assertEq(keccak256(abi.encode(verifier.parameters())), keccak256(abi.encode(params())), "parameters");
    }

    function test_parameters_that_would_be_unsound_are_refused() public {
        string[13] memory names = [
            "epochBlocks",
            "proofWindow",
            "proofWindow",
            "challengeWindow",
            "hotSamples",
            "coldSamples",
            "retention",
            "publishWindow",
            "minimumStake",
            "minimumStake",
            "missReward",
            "fraudReward",
            "treasury"
        ];
        for (uint256 i = 0; i < names.length; i++) {
            IMeedaVerifier.Parameters memory p = params();
            if (i == 0) p.epochBlocks = 0;
            if (i == 1) p.proofWindow = 0;
            if (i == 2) p.proofWindow = 8191;
            if (i == 3) p.challengeWindow = 0;
            if (i == 4) p.hotSamples = 0;
            if (i == 5) p.coldSamples = 0;
            if (i == 6) p.retention = p.epochBlocks;
            if (i == 7) p.publishWindow = 0;
            if (i == 8) p.minimumStake = p.missPenalty - 1;
            if (i == 9) (p.minimumStake, p.missPenalty, p.missReward) = (0, 0, 0);
            if (i == 10) p.missReward = p.missPenalty + 1;
            if (i == 11) p.fraudReward = 10_000;
            if (i == 12) p.treasury = address(0);
            vm.expectRevert(abi.encodeWithSelector(IMeedaVerifier.InvalidParameter.selector, names[i]));
            new MeedaVerifier(p);
        }
    }

    function test_an_anchor_holds_at_most_4096_blobs() public {
        IMeedaVerifier.BatchHeader[] memory batches = new IMeedaVerifier.BatchHeader[](1);
        batches[0] = IMeedaVerifier.BatchHeader(4097 * 126_976 - 31, 4097, address(0));
        vm.expectRevert(abi.encodeWithSelector(IMeedaVerifier.TooManyBlobs.selector, 4097, 4096));
        vm.prank(operator);
        verifier.anchor(batches, new bytes(4097 * 48));
    }

    function randomCommitments(uint256 count, uint256 salt) private pure returns (bytes memory commitments) {
        for (uint256 i = 0; i < count; i++) {
            commitments = abi.encodePacked(commitments, keccak256(abi.encode(salt, i)), bytes16(keccak256(abi.encode(i, salt))));
        }
    }

    function naiveRoot(bytes memory commitments) private pure returns (bytes32 root) {
        (root,) = pathOf(commitments, 0);
    }
}
