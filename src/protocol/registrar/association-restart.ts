/**
 * An SCTP restart (RFC 9260 §5.2): the association goes on, but all of the peer's state is gone. Its pool
 * elements may have come back with it, so they are probed at once, and go when they do not answer within the
 * time-out (decision 42).
 */

import type { AssociationId, Milliseconds } from '../../types.ts';
import { SLICE } from '../backlog.ts';
import type { Association } from './associations.ts';
import type { RegistrarContext } from './context.ts';
import { sendKeepAlive } from './endpoint-keep-alive.ts';

export function onAssociationRestarted(
  context: RegistrarContext,
  now: Milliseconds,
  id: AssociationId,
): void {
  const association = context.associations.get(id);
  if (association === undefined) return;
  const isRunning = association.probing !== undefined;
  association.probing = { after: undefined };
  if (!isRunning) context.backlog.start(now, (at) => probeSlice(context, at, association));
}

function probeSlice(
  context: RegistrarContext,
  now: Milliseconds,
  association: Association,
): boolean {
  const { handlespace, associations } = context;
  if (associations.get(association.id) !== association) return false;
  const after = association.probing?.after;
  const page = handlespace.walk({ association: association.id, after, limit: SLICE });
  for (const element of page.elements) {
    // A time-out that runs goes on, but the keep-alive that it waits for was lost with the restart.
    if (!element.awaitsAcknowledgement) handlespace.probe(now, element.poolHandle, element.id);
    sendKeepAlive(context, element);
  }
  association.probing = page.next === undefined ? undefined : { after: page.next };
  return page.next !== undefined;
}
