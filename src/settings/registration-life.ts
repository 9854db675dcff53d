/** Registration Life (RFC 5354 §3.10): what it is counted in, and how long it can be (decision 1). */

import type { Milliseconds } from '../types.ts';
import type { Profile } from '../wire/parameters.ts';
import { type Kind, kindOf } from './kind.ts';

/** What it is counted in on the wire. */
export function lifeUnitMs(profile: Profile): Milliseconds {
  return profile === 'rfc' ? 1_000 : 1;
}

/** The longest one that is not unlimited. */
export function longestLifeMs(profile: Profile): Milliseconds {
  return profile === 'rfc' ? (2 ** 31 - 1) * 1_000 : 2 ** 32 - 2;
}

/** Milliseconds that the wire can carry, or `Infinity`: unlimited. */
export function registrationLife(profile: Profile): Kind<Milliseconds> {
  const unitMs = lifeUnitMs(profile);
  const mostMs = longestLifeMs(profile);
  const leastMs = profile === 'rfc' ? unitMs : 0;
  const expected = `Infinity or ${unitMs === 1 ? 'whole milliseconds' : `a multiple of ${unitMs}`} from ${leastMs} to ${mostMs}`;
  return kindOf(expected, (value) => {
    if (value === Number.POSITIVE_INFINITY) return value;
    const isWritable =
      typeof value === 'number' &&
      Number.isInteger(value / unitMs) &&
      value >= leastMs &&
      value <= mostMs;
    return isWritable ? value + 0 : undefined;
  });
}
