// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Base} from "./Base.sol";
import "../interfaces/MeedaErrors.sol";
import "../interfaces/MeedaEvents.sol";
import "../interfaces/MeedaTypes.sol";
import {AnchorTree} from "../src/libraries/AnchorTree.sol";
import {MeedaSystem} from "../src/MeedaSystem.sol";
import {BlockHash} from "../src/libraries/BlockHash.sol";
import {Bls12381} from "../src/libraries/Bls12381.sol";

contract AccountTest is Base {
    uint256 private constant OTHER = 0x07e4;

    function setUp() public override {
        super.setUp();
        goTo(5);
    }

    function test_an_id_is_registered_once() public {
        expectError(abi.encodeWithSelector(AlreadyRegistered.selector, owner));
        vm.prank(owner);
        anchors.register();
        expectError(abi.encodeWithSelector(NoSuchAccount.selector, stranger));
        anchors.stakeFor{value: 1}(stranger);
    }

    function test_a_key_belongs_to_one_id_for_ever() public {
        vm.prank(stranger);
        anchors.register();
        (bytes32 r, bytes32 vs) = signCompact(KEY, anchors.keyConsentDigest(stranger, operator));
        expectError(abi.encodeWithSelector(KeyTaken.selector, operator));
        vm.prank(stranger);
        anchors.setOperatorKey(stranger, operator, r, vs);
        setKey(owner, OTHER);
        // Retired: it acts no more, and is not given back, but its signatures still name the account.
        expectError(abi.encodeWithSelector(NotOperatorKey.selector, operator));
        anchors.accountOf(operator);
        assertEq(anchors.accountEverOf(operator), owner, "still bound");
        assertEq(anchors.accountOf(vm.addr(OTHER)), owner, "new");
        (r, vs) = signCompact(KEY, anchors.keyConsentDigest(owner, operator));
        expectError(abi.encodeWithSelector(KeyTaken.selector, operator));
        vm.prank(owner);
        anchors.setOperatorKey(owner, operator, r, vs);
        bytes memory commitments = newBlob();
        expectError(abi.encodeWithSelector(NotOperatorKey.selector, operator));
        vm.prank(operator);
        anchors.anchor(header(1000, 1, address(0)), commitments, new SignedOrder[](0), 0);
    }

    /// @dev Nobody takes a stranger's key: consent names account, contract, chain and nonce.
    function test_consent_is_for_one_account_contract_chain_and_nonce() public {
        vm.prank(stranger);
        anchors.register();
        address key = vm.addr(OTHER);
        (bytes32 r, bytes32 vs) = signCompact(OTHER, anchors.keyConsentDigest(owner, key));
        bytes memory none = abi.encodeWithSelector(NoConsent.selector, key);
        expectError(none);
        vm.prank(stranger);
        anchors.setOperatorKey(stranger, key, r, vs);
        vm.chainId(5);
        expectError(none);
        vm.prank(owner);
        anchors.setOperatorKey(owner, key, r, vs);
        vm.chainId(31_337);
        vm.prank(owner);
        anchors.setOperatorKey(owner, address(0), 0, 0);
        expectError(none);
        vm.prank(owner);
        anchors.setOperatorKey(owner, key, r, vs);
        // A high s is another signature of the same: not taken.
        (uint8 v, bytes32 r2, bytes32 s) = vm.sign(OTHER, anchors.keyConsentDigest(owner, key));
        uint256 n = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
        bytes32 high = bytes32((n - uint256(s)) | (uint256(v == 27 ? 1 : 0) << 255));
        expectError(none);
        vm.prank(owner);
        anchors.setOperatorKey(owner, key, r2, high);
        expectError(abi.encodeWithSelector(NotOwner.selector, stranger, owner));
        vm.prank(stranger);
        anchors.setOperatorKey(owner, key, r, vs);
        setKey(owner, OTHER);
    }

    function test_an_owner_can_be_its_own_key() public {
        vm.startPrank(stranger);
        anchors.register();
        anchors.setOperatorKey(stranger, stranger, 0, 0);
        vm.stopPrank();
        assertEq(anchors.accountOf(stranger), stranger, "key");
    }

    function test_ownership_changes_in_two_steps() public {
        expectError(abi.encodeWithSelector(NotPendingOwner.selector, stranger, owner));
        vm.prank(stranger);
        anchors.acceptOwnership(owner);
        expectError(abi.encodeWithSelector(NotOwner.selector, stranger, owner));
        vm.prank(stranger);
        anchors.offerOwnership(owner, stranger);
        vm.prank(owner);
        anchors.offerOwnership(owner, stranger);
        vm.prank(stranger);
        anchors.acceptOwnership(owner);
        assertEq(anchors.ownerOf(owner), stranger, "owner");
        expectError(abi.encodeWithSelector(NotPendingOwner.selector, stranger, owner));
        vm.prank(stranger);
        anchors.acceptOwnership(owner);
        expectError(abi.encodeWithSelector(NotOwner.selector, owner, owner));
        vm.prank(owner);
        anchors.requestWithdrawal(owner);
        // The id cannot be registered anew by its first owner.
        expectError(abi.encodeWithSelector(AlreadyRegistered.selector, owner));
        vm.prank(owner);
        anchors.register();
    }

    /// @dev A thief of the operator key reaches neither stake nor ownership.
    function test_the_operator_key_moves_no_money() public {
        bytes memory refused = abi.encodeWithSelector(NotOwner.selector, operator, owner);
        vm.startPrank(operator);
        expectError(refused);
        anchors.requestWithdrawal(owner);
        expectError(refused);
        anchors.withdraw(owner);
        expectError(refused);
        anchors.cancelWithdrawal(owner);
        expectError(refused);
        anchors.offerOwnership(owner, operator);
        expectError(refused);
        escrow.setPrice(owner, 1);
        expectError(refused);
        publication.setPublisher(owner, operator);
        vm.stopPrank();
    }

    function test_only_the_parts_judge() public {
        bytes memory refused = abi.encodeWithSelector(OnlyPart.selector, address(this));
        expectError(refused);
        anchors.slash(owner, address(this), 0);
        expectError(refused);
        anchors.penalise(owner, 1 ether, 1 ether, address(this));
        expectError(refused);
        escrow.charge(owner, 0, 1, new ChargeRequest[](0));
        expectError(abi.encodeWithSelector(OnlyPart.selector, address(publication)));
        vm.prank(address(publication));
        anchors.penalise(owner, 1 ether, 1 ether, address(this));
    }

    function test_a_stake_leaves_when_it_answers_for_nothing() public {
        anchorBlobs(1);
        expectError(abi.encodeWithSelector(WithdrawalNotRequested.selector, owner));
        vm.prank(owner);
        anchors.withdraw(owner);
        vm.prank(owner);
        anchors.requestWithdrawal(owner);
        expectError(abi.encodeWithSelector(Exiting.selector, owner));
        vm.prank(owner);
        anchors.requestWithdrawal(owner);
        uint256 last = 105 + 2 + 20 + 40;
        assertEq(anchors.withdrawableFrom(owner), last, "last");
        goTo(last);
        expectError(abi.encodeWithSelector(StakeLocked.selector, last));
        vm.prank(owner);
        anchors.withdraw(owner);
        goTo(last + 1);
        vm.prank(owner);
        anchors.withdraw(owner);
        assertEq(anchors.creditOf(owner), STAKE, "credit");
        uint256 before = owner.balance;
        // Anybody may have it paid, to the owner.
        assertEq(anchors.claimFor(owner), STAKE, "paid");
        assertEq(owner.balance - before, STAKE, "to the owner");
        expectError(abi.encodeWithSelector(NothingToClaim.selector, owner));
        anchors.claimFor(owner);
        expectError(abi.encodeWithSelector(NothingStaked.selector, owner));
        vm.prank(owner);
        anchors.requestWithdrawal(owner);
        expectError(abi.encodeWithSelector(NothingStaked.selector, owner));
        vm.prank(owner);
        anchors.withdraw(owner);
    }

    /// @dev While it leaves, an operator anchors what it promised, for the grace; anybody may add to the stake.
    function test_an_exit_has_a_grace_and_is_not_cancelled_by_a_stake() public {
        vm.prank(owner);
        anchors.requestWithdrawal(owner);
        anchors.stakeFor{value: 1 ether}(owner);
        assertEq(anchors.getAccount(owner).exitRequestedAt, 5, "still leaving");
        assertEq(anchors.withdrawableFrom(owner), 20, "never before the grace is over");
        goTo(20);
        anchorBlobs(1);
        goTo(21);
        bytes memory commitments = newBlob();
        expectError(abi.encodeWithSelector(Exiting.selector, owner));
        vm.prank(operator);
        anchors.anchor(header(1000, 1, address(0)), commitments, new SignedOrder[](0), 0);
        vm.prank(owner);
        anchors.cancelWithdrawal(owner);
        expectError(abi.encodeWithSelector(WithdrawalNotRequested.selector, owner));
        vm.prank(owner);
        anchors.cancelWithdrawal(owner);
        anchorRaw(commitments);
    }

    function test_a_creditor_that_refuses_keeps_its_credit() public {
        vm.etch(owner, hex"5f5ffd");
        vm.prank(owner);
        anchors.requestWithdrawal(owner);
        goTo(21);
        vm.prank(owner);
        anchors.withdraw(owner);
        expectError(abi.encodeWithSelector(PaymentRefused.selector, owner));
        anchors.claimFor(owner);
        assertEq(anchors.creditOf(owner), STAKE, "kept");
    }
}

contract CapacityTest is Base {
    function setUp() public override {
        super.setUp();
        goTo(5);
    }

    /// @dev F6: 1 ether above the minimum carries 10,000 blobs here, and not one more.
    function test_a_stake_carries_so_many_live_blobs() public {
        bytes memory zeros = repeated(infinity(), 2000);
        for (uint256 i = 0; i < 5; i++) {
            anchorAs(operator, header(2000 * 126_976 - 31, 2000, address(0)), zeros, new SignedOrder[](0), 0);
        }
        (uint256 most, uint256 live) = anchors.capacity(owner, 0);
        assertEq(most, 10_000, "most");
        assertEq(live, 10_000, "live");
        bytes memory needed = abi.encodeWithSelector(StakeTooLow.selector, STAKE, STAKE + 0.0001 ether);
        bytes memory commitments = newBlob();
        expectError(needed);
        vm.prank(operator);
        anchors.anchor(header(1000, 1, address(0)), commitments, new SignedOrder[](0), 5);
        anchors.stakeFor{value: 0.0001 ether}(owner);
        anchorRaw(commitments);
    }

    /// @dev The hint frees what is expired, never what is live, and never reverts.
    function test_expired_blobs_cost_no_capacity(uint32 hint) public {
        anchorBlobs(3);
        goTo(7);
        anchorBlobs(2);
        goTo(104);
        (, uint256 live) = anchors.capacity(owner, hint);
        assertEq(live, 5, "nothing is expired");
        goTo(105);
        (, live) = anchors.capacity(owner, 1);
        assertEq(live, 2, "the first anchor is");
        (, live) = anchors.capacity(owner, hint);
        assertEq(live, hint == 1 ? 2 : 5, "only the right hint frees");
        bytes memory commitments = newBlob();
        anchorAs(operator, header(1000, 1, address(0)), commitments, new SignedOrder[](0), hint);
        assertEq(anchors.getAccount(owner).firstLive, hint == 1 ? 1 : 0, "pointer");
        goTo(300);
        anchorAs(operator, header(1000, 1, address(0)), commitments, new SignedOrder[](0), 3);
        assertEq(anchors.getAccount(owner).firstLive, 3, "moved");
        anchorAs(operator, header(1000, 1, address(0)), commitments, new SignedOrder[](0), 1);
        assertEq(anchors.getAccount(owner).firstLive, 3, "never back");
        (, live) = anchors.capacity(owner, 0);
        assertEq(live, 2, "live");
    }

    function test_an_anchor_that_expires_in_an_epochs_block_is_not_live_in_it() public {
        goTo(20);
        anchorBlobs(1);
        goTo(25);
        anchorBlobs(1);
        LiveRange memory range = anchors.liveRange(owner, 120, hintsOf(1, 2, 2));
        assertEq(range.lo, 1, "the second is");
        expectError(abi.encodeWithSelector(WrongRangeHints.selector, 0, 2, 2));
        anchors.liveRange(owner, 120, hintsOf(0, 2, 2));
    }

    function test_an_anchor_in_an_epochs_block_is_not_live_in_it() public {
        anchorBlobs(1);
        goTo(10);
        bytes memory commitments = newBlob();
        bytes32[] memory batchIds = idsOf(header(1000, 1, address(0)), commitments);
        bytes32 root = keccak256(abi.encodePacked(levelsOf(commitments)[0][0], AnchorTree.idRoot(batchIds)));
        vm.expectEmit(true, true, true, true, address(anchors));
        emit Anchored(owner, 1, root, 1, 1, 110, commitments);
        anchorRaw(commitments);
        assertEq(anchors.liveRange(owner, 10, hintsOf(0, 0, 1)).hi, 1, "the first alone");
        expectError(abi.encodeWithSelector(WrongRangeHints.selector, 0, 0, 2));
        anchors.liveRange(owner, 10, hintsOf(0, 0, 2));
    }

    /// @dev A penalty takes no capacity for the grace, adds none, and a top-up is not counted twice.
    function test_a_penalty_leaves_a_grace() public {
        Parameters memory p = params();
        anchorBlobs(1);
        goToEpoch(1);
        goTo(33);
        verifier.reportMiss(owner, 1, hintsOf(0, 0, 1), "");
        (uint256 most,) = anchors.capacity(owner, 0);
        assertEq(most, 10_000, "as before");
        anchors.stakeFor{value: 0.1 ether}(owner);
        (most,) = anchors.capacity(owner, 0);
        assertEq(most, 10_000, "not twice");
        goTo(33 + p.anchorGrace + 1);
        (most,) = anchors.capacity(owner, 0);
        assertEq(most, 9000, "after the grace");
        anchors.stakeFor{value: 0.2 ether}(owner);
        (most,) = anchors.capacity(owner, 0);
        assertEq(most, 11_000, "what is staked");
    }

    /// @dev A penalty in the last block of another's grace adds to what counts, and the grace begins anew.
    function test_penalties_within_a_grace_add_up() public {
        anchorBlobs(1);
        goToEpoch(1);
        goToEpoch(2);
        goTo(33);
        verifier.reportMiss(owner, 1, hintsOf(0, 0, 1), "");
        goTo(48);
        verifier.reportMiss(owner, 2, hintsOf(0, 0, 1), "");
        assertEq(anchors.getAccount(owner).graceStake, 0.6 ether, "both");
        goTo(63);
        (uint256 most,) = anchors.capacity(owner, 0);
        assertEq(most, 10_000, "the last block of the grace");
        goTo(64);
        (most,) = anchors.capacity(owner, 0);
        assertEq(most, 4000, "what is staked");
    }

    function test_without_the_minimum_nobody_anchors() public {
        vm.prank(stranger);
        anchors.register{value: 10 ether}();
        vm.prank(stranger);
        anchors.setOperatorKey(stranger, stranger, 0, 0);
        bytes memory commitments = newBlob();
        expectError(abi.encodeWithSelector(StakeTooLow.selector, 10 ether, 10.0001 ether));
        vm.prank(stranger);
        anchors.anchor(header(1000, 1, address(0)), commitments, new SignedOrder[](0), 0);
        (uint256 most,) = anchors.capacity(address(0x99), 0);
        assertEq(most, 0, "nobody");
    }

    function test_headers_that_do_not_fit_are_refused() public {
        bytes memory commitments = newBlob();
        BatchHeader[] memory none = new BatchHeader[](0);
        vm.startPrank(operator);
        expectError(abi.encodeWithSelector(EmptyAnchor.selector));
        anchors.anchor(none, "", new SignedOrder[](0), 0);
        expectError(abi.encodeWithSelector(BatchBlobCount.selector, 0, 1, 0));
        anchors.anchor(header(0, 1, address(0)), commitments, new SignedOrder[](0), 0);
        expectError(abi.encodeWithSelector(BatchBlobCount.selector, 0, 1, 2));
        anchors.anchor(header(126_946, 1, address(0)), commitments, new SignedOrder[](0), 0);
        expectError(abi.encodeWithSelector(CommitmentsLength.selector, 48, 96));
        anchors.anchor(header(126_946, 2, address(0)), commitments, new SignedOrder[](0), 0);
        expectError(abi.encodeWithSelector(TooManyBlobs.selector, 2341, 2340));
        anchors.anchor(header(2341 * 126_976 - 31, 2341, address(0)), commitments, new SignedOrder[](0), 0);
        expectError(abi.encodeWithSelector(WrongOrderPlace.selector, 0, 0));
        anchors.anchor(header(1000, 1, address(0)), commitments, new SignedOrder[](1), 0);
        anchors.anchor(header(126_945, 1, address(0)), commitments, new SignedOrder[](0), 0);
        vm.stopPrank();
    }

    function test_anchored_blobs_are_shown_by_path_and_id_root() public {
        anchorBlobs(5);
        for (uint256 i = 0; i < 5; i++) {
            BlobRef memory blob = refOf(0, i);
            assertTrue(anchors.isAnchored(blob), "anchored");
            blob.idRoot = keccak256("ids");
            assertTrue(!anchors.isAnchored(blob), "other ids");
            blob = refOf(0, i);
            blob.position += 1;
            assertTrue(!anchors.isAnchored(blob), "other place");
            blob = refOf(0, i);
            blob.anchorIndex = 1;
            assertTrue(!anchors.isAnchored(blob), "no anchor");
            blob = refOf(0, i);
            blob.path = new bytes32[](2);
            assertTrue(!anchors.isAnchored(blob), "short path");
        }
        anchorRaw(infinity());
        BlobRef memory zero = refOf(1, 0);
        assertTrue(anchors.verifyOpening(zero, bytes32(uint256(7)), 0, infinity()), "opening");
        assertTrue(!anchors.verifyOpening(zero, bytes32(uint256(7)), bytes32(uint256(1)), infinity()), "value");
        zero.position = 4;
        assertTrue(!anchors.verifyOpening(zero, bytes32(uint256(7)), 0, infinity()), "place");
    }
}

contract SystemTest is Base {
    function test_parts_know_each_other_and_only_the_right_code_is_created() public {
        assertEq(system.created(), 4, "parts");
        assertTrue(keccak256(bytes(system.version())) == keccak256("2"), "version");
        bytes[4] memory codes = partCodes();
        expectError(abi.encodeWithSelector(WrongCode.selector, 4, keccak256(codes[0])));
        system.create(codes[0]);
        bytes32[4] memory hashes;
        for (uint256 i = 0; i < 4; i++) {
            hashes[i] = keccak256(codes[i]);
        }
        MeedaSystem fresh = new MeedaSystem(params(), hashes);
        expectError(abi.encodeWithSelector(WrongCode.selector, 0, keccak256(codes[1])));
        fresh.create(codes[1]);
        vm.prank(stranger);
        assertEq(fresh.create(codes[0]), fresh.anchors(), "anybody creates");
        assertTrue(fresh.anchors().code.length > 0 && fresh.anchors().code.length <= 24_576, "EIP-170");
        hashes[1] = keccak256(hex"5f5ffd");
        fresh = new MeedaSystem(params(), hashes);
        fresh.create(codes[0]);
        expectError(abi.encodeWithSelector(CreationFailed.selector, 1));
        fresh.create(hex"5f5ffd");
    }

    function test_every_part_is_below_eip_170() public view {
        assertTrue(address(anchors).code.length <= 24_576, "anchors");
        assertTrue(address(verifier).code.length <= 24_576, "verifier");
        assertTrue(address(publication).code.length <= 24_576, "publication");
        assertTrue(address(escrow).code.length <= 24_576, "escrow");
    }

    /// @dev F13: parameter sets in which the protocol is unsound. Each is one change from a sound one.
    function test_unsound_parameters_are_refused() public {
        Parameters memory p;
        (p = params()).epochBlocks = 7;
        refused(p, "epochBlocks");
        (p = params()).seedDelay = 1;
        refused(p, "seedDelay");
        (p = params()).proofWindow = 7;
        refused(p, "proofWindow");
        (p = params()).proofWindow = 8191 - 256;
        refused(p, "proofWindow");
        (p = params()).challengeWindow = 7;
        refused(p, "challengeWindow");
        (p = params()).hotEpochs = 0;
        refused(p, "hotEpochs");
        (p = params()).hotSamples = 0;
        refused(p, "hotSamples");
        (p = params()).hotSamples = type(uint32).max;
        refused(p, "coldSamples");
        (p = params()).coldSamples = 0;
        refused(p, "coldSamples");
        (p = params()).coldSamples = 16_384 - 300 + 1;
        refused(p, "coldSamples");
        (p = params()).retention = 10;
        refused(p, "retention");
        (p = params()).retention = 1290;
        refused(p, "retention");
        (p = params()).publishWindow = 7;
        refused(p, "publishWindow");
        (p = params()).anchorGrace = 7;
        refused(p, "anchorGrace");
        (p = params()).anchorGrace = 101;
        refused(p, "anchorGrace");
        (p = params()).escrowNotice = 7;
        refused(p, "escrowNotice");
        (p = params()).fraudRewardBps = 0;
        refused(p, "fraudRewardBps");
        (p = params()).fraudRewardBps = 1001;
        refused(p, "fraudRewardBps");
        (p = params()).stakePerBlob = 0;
        refused(p, "stakePerBlob");
        (p = params()).missPenalty = 0;
        refused(p, "missPenalty");
        (p = params()).missPenalty = 10 ether;
        refused(p, "missPenalty");
        (p = params()).minimumStake = 11 ether + 1;
        refused(p, "missPenalty");
        (p = params()).missReward = 0;
        refused(p, "missReward");
        (p = params()).missReward = 0.1 ether + 1;
        refused(p, "missReward");
        (p = params()).demandBond = 0;
        refused(p, "demandBond");
        // The bounds themselves are taken.
        p = params();
        (p.epochBlocks, p.proofWindow, p.challengeWindow, p.publishWindow) = (8, 8191 - 257, 8, 8);
        (p.escrowNotice, p.fraudRewardBps) = (8, 1000);
        p.coldSamples = 16_384 - 300;
        (p.minimumStake, p.missPenalty) = (11 ether, 11 ether - 1);
        (p.retention, p.anchorGrace, p.missReward) = (1024 + 7, 1024 + 7, uint128(11 ether - 1) / 2);
        new MeedaSystem(p, [bytes32(0), 0, 0, 0]);
        (p = params()).minimumStake = 11 ether;
        new MeedaSystem(p, [bytes32(0), 0, 0, 0]);
    }

    /// @dev On a public chain windows are hours; only the local chain's id is excepted.
    function test_a_public_chain_needs_real_windows() public {
        Parameters memory p = realParameters();
        vm.chainId(1);
        new MeedaSystem(p, [bytes32(0), 0, 0, 0]);
        (p = realParameters()).epochBlocks = 299;
        refused(p, "epochBlocks");
        (p = realParameters()).seedDelay = 31;
        refused(p, "seedDelay");
        (p = realParameters()).proofWindow = 299;
        refused(p, "proofWindow");
        (p = realParameters()).challengeWindow = 7199;
        refused(p, "challengeWindow");
        (p = realParameters()).publishWindow = 299;
        refused(p, "publishWindow");
        (p = realParameters()).anchorGrace = 299;
        refused(p, "anchorGrace");
        (p = realParameters()).escrowNotice = 299;
        refused(p, "escrowNotice");
        // The bounds themselves are taken.
        p = realParameters();
        (p.epochBlocks, p.seedDelay, p.proofWindow, p.challengeWindow) = (300, 32, 300, 7200);
        (p.publishWindow, p.anchorGrace, p.escrowNotice, p.retention) = (300, 300, 300, 128 * 300);
        new MeedaSystem(p, [bytes32(0), 0, 0, 0]);
    }

    function test_a_chain_without_what_is_needed_is_refused() public {
        vm.mockCall(address(0x0a), "", "");
        unsuitable("EIP-4844");
        vm.clearMockedCalls();
        vm.mockCall(address(0x0f), "", abi.encode(uint256(0)));
        unsuitable("EIP-2537");
        vm.clearMockedCalls();
        vm.etch(BlockHash.HISTORY, "");
        unsuitable("EIP-2935");
    }

    function unsuitable(string memory what) private {
        expectError(abi.encodeWithSelector(UnsuitableChain.selector, what));
        new MeedaSystem(params(), [bytes32(0), 0, 0, 0]);
    }

    function refused(Parameters memory p, string memory name) private {
        expectError(abi.encodeWithSelector(InvalidParameter.selector, name));
        new MeedaSystem(p, [bytes32(0), 0, 0, 0]);
    }

    function realParameters() private pure returns (Parameters memory) {
        return Parameters({
            epochBlocks: 7200,
            seedDelay: 64,
            proofWindow: 1800,
            challengeWindow: 50_400,
            hotEpochs: 2,
            hotSamples: 7680,
            coldSamples: 2560,
            retention: 108_000,
            publishWindow: 1800,
            anchorGrace: 7200,
            escrowNotice: 1800,
            fraudRewardBps: 500,
            minimumStake: 32 ether,
            stakePerBlob: 0.000032 ether,
            missPenalty: 0.3 ether,
            missReward: 0.03 ether,
            demandBond: 0.005 ether
        });
    }
}
