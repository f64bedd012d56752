// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The Merkle tree over an anchor's commitments (docs/protocol.md, "Anchoring")
/// @dev leaf = keccak256(0x00 ‖ commitment), node = keccak256(0x01 ‖ left ‖ right), padded with zero leaves to a power of two. The prefixes keep
/// a node from passing for a leaf.
library AnchorTree {
    /// @dev Bytes of a compressed KZG commitment.
    uint256 internal constant COMMITMENT_LENGTH = 48;

    /// @notice The root over `commitments`, a whole number of them and at least one.
    function root(bytes calldata commitments) internal pure returns (bytes32 result) {
        uint256 count = commitments.length / COMMITMENT_LENGTH;
        uint256 width = 1;
        while (width < count) {
            width <<= 1;
        }
        assembly ("memory-safe") {
            // Scratch behind the free memory pointer: `width` nodes, then the preimage. Nothing of it is kept.
            let nodes := mload(0x40)
            let preimage := add(nodes, shl(5, width))
            mstore8(preimage, 0x00)
            for { let i := 0 } lt(i, count) { i := add(i, 1) } {
                calldatacopy(add(preimage, 1), add(commitments.offset, mul(i, 48)), 48)
                mstore(add(nodes, shl(5, i)), keccak256(preimage, 49))
            }
            for { let i := count } lt(i, width) { i := add(i, 1) } { mstore(add(nodes, shl(5, i)), 0) }
            mstore8(preimage, 0x01)
            for {} gt(width, 1) {} {
                width := shr(1, width)
                for { let i := 0 } lt(i, width) { i := add(i, 1) } {
                    mcopy(add(preimage, 1), add(nodes, shl(6, i)), 64)
                    mstore(add(nodes, shl(5, i)), keccak256(preimage, 65))
                }
            }
            result := mload(nodes)
        }
    }

    /// @notice Whether `commitment` is leaf `index` of the tree of `count` leaves with root `expected`.
    function verify(bytes32 expected, uint256 count, uint256 index, bytes calldata commitment, bytes32[] calldata path)
        internal
        pure
        returns (bool)
    {
        return commitment.length == COMMITMENT_LENGTH
            && verifyLeaf(expected, count, index, keccak256(abi.encodePacked(uint8(0x00), commitment)), path);
    }

    /// @notice The same for a leaf that is hashed already.
    function verifyLeaf(bytes32 expected, uint256 count, uint256 index, bytes32 node, bytes32[] calldata path)
        internal
        pure
        returns (bool)
    {
        uint256 depth = 0;
        while ((uint256(1) << depth) < count) {
            depth++;
        }
        if (index >= count || path.length != depth) {
            return false;
        }
        for (uint256 level = 0; level < depth; level++) {
            bytes32 sibling = path[level];
            bool isRight = (index >> level) & 1 == 1;
            assembly ("memory-safe") {
                // Scratch behind the free memory pointer: 0x01 ‖ left ‖ right.
                let preimage := mload(0x40)
                mstore8(preimage, 0x01)
                mstore(add(preimage, add(1, shl(5, isRight))), node)
                mstore(add(preimage, sub(33, shl(5, isRight))), sibling)
                node := keccak256(preimage, 65)
            }
        }
        return node == expected;
    }
}
