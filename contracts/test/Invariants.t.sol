// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Base} from "./Base.sol";
import "../interfaces/MeedaErrors.sol";
import "../interfaces/MeedaEvents.sol";
import "../interfaces/MeedaTypes.sol";

/// @dev Everybody at once, in any order: an honest operator that proves and answers, one that lies at most once, a rollup,
/// challengers, time. Every action brings about what it needs, so that nearly all of them succeed.
contract World is Base {
    address public constant LIAR = address(0x11a7);
    uint256 private constant LIARS_KEY = 0x11a7;

    uint64 public nextEpoch = 1;
    uint256 public calls;
    uint256 public failures;
    uint256 public chargedAndHeld;
    uint64[] public liarMissed;
    mapping(uint64 epoch => bool) public done;

    /// @dev The harness is set up by `start`, not by the runner.
    function setUp() public override {}

    function start() external {
        require(nextEpoch == 1 && address(system) == address(0), "started");
        super.setUp();
        vm.deal(LIAR, 1000 ether);
        registerOperator(LIAR, LIARS_KEY, STAKE);
        goTo(5);
        vm.prank(owner);
        escrow.setPrice(owner, 1e6);
        vm.prank(rollup);
        escrow.deposit{value: 10 ether}(owner, 1e6, 1 ether);
    }

    /// @dev A call that is expected to succeed; the share of those that do is an invariant.
    function attempt(address sender, address target, uint256 value, bytes memory data) private returns (bool ok) {
        calls++;
        vm.prank(sender);
        (ok,) = target.call{value: value}(data);
        if (!ok) failures++;
    }

    function time(uint256 blocks) external {
        uint256 target = block.number + blocks % 20 + 1;
        while (uint256(nextEpoch) * EPOCH + DELAY + 1 <= target) {
            goToEpoch(nextEpoch);
            (bool live, RangeHints memory h) = rightHints(owner, nextEpoch);
            if (live) {
                EpochProof memory proof = prove(nextEpoch, h);
                attempt(operator, address(verifier), 0, abi.encodeCall(verifier.submitProof, (proof, "")));
            }
            nextEpoch++;
        }
        if (target > block.number) goTo(target);
        answer();
    }

    /// @dev The honest operator answers what is open before time goes on.
    function answer() private {
        for (uint256 id = 0; id < publication.demandCount(); id++) {
            Demand memory kept = publication.getDemand(id);
            if (kept.status != DemandStatus.Open || kept.operator != owner) continue;
            bytes32[] memory hashes = new bytes32[](1);
            hashes[0] = kept.versionedHash;
            vm.blobhashes(hashes);
            attempt(operator, address(publication), 0, abi.encodeCall(publication.publish, (one(id))));
        }
    }

    function anchor(uint256 count, bool paid) external {
        count = count % 3 + 1;
        bytes memory commitments;
        BatchHeader[] memory batches = new BatchHeader[](count);
        for (uint256 i = 0; i < count; i++) {
            batches[i] = BatchHeader(1000, 1, paid ? rollup : address(0));
            commitments = bytes.concat(commitments, newBlob());
        }
        uint256 before = escrow.balanceOf(rollup, owner);
        anchorAs(operator, batches, commitments, new SignedOrder[](0), 0);
        calls++;
        chargedAndHeld += before - escrow.balanceOf(rollup, owner);
    }

    function anchorAsLiar(uint256 count) external {
        if (anchors.isSlashed(LIAR) || anchors.stakeOf(LIAR) == 0) return;
        count = count % 3 + 1;
        BatchHeader[] memory batches = new BatchHeader[](count);
        for (uint256 i = 0; i < count; i++) {
            batches[i] = BatchHeader(1000, 1, address(0));
        }
        (uint256 most, uint256 live) = anchors.capacity(LIAR, 0);
        if (live + count > most) return;
        attempt(
            vm.addr(LIARS_KEY),
            address(anchors),
            0,
            abi.encodeCall(anchors.anchor, (batches, new bytes(48 * count), new SignedOrder[](0), 0))
        );
    }

    /// @dev The liar proves nothing: its epochs are reported, early or late.
    function missLiar(uint256 back) external {
        uint64 last = uint64(block.number / EPOCH);
        uint64 epoch = last < 3 + back % 5 ? 0 : uint64(last - 3 - back % 5);
        (bool live, RangeHints memory h) = rightHints(LIAR, epoch);
        if (!live || verifier.mixOf(epoch) == 0) return;
        if (verifier.getEpoch(LIAR, epoch).status != EpochStatus.None) return;
        attempt(stranger, address(verifier), 0, abi.encodeCall(verifier.reportMiss, (LIAR, epoch, h, "")));
    }

    /// @dev Rarely, so that the liar lives for a while.
    function slashLiar(uint256 chance) external {
        if (chance % 8 != 0 || anchors.anchorCount(LIAR) == 0 || anchors.isSlashed(LIAR)) return;
        Anchor memory kept = anchors.getAnchor(LIAR, 0);
        if (block.number > kept.expiry + 62) return;
        bytes32[][] memory levels = levelsOf(new bytes(48 * kept.blobCount));
        bytes32[] memory path = new bytes32[](levels.length - 1);
        for (uint256 d = 0; d < path.length; d++) {
            path[d] = levels[d][1];
        }
        BatchHeader[] memory batches = new BatchHeader[](kept.blobCount);
        for (uint256 i = 0; i < batches.length; i++) {
            batches[i] = BatchHeader(1000, 1, address(0));
        }
        bytes32[] memory ids = idsOf(batches, new bytes(48 * kept.blobCount));
        bytes32 root = idRootOf(ids);
        BlobRef memory blob = BlobRef(LIAR, 0, kept.firstBlob, new bytes(48), path, root);
        attempt(stranger, address(verifier), 0, abi.encodeCall(verifier.proveInvalidCommitment, (blob, 0, 0)));
    }

    function demand(uint256 index, uint256 value) external {
        uint256 count = anchors.anchorCount(owner);
        if (count == 0) return;
        index = index % count;
        if (anchors.getAnchor(owner, index).expiry <= block.number) return;
        BlobRef memory blob = refOf(index, 0);
        value = publication.demandBond() + value % 1 ether;
        attempt(stranger, address(publication), value, abi.encodeCall(publication.demand, (blob)));
        answer();
    }

    function stakeMore(bool honest, uint96 amount) external {
        if (!honest && anchors.isSlashed(LIAR)) return;
        address id = honest ? owner : LIAR;
        attempt(stranger, address(anchors), amount % 1 ether, abi.encodeCall(anchors.stakeFor, (id)));
    }

    function settleOrRefund(uint256 back) external {
        uint64 last = nextEpoch;
        uint64 epoch = uint64(back % last);
        settleEpoch(epoch);
    }

    function settleEpoch(uint64 epoch) private {
        Epoch memory state = verifier.getEpoch(owner, epoch);
        if (state.status != EpochStatus.Proven || done[epoch] || block.number <= state.provenAt + 40) return;
        done[epoch] = true;
        uint256 lo = 0;
        uint256 end = 0;
        for (uint256 i = 0; i < escrow.chargeCount(address(0), owner); i++) {
            (uint32 index,) = escrow.chargeAt(address(0), owner, i);
            if (index < state.loAnchor) lo++;
            if (index < state.endAnchor) end++;
        }
        uint256 before = escrow.creditOf(owner);
        attempt(stranger, address(escrow), 0, abi.encodeCall(escrow.settle, (owner, epoch, lo, end)));
        chargedAndHeld -= escrow.creditOf(owner) - before;
    }

    function prepay(uint96 amount) external {
        attempt(stranger, address(escrow), amount % 1 ether, abi.encodeCall(escrow.depositFor, (rollup, owner)));
    }

    function claim(uint256 who) external {
        address[5] memory people = [owner, LIAR, rollup, stranger, operator];
        claimOf(people[who % 5]);
    }

    function claimOf(address who) private {
        bytes memory data = abi.encodeCall(anchors.claimFor, (who));
        if (anchors.creditOf(who) != 0) attempt(stranger, address(anchors), 0, data);
        if (publication.creditOf(who) != 0) attempt(stranger, address(publication), 0, data);
        if (escrow.creditOf(who) != 0) attempt(stranger, address(escrow), 0, data);
    }

    /// @dev The exact equations, contract by contract.
    function check() public view {
        address[5] memory people = [owner, LIAR, rollup, stranger, operator];
        uint256 atAnchors = anchors.stakeOf(owner) + anchors.stakeOf(LIAR);
        uint256 atPublication = 0;
        uint256 atEscrow = escrow.balanceOf(rollup, owner) + chargedAndHeld;
        for (uint256 i = 0; i < 5; i++) {
            atAnchors += anchors.creditOf(people[i]);
            atPublication += publication.creditOf(people[i]);
            atEscrow += escrow.creditOf(people[i]);
        }
        for (uint256 id = 0; id < publication.demandCount(); id++) {
            Demand memory kept = publication.getDemand(id);
            if (kept.status == DemandStatus.Open) atPublication += kept.bond;
        }
        assertEq(address(anchors).balance, atAnchors, "anchors");
        assertEq(address(publication).balance, atPublication, "publication");
        assertEq(address(escrow).balance, atEscrow, "escrow");
        assertEq(address(verifier).balance + address(system).balance, 0, "no ether elsewhere");
    }

    function checkHonest() external view {
        assertTrue(!anchors.isSlashed(owner) && anchors.stakeOf(owner) >= STAKE, "the honest lose nothing");
        assertTrue(failures * 20 <= calls, "95 % succeed");
    }

    /// @dev Everybody takes what is theirs; nothing is left.
    function finish() external {
        this.time(1);
        uint256 last = block.number + 110;
        while (block.number < last) this.time(19);
        vm.prank(owner);
        anchors.requestWithdrawal(owner);
        goTo(block.number + 300);
        for (uint64 e = 0; e < nextEpoch; e++) {
            settleEpoch(e);
        }
        vm.prank(owner);
        anchors.withdraw(owner);
        if (anchors.stakeOf(LIAR) != 0) {
            vm.prank(LIAR);
            anchors.requestWithdrawal(LIAR);
            goTo(block.number + 300);
            vm.prank(LIAR);
            anchors.withdraw(LIAR);
        }
        vm.startPrank(rollup);
        escrow.requestEscrowWithdrawal(owner, type(uint128).max);
        goTo(block.number + 12);
        escrow.withdrawEscrow(owner);
        vm.stopPrank();
        check();
        address[5] memory people = [owner, LIAR, rollup, stranger, operator];
        for (uint256 i = 0; i < 5; i++) {
            claimOf(people[i]);
        }
        assertEq(address(anchors).balance, 0, "stakes");
        assertEq(address(publication).balance, 0, "bonds");
        assertEq(address(escrow).balance, 0, "prepayments");
    }

    function idRootOf(bytes32[] memory ids) private pure returns (bytes32) {
        bytes32[] memory level = new bytes32[](ids.length == 3 ? 4 : ids.length);
        for (uint256 i = 0; i < ids.length; i++) {
            level[i] = keccak256(abi.encodePacked(hex"00", ids[i]));
        }
        for (uint256 width = level.length; width > 1; width /= 2) {
            for (uint256 i = 0; i < width / 2; i++) {
                level[i] = keccak256(abi.encodePacked(hex"01", level[2 * i], level[2 * i + 1]));
            }
        }
        return level[0];
    }

    receive() external payable {}
}

contract InvariantsTest is Base {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    World private world;

    function setUp() public override {
        world = new World();
        world.start();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(world);
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        targets = new FuzzSelector[](1);
        targets[0].addr = address(world);
        bytes4[] memory s = new bytes4[](12);
        (s[0], s[1], s[2]) = (World.time.selector, World.anchor.selector, World.anchorAsLiar.selector);
        (s[3], s[4], s[5]) = (World.missLiar.selector, World.slashLiar.selector, World.demand.selector);
        (s[6], s[7], s[8]) = (World.stakeMore.selector, World.settleOrRefund.selector, World.prepay.selector);
        (s[9], s[10], s[11]) = (World.claim.selector, World.time.selector, World.anchor.selector);
        targets[0].selectors = s;
    }

    function invariant_balances_are_exact() public view {
        world.check();
        world.checkHonest();
    }

    function afterInvariant() public {
        world.finish();
    }
}
