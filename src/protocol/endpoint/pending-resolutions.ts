/** Resolutions that wait for a registrar's answer, in the order in which they were asked. */

import type { Milliseconds } from '../../types.ts';

export interface PendingResolution {
  readonly poolHandle: Uint8Array;
  readonly items: number | undefined;
  /** Everybody who asked the same meanwhile. */
  readonly requests: Set<number>;
  /** T1-ENRPrequest; `Infinity` while there is no registrar. */
  t1: Milliseconds;
  retransmissions: number;
}

export class PendingResolutions {
  readonly #pending: PendingResolution[] = [];

  get isEmpty(): boolean {
    return this.#pending.length === 0;
  }

  get nextDeadline(): Milliseconds {
    return this.#pending.reduce((least, { t1 }) => Math.min(least, t1), Number.POSITIVE_INFINITY);
  }

  all(): readonly PendingResolution[] {
    return this.#pending;
  }

  /** The resolution to send; `undefined` when the same is under way and its answer will do. */
  add(
    poolHandle: Uint8Array,
    items: number | undefined,
    request: number,
  ): PendingResolution | undefined {
    const key = keyOf(poolHandle);
    const same = this.#pending.find((one) => keyOf(one.poolHandle) === key && one.items === items);
    if (same !== undefined) {
      same.requests.add(request);
      return undefined;
    }
    const pending: PendingResolution = {
      poolHandle,
      items,
      requests: new Set([request]),
      t1: Number.POSITIVE_INFINITY,
      retransmissions: 0,
    };
    this.#pending.push(pending);
    return pending;
  }

  /** Takes the oldest one for this pool: a registrar answers in the order of the requests. */
  answered(key: string): PendingResolution | undefined {
    const pending = this.#pending.find((one) => keyOf(one.poolHandle) === key);
    if (pending !== undefined) this.remove(pending);
    return pending;
  }

  remove(pending: PendingResolution): void {
    const index = this.#pending.indexOf(pending);
    if (index >= 0) this.#pending.splice(index, 1);
  }

  /** The answer is still waited for, so that it is not taken for the next one's. */
  cancel(request: number): void {
    for (const { requests } of this.#pending) requests.delete(request);
  }

  due(now: Milliseconds): PendingResolution[] {
    return this.#pending.filter(({ t1 }) => t1 <= now);
  }

  stopTimers(): void {
    for (const pending of this.#pending) pending.t1 = Number.POSITIVE_INFINITY;
  }
}

/** Pool handles are bytes; as keys of a map they are strings of the same bytes. */
export function keyOf(poolHandle: Uint8Array): string {
  return String.fromCharCode(...poolHandle);
}
