// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMeedaAnchors} from "../interfaces/IMeedaAnchors.sol";
import {IMeedaEscrow} from "../interfaces/IMeedaEscrow.sol";
import {IMeedaSystem} from "../interfaces/IMeedaSystem.sol";
import {IMeedaVerifier} from "../interfaces/IMeedaVerifier.sol";
import "../interfaces/MeedaErrors.sol";
import "../interfaces/MeedaEvents.sol";
import "../interfaces/MeedaTypes.sol";
import {Credits} from "./Credits.sol";
import {Signatures} from "./libraries/Signatures.sol";

/// @title What rollups prepay, what anchors charge of it, and where a charge goes
/// @dev Documentation stands in IMeedaEscrow. Accounts and rollups both keep prefix sums of the parts over the anchors
/// that charged something, so an epoch is settled or refunded in constant time.
contract MeedaEscrow is IMeedaEscrow, Credits {
    /// @dev A prefix sum after one of an account's anchors.
    struct Prefix {
        uint32 anchorIndex;
        uint224 cumulative;
    }

    /// @dev What a rollup prepaid for an account, and what it allows.
    struct Prepaid {
        uint128 balance;
        uint128 withdrawal;
        uint40 withdrawableFrom;
        uint64 spentEpoch;
        uint128 spent;
        Limit price;
        Limit perEpoch;
    }

    /// @dev Who signs a rollup's orders.
    struct Poster {
        address current;
        uint40 from;
        address next;
    }

    bytes32 private constant ORDER =
        keccak256("Order(address rollup,bytes32 batchId,address operator,uint256 maxWei,uint256 deadline)");

    IMeedaAnchors private immutable ANCHORS;
    IMeedaVerifier private immutable VERIFIER;
    uint256 private immutable EPOCH_BLOCKS;
    uint256 private immutable CHALLENGE_WINDOW;
    uint256 private immutable NOTICE;

    mapping(address id => uint256 weiPerByteBlock) private _prices;
    mapping(address rollup => Poster poster) private _posters;
    mapping(address rollup => mapping(address id => Prepaid prepaid)) private _prepaid;
    mapping(address rollup => mapping(address id => mapping(bytes32 commitmentsHash => uint256 blockNumber))) private
        _paidUntil;
    mapping(address rollup => mapping(address id => mapping(bytes32 batchId => uint256 amount))) private _orderSpent;
    /// @dev Under the zero address: those of the account, all rollups together.
    mapping(address rollup => mapping(address id => Prefix[] prefixes)) private _charges;
    mapping(address id => mapping(uint64 epoch => bool done)) private _settled;
    mapping(address rollup => mapping(address id => mapping(uint64 epoch => bool done))) private _refunded;

    /// @param system The deployment.
    constructor(IMeedaSystem system) {
        Parameters memory p = system.parameters();
        ANCHORS = IMeedaAnchors(system.anchors());
        VERIFIER = IMeedaVerifier(system.verifier());
        EPOCH_BLOCKS = p.epochBlocks;
        CHALLENGE_WINDOW = p.challengeWindow;
        NOTICE = p.escrowNotice;
    }

    /// @inheritdoc IMeedaEscrow
    function setPrice(address id, uint128 weiPerByteBlock) external {
        require(ANCHORS.ownerOf(id) == msg.sender, NotOwner(msg.sender, id));
        _prices[id] = weiPerByteBlock;
        emit PriceSet(id, weiPerByteBlock);
    }

    /// @inheritdoc IMeedaEscrow
    function deposit(address id, uint128 highestPrice, uint128 maxWeiPerEpoch) external payable {
        Prepaid storage prepaid = _prepaid[msg.sender][id];
        set(prepaid.price, highestPrice);
        set(prepaid.perEpoch, maxWeiPerEpoch);
        emit LimitsSet(msg.sender, id, highestPrice, maxWeiPerEpoch, block.number + NOTICE);
        depositFor(msg.sender, id);
    }

    /// @inheritdoc IMeedaEscrow
    function setPoster(address poster) external {
        Poster storage kept = _posters[msg.sender];
        kept.current = posterOf(msg.sender);
        kept.next = poster;
        kept.from = uint40(block.number + NOTICE);
        emit PosterSet(msg.sender, poster, kept.from);
    }

    /// @inheritdoc IMeedaEscrow
    function requestEscrowWithdrawal(address id, uint128 amount) external {
        Prepaid storage prepaid = _prepaid[msg.sender][id];
        prepaid.withdrawal = amount;
        prepaid.withdrawableFrom = uint40(block.number + NOTICE);
        emit EscrowWithdrawalRequested(msg.sender, id, amount, prepaid.withdrawableFrom);
    }

    /// @inheritdoc IMeedaEscrow
    function withdrawEscrow(address id) external returns (uint256 amount) {
        Prepaid storage prepaid = _prepaid[msg.sender][id];
        uint256 from = prepaid.withdrawableFrom;
        require(from != 0 && block.number >= from, NoticeNotOver(from));
        amount = prepaid.withdrawal < prepaid.balance ? prepaid.withdrawal : prepaid.balance;
        prepaid.balance -= uint128(amount);
        prepaid.withdrawal = 0;
        prepaid.withdrawableFrom = 0;
        emit EscrowWithdrawn(msg.sender, id, amount);
        credit(msg.sender, amount);
    }

    /// @inheritdoc IMeedaEscrow
    function charge(address id, uint256 anchorIndex, uint256 expiry, ChargeRequest[] calldata requests) external {
        require(msg.sender == address(ANCHORS), OnlyPart(msg.sender));
        uint256 epochs = (expiry - 1) / EPOCH_BLOCKS - block.number / EPOCH_BLOCKS;
        uint256 parts = 0;
        for (uint256 i = 0; i < requests.length; i++) {
            ChargeRequest calldata request = requests[i];
            uint256 part = partOf(id, request, expiry, epochs);
            if (part == 0) {
                continue;
            }
            uint256 amount = part * epochs;
            (bool allowed, Refusal why) = allow(id, request, amount);
            if (!allowed) {
                emit ChargeRefused(request.rollup, id, request.batchId, anchorIndex, why);
                continue;
            }
            _prepaid[request.rollup][id].balance -= uint128(amount);
            _paidUntil[request.rollup][id][request.commitmentsHash] = expiry;
            append(_charges[request.rollup][id], anchorIndex, part);
            parts += part;
            emit Charged(request.rollup, id, request.batchId, anchorIndex, amount);
        }
        if (parts != 0) {
            append(_charges[address(0)][id], anchorIndex, parts);
        }
    }

    /// @inheritdoc IMeedaEscrow
    function settleAll(address id, uint64[] calldata epochs, uint256[] calldata los, uint256[] calldata ends) external {
        for (uint256 i = 0; i < epochs.length; i++) {
            settle(id, epochs[i], los[i], ends[i]);
        }
    }

    /// @inheritdoc IMeedaEscrow
    function refundAll(
        address rollup,
        address id,
        uint64[] calldata epochs,
        uint256[] calldata los,
        uint256[] calldata ends
    ) external {
        for (uint256 i = 0; i < epochs.length; i++) {
            refund(rollup, id, epochs[i], los[i], ends[i]);
        }
    }

    /// @inheritdoc IMeedaEscrow
    function priceOf(address id) external view returns (uint256) {
        return _prices[id];
    }

    /// @inheritdoc IMeedaEscrow
    function balanceOf(address rollup, address id) external view returns (uint256) {
        return _prepaid[rollup][id].balance;
    }

    /// @inheritdoc IMeedaEscrow
    function chargeableOf(address rollup, address id) external view returns (uint256 current, uint256 lasting) {
        Prepaid storage prepaid = _prepaid[rollup][id];
        (uint256 balance, uint256 leaving, uint256 asked) = (prepaid.balance, leavingOf(prepaid), prepaid.withdrawal);
        current = leaving < balance ? balance - leaving : 0;
        lasting = asked < balance ? balance - asked : 0;
    }

    /// @inheritdoc IMeedaEscrow
    function limitsOf(address rollup, address id) external view returns (uint256, uint256) {
        Prepaid storage prepaid = _prepaid[rollup][id];
        return (valueOf(prepaid.price), valueOf(prepaid.perEpoch));
    }

    /// @inheritdoc IMeedaEscrow
    function spentOf(address rollup, address id, bytes32 batchId)
        external
        view
        returns (uint256 byLimit, uint256 byOrders)
    {
        byLimit = limitSpent(_prepaid[rollup][id]);
        byOrders = _orderSpent[rollup][id][batchId];
    }

    /// @inheritdoc IMeedaEscrow
    function postersOf(address rollup) external view returns (address current, address lasting) {
        current = posterOf(rollup);
        lasting = _posters[rollup].from == 0 ? current : _posters[rollup].next;
    }

    /// @inheritdoc IMeedaEscrow
    function chargeCount(address rollup, address id) external view returns (uint256) {
        return _charges[rollup][id].length;
    }

    /// @inheritdoc IMeedaEscrow
    function chargeAt(address rollup, address id, uint256 index) external view returns (uint32, uint256) {
        Prefix[] storage charges = _charges[rollup][id];
        require(index < charges.length, NoSuchCharge(index));
        return (charges[index].anchorIndex, sumOf(charges, index, index + 1));
    }

    /// @inheritdoc IMeedaEscrow
    function depositFor(address rollup, address id) public payable {
        Prepaid storage prepaid = _prepaid[rollup][id];
        prepaid.balance += uint128(msg.value);
        emit Deposited(rollup, id, msg.sender, msg.value, prepaid.balance);
    }

    /// @inheritdoc IMeedaEscrow
    function settle(address id, uint64 epoch, uint256 loCharge, uint256 endCharge) public returns (uint256 amount) {
        Epoch memory state = VERIFIER.getEpoch(id, epoch);
        bool earned = state.status == EpochStatus.Proven && state.earns && !_settled[id][epoch];
        require(earned, NotSettleable(id, epoch));
        require(!ANCHORS.isSlashed(id), AccountSlashed(id));
        uint256 over = state.provenAt + CHALLENGE_WINDOW;
        require(block.number > over, ChallengeWindowOpen(epoch, over));
        _settled[id][epoch] = true;
        amount = partsIn(_charges[address(0)][id], state, loCharge, endCharge);
        emit Settled(id, epoch, amount);
        credit(ANCHORS.ownerOf(id), amount);
    }

    /// @inheritdoc IMeedaEscrow
    function refund(address rollup, address id, uint64 epoch, uint256 loCharge, uint256 endCharge)
        public
        returns (uint256 amount)
    {
        Epoch memory state = VERIFIER.getEpoch(id, epoch);
        bool failed = state.status == EpochStatus.Missed || state.status == EpochStatus.Fraudulent;
        bool unearned =
            state.status == EpochStatus.Proven && !_settled[id][epoch] && (!state.earns || ANCHORS.isSlashed(id));
        // Under the zero address stand the sums of all rollups together.
        require((failed || unearned) && rollup != address(0) && !_refunded[rollup][id][epoch], NotRefundable(id, epoch));
        _refunded[rollup][id][epoch] = true;
        amount = partsIn(_charges[rollup][id], state, loCharge, endCharge);
        emit Refunded(rollup, id, epoch, amount);
        credit(rollup, amount);
    }

    /// @inheritdoc IMeedaEscrow
    function posterOf(address rollup) public view returns (address) {
        Poster storage poster = _posters[rollup];
        if (poster.from == 0) {
            return rollup;
        }
        return block.number >= poster.from ? poster.next : poster.current;
    }

    /// @inheritdoc IMeedaEscrow
    function orderDigest(address rollup, bytes32 batchId, address id, uint256 maxWei, uint256 deadline)
        public
        view
        returns (bytes32)
    {
        return Signatures.digestOf(keccak256(abi.encode(ORDER, rollup, batchId, id, maxWei, deadline)));
    }

    /// @dev Whether a rollup's word and its prepayment cover a charge; notes what is spent of the word.
    function allow(address id, ChargeRequest calldata request, uint256 amount) private returns (bool, Refusal) {
        Prepaid storage prepaid = _prepaid[request.rollup][id];
        if (_prices[id] > valueOf(prepaid.price)) {
            return (false, Refusal.PriceTooHigh);
        }
        if (amount + leavingOf(prepaid) > prepaid.balance) {
            return (false, Refusal.EscrowTooLow);
        }
        if (request.order.r == 0) {
            return allowByLimit(prepaid, amount);
        }
        SignedOrder calldata order = request.order;
        if (block.number > order.deadline) {
            return (false, Refusal.OrderExpired);
        }
        uint256 spent = _orderSpent[request.rollup][id][request.batchId] + amount;
        if (spent > order.maxWei) {
            return (false, Refusal.OrderSpent);
        }
        bytes32 digest = orderDigest(request.rollup, request.batchId, id, order.maxWei, order.deadline);
        address poster = posterOf(request.rollup);
        if (poster == address(0) || Signatures.recover(digest, order.r, order.vs) != poster) {
            return (false, Refusal.OrderNotSigned);
        }
        _orderSpent[request.rollup][id][request.batchId] = spent;
        return (true, Refusal.OrderSpent);
    }

    function allowByLimit(Prepaid storage prepaid, uint256 amount) private returns (bool, Refusal) {
        uint256 spent = limitSpent(prepaid) + amount;
        if (spent > valueOf(prepaid.perEpoch)) {
            return (false, Refusal.LimitSpent);
        }
        prepaid.spentEpoch = epochNow();
        prepaid.spent = uint128(spent);
        return (true, Refusal.LimitSpent);
    }

    /// @dev What this block's epoch used of the standing limit.
    function limitSpent(Prepaid storage prepaid) private view returns (uint256) {
        return prepaid.spentEpoch == epochNow() ? prepaid.spent : 0;
    }

    function epochNow() private view returns (uint64) {
        return uint64(block.number / EPOCH_BLOCKS);
    }

    function append(Prefix[] storage charges, uint256 anchorIndex, uint256 part) private {
        uint256 count = charges.length;
        uint224 cumulative = uint224(sumOf(charges, 0, count) + part);
        if (count != 0 && charges[count - 1].anchorIndex == anchorIndex) {
            charges[count - 1].cumulative = cumulative;
        } else {
            charges.push(Prefix(uint32(anchorIndex), cumulative));
        }
    }

    /// @dev What is higher holds at once; what is lower after the notice, so that nobody steps in front of an anchor.
    function set(Limit storage limit, uint128 value) private {
        uint128 now_ = valueOf(limit);
        limit.current = value > now_ ? value : now_;
        limit.next = value;
        limit.from = value < now_ ? uint40(block.number + NOTICE) : 0;
    }

    /// @dev What may be withdrawn now pays for nothing: else a rollup that asked long ago could step in front of an
    /// anchor.
    function leavingOf(Prepaid storage prepaid) private view returns (uint256) {
        uint256 from = prepaid.withdrawableFrom;
        return from != 0 && block.number >= from ? prepaid.withdrawal : 0;
    }

    function valueOf(Limit storage limit) private view returns (uint128) {
        return limit.from != 0 && block.number >= limit.from ? limit.next : limit.current;
    }

    /// @dev What each epoch releases of a batch's charge, for the blocks for which its blobs are not paid already.
    function partOf(address id, ChargeRequest calldata request, uint256 expiry, uint256 epochs)
        private
        view
        returns (uint256)
    {
        uint256 paid = _paidUntil[request.rollup][id][request.commitmentsHash];
        uint256 from = paid > block.number ? paid : block.number;
        return from >= expiry ? 0 : _prices[id] * request.payloadLength * (expiry - from) / epochs;
    }

    /// @dev What an epoch releases of charges, from hints that must be exactly right.
    function partsIn(Prefix[] storage charges, Epoch memory state, uint256 lo, uint256 end)
        private
        view
        returns (uint256)
    {
        uint256 count = charges.length;
        bool right = lo <= end && end <= count;
        right = right && (lo == count || charges[lo].anchorIndex >= state.loAnchor);
        right = right && (lo == 0 || charges[lo - 1].anchorIndex < state.loAnchor);
        right = right && (end == count || charges[end].anchorIndex >= state.endAnchor);
        right = right && (end == 0 || charges[end - 1].anchorIndex < state.endAnchor);
        require(right, WrongChargeHints(lo, end));
        return sumOf(charges, lo, end);
    }

    function sumOf(Prefix[] storage charges, uint256 lo, uint256 end) private view returns (uint256) {
        return (end == 0 ? 0 : charges[end - 1].cumulative) - (lo == 0 ? 0 : uint256(charges[lo - 1].cumulative));
    }
}
