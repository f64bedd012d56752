// Writes vectors/protocol.json: anchor roots, batch ids, seeds and samples, computed here from docs/protocol.md by a third implementation. The Solidity
// tests and the C# tests read the same file.
import { keccak_256 } from '@noble/hashes/sha3.js';
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const R = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001n;
const hex = (bytes) => '0x' + bytesToHex(bytes);
const uint = (value, length) => hexToBytes(BigInt(value).toString(16).padStart(2 * length, '0'));
const toBig = (bytes) => BigInt(hex(bytes));
const random = (label, length) => {
  let bytes = new Uint8Array();
  for (let i = 0; bytes.length < length; i++) bytes = concatBytes(bytes, keccak_256(utf8ToBytes(`${label} ${i}`)));
  return bytes.slice(0, length);
};

function root(commitments) {
  let level = commitments.map((c) => keccak_256(concatBytes(uint(0, 1), c)));
  while (level.length & (level.length - 1)) level.push(new Uint8Array(32));
  while (level.length > 1) {
    level = level.filter((_, i) => i % 2 === 0).map((left, i) => keccak_256(concatBytes(uint(1, 1), left, level[2 * i + 1])));
  }
  return level[0];
}

function anchor(count) {
  const commitments = Array.from({ length: count }, (_, i) => random(`commitment ${count} ${i}`, 48));
  return { commitments: hex(concatBytes(...commitments)), root: hex(root(commitments)) };
}

function batch(payloadLength, count) {
  const commitments = random(`batch ${payloadLength}`, 48 * count);
  return { payloadLength, commitments: hex(commitments), id: hex(keccak_256(concatBytes(uint(1, 1), uint(payloadLength, 4), commitments))) };
}

function epoch(name, epochNumber, chainId, lo, hot, hi, hotSamples, coldSamples) {
  const blockHash = random(`${name} block`, 32);
  const operator = random(`${name} operator`, 20);
  const contract = random(`${name} contract`, 20);
  const seed = keccak_256(concatBytes(blockHash, uint(epochNumber, 8), operator, contract, uint(chainId, 32)));
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
  const z = toBig(keccak_256(concatBytes(seed, utf8ToBytes('z')))) % R;
  return {
    name, epoch: epochNumber, chainId, blockHash: hex(blockHash), operator: hex(operator), contract: hex(contract), seed: hex(seed), challenge: hex(uint(z, 32)),
    lo, hot, hi, hotSamples, coldSamples,
    // uint64 position ‖ uint128 weight, for each sample
    samples: hex(concatBytes(...samples)),
  };
}

const vectors = {
  counts: { anchors: 6, batches: 4, epochs: 5 },
  anchors: [1, 2, 3, 5, 8, 13].map(anchor),
  batches: [batch(1, 1), batch(126_945, 1), batch(126_946, 2), batch(4_294_967_295, 3)],
  epochs: [
    epoch('all recent, all challenged', 7, 1, 0, 0, 5, 10, 4),
    epoch('recent ones drawn', 2 ** 32 + 9, 31337, 3, 3, 100, 10, 4),
    epoch('recent and older', 123_456_789, 11155111, 1000, 2000, 2009, 16, 12),
    epoch('older only', 5, 1, 17, 40, 40, 16, 12),
    epoch('one older blob', 6, 1, 4_000_000_000, 4_000_000_001, 4_000_000_003, 16, 3),
  ],
};
const path = join(dirname(fileURLToPath(import.meta.url)), '..', 'vectors', 'protocol.json');
writeFileSync(path, JSON.stringify(vectors, null, 1) + '\n');
