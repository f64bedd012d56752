// Writes vectors/protocol.json: anchor roots, multiproofs, batch ids, seeds, samples, RANDAO mixes, signed digests and
// certificates, computed here from the documentation of the interfaces by a third implementation. The Solidity tests and
// the C# tests read the same file.
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const R = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001n;
const hex = (bytes) => '0x' + bytesToHex(bytes);
const uint = (value, length) => hexToBytes(BigInt(value).toString(16).padStart(2 * length, '0'));
const toBig = (bytes) => BigInt(hex(bytes));
const word = (bytes) => concatBytes(new Uint8Array(32 - bytes.length), bytes);
const random = (label, length) => {
  let bytes = new Uint8Array();
  for (let i = 0; bytes.length < length; i++) bytes = concatBytes(bytes, keccak_256(utf8ToBytes(`${label} ${i}`)));
  return bytes.slice(0, length);
};

// 1. Trees: leaf = H(0x00 ‖ item), node = H(0x01 ‖ left ‖ right), zero leaves up to a power of two.

const leaf = (item) => keccak_256(concatBytes(uint(0, 1), item));
const node = (left, right) => keccak_256(concatBytes(uint(1, 1), left, right));

function levels(items) {
  let level = items.map(leaf);
  while (level.length & (level.length - 1)) level.push(new Uint8Array(32));
  const all = [level];
  while (level.length > 1) {
    level = level.filter((_, i) => i % 2 === 0).map((left, i) => node(left, level[2 * i + 1]));
    all.push(level);
  }
  return all;
}

const rootOf = (items) => levels(items).at(-1)[0];
const batchId = (length, commitments) => keccak_256(concatBytes(uint(1, 1), uint(length, 4), commitments));

// The nodes that some leaves, ascending, leave to be brought: level by level, left to right.
function missing(items, places) {
  const hashes = [];
  for (const level of levels(items).slice(0, -1)) {
    const have = new Set(places);
    for (const place of places) if (!have.has(place ^ 1)) hashes.push(level[place ^ 1]);
    places = [...new Set(places.map((place) => place >> 1))];
  }
  return hashes;
}

function anchor(name, lengths, places) {
  const sizes = lengths.map((length) => Math.ceil((length + 31) / (4096 * 31)));
  const items = sizes.flatMap((size, batch) => Array.from({ length: size }, (_, i) => random(`${name} ${batch} ${i}`, 48)));
  const ids = sizes.map((size, i) => {
    const first = sizes.slice(0, i).reduce((sum, one) => sum + one, 0);
    return batchId(lengths[i], concatBytes(...items.slice(first, first + size)));
  });
  const path = (place) => levels(items).slice(0, -1).map((level, i) => level[(place >> i) ^ 1]);
  return {
    name, payloadLengths: lengths, blobCounts: sizes,
    commitments: hex(concatBytes(...items)), ids: hex(concatBytes(...ids)),
    leafRoot: hex(rootOf(items)), idRoot: hex(rootOf(ids)), root: hex(keccak_256(concatBytes(rootOf(items), rootOf(ids)))),
    // Leaves that a multiproof shows, the nodes that it brings, and the path of the last of these leaves.
    places, hashes: hex(concatBytes(...missing(items, places))), path: hex(concatBytes(...path(places.at(-1)))),
  };
}

// 2. Randomness.

function epoch(name, number, chainId, lo, hot, hi, hotSamples, coldSamples) {
  const mix = random(`${name} mix`, 32);
  const operator = random(`${name} operator`, 20);
  const verifier = random(`${name} verifier`, 20);
  const seed = keccak_256(concatBytes(mix, uint(number, 8), operator, verifier, uint(chainId, 32)));
  const recent = Math.min(hi - hot, hotSamples);
  const count = recent + (hot > lo ? coldSamples : 0);
  const samples = [];
  for (let j = 0; j < count; j++) {
    const h = toBig(keccak_256(concatBytes(seed, uint(j, 4))));
    const draw = h >> 128n;
    const weight = h & ((1n << 128n) - 1n);
    const position =
      j >= recent ? BigInt(lo) + (draw % BigInt(hot - lo)) : recent === hi - hot ? BigInt(hot + j) : BigInt(hot) + (draw % BigInt(hi - hot));
    samples.push(uint(position, 8), uint(weight === 0n ? 1n : weight, 16));
  }
  return {
    name, epoch: number, chainId, mix: hex(mix), operator: hex(operator), verifier: hex(verifier), seed: hex(seed),
    challenge: hex(uint(toBig(keccak_256(concatBytes(seed, utf8ToBytes('z')))) % R, 32)),
    lo, hot, hi, hotSamples, coldSamples, samples: hex(concatBytes(...samples)), // uint64 position ‖ uint128 weight
  };
}

// 3. Headers: RLP lists of byte strings; field 13 is prevrandao.

function rlp(item) {
  const head = (base, length) => {
    if (length < 56) return uint(base + length, 1);
    const bytes = Math.ceil(length.toString(16).length / 2);
    return concatBytes(uint(base + 55 + bytes, 1), uint(length, bytes));
  };
  if (Array.isArray(item)) {
    const body = concatBytes(...item.map(rlp));
    return concatBytes(head(0xc0, body.length), body);
  }
  return item.length === 1 && item[0] < 0x80 ? item : concatBytes(head(0x80, item.length), item);
}

const minimal = (value) => (value === 0 ? new Uint8Array() : hexToBytes(value.toString(16).padStart(2 * Math.ceil(value.toString(16).length / 2), '0')));

function header(name, extra, later, isHeader = true, change = (fields) => fields) {
  const mix = random(`${name} mix`, 32);
  const fields = [
    random(`${name} parent`, 32), random('uncles', 32), random(`${name} miner`, 20), random(`${name} state`, 32), random(`${name} txs`, 32),
    random(`${name} receipts`, 32), random(`${name} bloom`, 256), new Uint8Array(), minimal(23_456_789), minimal(60_000_000), minimal(21_000),
    minimal(1_790_000_000), extra, mix, new Uint8Array(8), ...later,
  ];
  return { name, rlp: hex(rlp(change(fields))), mix: isHeader ? hex(mix) : '0x' };
}

const prague = [minimal(7), random('withdrawals', 32), new Uint8Array(), minimal(131_072), random('beacon', 32), random('requests', 32)];

// 4. What is signed: EIP-712 in the domain of the contract that executes, 'Meeda', version '2'.

function digest(contract, chainId, structHash) {
  const type = keccak_256(utf8ToBytes('EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)'));
  const domain = keccak_256(concatBytes(type, keccak_256(utf8ToBytes('Meeda')), keccak_256(utf8ToBytes('2')), uint(chainId, 32), word(contract)));
  return keccak_256(concatBytes(hexToBytes('1901'), domain, structHash));
}

const keyOf = (label) => random(label, 32);
const addressOf = (key) => keccak_256(secp256k1.getPublicKey(key, false).slice(1)).slice(12);

function sign(hash, key) {
  const signature = secp256k1.sign(hash, key, { prehash: false, format: 'recovered' });
  const [recovery, r, s] = [signature[0], signature.slice(1, 33), signature.slice(33)];
  return { r, s, recovery, vs: uint(toBig(s) | (BigInt(recovery) << 255n), 32) };
}

function order(name, chainId, maxWei, deadline) {
  const [escrow, rollup, batch, operator] = ['escrow', 'rollup', 'batch', 'operator'].map((part, i) => random(`${name} ${part}`, i === 2 ? 32 : 20));
  const type = keccak_256(utf8ToBytes('Order(address rollup,bytes32 batchId,address operator,uint256 maxWei,uint256 deadline)'));
  const hash = digest(escrow, chainId, keccak_256(concatBytes(type, word(rollup), batch, word(operator), uint(maxWei, 32), uint(deadline, 32))));
  const key = keyOf(`${name} poster`);
  const { r, vs } = sign(hash, key);
  return {
    name, chainId, escrow: hex(escrow), rollup: hex(rollup), batchId: hex(batch), operator: hex(operator), maxWei: hex(uint(maxWei, 16)), deadline,
    digest: hex(hash), poster: hex(addressOf(key)), r: hex(r), vs: hex(vs),
  };
}

function consent(name, chainId, nonce) {
  const anchors = random(`${name} anchors`, 20);
  const account = random(`${name} account`, 20);
  const key = keyOf(`${name} key`);
  const type = keccak_256(utf8ToBytes('OperatorKey(address account,address key,uint256 nonce)'));
  const hash = digest(anchors, chainId, keccak_256(concatBytes(type, word(account), word(addressOf(key)), uint(nonce, 32))));
  const { r, vs } = sign(hash, key);
  return { name, chainId, anchors: hex(anchors), account: hex(account), key: hex(addressOf(key)), nonce, digest: hex(hash), r: hex(r), vs: hex(vs) };
}

// 5. Nitro certificates, version 2. The generator and its double stand for commitments.

const POINTS = [
  '97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb',
  'a572cbea904d67468808c8eb50a9450c9721db309128012543902d0ac358a62ae28f75bb8f1c7c42c39a8c5529bf0f4e',
].map(hexToBytes);

function certificate(name, provider, length, chainId, lastBlock, isValid, change = (bytes) => bytes) {
  const validator = random(`${name} validator`, 20);
  const blobs = Math.ceil((length + 31) / (4096 * 31));
  const commitments = Array.from({ length: blobs }, (_, i) => POINTS[i % 2]);
  const signed = change(concatBytes(uint(1, 1), uint(provider, 1), uint(2, 1), uint(length, 4), uint(chainId, 8), validator, uint(lastBlock, 8), ...commitments));
  const key = keyOf(`${name} signer`);
  const hash = keccak_256(concatBytes(utf8ToBytes('\x19Ethereum Signed Message:\n32'), keccak_256(signed)));
  const { r, s, recovery } = sign(hash, key);
  return {
    name, provider, payloadLength: length, chainId, validator: hex(validator), lastBlock, signer: hex(addressOf(key)),
    certificate: hex(concatBytes(signed, r, s, uint(27 + recovery, 1))), isValid,
  };
}

const changed = (place) => (bytes) => bytes.map((byte, i) => (i === place ? byte ^ 1 : byte));

const vectors = {
  anchors: [
    anchor('one blob', [1], [0]),
    anchor('two batches of one', [126_945, 7], [0, 1]),
    anchor('one batch of three', [126_946 + 126_976], [1]),
    anchor('five blobs in three batches', [126_946, 5, 126_946], [0, 3, 4]),
    anchor('thirteen blobs', [126_976 * 12, 31], [2, 3, 8, 12]),
    anchor('sixteen batches', Array.from({ length: 16 }, (_, i) => i + 1), [0, 5, 6, 15]),
  ],
  epochs: [
    epoch('all recent, all challenged', 7, 1, 0, 0, 5, 10, 4),
    epoch('recent ones drawn', 2 ** 32 + 9, 31337, 3, 3, 100, 10, 4),
    epoch('recent and older', 123_456_789, 11155111, 1000, 2000, 2009, 16, 12),
    epoch('older only', 5, 1, 17, 40, 40, 16, 12),
    epoch('one older blob', 6, 1, 4_000_000_000, 4_000_000_001, 4_000_000_003, 16, 3),
    epoch('two partial sums', 8, 1, 0, 100_000, 100_100, 100, 156),
  ],
  headers: [
    header('of Paris', new Uint8Array(), []),
    header('of Osaka', utf8ToBytes('a builder'), prague),
    header('with a long extraData', random('extra', 300), prague),
    header('with fields of the future', utf8ToBytes('x'), [...prague, random('later', 32), random('longer', 400)]),
    header('too few fields', new Uint8Array(), [], false, (fields) => fields.slice(0, 13)),
    header('a mix of 31 bytes', new Uint8Array(), [], false, (fields) => fields.with(13, random('short', 31))),
    header('a mix that is empty', new Uint8Array(), [], false, (fields) => fields.with(13, new Uint8Array())),
  ],
  orders: [order('an order', 1, 10n ** 15n, 23_000_000), order('the highest', 11155111, 2n ** 128n - 1n, 2 ** 40 - 1)],
  consents: [consent('the first key', 1, 0), consent('a later one', 31337, 12)],
  certificates: [
    certificate('a short batch', 0x4d, 5, 1, 23_000_000, true),
    certificate('two blobs', 0x4d, 126_946, 421_614, 1, true),
    certificate('an empty batch', 0x4d, 0, 1, 1, false),
    certificate('a multiple of 32', 0x4d, 64, 1, 1, false),
    certificate('no point', 0x4d, 5, 1, 1, false, changed(90)),
    certificate('an older version', 0x4d, 5, 1, 1, false, changed(2)),
    certificate('another provider', 0x4d, 5, 1, 1, false, changed(1)),
    certificate('another chain', 0x4d, 5, 1, 1, false, changed(14)),
    certificate('another validator', 0x4d, 5, 1, 1, false, changed(20)),
  ],
};
vectors.counts = Object.fromEntries(Object.entries(vectors).map(([kind, list]) => [kind, list.length]));
const path = join(dirname(fileURLToPath(import.meta.url)), '..', 'vectors', 'protocol.json');
mkdirSync(dirname(path), { recursive: true });
writeFileSync(path, JSON.stringify(vectors, null, 1) + '\n');
