/** Timers of pool elements (RFC 5352 §3.1, §3.4) as the registrar drives them. */

import { describe, expect, test } from 'vitest';
import { type DueTimer, Handlespace } from '../../src/handlespace/handlespace.ts';
import { registration } from '../support/registrations.ts';

const keepAlive = { intervalMs: 5_000, timeoutMs: 2_000, jitter: 0 };

function told(due: readonly DueTimer[]): string[] {
  return due.map(({ timer, poolHandle, element }) => {
    expect(element.poolHandle).toEqual(poolHandle);
    return `${timer} ${Buffer.from(poolHandle)}/${element.id}`;
  });
}

describe('registration life', () => {
  test('ends the registration when it lapses, not before', () => {
    const handlespace = new Handlespace({ seed: 1n });
    handlespace.register(100, registration({ id: 1, lifeMs: 1_000 }));
    handlespace.register(100, registration({ id: 2, lifeMs: 1_000, expiresInMs: 3_000 }));
    handlespace.register(100, registration({ id: 3, lifeMs: Number.POSITIVE_INFINITY }));
    expect(handlespace.nextDeadline()).toBeLessThanOrEqual(1_100);
    expect(handlespace.expire(1_099)).toEqual([]);
    expect(told(handlespace.expire(1_100))).toEqual(['registrationLife EchoPool/1']);
    expect(handlespace.find('EchoPool', 1)).toBeUndefined();
    expect(told(handlespace.expire(50_000))).toEqual(['registrationLife EchoPool/2']);
    expect(handlespace.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
    expect(handlespace.stats().poolElements).toBe(1);
  });
});

describe('keep-alive', () => {
  test('is sent after the interval, acknowledged, and sent again', () => {
    const handlespace = new Handlespace({ seed: 1n, keepAlive });
    handlespace.register(0, registration({ isWatched: true }));
    expect(handlespace.expire(4_999)).toEqual([]);
    expect(told(handlespace.expire(5_000))).toEqual(['keepAliveTransmission EchoPool/1']);
    expect(handlespace.find('EchoPool', 1)?.awaitsAcknowledgement).toBe(true);
    expect(handlespace.acknowledge(5_100, 'EchoPool', 1)).toBe(true);
    expect(handlespace.find('EchoPool', 1)?.awaitsAcknowledgement).toBe(false);
    expect(handlespace.expire(10_099)).toEqual([]);
    expect(told(handlespace.expire(10_100))).toEqual(['keepAliveTransmission EchoPool/1']);
  });

  test('without acknowledgement removes the element after the time-out', () => {
    const handlespace = new Handlespace({ seed: 1n, keepAlive });
    handlespace.register(0, registration({ isWatched: true, association: 3 }));
    handlespace.expire(5_000);
    expect(handlespace.expire(6_999)).toEqual([]);
    const due = handlespace.expire(7_000);
    expect(told(due)).toEqual(['keepAliveTimeout EchoPool/1']);
    expect(due[0]?.element.association).toBe(3);
    expect(handlespace.resolve('EchoPool')).toBeUndefined();
  });

  test('is not acknowledged over another association than the one of the element', () => {
    const handlespace = new Handlespace({ seed: 1n, keepAlive });
    handlespace.register(0, registration({ id: 1, isWatched: true, association: 3 }));
    handlespace.register(0, registration({ id: 2, isWatched: true }));
    handlespace.expire(5_000);
    expect(handlespace.acknowledge(5_000, 'EchoPool', 1, 4)).toBe(false);
    expect(handlespace.find('EchoPool', 1)?.awaitsAcknowledgement).toBe(true);
    expect(handlespace.acknowledge(5_000, 'EchoPool', 1, 3)).toBe(true);
    expect(handlespace.acknowledge(5_000, 'EchoPool', 2, 4)).toBe(true);
    expect(handlespace.acknowledge(5_000, 'EchoPool', 3)).toBe(false);
  });

  test('out of turn starts the time-out, for elements not watched so far as well', () => {
    const handlespace = new Handlespace({ seed: 1n, keepAlive });
    handlespace.register(0, registration({}));
    expect(handlespace.probe(100, 'EchoPool', 1)).toBe(true);
    expect(handlespace.probe(100, 'EchoPool', 2)).toBe(false);
    expect(told(handlespace.expire(2_100))).toEqual(['keepAliveTimeout EchoPool/1']);
  });

  test('is spread by the jitter, to both sides and no farther (RFC 5352 §3.4)', () => {
    const handlespace = new Handlespace({ seed: 1n, keepAlive: { ...keepAlive, jitter: 0.5 } });
    for (let id = 1; id <= 100; id++) {
      handlespace.register(0, registration({ id, isWatched: true }));
    }
    const early = handlespace.expire(2_499).length;
    const before = handlespace.expire(4_999).length;
    // The first ones' time-outs are due as well by now, so they are acknowledged on the way.
    expect(early).toBe(0);
    expect(before).toBeGreaterThan(25);
    expect(before).toBeLessThan(75);
  });

  test('after a pause of the process grants every running time-out a fresh period (decision 46)', () => {
    const handlespace = new Handlespace({ seed: 1n, keepAlive });
    handlespace.register(0, registration({ isWatched: true }));
    expect(told(handlespace.expire(5_000))).toEqual(['keepAliveTransmission EchoPool/1']);
    expect(handlespace.expire(60_000)).toEqual([]);
    expect(handlespace.acknowledge(60_001, 'EchoPool', 1)).toBe(true);
    expect(told(handlespace.expire(65_001))).toEqual(['keepAliveTransmission EchoPool/1']);
    expect(told(handlespace.expire(67_001))).toEqual(['keepAliveTimeout EchoPool/1']);
  });
});

describe('expire', () => {
  test('hands out no more than its limit, in the order of the deadlines', () => {
    const handlespace = new Handlespace({ seed: 1n });
    for (const id of [3, 1, 2]) handlespace.register(0, registration({ id, lifeMs: id * 10 }));
    expect(told(handlespace.expire(1_000, 2))).toEqual([
      'registrationLife EchoPool/1',
      'registrationLife EchoPool/2',
    ]);
    expect(handlespace.nextDeadline()).toBeLessThanOrEqual(1_000);
    expect(told(handlespace.expire(1_000, 2))).toEqual(['registrationLife EchoPool/3']);
    expect(handlespace.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
  });

  test('takes a clock that goes back for one that stands still', () => {
    const handlespace = new Handlespace({ seed: 1n });
    handlespace.register(1_000, registration({ lifeMs: 100 }));
    expect(handlespace.expire(0)).toEqual([]);
    handlespace.register(500, registration({ id: 2, lifeMs: 100 }));
    expect(handlespace.find('EchoPool', 2)?.expiresAt).toBe(1_100);
  });
});
