/** Calls to the processes of adopted and suggested pool elements: how many at one time, in which order, how long. */

import { describe, expect, test } from 'vitest';
import type { PoolElementState } from '../../../src/handlespace/pool-element.ts';
import { aRegistrar, type Net, POOL, type Stored, stored, tcp } from './support.ts';

const MOST_CALLS = 256;
const TIMEOUT_MS = 5_000;
/** More than `net.passes` needs for all turns that there is room for. */
const TURNS_MS = 100;

function adopt(net: Net, id: number, given: Stored = {}): void {
  net.input({ type: 'adopted', poolElement: stored(net, id, given) });
}

/** As many calls as there may be, to elements 1 to 256 that do not answer. Their attempts. */
function callsOfDeadRack(net: Net): number[] {
  for (let id = 1; id <= MOST_CALLS; id += 1) adopt(net, id);
  net.passes(TURNS_MS);
  const attempts = net.calls().map(({ attempt }) => attempt);
  expect(attempts).toHaveLength(MOST_CALLS);
  return attempts;
}

function portsCalled(net: Net): (number | undefined)[] {
  return net.calls().map(({ peer }) => peer[0]?.port);
}

function cancelled(net: Net): number[] {
  const outputs = net.outputs();
  return outputs.flatMap((one) => (one.type === 'cancelConnect' ? [one.attempt] : []));
}

describe('calls at one time', () => {
  test('are 256, and the next one follows when one is answered', () => {
    const net = aRegistrar();
    const [first] = callsOfDeadRack(net);
    adopt(net, 1_001);
    adopt(net, 1_002);
    net.passes(TURNS_MS);
    expect(portsCalled(net)).toEqual([]);
    net.answersCall(9, first);
    expect(portsCalled(net)).toEqual([1_001]);
  });

  test('when one fails', () => {
    const net = aRegistrar();
    const [first, second] = callsOfDeadRack(net);
    for (const id of [1_003, 1_001, 1_002]) adopt(net, id);
    net.input({ type: 'connectFailed', attempt: second as number });
    net.input({ type: 'connectFailed', attempt: first as number });
    expect(portsCalled(net)).toEqual([1_003, 1_001]);
  });

  test('when they are given up', () => {
    const net = aRegistrar();
    callsOfDeadRack(net);
    for (const id of [1_001, 1_002]) adopt(net, id);
    net.passes(TIMEOUT_MS);
    expect(portsCalled(net)).toEqual([1_001, 1_002]);
  });

  test('are one to a place: its elements wait together, behind those who came before', () => {
    const net = aRegistrar();
    const [first, second] = callsOfDeadRack(net);
    adopt(net, 1_001, { port: 7_001 });
    adopt(net, 1_002, { port: 7_002 });
    adopt(net, 1_003, { port: 7_001 });
    net.input({ type: 'connectFailed', attempt: first as number });
    const [call] = net.calls();
    expect(call?.peer[0]?.port).toBe(7_001);
    net.input({ type: 'connectFailed', attempt: call?.attempt as number });
    net.input({ type: 'connectFailed', attempt: second as number });
    expect(portsCalled(net)).toEqual([7_002]);
  });

  test('hold up nobody whose place is reached', () => {
    const net = aRegistrar();
    const [first] = callsOfDeadRack(net);
    net.answersCall(9, first);
    adopt(net, 1_001);
    adopt(net, 1_002, { port: 1 });
    expect(net.calls()).toHaveLength(1);
    expect(net.answers(9)).toMatchObject([{ poolElementId: 1 }, { poolElementId: 1_002 }]);
  });

  test('leave no reason to wake the registrar but their own end', () => {
    const net = aRegistrar();
    const suggest = (id: number) => {
      const poolElement = stored(net, id, { homeRegistrarId: 0xdead });
      net.input({ type: 'takeoverSuggested', poolElement });
    };
    suggest(1);
    const calledAt = net.now;
    net.passes(1_000);
    for (let id = 2; id <= MOST_CALLS + 1; id += 1) suggest(id);
    net.passes(TURNS_MS);
    expect(net.registrar.nextDeadline()).toBe(calledAt + TIMEOUT_MS);
  });
});

describe('whoever waits for a call', () => {
  // Those from before a restart (decision 35) are watched from when they are stored.
  test.each([true, false])('loses no time by it (watched: %s)', (isWatched) => {
    const net = aRegistrar();
    for (let id = 1; id <= 4 * MOST_CALLS; id += 1) adopt(net, id, { isWatched });
    adopt(net, 7_000, { isWatched });
    net.passes(4 * TIMEOUT_MS + TURNS_MS);
    // The last ones called have a time-out of their own, which runs since their call was given up.
    expect(net.members()[0]).toBe(3 * MOST_CALLS + 1);
    const call = net.calls().at(-1);
    expect(call?.peer).toMatchObject([{ port: 7_000 }]);
    net.passes(TIMEOUT_MS - 2 * TURNS_MS);
    net.answersCall(9, call?.attempt);
    net.acknowledges(9, { id: 7_000 });
    expect(net.handlespace.find(POOL, 7_000)).toMatchObject({ association: 9 });
  });

  test('and registers by itself meanwhile is sent keep-alives, and goes when it is silent', () => {
    const net = aRegistrar({ options: { endpointKeepAliveJitter: 0 } });
    net.passes(1_000);
    for (let id = 1; id <= 4 * MOST_CALLS; id += 1) adopt(net, id);
    adopt(net, 7_000);
    net.up(5);
    net.registers(5, { id: 7_000, userTransport: tcp() });
    net.passes(5_000);
    expect(net.answers(5)).toMatchObject([{ wantsToBeHome: false, poolElementId: 7_000 }]);
    net.passes(TIMEOUT_MS);
    expect(net.members()).not.toContain(7_000);
  });

  test('and has gone, or found a home, is not called', () => {
    const net = aRegistrar();
    const [first] = callsOfDeadRack(net);
    for (const id of [1_001, 1_002, 1_003]) adopt(net, id);
    net.handlespace.deregister(POOL, 1_001);
    net.up(5);
    net.registers(5, { id: 1_002, userTransport: tcp() });
    net.answersCall(9, first);
    expect(portsCalled(net)).toEqual([1_003]);
  });

  test('is not joined by one more that a peer suggests, or has lost, when there are 65 536 already', () => {
    const net = aRegistrar();
    callsOfDeadRack(net);
    const suggest = (poolElement: PoolElementState) =>
      net.input({ type: 'takeoverSuggested', poolElement });
    const { asapTransport } = stored(net, 1_001, { homeRegistrarId: 0xdead });
    for (let id = 2_001; id <= 2_000 + 65_536; id += 1) {
      suggest({ poolHandle: POOL, id, asapTransport } as unknown as PoolElementState); // it has gone
    }
    suggest(stored(net, 1_002, { homeRegistrarId: 0xdead }));
    net.up(5);
    net.registers(5, { id: 1_004, userTransport: tcp() });
    const poolElement = net.handlespace.find(POOL, 1_004) as PoolElementState;
    net.handlespace.deregister(POOL, 1_004);
    for (const type of ['movedAway', 'abandoned'] as const) net.input({ type, poolElement });
    expect(net.answers(5)).toEqual([]);
    adopt(net, 1_003);
    net.passes(3 * TIMEOUT_MS);
    expect(portsCalled(net)).toEqual([1_003]);
  });
});

describe('a call without an answer', () => {
  test('is given up after the time that a keep-alive has', () => {
    const net = aRegistrar();
    adopt(net, 1);
    const [call] = net.calls();
    net.passes(TIMEOUT_MS - 1);
    expect(cancelled(net)).toEqual([]);
    net.passes(1);
    expect(cancelled(net)).toEqual([call?.attempt]);
    net.passes(TIMEOUT_MS - 1);
    expect(net.members()).toEqual([1]);
    net.passes(1);
    expect(net.members()).toEqual([]);
    net.outputs();
    net.passes(10 * TIMEOUT_MS);
    expect(net.outputs()).toEqual([]);
  });

  test('is one of ours no more: what comes of it late does no harm', () => {
    const net = aRegistrar();
    adopt(net, 1);
    const [call] = net.calls();
    net.passes(TIMEOUT_MS);
    net.outputs();
    net.answersCall(9, call?.attempt);
    net.input({ type: 'connectFailed', attempt: call?.attempt as number });
    net.passes(0);
    expect(net.outputs()).toEqual([]);
    adopt(net, 1);
    net.answersCall(10, net.calls()[0]?.attempt);
    expect([net.answers(9), net.answers(10)]).toMatchObject([[], [{ poolElementId: 1 }]]);
  });

  test('may have been one to a process that has called us: it is asked, and has time to answer', () => {
    const net = aRegistrar();
    adopt(net, 1, { port: 5_000 });
    net.up(4);
    net.passes(TIMEOUT_MS);
    expect(net.answers(4)).toMatchObject([{ wantsToBeHome: true, poolElementId: 1 }]);
    net.passes(TIMEOUT_MS - 1);
    expect(net.members()).toEqual([1]);
    net.acknowledges(4, { id: 1 });
    expect(net.handlespace.find(POOL, 1)).toMatchObject({ association: 4 });
  });

  test('has a fresh period when the process was paused (decision 46)', () => {
    const net = aRegistrar();
    adopt(net, 1);
    const [call] = net.calls();
    net.sleeps(4 * TIMEOUT_MS);
    net.passes(TIMEOUT_MS - 1);
    expect(cancelled(net)).toEqual([]);
    net.answersCall(9, call?.attempt);
    net.acknowledges(9, { id: 1 });
    expect(net.handlespace.find(POOL, 1)).toMatchObject({ association: 9 });
  });

  test('is not given up before everything is read that had arrived', () => {
    const net = aRegistrar();
    const attempts = callsOfDeadRack(net);
    adopt(net, 1_001);
    net.sleeps(TIMEOUT_MS);
    for (const [i, attempt] of attempts.entries()) net.answersCall(1_000 + i, attempt);
    expect(cancelled(net)).toEqual([]);
  });
});

describe('of the addresses of a pool element', () => {
  test('those are called that reach far enough', () => {
    const net = aRegistrar();
    adopt(net, 1, { addresses: ['127.0.0.1', '10.1.2.3', '169.254.1.1', '10.1.2.4'] });
    expect(net.calls()[0]?.peer.map(({ address }) => address)).toEqual(['10.1.2.3', '10.1.2.4']);
  });

  test('none may be left: it is not called, and removed', () => {
    const net = aRegistrar();
    adopt(net, 1, { addresses: ['127.0.0.1', '224.0.0.1'] });
    expect(net.calls()).toEqual([]);
    net.passes(TIMEOUT_MS);
    expect(net.members()).toEqual([]);
  });

  test('loopback addresses are called where there is nothing else', () => {
    const net = aRegistrar({ localAddresses: ['127.0.0.1'] });
    adopt(net, 1, { addresses: ['127.0.0.1'] });
    expect(net.calls()).toHaveLength(1);
  });
});
