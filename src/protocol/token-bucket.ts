/** How many messages one association may send: so many at once, then so many per second. */

import type { Milliseconds } from '../types.ts';

export interface TokenBucket {
  /** Whether one more message may pass at `now`; does not count it. */
  isOpen(now: Milliseconds): boolean;
  /** Counts one that passes. */
  take(): void;
}

/** A bucket that is full at first; with a rate of 0 everything passes. */
export function tokenBucket(ratePerSecond: number, burst: number): TokenBucket {
  return ratePerSecond > 0 ? new Bucket(ratePerSecond, burst) : EVERYTHING_PASSES;
}

const EVERYTHING_PASSES: TokenBucket = { isOpen: () => true, take: () => {} };

class Bucket implements TokenBucket {
  #tokens: number;
  #filledAt: Milliseconds | undefined;
  readonly #perMs: number;
  readonly #burst: number;

  constructor(ratePerSecond: number, burst: number) {
    this.#perMs = ratePerSecond / 1_000;
    this.#burst = burst;
    this.#tokens = burst;
  }

  isOpen(now: Milliseconds): boolean {
    const elapsedMs = now - (this.#filledAt ?? now);
    this.#filledAt = now;
    this.#tokens = Math.min(this.#tokens + elapsedMs * this.#perMs, this.#burst);
    return this.#tokens >= 1;
  }

  take(): void {
    this.#tokens -= 1;
  }
}
