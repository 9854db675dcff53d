/** Telling the application that a request was answered no. The answer itself is its procedure's. */

import type { AssociationId, PoolElementId } from '../../types.ts';
import type { RegistrarContext } from './context.ts';

export interface Refusal {
  readonly request: 'ASAP_REGISTRATION' | 'ASAP_DEREGISTRATION';
  readonly association: AssociationId;
  /** A view of the message. */
  readonly poolHandle: Uint8Array;
  readonly poolElementId: PoolElementId;
  readonly causeCode: number;
}

export function tellRefused({ outbox, counters, log }: RegistrarContext, refusal: Refusal): void {
  const { request, association, poolElementId, causeCode } = refusal;
  counters.refusedRequests += 1;
  log.debug({ request, association, poolElementId, causeCode }, 'refused');
  outbox.push({ type: 'requestRefused', ...refusal, poolHandle: refusal.poolHandle.slice() });
}
