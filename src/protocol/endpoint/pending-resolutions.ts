/** Resolutions that wait for a registrar's answer, in the order in which they were asked. */

import type { Milliseconds } from '../../types.ts';

export interface PendingResolution {
  readonly key: string;
  readonly items: number | undefined;
  /** The request as it goes out, every time. */
  readonly payload: Uint8Array;
  /** Everybody who asked the same meanwhile. */
  readonly requests: Set<number>;
  /** When all tries together have taken too long; `Infinity`: nobody waits any more. */
  giveUpAt: Milliseconds;
  /** T1-ENRPrequest; `Infinity` while it waits for a registrar to be found. */
  t1: Milliseconds;
  /** Tries that were in vain. */
  failures: number;
}

export class PendingResolutions {
  readonly #pending: PendingResolution[] = [];

  get isEmpty(): boolean {
    return this.#pending.length === 0;
  }

  get nextDeadline(): Milliseconds {
    let least = Number.POSITIVE_INFINITY;
    for (const { t1, giveUpAt } of this.#pending) least = Math.min(least, t1, giveUpAt);
    return least;
  }

  /** Oldest first; a copy. */
  all(): PendingResolution[] {
    return [...this.#pending];
  }

  /** The same question that is under way: its answer will do for another request. */
  find(key: string, items: number | undefined): PendingResolution | undefined {
    return this.#pending.find(
      (one) => one.key === key && one.items === items && one.requests.size > 0,
    );
  }

  add(pending: PendingResolution): void {
    this.#pending.push(pending);
  }

  /** The oldest one, for this pool or at all: a registrar answers in the order of the requests. */
  oldest(key?: string): PendingResolution | undefined {
    return this.#pending.find((one) => key === undefined || one.key === key);
  }

  remove(pending: PendingResolution): void {
    const index = this.#pending.indexOf(pending);
    if (index >= 0) this.#pending.splice(index, 1);
  }

  cancel(request: number): void {
    for (const pending of this.all()) {
      if (pending.requests.delete(request) && pending.requests.size === 0) this.abandon(pending);
    }
  }

  /**
   * Nobody waits for this one any more. What was sent stays until T1, for its answer may come, and is not to
   * be taken for the next one's.
   */
  abandon(pending: PendingResolution): void {
    pending.requests.clear();
    pending.giveUpAt = Number.POSITIVE_INFINITY;
    if (pending.t1 === Number.POSITIVE_INFINITY) this.remove(pending);
  }
}

/** Pool handles are bytes; as keys of a map they are strings of the same bytes. */
export function keyOf(poolHandle: Uint8Array): string {
  return Buffer.from(poolHandle).toString('latin1');
}
