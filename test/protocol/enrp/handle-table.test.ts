/** Who reads our handle table (RFC 5353 §3.2.3), page by page. */

import { describe, expect, test } from 'vitest';
import type { RegistrarId } from '../../../src/types.ts';
import { encodeEnrp } from '../../../src/wire/enrp.ts';
import type { EnrpMessage } from '../../../src/wire/enrp-messages.ts';
import type { TransportParameter } from '../../../src/wire/parameters.ts';
import { Scope, Stranger, type TestRegistrar } from './support.ts';

const READER = 66 as RegistrarId;
const DCCP = { protocol: 'dccp', port: 1, transportUse: 0, serviceCode: 5 } as const;

type Page = Extract<EnrpMessage, { type: 'ENRP_HANDLE_TABLE_RESPONSE' }>;

function requestTo({ id }: TestRegistrar, ownOnly = false): Uint8Array {
  const ids = { senderId: READER, receiverId: id };
  return encodeEnrp({ type: 'ENRP_HANDLE_TABLE_REQUEST', ...ids, ownOnly });
}

/** The table as somebody reads it who has never said who he is. */
function readBy(scope: Scope, registrar: TestRegistrar): Page[] {
  const reader = new Stranger(scope, '10.0.0.66', registrar);
  const request = requestTo(registrar);
  const pages: Page[] = [];
  do {
    pages.push(reader.says(request)[0] as Page);
  } while (pages.at(-1)?.hasMore && pages.length < 1_000);
  return pages;
}

const elementsOf = ({ entries }: Page) => entries.flatMap(({ poolElements }) => poolElements);

describe('a handle table', () => {
  test('of 1 000 elements comes in pages that rsplib can read, each element once (decision 29)', () => {
    const [scope, one] = Scope.whole(1) as [Scope, TestRegistrar];
    for (let id = 1; id <= 1_000; id++) one.register(id, `Pool-${id % 3}`);
    const pages = readBy(scope, one);
    for (const page of pages) expect(encodeEnrp(page).length).toBeLessThanOrEqual(1_400);
    const ids = pages.flatMap(elementsOf).map(({ id }) => id);
    expect(ids.sort((a, b) => a - b)).toEqual(Array.from({ length: 1_000 }, (_, i) => i + 1));
  });

  test.each([2, 128, 300])(
    'has its elements with transports that rsplib does not know behind all others, %i of each (decision 21)',
    (count) => {
      const [scope, one] = Scope.whole(1) as [Scope, TestRegistrar];
      for (let id = 1; id <= count; id++) {
        one.register(id, 'Known');
        registerAt(one, count + id, { ...DCCP, addresses: ['10.9.0.1'] });
      }
      const pages = readBy(scope, one).map((page) => elementsOf(page));
      const protocols = pages.map((page) => page.map((it) => it.userTransport.protocol));
      for (const page of protocols) expect(new Set(page).size).toBe(1);
      expect(pages.flat()).toHaveLength(2 * count);
      if (count <= 128) {
        expect(protocols.flat()).toEqual([
          ...Array(count).fill('tcp'),
          ...Array(count).fill('dccp'),
        ]);
      }
    },
  );
});

test('no page has more than 128 elements, however long it may be (decision 29)', () => {
  const [scope, one] = Scope.whole(1, { maxHandleTableBytes: 65_535 }) as [Scope, TestRegistrar];
  for (let id = 1; id <= 300; id++) one.register(id);
  const counts = readBy(scope, one).map((page) => elementsOf(page).length);
  expect(counts).toEqual([128, 128, 44]);
});

test('two readers, and the readings of one of all elements and of our own, do not mix', () => {
  const [scope, one, two] = Scope.whole(2) as [Scope, TestRegistrar, TestRegistrar];
  for (let id = 1; id <= 60; id++) one.register(id);
  for (let id = 61; id <= 120; id++) two.register(id);
  scope.run(1);
  const readers = ['10.0.0.66', '10.0.0.67'].map((at) => new Stranger(scope, at, one));
  const readings = readers.flatMap((reader) =>
    [true, false].map((ownOnly) => ({ reader, ownOnly, ids: [] as number[], isOver: false })),
  );
  for (let turn = 0; turn < 100 && readings.some(({ isOver }) => !isOver); turn++) {
    for (const reading of readings.filter(({ isOver }) => !isOver)) {
      const [page] = reading.reader.says(requestTo(one, reading.ownOnly)) as [Page];
      reading.ids.push(...elementsOf(page).map(({ id }) => id));
      reading.isOver = !page.hasMore;
    }
  }
  for (const { ownOnly, ids } of readings) {
    const all = Array.from({ length: ownOnly ? 60 : 120 }, (_, i) => i + 1);
    expect(ids.sort((a, b) => a - b)).toEqual(all);
  }
});

test('who has not asked on for long reads anew', () => {
  const [scope, one] = Scope.whole(1) as [Scope, TestRegistrar];
  for (let id = 1; id <= 60; id++) one.register(id);
  const reader = new Stranger(scope, '10.0.0.66', one);
  const [first] = reader.says(requestTo(one)) as [Page];
  scope.run(9);
  const [second] = reader.says(requestTo(one)) as [Page];
  expect(elementsOf(second)).not.toEqual(elementsOf(first));
  scope.run(11);
  const [again] = reader.says(requestTo(one)) as [Page];
  expect(elementsOf(again)).toEqual(elementsOf(first));
});

function registerAt({ id, handlespace }: TestRegistrar, elementId: number, at: TransportParameter) {
  handlespace.register(0, {
    ...{ poolHandle: 'Exotic', id: elementId, homeRegistrarId: id, lifeMs: 300_000 },
    ...{ policy: { type: 'roundRobin' }, userTransport: at },
    asapTransport: { protocol: 'sctp', port: 9, transportUse: 0, addresses: ['10.9.0.1'] },
  });
}
