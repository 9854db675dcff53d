/**
 * The histories that `npm run sim -- --seed N --runs N` names, with `--events N,...` only these events of one;
 * otherwise some that are new with every run.
 */

import process from 'node:process';
import { test } from 'vitest';
import { historyOf } from './history.ts';
import { describeHistories, expectPeace } from './playing.ts';
import { only } from './shrink.ts';

const { RSERPOOL_SIM_SEED, RSERPOOL_SIM_RUNS, RSERPOOL_SIM_EVENTS } = process.env;
const FRESH_RUNS = 30;

if (RSERPOOL_SIM_EVENTS !== undefined) {
  test('a scope ends with one view of the living pool elements after some events of one seed', () => {
    const numbers = RSERPOOL_SIM_EVENTS.split(',').map(Number);
    expectPeace(only(historyOf(Number(RSERPOOL_SIM_SEED ?? 1)), numbers));
  });
} else if (RSERPOOL_SIM_SEED !== undefined || RSERPOOL_SIM_RUNS !== undefined) {
  const first = Number(RSERPOOL_SIM_SEED ?? 1);
  describeHistories('named seeds', first, Number(RSERPOOL_SIM_RUNS ?? 10_000));
} else {
  // As many digits as `npm run sim` takes.
  const first = 1 + (Date.now() % 999_999_900);
  console.info(`fresh histories: npm run sim -- --seed ${first} --runs ${FRESH_RUNS}`);
  describeHistories('fresh seeds', first, FRESH_RUNS);
}
