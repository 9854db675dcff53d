/** ASAP_SERVER_ANNOUNCE on the T6 cycle (RFC 5352 §3.6). */

import { describe, expect, test } from 'vitest';
import { aRegistrar, hex, type Net, type SetUp } from './support.ts';

/** When announces were sent during `ms`, counted from now. */
function announceTimes(net: Net, ms: number): number[] {
  const start = net.now;
  const times: number[] = [];
  for (let i = 0; i < ms; i += 1) {
    net.passes(1);
    for (const _ of net.announces()) times.push(net.now - start);
  }
  return times;
}

function announcing(setUp: SetUp = {}): Net {
  return aRegistrar({ ...setUp, options: { serverAnnounceCycleMs: 1_000, ...setUp.options } });
}

describe('an announce (RFC 5352 §2.2.10)', () => {
  test("is the registrar's identifier alone, as rsplib's (decision 2; test vectors A12)", () => {
    const net = announcing();
    net.passes(0);
    expect(net.announces()).toEqual([hex('0a000008 c0ffee01')]);
  });

  test('names the addresses that others can reach in profile rfc (test vectors A13)', () => {
    const net = announcing({
      options: { profile: 'rfc' },
      localAddresses: ['127.0.0.1', '10.1.2.1', 'fe80::1'],
    });
    net.passes(0);
    expect(net.announces()).toEqual([hex('0a000018 c0ffee01 00040010 0f170000 00010008 0a010201')]);
  });

  test('names the addresses of the moment when they change', () => {
    const net = announcing({ options: { profile: 'rfc' }, localAddresses: ['10.1.2.1'] });
    net.registrar.handle(net.now, {
      type: 'localAddressesChanged',
      addresses: ['10.1.2.2', '127.0.0.1'],
    });
    net.passes(0);
    expect(net.announces()).toEqual([hex('0a000018 c0ffee01 00040010 0f170000 00010008 0a010202')]);
  });

  test('never has two transport parameters: rsplib would drop it (A14)', () => {
    const net = announcing({
      options: { announcesTransport: true },
      localAddresses: ['10.1.2.1', '10.9.2.1'],
    });
    net.passes(0);
    expect(net.announces()).toEqual([
      hex('0a000020 c0ffee01 00040018 0f170000 00010008 0a010201 00010008 0a090201'),
    ]);
  });

  test('is the identifier alone where no address reaches far enough', () => {
    const net = announcing({
      options: { announcesTransport: true, minAddressScope: 'sitelocal' },
      localAddresses: ['127.0.0.1'],
    });
    net.passes(0);
    expect(net.announces()).toEqual([hex('0a000008 c0ffee01')]);
  });
});

describe('the cycle of announces (T6-Serverannounce)', () => {
  test('starts at once and comes every second, an eighth early or late at random', () => {
    const net = announcing();
    net.passes(0);
    expect(net.announces()).toHaveLength(1);
    const times = announceTimes(net, 100_000);
    const gaps = times.map((time, i) => time - (times[i - 1] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(875);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(1_125);
    expect(new Set(gaps).size).toBeGreaterThan(30);
    expect(times.length).toBeGreaterThan(95);
    expect(times.length).toBeLessThan(105);
  });

  test('is regular without jitter', () => {
    const net = announcing({ options: { serverAnnounceJitter: 0, serverAnnounceCycleMs: 200 } });
    net.passes(0);
    net.announces();
    expect(announceTimes(net, 1_000)).toEqual([200, 400, 600, 800, 1_000]);
  });

  test('depends on the seed alone', () => {
    const times = [1n, 1n, 2n].map((seed) => {
      const net = announcing({ seed });
      net.passes(0);
      net.announces();
      return announceTimes(net, 5_000);
    });
    expect(times[0]).toEqual(times[1]);
    expect(times[0]).not.toEqual(times[2]);
  });

  test('does not make up after a pause of the process for what was missed', () => {
    const net = announcing();
    net.passes(0);
    net.announces();
    net.sleeps(60_000);
    net.passes(0);
    expect(net.announces()).toHaveLength(1);
  });

  test('can be switched off', () => {
    const net = announcing({ options: { serverAnnounceCycleMs: 0 } });
    expect(net.registrar.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
    net.input({ type: 'timeout' });
    expect(net.announces()).toEqual([]);
  });
});
