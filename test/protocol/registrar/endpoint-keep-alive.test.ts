/** Keep-alives (RFC 5352 §3.5), registration life (§3.2), and the patience after a pause (decision 46). */

import { describe, expect, test } from 'vitest';
import {
  aRegistrar,
  hex,
  type Net,
  PE,
  POOL,
  REGISTRAR,
  registration,
  type SetUp,
} from './support.ts';

/** Without jitter, so that tests can count: keep-alives 5 s after the last sign of life, 5 s to answer. */
const STEADY = { endpointKeepAliveJitter: 0 };

function withPoolElement(setUp: SetUp = { options: STEADY }): Net {
  const net = aRegistrar(setUp);
  net.up(1);
  net.registers(1);
  net.outputs();
  return net;
}

describe('a keep-alive (RFC 5352 §3.5)', () => {
  test('is sent when the interval has passed since the registration', () => {
    const net = withPoolElement();
    net.passes(4_999);
    expect(net.answers(1)).toEqual([]);
    net.passes(1);
    expect(net.answers(1)).toMatchObject([
      { type: 'ASAP_ENDPOINT_KEEP_ALIVE', wantsToBeHome: false, registrarId: REGISTRAR },
    ]);
  });

  test('names handle and pool element (decision 16; test vectors A9)', () => {
    const net = withPoolElement();
    net.passes(5_000);
    expect(net.sent(1)).toEqual([
      hex('0700001c c0ffee01 0009000c 4563686f 506f6f6c 000e0008 12345678'),
    ]);
  });

  test('names the handle alone where the option says so', () => {
    const net = withPoolElement({ options: { ...STEADY, keepAliveNamesPoolElement: false } });
    net.passes(5_000);
    expect(net.sent(1)).toEqual([hex('07000014 c0ffee01 0009000c 4563686f 506f6f6c')]);
  });

  test('goes over the association that the pool element registered over last', () => {
    const net = withPoolElement();
    net.up(2, ['10.1.2.3'], 6_000);
    net.registers(2);
    net.passes(5_000);
    expect(net.answers(1)).toEqual([]);
    expect(net.answers(2)).toHaveLength(1);
  });

  test('is put off by a re-registration', () => {
    const net = withPoolElement();
    net.passes(4_000);
    net.registers(1);
    net.passes(4_999);
    expect(net.answers(1)).toEqual([]);
  });

  test('is sent again and again while it is acknowledged', () => {
    const net = withPoolElement({
      options: { ...STEADY, endpointKeepAliveTransmissionIntervalMs: 1_000 },
    });
    for (let round = 1; round <= 50; round += 1) {
      net.passes(1_000);
      expect(net.answers(1)).toHaveLength(1);
      net.acknowledges(1);
    }
    expect(net.members()).toEqual([PE]);
    expect(net.registrar.counters).toMatchObject({
      endpointKeepAlives: 50,
      endpointKeepAliveAcks: 50,
    });
  });

  test('comes within half an interval around it, spread evenly (decision 24)', () => {
    const net = aRegistrar();
    net.up(1);
    for (let id = 1; id <= 400; id += 1) net.registers(1, { id });
    net.outputs();
    const counts = [2_500, 2_500, 2_500].map((ms) => {
      net.passes(ms);
      const sent = net
        .answers(1)
        .map((message) => 'poolElementId' in message && message.poolElementId);
      return new Set(sent).size;
    });
    expect(counts[0]).toBeLessThanOrEqual(1); // 2.5 s: the earliest moment
    expect(counts[1]).toBeGreaterThan(150);
    expect(counts[2]).toBeGreaterThan(150);
    expect((counts[0] ?? 0) + (counts[1] ?? 0) + (counts[2] ?? 0)).toBe(400);
  });
});

describe('a keep-alive that is not acknowledged', () => {
  test('costs the pool element its registration and its association, as with rsplib', () => {
    const net = withPoolElement();
    net.passes(9_999);
    expect(net.members()).toEqual([PE]);
    net.passes(1);
    expect(net.members()).toEqual([]);
    expect(net.end(1)).toBe('abort');
    expect(net.events('poolElementRemoved')).toMatchObject([
      { reason: 'keepAliveTimeout', poolElement: { id: PE } },
    ]);
    expect(net.events('associationAborted')).toEqual([
      { type: 'associationAborted', association: 1, reason: 'keepAliveTimeout' },
    ]);
  });

  test('costs the others of its association theirs, and nobody else', () => {
    const net = withPoolElement();
    net.registers(1, { id: 2, poolHandle: Buffer.from('Other') });
    net.up(2, ['10.1.2.4']);
    net.passes(1_000);
    net.registers(2, {
      id: 3,
      userTransport: {
        ...registration().poolElement.userTransport,
        addresses: ['10.1.2.4'],
      } as never,
    });
    net.outputs();
    net.passes(4_000);
    net.acknowledges(1, { id: 2, poolHandle: Buffer.from('Other') });
    net.passes(5_000);
    const removed = net.events('poolElementRemoved');
    expect(removed.map(({ poolElement, reason }) => [poolElement.id, reason])).toEqual([
      [PE, 'keepAliveTimeout'],
      [2, 'associationLost'],
    ]);
    expect(net.members()).toEqual([3]);
    expect(net.end(2)).toBeUndefined();
  });

  test('is no matter when the element has left in between', () => {
    const net = withPoolElement();
    net.passes(5_000);
    net.says(1, hex('02000018 0009000c 4563686f 506f6f6c 000e0008 12345678'));
    net.passes(60_000);
    expect(net.end(1)).toBeUndefined();
    expect(net.registrar.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('an acknowledgement (RFC 5352 §3.4)', () => {
  test('of a pool element that is not there is ignored (asap.md §10)', () => {
    const net = withPoolElement();
    net.acknowledges(1, { id: 99 });
    net.acknowledges(1, { poolHandle: Buffer.from('Other') });
    expect(net.outputs()).toEqual([]);
    expect(net.registrar.counters).toMatchObject({ endpointKeepAliveAcks: 0, ignoredMessages: 2 });
  });

  test('over a foreign association does not keep the element', () => {
    const net = withPoolElement();
    net.up(2, ['10.6.6.6']);
    net.passes(5_000);
    net.acknowledges(2);
    net.passes(5_000);
    expect(net.members()).toEqual([]);
  });

  test('with its parameters in another order counts as well', () => {
    const net = withPoolElement();
    net.passes(5_000);
    net.says(1, hex('08000018 000e0008 12345678 0009000c 4563686f 506f6f6c'));
    net.passes(5_000);
    expect(net.members()).toEqual([PE]);
  });
});

describe('a registration life (RFC 5352 §3.2)', () => {
  /** Acknowledges every keep-alive until `ms` have passed. */
  function livesOn(net: Net, ms: number): void {
    for (let passed = 0; passed < ms; passed += 500) {
      net.passes(500);
      if (net.answers(1).some(({ type }) => type === 'ASAP_ENDPOINT_KEEP_ALIVE'))
        net.acknowledges(1);
    }
  }

  test('ends a registration that is not renewed, a tenth late, without a word (decision 31)', () => {
    const net = aRegistrar({ options: { enforcesRegistrationLife: true } });
    net.up(1);
    net.registers(1, { lifeMs: 20_000 });
    net.outputs();
    livesOn(net, 21_500);
    expect(net.members()).toEqual([PE]);
    livesOn(net, 1_000);
    expect(net.members()).toEqual([]);
    expect(net.outputs()).toMatchObject([
      { type: 'poolElementRemoved', reason: 'registrationLife' },
    ]);
    expect(net.end(1)).toBeUndefined();
  });

  test('ends nothing in profile rsplib while keep-alives are acknowledged (decision 49)', () => {
    const net = aRegistrar();
    net.up(1);
    net.registers(1, { lifeMs: 20_000 });
    livesOn(net, 100_000);
    expect(net.members()).toEqual([PE]);
    net.passes(15_000);
    expect(net.members()).toEqual([]);
  });

  test('is told of at its end in profile rfc (RFC 5352 §2.2.4)', () => {
    const net = aRegistrar({ options: { profile: 'rfc' } });
    net.up(1);
    net.registers(1, { lifeMs: 1_000 });
    net.passes(1_200);
    expect(net.answers(1)).toMatchObject([
      { type: 'ASAP_DEREGISTRATION_RESPONSE', poolElementId: PE, errors: [] },
    ]);
  });

  test('starts again with every registration', () => {
    const net = aRegistrar({ options: { enforcesRegistrationLife: true } });
    net.up(1);
    for (let i = 0; i < 10; i += 1) {
      net.registers(1, { lifeMs: 20_000 });
      livesOn(net, 15_000);
    }
    expect(net.members()).toEqual([PE]);
  });

  test('may be without end', () => {
    const net = aRegistrar({ options: { enforcesRegistrationLife: true } });
    net.up(1);
    net.registers(1, { lifeMs: Number.POSITIVE_INFINITY });
    livesOn(net, 300_000);
    expect(net.members()).toEqual([PE]);
  });
});

describe('a pause of the process (decision 46)', () => {
  test('lets an acknowledgement that arrived meanwhile count, read before the timers', () => {
    const net = withPoolElement();
    net.passes(5_000);
    net.sleeps(60_000);
    net.acknowledges(1);
    net.passes(0);
    expect(net.members()).toEqual([PE]);
  });

  test('gives the acknowledgement that is still under way one fresh period', () => {
    const net = withPoolElement();
    net.passes(5_000);
    net.sleeps(60_000);
    net.passes(4_000);
    expect(net.members()).toEqual([PE]);
    net.acknowledges(1);
    net.passes(4_000);
    expect(net.members()).toEqual([PE]);
  });

  test('is not what a timer is that is served a little late', () => {
    const net = withPoolElement();
    net.passes(5_000);
    net.sleeps(5_010);
    net.passes(0);
    expect(net.members()).toEqual([]);
  });

  test('gives it one, and no more', () => {
    const net = withPoolElement();
    net.passes(5_000);
    net.sleeps(60_000);
    net.passes(5_100);
    expect(net.members()).toEqual([]);
  });
});

describe('a sign of life that is late', () => {
  test('a time-out that comes early or twice changes nothing', () => {
    const net = withPoolElement();
    for (let i = 0; i < 5; i += 1) net.input({ type: 'timeout' });
    expect(net.outputs()).toEqual([]);
    net.passes(5_000);
    net.input({ type: 'timeout' });
    expect(net.sent(1)).toHaveLength(1);
    expect(net.handlespace.find(POOL, PE)?.awaitsAcknowledgement).toBe(true);
  });
});
