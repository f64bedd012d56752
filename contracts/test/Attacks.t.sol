// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Base} from "./Base.sol";
import "../interfaces/MeedaErrors.sol";
import "../interfaces/MeedaEvents.sol";
import "../interfaces/MeedaTypes.sol";
import {MeedaAnchors} from "../src/MeedaAnchors.sol";
import {MeedaVerifier} from "../src/MeedaVerifier.sol";
import {Kzg, Poly} from "./Kzg.sol";
import {Headers} from "./Proofs.t.sol";

/// @dev Calls back into the contract that pays it.
contract Reentrant {
    MeedaAnchors private immutable target;
    uint256 public tries;

    constructor(MeedaAnchors anchors) payable {
        target = anchors;
    }

    function enter() external {
        target.register{value: address(this).balance}();
        target.requestWithdrawal(address(this));
    }

    function depart() external {
        target.withdraw(address(this));
        target.claim();
    }

    receive() external payable {
        tries++;
        try target.claimFor(address(this)) {
            tries += 100;
        } catch {}
    }
}

/// @dev An operator and its accomplice in one contract, that wants its stake out in one transaction.
contract ExitButton {
    function run(MeedaAnchors anchors, MeedaVerifier verifier) external payable {
        anchors.register{value: msg.value}();
        anchors.setOperatorKey(address(this), address(this), 0, 0);
        BatchHeader[] memory batches = new BatchHeader[](1);
        batches[0] = BatchHeader(1, 1, address(0));
        anchors.anchor(batches, new bytes(48), new SignedOrder[](0), 0);
        bytes32 id = keccak256(abi.encodePacked(uint8(1), uint32(1), new bytes(48)));
        bytes32 idRoot = keccak256(abi.encodePacked(uint8(0), id));
        BlobRef memory blob = BlobRef(address(this), 0, 0, new bytes(48), new bytes32[](0), idRoot);
        verifier.proveInvalidCommitment(blob, 0, 0);
        anchors.claim();
    }

    receive() external payable {}
}

/// @dev What a hostile reader tried beside the audit's attacks; README.md has a sentence for each.
contract AttacksTest is Base {
    function setUp() public override {
        super.setUp();
        goTo(5);
    }

    /// @dev F4.1: what comes back of a stake that slashes itself is at most a tenth, at any base fee.
    function test_a_stake_does_not_leave_by_slashing_itself(uint256 baseFee) public {
        baseFee = bound(baseFee, 0, 20_000 gwei);
        vm.fee(baseFee);
        ExitButton liar = new ExitButton();
        uint256 before = gasleft();
        liar.run{value: 32 ether}(anchors, verifier);
        // What was burnt as base fee did not come back.
        uint256 burnt = (before - gasleft()) * baseFee;
        assertTrue(address(liar).balance <= 3.2 ether + burnt, "back");
    }

    function test_a_payment_cannot_be_entered_again() public {
        Reentrant thief = new Reentrant{value: 20 ether}(anchors);
        thief.enter();
        goTo(100);
        thief.depart();
        assertEq(address(thief).balance, 20 ether, "once");
        assertEq(thief.tries(), 1, "tries");
        assertEq(address(anchors).balance, STAKE, "the others' stakes");
    }

    /// @dev A proof of one account is none for another, nor on another deployment.
    function test_a_proof_cannot_be_copied_by_another_account() public {
        registerOperator(stranger, 0x5717, STAKE);
        bytes memory commitments = newBlob();
        anchorRaw(commitments);
        BatchHeader[] memory batches = header(1000, 1, address(0));
        vm.prank(vm.addr(0x5717));
        anchors.anchor(batches, commitments, new SignedOrder[](0), 0);
        goToEpoch(1);
        EpochProof memory proof = prove(1, hintsOf(0, 0, 1));
        bytes32 own = verifier.epochSeed(stranger, 1);
        expectError(abi.encodeWithSelector(WrongSeed.selector, proof.seed, own));
        vm.prank(vm.addr(0x5717));
        verifier.submitProof(proof, "");
        proof.seed = own;
        expectError(abi.encodeWithSelector(WrongProof.selector));
        vm.prank(vm.addr(0x5717));
        verifier.submitProof(proof, "");
    }

    /// @dev F11: the value and the opening of constant polynomials fit every challenge, so a proof that waits in the
    /// mempool while its seed block is replaced would be taken for the new seed, with partial sums of the old weights,
    /// and cost the stake. A user makes such a blob of 4095 copies of its own header. The named seed prevents it.
    function test_a_reorganisation_does_not_turn_an_honest_proof_into_a_lie() public {
        blobs.push(Poly(uint256(uint248(bytes31(abi.encodePacked(uint8(1), uint32(126_945), bytes26(0))))), 0));
        anchorAs(operator, header(126_945, 1, address(0)), Kzg.compress(Kzg.commit(blobs[0])), new SignedOrder[](0), 0);
        bytes memory replaced = Headers.make(keccak256("before"), "", 0x03938700);
        bytes memory canonical = Headers.make(keccak256("after"), "", 0x03938700);
        goTo(13);
        uint256 common = vm.snapshotState();
        vm.setBlockhash(12, keccak256(replaced));
        verifier.recordSeed(1, replaced);
        EpochProof memory waiting = prove(1, hintsOf(0, 0, 1));
        vm.revertToState(common);
        vm.setBlockhash(12, keccak256(canonical));

        // Its transaction is mined all the same, before or after somebody recorded the new seed.
        expectError(abi.encodeWithSelector(WrongHeader.selector, keccak256(replaced), keccak256(canonical)));
        vm.prank(operator);
        verifier.submitProof(waiting, replaced);
        verifier.recordSeed(1, canonical);
        bytes32 seed = verifier.epochSeed(owner, 1);
        expectError(abi.encodeWithSelector(WrongSeed.selector, waiting.seed, seed));
        vm.prank(operator);
        verifier.submitProof(waiting, replaced);
        assertTrue(verifier.getEpoch(owner, 1).status == EpochStatus.None, "nothing is recorded");

        // All else of it fits the new seed, and would be slashed.
        uint256 honest = vm.snapshotState();
        waiting.seed = seed;
        submit(waiting);
        verifier.proveFraud(owner, 1, recorded(waiting), 0, chunkOf(waiting, 0));
        assertTrue(anchors.isSlashed(owner), "the seed's name is all that prevents it");
        vm.revertToState(honest);

        // The operator proves the epoch again, and nobody can slash it.
        EpochProof memory anew = prove(1, hintsOf(0, 0, 1));
        submit(anew);
        ChunkProof memory leaves = chunkOf(anew, 0);
        expectError(abi.encodeWithSelector(PartialSumRight.selector, 1, 0));
        verifier.proveFraud(owner, 1, recorded(anew), 0, leaves);
    }

    /// @dev An operator that rotates its key or gives its account away is the same account to every challenge.
    function test_rotation_and_sale_do_not_shake_a_challenge_off() public {
        anchorBlobs(2);
        goToEpoch(1);
        EpochProof memory proof = lie(1, hintsOf(0, 0, 1), 0, 3);
        submit(proof);
        setKey(owner, 0x2222);
        vm.prank(owner);
        anchors.offerOwnership(owner, stranger);
        vm.prank(stranger);
        anchors.acceptOwnership(owner);
        verifier.proveFraud(owner, 1, recorded(proof), 0, chunkOf(proof, 0));
        assertEq(anchors.stakeOf(owner), 0, "stake");
    }

    /// @dev Registering under the name of an account that was slashed, or with its key, is not possible.
    function test_the_slashed_do_not_come_back() public {
        anchorRaw(new bytes(48));
        verifier.proveInvalidCommitment(refOf(0, 0), 0, 0);
        expectError(abi.encodeWithSelector(AlreadyRegistered.selector, owner));
        vm.prank(owner);
        anchors.register{value: STAKE}();
        vm.prank(stranger);
        anchors.register{value: STAKE}();
        (bytes32 r, bytes32 vs) = signCompact(KEY, anchors.keyConsentDigest(stranger, operator));
        expectError(abi.encodeWithSelector(KeyTaken.selector, operator));
        vm.prank(stranger);
        anchors.setOperatorKey(stranger, operator, r, vs);
    }

    /// @dev A miss by choice is not cheaper for being reported by an accomplice, early or twice.
    function test_missing_on_purpose_costs_more_each_time() public {
        anchorBlobs(1);
        uint256 net = 0;
        for (uint64 e = 1; e <= 4; e++) {
            goToEpoch(e);
        }
        goTo(63);
        for (uint64 e = 1; e <= 4; e++) {
            (, RangeHints memory h) = rightHints(owner, e);
            vm.prank(stranger);
            net += verifier.reportMiss(owner, e, h, "") - 0.02 ether;
        }
        assertEq(net, 0.2 ether * 10 - 0.08 ether, "net of the accomplice's rewards");
    }

    /// @dev Ether that is forced in, or sent with a demand beyond need, is nobody's gain.
    function test_an_excess_bond_comes_back() public {
        anchorBlobs(1);
        BlobRef memory blob = refOf(0, 0);
        uint256 id = publication.demand{value: 50 ether}(blob);
        bytes32[] memory hashes = new bytes32[](1);
        hashes[0] = versioned(blob.commitment);
        vm.blobhashes(hashes);
        vm.prank(operator);
        publication.publish(one(id));
        uint256 sum = publication.creditOf(address(this)) + publication.creditOf(operator);
        assertEq(sum, 50 ether - 0.01 ether, "all but the fixed part");
    }

    /// @dev One blob in a transaction answers one demand; the same demand twice in a list is repaid once.
    function test_a_demand_named_twice_is_repaid_once() public {
        anchorBlobs(1);
        BlobRef memory blob = refOf(0, 0);
        uint256 id = publication.demand{value: 1 ether}(blob);
        bytes32[] memory hashes = new bytes32[](2);
        (hashes[0], hashes[1]) = (versioned(blob.commitment), versioned(blob.commitment));
        vm.blobhashes(hashes);
        uint256[] memory ids = new uint256[](2);
        (ids[0], ids[1]) = (id, id);
        vm.prank(operator);
        publication.publish(ids);
        assertEq(address(publication).balance, 0.99 ether, "once");
    }

    /// @dev The seed of an epoch cannot be set before its block, nor twice, nor by another epoch's header.
    function test_a_seed_is_fixed_once() public {
        goToEpoch(1);
        bytes32 mix = verifier.mixOf(1);
        goTo(22);
        vm.prevrandao(keccak256("other"));
        verifier.recordSeed(1, hex"00");
        assertEq(verifier.mixOf(1), mix, "kept");
        expectError(abi.encodeWithSelector(SeedNotKnown.selector, 3, 32));
        verifier.recordSeed(3, "");
    }
}
