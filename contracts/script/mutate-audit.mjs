// Puts one rule of version 1 back at a time, in a copy of the sources, and runs the test that holds the audit's attack:
// the attack succeeds on that rule if the test fails. Prints the table of README.md. AUDIT_ONLY=F5 picks findings.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const forge = join(root, `node_modules/@foundry-rs/forge-${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}/bin/forge`);
const copy = mkdtempSync(join(tmpdir(), 'audit-'));
process.on('exit', () => rmSync(copy, { recursive: true, force: true }));
for (const part of ['src', 'test', 'interfaces', 'foundry.toml', 'script/Deploy.s.sol', 'vectors', 'cache/kzg-vectors.json']) {
  if (existsSync(join(root, part))) cpSync(join(root, part), join(copy, part), { recursive: true });
}
// Tests find the sources' code at run time, so a mutant does not compile them again: a function that names it is no longer pure.
const base = join(copy, 'test/Base.sol');
writeFileSync(base, readFileSync(base, 'utf8').replace(/(function \w*[cC]odes\(\) \w+) pure/, '$1 view'));
process.env.FOUNDRY_DENY = 'never';
symlinkSync(join(root, 'bin'), join(copy, 'bin'));

// finding, version 1's rule, file, text of version 2, text with version 1's rule, test
const RULES = [
  ['F1', 'partial sums over 256 samples', 'libraries/Sampling', 'CHUNK = 128', 'CHUNK = 256', 'test_the_largest_fraud_proof_by_its_layout'],
  ['F1', 'an anchor of any size', 'MeedaAnchors', 'MAX_CALLDATA = 120_000', 'MAX_CALLDATA = 1_200_000', 'test_an_anchor_longer_than_an_ordinary_transaction_is_refused'],
  ['F2', 'a miss needs no canary', 'MeedaVerifier', 'require(Bls12381.canaryVerifies(), ProofsImpossible());', '', 'test_a_fork_that_breaks_proofs_fines_nobody'],
  ['F3', 'at most a quarter of the window open', 'MeedaPublication', 'demandId = _demands.length;', 'demandId = _demands.length;\n        require(_open[id] < PUBLISH_WINDOW / 4, NoSuchDemand(demandId));', 'test_demands_form_a_queue_that_nobody_can_fill'],
  ['F4', 'half of the stake is the reward', 'MeedaAnchors', 'reward = reward > share ? reward : share;', 'reward = share > amount ? share : amount / 2;', 'test_a_stake_does_not_leave_by_slashing_itself'],
  ['F4', 'each miss costs one penalty', 'MeedaVerifier', 'MISS_PENALTY * (1 + missesAround(id, epoch))', 'MISS_PENALTY * (1 + 0 * missesAround(id, epoch))', 'test_missing_on_purpose_costs_more_each_time'],
  ['F5', 'the seed is the block hash', 'MeedaVerifier', 'mix = BlockHeader.mixOf(header);', 'mix = expected;', 'test_a_builder_that_tries_headers_gets_one_seed'],
  ['F6', 'blobs cost no stake', 'MeedaAnchors', 'firstBlobOf(id, first)) * STAKE_PER_BLOB', 'firstBlobOf(id, first)) * (0 * STAKE_PER_BLOB)', 'test_a_stake_carries_so_many_live_blobs'],
  ['F7', 'charged without an order', 'MeedaEscrow', 'return allowByLimit(prepaid, amount);', 'return (true, Refusal.OrderSpent);', 'test_without_an_order_nothing_is_charged'],
  ['F7', 'the same blobs are charged again', 'MeedaEscrow', 'paid > block.number ? paid', 'paid > expiry ? paid', 'test_the_same_blobs_under_another_length_are_charged_once'],
  ['F8', 'a refused charge reverts the anchor', 'MeedaEscrow', 'emit ChargeRefused(request.rollup, id, request.batchId, anchorIndex, why);', 'require(allowed, NoSuchCharge(uint256(why)));', 'test_who_cannot_pay_is_skipped_alone'],
  ['F8', 'a withdrawal takes effect at once', 'MeedaEscrow', 'require(from != 0 && block.number >= from', 'require(from != 0', 'test_a_rollup_cannot_step_in_front_of_an_anchor'],
  ['F9', 'the publisher gets the bond', 'MeedaPublication', 'uint256 repaid = cost < most ? cost : most;', 'uint256 repaid = cost < most ? most : most;', 'test_publishing_repays_the_cost_and_no_more'],
  ['F10', 'a certificate is good on every chain', 'MeedaDAProofValidator', '!= block.chainid', '== 0', 'test_on_another_chain_or_for_another_validator_it_is_none'],
  ['F10', 'a commitment need not be a point', 'MeedaDAProofValidator', ' && arePoints(certificate[HEADER_LENGTH:signedLength])', '', 'test_commitments_that_are_no_points_are_refused'],
  ['F10', 'any length', 'MeedaDAProofValidator', 'length % CHUNK_LENGTH == 0 || ', '', 'test_lengths_whose_end_cannot_be_proven_are_refused'],
  ['F11', 'a proof does not name its seed', 'MeedaVerifier', 'require(proof.seed == seed, WrongSeed(proof.seed, seed));', '', 'test_a_reorganisation_does_not_turn_an_honest_proof_into_a_lie|test_a_proof_for_another_seed_is_refused'],
  ['F12', 'whoever is first answers', 'MeedaPublication', 'block.number > operatorsUntil ||', 'operatorsUntil != 0 ||', 'test_the_operator_answers_first'],
  ['F13', 'any reward for fraud below the stake', 'MeedaSystem', 'p.fraudRewardBps <= 1000', 'p.fraudRewardBps < 10_000', 'test_unsound_parameters_are_refused'],
  ['F13', 'a reported miss may cost nothing', 'MeedaSystem', 'p.missReward <= p.missPenalty / 2', 'p.missReward <= p.missPenalty', 'test_unsound_parameters_are_refused'],
  ['F13', 'windows of any length', 'MeedaSystem', 'require(p.publishWindow >= least, InvalidParameter("publishWindow"));', '', 'test_a_public_chain_needs_real_windows|test_unsound_parameters_are_refused'],
  ['F14', 'expired charges are released', 'MeedaEscrow', "right = right && (lo == 0 || charges[lo - 1].anchorIndex < state.loAnchor);\n        right = right && (end == count || charges[end].anchorIndex >= state.endAnchor);", "right = right && (end == count || charges[end].anchorIndex >= state.endAnchor);", 'test_charges_of_expired_and_later_anchors_are_not_in_an_epoch|test_every_charge_is_released_once'],
  ['F14', 'refunded what was settled', 'MeedaEscrow', '!_settled[id][epoch] && (!state.earns', '(!state.earns', 'test_what_was_settled_is_not_refunded_after_a_slash'],
  ['F14', 'an epoch too many at an expiry in its block', 'MeedaEscrow', '(expiry - 1) / EPOCH_BLOCKS', 'expiry / EPOCH_BLOCKS', 'test_an_expiry_in_an_epochs_block_has_no_part_for_it'],
];

// With dynamic linking a missing revert of `new MeedaSystem` goes unseen: then `linked` must be false.
// The tests that pass and those that fail; a source that does not compile says nothing about an attack.
function run(tests, linked = true) {
  let out;
  try {
    const options = ['test', ...(linked ? ['--dynamic-test-linking'] : []), '--match-test', `^(${tests})\\(`];
    out = execFileSync(forge, options, { cwd: copy, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (e) {
    out = `${e.stdout ?? ''}${e.stderr ?? ''}`;
  }
  const named = (mark) => new Set([...out.matchAll(new RegExp(`^\\[${mark}.*?(test_\\w+)\\(`, 'gm'))].map((hit) => hit[1]));
  const result = { passed: named('PASS'), failed: named('FAIL') };
  if (result.passed.size + result.failed.size === 0) throw new Error(out.slice(-2000));
  return result;
}

const rules = RULES.filter(([finding]) => !process.env.AUDIT_ONLY || process.env.AUDIT_ONLY.split(',').includes(finding));
const all = run([...new Set(rules.map((r) => r[5]))].join('|'));
if (all.failed.size !== 0) throw new Error(`these tests must pass on the source as it is: ${[...all.failed]}`);

// Compiling takes nearly all of the time: AUDIT_TOGETHER=1 puts back one rule of each source file at a time, no two with
// the same test. Without it each rule stands alone.
const rounds = [];
for (const rule of rules) {
  const free = (round) => round.every((other) => other[2] !== rule[2] && !other[5].split('|').some((t) => rule[5].split('|').includes(t)));
  const round = process.env.AUDIT_TOGETHER ? rounds.find(free) : undefined;
  if (round) round.push(rule); else rounds.push([rule]);
}
let held = 0;
console.log('| finding | version 1\'s rule, put back | test | attack succeeds on version 1\'s rule |\n| --- | --- | --- | --- |');
for (const round of rounds) {
  const originals = new Map();
  for (const [finding, , name, from, to] of round) {
    const file = join('src', `${name}.sol`);
    const original = readFileSync(join(root, file), 'utf8');
    if (original.split(from).length !== 2) throw new Error(`${finding}: ${file} must have once: ${from}`);
    originals.set(file, original);
    writeFileSync(join(copy, file), original.replace(from, () => to));
  }
  const { failed } = run(round.map((rule) => rule[5]).join('|'), round.every((rule) => rule[2] !== 'MeedaSystem'));
  for (const [file, original] of originals) writeFileSync(join(copy, file), original);
  for (const [finding, rule, , , , test] of round) {
    const succeeds = test.split('|').filter((name) => failed.has(name));
    if (succeeds.length === 0) held++;
    console.log(`| ${finding} | ${rule} | \`${(succeeds.length ? succeeds : test.split('|')).join('`, `')}\` | ${succeeds.length ? 'yes' : 'NO'} |`);
  }
}
process.exit(held === 0 ? 0 : 1);
