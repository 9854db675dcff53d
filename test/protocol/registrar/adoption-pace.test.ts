/** How fast adopted and suggested pool elements are asked (decision 45), and what becomes of those in line. */

import { describe, expect, test } from 'vitest';
import type { PoolElementState } from '../../../src/handlespace/pool-element.ts';
import { aRegistrar, type Net, POOL, stored, unreachable } from './support.ts';

const TIMEOUT_MS = 5_000;
const PERIOD_MS = 10;
const MOST_UNANSWERED = 256;
const DEAD = 0xdead;

const range = (first: number, count: number) => Array.from({ length: count }, (_, i) => first + i);

/** Elements of one process that are ours now and have not registered here. */
function adopt(net: Net, ids: readonly number[], port = 5_000): void {
  for (const id of ids) net.input({ type: 'adopted', poolElement: stored(net, id, { port }) });
}

function suggest(net: Net, ids: readonly number[], port = 5_000): void {
  for (const id of ids) {
    const poolElement = stored(net, id, { port, homeRegistrarId: DEAD });
    net.input({ type: 'takeoverSuggested', poolElement });
  }
}

/** Whose time-outs run. */
function timed(net: Net): number[] {
  return net.members().filter((id) => net.handlespace.find(POOL, id)?.awaitsAcknowledgement);
}

/** Who has been asked with the H bit over one association since last asked. */
function asked(net: Net, association: number): number[] {
  return net.answers(association).flatMap((one) => {
    const isQuestion = one.type === 'ASAP_ENDPOINT_KEEP_ALIVE' && one.wantsToBeHome;
    return isQuestion ? [one.poolElementId as number] : [];
  });
}

describe('whoever waits for the call of its process', () => {
  test('is in line all the time: when it is answered 100 are asked in 10 ms', () => {
    const net = aRegistrar();
    adopt(net, range(1, 250));
    const [call] = net.calls();
    net.passes(3_000);
    expect(timed(net)).toEqual([]);
    net.answersCall(9, call?.attempt);
    expect(asked(net, 9)).toEqual(range(1, 100));
    expect(timed(net)).toEqual(range(1, 100));
    net.passes(PERIOD_MS - 1);
    expect(asked(net, 9)).toEqual([]);
    net.passes(1);
    expect(asked(net, 9)).toEqual(range(101, 100));
    net.passes(PERIOD_MS);
    expect(asked(net, 9)).toEqual(range(201, 50));
  });

  test('gives nobody a reason to wake the registrar before the call is over', () => {
    const net = aRegistrar();
    suggest(net, range(1, 500));
    expect(net.registrar.nextDeadline()).toBe(net.now + TIMEOUT_MS);
  });

  test('goes by its time-out when the call fails, 100 in 10 ms, and nobody calls again', () => {
    const net = aRegistrar();
    adopt(net, range(1, 250));
    const [call] = net.calls();
    net.passes(1_000);
    net.input({ type: 'connectFailed', attempt: call?.attempt as number });
    expect(timed(net)).toEqual(range(1, 100));
    net.passes(2 * PERIOD_MS);
    expect(timed(net)).toEqual(range(1, 250));
    net.passes(TIMEOUT_MS);
    expect(net.members()).toEqual([]);
    expect(net.calls()).toEqual([]);
  });

  test('is forgotten when the call fails and it lives with a peer', () => {
    const net = aRegistrar();
    suggest(net, range(1, 250));
    net.input({ type: 'connectFailed', attempt: net.calls()[0]?.attempt as number });
    net.passes(10 * TIMEOUT_MS);
    expect(net.members()).toEqual(range(1, 250));
    expect([timed(net), net.calls()]).toEqual([[], []]);
  });

  test('is called anew when it is adopted after the call had failed', () => {
    const net = aRegistrar();
    adopt(net, range(1, 250));
    net.input({ type: 'connectFailed', attempt: net.calls()[0]?.attempt as number });
    adopt(net, [250, 251]);
    net.answersCall(9, net.calls()[0]?.attempt);
    net.passes(3 * PERIOD_MS);
    expect(asked(net, 9)).toEqual([250, 251]);
  });

  test('has no time-out begun by who could not reach it (RFC 5352 §3.5)', () => {
    const net = aRegistrar();
    adopt(net, [1]);
    net.up(3, ['10.1.2.9']);
    net.says(3, unreachable(1));
    expect(timed(net)).toEqual([]);
    net.passes(TIMEOUT_MS - 1);
    net.answersCall(9, net.calls()[0]?.attempt);
    expect(asked(net, 9)).toEqual([1]);
  });
});

describe('processes that can be spoken to', () => {
  test('have their turns one after the other, however many elements one of them has', () => {
    const net = aRegistrar();
    adopt(net, range(1, 1_000), 5_000);
    adopt(net, range(2_001, 10), 5_001);
    const [first, second] = net.calls();
    net.passes(PERIOD_MS);
    net.answersCall(8, first?.attempt);
    asked(net, 8);
    net.answersCall(9, second?.attempt);
    net.passes(PERIOD_MS);
    expect(asked(net, 9)).toEqual(range(2_001, 10));
    expect(asked(net, 8)).toHaveLength(90);
    adopt(net, [3_001], 5_002);
    expect(net.calls()).toMatchObject([{ peer: [{ port: 5_002 }] }]);
  });

  test('are one process when two places lead to it', () => {
    const net = aRegistrar();
    net.up(9);
    adopt(net, range(1, 150));
    for (const id of range(201, 150)) {
      const addresses = ['10.1.2.3', '10.1.2.4'];
      const poolElement = stored(net, id, { port: 5_000, addresses });
      net.input({ type: 'adopted', poolElement });
    }
    for (const { attempt } of net.calls()) net.input({ type: 'connectFailed', attempt });
    net.passes(5 * PERIOD_MS);
    expect(asked(net, 9)).toEqual([...range(1, 150), ...range(201, 106)]);
    net.acknowledges(9, { id: 1 });
    expect(asked(net, 9)).toEqual([307]);
  });

  test('that end meanwhile are not called again: who was in line goes by its time-out', () => {
    const net = aRegistrar();
    adopt(net, range(1, 250));
    net.answersCall(9, net.calls()[0]?.attempt);
    net.down(9);
    net.passes(2 * PERIOD_MS);
    expect(timed(net)).toEqual(range(1, 250));
    net.passes(TIMEOUT_MS);
    expect([net.members(), net.calls()]).toEqual([[], []]);
  });
});

describe('over one association no more than 256 are unanswered', () => {
  /** Of one process that says nothing yet. */
  function manyAsked(count: number): Net {
    const net = aRegistrar();
    adopt(net, range(1, count));
    net.answersCall(9, net.calls()[0]?.attempt);
    net.passes(1_000);
    expect(asked(net, 9)).toEqual(range(1, MOST_UNANSWERED));
    return net;
  }

  test('and the next ones are asked as answers come; they lose no time by it', () => {
    const net = manyAsked(1_000);
    for (const id of range(1, 10)) net.acknowledges(9, { id });
    expect(asked(net, 9)).toEqual(range(MOST_UNANSWERED + 1, 10));
    net.passes(TIMEOUT_MS - 1_000 - 1);
    let ids = range(11, MOST_UNANSWERED);
    while (ids.length > 0) {
      for (const id of ids) net.acknowledges(9, { id });
      net.passes(PERIOD_MS);
      ids = asked(net, 9);
      expect(ids.length).toBeLessThanOrEqual(200);
    }
    expect(net.handlespace.elementsOf(9)).toBe(1_000);
  });

  test('until none of them has been answered in time: nobody else of the process is asked', () => {
    const net = manyAsked(1_000);
    net.passes(TIMEOUT_MS);
    expect(asked(net, 9)).toEqual([]);
    expect(net.members()).toEqual(range(MOST_UNANSWERED + 1, 1_000 - MOST_UNANSWERED));
    net.passes(TIMEOUT_MS);
    expect([net.members(), net.calls()]).toEqual([[], []]);
  });

  test('or some have: the others are not waited for any longer', () => {
    const net = manyAsked(600);
    net.acknowledges(9, { id: 1 });
    expect(asked(net, 9)).toEqual([257]);
    net.passes(TIMEOUT_MS + 100);
    expect(asked(net, 9)).toEqual(range(258, MOST_UNANSWERED));
  });

  test('and nobody is woken while all wait for answers', () => {
    const net = aRegistrar();
    suggest(net, range(1, 1_000));
    net.answersCall(9, net.calls()[0]?.attempt);
    net.passes(1_000);
    expect(net.registrar.nextDeadline()).toBe(net.now - 1_000 + 2 * PERIOD_MS + TIMEOUT_MS);
  });

  test('also of those that a peer takes and loses again (decision 52)', () => {
    const net = aRegistrar();
    net.up(5);
    const poolElements = range(1, 400).map((id) => {
      net.registers(5, { id });
      return net.handlespace.find(POOL, id) as PoolElementState;
    });
    for (const poolElement of poolElements) {
      net.handlespace.deregister(POOL, poolElement.id);
      net.input({ type: 'movedAway', poolElement });
      net.input({ type: 'abandoned', poolElement });
    }
    for (const poolElement of poolElements) net.input({ type: 'abandoned', poolElement });
    expect(asked(net, 5)).toEqual(range(1, 100));
    net.passes(1_000);
    expect(asked(net, 5)).toEqual(range(101, 156));
  });
});
