// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import "../interfaces/MeedaErrors.sol";
import "../interfaces/MeedaEvents.sol";
import "../interfaces/MeedaTypes.sol";
import {MeedaAnchors} from "../src/MeedaAnchors.sol";
import {MeedaEscrow} from "../src/MeedaEscrow.sol";
import {MeedaPublication} from "../src/MeedaPublication.sol";
import {MeedaSystem} from "../src/MeedaSystem.sol";
import {MeedaVerifier} from "../src/MeedaVerifier.sol";
import {AnchorTree} from "../src/libraries/AnchorTree.sol";
import {BlockHash} from "../src/libraries/BlockHash.sol";
import {Bls12381} from "../src/libraries/Bls12381.sol";
import {Sampling} from "../src/libraries/Sampling.sol";
import {Kzg, Poly} from "./Kzg.sol";
import {MiniTest} from "./MiniTest.sol";

/// @dev A deployment with small parameters, an operator with a stake, and what an honest operator computes.
abstract contract Base is MiniTest {
    uint256 internal constant EPOCH = 10;
    uint256 internal constant DELAY = 2;
    uint256 internal constant STAKE = 11 ether;
    uint256 internal constant KEY = 0x0be4a704;

    address internal immutable owner = address(0x0123456789012345678901234567890123456789);
    address internal immutable stranger = address(0xbad);
    address internal immutable rollup = address(0x2011);
    /// @dev The operator key.
    address internal operator;

    MeedaSystem internal system;
    MeedaAnchors internal anchors;
    MeedaVerifier internal verifier;
    MeedaPublication internal publication;
    MeedaEscrow internal escrow;

    /// @dev The polynomials of the operator's blobs, by position.
    Poly[] internal blobs;

    /// @dev The account for which a test anchors, proves and challenges.
    address internal subject;

    /// @dev The commitments and the root over ids of each anchor that a test made.
    mapping(address id => mapping(uint256 index => bytes commitments)) internal anchored;
    mapping(address id => mapping(uint256 index => bytes32 idRoot)) internal idRoots;

    function setUp() public virtual {
        deploy(params());
        operator = vm.addr(KEY);
        subject = owner;
        vm.deal(owner, 1000 ether);
        // As on every chain in use, so that burning makes no new account.
        vm.deal(address(0), 1 wei);
        vm.deal(stranger, 1000 ether);
        vm.deal(rollup, 1000 ether);
        vm.deal(address(this), 1000 ether);
        registerOperator(owner, KEY, STAKE);
    }

    function deploy(Parameters memory p) internal {
        if (BlockHash.HISTORY.code.length == 0) vm.etch(BlockHash.HISTORY, hex"5f5ffd");
        bytes[4] memory codes = partCodes();
        bytes32[4] memory hashes;
        for (uint256 i = 0; i < 4; i++) {
            hashes[i] = keccak256(codes[i]);
        }
        system = new MeedaSystem(p, hashes);
        for (uint256 i = 0; i < 4; i++) {
            system.create(codes[i]);
        }
        anchors = MeedaAnchors(system.anchors());
        verifier = MeedaVerifier(system.verifier());
        publication = MeedaPublication(system.publication());
        escrow = MeedaEscrow(system.escrow());
    }

    function partCodes() internal pure returns (bytes[4] memory) {
        return [
            type(MeedaAnchors).creationCode,
            type(MeedaVerifier).creationCode,
            type(MeedaPublication).creationCode,
            type(MeedaEscrow).creationCode
        ];
    }

    function registerOperator(address id, uint256 key, uint256 stake) internal {
        vm.prank(id);
        anchors.register{value: stake}();
        setKey(id, key);
    }

    function setKey(address id, uint256 key) internal {
        (bytes32 r, bytes32 vs) = signCompact(key, anchors.keyConsentDigest(id, vm.addr(key)));
        vm.prank(id);
        anchors.setOperatorKey(id, vm.addr(key), r, vs);
    }

    function signCompact(uint256 key, bytes32 digest) internal pure returns (bytes32 r, bytes32 vs) {
        uint8 v;
        bytes32 s;
        (v, r, s) = vm.sign(key, digest);
        vs = bytes32(uint256(s) | (uint256(v - 27) << 255));
    }

    function params() internal view virtual returns (Parameters memory) {
        return Parameters({
            epochBlocks: uint32(EPOCH),
            seedDelay: uint32(DELAY),
            proofWindow: 20,
            challengeWindow: 40,
            hotEpochs: 2,
            hotSamples: 300,
            coldSamples: 100,
            retention: 100,
            publishWindow: 30,
            anchorGrace: 15,
            escrowNotice: 12,
            fraudRewardBps: 500,
            minimumStake: 10 ether,
            stakePerBlob: 0.0001 ether,
            missPenalty: 0.2 ether,
            missReward: 0.02 ether,
            demandBond: 0.01 ether
        });
    }

    // Anchors.

    function header(uint32 length, uint16 count, address payer) internal pure returns (BatchHeader[] memory batches) {
        batches = new BatchHeader[](1);
        batches[0] = BatchHeader(length, count, payer);
    }

    function anchorBlobs(uint256 count) internal returns (uint256) {
        bytes memory commitments;
        for (uint256 i = 0; i < count; i++) {
            commitments = bytes.concat(commitments, newBlob());
        }
        return anchorRaw(commitments);
    }

    /// @dev Anchors any 48-byte strings as one-blob batches.
    function anchorRaw(bytes memory commitments) internal returns (uint256 index) {
        BatchHeader[] memory batches = new BatchHeader[](commitments.length / 48);
        for (uint256 i = 0; i < batches.length; i++) {
            batches[i] = BatchHeader(1000, 1, address(0));
        }
        return anchorAs(operator, batches, commitments, new SignedOrder[](0), 0);
    }

    function anchorAs(
        address key,
        BatchHeader[] memory batches,
        bytes memory commitments,
        SignedOrder[] memory orders,
        uint32 liveHint
    ) internal returns (uint256 index) {
        bytes32[] memory ids = idsOf(batches, commitments);
        vm.prank(key);
        index = anchors.anchor(batches, commitments, orders, liveHint);
        anchored[subject][index] = commitments;
        idRoots[subject][index] = AnchorTree.idRoot(ids);
    }

    function idsOf(BatchHeader[] memory batches, bytes memory commitments)
        internal
        pure
        returns (bytes32[] memory ids)
    {
        ids = new bytes32[](batches.length);
        uint256 offset = 0;
        for (uint256 i = 0; i < batches.length; i++) {
            uint256 length = 48 * uint256(batches[i].blobCount);
            ids[i] = keccak256(abi.encodePacked(uint8(1), batches[i].payloadLength, slice(commitments, offset, length)));
            offset += length;
        }
    }

    function newBlob() internal returns (bytes memory commitment) {
        uint256 n = blobs.length;
        blobs.push(
            Poly(
                uint256(keccak256(abi.encode("a", n))) % Bls12381.R, uint256(keccak256(abi.encode("b", n))) % Bls12381.R
            )
        );
        return Kzg.compress(Kzg.commit(blobs[n]));
    }

    function refOf(uint256 anchorIndex, uint256 place) internal view returns (BlobRef memory) {
        bytes memory commitments = anchored[subject][anchorIndex];
        bytes32[][] memory levels = levelsOf(commitments);
        bytes32[] memory path = new bytes32[](levels.length - 1);
        for (uint256 d = 0; d < path.length; d++) {
            path[d] = levels[d][(place >> d) ^ 1];
        }
        uint64 position = uint64(anchors.getAnchor(subject, anchorIndex).firstBlob + place);
        return BlobRef(
            subject,
            uint32(anchorIndex),
            position,
            slice(commitments, place * 48, 48),
            path,
            idRoots[subject][anchorIndex]
        );
    }

    /// @dev The tree by the definition, level by level.
    function levelsOf(bytes memory commitments) internal pure returns (bytes32[][] memory levels) {
        uint256 depth = 0;
        while ((uint256(1) << depth) * 48 < commitments.length) depth++;
        levels = new bytes32[][](depth + 1);
        levels[0] = new bytes32[](uint256(1) << depth);
        for (uint256 i = 0; i * 48 < commitments.length; i++) {
            levels[0][i] = keccak256(abi.encodePacked(hex"00", slice(commitments, i * 48, 48)));
        }
        for (uint256 d = 0; d < depth; d++) {
            levels[d + 1] = new bytes32[](levels[d].length / 2);
            for (uint256 i = 0; i < levels[d + 1].length; i++) {
                levels[d + 1][i] = keccak256(abi.encodePacked(hex"01", levels[d][2 * i], levels[d][2 * i + 1]));
            }
        }
    }

    function slice(bytes memory data, uint256 start, uint256 length) internal pure returns (bytes memory part) {
        part = new bytes(length);
        assembly ("memory-safe") {
            mcopy(add(part, 32), add(add(data, 32), start), length)
        }
    }

    function repeated(bytes memory commitment, uint256 count) internal pure returns (bytes memory many) {
        many = new bytes(48 * count);
        for (uint256 i = 0; i < count; i++) {
            assembly ("memory-safe") {
                mcopy(add(add(many, 32), mul(i, 48)), add(commitment, 32), 48)
            }
        }
    }

    /// @dev A point of the group whose polynomial nobody knows (EIP-2537's map to the curve): a blob that is lost.
    function lostBlob(uint256 n) internal view returns (bytes memory) {
        (bool ok, bytes memory out) =
            address(0x10).staticcall(abi.encodePacked(bytes32(0), keccak256(abi.encode("lost", n))));
        require(ok && out.length == 128, "map");
        return Kzg.compress(abi.decode(out, (G1)));
    }

    function infinity() internal pure returns (bytes memory) {
        return abi.encodePacked(uint128(0xc0) << 120, bytes32(0));
    }

    // Epochs.

    function goTo(uint256 blockNumber) internal {
        vm.roll(blockNumber);
    }

    /// @dev Records the epoch's randomness in its seed block and goes to the block after it.
    function goToEpoch(uint64 epoch) internal {
        uint256 seedBlock = uint256(epoch) * params().epochBlocks + params().seedDelay;
        goTo(seedBlock);
        vm.prevrandao(keccak256(abi.encode("mix", epoch)));
        verifier.recordSeed(epoch, "");
        goTo(seedBlock + 1);
    }

    function hintsOf(uint32 lo, uint32 hot, uint32 end) internal pure returns (RangeHints memory) {
        return RangeHints(lo, hot, end);
    }

    /// @dev The right hints for an account's epoch; whether there is anything live.
    function rightHints(address id, uint64 epoch) internal view returns (bool, RangeHints memory hints) {
        uint256 epochBlock = uint256(epoch) * EPOCH;
        uint256 hotFrom = epochBlock > 2 * EPOCH ? epochBlock - 2 * EPOCH : 0;
        uint256 count = anchors.anchorCount(id);
        for (uint32 i = 0; i < count; i++) {
            Anchor memory kept = anchors.getAnchor(id, i);
            if (kept.blockNumber < epochBlock) hints.endAnchor = i + 1;
            if (kept.expiry <= epochBlock) hints.loAnchor = i + 1;
            if (kept.blockNumber < hotFrom) hints.hotAnchor = i + 1;
        }
        if (hints.hotAnchor < hints.loAnchor) hints.hotAnchor = hints.loAnchor;
        return (hints.loAnchor < hints.endAnchor, hints);
    }

    /// @dev What an honest operator submits for an epoch.
    function prove(uint64 epoch, RangeHints memory hints) internal view returns (EpochProof memory proof) {
        bytes32 seed = verifier.epochSeed(subject, epoch);
        LiveRange memory range = anchors.liveRange(subject, uint256(epoch) * params().epochBlocks, hints);
        uint256 samples = Sampling.count(range, params().hotSamples, params().coldSamples);
        uint256 hotSamples = params().hotSamples;
        Poly memory all;
        bytes memory sums;
        for (uint256 j = 0; j < samples;) {
            Poly memory part;
            for (uint256 end = j + 128; j < samples && j < end; j++) {
                (uint64 position, uint128 weight) = Sampling.draw(seed, j, range, hotSamples);
                part = Kzg.addScaled(part, polyAt(position), weight);
            }
            sums = bytes.concat(sums, Kzg.pack(Kzg.commit(part)));
            all = Kzg.addScaled(all, part, 1);
        }
        bytes32 y = bytes32(Kzg.evaluate(all, Sampling.challenge(seed)));
        return EpochProof(epoch, seed, hints, sums, y, Kzg.pack(Kzg.open(all)));
    }

    /// @dev The polynomial at a position; tests with many equal blobs know one only.
    function polyAt(uint256 position) internal view virtual returns (Poly memory) {
        return blobs[position];
    }

    function submit(EpochProof memory proof) internal {
        vm.prank(operator);
        verifier.submitProof(proof, "");
    }

    /// @dev A proof that is taken although its partial sum `chunk` is off by `off`·G1: the liar shifts the value too.
    function lie(uint64 epoch, RangeHints memory hints, uint256 chunk, uint256 off)
        internal
        view
        returns (EpochProof memory proof)
    {
        proof = prove(epoch, hints);
        G1 memory shifted = Kzg.add(Kzg.unpack(proof.partialSums, chunk), Kzg.multiply(Bls12381.generator(), off));
        bytes memory packed = Kzg.pack(shifted);
        bytes memory sums = proof.partialSums;
        assembly ("memory-safe") {
            mcopy(add(add(sums, 32), mul(chunk, 96)), add(packed, 32), 96)
        }
        proof.y = bytes32(addmod(uint256(proof.y), off, Bls12381.R));
    }

    function recorded(EpochProof memory proof) internal pure returns (RecordedProof memory) {
        return RecordedProof(proof.seed, proof.hints, proof.partialSums);
    }

    // Fraud proofs.

    /// @dev The leaves of a chunk as a challenger brings them.
    function chunkOf(EpochProof memory proof, uint256 chunk) internal view returns (ChunkProof memory made) {
        uint256[] memory positions = positionsOf(proof, chunk);
        for (uint256 i = 0; i < positions.length; i++) {
            made.points = bytes.concat(made.points, Kzg.pack(Kzg.commit(polyAt(positions[i]))));
        }
        (uint256[] memory sorted, bytes memory order) = sortPositions(positions);
        made.order = order;
        fill(made, sorted);
    }

    function positionsOf(EpochProof memory proof, uint256 chunk) internal view returns (uint256[] memory positions) {
        uint256 hotSamples = params().hotSamples;
        LiveRange memory range = anchors.liveRange(subject, uint256(proof.epoch) * params().epochBlocks, proof.hints);
        uint256 samples = Sampling.count(range, hotSamples, params().coldSamples) - chunk * 128;
        positions = new uint256[](samples < 128 ? samples : 128);
        for (uint256 i = 0; i < positions.length; i++) {
            (positions[i],) = Sampling.draw(proof.seed, chunk * 128 + i, range, hotSamples);
        }
    }

    function sortPositions(uint256[] memory positions)
        internal
        pure
        returns (uint256[] memory sorted, bytes memory order)
    {
        order = new bytes(positions.length);
        sorted = new uint256[](positions.length);
        uint256 count = 0;
        for (uint256 i = 0; i < positions.length; i++) {
            uint256 k = i;
            for (; k > 0 && positions[uint8(order[k - 1])] > positions[i]; k--) {
                order[k] = order[k - 1];
            }
            order[k] = bytes1(uint8(i));
        }
        for (uint256 i = 0; i < positions.length; i++) {
            uint256 position = positions[uint8(order[i])];
            if (count == 0 || sorted[count - 1] != position) sorted[count++] = position;
        }
        assembly ("memory-safe") {
            mstore(sorted, count)
        }
    }

    /// @dev Anchors, roots over ids and missing nodes for sorted positions.
    function fill(ChunkProof memory made, uint256[] memory sorted) internal view {
        made.hashes = new bytes32[](128 * 12);
        made.anchors = new uint32[](sorted.length);
        made.idRoots = new bytes32[](sorted.length);
        uint256 used = 0;
        uint256 count = 0;
        uint256 index = 0;
        bytes32[][] memory levels;
        bytes32 levelsHash = 0;
        for (uint256 from = 0; from < sorted.length;) {
            Anchor memory kept = anchors.getAnchor(subject, index);
            while (sorted[from] >= kept.firstBlob + kept.blobCount) kept = anchors.getAnchor(subject, ++index);
            uint256 to = from;
            while (to < sorted.length && sorted[to] < kept.firstBlob + kept.blobCount) sorted[to++] -= kept.firstBlob;
            bytes memory commitments = anchored[subject][index];
            if (levelsHash != keccak256(commitments)) {
                levels = levelsOf(commitments);
                levelsHash = keccak256(commitments);
            }
            used = missing(made.hashes, used, levels, sorted, from, to);
            made.anchors[count] = uint32(index);
            made.idRoots[count++] = idRoots[subject][index];
            from = to;
        }
        (uint32[] memory a, bytes32[] memory b, bytes32[] memory c) = (made.anchors, made.idRoots, made.hashes);
        assembly ("memory-safe") {
            mstore(a, count)
            mstore(b, count)
            mstore(c, used)
        }
    }

    /// @dev The nodes of one tree that are not computed from the leaves, level by level.
    function missing(
        bytes32[] memory hashes,
        uint256 used,
        bytes32[][] memory levels,
        uint256[] memory places,
        uint256 from,
        uint256 to
    ) private pure returns (uint256) {
        uint256 last = levels.length - 1;
        for (uint256 level = 0; level < last; level++) {
            uint256 written = from;
            for (uint256 i = from; i < to; i++) {
                uint256 place = places[i];
                if (i + 1 < to && places[i + 1] == place + 1 && place & 1 == 0) {
                    i++;
                } else {
                    hashes[used++] = levels[level][place ^ 1];
                }
                places[written++] = place >> 1;
            }
            to = written;
        }
        return used;
    }

    function one(uint256 value) internal pure returns (uint256[] memory list) {
        list = new uint256[](1);
        list[0] = value;
    }

    function versioned(bytes memory commitment) internal pure returns (bytes32) {
        return bytes32((uint256(sha256(commitment)) << 8 >> 8) | uint256(1) << 248);
    }

    function expectError(bytes memory data) internal {
        vm.expectRevert(data);
    }
}
