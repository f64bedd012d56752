// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMeedaAnchors} from "../interfaces/IMeedaAnchors.sol";
import {IMeedaPublication} from "../interfaces/IMeedaPublication.sol";
import {IMeedaSystem} from "../interfaces/IMeedaSystem.sol";
import "../interfaces/MeedaErrors.sol";
import "../interfaces/MeedaEvents.sol";
import "../interfaces/MeedaTypes.sol";
import {Credits} from "./Credits.sol";
import {Bls12381} from "./libraries/Bls12381.sol";

/// @title Forced publication
/// @dev Documentation stands in IMeedaPublication.
contract MeedaPublication is IMeedaPublication, Credits {
    /// @dev What a publication is taken to cost at most when its bond is computed.
    uint256 private constant PUBLISH_GAS = 150_000;

    /// @dev The transaction with its calldata; each demand of it bears its share.
    uint256 private constant AROUND_GAS = 24_000;

    /// @dev What repaying takes after the gas was measured: logs, and to write a credit that is there already, or not.
    uint256 private constant REPAY_GAS = 6_000;
    uint256 private constant RAISE_CREDIT_GAS = 3_000;
    uint256 private constant NEW_CREDIT_GAS = 20_000;

    /// @dev What expiring a demand takes, for the demander's reward.
    uint256 private constant EXPIRE_GAS = 200_000;

    /// @dev The blob gas of one blob (EIP-4844).
    uint256 private constant GAS_PER_BLOB = 131_072;

    /// @dev Blocks that each open demand adds to the next one's deadline: L1 takes more than a blob in four blocks.
    uint256 private constant BLOCKS_PER_DEMAND = 4;

    /// @dev What fees may rise to, as a multiple of those at the demand, before the operator bears the rest.
    uint256 private constant FEE_MARGIN = 8;

    IMeedaAnchors private immutable ANCHORS;
    uint256 private immutable PUBLISH_WINDOW;
    uint256 private immutable DEMAND_BOND;

    Demand[] private _demands;
    mapping(address id => uint256 count) private _open;
    mapping(address id => mapping(bytes32 versionedHash => bool open)) private _isDemanded;
    mapping(address id => address publisher) private _publishers;

    /// @param system The deployment.
    constructor(IMeedaSystem system) {
        Parameters memory p = system.parameters();
        ANCHORS = IMeedaAnchors(system.anchors());
        PUBLISH_WINDOW = p.publishWindow;
        DEMAND_BOND = p.demandBond;
    }

    /// @inheritdoc IMeedaPublication
    function setPublisher(address id, address publisher) external {
        require(ANCHORS.ownerOf(id) == msg.sender, NotOwner(msg.sender, id));
        _publishers[id] = publisher;
        emit PublisherSet(id, publisher);
    }

    /// @inheritdoc IMeedaPublication
    function demand(BlobRef calldata blob) external payable returns (uint256 demandId) {
        address id = blob.operator;
        require(!ANCHORS.isSlashed(id), AccountSlashed(id));
        require(ANCHORS.isAnchored(blob), NotAnchored(id, blob.position));
        uint256 expiry = ANCHORS.getAnchor(id, blob.anchorIndex).expiry;
        require(block.number < expiry, BlobExpired(blob.position, expiry));
        bytes32 versionedHash = Bls12381.versionedHash(blob.commitment);
        require(!_isDemanded[id][versionedHash], AlreadyDemanded(id, versionedHash));
        require(msg.value >= demandBond(), BondTooLow(msg.value, demandBond()));

        demandId = _demands.length;
        uint40 deadline = uint40(block.number + PUBLISH_WINDOW + BLOCKS_PER_DEMAND * _open[id]);
        _demands.push(Demand(versionedHash, id, deadline, DemandStatus.Open, msg.sender, uint96(msg.value)));
        _isDemanded[id][versionedHash] = true;
        _open[id]++;
        emit Demanded(demandId, id, versionedHash, msg.sender, blob.position, deadline, msg.value);
    }

    /// @inheritdoc IMeedaPublication
    function publish(uint256[] calldata demandIds) external {
        for (uint256 i = 0; i < demandIds.length; i++) {
            uint256 gasBefore = gasleft();
            Demand storage open = demandAt(demandIds[i]);
            // Somebody was faster, or it is too late: the other blobs of this transaction still count.
            if (open.status != DemandStatus.Open || block.number > open.deadline) {
                emit PublicationSkipped(demandIds[i]);
                continue;
            }
            require(blobhash(i) == open.versionedHash, WrongBlob(blobhash(i), open.versionedHash));
            uint256 operatorsUntil = open.deadline - PUBLISH_WINDOW / 2;
            require(
                block.number > operatorsUntil || isOperators(open.operator, msg.sender),
                OperatorsTurn(demandIds[i], operatorsUntil)
            );
            close(open, DemandStatus.Published);
            settleBond(demandIds[i], open, gasBefore + AROUND_GAS / demandIds.length);
        }
    }

    /// @inheritdoc IMeedaPublication
    function expire(uint256 demandId) external {
        Demand storage open = demandAt(demandId);
        require(open.status == DemandStatus.Open, DemandClosed(demandId, open.status));
        require(block.number > open.deadline, DeadlineNotOver(demandId, open.deadline));
        close(open, DemandStatus.Expired);
        emit DemandExpired(demandId, msg.sender);
        credit(open.demander, open.bond);
        // Slashed already for something else: there is nothing more to take.
        if (!ANCHORS.isSlashed(open.operator)) {
            // An accomplice that leaves its own demand lying, so that nobody else can make one, loses the reward too.
            bool left = block.number > open.deadline + PUBLISH_WINDOW;
            ANCHORS.slash(open.operator, left ? msg.sender : open.demander, EXPIRE_GAS);
        }
    }

    /// @inheritdoc IMeedaPublication
    function getDemand(uint256 demandId) external view returns (Demand memory) {
        return demandAt(demandId);
    }

    /// @inheritdoc IMeedaPublication
    function demandCount() external view returns (uint256) {
        return _demands.length;
    }

    /// @inheritdoc IMeedaPublication
    function openDemands(address id) external view returns (uint256) {
        return _open[id];
    }

    /// @inheritdoc IMeedaPublication
    function publisherOf(address id) external view returns (address) {
        return _publishers[id];
    }

    /// @inheritdoc IMeedaPublication
    function demandBond() public view returns (uint256) {
        return DEMAND_BOND + FEE_MARGIN * (block.blobbasefee * GAS_PER_BLOB + block.basefee * PUBLISH_GAS);
    }

    /// @dev Burns the bond's fixed part, repays the publisher out of the variable one, gives back what is left.
    function settleBond(uint256 demandId, Demand storage open, uint256 gasBefore) private {
        uint256 most = open.bond - DEMAND_BOND;
        burn(DEMAND_BOND);
        uint256 cost = blobCost(open.versionedHash);
        uint256 repayGas = REPAY_GAS + creditGas(msg.sender) + creditGas(open.demander);
        cost += block.basefee * (gasBefore - gasleft() + repayGas);
        uint256 repaid = cost < most ? cost : most;
        emit Published(demandId, msg.sender, repaid);
        credit(msg.sender, repaid);
        credit(open.demander, most - repaid);
    }

    /// @dev What a blob costs, once in a transaction: it may answer demands of several accounts by several calls.
    function blobCost(bytes32 versionedHash) private returns (uint256) {
        bool paid;
        assembly ("memory-safe") {
            paid := tload(versionedHash)
            tstore(versionedHash, 1)
        }
        return paid ? 0 : block.blobbasefee * GAS_PER_BLOB;
    }

    function close(Demand storage open, DemandStatus status) private {
        open.status = status;
        _isDemanded[open.operator][open.versionedHash] = false;
        _open[open.operator]--;
    }

    function isOperators(address id, address sender) private view returns (bool) {
        Account memory account = ANCHORS.getAccount(id);
        return sender == account.key || sender == account.owner || sender == _publishers[id];
    }

    function creditGas(address creditor) private view returns (uint256) {
        return creditOf(creditor) == 0 ? NEW_CREDIT_GAS : RAISE_CREDIT_GAS;
    }

    function demandAt(uint256 demandId) private view returns (Demand storage) {
        require(demandId < _demands.length, NoSuchDemand(demandId));
        return _demands[demandId];
    }
}
