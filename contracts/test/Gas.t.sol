// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMeedaVerifier} from "../interfaces/IMeedaVerifier.sol";
import {Base} from "./Base.sol";

/// @dev Each test is one operation; `npm run snapshot` keeps what it costs in .gas-snapshot, and CI compares.
contract GasTest is Base {
    function setUp() public override {
        super.setUp();
        goTo(5);
        anchorBlobs(3);
        goTo(11);
    }

    function test_gas_anchor_of_one_blob() public {
        anchorBlobs(1);
    }

    function test_gas_submitProof_with_one_partial_sum() public {
        submit(1, IMeedaVerifier.RangeHints(0, 0, 1));
    }
}
