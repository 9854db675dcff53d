/**
 * ENRP_HANDLE_UPDATE (RFC 5353 §3.3): the home of a pool element tells its peers that it came, changed or
 * went. Nobody else's word counts (decision 36).
 */

import type { PoolElementState } from '../../handlespace/pool-element.ts';
import type { Milliseconds, RegistrarId } from '../../types.ts';
import { type EnrpHandleUpdate, UPDATE_ACTION } from '../../wire/enrp-messages.ts';
import type { EnrpContext } from './context.ts';
import { type Link, sendBytesToPeer } from './links.ts';
import { type Peer, UNHEARD } from './peers.ts';
import { removeRemote, storeRemote } from './store.ts';
import { noteNamed } from './synchronisation.ts';

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
  change: 'added' | 'updated' | 'removed',
  element: PoolElementState,
): void {
  if (element.homeRegistrarId !== context.id) return; // a peer's that has lapsed here
  announce(context, change === 'removed' ? DEL_PE : ADD_PE, element);
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
  else if (message.action === DEL_PE) remove(context, peer, message);
  else counters.ignoredMessages += 1;
}

/** Also when the element was ours: it has registered with the peer since (enrp.md §6). */
function add(
  context: EnrpContext,
  now: Milliseconds,
  peer: Peer,
  { poolHandle, poolElement, suggestsTakeover }: EnrpHandleUpdate,
): void {
  const { handlespace, options, outbox } = context;
  const isHere = (handlespace.associationOf(poolHandle, poolElement.id) ?? 0) !== 0;
  const known = isHere ? handlespace.find(poolHandle, poolElement.id) : undefined;
  if (!storeRemote(context, now, poolHandle, poolElement, peer.id)) return;
  noteNamed(peer, poolHandle, poolElement.id);
  if (known !== undefined) outbox.push({ type: 'movedAway', poolElement: known });
  if (!suggestsTakeover || !options.acceptsTakeoverSuggestions) return;
  const stored = handlespace.find(poolHandle, poolElement.id) as PoolElementState;
  outbox.push({ type: 'takeoverSuggested', poolElement: stored });
}

function remove(
  context: EnrpContext,
  peer: Peer,
  { poolHandle, poolElement }: EnrpHandleUpdate,
): void {
  const known = context.handlespace.find(poolHandle, poolElement.id);
  if (known === undefined) return;
  if (known.homeRegistrarId === peer.id) removeRemote(context, known, 'toldByPeer');
  else if (known.homeRegistrarId === context.id) announce(context, ADD_PE, known);
  else context.counters.ignoredMessages += 1;
}
