/**
 * ASAP_ENDPOINT_UNREACHABLE (RFC 5352 §3.5): one report per pool element and event. A new event begins when a
 * registrar has named the element again.
 */

import type { PoolElementId } from '../../types.ts';

/** Reports that wait for a registrar; beyond it the oldest is dropped, for it is the least news. */
const MAX_WAITING = 64;

/** Elements remembered as reported; beyond it the oldest is forgotten, and may be reported again. */
const MAX_REPORTED = 1_024;

export class FailureReports {
  /** Oldest first. */
  readonly #reported = new Set<string>();
  #waiting: { readonly key: string; readonly payload: Uint8Array }[] = [];

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Whether this one is still to be reported; from now on it is. */
  isNews(poolHandle: string, poolElementId: PoolElementId): boolean {
    const key = keyOfElement(poolHandle, poolElementId);
    if (this.#reported.has(key)) return false;
    this.#reported.add(key);
    for (const oldest of this.#reported) {
      if (this.#reported.size <= MAX_REPORTED) break;
      this.#reported.delete(oldest);
    }
    return true;
  }

  /** A registrar has named this element: if it fails, that is news again. */
  onNamed(poolHandle: string, poolElementId: PoolElementId): void {
    this.#reported.delete(keyOfElement(poolHandle, poolElementId));
  }

  /** Keeps the message until there is a registrar again. */
  wait(poolHandle: string, poolElementId: PoolElementId, payload: Uint8Array): void {
    const key = keyOfElement(poolHandle, poolElementId);
    this.#waiting = [...this.#waiting, { key, payload }].slice(-MAX_WAITING);
  }

  takeWaiting(): readonly Uint8Array[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    return waiting.map(({ payload }) => payload);
  }

  /** There is no registrar to tell it to; who still sees the failure when there is one reports it anew. */
  dropWaiting(): void {
    for (const { key } of this.#waiting) this.#reported.delete(key);
    this.#waiting = [];
  }
}

function keyOfElement(poolHandle: string, poolElementId: PoolElementId): string {
  return `${poolElementId} ${poolHandle}`;
}
