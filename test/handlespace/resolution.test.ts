/** Handle resolution: objects, bytes, and bytes in place (RFC 5352 §2.2.6, §3.3). */

import { describe, expect, test } from 'vitest';
import { HandlespaceError } from '../../src/errors.ts';
import { Handlespace } from '../../src/handlespace/handlespace.ts';
import { MAX_ITEMS } from '../../src/handlespace/options.ts';
import type { PoolElement } from '../../src/handlespace/pool-element.ts';
import { createArena } from '../../src/native.ts';
import { encodeAsap } from '../../src/wire/asap.ts';
import type { TransportParameter } from '../../src/wire/parameters.ts';
import { refusalOf } from '../support/handlespace-errors.ts';
import { registration } from '../support/registrations.ts';

const sctp: TransportParameter = {
  ...{ protocol: 'sctp', port: 4711, transportUse: 0 },
  addresses: ['10.0.0.1', '2001:db8::1'],
};

/** Twice the same handlespace: what one selects the other selects as well. */
function twins(poolHandle: string, count: number): [Handlespace, Handlespace] {
  const twin = () => {
    const handlespace = new Handlespace({ seed: 1n });
    for (let id = 1; id <= count; id++) {
      const policy = { type: 'leastUsedDegradation', load: id, loadDegradation: 1 } as const;
      const asapTransport = { ...sctp, port: 1 } as TransportParameter;
      handlespace.register(
        0,
        registration({ poolHandle, id, policy, userTransport: sctp, asapTransport }),
      );
    }
    return handlespace;
  };
  return [twin(), twin()];
}

/** The answer as the codec makes it; without the ASAP transport, as rsplib has it. */
function encodedAnswer(poolHandle: string, elements: readonly PoolElement[]): Uint8Array {
  return encodeAsap({
    type: 'ASAP_HANDLE_RESOLUTION_RESPONSE',
    acceptsUpdates: false,
    poolHandle: Buffer.from(poolHandle),
    policy: elements[0]?.policy,
    poolElements: elements.map(({ id, homeRegistrarId, lifeMs, userTransport, policy }) => {
      return { id, homeRegistrarId, lifeMs, userTransport, policy };
    }),
    errors: [],
  });
}

describe('resolveInto', () => {
  test.each([
    ['EchoPool', 1, 1],
    ['EchoPool', 3, 3],
    ['A', 2, 5],
    ['Größe', 5, 4],
    ['a handle of thirty-two octets !!', 200, 128],
  ])('writes what encodeAsap writes for pool %s of %i, %i items', (poolHandle, count, items) => {
    const [objects, bytes] = twins(poolHandle, count);
    const out = new Uint8Array(65_536).fill(0xaa);
    for (let turn = 0; turn < 5; turn++) {
      const elements = objects.resolve(poolHandle, { items }) ?? [];
      expect(elements.length).toBe(Math.min(items, count));
      const length = bytes.resolveInto(Buffer.from(poolHandle), items, out, 7);
      expect(out.subarray(7, 7 + length)).toEqual(encodedAnswer(poolHandle, elements));
      expect(out[6]).toBe(0xaa);
      expect(out[7 + length]).toBe(0xaa);
    }
  });

  test('answers 0 for an unknown pool and leaves the output alone', () => {
    const [handlespace] = twins('EchoPool', 1);
    const out = new Uint8Array(64).fill(0xaa);
    expect(handlespace.resolveInto('OtherPool', 3, out, 0)).toBe(0);
    expect(out.every((byte) => byte === 0xaa)).toBe(true);
  });

  test('refuses an output that is too small by one byte, and then nobody has had a turn', () => {
    const [objects, bytes] = twins('EchoPool', 3);
    const expected = encodedAnswer('EchoPool', objects.resolve('EchoPool', { items: 3 }) ?? []);
    const small = new Uint8Array(10 + expected.length - 1);
    const refusal = refusalOf(() => bytes.resolveInto('EchoPool', 3, small, 10));
    expect(refusal).toBeInstanceOf(HandlespaceError);
    expect(refusal).toMatchObject({ causeCode: 0, reason: 'OUTPUT_TOO_SMALL' });
    const enough = new Uint8Array(10 + expected.length);
    expect(bytes.resolveInto('EchoPool', 3, enough, 10)).toBe(expected.length);
    expect(enough.subarray(10)).toEqual(expected);
  });

  test('names at most 128 elements, and as many as one message can hold (RFC 5354 §4)', () => {
    const handlespace = new Handlespace({ seed: 1n });
    const addresses = Array.from({ length: 64 }, (_, i) => `2001:db8::${(i + 1).toString(16)}`);
    for (let id = 1; id <= 128; id++) {
      const userTransport = { ...sctp, addresses } as TransportParameter;
      handlespace.register(0, registration({ id, userTransport }));
    }
    const out = new Uint8Array(200_000);
    const length = handlespace.resolveInto('EchoPool', 128, out, 0);
    const elementBytes = 16 + 8 + 64 * 20 + 8;
    const elements = Math.floor((65_532 - 4 - 12 - 8) / elementBytes);
    expect(length).toBe(4 + 12 + 8 + elements * elementBytes);
    expect(Buffer.from(out.buffer).readUInt16BE(2)).toBe(length);
    expect(handlespace.resolve('EchoPool', { items: 1_000 })?.length).toBe(MAX_ITEMS);
  });
});

describe('resolveInPlace', () => {
  test('reads the handle from one arena and writes the same answer to the other', () => {
    const [objects, bytes] = twins('EchoPool', 5);
    const { request, response } = bytes.arenas();
    request.bytes.set(Buffer.from('EchoPool'), 1_000);
    for (const position of [0, 64, 4_096]) {
      response.position[0] = position;
      const length = bytes.resolveInPlace(1_000, 8, 3);
      const expected = encodedAnswer('EchoPool', objects.resolve('EchoPool', { items: 3 }) ?? []);
      expect(response.bytes.subarray(position, position + length)).toEqual(expected);
      expect(response.position[0]).toBe(position);
    }
  });

  test('answers 0 for an unknown pool and -1 when the response does not fit, with no turn taken', () => {
    const [objects, bytes] = twins('EchoPool', 3);
    const { request, response } = bytes.arenas();
    request.bytes.set(Buffer.from('EchoPoolX'));
    expect(bytes.resolveInPlace(0, 9, 3)).toBe(0);
    for (const position of [response.bytes.length - 8, response.bytes.length, 0xffff_ffff]) {
      response.position[0] = position;
      expect(bytes.resolveInPlace(0, 8, 3)).toBe(-1);
    }
    response.position[0] = 0;
    const length = bytes.resolveInPlace(0, 8, 3);
    const expected = encodedAnswer('EchoPool', objects.resolve('EchoPool', { items: 3 }) ?? []);
    expect(response.bytes.subarray(0, length)).toEqual(expected);
  });

  test('works on the arenas that it is given, of any size', () => {
    const [, handlespace] = twins('EchoPool', 1);
    const request = createArena(8);
    const response = createArena(100);
    handlespace.useArenas(request, response);
    expect(handlespace.arenas()).toEqual({ request, response });
    request.bytes.set(Buffer.from('EchoPool'));
    const length = handlespace.resolveInPlace(0, 8, 1);
    expect(length).toBeGreaterThan(0);
    expect(response.bytes[0]).toBe(6);
    response.position[0] = 4;
    expect(handlespace.resolveInPlace(0, 8, 1)).toBe(length + 4 <= 100 ? length : -1);
  });
});

describe('the pool elements of an answer', () => {
  test('are copies that later changes do not touch', () => {
    const handlespace = new Handlespace({ seed: 1n });
    const policy = { type: 'leastUsed', load: 1 } as const;
    handlespace.register(0, registration({ id: 1, policy }));
    const [element] = handlespace.resolve('EchoPool') as [PoolElement];
    const state = handlespace.find('EchoPool', 1);
    handlespace.register(
      0,
      registration({ id: 1, policy: { ...policy, load: 2 }, association: 9 }),
    );
    handlespace.register(0, registration({ id: 2, policy }));
    handlespace.close();
    expect(element.policy).toEqual({ type: 'leastUsed', load: 1 });
    expect(element.userTransport).toMatchObject({ addresses: ['10.0.0.1'] });
    expect(state?.policy).toEqual({ type: 'leastUsed', load: 1 });
    expect(state?.association).toBe(0);
  });

  test('print as what they are', () => {
    const handlespace = new Handlespace({ seed: 1n });
    handlespace.register(0, registration({ id: 0xcafe }));
    const elements = handlespace.resolve('EchoPool');
    expect(JSON.parse(JSON.stringify(elements))).toEqual([
      {
        ...{ poolHandle: 'EchoPool', id: '0x0000cafe', homeRegistrarId: '0x0c0ffee0' },
        ...{ lifeMs: 300_000, policy: { type: 'roundRobin' } },
        userTransport: { protocol: 'tcp', port: 7, transportUse: 0, addresses: ['10.0.202.254'] },
      },
    ]);
  });

  test('are three when nobody says how many (decision 15)', () => {
    const [handlespace] = twins('EchoPool', 5);
    expect(handlespace.resolve('EchoPool')?.length).toBe(3);
  });

  test('are shown by peek without anybody having a turn', () => {
    const handlespace = new Handlespace({ seed: 1n });
    for (const id of [1, 2, 3]) handlespace.register(0, registration({ id }));
    for (let i = 0; i < 5; i++)
      expect(handlespace.peek('EchoPool')?.policy.type).toBe('roundRobin');
    expect(handlespace.resolve('EchoPool')?.map(({ id }) => id)).toEqual([1, 2, 3]);
    expect(handlespace.peek('OtherPool')).toBeUndefined();
  });
});
