/**
 * Reading a peer's handle table (RFC 5353 §3.2.3, §3.6.3): all of it from a mentor, or the peer's own elements
 * when the audit has found a difference. Then what the peer did not name is gone, and swept.
 */

import type { WalkToken } from '../../handlespace/handlespace.ts';
import type { AssociationId, Milliseconds } from '../../types.ts';
import type { EnrpHandleTableResponse } from '../../wire/enrp-messages.ts';
import type { PoolElementParameter } from '../../wire/parameters.ts';
import { SLICE } from '../backlog.ts';
import { keyOf } from '../pool-element-key.ts';
import type { EnrpContext } from './context.ts';
import type { Link } from './links.ts';
import type { Peer } from './peers.ts';
import { removeRemote, storeAdopted, storeRemote } from './store.ts';

/** A table that is being read, until what it did not name is swept. */
export interface Synchronisation {
  readonly ownOnly: boolean;
  readonly association: AssociationId;
  /**
   * The peer may go on where an earlier reading was broken off: rsplib keeps the place (interop-rsplib B11). Then what
   * it does not name is not gone.
   */
  readonly mayBeRest: boolean;
  /** When the next page must have come; `Infinity`: the last one has. */
  deadline: Milliseconds;
  /** What the peer has named as its own, in the table or in updates meanwhile. */
  readonly named: Set<string>;
  elementCount: number;
  emptyPages: number;
  onEnd(now: Milliseconds, isComplete: boolean): void;
}

/** A peer that sends nothing but "more" is not listened to for ever. */
const MAX_EMPTY_PAGES = 3;

const LAST_HAS_COME = Number.POSITIVE_INFINITY;

export function synchronise(
  context: EnrpContext,
  now: Milliseconds,
  link: Link,
  peer: Peer,
  { ownOnly, onEnd = () => {} }: { ownOnly: boolean; onEnd?: Synchronisation['onEnd'] },
): void {
  peer.synchronisation = {
    ownOnly,
    onEnd,
    association: link.id,
    mayBeRest: peer.isReadHalfway,
    deadline: 0,
    named: new Set(),
    elementCount: 0,
    emptyPages: 0,
  };
  ask(context, now, peer, peer.synchronisation);
}

function ask(context: EnrpContext, now: Milliseconds, peer: Peer, running: Synchronisation): void {
  const { id, options, outbox } = context;
  const { ownOnly, association } = running;
  running.deadline = now + options.peerMaxTimeNoResponseMs;
  const ids = { senderId: id, receiverId: peer.id };
  outbox.send(association, { type: 'ENRP_HANDLE_TABLE_REQUEST', ...ids, ownOnly });
}

export function onHandleTableResponse(
  context: EnrpContext,
  now: Milliseconds,
  link: Link,
  message: EnrpHandleTableResponse,
): void {
  const peer = context.peers.find(link.peerId);
  const running = peer?.synchronisation;
  if (peer !== undefined && !message.isRejected) peer.isReadHalfway = message.hasMore;
  const isWanted = running?.association === link.id && running.deadline !== LAST_HAS_COME;
  if (peer === undefined || running === undefined || !isWanted) {
    context.counters.ignoredMessages += 1;
    return;
  }
  if (message.isRejected) {
    end(now, peer, false);
    return;
  }
  store(context, now, peer, running, message);
  if (!message.hasMore) {
    running.deadline = LAST_HAS_COME;
    if (running.ownOnly && !running.mayBeRest) sweep(context, now, peer, running);
    else end(now, peer, !running.mayBeRest);
  } else if (isEndless(context, running, message)) {
    context.log.warn({ peerId: peer.id }, 'handle table too long, reading stopped');
    end(now, peer, false);
  } else {
    ask(context, now, peer, running);
  }
}

/** Pages that do not come, and associations that have ended. */
export function onSynchronisationTimers(context: EnrpContext, now: Milliseconds): void {
  for (const peer of context.peers.heard()) {
    const running = peer.synchronisation;
    if (running === undefined) continue;
    if (now >= running.deadline || !context.links.has(running.association)) abandon(now, peer);
  }
}

/** Nothing more is to be had of this peer, for now. */
export function abandon(now: Milliseconds, peer: Peer): void {
  const running = peer.synchronisation;
  if (running === undefined) return;
  if (running.deadline !== LAST_HAS_COME) peer.isReadHalfway = true;
  end(now, peer, false);
}

function isEndless(
  { options }: EnrpContext,
  running: Synchronisation,
  { entries }: EnrpHandleTableResponse,
): boolean {
  running.emptyPages = entries.length === 0 ? running.emptyPages + 1 : 0;
  const isTooLong = running.elementCount > options.maxHandleTableElements;
  return isTooLong || running.emptyPages > MAX_EMPTY_PAGES;
}

function store(
  context: EnrpContext,
  now: Milliseconds,
  peer: Peer,
  running: Synchronisation,
  { entries }: EnrpHandleTableResponse,
): void {
  for (const { poolHandle, poolElements } of entries) {
    for (const element of poolElements) {
      running.elementCount += 1;
      storeOne(context, now, peer, running, poolHandle, element);
    }
  }
}

/**
 * Of its own elements the peer knows best; of others only in a mentor's table, and where we know nothing
 * else. What it says of ours is old news, except when we start: then it is what we had before (decision 35).
 */
function storeOne(
  context: EnrpContext,
  now: Milliseconds,
  peer: Peer,
  { ownOnly, named }: Synchronisation,
  poolHandle: Uint8Array,
  element: PoolElementParameter,
): void {
  const { id, handlespace, start, counters } = context;
  const { homeRegistrarId: home } = element;
  const known = handlespace.find(poolHandle, element.id);
  if (home === peer.id) {
    const isRegisteredHere = known?.homeRegistrarId === id && known.association !== 0;
    const isStored = !isRegisteredHere && storeRemote(context, now, poolHandle, element, home);
    if (isStored) named.add(keyOf(poolHandle, element.id));
  } else if (ownOnly || known !== undefined) counters.ignoredMessages += 1;
  else if (home !== id) storeRemote(context, now, poolHandle, element, home);
  else if (!start.isOver) storeAdopted(context, now, poolHandle, element);
}

/** An update says that this element is the peer's, while its table is being read. */
export function noteNamed(peer: Peer, poolHandle: Uint8Array, elementId: number): void {
  peer.synchronisation?.named.add(keyOf(poolHandle, elementId));
}

/** An update says that this element is gone. */
export function forgetNamed(peer: Peer, poolHandle: Uint8Array, elementId: number): void {
  peer.synchronisation?.named.delete(keyOf(poolHandle, elementId));
}

/** Removes the peer's elements that it did not name, in slices, unless the peer is lost meanwhile. */
function sweep(
  context: EnrpContext,
  now: Milliseconds,
  peer: Peer,
  running: Synchronisation,
): void {
  const { handlespace, backlog } = context;
  const { id: homeRegistrarId } = peer;
  let after: WalkToken | undefined;
  backlog.start(now, (at) => {
    if (peer.synchronisation !== running) return false;
    const { elements, next } = handlespace.walk({ homeRegistrarId, after, limit: SLICE });
    for (const element of elements) {
      const isNamed = running.named.has(keyOf(element.poolHandle, element.id));
      if (!isNamed) removeRemote(context, element, 'unknownToItsHome');
    }
    after = next;
    if (after === undefined) end(at, peer, true);
    return after !== undefined;
  });
}

function end(now: Milliseconds, peer: Peer, isComplete: boolean): void {
  const running = peer.synchronisation;
  peer.synchronisation = undefined;
  running?.onEnd(now, isComplete);
}
