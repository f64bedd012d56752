// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Publication} from "./parts/Publication.sol";
import {Settings} from "./parts/Settings.sol";

/// @title Meeda's L1 verifier
/// @dev Documentation stands in IMeedaVerifier, the rules in docs/protocol.md. Each part is a file, and knows those in front of it only:
/// Settings, Stakes, Escrows, Anchors, Proofs, FraudProofs, Publication.
contract MeedaVerifier is Publication {
    constructor(Parameters memory p) Settings(p) {}
}
