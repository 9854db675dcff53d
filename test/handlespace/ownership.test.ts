/** Whose the pool elements are: home registrars and associations, many elements at a time, in slices. */

import { describe, expect, test } from 'vitest';
import {
  Handlespace,
  type WalkOptions,
  type WalkToken,
} from '../../src/handlespace/handlespace.ts';
import type { PoolElementState } from '../../src/handlespace/pool-element.ts';
import { registration } from '../support/registrations.ts';

const A = 0x0000_000a;
const B = 0x0000_000b;

/** Ten elements: odd ones of registrar A over association 1, even ones of B over 2. */
function tenElements(): Handlespace {
  const handlespace = new Handlespace({ seed: 1n });
  for (let id = 1; id <= 10; id++) {
    const [homeRegistrarId, association] = id % 2 === 1 ? [A, 1] : [B, 2];
    const poolHandle = `pool-${id % 3}`;
    handlespace.register(0, registration({ poolHandle, id, homeRegistrarId, association }));
  }
  return handlespace;
}

function idsOf(elements: readonly PoolElementState[]): number[] {
  return elements.map(({ id }): number => id).sort((a, b) => a - b);
}

/** A walk to its end. */
function walked(handlespace: Handlespace, options: WalkOptions): PoolElementState[] {
  const all: PoolElementState[] = [];
  let after: WalkToken | undefined;
  for (let pages = 0; pages < 100; pages++) {
    const { elements, next } = handlespace.walk({ ...options, after });
    expect(elements.length).toBeLessThanOrEqual(options.limit);
    all.push(...elements);
    if (next === undefined) return all;
    after = next;
  }
  throw new Error('the walk does not end');
}

describe('a walk', () => {
  test.each([1, 3, 100])('in pages of %i shows every element once', (limit) => {
    const handlespace = tenElements();
    expect(idsOf(walked(handlespace, { limit }))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(idsOf(walked(handlespace, { homeRegistrarId: A, limit }))).toEqual([1, 3, 5, 7, 9]);
    expect(idsOf(walked(handlespace, { association: 2, limit }))).toEqual([2, 4, 6, 8, 10]);
    expect(walked(handlespace, { homeRegistrarId: 0xc, limit })).toEqual([]);
    expect(walked(handlespace, { association: 3, limit })).toEqual([]);
  });

  test('shows those that stay once, whatever else goes in between', () => {
    const handlespace = tenElements();
    const first = handlespace.walk({ limit: 4 });
    for (const { poolHandle, id } of first.elements.slice(0, 2)) {
      handlespace.deregister(poolHandle, id);
    }
    const rest = handlespace.walk({ limit: 100, after: first.next });
    expect(idsOf([...first.elements, ...rest.elements])).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  test('shows pools with their policy and size', () => {
    const handlespace = tenElements();
    handlespace.register(0, registration({ poolHandle: 'x', policy: { type: 'random' } }));
    const first = handlespace.pools({ limit: 3 });
    const rest = handlespace.pools({ limit: 3, after: first.next });
    const all = [...first.pools, ...rest.pools].map(
      ({ poolHandle, policyType, poolElementCount }) =>
        `${Buffer.from(poolHandle)} ${policyType} ${poolElementCount}`,
    );
    expect(first.pools.length).toBe(3);
    expect(rest.next).toBeUndefined();
    expect(all.sort()).toEqual([
      ...['pool-0 roundRobin 3', 'pool-1 roundRobin 4', 'pool-2 roundRobin 3', 'x random 1'],
    ]);
  });
});

describe('an association that ends', () => {
  test('takes its current elements along, a slice at a time', () => {
    const handlespace = tenElements();
    // Registered anew over another association meanwhile.
    const moved = registration({ poolHandle: 'pool-1', id: 1, homeRegistrarId: A, association: 9 });
    handlespace.register(0, moved);
    expect(handlespace.elementsOf(1)).toBe(4);
    const removed = [
      ...handlespace.removeAssociation(1, 3),
      ...handlespace.removeAssociation(1, 3),
    ];
    expect(idsOf(removed)).toEqual([3, 5, 7, 9]);
    expect(handlespace.removeAssociation(1)).toEqual([]);
    expect(handlespace.elementsOf(1)).toBe(0);
    expect(handlespace.find('pool-1', 1)?.association).toBe(9);
    handlespace.verify();
  });
});

describe('a home registrar', () => {
  test('that is gone for good has its elements purged, a slice at a time', () => {
    const handlespace = tenElements();
    expect(handlespace.ownedBy(A)).toBe(5);
    expect(handlespace.purge(A, 2).length).toBe(2);
    expect(handlespace.ownedBy(A)).toBe(3);
    expect(handlespace.purge(A).length).toBe(3);
    expect(handlespace.purge(A)).toEqual([]);
    expect(handlespace.ownedBy(A)).toBe(0);
    expect(idsOf(walked(handlespace, { limit: 100 }))).toEqual([2, 4, 6, 8, 10]);
    expect(handlespace.checksum(A)).toBe(0xffff);
  });

  test('that took over has them in its name, in answers too, watched as soon as they are probed (RFC 5353 §3.5.2)', () => {
    const handlespace = tenElements();
    const adopted = [...handlespace.adopt(A, B, 2), ...handlespace.adopt(A, B)];
    expect(idsOf(adopted)).toEqual([1, 3, 5, 7, 9]);
    for (const element of adopted) {
      expect(element).toMatchObject({ homeRegistrarId: B, isWatched: false });
      expect(handlespace.probe(100, element.poolHandle, element.id)).toBe(true);
      expect(handlespace.find(element.poolHandle, element.id)).toMatchObject({
        ...{ isWatched: true, awaitsAcknowledgement: true },
      });
    }
    const out = new Uint8Array(1_024);
    const length = handlespace.resolveInto('pool-0', 3, out, 0);
    const answer = Buffer.from(out.subarray(0, length));
    expect(answer.includes(Buffer.of(0, 0, 0, A, 0, 4, 0x93, 0xe0))).toBe(false);
    expect(handlespace.walk({ homeRegistrarId: B, limit: 100 }).elements.length).toBe(10);
    expect(handlespace.stats().homeRegistrars).toBe(1);
  });
});

describe('the checksum (RFC 5353 §3.6.2)', () => {
  // Values that rsplib's own code and a capture agree upon (parameters.md 6).
  test.each<[number, [string, number][]]>([
    [0xffff, []],
    [0x8490, [['CalcAppPool', 0x5562_e917]]],
    [0x29a5, [['EchoPool', 0x1234_5678]]],
    [0xbefe, [['A', 1]]],
    [
      0xe8a3,
      [
        ['EchoPool', 0x1234_5678],
        ['A', 1],
      ],
    ],
    [0x469a, [['Web', 0xffff_ffff]]],
    [
      0xb6da,
      [
        ['Web', 0xffff_ffff],
        ['Web', 0xffff_fffe],
        ['EchoPool', 0x1234_5678],
      ],
    ],
  ])('is %i over the elements of that registrar alone', (checksum, elements) => {
    const handlespace = new Handlespace({ seed: 1n });
    for (const [poolHandle, id] of elements) {
      handlespace.register(0, registration({ poolHandle, id, homeRegistrarId: A }));
    }
    handlespace.register(0, registration({ poolHandle: 'Foreign', id: 7, homeRegistrarId: B }));
    expect(handlespace.checksum(A)).toBe(checksum);
  });
});
