// Prints the tables of README.md from the parameters of script/Deploy.s.sol: what seeds that somebody can choose among
// hide, how likely a loss is caught, and what attacks cost. Plain arithmetic, no chain.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const text = readFileSync(join(dirname(fileURLToPath(import.meta.url)), 'Deploy.s.sol'), 'utf8');
const value = (name) => {
  const [, number, unit] = text.match(new RegExp(`${name}: ([\\d_.]+)( ether)?`)) ?? [];
  if (number === undefined) throw new Error(`no parameter ${name} in Deploy.s.sol`);
  return Number(number.replaceAll('_', ''));
};
const p = Object.fromEntries(
  ['epochBlocks', 'proofWindow', 'retention', 'hotEpochs', 'hotSamples', 'coldSamples', 'publishWindow', 'fraudRewardBps', 'minimumStake', 'stakePerBlob', 'missPenalty', 'missReward', 'demandBond'].map((n) => [n, value(n)]),
);
const epochs = Math.floor(p.retention / p.epochBlocks);
const row = (...cells) => console.log(`| ${cells.join(' | ')} |`);
const head = (...cells) => { row(...cells); row(...cells.map(() => '---')); };
const percent = (x) => (x > 0.9999 && x < 1 ? '> 99.99 %' : `${(100 * x).toPrecision(3)} %`);

// With `draws` seeds to choose among, one of them misses a share f with probability 1 - (1 - (1-f)^n)^draws.
// Solved for one half: f = 1 - (1 - (1/2)^(1/draws))^(1/n).
console.log('\nWhat a choice among seeds hides, with probability one half\n');
head('seeds', 'share of cold data');
for (const draws of [1, 4, 16, 256]) {
  const miss = 1 - 0.5 ** (1 / draws);
  row(draws, `${(100 * (1 - miss ** (1 / p.coldSamples))).toFixed(3)} %`);
}

console.log('\nChance to catch a loss of cold data: in one epoch / over a retention\n');
const losses = [['1 blob', (n) => 1], ['20 blobs', (n) => 20], ['0.1 %', (n) => n / 1000], ['1 %', (n) => n / 100]];
head('live blobs', ...losses.map(([name]) => name));
for (const live of [1e4, 1e5, 1e6]) {
  row(live.toLocaleString('en'), ...losses.map(([, lost]) => {
    const once = 1 - (1 - lost(live) / live) ** p.coldSamples;
    return `${percent(once)} / ${percent(1 - (1 - once) ** (epochs - p.hotEpochs))}`;
  }));
}

const reward = p.fraudRewardBps / 10_000;
const run = (n) => (p.missPenalty * n * (n + 1)) / 2;
const net = (n) => Math.min(p.minimumStake, run(n)) * 1 - n * p.missReward;
const eth = (x) => `${Number(x.toFixed(4))} ETH`;
const blobs = (stake) => (stake - p.minimumStake) / p.stakePerBlob;
console.log('\nWhat attacks cost an operator with the least stake\n');
head('attack', 'costs');
row('lie, caught by a stranger', `${eth(p.minimumStake)} and what is not settled`);
row('lie, "caught" by its own accomplice', `${eth(p.minimumStake * (1 - reward))} (at a high base fee at least ${eth(p.minimumStake * 0.9)})`);
row('lose everything, prove nothing, an accomplice reports', eth(net(epochs)));
row('an honest outage of 1 / 3 / 5 epochs', [1, 3, 5].map((n) => eth(run(n))).join(' / '));
row('delay all demands by a day', `${eth((p.epochBlocks / 4) * p.demandBond)} burnt, and gas`);
row('be demanded and answer (withholding as a business)', 'gains nothing; the cost is repaid');
row('dilute with a million blobs of zeros', `${eth(1e6 * p.stakePerBlob)} of stake, locked and slashable`);
row('blobs that 32 ETH above the least stake carry', Math.round(blobs(2 * p.minimumStake)).toLocaleString('en'));
row('stake for each live gigabyte beyond the least', eth((1e9 / (4096 * 31)) * p.stakePerBlob));

// EIP-7918 keeps the price of a blob's 131,072 blob gas at or above that of 8,192 execution gas, so a blob is counted in
// execution gas: `times` the floor. A proof a day is shared by all live blobs, a blob is live for a retention: over its
// life it bears one proof by the number of blobs anchored in a day. Tips, and a blob transaction's own gas, are left out.
const FLOOR_GAS = 8192;
const gas = JSON.parse(readFileSync(join(dirname(fileURLToPath(import.meta.url)), '../snapshots/Gas.json'), 'utf8'));
const anchorGas = Number(gas['anchor of 256 blobs in 8 batches']) / 256;
const proofGas = Number(gas['submitProof with 80 partial sums']) * 7200 / p.epochBlocks;
const whole = (x) => Math.round(x).toLocaleString('en');
const TIMES = [1, 2, 4, 16];
console.log('\nL1 gas of a blob with Meeda, the epoch proof included, and how many times that a blob on L1 costs\n');
head('blobs anchored a day', 'gas a blob', ...TIMES.map((times) => (times === 1 ? 'blob base fee at the floor' : `${times} times the floor`)));
for (const daily of [256, 2560, 25600]) {
  const each = anchorGas + proofGas / daily;
  row(whole(daily), whole(each), ...TIMES.map((times) => `${(times * FLOOR_GAS / each).toFixed(1)}`));
}
