/**
 * Worker threads alone load the addon, and end in every way while they use it. `RSERPOOL_LONG=1`: 100 generations,
 * of which the last 90 may not add to the memory of the process.
 */

import { describe, expect, test } from 'vitest';
import { isLong } from '../support/long.ts';
import { loopbackNetwork } from '../support/loopback.ts';
import { outputOf } from './child.ts';

const GENERATIONS = isLong ? 100 : 10;
const TIMEOUT_MS = isLong ? 1_200_000 : 180_000;

/** After the first generation: what Node.js, V8 and the allocators keep for reuse. */
const KEPT_BYTES = 32 << 20;

/** After the tenth generation: nothing, but for what the process's memory varies by. */
const GROWTH_BYTES = 10 << 20;

describe('generations of 8 workers that alone load the addon', () => {
  test(
    `return, are terminated, exit or throw while busy, ${GENERATIONS} times, and leave no memory behind`,
    async () => {
      const args = [String(GENERATIONS), loopbackNetwork];
      const output = await outputOf('generations.mjs', args, TIMEOUT_MS);
      const rssBytes = JSON.parse(output) as number[];
      expect(rssBytes).toHaveLength(GENERATIONS);
      const [first, tenth, last] = [0, 9, -1].map((at) => rssBytes.at(at) as number) as Sizes;
      expect(last - first, `after each generation: ${rssBytes}`).toBeLessThan(KEPT_BYTES);
      expect(last - tenth, `after each generation: ${rssBytes}`).toBeLessThan(GROWTH_BYTES);
    },
    TIMEOUT_MS,
  );
});

type Sizes = [number, number, number];
