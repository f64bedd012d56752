// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import "../interfaces/MeedaErrors.sol";
import "../interfaces/MeedaTypes.sol";
import {Payers} from "./Payers.sol";

/// @dev Everybody at once, in any order: operators, rollups, those who demand and challenge, and time.
contract World is Payers {
    mapping(address id => mapping(bytes32 versionedHash => bool open)) private isDemanded;

    uint256 public refusals;
    uint256 public thefts;

    /// @dev The harness is set up by `start`, not by the runner.
    function setUp() public override {}

    function start() external {
        require(address(system) == address(0), "started");
        super.setUp();
        open();
        goTo(5);
        vm.deal(stranger, 1e6 ether);
        for (uint256 i = 0; i < 3; i++) {
            uint256 key = 0x2011 + i;
            rollups.push(vm.addr(key));
            posters[vm.addr(key)] = key;
            vm.deal(vm.addr(key), 1000 ether);
            people.push(vm.addr(key));
        }
        people.push(stranger);
        people.push(rollup);
        keys[owner] = KEY;
        ids.push(owner);
        people.push(owner);
        people.push(operator);
        staked(owner, STAKE);
        welcome(owner);
        join();
        join();
    }

    /// @dev So little more than the least stake that a miss makes an operator earn nothing.
    function join() private {
        uint256 key = 0x5000 + 2 * ids.length;
        address id = vm.addr(key + 1);
        vm.deal(id, 100 ether);
        bytes memory data = abi.encodeCall(anchors.register, ());
        if (!attempt(Kind.Join, id, address(anchors), 10.1 ether, data)) return;
        setKey(id, key);
        keys[id] = key;
        ids.push(id);
        people.push(id);
        people.push(vm.addr(key));
        staked(id, 10.1 ether);
        welcome(id);
    }

    /// @dev Rollups allow a new operator its price.
    function welcome(address id) private {
        vm.prank(id);
        escrow.setPrice(id, 1e6);
        for (uint256 i = 0; i < rollups.length; i++) {
            vm.prank(rollups[i]);
            escrow.deposit{value: 1e15}(id, uint128(1e6 * (i + 1)), 1e14);
            prepaid(rollups[i], id, 1e15);
        }
    }

    function pass(uint256 seed) external {
        calls++;
        advance(block.number + 1 + seed % 16);
        happened[Kind.Pass]++;
    }

    /// @dev Time goes on; the honest operator answers before its deadlines.
    function advance(uint256 target) internal override {
        for (uint256 d = 0; d < publication.demandCount(); d++) {
            if (bonds[d] == 0) continue;
            Demand memory kept = publication.getDemand(d);
            if (kept.operator == owner && kept.deadline < target) publish(d, kept, operator);
        }
        passBlocks(target);
    }

    // Demands.

    /// @dev This forge takes the excess blob gas where it should take the fee: from 1 wei to some 60 gwei.
    function fees(uint256 seed) external {
        calls++;
        vm.blobBaseFee(seed % 124_000_000);
        happened[Kind.Fees]++;
    }

    function demand(uint256 seed) external action {
        for (uint256 i = 0; i < ids.length; i++) {
            address id = idAt(seed, i);
            uint256 count = anchors.anchorCount(id);
            if (slashed[id] || count == 0) continue;
            uint256 index = count - 1 - (seed >> 8) % count;
            Anchor memory kept = anchors.getAnchor(id, index);
            if (kept.expiry <= block.number) continue;
            subject = id;
            BlobRef memory blob = refOf(index, (seed >> 16) % kept.blobCount);
            if (isDemanded[id][versioned(blob.commitment)]) continue;
            uint256 bond = publication.demandBond() + (seed >> 32) % 2 * 0.5 ether;
            uint256 demandId = publication.demandCount();
            bytes memory data = abi.encodeCall(publication.demand, (blob));
            if (!attempt(Kind.Demand, stranger, address(publication), bond, data)) return;
            demanded(demandId, bond);
            isDemanded[id][versioned(blob.commitment)] = true;
            return;
        }
    }

    /// @dev Answers a demand, or slashes who did not.
    function resolve(uint256 seed) external action {
        uint256 count = publication.demandCount();
        for (uint256 i = 0; i < count; i++) {
            uint256 d = (seed % count + i) % count;
            if (bonds[d] == 0) continue;
            if (expireIfLate(d)) return;
            Demand memory kept = publication.getDemand(d);
            address id = kept.operator;
            bool other = block.number > kept.deadline - 15;
            // The others answer three times in four.
            if (id != owner && (seed >> 8) % 4 == 0) continue;
            return publish(d, kept, other ? rollup : (seed >> 9) % 2 == 0 ? id : vm.addr(keys[id]));
        }
    }

    function publish(uint256 d, Demand memory kept, address publisher) private {
        bytes32[] memory hashes = new bytes32[](1);
        hashes[0] = kept.versionedHash;
        vm.blobhashes(hashes);
        Kind kind = publisher == rollup ? Kind.AnswerOfOther : Kind.Answer;
        bytes memory data = abi.encodeCall(publication.publish, (one(d)));
        if (!attempt(kind, publisher, address(publication), 0, data)) return;
        published(d, kept.versionedHash, publisher, kept.demander);
        isDemanded[kept.operator][kept.versionedHash] = false;
    }

    function expireIfLate(uint256 d) private returns (bool) {
        if (bonds[d] == 0) return false;
        Demand memory kept = publication.getDemand(d);
        if (block.number <= kept.deadline) return false;
        Kind kind = slashed[kept.operator] ? Kind.ExpireOfSlashed : Kind.Expire;
        bytes memory data = abi.encodeCall(publication.expire, (d));
        address challenger = block.number > kept.deadline + 30 ? rollup : kept.demander;
        if (attempt(kind, rollup, address(publication), 0, data)) expired(d, kept.operator, kept.demander, challenger);
        return true;
    }

    // Stakes and credits.

    /// @dev Takes a stake out, asks for it, or brings one in: a new operator's where few are left.
    function stake(uint256 seed) external action {
        uint256 alive = 0;
        for (uint256 i = 0; i < ids.length; i++) {
            if (withdrawIfFree(ids[i])) return;
            if (!slashed[ids[i]] && stakes[ids[i]] != 0) alive++;
        }
        if (alive < 4) return join();
        for (uint256 i = 0; i < ids.length; i++) {
            address id = idAt(seed, i);
            if (slashed[id]) continue;
            if (id != owner && stakes[id] != 0 && (seed >> 8) % 3 == 0 && exit(id, seed >> 16)) return;
            return bring(id, stakes[id] == 0 ? 10.1 ether : (seed >> 16) % 0.05 ether);
        }
    }

    function bring(address id, uint256 amount) private {
        bytes memory data = abi.encodeCall(anchors.stakeFor, (id));
        if (attempt(Kind.Stake, stranger, address(anchors), amount, data)) staked(id, amount);
    }

    function exit(address id, uint256 seed) private returns (bool) {
        bool leaving = anchors.getAccount(id).exitRequestedAt != 0;
        if (leaving && seed % 4 != 0) return false;
        bytes memory data =
            leaving ? abi.encodeCall(anchors.cancelWithdrawal, (id)) : abi.encodeCall(anchors.requestWithdrawal, (id));
        return attempt(leaving ? Kind.CancelExit : Kind.RequestExit, id, address(anchors), 0, data);
    }

    function withdrawIfFree(address id) private returns (bool) {
        if (stakes[id] == 0 || anchors.getAccount(id).exitRequestedAt == 0) return false;
        if (block.number <= anchors.withdrawableFrom(id) || publication.openDemands(id) != 0) return false;
        if (attempt(Kind.Withdraw, id, address(anchors), 0, abi.encodeCall(anchors.withdraw, (id)))) unstaked(id);
        return true;
    }

    function claim(uint256 seed) external action {
        for (uint256 i = 0; i < 3 * people.length; i++) {
            uint256 place = (seed % (3 * people.length) + i) % (3 * people.length);
            if (claimOf(Part(place % 3), people[place / 3])) return;
        }
    }

    function claimOf(Part part, address who) private returns (bool) {
        uint256 amount = credits[part][who];
        if (amount == 0) return false;
        uint256 before = who.balance;
        if (attempt(Kind.Claim, stranger, holder(part), 0, abi.encodeCall(anchors.claimFor, (who)))) {
            credits[part][who] = 0;
            assertEq(who.balance - before, amount, "paid");
        }
        return true;
    }

    // What must be refused.

    /// @dev Asks again for what was released, answered or decided already, and for stakes that are locked.
    function steal(uint256 seed) external {
        calls++;
        address payer = rollups[(seed >> 72) % rollups.length];
        for (uint256 i = 0; i < ids.length; i++) {
            address id = ids[(seed % ids.length + i) % ids.length];
            for (uint64 e = 0; e < nextEpoch; e++) {
                uint64 epoch = (e + uint64(seed >> 8) % nextEpoch) % nextEpoch;
                if (settled[id][epoch] || refunded[payer][id][epoch]) return stealFrom(id, epoch, payer, seed);
            }
        }
    }

    function stealFrom(address id, uint64 epoch, address payer, uint256 seed) private {
        Epoch memory state = verifier.getEpoch(id, epoch);
        (uint256 lo, uint256 end) = chargesOf(address(0), id, state);
        refuse(stranger, address(escrow), abi.encodeCall(escrow.settle, (id, epoch, lo, end)));
        (lo, end) = chargesOf(payer, id, state);
        refuse(payer, address(escrow), abi.encodeCall(escrow.refund, (payer, id, epoch, lo, end)));
        (, RangeHints memory hints) = rightHints(id, epoch);
        refuse(stranger, address(verifier), abi.encodeCall(verifier.reportMiss, (id, epoch, hints, "")));
        uint256 exitAt = anchors.getAccount(id).exitRequestedAt;
        if (exitAt == 0 || block.number <= anchors.withdrawableFrom(id) || publication.openDemands(id) != 0) {
            refuse(id, address(anchors), abi.encodeCall(anchors.withdraw, (id)));
        }
        uint256 count = publication.demandCount();
        if (count != 0 && bonds[(seed >> 80) % count] == 0) {
            refuse(stranger, address(publication), abi.encodeCall(publication.expire, ((seed >> 80) % count)));
        }
    }

    function refuse(address sender, address target, bytes memory data) private {
        refusals++;
        vm.prank(sender);
        (bool ok,) = target.call(data);
        if (ok) thefts++;
    }

    function checkHonest() external view {
        assertTrue(!slashed[owner] && stakes[owner] >= STAKE, "the honest lose nothing");
        assertEq(thefts, 0, "nothing twice, nothing early");
    }

    /// @dev Everybody takes what is theirs; nothing is left.
    function finish() external {
        for (uint256 i = 0; i < ids.length; i++) {
            if (stakes[ids[i]] == 0 || anchors.getAccount(ids[i]).exitRequestedAt != 0) continue;
            attempt(Kind.RequestExit, ids[i], address(anchors), 0, abi.encodeCall(anchors.requestWithdrawal, (ids[i])));
        }
        for (uint256 d = 0; d < publication.demandCount(); d++) {
            Demand memory kept = publication.getDemand(d);
            if (bonds[d] != 0 && kept.operator == owner) publish(d, kept, operator);
        }
        goTo(block.number + 400);
        nextEpoch = uint64(block.number / EPOCH);
        for (uint256 d = 0; d < publication.demandCount(); d++) {
            expireIfLate(d);
        }
        for (uint256 i = 0; i < ids.length; i++) {
            for (uint64 e = 0; e < nextEpoch; e++) {
                report(ids[i], e);
                while (releaseOf(ids[i], e)) {}
            }
            withdrawIfFree(ids[i]);
            for (uint256 r = 0; r < rollups.length; r++) {
                requestEscrow(rollups[r], ids[i], type(uint128).max);
            }
        }
        goTo(block.number + 12);
        for (uint256 i = 0; i < ids.length * rollups.length; i++) {
            withdrawEscrow(rollups[i % rollups.length], ids[i / rollups.length]);
        }
        check();
        for (uint256 i = 0; i < 3 * people.length; i++) {
            claimOf(Part(i % 3), people[i / 3]);
        }
        assertEq(address(anchors).balance, 0, "stakes");
        assertEq(address(publication).balance, 0, "bonds");
        assertEq(address(escrow).balance, 0, "prepayments");
        assertEq(failures, 0, "every transaction at the end succeeds");
    }

    receive() external payable {}
}
