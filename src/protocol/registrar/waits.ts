/**
 * Waits that may all take equally long. Where the process was paused meanwhile, those that run have a fresh period
 * (decision 46): nobody has let us wait in that time.
 */

import type { Milliseconds } from '../../types.ts';

/** Fraction of the period by which a wake-up is late only when the process was paused. */
const LATE = 0.1;

export class Waits<Key> {
  readonly #periodMs: Milliseconds;
  /** The oldest first. */
  readonly #begunAt = new Map<Key, Milliseconds>();
  /** When the process was last paused. */
  #resumedAt: Milliseconds = 0;

  constructor(periodMs: Milliseconds) {
    this.#periodMs = periodMs;
  }

  get nextDeadline(): Milliseconds {
    const [oldest] = this.#begunAt.values();
    return oldest === undefined ? Number.POSITIVE_INFINITY : this.#endOf(oldest);
  }

  begin(now: Milliseconds, key: Key): void {
    this.#begunAt.set(key, now);
  }

  end(key: Key): void {
    this.#begunAt.delete(key);
  }

  /** Ends those that have taken too long, and says which. */
  expire(now: Milliseconds): Key[] {
    if (now > this.nextDeadline + LATE * this.#periodMs) this.#resumedAt = now;
    const expired: Key[] = [];
    for (const [key, begunAt] of this.#begunAt) {
      if (now < this.#endOf(begunAt)) break;
      this.#begunAt.delete(key);
      expired.push(key);
    }
    return expired;
  }

  #endOf(begunAt: Milliseconds): Milliseconds {
    return Math.max(begunAt, this.#resumedAt) + this.#periodMs;
  }
}
