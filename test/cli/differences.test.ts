/** What `rserpool diff` calls a difference. */

import { expect, test } from 'vitest';
import {
  type Difference,
  differencesOf,
  lastingDifferences,
} from '../../src/cli/view/differences.ts';
import type { ListedPoolElement, RegistrarView } from '../../src/index.ts';
import { poolElementId, type RegistrarId } from '../../src/types.ts';

const peer = (id: number) => ({
  id: id as RegistrarId,
  addresses: [{ address: `10.0.0.${id}`, port: 9901 }],
});

const element = (id: number, change: object = {}) =>
  ({
    ...{ poolHandle: Buffer.from('EchoPool'), id: poolElementId(id), lifeMs: 300_000 },
    ...{ homeRegistrarId: 1 as RegistrarId, policy: { type: 'roundRobin' } },
    userTransport: { protocol: 'tcp', port: 7, transportUse: 0, addresses: ['10.9.0.1'] },
    ...change,
  }) as ListedPoolElement;

const view = (
  id: number,
  peers: number[],
  poolElements: ListedPoolElement[] = [],
): RegistrarView => ({
  ...{ id: id as RegistrarId, peers: peers.map(peer), poolElements },
});

test('two that know each other and the same are not different', () => {
  const [a, b] = [view(1, [2, 3], [element(1)]), view(2, [3, 1], [element(1)])];
  expect(differencesOf(a, b)).toEqual([]);
});

test('a peer that is known to one of them is a difference, one that was never heard is none', () => {
  expect(differencesOf(view(1, [0, 2, 3]), view(2, [1, 4]))).toEqual([
    { what: 'registrar', pool: '', id: '0x00000003', a: 'known', b: 'unknown' },
    { what: 'registrar', pool: '', id: '0x00000004', a: 'unknown', b: 'known' },
  ]);
});

test('two that do not know each other are different in both', () => {
  expect(differencesOf(view(1, []), view(2, [])).map(({ id }) => id)).toEqual([
    ...['0x00000001', '0x00000002'],
  ]);
});

test.each<[string, Partial<Difference> | undefined, boolean]>([
  ['is the same', {}, true],
  ['has changed on one side', { a: 'random' }, true],
  ['has changed on both, which only are not as quick as each other', { a: '2', b: '3' }, false],
  ['is about something else', { id: '0x00000002' }, false],
  ['is gone', undefined, false],
])('what is different lasts if at a second reading it is: %s', (_, change, lasts) => {
  const one: Difference = { what: 'policy', pool: 'P', id: '0x00000001', a: '1', b: '2' };
  const second = change === undefined ? [] : [{ ...one, ...change }];
  expect(lastingDifferences([one], second)).toEqual(lasts ? second : []);
});

test('the same identifier in two pools is two pool elements', () => {
  const other = element(1, { poolHandle: Buffer.from('OtherPool') });
  expect(differencesOf(view(1, [2], [element(1)]), view(2, [1], [other]))).toEqual([
    { what: 'poolElement', pool: 'EchoPool', id: '0x00000001', a: 'known', b: 'unknown' },
    { what: 'poolElement', pool: 'OtherPool', id: '0x00000001', a: 'unknown', b: 'known' },
  ]);
});

test.each<[string, object, string, string]>([
  ['home', { homeRegistrarId: 2 }, '0x00000001', '0x00000002'],
  ['policy', { policy: { type: 'random' } }, 'roundRobin', 'random'],
  ['lifeMs', { lifeMs: 1_000 }, '300000', '1000'],
  [
    'transport',
    {
      userTransport: {
        ...{ protocol: 'tcp', port: 7, transportUse: 0, addresses: ['10.9.0.1', 'fd00::1'] },
      },
    },
    'tcp 10.9.0.1:7',
    'tcp 10.9.0.1:7 [fd00::1]:7',
  ],
  [
    'asap',
    {
      asapTransport: { protocol: 'sctp', port: 9, transportUse: 1, addresses: ['10.9.0.1'] },
    },
    '',
    'sctp 10.9.0.1:9 with control channel',
  ],
])('another %s of a pool element is a difference', (what, change, a, b) => {
  const views = [view(1, [2], [element(1)]), view(2, [1], [element(1, change)])] as const;
  expect(differencesOf(...views)).toEqual([{ what, pool: 'EchoPool', id: '0x00000001', a, b }]);
});
