/**
 * Worker threads alone load the addon, and end in every way while they use it. `RSERPOOL_LONG=1`: 100 generations,
 * and a bound on memory.
 */

import process from 'node:process';
import { describe, expect, test } from 'vitest';
import { loopbackNetwork } from '../support/loopback.ts';
import { outputOf } from './child.ts';

const isLong = process.env.RSERPOOL_LONG === '1';
const GENERATIONS = isLong ? 100 : 10;
/** Generations after which everything that is kept for reuse is there. */
const WARM_UP = 10;
const GROWTH_BYTES = 10 << 20;
const TIMEOUT_MS = isLong ? 1_200_000 : 180_000;

describe('generations of 8 workers that alone load the addon', () => {
  test(
    `return, are terminated, exit or throw while busy, ${GENERATIONS} times, and leave no memory behind`,
    async () => {
      const output = await outputOf(
        'generations.mjs',
        [String(GENERATIONS), loopbackNetwork],
        TIMEOUT_MS,
      );
      const rssBytes = JSON.parse(output) as number[];
      expect(rssBytes).toHaveLength(GENERATIONS);
      const [warm, last] = [rssBytes[WARM_UP - 1] as number, rssBytes.at(-1) as number];
      expect(last - warm, `after each generation: ${rssBytes}`).toBeLessThanOrEqual(GROWTH_BYTES);
    },
    TIMEOUT_MS,
  );
});
