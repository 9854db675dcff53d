/** What is asked before the handlespace is complete (RFC 5353 §3.2; decision 56). */

import { expect, test } from 'vitest';
import { encodeAsap } from '../../../src/wire/asap.ts';
import type { AsapMessage } from '../../../src/wire/asap-messages.ts';
import { CAUSE } from '../../../src/wire/parameters.ts';
import {
  answeredInPlace,
  aRegistrar,
  deregistration,
  type Net,
  POOL,
  registration,
  resolution,
  stored,
  tcp,
} from './support.ts';

const OTHER = Buffer.from('OtherPool');
const UNKNOWN = { poolElements: [], errors: [{ code: CAUSE.UNKNOWN_POOL_HANDLE }] };

/** A registrar that has just started, with a pool user at association 9. */
function starting(): Net {
  const net = aRegistrar({ waitsForService: true });
  net.up(9);
  return net;
}

function inService(net: Net): void {
  net.input({ type: 'inService' });
}

function types(messages: readonly AsapMessage[]): string[] {
  return messages.map(({ type }) => type.replace('ASAP_', '').replace('_RESPONSE', ''));
}

test('a pool that the table of the mentor brings is resolved when the registrar is in service', () => {
  const net = starting();
  net.says(9, resolution());
  stored(net, 1, { homeRegistrarId: 2 });
  net.passes(1_000);
  expect(net.answers(9)).toEqual([]);
  inService(net);
  expect(net.answers(9)).toMatchObject([{ poolElements: [{ id: 1 }], errors: [] }]);
  expect(net.registrar.counters).toMatchObject({
    handleResolutions: 1,
    failedHandleResolutions: 0,
  });
});

test('a pool that is not there either is refused then, and from then on at once', () => {
  const net = starting();
  net.says(9, resolution());
  inService(net);
  expect(net.answers(9)).toMatchObject([UNKNOWN]);
  net.says(9, resolution());
  expect(net.answers(9)).toMatchObject([UNKNOWN]);
});

test('a pool that is known is resolved at once', () => {
  const net = starting();
  stored(net, 1);
  expect(answeredInPlace(net, 9, encodeAsap(resolution())).bytes).toBeGreaterThan(0);
  net.says(9, resolution());
  expect(net.answers(9)).toMatchObject([{ poolElements: [{ id: 1 }] }]);
});

test('nobody waits longer than a pool user does, and who asks later waits as long', () => {
  const net = starting();
  net.up(8);
  net.says(9, resolution());
  net.passes(1_000);
  net.says(8, resolution());
  net.passes(999);
  expect(net.answers(9)).toEqual([]);
  net.passes(1);
  expect(net.answers(9)).toMatchObject([UNKNOWN]);
  net.passes(999);
  expect(net.answers(8)).toEqual([]);
  net.passes(1);
  expect(net.answers(8)).toMatchObject([UNKNOWN]);
  expect(net.registrar.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
});

test('answers to all requests of an association come in their order (interop-rsplib A10)', () => {
  const net = starting();
  stored(net, 1);
  net.says(9, resolution(OTHER));
  net.says(9, registration({ id: 5, userTransport: tcp() }));
  expect(answeredInPlace(net, 9, encodeAsap(resolution())).bytes).toBe(0);
  net.says(9, resolution());
  net.says(9, deregistration(5));
  expect(net.answers(9)).toEqual([]);
  inService(net);
  const answers = net.answers(9);
  expect(types(answers)).toEqual([
    'HANDLE_RESOLUTION',
    'REGISTRATION',
    'HANDLE_RESOLUTION',
    'DEREGISTRATION',
  ]);
  expect(answers[2]).toMatchObject({ poolElements: [{ id: 1 }, { id: 5 }] });
});

test('what needs no answer does not wait', () => {
  const net = starting();
  net.registers(9);
  net.says(9, resolution(OTHER));
  net.passes(1);
  net.handlespace.probe(net.now, POOL, 0x12345678);
  net.acknowledges(9);
  expect(net.registrar.counters.endpointKeepAliveAcks).toBe(1);
});

test.each([
  ['goes down', 'down'],
  ['restarts', 'restarts'],
] as const)('nothing is answered to a peer that %s', (_, happens) => {
  const net = starting();
  net.says(9, resolution());
  net[happens](9);
  expect(net.registrar.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
  inService(net);
  expect(net.answers(9)).toEqual([]);
});

test('more than one association can have wait is answered at once, and nothing is lost', () => {
  const net = starting();
  const sent = 2_000;
  for (let count = 0; count < sent; count += 1) net.says(9, resolution());
  const answered = net.answers(9).length;
  expect(answered).toBeGreaterThan(0);
  expect(answered).toBeLessThan(sent);
  net.passes(2_000);
  expect(net.answers(9)).toHaveLength(sent - answered);
});

test('what all together may have wait is bounded as well', () => {
  const net = aRegistrar({ waitsForService: true, options: { profile: 'rfc' } });
  const long = encodeAsap(resolution(Buffer.alloc(4_000)));
  const associations = Array.from({ length: 300 }, (_, index) => 100 + index);
  for (const association of associations) {
    net.up(association);
    for (let count = 0; count < 15; count += 1) net.says(association, long);
  }
  const answered = associations.map((association) => net.answers(association).length);
  expect(answered.slice(0, 200)).toEqual(Array(200).fill(0));
  expect(answered.at(-1)).toBe(15);
});

test('those who wait are answered in slices', () => {
  const net = starting();
  for (let association = 100; association < 400; association += 1) {
    net.up(association);
    net.says(association, resolution());
  }
  net.outputs();
  inService(net);
  const first = net.outputs().length;
  expect(first).toBeGreaterThan(0);
  expect(first).toBeLessThanOrEqual(128);
  net.passes(0);
  expect(net.outputs()).toHaveLength(300 - first);
});
