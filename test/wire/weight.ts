/**
 * A rough count of the memory that a value takes, which depends on nothing but the value: an object two words
 * and one for each field, a typed array about 128 bytes (a view takes no more, however long), a string its
 * characters and three words.
 */

export function weightOf(value: unknown, seen = new Set<unknown>()): number {
  if (typeof value === 'string') return 24 + value.length;
  if (typeof value !== 'object' || value === null) return 0; // in its field
  if (seen.has(value)) return 0;
  seen.add(value);
  if (value instanceof Uint8Array) return 128;
  const fields = Object.values(value);
  if (value instanceof Error) fields.push(value.message);
  return fields.reduce<number>((sum, field) => sum + 8 + weightOf(field, seen), 16);
}
