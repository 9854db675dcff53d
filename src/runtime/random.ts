/** Randomness of the operating system, for identifiers and for the seeds of machines. */

import { randomBytes, randomInt } from 'node:crypto';

/** A random identifier from 1 to 0xfffffffe, as rsplib chooses them. */
export function randomId(): number {
  return randomInt(1, 0xffff_ffff);
}

/** A seed for a pseudo-random source: 64 unpredictable bits. */
export function randomSeed(): bigint {
  return randomBytes(8).readBigUInt64LE();
}
