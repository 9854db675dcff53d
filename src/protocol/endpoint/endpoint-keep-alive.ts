/** ASAP_ENDPOINT_KEEP_ALIVE (RFC 5352 §3.4): answered where it came from; with the H bit a change of home. */

import type { AssociationId, Milliseconds } from '../../types.ts';
import type { AsapEndpointKeepAlive } from '../../wire/asap-messages.ts';
import { deregister } from './deregistration.ts';
import { endHomeAssociation, settleAt } from './home-registrar.ts';
import type { PoolElementContext } from './pool-element-context.ts';
import { register } from './registration.ts';

/** One that is for us; for any other pool element it is dropped in silence. */
export function onEndpointKeepAlive(
  context: PoolElementContext,
  now: Milliseconds,
  association: AssociationId,
  message: AsapEndpointKeepAlive,
): void {
  const { settings, phase, home, outbox } = context;
  // Refused, or not started: nobody is to believe that we are registered. Looking for a registrar is
  // different: then this may be the one that has taken over from the one we lost.
  if (phase.name === 'idle') return;
  const { id, poolHandle } = settings;
  outbox.send(association, { type: 'ASAP_ENDPOINT_KEEP_ALIVE_ACK', poolHandle, poolElementId: id });
  if (message.wantsToBeHome) moveHome(context, now, association, message);
  else if (association === home?.association) home.id = message.registrarId;
}

/** "adopt the new home ENRP server" (RFC 5352 §3.4). The old association is of no more use. */
function moveHome(
  context: PoolElementContext,
  now: Milliseconds,
  association: AssociationId,
  { registrarId }: AsapEndpointKeepAlive,
): void {
  const { home, log, outbox, phase } = context;
  if (association === home?.association) {
    const isSame = home.id === registrarId || home.id === 0; // 0: now we know
    home.id = registrarId;
    if (isSame) return;
  } else {
    endHomeAssociation(context, 'another registrar has taken over');
    settleAt(context, association, registrarId);
    // What was asked of the old home will not be answered any more.
    if (phase.name === 'registering' || phase.name === 'hunting') register(context, now);
    else if (phase.name === 'deregistering') deregister(context);
  }
  log.info({ association, registrarId }, 'home registrar changed');
  outbox.push({ type: 'homeChanged', registrarId });
}
