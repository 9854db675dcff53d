/**
 * One handle resolution as one number: numbers cross into native code at next to no cost, objects and
 * strings do not.
 */

/** The most pool elements that one answer names; rsplib's receiver refuses more. */
export const MAX_ITEMS = 128;

/**
 * Packs for `Handlespace.resolveInPlace`: the pool handle lies at `[offset, offset + length)` of the request
 * arena, at most `items` (1 to 128) pool elements are wanted. 29 bits of offset, 16 of length, 8 of items:
 * what a double holds exactly. Nothing is checked here; native code checks what it unpacks.
 */
export function packResolution(offset: number, length: number, items: number): number {
  return offset * 0x100_0000 + length * 0x100 + items;
}
