/**
 * Loads: fractions from 0 to 1 for applications, whole numbers from 0 to 0xffffffff on the wire (RFC 5356 §5). The only
 * place where the one becomes the other.
 *
 * A fraction is rounded to the nearest of the 4 294 967 296 values: 0 is 0, 1 is 0xffffffff. A value is shown as the
 * shortest fraction that is rounded to it, so that value, fraction, value is the identity for all values, and a fraction
 * of up to nine decimals comes back as it was given.
 */

const FULL = 0xffff_ffff;

/** From a fraction, 0 to 1, to the value on the wire. */
export function loadOnWire(fraction: number): number {
  return Math.round(fraction * FULL);
}

/** From the value on the wire to a fraction. */
export function loadFraction(value: number): number {
  // Neighbouring values differ by 2.3e-10: nine decimals may not tell them apart, ten always do.
  const short = Math.round((value / FULL) * 1e9) / 1e9;
  return loadOnWire(short) === value ? short : Math.round((value / FULL) * 1e10) / 1e10;
}
