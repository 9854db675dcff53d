/** That the simulator finds faults: procedures that are broken on purpose, each found within 300 histories. */

import { afterEach, expect, test, vi } from 'vitest';
import type { EnrpContext } from '../../src/protocol/enrp/context.ts';
import type { Peer } from '../../src/protocol/enrp/peers.ts';
import type { EnrpHandleUpdate } from '../../src/wire/enrp-messages.ts';

const MOST_SEEDS = 300;
const enrp = '../../src/protocol/enrp';

/** What is wrong, in which file, and what stands there instead. */
const MUTANTS: readonly [string, string, () => object][] = [
  ['nobody compares checksums', `${enrp}/audit.ts`, () => ({ audit: () => {} })],
  ['what a table does not name is kept', `${enrp}/store.ts`, () => ({ removeRemote: () => {} })],
  [
    'nobody takes over from a dead peer',
    `${enrp}/takeover.ts`,
    () => ({
      onPeerDead: (_context: EnrpContext, _now: number, peer: Peer) => {
        peer.deadline = Number.POSITIVE_INFINITY;
      },
    }),
  ],
  [
    'the elements of a home that is no peer are left alone',
    `${enrp}/orphans.ts`,
    () => ({ noteHome: () => {} }),
  ],
  [
    'a DEL_PE is obeyed from anybody, and nothing else is heard of updates',
    `${enrp}/handle-update.ts`,
    () => ({
      onHandleUpdate: ({ handlespace }: EnrpContext, ...rest: unknown[]) => {
        const { action, poolHandle, poolElement } = rest[2] as EnrpHandleUpdate;
        if (action === 1) handlespace.deregister(poolHandle, poolElement.id);
      },
    }),
  ],
];

afterEach(() => {
  vi.resetModules();
});

test.each(MUTANTS)('it is found when %s', async (_, file, broken) => {
  vi.doMock(file, async (original) => {
    const module = (await original()) as object;
    return { ...module, ...broken() };
  });
  const { play } = await import('./history.ts');
  let seed = 1;
  while (seed <= MOST_SEEDS && isWell(play, seed)) seed += 1;
  vi.doUnmock(file);
  expect(seed).toBeLessThanOrEqual(MOST_SEEDS);
});

function isWell(play: typeof import('./history.ts').play, seed: number): boolean {
  try {
    return play(seed).faults.length === 0;
  } catch (error) {
    // An invariant did not hold. Anything else is a fault of the mutant.
    if (error instanceof Error && error.message.includes('is inconsistent')) return false;
    throw error;
  }
}
