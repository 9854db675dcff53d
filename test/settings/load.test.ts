/** Loads as fractions and as 32-bit numbers. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadFraction, loadOnWire } from '../../src/settings/load.ts';

const value = fc.integer({ min: 0, max: 0xffff_ffff });

describe('a load', () => {
  test.each([
    [0, 0],
    [-0, 0],
    [1, 0xffff_ffff],
    [0.25, 0x4000_0000],
    [0.5, 0x8000_0000],
    [1e-10, 0],
    [2e-10, 1],
    [0.999_999_999_9, 0xffff_ffff],
  ])('of %d is %d on the wire', (fraction, onWire) => {
    expect(loadOnWire(fraction) + 0).toBe(onWire);
  });

  test('that comes from the wire goes back to it unchanged', () => {
    const isUnchanged = (onWire: number) => {
      const fraction = loadFraction(onWire);
      return fraction >= 0 && fraction <= 1 && loadOnWire(fraction) === onWire;
    };
    const step = 0xffff_ffff / 1_000_000;
    const values = Array.from({ length: 1_000_001 }, (_, i) => Math.round(i * step));
    const edges = [0, 1, 2, 0x7fff_ffff, 0x8000_0000, 0x8000_0001, 0xffff_fffe, 0xffff_ffff];
    expect([...values, ...edges].filter((one) => !isUnchanged(one))).toEqual([]);
    fc.assert(fc.property(value, isUnchanged), { numRuns: 10_000 });
  });

  test('of up to nine decimals comes back as it was given', () => {
    const decimals = fc.integer({ min: 0, max: 1e9 }).map((digits) => digits / 1e9);
    fc.assert(
      fc.property(decimals, (fraction) => loadFraction(loadOnWire(fraction)) === fraction),
      { numRuns: 10_000, examples: [[0], [1], [0.1], [0.3], [1e-9], [0.123456789]] },
    );
  });

  test('keeps its order', () => {
    fc.assert(
      fc.property(
        value,
        value,
        (a, b) => Math.sign(loadFraction(a) - loadFraction(b)) === Math.sign(a - b),
      ),
    );
  });
});
