/**
 * Monitoring of our own pool elements (RFC 5352 §3.5): keep-alives, their acknowledgements, and what comes of
 * the timers. The timers themselves, their jitter and their patience after a pause of the process (decision
 * 46) are the handlespace's.
 */

import type { DueTimer } from '../../handlespace/handlespace.ts';
import type { PoolElementState } from '../../handlespace/pool-element.ts';
import type { Milliseconds } from '../../types.ts';
import type { AsapEndpointKeepAliveAck } from '../../wire/asap-messages.ts';
import { KeepAliveAckView, seemsKeepAliveAck } from '../../wire/asap-views.ts';
import { SLICE } from '../backlog.ts';
import type { Adoption } from './adoption.ts';
import { type Association, abortAssociation } from './associations.ts';
import type { RegistrarContext } from './context.ts';

/** Deals with timers that are due, a slice of them; `handlespace.nextDeadline` says whether there are more. */
export function onPoolElementTimers(
  context: RegistrarContext,
  now: Milliseconds,
  adoption: Adoption,
): void {
  for (const due of context.handlespace.expire(now, SLICE)) onTimer(context, now, due, adoption);
}

function onTimer(
  context: RegistrarContext,
  now: Milliseconds,
  due: DueTimer,
  adoption: Adoption,
): void {
  const { handlespace } = context;
  const { element } = due;
  switch (due.timer) {
    case 'keepAliveTransmission':
      sendKeepAlive(context, element);
      // It is asked when its turn comes: until then the time-out that runs now is not to end.
      if (adoption.isToBeAsked(element)) {
        handlespace.acknowledge(now, element.poolHandle, element.id);
      }
      return;
    case 'keepAliveTimeout':
      context.changes.onRemoved(element, 'keepAliveTimeout');
      // Its process does not answer: as rsplib does, nothing else that runs in it is believed alive.
      if (element.association) abortAssociation(context, now, element.association, due.timer);
      return;
    case 'registrationLife':
      context.changes.onRemoved(element, 'registrationLife');
      sendExpiryNotice(context, element);
  }
}

/** Asks a pool element for a sign of life, over the association that it registered over. */
export function sendKeepAlive(context: RegistrarContext, element: PoolElementState): void {
  const { associations, options, outbox, counters } = context;
  if (!associations.has(element.association)) return; // it has just ended, and the element goes with it
  counters.endpointKeepAlives += 1;
  outbox.send(element.association, {
    type: 'ASAP_ENDPOINT_KEEP_ALIVE',
    wantsToBeHome: false,
    registrarId: context.id,
    poolHandle: element.poolHandle,
    ...(options.keepAliveNamesPoolElement ? { poolElementId: element.id } : {}),
  });
}

/**
 * The message of which there are most after resolutions: a plain one is read without decoding. False: it is
 * another message, or not plain.
 */
export function onPlainKeepAliveAck(
  context: RegistrarContext,
  now: Milliseconds,
  association: Association,
  payload: Uint8Array,
  adoption: Adoption,
): boolean {
  if (!seemsKeepAliveAck(payload)) return false;
  const view = new KeepAliveAckView(payload);
  if (!view.read(0, payload.length)) return false;
  const { poolHandleOffset, poolHandleLength, poolElementId } = view;
  const poolHandle = payload.subarray(poolHandleOffset, poolHandleOffset + poolHandleLength);
  acknowledge(context, now, association, poolHandle, poolElementId, adoption);
  return true;
}

export function onKeepAliveAck(
  context: RegistrarContext,
  now: Milliseconds,
  association: Association,
  { poolHandle, poolElementId }: AsapEndpointKeepAliveAck,
  adoption: Adoption,
): void {
  acknowledge(context, now, association, poolHandle, poolElementId, adoption);
}

/**
 * RFC 5352 §3.4. Only the element's own association counts: nobody keeps another's element alive. For one
 * that we do not know there is no answer (asap.md §10).
 */
function acknowledge(
  { handlespace, counters }: RegistrarContext,
  now: Milliseconds,
  { id }: Association,
  poolHandle: Uint8Array,
  poolElementId: number,
  adoption: Adoption,
): void {
  const isKnown = handlespace.acknowledge(now, poolHandle, poolElementId, id);
  counters[isKnown ? 'endpointKeepAliveAcks' : 'ignoredMessages'] += 1;
  adoption.onAcknowledged(now, id, poolHandle, poolElementId);
}

/** RFC 5352 §2.2.4: the home registrar tells that a registration has lapsed. Not to rsplib (decision 31). */
function sendExpiryNotice(context: RegistrarContext, element: PoolElementState): void {
  if (!context.options.sendsExpiryNotice || !context.associations.has(element.association)) return;
  context.outbox.send(element.association, {
    type: 'ASAP_DEREGISTRATION_RESPONSE',
    poolHandle: element.poolHandle,
    poolElementId: element.id,
    errors: [],
  });
}
