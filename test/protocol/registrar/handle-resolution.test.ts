/** ASAP_HANDLE_RESOLUTION at the registrar (RFC 5352 §3.3), over both of its ways. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeAsap } from '../../../src/wire/asap.ts';
import type { AsapHandleResolutionResponse } from '../../../src/wire/asap-messages.ts';
import { CAUSE } from '../../../src/wire/parameters.ts';
import {
  answeredInPlace,
  aRegistrar,
  hex,
  type Net,
  PEER,
  POOL,
  resolution,
  type SetUp,
} from './support.ts';

/** A registrar with `size` pool elements, identifiers from 1, and a pool user at association 9. */
function withPool(size: number, setUp: SetUp = {}): Net {
  const net = aRegistrar(setUp);
  net.up(1);
  for (let id = 1; id <= size; id += 1) net.registers(1, { id });
  net.up(9, ['10.8.8.8']);
  net.outputs();
  return net;
}

function selected(net: Net): number[] {
  return net.answers(9).flatMap((answer) => {
    if (answer.type !== 'ASAP_HANDLE_RESOLUTION_RESPONSE') throw new Error(answer.type);
    return answer.poolElements.map(({ id }) => id as number);
  });
}

describe('a handle resolution (RFC 5352 §3.3)', () => {
  test('names policy and pool element, without ASAP transport (test vectors A1, A6, A7)', () => {
    const net = aRegistrar();
    net.up(1);
    net.says(
      1,
      hex(`01000038 0009000c 4563686f 506f6f6c 000a0028 12345678 00000000 00015f90
           00040010 1e610001 00010008 0a010203 00080008 00000001`),
    );
    net.up(9, ['10.8.8.8']);
    net.says(9, hex('05000018 0009000c 4563686f 506f6f6c 803f0008 00000003'));
    expect(net.sent(9).map(toHex)).toEqual([
      toHex(
        hex(`06000040 0009000c 4563686f 506f6f6c 00080008 00000001 000a0028 12345678
             c0ffee01 00015f90 00040010 1e610001 00010008 0a010203 00080008 00000001`),
      ),
    ]);
  });

  test('of an unknown pool is answered with cause 9 (test vectors A8)', () => {
    const net = aRegistrar();
    net.up(9);
    net.says(9, resolution(Buffer.from('NoPool')));
    expect(net.sent(9).map(toHex)).toEqual([
      toHex(hex('06000018 0009000a 4e6f506f 6f6c0000 000c0008 00090004')),
    ]);
    expect(net.registrar.counters).toMatchObject({
      handleResolutions: 0,
      failedHandleResolutions: 1,
    });
  });

  test.each([
    ['three pool elements where the request does not say how many', undefined, {}, 3],
    ['three for 0', 0, {}, 3],
    ['as many as asked for', 5, {}, 5],
    ['no more than 128 (decision 15)', 1_000, {}, 128],
    ['128 for "all"', 0xffff_ffff, {}, 128],
    ['what the option says', undefined, { maxHandleResolutionItems: 7 }, 7],
    ['all up to 128 in profile rfc', undefined, { profile: 'rfc' }, 128],
  ] as const)('is answered with %s', (_, items, options, count) => {
    const net = withPool(150, { options });
    net.says(9, resolution(POOL, items));
    expect(new Set(selected(net)).size).toBe(count);
  });

  test('is answered with the whole pool when that is smaller', () => {
    const net = withPool(2);
    net.says(9, resolution());
    expect(selected(net)).toEqual([1, 2]);
  });

  test('moves on with round robin (policies.md 1)', () => {
    const net = withPool(3);
    for (let i = 0; i < 4; i += 1) net.says(9, resolution(POOL, 2));
    expect(selected(net)).toEqual([1, 2, 2, 3, 3, 1, 1, 2]);
  });

  test('is answered in the order of the requests of an association', () => {
    const net = withPool(1);
    net.says(9, resolution(Buffer.from('A')));
    net.says(9, resolution());
    net.says(9, resolution(Buffer.from('B')));
    const handles = net.answers(9).map((answer) => {
      return Buffer.from((answer as AsapHandleResolutionResponse).poolHandle).toString();
    });
    expect(handles).toEqual(['A', 'EchoPool', 'B']);
  });

  test("is nobody's event: it is counted", () => {
    const net = withPool(1);
    net.says(9, resolution());
    expect(net.outputs().map(({ type }) => type)).toEqual(['send']);
    expect(net.registrar.counters.handleResolutions).toBe(1);
  });

  test('is no line in the log, over neither way', () => {
    const lines: string[] = [];
    const note = (_: object, text: string) => lines.push(text);
    const log = { trace: note, debug: note, info: note, warn: note, error: note };
    const net = withPool(1, { log });
    expect(lines).toEqual(['pool element registered']);
    net.says(9, resolution());
    expect(answeredInPlace(net, 9, encodeAsap(resolution())).bytes).toBeGreaterThan(0);
    expect(lines).toHaveLength(1);
  });

  test('that wants updates is answered and not subscribed', () => {
    const net = withPool(1);
    net.says(9, { ...resolution(), wantsUpdates: true });
    expect(net.answers(9)).toMatchObject([{ acceptsUpdates: false }]);
  });
});

describe('a handle resolution where it lies', () => {
  test('is answered at the position of the response arena, which stays', () => {
    const net = withPool(1);
    const { response } = net.handlespace.arenas();
    response.position[0] = 512;
    const { bytes, answer } = answeredInPlace(net, 9, encodeAsap(resolution()));
    expect(bytes).toBe(answer.length);
    expect(answer.subarray(0, 4)).toEqual(Uint8Array.from([6, 0, 0, bytes]));
    expect(response.position[0]).toBe(512);
  });

  test.each<[string, Uint8Array]>([
    ['an unknown pool', encodeAsap(resolution(Buffer.from('NoPool')))],
    ['another message', hex('08000018 0009000c 4563686f 506f6f6c 000e0008 12345678')],
    ['a parameter to be reported', hex('05000018 0009000c 4563686f 506f6f6c c0ff0008 00000003')],
    ['a message that is cut off', hex('05000018 0009000c 4563686f')],
    ['no message', new Uint8Array(0)],
  ])('is left to the general way for %s', (_, message) => {
    const net = withPool(1);
    const before = { ...net.registrar.counters };
    expect(answeredInPlace(net, 9, message).bytes).toBe(0);
    expect(net.registrar.counters).toEqual(before);
  });

  test('is left to the general way for an association that is not up', () => {
    const net = withPool(1);
    expect(answeredInPlace(net, 8, encodeAsap(resolution())).bytes).toBe(0);
  });

  test('is asked for again when the response arena is full, and counted once', () => {
    const net = withPool(1);
    const { response } = net.handlespace.arenas();
    response.position[0] = response.bytes.length;
    expect(answeredInPlace(net, 9, encodeAsap(resolution())).bytes).toBeLessThan(0);
    expect(net.registrar.counters.handleResolutions).toBe(0);
    response.position[0] = 0;
    expect(answeredInPlace(net, 9, encodeAsap(resolution())).bytes).toBeGreaterThan(0);
    expect(net.registrar.counters.handleResolutions).toBe(1);
  });

  test('has the answer that the general way gives, byte for byte', () => {
    const poolHandle = fc.constantFrom(POOL, Buffer.from('A'), Buffer.from('abcde'));
    const request = fc.record({
      poolHandle,
      items: fc.option(fc.constantFrom(0, 1, 2, 3, 4, 200, 0xffff_ffff), { nil: undefined }),
      offset: fc.integer({ min: 0, max: 1_000 }).map((word) => word * 4),
    });
    const policy = fc.constantFrom(
      { type: 'roundRobin' } as const,
      { type: 'random' } as const,
      { type: 'weightedRandom', weight: 3 } as const,
      { type: 'leastUsed', load: 1 } as const,
      { type: 'leastUsedDegradation', load: 1, loadDegradation: 2 } as const,
    );
    const sizes = fc.tuple(policy, fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }));
    fc.assert(
      fc.property(sizes, fc.array(request, { maxLength: 30 }), ([policy, a, b], requests) => {
        const nets = [aRegistrar(), aRegistrar()] as const;
        for (const net of nets) {
          net.up(1);
          for (let id = 1; id <= a; id += 1) net.registers(1, { id, policy });
          for (let id = 1; id <= b; id += 1) net.registers(1, { id, poolHandle: Buffer.from('A') });
          net.up(9, [PEER]);
        }
        for (const { poolHandle, items, offset } of requests) {
          const message = encodeAsap(resolution(poolHandle, items));
          nets[0].says(9, message);
          const [expected] = nets[0].sent(9);
          const { bytes, answer } = answeredInPlace(nets[1], 9, message, offset);
          // What is not answered in place goes the general way, as the driver sends it.
          if (bytes === 0) nets[1].says(9, message);
          const actual = bytes === 0 ? nets[1].sent(9)[0] : answer;
          expect(toHex(actual)).toBe(toHex(expected));
        }
        expect(nets[0].registrar.counters).toEqual(nets[1].registrar.counters);
      }),
      { numRuns: 50, seed: 1 },
    );
  });
});

describe('more handle resolutions than allowed (security.md 3)', () => {
  const limits = { maxHandleResolutionRate: 10, burstMessages: 4 };

  test.each([
    ['rsplib', CAUSE.UNKNOWN_POOL_HANDLE],
    ['rfc', CAUSE.LACK_OF_RESOURCES],
  ] as const)('are refused in profile %s with cause %i', (profile, code) => {
    const net = withPool(1, { options: { profile, limits } });
    for (let i = 0; i < 5; i += 1) net.says(9, resolution());
    const answers = net.answers(9) as AsapHandleResolutionResponse[];
    expect(answers.map(({ errors }) => errors.map((one) => one.code))).toEqual([
      ...[[], [], [], []],
      [code],
    ]);
  });

  test('are allowed again as time passes', () => {
    const net = withPool(1, { options: { limits } });
    for (let i = 0; i < 8; i += 1) net.says(9, resolution());
    expect(selected(net)).toHaveLength(4);
    net.passes(200);
    for (let i = 0; i < 8; i += 1) net.says(9, resolution());
    expect(selected(net)).toHaveLength(2);
  });

  test('of one association do not keep another from resolving', () => {
    const net = withPool(1, { options: { limits } });
    for (let i = 0; i < 8; i += 1) net.says(1, resolution());
    net.says(9, resolution());
    expect(selected(net)).toEqual([1]);
  });

  test('are left to the general way, and both ways count together', () => {
    const net = withPool(1, { options: { limits } });
    const message = encodeAsap(resolution());
    for (let i = 0; i < 3; i += 1) expect(answeredInPlace(net, 9, message).bytes).not.toBe(0);
    net.says(9, message);
    expect(selected(net)).toEqual([1]);
    expect(answeredInPlace(net, 9, message).bytes).toBe(0);
    net.says(9, message);
    expect(net.answers(9)).toMatchObject([{ errors: [{ code: CAUSE.UNKNOWN_POOL_HANDLE }] }]);
  });
});

function toHex(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString('hex');
}
