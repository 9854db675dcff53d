/** How often each element comes first in the answers of a handlespace, for every policy (RFC 5356). */

import { describe, expect, test } from 'vitest';
import { Handlespace } from '../../src/handlespace/handlespace.ts';
import type { Policy, Profile } from '../../src/wire/parameters.ts';
import { registration } from '../support/registrations.ts';

/** A multiple of every cycle below. */
const ROUNDS = 600;
const DRAWS = 3_000;
const SIZES = [1, 2, 3, 4, 5];
const ITEMS = [1, 2, 3, 4, 5, 6];

/** The share of each element among the first ones of that many answers. */
function firstShares(
  policies: readonly Policy[],
  items: number,
  profile: Profile,
  rounds: number,
): number[] {
  const handlespace = new Handlespace({ seed: 1n, profile });
  for (const [index, policy] of policies.entries()) {
    handlespace.register(0, registration({ id: index + 1, policy }));
  }
  const firsts = policies.map(() => 0);
  for (let round = 0; round < rounds; round++) {
    const first = handlespace.resolve('EchoPool', { items })?.[0];
    firsts[Number(first?.id) - 1] = (firsts[Number(first?.id) - 1] ?? 0) + 1;
  }
  handlespace.close();
  return firsts.map((count) => count / rounds);
}

function expectShares(
  policies: readonly Policy[],
  weights: readonly number[],
  { tolerance = 0.05, profile = 'rsplib' as Profile, rounds = ROUNDS } = {},
): void {
  for (const size of SIZES.filter((one) => one <= policies.length)) {
    const whole = weights.slice(0, size).reduce((sum, weight) => sum + weight, 0);
    for (const items of ITEMS) {
      const shares = firstShares(policies.slice(0, size), items, profile, rounds);
      for (const [index, share] of shares.entries()) {
        const expected = (weights[index] ?? 0) / whole;
        const text = `${size} elements, ${items} items: ${shares.join(' ')}`;
        expect(Math.abs(share - expected), text).toBeLessThanOrEqual(expected * tolerance);
      }
    }
  }
}

const quarter = 0x4000_0000;

describe('the first element of an answer', () => {
  test.each<Policy>([
    { type: 'roundRobin' },
    { type: 'weightedRoundRobin', weight: 3 },
    { type: 'priority', priority: 3 },
    { type: 'leastUsed', load: quarter },
    { type: 'leastUsedDegradation', load: quarter, loadDegradation: 1_000 },
    { type: 'leastUsedDegradation', load: quarter, loadDegradation: quarter },
    { type: 'priorityLeastUsed', load: quarter, loadDegradation: 1_000 },
  ])('is each of equal elements equally often, whatever the number of items: $type', (policy) => {
    const policies = SIZES.map(() => policy);
    for (const profile of ['rsplib', 'rfc'] as const) {
      expectShares(
        policies,
        SIZES.map(() => 1),
        { tolerance: 0.02, profile },
      );
    }
  });

  test.each<Policy>([
    { type: 'random' },
    { type: 'weightedRandom', weight: 3 },
    { type: 'randomizedLeastUsed', load: quarter },
  ])('is any of equal elements with the same probability: $type', (policy) => {
    expectShares(
      SIZES.map(() => policy),
      SIZES.map(() => 1),
      { tolerance: 0.15, rounds: DRAWS },
    );
  });

  test('is an element in proportion to its weight', () => {
    const weights = [4, 2, 1, 3, 2];
    const policies = (type: 'weightedRoundRobin' | 'weightedRandom') =>
      weights.map((weight) => ({ type, weight }));
    expectShares(policies('weightedRoundRobin'), weights, { tolerance: 0.01 });
    expectShares(policies('weightedRandom'), weights, { tolerance: 0.25, rounds: DRAWS });
  });

  test('is an element in proportion to its spare load by randomizedLeastUsed', () => {
    const quarters = [2, 0, 3, 1, 2];
    const policies = quarters.map(
      (load): Policy => ({ type: 'randomizedLeastUsed', load: load * quarter }),
    );
    const spare = quarters.map((load) => 4 - load);
    expectShares(policies, spare, { tolerance: 0.25, rounds: DRAWS });
  });

  test('is one of the best, each equally often, by priority and the least used policies', () => {
    const best = [1, 1, 0, 1, 0];
    const valued = (make: (value: number) => Policy) =>
      expectShares(best.map(make), best, { tolerance: 0.01 });
    valued((value) => ({ type: 'priority', priority: value }));
    valued((value) => ({ type: 'leastUsed', load: quarter - value }));
    valued((value) => ({
      ...{ type: 'priorityLeastUsed', load: quarter - value, loadDegradation: quarter },
    }));
  });

  test('is an element the less often the more it degrades, once loads are level', () => {
    const degradations = [600, 300, 200, 300, 600];
    const policies = degradations.map(
      (loadDegradation): Policy => ({ type: 'leastUsedDegradation', load: 0, loadDegradation }),
    );
    const weights = degradations.map((degradation) => 1 / degradation);
    expectShares(policies, weights, { tolerance: 0.03 });
  });
});
