// Makes cache/kzg-vectors.json out of the consensus-specs vectors of verify_kzg_proof where they are (MEEDA_KZG_VECTORS, folders joined by ":", default
// ../../shared/vectors/kzg): points decompressed by an independent library, for test/KzgVectors.t.sol. Without vectors the file says so and the test is skipped.
import { bls12_381 } from '@noble/curves/bls12-381.js';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import yaml from 'js-yaml';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const folders = (process.env.MEEDA_KZG_VECTORS ?? join(root, '../../shared/vectors/kzg')).split(':').map((f) => join(f, 'verify_kzg_proof')).filter(existsSync);

function padded(hex) {
  const point = bls12_381.G1.Point.fromHex(hex.slice(2));
  point.assertValidity();
  const { x, y } = point.is0() ? { x: 0n, y: 0n } : point.toAffine();
  return x.toString(16).padStart(128, '0') + y.toString(16).padStart(128, '0');
}

let input = '';
let verdicts = '';
for (const file of folders.flatMap((f) => readdirSync(f).filter((n) => n.endsWith('.yaml')).map((n) => join(f, n)))) {
  const vector = yaml.load(readFileSync(file, 'utf8'));
  // Input that must be refused never gets as far as padded points.
  if (vector.output === null) continue;
  input += padded(vector.input.commitment) + vector.input.z.slice(2) + vector.input.y.slice(2) + padded(vector.input.proof);
  verdicts += vector.output ? '01' : '00';
}
mkdirSync(join(root, 'cache'), { recursive: true });
writeFileSync(join(root, 'cache/kzg-vectors.json'), JSON.stringify({ input: '0x' + input, verdicts: '0x' + verdicts }) + '\n');
