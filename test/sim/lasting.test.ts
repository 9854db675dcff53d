/** That states which flap are found like states which last. */

import { expect, test } from 'vitest';
import { Lasting } from './lasting.ts';

/** When complaints come, where `found` tells of each second whether it is so. */
function complaintsAt(found: readonly boolean[], limitMs: number): number[] {
  const lasting = new Lasting<string>();
  return found.flatMap((isFound, second) =>
    lasting.note(1_000 * second, new Set(isFound ? ['it'] : []), limitMs).map(() => second),
  );
}

const [yes, no] = [true, false];

test.each([
  ['what lasts no longer than it may', [yes, yes, yes, no, no, no, no], []],
  ['what lasts: once', [yes, yes, yes, yes, yes, yes], [3]],
  ['what comes and goes', [yes, yes, yes, no, yes, yes], [5]],
  ['what comes and goes, and is mostly not so', [yes, yes, no, no, yes, yes, no, no, yes, yes], []],
])('%s', (_, found, complaints) => {
  expect(complaintsAt(found, 2_000)).toEqual(complaints);
});

test('what is forgotten has not lasted yet', () => {
  const lasting = new Lasting<string>();
  const found = new Set(['it']);
  for (let at = 0; at <= 2_000; at += 500) lasting.note(at, found, 2_000);
  lasting.forget('it');
  expect(lasting.note(2_500, found, 2_000)).toEqual([]);
  expect(lasting.note(4_500, found, 2_000)).toEqual([]);
  expect(lasting.note(5_000, found, 2_000)).toEqual(['it']);
});
