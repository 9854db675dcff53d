/** ASAP_DEREGISTRATION (RFC 5352 §3.2): a pool element leaves its pool. */

import type { Milliseconds } from '../../types.ts';
import type { AsapDeregistration } from '../../wire/asap-messages.ts';
import { CAUSE } from '../../wire/parameters.ts';
import type { Association } from './associations.ts';
import { cause } from './causes.ts';
import { claim } from './claim.ts';
import type { RegistrarContext } from './context.ts';
import { isStranger } from './identity.ts';
import { tellRefused } from './refusal.ts';

export function onDeregistration(
  context: RegistrarContext,
  now: Milliseconds,
  association: Association,
  message: AsapDeregistration,
): void {
  const { outbox, counters } = context;
  const { poolHandle, poolElementId } = message;
  const causeCode = deregister(context, now, association, message);
  const refusal = causeCode === undefined ? undefined : cause(causeCode);
  if (refusal === undefined) {
    counters.deregistrations += 1;
  } else {
    const request = {
      request: message.type,
      association: association.id,
      poolHandle,
      poolElementId,
    };
    tellRefused(context, request, refusal);
  }
  outbox.send(association.id, {
    type: 'ASAP_DEREGISTRATION_RESPONSE',
    poolHandle,
    poolElementId,
    errors: refusal === undefined ? [] : [refusal],
  });
}

/** The cause of a refusal, if it is one. */
function deregister(
  context: RegistrarContext,
  now: Milliseconds,
  association: Association,
  { poolHandle, poolElementId }: AsapDeregistration,
): number | undefined {
  const { id, handlespace, changes } = context;
  if (!association.registrations.isOpen(now)) return CAUSE.LACK_OF_RESOURCES;
  association.registrations.take();
  const element = handlespace.find(poolHandle, poolElementId);
  // "no entry": it is gone, which is what was asked for.
  if (element === undefined) return undefined;
  if (isStranger(context, association, element)) return CAUSE.REJECTED_FOR_SECURITY;
  // Decision 36: peers obey its home alone, and that one would bring it back. So it is ours before it goes.
  const isOurs = element.homeRegistrarId === id;
  const ours = isOurs ? element : claim(context, now, association.id, element);
  handlespace.deregister(poolHandle, poolElementId);
  changes.onRemoved(ours ?? element, 'deregistered');
  return undefined;
}
