// Writes abi/<contract>.json, the ABI and creation bytecode that the C# side works with; with --check compares instead.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
execFileSync('forge', ['build', '--quiet'], { cwd: root, stdio: 'inherit' });
for (const contract of ['MeedaSystem', 'MeedaAnchors', 'MeedaVerifier', 'MeedaPublication', 'MeedaEscrow', 'MeedaDAProofValidator', 'BlobBounty']) {
  const { abi, bytecode } = JSON.parse(readFileSync(join(root, `out/${contract}.sol/${contract}.json`), 'utf8'));
  const made = JSON.stringify({ abi, bytecode: bytecode.object }, null, 1) + '\n';
  const path = join(root, `abi/${contract}.json`);
  if (!process.argv.includes('--check')) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, made);
  } else if (readFileSync(path, 'utf8') !== made) {
    console.error(`${path} is stale: run \`npm run abi\` in contracts/ and commit what it writes`);
    process.exit(1);
  }
}
