/** Telling the application that a request was answered no. The answer itself is its procedure's. */

import { type AssociationId, formatPoolHandle, type PoolElementId } from '../../types.ts';
import { describeCauses, type RejectedRequest } from '../../wire/cause-text.ts';
import type { ErrorCause } from '../../wire/parameters.ts';
import type { RegistrarContext } from './context.ts';

export interface Refusal {
  readonly request: 'ASAP_REGISTRATION' | 'ASAP_DEREGISTRATION';
  readonly association: AssociationId;
  /** A view of the message. */
  readonly poolHandle: Uint8Array;
  readonly poolElementId: PoolElementId;
  readonly causeCode: number;
  /** The cause in words: a clause such as "the pool uses leastUsed, not roundRobin (cause 5)". */
  readonly reason: string;
}

/** Counts, logs and reports a rejected request. `asked`: what a registration asked for. */
export function tellRefused(
  { outbox, counters, log }: RegistrarContext,
  refusal: Omit<Refusal, 'causeCode' | 'reason'>,
  cause: ErrorCause,
  asked?: RejectedRequest,
): void {
  const { request, association, poolElementId } = refusal;
  const { code: causeCode } = cause;
  const poolHandle = refusal.poolHandle.slice();
  const reason = describeCauses([cause], asked);
  counters.refusedRequests += 1;
  const pool = formatPoolHandle(poolHandle);
  log.debug({ request, association, pool, poolElementId, causeCode, reason }, 'request rejected');
  outbox.push({ type: 'requestRefused', ...refusal, poolHandle, causeCode, reason });
}
