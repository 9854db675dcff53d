/**
 * How often each element of a pool is the first one that a pool user is given (RFC 5356): pool users with
 * their caches at a handlespace that answers as a registrar does.
 */

import { describe, expect, test } from 'vitest';
import { Handlespace } from '../../../src/handlespace/handlespace.ts';
import type { PoolUserOptions } from '../../../src/protocol/endpoint/options.ts';
import type { Policy } from '../../../src/wire/parameters.ts';
import { registration } from '../../support/registrations.ts';
import { aPoolUser, notFound, POOL, type PoolUserScene } from './support.ts';

interface Course {
  readonly users?: number;
  readonly requests?: number;
  readonly items?: number | undefined;
  readonly isFresh?: boolean;
  /** Time from one request of a pool user to its next. */
  readonly everyMs?: number;
  readonly options?: Partial<PoolUserOptions>;
}

/** A registrar with one pool, and pool users that resolve it in turn. */
class World {
  readonly registrar = new Handlespace({ seed: 7n });
  readonly #users: PoolUserScene[];
  readonly #firsts = new Map<number, number>();
  #lastRequest = 0;
  /** Handle resolutions that the registrar has answered. */
  questions = 0;

  constructor(policies: readonly Policy[], users: number, options: Partial<PoolUserOptions>) {
    for (const [index, policy] of policies.entries()) {
      const id = index + 1;
      this.registrar.register(0, registration({ poolHandle: POOL, id, policy }));
    }
    this.#users = Array.from({ length: users }, (_, user) =>
      aPoolUser({ seed: BigInt(user + 1), options }),
    );
  }

  /** Returns how often each element came first. */
  run({ requests = 10_000, items, isFresh, everyMs = 1 }: Course, elements: number): number[] {
    for (let count = 0; count < requests; count++) {
      const scene = this.#users[count % this.#users.length] as PoolUserScene;
      this.#lastRequest += 1;
      const request = this.#lastRequest;
      scene.input({ type: 'resolve', request, poolHandle: POOL, items, isFresh });
      if (scene.calling.length > 0) scene.takesCall(1);
      this.#answer(scene);
      for (const event of scene.events()) this.#count(event);
      scene.advance(everyMs);
    }
    return Array.from({ length: elements }, (_, index) => this.#firsts.get(index + 1) ?? 0);
  }

  #answer(scene: PoolUserScene): void {
    for (const message of scene.sent(1)) {
      if (message.type !== 'ASAP_HANDLE_RESOLUTION') continue;
      this.questions += 1;
      const { poolHandle, items = 3 } = message;
      const out = new Uint8Array(65_536);
      const length = this.registrar.resolveInto(poolHandle, items, out, 0);
      scene.says(1, length === 0 ? notFound() : out.subarray(0, length));
    }
  }

  #count(event: { type: string; poolElements?: readonly { id: number }[] | undefined }): void {
    if (event.type !== 'resolved') throw new Error(`not resolved: ${event.type}`);
    const first = Number(event.poolElements?.[0]?.id);
    this.#firsts.set(first, (this.#firsts.get(first) ?? 0) + 1);
  }
}

function expectShares(
  policies: readonly Policy[],
  weights: readonly number[],
  course: Course = {},
  tolerance = 0.05,
): World {
  const { users = 1, options = {}, requests = 10_000 } = course;
  const world = new World(policies, users, options);
  const firsts = world.run(course, policies.length);
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  for (const [index, count] of firsts.entries()) {
    const expected = ((weights[index] ?? 0) / whole) * requests;
    const text = `${JSON.stringify(course)}: element ${index + 1} of ${firsts.join(' ')}`;
    expect(Math.abs(count - expected), text).toBeLessThanOrEqual(expected * tolerance);
  }
  world.registrar.close();
  return world;
}

const times = (count: number, policy: Policy): Policy[] =>
  Array.from({ length: count }, () => policy);
const alike = (count: number): number[] => Array.from({ length: count }, () => 1);

/** Cached and fresh, one and ten users, one and several items; answers that last, and such that are renewed. */
const COURSES: readonly Course[] = [
  { users: 1 },
  { users: 10 },
  { users: 10, items: 1 },
  { users: 10, items: 2, everyMs: 2_500 },
  { users: 10, isFresh: true },
  { users: 1, items: 0xffff_ffff },
  { users: 1, items: 1, options: { staleCacheMs: 0 } },
];

describe.each(COURSES)('the first elements that pool users are given: %j', (course) => {
  const briefly = { ...course, requests: 2_400 };

  test.each([1, 3, 8])(
    'are each of %i equal elements equally often, where they take turns',
    (size) => {
      expectShares(times(size, { type: 'roundRobin' }), alike(size), briefly);
      expectShares(times(size, { type: 'weightedRoundRobin', weight: 7 }), alike(size), briefly);
      expectShares(times(size, { type: 'priority', priority: 7 }), alike(size), briefly);
    },
  );

  test('are elements in proportion to their weights', () => {
    const weights = [2, 3, 5];
    const pool = (type: 'weightedRoundRobin' | 'weightedRandom') =>
      weights.map((weight) => ({ type, weight }));
    expectShares(pool('weightedRoundRobin'), weights, briefly);
    expectShares(pool('weightedRandom'), weights, course);
  });

  test('are any elements with the same probability by random', () => {
    expectShares(times(4, { type: 'random' }), alike(4), course);
  });

  test('are those of the highest priority alone, each equally often', () => {
    const priorities = [9, 1, 9, 9, 5];
    const pool = priorities.map((priority): Policy => ({ type: 'priority', priority }));
    expectShares(pool, [1, 0, 1, 1, 0], briefly);
  });

  test('are those of the lowest load alone, each equally often', () => {
    const loads = [3, 9, 3, 3, 5];
    const pool = loads.map((load): Policy => ({ type: 'leastUsed', load }));
    expectShares(pool, [1, 0, 1, 1, 0], briefly);
    const sums = loads.map(
      (load): Policy => ({ type: 'priorityLeastUsed', load, loadDegradation: 12 - load }),
    );
    expectShares(sums, alike(5), briefly);
  });

  test('are elements in proportion to their spare load by randomizedLeastUsed', () => {
    const quarters = [0, 1, 2];
    const pool = quarters.map(
      (load): Policy => ({ type: 'randomizedLeastUsed', load: load * 0x4000_0000 }),
    );
    expectShares(
      pool,
      quarters.map((load) => 4 - load),
      course,
    );
  });

  test('are elements the less often the more they degrade, once loads are level', () => {
    const degradations = [600, 300, 200];
    const pool = degradations.map(
      (loadDegradation): Policy => ({ type: 'leastUsedDegradation', load: 0, loadDegradation }),
    );
    expectShares(
      pool,
      degradations.map((degradation) => 1 / degradation),
      briefly,
    );
  });
});

describe.each([1, 10])('with caches, %i pool users share a large pool', (users) => {
  test.each([90, 127, 128])('of %i elements evenly', (size) => {
    expectShares(times(size, { type: 'roundRobin' }), alike(size), { users });
    expectShares(times(size, { type: 'priority', priority: 1 }), alike(size), { users });
  });

  test('of 128 elements in proportion to their weights', () => {
    const weights = Array.from({ length: 128 }, (_, index) => 1 + (index % 3));
    const pool = weights.map((weight): Policy => ({ type: 'weightedRoundRobin', weight }));
    expectShares(pool, weights, { users });
  });
});

describe('the registrar', () => {
  test('is asked once for all requests within the life of an answer, by policies that are not adaptive', () => {
    const { questions } = expectShares(times(10, { type: 'roundRobin' }), alike(10), {
      ...{ requests: 1_000, items: 2, options: { staleCacheMs: 5_000 } },
    });
    expect(questions).toBe(1);
  });

  test('is asked for each request by adaptive policies, unless an age is set', () => {
    const pool = times(10, { type: 'leastUsed', load: 5 });
    expect(expectShares(pool, alike(10), { requests: 1_000 }).questions).toBe(1_000);
    const options = { staleCacheMs: 5_000 };
    const kept = expectShares(pool, alike(10), { requests: 1_000, items: 2, options });
    expect(kept.questions).toBe(1);
    const adaptive = { staleAdaptiveCacheMs: 100 };
    const aged = expectShares(pool, alike(10), { requests: 1_000, items: 2, options: adaptive });
    expect(aged.questions).toBe(10);
  });
});
