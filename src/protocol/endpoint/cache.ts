/**
 * The pool user's cache (RFC 5352 §3.3, C1-C4): what registrars have answered, by pool handle, until it is
 * stale. Every use selects anew, by the pool's policy (`selection.ts`).
 */

import type { Milliseconds, PoolElementId } from '../../types.ts';
import type { Policy, PoolElementParameter } from '../../wire/parameters.ts';
import { select } from './selection.ts';

interface Entry {
  readonly policy: Policy['type'];
  readonly staleAt: Milliseconds;
  elements: readonly PoolElementParameter[];
  /** How often it has been used: round robin starts there. */
  uses: number;
}

export class Cache {
  readonly #entries = new Map<string, Entry>();
  readonly #staleAfterMs: Milliseconds;
  readonly #random: () => number;

  constructor(staleAfterMs: Milliseconds, random: () => number) {
    this.#staleAfterMs = staleAfterMs;
    this.#random = random;
  }

  /** Keeps an answer, in place of an older one. */
  put(
    now: Milliseconds,
    poolHandle: string,
    policy: Policy['type'],
    elements: readonly PoolElementParameter[],
  ): void {
    if (this.#staleAfterMs === 0) return;
    for (const [key, { staleAt }] of this.#entries) if (staleAt <= now) this.#entries.delete(key);
    const staleAt = now + this.#staleAfterMs;
    this.#entries.set(poolHandle, { policy, staleAt, elements, uses: 0 });
  }

  /** Up to `items` elements in the order in which to use them; `undefined`: a registrar must be asked. */
  take(
    now: Milliseconds,
    poolHandle: string,
    items: number,
  ): readonly PoolElementParameter[] | undefined {
    const entry = this.#entries.get(poolHandle);
    if (entry === undefined || entry.staleAt <= now || entry.elements.length === 0)
      return undefined;
    entry.uses += 1;
    return select(entry.policy, entry.elements, entry.uses, this.#random).slice(0, items);
  }

  /** A pool element that could not be reached is not handed out again. */
  removeElement(poolHandle: string, id: PoolElementId): void {
    const entry = this.#entries.get(poolHandle);
    if (entry !== undefined) entry.elements = entry.elements.filter((element) => element.id !== id);
  }

  remove(poolHandle: string): void {
    this.#entries.delete(poolHandle);
  }
}
