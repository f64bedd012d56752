// Mutates src/ one place at a time (flips a comparison, shifts it by one, drops a require) and runs the tests; prints what
// survives. Works in a copy, one mutant at a time, with the test contracts that concern the mutated file. MUTATE_ONLY=regex
// picks files, MUTATE_MOST=n bounds the run, MUTATE_SEED picks the sample, MUTATE_SECONDS=n stops it after that time.
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
// The binary itself: the wrapper of the npm package does not pass on what it prints.
const binary = `node_modules/@foundry-rs/forge-${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}/bin/forge`;
const forge = join(root, binary);
const copy = mkdtempSync(join(tmpdir(), 'mutate-'));
process.on('exit', () => rmSync(copy, { recursive: true, force: true }));
for (const part of ['src', 'test', 'interfaces', 'foundry.toml', 'script/Deploy.s.sol', 'vectors', 'cache/kzg-vectors.json']) {
  try { cpSync(join(root, part), join(copy, part), { recursive: true }); } catch (e) { if (e.code !== 'ENOENT') throw e; }
}
// Tests find the sources' code at run time, so a mutant does not compile them again: a function that names it is no longer pure.
const base = join(copy, 'test/Base.sol');
// And the first call of the point evaluation takes forge three seconds: a deployment in a set-up does without it.
const mocked = 'vm.mockCall(address(0x0a), "", new bytes(64));\n        deploy(params());\n        vm.clearMockedCalls();';
const text = readFileSync(base, 'utf8').replace(/(function \w*[cC]odes\(\) \w+) pure/, '$1 view');
writeFileSync(base, text.replace('deploy(params());', mocked));
process.env.FOUNDRY_DENY = 'never';
process.env.FOUNDRY_FUZZ_RUNS = '16';
// So that an endless loop ends by its gas, before it takes all memory or all of the time.
process.env.FOUNDRY_GAS_LIMIT = '20000000000';

// The compiler is loaded once: forge asks it for its version several times a run, and loading takes longer than a mutant's compilation.
const solc = createRequire(join(root, 'package.json'))('solc');
const socket = join(copy, 'solc.sock');
const compiler = createServer({ allowHalfOpen: true }, (client) => {
  let input = '';
  client.setEncoding('utf8').on('data', (part) => (input += part)).on('end', () => client.end(solc.compile(input)));
}).listen(socket);
mkdirSync(join(copy, 'bin'));
writeFileSync(join(copy, 'bin/solc'), `#!/bin/sh
if [ "$1" = --version ]; then printf 'solc, the solidity compiler commandline interface\\nVersion: ${solc.version()}\\n'; exit; fi
exec '${process.execPath}' -e "process.stdin.pipe(require('net').connect('${socket}')).pipe(process.stdout)"
`, { mode: 0o755 });
symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));

// A mutant that lives through these contracts, in turn, runs against all the others before it counts as a survivor.
const CONCERNS = {
  MeedaAnchors: 'AccountTest|CapacityTest',
  MeedaVerifier: 'SubmitProofTest|MissTest|SeedTest|FraudProofTest|InvalidCommitmentTest',
  MeedaPublication: 'PublicationTest',
  MeedaEscrow: 'EscrowTest',
  BlobBounty: 'BlobBountyTest|BountyInvariantsTest',
  MeedaSystem: 'SystemTest',
  MeedaDAProofValidator: 'NitroTest',
  Credits: ['AttacksTest|EscrowTest', 'MissTest'],
  AnchorTree: 'VectorsTest|FraudProofTest',
  BlockHash: ['LibrariesTest', 'SeedTest'],
  BlockHeader: ['LibrariesTest', 'VectorsTest|SeedTest'],
  Bls12381: ['LibrariesTest', 'InvalidCommitmentTest|SubmitProofTest|FraudProofTest'],
  Sampling: 'VectorsTest|SubmitProofTest',
  Signatures: ['LibrariesTest', 'AccountTest|VectorsTest'],
};

const FLIPS = [
  [/ <= /g, [' < ']], [/ >= /g, [' > ']], [/ < /g, [' <= ', ' >= ']], [/ > /g, [' >= ', ' <= ']],
  [/ == /g, [' != ']], [/ != /g, [' == ']], [/ && /g, [' || ']], [/ \+= /g, [' -= ']], [/ \+ 1\b/g, ['']], [/ - 1\b/g, ['']],
];

function mutants(text) {
  const found = [];
  const code = (at) => !/^\s*(\/\/|\*)/.test(text.slice(text.lastIndexOf('\n', at) + 1, at + 1)) && !text.slice(text.lastIndexOf('\n', at) + 1, at).includes('//');
  for (const [pattern, replacements] of FLIPS) {
    for (const hit of text.matchAll(pattern)) {
      if (!code(hit.index)) continue;
      for (const by of replacements) found.push({ at: hit.index, what: `${hit[0]} → ${by}`, text: text.slice(0, hit.index) + by + text.slice(hit.index + hit[0].length) });
    }
  }
  for (const hit of text.matchAll(/\n\s+require\(/g)) {
    const start = hit.index + 1;
    let depth = 0;
    let end = start;
    do { if (text[end] === '(') depth++; if (text[end] === ')') depth--; end++; } while (depth > 0 || text[end - 1] !== ')');
    found.push({ at: start + 1, what: 'require dropped', text: text.slice(0, start) + text.slice(end + 1) });
  }
  return found;
}

const files = [...readdirSync(join(root, 'src')).map((f) => join('src', f)), ...readdirSync(join(root, 'src/libraries')).map((f) => join('src/libraries', f))]
  .filter((f) => f.endsWith('.sol') && new RegExp(process.env.MUTATE_ONLY ?? '.').test(f));
let all = files.flatMap((file) => mutants(readFileSync(join(root, file), 'utf8')).map((m) => ({ file, ...m })));
// A reproducible sample where a whole run is too long.
let state = Number(process.env.MUTATE_SEED ?? 1);
const random = () => (state = (state * 48271) % 2147483647) / 2147483647;
const most = Number(process.env.MUTATE_MOST ?? all.length);
if (most < all.length || process.env.MUTATE_SECONDS) all = all.map((m) => [random(), m]).sort((a, b) => a[0] - b[0]).slice(0, most).map(([, m]) => m);

// By what is printed, not by the exit code, which is 0 when --fail-fast stops a run.
let last = '';
async function run(file, ...filter) {
  let out;
  try {
    // With dynamic linking a missing revert of `new MeedaSystem` goes unseen.
    const linked = basename(file, '.sol') === 'MeedaSystem' ? [] : ['--dynamic-test-linking'];
    const options = ['test', '--fail-fast', ...linked, ...filter];
    out = (await promisify(execFile)(forge, options, { cwd: copy, encoding: 'utf8', timeout: 400_000, maxBuffer: 1 << 26 })).stdout;
  } catch (e) {
    out = `${e.stdout ?? ''}${e.stderr ?? ''}${e.message}[FAIL`;
  }
  last = out;
  if (out.includes('Compiler run failed')) return 'not compiled';
  return out.includes('[FAIL') || !/[1-9]\d* tests? passed, 0 failed/.test(out) ? 'killed' : 'survived';
}

async function tests(file) {
  const stages = [CONCERNS[basename(file, '.sol')]].flat();
  for (const stage of stages) {
    const verdict = await run(file, '--match-contract', `^(${stage})$`);
    if (verdict !== 'survived') return verdict;
  }
  return await run(file, '--no-match-contract', `^(${stages.join('|')}|InvariantsTest)$`);
}

const counts = { killed: 0, survived: 0, 'not compiled': 0 };
if (await run('', '--no-match-contract', 'InvariantsTest') !== 'survived') {
  throw new Error(`the tests must pass on the source as it is: ${last.slice(-2000)}`);
}
const started = Date.now();
const seconds = Number(process.env.MUTATE_SECONDS ?? Infinity);
let tried = 0;
for (const { file, at, what, text } of all) {
  if (Date.now() - started > seconds * 1000) break;
  const original = readFileSync(join(root, file), 'utf8');
  writeFileSync(join(copy, file), text);
  const verdict = await tests(file);
  writeFileSync(join(copy, file), original);
  counts[verdict]++;
  tried++;
  const line = original.slice(0, at + 1).split('\n').length;
  const shown = text.split('\n')[line - 1].trim();
  if (verdict !== 'killed' || process.env.MUTATE_VERBOSE) console.log(`${verdict} ${file}:${line}: ${what}: ${shown}`);
}
console.log(`${tried} of ${all.length} mutants: ${counts.killed} killed, ${counts.survived} survived, ${counts['not compiled']} do not compile`);
compiler.close();
process.exit(counts.survived === 0 ? 0 : 1);
