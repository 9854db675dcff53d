/**
 * Registrars, pool elements and pool users together, over the network in memory and in its time: what one
 * machine says the other understands, also when packets are lost and hosts vanish.
 */

import { afterEach, describe, expect, test } from 'vitest';
import { Handlespace } from '../../../src/handlespace/handlespace.ts';
import {
  completePoolElementOptions,
  completePoolUserOptions,
} from '../../../src/protocol/endpoint/options.ts';
import { PoolElementMachine } from '../../../src/protocol/endpoint/pool-element.ts';
import type {
  PoolElementEvent,
  PoolElementInput,
} from '../../../src/protocol/endpoint/pool-element-events.ts';
import { PoolUserMachine } from '../../../src/protocol/endpoint/pool-user.ts';
import type {
  PoolUserEvent,
  PoolUserInput,
} from '../../../src/protocol/endpoint/pool-user-events.ts';
import type {
  RegistrarEvent,
  RegistrarInput,
  RegistrarOutput,
} from '../../../src/protocol/registrar/events.ts';
import {
  completeRegistrarOptions,
  handlespaceOptionsOf,
} from '../../../src/protocol/registrar/options.ts';
import { Registrar } from '../../../src/protocol/registrar/registrar.ts';
import { Driver } from '../../../src/runtime/driver.ts';
import { MemoryNetwork, type MemoryNetworkOptions } from '../../../src/transport/memory.ts';
import { poolElementId, registrarId } from '../../../src/types.ts';
import type { Policy } from '../../../src/wire/parameters.ts';
import { at, POOL } from './support.ts';

const handlespaces: Handlespace[] = [];

afterEach(() => {
  for (const handlespace of handlespaces.splice(0)) {
    handlespace.verify();
    handlespace.close();
  }
});

/** Hosts by the last number of their address: registrars 1 and 2, pool elements from 11, a pool user 21. */
class World {
  readonly network: MemoryNetwork;

  constructor(options: Partial<MemoryNetworkOptions> = {}) {
    this.network = new MemoryNetwork({ seed: 1, ...options });
  }

  registrar(host: number) {
    const stack = this.network.stack({ localAddresses: [addressOf(host)] });
    const { localAddresses } = stack;
    const options = completeRegistrarOptions({ serverAnnounceCycleMs: 0 }, localAddresses);
    const handlespace = new Handlespace(handlespaceOptionsOf(options, BigInt(host)));
    handlespaces.push(handlespace);
    const id = registrarId(host);
    const seed = BigInt(host);
    const machine = new Registrar({
      ...{ id, handlespace, options, localAddresses, port: 3863, seed },
    });
    const events: RegistrarEvent['type'][] = [];
    const driver = new Driver<RegistrarInput, RegistrarOutput>({
      ...{ machine, stack, port: 3863, accepts: true, clock: this.network },
      perform: ({ type }) => events.push(type as RegistrarEvent['type']),
    });
    const crash = () => {
      this.network.crash(stack);
      driver.close();
    };
    const ids = () =>
      (handlespace.resolve(POOL, { items: 128 }) ?? []).map((one) => Number(one.id)).sort();
    return { machine, driver, events, crash, ids };
  }

  poolElement(host: number, policy: Policy = { type: 'roundRobin' }) {
    const stack = this.network.stack({ localAddresses: [addressOf(host)] });
    const machine = new PoolElementMachine({
      ...{ id: poolElementId(host), poolHandle: POOL, policy, registrars: [at(1), at(2)] },
      userTransport: {
        ...{ protocol: 'tcp', port: 7, transportUse: 0 },
        addresses: [addressOf(host)],
      },
      options: completePoolElementOptions({}),
      seed: BigInt(host),
    });
    const events: PoolElementEvent[] = [];
    const driver = new Driver<PoolElementInput, PoolElementEvent>({
      ...{ machine, stack, port: 0, accepts: true, clock: this.network },
      perform: (event) => events.push(event),
    });
    driver.input({ type: 'start' });
    const crash = () => {
      this.network.crash(stack);
      driver.close();
    };
    /** Where it is registered now. */
    const home = () => {
      const last = events.filter(({ type }) => type.startsWith('regist')).at(-1);
      return last?.type === 'registered' ? Number(last.registrar[0]?.address.split('.')[3]) : 0;
    };
    return { driver, events, crash, home };
  }

  poolUser(host = 21) {
    const stack = this.network.stack({ localAddresses: [addressOf(host)] });
    const machine = new PoolUserMachine({
      registrars: [at(1), at(2)],
      options: completePoolUserOptions({ staleCacheMs: 0 }),
      seed: BigInt(host),
    });
    const answers = new Map<number, PoolUserEvent>();
    const driver = new Driver<PoolUserInput, PoolUserEvent>({
      ...{ machine, stack, port: 0, accepts: false, clock: this.network },
      perform: (event) => 'request' in event && answers.set(event.request, event),
    });
    let requests = 0;
    /** The pool elements that it is given, in their order; or why it is not. */
    const resolve = (items = 10) => {
      const request = ++requests;
      driver.input({ type: 'resolve', request, poolHandle: POOL, items });
      for (let ms = 0; ms < 30_000 && !answers.has(request); ms += 10) this.network.advance(10);
      const answer = answers.get(request);
      if (answer?.type !== 'resolved') return answer?.type === 'resolutionFailed' ? answer.why : '';
      return answer.poolElements?.map(({ id }) => Number(id));
    };
    return { driver, resolve };
  }

  /** Lets time pass until it is so; false when it is not within the limit. */
  until(isSo: () => boolean, limitMs = 120_000): boolean {
    for (let ms = 0; ms < limitMs && !isSo(); ms += 50) this.network.advance(50);
    return isSo();
  }
}

const addressOf = (host: number) => at(host)[0]?.address ?? '';

describe('registrar, pool element and pool user', () => {
  test('do the main job: register, resolve, monitor, update, deregister (RFC 5352 §3)', () => {
    const world = new World();
    const registrar = world.registrar(1);
    const user = world.poolUser();
    expect(user.resolve()).toBe(undefined); // no such pool

    const one = world.poolElement(11, { type: 'leastUsed', load: 10 });
    const other = world.poolElement(12, { type: 'leastUsed', load: 20 });
    expect(world.until(() => registrar.ids().length === 2)).toBe(true);
    expect(user.resolve()).toEqual([11, 12]);

    one.driver.input({ type: 'updatePolicy', policy: { type: 'leastUsed', load: 30 } });
    world.network.advance(100);
    expect(user.resolve()).toEqual([12, 11]);

    world.network.advance(60_000);
    const { endpointKeepAlives, endpointKeepAliveAcks } = registrar.machine.counters;
    expect(endpointKeepAlives).toBeGreaterThan(10);
    expect(endpointKeepAlives - endpointKeepAliveAcks).toBeLessThanOrEqual(1); // on its way
    expect(registrar.machine.counters.reregistrations).toBeGreaterThanOrEqual(4);
    expect(registrar.ids()).toEqual([11, 12]);

    other.driver.input({ type: 'stop' });
    world.network.advance(100);
    expect(user.resolve()).toEqual([11]);
    expect(other.events.at(-1)).toEqual({ type: 'stopped' });
    expect(registrar.machine.counters.malformedMessages).toBe(0);
  });

  test('forget an element that crashes and is reported unreachable (RFC 5352 §3.5)', () => {
    const world = new World();
    const registrar = world.registrar(1);
    const one = world.poolElement(11);
    world.poolElement(12);
    const user = world.poolUser();
    expect(world.until(() => registrar.ids().length === 2)).toBe(true);
    expect(user.resolve()).toHaveLength(2);

    one.crash();
    const report = { poolHandle: POOL, poolElementId: poolElementId(11) };
    user.driver.input({ type: 'reportUnreachable', ...report });
    world.network.advance(100);
    expect(registrar.machine.counters.failureReports).toBe(1);
    world.network.advance(5_000); // the time-out of the keep-alive that the report led to
    expect(user.resolve()).toEqual([12]);
  });

  test('go to the second registrar when the first crashes (RFC 5352 §3.6)', () => {
    const world = new World();
    const registrars = [world.registrar(1), world.registrar(2)];
    const element = world.poolElement(11);
    const user = world.poolUser();
    expect(world.until(() => element.home() > 0)).toBe(true);
    expect(user.resolve()).toSatisfy((ids) => ids === undefined || ids[0] === 11);

    const home = element.home();
    const other = 3 - home;
    registrars[home - 1]?.crash();
    expect(world.until(() => element.home() === other)).toBe(true);
    expect(element.events.map(({ type }) => type)).toContain('registrationLost');
    expect(user.resolve()).toEqual([11]);
  });

  test('do not lose a request when the registrar that has it crashes (RFC 5352 §3.3)', () => {
    const world = new World();
    const registrars = [world.registrar(1), world.registrar(2)] as const;
    const user = world.poolUser();
    expect(user.resolve()).toBe(undefined);
    const [asked, other] =
      registrars[0].machine.associationCount === 1 ? registrars : registrars.toReversed();
    const element = world.poolElement(11);
    expect(world.until(() => element.home() > 0)).toBe(true);

    asked?.crash();
    expect(user.resolve()).not.toBe('unreachable');
    expect(world.until(() => element.home() > 0 && other?.ids().length === 1)).toBe(true);
    expect(user.resolve()).toEqual([11]);
  });

  test('come together again after a partition that heals', () => {
    const world = new World();
    const registrar = world.registrar(1);
    const element = world.poolElement(11);
    const user = world.poolUser();
    expect(world.until(() => registrar.ids().length === 1)).toBe(true);

    world.network.isolate(addressOf(1));
    expect(user.resolve()).toBe('unreachable');
    world.network.advance(90_000);
    expect(registrar.ids()).toEqual([]);
    expect(element.events.map(({ type }) => type)).toContain('registrationLost');

    world.network.heal();
    expect(world.until(() => registrar.ids().length === 1)).toBe(true);
    expect(user.resolve()).toEqual([11]);
    expect(registrar.machine.associationCount).toBe(2);
  });

  test('bear packets that are lost: 5 % on every link, for ten minutes', () => {
    const world = new World({ seed: 7, link: { delayMs: 5, jitterMs: 5, loss: 0.05 } });
    const registrars = [world.registrar(1), world.registrar(2)];
    const hosts = [11, 12, 13, 14];
    const elements = hosts.map((host) => world.poolElement(host));
    const user = world.poolUser();
    expect(world.until(() => elements.every(({ home }) => home() > 0))).toBe(true);
    const answers: unknown[] = [];
    for (let minute = 0; minute < 10; minute++) {
      world.network.advance(60_000);
      answers.push(user.resolve());
    }
    expect(answers.filter((answer) => answer === 'unreachable')).toEqual([]);
    expect(world.until(() => registrars.flatMap(({ ids }) => ids()).length === 4)).toBe(true);
    const all = registrars.flatMap(({ ids }) => ids()).sort();
    expect(all).toEqual(hosts);

    for (const { driver } of elements) driver.input({ type: 'stop' });
    expect(world.until(() => elements.every(({ events }) => isStopped(events)))).toBe(true);
    expect(world.until(() => registrars.every(({ ids }) => ids().length === 0))).toBe(true);
  });

  test('play the same game twice when the seeds are the same', () => {
    const run = () => {
      const world = new World({ seed: 3, link: { delayMs: 3, jitterMs: 9, loss: 0.1 } });
      const packets: string[] = [];
      world.network.observe(({ at: when, from, to, isLost, packet }) => {
        packets.push(`${when} ${from} ${to} ${isLost} ${JSON.stringify(packet)}`);
      });
      world.registrar(1);
      world.poolElement(11);
      const user = world.poolUser();
      world.network.advance(20_000);
      user.resolve();
      return packets;
    };
    const first = run();
    expect(first.length).toBeGreaterThan(50);
    expect(run()).toEqual(first);
  });
});

function isStopped(events: readonly PoolElementEvent[]): boolean {
  return events.at(-1)?.type === 'stopped';
}
