/**
 * ASAP_ENDPOINT_UNREACHABLE (RFC 5352 §3.5): one report per pool element and event. A new event begins when a
 * registrar has named the element again.
 */

import type { PoolElementId } from '../../types.ts';
import type { AsapEndpointUnreachable } from '../../wire/asap-messages.ts';
import { keyOf } from './pending-resolutions.ts';

/** Reports that wait for a registrar; beyond it the oldest is dropped, for it is the least news. */
const MAX_WAITING = 64;

export class FailureReports {
  readonly #reported = new Map<string, Set<PoolElementId>>();
  #waiting: AsapEndpointUnreachable[] = [];

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** The report to send; `undefined`: this one is reported already. */
  take(poolHandle: Uint8Array, poolElementId: PoolElementId): AsapEndpointUnreachable | undefined {
    const key = keyOf(poolHandle);
    const ids = this.#reported.get(key) ?? new Set();
    if (ids.has(poolElementId)) return undefined;
    this.#reported.set(key, ids.add(poolElementId));
    return { type: 'ASAP_ENDPOINT_UNREACHABLE', poolHandle, poolElementId };
  }

  /** Keeps a report until there is a registrar again. */
  wait(report: AsapEndpointUnreachable): void {
    this.#waiting = [...this.#waiting, report].slice(-MAX_WAITING);
  }

  takeWaiting(): readonly AsapEndpointUnreachable[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    return waiting;
  }

  /** A registrar has answered for this pool: what it names from now on is news. */
  onAnswer(key: string): void {
    this.#reported.delete(key);
  }
}
