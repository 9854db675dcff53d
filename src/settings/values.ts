/** Values of this package that an application passes as text or bytes: pool handles, addresses, identifiers. */

import { ConfigError } from '../errors.ts';
import type { IpAddress, SctpAddress } from '../types.ts';
import { formatIpAddress, parseIpAddress } from '../wire/addresses.ts';
import { type Kind, kindOf, listOf, unusable, whole } from './kind.ts';
import { record } from './record.ts';

export const port = whole(1, 65_535);
export const portOrAny = whole(0, 65_535);
export const u32 = whole(0, 0xffff_ffff);
/** Of a registrar or a pool element. */
export const identifier = whole(1, 0xffff_ffff);
export const profile = kindOf('"rsplib" or "rfc"', (value) =>
  value === 'rsplib' || value === 'rfc' ? value : undefined,
);

/** An IP address, returned in its canonical form. */
export const ipAddress: Kind<IpAddress> = kindOf(
  'an IP address in numbers, without port or zone, such as 10.1.2.3 or fd00::1',
  (value) => (typeof value === 'string' ? canonical(value) : undefined),
);

/** One or more of this host's. */
export const localAddresses = listOf(ipAddress, {
  expected: 'a list of one or more IP addresses, such as ["127.0.0.1"]',
  ...{ least: 1, unique: true },
});

export const sctpAddress: Kind<SctpAddress> = record<SctpAddress>(
  { address: ipAddress, port },
  { expected: 'an IP address and a port, { address, port }' },
);

function canonical(text: string): IpAddress | undefined {
  try {
    return formatIpAddress(parseIpAddress(text));
  } catch {
    return undefined;
  }
}

const typedArrayName = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)?.get as (this: unknown) => string | undefined;

/** Whether `value` is a Uint8Array or a Buffer, of this realm or another one. */
export function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array || typedArrayName.call(value) === 'Uint8Array';
}

/** Bytes, copied. */
export const bytes: Kind<Uint8Array> = kindOf('a Uint8Array', (value) =>
  isBytes(value) ? Uint8Array.from(value) : undefined,
);

const utf8 = new TextEncoder();

/** Longest value of a parameter (RFC 5354 §3.9). */
const MAX_HANDLE_BYTES = 65_531;
const HANDLE = 'a string or a Uint8Array';

/** The kind of a pool handle whose length is checked elsewhere; it is used as it is. */
export const poolHandle: Kind<string | Uint8Array> = {
  expected: HANDLE,
  read(value, path) {
    if (typeof value === 'string') checkWellFormed(value, path);
    else if (!isBytes(value)) throw unusable(path, value, HANDLE);
    return value;
  },
};

/** The octets of a pool handle, copied; ConfigError when there are none or more than a parameter holds. */
export function poolHandleBytes(value: unknown, path = 'poolHandle'): Uint8Array {
  const given = poolHandle.read(value, path);
  const octets = typeof given === 'string' ? utf8.encode(given) : Uint8Array.from(given);
  if (octets.length >= 1 && octets.length <= MAX_HANDLE_BYTES) return octets;
  throw new ConfigError(
    path,
    `A pool handle has 1 to ${MAX_HANDLE_BYTES} octets, this one has ${octets.length}.`,
  );
}

/**
 * Throws ConfigError for text with half of a surrogate pair. It has no UTF-8; the encoder would write U+FFFD in its place,
 * and several handles would name one pool.
 */
export function checkWellFormed(text: string, path = 'poolHandle'): void {
  const [half] = /\p{Surrogate}/u.exec(text) ?? [];
  if (half === undefined) return;
  throw new ConfigError(
    path,
    `${path} has half of a surrogate pair (U+${half.charCodeAt(0).toString(16).toUpperCase()}), which has no UTF-8: give well-formed text, or bytes as a Uint8Array.`,
  );
}
