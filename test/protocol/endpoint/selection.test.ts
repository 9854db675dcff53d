/** Selection on the pool user's side (RFC 5356): by which policy, and in which order elements join a pool. */

import { describe, expect, test } from 'vitest';
import { Handlespace } from '../../../src/handlespace/handlespace.ts';
import { CachedPool } from '../../../src/protocol/endpoint/cached-pool.ts';
import { candidatesOf, isAdaptive, spread } from '../../../src/protocol/endpoint/selection.ts';
import type { AsapHandleResolutionResponse } from '../../../src/wire/asap-messages.ts';
import type { Policy, PoolElementParameter } from '../../../src/wire/parameters.ts';
import { elements, found } from './support.ts';

const idsOf = (list: readonly PoolElementParameter[]) => list.map(({ id }) => Number(id));

const answerOf = (list: readonly PoolElementParameter[], policy?: Policy) =>
  found(list, policy && { policy }) as AsapHandleResolutionResponse;

/** Elements 1, 2, 3 ... with these policies. */
const withPolicies = (policies: readonly Policy[]) =>
  policies.flatMap((policy, index) => elements([index + 1], policy));

function cachedPool(answer: AsapHandleResolutionResponse): CachedPool {
  const pool = new CachedPool(new Handlespace({ seed: 1n }), 'pool');
  pool.update(answer, 128);
  return pool;
}

describe('the candidates of an answer', () => {
  test('are its elements with their policies', () => {
    const list = withPolicies([
      { type: 'weightedRoundRobin', weight: 3 },
      { type: 'weightedRoundRobin', weight: 1 },
    ]);
    expect(candidatesOf(answerOf(list)).map(({ policy }) => policy)).toEqual([
      { type: 'weightedRoundRobin', weight: 3 },
      { type: 'weightedRoundRobin', weight: 1 },
    ]);
  });

  test('are without those that have another policy than the pool (decision 39)', () => {
    const list = withPolicies([
      { type: 'priority', priority: 1 },
      { type: 'roundRobin' },
      { type: 'priority', priority: 2 },
    ]);
    const pool = cachedPool(answerOf(list));
    expect(candidatesOf(answerOf(list)).map(({ element }) => element.id)).toEqual([1, 3]);
    expect(idsOf(pool.select(3))).toEqual([3, 1, 2]); // a backup all the same
    expect(idsOf(pool.select(2))).toEqual([3, 1]);
  });

  test('go round robin without a policy parameter (RFC 5352 §2.2.6), or if none has the policy', () => {
    const weighted = elements([1, 2], { type: 'weightedRandom', weight: 1 });
    for (const answer of [
      { ...answerOf(elements([1, 2])), policy: undefined },
      { ...answerOf(weighted), policy: undefined },
      answerOf(weighted, { type: 'priority', priority: 1 }),
    ]) {
      const pool = cachedPool(answer);
      expect([pool.select(2), pool.select(2), pool.select(2)].map(idsOf)).toEqual([
        ...[
          [2, 1],
          [1, 2],
          [2, 1],
        ],
      ]);
    }
  });

  test('keep the order of the registrar by a policy that the core does not know', () => {
    const unknown: Policy = { type: 'unknown', policyType: 6, bytes: new Uint8Array() };
    const pool = cachedPool(answerOf(elements([3, 1, 2], unknown)));
    expect([pool.select(3), pool.select(3)].map(idsOf)).toEqual([
      [3, 1, 2],
      [3, 1, 2],
    ]);
  });

  test('are adaptive from policy number 0x40000000 on', () => {
    const unknown = (policyType: number): Policy => ({
      ...{ type: 'unknown', policyType, bytes: new Uint8Array() },
    });
    expect(isAdaptive(answerOf(elements([1], unknown(0x3fff_ffff))))).toBe(false);
    expect(isAdaptive(answerOf(elements([1], unknown(0x4000_0009))))).toBe(true);
    expect(isAdaptive({ ...answerOf(elements([1])), policy: undefined })).toBe(false);
  });
});

describe('a pool in the cache', () => {
  test('follows a change of the policy and of the weights', () => {
    const weights = (a: number, b: number) =>
      answerOf(withPolicies([a, b].map((weight) => ({ type: 'weightedRoundRobin', weight }))));
    const firsts = () => Array.from({ length: 4 }, () => idsOf(pool.select(1))[0]).sort();
    const pool = cachedPool(answerOf(elements([1, 2, 3])));
    pool.update(weights(3, 1), 128);
    expect(firsts()).toEqual([1, 1, 1, 2]);
    pool.update(weights(1, 3), 128);
    firsts();
    expect(firsts()).toEqual([1, 2, 2, 2]);
  });

  test('has nothing left once all its elements were removed', () => {
    const pool = cachedPool(answerOf(elements([1, 2])));
    for (const { id } of elements([1, 2])) pool.remove(id);
    expect(pool.suffices(1)).toBe(false);
    expect(pool.select(1)).toEqual([]);
    pool.update(answerOf(elements([2])), 128);
    expect(idsOf(pool.select(1))).toEqual([2]);
  });
});

describe('the places at which pool users begin', () => {
  /** The first place of each of these pool users, whose answers come one after the other. */
  const places = (size: number, users: number) =>
    Array.from({ length: users }, (_, user) => {
      const order = Array.from({ length: size }, (_, index) => 1 + ((user + index) % size));
      const [first] = spread(candidatesOf(answerOf(elements(order))));
      return Number(first?.element.id);
    });

  test('leave the first one of the registrar, which has had its turn, for the end of the round', () => {
    for (let size = 1; size <= 128; size++) {
      const order = Array.from({ length: size }, (_, index) => 1 + ((index + 7) % size));
      const places = spread(candidatesOf(answerOf(elements(order))));
      expect(places.at(-1)?.element.id, `${size} elements`).toBe(order[0]);
      expect(new Set(places).size, `${size} elements`).toBe(size);
    }
  });

  test('leave no large gap for ten pool users', () => {
    for (let size = 20; size <= 128; size++) {
      const sorted = places(size, 10).sort((a, b) => a - b);
      const gaps = sorted.map((place, at) => (sorted[at + 1] ?? (sorted[0] ?? 0) + size) - place);
      expect(Math.max(...gaps), `${size} elements`).toBeLessThanOrEqual(Math.ceil(0.3 * size));
    }
  });
});
