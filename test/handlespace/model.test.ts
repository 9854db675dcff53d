/**
 * Random operations on the handlespace through the facade and on a naive model, compared after every step.
 * The longer runs are in Rust (`native/handlespace/tests/oracle.rs`); these show that nothing is lost or
 * swapped on the way through the binding.
 */

import { describe, expect, test } from 'vitest';
import { Handlespace } from '../../src/handlespace/handlespace.ts';
import type { PoolElementState } from '../../src/handlespace/pool-element.ts';
import type { Policy } from '../../src/wire/parameters.ts';
import { HandlespaceModel, type ModelElement } from '../support/handlespace-model.ts';
import { type RandomBelow, seededRandom } from '../support/random.ts';
import { registration } from '../support/registrations.ts';
import { SelectionModel } from '../support/selection-model.ts';

const STEPS = 3_000;
const TIMES = { intervalMs: 500, timeoutMs: 300 };
const POOLS = ['EchoPool', 'A', 'calc-app', 'Größe'];
const HOMES = [0x0c0f_fee0, 0x0000_0002];

const POLICIES: readonly ((random: RandomBelow) => Policy)[] = [
  () => ({ type: 'roundRobin' }),
  (random) => ({ type: 'weightedRoundRobin', weight: random(5) }),
  () => ({ type: 'random' }),
  (random) => ({ type: 'weightedRandom', weight: random(5) }),
  (random) => ({ type: 'priority', priority: random(4) }),
  (random) => ({ type: 'leastUsed', load: random(4) * 0x2000_0000 }),
  (random) => ({
    type: 'leastUsedDegradation',
    load: random(4) * 0x4000_0000,
    loadDegradation: random(3) * 0x2000_0000,
  }),
  (random) => ({
    type: 'priorityLeastUsed',
    load: random(4) * 0x4000_0000,
    loadDegradation: random(3) * 0x2000_0000,
  }),
  (random) => ({ type: 'randomizedLeastUsed', load: random(5) * 0x3fff_ffff }),
];

describe('a handlespace does what the naive model does', () => {
  test.each(POLICIES.map((policy, seed) => [policy(() => 0).type, policy, seed] as const))(
    'step by step with policy %s (RFC 5356)',
    (type, policy, seed) => {
      const pair = new Pair(policy, seed);
      for (let step = 0; step < STEPS; step++) {
        try {
          pair.step();
        } catch (error) {
          throw new Error(`seed ${seed}, step ${step}`, { cause: error });
        }
        if (step % 100 === 0) pair.compareAll();
      }
      pair.compareAll();
      expect(pair.seen).toEqual({
        created: true,
        updated: true,
        registrationLife: true,
        keepAliveTransmission: true,
        keepAliveTimeout: true,
        ...{
          resolved: true,
          unknownPool: true,
          adopted: true,
          purged: true,
          associationLost: true,
        },
      });
      const isRandom = pair.exactAnswers === 0;
      expect(isRandom).toBe(/random/i.test(type));
    },
  );
});

test('weighted round robin is the smooth one to the letter while a pool does not change', () => {
  const random = seededRandom(1);
  const handlespace = new Handlespace({ seed: 1n });
  for (let pool = 0; pool < 200; pool++) {
    const poolHandle = `pool-${pool}`;
    const model = new SelectionModel('weightedRoundRobin');
    for (let id = 1; id <= 1 + random(6); id++) {
      const policy = { type: 'weightedRoundRobin', weight: random(8) } as const;
      handlespace.register(0, registration({ poolHandle, id, policy }));
      model.insert(id, policy);
    }
    for (let turn = 0; turn < 40; turn++) {
      const items = 1 + random(4);
      const ids = handlespace.resolve(poolHandle, { items })?.map(({ id }): number => id) ?? [];
      expect({ kind: 'exactly', ids }).toEqual(model.select(items));
      model.answered(ids);
    }
  }
});

/** The two, driven with the same operations. */
class Pair {
  /** What has happened at least once: a run that does not see it all shows nothing. */
  readonly seen: Record<string, boolean> = {};
  /** Answers that had to be these elements in this order. */
  exactAnswers = 0;
  readonly #handlespace: Handlespace;
  readonly #model = new HandlespaceModel(TIMES);
  readonly #random: RandomBelow;
  readonly #policy: (random: RandomBelow) => Policy;
  #now = 1_000;

  constructor(policy: (random: RandomBelow) => Policy, seed: number) {
    this.#random = seededRandom(seed);
    this.#policy = policy;
    this.#handlespace = new Handlespace({ seed: BigInt(seed), keepAlive: { ...TIMES, jitter: 0 } });
  }

  step(): void {
    const random = this.#random;
    const poolHandle = POOLS[random(POOLS.length)] as string;
    const id = 1 + random(8);
    this.#pass();
    const choice = random(100);
    if (choice < 35) this.#register(poolHandle, id);
    else if (choice < 42) this.#deregister(poolHandle, id);
    else if (choice < 69) this.#resolve(poolHandle, 1 + random(5));
    else if (choice < 70) this.#resolve('nobody', 1);
    else if (choice < 80) this.#acknowledge(poolHandle, id, random(3));
    else if (choice < 84) this.#probe(poolHandle, id);
    else if (choice < 88) this.#reportUnreachable(poolHandle, id);
    else if (choice < 97) this.#expire(1 + random(4));
    else if (choice < 98) this.#adopt(1 + random(3));
    else if (choice < 99) this.#purge(1 + random(3));
    else this.#removeAssociation(1 + random(2), 1 + random(3));
    this.#compareOne(poolHandle, id);
  }

  /** Everything that can be asked for. */
  compareAll(): void {
    const { elements } = this.#handlespace.walk({ limit: 1_000 });
    const byName = (a: string, b: string) => (a < b ? -1 : 1);
    expect(elements.map(nameOf).sort(byName)).toEqual(
      this.#model.elements.map(({ registration: it }) => `${it.poolHandle}/${it.id}`).sort(byName),
    );
    for (const one of this.#model.elements) {
      this.#compareOne(one.registration.poolHandle, one.registration.id);
    }
    for (const association of [1, 2]) {
      const count = this.#model.elements.filter((it) => it.association === association).length;
      expect(this.#handlespace.elementsOf(association)).toBe(count);
      const page = this.#handlespace.walk({ association, limit: 1_000 });
      expect(page.elements.every((it) => it.association === association)).toBe(true);
      expect(page.elements.length).toBe(count);
    }
    const { pools, poolElements } = this.#handlespace.stats();
    expect(pools).toBe(this.#model.poolHandles().length);
    expect(poolElements).toBe(this.#model.elements.length);
    this.#handlespace.verify();
  }

  #pass(): void {
    const random = this.#random;
    // Now and then for longer than the time-out, so that it counts as a pause.
    this.#now += random(50) === 0 ? 400 + random(400) : random(25);
  }

  /** Only calls that carry the time tell the handlespace of it. */
  #tellTime(): number {
    this.#model.observe(this.#now, this.#handlespace.nextDeadline());
    return this.#now;
  }

  #register(poolHandle: string, id: number): void {
    const random = this.#random;
    const it = registration({
      poolHandle,
      id,
      homeRegistrarId: HOMES[random(2)] as number,
      policy: this.#policy(random),
      lifeMs: random(3) === 0 ? Number.POSITIVE_INFINITY : 200 + random(1_500),
      association: random(3),
      isWatched: random(2) === 0,
      asapTransport:
        random(2) === 0
          ? undefined
          : { protocol: 'sctp', port: 1 + random(9), transportUse: 0, addresses: ['10.0.0.9'] },
    });
    const outcome = this.#handlespace.register(this.#tellTime(), it);
    expect(outcome).toBe(this.#model.register(it));
    this.seen[outcome] = true;
  }

  #deregister(poolHandle: string, id: number): void {
    const outcome = this.#handlespace.deregister(poolHandle, id);
    expect(outcome).toBe(this.#model.deregister(poolHandle, id));
  }

  #resolve(poolHandle: string, items: number): void {
    const expected = this.#model.resolve(poolHandle, items);
    const elements = this.#handlespace.resolve(poolHandle, { items });
    this.seen[elements === undefined ? 'unknownPool' : 'resolved'] = true;
    if (expected === undefined) {
      expect(elements).toBeUndefined();
      return;
    }
    const ids: number[] = (elements ?? []).map(({ id }) => id);
    if (expected.kind === 'exactly') {
      expect(ids).toEqual(expected.ids);
      this.exactAnswers += 1;
    } else {
      expect(new Set(ids).size).toBe(expected.count);
      expect(expected.ids).toEqual(expect.arrayContaining(ids));
    }
    this.#model.answered(poolHandle, ids);
  }

  #acknowledge(poolHandle: string, id: number, association: number): void {
    // One that comes over the wrong association changes nothing, not even the time.
    const own = this.#model.find(poolHandle, id)?.association;
    const isMeant = association === 0 || own === 0 || own === association;
    const now = isMeant ? this.#tellTime() : this.#now;
    const outcome = this.#handlespace.acknowledge(now, poolHandle, id, association);
    expect(outcome).toBe(this.#model.acknowledge(poolHandle, id, association));
  }

  #probe(poolHandle: string, id: number): void {
    const outcome = this.#handlespace.probe(this.#tellTime(), poolHandle, id);
    expect(outcome).toBe(this.#model.probe(poolHandle, id));
  }

  #reportUnreachable(poolHandle: string, id: number): void {
    const reports = this.#handlespace.reportUnreachable(poolHandle, id);
    expect(reports).toBe(this.#model.reportUnreachable(poolHandle, id));
  }

  #expire(limit: number): void {
    const due = this.#handlespace.expire(this.#tellTime(), limit);
    expect(due.length).toBeLessThanOrEqual(limit);
    for (const { timer, poolHandle, element } of due) {
      this.#model.ring(timer, Buffer.from(poolHandle).toString(), element.id);
      this.seen[timer] = true;
    }
    const isAllDone = this.#handlespace.nextDeadline() > this.#now;
    if (isAllDone) expect(this.#model.nextDeadline()).toBeGreaterThan(this.#now);
  }

  #adopt(limit: number): void {
    const [from, to] = HOMES as [number, number];
    const adopted = this.#handlespace.adopt(from, to, limit);
    const owned = this.#model.elements.filter((it) => it.homeRegistrarId === from);
    expect(adopted.length).toBe(Math.min(limit, owned.length));
    for (const element of adopted) {
      expect(element.homeRegistrarId).toBe(to);
      this.#model.adopt(Buffer.from(element.poolHandle).toString(), element.id, to);
      this.seen.adopted = true;
    }
  }

  #purge(limit: number): void {
    const home = HOMES[0] as number;
    const removed = this.#handlespace.purge(home, limit);
    const owned = this.#model.elements.filter((it) => it.homeRegistrarId === home);
    expect(removed.length).toBe(Math.min(limit, owned.length));
    this.#removed(removed, 'purged');
  }

  #removeAssociation(association: number, limit: number): void {
    const removed = this.#handlespace.removeAssociation(association, limit);
    const belonging = this.#model.elements.filter((it) => it.association === association);
    expect(removed.length).toBe(Math.min(limit, belonging.length));
    this.#removed(removed, 'associationLost');
  }

  #removed(elements: readonly PoolElementState[], what: string): void {
    for (const { poolHandle, id } of elements) {
      expect(this.#model.deregister(Buffer.from(poolHandle).toString(), id)).toBe(true);
      this.seen[what] = true;
    }
  }

  #compareOne(poolHandle: string, id: number): void {
    const found = this.#handlespace.find(poolHandle, id);
    const expected = this.#model.find(poolHandle, id);
    expect(found && stateOf(found)).toEqual(expected && expectedStateOf(expected));
    for (const home of HOMES) {
      expect(this.#handlespace.checksum(home)).toBe(this.#model.checksum(home));
    }
    // It may be early, never late.
    expect(this.#handlespace.nextDeadline()).toBeLessThanOrEqual(this.#model.nextDeadline());
  }
}

function nameOf({ poolHandle, id }: PoolElementState): string {
  return `${Buffer.from(poolHandle).toString()}/${id}`;
}

function stateOf(element: PoolElementState): unknown {
  const { id, homeRegistrarId, lifeMs, userTransport, asapTransport, policy } = element;
  const { association, isWatched, awaitsAcknowledgement, unreachableReports, expiresAt } = element;
  return {
    ...{ poolHandle: Buffer.from(element.poolHandle).toString(), id, homeRegistrarId, lifeMs },
    ...{ userTransport, asapTransport, policy, association, isWatched, awaitsAcknowledgement },
    ...{ unreachableReports, expiresAt },
  };
}

function expectedStateOf({ registration: it, keepAliveAt: _, ...state }: ModelElement): unknown {
  const { poolHandle, id, lifeMs, userTransport, asapTransport, policy } = it;
  return { poolHandle, id, lifeMs, userTransport, asapTransport, policy, ...state };
}
