/**
 * Where arguments and results of native functions lie that are more than a number: memory that belongs to
 * the handlespace and is used anew by every call. What stays there is not worth anything after the next one.
 */

import { HandlespaceError } from '../errors.ts';
import type { Arena } from '../native.ts';

/** A pool handle is an arbitrary byte string; text stands for its UTF-8. */
export type PoolHandle = string | Uint8Array;

/** What fits into a Pool Handle parameter (RFC 5354 §3.9). */
const MAX_POOL_HANDLE_BYTES = 0xffff - 4;

const utf8 = new TextEncoder();

export class Desk {
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
  readonly doubles: Float64Array;

  constructor({ bytes }: Arena) {
    const { buffer, byteOffset, byteLength } = bytes;
    this.bytes = bytes;
    this.words = new Uint32Array(buffer, byteOffset, byteLength / 4);
    this.doubles = new Float64Array(buffer, byteOffset, byteLength / 8);
  }

  /** Puts a pool handle there and returns its length; HandlespaceError for one that no message can carry. */
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
    return read === text.length ? written : Buffer.byteLength(text);
  }
}

function checkedLength(poolHandle: unknown): number {
  if (poolHandle instanceof Uint8Array) return poolHandle.length;
  throw new TypeError('A pool handle is a string or a Uint8Array.');
}
