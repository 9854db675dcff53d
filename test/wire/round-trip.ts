/** The one check that a message and its bytes belong together. */

import { expect } from 'vitest';
import { DecodeError } from '../../src/errors.ts';
import { decodeAsap, encodeAsap, encodeAsapInto } from '../../src/wire/asap.ts';
import type { AsapMessage } from '../../src/wire/asap-messages.ts';
import { decodeEnrp, encodeEnrp, encodeEnrpInto } from '../../src/wire/enrp.ts';
import type { EnrpMessage } from '../../src/wire/enrp-messages.ts';
import type { Decoded } from '../../src/wire/message-codec.ts';
import type { WireOptions } from '../../src/wire/parameters.ts';

/** The same of ASAP and of ENRP. */
export interface Codec<Message> {
  decode(bytes: Uint8Array, options?: WireOptions): Decoded<Message>;
  encode(message: Message, options?: WireOptions): Uint8Array;
  encodeInto(message: Message, out: Uint8Array, offset: number, options?: WireOptions): number;
}

export const ASAP: Codec<AsapMessage> = {
  decode: decodeAsap,
  encode: encodeAsap,
  encodeInto: encodeAsapInto,
};
export const ENRP: Codec<EnrpMessage> = {
  decode: decodeEnrp,
  encode: encodeEnrp,
  encodeInto: encodeEnrpInto,
};

/** Fails unless `bytes` are exactly what `message` encodes to, and decode to it wherever they lie. */
export function expectRoundTrip<Message>(
  codec: Codec<Message>,
  message: Message,
  bytes: Uint8Array,
  options?: WireOptions,
): void {
  expect(hexOf(codec.encode(message, options))).toBe(hexOf(bytes));
  expect(codec.decode(bytes, options)).toEqual(message);
  expect(bytes.length % 4).toBe(0);

  expectToFitInto(codec, message, bytes, options);
  expect(codec.decode(inTheMiddle(bytes), options)).toEqual(message);
  expect(codec.decode(Uint8Array.from([...bytes, ...bytes]), options)).toEqual(message);
  expect(codec.decode(withLength(bytes, bytes.length), options)).toEqual(message); // decision 33
  expectTruncationsToFail(codec, bytes, options);
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** Spaces are for the reader. */
export function bytesOf(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex.replace(/\s/g, ''), 'hex'));
}

/** The same bytes as a view with something before and behind it. */
export function inTheMiddle(bytes: Uint8Array): Uint8Array {
  const around = new Uint8Array(bytes.length + 12).fill(0xa5);
  around.set(bytes, 5);
  return around.subarray(5, 5 + bytes.length);
}

/** A copy with another Message Length. */
export function withLength(bytes: Uint8Array, length: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[2] = length >>> 8;
  copy[3] = length;
  return copy;
}

function expectToFitInto<Message>(
  codec: Codec<Message>,
  message: Message,
  bytes: Uint8Array,
  options?: WireOptions,
): void {
  const out = new Uint8Array(bytes.length + 9).fill(0xa5);
  expect(codec.encodeInto(message, out, 7, options)).toBe(bytes.length);
  expect(hexOf(out)).toBe(`${'a5'.repeat(7)}${hexOf(bytes)}a5a5`);
  expect(() => codec.encodeInto(message, out, 10, options)).toThrow(RangeError);
}

/** Cut off, a message is refused; with a length that fits what is left, it is never the same message. */
function expectTruncationsToFail<Message>(
  codec: Codec<Message>,
  bytes: Uint8Array,
  options?: WireOptions,
): void {
  const messageLength = ((bytes[2] as number) << 8) | (bytes[3] as number);
  for (let length = 0; length < messageLength; length += 1) {
    expect(() => codec.decode(bytes.subarray(0, length), options)).toThrow(DecodeError);
    if (length < 4) continue;
    const shorter = withLength(bytes.subarray(0, length), length);
    const decoded = decodeOrError(codec, shorter, options);
    if (decoded instanceof DecodeError) continue;
    // Optional parameters at the end may be missing without anybody noticing.
    expect(codec.encode(decoded, options).length).toBeLessThanOrEqual((length + 3) & ~3);
    expect(codec.encode(decoded, options).length).toBeLessThan(bytes.length);
  }
}

/** What comes of decoding: a message or the error; anything else that is thrown fails the test. */
export function decodeOrError<Message>(
  codec: Codec<Message>,
  bytes: Uint8Array,
  options?: WireOptions,
): Decoded<Message> | DecodeError {
  try {
    return codec.decode(bytes, options);
  } catch (error) {
    if (error instanceof DecodeError) return error;
    throw error;
  }
}
