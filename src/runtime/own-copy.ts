/** Copies of what the library hands to applications, which may change them without changing the library's own. */

import { StoredPoolElement } from '../handlespace/pool-element.ts';

/** A deep copy of a value made of plain objects, arrays, octets and pool elements. */
export function ownCopy<Value>(value: Value): Value {
  return copyOf(value) as Value;
}

function copyOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof StoredPoolElement) return value.copy();
  if (value instanceof Uint8Array) return Uint8Array.from(value);
  if (Array.isArray(value)) return value.map(copyOf);
  const copy: Record<string, unknown> = {};
  for (const [key, one] of Object.entries(value)) copy[key] = copyOf(one);
  return copy;
}
