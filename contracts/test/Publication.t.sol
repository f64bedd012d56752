// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMeedaVerifier} from "../interfaces/IMeedaVerifier.sol";
import {MeedaVerifier} from "../src/MeedaVerifier.sol";
import {Base} from "./Base.sol";

contract PublicationTest is Base {
    function setUp() public override {
        super.setUp();
        goTo(5);
        anchorBlobs(12);
        vm.fee(2 gwei);
    }

    function test_the_bond_is_a_fixed_part_and_twice_what_publishing_costs() public view {
        assertEq(verifier.demandBond(), 0.01 ether + 2 * block.blobbasefee * 131_072 + 2 * 2 gwei * 120_000, "bond");
    }

    function test_a_demand_is_kept_and_told() public {
        IMeedaVerifier.BlobRef memory blob = refOf(0, 2);
        bytes32 hash = versioned(blob.commitment);
        vm.expectEmit(true, true, true, true, address(verifier));
        emit IMeedaVerifier.Demanded(0, operator, 2, stranger, hash, 35, 1 ether);
        vm.prank(stranger);
        assertEq(verifier.demand{value: 1 ether}(blob), 0, "id");
        IMeedaVerifier.Demand memory kept = verifier.getDemand(0);
        assertEq(kept.versionedHash, hash, "hash");
        assertEq(kept.operator, operator, "operator");
        assertEq(kept.demander, stranger, "demander");
        assertEq(kept.deadline, 35, "deadline");
        assertEq(kept.bond, 1 ether, "bond");
        assertEq(kept.position, 2, "position");
        assertTrue(kept.status == IMeedaVerifier.DemandStatus.Open, "status");
        assertEq(verifier.demandCount(), 1, "count");
        assertEq(verifier.getAccount(operator).openDemands, 1, "open");
    }

    /// @dev Whoever publishes the blob gets the bond; the operator loses nothing.
    function test_publishing_the_blob_pays_the_publisher() public {
        uint256 id = demandBlob(2);
        goTo(35);
        setBlobs(hex"1234", refOf(0, 2).commitment);
        vm.expectEmit(true, true, true, true, address(verifier));
        emit IMeedaVerifier.Published(id, operator);
        vm.prank(operator);
        verifier.publish(id, 1);
        assertEq(verifier.creditOf(operator), 1 ether, "credit");
        assertEq(verifier.stakeOf(operator), STAKE, "stake");
        assertEq(verifier.getAccount(operator).openDemands, 0, "open");
        assertTrue(verifier.getDemand(id).status == IMeedaVerifier.DemandStatus.Published, "status");
        expectError(abi.encodeWithSelector(IMeedaVerifier.DemandClosed.selector, id, IMeedaVerifier.DemandStatus.Published));
        verifier.publish(id, 1);
        goTo(36);
        expectError(abi.encodeWithSelector(IMeedaVerifier.DemandClosed.selector, id, IMeedaVerifier.DemandStatus.Published));
        verifier.expire(id);
        // The blob may be demanded again, for another bond.
        demandBlob(2);
    }

    function test_another_blob_or_none_is_no_answer() public {
        uint256 id = demandBlob(2);
        bytes32 wanted = versioned(refOf(0, 2).commitment);
        bytes memory other = refOf(0, 3).commitment;
        expectError(abi.encodeWithSelector(IMeedaVerifier.WrongBlob.selector, bytes32(0), wanted));
        verifier.publish(id, 0);
        setBlobs(other, other);
        expectError(abi.encodeWithSelector(IMeedaVerifier.WrongBlob.selector, versioned(other), wanted));
        verifier.publish(id, 0);
        expectError(abi.encodeWithSelector(IMeedaVerifier.NoSuchDemand.selector, id + 1));
        verifier.publish(id + 1, 0);
    }

    function test_publishing_too_late_reverts() public {
        uint256 id = demandBlob(2);
        goTo(36);
        setBlobs(refOf(0, 2).commitment, "");
        expectError(abi.encodeWithSelector(IMeedaVerifier.DeadlineOver.selector, id, 35));
        verifier.publish(id, 0);
    }

    /// @dev Silence costs the stake; the demander has its bond back and the reward.
    function test_silence_costs_the_stake() public {
        uint256 id = demandBlob(2);
        goTo(35);
        expectError(abi.encodeWithSelector(IMeedaVerifier.DeadlineNotOver.selector, id, 35));
        verifier.expire(id);
        goTo(36);
        vm.expectEmit(true, true, true, true, address(verifier));
        emit IMeedaVerifier.DemandExpired(id, address(this));
        verifier.expire(id);
        assertEq(verifier.stakeOf(operator), 0, "stake");
        assertEq(verifier.creditOf(stranger), 1 ether + STAKE / 2, "demander");
        assertEq(verifier.creditOf(treasury), STAKE / 2, "treasury");
        assertTrue(verifier.getAccount(operator).condemned, "condemned");
        assertTrue(verifier.getDemand(id).status == IMeedaVerifier.DemandStatus.Expired, "status");
    }

    /// @dev Slashed once; what else was demanded gives the bonds back and nothing more.
    function test_a_second_expired_demand_returns_its_bond_only() public {
        uint256 first = demandBlob(2);
        uint256 second = demandBlob(3);
        goTo(36);
        verifier.expire(first);
        verifier.expire(second);
        assertEq(verifier.creditOf(stranger), 2 ether + STAKE / 2, "demander");
        assertEq(address(verifier).balance, 2 ether + STAKE, "balance");
        IMeedaVerifier.BlobRef memory blob = refOf(0, 4);
        expectError(abi.encodeWithSelector(IMeedaVerifier.Condemned.selector, operator));
        verifier.demand{value: 1 ether}(blob);
    }

    function test_demands_that_must_not_be_answered_revert() public {
        IMeedaVerifier.BlobRef memory blob = refOf(0, 2);
        uint256 bond = verifier.demandBond();
        vm.deal(address(this), 100 ether);
        expectError(abi.encodeWithSelector(IMeedaVerifier.BondTooLow.selector, bond - 1, bond));
        verifier.demand{value: bond - 1}(blob);
        verifier.demand{value: bond}(blob);
        expectError(abi.encodeWithSelector(IMeedaVerifier.AlreadyDemanded.selector, operator, 2));
        verifier.demand{value: bond}(blob);
        // Somebody else's blob.
        blob.operator = stranger;
        expectError(abi.encodeWithSelector(IMeedaVerifier.NotAnchored.selector, stranger, 2));
        verifier.demand{value: bond}(blob);
        // A live one is demanded up to its last block.
        blob = refOf(0, 3);
        goTo(104);
        verifier.demand{value: verifier.demandBond()}(blob);
        blob = refOf(0, 4);
        goTo(105);
        bond = verifier.demandBond();
        expectError(abi.encodeWithSelector(IMeedaVerifier.BlobExpired.selector, 4, 105));
        verifier.demand{value: bond}(blob);
    }

    /// @dev At most 90,000 gas beyond the blob's own: a transaction's 21,000, its calldata, and the call over cold storage. (forge's --isolate loses the
    /// blob hashes, so this stands here and not in Gas.t.sol.)
    function test_publishing_costs_at_most_90_000_gas() public {
        uint256 id = demandBlob(2);
        setBlobs(refOf(0, 2).commitment, "");
        vm.cool(address(verifier));
        vm.prank(operator);
        uint256 before = gasleft();
        verifier.publish(id, 0);
        uint256 used = before - gasleft() + 21_000 + 4 * 16 + 64 * 16;
        assertTrue(used <= 90_000, vm.toString(used));
        vm.snapshotValue("Publication", "publish, at most", used / 1000 * 1000 + 1000);
    }

    /// @dev However much somebody pays for demands, no more are open than L1's blob space answers in time.
    function test_open_demands_are_bounded() public {
        assertEq(verifier.mostDemands(), 7, "most");
        for (uint256 i = 0; i < 7; i++) {
            demandBlob(i);
        }
        IMeedaVerifier.BlobRef memory blob = refOf(0, 8);
        expectError(abi.encodeWithSelector(IMeedaVerifier.TooManyDemands.selector, operator, 7));
        verifier.demand{value: 1 ether}(blob);
        IMeedaVerifier.Parameters memory p = params();
        p.publishWindow = 3;
        assertEq(new MeedaVerifier(p).mostDemands(), 1, "at least one");
    }

    function test_a_stake_stays_while_a_demand_is_open() public {
        goTo(104);
        demandBlob(2);
        vm.prank(operator);
        verifier.requestWithdrawal();
        goTo(166);
        expectError(abi.encodeWithSelector(IMeedaVerifier.DemandsOpen.selector, 1));
        vm.prank(operator);
        verifier.withdraw();
    }

    function demandBlob(uint256 place) private returns (uint256) {
        IMeedaVerifier.BlobRef memory blob = refOf(0, place);
        vm.prank(stranger);
        return verifier.demand{value: 1 ether}(blob);
    }

    function setBlobs(bytes memory first, bytes memory second) private {
        bytes32[] memory hashes = new bytes32[](2);
        (hashes[0], hashes[1]) = (versioned(first), versioned(second));
        vm.blobhashes(hashes);
    }

    function versioned(bytes memory commitment) private pure returns (bytes32) {
        return bytes32((uint256(sha256(commitment)) << 8 >> 8) | uint256(1) << 248);
    }
}

contract OpeningTest is Base {
    /// @dev The vectors of the precompile's own specification stand in the C# tests; here a blob of zeros has the value 0 everywhere.
    function test_an_opening_of_an_anchored_blob_verifies() public {
        bytes memory infinity = abi.encodePacked(uint128(0xc0) << 120, bytes32(0));
        anchorRaw(infinity);
        IMeedaVerifier.BlobRef memory blob = refOf(0, 0);
        assertTrue(verifier.verifyOpening(blob, bytes32(uint256(7)), 0, infinity), "right");
        assertTrue(!verifier.verifyOpening(blob, bytes32(uint256(7)), bytes32(uint256(1)), infinity), "wrong value");
        assertTrue(!verifier.verifyOpening(blob, bytes32(type(uint256).max), 0, infinity), "z not canonical");
        assertTrue(!verifier.verifyOpening(blob, bytes32(uint256(7)), 0, hex"c0"), "no proof");
        blob.position = 1;
        assertTrue(!verifier.verifyOpening(blob, bytes32(uint256(7)), 0, infinity), "not anchored");
    }
}
