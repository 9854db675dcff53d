/**
 * Where the procedures tell that a pool element came, changed or went: as events, by which the ENRP half tells
 * the peers (RFC 5353 §3.3), and the application hears of it.
 *
 * Told right after the handlespace changed and before the pool element has its answer: rsplib updates its
 * peers in that order. The application is called after the answer, at the end of the step.
 */

import type { PoolElementState } from '../../handlespace/pool-element.ts';
import type { Logger } from '../logger.ts';
import type { RemovalReason } from './events.ts';
import type { Outbox } from './outbox.ts';

export interface Changes {
  onAdded(poolElement: PoolElementState): void;
  /** Also when it was a peer's until now: peers hear by this that it is ours. */
  onUpdated(poolElement: PoolElementState): void;
  /** `poolElement` is what it was; the handlespace does not have it any more. */
  onRemoved(poolElement: PoolElementState, reason: RemovalReason): void;
}

export function toldAsEvents(outbox: Outbox, log: Logger): Changes {
  return {
    onAdded(poolElement) {
      log.debug({ poolElement }, 'pool element registered');
      outbox.push({ type: 'poolElementAdded', poolElement, reason: 'registered' });
    },
    onUpdated(poolElement) {
      log.debug({ poolElement }, 'pool element registered again, or claimed');
      outbox.push({ type: 'poolElementReregistered', poolElement });
    },
    onRemoved(poolElement, reason) {
      log.debug({ poolElement, reason }, 'pool element removed');
      outbox.push({ type: 'poolElementRemoved', poolElement, reason });
    },
  };
}
