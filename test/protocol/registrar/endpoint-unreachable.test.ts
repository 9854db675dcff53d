/** ASAP_ENDPOINT_UNREACHABLE at the registrar (RFC 5352 §3.5, decision 23). */

import { describe, expect, test } from 'vitest';
import {
  aRegistrar,
  type Net,
  PE,
  POOL,
  registration,
  type SetUp,
  sctp,
  unreachable,
} from './support.ts';

const STEADY = { endpointKeepAliveJitter: 0 };

/** Pool element PE over association 1, a pool user at association 9. */
function withPoolElement(setUp: SetUp = { options: STEADY }): Net {
  const net = aRegistrar(setUp);
  net.up(1);
  net.registers(1);
  net.up(9, ['10.8.8.8']);
  net.outputs();
  return net;
}

describe('a report of unreachability (RFC 5352 §3.5)', () => {
  test('makes the registrar ask the pool element at once, and has no answer', () => {
    const net = withPoolElement();
    net.says(9, unreachable());
    expect(net.answers(1)).toMatchObject([
      { type: 'ASAP_ENDPOINT_KEEP_ALIVE', wantsToBeHome: false, poolElementId: PE },
    ]);
    expect(net.outputs()).toEqual([]);
  });

  test('of an element that does not answer costs it its registration before the next cycle', () => {
    const net = withPoolElement({
      options: { ...STEADY, endpointKeepAliveTransmissionIntervalMs: 60_000 },
    });
    net.says(9, unreachable());
    net.passes(5_000);
    expect(net.events('poolElementRemoved')).toMatchObject([{ reason: 'keepAliveTimeout' }]);
  });

  test('of an element that answers changes nothing', () => {
    const net = withPoolElement();
    net.says(9, unreachable());
    net.acknowledges(1);
    net.passes(5_000);
    expect(net.members()).toEqual([PE]);
  });

  test('while a keep-alive is awaited sends no other and does not put off its time-out', () => {
    const net = withPoolElement();
    net.passes(5_000);
    net.outputs();
    net.passes(4_000);
    net.says(9, unreachable());
    expect(net.answers(1)).toEqual([]);
    net.passes(1_000);
    expect(net.members()).toEqual([]);
  });

  test('that is the third removes the element, though it answers (MAX-BAD-PE-REPORT)', () => {
    const net = withPoolElement();
    for (let i = 0; i < 3; i += 1) {
      expect(net.members()).toEqual([PE]);
      net.says(9, unreachable());
      net.acknowledges(1);
    }
    expect(net.events('poolElementRemoved')).toMatchObject([{ reason: 'reportedUnreachable' }]);
    expect(net.members()).toEqual([]);
    expect(net.end(1)).toBeUndefined();
  });

  test('that is the first removes the element where the option says so', () => {
    const net = withPoolElement({ options: { maxBadPeReports: 1 } });
    net.says(9, unreachable());
    expect(net.outputs()).toMatchObject([{ type: 'poolElementRemoved' }]);
  });

  test("of another registrar's element is counted and removes nothing (asap.md 3.4)", () => {
    const net = withPoolElement();
    net.handlespace.register(net.now, {
      ...registration({ id: 2 }).poolElement,
      poolHandle: POOL,
      homeRegistrarId: 7 as never,
      asapTransport: sctp(['10.5.5.5'], 0),
    });
    for (let i = 0; i < 5; i += 1) net.says(9, unreachable(2));
    expect(net.outputs()).toEqual([]);
    expect(net.handlespace.find(POOL, 2)?.unreachableReports).toBe(5);
  });

  test('of an element that is not there is ignored (asap.md §10)', () => {
    const net = withPoolElement();
    net.says(9, unreachable(99));
    net.says(9, unreachable(PE, Buffer.from('Other')));
    expect(net.outputs()).toEqual([]);
  });

  test('over the rate is ignored (RFC 5355 §2.13)', () => {
    const limits = { maxEndpointUnreachableRate: 1, burstMessages: 2 };
    const net = withPoolElement({ options: { ...STEADY, limits } });
    for (let i = 0; i < 5; i += 1) net.says(9, unreachable());
    expect(net.members()).toEqual([PE]);
    expect(net.registrar.counters).toMatchObject({ failureReports: 2, ignoredMessages: 3 });
    net.passes(1_000);
    net.says(9, unreachable());
    expect(net.members()).toEqual([]);
  });
});
