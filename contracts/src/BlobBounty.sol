// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import "../interfaces/IBlobBounty.sol";
import {PaymentRefused} from "../interfaces/MeedaErrors.sol";

/// @title Bounties on blobs
/// @dev Documentation stands in IBlobBounty. Every bounty is closed before anything is paid, so a payment that enters
/// again finds it closed.
contract BlobBounty is IBlobBounty {
    /// @dev What the bounties of one call have in common; never cleared.
    struct Funding {
        address funder;
        uint40 refundableFrom;
        bytes32 about;
    }

    /// @dev A bounty that stands: `amount` is above 0.
    struct Standing {
        bytes32 versionedHash;
        uint96 amount;
        uint64 funding;
    }

    /// @dev A day of 12-second blocks, so that an archive sees a bounty and its blob finds a block.
    uint256 private constant LEAST_LIFE = 7200;

    /// @dev anvil and forge. Only here it may be so short that tests need no hours.
    uint256 private constant LOCAL_CHAIN = 31_337;
    uint256 private constant LEAST_LOCAL_LIFE = 8;

    /// @dev A year: more is a slip, and the ether would be away for so long.
    uint256 private constant MOST_LIFE = 2_628_000;

    /// @inheritdoc IBlobBounty
    uint256 public bountyCount;

    Funding[] private _fundings;
    mapping(uint256 id => Standing bounty) private _bounties;

    /// @inheritdoc IBlobBounty
    function fundBounties(bytes32[] calldata versionedHashes, uint256 blocks, bytes32 about)
        external
        payable
        returns (uint256 firstId)
    {
        uint256 count = versionedHashes.length;
        require(count != 0, NoHashes());
        uint256 amount = msg.value / count;
        require(
            amount != 0 && amount * count == msg.value && amount <= type(uint96).max, UnsuitableAmount(msg.value, count)
        );
        uint256 least = block.chainid == LOCAL_CHAIN ? LEAST_LOCAL_LIFE : LEAST_LIFE;
        require(blocks >= least && blocks <= MOST_LIFE, UnsuitableLife(blocks, least, MOST_LIFE));
        uint256 refundableFrom = block.number + blocks;
        firstId = bountyCount;
        bountyCount = firstId + count;
        uint64 funding = uint64(_fundings.length);
        _fundings.push(Funding(msg.sender, uint40(refundableFrom), about));
        for (uint256 i = 0; i < count; i++) {
            bytes32 versionedHash = versionedHashes[i];
            require(versionedHash[0] == 0x01, NotVersionedHash(versionedHash));
            _bounties[firstId + i] = Standing(versionedHash, uint96(amount), funding);
            emit BountyFunded(firstId + i, versionedHash, about, msg.sender, amount, refundableFrom);
        }
    }

    /// @inheritdoc IBlobBounty
    function claimBounties(uint256[] calldata ids, uint256[] calldata places) external returns (uint256 paid) {
        require(places.length == ids.length, PlacesLength(places.length, ids.length));
        for (uint256 i = 0; i < ids.length; i++) {
            Standing memory bounty = _bounties[ids[i]];
            // Somebody was faster, or L1 reorganised: the other blobs of this transaction still count.
            if (bounty.amount == 0 || blobhash(places[i]) != bounty.versionedHash) {
                emit BountySkipped(ids[i], msg.sender);
                continue;
            }
            delete _bounties[ids[i]];
            paid += bounty.amount;
            emit BountyPaid(ids[i], bounty.versionedHash, msg.sender, bounty.amount);
        }
        pay(paid);
    }

    /// @inheritdoc IBlobBounty
    function refundBounties(uint256[] calldata ids) external returns (uint256 refunded) {
        for (uint256 i = 0; i < ids.length; i++) {
            Standing memory bounty = _bounties[ids[i]];
            if (bounty.amount == 0) continue;
            Funding storage funding = _fundings[bounty.funding];
            require(funding.funder == msg.sender, NotFunder(ids[i], msg.sender));
            require(block.number >= funding.refundableFrom, NotRefundableYet(ids[i], funding.refundableFrom));
            delete _bounties[ids[i]];
            refunded += bounty.amount;
            emit BountyRefunded(ids[i], bounty.versionedHash, msg.sender, bounty.amount);
        }
        pay(refunded);
    }

    /// @inheritdoc IBlobBounty
    function getBounties(uint256 firstId, uint256 count) external view returns (Bounty[] memory bounties) {
        uint256 left = firstId < bountyCount ? bountyCount - firstId : 0;
        bounties = new Bounty[](count < left ? count : left);
        for (uint256 i = 0; i < bounties.length; i++) {
            Standing memory bounty = _bounties[firstId + i];
            if (bounty.amount == 0) continue;
            Funding memory funding = _fundings[bounty.funding];
            bounties[i] =
                Bounty(bounty.versionedHash, bounty.amount, funding.funder, funding.refundableFrom, funding.about);
        }
    }

    function pay(uint256 amount) private {
        require(amount != 0, NothingToPay());
        (bool success,) = msg.sender.call{value: amount}("");
        require(success, PaymentRefused(msg.sender));
    }
}
