/** Selection on the pool user's side (RFC 5356), by policy. */

import { describe, expect, test } from 'vitest';
import { Answer } from '../../../src/protocol/endpoint/answer.ts';
import { select } from '../../../src/protocol/endpoint/selection.ts';
import { seededRandom } from '../../../src/protocol/random.ts';
import type { AsapHandleResolutionResponse } from '../../../src/wire/asap-messages.ts';
import type { Policy, PoolElementParameter } from '../../../src/wire/parameters.ts';
import { elements, found } from './support.ts';

const idsOf = (list: readonly PoolElementParameter[]) => list.map(({ id }) => Number(id));

/** Elements 1, 2, 3 ... with these policies. */
const withPolicies = (policies: readonly Policy[]) =>
  policies.flatMap((policy, index) => elements([index + 1], policy));

describe('selection by the pool user', () => {
  test.each(['roundRobin', 'weightedRoundRobin'] as const)(
    'goes round the list by %s (RFC 5356 §4.1, §4.2)',
    (type) => {
      const orders = [0, 1, 2, 3].map((uses) =>
        idsOf(select(type, elements([1, 2, 3]), uses, seededRandom(1n))),
      );
      expect(orders).toEqual([
        [1, 2, 3],
        [2, 3, 1],
        [3, 1, 2],
        [1, 2, 3],
      ]);
    },
  );

  test.each([
    'priority',
    'leastUsed',
    'leastUsedDegradation',
    'priorityLeastUsed',
    'unknown',
  ] as const)(
    'keeps the order of the registrar by %s: the others are backups (RFC 5356)',
    (type) => {
      for (const uses of [0, 1, 2]) {
        const order = select(type, elements([3, 1, 2]), uses, seededRandom(1n));
        expect(idsOf(order)).toEqual([3, 1, 2]);
      }
    },
  );

  test('gives every order of three the same chance by random (RFC 5356 §4.3)', () => {
    const random = seededRandom(5n);
    const counts = new Map<string, number>();
    for (let draws = 0; draws < 6_000; draws++) {
      const order = idsOf(select('random', elements([1, 2, 3]), draws, random)).join();
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    const expected = [...counts.keys()].map((order) => [counts.get(order) ?? 0, 1_000] as const);
    expect(chiSquare(expected)).toBeLessThan(20.5); // 5 degrees of freedom, p = 0.001
  });

  test('draws the first by weight, the second by weight among the others (RFC 5356 §4.4)', () => {
    const weights = [100, 50, 50];
    const pool = withPolicies(weights.map((weight) => ({ type: 'weightedRandom', weight })));
    const random = seededRandom(5n);
    const counts = new Map<string, number>();
    const draws = 12_000;
    for (let draw = 0; draw < draws; draw++) {
      const order = idsOf(select('weightedRandom', pool, draw, random))
        .slice(0, 2)
        .join();
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    // P(first) x P(second among the rest), in sixths and twelfths.
    const chances = {
      ...{ '1,2': 1 / 4, '1,3': 1 / 4 },
      ...{ '2,1': 1 / 6, '2,3': 1 / 12, '3,1': 1 / 6, '3,2': 1 / 12 },
    };
    const expected = Object.entries(chances).map(
      ([order, chance]) => [counts.get(order) ?? 0, chance * draws] as const,
    );
    expect(chiSquare(expected)).toBeLessThan(20.5);
  });

  test('draws by what is left of the capacity by randomised least used (RFC 5356 §5.4)', () => {
    const loads = [0, 0x8000_0000, 0xffff_ffff];
    const pool = withPolicies(loads.map((load) => ({ type: 'randomizedLeastUsed', load })));
    const random = seededRandom(9n);
    const first = [0, 0, 0];
    for (let draw = 0; draw < 9_000; draw++) {
      const [id = 0] = idsOf(select('randomizedLeastUsed', pool, draw, random));
      first[id - 1] = (first[id - 1] ?? 0) + 1;
    }
    expect(first[2]).toBe(0); // fully loaded: next to never, and never left out
    const expected = [
      [first[0] ?? 0, 6_000],
      [first[1] ?? 0, 3_000],
    ] as const;
    expect(chiSquare(expected)).toBeLessThan(10.8); // 1 degree of freedom, p = 0.001
    expect(idsOf(select('randomizedLeastUsed', pool, 0, random))).toHaveLength(3);
  });

  test('puts weight 0 last, and gives all the same chance when all have it', () => {
    const some = withPolicies([0, 1, 0].map((weight) => ({ type: 'weightedRandom', weight })));
    const none = withPolicies([0, 0, 0].map((weight) => ({ type: 'weightedRandom', weight })));
    const random = seededRandom(3n);
    const firsts = new Set<number>();
    for (let draw = 0; draw < 100; draw++) {
      expect(idsOf(select('weightedRandom', some, draw, random))[0]).toBe(2);
      firsts.add(idsOf(select('weightedRandom', none, draw, random))[0] ?? 0);
    }
    expect([...firsts].sort()).toEqual([1, 2, 3]);
  });

  test('names every element once, whatever the policy', () => {
    const types = ['roundRobin', 'random', 'weightedRandom', 'randomizedLeastUsed'] as const;
    for (const type of types) {
      for (const count of [0, 1, 5]) {
        const ids = Array.from({ length: count }, (_, index) => index + 1);
        const order = idsOf(select(type, elements(ids), 7, seededRandom(1n)));
        expect([...order].sort()).toEqual(ids);
      }
    }
  });
});

describe('an answer', () => {
  const answer = (ids: readonly number[], items?: number) =>
    new Answer(found(elements(ids)) as AsapHandleResolutionResponse, items, seededRandom(1n));

  test('keeps the order of the registrar for its first use, and goes on from there', () => {
    const one = answer([3, 1, 2]);
    expect([one.use(), one.use(), one.use(), one.use()].map(idsOf)).toEqual([
      [3, 1, 2],
      [1, 2, 3],
      [2, 3, 1],
      [3, 1, 2],
    ]);
    expect(idsOf(one.use(2))).toEqual([1, 2]);
  });

  test('is round robin when the registrar names no policy (RFC 5352 §2.2.6)', () => {
    const response = { ...found(elements([1, 2])), policy: undefined };
    const one = new Answer(response as AsapHandleResolutionResponse, undefined, seededRandom(1n));
    expect([one.use(), one.use()].map(idsOf)).toEqual([
      [1, 2],
      [2, 1],
    ]);
  });

  test('suffices for the same question, and for fewer elements than it names', () => {
    const one = answer([1, 2, 3], 3);
    expect([1, 2, 3, 4, undefined].map((items) => one.suffices(items))).toEqual([
      ...[true, true, true, false, false],
    ]);
    const whole = answer([1, 2], 5); // there were no more
    expect(whole.suffices(5)).toBe(true);
    const free = answer([1, 2, 3]);
    expect([undefined, 3, 4].map((items) => free.suffices(items))).toEqual([true, true, false]);
  });

  test('does not hand out an element again that could not be reached, nor suffice without any', () => {
    const one = answer([1, 2]);
    one.remove(elements([1])[0]?.id as never);
    expect(idsOf(one.use())).toEqual([2]);
    one.remove(elements([2])[0]?.id as never);
    expect(one.suffices(undefined)).toBe(false);
    expect(answer([]).suffices(undefined)).toBe(false);
  });
});

function chiSquare(counts: readonly (readonly [observed: number, expected: number])[]): number {
  return counts.reduce(
    (sum, [observed, expected]) => sum + (observed - expected) ** 2 / expected,
    0,
  );
}
