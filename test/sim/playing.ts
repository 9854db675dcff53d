/** Playing histories in tests: each must end in peace; one that does not is shortened and shown. */

import { describe, expect, test } from 'vitest';
import { type History, historyOf } from './history.ts';
import { type Outcome, play } from './play.ts';
import { shrink } from './shrink.ts';

const PER_TEST = 10;
const TEST_LIMIT_MS = 300_000;
const MOST_TRIALS = 100;

/** Expects that the history ends without faults; otherwise fails with the shortest one found that still has faults. */
export function expectPeace(history: History, playOne: (history: History) => Outcome = play): void {
  if (playOne(history).faults.length === 0) return;
  const short = shrink(history, (one) => play(one).faults.length > 0, MOST_TRIALS);
  const events = short.events.map(({ number }) => number).join() || '0';
  const replay = `npm run sim -- --seed ${history.seed} --events ${events}`;
  const { transcript, faults } = play(short);
  expect.fail(`${transcript.join('\n')}\n${faults.join('\n')}\nAgain: ${replay}`);
}

/** Declares the tests of `runs` histories from seed `first` on, ten in a test. */
export function describeHistories(
  kind: string,
  first: number,
  runs: number,
  playOne?: (history: History) => Outcome,
): void {
  const end = first + runs;
  const firsts = Array.from(
    { length: Math.ceil(runs / PER_TEST) },
    (_, index) => first + PER_TEST * index,
  );
  describe(`a scope ends with one view of the living pool elements, ${kind}`, () => {
    test.each(firsts)(
      'from seed %i on',
      (from) => {
        const last = Math.min(from + PER_TEST, end);
        for (let seed = from; seed < last; seed++) expectPeace(historyOf(seed), playOne);
      },
      TEST_LIMIT_MS,
    );
  });
}
