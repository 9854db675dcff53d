/** Pool elements that a takeover has made ours (RFC 5353 §3.5.2): called, asked with the H bit, kept or lost. */

import { describe, expect, test } from 'vitest';
import type { PoolElementState } from '../../../src/handlespace/pool-element.ts';
import { CAUSE } from '../../../src/wire/parameters.ts';
import { aRegistrar, type Net, PEER, POOL, REGISTRAR, registration, sctp } from './support.ts';

const DEAD = 0xdead;
const TRANSPORT = { protocol: 'tcp', port: 7, transportUse: 0, addresses: [PEER] } as const;

/** Elements of another registrar, all of one process. */
function remote(net: Net, ids: readonly number[], port = 5_000): PoolElementState[] {
  for (const id of ids) {
    net.handlespace.register(net.now, {
      poolHandle: POOL,
      id,
      homeRegistrarId: DEAD,
      lifeMs: 300_000,
      policy: { type: 'roundRobin' },
      userTransport: TRANSPORT,
      asapTransport: { protocol: 'sctp', port, transportUse: 0, addresses: [PEER] },
    });
  }
  return net.handlespace.walk({ homeRegistrarId: DEAD, limit: ids.length }).elements;
}

/** What `adopt` makes of them. */
function adopted(net: Net, ids: readonly number[], port?: number): PoolElementState[] {
  remote(net, ids, port);
  return net.handlespace.adopt(DEAD, REGISTRAR);
}

function adoptAll(net: Net, ids: readonly number[]): void {
  for (const poolElement of adopted(net, ids)) net.input({ type: 'adopted', poolElement });
}

describe('adopted pool elements', () => {
  test('of one process are called once, and each is asked with the H bit', () => {
    const net = aRegistrar();
    adoptAll(net, [1, 2]);
    const calls = net.calls();
    expect(calls).toMatchObject([{ peer: [{ address: '10.1.2.3', port: 5_000 }] }]);
    net.answersCall(9, calls[0]?.attempt);
    expect(net.answers(9)).toMatchObject(
      [1, 2].map((poolElementId) => ({
        type: 'ASAP_ENDPOINT_KEEP_ALIVE',
        wantsToBeHome: true,
        registrarId: REGISTRAR,
        poolElementId,
      })),
    );
  });

  test('that acknowledge belong to that association, and are watched from then on', () => {
    const net = aRegistrar();
    adoptAll(net, [1]);
    net.answersCall(9, net.calls()[0]?.attempt);
    net.answers(9);
    net.acknowledges(9, { id: 1 });
    expect(net.handlespace.find(POOL, 1)).toMatchObject({ association: 9, isWatched: true });
    net.passes(20_000);
    expect(net.answers(9)).toMatchObject([{ wantsToBeHome: false }]);
  });

  test('that acknowledge are ours, whatever a peer has said since they were asked (decision 51)', () => {
    const net = aRegistrar();
    adoptAll(net, [1]);
    net.answersCall(9, net.calls()[0]?.attempt);
    net.answers(9);
    remote(net, [1]);
    expect(net.handlespace.find(POOL, 1)?.homeRegistrarId).toBe(DEAD);
    net.acknowledges(9, { id: 1 });
    expect(net.handlespace.find(POOL, 1)).toMatchObject({ homeRegistrarId: REGISTRAR });
    expect(net.handlespace.find(POOL, 1)).toMatchObject({ association: 9, isWatched: true });
  });

  test('that say nothing are removed', () => {
    const net = aRegistrar();
    adoptAll(net, [1, 2]);
    net.answersCall(9, net.calls()[0]?.attempt);
    net.passes(30_000);
    expect(net.handlespace.stats().poolElements).toBe(0);
  });

  test('that have called us already are asked over their association', () => {
    const net = aRegistrar();
    net.up(4, ['10.1.2.9']);
    net.up(9);
    adoptAll(net, [1, 2]);
    // There is no second association on the same ports.
    net.input({ type: 'connectFailed', attempt: net.calls()[0]?.attempt as number });
    expect(net.answers(4)).toEqual([]);
    expect(net.answers(9)).toMatchObject([
      { wantsToBeHome: true, poolElementId: 1 },
      { wantsToBeHome: true, poolElementId: 2 },
    ]);
    net.acknowledges(9, { id: 1 });
    expect(net.handlespace.find(POOL, 1)).toMatchObject({ association: 9, isWatched: true });
  });

  test('that call us while others are called are asked over their association', () => {
    const net = aRegistrar();
    adoptAll(net, [1]);
    for (const poolElement of adopted(net, [2], 5_001)) net.input({ type: 'adopted', poolElement });
    const [first, second] = net.calls();
    net.input({ type: 'connectFailed', attempt: second?.attempt as number });
    net.up(9);
    net.input({ type: 'connectFailed', attempt: first?.attempt as number });
    expect(net.answers(9)).toMatchObject([{ wantsToBeHome: true, poolElementId: 1 }]);
  });

  test('that cannot be called are removed', () => {
    const net = aRegistrar();
    adoptAll(net, [1]);
    net.input({ type: 'connectFailed', attempt: net.calls()[0]?.attempt as number });
    net.passes(30_000);
    expect(net.handlespace.stats().poolElements).toBe(0);
  });

  test('are called again where there was no room for another association', () => {
    const net = aRegistrar({ options: { limits: { maxAssociations: 1 } } });
    net.up(5, ['10.1.2.9']);
    adoptAll(net, [1]);
    net.answersCall(9, net.calls()[0]?.attempt);
    expect(net.answers(9)).toEqual([]);
    net.down(5);
    adoptAll(net, [2]);
    net.answersCall(10, net.calls()[0]?.attempt);
    expect(net.answers(10)).toMatchObject([{ wantsToBeHome: true, poolElementId: 2 }]);
  });

  test('that register by themselves meanwhile are ours by that', () => {
    const net = aRegistrar();
    adoptAll(net, [1]);
    net.up(5);
    net.registers(5, { id: 1, userTransport: TRANSPORT });
    expect(net.handlespace.find(POOL, 1)).toMatchObject({ association: 5 });
  });
});

test('adopted pool elements are called 100 in 10 ms, each with its own time-out (decision 45)', () => {
  const net = aRegistrar();
  const ids = Array.from({ length: 250 }, (_, i) => i + 1);
  adoptAll(net, ids);
  const isAsked = (id: number) => net.handlespace.find(POOL, id)?.awaitsAcknowledgement;
  net.answersCall(9, net.calls()[0]?.attempt);
  expect(net.answers(9)).toHaveLength(100);
  expect(ids.filter(isAsked)).toHaveLength(100);
  net.passes(9);
  expect(net.answers(9)).toHaveLength(0);
  net.passes(1);
  expect(net.answers(9)).toHaveLength(100);
  net.passes(10);
  expect(net.answers(9)).toHaveLength(50);
  expect(ids.filter(isAsked)).toHaveLength(250);
});

describe('a pool element that a peer suggests (decision 41)', () => {
  function suggested(net: Net): void {
    const [poolElement] = remote(net, [1]);
    net.input({ type: 'takeoverSuggested', poolElement: poolElement as PoolElementState });
  }

  test("is asked with the H bit, stays the peer's until it says yes, and is ours by that", () => {
    const net = aRegistrar();
    suggested(net);
    net.answersCall(9, net.calls()[0]?.attempt);
    expect(net.answers(9)).toMatchObject([{ wantsToBeHome: true, poolElementId: 1 }]);
    expect(net.handlespace.find(POOL, 1)).toMatchObject({
      ...{ homeRegistrarId: DEAD, isWatched: false, awaitsAcknowledgement: false },
    });
    net.acknowledges(9, { id: 1 });
    expect(net.handlespace.find(POOL, 1)).toMatchObject({
      ...{ homeRegistrarId: REGISTRAR, association: 9, isWatched: true },
    });
  });

  test('and that does not answer stays where it is', () => {
    const net = aRegistrar();
    suggested(net);
    net.input({ type: 'connectFailed', attempt: net.calls()[0]?.attempt as number });
    net.passes(30_000);
    expect(net.handlespace.find(POOL, 1)).toMatchObject({ homeRegistrarId: DEAD });
  });

  test('and that is ours meanwhile is not asked', () => {
    const net = aRegistrar();
    const [poolElement] = adopted(net, [1]);
    net.input({ type: 'takeoverSuggested', poolElement: poolElement as PoolElementState });
    expect(net.calls()).toEqual([]);
  });
});

describe('a pool element that a peer says it has (decision 52)', () => {
  /** Element 1 is registered over association 5; then a peer says that it has it. */
  function movedAway(): [Net, PoolElementState] {
    const net = aRegistrar();
    net.up(5);
    net.registers(5, { id: 1, userTransport: TRANSPORT });
    const poolElement = net.handlespace.find(POOL, 1) as PoolElementState;
    net.handlespace.deregister(POOL, 1);
    net.input({ type: 'movedAway', poolElement });
    net.answers(5);
    return [net, poolElement];
  }

  test('and then that it is gone, is asked over the association that it still has, and ours again', () => {
    const [net, poolElement] = movedAway();
    net.input({ type: 'abandoned', poolElement });
    expect(net.answers(5)).toMatchObject([{ wantsToBeHome: true, poolElementId: 1 }]);
    net.acknowledges(5, { id: 1 });
    expect(net.handlespace.find(POOL, 1)).toMatchObject({
      ...{ homeRegistrarId: REGISTRAR, association: 5, isWatched: true },
    });
  });

  test('is not asked when it has ended its association', () => {
    const [net, poolElement] = movedAway();
    net.down(5);
    net.input({ type: 'abandoned', poolElement });
    expect([net.answers(5), net.calls()]).toEqual([[], []]);
  });

  test('may register again over that association, whatever addresses the peer tells (decision 38)', () => {
    const [net] = movedAway();
    net.up(6, ['10.6.6.6']);
    const asapTransport = sctp(['10.77.0.1'], 0);
    const theirs = { ...registration({ id: 1 }).poolElement, poolHandle: POOL, asapTransport };
    net.handlespace.register(net.now, { ...theirs, homeRegistrarId: DEAD });
    net.says(6, registration({ id: 1 }));
    expect(net.answers(6)).toMatchObject([{ errors: [{ code: CAUSE.REJECTED_FOR_SECURITY }] }]);
    net.registers(5, { id: 1 });
    expect(net.handlespace.find(POOL, 1)).toMatchObject({
      ...{ homeRegistrarId: REGISTRAR, association: 5 },
    });
  });

  test('is remembered, and asked, no more than may be registered over one association', () => {
    const limits = { maxPoolElementsPerAssociation: 3 };
    const net = aRegistrar({ options: { limits } });
    net.up(5);
    net.registers(5, { id: 1, userTransport: TRANSPORT });
    const registered = net.handlespace.find(POOL, 1) as PoolElementState;
    net.handlespace.deregister(POOL, 1);
    const others = Array.from({ length: 10 }, (_, i) => {
      const { poolHandle, association } = registered;
      return { poolHandle, association, id: i + 1 } as unknown as PoolElementState;
    });
    const askedOf = (poolElements: PoolElementState[]) => {
      for (const poolElement of poolElements) net.input({ type: 'abandoned', poolElement });
      return net.answers(5).length;
    };
    for (const poolElement of others) net.input({ type: 'movedAway', poolElement });
    expect(askedOf(others)).toBe(3);
    // Three have left their question unanswered.
    const more = others.slice(3);
    for (const poolElement of more) net.input({ type: 'movedAway', poolElement });
    expect(askedOf(more)).toBe(0);
  });

  test('is asked once, and nobody else who is gone', () => {
    const [net, poolElement] = movedAway();
    net.input({ type: 'abandoned', poolElement: remote(net, [2])[0] as PoolElementState });
    expect(net.answers(5)).toEqual([]);
    net.input({ type: 'abandoned', poolElement });
    net.input({ type: 'abandoned', poolElement });
    expect(net.answers(5)).toHaveLength(1);
  });
});

test('announces wait for service where there are peers (RFC 5353 §3.2)', () => {
  const net = aRegistrar({ options: { serverAnnounceCycleMs: 1_000 }, waitsForService: true });
  net.passes(5_000);
  expect(net.announces()).toEqual([]);
  net.input({ type: 'inService' });
  net.passes(5_000);
  expect(net.announces().length).toBeGreaterThanOrEqual(4);
});
