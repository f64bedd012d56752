// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMeedaVerifier} from "../../interfaces/IMeedaVerifier.sol";
import {AnchorTree} from "../libraries/AnchorTree.sol";
import {Bls12381} from "../libraries/Bls12381.sol";
import {Escrows} from "./Escrows.sol";

/// @dev The anchors of each operator: one Merkle root for many batches.
abstract contract Anchors is Escrows {
    /// @dev Bytes of payload in a blob: 4096 elements of 31.
    uint256 private constant BLOB_CAPACITY = 4096 * 31;

    /// @dev Bytes of the header in front of the payload.
    uint256 private constant BLOB_HEADER = 31;

    /// @dev A path of twelve hashes: with more, 256 leaves would not fit one fraud proof below the transaction gas cap.
    uint256 private constant MAX_BLOBS = 4096;

    mapping(address operator => Anchor[] anchors) internal _anchors;

    /// @inheritdoc IMeedaVerifier
    function anchor(BatchHeader[] calldata batches, bytes calldata commitments) external returns (uint256 anchorIndex) {
        Account storage account = _accounts[msg.sender];
        require(!account.condemned, Condemned(msg.sender));
        require(account.stake >= MINIMUM_STAKE, StakeTooLow(account.stake, MINIMUM_STAKE));
        require(account.exitRequestedAt == 0, Exiting(msg.sender));
        uint256 blobCount = checkHeaders(batches, commitments.length);

        Anchor[] storage anchors = _anchors[msg.sender];
        anchorIndex = anchors.length;
        uint64 firstBlob = 0;
        // Retention is fixed, so expiries never decrease and an operator's live blobs are one range of positions.
        uint40 expiry = uint40(block.number + RETENTION);
        if (anchorIndex != 0) {
            Anchor storage previous = anchors[anchorIndex - 1];
            firstBlob = previous.firstBlob + previous.blobCount;
        }
        bytes32 root = AnchorTree.root(commitments);
        anchors.push(Anchor(root, firstBlob, uint32(blobCount), uint40(block.number), expiry));
        emit Anchored(msg.sender, anchorIndex, root, firstBlob, uint32(blobCount), expiry, commitments);
        emitBatches(batches, commitments, anchorIndex, firstBlob, expiry);
    }

    /// @inheritdoc IMeedaVerifier
    function anchorCount(address operator) external view returns (uint256) {
        return _anchors[operator].length;
    }

    /// @inheritdoc IMeedaVerifier
    function getAnchor(address operator, uint256 index) external view returns (Anchor memory) {
        return _anchors[operator][index];
    }

    /// @inheritdoc IMeedaVerifier
    function verifyOpening(BlobRef calldata blob, bytes32 z, bytes32 y, bytes calldata proof) external view returns (bool) {
        return isAnchored(blob) && Bls12381.verifyBlobOpening(blob.commitment, z, y, proof);
    }

    /// @inheritdoc IMeedaVerifier
    function isAnchored(BlobRef calldata blob) public view returns (bool) {
        Anchor[] storage anchors = _anchors[blob.operator];
        if (blob.anchorIndex >= anchors.length) {
            return false;
        }
        Anchor storage kept = anchors[blob.anchorIndex];
        return blob.position >= kept.firstBlob
            && AnchorTree.verify(kept.root, kept.blobCount, blob.position - kept.firstBlob, blob.commitment, blob.path);
    }

    /// @dev The anchor of a blob that must be anchored.
    function anchorOf(BlobRef calldata blob) internal view returns (Anchor storage) {
        require(isAnchored(blob), NotAnchored(blob.operator, blob.position));
        return _anchors[blob.operator][blob.anchorIndex];
    }

    function expiryOfLastAnchor(address operator) internal view override returns (uint256) {
        Anchor[] storage anchors = _anchors[operator];
        return anchors.length == 0 ? 0 : anchors[anchors.length - 1].expiry;
    }

    /// @dev Emits each batch with its id, keccak256(0x01 ‖ uint32 payloadLength ‖ its commitments), and charges its rollup.
    function emitBatches(BatchHeader[] calldata batches, bytes calldata commitments, uint256 anchorIndex, uint64 firstBlob, uint40 expiry)
        private
    {
        uint256 offset = 0;
        uint256 parts = 0;
        for (uint256 i = 0; i < batches.length; i++) {
            BatchHeader calldata batch = batches[i];
            uint256 end = offset + batch.blobCount * AnchorTree.COMMITMENT_LENGTH;
            bytes32 batchId = keccak256(abi.encodePacked(uint8(0x01), batch.payloadLength, commitments[offset:end]));
            emit BatchAnchored(msg.sender, batchId, anchorIndex, firstBlob, batch.payloadLength, batch.blobCount, expiry, batch.rollup);
            if (batch.rollup != address(0)) {
                parts += charge(batch.rollup, batchId, batch.payloadLength, anchorIndex, expiry);
            }
            firstBlob += batch.blobCount;
            offset = end;
        }
        addParts(anchorIndex, parts);
    }

    /// @dev Checks that each batch has the blobs that its payload needs, and that there are commitments for exactly so many.
    function checkHeaders(BatchHeader[] calldata batches, uint256 length) private pure returns (uint256 blobCount) {
        require(batches.length != 0, EmptyAnchor());
        for (uint256 i = 0; i < batches.length; i++) {
            uint256 payloadLength = batches[i].payloadLength;
            // An empty payload is no batch: no blob count is right for it.
            uint256 expected = payloadLength == 0 ? 0 : (payloadLength + BLOB_HEADER + BLOB_CAPACITY - 1) / BLOB_CAPACITY;
            require(expected != 0 && batches[i].blobCount == expected, BatchBlobCount(i, batches[i].blobCount, expected));
            blobCount += expected;
        }
        require(blobCount <= MAX_BLOBS, TooManyBlobs(blobCount, MAX_BLOBS));
        uint256 expectedLength = blobCount * AnchorTree.COMMITMENT_LENGTH;
        require(length == expectedLength, CommitmentsLength(length, expectedLength));
    }
}
