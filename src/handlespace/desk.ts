/**
 * Where arguments and results of native functions lie that are more than a number: memory that all
 * handlespaces of a thread share, since every call uses it anew. Nothing is to be left there for later.
 */

import { HandlespaceError } from '../errors.ts';
import { type ArenaHandle, createArena } from '../native.ts';
import { checkWellFormed, isBytes } from '../settings/values.ts';

/** A pool handle is an arbitrary byte string; text stands for its UTF-8. */
export type PoolHandle = string | Uint8Array;

/** What fits into a Pool Handle parameter (RFC 5354 §3.9). */
const MAX_POOL_HANDLE_BYTES = 0xffff - 4;

/**
 * Room for the longest registration, and for the image of any pool element: both are made of parameters,
 * whose length is 16 bits.
 */
const DESK_BYTES = 5 * 65_536;

const utf8 = new TextEncoder();

let shared: Desk | undefined;

/** The one desk of this thread. */
export function sharedDesk(): Desk {
  shared ??= new Desk();
  return shared;
}

export class Desk {
  readonly handle: ArenaHandle;
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
  readonly doubles: Float64Array;

  constructor() {
    const { bytes, handle } = createArena(DESK_BYTES);
    const { buffer, byteOffset, byteLength } = bytes;
    this.handle = handle;
    this.bytes = bytes;
    this.words = new Uint32Array(buffer, byteOffset, byteLength / 4);
    this.doubles = new Float64Array(buffer, byteOffset, byteLength / 8);
  }

  /**
   * Puts a pool handle there and returns its length. HandlespaceError for one that no message can carry, ConfigError for
   * text that has no UTF-8.
   */
  putPoolHandle(poolHandle: PoolHandle, offset = 0): number {
    const bytes = this.bytes;
    const length =
      typeof poolHandle === 'string'
        ? this.#putText(poolHandle, offset)
        : checkedLength(poolHandle);
    if (length === 0 || length > MAX_POOL_HANDLE_BYTES) {
      const what = `A pool handle has 1 to ${MAX_POOL_HANDLE_BYTES} bytes, not ${length}.`;
      throw new HandlespaceError(what, 3, 'POOL_HANDLE_LENGTH');
    }
    if (typeof poolHandle !== 'string') {
      // Quicker than `set` for the few bytes that pool handles have.
      for (let i = 0; i < length; i++) bytes[offset + i] = poolHandle[i] as number;
    }
    return length;
  }

  /** Writes as much as can be a pool handle; returns the length of all of it. */
  #putText(text: string, offset: number): number {
    const end = offset + MAX_POOL_HANDLE_BYTES;
    const { read, written } = utf8.encodeInto(text, this.bytes.subarray(offset, end));
    if (written !== text.length) checkWellFormed(text); // not ASCII
    return read === text.length ? written : Buffer.byteLength(text);
  }
}

function checkedLength(poolHandle: unknown): number {
  if (isBytes(poolHandle)) return poolHandle.length;
  throw new TypeError('A pool handle is a string or a Uint8Array.');
}
