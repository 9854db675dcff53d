/** Resolutions that wait for a registrar's answer, in the order in which they were asked. */

import type { Milliseconds } from '../../types.ts';

export interface PendingResolution {
  readonly key: string;
  readonly items: number | undefined;
  /** The request as it goes out, every time. */
  readonly payload: Uint8Array;
  /** Everybody who asked the same meanwhile. */
  readonly requests: Set<number>;
  /** Until when a registrar is looked for. */
  readonly giveUpAt: Milliseconds;
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
    return Math.min(...this.#pending.map(deadlineOf));
  }

  /** Oldest first; a copy. */
  all(): PendingResolution[] {
    return [...this.#pending];
  }

  /** The same question that is under way: its answer will do for another request. */
  find(key: string, items: number | undefined): PendingResolution | undefined {
    return this.#pending.find((one) => one.key === key && one.items === items);
  }

  add(pending: PendingResolution): void {
    this.#pending.push(pending);
  }

  /** Takes the oldest one for this pool: a registrar answers in the order of the requests. */
  takeAnswered(key: string): PendingResolution | undefined {
    return this.#take(this.#pending.find((one) => one.key === key));
  }

  takeOldest(): PendingResolution | undefined {
    return this.#take(this.#pending[0]);
  }

  remove(pending: PendingResolution): void {
    this.#take(pending);
  }

  /**
   * Nobody waits for this one any more. What was sent stays, for its answer will come, and is not to be
   * taken for the next one's.
   */
  cancel(request: number): void {
    for (const pending of this.all()) {
      const isLast = pending.requests.delete(request) && pending.requests.size === 0;
      if (isLast && !isSent(pending)) this.remove(pending);
    }
  }

  #take(pending: PendingResolution | undefined): PendingResolution | undefined {
    if (pending === undefined) return undefined;
    this.#pending.splice(this.#pending.indexOf(pending), 1);
    return pending;
  }
}

function deadlineOf(pending: PendingResolution): Milliseconds {
  return isSent(pending) ? pending.t1 : pending.giveUpAt;
}

/** Whether a registrar has been asked, so that an answer may come. */
export function isSent({ t1 }: PendingResolution): boolean {
  return t1 !== Number.POSITIVE_INFINITY;
}

/** Pool handles are bytes; as keys of a map they are strings of the same bytes. */
export function keyOf(poolHandle: Uint8Array): string {
  return Buffer.from(poolHandle).toString('latin1');
}
