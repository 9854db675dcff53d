/**
 * Which registrar is the home of a pool element: it is found by the server hunt, lost when its association
 * ends, left when it is of no use, changed when another one takes over (RFC 5352 §3.4, §3.6). What is said to
 * it is `registration.ts`.
 */

import type { AssociationId, RegistrarId } from '../../types.ts';
import type { PoolElementContext } from './pool-element-context.ts';

/** "undetermined" (RFC 5354 §3.10) */
export const UNKNOWN_REGISTRAR = 0 as RegistrarId;

/** This association leads to the home registrar from now on. */
export function settleAt(
  context: PoolElementContext,
  association: AssociationId,
  id: RegistrarId = UNKNOWN_REGISTRAR,
): void {
  context.hunt.stop();
  context.home = { association, id };
}

/** No registrar has our registration any more. */
export function loseRegistration(context: PoolElementContext): void {
  if (context.accepted === undefined) return;
  context.accepted = undefined;
  context.log.info({}, 'registration lost');
  context.outbox.push({ type: 'registrationLost' });
}

/** Ends the association with a home that is of no use any more. The registration may live on elsewhere. */
export function endHomeAssociation(context: PoolElementContext, reason: string): void {
  const { home, registrars, outbox, log } = context;
  if (home === undefined) return;
  log.info({ association: home.association, reason }, 'leaving the home registrar');
  registrars.delete(home.association);
  context.home = undefined;
  outbox.push({ type: 'abort', association: home.association, reason });
}
