// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import "../interfaces/IBlobBounty.sol";
import {PaymentRefused} from "../interfaces/MeedaErrors.sol";
import {BlobBounty} from "../src/BlobBounty.sol";
import {MiniTest} from "./MiniTest.sol";

/// @dev A contract that is paid, and does something as it is.
contract Claimant {
    BlobBounty private immutable BOUNTIES;
    bool public refuses;
    bytes public again;
    bool public wentThrough;

    constructor(BlobBounty bounties) {
        BOUNTIES = bounties;
    }

    receive() external payable {
        require(!refuses, "no");
        if (again.length != 0) {
            bytes memory data = again;
            delete again;
            (wentThrough,) = address(BOUNTIES).call(data);
        }
    }

    function set(bool refuse, bytes calldata data) external {
        refuses = refuse;
        again = data;
    }

    function send(bytes calldata data) external payable {
        (bool done, bytes memory returned) = address(BOUNTIES).call{value: msg.value}(data);
        if (!done) {
            assembly ("memory-safe") {
                revert(add(returned, 32), mload(returned))
            }
        }
    }
}

abstract contract BountyBase is MiniTest {
    uint256 internal constant LEAST = 7200;
    uint256 internal constant MOST = 2_628_000;
    bytes32 internal constant ABOUT = keccak256("batch");
    address internal constant FUNDER = address(0xf00d);
    address internal constant ARCHIVE = address(0xa2c4);
    address internal constant STRANGER = address(0x5742);

    BlobBounty internal bounties;

    function setUp() public virtual {
        vm.chainId(1);
        bounties = new BlobBounty();
        vm.roll(100);
        vm.deal(FUNDER, 1000 ether);
    }

    function hashOf(uint256 seed) internal pure returns (bytes32) {
        return (keccak256(abi.encode(seed)) >> 8) | bytes32(uint256(1) << 248);
    }

    function list(uint256 a) internal pure returns (uint256[] memory made) {
        made = new uint256[](1);
        made[0] = a;
    }

    function list(uint256 a, uint256 b) internal pure returns (uint256[] memory made) {
        made = new uint256[](2);
        (made[0], made[1]) = (a, b);
    }

    function hashes(uint256 a) internal pure returns (bytes32[] memory made) {
        made = new bytes32[](1);
        made[0] = hashOf(a);
    }

    function hashes(uint256 a, uint256 b) internal pure returns (bytes32[] memory made) {
        made = new bytes32[](2);
        (made[0], made[1]) = (hashOf(a), hashOf(b));
    }

    function fund(uint256 blob, uint256 amount) internal returns (uint256 id) {
        vm.prank(FUNDER);
        return bounties.fundBounties{value: amount}(hashes(blob), LEAST, ABOUT);
    }

    function get(uint256 id) internal view returns (Bounty memory) {
        return bounties.getBounties(id, 1)[0];
    }

    /// @dev Ether that no function of a contract took: PUSH20 target, SELFDESTRUCT, in a constructor.
    function force(address target, uint256 amount) internal {
        bytes memory code = abi.encodePacked(hex"73", target, hex"ff");
        address made;
        assembly ("memory-safe") {
            made := create(amount, add(code, 32), mload(code))
        }
        assertTrue(made != address(0), "forced");
    }

    function refused(bytes memory err) internal {
        vm.expectRevert(err);
    }
}

contract BlobBountyTest is BountyBase {
    function test_a_bounty_is_kept_as_it_was_funded() public {
        vm.expectEmit(true, true, true, true, address(bounties));
        emit BountyFunded(0, hashOf(7), ABOUT, FUNDER, 3, 100 + MOST);
        vm.expectEmit(true, true, true, true, address(bounties));
        emit BountyFunded(1, hashOf(8), ABOUT, FUNDER, 3, 100 + MOST);
        vm.prank(FUNDER);
        assertEq(bounties.fundBounties{value: 6}(hashes(7, 8), MOST, ABOUT), 0, "first id");
        assertEq(fund(9, 1), 2, "next id");
        assertEq(bounties.bountyCount(), 3, "count");
        Bounty[] memory kept = bounties.getBounties(0, 99);
        assertEq(kept.length, 3, "length");
        assertEq(kept[1].versionedHash, hashOf(8), "hash");
        assertEq(kept[1].amount, 3, "amount");
        assertEq(kept[1].funder, FUNDER, "funder");
        assertEq(kept[1].refundableFrom, 100 + MOST, "from");
        assertEq(kept[1].about, ABOUT, "about");
        assertEq(kept[2].refundableFrom, 100 + LEAST, "another life");
        assertEq(bounties.getBounties(1, 1)[0].versionedHash, hashOf(8), "a page");
        assertEq(bounties.getBounties(3, 5).length, 0, "behind the last");
        assertEq(bounties.getBounties(type(uint256).max, type(uint256).max).length, 0, "no such id");
    }

    function test_what_makes_no_sense_is_not_funded() public {
        vm.startPrank(FUNDER);
        refused(abi.encodeWithSelector(NoHashes.selector));
        bounties.fundBounties{value: 1}(new bytes32[](0), LEAST, ABOUT);
        refused(abi.encodeWithSelector(UnsuitableAmount.selector, 0, 1));
        bounties.fundBounties(hashes(1), LEAST, ABOUT);
        refused(abi.encodeWithSelector(UnsuitableAmount.selector, 1, 2));
        bounties.fundBounties{value: 1}(hashes(1, 2), LEAST, ABOUT);
        refused(abi.encodeWithSelector(UnsuitableAmount.selector, 3, 2));
        bounties.fundBounties{value: 3}(hashes(1, 2), LEAST, ABOUT);
        refused(abi.encodeWithSelector(UnsuitableLife.selector, LEAST - 1, LEAST, MOST));
        bounties.fundBounties{value: 1}(hashes(1), LEAST - 1, ABOUT);
        refused(abi.encodeWithSelector(UnsuitableLife.selector, MOST + 1, LEAST, MOST));
        bounties.fundBounties{value: 1}(hashes(1), MOST + 1, ABOUT);
        refused(abi.encodeWithSelector(UnsuitableLife.selector, type(uint256).max, LEAST, MOST));
        bounties.fundBounties{value: 1}(hashes(1), type(uint256).max, ABOUT);
        bytes32[] memory other = hashes(1, 2);
        // Where a transaction carries no blob, BLOBHASH is zero: such a bounty would be anybody's.
        other[1] = 0;
        refused(abi.encodeWithSelector(NotVersionedHash.selector, other[1]));
        bounties.fundBounties{value: 2}(other, LEAST, ABOUT);
        other[1] = bytes32(uint256(2) << 248);
        refused(abi.encodeWithSelector(NotVersionedHash.selector, other[1]));
        bounties.fundBounties{value: 2}(other, LEAST, ABOUT);
        vm.stopPrank();
        assertEq(bounties.bountyCount(), 0, "none");
        assertEq(address(bounties).balance, 0, "nothing");
    }

    function test_only_a_local_chain_lets_tests_be_short() public {
        vm.chainId(31_337);
        vm.startPrank(FUNDER);
        refused(abi.encodeWithSelector(UnsuitableLife.selector, 7, 8, MOST));
        bounties.fundBounties{value: 1}(hashes(1), 7, ABOUT);
        bounties.fundBounties{value: 1}(hashes(1), 8, ABOUT);
        assertEq(get(0).refundableFrom, 108, "from");
    }

    /// @dev An amount that a bounty cannot hold would be cut off.
    function test_an_amount_is_not_cut_off() public {
        uint256 most = type(uint96).max;
        vm.deal(FUNDER, 3 * most);
        vm.startPrank(FUNDER);
        refused(abi.encodeWithSelector(UnsuitableAmount.selector, most + 1, 1));
        bounties.fundBounties{value: most + 1}(hashes(1), LEAST, ABOUT);
        bounties.fundBounties{value: 2 * most}(hashes(1, 1), LEAST, ABOUT);
        vm.stopPrank();
        vm.blobhashes(hashes(1));
        vm.prank(ARCHIVE);
        assertEq(bounties.claimBounties(list(0, 1), list(0, 0)), 2 * most, "paid");
    }

    function test_whoever_carries_the_blob_is_paid_once() public {
        uint256 id = fund(1, 1 ether);
        refused(abi.encodeWithSelector(NothingToPay.selector));
        vm.prank(ARCHIVE);
        bounties.claimBounties(list(id), list(0));
        vm.blobhashes(hashes(2, 1));
        vm.expectEmit(true, true, true, true, address(bounties));
        emit BountyPaid(id, hashOf(1), ARCHIVE, 1 ether);
        vm.prank(ARCHIVE);
        assertEq(bounties.claimBounties(list(id), list(1)), 1 ether, "paid");
        assertEq(ARCHIVE.balance, 1 ether, "balance");
        assertEq(get(id).amount, 0, "closed");
        refused(abi.encodeWithSelector(NothingToPay.selector));
        vm.prank(ARCHIVE);
        bounties.claimBounties(list(id), list(1));
        vm.roll(100 + LEAST);
        refused(abi.encodeWithSelector(NothingToPay.selector));
        vm.prank(FUNDER);
        bounties.refundBounties(list(id));
    }

    function test_places_must_be_named_for_all() public {
        fund(1, 1);
        vm.blobhashes(hashes(1));
        refused(abi.encodeWithSelector(PlacesLength.selector, 2, 1));
        bounties.claimBounties(list(0), list(0, 0));
        refused(abi.encodeWithSelector(PlacesLength.selector, 1, 2));
        bounties.claimBounties(list(0, 0), list(0));
        refused(abi.encodeWithSelector(NothingToPay.selector));
        bounties.claimBounties(new uint256[](0), new uint256[](0));
    }

    function test_the_funder_has_it_back_after_its_life_and_not_before() public {
        uint256 id = fund(1, 1 ether);
        vm.roll(100 + LEAST - 1);
        refused(abi.encodeWithSelector(NotRefundableYet.selector, id, 100 + LEAST));
        vm.prank(FUNDER);
        bounties.refundBounties(list(id));
        vm.roll(100 + LEAST);
        vm.expectEmit(true, true, true, true, address(bounties));
        emit BountyRefunded(id, hashOf(1), FUNDER, 1 ether);
        vm.prank(FUNDER);
        // One named twice is paid once.
        assertEq(bounties.refundBounties(list(id, id)), 1 ether, "refunded");
        assertEq(FUNDER.balance, 1000 ether, "all of it");
        vm.blobhashes(hashes(1));
        refused(abi.encodeWithSelector(NothingToPay.selector));
        bounties.claimBounties(list(id), list(0));
    }

    /// @dev Attack: somebody watches for a blob on its way and has its bounty refunded in front of it.
    function test_a_stranger_refunds_nothing() public {
        uint256 id = fund(1, 1 ether);
        vm.roll(100 + LEAST);
        refused(abi.encodeWithSelector(NotFunder.selector, id, STRANGER));
        vm.prank(STRANGER);
        bounties.refundBounties(list(id));
        // Not refunded yet, it is still paid.
        vm.blobhashes(hashes(1));
        vm.prank(ARCHIVE);
        bounties.claimBounties(list(id), list(0));
        assertEq(ARCHIVE.balance, 1 ether, "paid");
    }

    /// @dev Attack: a competitor claims one bounty of a transaction of several, so that all of it is for nothing.
    function test_a_competitor_takes_one_and_not_all() public {
        vm.prank(FUNDER);
        bounties.fundBounties{value: 2 ether}(hashes(1, 2), LEAST, ABOUT);
        vm.blobhashes(hashes(1));
        vm.prank(STRANGER);
        bounties.claimBounties(list(0), list(0));
        vm.blobhashes(hashes(1, 2));
        vm.expectEmit(true, true, true, true, address(bounties));
        emit BountySkipped(0, ARCHIVE);
        vm.prank(ARCHIVE);
        assertEq(bounties.claimBounties(list(0, 1), list(0, 1)), 1 ether, "the other");
    }

    /// @dev After a reorganisation an id may be another bounty's, or nobody's.
    function test_ids_of_other_blobs_and_of_none_are_skipped() public {
        fund(1, 1 ether);
        fund(2, 1 ether);
        vm.blobhashes(hashes(2));
        uint256[] memory ids = list(0, 1);
        vm.prank(ARCHIVE);
        assertEq(bounties.claimBounties(ids, list(0, 0)), 1 ether, "its own");
        refused(abi.encodeWithSelector(NothingToPay.selector));
        bounties.claimBounties(list(77, type(uint256).max), list(0, type(uint256).max));
        assertEq(get(0).amount, 1 ether, "stands");
    }

    /// @dev Attack: one bounty named twice in a call, to be paid out of another's ether.
    function test_one_named_twice_is_paid_once() public {
        fund(1, 1 ether);
        fund(2, 5 ether);
        vm.blobhashes(hashes(1));
        vm.prank(ARCHIVE);
        assertEq(bounties.claimBounties(list(0, 0), list(0, 0)), 1 ether, "once");
        assertEq(address(bounties).balance, 5 ether, "the other's");
    }

    function test_several_on_one_blob_are_all_paid_for_it() public {
        fund(1, 1 ether);
        fund(1, 2 ether);
        vm.blobhashes(hashes(1));
        vm.prank(ARCHIVE);
        assertEq(bounties.claimBounties(list(0, 1), list(0, 0)), 3 ether, "both");
    }

    /// @dev Attack: entering again from the payment, by a claim or a refund.
    function test_a_payment_cannot_be_entered_again() public {
        Claimant thief = new Claimant(bounties);
        fund(1, 1 ether);
        fund(2, 5 ether);
        vm.deal(STRANGER, 1 ether);
        vm.prank(STRANGER);
        thief.send{value: 1 ether}(abi.encodeCall(bounties.fundBounties, (hashes(1), LEAST, ABOUT)));
        vm.blobhashes(hashes(1));
        vm.roll(100 + LEAST);
        thief.set(false, abi.encodeCall(bounties.claimBounties, (list(0, 2), list(0, 0))));
        thief.send(abi.encodeCall(bounties.claimBounties, (list(0), list(0))));
        // The nested claim took the other bounty on the blob that it carries, and the first one once.
        assertEq(address(thief).balance, 2 ether, "each once");
        assertTrue(thief.wentThrough(), "the nested one");
        assertEq(address(bounties).balance, 5 ether, "the other's");
        vm.prank(STRANGER);
        vm.deal(STRANGER, 1 ether);
        thief.send{value: 1 ether}(abi.encodeCall(bounties.fundBounties, (hashes(3), LEAST, ABOUT)));
        vm.roll(100 + 2 * LEAST);
        thief.set(false, abi.encodeCall(bounties.refundBounties, (list(3))));
        thief.send(abi.encodeCall(bounties.refundBounties, (list(3))));
        assertTrue(!thief.wentThrough(), "nothing to pay");
        assertEq(address(bounties).balance, 5 ether, "the other's");
    }

    /// @dev Attack: a contract that takes no ether stands in somebody's way. It is in its own alone.
    function test_who_refuses_a_payment_harms_itself_alone() public {
        Claimant stubborn = new Claimant(bounties);
        fund(1, 1 ether);
        stubborn.set(true, "");
        vm.blobhashes(hashes(1));
        refused(abi.encodeWithSelector(PaymentRefused.selector, address(stubborn)));
        stubborn.send(abi.encodeCall(bounties.claimBounties, (list(0), list(0))));
        vm.prank(ARCHIVE);
        bounties.claimBounties(list(0), list(0));
        assertEq(ARCHIVE.balance, 1 ether, "paid");
    }

    /// @dev Attack: ether that belongs to no bounty changes what bounties pay.
    function test_forced_ether_is_nobodys() public {
        fund(1, 1 ether);
        force(address(bounties), 3 ether);
        vm.blobhashes(hashes(1));
        vm.prank(ARCHIVE);
        assertEq(bounties.claimBounties(list(0), list(0)), 1 ether, "no more");
        assertEq(address(bounties).balance, 3 ether, "stays");
        (bool taken,) = address(bounties).call{value: 1}("");
        assertTrue(!taken, "none is taken otherwise");
    }

    function test_fuzz_a_claim_pays_what_stands(uint256 seed, uint96 first, uint96 second, bool shift) public {
        first = uint96(bound(first, 1, type(uint96).max));
        second = uint96(bound(second, 1, type(uint96).max));
        vm.deal(FUNDER, uint256(first) + second);
        fund(seed, first);
        unchecked {
            fund(seed + 1, second);
            vm.blobhashes(shift ? hashes(seed + 1, seed) : hashes(seed, seed + 1));
        }
        vm.prank(ARCHIVE);
        uint256 paid = bounties.claimBounties(list(0, 1), shift ? list(1, 1) : list(0, 1));
        assertEq(paid, shift ? first : uint256(first) + second, "paid");
        assertEq(address(bounties).balance, uint256(first) + second - paid, "left");
    }

    /// @dev What `meeda bounty` and archives reckon with.
    function test_gas_of_claims() public {
        bytes32[] memory six = new bytes32[](6);
        (uint256[] memory ids, uint256[] memory places) = (new uint256[](6), new uint256[](6));
        for (uint256 i = 0; i < 6; i++) {
            (six[i], ids[i], places[i]) = (hashOf(i), i + 1, i);
        }
        fund(0, 1 ether);
        vm.prank(FUNDER);
        bounties.fundBounties{value: 6 ether}(six, LEAST, ABOUT);
        vm.blobhashes(six);
        vm.deal(ARCHIVE, 1);
        measure("claim of a bounty", abi.encodeCall(bounties.claimBounties, (list(0), list(0))), 45_000);
        measure("claim of six bounties", abi.encodeCall(bounties.claimBounties, (ids, places)), 110_000);
    }

    /// @dev Without the refunds for what is cleared, which come off the price and not off the limit.
    function measure(string memory name, bytes memory data, uint256 most) private {
        uint256 tokens = 0;
        for (uint256 i = 0; i < data.length; i++) {
            tokens += data[i] == 0 ? 1 : 4;
        }
        vm.cool(address(bounties));
        vm.prank(ARCHIVE);
        (bool done,) = address(bounties).call(data);
        uint256 used = vm.lastCallGas().gasTotalUsed + 21_000 + 4 * tokens;
        assertTrue(done, name);
        assertTrue(used <= most && used >= most * 3 / 4, string.concat(name, ": ", vm.toString(used)));
    }
}

/// @dev Funders, archives and time in any order, with a ledger of what stands from the rules alone.
contract BountyWorld is BountyBase {
    uint256 public owed;
    uint256 public forced;
    uint256 public happened;
    uint256[] private amounts;
    uint256[] private blobs;
    uint256[] private from;
    address[] private funders;

    constructor() {
        bounties = new BlobBounty();
        vm.roll(100);
    }

    function fundSome(uint256 seed) external {
        address who = seed % 2 == 0 ? FUNDER : STRANGER;
        uint256 count = 1 + (seed >> 8) % 4;
        uint256 amount = 1 + (seed >> 16) % 1e20;
        uint256 life = LEAST + (seed >> 128) % 3000;
        bytes32[] memory made = new bytes32[](count);
        for (uint256 i = 0; i < count; i++) {
            blobs.push((seed >> (100 + i)) % 8);
            made[i] = hashOf(blobs[blobs.length - 1]);
            amounts.push(amount);
            from.push(block.number + life);
            funders.push(who);
        }
        vm.deal(who, amount * count);
        vm.prank(who);
        bounties.fundBounties{value: amount * count}(made, life, ABOUT);
        owed += amount * count;
        happened |= 1;
    }

    /// @dev Four bounties, some of them twice or of other blobs, in a transaction that carries two blobs.
    function claimSome(uint256 seed) external {
        if (amounts.length == 0) return;
        (uint256[] memory ids, uint256[] memory places) = (new uint256[](4), new uint256[](4));
        uint256 expected = 0;
        bytes32[] memory carried = hashes((seed >> 64) % 8, (seed >> 96) % 8);
        for (uint256 i = 0; i < 4; i++) {
            ids[i] = (seed >> (8 * i)) % (amounts.length + 1);
            places[i] = (seed >> (40 + 2 * i)) % 3;
            if (ids[i] == amounts.length || places[i] == 2 || carried[places[i]] != hashOf(blobs[ids[i]])) continue;
            expected += amounts[ids[i]];
            amounts[ids[i]] = 0;
        }
        vm.blobhashes(carried);
        if (expected == 0) vm.expectRevert(abi.encodeWithSelector(NothingToPay.selector));
        vm.prank(ARCHIVE);
        uint256 paid = bounties.claimBounties(ids, places);
        if (expected != 0) {
            assertEq(paid, expected, "paid");
            happened |= 2;
        }
        owed -= expected;
    }

    function refundSome(uint256 seed) external {
        if (amounts.length == 0) return;
        uint256 id = seed % amounts.length;
        address who = (seed >> 128) % 8 == 0 ? ARCHIVE : funders[id];
        bool may = amounts[id] != 0 && who == funders[id] && block.number >= from[id];
        uint256 before = who.balance;
        if (!may) vm.expectRevert();
        vm.prank(who);
        bounties.refundBounties(list(id, id));
        if (!may) return;
        assertEq(who.balance - before, amounts[id], "refunded");
        owed -= amounts[id];
        amounts[id] = 0;
        happened |= 4;
    }

    function pass(uint256 seed) external {
        vm.roll(block.number + seed % 5000);
    }

    function forceSome(uint256 seed) external {
        vm.deal(address(this), seed % 1e18);
        force(address(bounties), seed % 1e18);
        forced += seed % 1e18;
    }

    function check() external view {
        assertEq(address(bounties).balance, owed + forced, "balance");
        Bounty[] memory standing = bounties.getBounties(0, amounts.length + 1);
        assertEq(standing.length, amounts.length, "count");
        for (uint256 i = 0; i < standing.length; i++) {
            assertEq(standing[i].amount, amounts[i], "amount");
        }
    }
}

contract BountyInvariantsTest is MiniTest {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    BountyWorld private world;

    function setUp() public {
        world = new BountyWorld();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(world);
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        targets = new FuzzSelector[](1);
        bytes4[5] memory all = [
            BountyWorld.fundSome.selector,
            BountyWorld.claimSome.selector,
            BountyWorld.refundSome.selector,
            BountyWorld.pass.selector,
            BountyWorld.forceSome.selector
        ];
        targets[0] = FuzzSelector(address(world), new bytes4[](5));
        for (uint256 i = 0; i < 5; i++) {
            targets[0].selectors[i] = all[i];
        }
    }

    /// @dev The ether is that of the bounties which stand, and what was forced on the contract, to the wei.
    function invariant_the_balance_is_what_stands() public view {
        world.check();
    }

    function test_everything_happens() public {
        uint256 random = 7;
        for (uint256 i = 0; i < 400; i++) {
            random = uint256(keccak256(abi.encode(random)));
            if (random % 4 == 0) world.fundSome(random >> 8);
            else if (random % 4 == 1) world.claimSome(random >> 8);
            else if (random % 4 == 2) world.refundSome(random >> 8);
            else world.pass(random >> 8);
            world.check();
        }
        assertEq(world.happened(), 7, "funded, claimed, refunded");
    }
}
