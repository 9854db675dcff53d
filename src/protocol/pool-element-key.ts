/** One string for pool handle and pool element identifier: a key for sets and maps. */
export function keyOf(poolHandle: Uint8Array, poolElementId: number): string {
  return `${Buffer.from(poolHandle).toString('latin1')}/${poolElementId}`;
}
