// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMeedaAnchors} from "../interfaces/IMeedaAnchors.sol";
import {IMeedaEscrow} from "../interfaces/IMeedaEscrow.sol";
import {IMeedaPublication} from "../interfaces/IMeedaPublication.sol";
import {IMeedaSystem} from "../interfaces/IMeedaSystem.sol";
import "../interfaces/MeedaErrors.sol";
import "../interfaces/MeedaEvents.sol";
import "../interfaces/MeedaTypes.sol";
import {Credits} from "./Credits.sol";
import {AnchorTree} from "./libraries/AnchorTree.sol";
import {Bls12381} from "./libraries/Bls12381.sol";
import {Signatures} from "./libraries/Signatures.sol";

/// @title Operators' accounts, stakes and anchors
/// @dev Documentation stands in IMeedaAnchors.
contract MeedaAnchors is IMeedaAnchors, Credits {
    /// @dev Bytes of payload in a blob: 4096 elements of 31.
    uint256 private constant BLOB_CAPACITY = 4096 * 31;

    /// @dev Bytes of the header in front of the payload.
    uint256 private constant BLOB_HEADER = 31;

    /// @dev The commitments stay below 120,000 bytes, so the transaction is an ordinary one, and paths have 12 hashes.
    uint256 private constant MAX_BLOBS = 2340;

    /// @dev Bytes of the call: nodes pass on no ordinary transaction above 128 KiB.
    uint256 private constant MAX_CALLDATA = 120_000;

    bytes32 private constant OPERATOR_KEY = keccak256("OperatorKey(address account,address key,uint256 nonce)");

    address private immutable VERIFIER;
    IMeedaPublication private immutable PUBLICATION;
    IMeedaEscrow private immutable ESCROW;
    uint256 private immutable HOT_SPAN;
    uint256 private immutable RETENTION;
    uint256 private immutable ANSWERABLE;
    uint256 private immutable ANCHOR_GRACE;
    uint256 private immutable MINIMUM_STAKE;
    uint256 private immutable STAKE_PER_BLOB;
    uint256 private immutable FRAUD_REWARD_BPS;

    mapping(address id => Account account) private _accounts;
    mapping(address key => address id) private _accountOf;
    mapping(address id => Anchor[] anchors) private _anchors;

    /// @param system The deployment.
    constructor(IMeedaSystem system) {
        Parameters memory p = system.parameters();
        VERIFIER = system.verifier();
        PUBLICATION = IMeedaPublication(system.publication());
        ESCROW = IMeedaEscrow(system.escrow());
        HOT_SPAN = uint256(p.hotEpochs) * p.epochBlocks;
        RETENTION = p.retention;
        // After an expiry, the last epoch's proof may come and be challenged so long.
        ANSWERABLE = uint256(p.seedDelay) + p.proofWindow + p.challengeWindow;
        ANCHOR_GRACE = p.anchorGrace;
        MINIMUM_STAKE = p.minimumStake;
        STAKE_PER_BLOB = p.stakePerBlob;
        FRAUD_REWARD_BPS = p.fraudRewardBps;
    }

    modifier onlyOwner(address id) {
        require(_accounts[id].owner == msg.sender, NotOwner(msg.sender, id));
        _;
    }

    /// @inheritdoc IMeedaAnchors
    function register() external payable {
        require(_accounts[msg.sender].owner == address(0), AlreadyRegistered(msg.sender));
        _accounts[msg.sender].owner = msg.sender;
        emit Registered(msg.sender);
        addStake(msg.sender);
    }

    /// @inheritdoc IMeedaAnchors
    function stakeFor(address id) external payable {
        require(_accounts[id].owner != address(0), NoSuchAccount(id));
        addStake(id);
    }

    /// @inheritdoc IMeedaAnchors
    function offerOwnership(address id, address to) external onlyOwner(id) {
        _accounts[id].pendingOwner = to;
        emit OwnershipOffered(id, to);
    }

    /// @inheritdoc IMeedaAnchors
    function acceptOwnership(address id) external {
        Account storage account = _accounts[id];
        require(account.pendingOwner == msg.sender, NotPendingOwner(msg.sender, id));
        account.owner = msg.sender;
        account.pendingOwner = address(0);
        emit OwnershipAccepted(id, msg.sender);
    }

    /// @inheritdoc IMeedaAnchors
    function setOperatorKey(address id, address key, bytes32 r, bytes32 vs) external onlyOwner(id) {
        Account storage account = _accounts[id];
        address retired = account.key;
        if (key != address(0)) {
            require(_accountOf[key] == address(0), KeyTaken(key));
            bool consents = key == msg.sender || Signatures.recover(keyConsentDigest(id, key), r, vs) == key;
            require(consents, NoConsent(key));
            _accountOf[key] = id;
        }
        account.keyNonce++;
        account.key = key;
        emit OperatorKeySet(id, key, retired);
    }

    /// @inheritdoc IMeedaAnchors
    function requestWithdrawal(address id) external onlyOwner(id) {
        Account storage account = _accounts[id];
        require(account.stake != 0, NothingStaked(id));
        require(account.exitRequestedAt == 0, Exiting(id));
        account.exitRequestedAt = uint40(block.number);
        emit WithdrawalRequested(id, withdrawableFrom(id));
    }

    /// @inheritdoc IMeedaAnchors
    function cancelWithdrawal(address id) external onlyOwner(id) {
        require(_accounts[id].exitRequestedAt != 0, WithdrawalNotRequested(id));
        _accounts[id].exitRequestedAt = 0;
        emit WithdrawalCancelled(id);
    }

    /// @inheritdoc IMeedaAnchors
    function withdraw(address id) external onlyOwner(id) {
        Account storage account = _accounts[id];
        uint256 amount = account.stake;
        require(amount != 0, NothingStaked(id));
        require(account.exitRequestedAt != 0, WithdrawalNotRequested(id));
        uint256 lastBlock = withdrawableFrom(id);
        require(block.number > lastBlock, StakeLocked(lastBlock));
        uint256 open = PUBLICATION.openDemands(id);
        require(open == 0, DemandsOpen(open));
        account.stake = 0;
        account.exitRequestedAt = 0;
        account.graceStake = 0;
        emit Withdrawn(id, amount);
        credit(account.owner, amount);
    }

    /// @inheritdoc IMeedaAnchors
    function anchor(
        BatchHeader[] calldata batches,
        bytes calldata commitments,
        SignedOrder[] calldata orders,
        uint32 liveHint
    ) external returns (uint256 anchorIndex) {
        address id = accountOf(msg.sender);
        uint256 blobCount = checkHeaders(batches, commitments.length);
        anchorIndex = _anchors[id].length;
        uint64 firstBlob = checkCapacity(id, blobCount, liveHint);
        // Retention is fixed, so expiries never decrease and an account's live blobs are one range of positions.
        uint40 expiry = uint40(block.number + RETENTION);
        bytes32[] memory ids = emitBatches(id, batches, commitments, firstBlob, expiry);
        bytes32 root = keccak256(abi.encodePacked(AnchorTree.leafRoot(commitments), AnchorTree.idRoot(ids)));
        append(id, Anchor(root, firstBlob, uint32(blobCount), uint40(block.number), expiry), commitments);
        charge(id, batches, commitments, orders, ids, anchorIndex);
    }

    /// @inheritdoc IMeedaAnchors
    function penalise(address id, uint256 amount, uint256 reward, address reporter) external returns (uint256 taken) {
        require(msg.sender == VERIFIER, OnlyPart(msg.sender));
        Account storage account = _accounts[id];
        taken = account.stake < amount ? account.stake : amount;
        uint256 rewarded = taken < reward ? taken : reward;
        account.stake -= uint128(taken);
        // What the penalty took still carries blobs for a while: outstanding promises must be anchored.
        uint256 before = block.number <= account.graceUntil ? account.graceStake : 0;
        account.graceStake = uint128(before + taken);
        account.graceUntil = uint40(block.number + ANCHOR_GRACE);
        emit Penalised(id, reporter, taken, rewarded);
        credit(reporter, rewarded);
        burn(taken - rewarded);
    }

    /// @inheritdoc IMeedaAnchors
    function slash(address id, address challenger, uint256 gasUsed) external {
        require(msg.sender == VERIFIER || msg.sender == address(PUBLICATION), OnlyPart(msg.sender));
        Account storage account = _accounts[id];
        require(!account.slashed, AccountSlashed(id));
        uint256 amount = account.stake;
        account.slashed = true;
        account.stake = 0;
        account.graceStake = 0;
        account.exitRequestedAt = 0;
        uint256 reward = rewardOf(amount, gasUsed * block.basefee);
        emit Slashed(id, challenger, amount, reward);
        credit(challenger, reward);
        burn(amount - reward);
    }

    /// @inheritdoc IMeedaAnchors
    function getAccount(address id) external view returns (Account memory) {
        return _accounts[id];
    }

    /// @inheritdoc IMeedaAnchors
    function proverOf(address key) external view returns (address id, uint256 stake) {
        id = accountOf(key);
        require(!_accounts[id].slashed, AccountSlashed(id));
        stake = _accounts[id].stake;
    }

    /// @inheritdoc IMeedaAnchors
    function accountEverOf(address key) external view returns (address) {
        return _accountOf[key];
    }

    /// @inheritdoc IMeedaAnchors
    function ownerOf(address id) external view returns (address) {
        return _accounts[id].owner;
    }

    /// @inheritdoc IMeedaAnchors
    function isSlashed(address id) external view returns (bool) {
        return _accounts[id].slashed;
    }

    /// @inheritdoc IMeedaAnchors
    function stakeOf(address id) external view returns (uint256) {
        return _accounts[id].stake;
    }

    /// @inheritdoc IMeedaAnchors
    function capacity(address id, uint32 liveHint) external view returns (uint256 most, uint256 live) {
        uint256 counted = countedStake(_accounts[id]);
        most = counted < MINIMUM_STAKE ? 0 : (counted - MINIMUM_STAKE) / STAKE_PER_BLOB;
        live = nextBlob(id) - firstBlobOf(id, firstLive(id, liveHint));
    }

    /// @inheritdoc IMeedaAnchors
    function anchorCount(address id) external view returns (uint256) {
        return _anchors[id].length;
    }

    /// @inheritdoc IMeedaAnchors
    function getAnchor(address id, uint256 index) external view returns (Anchor memory) {
        return anchorAt(id, index);
    }

    /// @inheritdoc IMeedaAnchors
    function getAnchors(address id, uint32[] calldata indices) external view returns (Anchor[] memory kept) {
        kept = new Anchor[](indices.length);
        for (uint256 i = 0; i < indices.length; i++) {
            kept[i] = anchorAt(id, indices[i]);
        }
    }

    /// @inheritdoc IMeedaAnchors
    function verifyOpening(BlobRef calldata blob, bytes32 z, bytes32 y, bytes calldata proof)
        external
        view
        returns (bool)
    {
        return isAnchored(blob) && Bls12381.verifyBlobOpening(blob.commitment, z, y, proof);
    }

    /// @inheritdoc IMeedaAnchors
    /// @dev Hints must be exactly right: each bounds its range from both sides.
    function liveRange(address id, uint256 epochBlock, RangeHints calldata hints)
        external
        view
        returns (LiveRange memory)
    {
        Anchor[] storage anchors = _anchors[id];
        uint256 lo = hints.loAnchor;
        uint256 hot = hints.hotAnchor;
        uint256 end = hints.endAnchor;
        uint256 hotFrom = epochBlock > HOT_SPAN ? epochBlock - HOT_SPAN : 0;
        bool right = lo < end && lo <= hot && hot <= end && end <= anchors.length;
        right = right && anchors[end - 1].blockNumber < epochBlock;
        right = right && (end == anchors.length || anchors[end].blockNumber >= epochBlock);
        right = right && anchors[lo].expiry > epochBlock && (lo == 0 || anchors[lo - 1].expiry <= epochBlock);
        right = right && (hot == end || anchors[hot].blockNumber >= hotFrom);
        right = right && (hot == lo || anchors[hot - 1].blockNumber < hotFrom);
        require(right, WrongRangeHints(hints.loAnchor, hints.hotAnchor, hints.endAnchor));
        uint64 hi = anchors[end - 1].firstBlob + anchors[end - 1].blobCount;
        return LiveRange(anchors[lo].firstBlob, hot == end ? hi : anchors[hot].firstBlob, hi);
    }

    /// @inheritdoc IMeedaAnchors
    function accountOf(address key) public view returns (address id) {
        id = _accountOf[key];
        require(id != address(0) && _accounts[id].key == key, NotOperatorKey(key));
    }

    /// @inheritdoc IMeedaAnchors
    function withdrawableFrom(address id) public view returns (uint256 lastBlock) {
        uint256 exit = _accounts[id].exitRequestedAt;
        lastBlock = (exit == 0 ? block.number : exit) + ANCHOR_GRACE;
        uint256 count = _anchors[id].length;
        if (count != 0) {
            uint256 answerable = _anchors[id][count - 1].expiry + ANSWERABLE;
            lastBlock = answerable > lastBlock ? answerable : lastBlock;
        }
    }

    /// @inheritdoc IMeedaAnchors
    function isAnchored(BlobRef calldata blob) public view returns (bool) {
        if (blob.anchorIndex >= _anchors[blob.operator].length) {
            return false;
        }
        Anchor storage kept = _anchors[blob.operator][blob.anchorIndex];
        return blob.position >= kept.firstBlob
            && AnchorTree.verify(
            kept.root, kept.blobCount, blob.position - kept.firstBlob, blob.commitment, blob.path, blob.idRoot
        );
    }

    /// @inheritdoc IMeedaAnchors
    function keyConsentDigest(address id, address key) public view returns (bytes32) {
        return Signatures.digestOf(keccak256(abi.encode(OPERATOR_KEY, id, key, uint256(_accounts[id].keyNonce))));
    }

    function addStake(address id) private {
        Account storage account = _accounts[id];
        require(!account.slashed, AccountSlashed(id));
        account.stake += uint128(msg.value);
        // What is paid anew need not be counted from before the penalty too.
        account.graceStake = account.graceStake > msg.value ? account.graceStake - uint128(msg.value) : 0;
        emit Staked(id, msg.sender, msg.value, account.stake);
    }

    /// @dev Moves the pointer to the first live anchor and makes sure that the stake carries all blobs from there on.
    function checkCapacity(address id, uint256 blobCount, uint32 liveHint) private returns (uint64 firstBlob) {
        Account storage account = _accounts[id];
        require(!account.slashed, AccountSlashed(id));
        require(account.exitRequestedAt == 0 || block.number <= account.exitRequestedAt + ANCHOR_GRACE, Exiting(id));
        uint256 first = firstLive(id, liveHint);
        if (first != account.firstLive) {
            account.firstLive = uint32(first);
        }
        firstBlob = uint64(nextBlob(id));
        uint256 needed = MINIMUM_STAKE + (firstBlob + blobCount - firstBlobOf(id, first)) * STAKE_PER_BLOB;
        uint256 counted = countedStake(account);
        require(account.stake != 0 && counted >= needed, StakeTooLow(counted, needed));
    }

    function append(address id, Anchor memory made, bytes calldata commitments) private {
        _anchors[id].push(made);
        uint256 index = _anchors[id].length - 1;
        emit Anchored(id, index, made.root, made.firstBlob, made.blobCount, made.expiry, commitments);
    }

    function charge(
        address id,
        BatchHeader[] calldata batches,
        bytes calldata commitments,
        SignedOrder[] calldata orders,
        bytes32[] memory ids,
        uint256 anchorIndex
    ) private {
        uint256 count = 0;
        for (uint256 i = 0; i < batches.length; i++) {
            count += batches[i].rollup == address(0) ? 0 : 1;
        }
        if (count == 0 && orders.length == 0) {
            return;
        }
        ChargeRequest[] memory requests = new ChargeRequest[](count);
        uint256 offset = 0;
        uint256 order = 0;
        count = 0;
        for (uint256 i = 0; i < batches.length; i++) {
            uint256 end = offset + batches[i].blobCount * AnchorTree.COMMITMENT_LENGTH;
            if (batches[i].rollup != address(0)) {
                ChargeRequest memory request = requests[count++];
                request.rollup = batches[i].rollup;
                request.batchId = ids[i];
                request.commitmentsHash = keccak256(commitments[offset:end]);
                request.payloadLength = batches[i].payloadLength;
                if (order < orders.length && orders[order].batch == i) {
                    request.order = orders[order++];
                }
            }
            offset = end;
        }
        require(order == orders.length, WrongOrderPlace(order, order < orders.length ? orders[order].batch : 0));
        if (count != 0) {
            ESCROW.charge(id, anchorIndex, block.number + RETENTION, requests);
        }
    }

    /// @dev Emits each batch with its id, keccak256(0x01 ‖ uint32 payloadLength ‖ its commitments).
    function emitBatches(
        address id,
        BatchHeader[] calldata batches,
        bytes calldata commitments,
        uint64 firstBlob,
        uint40 expiry
    ) private returns (bytes32[] memory ids) {
        ids = new bytes32[](batches.length);
        uint256 offset = 0;
        for (uint256 i = 0; i < batches.length; i++) {
            BatchHeader calldata batch = batches[i];
            uint256 end = offset + batch.blobCount * AnchorTree.COMMITMENT_LENGTH;
            ids[i] = keccak256(abi.encodePacked(uint8(0x01), batch.payloadLength, commitments[offset:end]));
            emit BatchAnchored(
                id, ids[i], _anchors[id].length, firstBlob, batch.payloadLength, batch.blobCount, expiry, batch.rollup
            );
            firstBlob += batch.blobCount;
            offset = end;
        }
    }

    function anchorAt(address id, uint256 index) private view returns (Anchor storage) {
        require(index < _anchors[id].length, NoSuchAnchor(id, index));
        return _anchors[id][index];
    }

    /// @dev The pointer, or the hint where all anchors before it are expired.
    function firstLive(address id, uint32 liveHint) private view returns (uint256 first) {
        first = _accounts[id].firstLive;
        if (liveHint > first && liveHint <= _anchors[id].length && _anchors[id][liveHint - 1].expiry <= block.number) {
            first = liveHint;
        }
    }

    function firstBlobOf(address id, uint256 index) private view returns (uint256) {
        return index == _anchors[id].length ? nextBlob(id) : _anchors[id][index].firstBlob;
    }

    function nextBlob(address id) private view returns (uint256) {
        uint256 count = _anchors[id].length;
        return count == 0 ? 0 : _anchors[id][count - 1].firstBlob + _anchors[id][count - 1].blobCount;
    }

    function countedStake(Account storage account) private view returns (uint256) {
        return account.stake + (block.number <= account.graceUntil ? account.graceStake : 0);
    }

    /// @dev The challenger's part; at least one and a half times what it burnt, while it gains at most a tenth.
    function rewardOf(uint256 amount, uint256 cost) private view returns (uint256 reward) {
        reward = cost / 2 < amount / 10 ? cost + cost / 2 : cost + amount / 10;
        uint256 share = amount * FRAUD_REWARD_BPS / 10_000;
        reward = reward > share ? reward : share;
        reward = reward > amount / 2 ? amount / 2 : reward;
    }

    /// @dev Each batch has the blobs that its payload needs, and there are commitments for exactly so many.
    function checkHeaders(BatchHeader[] calldata batches, uint256 length) private pure returns (uint256 blobCount) {
        require(msg.data.length <= MAX_CALLDATA, AnchorTooLarge(msg.data.length, MAX_CALLDATA));
        require(batches.length != 0, EmptyAnchor());
        for (uint256 i = 0; i < batches.length; i++) {
            uint256 payloadLength = batches[i].payloadLength;
            // An empty payload is no batch: no blob count is right for it.
            uint256 expected =
                payloadLength == 0 ? 0 : (payloadLength + BLOB_HEADER + BLOB_CAPACITY - 1) / BLOB_CAPACITY;
            require(
                expected != 0 && batches[i].blobCount == expected, BatchBlobCount(i, batches[i].blobCount, expected)
            );
            blobCount += expected;
        }
        require(blobCount <= MAX_BLOBS, TooManyBlobs(blobCount, MAX_BLOBS));
        uint256 expectedLength = blobCount * AnchorTree.COMMITMENT_LENGTH;
        require(length == expectedLength, CommitmentsLength(length, expectedLength));
    }
}
