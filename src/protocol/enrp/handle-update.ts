/**
 * ENRP_HANDLE_UPDATE (RFC 5353 §3.3): the home of a pool element tells its peers that it came, changed or
 * went. Nobody else's word counts (decision 36), and nobody is the home of what registers here from somewhere else.
 */

import type { PoolElementState } from '../../handlespace/pool-element.ts';
import type { Milliseconds, RegistrarId } from '../../types.ts';
import { type EnrpHandleUpdate, UPDATE_ACTION } from '../../wire/enrp-messages.ts';
import type { PoolElementParameter, TransportParameter } from '../../wire/parameters.ts';
import { addressesOf } from '../transport-addresses.ts';
import type { EnrpContext } from './context.ts';
import type { PoolElementChanged } from './events.ts';
import { type Link, sendBytesToPeer } from './links.ts';
import { type Peer, UNHEARD } from './peers.ts';
import { removeRemote, storeRemote } from './store.ts';
import { forgetNamed, noteNamed } from './synchronisation.ts';

const { ADD_PE, DEL_PE } = UPDATE_ACTION;

/** Tells every peer of one of our own elements. */
export function announce(context: EnrpContext, action: number, element: PoolElementState): void {
  const { id, options } = context;
  const peers = context.peers.heard();
  if (peers.length === 0) return;
  // For whoever it may concern: one message for all (decision 11).
  const message = updateOf(context, action, element);
  for (const peer of peers) sendBytesToPeer(context, peer, message);
  if (!options.sendsTakeoverSuggestions || action !== ADD_PE) return;
  for (const peer of peers) {
    // As rsplib sees it, the element is nearer to that peer (interop-rsplib B10).
    const isNearer = (peer.id ^ element.id) >>> 0 > (id ^ element.id) >>> 0;
    if (isNearer) suggestTakeover(context, peer, element);
  }
}

/** Asks a peer to be the home of one of our elements. */
export function suggestTakeover(context: EnrpContext, peer: Peer, element: PoolElementState): void {
  sendBytesToPeer(context, peer, updateOf(context, ADD_PE, element, peer.id));
}

function updateOf(
  { id, outbox }: EnrpContext,
  action: number,
  element: PoolElementState,
  suggestTo?: RegistrarId,
): Uint8Array {
  return outbox.encode({
    type: 'ENRP_HANDLE_UPDATE',
    senderId: id,
    receiverId: suggestTo ?? UNHEARD,
    suggestsTakeover: suggestTo !== undefined,
    action,
    poolHandle: element.poolHandle,
    poolElement: element,
  });
}

export function onPoolElementChanged(
  context: EnrpContext,
  { change, poolElement }: PoolElementChanged,
): void {
  if (poolElement.homeRegistrarId !== context.id) return; // a peer's that has lapsed here
  announce(context, change === 'added' || change === 'updated' ? ADD_PE : DEL_PE, poolElement);
}

export function onHandleUpdate(
  context: EnrpContext,
  now: Milliseconds,
  link: Link,
  message: EnrpHandleUpdate,
): void {
  const { peers, counters } = context;
  const peer = peers.find(link.peerId);
  if (peer === undefined || message.poolElement.homeRegistrarId !== peer.id) {
    counters.ignoredMessages += 1;
    return;
  }
  counters.handleUpdates += 1;
  if (message.action === ADD_PE) add(context, now, peer, message);
  else if (message.action === DEL_PE) remove(context, now, peer, message);
  else counters.ignoredMessages += 1;
}

/**
 * Also when the element was ours: it has registered with the peer since (enrp.md §6), from where it has registered with
 * us. Who would have it elsewhere is mistaken, or a thief of its users.
 */
function add(
  context: EnrpContext,
  now: Milliseconds,
  peer: Peer,
  { poolHandle, poolElement, suggestsTakeover }: EnrpHandleUpdate,
): void {
  const { handlespace, options, outbox } = context;
  const isHere = (handlespace.associationOf(poolHandle, poolElement.id) ?? 0) !== 0;
  const known = isHere ? handlespace.find(poolHandle, poolElement.id) : undefined;
  if (known !== undefined && isElsewhere(known, poolElement)) {
    context.counters.ignoredMessages += 1;
    reassert(context, now, known);
    return;
  }
  if (!storeRemote(context, now, poolHandle, poolElement, peer.id)) return;
  noteNamed(peer, poolHandle, poolElement.id);
  if (known !== undefined) {
    context.counters.movedAway += 1;
    outbox.push({ type: 'movedAway', poolElement: known });
  }
  if (!suggestsTakeover || !options.acceptsTakeoverSuggestions) return;
  const stored = handlespace.find(poolHandle, poolElement.id) as PoolElementState;
  outbox.push({ type: 'takeoverSuggested', poolElement: stored });
}

function isElsewhere(known: PoolElementState, told: PoolElementParameter): boolean {
  const [here, there] = [placesOf(known.asapTransport), placesOf(told.asapTransport)];
  return !there.some((address) => here.includes(address));
}

function placesOf(transport: TransportParameter | undefined) {
  return transport === undefined ? [] : addressesOf(transport);
}

function remove(
  context: EnrpContext,
  now: Milliseconds,
  peer: Peer,
  { poolHandle, poolElement }: EnrpHandleUpdate,
): void {
  const known = context.handlespace.find(poolHandle, poolElement.id);
  if (known === undefined) return;
  if (known.homeRegistrarId === peer.id) {
    removeRemote(context, known, 'toldByPeer');
    forgetNamed(peer, poolHandle, poolElement.id);
    return;
  }
  context.counters.ignoredMessages += 1;
  if (known.homeRegistrarId === context.id) reassert(context, now, known);
}

/** To all, since others may have been told the same; as often as may be, and the audits see to the rest. */
function reassert(context: EnrpContext, now: Milliseconds, element: PoolElementState): void {
  const { reassertions } = context;
  if (!reassertions.isOpen(now)) return;
  reassertions.take();
  announce(context, ADD_PE, element);
}
