// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import "../interfaces/MeedaErrors.sol";
import "../interfaces/MeedaTypes.sol";
import {AnchorTree} from "../src/libraries/AnchorTree.sol";
import {Bls12381} from "../src/libraries/Bls12381.sol";
import {Actions} from "./Actions.sol";
import {Poly, Kzg} from "./Kzg.sol";

/// @dev What operators and challengers do: anchors with orders of several rollups, proofs, lies, misses, slashing. The
/// first operator is honest; the others prove now and then, and lie.
abstract contract Operators is Actions {
    struct Plan {
        address id;
        BatchHeader[] batches;
        bytes commitments;
        bytes32[] batchIds;
        Order[] worth;
    }

    struct Lie {
        address id;
        uint256 chunk;
        EpochProof proof;
    }

    mapping(address rollup => uint256 key) internal posters;
    mapping(address id => Poly[] polys) private polys;
    mapping(address id => mapping(uint256 index => BatchHeader[] batches)) private headers;
    /// @dev One past the anchor with an invalid commitment.
    mapping(address id => uint256 index) private corrupted;
    Lie[] private lies;

    function polyAt(uint256 position) internal view override returns (Poly memory) {
        return polys[subject][position];
    }

    // Anchors.

    function anchor(uint256 seed) external action {
        (bool found, address id) = anchorer(seed, 4);
        if (!found) return;
        if (id != ids[0] && corrupted[id] == 0 && (seed >> 200) % 20 == 0) return corrupt(id, seed);
        BatchHeader[] memory batches = new BatchHeader[](1 + (seed >> 8) % 4);
        bytes memory commitments;
        for (uint256 i = 0; i < batches.length; i++) {
            uint256 bits = seed >> (16 + 32 * i);
            address payer = bits % 5 == 0 ? address(0) : rollups[bits % rollups.length];
            batches[i] = BatchHeader(uint32(1 + (bits >> 8) % 126_945), 1, payer);
            uint256 n = polys[id].length;
            polys[id].push(Poly(uint128(uint256(keccak256(abi.encode(id, n)))), 1 + n));
            commitments = bytes.concat(commitments, Kzg.compress(Kzg.commit(polys[id][n])));
        }
        anchorBatches(Kind.Anchor, id, batches, commitments, seed);
    }

    /// @dev The same blobs once more, paid for the blocks that they are not paid for yet.
    function renew(uint256 seed) external action {
        (bool found, address id) = anchorer(seed, 4);
        uint256 count = anchors.anchorCount(id);
        if (!found || count == 0) return;
        uint256 index = count - 1 - (seed >> 8) % (count < 8 ? count : 8);
        if (index + 1 == corrupted[id]) index = index == 0 ? count - 1 : index - 1;
        if (index + 1 == corrupted[id]) return;
        BatchHeader[] memory batches = headers[id][index];
        uint256 firstBlob = anchors.getAnchor(id, index).firstBlob;
        for (uint256 i = 0; i < batches.length; i++) {
            polys[id].push(polys[id][firstBlob + i]);
        }
        anchorBatches(Kind.Renew, id, batches, anchored[id][index], seed);
    }

    /// @dev 48 bytes that are no commitment: no epoch with them can be proven any more.
    function corrupt(address id, uint256 seed) private {
        polys[id].push(Poly(0, 0));
        corrupted[id] = anchors.anchorCount(id) + 1;
        anchorBatches(Kind.Corrupt, id, header(1000, 1, address(0)), new bytes(48), seed);
    }

    function anchorer(uint256 seed, uint256 count) private view returns (bool, address) {
        for (uint256 i = 0; i < ids.length; i++) {
            address id = idAt(seed, i);
            Account memory account = anchors.getAccount(id);
            (uint256 most, uint256 live) = anchors.capacity(id, 0);
            bool leaving = account.exitRequestedAt != 0 && block.number > account.exitRequestedAt + 15;
            if (!slashed[id] && account.stake != 0 && !leaving && live + count <= most) return (true, id);
        }
        return (false, address(0));
    }

    function anchorBatches(Kind kind, address id, BatchHeader[] memory batches, bytes memory commitments, uint256 seed)
        private
    {
        subject = id;
        Plan memory plan = Plan(id, batches, commitments, idsOf(batches, commitments), new Order[](batches.length));
        bytes memory data = abi.encodeCall(anchors.anchor, (batches, commitments, ordersOf(plan, seed), expiredOf(id)));
        uint256 index = anchors.anchorCount(id);
        if (!attempt(kind, vm.addr(keys[id]), address(anchors), 0, data)) return;
        anchored[id][index] = commitments;
        idRoots[id][index] = AnchorTree.idRoot(plan.batchIds);
        address payer;
        for (uint256 i = 0; i < batches.length; i++) {
            headers[id][index].push(batches[i]);
            if (batches[i].rollup == address(0) || !pay(plan, i, index) || plan.worth[i] != Order.Good) continue;
            if (payer != address(0) && payer != batches[i].rollup) happened[Kind.PaidBySeveral]++;
            payer = batches[i].rollup;
        }
    }

    /// @dev Orders for some of the batches, most of them good.
    function ordersOf(Plan memory plan, uint256 seed) private view returns (SignedOrder[] memory orders) {
        orders = new SignedOrder[](plan.batches.length);
        uint256 count = 0;
        for (uint256 i = 0; i < plan.batches.length; i++) {
            uint256 bits = seed >> (40 + 32 * i);
            if (plan.batches[i].rollup == address(0) || bits % 3 == 0) continue;
            plan.worth[i] = bits % 8 == 1 ? Order.Bad : Order.Good;
            orders[count++] = sign(plan, i, plan.worth[i] == Order.Good ? 0 : 1 + (bits >> 8) % 3);
        }
        assembly ("memory-safe") {
            mstore(orders, count)
        }
    }

    function pay(Plan memory plan, uint256 i, uint256 index) private returns (bool paid) {
        address payer = plan.batches[i].rollup;
        bytes32 blob = keccak256(slice(plan.commitments, 48 * i, 48));
        uint256 cost = costOf(payer, plan.id, blob, plan.batches[i].payloadLength);
        paid = charged(payer, plan.id, blob, cost, plan.worth[i], index);
        bool ordered = plan.worth[i] == Order.Good;
        if (paid && ordered) spentOfOrder[keccak256(abi.encode(payer, plan.id, plan.batchIds[i]))] += cost;
        if (paid || cost != 0) happened[!paid ? Kind.Refused : ordered ? Kind.PaidByOrder : Kind.PaidByLimit]++;
    }

    /// @dev An order for exactly what the batch costs, or one that is late, a wei too low, or somebody else's.
    function sign(Plan memory plan, uint256 i, uint256 fault) private view returns (SignedOrder memory order) {
        BatchHeader memory batch = plan.batches[i];
        uint256 most = spentOfOrder[keccak256(abi.encode(batch.rollup, plan.id, plan.batchIds[i]))];
        bytes32 blob = keccak256(slice(plan.commitments, 48 * i, 48));
        most += costOf(batch.rollup, plan.id, blob, batch.payloadLength);
        order.batch = uint32(i);
        order.maxWei = uint128(fault == 2 && most != 0 ? most - 1 : most);
        order.deadline = uint40(fault == 1 ? block.number - 1 : block.number);
        uint256 key = fault == 3 ? 0xbad : posters[batch.rollup];
        bytes32 digest = escrow.orderDigest(batch.rollup, plan.batchIds[i], plan.id, order.maxWei, order.deadline);
        (order.r, order.vs) = signCompact(key, digest);
    }

    function expiredOf(address id) private view returns (uint32 index) {
        index = anchors.getAccount(id).firstLive;
        uint256 count = anchors.anchorCount(id);
        while (index < count && anchors.getAnchor(id, index).expiry <= block.number) index++;
    }

    // Epochs.

    /// @dev Goes on, records most seeds on the way, and proves what the honest operator owes.
    function passBlocks(uint256 target) internal {
        while (uint256(nextEpoch) * EPOCH + DELAY + 1 <= target) {
            goTo(uint256(nextEpoch) * EPOCH + DELAY);
            vm.prevrandao(keccak256(abi.encode("mix", nextEpoch)));
            bytes memory data = abi.encodeCall(verifier.recordSeed, (nextEpoch, ""));
            if (nextEpoch % 9 != 8) attempt(Kind.Seed, stranger, address(verifier), 0, data);
            goTo(block.number + 1);
            proveIfDue(ids[0], nextEpoch, false, 0);
            nextEpoch++;
        }
        if (target > block.number) goTo(target);
    }

    /// @dev Shows a lie, or else an operator proves what is due.
    function proveOrChallenge(uint256 seed) external action {
        if (seed % 3 == 0 && challenge(seed >> 2)) return;
        if (!proveEpochs(seed)) challenge(seed);
    }

    /// @dev All of one operator's epochs that are due; each is a lie once in eight.
    function proveEpochs(uint256 seed) private returns (bool proven) {
        for (uint256 i = 0; i < ids.length && !proven; i++) {
            for (uint64 back = 1; back <= 3 && back < nextEpoch; back++) {
                bool lying = (seed >> (8 * back)) % 8 == 0;
                if (proveIfDue(idAt(seed, i), nextEpoch - back, lying, seed >> 32)) proven = true;
            }
        }
    }

    function proveIfDue(address id, uint64 epoch, bool lying, uint256 seed) private returns (bool) {
        (, uint256 seedBlock, uint256 until,) = verifier.blocksOf(epoch);
        if (block.number <= seedBlock || block.number > until || verifier.mixOf(epoch) == 0) return false;
        (bool due, RangeHints memory hints) = undecided(id, epoch);
        bool corrupt_ = corrupted[id] > hints.loAnchor && corrupted[id] <= hints.endAnchor;
        if (!due || slashed[id] || corrupt_) return false;
        subject = id;
        EpochProof memory proof = prove(epoch, hints);
        if (!lying || id == ids[0]) {
            submitAs(id == ids[0] ? Kind.HonestProof : Kind.Proof, id, proof);
        } else {
            uint256 chunk = seed % (proof.partialSums.length / 96);
            proof = lie(epoch, hints, chunk, 1 + seed % (Bls12381.R - 1));
            if (submitAs(Kind.Lie, id, proof)) lies.push(Lie(id, chunk, proof));
        }
        return true;
    }

    function submitAs(Kind kind, address id, EpochProof memory proof) private returns (bool) {
        bytes memory data = abi.encodeCall(verifier.submitProof, (proof, ""));
        return attempt(kind, vm.addr(keys[id]), address(verifier), 0, data);
    }

    /// @dev Whether anything of the account is live in an epoch of which nothing is known.
    function undecided(address id, uint64 epoch) internal view returns (bool live, RangeHints memory hints) {
        uint256 count = anchors.anchorCount(id);
        if (count == 0 || anchors.getAnchor(id, count - 1).expiry <= uint256(epoch) * EPOCH) return (false, hints);
        if (anchors.getAnchor(id, 0).blockNumber >= uint256(epoch) * EPOCH) return (false, hints);
        if (verifier.getEpoch(id, epoch).status != EpochStatus.None) return (false, hints);
        return rightHints(id, epoch);
    }

    // Challenges.

    function challenge(uint256 seed) private returns (bool) {
        for (uint256 i = 0; i < lies.length + ids.length; i++) {
            uint256 which = (seed % (lies.length + ids.length) + i) % (lies.length + ids.length);
            if (which < lies.length ? proveFraud(lies[which]) : proveInvalid(ids[which - lies.length])) return true;
        }
        return false;
    }

    function proveFraud(Lie memory told) private returns (bool) {
        address id = told.id;
        uint64 epoch = told.proof.epoch;
        if (slashed[id] || block.number > verifier.getEpoch(id, epoch).provenAt + 40) return false;
        subject = id;
        bytes memory data = abi.encodeCall(
            verifier.proveFraud, (id, epoch, recorded(told.proof), told.chunk, chunkOf(told.proof, told.chunk))
        );
        if (attempt(Kind.Fraud, stranger, address(verifier), 0, data)) slash(id, stranger);
        return true;
    }

    function proveInvalid(address id) private returns (bool) {
        if (corrupted[id] == 0 || slashed[id]) return false;
        uint256 index = corrupted[id] - 1;
        if (block.number > anchors.getAnchor(id, index).expiry + 62) return false;
        subject = id;
        bytes memory data = abi.encodeCall(verifier.proveInvalidCommitment, (refOf(index, 0), 0, 0));
        if (attempt(Kind.Invalid, rollup, address(verifier), 0, data)) slash(id, rollup);
        return true;
    }

    /// @dev First of all misses of those who still have a stake.
    function reportMiss(uint256 seed) external action {
        for (uint256 i = 0; i < 2 * ids.length; i++) {
            address id = idAt(seed, i);
            uint256 count = anchors.anchorCount(id);
            if (count == 0 || (i < ids.length && slashed[id])) continue;
            uint256 first = anchors.getAnchor(id, 0).blockNumber / EPOCH + 1;
            uint256 end = anchors.getAnchor(id, count - 1).expiry / EPOCH + 1;
            if (end > nextEpoch) end = nextEpoch;
            for (uint256 e = end; e > first; e--) {
                if (report(id, uint64(first + (e - 1 - first + seed % 8) % (end - first)))) return;
            }
        }
    }

    function report(address id, uint64 epoch) internal returns (bool) {
        (bool due, RangeHints memory hints) = undecided(id, epoch);
        (,, uint256 provableUntil, uint256 punishableUntil) = verifier.blocksOf(epoch);
        bool punished = block.number <= punishableUntil && !slashed[id];
        if (!due || block.number <= provableUntil || (punished && verifier.mixOf(epoch) == 0)) return false;
        bytes memory data = abi.encodeCall(verifier.reportMiss, (id, epoch, hints, ""));
        bool ok = attempt(punished ? Kind.Miss : Kind.LateMiss, stranger, address(verifier), 0, data);
        if (ok && punished) penalty(id, epoch, stranger);
        return true;
    }
}
