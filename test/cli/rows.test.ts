/** What is shown of a pool element, to programs and to people. */

import { expect, test } from 'vitest';
import { describeLife, describePolicy, parsePolicy } from '../../src/cli/describe.ts';
import { poolRows } from '../../src/cli/view/pools-command.ts';
import { poolElementCells, poolElementRow, poolElementText } from '../../src/cli/view/rows.ts';
import type { ListedPoolElement } from '../../src/index.ts';
import { loadFraction } from '../../src/settings/load.ts';

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

test.each(['0', '1', '0.5', '0.25', '0.3', '0.123456789'])('a load of %s is written so', (load) => {
  expect(describePolicy(parsePolicy(`leastUsed:${load}`))).toBe(`leastUsed load=${load}`);
});

test('loads that are not the same are not written alike', () => {
  const loads = [0x7fff_ffff, 0x8000_0000, 0x8000_0001, 1, 2, 0xffff_fffe, 0xffff_ffff];
  const texts = loads.map((load) =>
    describePolicy({ type: 'leastUsed', load: loadFraction(load) }),
  );
  expect(new Set(texts).size).toBe(loads.length);
});

test.each([
  [90_000, '90 s'],
  [1_500, '1500 ms'],
  [Number.POSITIVE_INFINITY, 'unlimited'],
])('a registration life of %d ms is %s', (lifeMs, life) => {
  expect(describeLife(lifeMs)).toBe(life);
  expect(poolElementCells(element({ lifeMs }))).toMatchObject({ life });
});

test('a pool of bytes and one of the text that shows them are two', () => {
  const handles = [Buffer.from('0x00ff'), Buffer.of(0, 255)];
  expect(poolRows(handles.map((poolHandle) => element({ poolHandle })))).toEqual([
    { pool: '0x00ff', elements: 1, policy: 'roundRobin' },
    { pool: '0x00ff', elements: 1, policy: 'roundRobin' },
  ]);
});
