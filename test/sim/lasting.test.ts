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
