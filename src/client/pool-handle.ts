/** Pool handles as applications write them: text or bytes. */

import { ConfigError } from '../errors.ts';

/** Longest value of a parameter (RFC 5354 §3.9). */
const MAX_BYTES = 65_531;

/** The octets of a pool handle; ConfigError when there are none or more than a parameter holds. */
export function poolHandleBytes(poolHandle: string | Uint8Array): Uint8Array {
  const bytes = typeof poolHandle === 'string' ? Buffer.from(poolHandle, 'utf8') : poolHandle;
  if (bytes.length >= 1 && bytes.length <= MAX_BYTES) return Uint8Array.from(bytes);
  throw new ConfigError(
    'poolHandle',
    `A pool handle has 1 to ${MAX_BYTES} octets, this one has ${bytes.length}.`,
  );
}
