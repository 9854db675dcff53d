/**
 * The pool user's cache (RFC 5352 §3.3, C1-C4): what registrars have answered, by pool handle, until it is
 * stale.
 */

import type { Milliseconds } from '../../types.ts';
import type { Answer } from './answer.ts';

export class Cache {
  /** The one that is stale first comes first. */
  readonly #entries = new Map<string, { answer: Answer; staleAt: Milliseconds }>();
  readonly #staleAfterMs: Milliseconds;

  constructor(staleAfterMs: Milliseconds) {
    this.#staleAfterMs = staleAfterMs;
  }

  /** Keeps an answer, in place of an older one. */
  put(now: Milliseconds, poolHandle: string, answer: Answer): void {
    this.#entries.delete(poolHandle); // the order of the map is the order of the time-outs
    this.#entries.set(poolHandle, { answer, staleAt: now + this.#staleAfterMs });
    for (const [key, { staleAt }] of this.#entries) {
      if (staleAt > now) break;
      this.#entries.delete(key);
    }
  }

  /** `undefined`: nothing is known, or it is stale. */
  find(now: Milliseconds, poolHandle: string): Answer | undefined {
    const entry = this.#entries.get(poolHandle);
    return entry !== undefined && entry.staleAt > now ? entry.answer : undefined;
  }

  remove(poolHandle: string): void {
    this.#entries.delete(poolHandle);
  }
}
