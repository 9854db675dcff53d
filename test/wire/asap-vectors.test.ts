import { describe, expect, test } from 'vitest';
import { decodeAsap } from '../../src/wire/asap.ts';
import { ASAP_VECTORS } from '../vectors/asap.ts';
import { bytesOf, expectRoundTrip } from './round-trip.ts';

describe('the ASAP codec (RFC 5352 §2.2)', () => {
  test.each(ASAP_VECTORS)('reads and writes $title', ({ hex, message }) => {
    expectRoundTrip(message, bytesOf(hex));
  });

  const padded = ASAP_VECTORS.filter(({ paddedHex }) => paddedHex !== undefined);
  test.each(padded)('reads a length with final padding: $title (decision 33)', (vector) => {
    expect(decodeAsap(bytesOf(vector.paddedHex as string))).toEqual(vector.message);
  });

  test('has a vector for each of the 14 messages', () => {
    expect(new Set(ASAP_VECTORS.map(({ message }) => message.type)).size).toBe(14);
  });
});
