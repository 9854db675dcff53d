/** What holds for every message and for every input, shown by chance (the seed is printed on failure). */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DecodeError } from '../../src/errors.ts';
import { decodeAsap, encodeAsap } from '../../src/wire/asap.ts';
import { decodeEnrp } from '../../src/wire/enrp.ts';
import { CAUSE, type Profile } from '../../src/wire/parameters.ts';
import { isLong } from '../support/long.ts';
import { asapMessages, enrpMessages } from './generators.ts';
import { asapLookalike, damagedMessage, enrpLookalike } from './hostile-input.ts';
import { ASAP, type Codec, decodeOrError, ENRP, expectRoundTrip } from './round-trip.ts';
import { weightOf } from './weight.ts';

const PROFILES: readonly Profile[] = ['rsplib', 'rfc'];
const MAX_WEIGHT_PER_BYTE = 32;

interface Protocol<Message> {
  readonly name: string;
  readonly codec: Codec<Message>;
  readonly messageTypes: number;
  readonly generators: (profile: Profile) => Record<string, fc.Arbitrary<Message>>;
  readonly lookalike: fc.Arbitrary<Uint8Array>;
}

describeProtocol({
  name: 'ASAP',
  codec: ASAP,
  messageTypes: 14,
  generators: asapMessages,
  lookalike: asapLookalike,
});
describeProtocol({
  name: 'ENRP',
  codec: ENRP,
  messageTypes: 10,
  generators: enrpMessages,
  lookalike: enrpLookalike,
});

function describeProtocol<Message>({
  name,
  codec,
  messageTypes,
  generators,
  lookalike,
}: Protocol<Message>): void {
  const types = Object.keys(generators('rsplib'));

  describe.each(PROFILES)(`the ${name} codec in profile %s`, (profile) => {
    const messages = generators(profile);
    const encode = (message: Message) => codec.encode(message, { profile });

    test('has a generator for each message', () => {
      expect(types).toHaveLength(messageTypes);
    });

    test.each(types)('reads back what it writes: %s', (type) => {
      fc.assert(
        fc.property(messages[type] as fc.Arbitrary<Message>, (message) => {
          expectRoundTrip(codec, message, encode(message), { profile });
        }),
        { numRuns: isLong ? 2_000 : 30 },
      );
    });

    const inputs = {
      'any bytes': fc.uint8Array({ maxLength: 300 }),
      'bytes that look like messages': lookalike,
      'damaged messages': damagedMessage(fc.oneof(...Object.values(messages)), encode),
    };
    test.each(Object.entries(inputs))('reads %s or throws DecodeError', (_, arbitrary) => {
      let decoded = 0;
      fc.assert(
        fc.property(arbitrary, (bytes) => {
          const result = decodeOrError(codec, bytes, { profile });
          if (result instanceof DecodeError) expectUsefulError(result, bytes);
          else {
            decoded += 1;
            // What was read can be written, and is the same when read again.
            const { unrecognized: _, ...message } = result;
            expect(codec.decode(encode(message as Message), { profile })).toEqual(message);
          }
          expect(weightOf(result)).toBeLessThanOrEqual(MAX_WEIGHT_PER_BYTE * bytes.length + 1000);
        }),
        { numRuns: isLong ? 100_000 : 3_000 },
      );
      if (arbitrary !== inputs['any bytes']) expect(decoded).toBeGreaterThan(10);
    });
  });
}

describe('the largest messages', () => {
  const parameter = (type: number, ...value: number[]) => [
    ...[type >>> 8, type & 0xff, 0, 4 + value.length],
    ...value,
  ];
  /** A message with a beginning, then as often as it fits one parameter, in a container or not. */
  const filled = (type: number, start: number[], container: number[], one: number[]) => {
    const before = [type, 0, 0, 0, ...start, ...container];
    const count = Math.floor((65_532 - before.length) / one.length);
    const bytes = new Uint8Array([...before, ...Array.from({ length: count }, () => one).flat()]);
    const lengths = container.length === 0 ? [0] : [0, 4 + start.length];
    for (const at of lengths) {
      bytes[at + 2] = (bytes.length - at) >>> 8;
      bytes[at + 3] = bytes.length - at;
    }
    return bytes;
  };

  const handle = parameter(9, 97, 98, 99, 100);
  const largest = {
    'error causes without information': filled(0x0e, [], [0, 12, 0, 0], [0, 9, 0, 4]),
    'error causes with information': filled(0x0e, [], [0, 12, 0, 0], parameter(9, 1, 2, 3, 4)),
    'addresses of a transport': filled(
      0x0a,
      [0, 0, 0, 1],
      [0, 4, 0, 0, 15, 23, 0, 0],
      parameter(1, 10, 1, 2, 3),
    ),
    'transports of an announce': filled(
      0x0a,
      [0, 0, 0, 1],
      [],
      parameter(5, 15, 23, 0, 0, ...parameter(1, 10, 1, 2, 3)),
    ),
    'parameters to be skipped': filled(0x05, handle, [], parameter(0x8abc)),
    'parameters to be reported': filled(0x05, handle, [], parameter(0xcabc)),
    'pool elements': filled(
      0x0d,
      handle,
      [],
      parameter(
        10,
        ...[0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9],
        ...parameter(5, 0, 7, 0, 0, ...parameter(1, 10, 1, 2, 3)),
        ...parameter(8, 0, 0, 0, 1),
      ),
    ),
  };

  test.each(Object.entries(largest))('cost a small multiple of their size: %s', (_, bytes) => {
    expect(bytes.length).toBeGreaterThan(65_400);
    const message = decodeAsap(bytes);
    expect(weightOf(message)).toBeLessThanOrEqual(MAX_WEIGHT_PER_BYTE * bytes.length);
  });

  const element = parameter(
    10,
    ...[0, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0, 9],
    ...parameter(5, 0, 7, 0, 0, ...parameter(1, 10, 1, 2, 3)),
    ...parameter(8, 0, 0, 0, 1),
  );
  const ids = [0, 0, 0, 7, 0, 0, 0, 0];
  const largestEnrp = {
    'elements of a table': filled(0x03, [...ids, ...handle], [], element),
    'pools of a table': filled(0x03, ids, [], [...parameter(9, 97, 0, 0, 0), ...element]),
    'servers of a list': filled(
      0x06,
      ids,
      [],
      parameter(11, 0, 0, 0, 1, ...parameter(4, 15, 23, 0, 0, ...parameter(1, 10, 1, 2, 3))),
    ),
  };

  test.each(Object.entries(largestEnrp))('cost a small multiple of their size: %s', (_, bytes) => {
    expect(bytes.length).toBeGreaterThan(65_400);
    const message = decodeEnrp(bytes);
    expect(weightOf(message)).toBeLessThanOrEqual(MAX_WEIGHT_PER_BYTE * bytes.length);
  });

  test('are reported in an error that can be written', () => {
    const { unrecognized = [] } = decodeAsap(largest['parameters to be reported']);
    const code = CAUSE.UNRECOGNIZED_PARAMETER;
    const errors = unrecognized.map((info) => ({ code, info }));
    expect(errors.length).toBeGreaterThan(1);
    expect(encodeAsap({ type: 'ASAP_ERROR', errors }).length).toBeLessThan(20_000);

    const refused = decodeOrError(ASAP, filled(0x4f, [], [], parameter(9)));
    expect(refused).toMatchObject({ causeCode: CAUSE.UNRECOGNIZED_MESSAGE, causeInfo: undefined });
  });
});

/** Offset inside the input, a known cause or none, and information that is a piece of the input. */
function expectUsefulError(error: DecodeError, bytes: Uint8Array): void {
  const { offset, causeCode, causeInfo } = error;
  expect(offset).toBeGreaterThanOrEqual(0);
  expect(offset).toBeLessThanOrEqual(Math.max(bytes.length, 2));
  expect([0, 1, 2, 3, undefined]).toContain(causeCode);
  if (causeInfo === undefined) return;
  expect(causeInfo.buffer).toBe(bytes.buffer);
  expect(causeInfo.length).toBeGreaterThan(0);
  expect(causeInfo.length).toBeLessThanOrEqual(1024);
}
