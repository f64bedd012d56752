// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The Merkle trees of an anchor
/// @dev leaf = keccak256(0x00 ‖ item), node = keccak256(0x01 ‖ left ‖ right), padded with zero leaves to a power of
/// two. The prefixes keep a node from passing for a leaf. An anchor keeps keccak256(leafRoot ‖ idRoot).
library AnchorTree {
    /// @dev Leaves of one or several trees: their places, ascending in each tree, their hashes, and how many of the
    /// missing nodes were used.
    struct Leaves {
        uint256[] indices;
        bytes32[] nodes;
        uint256 used;
    }

    /// @dev There are fewer nodes than the leaves need.
    error NodesMissing(uint256 count);

    /// @dev Bytes of a compressed KZG commitment.
    uint256 internal constant COMMITMENT_LENGTH = 48;

    /// @notice The leaf root over `commitments`, a whole number of them and at least one.
    function leafRoot(bytes calldata commitments) internal pure returns (bytes32 result) {
        uint256 count = commitments.length / COMMITMENT_LENGTH;
        uint256 width = 1 << depthOf(count);
        assembly ("memory-safe") {
            // Scratch behind the free memory pointer: `width` nodes, then the preimage. Nothing of it is kept.
            let nodes := mload(0x40)
            let preimage := add(nodes, shl(5, width))
            let content := add(preimage, 1)
            mstore8(preimage, 0x00)
            let to := nodes
            let from := commitments.offset
            for { let end := add(nodes, shl(5, count)) } lt(to, end) { to := add(to, 32) } {
                calldatacopy(content, from, 48)
                mstore(to, keccak256(preimage, 49))
                from := add(from, 48)
            }
            calldatacopy(to, calldatasize(), sub(preimage, to))
            mstore8(preimage, 0x01)
            for {} gt(width, 1) {} {
                width := shr(1, width)
                from := nodes
                to := nodes
                for { let end := add(nodes, shl(5, width)) } lt(to, end) { to := add(to, 32) } {
                    mcopy(content, from, 64)
                    mstore(to, keccak256(preimage, 65))
                    from := add(from, 64)
                }
            }
            result := mload(nodes)
        }
    }

    /// @notice The root over batch ids, at least one.
    function idRoot(bytes32[] memory ids) internal pure returns (bytes32) {
        uint256 width = 1 << depthOf(ids.length);
        bytes32[] memory nodes = new bytes32[](width);
        for (uint256 i = 0; i < ids.length; i++) {
            nodes[i] = keccak256(abi.encodePacked(uint8(0x00), ids[i]));
        }
        for (; width > 1; width >>= 1) {
            for (uint256 i = 0; 2 * i < width; i++) {
                nodes[i] = node(nodes[2 * i], nodes[2 * i + 1]);
            }
        }
        return nodes[0];
    }

    /// @notice Whether `commitment` is leaf `index` of an anchor of `count` blobs.
    function verify(
        bytes32 root,
        uint256 count,
        uint256 index,
        bytes calldata commitment,
        bytes32[] calldata path,
        bytes32 ids
    ) internal pure returns (bool) {
        if (commitment.length != COMMITMENT_LENGTH || index >= count || path.length != depthOf(count)) {
            return false;
        }
        bytes32 current = keccak256(abi.encodePacked(uint8(0x00), commitment));
        for (uint256 level = 0; level < path.length; level++) {
            current = (index >> level) & 1 == 1 ? node(path[level], current) : node(current, path[level]);
        }
        return keccak256(abi.encodePacked(current, ids)) == root;
    }

    /// @notice The leaf root that some leaves and the missing nodes give.
    /// @param leaves The leaves of several trees; those of this tree are overwritten.
    /// @param first The first of them that is of this tree.
    /// @param count How many of them are.
    /// @param depth The tree's depth.
    /// @param hashes Missing nodes, from `leaves.used` on.
    function rootOf(Leaves memory leaves, uint256 first, uint256 count, uint256 depth, bytes32[] calldata hashes)
        internal
        pure
        returns (bytes32)
    {
        for (uint256 level = 0; level < depth; level++) {
            uint256 written = first;
            for (uint256 read = first; read < first + count; read++) {
                uint256 index = leaves.indices[read];
                bytes32 current = leaves.nodes[read];
                if (index & 1 == 1) {
                    current = node(missing(leaves, hashes), current);
                } else if (read + 1 < first + count && leaves.indices[read + 1] == index + 1) {
                    read++;
                    current = node(current, leaves.nodes[read]);
                } else {
                    current = node(current, missing(leaves, hashes));
                }
                leaves.indices[written] = index >> 1;
                leaves.nodes[written] = current;
                written++;
            }
            count = written - first;
        }
        return leaves.nodes[first];
    }

    /// @notice The depth of the tree of `count` leaves.
    function depthOf(uint256 count) internal pure returns (uint256 depth) {
        while ((uint256(1) << depth) < count) {
            depth++;
        }
    }

    /// @notice The node above two.
    function node(bytes32 left, bytes32 right) internal pure returns (bytes32 result) {
        assembly ("memory-safe") {
            // Scratch behind the free memory pointer: 0x01 ‖ left ‖ right.
            let preimage := mload(0x40)
            mstore8(preimage, 0x01)
            mstore(add(preimage, 1), left)
            mstore(add(preimage, 33), right)
            result := keccak256(preimage, 65)
        }
    }

    function missing(Leaves memory leaves, bytes32[] calldata hashes) private pure returns (bytes32) {
        require(leaves.used < hashes.length, NodesMissing(hashes.length));
        return hashes[leaves.used++];
    }
}
