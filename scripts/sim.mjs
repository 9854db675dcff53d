/**
 * `npm run sim -- [--seed N] [--runs N]`: plays histories of simulated scopes, 10 000 where not told. With
 * `--events N,...` only these events of one history: what a failing run tells to repeat.
 */

import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { root, setupOrExit } from './setup.mjs';

const { seed, runs, events } = options();
setupOrExit();
const environment = {
  ...process.env,
  RSERPOOL_SIM_SEED: seed,
  RSERPOOL_SIM_RUNS: runs,
  ...(events === undefined ? {} : { RSERPOOL_SIM_EVENTS: events }),
};
// Ten thousand take an hour: each ten are told of when they have been played.
const vitest = [
  'node_modules/vitest/vitest.mjs',
  'run',
  '--reporter=verbose',
  'test/sim/histories.test.ts',
];
const { status } = spawnSync(process.execPath, vitest, {
  cwd: root,
  env: environment,
  stdio: 'inherit',
});
process.exitCode = status ?? 1;

function options() {
  try {
    const { values } = parseArgs({
      options: {
        seed: { type: 'string', default: '1' },
        runs: { type: 'string', default: '10000' },
        events: { type: 'string' },
      },
    });
    const { events, ...numbers } = values;
    if (events !== undefined && !/^\d{1,3}(,\d{1,3})*$/.test(events)) {
      throw new Error('--events: give numbers with commas between them.');
    }
    for (const [name, value] of Object.entries(numbers)) {
      if (!/^[1-9]\d{0,8}$/.test(value)) throw new Error(`--${name}: give a whole number from 1.`);
    }
    return values;
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exit(2);
  }
}
