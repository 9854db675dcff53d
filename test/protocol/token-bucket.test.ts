/** The rates of an association (security.md 3). */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tokenBucket } from '../../src/protocol/token-bucket.ts';

/** How many of the messages at `times` pass. */
function passing(ratePerSecond: number, burst: number, times: readonly number[]): number[] {
  const bucket = tokenBucket(ratePerSecond, burst);
  return times.filter((now) => {
    if (!bucket.isOpen(now)) return false;
    bucket.take();
    return true;
  });
}

describe('a rate of messages', () => {
  test('lets a burst pass, then as many as the rate says', () => {
    const everyMs = Array.from({ length: 1_000 }, (_, i) => 5_000 + i);
    expect(passing(10, 16, everyMs)).toHaveLength(16 + 9);
  });

  test('that is below 1 lets one pass now and then', () => {
    expect(passing(0.5, 1, [0, 1_000, 1_999, 2_000, 3_000, 4_000])).toEqual([0, 2_000, 4_000]);
  });

  test('does not save up more than a burst', () => {
    expect(passing(1_000, 2, [0, 60_000, 60_000, 60_000])).toHaveLength(3);
  });

  test('of 0 lets everything pass', () => {
    expect(passing(0, 1, new Array(1_000).fill(0))).toHaveLength(1_000);
  });

  test('is kept over any stretch of time', () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(
        gaps,
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 20 }),
        (gaps, rate, burst) => {
          let now = 0;
          const times = gaps.map((gap) => {
            now += gap;
            return now;
          });
          const passed = passing(rate, burst, times);
          for (const [i, from] of passed.entries()) {
            const until = passed.at(-1) ?? from;
            const most = burst + ((until - from) / 1_000) * rate;
            expect(passed.length - i).toBeLessThanOrEqual(Math.floor(most + 1e-6));
          }
        },
      ),
      { seed: 1 },
    );
  });
});
