// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The RANDAO mix in the RLP of a block's header
/// @dev The header is known by its hash, so it is a header; what is read is checked for its form all the same.
library BlockHeader {
    /// @dev The place of `mixHash`, which is prevrandao since the Merge.
    uint256 private constant MIX = 13;

    /// @dev The bytes are not the RLP of a header of at least 14 fields with 32 bytes in field 13.
    error NotAHeader();

    /// @notice Field 13 of a header; what follows it is not looked at.
    function mixOf(bytes calldata header) internal pure returns (bytes32 mix) {
        // A header is longer than 55 bytes: 0xf7 + bytes of the length, the length, the fields.
        require(header.length > 56 && uint8(header[0]) > 0xf7, NotAHeader());
        uint256 place = uint256(uint8(header[0])) - 0xf6;
        for (uint256 field = 0; field < MIX; field++) {
            require(place < header.length, NotAHeader());
            uint256 first = uint8(header[place]);
            if (first < 0x80) {
                place += 1;
            } else if (first <= 0xb7) {
                place += first - 0x7f;
            } else {
                require(first <= 0xb9 && place + 3 <= header.length, NotAHeader());
                uint256 lengthBytes = first - 0xb7;
                uint256 length =
                    lengthBytes == 1 ? uint8(header[place + 1]) : uint256(uint16(bytes2(header[place + 1:place + 3])));
                place += 1 + lengthBytes + length;
            }
        }
        require(place + 33 <= header.length && header[place] == 0xa0, NotAHeader());
        mix = bytes32(header[place + 1:place + 33]);
    }
}
