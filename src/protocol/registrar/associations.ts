/**
 * What a registrar knows of each association, and what becomes of the pool elements registered over one that
 * ends: they go at once, as rsplib has it (interop-rsplib A17). Elements that were registered anew over
 * another association meanwhile are not touched: the handlespace knows the current one of each, and none for
 * an element that is not ours. A peer that restarts is `association-restart.ts`.
 */

import type { WalkToken } from '../../handlespace/handlespace.ts';
import type { AssociationId, Milliseconds, SctpAddress } from '../../types.ts';
import { SLICE } from '../backlog.ts';
import { type TokenBucket, tokenBucket } from '../token-bucket.ts';
import type { RegistrarContext } from './context.ts';
import type { AbortReason } from './events.ts';
import type { RegistrarLimits } from './limits.ts';

export interface Association {
  readonly id: AssociationId;
  /** All with the same port; those that the peer has now. */
  peerAddresses: readonly SctpAddress[];
  /** How fast it may resolve, report and register. An SCTP restart does not fill them up again. */
  readonly resolutions: TokenBucket;
  readonly reports: TokenBucket;
  readonly registrations: TokenBucket;
  malformedMessages: number;
  /** How far the probing after a restart has come. */
  probing: { after: WalkToken | undefined } | undefined;
}

export function onAssociationUp(
  context: RegistrarContext,
  id: AssociationId,
  peerAddresses: readonly SctpAddress[],
): void {
  const { associations, options, outbox, log } = context;
  if (associations.size >= options.limits.maxAssociations) {
    log.warn({ association: id }, 'association aborted: too many');
    outbox.abort(id, 'tooManyAssociations');
    return;
  }
  associations.set(id, newAssociation(id, peerAddresses, options.limits));
}

/** The peer has changed its addresses (RFC 5061): what it registers is held against these from now on. */
export function onAssociationAddresses(
  { associations }: RegistrarContext,
  id: AssociationId,
  peerAddresses: readonly SctpAddress[],
): void {
  const association = associations.get(id);
  if (association !== undefined) association.peerAddresses = peerAddresses;
}

function newAssociation(
  id: AssociationId,
  peerAddresses: readonly SctpAddress[],
  limits: RegistrarLimits,
): Association {
  const burst = limits.burstMessages;
  return {
    id,
    peerAddresses,
    resolutions: tokenBucket(limits.maxHandleResolutionRate, burst),
    reports: tokenBucket(limits.maxEndpointUnreachableRate, burst),
    registrations: tokenBucket(limits.maxRegistrationRate, burst),
    malformedMessages: 0,
    probing: undefined,
  };
}

export function onAssociationDown(
  context: RegistrarContext,
  now: Milliseconds,
  id: AssociationId,
): void {
  if (context.associations.has(id)) forget(context, now, id);
}

/** Ends an association at once, with its pool elements. */
export function abortAssociation(
  context: RegistrarContext,
  now: Milliseconds,
  id: AssociationId,
  reason: AbortReason,
): void {
  if (!context.associations.has(id)) return;
  context.log.warn({ association: id, reason }, 'association aborted');
  context.outbox.abort(id, reason);
  forget(context, now, id);
}

function forget(context: RegistrarContext, now: Milliseconds, id: AssociationId): void {
  const { associations, departed, handlespace, changes, backlog } = context;
  associations.delete(id);
  departed.end(id);
  backlog.start(now, () => {
    const removed = handlespace.removeAssociation(id, SLICE);
    for (const element of removed) changes.onRemoved(element, 'associationLost');
    return removed.length === SLICE;
  });
}
