/** What two registrars of one scope see differently. Pure: two views in, rows out. */

import type { RegistrarView } from '../../client/registrar-view.ts';
import { formatId, type RegistrarId } from '../../types.ts';
import { poolElementText } from './rows.ts';

export interface Difference {
  /** A pool element or registrar known to one of them alone, or what is not the same at both. */
  readonly what: 'poolElement' | 'registrar' | keyof PoolElementText;
  /** Of a pool element; empty for a registrar. */
  readonly pool: string;
  readonly id: string;
  readonly a: string;
  readonly b: string;
}

type PoolElementText = ReturnType<typeof poolElementText>;

const KNOWN = 'known';
const UNKNOWN = 'unknown';

export function differencesOf(a: RegistrarView, b: RegistrarView): Difference[] {
  return [...registrarDifferences(a, b), ...poolElementDifferences(a, b)];
}

/**
 * Those of a second reading that were in the first as well, with one side saying what it said: where both say
 * something new, the one only follows the other.
 */
export function lastingDifferences(
  first: readonly Difference[],
  second: readonly Difference[],
): Difference[] {
  const keyOf = ({ what, pool, id }: Difference) => `${what} ${pool} ${id}`;
  const before = new Map(first.map((one) => [keyOf(one), one]));
  return second.filter((one) => {
    const was = before.get(keyOf(one));
    return was !== undefined && (was.a === one.a || was.b === one.b);
  });
}

/** Each knows itself, and its peers by their identifiers; 0 is one that it has not heard. */
function registrarDifferences(a: RegistrarView, b: RegistrarView): Difference[] {
  const knownTo = ({ id, peers }: RegistrarView) =>
    new Set<RegistrarId>([id, ...peers.map((peer) => peer.id).filter((one) => one !== 0)]);
  const [toA, toB] = [knownTo(a), knownTo(b)];
  const all = [...new Set([...toA, ...toB])].sort((one, other) => one - other);
  return all
    .filter((id) => toA.has(id) !== toB.has(id))
    .map((id) => ({
      what: 'registrar',
      pool: '',
      id: formatId(id),
      a: toA.has(id) ? KNOWN : UNKNOWN,
      b: toB.has(id) ? KNOWN : UNKNOWN,
    }));
}

function poolElementDifferences(a: RegistrarView, b: RegistrarView): Difference[] {
  const [atA, atB] = [rowsOf(a), rowsOf(b)];
  const keys = [...new Set([...atA.keys(), ...atB.keys()])].sort();
  return keys.flatMap((key) => {
    const [one, other] = [atA.get(key), atB.get(key)];
    if (one !== undefined && other !== undefined) return fieldDifferences(one, other);
    const { pool = '', id = '' } = one ?? other ?? {};
    const isAtA = one !== undefined;
    return {
      what: 'poolElement',
      pool,
      id,
      a: isAtA ? KNOWN : UNKNOWN,
      b: isAtA ? UNKNOWN : KNOWN,
    } as const;
  });
}

function rowsOf({ poolElements }: RegistrarView): Map<string, PoolElementText> {
  return new Map(
    poolElements.map((element) => {
      const row = poolElementText(element);
      return [`${Buffer.from(element.poolHandle).toString('hex')} ${row.id}`, row];
    }),
  );
}

function fieldDifferences(a: PoolElementText, b: PoolElementText): Difference[] {
  const fields = ['home', 'policy', 'transport', 'asap', 'lifeMs'] as const;
  return fields
    .filter((what) => a[what] !== b[what])
    .map((what) => ({ what, pool: a.pool, id: a.id, a: String(a[what]), b: String(b[what]) }));
}
