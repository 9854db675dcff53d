/** What programs are told of a pool element. */

import { expect, test } from 'vitest';
import { poolElementRow, poolElementText } from '../../src/cli/view/rows.ts';
import type { ListedPoolElement } from '../../src/index.ts';

const element = (change: object): ListedPoolElement =>
  ({
    ...{ poolHandle: Buffer.from('EchoPool'), id: 0x11, homeRegistrarId: 1, lifeMs: 90_000 },
    ...{
      policy: { type: 'roundRobin' },
      userTransport: { protocol: 'opaque', bytes: Uint8Array.of(0, 255) },
    },
    ...change,
  }) as unknown as ListedPoolElement;

const control = { protocol: 'sctp', port: 9, transportUse: 1, addresses: ['10.0.0.1', 'fd00::1'] };

test.each([
  [
    { asapTransport: control },
    { protocol: 'sctp', addresses: ['10.0.0.1:9', '[fd00::1]:9'], control: true },
    'sctp 10.0.0.1:9 [fd00::1]:9 with control channel',
  ],
  [{}, null, ''],
])('its transports in parts, beside the words of a table: %j', (change, asap, words) => {
  expect(poolElementRow(element(change))).toEqual({
    ...{ pool: 'EchoPool', id: '0x00000011', home: '0x00000001', policy: 'roundRobin', asap },
    ...{ transport: { protocol: 'opaque', bytes: '0x00ff' }, lifeMs: 90_000 },
  });
  expect(poolElementText(element(change))).toMatchObject({
    transport: 'opaque 0x00ff',
    asap: words,
  });
});
