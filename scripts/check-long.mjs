/**
 * `npm run check:long`: the searches that are too long for every push, meant to take at most 80 minutes on two cores.
 * Simulated histories, damaged packets, the long variants of tests (RSERPOOL_LONG), independent SCTP implementations, and the
 * stress test beside real rsplib.
 *
 * Fresh seeds are printed, so that a failure can be repeated. The last line is `N passed, N failed, N skipped`.
 */

import { randomInt } from 'node:crypto';
import { cargoTest, finish, vitest } from './gates.mjs';
import { setupOrExit } from './setup.mjs';

/** Test files that try more, or run longer, with RSERPOOL_LONG=1. */
const LONG_FILES = [
  'test/wire/codec-properties.test.ts',
  'test/workers/generations.test.ts',
  'test/memory/after-close.test.ts',
];
/** Scenarios that run over both SCTP backends here, and over one of them with every push. */
const LONG_SCENARIOS = ['bad-network', 'crowd', 'bad-messages', 'interfaces'];
const FIXED_HISTORIES = { first: 61, runs: 540 };
const FRESH_HISTORIES = { first: randomInt(1, 900_000_000), runs: 2_400 };
const DAMAGED_PACKETS = 3_000_000;
const STRESS_MINUTES = 10;

setupOrExit();
// Two lanes for two cores, of about the same length.
await Promise.all([simulate(), search()]);
finish();

async function simulate() {
  await histories('fixed histories', FIXED_HISTORIES);
  await histories('fresh histories', { ...FRESH_HISTORIES, runs: FRESH_HISTORIES.runs / 2 });
}

async function search() {
  const isBeside = true;
  await vitest('long variants', [...LONG_FILES, '--maxWorkers=1'], {
    isBeside,
    env: { RSERPOOL_LONG: '1' },
  });
  await damagedPackets(isBeside);
  await vitest('independent peers', ['--project=peers', '--maxWorkers=1'], { isBeside });
  await vitest('stress beside rsplib', ['test/interop/stress.test.ts'], {
    isBeside,
    env: { RSERPOOL_STRESS_MINUTES: String(STRESS_MINUTES) },
  });
  const scenarios = LONG_SCENARIOS.map((name) => `test/interop/${name}.test.ts`);
  await vitest('scenarios over both backends', [...scenarios, '--maxWorkers=2'], {
    isBeside,
    env: { RSERPOOL_LONG: '1' },
  });
  const { first, runs } = FRESH_HISTORIES;
  await histories('more fresh histories', { first: first + runs / 2, runs: runs / 2 }, isBeside);
}

function histories(name, { first, runs }, isBeside = false) {
  console.log(`${name}: npm run sim -- --seed ${first} --runs ${runs}`);
  return vitest(name, ['test/sim/histories.test.ts'], {
    isBeside,
    env: { RSERPOOL_SIM_SEED: String(first), RSERPOOL_SIM_RUNS: String(runs) },
  });
}

function damagedPackets(isBeside) {
  const seed = randomInt(2 ** 40);
  console.log(`${DAMAGED_PACKETS} damaged packets a test, from seed ${seed} on`);
  const args = ['--package', 'rserpool-sctp', '--test', 'fuzz', '--', 'damaged'];
  return cargoTest('damaged packets', args, {
    isBeside,
    env: { RSERPOOL_FUZZ_PACKETS: String(DAMAGED_PACKETS), RSERPOOL_FUZZ_SEED: String(seed) },
  });
}
