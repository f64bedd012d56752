// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMeedaVerifier} from "../../interfaces/IMeedaVerifier.sol";
import {Bls12381} from "../libraries/Bls12381.sol";
import {FraudProofs} from "./FraudProofs.sol";

/// @dev Forced publication: whoever cannot get a live blob demands it, and it appears on L1 as a real blob or the operator is slashed.
abstract contract Publication is FraudProofs {
    /// @dev The gas of `publish` and of the transaction around it, with room to spare.
    uint256 private constant PUBLISH_GAS = 120_000;

    /// @dev The blob gas of one blob (EIP-4844).
    uint256 private constant GAS_PER_BLOB = 131_072;

    /// @dev One open demand for so many blocks of the publishing window: what an operator must answer always fits L1's blob space.
    uint256 private constant BLOCKS_PER_DEMAND = 4;

    Demand[] private _demands;
    mapping(address operator => mapping(uint64 position => bool open)) private _isDemanded;

    /// @inheritdoc IMeedaVerifier
    function demand(BlobRef calldata blob) external payable returns (uint256 demandId) {
        Anchor storage kept = anchorOf(blob);
        require(block.number < kept.expiry, BlobExpired(blob.position, kept.expiry));
        Account storage account = _accounts[blob.operator];
        require(!account.condemned, Condemned(blob.operator));
        require(!_isDemanded[blob.operator][blob.position], AlreadyDemanded(blob.operator, blob.position));
        uint256 most = mostDemands();
        require(account.openDemands < most, TooManyDemands(blob.operator, most));
        uint256 bond = demandBond();
        require(msg.value >= bond, BondTooLow(msg.value, bond));

        demandId = _demands.length;
        uint40 deadline = uint40(block.number + PUBLISH_WINDOW);
        bytes32 versionedHash = Bls12381.versionedHash(blob.commitment);
        _demands.push(Demand(versionedHash, blob.operator, deadline, DemandStatus.Open, msg.sender, uint96(msg.value), blob.position));
        _isDemanded[blob.operator][blob.position] = true;
        account.openDemands++;
        emit Demanded(demandId, blob.operator, blob.position, msg.sender, versionedHash, deadline, msg.value);
    }

    /// @inheritdoc IMeedaVerifier
    function publish(uint256 demandId, uint256 blobIndex) external {
        Demand storage open = openDemand(demandId);
        require(block.number <= open.deadline, DeadlineOver(demandId, open.deadline));
        require(blobhash(blobIndex) == open.versionedHash, WrongBlob(blobhash(blobIndex), open.versionedHash));
        close(open, DemandStatus.Published);
        emit Published(demandId, msg.sender);
        credit(msg.sender, open.bond);
    }

    /// @inheritdoc IMeedaVerifier
    function expire(uint256 demandId) external {
        Demand storage open = openDemand(demandId);
        require(block.number > open.deadline, DeadlineNotOver(demandId, open.deadline));
        close(open, DemandStatus.Expired);
        emit DemandExpired(demandId, msg.sender);
        credit(open.demander, open.bond);
        // Slashed already for something else: the demander has its bond back, and there is nothing more to take.
        if (!_accounts[open.operator].condemned) {
            condemn(open.operator, open.demander);
        }
    }

    /// @inheritdoc IMeedaVerifier
    function getDemand(uint256 demandId) external view returns (Demand memory) {
        return _demands[demandId];
    }

    /// @inheritdoc IMeedaVerifier
    function demandCount() external view returns (uint256) {
        return _demands.length;
    }

    /// @inheritdoc IMeedaVerifier
    function demandBond() public view returns (uint256) {
        return DEMAND_BOND + 2 * block.blobbasefee * GAS_PER_BLOB + 2 * block.basefee * PUBLISH_GAS;
    }

    /// @inheritdoc IMeedaVerifier
    function mostDemands() public view returns (uint256) {
        return PUBLISH_WINDOW < BLOCKS_PER_DEMAND ? 1 : PUBLISH_WINDOW / BLOCKS_PER_DEMAND;
    }

    function close(Demand storage open, DemandStatus status) private {
        open.status = status;
        _isDemanded[open.operator][open.position] = false;
        _accounts[open.operator].openDemands--;
    }

    function openDemand(uint256 demandId) private view returns (Demand storage open) {
        require(demandId < _demands.length, NoSuchDemand(demandId));
        open = _demands[demandId];
        require(open.status == DemandStatus.Open, DemandClosed(demandId, open.status));
    }
}
