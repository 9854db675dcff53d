/** Resolutions that wait for a registrar's answer, in the order in which they were asked. */

import type { Milliseconds, PoolElementId } from '../../types.ts';

export interface PendingResolution {
  readonly key: string;
  /** How many elements the registrar is asked for; `undefined`: that is left to it. */
  readonly asked: number | undefined;
  /**
   * What the answer is for: to be kept and selected from, to learn how many elements the registrar gives by
   * itself, or for one request alone. The first two serve all who want the same meanwhile.
   */
  readonly purpose: 'cache' | 'number' | 'request';
  /** The request as it goes out, every time. */
  readonly payload: Uint8Array;
  /** The requests of the application that wait for the answer, with the number of elements wanted by each. */
  readonly requests: Map<number, number | undefined>;
  /** Elements that were reported as unreachable meanwhile. */
  readonly reported: Set<PoolElementId>;
  /** When all tries together have taken too long; `Infinity`: no request waits. */
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

  /**
   * The question under way whose answer will do for `items` elements, or for as many as the registrar gives by
   * itself.
   */
  findShared(key: string, items: number | undefined): PendingResolution | undefined {
    return this.#pending.find(
      (one) => one.key === key && one.requests.size > 0 && isEnough(one, items),
    );
  }

  /** An element could not be reached: the answers under way do not know it yet. */
  onReported(key: string, id: PoolElementId): void {
    for (const one of this.#pending) if (one.key === key) one.reported.add(id);
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
   * No request waits for this one any longer. What was sent stays until T1: its answer may come, and is not to
   * be taken for the next one's.
   */
  abandon(pending: PendingResolution): void {
    pending.requests.clear();
    pending.giveUpAt = Number.POSITIVE_INFINITY;
    if (pending.t1 === Number.POSITIVE_INFINITY) this.remove(pending);
  }
}

function isEnough({ purpose, asked = 0 }: PendingResolution, items: number | undefined): boolean {
  return items === undefined ? purpose === 'number' : purpose === 'cache' && items <= asked;
}

/** Pool handles are bytes; as keys of a map they are strings of the same bytes. */
export function keyOf(poolHandle: Uint8Array): string {
  return Buffer.from(poolHandle).toString('latin1');
}
