import { describe, expect, test } from 'vitest';
import { ASAP_VECTORS } from '../vectors/asap.ts';
import { ENRP_VECTORS } from '../vectors/enrp.ts';
import { ASAP, bytesOf, ENRP, expectRoundTrip } from './round-trip.ts';

describe('the ASAP codec (RFC 5352 §2.2)', () => {
  test.each(ASAP_VECTORS)('reads and writes $title', ({ hex, message }) => {
    expectRoundTrip(ASAP, message, bytesOf(hex));
  });

  const padded = ASAP_VECTORS.filter(({ paddedHex }) => paddedHex !== undefined);
  test.each(padded)('reads a length with final padding: $title (decision 33)', (vector) => {
    expect(ASAP.decode(bytesOf(vector.paddedHex as string))).toEqual(vector.message);
  });

  test('has a vector for each of the 14 messages', () => {
    expect(new Set(ASAP_VECTORS.map(({ message }) => message.type)).size).toBe(14);
  });
});

describe('the ENRP codec (RFC 5353 §2)', () => {
  test.each(ENRP_VECTORS)('reads and writes $title', ({ hex, message }) => {
    expectRoundTrip(ENRP, message, bytesOf(hex));
  });

  test('has a vector for each of the 10 messages', () => {
    expect(new Set(ENRP_VECTORS.map(({ message }) => message.type)).size).toBe(10);
  });
});
