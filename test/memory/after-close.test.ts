/**
 * Memory after `close()`: what is opened and closed again and again, in a process that never asks for a
 * garbage collection, takes no more memory after many cycles than after a tenth of them.
 */

import { execFile } from 'node:child_process';
import path from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { isLong } from '../support/long.ts';
import { loopbackNetwork } from '../support/loopback.ts';

const MIB = 1 << 20;

/**
 * What V8's old generation and the allocators may take between two of their own collections. What finalizers
 * alone gave back was 0.3 MiB for each pool user: 100 MiB and more in the shortest of these runs.
 */
const MAX_GROWTH_BYTES = 10 * MIB;

/**
 * The cycles after which memory is compared, usually and with RSERPOOL_LONG=1. Cycles of handlespaces are so
 * many that V8 has collected its old generation once before the first look.
 */
const CYCLES: Record<string, { usual: [number, number]; long: [number, number] }> = {
  poolUsers: { usual: [500, 1_500], long: [1_000, 10_000] },
  poolElements: { usual: [500, 1_500], long: [1_000, 10_000] },
  registrars: { usual: [100, 1_000], long: [100, 1_000] },
  handlespaces: { usual: [1_000, 4_000], long: [1_000, 10_000] },
  failures: { usual: [170, 700], long: [170, 1_700] }, // six in each
  associations: { usual: [100, 1_000], long: [1_000, 10_000] },
};

const CHURN = isLong ? ([100, 1_000] as const) : ([50, 250] as const);

/** Per pool element this is less than the smallest object. */
const MAX_KEPT_BYTES = 1 * MIB;

const program = path.join(import.meta.dirname, 'cycles.mjs');

/** Growth of the process between `few` and `many` cycles. */
async function growthOf(
  kind: string,
  [few, many]: readonly [number, number],
  nodeOptions: readonly string[] = [],
): Promise<NodeJS.MemoryUsage> {
  const args = [...nodeOptions, program, kind, String(few), String(many), loopbackNetwork];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const [before, after] = JSON.parse(stdout) as NodeJS.MemoryUsage[];
  if (before === undefined || after === undefined) throw new Error(`no memory in ${stdout}`);
  const growth = { ...after };
  for (const name of Object.keys(growth) as (keyof NodeJS.MemoryUsage)[]) {
    growth[name] -= before[name];
  }
  return growth;
}

describe('memory after close', () => {
  for (const [kind, { usual, long }] of Object.entries(CYCLES)) {
    const cycles = isLong ? long : usual;
    test(`is the same after ${cycles[1]} cycles of ${kind} as after ${cycles[0]}`, async () => {
      const growth = await growthOf(kind, cycles);
      expect(growth.rss, JSON.stringify(growth)).toBeLessThan(MAX_GROWTH_BYTES);
      expect(growth.external, JSON.stringify(growth)).toBeLessThan(MAX_GROWTH_BYTES);
    }, 3_600_000);
  }

  test(`of a registrar is the same when ${CHURN[1]}00 pool elements have come and gone as when ${CHURN[0]}00 had`, async () => {
    // What is kept is asked for here: V8's young generation, which grows by itself up to twice 16 MiB, is not.
    const growth = await growthOf('churn', CHURN, ['--expose-gc', '--max-semi-space-size=1']);
    expect(growth.rss, JSON.stringify(growth)).toBeLessThan(MAX_GROWTH_BYTES);
    expect(growth.heapUsed, JSON.stringify(growth)).toBeLessThan(MAX_KEPT_BYTES);
    expect(growth.external, JSON.stringify(growth)).toBeLessThan(MAX_KEPT_BYTES);
  }, 3_600_000);
});
