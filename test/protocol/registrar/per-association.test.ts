/** What is known by a key for as long as one association is up. */

import { describe, expect, test } from 'vitest';
import { PerAssociation } from '../../../src/protocol/registrar/per-association.ts';
import type { AssociationId } from '../../../src/types.ts';

const ONE = 1 as AssociationId;
const TWO = 2 as AssociationId;

describe('what is known per association', () => {
  test('goes with it, and nothing else does', () => {
    const known = new PerAssociation<string>(2);
    known.set('a', ONE, 'first');
    known.set('b', ONE, 'second');
    known.set('c', TWO, 'third');
    known.end(ONE);
    expect(known.size).toBe(1);
    expect(known.get('a')).toBeUndefined();
    expect(known.get('c')).toEqual({ association: TWO, value: 'third' });
    known.end(ONE);
    expect(known.size).toBe(1);
  });

  test('belongs to the last one that it was said of', () => {
    const known = new PerAssociation<string>(2);
    known.set('a', ONE, 'old');
    known.set('a', TWO, 'new');
    known.end(ONE);
    expect(known.get('a')).toEqual({ association: TWO, value: 'new' });
    known.end(TWO);
    expect(known.size).toBe(0);
  });

  test('is no more than it may be', () => {
    const known = new PerAssociation<string>(2);
    expect(['a', 'b', 'c'].map((key) => known.set(key, ONE, key))).toEqual([true, true, false]);
    expect(known.set('c', TWO, 'other')).toBe(true);
    expect(known.set('a', ONE, 'again')).toBe(true);
    known.delete('b');
    expect(known.set('d', ONE, 'd')).toBe(true);
    expect(known.size).toBe(3);
  });

  test('may be forgotten before', () => {
    const known = new PerAssociation<string>(2);
    known.set('a', ONE, 'one');
    known.delete('a');
    known.delete('b');
    expect(known.size).toBe(0);
    known.end(ONE);
    known.set('a', ONE, 'again');
    expect(known.get('a')?.value).toBe('again');
  });
});
