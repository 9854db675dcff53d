/**
 * States that may come up, but must not last. What comes and goes again and again lasts as well: time without it
 * is taken off the time with it, and does not make that forgotten.
 */

import type { Milliseconds } from '../../src/types.ts';

export class Lasting<Key> {
  /** Time with it less time without it, so far. */
  readonly #lasted = new Map<Key, Milliseconds>();
  #lastAt: Milliseconds = 0;

  /** Those that have lasted for longer than they may by now: each once. */
  note(
    now: Milliseconds,
    found: ReadonlySet<Key>,
    limitMs: Milliseconds | ((key: Key) => Milliseconds),
  ): Key[] {
    const stepMs = now - this.#lastAt;
    this.#lastAt = now;
    for (const [key, lastedMs] of this.#lasted) {
      if (found.has(key)) continue;
      if (lastedMs > stepMs) this.#lasted.set(key, lastedMs - stepMs);
      else this.#lasted.delete(key);
    }
    const tooLong: Key[] = [];
    for (const key of found) {
      const lastedMs = (this.#lasted.get(key) ?? -stepMs) + stepMs;
      const isTooLong = lastedMs > (typeof limitMs === 'number' ? limitMs : limitMs(key));
      if (isTooLong) tooLong.push(key);
      this.#lasted.set(key, isTooLong ? Number.NEGATIVE_INFINITY : lastedMs);
    }
    return tooLong;
  }

  forget(key: Key): void {
    this.#lasted.delete(key);
  }
}
