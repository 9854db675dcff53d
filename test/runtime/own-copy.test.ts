/** Copies for applications: equal, and independent of the original. */

import { expect, test } from 'vitest';
import { Handlespace } from '../../src/handlespace/handlespace.ts';
import { ownCopy } from '../../src/runtime/own-copy.ts';

test('a copy of an event shares nothing with it', () => {
  const original = {
    type: 'peerUp',
    id: 7,
    mentor: undefined,
    addresses: [{ address: '10.0.0.1', port: 9901 }],
    poolHandle: Buffer.from('EchoPool').subarray(0, 4),
  };
  const copy = ownCopy(original);
  expect(copy).toEqual({ ...original, poolHandle: Uint8Array.from(original.poolHandle) });
  copy.addresses[0] = { address: '192.0.2.1', port: 1 };
  copy.poolHandle.fill(0);
  expect(original.addresses).toEqual([{ address: '10.0.0.1', port: 9901 }]);
  expect(String(original.poolHandle)).toBe('Echo');
});

test('a copy of a pool element says the same and shares no octets with it', () => {
  using handlespace = new Handlespace({ seed: 1n });
  handlespace.register(0, {
    ...{ poolHandle: 'EchoPool', id: 1, homeRegistrarId: 2, lifeMs: 30_000 },
    policy: { type: 'weightedRandom', weight: 3 },
    userTransport: { protocol: 'tcp', port: 7, transportUse: 0, addresses: ['10.0.0.1'] },
  });
  const [original] = handlespace.walk({ limit: 1 }).elements;
  const text = JSON.stringify(original);
  const copy = ownCopy(original);
  expect(JSON.stringify(copy)).toBe(text);
  copy?.poolHandle.fill(0);
  copy?.encoded.fill(0);
  (copy?.policy as { weight: number }).weight = 9;
  expect(JSON.stringify(original)).toBe(text);
});
