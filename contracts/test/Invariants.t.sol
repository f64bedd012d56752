// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMeedaVerifier} from "../interfaces/IMeedaVerifier.sol";
import {MeedaVerifier} from "../src/MeedaVerifier.sol";
import {G1} from "../src/libraries/Bls12381.sol";
import {Base} from "./Base.sol";

/// @dev Everybody at once, in any order: an honest operator that proves every epoch, a lying one, a rollup, challengers, time.
contract Everybody is Base {
    address[] public people;
    address public immutable liar = address(0x11a7);
    address public immutable rollup = address(0x2011);
    uint64 private nextEpoch = 1;

    /// @dev Called by the fuzzer as everything public is: the verifier is the one that `start` was given.
    function setUp() public override {}

    function start(MeedaVerifier target) external {
        require(address(verifier) == address(0), "started");
        verifier = target;
        people = [operator, liar, rollup, stranger, treasury, address(this)];
        for (uint256 i = 0; i < people.length; i++) {
            vm.deal(people[i], 1000 ether);
        }
        goTo(5);
        vm.prank(operator);
        verifier.stake{value: STAKE}();
        vm.prank(liar);
        verifier.stake{value: STAKE}();
        vm.prank(operator);
        verifier.setPrice(1e9);
        vm.prank(rollup);
        verifier.deposit{value: 10 ether}(operator, 1e9);
    }

    function time(uint256 blocks) external {
        uint256 target = block.number + blocks % 40 + 1;
        while (uint256(nextEpoch) * EPOCH < target) {
            goTo(uint256(nextEpoch) * EPOCH + 1);
            (bool live, IMeedaVerifier.RangeHints memory hints) = rightHints(operator, nextEpoch);
            if (live) submit(nextEpoch, hints);
            nextEpoch++;
        }
        if (target > block.number) goTo(target);
    }

    function anchor(uint256 count, bool paid) external {
        (IMeedaVerifier.BatchHeader[] memory batches, bytes memory commitments) = makeBlobs(count % 4 + 1);
        if (paid) batches[0].rollup = rollup;
        vm.prank(operator);
        anchored[verifier.anchor(batches, commitments)] = commitments;
    }

    function anchorAsLiar(uint256 count) external {
        (IMeedaVerifier.BatchHeader[] memory batches,) = makeBlobs(count % 4 + 1);
        vm.prank(liar);
        verifier.anchor(batches, new bytes(48 * batches.length));
    }

    function stakeMore(uint256 who, uint96 amount) external {
        vm.prank(people[who % 2]);
        verifier.stake{value: amount % 1 ether}();
    }

    function askBack(bool honest) external {
        vm.prank(honest ? operator : liar);
        verifier.requestWithdrawal();
    }

    function take(bool honest) external {
        vm.prank(honest ? operator : liar);
        verifier.withdraw();
    }

    function miss(bool honest, uint64 epoch, uint256 who) external {
        address target = honest ? operator : liar;
        epoch = uint64(epoch % (block.number / EPOCH + 1));
        (, IMeedaVerifier.RangeHints memory hints) = rightHints(target, epoch);
        vm.prank(people[who % people.length]);
        verifier.reportMiss(target, epoch, hints);
    }

    function slashLiar(uint256 index) external {
        index = index % verifier.anchorCount(liar);
        IMeedaVerifier.Anchor memory kept = verifier.getAnchor(liar, index);
        (, bytes32[] memory path) = pathOf(new bytes(48 * kept.blobCount), 0);
        vm.prank(stranger);
        verifier.proveInvalidCommitment(IMeedaVerifier.BlobRef(liar, uint32(index), kept.firstBlob, new bytes(48), path), 0, 0);
    }

    /// @dev A challenger that tries the honest operator with everything it has.
    function challengeHonest(uint64 epoch) external {
        epoch = uint64(epoch % (block.number / EPOCH + 1));
        (, IMeedaVerifier.RangeHints memory hints) = rightHints(operator, epoch);
        (G1[] memory partialSums,,) = prove(epoch, hints);
        verifier.proveFraud(operator, epoch, verifier.epochSeed(operator, epoch), hints, partialSums, 0, leavesOf(epoch, hints, 0));
    }

    function demandAndAnswer(uint256 index, bool answered) external {
        index = index % verifier.anchorCount(operator);
        IMeedaVerifier.BlobRef memory blob = refOf(index, 0);
        vm.prank(stranger);
        uint256 id = verifier.demand{value: 0.1 ether}(blob);
        if (answered) publish(id);
    }

    /// @dev The honest operator answers what is open before time goes on.
    function publish(uint256 id) public {
        id = id % verifier.demandCount();
        bytes32[] memory hashes = new bytes32[](1);
        hashes[0] = verifier.getDemand(id).versionedHash;
        vm.blobhashes(hashes);
        vm.prank(operator);
        verifier.publish(id, 0);
    }

    function settle(uint64 epoch) external {
        verifier.settle(operator, uint64(epoch % (block.number / EPOCH + 1)));
    }

    function refund(uint64 epoch, uint256 lo, uint256 end) external {
        vm.prank(rollup);
        verifier.refund(operator, uint64(epoch % (block.number / EPOCH + 1)), lo % 5, end % 5);
    }

    function prepay(uint96 amount) external {
        vm.prank(rollup);
        verifier.deposit{value: amount % 1 ether}(operator, 1e9);
    }

    function takeBack(uint128 amount) external {
        vm.prank(rollup);
        verifier.withdrawEscrow(operator, amount % 1 ether);
    }

    function claim(uint256 who) external {
        vm.prank(people[who % people.length]);
        verifier.claim();
    }

    /// @dev What the contract owes to anybody, leaving out charges that no epoch has released.
    function owed() external view returns (uint256 total) {
        for (uint256 i = 0; i < people.length; i++) {
            total += verifier.stakeOf(people[i]) + verifier.creditOf(people[i]);
        }
        total += verifier.getEscrow(rollup, operator).balance;
        for (uint256 i = 0; i < verifier.demandCount(); i++) {
            IMeedaVerifier.Demand memory kept = verifier.getDemand(i);
            if (kept.status == IMeedaVerifier.DemandStatus.Open) total += kept.bond;
        }
    }

    function rightHints(address who, uint64 epoch) private view returns (bool, IMeedaVerifier.RangeHints memory hints) {
        uint256 epochBlock = uint256(epoch) * EPOCH;
        uint256 hotFrom = epochBlock > 2 * EPOCH ? epochBlock - 2 * EPOCH : 0;
        uint256 count = verifier.anchorCount(who);
        for (uint32 i = 0; i < count; i++) {
            IMeedaVerifier.Anchor memory kept = verifier.getAnchor(who, i);
            if (kept.blockNumber < epochBlock) hints.endAnchor = i + 1;
            if (kept.expiry <= epochBlock) hints.loAnchor = i + 1;
            if (kept.blockNumber < hotFrom) hints.hotAnchor = i + 1;
        }
        if (hints.hotAnchor < hints.loAnchor) hints.hotAnchor = hints.loAnchor;
        return (hints.loAnchor < hints.endAnchor, hints);
    }

    receive() external payable {}
}

contract InvariantsTest is Base {
    Everybody private everybody;

    function setUp() public override {
        verifier = new MeedaVerifier(params());
        everybody = new Everybody();
        everybody.start(verifier);
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(everybody);
    }

    /// @dev The contract's balance always covers stakes, bonds, escrows and credits.
    function invariant_the_balance_covers_what_is_owed() public view {
        assertTrue(address(verifier).balance >= everybody.owed(), "balance");
    }

    /// @dev An operator that proves every epoch and answers every demand is never slashed, and pays no penalty.
    function invariant_the_honest_operator_is_never_slashed() public view {
        assertTrue(!verifier.getAccount(address(0x0123456789012345678901234567890123456789)).condemned, "condemned");
    }
}
