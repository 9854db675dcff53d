/**
 * Histories of whole scopes: crashes, restarts, partitions, cuts and new pool elements, then peace; by then all
 * registrars know the same, which is what lives. Some seeds are always the same, some are new with every run;
 * `npm run sim -- --seed N --runs N` plays those that it is told.
 */

import process from 'node:process';
import { describe, expect, test } from 'vitest';
import { play } from './history.ts';

const { RSERPOOL_SIM_SEED, RSERPOOL_SIM_RUNS } = process.env;
const PER_TEST = 10;

/** First seeds of tests that play ten each. */
function tens(first: number, runs: number): number[] {
  return Array.from({ length: Math.ceil(runs / PER_TEST) }, (_, index) => first + PER_TEST * index);
}

function expectPeace(seed: number): void {
  const { faults, transcript } = play(seed);
  const replay = `npm run sim -- --seed ${seed} --runs 1`;
  expect(faults, `${transcript.join('\n')}\nAgain: ${replay}`).toEqual([]);
}

const lastWanted =
  RSERPOOL_SIM_RUNS === undefined
    ? Number.POSITIVE_INFINITY
    : Number(RSERPOOL_SIM_SEED ?? 1) + Number(RSERPOOL_SIM_RUNS);
const fresh = Date.now() % 2 ** 31;
const groups =
  RSERPOOL_SIM_SEED === undefined && RSERPOOL_SIM_RUNS === undefined
    ? { fixed: tens(1, 250), fresh: tens(fresh, 50) }
    : { wanted: tens(Number(RSERPOOL_SIM_SEED ?? 1), Number(RSERPOOL_SIM_RUNS ?? 10_000)) };

describe.each(Object.entries(groups))(
  'a scope ends with one view of what lives, %s',
  (_, firsts) => {
    test.each(firsts)('from seed %i on', (first) => {
      const last = Math.min(first + PER_TEST, lastWanted);
      for (let seed = first; seed < last; seed++) expectPeace(seed);
    });
  },
);

test('the same seed is the same history', () => {
  expect(play(1).transcript).toEqual(play(1).transcript);
  expect(play(1).transcript).not.toEqual(play(2).transcript);
});
