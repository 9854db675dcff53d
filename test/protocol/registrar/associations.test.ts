/** What becomes of pool elements when their association ends, restarts, or was not wanted. */

import { describe, expect, test } from 'vitest';
import { SLICE } from '../../../src/protocol/backlog.ts';
import { SILENT } from '../../../src/protocol/logger.ts';
import { aRegistrar, type Net, PE, PEER, POOL, registration, resolution } from './support.ts';

function withPoolElements(count: number): Net {
  const net = aRegistrar({ options: { endpointKeepAliveJitter: 0 } });
  net.up(1);
  for (let id = 1; id <= count; id += 1) net.registers(1, { id });
  net.outputs();
  return net;
}

describe('an association whose peer changes its addresses (RFC 5061)', () => {
  test('is held to those that it has now', () => {
    const net = aRegistrar();
    net.up(1, ['10.1.0.2']);
    const answersTo = (address: string) => {
      const place = { transportUse: 0, port: 7, addresses: [address] } as const;
      net.says(1, registration({ userTransport: { protocol: 'tcp', ...place } }));
      return net.answers(1);
    };
    expect(answersTo('10.1.0.3')).toMatchObject([{ isRejected: true }]);
    net.hasAddresses(1, ['10.1.0.2', '10.1.0.3']);
    expect(answersTo('10.1.0.3')).toMatchObject([{ isRejected: false }]);
    net.hasAddresses(1, ['10.1.0.3']);
    expect(answersTo('10.1.0.2')).toMatchObject([{ isRejected: true }]);
    net.hasAddresses(99, ['10.1.0.9']); // one that has ended
    expect(net.members()).toEqual([PE]);
  });
});

describe('a message that is neither ASAP nor ENRP', () => {
  test('is ignored, counted and logged', () => {
    const lines: object[] = [];
    const log = { ...SILENT, debug: (fields: object) => lines.push(fields) };
    const net = aRegistrar({ log });
    net.up(1);
    net.outputs();
    net.says(1, resolution(), 47);
    expect(net.outputs()).toEqual([]);
    expect(net.registrar.counters.ignoredMessages).toBe(1);
    expect(lines).toContainEqual({ association: 1, payloadProtocol: 47 });
  });
});

describe('an association that ends (interop-rsplib A17)', () => {
  test.each(['shutdown', 'abort', 'lost'] as const)(
    'by %s takes its pool elements along',
    (why) => {
      const net = withPoolElements(2);
      net.down(1, why);
      expect(net.outputs()).toMatchObject([
        { type: 'poolElementRemoved', reason: 'associationLost', poolElement: { id: 1 } },
        { type: 'poolElementRemoved', reason: 'associationLost', poolElement: { id: 2 } },
      ]);
      expect(net.members()).toEqual([]);
    },
  );

  test('leaves alone what has registered over another one since', () => {
    const net = withPoolElements(2);
    net.up(2, [PEER], 6_000);
    net.registers(2, { id: 2 });
    net.outputs();
    net.down(1);
    expect(net.events('poolElementRemoved').map(({ poolElement }) => poolElement.id)).toEqual([1]);
    expect(net.members()).toEqual([2]);
  });

  test('with very many pool elements loses them in slices, others are served in between', () => {
    const count = 3 * SLICE + 1;
    const net = withPoolElements(count);
    net.up(9);
    net.down(1);
    expect(net.events('poolElementRemoved')).toHaveLength(SLICE);
    expect(net.registrar.nextDeadline()).toBeLessThanOrEqual(net.now);
    net.says(9, resolution());
    expect(net.answers(9)).toHaveLength(1);
    net.passes(0);
    expect(net.events('poolElementRemoved')).toHaveLength(count - SLICE);
    expect(net.members()).toEqual([]);
    expect(net.registrar.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
  });

  test('is not waited for by messages that were sent before we ended it', () => {
    const net = withPoolElements(1);
    net.passes(10_000); // the keep-alive time-out
    net.outputs();
    net.says(1, resolution());
    expect(net.outputs()).toEqual([]);
  });

  test('is forgotten, and so is one that was never up', () => {
    const net = withPoolElements(0);
    net.down(1);
    net.down(2);
    net.restarts(3);
    expect(net.registrar.associationCount).toBe(0);
    expect(net.outputs()).toEqual([]);
  });
});

describe('an association that restarts (decision 42)', () => {
  test('has its pool elements probed at once', () => {
    const net = withPoolElements(2);
    net.restarts(1);
    expect(net.answers(1)).toMatchObject([
      { type: 'ASAP_ENDPOINT_KEEP_ALIVE', poolElementId: 1 },
      { type: 'ASAP_ENDPOINT_KEEP_ALIVE', poolElementId: 2 },
    ]);
  });

  test('keeps those that answer', () => {
    const net = withPoolElements(1);
    net.restarts(1);
    net.acknowledges(1, { id: 1 });
    net.passes(5_000);
    expect(net.members()).toEqual([1]);
  });

  test('loses those that do not, and ends', () => {
    const net = withPoolElements(1);
    net.passes(1_000);
    net.restarts(1);
    net.passes(4_999);
    expect(net.members()).toEqual([1]);
    net.passes(1);
    expect(net.members()).toEqual([]);
    expect(net.end(1)).toBe('abort');
  });

  test('gives no fresh period to a time-out that runs, but asks again', () => {
    const net = withPoolElements(1);
    net.passes(5_000);
    net.outputs();
    net.passes(3_000);
    net.restarts(1);
    expect(net.answers(1)).toHaveLength(1);
    net.passes(2_000);
    expect(net.members()).toEqual([]);
  });

  test('with very many pool elements has them probed in slices, each once', () => {
    const count = 2 * SLICE + 1;
    const net = withPoolElements(count);
    net.restarts(1);
    expect(net.sent(1)).toHaveLength(SLICE);
    net.passes(0);
    const ids = net.answers(1).map((one) => 'poolElementId' in one && one.poolElementId);
    expect(new Set(ids).size).toBe(count - SLICE);
  });

  test('and ends while it is probed leaves nothing behind', () => {
    const net = withPoolElements(3 * SLICE);
    net.restarts(1);
    net.restarts(1);
    net.down(1);
    net.passes(0);
    expect(net.members()).toEqual([]);
    expect(net.registrar.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('a pool element that comes back', () => {
  test('over a new association before the old one is given up is not lost with it', () => {
    const net = aRegistrar({ options: { endpointKeepAliveJitter: 0 } });
    net.up(1);
    net.registers(1);
    net.passes(5_000); // asked over the old one
    net.up(2, [PEER], 6_000);
    net.registers(2);
    net.passes(4_000);
    net.down(1);
    expect(net.members()).toEqual([PE]);
    expect(net.handlespace.find(POOL, PE)?.association).toBe(2);
  });
});
