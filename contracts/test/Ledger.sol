// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Base} from "./Base.sol";

/// @dev What the contracts must owe to whom, to the wei: kept by the rules of docs/protocol.md from what was done.
/// The base fee is zero, so that rewards do not depend on gas.
abstract contract Ledger is Base {
    /// @dev The contracts that hold ether.
    enum Part {
        Anchors,
        Publication,
        Escrow
    }

    address[] internal ids;
    address[] internal rollups;
    address[] internal people;

    uint256 private initiallyBurnt;
    uint256 private burnt;
    mapping(Part part => mapping(address who => uint256 amount)) internal credits;
    mapping(address id => uint256 amount) internal stakes;
    mapping(address id => uint64[] epochs) private penalised;
    mapping(address id => bool yes) internal slashed;
    mapping(uint256 demandId => uint256 bond) internal bonds;
    mapping(address rollup => mapping(address id => uint256 amount)) internal balances;
    mapping(address rollup => mapping(address id => uint256 amount)) internal asked;
    /// @dev Zero: the rollup asked for nothing back.
    mapping(address rollup => mapping(address id => uint256 blockNumber)) internal askedFor;

    /// @dev The parts of charges that an epoch releases, for every rollup, and all that is not released yet.
    mapping(address rollup => mapping(address id => mapping(uint64 epoch => uint256 amount))) internal held;
    uint256 private heldInAll;
    mapping(address id => mapping(uint64 epoch => bool yes)) internal settled;
    mapping(address rollup => mapping(address id => mapping(uint64 epoch => bool yes))) internal refunded;

    /// @dev The anchors that charged something; under the zero address those of any rollup.
    mapping(address rollup => mapping(address id => uint256[] indices)) internal charging;
    mapping(bytes32 rollupIdBlobs => uint256 blockNumber) private paidUntil;
    mapping(bytes32 rollupIdBatch => uint256 amount) internal spentOfOrder;
    mapping(bytes32 rollupIdEpoch => uint256 amount) private spentOfLimit;

    /// @dev What a batch's order is worth.
    enum Order {
        None,
        Good,
        Bad
    }

    function open() internal {
        initiallyBurnt = address(0).balance;
    }

    // Stakes.

    function staked(address id, uint256 amount) internal {
        stakes[id] += amount;
    }

    function unstaked(address id) internal {
        credits[Part.Anchors][id] += stakes[id];
        stakes[id] = 0;
    }

    /// @dev The n-th miss within a retention of ten epochs costs n penalties.
    function penalty(address id, uint64 epoch, address reporter) internal returns (uint256 taken) {
        taken = 0.2 ether;
        for (uint256 i = 0; i < penalised[id].length; i++) {
            uint64 other = penalised[id][i];
            if (epoch < other + 10 && other < epoch + 10) taken += 0.2 ether;
        }
        penalised[id].push(epoch);
        if (taken > stakes[id]) taken = stakes[id];
        uint256 reward = taken < 0.02 ether ? taken : 0.02 ether;
        stakes[id] -= taken;
        credits[Part.Anchors][reporter] += reward;
        burnt += taken - reward;
    }

    function slash(address id, address challenger) internal {
        uint256 reward = stakes[id] * 5 / 100;
        credits[Part.Anchors][challenger] += reward;
        burnt += stakes[id] - reward;
        stakes[id] = 0;
        slashed[id] = true;
    }

    // Demands.

    function demanded(uint256 demandId, uint256 bond) internal {
        bonds[demandId] = bond;
    }

    /// @dev The fixed part is burnt, the blob's fee repaid as far as the rest goes.
    function published(uint256 demandId, bytes32 versionedHash, address publisher, address demander) internal {
        uint256 variable = bonds[demandId] - 0.01 ether;
        // A blob is repaid once in a transaction; what the contract forgets with it is forgotten here.
        bool paid;
        assembly ("memory-safe") {
            paid := tload(versionedHash)
            tstore(versionedHash, 1)
        }
        uint256 cost = paid ? 0 : block.blobbasefee * 131_072;
        if (cost > variable) cost = variable;
        credits[Part.Publication][publisher] += cost;
        credits[Part.Publication][demander] += variable - cost;
        burnt += 0.01 ether;
        bonds[demandId] = 0;
    }

    /// @dev Whoever is the challenger, the bond is the demander's.
    function expired(uint256 demandId, address id, address demander, address challenger) internal {
        credits[Part.Publication][demander] += bonds[demandId];
        bonds[demandId] = 0;
        if (!slashed[id]) slash(id, challenger);
    }

    // Prepayments.

    function prepaid(address payer, address id, uint256 amount) internal {
        balances[payer][id] += amount;
    }

    function unprepaid(address payer, address id) internal returns (uint256 amount) {
        amount = asked[payer][id];
        if (amount > balances[payer][id]) amount = balances[payer][id];
        balances[payer][id] -= amount;
        credits[Part.Escrow][payer] += amount;
        askedFor[payer][id] = 0;
    }

    /// @dev What a rollup may take out now pays for nothing.
    function chargeable(address payer, address id) private view returns (uint256) {
        uint256 from = askedFor[payer][id];
        uint256 leaving = from != 0 && block.number >= from ? asked[payer][id] : 0;
        return leaving < balances[payer][id] ? balances[payer][id] - leaving : 0;
    }

    /// @dev What a batch of this block costs, were it paid.
    function costOf(address payer, address id, bytes32 blobsHash, uint256 length) internal view returns (uint256) {
        uint256 from = paidUntil[keccak256(abi.encode(payer, id, blobsHash))];
        uint256 expiry = block.number + 100;
        if (from < block.number) from = block.number;
        uint256 epochs = (expiry - 1) / EPOCH - block.number / EPOCH;
        return escrow.priceOf(id) * length * (expiry - from) / epochs * epochs;
    }

    /// @dev Whether the batch is charged, and then the charge: equal parts for each epoch in which its blobs are live.
    function charged(address payer, address id, bytes32 blobsHash, uint256 cost, Order order, uint256 anchorIndex)
        internal
        returns (bool)
    {
        if (cost == 0 || !allowed(payer, id, cost, order)) return false;
        paidUntil[keccak256(abi.encode(payer, id, blobsHash))] = block.number + 100;
        balances[payer][id] -= cost;
        heldInAll += cost;
        uint64 first = uint64(block.number / EPOCH) + 1;
        uint64 last = uint64((block.number + 99) / EPOCH);
        for (uint64 e = first; e <= last; e++) {
            held[payer][id][e] += cost / (last - first + 1);
        }
        note(charging[payer][id], anchorIndex);
        note(charging[address(0)][id], anchorIndex);
        return true;
    }

    function allowed(address payer, address id, uint256 cost, Order order) private returns (bool) {
        (uint256 highestPrice, uint256 perEpoch) = escrow.limitsOf(payer, id);
        if (escrow.priceOf(id) > highestPrice || cost > chargeable(payer, id)) return false;
        if (order != Order.None) return order == Order.Good;
        bytes32 limit = keccak256(abi.encode(payer, id, block.number / EPOCH));
        if (spentOfLimit[limit] + cost > perEpoch) return false;
        spentOfLimit[limit] += cost;
        return true;
    }

    function note(uint256[] storage indices, uint256 anchorIndex) private {
        if (indices.length == 0 || indices[indices.length - 1] != anchorIndex) indices.push(anchorIndex);
    }

    function heldOf(address id, uint64 epoch) internal view returns (uint256 amount) {
        for (uint256 i = 0; i < rollups.length; i++) {
            amount += held[rollups[i]][id][epoch];
        }
    }

    function settle(address id, uint64 epoch) internal {
        uint256 amount = heldOf(id, epoch);
        settled[id][epoch] = true;
        for (uint256 i = 0; i < rollups.length; i++) {
            held[rollups[i]][id][epoch] = 0;
        }
        heldInAll -= amount;
        credits[Part.Escrow][id] += amount;
    }

    function refund(address payer, address id, uint64 epoch) internal {
        uint256 amount = held[payer][id][epoch];
        refunded[payer][id][epoch] = true;
        held[payer][id][epoch] = 0;
        heldInAll -= amount;
        credits[Part.Escrow][payer] += amount;
    }

    // The equations.

    function holder(Part part) internal view returns (address) {
        return [address(anchors), address(publication), address(escrow)][uint256(part)];
    }

    /// @dev What each contract says it owes is what the ledger says, and their sum is its balance.
    function check() public view {
        uint256[3] memory owed;
        for (uint256 p = 0; p < 3; p++) {
            for (uint256 i = 0; i < people.length; i++) {
                uint256 amount = credits[Part(p)][people[i]];
                assertEq(creditOf(Part(p), people[i]), amount, "credit");
                owed[p] += amount;
            }
        }
        for (uint256 i = 0; i < ids.length; i++) {
            assertEq(anchors.stakeOf(ids[i]), stakes[ids[i]], "stake");
            owed[0] += stakes[ids[i]];
            for (uint256 r = 0; r < rollups.length; r++) {
                assertEq(escrow.balanceOf(rollups[r], ids[i]), balances[rollups[r]][ids[i]], "prepaid");
                owed[2] += balances[rollups[r]][ids[i]];
            }
        }
        uint256 demands = publication.demandCount();
        for (uint256 d = 0; d < demands; d++) {
            owed[1] += bonds[d];
        }
        assertEq(address(anchors).balance, owed[0], "stakes and credits");
        assertEq(address(publication).balance, owed[1], "bonds and credits");
        assertEq(address(escrow).balance, owed[2] + heldInAll, "prepayments, charges and credits");
        assertEq(address(verifier).balance + address(system).balance, 0, "no ether elsewhere");
        assertEq(address(0).balance - initiallyBurnt, burnt, "burnt");
    }

    function creditOf(Part part, address who) internal view returns (uint256) {
        if (part == Part.Anchors) return anchors.creditOf(who);
        return part == Part.Publication ? publication.creditOf(who) : escrow.creditOf(who);
    }
}
