/** Pool elements that a takeover has made ours (RFC 5353 §3.5.2): called, asked with the H bit, kept or lost. */

import { describe, expect, test } from 'vitest';
import type { PoolElementState } from '../../../src/handlespace/pool-element.ts';
import { aRegistrar, type Net, PEER, POOL, REGISTRAR } from './support.ts';

const DEAD = 0xdead;
const TRANSPORT = { protocol: 'tcp', port: 7, transportUse: 0, addresses: [PEER] } as const;

/** Elements of a dead registrar, all of one process, and what `adopt` makes of them. */
function adopted(net: Net, ids: readonly number[], port = 5_000): PoolElementState[] {
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
  return net.handlespace.adopt(net.now, DEAD, REGISTRAR);
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

test('announces wait for service where there are peers (RFC 5353 §3.2)', () => {
  const net = aRegistrar({ options: { serverAnnounceCycleMs: 1_000 }, waitsForService: true });
  net.passes(5_000);
  expect(net.announces()).toEqual([]);
  net.input({ type: 'inService' });
  net.passes(5_000);
  expect(net.announces().length).toBeGreaterThanOrEqual(4);
});
